# SPDX-License-Identifier: Apache-2.0
"""Average precision, for the metrics `command` and `command-set`: map.py BOXES.json FOLDER. The standard library is enough.

FOLDER is what edgedyno hands over (docs/accuracy.md): task.json and the outputs as .npy. A detection is a peak of the output that is
higher than its neighbours; its box is 7 x 7 around it. It is right where it overlaps a box of the image that no better one has taken, by
half of their union or more. Average precision is the area under precision over recall, precision made falling (all points, as Pascal VOC
2010 has it).

Of `command` that of each image is printed; edgedyno takes the mean over images. Of `command-set`, where there is draws.npy, that of the
detections of all images together, as detectors are usually judged: once for the images as they are, and once for each draw of them.
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
    return header["shape"], struct.unpack_from(f"<{count}{'i' if header['descr'] == '<i4' else 'f'}", raw, 10 + size)


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


def judge(found, boxes):
    """(score, whether it is right) of each detection of an image."""
    taken, judged = set(), []
    for score, box in found:
        best = max(range(len(boxes)), key=lambda k: overlap(box, boxes[k]))
        right = best not in taken and overlap(box, boxes[best]) >= OVERLAP
        if right:
            taken.add(best)
        judged.append((score, right))
    return judged


def average_precision(judged, n_boxes):
    """`judged`: the best first."""
    right, curve = 0, []
    for i, (_, is_right) in enumerate(judged, start=1):
        right += is_right
        curve.append((right / n_boxes, right / i))
    area, precision = 0.0, 0.0
    for i in range(len(curve) - 1, -1, -1):
        precision = max(precision, curve[i][1])
        area += (curve[i][0] - (curve[i - 1][0] if i else 0)) * precision
    return area


def of_all(images):
    """Of (judged detections, number of boxes) of any images, one that is there twice counting twice."""
    judged = sorted((row for judged, _ in images for row in judged), key=lambda row: -row[0])
    return average_precision(judged, sum(n for _, n in images))


def main():
    boxes = list(json.loads(Path(sys.argv[1]).read_text()).values())
    task = json.loads((Path(sys.argv[2]) / "task.json").read_text())
    (samples, _, height, width), values = read_npy(task["outputs"][0]["file"])
    images = []
    for i in range(samples):
        peaks = values[i * height * width : (i + 1) * height * width]
        images.append((judge(detections(peaks, height, width), boxes[i]), len(boxes[i])))
    if "draws" not in task:
        for i, (judged, n_boxes) in enumerate(images):
            print(json.dumps({"id": i, "score": average_precision(judged, n_boxes)}))
        return
    (draws, _), numbers = read_npy(task["draws"])
    print(json.dumps({"value": of_all(images)}))
    for k in range(draws):
        drawn = [images[i] for i in numbers[k * samples : (k + 1) * samples]]
        print(json.dumps({"draw": k, "value": of_all(drawn)}))


if __name__ == "__main__":
    main()
