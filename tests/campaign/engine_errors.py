# SPDX-License-Identifier: Apache-2.0
"""What an engine may come to grief over, for each of the real ones: a library that is missing, another one, or wild; models that are cut
short, noise, empty, or another engine's. Each is a result with the engine's words, and the campaign goes on: the good case in it is
measured. Arguments: engines.

    engine_errors.py            all
    engine_errors.py litert     that one
"""

import json
import os
import pathlib
import random
import shutil
import sys

from campaign import SOURCE, TARGET, Room, check, finish

DIGITS = SOURCE / "examples" / "digits" / "models"
SPEECH = SOURCE / "examples" / "tiny-whisper"
LANGUAGE = {"prompt_tokens": [8], "generate_tokens": []}
# Engine -> build, a model that it runs, another engine's model, its library's name, keys of a suite, where its words come from.
ENGINES = {
    "onnxruntime": ("1.27.0", DIGITS / "digits-fp32.onnx", DIGITS / "digits-fp32.tflite", "libonnxruntime.so.9", {}, "ONNX Runtime"),
    "litert": ("2.3.0", DIGITS / "digits-fp32.tflite", DIGITS / "digits-fp32.onnx", "libLiteRt.so", {}, "LiteRT"),
    "openvino": ("2026.4.1", DIGITS / "digits-fp32.onnx", DIGITS / "digits-fp32.tflite", "libopenvino_c.so.9", {}, "OpenVINO"),
    "executorch": ("1.5.1", DIGITS / "digits-fp32.pte", DIGITS / "digits-fp32.onnx", "libexecutorch.so", {}, "ExecuTorch"),
    "llama.cpp": ("0.5.0", SOURCE / "examples/tiny-llm/tiny-f16.gguf", DIGITS / "digits-fp32.onnx", "libllama.so.9", LANGUAGE, "llama.cpp"),
    "whisper.cpp": ("1.8.5", SPEECH / "tiny-whisper.bin", SOURCE / "examples/tiny-llm/tiny-f16.gguf", "libwhisper.so.9", {}, "whisper"),
}
# LiteRT takes a file that begins as it should at its word.
CRASHES = {("litert", "cut"), ("litert", "noise-behind")}
WILD = pathlib.Path(os.environ["ED_WILD_ENGINES"])


def place_of(build):
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    place = pathlib.Path(data) / "edgedyno" / "engines" / build / TARGET
    if place.is_dir():
        return place
    check(not os.environ.get("EDGEDYNO_TESTS_FETCHED"), f"{build} is not in the store, and tests/engines.txt names it")
    print(f"{build}: not here, left out")
    return None


def outcomes(room, name, engine, models, builds, *words):
    """{(variant, build): record} of one short block each."""
    version, _, _, _, keys, _ = ENGINES[engine]
    inputs = {"inputs": {"audio": str(SPEECH / "babble.wav")}} if engine == "whisper.cpp" else {}
    variants = [{"name": variant, "file": str(path)} for variant, path in models.items()]
    room.write(f"{name}.json", {
        "models": [{"name": "m", "variants": variants, **inputs}], "on": [f"{engine}@{build}/cpu" for build in builds],
        "block": {"inferences": 2}, "blocks": 1, "on_invalid": "mark", **keys})  # fmt: skip
    ended = room.run("run", f"{name}.json", "--out", name, "--format", "json", *words)
    if not check(ended.code in (0, 4), f"{name}: status {ended.code}", ended.err):
        return {}
    records = ended.json()["records"]
    cases = json.loads((room.path / name / "campaign.json").read_text())["devices"][0]["cases"]
    return {(case["variant"], case["engine_version"]): record for case, record in zip(cases, records, strict=True)}


def words_of(record):
    return " ".join(reason["text"] for reason in record["reasons"] if reason["key"] == "outcome")


def is_good(record, what):
    check(record and record["outcome"] == "ok" and record["latency_p50_ns"], f"{what}: the good one beside them", record and record["reasons"])


