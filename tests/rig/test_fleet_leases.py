# SPDX-License-Identifier: Apache-2.0
"""One campaign at a time on a device: who is refused and what it is told, who comes next, and what becomes of a
controller that died, was stopped, or lost its lease."""

import json
import signal
import socket
import sys

from campaigns import least, room
from checks import check, equal, need_root, new_rig
from fleet import FOR_EVER, SECOND_NS, Fleet, Place, ended, run_groups

OWNER = f"root@{socket.gethostname()}"


def campaign_id(fleet, out):
    return json.loads((fleet.folder / out / "campaign.json").read_text(encoding="utf-8"))["id"]


def begin_long(fleet, out, host=None):
    """A campaign that holds the device until it is ended, in its first blocks."""
    fleet.suite("long.json", FOR_EVER)
    running = fleet.begin(out, "-d", "dev", "long.json", host=host)
    running.wait_blocks("dev")
    return running


def begin_and_kill(fleet, out):
    """What a dead controller leaves: its job, and a lease for minutes."""
    running = begin_long(fleet, out)
    running.kill()
    return running


def check_only_own(fleet, *outs):
    """No campaign has a block of another one's job."""
    for out in outs:
        journal = room.Device(fleet.folder / out, "dev")
        own = campaign_id(fleet, out)
        jobs = [line["job"] for line in journal.lines() if line["type"] in ("attach", "job")]
        check(jobs and all(job.startswith(f"{own}.") for job in jobs), f"{out}: jobs of its own alone", jobs)
        ids = [block["block"] for block in journal.blocks()]
        check(len(ids) == len(set(ids)), f"{out}: no block twice", ids)
        check(set(ids) <= set(journal.planned()), f"{out}: planned blocks alone", ids)


def two_controllers():
    """The second is told who, what and how long; it leaves nothing and disturbs nothing. Then somebody stops the job."""
    with new_rig() as rig:
        rig.up("dev:laptop")
        fleet, place = Fleet(rig), Place(rig, "dev")
        first = begin_long(fleet, "first")
        with ended(first):
            campaign = campaign_id(fleet, "first")
            fleet.suite("short.json")
            second = fleet.as_host("other", "run", "-d", "dev", "--out", "second", "short.json", code=4)
            for text in (OWNER, f"campaign {campaign}", "for at most another ", "--wait"):
                check(text in second.stderr, f"the second is told {text!r}", second.stderr)
            equal(room.Device(fleet.folder / "second", "dev").lines(), [], "the second has measured nothing")
            listed = fleet.devices()["dev"]
            equal((listed["state"], listed["owner"]), ("busy", OWNER), "`devices` says who has it")
            check(listed["lease_left_ns"] > 0, "and for how long", listed)
            cleaned = fleet.as_host("other", "devices", "clean", "dev", code=4)
            check(OWNER in cleaned.stderr, "`devices clean` is refused, too", cleaned.stderr)
            equal(place.models(), [("m", "a")], "and removed nothing")
            check(first.runs(), "the first goes on", first.said())
            fleet.as_host("other", "devices", "stop", "dev")
            first.end(4, "stopped by root@other")
            check(not place.supervisors(), "the job has ended")
            equal(place.lease()["holder"], "", "the lease is given back")
            again = fleet.resume("first")
            with ended(again):
                before = again.blocks("dev")
                again.wait_for("more blocks", lambda: again.blocks("dev") > before)
                again.stop()
        fleet.run("run", "--resume", "second")
        fleet.check_whole("second", ["dev"], least())
        check_only_own(fleet, "first", "second")
        equal(place.jobs(), [], "no job is left on the device")


def waiters():
    """Three are served in the order in which they came; one that was killed holds up nobody."""
    with new_rig() as rig:
        rig.up("dev:laptop")
        fleet, place = Fleet(rig), Place(rig, "dev")
        first = begin_long(fleet, "first")
        fleet.suite("one.json", 1)
        queue = []
        with ended(first):
            for out in ("w1", "dead", "w2", "w3"):
                before = place.tickets()
                queue.append(fleet.begin(out, "-d", "dev", "--wait", "1h", "one.json", host=f"host-{out}"))
                queue[-1].wait_for("its ticket", lambda known=before: place.tickets() - known)
                if out == "dead":
                    (ticket,) = place.tickets() - before
            with ended(*queue):
                queue[1].kill()
                # Half a minute passes for the dead one's ticket.
                path = place.path(f"tickets/{ticket}.json")
                text = json.loads(path.read_text(encoding="utf-8"))
                text["seen_boot_ns"] = place.boot_ns() - 31 * SECOND_NS
                place.write(f"tickets/{ticket}.json", json.dumps(text))
                first.stop()
                for running in (queue[0], queue[2], queue[3]):
                    running.end(0)
        windows = []
        for out in ("w1", "w2", "w3"):
            fleet.check_whole(out, ["dev"], least())
            timed = [block["timed"] for block in room.Device(fleet.folder / out, "dev").blocks() if "timed" in block]
            windows.append((min(t["begin_raw_ns"] for t in timed), max(t["end_raw_ns"] for t in timed)))
        for earlier, later in zip(windows, windows[1:]):
            check(earlier[1] < later[0], "one after the other, in the order of asking", windows)
        equal(place.tickets(), set(), "no ticket is left")


