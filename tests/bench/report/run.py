# SPDX-License-Identifier: Apache-2.0
"""What a report costs: time and peak of memory of `edgedyno report` for campaigns of many samples, cases and devices, gnuplot apart.

    tests/bench/report/run.py [--program PROGRAM] [--runs N] [--limits]

The campaigns are made from numbers (tests/html/campaigns.py). Memory is the largest resident set of one process, the program's or
gnuplot's, as the kernel counts it. The median of the runs is shown. --limits ends with 1 where the report of a million samples takes
2 s of processor time or 200 MB."""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "html"))

import campaigns  # noqa: E402

FORMATS = ("table", "csv", "html")


def once(words, environment):
    """Wall and processor seconds, largest resident set in MB, bytes written."""
    out, into = os.pipe()
    since = time.monotonic()
    process = subprocess.Popen(words, stdout=into, stderr=subprocess.DEVNULL, env=environment)
    os.close(into)
    size = 0
    while piece := os.read(out, 1 << 20):
        size += len(piece)
    os.close(out)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3, 4):
        sys.exit(f"{' '.join(map(str, words))}: status {process.returncode}")
    return time.monotonic() - since, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, size


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--program", default=str(ROOT / "build" / "release" / "bin" / "edgedyno"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limits", action="store_true")
    arguments = parser.parse_args()
    over = []
    with tempfile.TemporaryDirectory(prefix="edgedyno-bench-") as folder:
        here = pathlib.Path(folder)
        made = {
            "1,000,000 samples, 2 cases": campaigns.make(here / "million", blocks=10, samples=50_000),
            "4 devices x 4 variants": campaigns.make(here / "small", devices=4, variants=("fp32", "fp16", "int8", "int4")),
            "64 devices x 4 variants": campaigns.make(here / "fleet", devices=64, variants=("fp32", "fp16", "int8", "int4")),
        }
        nothing = here / "empty"
        nothing.mkdir()
        print("| campaign | format | wall s | processor s | largest RSS MB | written KB |\n|:--|:--|--:|--:|--:|--:|")
        for what, path in made.items():
            for name in (*FORMATS, "html without gnuplot"):
                environment = {**os.environ, **({"PATH": str(nothing)} if " " in name else {})}
                words = [arguments.program, "report", path, "--format", name.split(" ")[0]]
                results = [once(words, environment) for _ in range(arguments.runs)]
                wall, processor, memory, size = (statistics.median(column) for column in zip(*results))
                print(f"| {what} | {name} | {wall:.2f} | {processor:.2f} | {memory:.0f} | {size / 1e3:.0f} |", flush=True)
                if "million" in str(path) and (processor > 2 or memory > 200):
                    over.append(name)
    if arguments.limits and over:
        sys.exit(f"over the limits: {', '.join(over)}")


if __name__ == "__main__":
    main()
