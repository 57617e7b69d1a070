# SPDX-License-Identifier: Apache-2.0
"""The test set as PNG files, one for each of the first COUNT images of data/test_images.npy, and their labels.csv.

    make_images.py [--count N] [FOLDER]

The standard library is enough. The values are the source's 0..16, times 15: 16 becomes 240. A model wants them in 0..1, so its
preprocessing has the scale 1/240. Two runs write the same bytes.
"""

import argparse
import ast
import struct
import zlib
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data"


def read_npy(path):
    """(shape, values) of an .npy of version 1, in C order."""
    raw = path.read_bytes()
    (size,) = struct.unpack_from("<H", raw, 8)
    header = ast.literal_eval(raw[10 : 10 + size].decode("latin-1"))
    element = {"<f4": "f", "<i8": "q"}[header["descr"]]
    return header["shape"], struct.unpack_from(f"<{(len(raw) - 10 - size) // struct.calcsize(element)}{element}", raw, 10 + size)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows):
    """A gray image of 8 bits, no filter."""
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA / "images")
    arguments = parser.parse_args()
    (_, _, height, width), values = read_npy(DATA / "test_images.npy")
    _, labels = read_npy(DATA / "test_labels.npy")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    lines = ["file,label"]
    for i in range(arguments.count):
        name, start = f"{i:03}.png", i * height * width
        pixels = [round(value * 16) * 15 for value in values[start : start + height * width]]
        (arguments.folder / name).write_bytes(png([pixels[y * width : (y + 1) * width] for y in range(height)]))
        lines.append(f"{name},{labels[i]}")
    (arguments.folder / "labels.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
