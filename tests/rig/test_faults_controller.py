# SPDX-License-Identifier: Apache-2.0
"""The controller is killed at random moments of a campaign on two devices and resumed each time: the same blocks as without,
none twice. `--kills N` says how often."""

import argparse
import subprocess
import sys

from campaigns import room
from checks import check, need_root, run_all
from faulty import on_rig, quarantined
from fleet import ended, together

BLOCK_S = 0.54  # at least: two warm-up inferences of 0.27 s
LIFE_S = 0.7  # of a controller, on average
WANTED = 20


def random_moment(chance):
    """Half of them lie where a life connects, asks, attaches and starts."""
    return chance.uniform(0, 2 * LIFE_S if chance.random() < 0.5 else LIFE_S)


@on_rig("laptop:laptop", "pi:pi")
def killed(fleet, laptop, pi):
    """As often as wanted, in as many campaigns as that takes."""
    chance = room.seeded("test_faults_controller")
    names = [laptop.name, pi.name]
    kills = campaigns = 0
    while kills < WANTED:
        campaigns += 1
        out = f"c{campaigns}"
        blocks = int(min(WANTED - kills, 40) * LIFE_S / BLOCK_S) + 2
        fleet.suite(f"{out}.json", blocks)
        # Before campaign.json is there nothing was begun. A lease that was taken then is waited for.
        begin = ("run", "-d", ",".join(names), "--wait", "5min", "--out", out, f"{out}.json")
        had = 0
        while True:
            words = ("run", "--resume", out) if (fleet.folder / out / "campaign.json").exists() else begin
            running = fleet.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                running.wait(random_moment(chance) if kills < WANTED else 600)
                break
            except subprocess.TimeoutExpired:
                running.kill()
                said = running.communicate()[1]
                check(kills < WANTED, f"{out}: no end within 600 s", said)
                kills += 1
                had += 1
        said = running.communicate()[1]
        check(running.returncode in (0, 3), f"{out}: the last life ends well: {running.returncode}", said)
        fleet.whole(out, *names)
        for spot in (laptop, pi):
            spot.nothing_left()
        print(f"  {out}: {had} kills in {blocks} blocks a device", flush=True)
        check(had > 0 or kills >= WANTED, f"{out}: it was killed at least once")
        if not had:
            break
    check(not quarantined(fleet), "nobody is in quarantine", quarantined(fleet))


TESTS = (killed,)

if __name__ == "__main__":
    need_root()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=WANTED)
    WANTED = parser.parse_args().kills
    run_all(TESTS, [])
