# SPDX-License-Identifier: Apache-2.0
"""Average precision of each image, for the metric `command`: map.py BOXES.json FOLDER. The standard library is enough.

FOLDER is what edgedyno hands over (docs/accuracy.md): task.json and the outputs as .npy. A detection is a peak of the output that is
higher than its neighbours; its box is 7 x 7 around it. It is right where it overlaps a box of the image that no better one has taken, by
half of their union or more. Average precision is the area under precision over recall, precision made falling (all points, as Pascal VOC
2010 has it). The mean over images is what edgedyno reports, with an interval over images.
"""

import ast
import json
import struct
import sys
from pathlib import Path

SQUARE, MARGIN, FLOOR, OVERLAP = 7, 1, 0.08, 0.5


def read_npy(path):
    raw = Path(path).read_bytes()
    (size,) = struct.unpack_from("<H", raw, 8)
    header = ast.literal_eval(raw[10 : 10 + size].decode("latin-1"))
    count = (len(raw) - 10 - size) // 4
    return header["shape"], struct.unpack_from(f"<{count}f", raw, 10 + size)


def detections(peaks, height, width):
    """(score, box), the best first."""
    found = []
    for y in range(height):
        for x in range(width):
            mine = peaks[y * width + x]
            around = [
                peaks[b * width + a]
                for b in range(max(y - 3, 0), min(y + 4, height))
                for a in range(max(x - 3, 0), min(x + 4, width))
                if (a, b) != (x, y)
            ]
            if mine > FLOOR and mine > max(around):
                found.append((mine, (x + MARGIN, y + MARGIN, x + MARGIN + SQUARE, y + MARGIN + SQUARE)))
    return sorted(found, reverse=True)


def overlap(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def average_precision(found, boxes):
    taken, curve, right = set(), [], 0
    for i, (_, box) in enumerate(found, start=1):
        best = max(range(len(boxes)), key=lambda k: overlap(box, boxes[k]))
        if best not in taken and overlap(box, boxes[best]) >= OVERLAP:
            taken.add(best)
            right += 1
        curve.append((right / len(boxes), right / i))
    area, recall = 0.0, 0.0
    for i, (reached, _) in enumerate(curve):
        area += (reached - recall) * max(precision for _, precision in curve[i:])
        recall = reached
    return area


def main():
    boxes = list(json.loads(Path(sys.argv[1]).read_text()).values())
    task = json.loads((Path(sys.argv[2]) / "task.json").read_text())
    (samples, _, height, width), values = read_npy(task["outputs"][0]["file"])
    for i in range(samples):
        peaks = values[i * height * width : (i + 1) * height * width]
        print(json.dumps({"id": i, "score": average_precision(detections(peaks, height, width), boxes[i])}))


if __name__ == "__main__":
    main()
