# SPDX-License-Identifier: Apache-2.0
"""Gates through the real program: pass, fail, inconclusive and invalid with their exit statuses, a controller that is killed and
comes to the same verdict, what is frozen, and the order of the blocks.

The engine sleeps for milliseconds, and what must be told apart differs by a factor, so that other load on the machine changes no verdict.
"""

import json
import re
import shutil
import subprocess
import time

from batter import batter
from campaign import SETTLED, Device, Room, check, check_whole, finish, kill, wait_for
from odd import compare_by, digest_of, freeze

NS = 4_000_000
LOOKS = [8, 12, 16, 24, 32, 48, 64]
IO = {"inputs": [{"name": "x", "shape": [1, 4]}], "outputs": [{"name": "y", "shape": [1, 3]}]}
BLOCK = {"min_time": "20 ms", "max_time": "2 s", "min_inferences": 5}
MDE = ["--mde", "80 %", "--metric", "latency_p50_ns"]


def make_models(room):
    def script(name, ns, run=None, **keys):
        room.script(
            f"{name}.json", run={"ns": ns, "sleep": True, **(run or {})}, warmup=SETTLED, **{**IO, **keys}
        )

    script("base", NS)
    script("same", NS)
    script("slow", 3 * NS)
    script("dies", NS, {"fail": "segv"})
    placement = {"unit": "node", "total": 4, "proven": True}
    script("placed", NS, placement={**placement, "places": [{"name": "npu", "processor": "npu", "count": 4}]})
    script(
        "fell_back",
        NS,
        placement={
            **placement,
            "places": [
                {"name": "npu", "processor": "npu", "count": 1},
                {"name": "cpu", "processor": "cpu", "count": 3},
            ],
        },
    )
    names = ("base", "same", "slow", "dies", "placed", "fell_back")
    return room.suite("suite.json", {"m": {name: f"{name}.json" for name in names}}, block=BLOCK)


def gate(room, name, candidate, *words, code, baseline="base"):
    words = ["gate", "suite.json", "--baseline", baseline, "--candidate", candidate, "--out", name, *words]
    return room.run(*words).expect(code)


def verdict_of(room, name):
    """The decision record; a report of the directory alone comes to the same."""
    record = json.loads((room.path / name / "gate.json").read_text())
    again = room.run("report", name, "--format", "json").expect(record["exit_status"]).json()
    check(again["gate"] == record["gate"], f"{name}: the report says what gate.json says", again["gate"], record)
    return record


def row_of(record, key):
    rows = [row for row in record["gate"]["comparisons"] if row["key"] == key]
    check(len(rows) == 1, f"one row of {key}", record)
    return rows[0] if rows else {}


def check_order(campaign):
    """Quads of ABBA or BAAB, both by chance, and the same number of inferences everywhere."""
    job = json.loads((campaign / "devices" / "local" / "job.json").read_text())
    timing = [block for block in job["blocks"] if block["pass"] == "timing"]
    quads = [timing[i : i + 4] for i in range(0, len(timing), 4)]
    seen = set()
    for quad in quads:
        cases = tuple(block["case"] for block in quad)
        seen.add(cases)
        check(
            [block["repetition"] for block in quad]
            == [quad[0]["repetition"]] * 2 + [quad[0]["repetition"] + 1] * 2,
            "a quad is two pairs",
            quad,
        )
    check(seen == {(0, 1, 1, 0), (1, 0, 0, 1)}, "both orders occur, and no other", seen)
    check([b["pass"] for b in job["blocks"][:2]] == ["pilot", "pilot"], "the pilots come first")
    check(len(timing) == 2 * LOOKS[-1], "the plan goes to the last look", len(timing))
    counts = {b["samples"]["count"] for b in Device(campaign).blocks() if b["pass"] == "timing"}
    check(len(counts) == 1, "every block has as many inferences", counts)


