# SPDX-License-Identifier: Apache-2.0
"""The example's net on every engine, from one set of weights: each one's answers to the 800 test images against
data/reference_logits.npy, which NumPy computed in float64 (examples/digits/make/make_reference.py)."""

import json
import math
import unittest

from engine import DIGITS, EngineTest, read_npy

# Largest difference of a logit, and of its mean; logits reach 6.2. What is float must agree as float does. int8 loses what
# int8 loses, and not on every processor the same.
FLOAT = {"most": 1e-4, "mean": 1e-5, "same": 800}
INT8_ONNX = {"most": 0.6, "mean": 0.05, "same": 795}
INT8_TFLITE = {"most": 3.0, "mean": 0.2, "same": 795}
EXPECTED = {
    ("executorch", "digits-pte", "fp32"): FLOAT,
    ("executorch", "digits-pte", "fp32-kernels"): FLOAT,
    ("executorch", "digits-pte", "int8"): INT8_TFLITE,
    ("litert", "digits-tflite", "fp32"): FLOAT,
    ("litert", "digits-tflite", "int8"): INT8_TFLITE,
    ("onnxruntime", "digits-onnx", "fp32"): FLOAT,
    ("onnxruntime", "digits-onnx", "int8"): INT8_ONNX,
    ("openvino", "digits-onnx", "fp32"): FLOAT,
    ("openvino", "digits-onnx", "int8"): INT8_ONNX,
    ("openvino", "digits-tflite", "fp32"): FLOAT,
    ("openvino", "digits-tflite", "int8"): INT8_TFLITE,
    ("openvino", "digits-ir", "fp32"): FLOAT,
}


# Cosine, largest difference, SQNR in dB and share of the same answer against ONNX Runtime's fp32, as edgedyno reports them.
FLOAT_AGREES = {"cosine": 0.9999999, "max_abs": 1e-4, "sqnr_db": 90, "top1": 1}
INT8_AGREES = {"cosine": 0.98, "max_abs": 3.0, "sqnr_db": 15, "top1": 0.99}


def compare(got, wanted):
    """(largest difference, its mean, rows with the same answer, cosine)"""
    differences = [abs(a - b) for a, b in zip(got, wanted, strict=True)]
    rows = range(0, len(wanted), 10)
    answer = lambda values, i: max(range(10), key=lambda k: values[i + k])  # noqa: E731
    same = sum(answer(got, i) == answer(wanted, i) for i in rows)
    dot = sum(a * b for a, b in zip(got, wanted, strict=True))
    norm = math.sqrt(sum(a * a for a in got) * sum(b * b for b in wanted))
    return max(differences), sum(differences) / len(differences), same, dot / norm


class Digits(EngineTest):
    def short_suite(self):
        """The committed suite, with one short block a case."""
        suite = json.loads((DIGITS / "engines.json").read_text())
        for model in suite["models"]:
            for variant in model["variants"]:
                files = variant.pop("files", None) or [variant.pop("file")]
                variant["files"] = [str(DIGITS / name) for name in files]
            for task in model["tasks"]:
                task |= {key: str(DIGITS / task[key]) for key in ("data", "labels")}
        suite["block"] = {"inferences": 5}
        path = self.room / "suite.json"
        path.write_text(json.dumps(suite))
        return path

    def check_agreement(self, records, seen):
        """What the records say of each other is what the outputs say, and within what float and int8 lose."""
        reference = seen["onnxruntime", "digits-onnx", "fp32"]
        for record in records:
            engine = record["engine"].partition("@")[0]
            key = (engine, record["model"], record["variant"])
            with self.subTest(agreement=key):
                most, _, same, cosine = compare(seen[key], reference)
                power, noise = sum(r * r for r in reference), sum((a - r) ** 2 for a, r in zip(seen[key], reference, strict=True))
                self.assertIn("digits-onnx/fp32 onnxruntime@", record["agreement_reference"])
                self.assertAlmostEqual(record["agreement_cosine"], cosine, 12)
                self.assertAlmostEqual(record["agreement_max_abs"], most, 12)
                self.assertEqual(record["agreement_top1"], same / 800)
                self.assertAlmostEqual(record["agreement_sqnr_db"], 10 * math.log10(power / noise) if noise else 300, 6)
                print(*key, {name: record[f"agreement_{name}"] for name in FLOAT_AGREES})
                limits = INT8_AGREES if record["variant"] == "int8" else FLOAT_AGREES
                self.assertLessEqual(record["agreement_max_abs"], limits["max_abs"])
                for name in ("cosine", "sqnr_db", "top1"):
                    self.assertGreaterEqual(record[f"agreement_{name}"], limits[name])

    def test_every_engine_gives_the_same_answers(self):
        _, shape, wanted = read_npy(DIGITS / "data/reference_logits.npy")
        self.assertEqual(tuple(shape), (800, 10))
        status, records, evidence = self.measure(self.short_suite())
        self.assertEqual(status, 0, [(r["engine"], r["variant"], r["outcome"]) for r in records])
        journal = (self.campaign / "devices/local/journal.jsonl").read_text().splitlines()
        cases = json.loads((self.campaign / "campaign.json").read_text())["devices"][0]["cases"]
        seen = {}
        for line in map(json.loads, journal):
            if line["type"] == "block" and line["pass"] == "accuracy":
                index = next(i for i, case in enumerate(cases) if case["id"] == line["case"])
                (name,) = line["evidence"]["output_files"]
                record = records[index]
                key = (record["engine"].partition("@")[0], record["model"], record["variant"])
                seen[key] = read_npy(self.campaign / "devices/local/outputs" / name)[2]
        self.assertEqual(set(seen), set(EXPECTED))
        for key, limit in EXPECTED.items():
            with self.subTest(case=key):
                most, mean, same, cosine = compare(seen[key], wanted)
                print(*key, f"most {most:.3g} mean {mean:.3g} same {same} cosine {cosine:.6f}")
                self.assertLessEqual(most, limit["most"])
                self.assertLessEqual(mean, limit["mean"])
                self.assertGreaterEqual(same, limit["same"])
        self.check_agreement(records, seen)
        for record, block in zip(records, evidence, strict=True):
            with self.subTest(case=(record["engine"], record["variant"])):
                self.assertEqual(record["placed_ops_share"], 1)
                self.assertTrue(block["placement"]["proven"])
                self.assertEqual({place["processor"] for place in block["placement"]["places"]}, {"cpu"})


if __name__ == "__main__":
    unittest.main()
