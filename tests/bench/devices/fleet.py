# SPDX-License-Identifier: Apache-2.0
"""Many devices at once, with jobs that only sleep, against one of them."""

import sys

import pairs
import place as rig_place

WALL_GOAL, MEMORY_GOAL_BYTES = 1.2, 64 << 20


def measure(place, count, seconds, rounds):
    """The devices are d1 to dN."""
    suite = rig_place.scripted_suite(
        place, "sleepers", script={"run": {"ns": 50_000_000, "sleep": True}},
        block={"min_time": f"{seconds} s", "max_time": f"{seconds} s", "min_inferences": 1, "inferences": seconds * 20},
    )
    runs = {"one": [], "all": []}
    names = [f"d{i}" for i in range(1, count + 1)]

    def run(arm):
        chosen = names if arm == "all" else names[:1]
        campaign = place.campaign("-d", "d*" if arm == "all" else "d1", suite)
        for name in chosen:
            (block,) = campaign.blocks(name)
            if block["samples"]["count"] != seconds * 20:
                raise rig_place.BenchError(f"{name}: {block['samples']['count']} samples, not {seconds * 20}")
        return {"wall_ns": campaign.wall_ns, "peak_bytes": campaign.peak_bytes, "cpu_ns": campaign.cpu_ns,
                "last_start_ns": max(campaign.start_ns(name) for name in chosen)}

    print(f"bench: {count} devices, first run, which pushes the runner", file=sys.stderr)
    run("all")
    for i, arms in enumerate(pairs.order(runs, rounds)):
        print(f"bench: {count} devices: round {i + 1} of {rounds}", file=sys.stderr)
        for arm in arms:
            runs[arm].append(run(arm))
    wall = {arm: [found["wall_ns"] for found in runs[arm]] for arm in runs}
    return {"devices": count, "seconds": seconds, "runs": runs, "wall_ratio": pairs.ratio(wall["all"], wall["one"])}
