# SPDX-License-Identifier: Apache-2.0
"""The results as Markdown, and their place in docs/benchmarks.md."""

import datetime

import again
import fleet
import pairs
from page import judge_ratio

BEGIN = "<!-- device figures: written by tests/bench/devices/run.sh -->"
END = "<!-- end of device figures -->"
LEAST_ROUNDS = 6


def judge_at_least(ratio, goal):
    if ratio.pairs < LEAST_ROUNDS:
        return "too few rounds"
    return "holds" if ratio.low >= goal else "falls short" if ratio.high < goal else "not shown"


def judge_at_most(ratio, goal):
    if ratio.pairs < LEAST_ROUNDS:
        return "too few rounds"
    return "holds" if ratio.high <= goal else "falls short" if ratio.low > goal else "not shown"


def judge_all_below(values, limit):
    """The worst one counts; where only some are below, it is not shown."""
    return "holds" if max(values) < limit else "not shown" if min(values) < limit else "falls short"


def ratio_text(ratio, digits=2):
    ends = "" if ratio.pairs < LEAST_ROUNDS else f" ({ratio.low:.{digits}f} to {ratio.high:.{digits}f})"
    return f"{ratio.value:.{digits}f}{ends}"


def size_text(size):
    return f"{size / 1e6:g} MB"


def table(head, rows):
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(row)} |" for row in rows), ""]


def remake(part):
    return f"`tests/bench/devices/run.sh --only {part} build/release` measures this again."


# ---- pushes

LINKS = {"near": "SSH, 0 ms", "far": "SSH, 50 ms", "phone": "adb"}


def push_rows(pushes):
    for link, found in pushes.items():
        rate = {arm: found["bytes"] / 1e6 / (pairs.median(ns) / 1e9) for arm, ns in found["transfer_ns"].items()}
        whole = {arm: pairs.median(ns) / 1e9 for arm, ns in found["whole_ns"].items()}
        for arm in ["ours", *found["transfer_ratio"]]:
            ours, best = arm == "ours", arm == found["best"]
            own = f" ({found['ours']['cipher']})" if "ours" in found else ""
            chosen = f" ({found['theirs_cipher']})" if "theirs_cipher" in found and "," not in arm else ""
            yield (
                LINKS[link],
                f"edgedyno{own}" if ours else arm + chosen,
                f"{rate[arm]:.0f}",
                f"{whole[arm]:.2f}",
                "" if ours else ratio_text(found["transfer_ratio"][arm]),
                "" if ours else ratio_text(found["whole_ratio"][arm]),
                f"≥ {found['goal']:.1f}, best of them" if best else "",
                judge_at_least(found["transfer_ratio"][arm], found["goal"]) if best else "",
            )


def push_part(pushes):
    sizes = {found["bytes"] for found in pushes.values()}
    rounds = ", ".join(f"{LINKS[link]}: {len(found['whole_ns']['ours'])}" for link, found in pushes.items())
    head = ("link", "program", "transfer, MB/s", "whole command, s", "edgedyno is faster by", "whole command", "goal", "")
    return [
        f"### A push of {', '.join(map(size_text, sizes))}",
        "",
        f"Rounds: {rounds}. Medians; ratios with their 95 % interval, above 1 where edgedyno is faster. {remake('push')}",
        "",
        *table(head, push_rows(pushes)),
    ]


# ---- a second run

AFTER = ("the second run", "the third run", "the fourth run")


def milliseconds(values):
    return f"{pairs.median(values) / 1e6:.0f} ({max(values) / 1e6:.0f})"


def again_rows(results):
    for found in results:
        first = found["sessions"]["first"]
        yield (
            LINKS[found["device"]], size_text(found["bytes"]), "the first run, which pushes",
            milliseconds([took["push_ns"] for took in first]), milliseconds(found["start_ns"][0]), "", "",
        )  # fmt: skip
        for i, name in enumerate(AFTER):
            values = [took["push_ns"] for took in found["sessions"]["after"][i]]
            yield (
                LINKS[found["device"]], size_text(found["bytes"]), name, milliseconds(values),
                milliseconds(found["start_ns"][1 + i]), f"push < {again.GOAL_NS / 1e6:.0f} ms",
                judge_all_below(values, again.GOAL_NS),
            )  # fmt: skip


def again_part(results):
    cycles = len(results[0]["sessions"]["first"])
    head = ("link", "size", "run", "push phase, ms", "command to job, ms", "goal", "")
    return [
        "### Runs with nothing changed",
        "",
        f"{results[0]['files']} files of random bytes, {cycles} times from an empty device; medians, in brackets the slowest, which is "
        f"judged. {remake('again')}",
        "",
        *table(head, again_rows(results)),
    ]


