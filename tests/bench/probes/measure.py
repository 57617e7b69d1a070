# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmark of the probes and shows it as tables; tests/bench/probes/run.sh calls it."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import arms
import fidelity
import page
import pairs
import program
import tables


def measure(args, edgedyno):
    cpu = max(os.sched_getaffinity(0))
    rounds = 2 if args.quick else args.pairs
    out = edgedyno.run(["--on", "null", "-r", 1])[1]
    results = {
        "cpu": cpu, "rounds": rounds, "load_before": os.getloadavg()[0], "parts": [],
        "machine": next(line for line in out.splitlines() if line.startswith("local: ")).removeprefix("local: "),
    }
    tree = arms.recorded(args.root, edgedyno.room)
    polled = edgedyno.new("polled")
    read = arms.sources(edgedyno, tree)
    polled.write_text("".join(f"{period} {path}\n" for period, path in read))
    results["polled_files"] = len(read)
    names = ["off", "on", "full", "off again", "poller", *(["perf"] if shutil.which("perf") else [])]
    for model in fidelity.models(args.root, args.room, args.quick)[1:]:
        for alone in (False, True):
            print(f"bench: {model.name}, {rounds} rounds, {'one CPU for all' if alone else 'a CPU of its own'}", file=sys.stderr)
            made = arms.Arms(edgedyno, model, cpu, alone, tree, polled)
            made.off()
            blocks = pairs.alternate({name: getattr(made, name.split()[0]) for name in names}, rounds)
            results["parts"].append({"model": model.name, "alone": alone, "arms": {
                name: {
                    "p50_ns": [b.p50_ns for b in found],
                    "mean_ns": [b.mean_ns for b in found],
                    "supervisor_share": [b.supervisor_share for b in found],
                    "sampling": [b.sampling for b in found],
                } for name, found in blocks.items()}})
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--room", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if not 6 <= args.pairs <= 100:
        parser.error("--pairs is 6 to 100: an interval needs 6")
    edgedyno = program.Program(args.build, args.room)
    try:
        results = measure(args, edgedyno)
    finally:
        edgedyno.close()
    (args.room / "probes.json").write_text(json.dumps(results, indent=1) + "\n")
    text = tables.page(results)
    print(text, end="")
    if not args.quick:
        page.write(args.root / "docs" / "benchmarks.md", text, tables.BEGIN, tables.END)


if __name__ == "__main__":
    main()
