# SPDX-License-Identifier: Apache-2.0
"""A device that fails in one of three ways never costs the others anything: unreachable, with another host key, hanging."""

import signal
import sys

from campaigns import least
from checks import check, equal, need_root, new_rig, within
from fleet import PATIENCE_S, Fleet, Place, ended, run_groups, together


def absent_ones():
    """The good one's results are whole; the others are named with the reason, and what is to be mended is."""
    with new_rig() as rig:
        rig.up("good:laptop", "away:laptop", "other:pi")
        fleet = Fleet(rig)
        fleet.suite("suite.json")
        rig.fault("away", "server", "down")
        rig.fault("other", "hostkey")
        done = fleet.run("run", "-d", "good,away,other", "--out", "first", "suite.json", code=4)
        fleet.check_whole("first", ["good"], least())
        reasons = {entry["id"]: entry["reason"] for entry in fleet.absent("first")}
        equal(sorted(reasons), ["away", "other"], "campaign.json names the absent")
        check("host's key" in reasons.get("other", ""), "the wrong host key is the reason", reasons)
        report = fleet.rig.ctl([fleet.program, "report", "first"], check=False, cwd=fleet.folder)
        for name in ("away", "other"):
            check(f"{name} is left out: " in done.stderr, f"{name}: said at once", done.stderr)
            check(name in report.stdout and name in done.stdout, f"{name}: the report names it", report.stdout)
        equal({record["device"] for record in fleet.records("first")}, {"good"}, "records of the good one alone")

        states = fleet.devices()
        equal(states["other"]["state"], "unauthorized", "what is wrong now is said")
        check(states["away"]["state"] != "quarantined", "unreachable: no quarantine", states["away"])
        # The link is back, the key is not: the one is let in by itself, the other by a check alone.
        rig.fault("away", "server", "up")
        rig.wait("away")
        done = fleet.run("run", "-d", "good,away,other", "--out", "second", "suite.json", code=4)
        fleet.check_whole("second", ["good", "away"], least())
        check("quarantine" in done.stderr and "devices check other" in done.stderr, "what to do is said", done.stderr)
        failed = fleet.run("devices", "check", "other", code=4)
        check("host's key" in failed.stdout + failed.stderr, "a check fails while it is not mended", failed.stdout)
        rig.fault("other", "hostkey", "back")
        state = fleet.devices()["other"]
        equal(state["state"], "quarantined", "mended, but in quarantine still")
        check("host's key" in state["reason"], "with the reason", state)
        fleet.run("run", "-d", "other", "--out", "third", "suite.json", code=4)
        check(not (fleet.folder / "third/campaign.json").exists(), "mended, but not checked")
        fleet.run("devices", "check", "other")
        equal(fleet.devices()["other"]["state"], "ready", "a check lifts the quarantine")
        fleet.run("run", "-d", "good,away,other", "--out", "fourth", "suite.json")
        fleet.check_whole("fourth", ["good", "away", "other"], least())
        equal(fleet.absent("fourth"), [], "nobody is absent")


def hanging():
    """A device that stops in the middle, once while the controller waits for it, once with a Ctrl-C."""
    with new_rig() as rig:
        rig.up("a:laptop", "b:pi", "hung:laptop", "left:laptop")
        fleet = Fleet(rig)
        fleet.suite("suite.json", 3)

        def waited_for():
            """The others end without it; it ends right when it goes on."""
            running = fleet.begin("out", "-d", "a,b,hung", "suite.json")
            with ended(running):
                hang(running, "hung")
                for name in ("a", "b"):
                    running.wait_blocks(name, running.planned(name))
                    fleet.check_whole("out", [name], least())
                check(running.runs(), "the others are home before the controller ends", running.said())
                check(running.blocks("hung") < running.planned("hung"), "and before the hanging one", running.said())
                running.wait_said("trying to reach it again")
                rig.fault("hung", "unhang")
                running.end(0)
            fleet.check_whole("out", ["a", "b", "hung"], least())

        def given_up():
            """Ctrl-C ends it within the time of a question; nothing is lost once the device is back."""
            running = fleet.begin("again", "-d", "left", "suite.json")
            with ended(running):
                hang(running, "left")
                running.signal(signal.SIGINT)
                running.end((4, 130), "resume with: edgedyno run --resume again")
            before = running.blocks("left")
            rig.fault("left", "unhang")
            rig.wait("left")
            fleet.run("run", "--resume", "again")
            check(running.blocks("left") > before > 0, "it went on from there", before)
            fleet.check_whole("again", ["left"], least())

        together(waited_for, given_up)
        check_idle(rig, "a", "b", "hung", "left")


def hang(running, name):
    running.wait_blocks(name)
    running.fleet.rig.fault(name, "hang")
    check(running.blocks(name) < running.planned(name), f"{name} hangs in the middle", running.said())


def check_idle(rig, *names):
    for name in names:
        place = Place(rig, name)
        check(within(PATIENCE_S, lambda: not place.runners()), f"{name}: no runner is left", place.runners())
        equal(place.jobs(), [], f"{name}: no job is left")


GROUPS = ((absent_ones, hanging),)

if __name__ == "__main__":
    need_root()
    run_groups(GROUPS, sys.argv[1:])