def pairs_done(campaign):
    done = [b["block"] for b in Device(campaign).blocks() if b["pass"] == "timing"]
    return min(sum(b.startswith(f"c{c}.") for b in done) for c in (0, 1))


def passes(room):
    ended = gate(
        room,
        "g_pass",
        "same",
        *MDE,
        *["--require", "latency_p50_ns <= 2 s", "--require", "model_file_bytes <= baseline + 1 kB"],
        *["--require", "latency_p50_ns <= baseline + 90 %"],
        code=0,
    )
    check(ended.out.startswith("pass\n"), "the verdict comes first", ended.out[:300])
    check("look 8 of 64" in ended.err, "progress tells the look", ended.err[-600:])
    record = verdict_of(room, "g_pass")
    check(len(record["gate"]["comparisons"]) == 4, "a row for each comparison and requirement", record)
    check(row_of(record, "model_file_bytes")["verdict"] == "pass", "a key that blocks do not have", record)
    check(pairs_done(room.path / "g_pass") in LOOKS, "it stops at a look")
    check_order(room.path / "g_pass")
    page = room.run("report", "g_pass", "--format", "html").expect(0).out
    check('id="comparisons"' in page and "smallest change that matters" in page, "the page has the comparisons")
    # What was decided is not measured again.
    before = Device(room.path / "g_pass").n_done()
    room.run("gate", "--resume", "g_pass").expect(0)
    check(Device(room.path / "g_pass").n_done() == before, "nothing is left to resume")
    frozen = room.path / "g_pass" / "campaign.json"
    text = frozen.read_text()
    frozen.write_text(text.replace('"mde": 0.8', '"mde": 0.9'))
    room.run("report", "g_pass").expect(2, "changed after the campaign began")
    frozen.write_text(text)


def fails_even_if_killed(room):
    """Killed three times on the way; then the verdict of an undisturbed gate."""
    words = ["gate", "suite.json", "--baseline", "base", "--candidate", "slow", "--out", "g_fail", *MDE]
    campaign = room.path / "g_fail"
    for n in (2, 9, 20):
        process = room.start(*words)
        wait_for(lambda n=n: campaign.exists() and Device(campaign).n_done() >= n, f"{n} blocks")
        kill(process.pid)
        process.communicate()
        words = ["gate", "--resume", "g_fail"]
        # What goes on with it is its own command, whoever asks.
        room.run("report", "g_fail").expect(3, "`edgedyno gate --resume g_fail` measures them")
    ended = room.run(*words).expect(1)
    check(ended.out.startswith("fail\n"), "the verdict comes first", ended.out[:300])
    row = row_of(verdict_of(room, "g_fail"), "latency_p50_ns")
    check(row["verdict"] == "fail" and row["pairs"] in LOOKS[1:], "eight pairs cannot fail", row)
    check(row["change_low"] <= row["change"] <= row["change_high"] and 0.8 < row["change"] < 3, "three times as slow", row)
    check(max(len(line) for line in room.run("report", "g_fail").expect(1).out.splitlines()) < 200, "lines")
    blocks = [b["block"] for b in Device(campaign).blocks()]
    check(len(blocks) == len(set(blocks)) == 2 + 2 * row["pairs"], "each block once", sorted(blocks))


def outcomes(room):
    ended = gate(room, "g_dies", "dies", *MDE, code=1)
    check("the candidate crashed" in ended.out, "why", ended.out)
    ended = gate(room, "g_both", "dies", *MDE, code=5, baseline="dies")
    check("neither ran" in ended.out and ended.out.startswith("invalid\n"), "why", ended.out)
    ended = gate(room, "g_base_dies", "same", *MDE, code=5, baseline="dies")
    check("nothing to compare with" in ended.out, "why", ended.out)
    for name in ("g_dies", "g_both", "g_base_dies"):
        check(Device(room.path / name).n_done() <= 4, f"{name}: it ends at once")
        verdict_of(room, name)
    ended = gate(
        room, "g_fell", "fell_back", *MDE, "--on", "scripted/npu", "--max-time", "14 s", code=1, baseline="placed"
    )
    check("fell back" in ended.out, "why", ended.out)


