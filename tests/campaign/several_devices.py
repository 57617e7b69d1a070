# SPDX-License-Identifier: Apache-2.0
"""Reports of a campaign on several devices: the matrix, the order, the groups, what is said of how processes ran, and devices that are missing.

The campaign is measured once on this machine. Then its directory is made into that of three devices, of known speeds.
"""

import csv
import io
import json
import re
import shutil
import struct

from batter import batter
from campaign import SETTLED, Room, check, finish
from odd import freeze

# Times as slow as on this machine, which all samples are set to; latencies are exact then.
SPEEDS = {"laptop": 1, "pi": 4, "phone": 2}
BASE_NS = {"fp32": 1_000_000, "int8": 400_000}
ABSENT = {"id": "pixel", "reason": "unauthorized: allow this computer on the screen of the phone"}


def measure(room):
    ok = {"run": {"ns": 400_000}, "warmup": SETTLED}
    for name in BASE_NS:
        room.script(f"{name}.json", **ok)
    room.script("large.json", run={"ns": 400_000, "fail": "segv"})
    room.suite("suite.json", {"m": {v: f"{v}.json" for v in [*BASE_NS, "large"]}}, blocks=6, threads=[1, 2])
    room.run("run", "suite.json", "--out", "campaign").expect(4)


def make_device(room, device, name):
    """A device's entry and folder from those of this machine."""
    origin = room.path / "campaign" / "devices" / "local"
    folder = room.path / "campaign" / "devices" / name
    made = json.loads(json.dumps(device))
    made.update(id=name, summary=f"a {name}", target="linux-x86_64", transport="ssh")
    made.update(libc="glibc", libc_version="2.31", android=False, pack_foreign=False, runner_libc=False)
    if name == "pi":
        made.update(libc="musl", libc_version="", runner_libc=True)
    if name == "phone":
        made.update(
            transport="adb", target="linux-aarch64", libc="bionic", libc_version="", android=True,
            pack_foreign=True, oom_score_adj=-1000, cpuset="/foreground",
        )  # fmt: skip
    shutil.copytree(origin, folder)
    variants = {case["id"]: (case["variant"], case["threads"]) for case in device["cases"]}
    samples = bytearray((folder / "samples.bin").read_bytes())
    lines = []
    for line in (folder / "journal.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["type"] == "block":
            # The worker tells it with its evidence, so one that died early does not; or the line itself says it.
            if name != "laptop":
                row["libc"] = {"version": "2.36", "pack": True}
                row.get("evidence", {}).pop("libc", None)
            elif "evidence" in row:
                row["evidence"]["libc"] = {"version": "2.31", "pack": False}
            variant, threads = variants[row["case"]]
            if "samples" in row and variant in BASE_NS:
                ns = BASE_NS[variant] * SPEEDS[name] // threads * row.get("timed", {}).get("batch", 1)
                count = row["samples"]["count"]
                struct.pack_into(f"<{count}q", samples, row["samples"]["offset"], *[ns] * count)
        lines.append(json.dumps(row))
    (folder / "journal.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "samples.bin").write_bytes(samples)
    return made


def make_fleet(room):
    path = room.path / "campaign" / "campaign.json"
    campaign = json.loads(path.read_text())
    local = campaign["devices"][0]
    campaign["devices"] = [make_device(room, local, name) for name in SPEEDS]
    shutil.rmtree(room.path / "campaign" / "devices" / "local")
    freeze(path, campaign)
    return path


def report(room, *words, code=4):
    return room.run("report", "campaign", *words).expect(code)


def records(room, *words):
    return report(room, "--format", "json", *words).json()["records"]


def default_order(room):
    """By case, inside by device, in every format alike."""
    wanted = [
        (threads, variant, device)
        for threads in (1, 2)
        for variant in ("fp32", "int8", "large")
        for device in SPEEDS
    ]
    got = [(r["threads"], r["variant"], r["device"]) for r in records(room)]
    check(got == wanted, "records are ordered by case, then device", got)
    rows = list(csv.DictReader(io.StringIO(report(room, "--format", "csv").out)))
    check([(int(r["threads"]), r["variant"], r["device"]) for r in rows] == wanted, "the CSV is ordered alike")
    lines = [json.loads(line) for line in report(room, "--format", "jsonl").out.splitlines()]
    check([(r["threads"], r["variant"], r["device"]) for r in lines] == wanted, "the lines of JSON are ordered alike")


def sorted_by(room):
    rows = records(room, "--sort", "-latency_p50_ns")
    speeds = [r["latency_p50_ns"] for r in rows if r["outcome"] == "ok"]
    check(speeds == sorted(speeds, reverse=True) and len(speeds) == 12, "the slowest comes first", speeds)
    check(all(r["outcome"] == "crashed" for r in rows[12:]), "what has no figure comes last", [r["outcome"] for r in rows])
    rows = records(room, "--sort", "latency_p50_ns")
    check(rows[0]["device"] == "laptop" and rows[-1]["outcome"] == "crashed", "ascending: again nulls last")
    rows = records(room, "--sort", "device,-threads,latency_p50_ns")
    got = [(r["device"], r["threads"]) for r in rows]
    wanted = [(d, t) for d in sorted(SPEEDS) for t in (2, 1) for _ in range(3)]
    check(got == wanted, "by several keys", got)
    same = records(room, "--sort", "seed")
    check([r["case"] + r["device"] for r in same] == [r["case"] + r["device"] for r in records(room)], "a sort of equals changes nothing")


def grouped(room):
    rows = [r["device"] for r in records(room, "--group", "device")]
    check(rows == [d for d in SPEEDS for _ in range(6)], "rows of a device stand together", rows)
    out = report(room, "--group", "device").out
    heads = [line for line in out.splitlines() if re.match(r"device \w+$", line)]
    check(heads == [f"device {d}" for d in SPEEDS], "a line above each group", out)
    table = out[out.index("device laptop") :]
    check("laptop" not in table.split("\n", 1)[1].split("notes")[0], "a group's device is said once", table)
    markdown = report(room, "--group", "variant,threads", "--format", "markdown").out
    check("#### variant fp32 · threads 1\n" in markdown, "headings in Markdown", markdown)
    check(markdown.count("| # |") == 6, "a table each group", markdown)


def matrix(room):
    out = report(room).out
    # An Android system on this machine's processor would be an emulator: its times are shown as no speed.
    for words in (r"latency p50, ms · threads 1\nvariant +fp32 +int8 +large\n",
                  r"laptop +1\.00 +0\.40 +crashed\n", r"pi +4\.00 +1\.60 +crashed\n", r"phone +\(2\.00\) +\(0\.80\) +crashed\n",
                  r"latency p50, ms · threads 2\nvariant +fp32 +int8 +large\n", r"pi +2\.00 +0\.80 +crashed\n"):  # fmt: skip
        check(re.search(words, out), f"the matrix has {words!r}", out)
    markdown = report(room, "--format", "markdown").out
    check("| device | fp32 | int8 | large |" in markdown and "| pi | 4.00 | 1.60 | crashed |" in markdown, "the matrix in Markdown", markdown)
    # The first figure of --sort is what is compared.
    out = report(room, "--sort", "variant,-throughput_per_s").out
    check(re.search(r"rate, 1/s · threads 1\n", out), "the matrix shows what is sorted by", out)
    # Nothing is wider than it may be.
    for columns in (60, 80, 120):
        room.environment["COLUMNS"] = str(columns)
        widest = max(len(line) for line in report(room).out.splitlines())
        check(widest <= columns, f"a table for {columns} columns has {widest}")
    del room.environment["COLUMNS"]


def circumstances(room):
    found = {d: [r for r in records(room) if r["device"] == d] for d in SPEEDS}

    def codes(device):
        return {reason["code"] for r in found[device] for reason in r["reasons"]}

    said = {"pack_libc", "not_the_apps_build", "shell_process"}
    check(codes("laptop") & said == set(), "nothing is said of a device with its own C library", codes("laptop"))
    check(codes("pi") & said == {"pack_libc"}, "the pack's C library is said", codes("pi"))
    check(codes("phone") & said == said, "a phone is no app", codes("phone"))
    own = {r["libc"] for r in found["laptop"] if r["outcome"] == "ok"}
    check(own == {"device 2.31"}, "the device's own C library", own)
    check({r["libc"] for r in found["phone"]} == {"pack 2.36"}, "the pack's C library")
    for form in ("table", "markdown"):
        out = " ".join(report(room, "--format", form).out.replace("\\", "").split())
        for words in ("CPU only, not the app's build", "shell process, not an app: oom_score_adj -1000, cpuset /foreground",
                      "not that of the device (musl)"):  # fmt: skip
            check(words in out, f"{form} says {words!r}", out)
        # Not folded away.
        check(form == "table" or out.index("CPU only") < out.index("<details>"), "it is seen without a click", out)


def missing(room, path):
    before = json.loads(path.read_text())
    freeze(path, {**before, "absent": [ABSENT]})
    for form in ("table", "markdown"):
        ended = report(room, "--format", form)
        out = " ".join(ended.out.split())
        check(f"not measured: pixel ({ABSENT['reason']})" in out, f"{form} says what is missing", out)
        check("1 device not measured" in out, f"the total of {form} says it", out)
        check("pixel: not measured: unauthorized" in ended.err, "and standard error", ended.err)
    check(report(room, "--format", "json").json()["absent"] == [{"device": "pixel", "reason": ABSENT["reason"]}], "absent in JSON")
    # With nothing else amiss it is a device's failure.
    freeze(path, {**before, "devices": before["devices"][:1], "absent": [ABSENT]})
    keep = json.loads(path.read_text())
    cases = keep["devices"][0]["cases"]
    journal = room.path / "campaign" / "devices" / "laptop" / "journal.jsonl"
    bad = {case["id"] for case in cases if case["variant"] == "large"}
    journal.write_text("".join(line + "\n" for line in journal.read_text().splitlines() if json.loads(line).get("case") not in bad))
    report(room, code=4)
    freeze(path, {**keep, "absent": []})
    report(room, code=0)
    # What somebody else wrote into it is refused or shown, never obeyed.
    for absent in ([{"id": "../x", "reason": "r"}], [7], [{"id": "x", "reason": 5}]):
        freeze(path, {**keep, "absent": absent})
        check(room.run("report", "campaign").code == 2, f"refused: {absent}")
    freeze(path, {**keep, "absent": [{"id": "x", "reason": "\x1b[31m" + "long " * 400}]})
    ended = report(room, code=4)
    check("\x1b" not in ended.out + ended.err, "control characters are shown, not obeyed", ended.err)
    freeze(path, before)


def wrong_keys(room):
    for words, told in (
        (("--sort", "latency_p50"), "the nearest is latency_p50_ns"),
        (("--sort=-treads",), "the nearest is threads"),
        (("--sort", "device,,threads"), "--sort"),
        (("--sort=-",), "--sort"),
        (("--group", "devise"), "the nearest is device"),
        (("--group", "latency_p50_ns"), "is a measured figure"),
        (("--group", "latency_p50_ns_low"), "is a measured figure"),
        (("--group", "colour"), "there is no result key"),
    ):
        for command in (("report", "campaign"), ("run", "--on", "null")):
            ended = room.run(*command, *words).expect(2, told)
            check(not ended.out, "nothing was measured or shown", ended.out)


def main():
    with Room() as room:
        measure(room)
        path = make_fleet(room)
        default_order(room)
        sorted_by(room)
        grouped(room)
        matrix(room)
        circumstances(room)
        wrong_keys(room)
        missing(room, path)
        batter(room, "campaign")
    finish("several_devices")


main()
