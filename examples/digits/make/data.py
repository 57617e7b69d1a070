# SPDX-License-Identifier: Apache-2.0
"""The handwritten digits and their one fixed split: 997 images to train on, 800 held out for the test.

Run as a program, it writes the held-out part to ../data as .npy. Images are float32 [N,1,8,8] in 0..1.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

ROOT = Path(__file__).resolve().parent.parent
SPLIT_SEED = 20240917
TEST_COUNT = 800


def load():
    """Return (train_images, train_labels, test_images, test_labels), each part in the order of the source."""
    source = load_digits()
    images = (source.data.reshape(-1, 1, 8, 8) / 16.0).astype(np.float32)
    labels = source.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_COUNT, stratify=labels, random_state=SPLIT_SEED
    )
    train.sort()
    test.sort()
    return images[train], labels[train], images[test], labels[test]


def main():
    _, train_labels, images, labels = load()
    out = ROOT / "data"
    out.mkdir(exist_ok=True)
    np.save(out / "test_images.npy", np.ascontiguousarray(images))
    np.save(out / "test_labels.npy", labels)
    print(
        f"train {len(train_labels)} test {len(labels)}, test images per class {np.bincount(labels).tolist()}"
    )


if __name__ == "__main__":
    main()
