# SPDX-License-Identifier: Apache-2.0
"""A campaign's files as accidents and doctoring leave them: `report` and `--resume` say what is wrong, or go on where that is right; nothing
crashes, and what is reported is only what is there."""

import argparse
import json
import os
import shutil

from campaign import DOCUMENTED_CODES, SETTLED, Device, Room, check, check_whole, finish, seeded
from tensors import write_npy


def make_campaign(room):
    write_npy(
        room.path / "data.npy", "<f4", (12, 4), [value for i in range(12) for value in (i % 3, 0.5, i, 1)]
    )
    write_npy(room.path / "labels.npy", "<i8", (12,), [i % 3 for i in range(12)])
    for name in "ab":
        room.script(
            f"{name}.json",
            run={"ns": 400_000},
            warmup=SETTLED,
            inputs=[{"name": "x", "shape": [1, 4]}],
            outputs=[{"name": "y", "shape": [1, 3]}],
            argmax_wrong_share=0,
        )
    models = [
        {
            "name": "m",
            "variants": [{"name": n, "file": f"{n}.json"} for n in "ab"],
            "tasks": [{"name": "t", "data": "data.npy", "labels": "labels.npy"}],
        }
    ]
    room.write(
        "suite.json",
        {
            "models": models,
            "on": ["scripted/cpu"],
            "blocks": 1,
            "require": ["accuracy_drop <= 5 %"],
            "block": {"min_time": "10 ms", "max_time": "50 ms", "min_inferences": 5},
        },
    )
    room.run("run", "suite.json", "--out", "whole").expect(3)
    check_whole(room.path / "whole", "undamaged")


class Copy:
    """A copy of the whole campaign, to be damaged."""

    def __init__(self, room, name):
        self.room, self.name, self.path = room, name, room.path / name
        shutil.copytree(room.path / "whole", self.path)
        self.device = Device(self.path)

    def edit(self, change):
        """campaign.json as a changed document."""
        document = json.loads((self.path / "campaign.json").read_text())
        change(document)
        (self.path / "campaign.json").write_text(json.dumps(document))
        return self

    def edit_line(self, block, change):
        """The journal's line of one block, changed."""
        lines = self.device.journal_path.read_text().splitlines()
        for i, text in enumerate(lines):
            line = json.loads(text)
            if line.get("block") == block:
                change(line)
                lines[i] = json.dumps(line)
        self.device.journal_path.write_text("\n".join(lines) + "\n")
        return self

    def report(self, code, *texts):
        ended = self.room.run("report", self.name, "--format", "json", patience_s=30)
        check(ended.code in DOCUMENTED_CODES, f"{self.name}: an undocumented status", ended.code)
        if code is not None:
            ended.expect(code)
        for text in texts:
            check(text in ended.err, f"{self.name}: {text!r} was expected on standard error", ended.err)
        return ended

    def resume(self, codes, *texts):
        """Wrong usage or a failed device: where a file is not what it was, either is said."""
        ended = self.room.run("run", "--resume", self.name, patience_s=60)
        codes = codes if isinstance(codes, tuple) else (codes,)
        return ended.expect(ended.code if ended.code in codes else codes[0], *texts)


def untasked_agreement(cases):
    cases[0].update(reference=-1, agreement=1)
    cases[1].update(reference=-1, task=-1)


def crossed_timing(cases):
    cases[0]["timing"], cases[1]["timing"] = 1, 0


