# SPDX-License-Identifier: Apache-2.0
"""The benchmark's results as Markdown, and their place in docs/benchmarks.md."""

import datetime
import sys

import pairs
from fidelity import BAND

BEGIN = "<!-- figures: written by tests/bench/run.sh -->"
END = "<!-- end of figures -->"


def judge_ratio(ratio):
    if ratio.pairs < 6:
        return "too few pairs"
    if 1 - BAND <= ratio.low and ratio.high <= 1 + BAND:
        return "holds"
    return "falls short" if ratio.low > 1 + BAND or ratio.high < 1 - BAND else "not shown"


def judge(value, limit):
    return "holds" if value < limit else "falls short"


def ratio_text(ratio):
    ends = "" if ratio.pairs < 6 else f" ({ratio.low:.4f} to {ratio.high:.4f})"
    return f"{ratio.value:.4f}{ends}"


def fidelity_rows(results):
    for part in results["fidelity"]:
        microseconds = {name: pairs.median(values) / 1e3 for name, values in part["medians_ns"].items()}
        ratios = part["ratios"]
        yield (
            f"| {part['model']} | {microseconds['bare']:.1f} | {microseconds['edgedyno']:.1f} | {microseconds['python']:.1f} "
            f"| {ratio_text(ratios['edgedyno'])} | {judge_ratio(ratios['edgedyno'])} | {ratio_text(ratios['bare again'])} "
            f"| {ratio_text(ratios['python'])} |"
        )


def cost_rows(results):
    floor, start, supervisor, sizes = (results[key] for key in ("floor", "start", "supervisor", "sizes"))
    share = supervisor["cpu_ns"] / supervisor["wall_ns"]
    total = start["total_ns"] / 1e6
    rows = [
        ("an empty sample (two readings of the clock)", f"{floor['empty_sample_ns']:.0f} ns", "< 100 ns",
         judge(floor["empty_sample_ns"], 100)),
        ("an inference of `null`, timed in batches", f"{floor['null_inference_ns']:.1f} ns", "< 100 ns",
         judge(floor["null_inference_ns"], 100)),
        ("the loop around a sample (not in the sample)", f"{floor['around_sample_ns']:.0f} ns", "", ""),
        (f"from the command to the first worker, median of {start['runs']}", f"{total:.0f} ms", "< 150 ms", judge(total, 150)),
        ("of it: until the job has begun on the device", f"{start['job_ns'] / 1e6:.0f} ms", "", ""),
        ("of it: until the first block has begun", f"{start['block_ns'] / 1e6:.1f} ms", "", ""),
        ("of it: until the worker's first statement", f"{start['worker_ns'] / 1e6:.1f} ms", "", ""),
        (f"the supervisor's share of a core, in a block that took {supervisor['wall_ns'] / 1e9:.0f} s", f"{share:.3%}", "< 1 %",
         judge(share, 0.01)),
        ("the supervisor's resident memory in that block", f"{supervisor['resident_bytes'] / 2**20:.2f} MiB", "< 6 MiB",
         judge(supervisor["resident_bytes"], 6 * 2**20)),
        ("the runner's file, stripped", f"{sizes['runner_stripped_bytes'] / 2**20:.2f} MiB", "< 2 MiB",
         judge(sizes["runner_stripped_bytes"], 2 * 2**20)),
        ("the runner's file as built, with debug information", f"{sizes['runner_bytes'] / 2**20:.2f} MiB", "", ""),
    ]
    return (f"| {what} | {value} | {goal} | {verdict} |" for what, value, goal, verdict in rows)


def table(results):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        f"Measured {now:%Y-%m-%d} on: {results['floor']['machine']}; CPU {results['cpu']}, {results['pairs']} passes; "
        f"load average before the start {results['load_before']:.2f}.",
        "",
        "| model, one thread | bare loop, µs | edgedyno, µs | Python, µs | edgedyno / bare (95 %) | 1 ± 0.005 | bare again / bare | Python / bare |",
        "|---|---|---|---|---|---|---|---|",
        *fidelity_rows(results),
        "",
        "| cost | measured | goal | |",
        "|---|---|---|---|",
        *cost_rows(results),
        "",
    ]
    return "\n".join(lines)


def write(path, text, begin=BEGIN, end=END):
    page = path.read_text()
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        sys.exit(f"{path}: the lines '{begin}' and '{end}' are missing; the table was not written")
    before, rest = page.split(begin)
    path.write_text(f"{before}{begin}\n\n{text}\n{end}{rest.split(end)[1]}")
