# SPDX-License-Identifier: Apache-2.0
"""What a report costs: time and peak of memory of `edgedyno report` and `edgedyno compare` for campaigns of many samples, cases and
devices, gnuplot apart; and how long a browser takes for the page.

    tests/bench/report/run.py [--program PROGRAM] [--runs N] [--limits] [--browser]

The campaigns are made from numbers (tests/html/campaigns.py). Memory is the largest resident set of one process, the program's or
gnuplot's, as the kernel counts it. The median of the runs is shown. --limits ends with 1 where the report of a million samples takes
2 s of processor time, the comparison of two such campaigns 1 s, or one of them 200 MB. --browser opens the pages in Chromium and sorts
and filters their table of cases."""

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
import chromium  # noqa: E402

FORMATS = ("table", "csv", "html", "html without gnuplot")
MILLION = "1,000,000 samples, 2 cases"
FOUR = ("fp32", "fp16", "int8", "int4")
LIMIT_S = {"report": 2, "compare": 1}
LIMIT_MB = 200


def once(words, environment, out_path):
    """Wall and processor seconds, largest resident set in MB, bytes written."""
    since = time.monotonic()
    with open(out_path, "wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3, 4):
        sys.exit(f"{' '.join(map(str, words))}: status {process.returncode}")
    return time.monotonic() - since, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6, out_path.stat().st_size


def in_browser(page):
    """Seconds until the page is loaded, until its table of cases is sorted, until it is filtered, each drawn; the nodes of the page."""
    drawn = "new Promise(r => requestAnimationFrame(() => setTimeout(r, 0)))"
    with chromium.Browser() as browser:
        browser.size(1280, 900)
        seconds = []
        for expression in (
            None,
            "Array.from(document.getElementById('cases').tHead.rows[0].cells).find(c => c.textContent.startsWith('latency p50'))"
            ".querySelector('button').click()",
            "(() => { const i = document.getElementById('cases-filter'); i.value = 'int8'; i.dispatchEvent(new Event('input')); })()",
        ):
            since = time.monotonic()
            if expression:
                browser.evaluate(f"{expression}; 0")
            else:
                browser.open(page)
            browser.evaluate(f"document.body.offsetHeight; {drawn}", wait=True)
            seconds.append(time.monotonic() - since)
        return (*seconds, browser.evaluate("document.getElementsByTagName('*').length"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--program", default=str(ROOT / "build" / "release" / "bin" / "edgedyno"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args()
    over, pages = [], {}
    with tempfile.TemporaryDirectory(prefix="edgedyno-bench-") as folder:
        here = pathlib.Path(folder)
        many = tuple(f"v{i}-{name}" for i in range(5) for name in FOUR)
        made = {
            MILLION: campaigns.make(here / "million", blocks=10, samples=50_000),
            "4 devices x 4 variants": campaigns.make(here / "small", devices=4, variants=FOUR),
            "64 devices x 4 variants": campaigns.make(here / "fleet", devices=64, variants=FOUR),
            "1 device x 1,000 cases": campaigns.make(here / "wide", variants=many, threads=tuple(range(1, 51))),
            "64 devices x 16 cases": campaigns.make(here / "both", devices=64, variants=FOUR, threads=(1, 2, 4, 8)),
        }
        twins = {
            MILLION: campaigns.make(here / "million-2", blocks=10, samples=50_000),
            "1 device x 1,000 cases": campaigns.make(here / "wide-2", variants=many, threads=tuple(range(1, 51))),
        }
        (here / "empty").mkdir()

        def row(what, name, words, limit, environment=None):
            out = here / f"out-{len(pages)}.html"
            results = [once(words, {**os.environ, **(environment or {})}, out) for _ in range(arguments.runs)]
            wall, processor, memory, size = (statistics.median(column) for column in zip(*results))
            print(f"| {what} | {name} | {wall:.2f} | {processor:.2f} | {memory:.0f} | {size / 1e3:.0f} |", flush=True)
            if what == MILLION and (processor > LIMIT_S[limit] or memory > LIMIT_MB):
                over.append(f"{what}, {name}")
            if name == "html":
                pages[what] = out

        print("| campaign | format | wall s | processor s | largest RSS MB | written KB |\n|:--|:--|--:|--:|--:|--:|")
        for what, path in made.items():
            for name in FORMATS:
                bare = {"PATH": str(here / "empty")} if " " in name else None
                row(what, name, [arguments.program, "report", path, "--format", name.split(" ")[0]], "report", bare)
            if what in twins:
                row(what, "compare", [arguments.program, "compare", path, twins[what]], "compare")
        if arguments.browser:
            print("\n| page | loaded s | sorted s | filtered s | nodes |\n|:--|--:|--:|--:|--:|")
            for what, page in pages.items():
                loaded, ordered, filtered, nodes = in_browser(page)
                print(f"| {what} | {loaded:.2f} | {ordered:.2f} | {filtered:.2f} | {nodes} |", flush=True)
    if arguments.limits and over:
        sys.exit(f"over the limits: {', '.join(over)}")


if __name__ == "__main__":
    main()
