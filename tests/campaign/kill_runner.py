# SPDX-License-Identifier: Apache-2.0
"""The runner, its worker, or everything at once is killed: the controller starts the rest again, or says how to go on; nothing is lost or doubled."""

import subprocess
import time

from campaign import (
    PATIENCE_S,
    SETTLED,
    Device,
    Room,
    check,
    check_whole,
    finish,
    is_gone,
    kill,
    kill_and_wait,
    seeded,
    wait_for,
)

LATENCY_NS = 400_000
LEAST_NS = {"c0": LATENCY_NS}


def make_suite(room, blocks=4):
    room.script(
        "m.json",
        run={"ns": LATENCY_NS},
        warmup=SETTLED,
        inputs=[{"name": "x", "shape": [4]}],
        outputs=[{"name": "y", "shape": [2]}],
    )
    return room.suite("suite.json", {"m": {"a": "m.json"}}, blocks=blocks)


def kill_runner(room, patience_s=PATIENCE_S):
    """Kills the supervisor and waits for its worker's end, which the kernel brings about."""
    supervisor = wait_for(room.supervisors, "a runner", patience_s)[0]
    workers = room.workers()
    kill_and_wait([supervisor])
    for worker in workers:
        wait_for(lambda: is_gone(worker), "the end of an orphaned worker")


def runner_killed(room, chance):
    """At random moments: the controller goes on by itself, with a warning for each."""
    campaign, kills = room.path / "restarted", 0
    process = room.start("run", "suite.json", "--out", campaign)
    device = Device(campaign)
    for _ in range(3):
        # Only a runner that has finished a block may be killed again: two without one make the controller give up.
        before = device.n_done()
        wait_for(lambda: device.n_done() > before or process.poll() is not None, "another block")
        time.sleep(chance.uniform(0, 0.5))
        if process.poll() is None and room.supervisors():
            kill_runner(room)
            kills += 1
    ended = room.end(process).expect(0)
    told = ended.err.count("the runner was killed after")
    check(1 <= told <= kills, f"{kills} kills of the runner, and {told} warnings", ended.err)
    check("starting it again" in ended.err, "the warning says what is done about it", ended.err)
    check_whole(campaign, "runner killed", LEAST_NS)


def killed_without_progress(room):
    """A runner that dies again and again without finishing a block: the controller ends and says how to go on, and so it does."""
    campaign = room.path / "hopeless"
    process = room.start("run", "suite.json", "--out", campaign)
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        # Not before it says what it does, since until then `start` waits for it and tells of its end in its own words.
        if list((room.work / "jobs").glob("*/state.json")):
            for pid in room.supervisors():
                kill(pid)
        time.sleep(0.005)
    room.end(process).expect(
        4, "the runner died", "what was measured is kept", "edgedyno run --resume hopeless"
    )
    room.run("run", "--resume", campaign).expect(0)
    check_whole(campaign, "given up and resumed", LEAST_NS)


def worker_killed(room):
    """From outside, by signal 9: that is a crash and no lack of memory."""
    campaign = room.path / "crashed"
    process = room.start("run", "suite.json", "--out", campaign, "--format", "json", "--blocks", "2")
    wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
    worker = wait_for(room.workers, "a worker")[0]
    block_before = {block["block"] for block in Device(campaign).blocks()}
    kill_and_wait([worker])
    ended = room.end(process).expect(4)
    crashed = [block for block in Device(campaign).blocks() if block["outcome"] != "ok"]
    check(
        len(crashed) == 1 and crashed[0]["outcome"] == "crashed" and crashed[0]["block"] not in block_before,
        "one block has crashed",
        crashed,
    )
    check("signal 9" in crashed[0]["message"], "the message names the signal", crashed[0]["message"])
    check(crashed[0].get("signal", 9) == 9, "the journal has the signal", crashed[0])
    record = ended.json()["records"][0]
    check(record["outcome"] == "crashed", "the record says crashed", record["outcome"])
    check(
        record["died_in_phase"] == crashed[0]["died_in_phase"],
        "the record has the phase",
        record["died_in_phase"],
    )
    check_whole(campaign, "worker killed", LEAST_NS)


def both_killed(room, chance):
    """Controller and runner at once, whichever goes first."""
    for first in ("controller", "runner"):
        campaign = room.path / f"both_{first}"
        process = room.start("run", "suite.json", "--out", campaign)
        wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
        time.sleep(chance.uniform(0, 0.5))
        supervisors, workers = room.supervisors(), room.workers()
        for pid in [process.pid, *supervisors] if first == "controller" else [*supervisors, process.pid]:
            kill(pid)
        process.communicate()
        for pid in supervisors + workers:
            wait_for(lambda: is_gone(pid), "the end of a killed process")
        room.run("run", "--resume", campaign).expect(0)
        check_whole(campaign, f"both killed, the {first} first", LEAST_NS)


def machine_restarted(room):
    """Nothing lives any more, and no lock is held nor even there: what a restart of the machine leaves."""
    campaign = room.path / "restart"
    process = room.start("run", "suite.json", "--out", campaign)
    wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
    kill(process.pid)
    process.communicate()
    # The runner goes on a while, as one does whose controller's machine went down; then its own does.
    done = Device(campaign).n_done()
    supervisors, workers = room.supervisors(), room.workers()
    kill_and_wait(supervisors)
    for pid in workers:
        wait_for(lambda: is_gone(pid), "the end of a worker")
    jobs = list((room.work / "jobs").iterdir())
    check(len(jobs) == 1, "there is one job's directory", jobs)
    (room.work / "lock").unlink()
    (jobs[0] / "alive").unlink()
    room.run("run", "--resume", campaign).expect(0)
    check(Device(campaign).n_done() > done, "the resume has measured something")
    check_whole(campaign, "after a restart", LEAST_NS)
    # With the device's own memory of the job gone, too.
    campaign = room.path / "wiped"
    process = room.start("run", "suite.json", "--out", campaign)
    wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
    kill(process.pid)
    process.communicate()
    kill_and_wait(room.supervisors())
    subprocess.run(["rm", "-r", "--", str(room.work / "jobs")], check=True)
    room.run("run", "--resume", campaign).expect(0)
    check_whole(campaign, "after the work directory was emptied", LEAST_NS)


def main():
    chance = seeded("kill_runner")
    with Room() as room:
        make_suite(room)
        for part in (
            lambda: runner_killed(room, chance),
            lambda: killed_without_progress(room),
            lambda: worker_killed(room),
            lambda: both_killed(room, chance),
            lambda: machine_restarted(room),
        ):
            part()
            check(
                not room.supervisors() and not room.children_of_room(),
                "something still runs",
                room.supervisors(),
                room.children_of_room(),
            )
    finish("kill_runner")


main()
