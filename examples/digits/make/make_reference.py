# SPDX-License-Identifier: Apache-2.0
"""Write ../data/reference_logits.npy: what the net gives for the test images, computed in float64 by net.py alone.

It is what every engine's answers are held against: float32 [800,10], in the order of test_images.npy.
"""

import numpy as np
import onnx
from onnx import numpy_helper

import data
import net


def parameters(model):
    """The weights of an ONNX model of train.py in net.py's order and layout."""
    weights = {row.name: numpy_helper.to_array(row).astype(np.float64) for row in model.graph.initializer}
    result = []
    for i, (cin, cout) in enumerate(net.CONVS, 1):
        result.append(weights[f"conv{i}.weight"].transpose(2, 3, 1, 0).reshape(9 * cin, cout))
        result.append(weights[f"conv{i}.bias"])
    channels = net.CONVS[-1][1]
    side = round((net.FEATURES // channels) ** 0.5)
    dense = weights["dense.weight"].reshape(channels, side, side, 10).transpose(1, 2, 0, 3)
    return [*result, dense.reshape(net.FEATURES, 10), weights["dense.bias"]]


def im2col(x):
    """As net.im2col, in float64."""
    n, h, w, c = x.shape
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    cols = [p[:, k // 3 : k // 3 + h, k % 3 : k % 3 + w] for k in range(9)]
    return np.stack(cols, axis=3).reshape(n * h * w, 9 * c)


def main():
    net.im2col = im2col
    images = np.load(data.ROOT / "data" / "test_images.npy").astype(np.float64)
    model = onnx.load(data.ROOT / "models" / "digits-fp32.onnx")
    logits, _ = net.forward(parameters(model), images.reshape(-1, 8, 8, 1))
    np.save(data.ROOT / "data" / "reference_logits.npy", logits.astype(np.float32))
    print(f"reference_logits.npy: {logits.shape[0]} images")


if __name__ == "__main__":
    main()
