# SPDX-License-Identifier: Apache-2.0
"""`edgedyno fit` with scripted memory: the largest size, levers, sizes that do not go by memory alone, doubt, failures, resume, formats, exit status."""

import contextlib
import csv
import json
import pathlib
import re
import sys

from campaign import SETTLED, SOURCE, Room, check, finish, wait_for

MIB = 1 << 20
IO = {"inputs": [{"name": "x", "shape": ["n", 4]}], "outputs": [{"name": "y", "shape": ["n", 2]}]}
QUICK = {"warmup": SETTLED, "run": {"ns": 1_000_000}}
ON = ("--on", "scripted/cpu", "--shape", "x=1,4", "-r", "1")


def search(room, name, limit, *words, code=0, on=ON, **popen):
    ended = room.run("fit", "m.json", *on, "--mem-limit", limit, "--out", name, "--format", "json", *words,
                     patience_s=600, **popen)
    ended.expect(code)
    return ended.json()["fit"][0] if ended.out else None


def sizes(found, levers=None):
    return {p["size"]: p["result"] for p in found["points"] if p["levers"] == (levers or {})}


def batches(room):
    """16 MiB and 32 for each of a batch, under 200 MiB beside what the worker itself takes: 5 fit, 6 do not."""
    room.script("m.json", load={"touch_bytes": 16 * MIB}, scales={"by": "batch", "bytes": 32 * MIB}, **IO, **QUICK)
    found = search(room, "batches", "200MiB")
    check(found["search"] == "batch" and found["largest"] == 5, "the largest batch", found["largest"])
    check(found["smallest_that_does_not_fit"] == 6 and found["monotone"], "and the next", found)
    tried = {1: "fits", 2: "fits", 4: "fits", 8: "too large", 16: "too large", 6: "too large", 5: "fits"}
    check(sizes(found) == tried, "what was tried: doubled, one beyond, halved", sizes(found))
    touched = (16 + 5 * 32) * MIB
    check(touched <= found["counted_bytes"] < touched + 12 * MIB, "what it needs", found["counted_bytes"])
    check(found["headroom_bytes"] == 200 * MIB - found["counted_bytes"], "and what is to spare", found)
    levers = {lever["option"]: lever for lever in found["levers"]}
    half = levers["touch_percent"]
    check(half["value"] == "50" and abs(half["saves_bytes"] - touched / 2) < 4 * MIB, "what a lever saves", half)
    check(half["combined"] and not levers["nothing"]["combined"], "one helps, one does not", found["levers"])
    check(abs(levers["nothing"]["saves_bytes"]) < MIB, "which saves nothing", levers["nothing"])
    check(found["levers_at"] == 5, "at which size", found["levers_at"])
    both = found["combined"]
    # Half of it: 11 fit, 12 may as well, 13 do not.
    check(both["levers"] == {"touch_percent": "50"} and both["largest"] in (11, 12), "with it more fit", both)
    for point in found["points"]:
        check(point["result"] != "fits" or point["counted_bytes"] <= 200 * MIB, "nothing fits that is above", point)


def formats(room):
    """Again from what is on disk: no block is measured anew, and every format says the same."""
    journals = {p: p.stat().st_mtime_ns for p in (room.path / "batches").rglob("journal.jsonl")}
    found = room.run("fit", "--resume", "batches", "--format", "json", "--export", "csv=f.csv", "--export", "f.md",
                     "--export", "f.txt").expect(0).json()["fit"][0]
    check(found["largest"] == 5, "a resume finds the same", found["largest"])
    for path, at in journals.items():
        check(path.stat().st_mtime_ns == at, "no point is measured again", path)
    rows = list(csv.DictReader((room.path / "f.csv").read_text().splitlines()))
    check([(int(r["size"]), r["result"]) for r in rows] == [(p["size"], p["result"]) for p in found["points"]], "CSV")
    room.environment["COLUMNS"] = "80"
    narrow = room.run("fit", "--resume", "batches").expect(0).out
    del room.environment["COLUMNS"]
    check(max(map(len, narrow.splitlines())) <= 80, "no line is wider than a terminal", narrow)
    text = (room.path / "f.txt").read_text()
    check("batch 5 fits, batch 6 does not: " in text and "MiB to spare" in text, "the table", text)
    check(re.search(r"touch_percent=50 +\d+\.\d +\+8\d\.\d +fits", text), "the lever's MiB", text)
    check("| `touch_percent=50` | " in (room.path / "f.md").read_text(), "Markdown")
    room.run("fit", "--resume", "batches", "--mem-limit", "1GiB").expect(2, "leave out --mem-limit")
    room.run("fit", "--resume", str(room.path)).expect(2, "no search")


