# SPDX-License-Identifier: Apache-2.0
"""Write two convolutional nets with seeded random weights, for timing only: their answers mean nothing.

conv-100us.onnx takes about 0.1 ms and conv-10ms.onnx about 10 ms an inference with ONNX Runtime on one
thread of an x86-64 server core with AVX2. Input `image` float32 [1,3,S,S], output `logits` float32 [1,10].
Beside each model goes an input for it, of the same name and .npy. Needs numpy and onnx.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# name: (seed, input side, [(channels out, stride)] of the 3x3 convolutions)
MODELS = {
    "conv-100us": (11, 32, [(16, 2), (32, 1), (64, 2), (64, 1)]),
    "conv-10ms": (12, 224, [(32, 2), (64, 2), (128, 1), (128, 2), (128, 1)]),
}


def build(name):
    seed, side, layers = MODELS[name]
    rng = np.random.Generator(np.random.PCG64(seed))
    nodes, weights, x, channels = [], [], "image", 3

    def add_weights(label, shape, fan_in):
        values = rng.normal(0, np.sqrt(2 / fan_in), shape).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"{label}.weight"))
        weights.append(numpy_helper.from_array(np.full(shape[0], 0.01, np.float32), f"{label}.bias"))
        return [f"{label}.weight", f"{label}.bias"]

    for i, (out, stride) in enumerate(layers, 1):
        inputs = [x] + add_weights(f"conv{i}", (out, channels, 3, 3), 9 * channels)
        nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                [f"conv{i}"],
                f"conv{i}",
                kernel_shape=[3, 3],
                strides=[stride] * 2,
                pads=[1] * 4,
            )
        )
        x, channels = f"relu{i}", out
        nodes.append(helper.make_node("Relu", [f"conv{i}"], [x], x))
    nodes.append(helper.make_node("GlobalAveragePool", [x], ["pool"], "pool"))
    nodes.append(helper.make_node("Flatten", ["pool"], ["flat"], "flat"))
    inputs = ["flat"] + add_weights("dense", (10, channels), channels)
    nodes.append(helper.make_node("Gemm", inputs, ["logits"], "dense", transB=1))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 10])],
        weights,
    )
    model = helper.make_model(
        graph, producer_name="edgedyno-bench", opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("directory", type=Path, help="where to write the models; made if missing")
    args = parser.parse_args()
    args.directory.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        path = args.directory / f"{name}.onnx"
        path.write_bytes(build(name).SerializeToString(deterministic=True))
        seed, side, _ = MODELS[name]
        rng = np.random.Generator(np.random.PCG64(seed + 100))
        np.save(args.directory / f"{name}.npy", rng.random((1, 3, side, side), dtype=np.float32))
        print(f"{path} {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
