# SPDX-License-Identifier: Apache-2.0
"""`edgedyno data check` by the real program and engine: images, tensors, a model without a suite, and data that has no score.

    test_data_check.py

Needs ED_TEST_PROGRAM, ED_SOURCE_DIR and the engine (`edgedyno engines fetch onnxruntime`).
"""

import json
import math
import random
import struct
import unittest
import zlib

from test_tasks import DIGITS, SOURCE, Room, read_npy


def npy(path, shape, values, descr="<f4"):
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    element = {"<f4": "f", "<i8": "q"}[descr]
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + struct.pack(f"<{len(values)}{element}", *values))
    return path


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels, side):
    """An RGB image of side x side."""
    raw = b"".join(b"\0" + pixels[y * side * 3 : (y + 1) * side * 3] for y in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


class DataCheck(Room):
    SIDE, MEAN, STD = 12, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder, generator = cls.room / "images", random.Random(5)
        folder.mkdir()
        cls.pixels = [generator.randbytes(cls.SIDE * cls.SIDE * 3) for _ in range(3)]
        for i, pixels in enumerate(cls.pixels):
            (folder / f"{i}.png").write_bytes(png(pixels, cls.SIDE))
        (folder / "labels.csv").write_text("0.png,0\n1.png,1\n2.png,0\n")
        cls.suite = cls.write([{"name": "t", "data": str(folder)}], {"mean": cls.MEAN, "std": cls.STD}, ["fp32"])

    def app(self, name, swap=False, scale=1 / 255, normal=True, nhwc=False, shift=0, images=1):
        """What an app with these mistakes dumps."""
        area, values = self.SIDE * self.SIDE, []
        for pixels in self.pixels[:images]:
            def at(c, i):
                value = pixels[3 * i + (2 - c if swap else c)] * scale
                return ((value - self.MEAN[c]) / self.STD[c] if normal else value) + shift
            values += [at(c, i) for i in range(area) for c in range(3)] if nhwc else [at(c, i) for c in range(3) for i in range(area)]
        shape = (images, self.SIDE, self.SIDE, 3) if nhwc else (images, 3, self.SIDE, self.SIDE)
        head = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
        head += b" " * (-(len(head) + 11) % 64) + b"\n"
        path = self.room / name
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + struct.pack(f"<{len(values)}f", *values))
        return path

    def against(self, path):
        return self.start("data", "check", "--against", path, self.suite)

    def test_the_same(self):
        for images in (1, 3):
            done = self.against(self.app("same.npy", images=images))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn("the same", done.stdout)
            self.assertIn(f"compared {images} sample", done.stdout)

    def test_each_mistake_is_named(self):
        for name, mistakes, *words in (
            ("bgr.npy", {"swap": True}, "red and blue"),
            ("x255.npy", {"scale": 1}, "255 times too large"),
            ("plain.npy", {"normal": False}, "mean and std left out"),
            ("nhwc.npy", {"nhwc": True}, "layout"),
            ("two.npy", {"nhwc": True, "swap": True}, "layout", "red and blue"),
            ("bytes.npy", {"scale": 1, "normal": False}, "255 times too large", "mean and std left out"),
            ("other.npy", {"shift": 1}, "none of the usual mistakes"),
        ):
            with self.subTest(name=name):
                done = self.against(self.app(name, **mistakes))
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                for word in words:
                    self.assertIn(word, done.stdout)
                # Nothing else is named.
                self.assertEqual(done.stdout.count(", and") + 1, len(words), done.stdout)

    def test_what_cannot_be_compared(self):
        path = self.app("cut.npy")
        raw = path.read_bytes().replace(b"(1, 3, 12, 12)", b"(1, 3, 12, 11)")
        path.write_bytes(raw[: len(raw) - 4 * 3 * 12])
        done = self.against(path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("an image becomes 432", done.stderr)
        done = self.start("data", "check", "--task", "no", self.suite)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there is no task 'no'", done.stderr)

    def test_scores(self):
        done = self.start("data", "check", "--samples", "100", DIGITS / "suite-images.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = {line[:50].strip(): line[50:].split() for line in done.stdout.splitlines()}
        self.assertIn("100 of 200 images", done.stdout)
        written = float(next(value for key, value in rows.items() if key.startswith("as written"))[0])
        small = float(next(value for key, value in rows.items() if key.startswith("values 255 times too small"))[0])
        self.assertEqual(written, 100)
        self.assertLess(small, 30)
        self.assertEqual(list(self.room.glob("edgedyno-data-*")), [], "nothing stays")


class Tensors(Room):
    """Data that is given as .npy: the same mistakes, made on its numbers."""

    SHAPE = (3, 4, 5)  # of a sample, channels first

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        generator = random.Random(7)
        cls.values = [generator.uniform(0, 1 + i // 20 % 3) for i in range(4 * 60)]
        cls.data = npy(cls.room / "data.npy", (4, *cls.SHAPE), cls.values)
        npy(cls.room / "labels.npy", (4,), [0, 1, 2, 3], "<i8")
        cls.suite = cls.write([{"name": "t", "data": str(cls.data), "labels": str(cls.room / "labels.npy")}], None, ["fp32"])

    def against(self, values, *words):
        done = self.start("data", "check", "--against", npy(self.room / "app.npy", (len(values) // 60, 60), values), *words, self.suite)
        return done

    def test_the_same(self):
        done = self.against(self.values[:120])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("compared 2 samples, 120 elements", done.stdout)

    def test_each_mistake_is_named(self):
        one = self.values[:60]
        channels = [one[i : i + 20] for i in (0, 20, 40)]
        every = [[self.values[s * 60 + c * 20 + i] for s in range(4) for i in range(20)] for c in range(3)]
        mean = [sum(e) / 80 for e in every]
        deviation = [math.sqrt(sum((v - m) ** 2 for v in e) / 80) for e, m in zip(every, mean)]
        for what, app, words in (
            ("bgr", channels[2] + channels[1] + channels[0], "red and blue changed"),
            ("layout", [channels[c][i] for i in range(20) for c in range(3)], "layout changed"),
            ("x255", [255 * v for v in one], "255 times too large"),
            ("div255", [v / 255 for v in one], "255 times too small"),
            ("centre", [2 * v - 1 for v in one], "-1..1"),
            ("again", [(v - mean[i // 20]) / deviation[i // 20] for i, v in enumerate(one)], "the data's own mean"),
        ):
            with self.subTest(what=what):
                done = self.against(app)
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                (line,) = [x for x in done.stdout.splitlines() if x.startswith("it looks like")]
                self.assertIn(words, line)
                self.assertNotIn(", and", line)
        done = self.against([v + 0.5 for v in one])
        self.assertEqual(done.returncode, 1)
        self.assertIn("none of the usual mistakes", done.stdout)
        done = self.against(self.values[:60] * 5)
        self.assertEqual(done.returncode, 2)
        self.assertIn("dump the first 4", done.stderr)

    def test_scores(self):
        tensors, labels = DIGITS / "data/test_images.npy", DIGITS / "data/test_labels.npy"
        suite = self.write([{"name": "t", "data": str(tensors), "labels": str(labels)}], None, ["fp32"])
        done = self.start("data", "check", suite)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("200 of 800 samples", done.stdout)
        shape, values = read_npy(tensors)
        self.assertIn(f"values 0 to {max(values):.6g}, mean {sum(values) / len(values):.4g}", done.stdout)
        rows = {line[:57].strip(): line[57:].split() for line in done.stdout.splitlines() if "%" in line}
        self.assertEqual(set(rows), {"as written", *(t for t in rows if t.startswith("value"))} | {"normalised by the data's own mean and deviation"}, done.stdout)
        self.assertEqual(len(rows), 5)
        self.assertGreater(float(rows["as written"][0]), 90)
        self.assertEqual(list(self.room.glob("edgedyno-data-*")), [], "nothing stays")
        # A model without a suite, the same data: the same figures.
        bare = self.start("data", "check", DIGITS / "models/digits-fp32.onnx", "--data", tensors, "--labels", labels)
        self.assertEqual(bare.returncode, 0, bare.stderr)
        self.assertEqual(bare.stdout.splitlines()[3:], done.stdout.splitlines()[3:])
        self.assertTrue(bare.stdout.startswith("digits-fp32, task data: 800 samples"), bare.stdout)


class Bare(Room):
    """A model's file, and its data on the command line."""

    MODEL = DIGITS / "models/digits-fp32.onnx"

    def test_images(self):
        gray = '{"color": "gray", "scale": "1/15"}'
        suite = self.write([{"name": "data", "data": str(DIGITS / "data/images")}], json.loads(gray), ["fp32"])
        expected = self.start("data", "check", "--samples", "50", suite)
        self.assertEqual(expected.returncode, 0, expected.stderr)
        (self.room / "pre.json").write_text(gray)
        for preprocess in (gray, "pre.json"):
            done = self.start("data", "check", self.MODEL, "--data", DIGITS / "data/images", "--samples", "50", "--preprocess", preprocess)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("50 of 200 images", done.stdout)
            self.assertEqual(done.stdout.splitlines()[2:], expected.stdout.splitlines()[2:])

    def test_usage(self):
        images = DIGITS / "data/images"
        for words, text in (
            ([self.MODEL], "--data images --labels labels.csv"),
            ([self.MODEL, "--data", "nowhere"], "nowhere"),
            ([self.MODEL, "--data", images, "--metric", "top-2"], "top-1"),
            ([self.MODEL, "--data", images, "--preprocess", '{"colour": "gray"}'], '"color"'),
            ([self.MODEL, "--data", images, "--preprocess", "{"], "--preprocess"),
            ([self.MODEL, "--data", DIGITS / "data/test_images.npy"], '"labels"'),
            ([DIGITS / "suite-images.json", "--labels", "x.csv"], "goes with a model's file"),
            ([self.MODEL, "--data", images, "--preprocess", '{"color": "gray"}', "--on", "onnxruntme"], "onnxruntime"),
        ):
            with self.subTest(words=words):
                done = self.start("data", "check", *words)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(text, done.stderr)


def wav(values, rate=16000):
    data = struct.pack(f"<{len(values)}h", *values)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", len(data)) + data


class NoScore(Room):
    """Data in which no mistake can be made on purpose: what can be read is, and what is not checked is said."""

    def tell(self, code, name, content, *words):
        path = self.room / name
        path.write_bytes(content)
        done = self.start("data", "check", Bare.MODEL, "--data", path, *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_texts(self):
        text = self.tell(0, "good.txt", b"one two\nthree\n")
        for words in ("a text, metric perplexity", "14 bytes, 2 lines", "not checked    tokens", "not checked    what a mistake would cost"):
            self.assertIn(words, text)
        self.assertIn("byte 4 is not UTF-8", self.tell(1, "bad.txt", b"one \xff"))
        self.assertIn("byte order mark", self.tell(1, "bom.txt", b"\xef\xbb\xbfone"))
        self.assertIn("2 carriage returns", self.tell(1, "dos.txt", b"one\r\ntwo\r\n"))
        self.assertIn("is empty", self.tell(1, "empty.txt", b""))

    def test_questions(self):
        lines = "".join(json.dumps({"prompt": f"q{i}", "choices": ["a", "b", "c"], "answer": i % 4 // 2}) + "\n" for i in range(8))
        text = self.tell(0, "q.jsonl", lines.encode())
        self.assertIn("8 questions, metric multiple-choice", text)
        self.assertIn("who always takes the same one has at most 50.00 %", text)
        self.assertIn("line 9", self.tell(2, "broken.jsonl", lines.encode() + b'{"prompt": "x", "choices": ["a", "b"], "answer": 2}\n'))

    def test_recordings(self):
        tone = [int(9000 * math.sin(i / 10)) for i in range(16000)]
        text = self.tell(0, "a.wav", wav(tone))
        self.assertIn("1.0 s at 16000 Hz", text)
        self.assertIn("none (a.txt), so there is no word error rate", text)
        (self.room / "a.txt").write_text("Two words.")
        self.assertIn("a.txt, 2 words, 2.0 a second", self.tell(0, "a.wav", wav(tone)))
        self.assertIn("nearly silent", self.tell(1, "quiet.wav", wav([v // 255 for v in tone])))
        self.assertIn("cut off at full scale", self.tell(1, "loud.wav", wav([32767 if v > 0 else -32768 for v in tone])))
        self.assertIn("ffmpeg", self.tell(2, "rate.wav", wav(tone, 44100)))

    def test_a_folder_of_recordings(self):
        folder, tone = self.room / "speech", [int(9000 * math.sin(i / 10)) for i in range(16000)]
        folder.mkdir()
        for name, values in (("a", tone), ("b", tone + tone)):
            (folder / f"{name}.wav").write_bytes(wav(values))
            (folder / f"{name}.txt").write_text("One, two three.")
        words = ["data", "check", Bare.MODEL, "--data", folder, "--metric", "word-error-rate"]
        done = self.start(*words)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for text in ("2 recordings, metric word-error-rate", "3.0 s at 16000 Hz", "6 words, 2.0 a second", "not checked    the spectrogram"):
            self.assertIn(text, done.stdout)
        (folder / "b.wav").write_bytes(wav([v // 255 for v in tone]))
        done = self.start(*words)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("1 of them are nearly silent", done.stdout)
        self.assertIn("the first is b.wav", done.stdout)

    def test_metrics_without_right_answers(self):
        suite = self.write([{"name": "t", "data": str(DIGITS / "data/test_images.npy"), "metric": "sqnr"}], None, ["fp32"])
        done = self.start("data", "check", suite)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("800 samples, float32", done.stdout)
        self.assertIn("top-1 with labels has right answers", done.stdout)
        done = self.start("data", "check", "--against", DIGITS / "data/test_images.npy", suite)
        self.assertEqual(done.returncode, 2)
        self.assertIn("dump the first 64", done.stderr)


class OwnProgram(Room):
    def test_squares(self):
        """Scores of the user's own program, in its own unit."""
        done = self.start("data", "check", SOURCE / "examples/squares/suite.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("24 of 24 images", done.stdout)
        self.assertRegex(done.stdout, r"as written +1\.000 *\n")
        done = self.start("data", "check", "--samples", "9", SOURCE / "examples/squares/suite.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--samples 24", done.stderr)


if __name__ == "__main__":
    unittest.main()
