# SPDX-License-Identifier: Apache-2.0
"""A gate and a choice on what whisper.cpp hears: recordings with transcripts decide by their word error rate.

Against each other stand a model, the same under another name, and one that hears worse. What is compared block by block is memory, which
no load on the machine changes.

    speech_gate.py          a choice
    speech_gate.py gates    a gate that passes, one that fails; each block warms up for seconds
"""

import json
import sys

from campaign import Room, check, finish
from speech_task import heard_of, make_set, rates, share, suite, write_transcripts

BLOCK = {"block": {"inferences": 1}, "on_invalid": "mark"}
COMPARED = ["--metric", "memory_after_load_bytes", "--mde", "50 %", "--format", "json"]
LOOSE, STRICT = "accuracy_drop <= 70 %", "accuracy_drop <= 1 %"


def gate(room, name, candidate, limit, code):
    """The gate, its rows, and the campaign's records by variant."""
    path = suite(room, f"{name}.json", {"threshold": limit}, ("f16", candidate), **BLOCK)
    asked = ["--baseline", "f16", "--candidate", candidate, "--out", name, *COMPARED]
    whole = room.run("gate", path, *asked, patience_s=600).expect(code).json()
    rows = {row["requirement"] or row["key"]: row for row in whole["gate"]["comparisons"]}
    check(set(rows) == {"memory_after_load_bytes", limit}, "what is judged", rows)
    return whole["gate"], rows, {r["variant"]: r for r in whole["records"]}


def gates(room, said):
    # No difference, but in a dozen recordings alone: that bounds the drop, loosely.
    whole, rows, records = gate(room, "g_same", "same", LOOSE, 0)
    check(whole["verdict"] == "pass" and {row["verdict"] for row in rows.values()} == {"pass"}, "as right as before", whole)
    check(records["same"]["accuracy_drop"] == 0 and records["same"]["accuracy_verdict"] == "pass", "no drop", records["same"])
    whole, rows, records = gate(room, "g_noisy", "noisy", STRICT, 1)
    mine, theirs = (rates(said, heard_of(room.path / "g_noisy", case)) for case in case_ids(room.path / "g_noisy"))
    drop = share(theirs) - share(mine)
    row, record = rows[STRICT], records["noisy"]
    check(whole["verdict"] == "fail" and row["verdict"] == "fail" and drop > 0.01, "it hears worse", whole, drop)
    check(rows["memory_after_load_bytes"]["verdict"] == "pass", "in the same memory", rows)
    check(abs(record["accuracy_drop"] - drop) < 1e-12 and record["speed_usable"] is False, "by as much as counted here", record, drop)
    check(abs(record["accuracy_value"] - share(theirs)) < 1e-12, "and its rate", record)
    junit = room.run("report", "g_noisy", "--format", "junit").expect(1).out
    check(junit.count("<failure") == 1 and "accuracy_drop &lt;= 1 %" in junit, "JUnit says which", junit)
    text = room.run("report", "g_noisy").expect(1).out
    check("corpus WER" in text and STRICT in text, "the table calls it what it is", text)


def case_ids(campaign):
    """Of baseline and candidate, on the wire."""
    device = json.loads((campaign / "campaign.json").read_text())["devices"][0]
    (pair,) = device["pairs"]
    return device["cases"][pair["baseline"]]["id"], device["cases"][pair["candidate"]]["id"]


def choice(room):
    path = suite(room, "tune.json", {}, ("f16", "noisy"), **BLOCK)
    words = ["--reference", "f16", "--require", STRICT, "--minimize", "memory_after_load_bytes", "-r", "1", "--out", "t", "--format", "choice"]
    row = room.run("tune", path, *words, patience_s=600).expect(0).json()["devices"]["local"]["tiny"]
    states = {c["variant"]: c for c in row["candidates"]}
    check(row["chosen"]["variant"] == "f16" and states["f16"]["state"] == "chosen", "the one that hears as well as the reference", row["why"])
    check(states["noisy"]["state"] == "fail" and STRICT in states["noisy"]["why"], "the other failed by what was required", states["noisy"])


if __name__ == "__main__":
    with Room(fetched_engines=True) as room:
        make_set(room)
        first = room.path / "first"
        room.run("run", suite(room, "first.json", {}, **BLOCK), "--out", first).expect(0)
        said = write_transcripts(room, heard_of(first, "c0"))
        if sys.argv[1:] == ["gates"]:
            gates(room, said)
        else:
            choice(room)
    finish("speech, gate and choice")
