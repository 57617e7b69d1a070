# SPDX-License-Identifier: Apache-2.0
"""The truth of the table: models whose times are known by their scripts, and every figure counted again from the samples by other code.

A script's call never ends too early, so lower bounds are exact. Upper ones are generous, since the machine may be busy; what no tolerance is
needed for is that the record says what the samples say.
"""

import json
import math

from campaign import PROGRAM, SETTLED, Device, Room, check, check_whole, finish

MS = 1_000_000
ARGUMENTS = ("--format", "json")
MIXED = [1 * MS] * 8 + [3 * MS, 5 * MS]  # p50 1 ms, p90 3 ms, p95 5 ms, mean 1.6 ms
RARE = [MS // 5] * 49 + [2 * MS]  # p99 2 ms


def by_rank(values, numerator, denominator=100):
    """Nearest rank."""
    values = sorted(values)
    return values[max(math.ceil(len(values) * numerator / denominator), 1) - 1]


def timing(device, case):
    return [
        b for b in device.blocks() if b["case"] == case and b["pass"] == "timing" and b["outcome"] == "ok"
    ]


def count_again(device, case, record, label):
    """All that a record says of times, from the journal and the samples."""
    blocks = timing(device, case)
    runs = [device.samples(block) for block in blocks]
    batch = [block["timed"]["batch"] for block in blocks]
    check(record["blocks"] == len(blocks), f"{label}: blocks", record["blocks"])
    check(
        record["samples"] == sum(len(run) * n for run, n in zip(runs, batch)),
        f"{label}: samples",
        record["samples"],
    )

    def same(key, value, slack=0):
        check(
            record[key] is not None and abs(record[key] - value) <= slack,
            f"{label}: {key} is {record[key]}, the samples say {value}",
        )

    def span(key, values, slack=0):
        same(key, by_rank(values, 50), slack)
        # Of six blocks, 2 in 64 have their true median outside of all: the interval at 95 % is the whole range.
        if len(values) == 6:
            same(f"{key}_low", min(values), slack)
            same(f"{key}_high", max(values), slack)
        elif len(values) < 6:
            check(
                record[f"{key}_low"] is None and record[f"{key}_high"] is None,
                f"{label}: {key} has an interval of {len(values)} blocks",
            )

    if max(batch) == 1:
        for q, least in ((50, 1), (90, 64), (95, 130), (99, 662)):
            if min(map(len, runs)) >= least:
                span(f"latency_p{q}_ns", [by_rank(run, q) for run in runs])
            else:
                check(
                    record[f"latency_p{q}_ns"] is None,
                    f"{label}: p{q} of {min(map(len, runs))} samples",
                    record[f"latency_p{q}_ns"],
                )
                check(
                    any(
                        r["key"] == f"latency_p{q}_ns" and r["code"] == "n_too_small"
                        for r in record["reasons"]
                    ),
                    f"{label}: no p{q}, and no reason",
                )
        # A block that was held up may have one inference, which deviates from nothing.
        deviations = []
        for run in runs if min(map(len, runs)) > 1 else ():
            mean = sum(run) / len(run)
            deviations.append(math.sqrt(sum((x - mean) ** 2 for x in run) / (len(run) - 1)))
        if deviations:
            same("latency_sd_ns", by_rank(deviations, 50), 1)
    span("latency_mean_ns", [sum(run) / len(run) / n for run, n in zip(runs, batch)], 1)
    span("load_ns", [block["load_ns"] for block in blocks])
    span("first_inference_ns", [block["first_inference_ns"] for block in blocks])
    same("warmup_inferences", by_rank([block["warmup"]["inferences"] for block in blocks], 50))
    rates = [
        len(run) * n * 1e9 / (b["timed"]["end_raw_ns"] - b["timed"]["begin_raw_ns"])
        for run, n, b in zip(runs, batch, blocks)
    ]
    span("throughput_per_s", rates, max(rates) * 1e-6)


def has_reason(record, key, code):
    return any(r["key"] == key and r["code"] == code for r in record["reasons"])


def within(record, key, least, most, label):
    value = record[key]
    check(
        value is not None and least <= value <= most, f"{label}: {key} is {value}, not from {least} to {most}"
    )


def known_times(room):
    io = {"inputs": [{"name": "x", "shape": [4]}], "outputs": [{"name": "y", "shape": [2]}]}
    room.script("mixed.json", load={"ns": 20 * MS}, run={"ns": MIXED}, warmup=SETTLED, **io)
    room.script("rare.json", run={"ns": RARE}, warmup=SETTLED, **io)
    room.script("chance.json", run={"ns": MS}, warmup=SETTLED, output="nondeterministic", **io)
    variants = ("mixed", "rare", "chance")
    room.suite(
        "times.json",
        {"m": {v: f"{v}.json" for v in variants}},
        blocks=6,
        block={"inferences": 200, "max_time": "10 s", "min_time": "0 s"},
    )
    found = {
        r["variant"]: r
        for r in room.run("run", "times.json", "--out", "times", *ARGUMENTS).expect(0).json()["records"]
    }
    device = Device(room.path / "times")
    check_whole(room.path / "times", "known times", {"c0": MS, "c1": MS // 5, "c2": MS})
    for number, variant in enumerate(variants):
        record = found[variant]
        count_again(device, f"c{number}", record, variant)
        check(
            record["samples"] == 6 * 200 and record["outcome"] == "ok",
            f"{variant}: 6 blocks of 200 inferences",
            record["samples"],
        )
        within(record, "first_inference_ns", 270 * MS, 1000 * MS, variant)
        check(
            record["warmup_inferences"] == 3,
            f"{variant}: two warm-up inferences, and one behind the mark",
            record["warmup_inferences"],
        )
        check(
            has_reason(record, "", "not_deterministic") == (variant == "chance"),
            f"{variant}: whether two runs gave the same",
            record["reasons"],
        )
    mixed = found["mixed"]
    for key, value in (
        ("latency_p50_ns", 1),
        ("latency_p90_ns", 3),
        ("latency_p95_ns", 5),
        ("latency_mean_ns", 1.6),
    ):
        within(mixed, key, value * MS, value * 3 * MS, "mixed")
    within(mixed, "load_ns", 20 * MS, 100 * MS, "mixed")
    (
        within(mixed, "load_cold_cache_ns", 20 * MS, 200 * MS, "mixed")
        if mixed["load_cold_cache_ns"]
        else check(
            has_reason(mixed, "load_cold_cache_ns", "page_cache_not_dropped"),
            "no cold load, and no reason",
            mixed["reasons"],
        )
    )
    within(mixed, "throughput_per_s", 1000 / 1.6 / 3, 1000 / 1.6, "mixed")
    within(found["rare"], "latency_p50_ns", MS // 5, 3 * MS // 5, "rare")
    check(found["rare"]["latency_p99_ns"] is None, "200 samples have no p99", found["rare"]["latency_p99_ns"])


def many_samples(room):
    """Enough for p99; and a level that changes near the end, which is no steady state."""
    room.script("steps.json", run={"ns": [MS // 2] * 600 + [4 * MS] * 200}, warmup=SETTLED)
    room.suite(
        "many.json",
        {"m": {v: f"{v}.json" for v in ("rare", "steps")}},
        blocks=1,
        block={"inferences": 750, "max_time": "10 s", "min_time": "0 s"},
    )
    found = {
        r["variant"]: r
        for r in room.run("run", "many.json", "--out", "many", *ARGUMENTS).expect(0).json()["records"]
    }
    device = Device(room.path / "many")
    for number, variant in enumerate(("rare", "steps")):
        count_again(device, f"c{number}", found[variant], f"many {variant}")
    within(found["rare"], "latency_p99_ns", 2 * MS, 40 * MS, "rare")
    check(
        found["steps"]["steady"] == "no" and has_reason(found["steps"], "steady", "no_steady_state"),
        "a step near the end is no steady state",
        found["steps"]["steady"],
        found["steps"]["reasons"],
    )
    check(found["steps"]["samples"] == 750, "its data are kept", found["steps"]["samples"])


def few_and_short(room):
    """Too few samples for any tail; inferences too short to be timed one by one."""
    room.script("instant.json")
    room.suite(
        "few.json",
        {"m": {"rare": "rare.json", "instant": "instant.json"}},
        blocks=2,
        block={"inferences": 50, "max_time": "10 s", "min_time": "0 s"},
    )
    found = {
        r["variant"]: r
        for r in room.run("run", "few.json", "--out", "few", *ARGUMENTS).expect(0).json()["records"]
    }
    device = Device(room.path / "few")
    count_again(device, "c0", found["rare"], "few")
    instant, batches = found["instant"], [b["timed"]["batch"] for b in timing(device, "c1")]
    count_again(device, "c1", instant, "instant")
    if max(batches) == 1 and b"__asan_init" in PROGRAM.read_bytes():
        print("skipped: with a sanitizer, an inference of nothing is long enough to be timed alone")
        return
    check(max(batches) > 1, "an inference of nothing is timed in batches", batches)
    for key in ("latency_p50_ns", "latency_p90_ns", "latency_p95_ns", "latency_p99_ns"):
        check(
            instant[key] is None and has_reason(instant, key, "batched"),
            f"batched, so no {key}",
            instant[key],
        )
    within(instant, "latency_mean_ns", 1, 100_000, "instant")


def deaths(room):
    """What ended a case is in its record, with the phase; and no figure of a case that has none."""
    room.script("load.json", load={"fail": "segv"})
    room.script("warm.json", run={"ns": MS, "fail": "abort"})
    room.script("late.json", run={"ns": MS, "fail": "kill", "fail_at": 20}, warmup=SETTLED)
    room.script("hang.json", run={"ns": MS, "fail": "hang", "fail_at": 20}, warmup=SETTLED)
    room.script("no.json", load={"fail": "refuse", "message": "not this one"})
    room.script("exit.json", run={"ns": MS, "fail": "exit0", "fail_at": 20}, warmup=SETTLED)
    variants = {
        "load": ("crashed", "load"),
        "warm": ("crashed", "warmup"),
        "late": ("crashed", "timed"),
        "hang": ("timeout", "timed"),
        "no": ("refused", "load"),
        "exit": ("crashed", "timed"),
    }
    room.suite(
        "deaths.json",
        {"m": {v: f"{v}.json" for v in variants}},
        blocks=2,
        block={"inferences": 100, "max_time": "1 s", "min_time": "0 s", "timeout": "3 s"},
    )
    found = {
        r["variant"]: r
        for r in room.run("run", "deaths.json", "--out", "deaths", *ARGUMENTS).expect(4).json()["records"]
    }
    for variant, (outcome, phase) in variants.items():
        record = found[variant]
        check(
            (record["outcome"], record["died_in_phase"]) == (outcome, phase),
            f"{variant}: outcome and phase",
            record["outcome"],
            record["died_in_phase"],
        )
        check(
            record["latency_p50_ns"] is None and record["throughput_per_s"] is None and record["blocks"] == 0,
            f"{variant}: no figure of a dead case",
        )
        check(
            any(r["key"] == "outcome" for r in record["reasons"]),
            f"{variant}: the reason is told",
            record["reasons"],
        )
    check(
        any("not this one" in r["text"] for r in found["no"]["reasons"]),
        "the engine's words",
        found["no"]["reasons"],
    )
    check(
        any("signal 9" in r["text"] for r in found["late"]["reasons"]), "the signal", found["late"]["reasons"]
    )
    # Two failures are enough: the other blocks of the case are skipped, and told as such.
    device = Device(room.path / "deaths")
    tried = [b for b in device.blocks() if b["case"] == "c1" and not b.get("skipped")]
    check(len(tried) == 2, "a case that died twice is left alone", [b["block"] for b in tried])
    # A lack of memory outweighs a crash. (That the kernel's kill is seen as one is tested with the runner.)
    lines = device.journal_path.read_text().splitlines()
    for i, text in enumerate(lines):
        line = json.loads(text)
        if line.get("block") == tried[1]["block"]:
            lines[i] = json.dumps(
                {**line, "outcome": "oom", "message": "out of memory: the kernel killed it"}
            )
    device.journal_path.write_text("\n".join(lines) + "\n")
    record = next(
        r
        for r in room.run("report", "deaths", *ARGUMENTS).expect(4).json()["records"]
        if r["variant"] == "warm"
    )
    check(
        record["outcome"] == "oom" and any("out of memory" in r["text"] for r in record["reasons"]),
        "out of memory comes first",
        record["outcome"],
    )


def main():
    with Room() as room:
        for part in (known_times, many_samples, few_and_short, deaths):
            part(room)
    finish("figures")


if __name__ == "__main__":
    main()