def reservations():
    """A reserved device is its owner's alone, until that one ends it."""
    with new_rig() as rig:
        rig.up("dev:laptop")
        fleet, place = Fleet(rig), Place(rig, "dev")
        fleet.suite("one.json", 1)
        fleet.as_host("anna", "devices", "reserve", "--for", "2h", "dev")
        refused = fleet.run("run", "-d", "dev", "--out", "other", "one.json", code=4)
        for text in ("root@anna", "has reserved the device"):
            check(text in refused.stderr, f"a run is told {text!r}", refused.stderr)
        listed = fleet.devices()["dev"]
        equal((listed["state"], listed["reserved_by"]), ("reserved", "root@anna"), "`devices` says so")
        check(0 < listed["reserved_left_ns"] <= 7200 * SECOND_NS, "and for how long", listed)
        for words in (["reserve", "--for", "1h"], ["reserve", "--for", "0"], ["clean"]):
            done = fleet.run("devices", *words, "dev", code=4)
            check("root@anna" in done.stderr, f"{words}: not by another", done.stderr)
        equal(place.lease()["reserved_by"], "root@anna", "it is reserved still")
        fleet.as_host("anna", "run", "-d", "dev", "--out", "hers", "one.json")
        fleet.check_whole("hers", ["dev"], least())
        fleet.as_host("anna", "devices", "reserve", "--for", "0", "dev")
        fleet.run("run", "--resume", "other")
        fleet.check_whole("other", ["dev"], least())


def dead_controller():
    """It blocks the device until its lease expires and no longer; its own campaign comes back at once."""
    with new_rig() as rig:
        rig.up("dev:laptop")
        fleet, place = Fleet(rig), Place(rig, "dev")
        fleet.suite("one.json", 1)
        dead = begin_and_kill(fleet, "dead")
        refused = fleet.as_host("other", "run", "-d", "dev", "--out", "other", "one.json", code=4)
        check(OWNER in refused.stderr, "another is refused while the lease lives", refused.stderr)
        left = place.lease()["expires_boot_ns"] - place.boot_ns()
        check(0 < left < 2 * FOR_EVER * 15 * SECOND_NS, "the lease has an end", left)
        # Its own campaign need not wait for that.
        before = dead.blocks("dev")
        again = fleet.resume("dead")
        with ended(again):
            again.wait_for("more blocks", lambda: again.blocks("dev") > before)
            again.stop()
        equal(len(jobs_of(fleet, "dead")), 1, "the same job was found again")
        # Dead once more; now the lease expires.
        again = fleet.resume("dead")
        with ended(again):
            before = again.blocks("dev")
            again.wait_for("more blocks", lambda: again.blocks("dev") > before)
            again.kill()
        place.expire(2)
        fleet.as_host("other", "run", "-d", "dev", "--wait", "10min", "--out", "late", "one.json")
        fleet.check_whole("late", ["dev"], least())
        begun = len(jobs_of(fleet, "dead"))
        again = fleet.resume("dead")
        with ended(again):
            again.wait_for("a block of another job", lambda: "block" in kinds_after_attach(again, begun))
            again.stop()
        check_only_own(fleet, "dead", "late")


def jobs_of(fleet, out):
    return [line["job"] for line in room.Device(fleet.folder / out, "dev").lines() if line["type"] == "attach"]


def kinds_after_attach(running, known):
    """What the journal holds of jobs that were begun after the `known` first ones."""
    kinds = [line["type"] for line in room.Device(running.fleet.folder / running.out, "dev").lines()]
    return kinds[len(kinds) - kinds[::-1].index("attach") :] if kinds.count("attach") > known else []


