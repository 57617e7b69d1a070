# SPDX-License-Identifier: Apache-2.0
"""A run whose files lie on the device already: the push phase alone, and from the command to the start of the job."""

import sys

import place as rig_place

GOAL_NS = 300_000_000
PARTS = 8  # files of a pack
RUNS = 3  # after a push: the second, third and fourth run


def make_parts(place, name, size):
    """A pack: files with random bytes; their paths."""
    source = open("/dev/urandom", "rb")
    paths = [place.folder / f"{name}.{i}" for i in range(PARTS)]
    with source:
        for path in paths:
            path.write_bytes(source.read(size // PARTS))
    return paths


def sessions(place, name, parts, cycles):
    """Push phases of the runs after the first, by their place after it."""
    found = [[] for _ in range(RUNS)]
    first = []
    for _ in range(cycles):
        place.command("devices", "clean", name)
        first.append(place.tool("session", name, place.library, *parts))
        if first[-1]["pushed_bytes"] != sum(path.stat().st_size for path in parts):
            raise rig_place.BenchError(f"{name}: the first run pushed {first[-1]['pushed_bytes']} bytes")
        for i in range(RUNS):
            took = place.tool("session", name, place.library, *parts)
            if took["pushed_bytes"]:
                raise rig_place.BenchError(f"{name}: a run after the first pushed {took['pushed_bytes']} bytes")
            found[i].append(took)
    return {"first": first, "after": found}


def campaigns(place, name, suite, cycles):
    """Whole runs: from the command to the start of the job, by their place after the push."""
    found = [[] for _ in range(1 + RUNS)]
    for _ in range(cycles):
        place.command("devices", "clean", name)
        for starts in found:
            starts.append(place.campaign("-d", name, suite).start_ns(name))
    return found


def measure(place, names, sizes, cycles):
    results = []
    for size in sizes:
        parts = make_parts(place, f"pack{size}", size)
        suite = rig_place.scripted_suite(place, f"suite{size}", [path.name for path in parts],
                                         script={"run": {"ns": 20_000_000, "sleep": True}},
                                         block={"inferences": 5})
        for name in names:
            print(f"bench: {name}: runs with {size} bytes that lie there, {cycles} times", file=sys.stderr)
            found = {"device": name, "bytes": size, "files": PARTS, "sessions": sessions(place, name, parts, cycles),
                     "start_ns": campaigns(place, name, suite, cycles)}
            results.append(found)
        place.command("devices", "clean", *names)
    return results
