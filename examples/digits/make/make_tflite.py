# SPDX-License-Identifier: Apache-2.0
"""Write ../models/digits-fp32.tflite and digits-int8.tflite from the weights of ../models/digits-fp32.onnx.

The .tflite file is laid out by hand from the schema, without TensorFlow. It takes and gives what the ONNX file does: `image`,
float32 [1,1,8,8], and `logits`, float32 [1,10]. Inside, TFLite wants channels last, so the weights are transposed; a reshape
turns the input, which has one channel, without moving a byte. int8 is ai-edge-quantizer's: weights per channel, static
activations calibrated on the training images, float at both ends.
"""

import tempfile
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
import tflite
from ai_edge_litert import schema_py_generated as schema
from ai_edge_quantizer import qtyping, quantizer, recipe
from onnx import numpy_helper

import data

CONVS = 4
POOL_AFTER = [False, False, True, True]
SIGNATURE = "serving_default"


class Graph:
    """Tensors, buffers and operators of one subgraph, and their layout as a FlatBuffer."""

    def __init__(self):
        self.buffers, self.tensors, self.operators, self.codes = [b""], [], [], []

    def tensor(self, name, shape, values=None):
        index = 0
        if values is not None:
            self.buffers.append(np.ascontiguousarray(values).tobytes())
            index = len(self.buffers) - 1
        kind = tflite.TensorType.INT32 if values is not None and values.dtype == np.int32 else tflite.TensorType.FLOAT32
        self.tensors.append((name, shape, index, kind))
        return len(self.tensors) - 1

    def operator(self, code, inputs, output, options_type=0, options=None):
        if code not in self.codes:
            self.codes.append(code)
        self.operators.append((self.codes.index(code), inputs, [output], options_type, options))
        return output


def vector(b, start, items, kind):
    start(b, len(items))
    for item in reversed(items):
        getattr(b, f"Prepend{kind}")(item)
    return b.EndVector()


def raw_bytes(b, content):
    """A vector of bytes that begins at a multiple of 16, as readers of weights want it."""
    b.StartVector(1, len(content), 16)
    b.head -= len(content)
    b.Bytes[b.head : b.head + len(content)] = content
    return b.EndVector()


def layout(graph, image, logits):
    b = flatbuffers.Builder(1 << 20)
    buffers = []
    for content in graph.buffers:
        at = raw_bytes(b, content) if content else None
        tflite.BufferStart(b)
        if at is not None:
            tflite.BufferAddData(b, at)
        buffers.append(tflite.BufferEnd(b))
    tensors = []
    for name, shape, buffer, kind in graph.tensors:
        text, dimensions = b.CreateString(name), vector(b, tflite.TensorStartShapeVector, shape, "Int32")
        tflite.TensorStart(b)
        tflite.TensorAddShape(b, dimensions)
        tflite.TensorAddType(b, kind)
        tflite.TensorAddBuffer(b, buffer)
        tflite.TensorAddName(b, text)
        tensors.append(tflite.TensorEnd(b))
    operators = []
    for code, inputs, outputs, options_type, options in graph.operators:
        ins = vector(b, tflite.OperatorStartInputsVector, inputs, "Int32")
        outs = vector(b, tflite.OperatorStartOutputsVector, outputs, "Int32")
        at = options(b) if options else None
        tflite.OperatorStart(b)
        tflite.OperatorAddOpcodeIndex(b, code)
        tflite.OperatorAddInputs(b, ins)
        tflite.OperatorAddOutputs(b, outs)
        if at is not None:
            tflite.OperatorAddBuiltinOptionsType(b, options_type)
            tflite.OperatorAddBuiltinOptions(b, at)
        operators.append(tflite.OperatorEnd(b))
    subgraph = lay_subgraph(b, tensors, operators, image, logits)
    codes = []
    for code in graph.codes:
        tflite.OperatorCodeStart(b)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(b, min(code, 127))
        tflite.OperatorCodeAddBuiltinCode(b, code)
        tflite.OperatorCodeAddVersion(b, 1)
        codes.append(tflite.OperatorCodeEnd(b))
    signature = lay_signature(b, image, logits)
    offsets = "UOffsetTRelative"
    codes = vector(b, tflite.ModelStartOperatorCodesVector, codes, offsets)
    subgraphs = vector(b, tflite.ModelStartSubgraphsVector, [subgraph], offsets)
    signatures = vector(b, tflite.ModelStartSignatureDefsVector, [signature], offsets)
    buffers = vector(b, tflite.ModelStartBuffersVector, buffers, offsets)
    description = b.CreateString("edgedyno-digits")
    tflite.ModelStart(b)
    tflite.ModelAddVersion(b, 3)
    tflite.ModelAddOperatorCodes(b, codes)
    tflite.ModelAddSubgraphs(b, subgraphs)
    tflite.ModelAddDescription(b, description)
    tflite.ModelAddBuffers(b, buffers)
    tflite.ModelAddSignatureDefs(b, signatures)
    b.Finish(tflite.ModelEnd(b), b"TFL3")
    return bytes(b.Output())


