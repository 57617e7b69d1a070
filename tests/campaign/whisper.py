# SPDX-License-Identifier: Apache-2.0
"""whisper.cpp, the real engine, through the whole program: a newcomer's command, a transcript beside the audio, what a record says of
it against the journal, and audio and models that are none."""

import json
import os
import pathlib
import shutil
import statistics
import struct

from batter import batter
from campaign import Room, check, finish

TINY = pathlib.Path(os.environ["ED_SOURCE_DIR"]) / "examples" / "tiny-whisper"
SHORT = ("-r", "1", "--on-invalid", "mark", "--format", "json")


def wav(path, samples, rate=16000, channels=1, bits=16):
    data = struct.pack(f"<{len(samples)}h", *samples)
    frame = channels * bits // 8
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate, rate * frame, frame, bits, b"data", len(data))
    path.write_bytes(head + data)
    return path


def suite(room, name, audio, options=None):
    """A block of three inferences, so that a slow machine is not busy for long."""
    path = room.path / f"{name}.json"
    path.write_text(json.dumps({
        "models": [{"name": "tiny", "variants": [{"name": "f16", "files": [str(TINY / "tiny-whisper.bin")]}],
                    **({"inputs": {"audio": str(audio)}} if audio else {})}],
        "on": ["whisper.cpp/cpu"], "block": {"inferences": 3}, **(options or {}),
    }))  # fmt: skip
    return path


def figures(room):
    audio, out = room.path / "speech.WAV", room.path / "figures"
    shutil.copy(TINY / "babble.wav", audio)
    # Of its 28 words one is another, one is missing, and one is too many.
    said = "Mud, tud tud kib sub lid ded mig mig rif luk tud beb kuk sub tud rid tud buk lab gug nub RED peg lid teg lab mab!"
    words = said.replace("kib", "kid").replace("rif ", "").split()
    audio.with_suffix(".txt").write_text(" ".join([*words[:20], "one", *words[20:]]) + "\n")
    record = room.run("run", suite(room, "figures", audio, {"options": {"timestamps": "0"}}), "-t", "1", "--out", out, *SHORT).expect(0).json()["records"][0]
    check(record["outcome"] == "ok" and record["engine_version"].startswith("1.8.5"), "it ran", record["reasons"])
    check(record["workload"] == "speech" and record["audio_ns"] == 2_000_000_000, "two seconds of speech", record)
    check(record["placement_observed"] == "cpu: 1 of 1 buffers (CPU)" and record["placed_ops_share"] == 1, "where it ran", record)
    check(not any(r["code"] == "not_deterministic" for r in record["reasons"]), "it repeats", record["reasons"])
    for key in ("kv_cache_bytes", "compute_buffer_bytes", "weights_bytes"):
        check(record[key] and record[key] > 0, f"{key} is {record[key]}")
    device = out / "devices" / "local"
    blocks = [line for line in map(json.loads, (device / "journal.jsonl").read_text().splitlines()) if line["type"] == "block"]
    block = next(line for line in blocks if line["pass"] == "timing")
    check(block["samples"]["stride"] == 5 and block["samples"]["count"] == 15, "parts of three inferences", block["samples"])
    raw = (device / "samples.bin").read_bytes()[block["samples"]["offset"] :][: 15 * 8]
    rows = [struct.unpack_from("<5q", raw, 40 * i) for i in range(3)]
    for whole, first, encode, decode, tokens in rows:
        check(0 < encode < first < whole and 0 < decode < whole - first and tokens == 27, "parts lie within the whole", rows)
    whole, first, encode = (statistics.median(row[i] for row in rows) for i in range(3))
    check(record["latency_p50_ns"] == whole, "the latency is the whole", record["latency_p50_ns"])
    check(abs(record["real_time_factor"] - whole / 2e9) < 1e-6, "real-time factor", record["real_time_factor"])
    check((record["time_to_first_token_ns"], record["encode_ns"]) == (first, encode), "first token and encoding", record)
    rate = sum(row[4] for row in rows) * 1e9 / sum(row[3] for row in rows)
    check(abs(record["decode_tokens_per_s"] / rate - 1) < 1e-6, "tokens", record["decode_tokens_per_s"])
    check(block["evidence"]["speech"]["text"].split()[:3] == ["mud", "tud", "tud"], "the text", block["evidence"]["speech"])
    check(abs(record["word_error_rate"] - 3 / 28) < 1e-9, "three words of 28 are wrong", record["word_error_rate"])
    # A report needs neither audio nor transcript any more.
    audio.with_suffix(".txt").unlink()
    again = room.run("report", out, "--format", "json").expect(0).json()["records"][0]
    check(again["word_error_rate"] == record["word_error_rate"], "made again", again["word_error_rate"])
    text = room.run("report", out).expect(0).out
    check("RTF" in text and "word errors" in text, "the table has them", text)


def without(room):
    record = room.run("run", suite(room, "plain", TINY / "babble.wav"), "-t", "2", *SHORT).expect(0).json()["records"][0]
    check(record["word_error_rate"] is None, "no transcript, no rate", record["word_error_rate"])
    check(any("FILE.txt beside FILE.wav" in r["text"] for r in record["reasons"]), "and how to have one", record["reasons"])
    record = room.run("run", suite(room, "noise", None), "--shape", "audio=8000", "--scenario", "offline:2", *SHORT).expect(0).json()["records"][0]
    check(record["throughput_per_s"] > 0 and record["real_time_factor"] is None, "streams have a throughput", record)


def refused(room):
    long = (0, 100, -100, 0) * 4000
    rows = [
        ("rate", wav(room.path / "rate.wav", long, rate=44100), "has 44100 samples a second"),
        ("stereo", wav(room.path / "stereo.wav", long, channels=2), "has 2 channels"),
        ("empty", wav(room.path / "empty.wav", ()), "holds no audio"),
        ("short", wav(room.path / "short.wav", long[:1000]), "input is too short - 60 ms < 100 ms"),
        ("none", TINY / "make_tiny_whisper.py", "is not a WAV file"),
    ]
    cut = room.path / "cut.wav"
    cut.write_bytes((TINY / "babble.wav").read_bytes()[:30000])
    for name, audio, words in [*rows, ("cut", cut, "is cut short")]:
        record = room.run("run", suite(room, name, audio), *SHORT).expect(4).json()["records"][0]
        check(record["outcome"] == "refused" and words in str(record["reasons"]), f"{name}: {words}", record["reasons"])
    room.run("run", suite(room, "nothing", None), *SHORT).expect(2, "--input FILE.wav")
    model = room.path / "model.bin"
    for name, content, words in (
        ("cut", (TINY / "tiny-whisper.bin").read_bytes()[:1_000_000], "is cut short"),
        ("random", bytes(range(256)) * 16, "is no whisper.cpp model"),
    ):
        model.write_bytes(content)
        record = room.run("run", model, "--input", TINY / "babble.wav", *SHORT).expect(4).json()["records"][0]
        check(record["outcome"] == "refused" and words in str(record["reasons"]), f"model: {name}", record["reasons"])
    room.run("run", TINY / "tiny-whisper.bin", "-p", "8").expect(2)


if __name__ == "__main__":
    with Room(fetched_engines=True) as room:
        figures(room)
        without(room)
        refused(room)
        batter(room, "figures")
    finish("whisper.cpp")
