# SPDX-License-Identifier: Apache-2.0
"""The link fails while a model is pushed, a job is started, blocks are timed, and results are fetched: the campaign is
whole, the job on the device is the same one, and a push goes on where it was."""

import sys

from campaigns import room
from checks import check, equal, need_root, run_all, within
from faulty import MIB, PATIENCE_S, TRIES, on_rig, quarantined
from fleet import ended, together

SUITE = "short.json"


def break_push(fleet, spot, how):
    """Breaks the link in the middle of a push; the rest of the file is what goes over the new one."""
    out = f"push-{spot.name}-{how}"
    digest = fleet.big_suite(out)
    running = fleet.begin(out, "-d", spot.name, f"{out}.json")
    with ended(running):
        running.wait_for("half of the model", lambda: spot.staged(digest) > 10 * MIB)
        if how == "reset":
            check("0 connections" not in spot.fault("reset"), f"{out}: a connection was reset")
        else:
            spot.fault("link", how)
        running.wait_said(TRIES)
        # What was on its way may still be written.
        staged = spot.staged(digest)
        received = spot.packets()[0]
        if how != "reset":
            spot.fault("link", "up" if how == "down" else "mend")
        running.end((0, 3), "reached again")
    check(staged >= 10 * MIB, f"{out}: what came before the break stays", staged)
    got, rest = spot.packets()[0] - received, 20 * MIB - staged
    # Its stripes that may have holes (16 MiB at most) are not there with a link this slow; the margin is headers,
    # acknowledgements, the questions before and after, and what the server wrote after the count.
    check(got < rest + 5 * MIB, f"{out}: only the rest was pushed: {got} bytes for {rest}", running.said())
    equal(spot.digest_of(digest), digest, f"{out}: the model on the device")
    fleet.whole(out, spot.name)
    equal(len(fleet.jobs(out, spot.name)), 1, f"{out}: one job")


@on_rig("laptop:laptop,rate=40mbit", "pi:pi,rate=40mbit")
def pushing(fleet, laptop, pi):
    """Cable out, frames vanish, connection reset; both servers."""

    def of_laptop():
        break_push(fleet, laptop, "down")
        break_push(fleet, laptop, "reset")

    def of_pi():
        break_push(fleet, pi, "cut")
        break_push(fleet, pi, "reset")

    together(of_laptop, of_pi)
    equal(quarantined(fleet), [], "a lost link is no reason for quarantine")


TESTS = (pushing,)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
