# SPDX-License-Identifier: Apache-2.0
"""Score two models over a labelled test set with ONNX Runtime (CPU, one thread) and print one JSON object.

It needs NumPy and ONNX Runtime only. Without arguments it reads the committed models and test set.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parent.parent


def predict(model, images):
    """The top-1 class of each image, one image a call. model is a path or the model's bytes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return np.array([session.run(["logits"], {"image": image[None]})[0].argmax() for image in images])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fp32", type=Path, default=ROOT / "models" / "digits-fp32.onnx")
    parser.add_argument("--int8", type=Path, default=ROOT / "models" / "digits-int8.onnx")
    parser.add_argument("--images", type=Path, default=ROOT / "data" / "test_images.npy")
    parser.add_argument("--labels", type=Path, default=ROOT / "data" / "test_labels.npy")
    args = parser.parse_args()

    images, labels = np.load(args.images), np.load(args.labels)
    if images.dtype != np.float32 or images.shape != (len(labels), 1, 8, 8):
        parser.error(
            f"{args.images}: want float32 [{len(labels)},1,8,8], found {images.dtype} {images.shape}"
        )
    answers = {"fp32": predict(str(args.fp32), images), "int8": predict(str(args.int8), images)}
    fp32, int8 = answers["fp32"] == labels, answers["int8"] == labels
    result = {
        "onnxruntime": onnxruntime.__version__,
        "samples": len(labels),
        "top1": {name: float(np.mean(answer == labels)) for name, answer in answers.items()},
        "right": {"fp32": int(fp32.sum()), "int8": int(int8.sum())},
        "paired": {
            "both_right": int((fp32 & int8).sum()),
            "only_fp32_right": int((fp32 & ~int8).sum()),
            "only_int8_right": int((~fp32 & int8).sum()),
            "both_wrong": int((~fp32 & ~int8).sum()),
        },
        "answers_differ": int((answers["fp32"] != answers["int8"]).sum()),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
