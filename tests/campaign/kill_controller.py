# SPDX-License-Identifier: Apache-2.0
"""The controller is killed at random moments, again and again; a resume of what is left gives the campaign that an undisturbed run gives."""

import argparse
import signal
import subprocess
import time

from campaign import SETTLED, Room, check, check_whole, finish, kill, seeded, structure, wait_for

LATENCY_NS = {"a": 400_000, "b": 900_000}


def make_suite(room):
    for name, ns in LATENCY_NS.items():
        room.script(
            f"{name}.json",
            load={"ns": 1_000_000},
            run={"ns": ns},
            warmup=SETTLED,
            inputs=[{"name": "x", "shape": [1, 4]}],
            outputs=[{"name": "y", "shape": [1, 3]}],
        )
    return room.suite("suite.json", {"m": {name: f"{name}.json" for name in LATENCY_NS}}, blocks=3)


def records_of(room, campaign):
    return room.run("report", campaign, "--format", "json").expect(0).json()["records"]


def killed_campaign(room, number, duration_s, chance, most_kills):
    """One campaign; returns how often its controller was killed."""
    campaign, kills = room.path / f"campaign{number}", 0
    words = ["run", "suite.json", "--out", campaign, "--format", "json"]
    while True:
        since = time.monotonic()
        process = room.start(*words)
        # Half of the moments lie in a life's first tenth of a second, where it reads, cuts, asks, attaches and starts.
        delay = (
            chance.uniform(0, 0.12)
            if chance.random() < 0.5
            else chance.uniform(0, duration_s * (1 if kills == 0 else 0.2))
        )
        try:
            process.wait(timeout=delay if kills < most_kills else None)
        except subprocess.TimeoutExpired:
            kill(process.pid)
            process.communicate()
            if process.returncode == -signal.SIGKILL:
                kills += 1
                # Before campaign.json is there, nothing was begun and there is nothing to resume.
                if (campaign / "campaign.json").exists():
                    words = ["run", "--resume", campaign, "--format", "json"]
                continue
        return kills, room.end(process, words, since=since).expect(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    wanted = parser.parse_args().kills
    chance = seeded("kill_controller")
    with Room() as room:
        make_suite(room)
        whole = room.run("run", "suite.json", "--out", room.path / "whole", "--format", "json").expect(0)
        least_ns = {"c0": LATENCY_NS["a"], "c1": LATENCY_NS["b"]}
        check_whole(room.path / "whole", "undisturbed", least_ns)
        expected = [structure(record) for record in whole.json()["records"]]
        kills, number = 0, 0
        while kills < wanted and number < wanted:
            number += 1
            n, last = killed_campaign(room, number, whole.seconds, chance, 40)
            kills += n
            campaign, label = room.path / f"campaign{number}", f"campaign {number}, killed {n} times"
            check_whole(campaign, label, least_ns)
            records = records_of(room, campaign)
            check(
                last.json()["records"] == records, f"{label}: the report is not what the last resume printed"
            )
            check(
                [structure(record) for record in records] == expected,
                f"{label}: the records differ in structure from an undisturbed run's",
                expected,
                [structure(record) for record in records],
            )
            wait_for(lambda: not room.supervisors(), f"{label}: the end of its runner")
            check(
                not list((room.work / "jobs").iterdir()),
                f"{label}: a job's directory stays on the device",
                str(list((room.work / "jobs").iterdir())),
            )
        check(kills >= wanted, f"only {kills} of {wanted} kills came before the ends of {number} campaigns")
        print(f"{kills} kills in {number} campaigns")
    finish("kill_controller")


main()
