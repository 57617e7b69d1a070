# SPDX-License-Identifier: Apache-2.0
"""Makes the example again: images with squares, where the squares are, and a detector in two variants. The standard library is enough.

    make.py

The detector is one convolution: the mean of 7 x 7 pixels less the mean of the ring around them, so that the middle of a square is a
peak. The variant `cheap` leaves the ring out. Two runs write the same bytes.
"""

import json
import random
import struct
import zlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIDE, SQUARE, KERNEL, IMAGES = 32, 7, 9, 24


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(rows):
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def field(number, value):
    """A protobuf field: a number, a text, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def tensor_type(name, shape):
    dims = b"".join(field(1, field(1, n)) for n in shape)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def model(weights):
    """ONNX: Conv of `image` with `weights` gives `peaks`; field numbers are those of onnx.proto."""
    kernel = field(1, "kernel_shape") + field(20, 7) + b"".join(field(8, KERNEL) for _ in range(2))
    node = field(1, "image") + field(1, "w") + field(2, "peaks") + field(4, "Conv") + field(5, kernel)
    initializer = b"".join(field(1, n) for n in (1, 1, KERNEL, KERNEL)) + field(2, 1) + field(8, "w")
    initializer += field(9, struct.pack(f"<{len(weights)}f", *weights))
    out = SIDE - KERNEL + 1
    graph = field(1, node) + field(2, "squares") + field(5, initializer)
    graph += field(11, tensor_type("image", (1, 1, SIDE, SIDE))) + field(12, tensor_type("peaks", (1, 1, out, out)))
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def weights(ring):
    middle = range((KERNEL - SQUARE) // 2, (KERNEL + SQUARE) // 2)
    outside = KERNEL * KERNEL - SQUARE * SQUARE
    return [1 / SQUARE**2 if x in middle and y in middle else ring / outside for y in range(KERNEL) for x in range(KERNEL)]


def main():
    generator, boxes = random.Random(2026), {}
    (HERE / "images").mkdir(exist_ok=True)
    for i in range(IMAGES):
        shade = [[generator.randrange(30) + 60 * (x // 16 + y // 16) for x in range(SIDE)] for y in range(SIDE)]
        mine = []
        for _ in range(generator.randint(1, 3)):
            x, y = generator.randrange(1, SIDE - SQUARE), generator.randrange(1, SIDE - SQUARE)
            if any(abs(x - a) < SQUARE + 2 and abs(y - b) < SQUARE + 2 for a, b in mine):
                continue
            mine.append((x, y))
            for row in range(y, y + SQUARE):
                for column in range(x, x + SQUARE):
                    shade[row][column] += 70
        (HERE / "images" / f"{i:02}.png").write_bytes(png([[min(value, 255) for value in row] for row in shade]))
        boxes[f"{i:02}.png"] = [[x, y, x + SQUARE, y + SQUARE] for x, y in mine]
    (HERE / "boxes.json").write_text(json.dumps(boxes, indent=0) + "\n")
    (HERE / "full.onnx").write_bytes(model(weights(-1)))
    (HERE / "cheap.onnx").write_bytes(model(weights(0)))


if __name__ == "__main__":
    main()