def gaps(room):
    """2 does not fit and 4 does: said, and not taken for the answer in silence."""
    room.script("m.json", scales={"by": "batch", "bytes": MIB, "at": {"2": 400 * MIB, "8": 400 * MIB}}, **IO, **QUICK)
    found = search(room, "gaps", "100MiB", "-o", "touch_percent=100")
    check(not found["monotone"] and found["fails_below"] == 2 and found["fits_above"] == 4, "a gap", found)
    check(found["largest"] == 1, "the largest up to which all fit", found["largest"])
    text = room.run("fit", "--resume", "gaps").expect(0).out
    check("not monotone: batch 4 fits and batch 2 does not" in text, "people are told", text)
    check("touch_percent" not in [lever["option"] for lever in found["levers"]], "what was set is no lever")


def nothing(room):
    """Too large at 1; by half of it, it fits."""
    room.script("m.json", load={"touch_bytes": 150 * MIB}, **IO, **QUICK)
    found = search(room, "half", "100MiB", "--search", "threads", code=0)
    check(found["largest"] is None and found["combined"]["largest"] >= 1, "only with a lever", found)
    found = search(room, "none", "100MiB", "-o", "touch_percent=200", code=1)
    check(found["largest"] is None and "combined" not in found, "nothing fits", found)


def threads(room):
    room.script("m.json", scales={"by": "threads", "bytes": 30 * MIB}, **IO, **QUICK)
    found = search(room, "threads", "70MiB", "--search", "threads", "-o", "touch_percent=100")
    most = json.loads(next((room.path / "threads").rglob("campaign.json")).read_text())
    logical = most["devices"][0]["hardware"]["cpu"]["logical"]
    check(found["largest"] == min(2, logical), "two of them fit", found["largest"], logical)


