# SPDX-License-Identifier: Apache-2.0
"""More threads than processors, of the real engines: told in the same words whichever it is, in every format. OpenVINO takes fewer than it is
asked for, and is refused for that. Arguments: engines.

    threads.py            all
    threads.py litert     that one
"""

import os
import pathlib
import sys

from campaign import SOURCE, TARGET, Room, check, finish

DIGITS = SOURCE / "examples" / "digits" / "models"
SPEECH = SOURCE / "examples" / "tiny-whisper"
# Engine -> build, model, keys of a suite and of its model.
ENGINES = {
    "onnxruntime": ("1.27.0", DIGITS / "digits-fp32.onnx", {}, {}),
    "litert": ("2.3.0", DIGITS / "digits-fp32.tflite", {}, {}),
    "openvino": ("2026.4.1", DIGITS / "digits-fp32.onnx", {}, {}),
    "executorch": ("1.5.1", DIGITS / "digits-fp32.pte", {}, {}),
    "llama.cpp": ("0.5.0", SOURCE / "examples/tiny-llm/tiny-f16.gguf", {"prompt_tokens": [8], "generate_tokens": []}, {}),
    "whisper.cpp": ("1.8.5", SPEECH / "tiny-whisper.bin", {}, {"inputs": {"audio": str(SPEECH / "babble.wav")}}),
}
REFUSES = {"openvino"}


def told(record):
    return [reason for reason in record["reasons"] if reason["code"] == "more_than_cpus"]


def records(room, engine, name, threads, *flags):
    """{threads: record} of one short block each."""
    version, model, keys, own = ENGINES[engine]
    room.write(f"{name}.json", {
        "models": [{"name": "m", "variants": [{"name": "v", "file": str(model)}], **own}], "on": [f"{engine}@{version}/cpu"],
        "threads": threads, "block": {"inferences": 2}, "blocks": 1, "on_invalid": "mark", **keys})  # fmt: skip
    ended = room.run("run", f"{name}.json", *flags, "--out", name, "--format", "json", patience_s=900)  # beside other load it waits long for a turn
    return ended, {record["threads"]: record for record in ended.json()["records"]}


def refused(ended, record, asked, engine):
    check(ended.code == 4 and record["outcome"] == "refused", f"{engine}: refused", ended.code, record["reasons"])
    check(any(f"{asked} threads were asked for" in reason["text"] for reason in record["reasons"]), f"{engine}: why", record["reasons"])
    check(record["latency_p50_ns"] is None, f"{engine}: no figure", record["latency_p50_ns"])


def beyond(room, engine):
    """One more than there are; all that there are; and two on one processor."""
    there = os.sched_getaffinity(0)
    n, one = len(there), min(there)
    ended, found = records(room, engine, f"{engine}-all", [n, n + 1])
    check(not told(found[n]), f"{engine}: as many as there are are no matter", found[n]["reasons"])
    pinned_ended, pinned = records(room, engine, f"{engine}-pin", [2], "--pin", str(one))
    if engine in REFUSES:
        refused(ended, found[n + 1], n + 1, engine)
        refused(pinned_ended, pinned[2], 2, engine)
        return
    ended.expect(0)
    pinned_ended.expect(0)
    for record, asked, may in ((found[n + 1], n + 1, n), (pinned[2], 2, 1)):
        words = f"{asked} asked for, {may} processor{'s' if may > 1 else ''} that the worker may run on"
        reasons = told(record)
        if check(len(reasons) == 1, f"{engine}: {words}: told", record["reasons"]):
            check(reasons[0]["key"] == "threads" and words in reasons[0]["text"], f"{engine}: in these words", reasons)
        check(record["latency_p50_ns"], f"{engine}: the figure of what was asked for is there", record)
    for form in ("table", "html", "markdown", "csv"):
        shown = room.run("report", f"{engine}-pin", "--format", form, "--export", f"{form}={room.path / 'shown'}", "-q").expect(0)
        text = (room.path / "shown").read_text()
        check("2 asked for, 1 processor that the worker may run on" in " ".join(text.split()), f"{engine}: in {form}", text[-2000:], shown.err)


def main():
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    for engine in sys.argv[1:] or ENGINES:
        build = f"{engine}@{ENGINES[engine][0]}"
        if not (pathlib.Path(data) / "edgedyno" / "engines" / build / TARGET).is_dir():
            check(not os.environ.get("EDGEDYNO_TESTS_FETCHED"), f"{build} is not in the store, and tests/engines.txt names it")
            print(f"{build}: not here, left out")
            continue
        with Room(fetched_engines=True) as room:
            room.quiet()
            beyond(room, engine)
    finish("threads")


main()
