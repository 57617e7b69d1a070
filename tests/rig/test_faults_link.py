# SPDX-License-Identifier: Apache-2.0
"""The link fails while a model is pushed, a job is started, blocks are timed, and results are fetched: the campaign is
whole, the job on the device is the same one, and a push goes on where it was."""

import sys
import time

from campaigns import room
from checks import check, equal, need_root, run_all
from faulty import MIB, TRIES, on_rig, quarantined
from fleet import ended, together

LONG = 14  # blocks: ten seconds at least, so that a fault comes in the middle of them on a slow machine too
BROKEN = "the connection broke"
LOST = "link lost"  # in the device's line, at each try
HOLES_BYTES = 32 * MIB  # of a file that came by several channels so much is pushed again (devices/ssh/transfer.h)


def mend(spot, how):
    spot.fault("link", "up" if how == "down" else "mend")


def end_well(running, *texts):
    running.end((0, 3), *texts)
    check(running.process.returncode != 4, f"{running.out}: no failure", running.said())


def break_push(fleet, spot, mib, *hows):
    """Breaks the link in the middle of a push, once for each of `hows`; what is there is not pushed again."""
    out = f"push-{spot.name}-{'-'.join(hows)}"
    digest = fleet.big_suite(out, mib)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        for number, how in enumerate(hows, 1):
            part = mib * MIB * (4 - len(hows) + number) // 6
            running.wait_for(f"{part} bytes of the model", lambda least=part: spot.staged(digest) > least)
            losses = running.said().count(LOST)
            with spot.held(sessions=True):
                said = spot.fault("reset") if how == "reset" else spot.fault("link", how)
            check(how != "reset" or not said.startswith("0 "), f"{out}: a connection was reset", said)
            running.wait_for("the loss to be noticed", lambda n=losses: running.said().count(LOST) > n)
            # What was on its way may still be written.
            staged, received, again = spot.staged(digest), spot.packets()[0], spot.again_bytes(digest, HOLES_BYTES)
            check(staged >= part, f"{out}: what came before the break stays", staged)
            if how != "reset":
                # The kernel must not go on sending what the old connection had: bytes for a program that would append
                # them to the file which is pushed on.
                left = fleet.rig.ctl(["ss", "-Htn", "state", "fin-wait-1", "dst", fleet.rig.record(spot.name)["host"]])
                equal(left.stdout.strip(), "", f"{out}: nothing of the old connection is sent later")
                mend(spot, how)
        end_well(running, "reached again")
    # Beyond the rest: headers, acknowledgements, questions before and after.
    got, rest = spot.packets()[0] - received, mib * MIB - staged + again
    check(got < rest + 4 * MIB, f"{out}: the rest was pushed: {got} bytes for {rest}", running.said())
    check(rest + 4 * MIB < mib * MIB, f"{out}: that is less than all of it", rest)
    equal(spot.digest_of(digest), digest, f"{out}: the model on the device")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


@on_rig("laptop:laptop,rate=16mbit", "other:laptop,rate=16mbit", "pi:pi,rate=80mbit")
def pushing(fleet, laptop, other, pi):
    """Cable out, frames vanish, connection reset; both servers."""

    def frames_vanish_twice():
        break_push(fleet, laptop, 20, "cut", "cut")

    def of_other():
        break_push(fleet, other, 16, "down")
        break_push(fleet, other, 16, "reset")

    def of_pi():
        break_push(fleet, pi, 72, "reset")

    together(frames_vanish_twice, of_other, of_pi)
    equal(quarantined(fleet), [], "a lost link is no reason for quarantine")


def break_timing(fleet, spot, how):
    """The device goes on by itself to the end of its job, which is the only one."""
    out = f"timing-{spot.name}-{how}"
    fleet.suite(f"{out}.json", LONG)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_blocks(spot.name)
        with spot.held():
            spot.fault("link", how)
            running.wait_said(TRIES)
        spot.wait_idle()
        home = running.blocks(spot.name)
        check(home < running.planned(spot.name), f"{out}: some blocks are not home yet", home)
        mend(spot, how)
        end_well(running, "reached again")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


def resets(fleet, spot):
    """A reset after each block that came home."""
    out = f"resets-{spot.name}"
    fleet.suite(f"{out}.json", LONG)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        for done in range(1, 4):
            running.wait_blocks(spot.name, done)
            with spot.held():
                spot.fault("reset")
                running.wait_for("the loss and the new link", lambda n=done: running.said().count("reached again") >= n)
        end_well(running, TRIES, "reached again")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