def context(room):
    room.script("m.json", language={}, scales={"by": "context", "bytes": MIB // 8}, **QUICK)
    found = search(room, "context", "64MiB", "-o", "touch_percent=100", "--search", "context",
                   on=("--on", "scripted/cpu", "-r", "1"))
    # An eighth of a MiB a token: 512 are the whole limit.
    check(found["largest"] and 384 <= found["largest"] < 512, "the largest context", found["largest"])
    above = found["smallest_that_does_not_fit"]
    check(above - found["largest"] <= found["largest"] // 32 + 1, "to a thirty-second", found["largest"], above)


def doubt(room):
    """Had swap grown, nothing would be concluded."""
    room.script("m.json", load={"touch_bytes": 8 * MIB}, **IO, **QUICK)
    search(room, "doubt", "100MiB", "--search", "threads", "-o", "touch_percent=100", "-o", "nothing=0")
    for path in (room.path / "doubt").rglob("journal.jsonl"):
        path.write_text(path.read_text().replace('"swap_bytes":0', '"swap_bytes":4194304'))
    ended = room.run("fit", "--resume", "doubt", "--format", "json").expect(3)
    found = ended.json()["fit"][0]
    check(found["largest"] is None and set(sizes(found).values()) == {"in doubt"}, "swap that grew is no fit", found)


def ballast_lines(room, name):
    """What each point's job says of its ballast."""
    found = []
    for path in (room.path / name).rglob("journal.jsonl"):
        found += [json.loads(line).get("ballast") for line in path.read_text().splitlines() if '"type":"job"' in line]
    return found


def holders(room, least):
    """Children of supervisors that hold so much memory and are no workers."""
    found = []
    for supervisor in room.supervisors():
        with contextlib.suppress(OSError):
            pids = pathlib.Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
            for pid in set(map(int, pids)) - set(room.workers()):
                kib = re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())
                found += [pid] if kib and int(kib[1]) * 1024 >= least else []
    return found


def ballast(room):
    """256 MiB beside a limit of 100: held while each point runs, outside of the limit, and gone afterwards."""
    room.script("m.json", scales={"by": "batch", "bytes": 32 * MIB}, **IO, **QUICK)
    words = (*ON, "--mem-limit", "100MiB", "-o", "touch_percent=100", "-o", "nothing=0")
    running = room.start("fit", "m.json", *words, "--ballast", "256MiB", "--out", "held", "--format", "json")
    seen = wait_for(lambda: holders(room, 256 * MIB) or running.poll() is not None, "the ballast")
    check(seen is not True, "something holds it while a point is measured", seen)
    ended = room.end(running, patience_s=600).expect(0)
    found = ended.json()["fit"][0]
    check(found["largest"] in (2, 3) and found["ballast_bytes"] == 256 * MIB, "it is outside of the limit", found)
    alone = search(room, "alone", "100MiB", "-o", "touch_percent=100", "-o", "nothing=0")
    check(alone["largest"] == found["largest"] and "ballast_bytes" not in alone, "the same without it", alone)
    lines = ballast_lines(room, "held")
    check(len(lines) == len(found["points"]) and all(b and b["bytes"] == 256 * MIB for b in lines), "each point has it", lines)
    check(not any(ballast_lines(room, "alone")), "none where none was asked for")
    text = room.run("fit", "--resume", "held").expect(0).out
    check("beside it 256 MiB of memory were held" in " ".join(text.split()), "people are told", text)
    check(not holders(room, 256 * MIB), "and it is gone")
    ended = room.run("fit", "m.json", *words, "--ballast", "900TiB", "--out", "huge").expect(4, "do not fit")
    check("fits" not in ended.out, "a ballast that there is no room for is no answer", ended.out)


def devices(room):
    """A search for each device, one after the other, in a directory of its own; one that does not answer costs the others nothing."""
    room.script("m.json", scales={"by": "batch", "bytes": 30 * MIB}, **IO, **QUICK)
    away = {"id": "away", "transport": "ssh", "host": "127.0.0.1", "port": 1, "user": "nobody"}
    room.write("devices.json", {"devices": [{"id": "one", "transport": "local"}, {"id": "two", "transport": "local"}, away]})
    words = ("fit", "m.json", *ON, "--mem-limit", "70MiB", "-o", "touch_percent=100", "-o", "nothing=0", "--format", "json")
    found = room.run(*words, "-d", "one,two", "--out", "both", patience_s=600).expect(0).json()["fit"]
    check([f["device"] for f in found] == ["one", "two"], "in the order of their names", found)
    check([f["largest"] for f in found] == [2, 2], "each has its answer", found)
    for name in ("one", "two"):
        folders = sorted(p.parent.name for p in (room.path / "both" / name).glob("*/campaign.json"))
        sizes_of = sorted({p["campaign"] for f in found if f["device"] == name for p in f["points"]})
        check(len(folders) == len(sizes_of) >= 3, f"{name}: a campaign a size", folders, sizes_of)
    text = room.run("fit", "--resume", "both").expect(0).out
    check(text.startswith("one:\n") and "\ntwo:\n" in text, "a part for each in the table", text)
    rows = list(csv.DictReader(room.run("fit", "--resume", "both", "--format", "csv").expect(0).out.splitlines()))
    check({r["device"] for r in rows} == {"one", "two"}, "rows of both", rows)
    ended = room.run(*words, "-d", "away,two", "--out", "away", patience_s=600)
    found = {f["device"]: f for f in ended.expect(4, "away").json()["fit"]}
    check(found["two"]["largest"] == 2, "the other one is searched", found)
    check(found["away"]["largest"] is None and not found["away"]["points"], "nothing is said of the one that is away", found["away"])


def failures(room):
    room.script("m.json", **{**QUICK, "run": {"ns": 1_000_000, "fail": "refuse", "message": "not today"}}, **IO)
    found = search(room, "refused", "100MiB", code=4)
    check(found["points"][0]["result"] == "failed" and "not today" in found["points"][0]["reason"], "a refusal", found)
    check(len(found["points"]) == 1, "which no lever mends", found["points"])
    fixed = {"inputs": [{"name": "x", "shape": [1, 4]}], "outputs": [{"name": "y", "shape": [1, 2]}]}
    room.script("m.json", load={"touch_bytes": 8 * MIB}, **fixed, **QUICK)
    found = search(room, "fixed", "100MiB", on=("--on", "scripted/cpu", "-r", "1"))
    check(found["largest"] == 1 and sizes(found) == {1: "fits", 2: "failed"}, "a model of one batch", sizes(found))
    check("combined" not in found or found["combined"]["largest"] is None, "levers do not change that", found)


def words(room):
    room.script("m.json", **IO, **QUICK)
    limit = ("--mem-limit", "100MiB")
    plan = room.run("fit", "m.json", *ON, *limit, "--dry-run").expect(0).out
    check("the largest batch, from 1" in plan and "touch_percent=50" in plan, "a dry run", plan)
    check(not list(room.path.glob("runs/*")), "which makes nothing")
    room.run("fit", "m.json", *ON).expect(2, "--mem-limit")
    room.run("fit", *limit).expect(2, "name one model")
    room.run("fit", "m.json", *ON, *limit, "--search", "contexts").expect(2, "--search")
    room.run("fit", "m.json", *ON, *limit, "--search", "threads", "-t", "2").expect(2, "set by the search")
    room.run("fit", "m.json", *ON, *limit, "--require", "blocks > 1").expect(2, "--require")
    room.run("fit", "m.json", *ON, *limit, "--format", "html").expect(2, "html")
    room.run("fit", "m.json", "--on", "scripted/cpu", *limit, "--out", "open").expect(2, "--shape")
    room.run("fit", "m.json", *ON, *limit, "--out", "batches").expect(2, "holds a search")
    ended = room.run("fit", "m.json", *ON, *limit, "--out", "short", "--max-time", "1 s", "--format", "json")
    check(ended.code in (0, 3), "a time that is over ends it", ended.err)
    check(json.loads(ended.out)["fit"][0]["over_time"] if ended.out else ended.code == 3, "and is said", ended.out)


def real():
    """llama.cpp and ONNX Runtime with the examples: a context up to what the model was made for, and a limit that nothing fits."""
    with Room(fetched_engines=True) as room:
        room.quiet()
        tiny, digits = (SOURCE / "examples" / name for name in ("tiny-llm/tiny-f16.gguf", "digits/models/digits-fp32.onnx"))
        words = ("-r", "1", "--format", "json")
        ended = room.run("fit", tiny, "--mem-limit", "64MiB", "--out", "tiny", *words, patience_s=600)
        if ended.code == 2 and "engines fetch" in ended.err:
            sys.exit(77)
        found = ended.expect(0).json()["fit"][0]
        check(found["search"] == "context" and found["largest"] == 256, "what the model was made for", found["largest"])
        levers = {lever["option"] for lever in found["levers"]}
        check({"type_k", "load_mode", "ubatch"} <= levers, "the levers of llama.cpp", levers)
        check(all(lever["result"] == "fits" for lever in found["levers"]), "all of which it takes", found["levers"])
        found = room.run("fit", tiny, "--mem-limit", "2MiB", "--out", "none", *words, patience_s=600).expect(1).json()["fit"][0]
        check(found["largest"] is None, "nothing fits 2 MiB", found)
        ended = room.run("fit", digits, "--mem-limit", "256MiB", "--out", "digits", *words, patience_s=600)
        if ended.code != 2 or "engines fetch" not in ended.err:
            found = ended.expect(0).json()["fit"][0]
            check(found["search"] == "batch" and found["largest"] == 1, "a model of one sample", found["largest"])
            check("fixes it to 1" in found["points"][1]["reason"], "and why not two", found["points"][1])


if sys.argv[1:] == ["real"]:
    real()
    finish("fit")
with Room() as room:
    room.quiet()
    for test in (nothing, threads, context, failures) if sys.argv[1:] == ["more"] else (ballast, devices) if sys.argv[1:] == ["beside"] else (batches, formats, gaps, doubt, words):
        test(room)
finish("fit")
