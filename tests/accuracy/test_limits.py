# SPDX-License-Identifier: Apache-2.0
"""Limits on the figures of tasks themselves, by the real program and engine; and labels and outputs that no score can be made of.

    test_limits.py

Needs ED_TEST_PROGRAM, ED_SOURCE_DIR and the engine (`edgedyno engines fetch onnxruntime`). What is expected is worked out here by the
standard library alone.
"""

import json
import math
import struct
import sys
import unittest

from test_tasks import DIGITS, JUDGE, Room, read_npy, rows_of


def at_least(n, k, p):
    """P(X >= k) of a binomial, by its definition."""
    if p in (0, 1):
        return float(p == 1 or k <= 0)
    terms = (math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p) for i in range(k, n + 1))
    return math.fsum(map(math.exp, terms))


def exact(n, k):
    """The interval of Clopper and Pearson, by bisection."""

    def low(n, k):
        below, above = 0.0, 1.0
        for _ in range(60):
            middle = (below + above) / 2
            below, above = (below, middle) if at_least(n, k, middle) > 0.025 else (middle, above)
        return below if k else 0.0

    return low(n, k), 1 - low(n, n - k)


class Limits(Room):
    """Limits on a figure itself, in its own unit: certified by its interval, or not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.room / "logit.py").write_text(JUDGE.replace(" - max(row)", ""))
        (cls.room / "equal.py").write_text("for i in range(200):\n    print('{\"id\": %d, \"score\": 7}' % i)\n")
        (cls.room / "half.py").write_text("for i in range(200):\n    print('{\"id\": %d, \"score\": 0.5}' % i)\n")
        images, tensors, labels = (str(DIGITS / "data" / name) for name in ("images", "test_images.npy", "test_labels.npy"))
        top = {"data": tensors, "labels": labels}
        cls.suite = cls.write(
            [
                {"name": "certified", "threshold": "top-1 >= 97 %"} | top,
                {"name": "open", "threshold": "top-1 >= 99 %"} | top,
                {"name": "lost", "threshold": "accuracy_value >= 99.9 %"} | top,
                {"name": "right", "data": images, "threshold": "top-1 >= 0.99"},
                {"name": "cosine", "data": images, "metric": "cosine", "threshold": "cosine >= 0.9"},
                {"name": "sqnr", "data": tensors, "metric": "sqnr", "threshold": "sqnr >= 200 dB"},
                {"name": "logit", "data": images, "metric": "command", "command": [sys.executable, "logit.py"], "threshold": "command >= -1e6"},
                {"name": "equal", "data": images, "metric": "command", "command": [sys.executable, "equal.py"], "threshold": "accuracy_value >= 5"},
                {"name": "half", "data": images, "metric": "command", "command": [sys.executable, "half.py"], "threshold": "accuracy_value >= 49.5 %"},
            ],
            {"color": "gray", "scale": "1/240"},
        )
        cls.done = cls.start("run", cls.suite, "--require", "top-1 >= 50 %", "--out", "out", "--format", "json", "-q")
        if cls.done.returncode != 1:
            raise AssertionError(f"edgedyno run ended with {cls.done.returncode}: {cls.done.stderr}")
        cls.records = {(r["variant"], r["accuracy_task"]): r for r in json.loads(cls.done.stdout)["records"]}

    def texts(self, task, code, variant="int8"):
        return [r["text"] for r in self.records[variant, task]["reasons"] if r["code"] == code and r["key"] == "accuracy_value"]

    def test_verdicts(self):
        due = {
            "certified": "pass", "open": "inconclusive", "lost": "fail", "right": "inconclusive", "cosine": "pass", "sqnr": "fail",
            "logit": "pass", "equal": "inconclusive", "half": "inconclusive",
        }
        self.assertEqual({task: self.records["int8", task]["accuracy_verdict"] for task in due}, due)
        # The reference is no better for being the reference.
        self.assertEqual(self.records["fp32", "right"]["accuracy_verdict"], "inconclusive")
        self.assertIs(self.records["int8", "lost"]["speed_usable"], False)

    def test_a_limit_by_name_is_about_its_metric_alone(self):
        for (variant, task), record in self.records.items():
            told = [r["text"] for r in record["reasons"] if r["text"].startswith("top-1 >= 50 %: ")]
            self.assertEqual(len(told), record["accuracy_metric"] == "top-1", (variant, task, told))

    def test_intervals(self):
        for task, n in (("certified", 800), ("right", 200)):
            for variant in ("fp32", "int8"):
                record = self.records[variant, task]
                low, high = exact(n, round(record["accuracy_value"] * n))
                self.assertAlmostEqual(record["accuracy_value_low"], low, delta=1e-9)
                self.assertAlmostEqual(record["accuracy_value_high"], high, delta=1e-9)
        cosine, sqnr, logit = (self.records["int8", task] for task in ("cosine", "sqnr", "logit"))
        self.assertAlmostEqual(cosine["accuracy_value_low"], 1 - cosine["accuracy_drop_high"], delta=1e-12)
        self.assertAlmostEqual(sqnr["accuracy_value_low"], -10 * math.log10(sqnr["accuracy_drop_high"]), delta=1e-9)
        for record in (cosine, sqnr, logit):
            self.assertLess(record["accuracy_value_low"], record["accuracy_value"])
            self.assertGreater(record["accuracy_value_high"], record["accuracy_value"])
        # All 0.5: as many as 1 - 0.025 ** (1 / 200) may be another, and those 0 or 1.
        unseen = 1 - 0.025 ** (1 / 200)
        self.assertAlmostEqual(self.records["int8", "half"]["accuracy_value_low"], 0.5 - 0.5 * unseen, delta=1e-12)
        self.assertIsNone(self.records["int8", "equal"]["accuracy_value_low"])

    def test_the_number_that_would_do(self):
        right = round(self.records["int8", "open"]["accuracy_value"] * 800)
        (text,) = self.texts("open", "too_few_samples")
        needed = int(text.split("about ")[1].split()[0])
        enough, few = math.ceil(needed / 800 * 1.02), math.floor(needed / 800 * 0.9)
        self.assertIn("800 samples cannot certify", text)
        self.assertGreater(exact(800 * enough, right * enough)[0], 0.99)
        self.assertLess(exact(max(800 * few, 800), right * max(few, 1))[0], 0.99)
        self.assertIn("about 368 would", self.texts("right", "too_few_samples")[0])  # ln 0.025 / ln 0.99
        # 0.5 - 0.5 q >= 0.495: q is at most 1 %.
        self.assertIn("about 368 would", self.texts("half", "too_few_samples")[0])
        self.assertIn("how sure that is", self.texts("equal", "no_spread")[0])
        self.assertEqual(self.texts("certified", "too_few_samples") + self.texts("lost", "too_few_samples"), [])

    def test_shown(self):
        self.assertIn("98.", self.start("report", "out", "--format", "html").stdout)
        done = self.start("report", "out", "--format", "csv")
        self.assertIn(",accuracy_value,accuracy_value_low,accuracy_value_high,", done.stdout.splitlines()[0])

    def refused(self, suite, rule, *words):
        done = self.start("run", suite, "--require", rule, "--dry-run")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_limits_that_judge_nothing_or_wrong(self):
        tensors, labels = str(DIGITS / "data/test_images.npy"), str(DIGITS / "data/test_labels.npy")
        top, sqnr = {"name": "t", "data": tensors, "labels": labels}, {"name": "s", "data": tensors, "metric": "sqnr"}
        one, two = self.write([top]), self.write([top, sqnr])
        self.refused(one, "perplexity <= 40", "no task has this metric")
        self.refused(one, "preplexity <= 40", "the nearest is perplexity")
        self.refused(one, "top-1 >= 97", 'write a percent sign ("97 %")')
        self.refused(one, "accuracy_value >= 97", 'write a percent sign ("97 %")')
        self.refused(one, "accuracy_value >= 30 dB", "is a share")
        self.refused(one, "top-1 >= baseline - 1 %", "accuracy_drop")
        self.refused(one, "accuracy_value >= baseline - 1 %", "accuracy_drop")
        self.refused(two, "accuracy_value >= 97 %", "task s", "in decibels", "begins with its name")
        self.refused(DIGITS / "models/digits-fp32.onnx", "top-1 >= 97 %", "there is no task")
        for threshold, words in (("perplexity <= 40", "another metric"), ("top-1 >= 97", "percent sign"), ("accuracy_value >= 3 nats", "is a share")):
            done = self.start("run", self.write([top | {"threshold": threshold}]), "--dry-run")
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertIn(words, done.stderr)
        done = self.start("run", two, "--require", "top-1 >= 97 %", "--require", "sqnr >= 20 dB", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)


def write_npy(path, descr, shape, values):
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    element = {"<f4": "f", "<i8": "q"}[descr]
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + struct.pack(f"<{len(values)}{element}", *values))
    return str(path)


class Labels(Room):
    """Labels that no answer can match, and outputs that are no numbers: told, and never counted as if the model were wrong."""

    def labels(self, *last, descr="<i8"):
        _, values = read_npy(DIGITS / "data/test_labels.npy")
        kept = list(values[: len(values) - len(last)]) + list(last)
        return write_npy(self.room / f"labels-{len(list(self.room.iterdir()))}.npy", descr, (len(kept),), kept)

    def test_before_anything_is_measured(self):
        tensors = str(DIGITS / "data/test_images.npy")
        short = write_npy(self.room / "short.npy", "<i8", (3,), [0, 1, 2])
        for labels, words in (
            (self.labels(-1), "sample 799 has the label -1"),
            (self.labels(1.5, descr="<f4"), "sample 799 has the label 1.5"),
            (self.labels(math.nan, descr="<f4"), "sample 799 has the label nan"),
            (short, "has 3 labels, and test_images.npy 800 samples"),
        ):
            with self.subTest(words=words):
                done = self.start("run", self.write([{"name": "t", "data": tensors, "labels": labels}]), "--dry-run")
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(words, done.stderr)

    def test_classes_that_the_model_does_not_have(self):
        tensors = str(DIGITS / "data/test_images.npy")
        task = {"name": "t", "data": tensors, "labels": self.labels(10), "threshold": "accuracy_drop <= 1 %"}
        done = self.start("run", self.write([task]), "--format", "json", "-q")
        self.assertEqual(done.returncode, 3, done.stderr)
        for record in json.loads(done.stdout)["records"]:
            self.assertIsNone(record["accuracy_value"])
            self.assertEqual(record["accuracy_verdict"], "inconclusive")
            (text,) = [r["text"] for r in record["reasons"] if r["code"] == "not_scored"]
            self.assertIn("sample 799 has the label 10, and the output has 10 classes", text)

    def test_outputs_that_are_no_numbers(self):
        shape, values = read_npy(DIGITS / "data/test_images.npy")
        width = math.prod(shape[1:])
        broken = list(values[: 20 * width])
        broken[7 * width : 8 * width] = [math.nan] * width
        data = write_npy(self.room / "broken.npy", "<f4", (20, *shape[1:]), broken)
        labels = write_npy(self.room / "twenty.npy", "<i8", (20,), read_npy(DIGITS / "data/test_labels.npy")[1][:20])
        suite = self.write([{"name": "t", "data": data, "labels": labels}, {"name": "c", "data": data, "metric": "cosine"}])
        done = self.start("run", suite, "--out", "broken", "--format", "json", "-q")
        records = {(r["variant"], r["accuracy_task"]): r for r in json.loads(done.stdout)["records"]}
        rows = rows_of(self.room / "broken/devices/local/outputs/c0.accuracy.1.0.npy")
        self.assertTrue(any(map(math.isnan, rows[7])), "this model lets NaN through")
        (text,) = [r["text"] for r in records["fp32", "t"]["reasons"] if r["code"] == "not_a_number"]
        self.assertIn("1 of 20 samples have an output that is NaN", text)
        self.assertIn("the first is sample 7", text)
        self.assertLessEqual(records["fp32", "t"]["accuracy_value"], 0.95)
        self.assertIsNone(records["int8", "c"]["accuracy_value"])


if __name__ == "__main__":
    unittest.main()
