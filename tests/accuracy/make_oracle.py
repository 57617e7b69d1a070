# SPDX-License-Identifier: Apache-2.0
"""Write oracle.json: what the accuracy test must find, by other means than edgedyno's.

Answers are ONNX Runtime's through its Python binding; the interval of the drop is found by maximizing the likelihood and inverting
the score test numerically (SciPy), not by the closed form that edgedyno uses; the number of samples that would certify a limit is
found by search. The worn and the damaged variant are the fp32 model with a part of its dense layer set to zero;
the test makes them again from the two numbers that say which.

    build/bench/venv/bin/python tests/accuracy/make_oracle.py     (the packages of tests/bench/requirements.txt)
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from scipy import optimize, stats

HERE = Path(__file__).resolve().parent
DIGITS = HERE.parents[1] / "examples" / "digits"
CONFIDENCE = 0.95
# How many of the 256 features that the dense layer reads are lost, from the first: a little, and too much.
DAMAGED = {"worn": 160, "damaged": 220}
MARGIN_MIN = 1e-3  # between the two highest scores of an image: no rounding may change an answer
LIMITS = (0.01, 0.001)


def damaged_range(model, features):
    """(offset, bytes) of the part of the file that is zeroed."""
    dense = next(t for t in onnx.load_from_string(model).graph.initializer if t.name == "dense.weight")
    weights = numpy_helper.to_array(dense)
    raw = weights.tobytes()
    begin = model.find(raw)
    if begin < 0 or model.find(raw, begin + 1) >= 0 or weights.shape != (256, 10):
        sys.exit("the dense layer's weights [256, 10] are not found exactly once in the file")
    return begin, features * weights[0].nbytes


def answers(model, images):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    scores = np.array([session.run(["logits"], {"image": image[None]})[0][0] for image in images])
    ordered = np.sort(scores, axis=1)
    margin = float((ordered[:, -1] - ordered[:, -2]).min())
    if margin < MARGIN_MIN:
        sys.exit(f"an answer hangs on a difference of {margin}")
    return scores.argmax(axis=1)


def constrained_share(d, n, b, c):
    """The share of only-candidate-right samples that is likeliest where the drop is d, by maximizing the likelihood."""
    low, high = max(0.0, -d), (1 - d) / 2

    def unlikely(q):
        terms = ((b, q + d), (c, q), (n - b - c, 1 - 2 * q - d))
        if any(count > 0 and share <= 0 for count, share in terms):
            return math.inf
        return -sum(count * math.log(share) for count, share in terms if count > 0)

    found = optimize.minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-14, "maxiter": 2000})
    return min((float(found.x), low, high), key=unlikely)


def score(d, n, b, c):
    q = constrained_share(d, n, b, c)
    variance = n * (2 * q + d * (1 - d))
    return (b - c - n * d) / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, b - c - n * d)


def interval(n, b, c):
    """Tango's score interval of the drop (b - c) / n."""
    z, at, edge = stats.norm.ppf((1 + CONFIDENCE) / 2), (b - c) / n, 1 - 1e-9
    return tuple(
        float(optimize.brentq(lambda d: score(d, n, b, c) - sign * z, *ends, xtol=1e-13))
        for sign, ends in ((1, (-edge, at - 1e-12)), (-1, (at + 1e-12, edge)))
    )


def needed(n, b, c, limit):
    """The fewest samples whose interval, at the same shares, ends within the limit; 0: none."""
    if (b - c) / n >= limit:
        return 0

    def passes(m):
        return interval(m, b * m / n, c * m / n)[1] <= limit

    high = 1
    while not passes(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return high


def judge(low, high, limit):
    return "pass" if high <= limit else "fail" if low > limit else "inconclusive"


def main():
    images, labels = np.load(DIGITS / "data/test_images.npy"), np.load(DIGITS / "data/test_labels.npy")
    models = {name: (DIGITS / f"models/digits-{name}.onnx").read_bytes() for name in ("fp32", "int8")}
    zeroed = {name: damaged_range(models["fp32"], features) for name, features in DAMAGED.items()}
    for name, (offset, size) in zeroed.items():
        models[name] = models["fp32"][:offset] + bytes(size) + models["fp32"][offset + size :]
    given = {name: answers(model, images) for name, model in models.items()}
    right = {name: answer == labels for name, answer in given.items()}
    n, variants = len(labels), {}
    for name, model in models.items():
        b, c = int((right["fp32"] & ~right[name]).sum()), int((~right["fp32"] & right[name]).sum())
        low, high = (0.0, 0.0) if name == "fp32" else interval(n, b, c)
        variants[name] = {
            "sha256": hashlib.sha256(model).hexdigest(),
            "answers": "".join(map(str, given[name])),
            "right": int(right[name].sum()),
            "only_reference_right": b,
            "only_this_right": c,
            "drop": (b - c) / n,
            "drop_low": low,
            "drop_high": high,
            "limits": {str(x): {"verdict": judge(low, high, x), "needed": 0 if name == "fp32" else needed(n, b, c, x)} for x in LIMITS},
        }
        print(name, {key: value for key, value in variants[name].items() if key != "answers"})
    oracle = {
        "made_by": "tests/accuracy/make_oracle.py",
        "onnxruntime": onnxruntime.__version__,
        "samples": n,
        "zeroed": {name: {"offset": offset, "bytes": size} for name, (offset, size) in zeroed.items()},
        "labels": "".join(map(str, labels)),
        "variants": variants,
    }
    (HERE / "oracle.json").write_text(json.dumps(oracle, indent=1) + "\n")


if __name__ == "__main__":
    main()