# ---- many devices

def fleet_part(found):
    runs, count = found["runs"], found["devices"]
    peak = [run["peak_bytes"] for run in runs["all"]]
    share = {arm: pairs.median([run["cpu_ns"] / run["wall_ns"] for run in runs[arm]]) for arm in runs}
    wall = {arm: pairs.median([run["wall_ns"] for run in runs[arm]]) / 1e9 for arm in runs}
    start = {arm: pairs.median([run["last_start_ns"] for run in runs[arm]]) / 1e9 for arm in runs}
    cpu = {key: pairs.median([run[key] for run in runs["all"]]) for key in ("cpu_ns", "devices_cpu_ns")}
    job = {arm: pairs.median([run["longest_job_ns"] for run in runs[arm]]) / 1e9 for arm in runs}
    rows = [
        ("wall time, one device", f"{wall['one']:.2f} s", "", ""),
        (f"wall time, {count} devices", f"{wall['all']:.2f} s", "", ""),
        (f"{count} devices / one", ratio_text(found["wall_ratio"]), f"≤ {fleet.WALL_GOAL}",
         judge_at_most(found["wall_ratio"], fleet.WALL_GOAL)),
        ("the longest job, one device", f"{job['one']:.2f} s", "", ""),
        (f"the longest job, {count} devices", f"{job['all']:.2f} s", "", ""),
        ("until the last job has begun, one device", f"{start['one']:.2f} s", "", ""),
        (f"until the last job has begun, {count} devices", f"{start['all']:.2f} s", "", ""),
        (f"the controller's peak of resident memory, {count} devices", f"{max(peak) / 2**20:.1f} MiB",
         f"< {fleet.MEMORY_GOAL_BYTES >> 20} MiB", judge_all_below(peak, fleet.MEMORY_GOAL_BYTES)),
        (f"the controller's share of a core, {count} devices", f"{share['all']:.1%}", "", ""),
        (f"the controller's CPU time for each of {count} devices", f"{cpu['cpu_ns'] / 1e6 / count:.0f} ms", "", ""),
        (f"the devices' own CPU time, each of {count}", f"{cpu['devices_cpu_ns'] / 1e6 / count:.0f} ms", "", ""),
        (f"all of that over {found['cores']} cores", f"{sum(cpu.values()) / 1e9 / found['cores']:.2f} s", "", ""),
        (f"the controller's peak, first run, which pushes the runner to {count} devices",
         f"{found['first']['peak_bytes'] / 2**20:.1f} MiB", f"< {fleet.MEMORY_GOAL_BYTES >> 20} MiB",
         judge_all_below([found["first"]["peak_bytes"]], fleet.MEMORY_GOAL_BYTES)),
        ("the controller's share of a core, one device", f"{share['one']:.1%}", "", ""),
    ]
    return [
        f"### {count} devices at once",
        "",
        f"Jobs that sleep for about {found['seconds']} s; {len(runs['all'])} rounds. {remake('fleet')}",
        "",
        *table(("what", "measured", "goal", ""), rows),
    ]


# ---- perturbation

def perturb_part(found):
    medians = {arm: pairs.median(values) / 1e3 for arm, values in found["medians_ns"].items()}
    rows = [
        ("link cut", f"{medians['cut']:.1f}", "", ""),
        ("controller attached", f"{medians['attached']:.1f}", ratio_text(found["ratios"]["attached"], 4),
         judge_ratio(found["ratios"]["attached"])),
        ("link cut, once more", f"{medians['cut again']:.1f}", ratio_text(found["ratios"]["cut again"], 4), ""),
    ]
    return [
        "### A measurement with the controller attached",
        "",
        f"digits-fp32 with ONNX Runtime, {found['blocks']} blocks of {found['inferences']} inferences each time, "
        f"{len(found['medians_ns']['cut'])} rounds. {remake('perturb')}",
        "",
        *table(("", "median, µs", "against the link cut", "1 ± 0.005"), rows),
    ]


PARTS = {"push": push_part, "again": again_part, "fleet": fleet_part, "perturb": perturb_part}


def text(results):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        f"Measured {now:%Y-%m-%d} on: {results['machine']}; controller and devices share it; load average before the start "
        f"{results['load_before']:.2f}.",
        "",
    ]
    for name, part in PARTS.items():
        if name in results:
            lines += part(results[name])
    return "\n".join(lines)
