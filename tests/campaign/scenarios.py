# SPDX-License-Identifier: Apache-2.0
"""Scenarios through the whole program, by the scripted engine, whose times are known beforehand.

A script's call never ends too early, so lower bounds are exact; what needs no tolerance is that the record says what the samples say.
"""

import csv

from batter import batter
from campaign import SETTLED, Device, Room, check, finish
from figures import by_rank, has_reason

MS = 1_000_000
ARGUMENTS = ("--format", "json")


def planned(room, *words):
    lines = room.run("run", *words, "--dry-run").expect(0).out.splitlines()
    return [line.split(" t1", 1)[1].strip() for line in lines if " t1" in line]


def plans(room):
    for words, cases in (
        ((), [""]),
        (("--deadline", "20ms"), ["single-stream deadline 20 ms"]),
        (("--scenario", "fixed-rate:50/s,poisson:0.5"), ["fixed-rate 50/s", "poisson 0.5/s"]),
        (("--scenario", "fixed-rate", "--scenario", "offline:4", "--rate", "50,100/s"),
         ["fixed-rate 50/s", "fixed-rate 100/s", "offline x4"]),
        (("--scenario", "sustained:90s,single-stream"), ["sustained 90 s", ""]),
    ):
        found = planned(room, "five.json", *words)
        check(found == cases, f"{words}: {found}, expected {cases}")
    room.suite("plan.json", {"m": {"a": "five.json"}}, scenarios=["poisson", "offline:2"], rates=[10, 20], deadline="5 ms")
    found = planned(room, "plan.json")
    check(
        found == ["poisson 10/s deadline 5 ms", "poisson 20/s deadline 5 ms", "offline x2 deadline 5 ms"], "a suite's plan", found
    )
    found = planned(room, "plan.json", "--rate", "30", "--scenario", "fixed-rate", "--deadline", "1 s")
    check(found == ["fixed-rate 30/s deadline 1 s"], "flags go before the suite", found)


def refused(room):
    for words, text in (
        (("--scenario", "poison:50"), "did you mean poisson?"),
        (("--scenario", "warp"), "there are single-stream, fixed-rate:50/s"),
        (("--scenario", "offline"), "such as offline:4"),
        (("--scenario", "offline:65"), "1 to 64"),
        (("--scenario", "sustained:10"), "such as sustained:10min"),
        (("--scenario", "single-stream:2"), "offline:N"),
        (("--scenario", "poisson:0/s"), "such as 50/s"),
        (("--scenario", "poisson:nan"), "such as 50/s"),
        (("--scenario", "poisson"), "--rate 50,100"),
        (("--scenario", "poisson:5,poisson:5/s"), "stands twice"),
        (("--rate", "50"), "add --scenario fixed-rate or poisson"),
        (("--rate", "50", "--scenario", "poisson:5"), "has a rate already"),
        (("--deadline", "20"), "--deadline"),
    ):
        room.run("run", "five.json", *words, "--dry-run").expect(2, text)
    room.run("gate", "--baseline", "five.json", "--candidate", "two.json", "--scenario", "sustained:1min", "--dry-run").expect(
        2, "edgedyno run"
    )
    room.script("talk.json", language={"vocabulary": 300})
    room.run("run", "talk.json", "-p", "8", "--deadline", "20ms", "--dry-run").expect(2, "models that take tensors")


def timing(device, number):
    return [b for b in device.blocks() if b["case"] == f"c{number}" and b["pass"] == "timing"]


def shares(record, runs, deadline_ns, label):
    """What does not depend on a machine's speed: the record says what the samples say."""
    samples = [s for run in runs for s in run]
    missed = sum(s > deadline_ns for s in samples) / len(samples)
    check(abs(record["deadline_miss_share"] - missed) < 1e-9, f"{label}: missed {record['deadline_miss_share']}, the samples say {missed}")
    check(record["latency_p50_ns"] == by_rank([by_rank(run, 50) for run in runs], 50), f"{label}: median", record["latency_p50_ns"])


