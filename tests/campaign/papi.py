# SPDX-License-Identifier: Apache-2.0
"""`--papi` from the flag to the record: counts that are known, events that there are not, machines that count nothing."""

import json
import os

from batter import batter
from campaign import SETTLED, Room, check, finish

MS = 1_000_000
KEY = "counters_per_inference"
BLOCK = {"min_time": "400 ms", "max_time": "1 s", "min_inferences": 5}


def told(record):
    return [(r["code"], r["text"]) for r in record["reasons"] if r["key"] == KEY]


def measure(room, name, *words, code=0, blocks=2, **keys):
    room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS})
    room.suite("suite.json", {"m": {"v": "m.json"}}, blocks=blocks, block=BLOCK, **keys)
    ended = room.run("run", "suite.json", "--out", name, "--format", "json", *words).expect(code)
    return ended.json()["records"][0] if ended.out else None


def known(room):
    """Three counts a nanosecond: an inference has three times its share of the window."""
    record = measure(room, "known", "--papi", "FAKE_WALL,NO_SUCH_EVENT,FAKE_NEVER", blocks=1)
    counts = dict(word.split("=") for word in (record[KEY] or "").split())
    check(list(counts) == ["FAKE_WALL", "FAKE_NEVER"], "the events that there are, by their names", record[KEY])
    expected = 3e9 / record["throughput_per_s"]
    found = float(counts.get("FAKE_WALL", 0))
    check(abs(found / expected - 1) < 0.02, "the count of an inference", found, expected)
    check(counts.get("FAKE_NEVER") == "0", "what never happened is a true zero", counts)
    check(told(record) == [("unavailable", "NO_SUCH_EVENT: PAPI refuses NO_SUCH_EVENT: Event does not exist")],
          "an unknown event is said", told(record))
    frozen = json.loads((room.path / "known/campaign.json").read_text())
    check(frozen["papi"] == ["FAKE_WALL", "NO_SUCH_EVENT", "FAKE_NEVER"], "the campaign keeps what was asked")
    again = room.run("report", "known", "--format", "json").expect(0).json()["records"][0]
    check(again == record, "a report says the same")
    table = room.run("report", "known").expect(0)
    check("NO_SUCH_EVENT" in table.out + table.err, "people are told as well", table.out)
    record = measure(room, "suite", papi=["FAKE_NEVER"])
    check(record[KEY] == "FAKE_NEVER=0", "a suite names events as well", record[KEY])
    record = measure(room, "over", "--papi", "FAKE_WALL", papi=["FAKE_NEVER"])
    check((record[KEY] or "").startswith("FAKE_WALL="), "the flag goes before the suite", record[KEY])


def nothing(room):
    """A machine without PAPI: never zero."""
    record = measure(room, "none", "--papi", "PAPI_TOT_INS,PAPI_TOT_CYC")
    check(record[KEY] is None, "no count", record[KEY])
    reasons = told(record)
    if check(len(reasons) == 1, "one reason for both", reasons):
        check(reasons[0][0] == "unavailable", "unavailable", reasons)
        check(reasons[0][1].startswith("PAPI_TOT_INS, PAPI_TOT_CYC: PAPI is not installed"), "and why", reasons)
    reasons = told(measure(room, "unasked"))
    check([r[0] for r in reasons] == ["not_measured"], "nothing was asked for", reasons)


def real(room):
    """Whatever this machine counts, it has no event of that name."""
    record = measure(room, "real", "--papi", "NO_SUCH_EVENT")
    check(record[KEY] is None and [r[0] for r in told(record)] == ["unavailable"], "no such event", told(record))


def wrong(room):
    room.script("m.json", run={"ns": 5 * MS})
    many = ",".join(f"E{i}" for i in range(17))
    for text in ("", "A,A", "A B", "-x", "A,,B", many, "x" * 48):
        room.run("run", "m.json", "--on", "scripted/cpu", f"--papi={text}", "--dry-run").expect(2, "--papi")
    room.suite("wrong.json", {"m": {"v": "m.json"}}, papi=["A B"])
    room.run("run", "wrong.json").expect(2, "papi")
    room.script("n.json", run={"ns": 6 * MS})
    sides = ("--baseline", "m.json", "--candidate", "n.json", "--on", "scripted/cpu")
    room.run("gate", *sides, "--papi", "A", "--dry-run").expect(0)


with Room() as room:
    room.quiet()
    nothing(room)
    wrong(room)
with Room() as room:
    room.environment["LD_LIBRARY_PATH"] = os.environ["ED_FAKE_PAPI"]
    known(room)
    batter(room, "known")
with Room() as room:
    real(room)
finish("papi")
