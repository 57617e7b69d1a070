# SPDX-License-Identifier: Apache-2.0
"""Preprocessing against Pillow and NumPy: against_pillow.py TOOL

Pixels must be Pillow's own, bit for bit, for PNG; of JPEG, which Pillow decodes by a libjpeg-turbo of its own, they may differ by 2 of
255. Without antialiasing, which Pillow does not offer, NumPy works out the same formula. Elements may differ in the last bits of a float.
"""

import io
import itertools
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy
from PIL import Image

TOOL = sys.argv[1]
METHODS = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def weights(source, result, radius, kernel):
    """Rows of weights, one a pixel of the result: a filter that keeps its width."""
    rows = numpy.zeros((result, source))
    for x in range(result):
        centre = (x + 0.5) * source / result
        low, high = max(int(centre - radius + 0.5), 0), min(int(centre + radius + 0.5), source)
        row = numpy.array([kernel(abs(k - centre + 0.5)) for k in range(low, high)])
        rows[x, low:high] = row / row.sum()
    return rows


def cubic(d, a=-0.5):
    return ((a + 2) * d - (a + 3)) * d * d + 1 if d < 1 else (((d - 5) * d + 8) * d - 4) * a if d < 2 else 0


def without_antialias(array, size, method):
    radius, kernel = (2, cubic) if method.startswith("bicubic") else (1, lambda d: max(1 - d, 0))
    wide = numpy.einsum("xw,hwc->hxc", weights(array.shape[1], size[1], radius, kernel), array.astype(float))
    wide = numpy.clip(numpy.floor(wide + 0.5), 0, 255)
    tall = numpy.einsum("yh,hxc->yxc", weights(array.shape[0], size[0], radius, kernel), wide)
    return numpy.clip(numpy.floor(tall + 0.5), 0, 255)