def arrivals(room):
    """5 ms of service: half of the time at 100/s, too much at 250/s."""
    room.suite(
        "load.json",
        {"m": {"five": "five.json"}},
        blocks=2,
        scenarios=["fixed-rate", "poisson:100"],
        rates=[100, 250],
        deadline="8 ms",
        seed=7,
        block={"inferences": 120, "max_time": "10 s", "min_time": "0 s"},
    )
    records = room.run("run", "load.json", "--out", "load", *ARGUMENTS).expect(0).json()["records"]
    device = Device(room.path / "load")
    for number, (workload, rate) in enumerate((("fixed-rate 100/s", 100), ("fixed-rate 250/s", 250), ("poisson 100/s", 100))):
        record, label = records[number], workload
        check(record["workload"] == workload + " deadline 8 ms", "the words of the case", record["workload"])
        blocks = timing(device, number)
        runs = [device.samples(block) for block in blocks]
        check([len(run) for run in runs] == [120, 120] and record["samples"] == 240, f"{label}: two blocks of 120")
        shares(record, runs, 8 * MS, label)
        check(all(s >= 5 * MS for run in runs for s in run), f"{label}: a latency below the service time")
        for block, run in zip(blocks, runs):
            seen = block["evidence"]["arrivals"]
            window_ns = block["timed"]["end_raw_ns"] - block["timed"]["begin_raw_ns"]
            check(seen["served"] == 120 and seen["busy_ns"] >= 600 * MS, f"{label}: what was served", seen)
            # However fast the machine, the window holds the work, and all arrivals that were served.
            check(window_ns >= 600 * MS, f"{label}: a window of {window_ns} ns")
            if workload.startswith("fixed"):
                check(window_ns >= 119e9 / rate, f"{label}: a window of {window_ns} ns")
                check(len(run) * 1e9 / window_ns <= rate * 1.0001, f"{label}: more served than arrived")
            # One that waited for those before it shows their time as well: first come first served, in a
            # queue that the samples themselves tell (due times are known for a fixed rate).
            if workload.startswith("fixed"):
                ends = [k * 1e9 / rate + s for k, s in enumerate(run)]
                check(all(b - a >= 5 * MS - 1000 for a, b in zip(ends, ends[1:])), f"{label}: two at a time")
        over = has_reason(record, "latency_p50_ns", "overloaded")
        loads = [b["evidence"]["arrivals"]["busy_ns"] / 120 * rate / 1e9 for b in blocks]
        check(over == (max(loads) >= 1), f"{label}: overloaded is {over} at a load of {loads}")
        if rate == 250:
            # Every one waits 1 ms longer than the one before it, at least.
            check(over, "250/s of 5 ms is an overload", record["reasons"])
            for run in runs:
                check(all(s >= (5 + k * 0.999) * MS for k, s in enumerate(run)), "the queue grows by 1 ms each", run[:5])
            check(record["deadline_miss_share"] >= (120 - 4) / 120, "nearly all are late", record["deadline_miss_share"])
        elif max(loads) < 0.9:
            check(not over, f"{label}: no overload at {loads}")


def pattern(room):
    """Misses that are known: one inference in four takes 30 ms, and each begins when the last has ended."""
    room.script("fourth.json", run={"ns": [MS, MS, MS, 30 * MS]}, warmup=SETTLED)
    room.suite(
        "pattern.json",
        {"m": {"fourth": "fourth.json"}},
        blocks=1,
        deadline="29 ms",
        block={"inferences": 80, "max_time": "30 s", "min_time": "0 s"},
    )
    record = room.run("run", "pattern.json", "--out", "pattern", *ARGUMENTS).expect(0).json()["records"][0]
    device = Device(room.path / "pattern")
    shares(record, [device.samples(b) for b in timing(device, 0)], 29 * MS, "one in four")
    check(record["deadline_miss_share"] >= 0.25, "a quarter misses", record["deadline_miss_share"])


