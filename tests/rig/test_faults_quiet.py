# SPDX-License-Identifier: Apache-2.0
"""Nothing goes over a device's link while a block is timed: the controller sleeps, and holds no channel open."""

import pathlib
import sys
import time

from campaigns import room
from checks import check, equal, need_root, run_all
from faulty import Watch, on_rig
from fleet import SECOND_NS, ended, together

BLOCK_NS = 3 * SECOND_NS
# A status says when the block should be over. Blocks of a case take about as long as those before, and the first one
# what its limits say; so a question may come this much before the end, but never in the block's middle.
BEFORE_END_NS = SECOND_NS // 2
# Where only the number of inferences is given, nobody knows how long the first block of a case takes. Its first question
# may come too early, and its answer tells when the next one is due.
QUESTION_NS = SECOND_NS // 4


class Segments(Watch):
    """Reads the count of TCP segments of a device, both ways, again and again. Of its network namespace, so that
    neither other devices nor ARP are in it."""

    def __init__(self, spot):
        self.path = pathlib.Path(f"/proc/{spot.rig.machine(spot.name).init()}/net/snmp")
        self.seen = []  # (not before, not after, count), CLOCK_REALTIME in ns
        super().__init__(self.look)

    def look(self):
        begin = time.time_ns()
        head, values = [line.split() for line in self.path.read_text(encoding="ascii").splitlines() if line[:4] == "Tcp:"]
        row = dict(zip(head[1:], values[1:]))
        self.seen.append((begin, time.time_ns(), int(row["InSegs"]) + int(row["OutSegs"])))

    def within(self, begin, end):
        """(how many segments surely lie between two moments, how many surely do not lie outside of what was seen
        there, the part of the time that was seen); None where nothing was seen."""
        inside = [one for one in self.seen if begin <= one[0] and one[1] <= end]
        if len(inside) < 2:
            return None
        return inside[-1][2] - inside[0][2], (inside[-1][0] - inside[0][1]) / (end - begin)

    def bursts(self, begin, end):
        """How many groups of segments lie between two moments, with a quiet time before each."""
        last = count = None
        found = 0
        for one in self.seen:
            if not (begin <= one[0] and one[1] <= end):
                continue
            if count is not None and one[2] > count:
                found += last is None or one[0] - last > QUESTION_NS
                last = one[1]
            count = one[2]
        return found


def window(block):
    """The timed part in CLOCK_REALTIME: marks are on the device's boot clock, the start is on both."""
    at = {mark["at"]: mark["boot_ns"] for mark in block["marks"]}
    shift = block["started"]["real_us"] * 1000 - block["started"]["boot_ns"]
    return at["after_warmup"] + shift, at["after_timed"] + shift


def quiet_on(fleet, spot):
    out = f"quiet-{spot.name}"
    script = fleet.script(f"{out}.m.json", run={"ns": 50_000_000, "sleep": True})
    fleet.suite(
        f"{out}.json", 3, files={"a": [script]}, block={"min_time": "3 s", "max_time": "3 s", "min_inferences": 5}
    )
    with Segments(spot) as segments:
        running = fleet.begin(out, "-d", spot.name, f"{out}.json")
        with ended(running):
            running.end((0, 3))
    fleet.check_whole(out, [spot.name], {"c0": 50_000_000})
    blocks = [block for block in room.Device(fleet.folder / out, spot.name).blocks() if block["pass"] == "timing"]
    equal(len(blocks), 3, f"{spot.name}: three timed blocks")
    for block in blocks:
        begin, end = window(block)
        label = f"{spot.name}: {block['block']}"
        check(end - begin >= 0.9 * BLOCK_NS, f"{label} took about 3 s", end - begin)
        seen = segments.within(begin, end - BEFORE_END_NS)
        if check(seen is not None and seen[1] > 0.5, f"{label} was watched", seen):
            print(f"  {label}: {seen[0]} segments in {seen[1]:.0%} of {(end - begin) / 1e9:.2f} s", flush=True)
            equal(seen[0], 0, f"{label}: no segment goes over the link")
    check(segments.seen[-1][2] - segments.seen[0][2] > 100, f"{spot.name}: the counter counts")


@on_rig("laptop:laptop")
def length_unknown(fleet, spot):
    """Sixty inferences, however long they take: at most one question falls into the first block."""
    out = f"unknown-{spot.name}"
    script = fleet.script(f"{out}.m.json", run={"ns": 100_000_000, "sleep": True})
    fleet.suite(f"{out}.json", 2, files={"a": [script]}, block={"inferences": 60})
    with Segments(spot) as segments:
        running = fleet.begin(out, "-d", spot.name, f"{out}.json")
        with ended(running):
            running.end((0, 3))
    blocks = [block for block in room.Device(fleet.folder / out, spot.name).blocks() if block["pass"] == "timing"]
    equal(len(blocks), 2, f"{spot.name}: two timed blocks")
    for block, most in zip(blocks, (1, 0)):
        begin, end = window(block)
        found = segments.bursts(begin, end - BEFORE_END_NS)
        print(f"  {spot.name}: {block['block']}: {found} questions in {(end - begin) / 1e9:.2f} s", flush=True)
        check(found <= most, f"{spot.name}: {block['block']}: at most {most} questions", found)


@on_rig("laptop:laptop", "pi:pi")
def quiet(fleet, laptop, pi):
    """OpenSSH and dropbear."""

    def of_laptop():
        quiet_on(fleet, laptop)

    def of_pi():
        quiet_on(fleet, pi)

    together(of_laptop, of_pi)


TESTS = (quiet, length_unknown)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
