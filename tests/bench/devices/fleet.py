# SPDX-License-Identifier: Apache-2.0
"""Many devices at once, with jobs that only sleep, against one of them."""

import os
import sys

import pairs
import place as rig_place

WALL_GOAL, MEMORY_GOAL_BYTES = 1.2, 64 << 20
INFERENCE_NS = 50_000_000
SLOW_NS = 270_000_000  # of inferences this slow warm-up wants two, however noisy the machine is


def measure(place, count, seconds, rounds):
    """The devices are d1 to dN. A job takes `seconds`: a cold block, warm-up, and the rest is timed."""
    timed_ms = round(seconds * 1000 - 6 * SLOW_NS / 1e6)
    suite = rig_place.scripted_suite(
        place, "sleepers", block={"min_time": f"{timed_ms} ms", "max_time": f"{timed_ms} ms", "min_inferences": 1},
        script={"run": {"ns": INFERENCE_NS, "sleep": True}, "warmup": {"ns": [SLOW_NS, SLOW_NS]}},
    )  # fmt: skip
    runs = {"one": [], "all": []}
    names = [f"d{i}" for i in range(1, count + 1)]

    def run(arm):
        chosen = names if arm == "all" else names[:1]
        before = place.devices_cpu_ns(chosen)
        campaign = place.campaign("-d", "d*" if arm == "all" else "d1", suite)
        for name in chosen:
            (block,) = campaign.blocks(name)
            timed = block["timed"]["end_raw_ns"] - block["timed"]["begin_raw_ns"]
            if timed < timed_ms * 1_000_000:
                raise rig_place.BenchError(f"{name}: the block timed for {timed} ns only")
        return {"wall_ns": campaign.wall_ns, "peak_bytes": campaign.peak_bytes, "cpu_ns": campaign.cpu_ns,
                "last_start_ns": max(campaign.start_ns(name) for name in chosen),
                "devices_cpu_ns": place.devices_cpu_ns(chosen) - before,
                "longest_job_ns": max(campaign.job_ns(name) for name in chosen)}

    print(f"bench: {count} devices, first run, which pushes the runner", file=sys.stderr)
    first = run("all")
    for i, arms in enumerate(pairs.order(runs, rounds)):
        print(f"bench: {count} devices: round {i + 1} of {rounds}", file=sys.stderr)
        for arm in arms:
            runs[arm].append(run(arm))
    wall = {arm: [found["wall_ns"] for found in runs[arm]] for arm in runs}
    return {"devices": count, "seconds": seconds, "first": first, "runs": runs, "cores": len(os.sched_getaffinity(0)),
            "wall_ratio": pairs.ratio(wall["all"], wall["one"])}