def lay_subgraph(b, tensors, operators, image, logits):
    tensors = vector(b, tflite.SubGraphStartTensorsVector, tensors, "UOffsetTRelative")
    operators = vector(b, tflite.SubGraphStartOperatorsVector, operators, "UOffsetTRelative")
    inputs = vector(b, tflite.SubGraphStartInputsVector, [image], "Int32")
    outputs = vector(b, tflite.SubGraphStartOutputsVector, [logits], "Int32")
    name = b.CreateString("digits")
    tflite.SubGraphStart(b)
    tflite.SubGraphAddTensors(b, tensors)
    tflite.SubGraphAddInputs(b, inputs)
    tflite.SubGraphAddOutputs(b, outputs)
    tflite.SubGraphAddOperators(b, operators)
    tflite.SubGraphAddName(b, name)
    return tflite.SubGraphEnd(b)


def lay_signature(b, image, logits):
    def entry(name, index):
        text = b.CreateString(name)
        tflite.TensorMapStart(b)
        tflite.TensorMapAddName(b, text)
        tflite.TensorMapAddTensorIndex(b, index)
        return tflite.TensorMapEnd(b)

    inputs = vector(b, tflite.SignatureDefStartInputsVector, [entry("image", image)], "UOffsetTRelative")
    outputs = vector(b, tflite.SignatureDefStartOutputsVector, [entry("logits", logits)], "UOffsetTRelative")
    key = b.CreateString(SIGNATURE)
    tflite.SignatureDefStart(b)
    tflite.SignatureDefAddInputs(b, inputs)
    tflite.SignatureDefAddOutputs(b, outputs)
    tflite.SignatureDefAddSignatureKey(b, key)
    tflite.SignatureDefAddSubgraphIndex(b, 0)
    return tflite.SignatureDefEnd(b)


def conv_options(b):
    tflite.Conv2DOptionsStart(b)
    tflite.Conv2DOptionsAddPadding(b, tflite.Padding.SAME)
    tflite.Conv2DOptionsAddStrideW(b, 1)
    tflite.Conv2DOptionsAddStrideH(b, 1)
    tflite.Conv2DOptionsAddDilationWFactor(b, 1)
    tflite.Conv2DOptionsAddDilationHFactor(b, 1)
    tflite.Conv2DOptionsAddFusedActivationFunction(b, tflite.ActivationFunctionType.RELU)
    return tflite.Conv2DOptionsEnd(b)


def pool_options(b):
    tflite.Pool2DOptionsStart(b)
    tflite.Pool2DOptionsAddPadding(b, tflite.Padding.VALID)
    tflite.Pool2DOptionsAddStrideW(b, 2)
    tflite.Pool2DOptionsAddStrideH(b, 2)
    tflite.Pool2DOptionsAddFilterWidth(b, 2)
    tflite.Pool2DOptionsAddFilterHeight(b, 2)
    return tflite.Pool2DOptionsEnd(b)


