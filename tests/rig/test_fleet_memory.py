# SPDX-License-Identifier: Apache-2.0
"""Devices with little memory and a model that takes more: the record says so, the other cases are measured, the runner lives."""

import json
import sys

from campaigns import room
from checks import check, equal, need_root, new_rig, run_all
from fleet import FOR_EVER, Fleet, Place, ended, together

MIB = 1 << 20
SIZES = {"half": 512, "quarter": 256}


def out_of_memory():
    """A model that fits into the one device and not into the other, one that fits into neither, and a small one."""
    with new_rig() as rig:
        rig.up(*(f"{name}:laptop,mem={mib}MiB" for name, mib in SIZES.items()))
        fleet = Fleet(rig)
        touch = {"small": 8 * MIB, "middle": 320 * MIB, "large": 640 * MIB}
        files = {
            name: [fleet.script(f"{name}.json", load={"ns": 1_000_000, "touch_bytes": touched})]
            for name, touched in touch.items()
        }
        fleet.suite("suite.json", 2, variants=tuple(touch), files=files)
        done = fleet.run("run", "-d", "half,quarter", "--out", "out", "suite.json", code=(0, 2, 3, 4, 5))
        outcomes = {(record["device"], record["variant"]): record["outcome"] for record in fleet.records("out")}
        equal(
            outcomes,
            {
                ("half", "small"): "ok",
                ("half", "middle"): "ok",
                ("half", "large"): "oom",
                ("quarter", "small"): "ok",
                ("quarter", "middle"): "oom",
                ("quarter", "large"): "oom",
            },
            "outcomes",
        )
        check("memory" in done.stdout, "the table says why", done.stdout)
        for name in SIZES:
            check_blocks(fleet, name)
            equal(Place(rig, name).jobs(), [], f"{name}: no job is left")
        # One runner for all of it: nobody began again.
        for name in SIZES:
            kinds = [line["type"] for line in room.Device(fleet.folder / "out", name).lines()]
            equal(kinds.count("attach"), 1, f"{name}: the runner survived")


def check_blocks(fleet, name):
    """Every planned block once; those that were killed say in which phase."""
    device = room.Device(fleet.folder / "out", name)
    blocks = device.blocks()
    equal(sorted(block["block"] for block in blocks), sorted(device.planned()), f"{name}: every block")
    for block in blocks:
        if block["outcome"] == "oom":
            check(block.get("died_in_phase") == "load", f"{name}: died in load", block)


def anything_killed():
    """The limit kills the largest process while a small model runs: whatever that was, the campaign goes on."""
    with new_rig() as rig:
        rig.up("one:laptop,mem=512MiB", "two:pi,mem=256MiB")
        fleet = Fleet(rig)
        fleet.suite("suite.json", FOR_EVER)

        def kill_in(name):
            def task():
                running = fleet.begin(name, "-d", name, "suite.json")
                with ended(running):
                    running.wait_blocks(name)
                    rig.fault(name, "oom")
                    before = running.blocks(name)
                    running.wait_blocks(name, before + 3)
                    running.stop()
                blocks = room.Device(fleet.folder / name, name).blocks()
                outcomes = [block["outcome"] for block in blocks]
                check(set(outcomes) <= {"ok", "oom"} and outcomes.count("oom") <= 1, f"{name}: outcomes", outcomes)
                ids = [block["block"] for block in blocks]
                equal(len(ids), len(set(ids)), f"{name}: no block twice")

            task.__name__ = name
            return task

        together(*map(kill_in, ("one", "two")))


def fits():
    """A search on two devices at once asked for: of the one the limit is the end, of the other its memory."""
    with new_rig() as rig:
        rig.up(*(f"{name}:laptop,mem={mib}MiB" for name, mib in SIZES.items()))
        fleet = Fleet(rig)
        fleet.script(
            "m.json",
            scales={"by": "batch", "bytes": 32 * MIB},
            inputs=[{"name": "x", "shape": ["n", 4]}],
            outputs=[{"name": "y", "shape": ["n", 2]}],
        )
        words = ["--on", "scripted/cpu", "--shape", "x=1,4", "-r", "1", "-o", "touch_percent=100", "-o", "nothing=0"]
        done = fleet.run("fit", "m.json", *words, "-d", "half,quarter", "--mem-limit", "400MiB", "--out", "fit", "--format", "json")
        found = {search["device"]: search for search in json.loads(done.stdout)["fit"]}
        equal(list(found), ["half", "quarter"], "a search for each")
        # Twelve are 384 MiB; the smaller device has something else in its memory as well.
        equal((found["half"]["largest"], found["half"]["smallest_that_does_not_fit"]), (12, 13), "the limit")
        check(5 <= found["quarter"]["largest"] <= 7, "the device's own memory", found["quarter"])
        for search in found.values():
            ends = {point["result"] for point in search["points"]}
            equal(ends, {"fits", "too large"}, f"{search['device']}: how points end")
        for name in SIZES:
            equal(Place(rig, name).jobs(), [], f"{name}: no job is left")


TESTS = (out_of_memory, anything_killed, fits)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
