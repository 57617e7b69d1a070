# SPDX-License-Identifier: Apache-2.0
"""A device restarts, loses its files, hangs, has a full disk, or its runner is killed: what was measured is kept, what is
missing is measured, and where that cannot be, the error says why and how to go on."""

import shutil
import signal
import sys

from campaigns import least, room
from checks import check, equal, need_root, new_rig, run_all, skip
from faulty import MIB, TRIES, Faulty, on_rig, quarantined
from fleet import SECOND_NS, ended, together
from test_campaign import pack

from devicerig.process import send

LONG = 14  # blocks: ten seconds at least, so that a fault comes in the middle of them on a slow machine too
KILLED = "the runner was killed after"


def begin(fleet, spot, out, blocks=LONG, **keys):
    fleet.suite(f"{out}.json", blocks, **keys)
    return fleet.begin(out, "-d", spot.name, f"{out}.json")


def power_cut(spot):
    """Off in the middle of what runs."""
    with spot.held(sessions=True):
        spot.fault("off")


def reboot_timing(fleet, spot):
    """What was measured before is kept on the device, fetched, and not measured again."""
    out = "reboot"
    running = begin(fleet, spot, out)
    with ended(running):
        running.wait_blocks(spot.name, 2)
        power_cut(spot)
        running.wait_said(TRIES)
        before = running.blocks(spot.name)
        spot.fault("on")
        running.end((0, 3), KILLED, "reached again")
    fleet.whole(out, spot.name)
    # The lease ends with the device: a job that is asked for under the old one is refused.
    check(len(fleet.jobs(out, spot.name)) in (2, 3), f"{out}: another job", fleet.jobs(out, spot.name))
    first = [line["block"] for line in room.Device(fleet.folder / out, spot.name).lines() if line["type"] == "block"]
    check(len(set(first)) == len(first) and before >= 2, f"{out}: no block was measured twice", first)
    spot.nothing_left()


def reboot_pushing(fleet, spot):
    """The model comes whole, with what was there before."""
    out = "reboot-push"
    digest = fleet.big_suite(out)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_for("some of the model", lambda: spot.staged(digest) > 6 * MIB)
        power_cut(spot)
        running.wait_said(TRIES)
        spot.fault("on")
        running.end((0, 3), "reached again")
    equal(spot.digest_of(digest), digest, f"{out}: the model on the device")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


def work_lost(fleet, spot):
    """As with a work directory in memory: runner, model and what is missing come again; blocks that were home stay."""
    out = "lost"
    running = begin(fleet, spot, out)
    with ended(running):
        running.wait_blocks(spot.name, 2)
        power_cut(spot)
        running.wait_said(TRIES)
        before = running.blocks(spot.name)
        shutil.rmtree(spot.rig.machine(spot.name).store / "home/.local")
        spot.fault("on")
        running.end((0, 3), "does not know the job any more", "reached again")
    fleet.whole(out, spot.name)
    blocks = []
    for line in room.Device(fleet.folder / out, spot.name).lines():
        if line["type"] == "attach":
            blocks.append(0)
        elif line["type"] == "block":
            blocks[-1] += 1
    check(blocks[0] >= before >= 2, f"{out}: blocks of the first job stay", blocks)
    spot.nothing_left()


@on_rig("laptop:laptop", "pi:pi,rate=16mbit", "other:pi")
def reboots(fleet, laptop, pi, other):
    """Power cuts."""

    def while_timing():
        reboot_timing(fleet, laptop)

    def while_pushing():
        reboot_pushing(fleet, pi)

    def and_work_lost():
        work_lost(fleet, other)

    together(while_timing, while_pushing, and_work_lost)
    equal(quarantined(fleet), [], "a restart is no reason for quarantine")


def kill_supervisor(fleet, spot):
    """Twice: what is missing is started again each time."""
    out = "supervisor"
    running = begin(fleet, spot, out)
    with ended(running):
        for kills in (1, 2):
            before = running.blocks(spot.name)
            running.wait_for("another block", lambda n=before: running.blocks(spot.name) > n)
            victims = running.wait_for("the runner", spot.supervisors)
            for pid in victims:
                send(pid, signal.SIGKILL)
            running.wait_for("words about it", lambda n=kills: running.said().count(KILLED) >= n)
        running.end((0, 3))
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 3, f"{out}: three jobs")
    spot.nothing_left()


def kill_worker(fleet, spot):
    """One block has crashed, and says by what; the others are measured."""
    out = "worker"
    running = begin(fleet, spot, out)
    with ended(running):
        running.wait_blocks(spot.name)
        victims = running.wait_for("a worker", spot.workers)
        for pid in victims:
            send(pid, signal.SIGKILL)
        running.end(4)
    fleet.check_whole(out, [spot.name], least())
    blocks = room.Device(fleet.folder / out, spot.name).blocks()
    crashed = [block for block in blocks if block["outcome"] != "ok"]
    equal([block["outcome"] for block in crashed], ["crashed"], f"{out}: one block has crashed")
    check("signal 9" in crashed[0]["message"], f"{out}: the message names the signal", crashed[0]["message"])
    equal([record["outcome"] for record in fleet.records(out)], ["crashed"], f"{out}: and the report says so")
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


