# SPDX-License-Identifier: Apache-2.0
"""Recordings with transcripts as a task, through whisper.cpp itself and a model with random weights: word errors of a whole set, drop and
interval against the same worked out here, and every set that is none."""

import importlib.util
import json
import os
import pathlib
import random
import shutil
import struct

from campaign import Room, check, finish
from whisper import wav

TINY = pathlib.Path(os.environ["ED_SOURCE_DIR"]) / "examples" / "tiny-whisper"
SHORT = ("--on-invalid", "mark", "--format", "json")
N, Z2 = 12, 1.959963984540054**2


def maker():
    spec = importlib.util.spec_from_file_location("make_tiny_whisper", TINY / "make_tiny_whisper.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def suite(room, name, task, variants=("f16",), **keys):
    return room.write(name, {
        "models": [{"name": "tiny", "variants": [{"name": v, "file": f"{v}.bin"} for v in variants],
                    "tasks": [{"name": "babble", "data": "set", "metric": "word-error-rate", **task}]}],
        "on": ["whisper.cpp/cpu"], "blocks": 1, "seed": 7, "options": {"timestamps": "0", "audio_ctx": "50"}, "block": {"inferences": 2}, **keys,
    })  # fmt: skip


def errors(reference, hypothesis):
    """Levenshtein over words, row by row."""
    row = list(range(len(hypothesis) + 1))
    for i, word in enumerate(reference, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(hypothesis, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


def rates(transcripts, heard):
    """(errors, words) of each recording; the texts are small letters and spaces alone."""
    return [(errors(said.split(), text.split()), len(said.split())) for said, text in zip(transcripts, heard)]


def share(rows):
    return sum(e for e, _ in rows) / sum(n for _, n in rows)


def heard_of(campaign, case):
    path = campaign / "devices" / "local" / "outputs" / f"{case}.accuracy.1.0.jsonl"
    return [json.loads(line)["text"].strip() for line in path.read_text().splitlines()]


def make_set(room):
    """Recordings, a model that listens to them, the same under another name, and one whose last bias is another."""
    tiny = maker()
    attention = tiny.Writer.attention
    tiny.Writer.attention = lambda self, name, scale=1.0: attention(self, name, 20.0 if scale == 4.0 else scale)
    tiny.make_model(room.path / "f16.bin", 4)
    (room.path / "set").mkdir()
    for i in range(N):
        tiny.make_audio(room.path / "set" / f"r{i:02}.wav", 1 + i % 2, 100 + i)
        (room.path / "set" / f"r{i:02}.txt").write_text("one\n")
    model = (room.path / "f16.bin").read_bytes()
    bias = struct.unpack("<32f", model[-128:])
    (room.path / "same.bin").write_bytes(model)
    (room.path / "noisy.bin").write_bytes(model[:-128] + struct.pack("<32f", *(v + (0.4 if i % 5 == 0 else 0) for i, v in enumerate(bias))))


def write_transcripts(room, heard):
    """What was heard, with some words of it changed, left out and added."""
    generator, said = random.Random(5), []
    for i, text in enumerate(heard):
        words = text.split()[: generator.randint(3, 40)]
        for _ in range(generator.randint(0, 2)):
            at = generator.randrange(len(words))
            words[at : at + 1] = generator.choice(([], ["zzz"], [words[at], "yyy"])) if len(words) > 1 else ["zzz"]
        said.append(" ".join(words))
        (room.path / "set" / f"r{i:02}.txt").write_text(said[-1].capitalize() + ".\n")
    return said


def interval(mine, reference):
    """The percentile bootstrap of the difference, both scores of a recording drawn together."""
    generator, drops = random.Random(3), []
    for _ in range(2000):
        drawn = [generator.randrange(N) for _ in range(N)]
        drops.append(share([mine[i] for i in drawn]) - share([reference[i] for i in drawn]))
    drops.sort()
    return drops[50], drops[1949]


def figures(room):
    out = room.path / "first"
    first = room.run("run", suite(room, "first.json", {}), "--out", out, *SHORT).expect(0).json()["records"][0]
    heard = heard_of(out, "c0")
    check(len(heard) == N and len(set(heard)) > N // 2, "recordings are heard apart", heard)
    check(first["audio_ns"] == 1_000_000_000, "the first recording is timed", first["audio_ns"])
    said = write_transcripts(room, heard)
    out = room.path / "figures"
    path = suite(room, "figures.json", {"threshold": "accuracy_drop <= 1 %"}, ("f16", "same", "noisy"))
    answer = room.run("run", path, "--out", out, *SHORT)
    records = {r["variant"]: r for r in answer.json()["records"]}
    f16, same, noisy = (records[v] for v in ("f16", "same", "noisy"))
    check(heard_of(out, "c0") == heard == heard_of(out, "c1"), "the same model hears the same")
    mine, theirs = rates(said, heard), rates(said, heard_of(out, "c2"))
    check(0 < share(mine) < share(theirs), "the set tells them apart", share(mine), share(theirs))
    for record, rows in ((f16, mine), (same, mine), (noisy, theirs)):
        check(record["accuracy_metric"] == "word-error-rate" and record["accuracy_task"] == "babble", "the task", record)
        check(abs(record["accuracy_value"] - share(rows)) < 1e-12, "errors over words", record["accuracy_value"], share(rows))
        check(abs(record["accuracy_reference"] - share(mine)) < 1e-12, "the reference", record["accuracy_reference"])
        check(record["agreement_cosine"] is None, "texts have no cosine", record["agreement_cosine"])
    check((f16["accuracy_drop"], f16["accuracy_drop_low"], f16["accuracy_drop_high"]) == (0, 0, 0), "the reference drops nothing", f16)
    drop = share(theirs) - share(mine)
    check(abs(noisy["accuracy_drop"] - drop) < 1e-12, "more errors are a drop above 0", noisy["accuracy_drop"], drop)
    low, high = interval(theirs, mine)
    for end, oracle in ((noisy["accuracy_drop_low"], low), (noisy["accuracy_drop_high"], high)):
        check(abs(end - oracle) < 0.15 * (high - low), "its interval over recordings", end, oracle)
    check(noisy["accuracy_drop_low"] > 0.01, "it is clearly worse", noisy["accuracy_drop_low"])
    check(noisy["accuracy_verdict"] == "fail" and noisy["speed_usable"] is False, "its speed is not to be used", noisy["accuracy_verdict"])
    # No difference in so few recordings certifies nothing; they count for as many as would weigh alike.
    weights = [n for _, n in mine]
    alike = int(sum(weights) ** 2 / sum(w * w for w in weights) + 1e-6)
    check(same["accuracy_drop"] == 0 and abs(same["accuracy_drop_high"] - Z2 / (alike + Z2)) < 1e-9, "no difference", same["accuracy_drop_high"])
    check(same["accuracy_verdict"] == "inconclusive", "not decided", same["accuracy_verdict"])
    words = [r["text"] for r in same["reasons"] if r["code"] == "too_few_samples"]
    check(len(words) == 1 and f"about {381 * N / alike:.0f} would" in words[0], "and how many would decide", words)
    answer.expect(1)
    text = room.run("report", out).out
    check("corpus WER" in text and "accuracy" not in text.splitlines()[2], "the table calls it what it is", text)
    return said, heard


def again_and_compare(room):
    """A report needs the campaign alone, and a comparison holds recording against recording."""
    old, new = room.path / "figures", room.path / "first-again"
    shutil.move(room.path / "set", room.path / "hidden")
    shutil.rmtree(room.path / "cache")
    before = room.run("report", old, "--format", "json").json()["records"]
    shutil.move(room.path / "hidden", room.path / "set")
    room.run("run", suite(room, "again.json", {}, ("noisy",)), "--out", new, *SHORT).expect(0)
    rows = room.run("compare", old, new, "--format", "json").json()["cases"]
    tasks = [task for row in rows for task in row["accuracy"]]
    noisy = next(r for r in before if r["variant"] == "noisy")
    check(any(t.get("samples") == N and abs(t["drop"]) < 1e-12 and t["metric"] == "word-error-rate" for t in tasks), "the same model again", rows)
    check(noisy["accuracy_drop"] is not None and noisy["accuracy_drop_low"] > 0, "made again without the data", noisy)
    texts = old / "devices" / "local" / "outputs" / "c0.accuracy.1.0.jsonl"
    whole = texts.read_bytes()
    journal = old / "devices" / "local" / "journal.jsonl"
    texts.write_bytes(whole.replace(b"a", b"e"))
    record = room.run("report", old, "--format", "json").json()["records"][0]
    told = [r["text"] for r in record["reasons"] if r["key"] == "accuracy_value"]
    check(record["accuracy_value"] is None and any("was changed after the device wrote it" in t for t in told), "texts that are others", told)
    # What an older runner wrote has no digest, and is read as carefully.
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        line.get("evidence", {}).pop("output_sha256", None)
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for content, due in ((whole[: whole.index(b"\n") + 1], f"has 1 texts for {N} recordings"), (whole[:-1], "is cut short"), (b"[]\n" * N, "line 1")):
        texts.write_bytes(content)
        record = room.run("report", old, "--format", "json").json()["records"][0]
        told = [r["text"] for r in record["reasons"] if r["key"] == "accuracy_value"]
        check(record["accuracy_value"] is None and any(due in t for t in told), f"texts that are not: {due}", told)
    texts.write_bytes(whole)


def layouts(room, said, heard):
    """A list in another order, over a folder in the folder, and samples that 16 bits do not hold."""
    order = random.Random(2).sample(range(N), 8)
    clips = room.path / "voices" / "clips"
    clips.mkdir(parents=True)
    lines = ["client_id\tpath\tsentence"]
    for i in order:
        shutil.copy(room.path / "set" / f"r{i:02}.wav", clips / f"r{i:02}.wav")
        lines.append(f"x\tclips/r{i:02}.wav\t{said[i].upper()}")
    # As floats, and a little louder than a 16-bit step would have it.
    data = struct.unpack("<16000h", (clips / f"r{order[0]:02}.wav").read_bytes()[44:][:32000])
    samples = struct.pack("<16000f", *((v + 0.25) / 32768 for v in data))
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 3, 1, 16000, 64000, 4, 32, b"data", len(samples))
    (clips / f"r{order[0]:02}.wav").write_bytes(head + samples)
    room.write("voices/validated.tsv", "\r\n".join(lines) + "\r\n")
    out = room.path / "listed"
    path = suite(room, "listed.json", {"data": "voices", "labels": "voices/validated.tsv"})
    record = room.run("run", path, "--out", out, *SHORT).expect(0).json()["records"][0]
    now = heard_of(out, "c0")
    check(now[1:] == [heard[i] for i in order[1:]], "each is heard as before, whatever comes before it", now)
    expected = share(rates([said[i] for i in order], now))
    check(abs(record["accuracy_value"] - expected) < 1e-12, "in the order of the list", record["accuracy_value"], expected)
    kinds = {p.read_bytes()[:64].split(b"'descr': '")[1][:3] for p in (room.path / "cache/edgedyno/data").glob("*.npy") if "ends" not in p.name}
    check(kinds == {b"<i2", b"<f4"}, "as narrow as is exact", kinds)
    # What lies in the cache is not believed by who runs it.
    ends = max((room.path / "cache/edgedyno/data").glob("*.ends.npy"), key=lambda p: p.stat().st_mtime_ns)
    content = bytearray(ends.read_bytes())
    content[-16:-8] = struct.pack("<q", 1 << 40)
    ends.write_bytes(content)
    room.run("run", path, *SHORT).expect(2, "recording 7 ends where none can")


def refused(room):
    folder = room.path / "bad"
    folder.mkdir()
    long = (0, 100, -100, 0) * 4000
    wav(folder / "a.wav", long)
    (folder / "a.txt").write_text("one")

    def run(due, code=2, **task):
        room.run("run", suite(room, "bad.json", {"data": "bad", **task}), *SHORT).expect(code, due)

    def with_file(name, content, due):
        (folder / name).write_bytes(content)
        run(due)
        (folder / name).unlink()

    with_file("b.wav", (folder / "a.wav").read_bytes(), "b.txt: is not there: write what is said in b.wav into it")
    with_file("c.mp3", b"", "which is no .wav: ffmpeg")
    with_file("transcripts.tsv", b"path\tsentence\nb.wav\tone\n", "b.wav: cannot open the file")
    with_file("transcripts.tsv", b"path\tsentence\n../a.wav\tone\n", "line 2: names \"../a.wav\", which is not in the folder")
    with_file("a.txt", b"...", "a.txt: has no words")
    with_file("a.txt", b"caf\xe9", "is no UTF-8 text: byte 4")
    (folder / "a.txt").write_text("one")
    wav(folder / "a.wav", long, rate=44100)
    run("a.wav: has 44100 samples a second")
    wav(folder / "a.wav", long)
    run("needs a folder of WAV files with transcripts", data="bad/a.wav")
    run("holds no image", metric="top-1")
    run("a folder of recordings needs the metric word-error-rate", metric="top-1")
    run("has an output, and its metric word-error-rate judges the text", output="text")
    run("the word error rate of a task is accuracy_value", threshold="word_error_rate <= 20 %")
    room.script("m.json")
    room.write("tensors.json", {"models": [{"name": "m", "variants": [{"name": "a", "file": "m.json"}],
                                            "tasks": [{"name": "t", "data": "bad", "metric": "word-error-rate"}]}], "on": ["scripted"]})  # fmt: skip
    room.run("run", "tensors.json").expect(2, "is for models that take speech; scripted takes tensors")
    suite(room, "bad.json", {"data": "bad"})
    told = room.run("data", "check", "bad.json", "--task", "babble").expect(1).out
    check("nearly silent" in told and "a.wav" in told, "data check hears what no word can be in", told)
    # The engine's own limit, with the recording that has it.
    wav(folder / "b.wav", long[:1000])
    (folder / "b.txt").write_text("two")
    record = room.run("run", suite(room, "bad.json", {"data": "bad"}), *SHORT).json()["records"][0]
    check("recording 2 of 2" in str(record["reasons"]) and record["accuracy_value"] is None, "too short for the engine", record["reasons"])


if __name__ == "__main__":
    with Room(fetched_engines=True) as room:
        make_set(room)
        said, heard = figures(room)
        again_and_compare(room)
        layouts(room, said, heard)
        refused(room)
    finish("speech tasks")
