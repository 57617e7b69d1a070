# SPDX-License-Identifier: Apache-2.0
"""Further forms of ../models/digits-fp32.onnx, for ../tune.json: fp16, int8-qat, pruned, distilled.

They are made from the training images alone, with settings fixed beforehand; the test images are never used here.

fp16       the same weights in half precision, with casts at both ends: it takes and gives what the others do
int8-qat   trained on with weights rounded to the 7 bits that quantize.py keeps (straight-through gradients), then quantized by it
pruned     half the channels of every convolution, those with the largest weights, trained on
distilled  a net of 8, 16, 16 and 16 channels that learned the answers of the fp32 net, softened, instead of the labels
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import data
import net
from quantize import quantize
from train import LEARNING_RATE, fit, softmax, to_onnx

QAT_EPOCHS = 8
PRUNED_EPOCHS = 40
DISTILLED_EPOCHS = 160
TEMPERATURE = np.float32(2)
STUDENT = [(1, 8), (8, 16), (16, 16), (16, 16)]


def parameters(model):
    """The weights of an ONNX model of train.py in net.py's order and layout."""
    weights = {row.name: numpy_helper.to_array(row) for row in model.graph.initializer}
    result = []
    for i, (cin, cout) in enumerate(net.CONVS, 1):
        result.append(weights[f"conv{i}.weight"].transpose(2, 3, 1, 0).reshape(9 * cin, cout))
        result.append(weights[f"conv{i}.bias"])
    dense = weights["dense.weight"].reshape(net.CONVS[-1][1], 2, 2, 10).transpose(1, 2, 0, 3)
    return [np.ascontiguousarray(p) for p in [*result, dense.reshape(net.FEATURES, 10), weights["dense.bias"]]]


def shape(convs):
    net.CONVS = convs
    net.FEATURES = 2 * 2 * convs[-1][1]


def half(model):
    """Weights and arithmetic in float16 between two casts."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    for row in graph.initializer:
        row.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(row).astype(np.float16), row.name))
    for node in graph.node:
        node.input[:] = ["image.half" if name == "image" else name for name in node.input]
        node.output[:] = ["logits.half" if name == "logits" else name for name in node.output]
    graph.node.insert(0, helper.make_node("Cast", ["image"], ["image.half"], "to.half", to=TensorProto.FLOAT16))
    graph.node.append(helper.make_node("Cast", ["logits.half"], ["logits"], "from.half", to=TensorProto.FLOAT))
    onnx.checker.check_model(result, full_check=True)
    return result


def seven_bits(params):
    """Weights as quantize.py rounds them: 7 bits, symmetric, a scale for each output channel."""
    rounded = []
    for p in params:
        if p.ndim == 1:
            rounded.append(p)
            continue
        scale = np.maximum(np.abs(p).max(axis=0), np.float32(1e-12)) / np.float32(63)
        rounded.append((np.rint(p / scale) * scale).astype(np.float32))
    return rounded


def prune(params):
    """The same net with the heavier half of each convolution's channels, in their order."""
    kept, result = np.array([0]), []
    for i, (cin, cout) in enumerate(net.CONVS):
        w = params[2 * i].reshape(9, cin, cout)[:, kept]
        chosen = np.sort(np.argsort(-np.abs(w).sum(axis=(0, 1)), kind="stable")[: cout // 2])
        result += [w[:, :, chosen].reshape(9 * len(kept), len(chosen)), params[2 * i + 1][chosen]]
        kept = chosen
    dense = params[-2].reshape(4, net.CONVS[-1][1], 10)[:, kept].reshape(4 * len(kept), 10)
    return [np.ascontiguousarray(p) for p in [*result, dense, params[-1]]]


def main():
    images, labels, _, _ = data.load()
    folder = data.ROOT / "models"
    fp32 = onnx.load(folder / "digits-fp32.onnx")
    convs = list(net.CONVS)
    params = parameters(fp32)

    def save(name, model):
        (folder / f"digits-{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
        print(f"digits-{name}.onnx: {(folder / f'digits-{name}.onnx').stat().st_size} bytes", flush=True)

    def answers(seen):
        shape(convs)
        logits, _ = net.forward(params, seen)
        shape(STUDENT)
        return softmax(logits / TEMPERATURE)

    save("fp16", half(fp32))
    tuned = fit(images, labels, epochs=QAT_EPOCHS, params=params, rate=LEARNING_RATE / 10, rounded=seven_bits)
    save("int8-qat", quantize(to_onnx(tuned), images))
    small = prune(params)
    shape([(1 if i == 0 else convs[i - 1][1] // 2, cout // 2) for i, (_, cout) in enumerate(convs)])
    save("pruned", to_onnx(fit(images, labels, epochs=PRUNED_EPOCHS, params=small, rate=LEARNING_RATE / 2)))
    shape(STUDENT)
    save("distilled", to_onnx(fit(images, labels, epochs=DISTILLED_EPOCHS, teacher=answers)))


if __name__ == "__main__":
    main()