def one_more_pair(room, name, more):
    """The last pair of blocks once more, as one behind it."""
    shutil.copytree(room.path / name, room.path / more)
    device, last = Device(room.path / more), pairs_done(room.path / name)
    lines = device.lines()
    base = [line["samples_base"] for line in lines if line["type"] == "attach"][-1]
    data = device.samples_path.read_bytes()
    for block in device.blocks():
        if block["block"] not in (f"c0.timing.{last}", f"c1.timing.{last}"):
            continue
        raw = data[block["at"] : block.pop("at") + 8 * block["samples"]["count"]]
        block["samples"]["offset"] = device.samples_path.stat().st_size - base
        with open(device.samples_path, "ab") as file:
            file.write(raw)
        del block["timeline"]
        lines.append({**block, "repetition": last + 1, "block": f"{block['case']}.timing.{last + 1}"})
    device.journal_path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def doubts(room):
    """A gate that passed, with something missing or damaged: it never passes."""

    def doubt(name, code, text, edit=None, lines=None, of="g_pass"):
        path = room.path / name
        shutil.copytree(room.path / of, path)
        journal = Device(path).journal_path
        if edit:
            document = json.loads((path / "campaign.json").read_text())
            edit(document)
            freeze(path / "campaign.json", document)
        if lines:
            whole = [json.loads(line) for line in journal.read_text().splitlines()]
            changed = lines(whole)
            journal.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in changed))
        ended = room.run("report", name)
        check(ended.code == code, f"{name}: status {ended.code} in place of {code}", ended.out, ended.err)
        check(text in " ".join(ended.out.split()) + ended.err, f"{name}: why", ended.out, ended.err)
        return path

    def change(wanted, how):
        def lines(whole):
            for line in whole:
                if line.get("block") == wanted:
                    how(line)
            return whole

        return lines

    def without(kind):
        return lambda whole: [line for line in whole if line["type"] != kind]

    def by_memory(document):
        compare_by(document, "memory_after_load_bytes", 1)

    def with_task(document):
        document["tasks"] = [{"name": "t", "metric": "top1", "output": "", "labels": "", "data_sha256": ""}]
        for case in document["devices"][0]["cases"]:
            case.update(task=0, reference=0, agreement=0)

    doubt("d_none", 0, "pass", edit=lambda d: None)
    doubt("d_memory", 0, "pass", edit=by_memory)
    one_more_pair(room, "g_pass", "g_more")
    doubt("d_more", 0, "pass", edit=by_memory, of="g_more")
    n = pairs_done(room.path / "g_more")
    doubt("d_figure", 3, f"in 1 of {n} pairs a block does not have it", by_memory,
          change("c1.timing.5", lambda line: line.pop("marks")), of="g_more")  # fmt: skip
    # One more pair than a look needs, and one of those in between gone: who may choose the pairs chooses the verdict.
    for side in (0, 1):
        doubt(f"d_gap{side}", 3, "4 pairs of blocks; the first look needs 8", by_memory,
              lambda whole, gone=f"c{side}.timing.5": [line for line in whole if line.get("block") != gone], of="g_more")  # fmt: skip
    doubt("d_line", 5, "1 lines of the device's journal are damaged", lines=lambda whole: [*whole[:9], '{"type":"block"', *whole[9:]])
    doubt("d_twice", 5, "1 lines of the device's journal are damaged", lines=lambda whole: [*whole, whole[-2]])
    doubt("d_pilot", 5, "1 blocks ended well, and their samples are not here", lines=change("c1.pilot.1", lambda line: line.pop("samples")))
    doubt("d_samples", 5, "1 blocks ended well, and their samples are not here",
          lines=change("c1.timing.2", lambda line: line.update(samples={"offset": 0, "count": 0})))  # fmt: skip
    doubt("d_job", 5, "so that its state is not known", lines=without("job"))
    doubt("d_readings", 5, "read in 1 blocks is not here", lines=change("c1.timing.2", lambda line: line.update(timeline={"offset": 2**40, "records": 9})))
    doubt("d_answers", 3, "accuracy blocks are not here", edit=with_task)
    doubt("d_pairs", 2, "has no pairs to compare", edit=lambda d: d["devices"][0].pop("pairs"))
    # The one that failed came home in several jobs. Without the lines that say where each begins no block has its samples.
    doubt("d_attach", 5, "names samples that samples.bin does not have", lines=without("attach"), of="g_fail")
    batter(room, "g_pass", judged=True)
    batter(room, "g_fail", never=(0,), judged=True)


