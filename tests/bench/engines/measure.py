# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmark of engines and shows it as tables; tests/bench/engines/run.sh calls it with the right Python."""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import costs
import models
import page
import program
import table
import tools as engine_tools

ADAPTER_MODELS = {
    "onnxruntime": "examples/digits/models/digits-fp32.onnx",
    "litert": "examples/digits/models/digits-fp32.tflite",
    "openvino": "examples/digits/models/digits-fp32.onnx",
    "executorch": "examples/digits/models/digits-fp32.pte",
    "llama.cpp": "examples/tiny-llm/tiny-f16.gguf",
    "whisper.cpp": "examples/tiny-whisper/tiny-whisper.bin",
}
ADAPTER_PAIRS, QUICK_PAIRS = 20000, 500


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def adapter_cost(tools, build, name, quick):
    """Of one engine, in a process of its own; where its files are is told by a campaign."""
    say(f"{name}: adapter against a bare call")
    model = tools.root / ADAPTER_MODELS[name]
    keys = {"prompt_tokens": [4], "generate_tokens": [0]} if name == "llama.cpp" else {}
    inputs = {"audio": str(model.parent / "babble.wav")} if name == "whisper.cpp" else {}
    suite = tools.edgedyno.suite(
        models=[{"name": "m", "variants": [{"name": "v", "file": str(model)}], "inputs": inputs}],
        on=[f"{name}/cpu"], blocks=1, on_invalid="mark", block={"inferences": 5}, **keys,
    )  # fmt: skip
    campaign, _ = tools.edgedyno.run([suite], statuses=(0, 5))
    (engine,) = program.job(campaign)["engines"]
    argv = [build / "tests/adapter_cost", name, engine["adapter"]["path"], engine["library"], engine["directory"], model]
    environment = tools.edgedyno.environment | dict(pair.split("=", 1) for pair in engine["environment"])
    out = engine_tools.bound([*argv, QUICK_PAIRS if quick else ADAPTER_PAIRS], tools.cpu, tools.folder, environment)
    return {"engine": name, "model": model.name} | json.loads(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--room", type=Path, required=True)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default=",".join(engine_tools.ENGINES))
    args = parser.parse_args()
    only = args.only.split(",")
    if not 6 <= args.pairs <= 100:
        parser.error("--pairs is 6 to 100: an interval needs 6")
    if set(only) - set(engine_tools.ENGINES):
        parser.error(f"--only is a list of {', '.join(engine_tools.ENGINES)}")
    cpu = max(os.sched_getaffinity(0))
    passes = 2 if args.quick else args.pairs
    edgedyno = program.Program(args.build, args.room)
    try:
        tools = engine_tools.Tools(edgedyno, args.room, args.root, models.make(args.room / "models", args.root), cpu, args.quick)
        results = {"cpu": cpu, "pairs": passes, "load_before": os.getloadavg()[0]}
        results["machine"] = costs.floor(edgedyno, cpu, True)["machine"]
        results["contests"] = engine_tools.measure(tools, only, passes, say)
        results["adapters"] = [adapter_cost(tools, args.build, name, args.quick) for name in only]
    finally:
        edgedyno.close()
    (args.room / "results.json").write_text(json.dumps(results, indent=1, default=dataclasses.asdict) + "\n")
    text = table.tables(results)
    print(text, end="")
    if not args.quick and only == list(engine_tools.ENGINES):
        page.write(args.root / "docs" / "benchmarks.md", text, table.BEGIN, table.END)


if __name__ == "__main__":
    main()
