# SPDX-License-Identifier: Apache-2.0
"""A choice over several devices by SSH: each gets its own, where the fastest variant does not fit on one of them; none passes on that one
with a tighter limit; a device that is away."""

import json
import sys

from campaigns import room
from checks import check, equal, need_root, new_rig, run_all
from fleet import Fleet

MIB = 1 << 20
MS = 1_000_000
# The fast one needs what only one of the devices has. Times are slept, and differ by far.
VARIANTS = {
    "large": {"run": {"ns": 4 * MS, "sleep": True}, "load": {"ns": MS, "touch_bytes": 320 * MIB}},
    "small": {"run": {"ns": 60 * MS, "sleep": True}},
}
BLOCK = {"min_time": "20 ms", "max_time": "2 s", "min_inferences": 5}
LOOSE, TIGHT = "latency_p50_ns <= 400 ms", "latency_p50_ns <= 20 ms"


def make(rig, *devices):
    fleet = Fleet(rig)
    for name, more in VARIANTS.items():
        fleet.script(f"{name}.json", **more)
    variants = [{"name": name, "file": f"{name}.json", "how": "pruned"} for name in VARIANTS]
    suite = {"models": [{"name": "m", "variants": variants}], "on": ["scripted/cpu"], "block": room.SHORT_BLOCK | BLOCK}
    fleet.write("suite.json", {"name": "tune", **suite})
    # What else this machine does with its memory shall not void a figure of a device.
    for device in devices:
        rig.sh(device, "[ ! -e /proc/pressure/memory ] || mount -o bind /dev/null /proc/pressure/memory")
    return fleet


def choice_of(fleet, out):
    """The decision record; a report of the directory alone comes to the same."""
    text = (fleet.folder / out / "choice.json").read_text(encoding="utf-8")
    again = fleet.rig.ctl([fleet.program, "report", out, "--format", "choice"], check=False, cwd=fleet.folder)
    equal(again.stdout, text, f"{out}: the report says what choice.json says")
    return json.loads(text)


def rows(choice):
    return {device: models["m"] for device, models in choice["devices"].items()}


def chosen(choice):
    return {device: row["chosen"] and row["chosen"]["variant"] for device, row in rows(choice).items()}


def states(row):
    return {candidate["variant"]: candidate["state"] for candidate in row["candidates"]}


def choices():
    with new_rig() as rig:
        rig.up("half:laptop,mem=512MiB", "quarter:pi,mem=256MiB")
        fleet = make(rig, "half", "quarter")
        words = ["tune", "suite.json", "-d", "half,quarter"]
        done = fleet.run(*words, "--require", LOOSE, "-r", "8", "--out", "own", code=0)
        choice = choice_of(fleet, "own")
        found = rows(choice)
        equal(chosen(choice), {"half": "large", "quarter": "small"}, "each device its own")
        check("2 of 2 chosen" in done.stdout, "the summary", done.stdout)
        equal(states(found["half"]), {"large": "chosen", "small": "slower"}, "half: told apart, round by round")
        equal(states(found["quarter"]), {"large": "fail", "small": "chosen"}, "quarter: the fast one does not fit")
        large = next(c for c in found["quarter"]["candidates"] if c["variant"] == "large")
        check("oom" in large["why"], "why it is not chosen", large["why"])
        check("large" in found["quarter"]["why"] and "oom" in found["quarter"]["why"], "told", found["quarter"]["why"])
        records = {(r["device"], r["variant"]): r for r in fleet.records("own")}
        equal(records["quarter", "large"]["outcome"], "oom", "the record says so")
        equal(records["half", "large"]["outcome"], "ok", "and that it runs on the other")

        # The same with a limit that only the fast one keeps.
        done = fleet.run(*words, "--require", TIGHT, "-r", "6", "--out", "tight", code=1)
        choice = choice_of(fleet, "tight")
        found = rows(choice)
        equal(chosen(choice), {"half": "large", "quarter": None}, "none on the small device")
        equal(found["quarter"]["verdict"], "fail", "which is a fail")
        check(found["quarter"]["why"].startswith("none passes."), "the sentence", found["quarter"]["why"])
        check(TIGHT in found["quarter"]["why"], "names the limit", found["quarter"]["why"])
        equal(choice["summary"], "1 of 2 chosen, 1: none passes", "the summary")
        check("none passes" in done.stdout and "quarter" in done.stdout, "and the table says it", done.stdout)


def away():
    """A device that cannot be reached is named, and the others get theirs."""
    with new_rig() as rig:
        rig.up("here:laptop", "gone:pi")
        fleet = make(rig, "here")
        rig.fault("gone", "server", "down")
        fleet.run("tune", "small.json", "--on", "scripted/cpu", "-d", "here,gone", "-r", "1", "--out", "one", code=4)
        choice = choice_of(fleet, "one")
        row = next(iter(choice["devices"]["here"].values()))
        check(row["chosen"], "the only one there is", row["why"])
        equal([device["device"] for device in choice["absent"]], ["gone"], "who is missing")


TESTS = (choices, away)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
