# SPDX-License-Identifier: Apache-2.0
"""A small convolutional net in NumPy, forward and backward, in float32 and NHWC order.

Four 3x3 convolutions with ReLU, 1->32, 32->64, 64->64 and 64->64 channels, a 2x2 max-pool after each of
the last two, then a dense layer 256->10.
"""

import numpy as np

CONVS = [(1, 32), (32, 64), (64, 64), (64, 64)]
POOL_AFTER = [False, False, True, True]
FEATURES = 2 * 2 * 64


def init(rng):
    """He-normal weights. A conv weight is [9*cin, cout], rows in the order (ky, kx, cin)."""
    params = []
    for cin, cout in CONVS:
        params.append(rng.normal(0, np.sqrt(2 / (9 * cin)), (9 * cin, cout)).astype(np.float32))
        params.append(np.zeros(cout, np.float32))
    params.append(rng.normal(0, np.sqrt(1 / FEATURES), (FEATURES, 10)).astype(np.float32))
    params.append(np.zeros(10, np.float32))
    return params


def im2col(x):
    n, h, w, c = x.shape
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    cols = np.empty((n, h, w, 9, c), np.float32)
    for k in range(9):
        cols[:, :, :, k] = p[:, k // 3 : k // 3 + h, k % 3 : k % 3 + w]
    return cols.reshape(n * h * w, 9 * c)


def col2im(cols, shape):
    n, h, w, c = shape
    cols = cols.reshape(n, h, w, 9, c)
    p = np.zeros((n, h + 2, w + 2, c), np.float32)
    for k in range(9):
        p[:, k // 3 : k // 3 + h, k % 3 : k % 3 + w] += cols[:, :, :, k]
    return p[:, 1:-1, 1:-1]


def pool(x):
    n, h, w, c = x.shape
    cells = x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h // 2, w // 2, 4, c)
    winner = cells.argmax(axis=3)[:, :, :, None]
    return np.take_along_axis(cells, winner, axis=3)[:, :, :, 0], winner


def unpool(grad, winner):
    n, h, w, c = grad.shape
    cells = np.zeros((n, h, w, 4, c), np.float32)
    np.put_along_axis(cells, winner, grad[:, :, :, None], axis=3)
    return cells.reshape(n, h, w, 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h * 2, w * 2, c)


def forward(params, x, drop_mask=None):
    """Return (logits, tape) for x [N,8,8,1]; drop_mask [N,FEATURES] scales the dense input."""
    tape = []
    for i, (_, cout) in enumerate(CONVS):
        cols = im2col(x)
        y = np.maximum(cols @ params[2 * i] + params[2 * i + 1], 0).reshape(*x.shape[:3], cout)
        out, winner = pool(y) if POOL_AFTER[i] else (y, None)
        tape.append((x.shape, cols, y > 0, winner))
        x = out
    flat = x.reshape(len(x), FEATURES)
    if drop_mask is not None:
        flat = flat * drop_mask
    tape.append((x.shape, flat, drop_mask))
    return flat @ params[-2] + params[-1], tape


def backward(params, tape, grad):
    """Gradients of all params, in their order, for grad = d loss / d logits."""
    shape, flat, drop_mask = tape[-1]
    grads = [grad.sum(axis=0), flat.T @ grad]
    g = grad @ params[-2].T
    if drop_mask is not None:
        g = g * drop_mask
    g = g.reshape(shape)
    for i in reversed(range(len(CONVS))):
        in_shape, cols, positive, winner = tape[i]
        if winner is not None:
            g = unpool(g, winner)
        g = (g * positive).reshape(-1, CONVS[i][1])
        grads += [g.sum(axis=0), cols.T @ g]
        if i > 0:
            g = col2im(g @ params[2 * i].T, in_shape)
    return grads[::-1]