@on_rig("laptop:laptop", "pi:pi", "other:laptop", "third:pi")
def timing(fleet, laptop, pi, other, third):
    """While blocks are timed."""

    def cable_out():
        break_timing(fleet, laptop, "down")

    def frames_vanish():
        break_timing(fleet, pi, "cut")

    def reset_sshd():
        resets(fleet, other)

    def reset_dropbear():
        resets(fleet, third)

    together(cable_out, frames_vanish, reset_sshd, reset_dropbear)
    equal(quarantined(fleet), [], "a lost link is no reason for quarantine")


def break_start(fleet, spot, how, answer):
    """With `answer` the job is there and its answer is lost; without it the job may or may not have come through."""
    out = f"start-{spot.name}"
    fleet.suite(f"{out}.json", LONG)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        if answer:
            running.wait_for("the runner's state", lambda: list(spot.path("jobs").glob("*/state.json")))
        else:
            running.wait_for("the attach line", lambda: fleet.jobs(out, spot.name))
        spot.fault(*how)
        running.wait_said(TRIES)
        spot.fault("netem", "delay=0ms")
        if how[0] == "link":
            mend(spot, how[1])
        end_well(running, "reached again")
    fleet.whole(out, spot.name)
    jobs = fleet.jobs(out, spot.name)
    check(len(jobs) == 1 or (not answer and len(jobs) == 2), f"{out}: the jobs that were asked for", jobs)
    spot.nothing_left()


@on_rig("a:laptop,delay=400ms", "b:pi,delay=400ms", "c:pi,delay=400ms", "d:laptop,delay=400ms")
def starting(fleet, a, b, c, d):
    """Between the attach line and the answer to `start`: the devices are far away, so that there is time."""

    def question_lost():
        break_start(fleet, a, ("link", "cut"), False)

    def answer_lost():
        break_start(fleet, b, ("link", "down"), True)

    def question_reset():
        break_start(fleet, c, ("reset",), False)

    def answer_reset():
        break_start(fleet, d, ("reset",), True)

    together(question_lost, answer_lost, question_reset, answer_reset)
    equal(quarantined(fleet), [], "a lost link is no reason for quarantine")


def break_fetch(fleet, spot, how):
    """The job ends without its controller; megabytes of samples come home over a link that breaks."""
    out = f"fetch-{spot.name}"
    script = fleet.script(f"{out}.m.json", run={"ns": 3000})
    fleet.suite(
        f"{out}.json",
        6,
        files={"a": [script]},
        block={"inferences": 300_000, "min_time": "0 s", "max_time": "60 s"},
    )
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_for("the runner", spot.supervisors)
        running.kill()
    spot.wait_idle()
    there = fleet.samples_bytes(out, spot.name)
    running = fleet.resume(out)
    with ended(running):
        running.wait_for("more samples", lambda: fleet.samples_bytes(out, spot.name) > there)

        # A link that is there again at once is told as broken, and not in the line as lost.
        def noticed():
            return running.said().count(LOST) + running.said().count(BROKEN)

        before, broken = noticed(), time.monotonic()
        spot.fault(*how)
        running.wait_for("the loss to be noticed again", lambda: noticed() > before)
        # The kernel asks a silent device for 25 s; reading alone would wait for 120 s.
        check(time.monotonic() - broken < 90, f"{out}: a dead link is noticed", time.monotonic() - broken)
        if how[0] == "link":
            mend(spot, how[1])
        end_well(running)
    check(fleet.samples_bytes(out, spot.name) > 8 * MIB, f"{out}: megabytes of samples")
    fleet.check_whole(out, [spot.name], {"c0": 3000})
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


@on_rig("laptop:laptop,rate=16mbit", "pi:pi,rate=16mbit", "other:pi,rate=16mbit")
def fetching(fleet, laptop, pi, other):
    """While a job that has ended is brought home."""

    def cable_out():
        break_fetch(fleet, laptop, ("link", "down"))

    def frames_vanish():
        break_fetch(fleet, pi, ("link", "cut"))

    def reset():
        break_fetch(fleet, other, ("reset",))

    together(cable_out, frames_vanish, reset)
    equal(quarantined(fleet), [], "a lost link is no reason for quarantine")


