# SPDX-License-Identifier: Apache-2.0
"""Real engines on emulated Arm devices: their answers are those of the controller's own machine, within tolerances that
are stated here, and no time of theirs is taken for speed. The arm64 devices have no C library, so that runner and engine use
the pack's. Arguments: tests by name."""

import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

from campaigns import SOURCE, Controller
from checks import check, equal, need_root, new_rig, run_all, skip
from test_campaign import pack

sys.path.insert(0, str(SOURCE / "tests/accuracy"))

from tensors import write_npy  # noqa: E402
from test_accuracy import read_npy  # noqa: E402

DIGITS = SOURCE / "examples/digits"
TINY = SOURCE / "examples/tiny-llm/tiny-f16.gguf"
SPEECH = SOURCE / "examples/tiny-whisper"
IMAGES = 100
# Largest difference of an output between the two processors, and its mean. float: sums in another order. int8: one step of
# the quantized logits, which OpenVINO on Arm is lower in nearly all of them. Tokens: -ln p; both round activations to 16 bits.
FLOAT, INT8, TOKENS = (1e-5, 2e-6), (0.0405, 0.0405), (0.05, 0.01)
TEXT = "the sinister mountain air had a rare scent that the men and the hound disdained; " * 14


def fetched_engine(controller, build, target):
    """Into the controller's own store; skips where it is not in the user's, and fails where it was to be fetched."""
    data = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share") / "edgedyno/engines"
    if not (data / build / target).is_dir():
        words = f"{build} for {target} is not here: edgedyno engines fetch {build} --target {target}"
        if os.environ.get("EDGEDYNO_TESTS_FETCHED"):
            raise AssertionError(words)
        skip(words)
    own = pathlib.Path(controller.rig.environment()["XDG_DATA_HOME"]) / "edgedyno/engines" / build
    own.mkdir(parents=True, exist_ok=True)
    (own / target).symlink_to(data / build / target)


def made_engine(controller, build, target):
    """Built from source, where it is not yet, and added."""
    engine, _, version = build.partition("@")
    said = controller.run("engines", "fetch", build, "--target", target, code=2).stderr
    check("deps/engine-llama.sh" in said and "engines add" in said, "fetch says which script makes it", said)
    subprocess.run([SOURCE / "deps/engine-llama.sh", target], check=True)
    place = SOURCE / "build/deps/engines" / engine / target
    controller.run("engines", "add", engine, place, "--as", version, "--target", target)


def digits_suite(controller, engine, variants):
    """The example's net with its first images; one short block a case."""
    folder = controller.folder
    for name in ("test_images", "test_labels"):
        element, shape, values = read_npy(DIGITS / f"data/{name}.npy")
        row = math.prod(shape[1:])
        dtype = {"f": "<f4", "q": "<i8"}[element]
        write_npy(folder / f"{name}.npy", dtype, (IMAGES, *shape[1:]), values[: IMAGES * row])
    listed = [{"name": name, "files": [str(DIGITS / "models" / file) for file in files]} for name, files in variants]
    task = {"name": "held-out", "data": "test_images.npy", "labels": "test_labels.npy", "metric": "top-1"}
    return controller.write(
        "suite.json",
        {
            "name": "digits",
            "models": [{"name": "digits", "variants": listed, "tasks": [task]}],
            "on": [engine],
            "block": {"inferences": 5},
            "blocks": 1,
            "on_invalid": "mark",
        },
    )


def tiny_suite(controller, engine):
    controller.write("text.txt", TEXT)
    task = {"name": "text", "data": "text.txt", "metric": "perplexity"}
    return controller.write(
        "suite.json",
        {
            "name": "tiny",
            "models": [{"name": "tiny", "variants": [{"name": "f16", "file": str(TINY)}], "tasks": [task]}],
            "on": [engine],
            "prompt_tokens": [16],
            "generate_tokens": [4],
            "block": {"inferences": 2},
            "blocks": 1,
            "on_invalid": "mark",
        },
    )


