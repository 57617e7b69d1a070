# SPDX-License-Identifier: Apache-2.0
"""A fallback that was allowed is shown wherever the case is: every format of a run, a comparison, a gate, a choice. One that was not
allowed fails, and where a baseline fell back a gate decides nothing. The engine is scripted: where it ran is said by its file."""

import csv
import io
import json
import shutil
import xml.etree.ElementTree

from campaign import SETTLED, Device, Room, check, finish
from tensors import write_npy

NS = 4_000_000
BLOCK = {"inferences": 5, "min_time": "0 s"}
ALLOWED = ("--allow-fallback",)
WHERE = "33 of 34"
FELL = "QuantizeLinear"


def make_models(room):
    def script(name, *places):
        total = sum(place["count"] for place in places)
        room.script(
            f"{name}.json",
            run={"ns": NS, "sleep": True},
            warmup=SETTLED,
            survey=[{"backend": "npu", "processor": "npu", "native": "Tensor"}],
            placement={"total": total, "places": list(places)},
        )

    npu = {"name": "Tensor", "processor": "npu"}
    script("whole", {**npu, "count": 34})
    script("fell", {**npu, "count": 33}, {"name": "Plain", "processor": "cpu", "count": 1, "operators": FELL})


def suite(room, name, *variants, **keys):
    return room.suite(f"{name}.json", {"m": {v: f"{v}.json" for v in variants}}, on=["scripted/npu"], block=BLOCK, blocks=1, **keys)


def formats(room):
    """Beside a case that ran as asked, so that it is said which one did not."""
    suite(room, "both", "whole", "fell")
    ended = room.run("run", "both.json", "--out", "both", *ALLOWED).expect(0)
    for width in ("80", "200"):
        table = room.run("report", "both", env={**room.environment, "COLUMNS": width}).expect(0).out
        check(WHERE in table and FELL in table and "fallback allowed" in table, f"the table of {width} columns", table)
    check("fallback allowed" in ended.out, "and of the run itself", ended.out)

    def report(name, path="both", code=0):
        return room.run("report", path, "--format", name).expect(code).out

    markdown = report("markdown")
    check(WHERE in markdown and "fallback allowed" in markdown, "markdown", markdown)
    html = report("html")
    check(WHERE in html and FELL in html and "fallback allowed" in html, "html", len(html))
    for row in csv.DictReader(io.StringIO(report("csv"))):
        check((row["variant"] == "fell") == ("fallback_allowed" in row["reasons"]), "csv: the reason of one", row["reasons"])
        check((row["variant"] == "fell") == (WHERE in row["placement_observed"]), "csv: where it ran", row["placement_observed"])
    for name, records in (
        ("json", json.loads(report("json"))["records"]),
        ("jsonl", [line for line in map(json.loads, report("jsonl").splitlines()) if "case" in line]),
    ):
        found = {r["variant"]: [x["text"] for x in r["reasons"] if x["code"] == "fallback_allowed"] for r in records}
        check(not found["whole"] and len(found["fell"]) == 1 and FELL in found["fell"][0], name, found)
    tree = xml.etree.ElementTree.fromstring(report("junit"))
    check(tree.get("failures") == "0", "junit: nothing failed", tree.attrib)
    said = "".join(out.text or "" for out in tree.iter("system-out"))
    check(WHERE in said and "m/fell" in said and "m/whole" not in said, "junit: what was allowed", said)
    annotations = report("github")
    check("::warning title=pass::" in annotations and WHERE in annotations, "github", annotations)
    comment = report("comment").partition("<details>")[0]
    check(WHERE in comment, "the comment, before what is folded away", comment)
    names = list(json.loads(report("bmf")))
    check([name.endswith("(fell back)") for name in names] == ["fell" in name for name in names], "bmf: a benchmark of its own", names)
    # Without permission its times are kept by nobody.
    suite(room, "short", "fell")
    room.run("run", "short.json", "--out", "short").expect(1)
    (measures,) = json.loads(report("bmf", "short", 1)).values()
    check(measures and all("bytes" in key for key in measures), "bmf: no speed of what failed its placement", list(measures))
    check(not [row for row in json.loads(report("benchmark-action", "short", 1)) if row["unit"] == "ns"], "benchmark-action: neither")
    check("placement failed" in report("table", "short", 1), "the table says so")


