# SPDX-License-Identifier: Apache-2.0
"""Train the net on the 997 training images and write ../models/digits-fp32.onnx.

--folds K instead cross-validates on the training images alone and writes nothing: that is how the settings
below were judged. The test images are never used here.
"""

import os

# One thread and one set of kernels, so that float sums keep one order from run to run.
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["OPENBLAS_CORETYPE"] = "Haswell"

import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.model_selection import StratifiedKFold

import data
import net
from evaluate import predict
from quantize import quantize

SEED = 1
EPOCHS = 60
BATCH = 64
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 5e-3
LABEL_SMOOTHING = 0.1
KEEP = 0.7
AVERAGE_DECAY = 0.99


def augment(rng, x):
    """Randomly turn (10 degrees), scale (10 %) and shift (0.7 pixel) [N,8,8,1]; bilinear, zero outside."""
    n = len(x)
    angle = rng.uniform(-0.18, 0.18, n)
    scale = rng.uniform(0.9, 1.1, n)
    shift = rng.uniform(-0.7, 0.7, (2, n, 1, 1))
    cos, sin = (np.cos(angle) / scale)[:, None, None], (np.sin(angle) / scale)[:, None, None]
    rows, cols = np.mgrid[0:8, 0:8] - 3.5
    r = cos * rows - sin * cols + 3.5 + shift[0]
    c = sin * rows + cos * cols + 3.5 + shift[1]
    r0, c0 = np.floor(r).astype(int), np.floor(c).astype(int)
    fr, fc = r - r0, c - c0
    padded = np.pad(x[..., 0], ((0, 0), (3, 3), (3, 3)))
    index = np.arange(n)[:, None, None]
    out = np.zeros((n, 8, 8))
    for dr, wr in ((0, 1 - fr), (1, fr)):
        for dc, wc in ((0, 1 - fc), (1, fc)):
            out += wr * wc * padded[index, np.clip(r0 + dr + 3, 0, 13), np.clip(c0 + dc + 3, 0, 13)]
    return out[..., None].astype(np.float32)


def softmax(logits):
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def fit(images, labels, seed=SEED, epochs=EPOCHS, params=None, rate=LEARNING_RATE, teacher=None, rounded=None):
    """AdamW with a cosine schedule; returns the running average of the weights.

    variants.py begins from given params; lets a teacher, a function of images, give the targets; and lets `rounded`, a function of
    the params, stand in their place in both passes, its gradients going to the params themselves (straight through).
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    params = net.init(rng) if params is None else [p.copy() for p in params]
    average = [p.copy() for p in params]
    first = [np.zeros_like(p) for p in params]
    second = [np.zeros_like(p) for p in params]
    x = images.transpose(0, 2, 3, 1)
    target = np.full((len(labels), 10), LABEL_SMOOTHING / 10, np.float32)
    target[np.arange(len(labels)), labels] += 1 - LABEL_SMOOTHING
    steps_per_epoch = len(x) // BATCH
    total = steps_per_epoch * epochs
    step = 0
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for b in range(steps_per_epoch):
            step += 1
            pick = order[b * BATCH : (b + 1) * BATCH]
            mask = ((rng.random((len(pick), net.FEATURES)) < KEEP) / KEEP).astype(np.float32)
            seen = augment(rng, x[pick])
            wanted = target[pick] if teacher is None else teacher(seen)
            used = params if rounded is None else rounded(params)
            logits, tape = net.forward(used, seen, mask)
            grads = net.backward(used, tape, (softmax(logits) - wanted) / np.float32(len(pick)))
            now = rate * 0.5 * (1 + np.cos(np.pi * step / total))
            for i, g in enumerate(grads):
                first[i] = (0.9 * first[i] + 0.1 * g).astype(np.float32)
                second[i] = (0.999 * second[i] + 0.001 * g * g).astype(np.float32)
                update = (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
                if params[i].ndim == 2:
                    update = update + WEIGHT_DECAY * params[i]
                params[i] = (params[i] - now * update).astype(np.float32)
                average[i] = (AVERAGE_DECAY * average[i] + (1 - AVERAGE_DECAY) * params[i]).astype(np.float32)
    return average


def to_onnx(params):
    """The same net for one image: `image` float32 [1,1,8,8] in 0..1 -> `logits` float32 [1,10]."""
    nodes, weights, x = [], [], "image"
    for i, (cin, cout) in enumerate(net.CONVS):
        w = params[2 * i].reshape(3, 3, cin, cout).transpose(3, 2, 0, 1)
        weights += [(f"conv{i + 1}.weight", w), (f"conv{i + 1}.bias", params[2 * i + 1])]
        nodes.append(
            helper.make_node(
                "Conv",
                [x, f"conv{i + 1}.weight", f"conv{i + 1}.bias"],
                [f"conv{i + 1}"],
                name=f"conv{i + 1}",
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
            )
        )
        x = f"relu{i + 1}"
        nodes.append(helper.make_node("Relu", [f"conv{i + 1}"], [x], name=x))
        if net.POOL_AFTER[i]:
            nodes.append(
                helper.make_node(
                    "MaxPool", [x], [f"pool{i + 1}"], f"pool{i + 1}", kernel_shape=[2, 2], strides=[2, 2]
                )
            )
            x = f"pool{i + 1}"
    # Flatten sees channels first, the NumPy net channels last.
    channels = net.CONVS[-1][1]
    dense = params[-2].reshape(2, 2, channels, 10).transpose(2, 0, 1, 3).reshape(net.FEATURES, 10)
    weights += [("dense.weight", dense), ("dense.bias", params[-1])]
    nodes.append(helper.make_node("Flatten", [x], ["flat"], name="flat"))
    nodes.append(helper.make_node("Gemm", ["flat", "dense.weight", "dense.bias"], ["logits"], name="dense"))
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 10])],
        [numpy_helper.from_array(np.ascontiguousarray(w, np.float32), name) for name, w in weights],
    )
    model = helper.make_model(
        graph, producer_name="edgedyno-digits", opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def cross_validate(images, labels, folds):
    totals = np.zeros((2, 2), int)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    for fold, (train, held) in enumerate(splitter.split(images, labels)):
        model = to_onnx(fit(images[train], labels[train]))
        fp32 = predict(model.SerializeToString(), images[held]) == labels[held]
        int8 = predict(quantize(model, images[train]).SerializeToString(), images[held]) == labels[held]
        for a, b in zip(fp32, int8):
            totals[int(a), int(b)] += 1
        print(f"fold {fold + 1}: fp32 {fp32.mean():.4f} int8 {int8.mean():.4f}", flush=True)
    print(
        f"both right {totals[1, 1]}, only fp32 {totals[1, 0]}, only int8 {totals[0, 1]}, none {totals[0, 0]}"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folds", type=int, default=0, metavar="K")
    args = parser.parse_args()
    images, labels, _, _ = data.load()
    if args.folds:
        cross_validate(images, labels, args.folds)
        return
    params = fit(images, labels)
    logits, _ = net.forward(params, images.transpose(0, 2, 3, 1))
    out = data.ROOT / "models" / "digits-fp32.onnx"
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(to_onnx(params).SerializeToString(deterministic=True))
    print(f"{out.name}: right on {np.mean(logits.argmax(axis=1) == labels):.4f} of the training images")


if __name__ == "__main__":
    main()
