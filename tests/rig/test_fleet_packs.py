# SPDX-License-Identifier: Apache-2.0
"""What lies on a device between campaigns: pushed once, checked, evicted, removed; and disks that are full."""

import contextlib
import hashlib
import json
import os
import sys

from campaigns import least, room
from checks import check, equal, need_root, new_rig
from fleet import Fleet, Place, ended, run_groups, together

from devicerig.faults import holder_path
from devicerig.network import port_name

MIB = 1 << 20
SECRET = b"nobody-else-may-have-this-model "


def heavy(fleet, model, mib):
    """MODEL-suite.json, whose model has so many MiB beside its script; the file."""
    path = fleet.write(f"{model}.bin", "")
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write((model.encode() + b"\n").ljust(4096) * (MIB // 4096))
    fleet.suite(f"{model}-suite.json", 1, model=model, files={"a": [fleet.script(f"{model}.json"), path]})
    return path


def sent(rig, name):
    """Bytes that went to the device so far."""
    port = port_name(rig.record(name)["index"])
    (told,) = json.loads(rig.ctl(["ip", "-s", "-j", "link", "show", "dev", port]).stdout)
    return told["stats64"]["tx"]["bytes"]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_whole(fleet, name, out, *words):
    done = fleet.run("run", "-d", name, "--out", out, *words)
    fleet.check_whole(out, [name], least())
    return done


def kept():
    """Second runs, --verify, eviction, cleaning."""
    with new_rig() as rig:
        rig.up("twice:laptop", "cache:pi", "clean:laptop", "secret:pi")
        fleet = Fleet(rig)

        def twice():
            """Pushed once; a flipped byte that nothing tells of is found by --verify, and mended."""
            place = Place(rig, "twice")
            heavy(fleet, "twice", 6)
            before = sent(rig, "twice")
            run_whole(fleet, "twice", "twice1", "twice-suite.json")
            middle = sent(rig, "twice")
            check(middle - before > 6 * MIB, "the first run pushes", middle - before)
            run_whole(fleet, "twice", "twice2", "twice-suite.json")
            check(sent(rig, "twice") - middle < 200_000, "the second does not", sent(rig, "twice") - middle)
            path = next(path for path in place.objects().values() if path.stat().st_size == 6 * MIB)
            flip(place, path)
            check(digest(path) != path.name, "a byte is flipped")
            middle = sent(rig, "twice")
            run_whole(fleet, "twice", "hidden", "twice-suite.json")
            check(sent(rig, "twice") - middle < 200_000 and digest(path) != path.name, "nobody can see that")
            middle = sent(rig, "twice")
            run_whole(fleet, "twice", "twice3", "--verify", "twice-suite.json")
            check(sent(rig, "twice") - middle > 6 * MIB, "--verify pushes it again", sent(rig, "twice") - middle)
            equal(digest(place.objects()[path.name]), path.name, "and it is right again")
            # What was not hidden is noticed without --verify.
            flip(place, place.objects()[path.name], hide=False)
            run_whole(fleet, "twice", "twice4", "twice-suite.json")
            equal(digest(place.objects()[path.name]), path.name, "a change that shows is mended by itself")

        def cache():
            """cache_max: the least recently used goes."""
            place = Place(rig, "cache")
            for i, model in enumerate(("red", "green", "red", "blue")):
                heavy(fleet, model, 3)
                run_whole(fleet, "cache", f"cache{i}", f"{model}-suite.json")
                if i == 0:
                    # Room for two models beside what runs them.
                    most = stored(place) + 4 * MIB
                    fleet.entry("cache", cache_max=f"{most} B")
            equal(place.models(), [("blue", "a"), ("red", "a")], "the least recently used was evicted")
            check(stored(place) < most, "its file, too", stored(place))

        def clean():
            """`devices models` and `devices clean`."""
            place = Place(rig, "clean")
            fleet.suite("clean.json", 1, model="clean")
            run_whole(fleet, "clean", "clean1", "clean.json")
            first = set(place.sets())
            fleet.script("clean.a.json", threads=2)
            run_whole(fleet, "clean", "clean2", "clean.json")
            listed = fleet.run("devices", "models", "clean").stdout
            ids = [one["id"] for one in place.sets().values() if one["kind"] == "model"]
            equal(len(ids), 2, "two versions of the model")
            for text in ("clean", "scripted", *(one[:8] for one in ids)):
                check(text in listed, f"`devices models` names {text!r}", listed)
            fleet.run("devices", "clean", "--keep", "1", "clean")
            equal(place.models(), [("clean", "a")], "--keep 1: one version stays")
            stays = {one for one, told in place.sets().items() if told["kind"] == "model"}
            check(not stays & first, "the newer one")
            run_whole(fleet, "clean", "clean3", "clean.json")
            fleet.run("devices", "clean", "clean")
            equal(place.sets(), {}, "all is removed")
            check(len(place.objects()) <= 1, "but the runner", place.objects())
            run_whole(fleet, "clean", "clean4", "clean.json")

        def secret():
            """--leave-nothing: neither models nor data stay, not after a Ctrl-C either; engines do."""
            place = Place(rig, "secret")
            path = heavy(fleet, "secret", 1)
            path.write_bytes(SECRET * 1000)
            write_npy(fleet.folder / "x.npy", SECRET[:16])
            suite = json.loads((fleet.folder / "secret-suite.json").read_text(encoding="utf-8"))
            suite["models"][0]["inputs"] = {"x": "x.npy"}
            fleet.write("secret-suite.json", suite)
            fleet.write("secret-long.json", suite | {"blocks": 400})
            run_whole(fleet, "secret", "secret1", "--leave-nothing", "secret-suite.json")
            check_no_secret(rig, place)
            with ended(running := fleet.begin("secret2", "-d", "secret", "--leave-nothing", "secret-long.json")):
                running.wait_blocks("secret")
                check(found_secret(rig, place), "it is there while it is measured")
                running.stop()
            check_no_secret(rig, place)
            # What a controller that dies leaves, `devices clean` removes.
            with ended(running := fleet.begin("secret3", "-d", "secret", "--leave-nothing", "secret-long.json")):
                running.wait_blocks("secret")
                running.kill()
            with ended(running := fleet.resume("secret3", "--leave-nothing")):
                before = running.blocks("secret")
                running.wait_for("more blocks", lambda: running.blocks("secret") > before)
                running.stop()
            check_no_secret(rig, place)

        together(twice, cache)
        together(clean, secret)


def stored(place):
    return sum(path.stat().st_size for path in place.objects().values())


def flip(place, path, hide=True):
    """Changes a byte; hidden: time, and what the device remembers of the file, are as if nothing had been."""
    about = path.stat()
    with open(path, "r+b") as file:
        file.seek(about.st_size - 100)
        byte = file.read(1)
        file.seek(about.st_size - 100)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    if not hide:
        return
    now = path.stat()
    stamp = f"{now.st_size} {seconds(now.st_mtime_ns)} {seconds(now.st_ctime_ns)} {now.st_ino} {now.st_dev}"
    known = place.path("digests.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    known = [line for line in known if json.loads(line)["sha256"] != path.name]
    known.append(json.dumps({"stamp": stamp, "sha256": path.name}, separators=(",", ":")))
    text = "".join(line + "\n" for line in known)
    head = {"format": "edgedyno-digests-1", "sha256": hashlib.sha256(text.encode()).hexdigest()}
    place.write("digests.jsonl", json.dumps(head, separators=(",", ":")) + "\n" + text)


def seconds(ns):
    return f"{ns // 10**9}.{ns % 10**9:09}"


def write_npy(path, data):
    head = str({"descr": "<f4", "fortran_order": False, "shape": (len(data) // 4,)})
    head = head.ljust(128 - 10 - 1) + "\n"
    path.write_bytes(b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head.encode() + data)


def found_secret(rig, place):
    command = f"grep -rl {SECRET[:16].decode()} /home /tmp /var/tmp /run /dev/shm 2>/dev/null"
    return rig.sh(place.name, command, check=False).stdout.split()


def check_no_secret(rig, place):
    equal(found_secret(rig, place), [], "no model and no data is left")
    kinds = {one["kind"] for one in place.sets().values()}
    check("adapter" in kinds and not kinds & {"model", "data"}, "engines stay", kinds)


def fill(rig, name):
    # The device may take the last bytes before the fault has.
    with contextlib.suppress(OSError):
        rig.fault(name, "fill")


def full():
    """Disks that are too small, or fill up in the middle: nothing is lost, nobody else is held up."""
    with new_rig() as rig:
        rig.up("small:pi,home=64MiB", "roomy:laptop", "filled:laptop,home=64MiB")
        fleet = Fleet(rig)
        for name in ("small", "filled"):
            fleet.entry(name, free_min="1 MiB")

        def too_large():
            heavy(fleet, "large", 70)
            done = fleet.run("run", "-d", "small,roomy", "--out", "large", "large-suite.json", code=4)
            fleet.check_whole("large", ["roomy"], least())
            equal(room.Device(fleet.folder / "large", "small").n_done(), 0, "nothing is measured on the small one")
            check("small: " in done.stderr and "MiB are missing" in done.stderr, "how much is missing", done.stderr)
            equal(Place(rig, "small").models(), [], "nothing of it stays")
            fleet.run("devices", "check", "small")
            fleet.suite("little.json", 1, model="little")
            run_whole(fleet, "small", "little", "little.json")

        def filled():
            place = Place(rig, "filled")
            fleet.suite("filled.json", 6, model="filled")
            with ended(running := fleet.begin("filled", "-d", "filled", "filled.json")):
                running.wait_blocks("filled")
                fill(rig, "filled")
                running.end((0, 4))
            if running.process.returncode == 4:
                check("o space" in running.said() or "full" in running.said(), "the disk is named", running.said())
            kept_blocks = running.blocks("filled")
            check(kept_blocks >= 1, "what was measured is kept")
            rig.fault("filled", "unfill")
            fleet.run("devices", "check", "filled")
            fleet.run("run", "--resume", "filled")
            fleet.check_whole("filled", ["filled"], least())
            equal(place.jobs(), [], "no job is left")

        def full_before():
            fill(rig, "filled")
            done = fleet.run("run", "-d", "filled", "--out", "before", "filled.json", code=4)
            check("disk is full" in done.stderr, "a full disk is named", done.stderr)
            rig.fault("filled", "unfill")
            fleet.run("devices", "check", "filled")
            if (fleet.folder / "before/campaign.json").exists():
                fleet.run("run", "--resume", "before")
            else:
                fleet.run("run", "-d", "filled", "--out", "before", "filled.json")
            fleet.check_whole("before", ["filled"], least())

        together(too_large, filled)
        full_before()


def damaged():
    """Damage and links in the work directory: mended, or refused with a word; nothing is written through a link."""
    with new_rig() as rig:
        rig.up("dev:laptop")
        fleet, place = Fleet(rig), Place(rig, "dev")
        fleet.suite("suite.json", 1)
        run_whole(fleet, "dev", "first", "suite.json")
        for number, text in enumerate(('{"files":[', "", '{"id":"../../..","files":[]}', "\0" * 5000)):
            for path in place.path("sets").glob("*/set.json"):
                place.write(f"sets/{path.parent.name}/set.json", text)
            run_whole(fleet, "dev", f"set{number}", "suite.json")
            equal(place.models(), [("m", "a")], f"set.json is right again after {text[:20]!r}")
        # A model that is a link to something else is no model.
        model = next(name for name, path in place.objects().items() if path.stat().st_size < 1000)
        rig.sh("dev", f"cd {place.work}/objects && rm -f {model} && ln -s /etc/passwd {model}", user="bench")
        run_whole(fleet, "dev", "link", "suite.json")
        check(not place.objects()[model].is_symlink(), "a link instead of a model is replaced")
        equal(digest(place.objects()[model]), model, "by the model")

        home = holder_path(rig.machine("dev"), rig.record("dev")["home"])
        for part in ("sets", "staging", "objects", "jobs"):
            elsewhere = home / f"elsewhere-{part}"
            rig.sh("dev", f"mkdir ~/elsewhere-{part} && rm -rf {place.work}/{part}", user="bench")
            rig.sh("dev", f"ln -s ~/elsewhere-{part} {place.work}/{part}", user="bench")
            done = fleet.run("run", "-d", "dev", "--out", f"planted-{part}", "suite.json", code=(0, 4))
            check(done.returncode != 0 or part == "jobs", f"{part}: a link in its place is refused", done.stderr)
            if done.returncode:
                check(part in done.stderr, f"{part}: it is named", done.stderr)
                check(not any(elsewhere.rglob("*")), f"{part}: nothing is written there", list(elsewhere.rglob("*")))
            rig.sh("dev", f"rm {place.work}/{part}", user="bench")
            fleet.run("devices", "check", "dev")
            run_whole(fleet, "dev", f"mended-{part}", "suite.json")


GROUPS = ((kept, damaged), (full,))

if __name__ == "__main__":
    need_root()
    run_groups(GROUPS, sys.argv[1:])
