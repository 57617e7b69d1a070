# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C: the job ends, the words say how to go on, and a resume does. A second Ctrl-C waits for nobody."""

import fcntl
import os
import signal
import struct
import termios
import time

from campaign import SETTLED, Device, Room, check, check_whole, finish, is_gone, kill, kill_and_wait, wait_for

LATENCY_NS = 400_000


def make_suite(room):
    room.script(
        "m.json",
        run={"ns": LATENCY_NS},
        warmup=SETTLED,
        inputs=[{"name": "x", "shape": [4]}],
        outputs=[{"name": "y", "shape": [2]}],
    )
    return room.suite("suite.json", {"m": {"a": "m.json"}}, blocks=4)


def in_the_middle(room, process, campaign):
    wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
    worker = wait_for(room.workers, "a worker")[0]
    return worker, room.supervisors()[0]


def interrupted(room, name, send, **popen):
    """One signal; returns what the program said."""
    campaign = room.path / name
    process = room.start("run", "suite.json", "--out", name, **popen)
    worker, supervisor = in_the_middle(room, process, campaign)
    since = time.monotonic()
    send(process)
    ended = room.end(process).expect(130, f"edgedyno run --resume {name}", "resume with")
    took = time.monotonic() - since
    check(took < 5, f"{name}: it ended {took:.1f} s after the signal")
    for pid, what in ((worker, "worker"), (supervisor, "runner")):
        wait_for(lambda: is_gone(pid), f"{name}: the end of the {what}", 5)
    device = Device(campaign)
    check(
        0 < device.n_done() < len(device.planned()),
        f"{name}: some blocks are done and some are not",
        device.n_done(),
    )
    check(
        all(block["outcome"] == "ok" for block in device.blocks()),
        f"{name}: a block that was stopped is not in the journal",
    )
    check(ended.out.startswith("edgedyno"), f"{name}: what is there is reported", ended.out)
    room.run("report", name).expect(0, "edgedyno run --resume")
    done = device.n_done()
    room.run("run", "--resume", name).expect(0)
    check(device.n_done() > done, f"{name}: the resume goes on from there")
    check_whole(campaign, name, {"c0": LATENCY_NS})


def at_a_terminal(room):
    """As a person does it: the character goes to the terminal, which signals whatever runs in the foreground."""
    controller, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def take_terminal():
        os.setsid()
        fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
        os.tcsetpgrp(terminal, os.getpid())

    with open(os.devnull, "rb"):
        campaign = room.path / "terminal"
        process = room.start("run", "suite.json", "--out", "terminal", preexec_fn=take_terminal)
        worker, supervisor = in_the_middle(room, process, campaign)
        os.write(controller, b"\x03")
        room.end(process).expect(130, "edgedyno run --resume terminal")
        wait_for(lambda: is_gone(worker) and is_gone(supervisor), "the end of the job", 5)
    os.close(terminal)
    os.close(controller)


def twice(room):
    """The runner is stopped, so that it cannot heed the first one."""
    campaign = room.path / "twice"
    process = room.start("run", "suite.json", "--out", "twice")
    _, supervisor = in_the_middle(room, process, campaign)
    kill(supervisor, signal.SIGSTOP)
    kill(process.pid, signal.SIGINT)
    wait_for(lambda: list((room.work / "jobs").glob("*/stop")), "the runner being told to stop")
    check(process.poll() is None, "the first one waits for the job's end")
    since = time.monotonic()
    kill(process.pid, signal.SIGINT)
    room.end(process).expect(130, "stopped at once")
    check(time.monotonic() - since < 2, f"the second one took {time.monotonic() - since:.1f} s")
    kill(supervisor, signal.SIGCONT)
    wait_for(lambda: is_gone(supervisor), "the end of the runner, which was told to stop", 10)
    room.run("run", "--resume", "twice").expect(0)
    check_whole(campaign, "twice", {"c0": LATENCY_NS})


def before_the_first_block(room):
    """As early as can be: whatever is on disk by then, the status is 130 or the signal's own, and nothing goes on running."""
    for number in range(5):
        name = f"early{number}"
        process = room.start("run", "suite.json", "--out", name)
        if number:
            path = room.path / name / "campaign.json"
            wait_for(lambda: path.exists() or process.poll() is not None, "a campaign")
        time.sleep(0.01 * number)
        kill(process.pid, signal.SIGINT)
        code = process.wait(timeout=30)
        process.communicate()
        check(code in (130, -signal.SIGINT), f"{name}: status {code}")
        wait_for(lambda: not room.supervisors(), f"{name}: the end of the runner", 10)
    room.run("run", "--resume", name).expect(0)
    check_whole(room.path / name, name, {"c0": LATENCY_NS})


def main():
    with Room() as room:
        make_suite(room)
        interrupted(room, "sigint", lambda process: kill(process.pid, signal.SIGINT))
        interrupted(room, "sigterm", lambda process: kill(process.pid, signal.SIGTERM))
        at_a_terminal(room)
        twice(room)
        before_the_first_block(room)
        kill_and_wait(room.supervisors())
    finish("ctrl_c")


main()