def reshape_options(shape):
    def lay(b):
        wanted = vector(b, tflite.ReshapeOptionsStartNewShapeVector, shape, "Int32")
        tflite.ReshapeOptionsStart(b)
        tflite.ReshapeOptionsAddNewShape(b, wanted)
        return tflite.ReshapeOptionsEnd(b)

    return lay


def dense_options(b):
    tflite.FullyConnectedOptionsStart(b)
    return tflite.FullyConnectedOptionsEnd(b)


def to_tflite(model):
    """The .tflite bytes of the net in an ONNX model of train.py."""
    weights = {row.name: numpy_helper.to_array(row) for row in model.graph.initializer}
    graph, size = Graph(), 8
    op, options = tflite.BuiltinOperator, tflite.BuiltinOptions
    image = graph.tensor("image", [1, 1, 8, 8])

    def reshape(x, name, shape):
        wanted, y = graph.tensor(f"{name}.shape", [len(shape)], np.array(shape, np.int32)), graph.tensor(name, shape)
        return graph.operator(op.RESHAPE, [x, wanted], y, options.ReshapeOptions, reshape_options(shape))

    x = reshape(image, "image.nhwc", [1, 8, 8, 1])
    for i in range(1, CONVS + 1):
        kernel, bias = weights[f"conv{i}.weight"], weights[f"conv{i}.bias"]
        cout = len(bias)
        kernel = graph.tensor(f"conv{i}.weight", [cout, 3, 3, kernel.shape[1]], kernel.transpose(0, 2, 3, 1))
        bias = graph.tensor(f"conv{i}.bias", [cout], bias)
        y = graph.tensor(f"relu{i}", [1, size, size, cout])
        x = graph.operator(op.CONV_2D, [x, kernel, bias], y, options.Conv2DOptions, conv_options)
        if POOL_AFTER[i - 1]:
            size //= 2
            y = graph.tensor(f"pool{i}", [1, size, size, cout])
            x = graph.operator(op.MAX_POOL_2D, [x], y, options.Pool2DOptions, pool_options)
    x = reshape(x, "flat", [1, size * size * cout])
    # Rows of the dense weights follow the flattened image: channels first in ONNX, last here.
    dense = weights["dense.weight"].reshape(cout, size, size, 10).transpose(3, 1, 2, 0).reshape(10, -1)
    dense = graph.tensor("dense.weight", list(dense.shape), dense)
    bias = graph.tensor("dense.bias", [10], weights["dense.bias"])
    logits = graph.tensor("logits", [1, 10])
    graph.operator(op.FULLY_CONNECTED, [x, dense, bias], logits, options.FullyConnectedOptions, dense_options)
    return layout(graph, image, logits)


def quantize(content, images):
    """The int8 form of a .tflite model, calibrated on images [N,1,8,8]."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "fp32.tflite", Path(folder) / "int8.tflite"
        source.write_bytes(content)
        work = quantizer.Quantizer(str(source))
        work.load_quantization_recipe(recipe.static_wi8_ai8())
        for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
            work.update_quantization_recipe(regex=".*", operation_name=end, algorithm_key="no_quantize")
        measured = work.calibrate({SIGNATURE: [{"image": image[None]} for image in images]})
        work.quantize(measured).export_model(str(target), overwrite=True)
        return complete(target.read_bytes())


def complete(content):
    """Each operator's code also in the place of old, which the quantizer leaves at 0 and OpenVINO reads first."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    b = flatbuffers.Builder(1 << 20)
    b.Finish(model.Pack(b), b"TFL3")
    return bytes(b.Output())


def main():
    folder = data.ROOT / "models"
    content = to_tflite(onnx.load(folder / "digits-fp32.onnx"))
    (folder / "digits-fp32.tflite").write_bytes(content)
    images, _, _, _ = data.load()
    (folder / "digits-int8.tflite").write_bytes(quantize(content, images))
    print(f"digits-fp32.tflite: {len(content)} bytes; digits-int8.tflite: calibrated on {len(images)} training images")


if __name__ == "__main__":
    main()