def models(room, engine):
    version, model, other, _, _, name = ENGINES[engine]
    whole, chance = model.read_bytes(), random.Random(7)
    noise = chance.randbytes(5000)
    contents = {
        "cut": whole[: len(whole) // 2],
        "noise": noise,
        "empty": b"",
        # It begins as it should, so that more than its first bytes are read.
        "noise-behind": whole[:64] + noise,
        "other": other.read_bytes(),
    }
    files = {}
    for variant, content in contents.items():
        files[variant] = room.path / f"{engine}-{variant}{model.suffix}"
        files[variant].write_bytes(content)
    found = outcomes(room, f"models-{engine}", engine, {**files, "good": model}, [version])
    for variant in contents:
        record = found.get((variant, version))
        if not check(record is not None, f"{engine}: {variant}: a record"):
            continue
        print(f"{engine}: {variant}: {record['outcome']}: {words_of(record)[:300]}")
        check(record["latency_p50_ns"] is None, f"{engine}: {variant}: no figures", record["latency_p50_ns"])
        if (engine, variant) in CRASHES and record["outcome"] == "crashed":
            check("signal 11" in words_of(record), f"{engine}: {variant}: how it died", words_of(record))
            continue
        check(record["outcome"] == "refused", f"{engine}: {variant}: refused", record["outcome"], words_of(record))
        check(name in words_of(record) or f"{variant}{model.suffix}" in words_of(record), f"{engine}: {variant}: by whom, or what", words_of(record))
    is_good(found.get(("good", version)), engine)


def libraries(room, engine):
    version, model, _, library, _, _ = ENGINES[engine]
    builds = ("exits", "aborts", "loud", "lost")
    for build in builds:
        folder = room.path / f"{engine}-{build}"
        folder.mkdir()
        shutil.copy(WILD / f"wild_{build}.so", folder / library)
        room.run("engines", "add", engine, folder, "--as", build).expect(0)
    found = outcomes(room, f"libraries-{engine}", engine, {"good": model}, [*builds, version])
    for build, outcome, words in (
        ("exits", "crashed", "exit"),
        ("aborts", "crashed", "signal 6"),
        ("loud", "refused", ""),
        ("lost", "refused", "libedgedyno-lost.so"),
    ):
        record = found.get(("good", build))
        if not check(record is not None, f"{engine}: {build}: a record"):
            continue
        print(f"{engine}: {build}: {record['outcome']}: {words_of(record)[:300]}")
        check(record["outcome"] == outcome and words in words_of(record), f"{engine}: {build}: {outcome}, {words!r}", record["outcome"], words_of(record))
    is_good(found.get(("good", version)), engine)
    # A survey meets the same libraries: each is a row with the reason, and the good one is asked as ever.
    rows = {row["id"]: row for row in room.run("engines", "--format", "json").json()["engines"]}
    for build in builds:
        row = rows.get(f"{engine}@{build}", {})
        check(row and not row["surveyed"] and row["reason"], f"{engine}@{build}: why it offers nothing", row)
    check(rows[f"{engine}@{version}"]["surveyed"], f"{engine}: the good one is surveyed", rows[f"{engine}@{version}"])


def loud_and_good(room, real):
    """An engine that works, writes to standard output, and leaves threads and memory behind."""
    folder = room.path / "loud-and-good"
    folder.mkdir()
    shutil.copy(WILD / "wild_loud.so", folder / "libonnxruntime.so.9")
    shutil.copy(real / "libonnxruntime.so.1.27.0", folder / "libreal.so")
    room.run("engines", "add", "onnxruntime", folder, "--as", "noisy").expect(0)
    record = outcomes(room, "noisy", "onnxruntime", {"good": DIGITS / "digits-fp32.onnx"}, ["noisy"]).get(("good", "noisy"))
    is_good(record, "an engine that writes to standard output")
    rows = {row["id"]: row for row in room.run("engines", "--format", "json").json()["engines"]}
    check(rows["onnxruntime@noisy"]["surveyed"], "its survey is read", rows["onnxruntime@noisy"])


def main():
    for engine in sys.argv[1:] or ENGINES:
        real = place_of(f"{engine}@{ENGINES[engine][0]}")
        if not real:
            continue
        with Room() as room:
            room.quiet()
            own = room.path / "data/edgedyno/engines" / f"{engine}@{ENGINES[engine][0]}"
            own.mkdir(parents=True)
            (own / TARGET).symlink_to(real)
            models(room, engine)
            libraries(room, engine)
            if engine == "onnxruntime":
                loud_and_good(room, real)
    finish("engine_errors")


main()