def expected(path, p):
    """The tensor by Pillow and NumPy, and by how much it may differ."""
    gray = p.get("color") == "gray"
    image = Image.open(path).convert("L" if gray else "RGB")
    slack = 2 if path.suffix == ".jpg" else 0
    if "resize" in p:
        if len(p["resize"]) == 2:
            height, width = p["resize"]
        else:
            side = p["resize"][0]
            width = side if image.width <= image.height else int(side * image.width / image.height)
            height = side if image.height <= image.width else int(side * image.height / image.width)
        method = p.get("method", "bilinear")
        if method.endswith("-no-antialias"):
            array = without_antialias(numpy.atleast_3d(numpy.asarray(image)), (height, width), method)
            # Whole weights of 2^-22 there, doubles here: a half may fall to either side.
            slack = max(slack, 1)
        else:
            array = numpy.atleast_3d(numpy.asarray(image.resize((width, height), METHODS[method])))
    else:
        array = numpy.atleast_3d(numpy.asarray(image))
    if "crop" in p:
        height, width = p["crop"] if len(p["crop"]) == 2 else p["crop"] * 2
        top, left = round((array.shape[0] - height) / 2), round((array.shape[1] - width) / 2)
        array = array[top : top + height, left : left + width]
    if p.get("color") == "bgr":
        array = array[:, :, ::-1]
    scale = p.get("scale", "1/255")
    scale = float(scale.split("/")[0]) / float(scale.split("/")[1]) if isinstance(scale, str) else scale
    std = numpy.array(p.get("std", [1.0]))
    tensor = (array.astype(numpy.float64) * scale - numpy.array(p.get("mean", [0.0]))) / std
    if p.get("layout") != "nhwc":
        tensor = tensor.transpose(2, 0, 1)
    if p.get("dtype") == "uint8":
        return numpy.clip(numpy.rint(tensor), 0, 255).astype(numpy.uint8), slack
    return tensor.astype(numpy.float32), slack * scale / std.min()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(array, bits, kind, interlaced=False, **more):
    """What Pillow cannot write: 16 bits a channel, 2 or 4 bits of gray, Adam7, chunks of one's own. `kind` as in IHDR."""
    array = array.reshape(*array.shape[:2], -1)

    def rows(part):
        for row in part:
            flat = row.reshape(-1)
            if bits >= 8:
                yield b"\0" + flat.astype(">u2" if bits == 16 else "u1").tobytes()
            else:
                yield b"\0" + numpy.packbits(numpy.unpackbits(flat.astype("u1")[:, None], axis=1)[:, 8 - bits :]).tobytes()

    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)] if interlaced else [(0, 0, 1, 1)]
    parts = (array[y::dy, x::dx] for y, x, dy, dx in passes)
    data = b"".join(line for part in parts if part.size for line in rows(part))
    head = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], bits, kind, 0, 0, int(interlaced))
    extra = b"".join(chunk(name.encode(), content) for name, content in more.items())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def make_images(room):
    """Files of every kind, with random pixels, which forgive nothing."""
    generator, made = numpy.random.default_rng(7), []

    def save(name, array, mode=None, **options):
        image = Image.fromarray(array) if mode is None else Image.fromarray(array).convert(mode)
        image.save(room / name, **options)
        made.append(room / name)

    def noise(*shape):
        return generator.integers(0, 256, shape, dtype=numpy.uint8)

    save("rgb.png", noise(61, 47, 3))
    save("wide.png", noise(33, 130, 3))
    save("rgba.png", noise(40, 40, 4))
    save("gray.png", noise(50, 37))
    save("la.png", noise(30, 31, 2))
    save("palette.png", noise(45, 52, 3), "P")
    save("bits.png", (noise(35, 41) > 127))
    smooth = numpy.kron(noise(9, 11, 3), numpy.ones((8, 8, 1), dtype=numpy.uint8))
    save("small.jpg", smooth, quality=90)
    save("gray.jpg", smooth[:, :, 0].copy(), quality=90)
    save("progressive.jpg", smooth, quality=95, progressive=True, subsampling=0)
    # Sides that no block divides, with the colours of two pixels in one; turned by EXIF, which Pillow leaves alone, too.
    save("odd.jpg", numpy.ascontiguousarray(smooth[:67, :83]), quality=92, subsampling=2)
    turned = Image.Exif()
    turned[0x0112] = 6
    save("turned.jpg", numpy.ascontiguousarray(smooth[:41, :66]), quality=92, exif=turned)
    save("transparent.png", noise(36, 36, 3), "P", transparency=3)
    save("one.png", noise(1, 1, 3))
    save("line.png", noise(1, 90, 3))
    save("column.png", noise(75, 1, 3))

    def raw(name, array, *kind, **more):
        (room / name).write_bytes(png(array, *kind, **more))
        made.append(room / name)

    raw("two-bits.png", generator.integers(0, 4, (31, 29)), 2, 0)
    raw("four-bits.png", generator.integers(0, 16, (30, 33)), 4, 0)
    raw("adam7.png", noise(35, 43, 3), 8, 2, interlaced=True)
    raw("adam7-gray.png", noise(33, 30), 8, 0, interlaced=True)
    raw("gamma.png", noise(31, 32, 3), 8, 2, gAMA=struct.pack(">I", 220000))
    raw("key.png", noise(32, 31, 3), 8, 2, tRNS=struct.pack(">HHH", 10, 20, 30))
    wide = generator.integers(0, 65536, (34, 30, 3))
    raw("sixteen.png", wide, 16, 2)
    raw("sixteen-alpha.png", generator.integers(0, 65536, (30, 35, 4)), 16, 6)
    return made


def sixteen_gray(room):
    """16 bits of gray: the upper 8, as of colours. Pillow takes all above 255 for white, which is nobody's picture."""
    deep = numpy.random.default_rng(8).integers(0, 65536, (30, 31))
    (room / "deep.png").write_bytes(png(deep, 16, 0))
    (room / "upper.png").write_bytes(png(deep >> 8, 8, 0))
    for p in ({}, {"color": "gray", "resize": [20, 50]}):
        deep_tensor, upper_tensor = (run(room, p, [room / name])[1] for name in ("deep.png", "upper.png"))
        if deep_tensor != upper_tensor:
            return [f"16 bits of gray are not the upper 8 {p}"]
    return []