def one_block(room):
    """Each block is a process that may find the accelerator taken and fall back by itself: the case fell back, whichever block it was."""
    places = {"total": 34, "places": [{"name": "Tensor", "processor": "npu", "count": 34}]}
    tensors = {"inputs": [{"name": "x", "shape": [1, 4]}], "outputs": [{"name": "y", "shape": [1, 3]}]}
    survey = [{"backend": "npu", "processor": "npu", "native": "Tensor"}]
    room.script("scored.json", run={"ns": NS, "sleep": True}, warmup=SETTLED, survey=survey, placement=places, argmax_wrong_share=0, **tensors)
    write_npy(room.path / "data.npy", "<f4", (12, 4), [value for i in range(12) for value in (i % 3, 0.5, i, 1)])
    write_npy(room.path / "labels.npy", "<i8", (12,), [i % 3 for i in range(12)])
    model = {"name": "m", "variants": [{"name": "v", "file": "scored.json"}]}
    model["tasks"] = [{"name": "t", "data": "data.npy", "labels": "labels.npy"}]
    room.write("three.json", {"models": [model], "on": ["scripted/npu"], "block": BLOCK, "blocks": 3})
    room.run("run", "three.json", "--out", "three").expect(0)

    def fall(block):
        block["evidence"]["placement"]["places"] = [
            {"name": "Tensor", "processor": "npu", "count": 33, "operators": ""},
            {"name": "Plain", "processor": "cpu", "count": 1, "operators": FELL},
        ]

    def unprove(block):
        block["evidence"]["placement"]["proven"] = False

    def simulate(block):
        for row in block["evidence"]["backends"]:
            row["simulated"] = True

    def report(name, code, *blocks, how=fall):
        shutil.copytree(room.path / "three", room.path / name)
        journal = Device(room.path / name).journal_path
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        for line in lines:
            if line.get("block") in blocks:
                how(line)
        journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
        (record,) = room.run("report", name, "--format", "json").expect(code).json()["records"]
        differs = [r["text"].partition(";")[0] for r in record["reasons"] if r["code"] == "placement_differs"]
        return record, differs

    record, differs = report("p_none", 0)
    check(record["placed_ops_share"] == 1 and not differs, "all blocks ran as asked", record)
    for name, blocks, other in (
        ("p_first", ["c0.timing.1"], "2 of 3"),
        ("p_middle", ["c0.timing.2"], "2 of 3"),
        ("p_last", ["c0.timing.3"], "2 of 3"),
        ("p_two", ["c0.timing.2", "c0.timing.3"], "1 of 3"),
        ("p_accuracy", ["c0.accuracy.1"], "3 of 4"),
    ):
        record, differs = report(name, 1, *blocks)
        check(record["verdict"] == "fail" and record["speed_usable"] is False, f"{name}: it failed", record["verdict"])
        check(record["placed_ops_share"] == 33 / 34 and WHERE in record["placement_observed"], f"{name}: where it ran", record)
        check(differs == [f"placed otherwise in {other} blocks"], f"{name}: in which blocks", differs)
        html = room.run("report", name, "--format", "html").expect(1).out
        check(FELL in html, f"{name}: the page's table has what fell back", len(html))
    record, differs = report("p_all", 1, *(f"c0.timing.{n}" for n in (1, 2, 3)))
    check(not differs, "all fell back alike", differs)
    record, differs = report("p_unproven", 0, "c0.timing.2", how=unprove)
    check(record["placed_ops_share"] is None and record["placement_observed"] == "not proven", "one block proves nothing", record)
    check(differs, "which is told", record["reasons"])
    record, differs = report("p_answers", 0, "c0.accuracy.1", how=unprove)
    check(record["placed_ops_share"] == 1 and not differs, "where the times come from is proven", record)
    record, differs = report("p_simulated", 0, "c0.timing.3", how=simulate)
    check(record["simulated"] is True, "one block was simulated", record)


