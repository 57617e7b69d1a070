# SPDX-License-Identifier: Apache-2.0
"""The results as Markdown, and their place in docs/benchmarks.md."""

import datetime

import pairs
from page import judge_ratio, ratio_text

BEGIN = "<!-- probe figures: written by tests/bench/probes/run.sh -->"
END = "<!-- end of probe figures -->"
ARMS = {
    "on": "every probe, this machine",
    "full": "every probe, a laptop's sensors",
    "off again": "no probe, again",
    "poller": "no probe; a loop in Python beside it",
    "perf": "no probe; under `perf stat -I 10`",
}


def ratio_rows(part):
    found = part["arms"]
    for arm, what in ARMS.items():
        if arm not in found:
            yield f"| {part['model']} | {what} | not measured: there is no perf | | | |"
            continue
        median = pairs.ratio(found[arm]["p50_ns"], found["off"]["p50_ns"])
        mean = pairs.ratio(found[arm]["mean_ns"], found["off"]["mean_ns"])
        verdict = judge_ratio(median) if arm in ("on", "full") else ""
        share = pairs.median(found[arm]["supervisor_share"])
        yield f"| {part['model']} | {what} | {ratio_text(median)} | {verdict} | {ratio_text(mean)} | {share:.2%} |"


def probe_rows(part):
    """What one reading of each probe costs, over the blocks of an arm with a CPU of its own."""
    gathered = {}
    for arm in ("on", "full"):
        for block in part["arms"][arm]["sampling"]:
            for name, cost in block["probes"].items():
                if cost["readings"]:
                    gathered.setdefault(name, {}).setdefault(arm, []).append(cost)
    for name in sorted(gathered):
        cells = []
        for arm in ("on", "full"):
            costs = gathered[name].get(arm)
            if not costs:
                cells += ["", "", ""]
                continue
            cells += [
                f"{pairs.median([c['cpu_ns'] / c['readings'] for c in costs]) / 1e3:.1f}",
                f"{pairs.median([c['period_ns'] for c in costs]) / 1e6:.0f}",
                f"{pairs.median([c['cpu_share'] for c in costs]):.3%}",
            ]
        yield f"| {name} | {' | '.join(cells)} |"


def page(results):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        f"Measured {now:%Y-%m-%d} on: {results['machine']}; model on CPU {results['cpu']}, {results['rounds']} rounds; "
        f"load average before the start {results['load_before']:.2f}; the loop in Python reads {results['polled_files']} files.",
        "",
    ]
    for alone, title in ((False, "The model has its CPU, the watchers another"), (True, "One CPU for all")):
        lines += [
            f"### {title}", "",
            "| model | watched by | median / none (95 %) | 1 ± 0.005 | mean / none (95 %) | supervisor, of a core |",
            "|---|---|---|---|---|---|",
            *(row for part in results["parts"] if part["alone"] == alone for row in ratio_rows(part)), "",
        ]
    part = next(p for p in results["parts"] if not p["alone"] and p["model"] == "conv-10ms")
    lines += [
        "### A reading of each probe", "",
        "| probe | this machine: CPU, µs | each, ms | of a core | laptop's sensors: CPU, µs | each, ms | of a core |",
        "|---|---|---|---|---|---|---|",
        *probe_rows(part), "",
    ]
    return "\n".join(lines)