def hostile(room):
    """Files that are no picture, or only part of one: refused with a reason, never a tensor."""
    array = numpy.random.default_rng(9).integers(0, 256, (64, 64, 3), dtype=numpy.uint8)
    found = []

    def bytes_of(image, form, **options):
        out = io.BytesIO()
        image.save(out, form, **options)
        return out.getvalue()

    jpeg, whole = bytes_of(Image.fromarray(array), "JPEG"), bytes_of(Image.fromarray(array), "PNG")
    cases = {
        "half.jpg": (jpeg[: len(jpeg) // 2], "no JPEG image"),
        "last.jpg": (jpeg[:-40], "no JPEG image"),
        "half.png": (whole[: len(whole) // 2], "no PNG image"),
        "flipped.png": (whole[:200] + bytes((whole[200] ^ 1,)) + whole[201:], "no PNG image"),
        "inks.jpg": (bytes_of(Image.fromarray(array).convert("CMYK"), "JPEG"), "CMYK"),
        "huge.png": (png(numpy.zeros((1, 20000)), 8, 0), "no PNG image"),
        "none.png": (b"", "neither a PNG nor a JPEG"),
        "picture.gif.png": (bytes_of(Image.fromarray(array).convert("P"), "GIF"), "neither a PNG nor a JPEG"),
        "picture.webp.jpg": (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(24), "neither a PNG nor a JPEG"),
    }
    for name, (content, words) in cases.items():
        (room / name).write_bytes(content)
        status, _, told = run(room, {}, [room / name])
        if status == 0 or words not in told:
            found.append(f"{name}: status {status}, {told.strip()!r} lacks {words!r}")
    return found


def settings():
    yield {}
    for method, size in itertools.product((*METHODS, "bilinear-no-antialias", "bicubic-no-antialias"), ([24, 24], [20], [90, 101], [70])):
        yield {"resize": size, "method": method}
    yield {"resize": [28], "crop": [24, 24]}
    yield {"resize": [27], "crop": [24], "layout": "nhwc", "color": "bgr", "method": "bicubic"}
    yield {"crop": [29, 30], "color": "gray"}
    # At the borders: nothing cut, all but a pixel, a rest of one and of three, whose half goes to the even side.
    for size, crop in (((31, 37), (31, 37)), ((31, 37), (1, 1)), ((31, 37), (30, 36)), ((33, 39), (30, 36))):
        yield {"resize": list(size), "crop": list(crop)}
    yield {"resize": [25], "color": "gray", "scale": 1, "mean": [127.5], "std": [58.25]}
    yield {"resize": [32, 32], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
    yield {"resize": [32, 32], "color": "bgr", "mean": [0.406, 0.456, 0.485], "std": [0.225, 0.224, 0.229], "layout": "nhwc"}
    yield {"resize": [30, 20], "dtype": "uint8", "scale": 1, "layout": "nhwc"}
    yield {"resize": [30, 20], "dtype": "uint8", "scale": 2, "mean": [10, 20, 30]}


def run(room, p, images, keep=False):
    """(exit status, lines of shapes or the tensor of one image, what was said)"""
    model = {"name": "m", "variants": [{"name": "v", "file": "a.onnx"}], "preprocess": p}
    (room / "suite.json").write_text(json.dumps({"models": [model]}))
    done = subprocess.run([TOOL, room / "suite.json", *images], capture_output=True, text=True, check=False)
    if keep or done.returncode:
        return done.returncode, done.stdout.splitlines(), done.stderr
    return 0, Path(f"{images[0]}.raw").read_bytes(), done.stderr


def main():
    worst, compared, failures = 0.0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        (room / "a.onnx").write_bytes(b"")
        images = make_images(room)
        random.seed(1)
        for p in settings():
            taken = [path for path in images if "crop" not in p or "resize" in p or min(Image.open(path).size) >= 30]
            status, lines, told = run(room, p, taken, keep=True)
            if status:
                sys.exit(f"{p}: the tool failed: {told}")
            for path, line in zip(taken, lines, strict=True):
                due, slack = expected(path, p)
                found = numpy.fromfile(f"{path}.raw", dtype=due.dtype)
                os.unlink(f"{path}.raw")
                if [int(word) for word in line.split()] != list(due.shape):
                    print(f"FAIL {path.name} {p}: {line} is not {due.shape}")
                    failures += 1
                    continue
                difference = numpy.abs(found.reshape(due.shape).astype(numpy.float64) - due.astype(numpy.float64)).max()
                compared += 1
                worst = max(worst, difference if not slack else 0)
                if difference > slack + 2e-6 * max(1, numpy.abs(due.astype(numpy.float64)).max()):
                    print(f"FAIL {path.name} {p}: differs by {difference}, allowed is {slack}")
                    failures += 1
        for text in (*sixteen_gray(room), *hostile(room)):
            print(f"FAIL {text}")
            failures += 1
    print(f"{compared} tensors compared, {failures} differ; the largest difference where none is allowed: {worst:.3g}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
