# SPDX-License-Identifier: Apache-2.0
"""Pairs of a gate of which one block alone was taken in a bad state: left out, measured again, and never decided on; a state that both blocks share leaves a pair alone.

    void_pairs.py [most]

The states are those of a machine of files (machine.py). What the gate made of its pairs is worked out again here, from the journal and the samples.
"""

import json
import math
import re
import statistics
import struct
import sys

from campaign import SETTLED, Device, Room, check, finish
from machine import CPU, Machine

MS = 1_000_000
# Long enough that each state is read while it is there.
BLOCK = {"min_time": "400 ms", "max_time": "1 s", "min_inferences": 5}
WORDS = ["--baseline", "base", "--candidate", "same", "--mde", "80 %", "--metric", "latency_p50_ns"]
HOT = {CPU + "cur_state": 2}
FIRST_LOOK = 8


def make(room, **keys):
    for name in ("base", "same"):
        room.script(f"{name}.json", run={"ns": 5 * MS, "sleep": True}, warmup=SETTLED)
    return room.suite("suite.json", {"m": {n: f"{n}.json" for n in ("base", "same")}}, block=BLOCK, on_invalid="repeat", **keys)


def row_of(room, name):
    rows = json.loads((room.path / name / "gate.json").read_text())["gate"]["comparisons"]
    check(len(rows) == 1, "one comparison", rows)
    return rows[0]


def pairs_of(campaign):
    """(log of the ratio of the medians, whether each of its blocks was hot or met what was left of it, by what was read), by number."""
    device, blocks = Device(campaign), {}
    for block in device.blocks():
        if block["pass"] == "timing":
            blocks[block["block"]] = block
    found, number = [], 1
    while f"c0.timing.{number}" in blocks and f"c1.timing.{number}" in blocks:
        ids = [f"c{c}.timing.{number}" for c in (0, 1)]
        samples = [sorted(device.samples(blocks[i])) for i in ids]
        medians = [s[math.ceil(len(s) / 2) - 1] for s in samples]
        late = [any(k.startswith("cooling.") and v["max"] == HOT[CPU + "cur_state"] for k, v in blocks[i]["probes"].items()) for i in ids]
        found.append((math.log(medians[1] / medians[0]), late))
        number += 1
    return found


def slow(campaign, blocks):
    """Every sample of these blocks becomes a second."""
    device = Device(campaign)
    data = bytearray(device.samples_path.read_bytes())
    for block in device.blocks():
        if block["block"] in blocks:
            struct.pack_into(f"<{block['samples']['count']}q", data, block["at"], *[1000 * MS] * block["samples"]["count"])
    device.samples_path.write_bytes(data)


def shift(values):
    """Hodges and Lehmann's."""
    return statistics.median((a + b) / 2 for i, a in enumerate(values) for b in values[i:])


def left_out():
    """Pairs 3 and 6 have one hot block each, of either side; in pair 5 both are hot."""
    hot = {"c0.timing.3", "c1.timing.6", "c0.timing.5", "c1.timing.5"}
    with Room() as room, Machine(room, HOT, hot):
        make(room)
        ended = room.run("gate", "suite.json", *WORDS, "--out", "g").expect(0)
        pairs = pairs_of(room.path / "g")
        void = [n for n, (_, late) in enumerate(pairs) if late[0] != late[1]]
        check({2, 5} <= set(void) and 4 not in void, "what the machine did", void, pairs)
        row = row_of(room, "g")
        check(row["verdict"] == "pass" and row["pairs"] == FIRST_LOOK, "eight valid pairs decide", row)
        again = FIRST_LOOK + len(void) + len(void) % 2
        check(len(pairs) == again, "void pairs are measured again, in whole quads, and no others", len(pairs), void)
        check(f"; {len(void)} of {again} pairs left out: one side alone was throttled" in row["why"], "the row says so", row)
        check(re.search(r"look 8 of 64, \d+ pairs again: ", ended.err), "progress says so", ended.err[-900:])
        valid = [x for n, (x, _) in enumerate(pairs) if n not in void][:FIRST_LOOK]
        check(abs(row["change"] - math.expm1(shift(valid))) < 1e-9, "the change is that of the valid pairs", row, valid)
        before = Device(room.path / "g").n_done()
        room.run("gate", "--resume", "g").expect(0)
        check(Device(room.path / "g").n_done() == before and row_of(room, "g") == row, "nothing is left to resume")
        again = room.run("report", "g", "--format", "json").expect(0).json()
        check(again["gate"]["comparisons"] == [row], "a report says the same", again["gate"])
        # Whatever the candidate's blocks of void pairs measured; not so where both were hot.
        slow(room.path / "g", {f"c1.timing.{n + 1}" for n in void})
        again = room.run("report", "g", "--format", "json").expect(0).json()
        check(again["gate"]["comparisons"] == [row], "void pairs say nothing", again["gate"], row)
        slow(room.path / "g", {"c1.timing.5"})
        again = json.loads(room.run("report", "g", "--format", "json").out)
        check(again["gate"]["comparisons"][0]["change_high"] > row["change_high"] + 1, "a pair whose blocks share the state does", again["gate"])


def most():
    """The candidate's blocks are hot, the baseline's never: no number of pairs helps, and the gate gives up."""
    hot = {f"c1.timing.{n}" for n in range(1, 100)}
    with Room() as room, Machine(room, HOT, hot):
        make(room)
        ended = room.run("gate", "suite.json", *WORDS, "--out", "g").expect(5)
        check(ended.out.startswith("invalid\n"), "the verdict comes first", ended.out[:300])
        row = row_of(room, "g")
        check("one side alone was: throttled" in row["why"], "why", row)
        check(len(pairs_of(room.path / "g")) == 2 * FIRST_LOOK, "it gives up after as many again")
        # Who wants no repetition has the first looks as they fall.
        ended = room.run("gate", "suite.json", *WORDS, "--on-invalid", "mark", "--out", "marked").expect(5)
        check("  again: " not in ended.err, "nothing stands in place of another", ended.err[-600:])


if sys.argv[1:] == ["most"]:
    most()
else:
    left_out()
finish("void_pairs")