def out_of_time(room):
    since = time.monotonic()
    ended = gate(room, "g_time", "same", *MDE, "--max-time", "5 s", code=3)
    told = re.search(r"--max-time has no room for the next look, which is reached after about ([0-9.]+) s", " ".join(ended.out.split()))
    check(told and 5 < float(told[1]) < 300, "why, and how long it would take", ended.out)
    check(time.monotonic() - since < 60, "it keeps to its time")
    check(verdict_of(room, "g_time")["finished"], "nothing is left to resume")
    gate(room, "g_time_pass", "same", *MDE, "--max-time", "5 s", "--inconclusive", "pass", code=0)
    gate(room, "g_time_fail", "same", *MDE, "--max-time", "5 s", "--inconclusive", "fail", code=1)
    gate(room, "g_need", "same", *MDE, "--max-time", "5 s", "--need", "1", code=4)


def confirmed(room):
    """A fail is repeated, by the command itself or by a resume, whenever the controller is killed."""
    files = {"junit": "j.xml", "markdown": "m.md", "comment": "c.comment", "github": "a.github", "bmf": "b.json", "json": "r.json", "html": "p.html"}
    exports = ",".join(f"{name}={file}" for name, file in files.items())
    words = ("--confirm", "--format", "json", "--export", exports)
    ended = gate(room, "g_again", "dies", *MDE, *words, code=1)
    check("a fresh campaign repeats it" in ended.err, "it says so", ended.err)
    first, second = (json.loads((room.path / n / "gate.json").read_text()) for n in ("g_again", "g_again-again"))
    check(second["gate"]["confirms"] == first["campaign"], "the second names the first", second)
    # One document: the one that counts, and the first beside it.
    whole = json.loads(ended.out)
    check(whole["campaign"] == second["campaign"] and whole["gate"] == second["gate"], "the second counts", whole["gate"])
    beside = {"campaign": first["campaign"], **{k: first["gate"][k] for k in ("verdict", "summary", "comparisons")}}
    check(whole["gate"]["first"] == beside, "the first is beside it, whole", whole["gate"]["first"], beside)
    check("first" not in first["gate"], "and repeats nothing itself")
    check(json.loads((room.path / "r.json").read_text()) == whole, "a file has the same")
    for name, file in files.items():
        text = (room.path / file).read_text()
        check(second["campaign"] in text or name in ("github", "bmf"), f"{name} is of the second", text[:600])
        if name in ("junit", "markdown", "comment", "github", "html"):
            check(first["campaign"] in text, f"{name} says what it repeats", text[:600])
            check(len(re.findall("came to fail|repeats the fail", text)) == 1, f"{name} says so once", text[:600])
    junit = (room.path / "j.xml").read_text()
    check(junit.count("<testsuites") == 1 and junit.count("<failure") == 1, "one judgement in JUnit", junit)
    check((room.path / "c.comment").read_text().count("<!-- edgedyno -->") == 1, "one comment")
    again = room.run("gate", "--resume", "g_again", "--format", "json").expect(1, "g_again-again; what that says counts")
    check(json.loads(again.out) == whole, "a resume says the same", again.out[:600])
    check("a fresh campaign" not in again.err, "nothing is measured a third time", again.err)
    text = room.run("report", "g_again-again").expect(1).out
    check(len(re.findall("^fail$", text, re.M)) == 1 and "which came to fail: 0 passed, 1 failed" in " ".join(text.split()), "the table says both", text)
    # The second needs the first no more.
    shutil.move(room.path / "g_again", room.path / "g_hidden")
    check(room.run("report", "g_again-again", "--format", "json").expect(1).json() == whole, "the second tells it alone")
    shutil.move(room.path / "g_hidden", room.path / "g_again")
    text = (room.path / "g_again-again" / "campaign.json").read_text()
    check('"asked"' not in text, "a repetition is not repeated")
    # What stands as the first verdict is checked as anything that is read.
    document = json.loads(text)
    for change in ({"verdict": "maybe"}, {"comparisons": 7}, {"comparisons": [{"verdict": "fail", "key": "speed"}]}, {"summary": None}):
        odd = room.path / "g_odd"
        shutil.copytree(room.path / "g_again-again", odd)
        freeze(odd / "campaign.json", {**document, "first": {**document["first"], **change}})
        ended = room.run("report", "g_odd", "--format", "json").expect(2)
        check(ended.out == "", f"{change}: nothing is reported", ended.out[:300])
        shutil.rmtree(odd)
    # An older campaign does not say what it repeats.
    shutil.copytree(room.path / "g_again-again", room.path / "g_old")
    document.pop("first")
    freeze(room.path / "g_old" / "campaign.json", document)
    old = room.run("report", "g_old", "--format", "json").expect(1).json()["gate"]
    check("first" not in old and old["confirms"] == first["campaign"], "then only its name is known", old)