def hang(fleet, spot):
    """Everything stands still, the worker as well, and goes on."""
    out = "hang"
    running = begin(fleet, spot, out)
    with ended(running):
        running.wait_blocks(spot.name)
        spot.fault("hang")
        running.wait_said(TRIES)
        spot.fault("unhang")
        running.end((0, 3), "reached again")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


@on_rig("laptop:laptop", "pi:pi", "other:pi")
def processes(fleet, laptop, pi, other):
    """The runner, its worker, everything."""

    def supervisor_killed():
        kill_supervisor(fleet, laptop)

    def worker_killed():
        kill_worker(fleet, pi)

    def all_hang():
        hang(fleet, other)

    together(supervisor_killed, worker_killed, all_hang)
    equal(quarantined(fleet), [], "nobody is in quarantine")


def go_on(fleet, spot, out, words):
    """After a full disk the device is checked, and then goes on."""
    refused = fleet.run(*words, code=4)
    check("devices check" in refused.stderr, f"{out}: what to do is said", refused.stderr)
    fleet.run("devices", "check", spot.name)
    fleet.run(*words, code=(0, 3))
    fleet.whole(out, spot.name)
    spot.nothing_left()


def full_before(fleet, spot):
    out = "full-before"
    fleet.suite(f"{out}.json", 2)
    spot.fault("fill")
    words = ("run", "-d", spot.name, "--out", out, f"{out}.json")
    refused = fleet.run(*words, code=4)
    check("disk is full" in refused.stderr, f"{out}: the reason is said", refused.stderr)
    check(not (fleet.folder / out / "campaign.json").exists(), f"{out}: no campaign is begun")
    spot.fault("unfill")
    go_on(fleet, spot, out, words)


def full_timing(fleet, spot):
    out = "full-timing"
    running = begin(fleet, spot, out)
    with ended(running):
        running.wait_blocks(spot.name)
        with spot.held():
            spot.fault("fill")
        running.end(4, "No space left", f"edgedyno run --resume {out}")
    device = room.Device(fleet.folder / out, spot.name)
    check(0 < device.n_done() < len(device.planned()), f"{out}: what was measured is kept", device.n_done())
    check(device.journal_path.read_bytes().endswith(b"\n"), f"{out}: the journal ends with a whole line")
    spot.fault("unfill")
    go_on(fleet, spot, out, ("run", "--resume", out))


def full_pushing(fleet, spot):
    """The disk fills beside the push, and has less room than the model from then on."""
    out = "full-pushing"
    digest = fleet.big_suite(out)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_for("some of the model", lambda: spot.staged(digest) > 6 * MIB)
        with spot.held(sessions=True):
            spot.fault("fill")
        running.end(4)
    check("room" in running.said() or "space" in running.said(), f"{out}: the reason is said", running.said())
    equal(spot.digest_of(digest), None, f"{out}: half a model is no model")
    spot.fault("unfill")
    go_on(fleet, spot, out, ("run", "--resume", out))
    equal(spot.digest_of(digest), digest, f"{out}: the model on the device")


@on_rig("laptop:laptop,home=160MiB", "pi:pi,home=160MiB", "other:laptop,home=160MiB,rate=16mbit")
def full_disk(fleet, laptop, pi, other):
    """A full disk before anything, in the middle of a job, in the middle of a push."""

    def before():
        full_before(fleet, laptop)

    def timing():
        full_timing(fleet, pi)

    def pushing():
        full_pushing(fleet, other)

    together(before, timing, pushing)


def clock():
    """The guest's wall clock goes an hour forth, then two back, in the middle of a job: times are measured on clocks that
    do not, and so does the lease count."""
    if pack("linux-aarch64") is None:
        skip("this build has no runner for linux-aarch64")
    with new_rig() as rig:
        rig.up("pi:pi64")
        fleet = Faulty(rig)
        fleet.suite("clock.json", 20, block={"inferences": 20, "min_time": "0 s", "max_time": "60 s"})

        def lease():
            done = rig.sh("pi", "cat /home/bench/.local/state/edgedyno/work/lease.json", check=False)
            return room.json.loads(done.stdout) if done.stdout.strip() else {}

        running = fleet.begin("clock", "-d", "pi", "clock.json")
        with ended(running):
            running.wait_for("a block", lambda: running.blocks("pi") >= 1, 600)
            held = lease()
            for step in (3600, -7200):
                rig.fault("pi", "clock", str(step))
                before = running.blocks("pi")
                after = lease()
                equal((after["holder"], after["token"]), (held["holder"], held["token"]), f"{step} s: the lease is held")
                refused = fleet.as_host("other", "run", "-d", "pi", "--out", f"other{step}", "clock.json", code=4)
                check("holds the device for at most another" in refused.stderr, f"{step} s: by whom", refused.stderr)
                running.wait_for("another block", lambda n=before: running.blocks("pi") > n, 600)
            running.end((0, 3), seconds=900)
        fleet.whole("clock", "pi")
        equal(len(fleet.jobs("clock", "pi")), 1, "one job")
        for block in room.Device(fleet.folder / "clock", "pi").blocks():
            if block["pass"] == "timing":
                window = block["timed"]["end_raw_ns"] - block["timed"]["begin_raw_ns"]
                check(0 < window < 600 * SECOND_NS, f"{block['block']}: no hour is in its times", window)
                check(block["wall_ns"] < 600 * SECOND_NS, f"{block['block']}: nor in its wall time", block["wall_ns"])


TESTS = (reboots, processes, full_disk, clock)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