@on_rig("far:laptop,delay=50ms,loss=1%", "farther:pi,delay=50ms,loss=1%")
def bad_link(fleet, far, farther):
    """50 ms there and back and one frame in a hundred lost, for a whole campaign with a push of megabytes."""
    digest = fleet.big_suite("bad", 4, 3)
    names = [far.name, farther.name]
    fleet.run("run", "-d", ",".join(names), "--out", "bad", "bad.json", code=(0, 3))
    fleet.whole("bad", *names)
    for spot in (far, farther):
        equal(spot.digest_of(digest), digest, f"{spot.name}: the model on the device")
        spot.nothing_left()


def lose_server(fleet, spot):
    """The listener comes back at once; then it and every connection are gone for a while."""
    out = f"server-{spot.name}"
    fleet.suite(f"{out}.json", LONG)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_blocks(spot.name)
        spot.fault("serverkill")
        with spot.held():
            spot.fault("server", "down")
            spot.fault("reset")
            running.wait_said(TRIES)
        spot.wait_idle()
        spot.fault("server", "up")
        end_well(running, "reached again")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


def lose_session(fleet, spot):
    """Every process of the user ends, the job's as well: what is missing is started again, and nothing else."""
    out = f"session-{spot.name}"
    fleet.suite(f"{out}.json", LONG)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_blocks(spot.name, 2)
        with spot.held():
            spot.fault("killsession")
        end_well(running, "the runner was killed after")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 2, f"{out}: two jobs")
    spot.nothing_left()


def lose_session_of_push(fleet, spot):
    """The same in the middle of a push."""
    out = f"session-push-{spot.name}"
    digest = fleet.big_suite(out)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_for("some of the model", lambda: spot.staged(digest) > 4 * MIB)
        with spot.held(sessions=True):
            spot.fault("killsession")
        end_well(running, TRIES, "reached again")
    equal(spot.digest_of(digest), digest, f"{out}: the model on the device")
    fleet.whole(out, spot.name)
    spot.nothing_left()


@on_rig("laptop:laptop,rate=16mbit", "pi:pi,rate=16mbit")
def servers(fleet, laptop, pi):
    """The server, or all sessions, end."""

    def of_laptop():
        lose_server(fleet, laptop)
        lose_session(fleet, laptop)
        lose_session_of_push(fleet, laptop)

    def of_pi():
        lose_session_of_push(fleet, pi)
        lose_session(fleet, pi)
        lose_server(fleet, pi)

    together(of_laptop, of_pi)
    equal(quarantined(fleet), [], "a lost session is no reason for quarantine")


def stay_away(fleet, spot, out, ready):
    """The run ends with words that say how to go on; a resume then goes on."""
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_for("the moment", lambda: ready(running))
        with spot.held(sessions=True):
            spot.fault("link", "down")
        running.end(4, TRIES, f"edgedyno run --resume {out}")
    check(f"edgedyno: error: {spot.name}" in running.said() or spot.name in running.said(), f"{out}: which device")
    spot.fault("link", "up")
    again = fleet.resume(out)
    with ended(again):
        end_well(again)
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")
    spot.nothing_left()


@on_rig("laptop:laptop", "pi:pi,rate=16mbit", EDGEDYNO_LINK_PATIENCE="4 s")
def away(fleet, laptop, pi):
    """The link does not come back while the controller is patient."""

    def while_timing():
        fleet.suite("away-timing.json", LONG)
        stay_away(fleet, laptop, "away-timing", lambda running: running.blocks(laptop.name) >= 1)

    def while_pushing():
        digest = fleet.big_suite("away-pushing")
        stay_away(fleet, pi, "away-pushing", lambda _: pi.staged(digest) > 8 * MIB)
        equal(pi.digest_of(digest), digest, "the model on the device")

    together(while_timing, while_pushing)
    equal(quarantined(fleet), [], "a lost link is no reason for quarantine")
    fleet.environment["EDGEDYNO_LINK_PATIENCE"] = "soon"
    refused = fleet.run("run", "--resume", "away-timing", code=2)
    check("EDGEDYNO_LINK_PATIENCE" in refused.stderr, "a patience that is no duration", refused.stderr)


TESTS = (pushing, timing, starting, fetching, bad_link, servers, away)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
