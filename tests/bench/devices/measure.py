# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmark of devices and shows it as tables; tests/bench/devices/run.sh calls it."""

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import again
import fleet
import page
import perturb
import push
import tables
from place import BenchError, Place, RigError


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much is measured."""

    rounds: int
    perturb_rounds: int
    far_rounds: int
    fleet_rounds: int
    cycles: int
    push_bytes: int
    sizes: tuple
    devices: int
    job_s: int
    blocks: int
    inferences: int

    @classmethod
    def full(cls, rounds):
        half = max(6, rounds // 2)
        return cls(rounds, rounds, half, half, half, 200_000_000, (200_000_000, 25_000_000), 64, 5, perturb.BLOCKS,
                   perturb.INFERENCES)

    @classmethod
    def quick(cls):
        return cls(2, 1, 1, 1, 1, 32_000_000, (8_000_000,), 6, 3, 2, 200)


def machine(place):
    out = place.timed([place.program, "run", "--on", "null", "-r", "1", "--out", place.new("campaign")])[1]
    return next(line for line in out.splitlines() if line.startswith("local: ")).removeprefix("local: ")


def random_file(place, size):
    path = place.folder / "data"
    with open("/dev/urandom", "rb") as source, open(path, "wb") as target:
        for begin in range(0, size, 1 << 20):
            target.write(source.read(min(1 << 20, size - begin)))
    return path


def measure(place, args, extent):
    """Part by part; only the devices that a part needs are up while it runs."""
    results = {"load_before": os.getloadavg()[0]}
    cpu = max(os.sched_getaffinity(0))
    place.up("near:laptop,home=2GiB")
    results["machine"] = machine(place)
    if "perturb" in args.only:
        results["perturb"] = perturb.measure(place, "near", args.root, cpu, extent.perturb_rounds, extent.blocks,
                                             extent.inferences)
    if {"push", "again"} & args.only:
        place.up("far:laptop,home=2GiB,delay=50ms,queue=8192", "phone:phone")
    if "push" in args.only:
        results["push"] = push.measure(place, random_file(place, extent.push_bytes), extent.rounds, extent.far_rounds)
    if "again" in args.only:
        results["again"] = again.measure(place, ["near", "far"], extent.sizes, extent.cycles)
    place.rig.remove(*place.rig.devices())
    if "fleet" in args.only:
        place.up(f"d:laptop,count={extent.devices}")
        results["fleet"] = fleet.measure(place, extent.devices, extent.job_s, extent.fleet_rounds)
    return results


def parts(text):
    chosen = set(text.split(","))
    if chosen - set(tables.PARTS):
        raise argparse.ArgumentTypeError(f"parts are {', '.join(tables.PARTS)}")
    return chosen


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", type=parts)
    args = parser.parse_args()
    if not 6 <= args.pairs <= 100:
        parser.error("--pairs is 6 to 100: an interval needs 6")
    args.whole = not args.only and not args.quick
    args.only = args.only or set(tables.PARTS)
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the devices are ended on the way out
    room = args.root / "build/bench"
    room.mkdir(parents=True, exist_ok=True)
    try:
        with Place(args.build, room) as place:
            results = measure(place, args, Extent.quick() if args.quick else Extent.full(args.pairs))
    except (BenchError, RigError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"bench: {error}")
    # A trial does not replace the figures behind the page.
    (room / ("devices.json" if args.whole else "devices-trial.json")).write_text(json.dumps(results, indent=1, default=dataclasses.asdict) + "\n", encoding="utf-8")
    text = tables.text(results)
    print(text, end="")
    if args.whole:
        page.write(args.root / "docs/benchmarks.md", text, tables.BEGIN, tables.END)


if __name__ == "__main__":
    main()