def streams(room):
    """Four at a time: how fast they are is the machine's, that all four run all the time is not."""
    room.suite(
        "streams.json",
        {"m": {"twenty": "twenty.json"}},
        blocks=2,
        scenarios=["single-stream", "offline:4", "offline:1"],
        deadline="15 ms",
        block={"inferences": 80, "max_time": "30 s", "min_time": "0 s"},
    )
    records = room.run("run", "streams.json", "--out", "streams", *ARGUMENTS).expect(0).json()["records"]
    device = Device(room.path / "streams")
    for number, streams_n in enumerate((1, 4, 1)):
        record, label = records[number], f"case {number} of {streams_n} streams"
        blocks = timing(device, number)
        runs = [device.samples(block) for block in blocks]
        check(all(80 <= len(run) < 80 + streams_n for run in runs), f"{label}: 80 samples", list(map(len, runs)))
        check(all(s >= 20 * MS for run in runs for s in run), f"{label}: a latency below the script's")
        shares(record, runs, 15 * MS, label)
        check(record["deadline_miss_share"] == 1, f"{label}: all are late")
        counted = [
            len(run) * 1e9 / (b["timed"]["end_raw_ns"] - b["timed"]["begin_raw_ns"]) for run, b in zip(runs, blocks)
        ]
        check(abs(record["throughput_per_s"] - min(counted)) < 1e-3, f"{label}: rate", record["throughput_per_s"], counted)
        check(record["throughput_per_s"] <= streams_n * 50, f"{label}: faster than can be", record["throughput_per_s"])
        check(all(b["warmup"]["inferences"] == 3 * streams_n for b in blocks), f"{label}: warm-ups", blocks[0]["warmup"])
        check(not has_reason(record, "threads", "more_threads"), f"{label}: threads nobody asked for", record["reasons"])
        # How many were running at a time, on average: all of them but near the window's end.
        for run, b in zip(runs, blocks):
            at_once = sum(run) / (b["timed"]["end_raw_ns"] - b["timed"]["begin_raw_ns"])
            check(streams_n * 0.7 < at_once <= streams_n, f"{label}: {at_once} at a time")
    # A stream that fails is the block's failure, and nobody waits for it for ever.
    words = ("--scenario", "offline:3", "-r", "1", "-o", "fail=refuse", "-o", "fail_at=1", "--out", "fails", *ARGUMENTS)
    record = room.run("run", "two.json", *words).expect(4).json()["records"][0]
    check(record["outcome"] == "refused" and "stream 1 of 3" in str(record["reasons"]), "whose failure it is", record["reasons"])


def curve(room, variant, block, run):
    """Inferences a second for each second, as CSV and as counters of a trace, against the samples."""
    text = room.run("report", "long", "--block", block, "--format", "timeline").expect(0).out
    rows = [row for row in csv.DictReader(text.splitlines()) if row["kind"] == "speed"]
    check(len(rows) in (5, 6) and all(row["name"] == block for row in rows), f"{variant}: seconds", rows)
    ends = [sum(run[: k + 1]) for k in range(len(run))]
    for second, row in enumerate(rows[:4]):
        # The inferences that lie in it wholly, and at most two that lie in it by a part.
        whole = sum(1 for end, ns in zip(ends, run) if end <= (second + 1) * 1e9 and end - ns >= second * 1e9)
        check(whole <= float(row["value"]) <= whole + 2, f"{variant}: speed in second {second}", row, whole)
        check(int(row["end_ns"]) - int(row["begin_ns"]) == 1_000_000_000, f"{variant}: a second", row)
    trace = room.run("report", "long", "--block", block, "--format", "perfetto").expect(0).json()["traceEvents"]
    counters = [e["args"]["1/s"] for e in trace if e["ph"] == "C" and e["name"] == "throughput (1/s)"]
    same = len(counters) == len(rows) and all(abs(c - float(r["value"])) < 1e-3 for c, r in zip(counters, rows))
    check(same, f"{variant}: the trace says the same", counters, rows)


