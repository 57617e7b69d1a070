# SPDX-License-Identifier: Apache-2.0
"""A campaign's files as accidents and doctoring leave them: `report` and `--resume` say what is wrong, or go on where that is right; nothing
crashes, and what is reported is only what is there."""

import argparse
import json
import os
import shutil

from batter import batter
from campaign import DOCUMENTED_CODES, SETTLED, Device, Room, check, check_whole, finish
from odd import freeze
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

    def edit(self, change, anew=False):
        """campaign.json as a changed document; `anew`: with a seal that fits it."""
        document = json.loads((self.path / "campaign.json").read_text())
        change(document)
        if anew:
            freeze(self.path / "campaign.json", document)
        else:
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
    change("twice", ["is there twice"], 2, lambda d: d["devices"].append(d["devices"][0]))
    # What no rule of its own guards is guarded by the seal, wherever it stands and whatever is gone with it.
    for name, how in (
        ("allow_fallback", lambda d: d.update(allow_fallback=True)),
        ("size", lambda d: d["devices"][0]["cases"][1].pop("model_file_bytes")),
        ("unjudged", lambda d: d["devices"][0]["cases"][1].update(task=-1, reference=-1, agreement=-1)),
        ("seal_gone", lambda d: d.pop("campaign_sha256")),
        ("seal_other", lambda d: d.update(campaign_sha256="0" * 64)),
        ("seal_before", lambda d: d.update(absent=[{"id": "x", "reason": "y"}])),
        ("behind_seal", lambda d: d.update(more=1)),
    ):
        change(name, ["was changed after the campaign began"], 2, how)
    copy = Copy(room, "sealed_anew").edit(lambda d: d.update(suite="another name"), anew=True)
    check(copy.report(3).json()["records"], "a plan with a seal that fits is one")
    # White space behind the last brace is no change; cut and changed bytes are.
    copy = Copy(room, "blanks")
    (copy.path / "campaign.json").write_text(text + "\n \n")
    copy.report(3)
    copy = Copy(room, "other_byte")
    (copy.path / "campaign.json").write_text(text.replace('"seed"', '"sead"'))
    copy.report(2, "was changed after the campaign began")


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
        ("other_repetition", lambda line: line.update(repetition=2)),
        ("other_case", lambda line: line.update(case="c1" if line["case"] == "c0" else "c0")),
        ("other_pass", lambda line: line.update({"pass": "pilot"})),
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
        n = sum(r["latency_p50_ns"] is not None for r in ended.json()["records"])
        check(n == 0, f"samples_base {base}: {n} figures")
    # A second block that names the samples of the first, and a second job that lost the line which says where its samples begin.
    timing = [b for b in Device(room.path / "whole").blocks() if b["pass"] == "timing"]
    copy = Copy(room, "same_samples").edit_line(
        timing[1]["block"], lambda line: line.update(samples=dict(timing[0]["samples"]))
    )
    check(figures(copy.report(None, "names samples of another block")) == 1, "the same samples count once")
    lines = text.splitlines(keepends=True)
    second = {**json.loads(lines[0]), "job": "second", "samples_base": 0}
    at = next(i for i, line in enumerate(lines) if timing[1]["block"].encode() in line)
    for name, attach in (
        ("job_unattached", b""),
        ("job_attached_badly", lines[0][: len(lines[0]) // 2] + b"\n"),
        ("job_attached_elsewhere", json.dumps(second).encode() + b"\n"),
    ):
        copy = Copy(room, name)
        moved = {**json.loads(lines[at]), "samples": {**timing[1]["samples"], "offset": 0}}
        copy.device.journal_path.write_bytes(
            b"".join((*lines[:at], attach, json.dumps(moved).encode() + b"\n", *lines[at + 1 :]))
        )
        check(figures(copy.report(None, "left out")) == 1, f"{name}: another job's samples are not these")


def figures(ended):
    return sum(r["latency_p50_ns"] is not None for r in ended.json()["records"])


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
        check(record["agreement_cosine"] is None, "no outputs, no agreement, not with itself either", record)
    copy = Copy(room, "outputs_cut")
    for path in (copy.device.path / "outputs").iterdir():
        os.truncate(path, path.stat().st_size - 1)
    check(
        all(r["accuracy_value"] is None for r in copy.report(None).json()["records"]),
        "outputs that are cut give no accuracy",
    )
    # A byte of what was answered: the size is the same, and another answer may win.
    copy = Copy(room, "outputs_other")
    for path in (copy.device.path / "outputs").iterdir():
        data = bytearray(path.read_bytes())
        data[-1] ^= 0x80
        path.write_bytes(data)
    for record in copy.report(None).json()["records"]:
        check(record["accuracy_value"] is None and record["agreement_cosine"] is None, "outputs that are others give no accuracy", record)
        told = [r["text"] for r in record["reasons"] if r["code"] == "not_scored"]
        check(any("was changed after the device wrote it" in text for text in told), "and it is said", record["reasons"])
    # The journal of an older runner says nothing of them.
    copy = Copy(room, "outputs_unsealed")
    lines = [json.loads(line) for line in copy.device.journal_path.read_text().splitlines()]
    sealed = [line["evidence"].pop("output_sha256") for line in lines if "output_files" in line.get("evidence", {})]
    check(len(sealed) == 2 and all(len(one) == 1 and len(one[0]) == 64 for one in sealed), "each output has its digest", sealed)
    copy.device.journal_path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    check(all(r["accuracy_value"] is not None for r in copy.report(3).json()["records"]), "and they are believed")
    # A list that is there, and names no digest.
    lines = [{**line, "evidence": {**line["evidence"], "output_sha256": []}} if "output_files" in line.get("evidence", {}) else line for line in lines]
    copy.device.journal_path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    check(all(r["accuracy_value"] is None for r in copy.report(None).json()["records"]), "a digest that is gone is damage")
    copy = Copy(room, "labels_other")
    for path in (copy.path / "data").iterdir():
        data = path.read_bytes()
        path.write_bytes(data[:-8] + bytes(8))
    for record in copy.report(None).json()["records"]:
        check(
            record["accuracy_value"] is None
            and any(r["code"] == "not_scored" and "changed" in r["text"] for r in record["reasons"]),
            "labels that are others give no accuracy",
            record["reasons"],
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=200)
    parser.add_argument("--only-flips", action="store_true")
    arguments = parser.parse_args()
    with Room() as room:
        room.quiet()
        make_campaign(room)
        if not arguments.only_flips:
            documents(room)
            journals(room)
            other_files(room)
        batter(room, "whole", judged=True, n=arguments.flips)
    finish("damaged")


main()