def documents(room):
    """campaign.json: it says where and what; nothing is read elsewhere than in the campaign."""
    text = (room.path / "whole" / "campaign.json").read_text()
    for name, content, words in (
        ("cut", text[: len(text) // 2], "campaign.json"),
        ("empty", "", "campaign.json"),
        ("garbage", "\0\1\2", "campaign.json"),
        ("list", "[]", "object"),
        ("deep", "[" * 100000, "campaign.json"),
    ):
        copy = Copy(room, f"doc_{name}")
        (copy.path / "campaign.json").write_text(content)
        ended = copy.report(None, words)
        check(ended.out == "" and ended.code in (2, 4), f"{name}: nothing is reported", ended.code, ended.out)
        copy.resume((2, 4), words)

    def change(name, words, code, how):
        copy = Copy(room, f"edit_{name}").edit(how)
        check(copy.report(code, *words).out == "" or code in (0, 3), f"{name}: nothing is reported")

    change("format", ["format 99", "format 1"], 4, lambda d: d.update(format=99))
    change("device", ["device"], 2, lambda d: d["devices"][0].update(id="../../etc"))
    change("labels", ["labels"], 2, lambda d: d["tasks"][0].update(labels="../../../etc/passwd"))
    change("labels_absolute", ["labels"], 2, lambda d: d["tasks"][0].update(labels="/etc/passwd"))
    change("reference", ["refers to"], 2, lambda d: d["devices"][0]["cases"][0].update(reference=10**9))
    change("reference_negative", ["reference"], 2, lambda d: d["devices"][0]["cases"][0].update(reference=-7))
    change("task", ["refers to"], 2, lambda d: d["devices"][0]["cases"][0].update(task=5))
    change("timing", ["refers to"], 2, lambda d: d["devices"][0]["cases"][0].update(timing=2))
    other = "a case that does not answer its task"
    change("reference_untasked", [other], 2, lambda d: d["devices"][0]["cases"][0].pop("task"))
    change("agreement_untasked", [other], 2, lambda d: untasked_agreement(d["devices"][0]["cases"]))
    change("timing_elsewhere", [other], 2, lambda d: crossed_timing(d["devices"][0]["cases"]))
    change("cases", ["cases"], 2, lambda d: d["devices"][0].update(cases="none"))
    change("devices", ["devices"], 2, lambda d: d.update(devices=7))
    changed = ["was changed after the campaign began"]
    change("require_limit", changed, 2, lambda d: d.update(require=["accuracy_drop <= 50 %"]))
    change("require_gone", changed, 2, lambda d: d.pop("require"))
    change("require_undigested", changed, 2, lambda d: d.pop("require_sha256"))
    change("require", ["latency_p50"], 2, lambda d: d.update(require=["latency_p50 ?? 7"]))
    change("blocks", ["blocks"], 2, lambda d: d["devices"][0].update(blocks=-1))
    change("long_text", ["case"], 2, lambda d: d["devices"][0]["cases"][0].update(case="x" * 100_000))
    change("tasks_gone", ["refers to"], 2, lambda d: d.pop("tasks"))


def journals(room):
    block = next(b for b in Device(room.path / "whole").blocks() if b["pass"] == "timing")
    n_planned = len(Device(room.path / "whole").planned())
    # Half a last line: a crash in the middle of a write. It is not there; a resume measures it again.
    copy = Copy(room, "half_line")
    text = copy.device.journal_path.read_bytes()
    last = text.rfind(b'{"type":"block"')
    copy.device.journal_path.write_bytes(text[: last + 200])
    copy.report(None, f"1 of {n_planned} blocks are missing")
    ended = copy.report(None)
    check("1 of" in ended.err, "the half line is told as a missing block", ended.err)
    copy.resume(3)
    check_whole(copy.path, "resumed after half a line")
    # The attach line alone is whole.
    copy = Copy(room, "first_line")
    copy.device.journal_path.write_bytes(text[: text.index(b"\n") + 1])
    copy.resume(3)
    check_whole(copy.path, "resumed after the first line")
    # Nothing but the plan.
    copy = Copy(room, "no_journal")
    copy.device.journal_path.unlink()
    ended = copy.report(None)
    check(f"{n_planned} of {n_planned} blocks are missing" in ended.err, "all blocks are missing", ended.err)
    check(
        all(r["latency_p50_ns"] is None and r["blocks"] == 0 for r in ended.json()["records"]),
        "no figures without blocks",
    )
    copy.resume(3)
    check_whole(copy.path, "resumed without a journal")
    # A line in the middle that is none: it is left out by name, and a resume does not build on it.
    for name, change in (
        ("garbage", lambda line: b"\x00\xff garbage"),
        ("cut", lambda line: line[: len(line) // 2]),
        ("array", lambda line: b"[1]"),
        ("untyped", lambda line: b"{}"),
    ):
        copy = Copy(room, f"middle_{name}")
        lines = text.split(b"\n")
        place = next(i for i, line in enumerate(lines) if block["block"].encode() in line)
        lines[place] = change(lines[place])
        copy.device.journal_path.write_bytes(b"\n".join(lines))
        copy.report(None, f"journal of local, line {place + 1}", "left out", "1 of")
        copy.resume(4, "journal")
    # A block that comes twice counts once, and is told.
    copy = Copy(room, "twice")
    lines = text.splitlines(keepends=True)
    copy.device.journal_path.write_bytes(
        b"".join(lines[:-1]) + next(line for line in lines if block["block"].encode() in line) + lines[-1]
    )
    ended = copy.report(None, "twice")
    record = next(r for r in ended.json()["records"] if r["variant"] == "ab"[int(block["case"][1:])])
    check(record["blocks"] == 1, "a block that is there twice counts once", record["blocks"])
    # Numbers that nobody measured. No figure may come of them, and no read outside of samples.bin.
    size = copy.device.samples_path.stat().st_size
    for name, how in (
        ("offset_negative", lambda line: line["samples"].update(offset=-800)),
        ("offset_behind", lambda line: line["samples"].update(offset=size)),
        ("offset_odd", lambda line: line["samples"].update(offset=4)),
        ("count_huge", lambda line: line["samples"].update(count=10**6)),
        ("count_beyond", lambda line: line["samples"].update(count=2**53)),
        ("count_negative", lambda line: line["samples"].update(count=-1)),
        ("case_unknown", lambda line: line.update(case="c99")),
        ("outcome_unknown", lambda line: line.update(outcome="fine")),
        ("batch_zero", lambda line: line["timed"].update(batch=0)),
        ("batch_huge", lambda line: line["timed"].update(batch=2**53 - 1)),
    ):
        copy = Copy(room, f"line_{name}").edit_line(block["block"], how)
        copy.report(None, "left out")
    for name, how in (
        ("times", lambda line: line["timed"].update(begin_raw_ns=-(2**53) + 1, end_raw_ns=2**53 - 1)),
        ("marks", lambda line: line.update(marks=[{"at": "after_load", "peak_bytes": 2**60}] * 50)),
        ("probes", lambda line: line.update(probes={"system_memory.available": {"first": 2**53 - 1}})),
        (
            "texts",
            lambda line: line.update(
                evidence={"placement": {"proven": True, "total": -1, "unit": "\x1b[2J", "places": "x"}}
            ),
        ),
        (
            "numbers_as_text",
            lambda line: line.update(load_ns="7", first_inference_ns=None, warmup=[], repetition={}),
        ),
    ):
        Copy(room, f"odd_{name}").edit_line(block["block"], how).report(None)
    for base in (-8, -(2**52), 2**52, 4):
        copy = Copy(room, f"base_{base}")
        head, _, rest = copy.device.journal_path.read_text().partition("\n")
        copy.device.journal_path.write_text(
            json.dumps({**json.loads(head), "samples_base": base}) + "\n" + rest
        )
        ended = copy.report(None, "left out")
        # Shifted by one, all but the first block find other samples in place of their own, which nobody can tell from the outside.
        n = sum(r["latency_p50_ns"] is not None for r in ended.json()["records"])
        check(n == (1 if base == -8 else 0), f"samples_base {base}: {n} figures")


def other_files(room):
    block = next(b for b in Device(room.path / "whole").blocks() if b["pass"] == "timing")
    copy = Copy(room, "samples_cut")
    os.truncate(copy.device.samples_path, copy.device.samples_path.stat().st_size - 8)
    copy.report(None, "names samples that samples.bin does not have", "left out")
    copy.resume(4, "the samples do not fit the journal")
    copy = Copy(room, "samples_gone")
    copy.device.samples_path.unlink()
    ended = copy.report(None, "names samples that samples.bin does not have")
    check(all(r["latency_p50_ns"] is None for r in ended.json()["records"]), "no samples, no latency")
    copy = Copy(room, "samples_longer")
    with open(copy.device.samples_path, "ab") as file:
        file.write(b"\1" * 4096)
    copy.report(3)
    copy.resume(3)
    check_whole(copy.path, "samples without a line are cut off")
    copy = Copy(room, "samples_negative")
    copy.device.samples_path.write_bytes(b"\xff" * copy.device.samples_path.stat().st_size)
    ended = copy.report(None)
    check(
        all(r["latency_p50_ns"] is None or r["latency_p50_ns"] >= 0 for r in ended.json()["records"]),
        "a latency below zero is none",
    )
    for name in ("journal.jsonl", "samples.bin"):
        copy = Copy(room, f"folder_{name}")
        (copy.device.path / name).unlink()
        (copy.device.path / name).mkdir()
        copy.report(None)
        copy.resume(4)
        copy = Copy(room, f"pipe_{name}")
        (copy.device.path / name).unlink()
        os.mkfifo(copy.device.path / name)
        copy.report(None)
    copy = Copy(room, "outputs_gone")
    shutil.rmtree(copy.device.path / "outputs")
    ended = copy.report(None)
    for record in ended.json()["records"]:
        check(
            record["accuracy_value"] is None and any(r["code"] == "not_scored" for r in record["reasons"]),
            "no outputs, no accuracy, and a reason",
            record["reasons"],
        )
    copy = Copy(room, "outputs_cut")
    for path in (copy.device.path / "outputs").iterdir():
        os.truncate(path, path.stat().st_size - 1)
    check(
        all(r["accuracy_value"] is None for r in copy.report(None).json()["records"]),
        "outputs that are cut give no accuracy",
    )
    copy = Copy(room, "labels_gone")
    shutil.rmtree(copy.path / "data")
    check(
        all(r["accuracy_value"] is None for r in copy.report(None).json()["records"]),
        "no labels, no accuracy",
    )
    copy = Copy(room, "job_gone")
    (copy.device.path / "job.json").unlink()
    copy.report(3)
    copy.device.journal_path.unlink()
    copy.resume((2, 4), "job.json")
    for name, content in (("cut", '{"type":"job"'), ("list", "[]"), ("hollow", "{}")):
        copy = Copy(room, f"job_{name}")
        (copy.device.path / "job.json").write_text(content)
        copy.device.journal_path.unlink()
        copy.resume((2, 4), "job.json")
    check(block["outcome"] == "ok", "the block that was damaged was a good one")


def flips(room, chance, n):
    """Random bytes of random files; the report's status is a documented one, and no signal."""
    whole = {
        name: (room.path / "whole" / name).read_bytes()
        for name in (
            "campaign.json",
            "devices/local/journal.jsonl",
            "devices/local/samples.bin",
            "devices/local/job.json",
            *(
                str(path.relative_to(room.path / "whole"))
                for path in (room.path / "whole" / "devices/local/outputs").iterdir()
            ),
        )
    }
    copy = Copy(room, "flips")
    codes = {}
    for number in range(n):
        names = chance.sample(sorted(whole), chance.randint(1, 3))
        for name in names:
            data = bytearray(whole[name])
            for _ in range(chance.choice((1, 1, 1, 5, 50))):
                place = chance.randrange(len(data))
                data[place] = chance.choice(
                    (
                        data[place] ^ 1 << chance.randrange(8),
                        chance.randrange(256),
                        *b'0123456789-e.,:"[]{}\n',
                    )
                )
            (copy.path / name).write_bytes(data)
        ended = room.run(
            "report", "flips", "--format", chance.choice(("json", "table", "csv", "markdown")), patience_s=30
        )
        check(
            ended.code in DOCUMENTED_CODES - {130},
            f"flip {number} of {names}: status {ended.code}",
            ended.err,
        )
        codes[ended.code] = codes.get(ended.code, 0) + 1
        for name in names:
            (copy.path / name).write_bytes(whole[name])
    print(f"{n} damaged campaigns; statuses: {dict(sorted(codes.items()))}")
    check(len(codes) > 1, "some damage was noticed", codes)
    copy.report(3)


ODD_VALUES = (None, True, 0, -1, 2**31, 2**53, 1e308, -0.5, "", "..", "/", "\x1b[2J", "y" * 300, [], {}, [[]], [{}])


def places(value, place=()):
    """Every place in a document, as the keys and indices that lead there."""
    if place:
        yield place
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*place, key))


def at(document, place):
    for key in place:
        document = document[key]
    return document


def edits(room, chance, n):
    """campaign.json as a valid document that says something else: values gone, odd, doubled, or those of another place."""
    text = (room.path / "whole" / "campaign.json").read_text()
    copy = Copy(room, "edits")
    codes = {}
    for number in range(n):
        document, done = json.loads(text), []
        for _ in range(chance.choice((1, 1, 2, 4))):
            all_places = list(places(document))
            place = chance.choice(all_places)
            parent, key, how = at(document, place[:-1]), place[-1], chance.randrange(4)
            if how == 0:
                del parent[key]
            elif how == 1:
                parent[key] = chance.choice(ODD_VALUES)
            elif how == 2 and isinstance(parent, list):
                parent.append(parent[key])
            else:
                parent[key] = json.loads(json.dumps(at(document, chance.choice(all_places))))
            done.append((how, place))
        (copy.path / "campaign.json").write_text(json.dumps(document))
        ended = room.run(
            "report", "edits", "--format", chance.choice(("json", "table", "html", "junit")), patience_s=30
        )
        check(
            ended.code in DOCUMENTED_CODES - {130}, f"edit {number}, {done}: status {ended.code}", ended.err
        )
        codes[ended.code] = codes.get(ended.code, 0) + 1
    print(f"{n} edited campaigns; statuses: {dict(sorted(codes.items()))}")
    check(len(codes) > 1, "some edits were noticed", codes)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--only-flips", action="store_true")
    arguments = parser.parse_args()
    chance = seeded("damaged")
    with Room() as room:
        room.quiet()
        make_campaign(room)
        if not arguments.only_flips:
            documents(room)
            journals(room)
            other_files(room)
        edits(room, chance, arguments.flips)
        flips(room, chance, arguments.flips)
    finish("damaged")


main()
