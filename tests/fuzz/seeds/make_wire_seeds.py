# SPDX-License-Identifier: Apache-2.0
"""Makes seeds/wire from a finished campaign of the scripted engine, with the paths of the machine taken out: make_wire_seeds.py CAMPAIGN"""

import json
import pathlib
import re
import sys

here = pathlib.Path(__file__).parent / "wire"
device = pathlib.Path(sys.argv[1]) / "devices" / "local"
here.mkdir(exist_ok=True)


def plain(value):
    """Paths become short ones."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return re.sub(r"^/.*/", "/d/", value) if isinstance(value, str) and value.startswith("/") else value


def write(name, letter, *documents):
    text = "".join(json.dumps(document, separators=(",", ":")) + "\n" for document in documents)
    (here / name).write_text(letter + text)


job = plain(json.loads((device / "job.json").read_text()))
job["blocks"] = job["blocks"][:2]
write("job", "j", job)
write(
    "job_all_keys",
    "j",
    {
        **job,
        "max_ns": 1,
        "cases": [
            {
                **job["cases"][0],
                "pin": "0,2-3",
                "options": [{"key": "k", "value": "v"}],
                "shapes": [{"input": "x", "shape": [1, 2]}],
            }
        ]
        + job["cases"][1:],
    },
)
lines = [json.loads(line) for line in (device / "journal.jsonl").read_text().splitlines()]
base = 0
for line in lines:
    if line["type"] == "block":
        count = min(line.get("samples", {}).get("count", 0), 8)
        line["samples"] = {"offset": base, "count": count}
        base += 8 * count
    line.pop("channels", None)
blocks = [line for line in lines if line["type"] == "block"]
timing = next(line for line in blocks if line["pass"] == "timing")
journal = [line for line in lines if line["type"] != "attach"]
write("journal", "b", *lines)
write(
    "journal_one",
    "b",
    lines[0],
    {key: timing[key] for key in ("type", "block", "case", "pass", "outcome", "samples", "timed", "load_ns")},
)
write("journal_again", "b", lines[0], timing, timing)
write("journal_base", "b", {**lines[0], "samples_base": -8}, timing)
write(
    "journal_dead",
    "b",
    lines[0],
    {
        **timing,
        "outcome": "oom",
        "message": "m",
        "died_in_phase": "timed",
        "status": "usage",
        "skipped": False,
    },
)
write("keep", "k", *lines)
write("keep_least", "k", lines[0], {"type": "block", "block": "b", "samples": {"offset": 0, "count": 2}})
write("fetch", "f", *journal)
write("fetch_outputs", "f", {**timing, "evidence": {"output_files": ["a.npy", "b.npy"]}})
write("fetch_least", "f", {"type": "block", "block": "b", "samples": {"offset": 0, "count": 2}})
wire = {"wire": "1.0"}
write(
    "reply_status",
    "r",
    {
        "type": "status",
        **wire,
        "job": "j",
        "state": "ended",
        "reason": "done",
        "message": "",
        "journal_bytes": 5,
        "block": "c0.timing.1",
        "blocks_done": 1,
        "blocks_total": 2,
        "next_news_ns": 3,
        "left_ns": 4,
    },
)
write("reply_error", "r", {"type": "error", **wire, "status": "busy", "where": "w", "message": "m"})
write("reply_bare", "r", {"type": "error", **wire})
write("reply_version", "r", {"type": "version", "wire": "2.0"})
write(
    "reply_survey",
    "r",
    {
        "type": "survey",
        **wire,
        "engine": "e",
        "engine_version": "1",
        "build_info": "",
        "backends": [
            {
                "backend": "cpu",
                "processor": "cpu",
                "native": "n",
                "device_name": "d",
                "simulated": False,
                "available": True,
            }
        ],
    },
)
write("reply_work", "r", {"type": "work", **wire, "job": "j"})