def comparison(room):
    for name, variant in (("whole", "whole"), ("fell", "fell"), ("whole2", "whole")):
        # One name in all of them, for a history.
        room.suite(f"c_{name}.json", {"m": {"v": f"{variant}.json"}}, on=["scripted/npu"], block=BLOCK, blocks=1)
        room.run("run", f"c_{name}.json", "--out", f"c_{name}", *ALLOWED).expect(0)
    for sides, which in ((("c_whole", "c_fell"), "then"), (("c_fell", "c_whole"), "first")):
        for kind in ("table", "markdown", "csv", "json"):
            # Few blocks: what is compared is where they ran.
            out = room.run("compare", *sides, "--format", kind).out
            check(f"{which} fell back, which was allowed: asked npu" in out.replace("\\", ""), f"{sides}: {kind}", out)
            check(WHERE in out and "ran on" in out, f"{sides}: {kind}: where", out)
    (case,) = json.loads(room.run("compare", "c_whole", "c_whole2", "--format", "json").out)["cases"]
    check(case["placement"] == "" and "ran on" not in case["changed"], "as asked, there is nothing to say", case)


def history(room):
    room.run("history", "import", "c_whole", "c_fell", "c_whole2").expect(0)
    for series in room.run("history", "trend", "--format", "json").expect(0).json()["series"]:
        marks = sorted(point["mark"] or "" for point in series["points"])
        check(marks == ["", "", "fell back"], "a trend marks it", series["points"])
    check("fell back" in room.run("history", "trend").expect(0).out, "the table of it, too")


def gate(room):
    room.suite("gate.json", {"m": {v: f"{v}.json" for v in ("whole", "fell")}}, on=["scripted/npu"], block=BLOCK)

    def run(name, baseline, candidate, *words, code):
        # What is compared here is where they ran: a look at two figures, far apart.
        return room.run("gate", "gate.json", "--baseline", baseline, "--candidate", candidate, "--out", name, "--metric", "latency_p50_ns",
                        "--mde", "80 %", *words).expect(code)  # fmt: skip

    ended = run("g_allowed", "whole", "fell", *ALLOWED, code=0)
    check(WHERE in ended.out and "the candidate fell back, which was allowed" in ended.out, "the gate's table", ended.out)
    record = json.loads((room.path / "g_allowed" / "gate.json").read_text())["gate"]
    rows = [row for row in record["comparisons"] if row["key"] == "placement_observed"]
    check(len(rows) == 1 and rows[0]["verdict"] == "pass" and WHERE in rows[0]["why"], "its record", record)
    for kind in ("markdown", "junit", "github", "html"):
        out = room.run("report", "g_allowed", "--format", kind).expect(0).out
        check(WHERE in out, f"the gate as {kind}", out[:2000])
    comment = room.run("report", "g_allowed", "--format", "comment").expect(0).out.partition("<details>")[0]
    check(WHERE in comment, "the gate's comment, before what is folded away", comment)
    ended = run("g_short", "whole", "fell", code=1)
    check("the candidate fell back: asked npu" in ended.out, "a candidate that fell back failed", ended.out)
    # Had all of its processes but one run as asked, it were no other.
    for name, fell, code in (("g_one", "c1.timing.3", 1), ("g_whole", "", 0)):
        shutil.copytree(room.path / "g_short", room.path / name)
        journal = Device(room.path / name).journal_path
        lines = [json.loads(line) for line in journal.read_text().splitlines()]
        for line in lines:
            if line.get("case") == "c1" and line["block"] != fell:
                line["evidence"]["placement"]["places"] = [{"name": "Tensor", "processor": "npu", "count": 34, "operators": ""}]
        journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
        ended = room.run("report", name).expect(code)
        check(("the candidate fell back: asked npu" in ended.out and WHERE in ended.out) == bool(fell), f"{name}: by one block", ended.out)
    ended = run("g_base", "fell", "whole", code=5)
    check("the baseline fell back: asked npu" in ended.out, "beside a baseline that did nothing is decided", ended.out)


def choice(room):
    suite(room, "choice", "whole", "fell")
    for name, words in (("t_allowed", ALLOWED), ("t_most", ("--min-placed", "95 %"))):
        ended = room.run("tune", "choice.json", "--out", name, "--blocks", "6", *words)
        check(WHERE in ended.out and FELL in ended.out, f"{name}: the table of a choice", ended.out)
        for kind in ("markdown", "html", "json", "junit", "github", "choice"):
            out = room.run("report", name, "--format", kind).out
            check(WHERE in out, f"{name} as {kind}", out[:3000])


def main():
    with Room() as room:
        room.quiet()
        make_models(room)
        formats(room)
        one_block(room)
        comparison(room)
        history(room)
        gate(room)
        choice(room)
    finish("fallback")


main()
