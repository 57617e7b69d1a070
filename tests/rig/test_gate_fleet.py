# SPDX-License-Identifier: Apache-2.0
"""A gate over several devices: one verdict a device and one for all, devices that are away, one device alone that is too small."""

import json
import sys

from campaigns import room
from checks import check, equal, need_root, new_rig, run_all
from fleet import Fleet

MIB = 1 << 20
GATE = ["gate", "suite.json", "--mde", "80 %", "--metric", "latency_p50_ns"]
RUN = {"ns": 4_000_000, "sleep": True}
BLOCK = {"min_time": "20 ms", "max_time": "2 s", "min_inferences": 5}


def make(rig):
    fleet = Fleet(rig)
    for name, more in {"base": {}, "same": {}, "large": {"load": {"ns": 1_000_000, "touch_bytes": 320 * MIB}}}.items():
        fleet.write(
            f"{name}.json",
            {
                "type": "edgedyno-script",
                "run": RUN,
                "warmup": room.SETTLED,
                "inputs": [{"name": "x", "shape": [4]}],
                "outputs": [{"name": "y", "shape": [2]}],
                **more,
            },
        )
    variants = [{"name": name, "file": f"{name}.json"} for name in ("base", "same", "large")]
    fleet.write(
        "suite.json",
        {
            "name": "gate",
            "models": [{"name": "m", "variants": variants}],
            "on": ["scripted/cpu"],
            "block": room.SHORT_BLOCK | BLOCK,
            "on_invalid": "mark",
        },
    )
    return fleet


def decision(fleet, out):
    return json.loads((fleet.folder / out / "gate.json").read_text())


def rows(record, key):
    return {row["device"]: row for row in record["gate"]["comparisons"] if row["key"] == key}


def verdicts():
    with new_rig() as rig:
        rig.up("half:laptop,mem=512MiB", "quarter:pi,mem=256MiB")
        fleet = make(rig)
        done = fleet.run(
            *GATE, "--baseline", "base", "--candidate", "same", "-d", "half,quarter", "--out", "equal",
            "--export", "junit=equal.xml", code=0,
        )
        check(done.stdout.startswith("pass\n"), "the verdict comes first", done.stdout)
        record = decision(fleet, "equal")
        found = rows(record, "latency_p50_ns")
        equal({name: row["verdict"] for name, row in found.items()}, {"half": "pass", "quarter": "pass"}, "a row each")
        frozen = json.loads((fleet.folder / "equal/campaign.json").read_text())
        equal(frozen["gate"]["family"], 2, "each device's comparison is one of the campaign's")
        text = (fleet.folder / "equal.xml").read_text()
        check("half" in text and "quarter" in text, "both are in the JUnit file", text)

        # The one has no room for the candidate; the other has, and says so.
        done = fleet.run(
            *GATE, "--baseline", "base", "--candidate", "large", "-d", "half,quarter", "--out", "large", code=1
        )
        check(done.stdout.startswith("fail\n") and "out of memory" in done.stdout, "why", done.stdout)
        record = decision(fleet, "large")
        failed = {row["device"] for row in record["gate"]["comparisons"] if row["verdict"] == "fail"}
        equal(failed, {"quarter"}, "the small device alone fails")
        equal(rows(record, "latency_p50_ns").get("half", {}).get("verdict"), "pass", "the other passes")
        again = rig.ctl([fleet.program, "report", "large", "--format", "json"], check=False, cwd=fleet.folder)
        equal(json.loads(again.stdout)["gate"], record["gate"], "a report comes to the same")


def away():
    """A device that cannot be reached: no verdict for all, unless fewer are enough."""
    with new_rig() as rig:
        rig.up("here:laptop", "gone:pi")
        fleet = make(rig)
        rig.fault("gone", "server", "down")
        words = [*GATE, "--baseline", "base", "--candidate", "same", "-d", "here,gone"]
        done = fleet.run(*words, "--out", "all", code=4)
        check("gone" in done.stdout + done.stderr, "it is named", done.stdout, done.stderr)
        done = fleet.run(*words, "--need", "1", "--out", "one", code=0)
        check(done.stdout.startswith("pass\n"), "one is enough", done.stdout)
        check("gone" in done.stdout, "and who is missing is in the table", done.stdout)
        fleet.run(*words, "--need", "2", "--out", "two", code=4)


TESTS = (verdicts, away)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
