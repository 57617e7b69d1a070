# SPDX-License-Identifier: Apache-2.0
"""The engines' own programs and edgedyno on the same model, thread and CPU: each call is one fresh process and gives one figure.

A figure is a time in ns, the smaller the better, or tokens a second.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pairs
import program


@dataclass(frozen=True)
class Contest:
    name: str  # of the engine
    what: str  # model and work
    tool: str
    unit: str  # "ns" or "tokens/s"
    ours: object  # functions without arguments
    theirs: object


def bound(argv, cpu, folder, environment=None):
    """Standard output of a program on CPU `cpu`."""

    def bind():
        os.sched_setaffinity(0, {cpu})

    argv = [str(word) for word in argv]
    done = subprocess.run(
        argv, preexec_fn=bind, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{argv[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


class Tools:
    def __init__(self, edgedyno, room, root, models, cpu, quick):
        self.edgedyno, self.room, self.root, self.models, self.cpu = edgedyno, room, root, models, cpu
        self.quick = quick
        self.folder = edgedyno.new("tools")
        self.folder.mkdir()

    def scripts(self, name):
        """A program that a Python package brought."""
        return Path(sys.executable).parent / name

    def record(self, engine, model, inferences, inputs=None, **keys):
        suite = self.edgedyno.suite(
            models=[{"name": "m", "variants": [{"name": "v", "file": str(model)}], "inputs": inputs or {}}],
            on=[f"{engine}/cpu"],
            threads=[1],
            blocks=1,
            pin=str(self.cpu),
            on_invalid="mark",
            block={"inferences": inferences},
            **keys,
        )
        campaign, out = self.edgedyno.run([suite, "--format", "json"], statuses=(0, 5))
        (record,) = json.loads(out)["records"]
        program.blocks(campaign)
        return record

    # ---- ONNX Runtime: its Python binding

    def onnxruntime(self):
        digits = self.root / "examples/digits/models/digits-fp32.onnx"
        for what, model, image, name, n in (
            ("digits-fp32.onnx, 0.1 ms", digits, "digits.npy", "image", 3000),
            ("conv.onnx", self.models["conv.onnx"], "conv.npy", "x", 100),
        ):
            yield self.ort_contest(what, model, self.models[image], name, 50 if self.quick else n)

    def ort_contest(self, what, model, image, name, n):
        def ours():
            return self.record("onnxruntime", model, n, {name: str(image)})["latency_p50_ns"]

        def theirs():
            samples = self.folder / "samples"
            script = self.root / "tests/bench/python_ort.py"
            environment = self.edgedyno.environment | {"ORT_DISABLE_TELEMETRY": "1"}
            bound([sys.executable, "-B", script, model, image, n, samples], self.cpu, self.folder, environment)
            return pairs.nearest_rank(program.read_samples(samples), 0.5)

        return Contest("onnxruntime", what, "Python binding, perf_counter_ns around session.run", "ns", ours, theirs)

    # ---- LiteRT: litert-benchmark of its package

    def litert(self):
        n = 20 if self.quick else 100

        def theirs():
            result = self.folder / "litert.json"
            bound(
                [self.scripts("litert-benchmark"), "--model", self.models["conv.tflite"], "--num_threads", 1, "--warmup_runs",
                 20, "--num_runs", n, "--result_json", result],
                self.cpu, self.folder,
            )  # fmt: skip
            return json.loads(result.read_text())["latency"]["median_ms"] * 1e6

        def ours():
            return self.record("litert", self.models["conv.tflite"], n)["latency_p50_ns"]

        yield Contest("litert", "conv.tflite", "litert-benchmark", "ns", ours, theirs)

    # ---- OpenVINO: benchmark_app of its package

    def openvino(self):
        n = 20 if self.quick else 100

        def theirs():
            out = bound(
                [self.scripts("benchmark_app"), "-m", self.models["conv.onnx"], "-d", "CPU", "-hint", "none", "-nstreams", 1,
                 "-nthreads", 1, "-api", "sync", "-infer_precision", "f32", "-niter", n],
                self.cpu, self.folder,
            )  # fmt: skip
            number, unit = re.search(r"Median:\s+([0-9.]+) (us|ms)", out).groups()
            return float(number) * {"us": 1e3, "ms": 1e6}[unit]

        def ours():
            return self.record("openvino", self.models["conv.onnx"], n)["latency_p50_ns"]

        yield Contest("openvino", "conv.onnx, f32", "benchmark_app", "ns", ours, theirs)

    # ---- ExecuTorch: a loop over its Module in C++, built beside

    def executorch(self):
        for name in ("digits-fp32.pte", "digits-int8.pte"):
            yield self.executorch_contest(self.root / "examples/digits/models" / name)

    def executorch_contest(self, model):
        n = 50 if self.quick else 1000

        def theirs():
            return float(bound([self.room / "executorch/executorch_loop", model, n], self.cpu, self.folder))

        def ours():
            return self.record("executorch", model, n)["latency_p50_ns"]

        return Contest("executorch", f"{model.name}, XNNPACK", "C++ loop over Module::forward", "ns", ours, theirs)

    # ---- llama.cpp: llama-bench, built beside from the source of the same package

    def llama(self):
        repeats = 3 if self.quick else 6
        for what, prompt, generate, key in (
            ("llm.gguf, prompt of 128", 128, 0, "prefill_tokens_per_s"),
            ("llm.gguf, 32 tokens generated", 0, 32, "decode_tokens_per_s"),
        ):
            yield self.llama_contest(what, prompt, generate, key, repeats)

    def llama_contest(self, what, prompt, generate, key, repeats):
        def theirs():
            out = bound(
                [self.room / "llama/llama-bench", "-m", self.models["llm.gguf"], "-p", prompt, "-n", generate, "-t", 1, "-ngl", 0,
                 "-r", repeats, "-o", "json"],
                self.cpu, self.room / "llama",
            )  # fmt: skip
            (found,) = json.loads(out)
            return median(found["samples_ts"])

        def ours():
            record = self.record(
                "llama.cpp", self.models["llm.gguf"], repeats,
                prompt_tokens=[prompt] if prompt else [0], generate_tokens=[generate] if generate else [0],
            )  # fmt: skip
            return record[key]

        return Contest("llama.cpp", what, "llama-bench", "tokens/s", ours, theirs)

    # ---- whisper.cpp: its package has no program; the table of adapters has the bare call

    def whisper(self):
        return ()


ENGINES = {
    "onnxruntime": Tools.onnxruntime,
    "litert": Tools.litert,
    "openvino": Tools.openvino,
    "executorch": Tools.executorch,
    "llama.cpp": Tools.llama,
    "whisper.cpp": Tools.whisper,
}


def measure(tools, engines, passes, say):
    """[{"engine", "what", "tool", "unit", "figures": {arm: [..]}, "ratios": {arm: Ratio against the tool}}]."""
    results = []
    for name in engines:
        for contest in ENGINES[name](tools):
            say(f"{contest.name}: {contest.what}, {contest.tool}")
            contest.ours(), contest.theirs()  # warm caches
            arms = {"tool": contest.theirs, "edgedyno": contest.ours, "tool again": contest.theirs}
            figures = pairs.alternate(arms, passes)
            results.append(
                {
                    "engine": contest.name,
                    "what": contest.what,
                    "tool": contest.tool,
                    "unit": contest.unit,
                    "figures": figures,
                    "ratios": {arm: pairs.ratio(figures[arm], figures["tool"]) for arm in ("edgedyno", "tool again")},
                }
            )
    return results
