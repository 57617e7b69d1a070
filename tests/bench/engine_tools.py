# SPDX-License-Identifier: Apache-2.0
"""edgedyno beside an engine's own benchmark program: OpenVINO's benchmark_app and LiteRT's litert-benchmark.

    engine_tools.py BUILD_DIR [--pairs N] [--engine openvino|litert]

The same .tflite model, one thread, the same CPU, in turn (A B, B A, ...); the ratio of the medians with its interval over pairs.
Needs the engines (`edgedyno engines fetch litert`, `... openvino`) and a Python with examples/digits/make/requirements-engines.txt,
whose versions are those of engines.json:

    python3.11 -m venv build/bench/engines
    build/bench/engines/bin/pip install --require-hashes -r examples/digits/make/requirements-engines.txt
    build/bench/engines/bin/python tests/bench/engine_tools.py build/release --pairs 12

litert-benchmark prints hundredths of a millisecond, so the model is one of several milliseconds.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import flatbuffers
import numpy as np
import pairs
import program
from ai_edge_litert import schema_py_generated as schema

SIDE, CHANNELS, LAYERS = 64, 32, 4
INFERENCES = 200


def tensor(name, shape, buffer=0):
    made = schema.TensorT()
    made.name, made.shape, made.type, made.buffer = name, shape, schema.TensorType.FLOAT32, buffer
    return made


def convolution(inputs, output):
    options = schema.Conv2DOptionsT()
    options.padding, options.strideW, options.strideH = schema.Padding.SAME, 1, 1
    options.dilationWFactor = options.dilationHFactor = 1
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    made = schema.OperatorT()
    made.opcodeIndex, made.inputs, made.outputs = 0, inputs, [output]
    made.builtinOptionsType, made.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
    return made


def write_model(path):
    """LAYERS 3x3 convolutions with ReLU on [1,SIDE,SIDE,CHANNELS], weights from a seed."""
    rng = np.random.default_rng(5)
    model, graph, code, buffers = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT(), [schema.BufferT()]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 1
    shape = [1, SIDE, SIDE, CHANNELS]
    tensors, operators, last = [tensor("x", shape)], [], 0
    for i in range(LAYERS):
        weights = rng.normal(0, np.sqrt(2 / (9 * CHANNELS)), (CHANNELS, 3, 3, CHANNELS)).astype(np.float32)
        for name, values in (("w", weights), ("b", np.zeros(CHANNELS, np.float32))):
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            buffers.append(buffer)
            tensors.append(tensor(f"{name}{i}", list(values.shape), len(buffers) - 1))
        tensors.append(tensor(f"y{i}", shape))
        operators.append(convolution([last, len(tensors) - 3, len(tensors) - 2], len(tensors) - 1))
        last = len(tensors) - 1
    graph.name, graph.tensors, graph.operators, graph.inputs, graph.outputs = "main", tensors, operators, [0], [last]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    model.description = "edgedyno"
    b = flatbuffers.Builder(1 << 20)
    b.Finish(model.Pack(b), b"TFL3")
    path.write_bytes(bytes(b.Output()))


class Arms:
    """Each function runs a fresh process on CPU `cpu` and gives the median of its inferences in ns."""

    def __init__(self, edgedyno, engine, model, cpu, room):
        self.edgedyno, self.engine, self.model, self.cpu, self.room = edgedyno, engine, model, cpu, room
        self.suite = edgedyno.suite(
            models=[{"name": "conv", "variants": [{"name": "fp32", "file": str(model)}]}],
            on=[f"{engine}/cpu"],
            threads=[1],
            blocks=1,
            pin=str(cpu),
            block={"inferences": INFERENCES},
        )

    def measured(self):
        _, out = self.edgedyno.run([self.suite, "--format", "json"])
        (record,) = json.loads(out)["records"]
        return record["latency_p50_ns"]

    def tool(self, argv):
        def bind():
            os.sched_setaffinity(0, {self.cpu})

        argv = [str(Path(sys.executable).parent / argv[0]), *map(str, argv[1:])]
        done = subprocess.run(argv, preexec_fn=bind, cwd=self.room, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{argv[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout

    def openvino(self):
        out = self.tool(
            ["benchmark_app", "-m", self.model, "-d", "CPU", "-hint", "none", "-nstreams", 1, "-nthreads", 1,
             "-api", "sync", "-infer_precision", "f32", "-niter", INFERENCES]
        )  # fmt: skip
        number, unit = re.search(r"Median:\s+([0-9.]+) (us|ms)", out).groups()
        return float(number) * {"us": 1e3, "ms": 1e6}[unit]

    def litert(self):
        result = self.room / "litert.json"
        self.tool(
            ["litert-benchmark", "--model", self.model, "--num_threads", 1, "--warmup_runs", 20, "--num_runs", INFERENCES,
             "--result_json", result]
        )  # fmt: skip
        return json.loads(result.read_text())["latency"]["median_ms"] * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=Path)
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--engine", choices=("openvino", "litert"), action="append")
    args = parser.parse_args()
    cpu = max(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        model = room / "conv.tflite"
        write_model(model)
        edgedyno = program.Program(args.build.resolve(), room)
        for engine in args.engine or ("openvino", "litert"):
            arms = Arms(edgedyno, engine, model, cpu, room)
            figures = pairs.alternate({"edgedyno": arms.measured, "tool": getattr(arms, engine)}, args.pairs)
            ratio = pairs.ratio(figures["edgedyno"], figures["tool"])
            print(
                f"{engine}: edgedyno {pairs.median(figures['edgedyno']) / 1e6:.3f} ms, its own tool"
                f" {pairs.median(figures['tool']) / 1e6:.3f} ms, ratio {ratio.value:.3f}"
                f" ({ratio.low:.3f} to {ratio.high:.3f}), {ratio.pairs} pairs"
            )
        edgedyno.close()


if __name__ == "__main__":
    main()