def paused_controller():
    """Stopped while another took its lease over, it can write nothing any more, and says why it ends."""
    with new_rig() as rig:
        rig.up("dev:laptop")
        fleet, place = Fleet(rig), Place(rig, "dev")
        fleet.suite("short.json", 3)
        paused = begin_long(fleet, "paused")
        with ended(paused):
            paused.signal(signal.SIGSTOP)
            old = place.lease()["token"]
            place.expire()
            other = fleet.begin("other", "-d", "dev", "--wait", "10min", "short.json", host="other")
            with ended(other):
                other.wait_blocks("dev")
                equal(place.lease()["owner"], "root@other", "the other holds it")
                # However fast either is: the other does not give it back before the first has met it.
                other.signal(signal.SIGSTOP)
                before = paused.blocks("dev")
                refused = stale_words(rig, place, old)
                paused.signal(signal.SIGCONT)
                paused.end(4, "root@other", "resume")
                other.signal(signal.SIGCONT)
                other.end(0)
            check(paused.blocks("dev") - before <= 3, "it got what its own job had measured, no more")
            for word, text in refused.items():
                check("lease" in text or "hold" in text, f"{word} with the old token is refused", text)
        fleet.check_whole("other", ["dev"], least())
        check_only_own(fleet, "paused", "other")
        again = fleet.resume("paused")
        with ended(again):
            before = again.blocks("dev")
            again.wait_for("more blocks", lambda: again.blocks("dev") > before)
            again.stop()
        check_only_own(fleet, "paused", "other")


def stale_words(rig, place, token):
    """What the device's runner says to each word that writes, by whoever lost the lease."""
    runner = next(name for name, path in place.objects().items() if path.stat().st_mode & 0o100 and is_program(path))
    said = {}
    wire = '"wire":"1.1"'
    asks = {
        "stage": (f"--token {token} --bytes 1 --cache-max 0 --free-min 1", ""),
        "adopt": (f"--token {token}", f'{{"type":"adopt",{wire},"sets":[]}}'),
        "clean": (f"--token {token}", f'{{"type":"clean",{wire},"ids":[],"keep":-1,"all":true}}'),
        "lease": ("", f'{{"type":"lease",{wire},"action":"renew","token":"{token}","for_ns":60000000000}}'),
    }
    for word, (options, text) in asks.items():
        command = f"echo '{text}' | {place.work}/objects/{runner} {word} --work {place.work} {options}"
        done = rig.sh(place.name, command, user="bench", check=False)
        check(done.returncode != 0 and '"busy"' in done.stdout, f"{word} fails", done.stdout, done.stderr)
        said[word] = done.stdout
    return said


def is_program(path):
    return b"adopt-self" in path.read_bytes() and path.read_bytes()[:4] == b"\x7fELF"


def paused_while_pushing():
    """The same in the middle of a push: what it pushes on is never taken for anything."""
    with new_rig() as rig:
        rig.up("dev:laptop,rate=40mbit")
        fleet, place = Fleet(rig), Place(rig, "dev")
        fleet.suite("short.json", 1)
        fleet.run("run", "-d", "dev", "--out", "before", "short.json")
        big = fleet.write("big.bin", "")
        with open(big, "wb") as file:
            file.truncate(24 << 20)
        script = fleet.script("big.json")
        fleet.suite("big-suite.json", 1, model="big", files={"a": [script, big]})
        paused = fleet.begin("paused", "-d", "dev", "big-suite.json")
        with ended(paused):
            staged = []
            paused.wait_for(
                "a push that has begun", lambda: staged.extend(place.path("staging").glob("*/*")) or any(map(size, staged))
            )
            paused.signal(signal.SIGSTOP)
            place.expire()
            other = fleet.begin("other", "-d", "dev", "--wait", "10min", "short.json", host="other")
            with ended(other):
                other.wait_blocks("dev")
                other.signal(signal.SIGSTOP)
                paused.signal(signal.SIGCONT)
                # By its push, or by its next connection where the pause cost it that.
                paused.end(4, "root@other holds the device")
                equal(place.models(), [("m", "a")], "nothing of it was adopted")
                other.signal(signal.SIGCONT)
                other.end(0)
        fleet.check_whole("other", ["dev"], least())
        equal(fleet.devices()["dev"]["state"], "ready", "a lost lease is no reason for quarantine")
        fleet.run("run", "--resume", "paused")
        fleet.check_whole("paused", ["dev"], least())
        equal(place.models(), [("big", "a"), ("m", "a")], "both are there now")


def size(path):
    try:
        return path.stat().st_size
    except OSError:
        return 0


GROUPS = ((paused_controller, two_controllers, reservations), (waiters, dead_controller, paused_while_pushing))

if __name__ == "__main__":
    need_root()
    run_groups(GROUPS, sys.argv[1:])