def confirmed_even_if_killed(room):
    """A second that could not begin, then one that was killed. Whoever resumes stands elsewhere, and the second goes by the first's own words."""
    first, second, elsewhere = room.path / "g_two", room.path / "g_two-again", room.path / "elsewhere"
    elsewhere.mkdir()
    words = ["--confirm", "--label", "commit=a-b", "--seed", "7", *MDE]
    # Its place is taken: what is on disk then is what a controller leaves that is killed between the two.
    second.write_text("taken")
    ended = gate(room, "g_two", "dies", *words, "--format", "json", "--export", "junit=two.xml", code=1)
    check("this fail was not repeated, and stands" in ended.err, "it says so", ended.err)
    check(ended.json()["gate"]["verdict"] == "fail" and "first" not in ended.json()["gate"], "the first counts, once", ended.out[:600])
    check((room.path / "two.xml").read_text().count("<failure") == 1, "also in files")
    second.unlink()

    # What the words name has changed meanwhile.
    model = room.path / "dies.json"
    kept = model.read_text()
    model.write_text(kept + " ")
    ended = room.run("gate", "--resume", "g_two").expect(1, "the model of m/dies", "changed after this gate began", "and stands")
    check(not (second / "campaign.json").exists(), "nothing is measured of another model", ended.err)
    model.write_text(kept)

    process = subprocess.Popen(
        [room.program, "gate", "--resume", first], cwd=elsewhere, env=room.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    wait_for((second / "campaign.json").exists, "the second campaign")
    kill(process.pid)
    process.communicate()
    ended = room.run("gate", "--resume", first).expect(1, "what that says counts")
    frozen = [json.loads((path / "campaign.json").read_text()) for path in (first, second)]
    check(frozen[1]["gate"]["confirms"] == frozen[0]["id"], "the second is of the first", frozen[1]["gate"])
    check([f["seed"] for f in frozen] == [7, 8] and frozen[1]["label"] == "commit=a-b", "other coins, and the same words", frozen[1])
    for path in (first, second):
        blocks = [b["block"] for b in Device(path).blocks()]
        check(len(blocks) == len(set(blocks)) > 0, "each block once", sorted(blocks))
    check(json.loads((second / "gate.json").read_text())["finished"], "the second has ended")

    # A campaign that says nothing of its words, as those of older versions.
    shutil.rmtree(second)
    asked = frozen[0].pop("asked")
    freeze(first / "campaign.json", frozen[0])
    room.run("gate", "--resume", "g_two").expect(1, "this fail was not repeated, and stands", "run the same gate again")
    freeze(first / "campaign.json", {**frozen[0], "asked": {**asked, "directory": "/nowhere/at/all"}})
    room.run("gate", "--resume", "g_two").expect(1, "cannot be entered")
    check(not second.exists(), "and nothing was made")


def second_counts(room):
    """Of two campaigns that were measured above, the passing one as the repetition of the failing one."""
    path = room.path / "g_fail" / "campaign.json"
    first = json.loads(path.read_text())
    first["gate"]["confirm"] = True
    freeze(path, first)
    shutil.copytree(room.path / "g_pass", room.path / "g_fail-again")
    room.run("gate", "--resume", "g_fail").expect(1, "this fail was not repeated")
    path = room.path / "g_fail-again" / "campaign.json"
    second = json.loads(path.read_text())
    check(digest_of(second["gate"]) == second["gate"]["sha256"], "the digest is what this test takes it for", second["gate"])
    second["gate"]["confirms"] = first["id"]
    second["gate"]["sha256"] = digest_of(second["gate"])
    freeze(path, second)
    ended = room.run("gate", "--resume", "g_fail").expect(0, "what that says counts")
    check(ended.out.startswith("pass\n") and "\nfail\n" not in ended.out, "the second is shown, and counts", ended.out)


TOKENS = ("time_to_first_token_ns", "prefill_tokens_per_s", "decode_tokens_per_s")


def tokens_together(room):
    """Tokens that a server sent several at a time make no figure of a gate: it does not pass without them, and says why."""
    for name in ("talk", "chat"):
        room.script(f"{name}.json", language={"vocabulary": 300, "bos": 1, "warmup_ns": 270_000_000, "prefill_ns_per_token": 2_000_000, "token_ns": [4_000_000]})
    words = ["--mde", "80 %", "--metric", ",".join(TOKENS), "-p", "0", "-n", "0", "-pg", "4,4", "--on", "scripted/cpu", "--on-invalid", "mark"]
    room.write("talks.json", {"models": [{"name": "m", "variants": [{"name": n, "file": f"{n}.json"} for n in ("talk", "chat")]}], "block": BLOCK})
    # What else this machine does is no matter here.
    room.quiet()
    room.run("gate", "talks.json", "--baseline", "talk", "--candidate", "chat", "--out", "g_talk", *words).expect(0)
    del room.environment["EDGEDYNO_PROBE_ROOT"]
    kept = Device(room.path / "g_talk").journal_path.read_text()
    plan = json.loads((room.path / "g_talk" / "campaign.json").read_text())

    def verdicts(code, together, of=lambda line: True, chosen=True):
        """By journal lines that say how many of 100 tokens in 10 answers came together."""
        lines = [json.loads(line) for line in kept.splitlines()]
        for line in lines:
            if line["type"] == "block" and of(line):
                line["evidence"]["facts"] = {"tokens": 100, "requests": 10, "tokens_together": together}
        Device(room.path / "g_talk").journal_path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        asked = {**plan["gate"], "chosen": chosen}
        freeze(room.path / "g_talk" / "campaign.json", {**plan, "gate": {**asked, "sha256": digest_of(asked)}})
        whole = room.run("report", "g_talk", "--format", "json").expect(code).json()
        return {row["key"]: row for row in whole["gate"]["comparisons"]}, whole["records"]

    for few in (0, 5, 60):
        rows, _ = verdicts(0, few)
        check({row["verdict"] for row in rows.values()} == {"pass"}, f"{few} of 100 change nothing", rows)
    rows, records = verdicts(3, 61)
    check([rows[k]["verdict"] for k in TOKENS] == ["pass", "pass", "inconclusive"], "no rate of tokens", rows)
    check(all(r["decode_tokens_per_s"] is None and r["time_to_first_token_ns"] for r in records), "nor has a record one", records)
    for chosen in (True, False):
        rows, records = verdicts(3, 82, chosen=chosen)
        check({rows[k]["verdict"] for k in TOKENS} == {"inconclusive"}, "answers that were not streamed have no figure", rows)
        check(all(rows[k]["candidate"] is None and rows[k]["change"] is None for k in TOKENS), "and none is shown", rows)
        check("were not streamed" in rows[TOKENS[0]]["why"] and "several at a time" in rows[TOKENS[2]]["why"], "why", rows)
        check(all(r[k] is None for r in records for k in TOKENS), "nor has a record one", records)
    for case, who in (("c0", "the baseline's blocks do not have it"), ("c1", "the blocks do not have it")):
        rows, _ = verdicts(3, 90, lambda line, case=case: line["case"] == case)
        check(all(rows[k]["why"].startswith(who) for k in TOKENS), f"one side alone: {who}", rows)
    rows, _ = verdicts(3, 90, lambda line: line["block"] == "c1.timing.5")
    check({rows[k]["verdict"] for k in TOKENS} == {"inconclusive"}, "nothing passes without a single block", rows)


def usage(room):
    for words, text in (
        (["gate", "suite.json"], "say what is compared"),
        (["gate", "suite.json", "--baseline", "bsae", "--candidate", "same"], 'did you mean "base"'),
        (["gate", "suite.json", "--baseline", "on=scripted/cpu", "--candidate", "same"], "one side is an engine"),
        (["gate", "--baseline", "base.json"], "--candidate"),
        (["gate", "suite.json", "--baseline", "base", "--candidate", "same", "-r", "3"], "--max-time"),
        (["gate", "suite.json", "--baseline", "base", "--candidate", "same", "--metric", "speed"], "block by block"),
        (["gate", "suite.json", "--baseline", "base", "--candidate", "same", "--mde", "0 %"], "0.01 %"),
        (["gate", "suite.json", "--baseline", "base", "--candidate", "same", "--require", "latency_p50_ns <= baseline + 5"], 'or "5 %" of the baseline'),
        (["gate", "suite.json", "--baseline", "base", "--candidate", "same", "--need", "2"], "2 devices with a verdict are more than -d asks for, 1"),
        (["gate", "--baseline", "bse.json", "--candidate", "same.json"], 'did you mean "base.json"?'),
        (["gate", "--baseline", "base.json", "--candidate", "./sme.json"], 'did you mean "./same.json"?'),
        (["gate", "--baseline", room.path / "bse.json", "--candidate", "same.json", "--dry-run"], 'did you mean "'),
        (["gate", "--baseline", "on=scripted/cpu", "--candidate", "on=scripted/cpu"], "two engines need a model that both run"),
        (["gate", "--baseline", "bse.json", "--candidate", "sme.json"], 'did you mean "same.json"?'),
    ):
        room.run(*words).expect(2, text)
    dry = room.run("gate", "suite.json", "--baseline", "base", "--candidate", "same", "--dry-run").expect(0)
    check("smallest" in dry.out, "a dry run says what can be found", dry.out)
    check("load_ns may" in dry.out and "tokens" not in dry.out, "and what is compared, of such models", dry.out)
    # Two files make a model; two engines are two sides, also when they are one.
    for words in (
        ["--baseline", "base.json", "--candidate", "same.json", "--on", "scripted/cpu"],
        ["same.json", "--baseline", "on=scripted/cpu", "--candidate", "on=scripted@1/cpu"],
    ):
        room.run("gate", *words, "--dry-run").expect(0)
    check(not (room.path / "runs").exists(), "nothing was made")


def main():
    with Room() as room:
        make_models(room)
        for part in (usage, outcomes, tokens_together, confirmed, confirmed_even_if_killed, out_of_time, passes, fails_even_if_killed, doubts, second_counts):
            part(room)
    finish("gate")


main()
