# SPDX-License-Identifier: Apache-2.0
"""Models with seeded random weights, for timing only; each is made once.

conv.onnx and conv.tflite: LAYERS 3x3 convolutions with ReLU on SIDE x SIDE x CHANNELS, some milliseconds an inference on one core.
llm.gguf: examples/tiny-llm/make_tiny_llm.py, of a size whose prompt and tokens take milliseconds.
"""

import subprocess
import sys

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

SIDE, CHANNELS, LAYERS = 64, 32, 4
LLM = ["--layers", "12", "--width", "512", "--heads", "8", "--context", "1024"]


def weights():
    rng = np.random.default_rng(5)
    return [rng.normal(0, np.sqrt(2 / (9 * CHANNELS)), (CHANNELS, 3, 3, CHANNELS)).astype(np.float32) for _ in range(LAYERS)]


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


def write_tflite(path):
    model, graph, code, buffers = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT(), [schema.BufferT()]
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = 1
    shape = [1, SIDE, SIDE, CHANNELS]
    tensors, operators, last = [tensor("x", shape)], [], 0
    for i, values in enumerate(weights()):
        for name, part in (("w", values), ("b", np.zeros(CHANNELS, np.float32))):
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(part.tobytes(), np.uint8)
            buffers.append(buffer)
            tensors.append(tensor(f"{name}{i}", list(part.shape), len(buffers) - 1))
        tensors.append(tensor(f"y{i}", shape))
        operators.append(convolution([last, len(tensors) - 3, len(tensors) - 2], len(tensors) - 1))
        last = len(tensors) - 1
    graph.name, graph.tensors, graph.operators, graph.inputs, graph.outputs = "main", tensors, operators, [0], [last]
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], buffers
    model.description = "edgedyno"
    b = flatbuffers.Builder(1 << 20)
    b.Finish(model.Pack(b), b"TFL3")
    path.write_bytes(bytes(b.Output()))


def write_onnx(path):
    nodes, made, x = [], [], "x"
    for i, values in enumerate(weights()):
        made.append(numpy_helper.from_array(np.ascontiguousarray(values.transpose(0, 3, 1, 2)), f"w{i}"))
        nodes.append(helper.make_node("Conv", [x, f"w{i}"], [f"c{i}"], kernel_shape=[3, 3], pads=[1] * 4))
        x = f"y{i}"
        nodes.append(helper.make_node("Relu", [f"c{i}"], [x]))
    shape = [1, CHANNELS, SIDE, SIDE]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "conv", [info("x", TensorProto.FLOAT, shape)], [info(x, TensorProto.FLOAT, shape)], made)
    model = helper.make_model(graph, producer_name="edgedyno-bench", opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def make(folder, root):
    """{name: path}"""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / name for name in ("conv.onnx", "conv.tflite", "llm.gguf", "conv.npy", "digits.npy")}
    if not paths["conv.onnx"].exists():
        write_onnx(paths["conv.onnx"])
    if not paths["conv.tflite"].exists():
        write_tflite(paths["conv.tflite"])
    if not paths["conv.npy"].exists():
        np.save(paths["conv.npy"], np.random.default_rng(6).random((1, CHANNELS, SIDE, SIDE), dtype=np.float32))
    if not paths["digits.npy"].exists():
        np.save(paths["digits.npy"], np.load(root / "examples/digits/data/test_images.npy")[:1])
    if not paths["llm.gguf"].exists():
        subprocess.run([sys.executable, "-B", root / "examples/tiny-llm/make_tiny_llm.py", paths["llm.gguf"], *LLM], check=True)
    return paths
