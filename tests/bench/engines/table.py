# SPDX-License-Identifier: Apache-2.0
"""The results as Markdown, and their place in docs/benchmarks.md."""

import datetime

import pairs
from page import ratio_text

BEGIN = "<!-- engine figures: written by tests/bench/engines/run.sh -->"
END = "<!-- end of engine figures -->"
BAND = 0.01  # edgedyno against the engine's own program
ADDED_NS = 100


def judge_ratio(ratio):
    if ratio.pairs < 6:
        return "too few pairs"
    if 1 - BAND <= ratio.low and ratio.high <= 1 + BAND:
        return "holds"
    return "falls short" if ratio.low > 1 + BAND or ratio.high < 1 - BAND else "not shown"


def judge_added(row):
    if row["added_high_ns"] < ADDED_NS:
        return "holds"
    return "falls short" if row["added_low_ns"] >= ADDED_NS else "not shown"


def figure_text(values, unit):
    value = pairs.median(values)
    if unit == "ns":
        return f"{value / 1e3:.1f} µs" if value < 1e6 else f"{value / 1e6:.3f} ms"
    return f"{value:.1f} {unit}"


def contest_rows(contests):
    for found in contests:
        ratio, again = found["ratios"]["edgedyno"], found["ratios"]["tool again"]
        tool, ours = (figure_text(found["figures"][arm], found["unit"]) for arm in ("tool", "edgedyno"))
        yield (
            f"| {found['engine']} | {found['what']} | {found['tool']} | {tool} | {ours} | {ratio_text(ratio)} "
            f"| {judge_ratio(ratio)} | {ratio_text(again)} |"
        )


def adapter_rows(adapters):
    for row in adapters:
        call = "an empty one in its place" if row["replaced"] else f"{row['bare_ns'] / 1e3:.1f} µs"
        yield (
            f"| {row['engine']} | {row['model']} | {call} | {row['added_ns']} "
            f"({row['added_low_ns']} to {row['added_high_ns']}) ns | {judge_added(row)} |"
        )


def tables(results):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        f"Measured {now:%Y-%m-%d} on: {results['machine']}; CPU {results['cpu']}, one thread, {results['pairs']} pairs; "
        f"load average before the start {results['load_before']:.2f}.",
        "",
        "| engine | model and work | its own program | its figure | edgedyno's | edgedyno / program (95 %) | 1 ± 0.01 | program again / program |",
        "|---|---|---|---|---|---|---|---|",
        *contest_rows(results["contests"]),
        "",
        "| engine | model | a bare call of the engine | what the adapter adds (95 %) | < 100 ns |",
        "|---|---|---|---|---|",
        *adapter_rows(results["adapters"]),
        "",
    ]
    return "\n".join(lines)