def speech_suite(controller, engine):
    """Two seconds of speech, all of what the model says of them, and a transcript in which three words of 28 are others."""
    shutil.copy(SPEECH / "babble.wav", controller.folder / "speech.wav")
    controller.write("speech.txt", "mud, tud tud kib sub lid ded mig mig rif luk tud beb kuk sub tud rid tud buk lab")
    return controller.write(
        "suite.json",
        {
            "name": "speech",
            "models": [{"name": "tiny", "variants": [{"name": "f16", "file": str(SPEECH / "tiny-whisper.bin")}],
                        "inputs": {"audio": "speech.wav"}}],
            "on": [engine],
            "options": {"timestamps": "0"},
            "block": {"inferences": 1},
            "blocks": 1,
            "on_invalid": "mark",
        },
    )  # fmt: skip


def timing_evidence(campaign, device):
    """Of the only timing block."""
    lines = map(json.loads, (campaign / f"devices/{device}/journal.jsonl").read_text(encoding="utf-8").splitlines())
    (found,) = (line["evidence"] for line in lines if line["type"] == "block" and line["pass"] == "timing")
    return found


def compare_speech(controller):
    """The same tokens and the same words; their probabilities are sums in another order."""
    campaign = controller.folder / "out"
    local, emulated = timing_evidence(campaign, "local"), timing_evidence(campaign, "pi")
    check(len(local["speech"]["text"].split()) > 20, "words were said", local["speech"])
    equal(emulated["speech"]["text"], local["speech"]["text"], "the same words")
    here, there = ({one["name"]: one for one in evidence["outputs"]} for evidence in (local, emulated))
    equal(there["tokens"], here["tokens"], "the same tokens")
    equal(there["probabilities"]["shape"], here["probabilities"]["shape"], "a probability of each")
    rates = {record["device"]: record["word_error_rate"] for record in controller.records("out")}
    check(rates["local"] is not None and 0 < rates["local"] < 1, "words are wrong here", rates)
    equal(rates["pi"], rates["local"], "and the same there")


def outputs(campaign, device):
    """(model, variant) -> (shape, values) of the accuracy blocks."""
    planned = json.loads((campaign / "campaign.json").read_text(encoding="utf-8"))
    cases = next(one["cases"] for one in planned["devices"] if one["id"] == device)
    names = {case["id"]: (case["model"], case["variant"]) for case in cases}
    found = {}
    for line in (campaign / f"devices/{device}/journal.jsonl").read_text(encoding="utf-8").splitlines():
        line = json.loads(line)
        if line["type"] == "block" and line["pass"] == "accuracy" and line["outcome"] == "ok":
            (name,) = line["evidence"]["output_files"]
            found[names[line["case"]]] = read_npy(campaign / f"devices/{device}/outputs/{name}")[1:]
    return found


def compare(controller, tolerances):
    """What the device answered against what this machine did."""
    campaign = controller.folder / "out"
    local, emulated = outputs(campaign, "local"), outputs(campaign, "pi")
    equal(set(local), set(tolerances), "every variant was judged here")
    equal(set(emulated), set(tolerances), "and on the device")
    for key in set(local) & set(emulated):
        (shape, wanted), (device_shape, got) = local[key], emulated[key]
        equal(device_shape, shape, f"{key}: shape")
        most = max(abs(a - b) for a, b in zip(got, wanted, strict=True))
        mean = sum(abs(a - b) for a, b in zip(got, wanted, strict=True)) / len(wanted)
        print(f"{key}: {len(wanted)} values, at most {most:.3g} off, {mean:.3g} in the mean")
        check(most <= tolerances[key][0] and mean <= tolerances[key][1], f"{key}: the answers differ", most, mean)
        check(any(wanted), f"{key}: not all zero")


def check_records(controller, target):
    records = controller.records("out")
    for record in records:
        if record["device"] != "pi":
            check(not record["simulated"], "this machine is not simulated")
            continue
        equal(record["target"], target, "target")
        equal(record["outcome"], "ok", f"{record['engine']}: {record['reasons'][:2]}")
        equal(record["placed_ops_share"], 1, "all on the CPU")
        equal(record["simulated"], True, f"{record['engine']}: emulated")
        codes = {reason["code"] for reason in record["reasons"]}
        check("invalid_emulator" in codes, "its times are void", codes)
    check(any(record["device"] == "pi" for record in records), "the device has records")


