# SPDX-License-Identifier: Apache-2.0
"""--profile: one more block a case, after everything that is timed; its operators in every format; whatever goes wrong with it says
so and leaves the timing alone. The rows are a script's, so every figure is known."""

import csv
import io
import json

from batter import batter
from campaign import Device, Room, check, finish

RUN = {"ns": 1_000_000, "sleep": True}
OPS = [
    {"name": "conv1", "op": "Conv", "processor": "npu", "ns": 600_000},
    {"name": "relu1", "op": "Relu", "processor": "cpu", "ns": 100_000, "calls": 2},
    {"name": '=evil,"x\n', "op": "Add", "processor": "cpu", "ns": 300_000},
]
FIGURES = ("--seed", "1", "-r", "1")


def reason(record, code):
    return next((r["text"] for r in record["reasons"] if r["code"] == code), None)


def measure(room, name, *words, **keys):
    model = room.script(f"{name}.json", run=RUN, **keys)
    ended = room.run("run", model, "--on", "scripted/cpu", "--out", room.path / name, "--format", "json", *FIGURES, *words)
    ended.expect(0)
    return ended.json()["records"][0]


def test_rows_and_overhead(room):
    record = measure(room, "whole", "--profile", profile={"run_ns": 3_000_000, "ops": OPS})
    lines = Device(room.path / "whole").blocks()
    check(lines[-1]["pass"] == "profile" and [b["pass"] for b in lines].count("profile") == 1, "the profile is not the last block", lines)
    told = lines[-1]["evidence"]["profile"]
    runs = told["runs"]
    check(5 <= runs <= 200 and told["run_ns"] == 3_000_000 and told["ops"] == 3 and told["left_out"] == 0, "the journal's words", told)
    expected = [
        ("conv1", "Conv", "npu", runs, 600_000 * runs, 0.6),
        ('=evil,"x\n', "Add", "cpu", runs, 300_000 * runs, 0.3),
        ("relu1", "Relu", "cpu", 2 * runs, 100_000 * runs, 0.1),
    ]
    found = [tuple(op[k] for k in ("name", "op", "processor", "calls", "total_ns", "share")) for op in record["ops"]]
    check(found == expected, "the operators in json", found, expected)
    text = reason(record, "profiled")
    ratio = 3_000_000 / record["latency_p50_ns"]
    check(text and f"3 operators in {runs} runs; a profiled run took {ratio:.2f} of the timed median" in text, "the overhead", text)
    timed = [b["samples"]["count"] for b in lines if b["pass"] == "timing"]
    check([record["samples"]] == timed and not lines[-1].get("samples", {}).get("count"), "a profiled run was counted as a sample")

    again = room.run("report", room.path / "whole", "--format", "profile-csv").expect(0).out
    rows = list(csv.reader(io.StringIO(again, newline="")))
    check(rows[0][-6:] == ["name", "op", "processor", "calls", "total_ns", "share"] and len(rows) == 4, "the csv's lines", rows)
    check(rows[2][6] == '\'=evil,"x\n' and int(rows[2][10]) == 300_000 * runs, "a formula in a cell", rows[2])
    for form, words in (("table", "60.0 %"), ("markdown", "| 60.0 % |"), ("jsonl", '"ops":[{"name":"conv1"')):
        out = room.run("report", room.path / "whole", "--format", form).expect(0).out
        check(words in out, f"no operators in the format {form}", out)
        check("evil" in out and "x\n" not in out.replace("x\\n", ""), f"a line feed of a name reached the format {form}", out)


def test_not_asked_for(room):
    record = measure(room, "plain", profile={"ops": OPS})
    check("ops" not in record and not reason(record, "profiled"), "a profile that nobody asked for", record)
    out = room.run("report", room.path / "plain", "--format", "profile-csv").expect(0).out
    check(out.count("\n") == 1, "lines of a profile that is not there", out)


def test_engine_without(room):
    record = measure(room, "without", "--profile")
    check("no profile through its adapter" in (reason(record, "not_profiled") or ""), "why there is none", record["reasons"])
    check(record["outcome"] == "ok" and record["latency_p50_ns"], "the timing suffered", record)


def test_crash_in_the_profile(room):
    record = measure(room, "crash", "--profile", profile={"crash": True})
    check(record["outcome"] == "ok" and record["latency_p50_ns"], "the timing suffered", record)
    check("signal 6" in (reason(record, "not_profiled") or ""), "how it ended", record["reasons"])


def test_rows_that_lie(room):
    record = measure(room, "lie", "--profile", profile={"ops": [{"name": "a", "op": "b", "processor": "cpu", "ns": -1}]})
    check("row 0 of the adapter's profile" in (reason(record, "not_profiled") or ""), "a negative time", record["reasons"])
    check("ops" not in record, "operators of a profile that was refused")


def test_overhead_not_told(room):
    record = measure(room, "silent", "--profile", profile={"ops": OPS[:1]})
    check("its overhead is not known" in (reason(record, "profiled") or ""), "an overhead that nobody told", record["reasons"])


def test_damaged_file(room):
    file = next((room.path / "whole" / "devices" / "local" / "outputs").glob("*.ops.json"))
    good = file.read_text()
    whole = json.loads(good)
    journal = room.path / "whole" / "devices" / "local" / "journal.jsonl"
    file.write_text(good.replace("600", "500", 1))
    record = room.run("report", room.path / "whole", "--format", "json").expect(0).json()["records"][0]
    check("was changed" in (reason(record, "not_profiled") or "") and "ops" not in record, "a file that is another was believed", record["reasons"])
    # What an older runner wrote has no digest, and is read as carefully.
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        line.get("evidence", {}).pop("output_sha256", None)
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for text in (
        "", good[:-10], "[]", '{"ops": 3}', '{"ops": [{"name": "a"}]}', good.replace("600", "-600", 1),
        json.dumps({"ops": [{**whole["ops"][0], "total_ns": 1e300}]}), json.dumps({"ops": whole["ops"] * 2000}),
        json.dumps({"ops": [{**whole["ops"][0], "name": 7}]}),
    ):
        file.write_text(text)
        record = room.run("report", room.path / "whole", "--format", "json").expect(0).json()["records"][0]
        check(reason(record, "not_profiled") and "ops" not in record, "a damaged file was believed", text[:200])
    file.unlink()
    record = room.run("report", room.path / "whole", "--format", "json").expect(0).json()["records"][0]
    check(reason(record, "not_profiled"), "a missing file was not told")
    file.write_text(good)


def test_suite_key_and_tasks(room):
    suite = room.suite("two.json", {"m": {"a": "whole.json", "b": "silent.json"}}, profile=True, blocks=1, seed=1)
    out = room.path / "two"
    room.run("run", suite, "--out", out, "--format", "json").expect(0)
    passes = [b["pass"] for b in Device(out).blocks()]
    check(passes[-2:] == ["profile", "profile"] and passes.count("profile") == 2, "one profile a case, at the end", passes)


with Room() as shared:
    for test in (
        test_rows_and_overhead, test_not_asked_for, test_engine_without, test_crash_in_the_profile, test_rows_that_lie,
        test_overhead_not_told, test_damaged_file, test_suite_key_and_tasks,
    ):
        test(shared)
    batter(shared, "two")
finish("profile")
