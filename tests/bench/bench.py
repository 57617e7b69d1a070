# SPDX-License-Identifier: Apache-2.0
"""Runs the whole benchmark and shows it as a table; tests/bench/run.sh calls it with the right Python."""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import costs
import fidelity
import page
import program


def measure(args, edgedyno):
    cpu = max(os.sched_getaffinity(0))
    passes = 2 if args.quick else args.pairs
    load = os.getloadavg()[0]
    results = {"cpu": cpu, "pairs": passes, "load_before": load, "fidelity": []}
    results["floor"] = costs.floor(edgedyno, cpu, args.quick)
    results["start"] = costs.start(edgedyno, args.quick)
    results["sizes"] = costs.sizes(edgedyno)
    here = Path(__file__).resolve().parent
    for model in fidelity.models(args.root, args.room, args.quick):
        print(f"bench: {model.name}, {passes} passes of four programs", file=sys.stderr)
        arms = fidelity.Arms(edgedyno, None, here, model, cpu)
        if "supervisor" not in results:
            print("bench: one long block", file=sys.stderr)
            results["supervisor"] = costs.supervisor(edgedyno, arms.suite, args.quick)
        results["fidelity"].append(fidelity.measure(edgedyno, args.build / "tests/bare_ort", here, model, cpu, passes))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--room", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if not 6 <= args.pairs <= 100:
        parser.error("--pairs is 6 to 100: an interval needs 6")
    edgedyno = program.Program(args.build, args.room)
    try:
        results = measure(args, edgedyno)
    finally:
        edgedyno.close()
    (args.room / "results.json").write_text(json.dumps(results, indent=1, default=dataclasses.asdict) + "\n")
    table = page.table(results)
    print(table, end="")
    if not args.quick:
        page.write(args.root / "docs" / "benchmarks.md", table)


if __name__ == "__main__":
    main()