def run(kind, target, build, suite, judge, bring=fetched_engine):
    """One engine on this machine and on a device of the kind, in one campaign. `judge`: tolerances, or what compares the two."""
    if pack(target) is None:
        skip(f"this build has no runner for {target}")
    with new_rig() as rig:
        rig.up(f"pi:{kind}")
        controller = Controller(rig)
        fetched_engine(controller, build, "linux-x86_64")
        bring(controller, build, target)
        suite(controller)
        done = controller.run("run", "-d", "local,pi", "--out", "out", "suite.json", code=(0, 3, 5))
        check("simulated: times are not speed" in done.stdout, "the table says so", done.stdout)
        controller.check_whole("out", ["local", "pi"])
        if callable(judge):
            judge(controller)
        else:
            compare(controller, judge)
        check_records(controller, target)


def openvino(variants, tolerances):
    run("pi64user,libc=none,sys=none", "linux-aarch64", "openvino@2026.4.1",
        lambda controller: digits_suite(controller, "openvino@2026.4.1/cpu", variants), tolerances)  # fmt: skip


def openvino_arm64():
    openvino([("onnx", ["digits-fp32.onnx"])], {("digits", "onnx"): FLOAT})


def openvino_arm64_rest():
    openvino([("onnx-int8", ["digits-int8.onnx"]), ("ir", ["digits-fp32.xml", "digits-fp32.bin"]), ("tflite", ["digits-fp32.tflite"])],
             {("digits", "onnx-int8"): INT8, ("digits", "ir"): FLOAT, ("digits", "tflite"): FLOAT})  # fmt: skip


def litert_arm64():
    run("pi64user,libc=none,sys=none", "linux-aarch64", "litert@2.3.0",
        lambda controller: digits_suite(controller, "litert@2.3.0/cpu", (
            ("fp32", ["digits-fp32.tflite"]), ("int8", ["digits-int8.tflite"]))),
        {("digits", "fp32"): FLOAT, ("digits", "int8"): INT8})  # fmt: skip


def executorch(variants, tolerances):
    run("pi64user,libc=none,sys=none", "linux-aarch64", "executorch@1.5.1",
        lambda controller: digits_suite(controller, "executorch@1.5.1/cpu", variants), tolerances)  # fmt: skip


def executorch_arm64():
    """XNNPACK's kernels and its own, by classes of C++ that a C program calls."""
    executorch([("fp32", ["digits-fp32.pte"]), ("kernels", ["digits-fp32-kernels.pte"])],
               {("digits", "fp32"): FLOAT, ("digits", "kernels"): FLOAT})  # fmt: skip


def executorch_arm64_rest():
    executorch([("int8", ["digits-int8.pte"])], {("digits", "int8"): INT8})


def llama_arm64():
    run("pi64user,libc=none,sys=none", "linux-aarch64", "llama.cpp@0.5.0",
        lambda controller: tiny_suite(controller, "llama.cpp@0.5.0/cpu"), {("tiny", "f16"): TOKENS})  # fmt: skip


def llama_armv7():
    """A build from source (deps/engine-llama.sh), taken by `engines add`."""
    run("pi32", "linux-armv7", "llama.cpp@0.5.0",
        lambda controller: tiny_suite(controller, "llama.cpp@0.5.0/cpu"), {("tiny", "f16"): TOKENS}, made_engine)  # fmt: skip


def whisper_arm64():
    run("pi64user,libc=none,sys=none", "linux-aarch64", "whisper.cpp@1.8.5",
        lambda controller: speech_suite(controller, "whisper.cpp@1.8.5/cpu"), compare_speech)  # fmt: skip


TESTS = (litert_arm64, openvino_arm64, openvino_arm64_rest, executorch_arm64, executorch_arm64_rest, llama_arm64, llama_armv7,
         whisper_arm64)  # fmt: skip

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
