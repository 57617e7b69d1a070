# SPDX-License-Identifier: Apache-2.0
"""Is edgedyno's median what a bare loop measures? And what the engine's own Python binding measures?"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pairs
import program

BAND = 0.005  # edgedyno against the bare loop


@dataclass(frozen=True)
class Model:
    name: str
    file: object
    input: object
    inferences: int  # of every arm's timed part


def models(root, room, quick):
    digits = room / "models" / "digits.npy"
    if not digits.exists():
        import numpy as np

        np.save(digits, np.load(root / "examples/digits/data/test_images.npy")[:1])
    return [
        Model("digits-fp32", root / "examples/digits/models/digits-fp32.onnx", digits, 500 if quick else 5000),
        Model("conv-100us", room / "models/conv-100us.onnx", room / "models/conv-100us.npy", 500 if quick else 5000),
        Model("conv-10ms", room / "models/conv-10ms.onnx", room / "models/conv-10ms.npy", 20 if quick else 100),
    ]


class Arms:
    """One function an arm; each runs a fresh process on CPU `cpu` and gives the median of its inferences in ns."""

    def __init__(self, edgedyno, bare, here, model, cpu):
        self.edgedyno, self.bare_program, self.here, self.model, self.cpu = edgedyno, bare, here, model, cpu
        self.samples = edgedyno.new("samples")
        self.suite = edgedyno.suite(
            models=[
                {
                    "name": model.name,
                    "variants": [{"name": "fp32", "file": str(model.file)}],
                    "inputs": {"image": str(model.input)},
                }
            ],
            on=["onnxruntime/cpu"],
            threads=[1],
            blocks=1,
            pin=str(cpu),
            block={"inferences": model.inferences},
        )
        self.library = None

    def measured(self):
        campaign, out = self.edgedyno.run([self.suite, "--format", "json"])
        (record,) = json.loads(out)["records"]
        (line,) = program.blocks(campaign)
        samples = program.block_samples(campaign, line)
        (engine,) = program.job(campaign)["engines"]
        self.library = engine["library"]
        if len(samples) != self.model.inferences or record["latency_p50_ns"] != pairs.nearest_rank(samples, 0.5):
            sys.exit(f"edgedyno reports a median of {record['latency_p50_ns']} ns, its samples have another")
        return record["latency_p50_ns"]

    def timed(self, argv):
        def bind():
            os.sched_setaffinity(0, {self.cpu})

        done = subprocess.run(argv, preexec_fn=bind, env=self.edgedyno.environment | {"ORT_DISABLE_TELEMETRY": "1"},
                              capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{argv[0]} ended with {done.returncode}: {done.stderr}")
        samples = program.read_samples(self.samples)
        if len(samples) != self.model.inferences or min(samples) <= 0:
            sys.exit(f"{argv[0]} wrote {len(samples)} samples, the least of them {min(samples)} ns")
        return pairs.nearest_rank(samples, 0.5)

    def bare(self):
        m = self.model
        return self.timed([self.bare_program, self.library, m.file, m.input, str(m.inferences), self.samples])

    def python(self):
        m = self.model
        return self.timed([sys.executable, "-B", self.here / "python_ort.py", m.file, m.input, str(m.inferences), self.samples])


def measure(edgedyno, bare, here, model, cpu, passes):
    """{"model", "inferences", "medians_ns": {arm: [..]}, "ratios": {arm: Ratio against the bare loop}}."""
    arms = Arms(edgedyno, bare, here, model, cpu)
    arms.measured()  # the library's path, and warm caches
    figures = pairs.alternate(
        {"bare": arms.bare, "edgedyno": arms.measured, "python": arms.python, "bare again": arms.bare}, passes
    )
    return {
        "model": model.name,
        "inferences": model.inferences,
        "medians_ns": figures,
        "ratios": {name: pairs.ratio(figures[name], figures["bare"]) for name in figures if name != "bare"},
    }