def sustained(room):
    """A script that is fast for its first 100 calls and a third as fast from then on; and one that never changes."""
    room.script("hot.json", run={"ns": [5 * MS] * 100 + [15 * MS] * 100000}, warmup=SETTLED)
    room.suite(
        "long.json", {"m": {"hot": "hot.json", "twenty": "twenty.json"}}, blocks=6, scenarios=["sustained:5s"]
    )
    records = room.run("run", "long.json", "--out", "long", *ARGUMENTS).expect(0).json()["records"]
    device = Device(room.path / "long")
    for number, variant in enumerate(("hot", "twenty")):
        record, blocks = records[number], timing(device, number)
        check(len(blocks) == 1, f"{variant}: one block, whatever --blocks says", len(blocks))
        run, timed = device.samples(blocks[0]), blocks[0]["timed"]
        window_ns = timed["end_raw_ns"] - timed["begin_raw_ns"]
        check(5e9 <= window_ns and window_ns - max(run) <= 5.001e9, f"{variant}: a window of {window_ns}")
        # The first tenth of the window, counted again.
        n, ns = 0, 0
        while n == 0 or ns < sum(run) * 0.1:
            n, ns = n + 1, ns + run[n]
        burst = n * 1e9 / ns
        check(abs(record["throughput_burst_per_s"] - burst) < 1e-6 * burst, f"{variant}: burst", record["throughput_burst_per_s"], burst)
        flat = record["throughput_sustained_per_s"]
        if flat is None:
            check(has_reason(record, "throughput_sustained_per_s", "not_flat"), f"{variant}: no sustained, and no reason")
        else:
            # It is the rate of some end of the window.
            check(flat <= 1e9 / (15 if variant == "hot" else 20) / MS, f"{variant}: sustained is {flat}")
            check(abs(record["throughput_retention"] - flat / burst) < 1e-9, f"{variant}: retention")
        if variant == "hot":
            # The script has its calls of the warm-up behind it: 97 fast ones are left.
            check(record["throughput_burst_per_s"] <= 200, "a burst faster than the script", burst)
            slowed = record["time_to_throttle_ns"]
            check(slowed is not None, "a third of the speed is a slow-down", record["reasons"])
            if slowed is not None:
                begins = [sum(run[:k]) for k in range(len(run))]
                check(slowed in begins, "it begins with an inference", slowed)
                # The 98th is the first slow one; a busy machine may make some before it slow as well.
                check(20 <= begins.index(slowed) <= 120, "about where the script slows down", begins.index(slowed))
        check(has_reason(record, "latency_p50_ns", "few_blocks"), f"{variant}: no interval, and no reason")
        curve(room, variant, blocks[0]["block"], run)
    table = room.run("report", "long").expect(0).out
    check("burst" in table and "sustained" in table and "retention" in table, "a table of the curve", table)


def too_short(room):
    room.script("instant.json", warmup={"ns": [0]})
    for scenario in ("poisson:100", "offline:2"):
        record = (
            room.run("run", "instant.json", "--scenario", scenario, "-r", "1", "--out", "short-" + scenario[:3], *ARGUMENTS)
            .json()["records"][0]
        )
        # By the machine's clock: a run of the script is a few readings of it.
        if record["outcome"] == "ok":
            check(record["latency_p50_ns"] > 0, f"{scenario}: timed", record["latency_p50_ns"])
        else:
            check("less than 1000 steps of the clock" in str(record["reasons"]), f"{scenario}: why not", record["reasons"])


def main():
    with Room() as room:
        room.script("five.json", run={"ns": 5 * MS}, warmup=SETTLED)
        room.script("two.json", run={"ns": 2 * MS}, warmup=SETTLED)
        room.script("twenty.json", run={"ns": 20 * MS}, warmup=SETTLED)
        plans(room)
        refused(room)
        arrivals(room)
        pattern(room)
        streams(room)
        sustained(room)
        too_short(room)
        for name in ("load", "streams", "long"):
            batter(room, name)
    finish("scenarios")


if __name__ == "__main__":
    main()
