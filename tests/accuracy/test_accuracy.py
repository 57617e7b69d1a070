# SPDX-License-Identifier: Apache-2.0
"""Accuracy by the real program and the real engine, against oracle.json, which was made by other means (make_oracle.py).

    test_accuracy.py [--evaluate]

Needs ED_TEST_PROGRAM, ED_SOURCE_DIR and the engine (`edgedyno engines fetch onnxruntime`). --evaluate: compares with what
examples/digits/make/evaluate.py says now, run by this Python, which then needs numpy and onnxruntime; else the standard library does.
"""

import ast
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ.get("ED_SOURCE_DIR", HERE.parents[1]))
DIGITS = SOURCE / "examples" / "digits"
ORACLE = json.loads((HERE / "oracle.json").read_text())
EVALUATE = "--evaluate" in sys.argv
CLASSES = 10


def read_npy(path):
    """(format of an element as struct has it, shape, values) of an .npy file in C order, without NumPy."""
    raw = path.read_bytes()
    if raw[:6] != b"\x93NUMPY" or raw[6] != 1:
        raise ValueError(f"{path} is no .npy of version 1")
    (size,) = struct.unpack_from("<H", raw, 8)
    header = ast.literal_eval(raw[10 : 10 + size].decode("latin-1"))
    if header["fortran_order"]:
        raise ValueError(f"{path} is in Fortran order")
    element, count = {"<f4": "f", "<i8": "q"}[header["descr"]], 1
    for dimension in header["shape"]:
        count *= dimension
    values = struct.unpack_from(f"<{count}{element}", raw, 10 + size)
    if 10 + size + count * struct.calcsize(element) != len(raw):
        raise ValueError(f"{path} is longer than its header says")
    return element, header["shape"], values


def answers(path):
    """The first of the highest scores of each row, as one text of digits."""
    _, shape, scores = read_npy(path)
    if len(shape) < 2 or shape[-1] != CLASSES:
        raise ValueError(f"{path} has the shape {shape}")
    rows = (scores[i : i + CLASSES] for i in range(0, len(scores), CLASSES))
    return "".join(str(row.index(max(row))) for row in rows)


class Accuracy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.room)
        cls.models = {name: DIGITS / "models" / f"digits-{name}.onnx" for name in ("fp32", "int8")}
        original = cls.models["fp32"].read_bytes()
        for name, part in ORACLE["zeroed"].items():
            begin, end = part["offset"], part["offset"] + part["bytes"]
            cls.models[name] = cls.room / f"digits-{name}.onnx"
            cls.models[name].write_bytes(original[:begin] + bytes(part["bytes"]) + original[end:])
        cls.status, cls.campaign, cls.report = cls.measure(list(cls.models), ["accuracy_drop <= 1 %"])
        cls.records = {record["variant"]: record for record in cls.report["records"]}

    @classmethod
    def measure(cls, variants, require):
        suite, out = cls.room / "suite.json", Path(tempfile.mkdtemp(dir=cls.room)) / "campaign"
        suite.write_text(
            json.dumps(
                {
                    "models": [
                        {
                            "name": "digits",
                            "reference": "fp32",
                            "variants": [{"name": name, "file": str(cls.models[name])} for name in variants],
                            "tasks": [
                                {
                                    "name": "held-out",
                                    "data": str(DIGITS / "data/test_images.npy"),
                                    "labels": str(DIGITS / "data/test_labels.npy"),
                                }
                            ],
                        }
                    ],
                    "on": ["onnxruntime/cpu"],
                    "blocks": 1,
                    "block": {"inferences": 5},
                    "require": require,
                }
            )
        )
        environment = os.environ | {"XDG_STATE_HOME": str(cls.room / "state"), "XDG_CACHE_HOME": str(cls.room / "cache")}
        done = subprocess.run(
            [os.environ["ED_TEST_PROGRAM"], "run", suite, "--out", out, "--format", "json", "-q"],
            env=environment, cwd=cls.room, capture_output=True, text=True, check=False,
        )
        if done.returncode not in (0, 1, 3):
            raise AssertionError(f"edgedyno run ended with {done.returncode}: {done.stderr}{done.stdout[:2000]}")
        return done.returncode, out, json.loads(done.stdout)

    def outputs(self, variant):
        """The file of outputs that the campaign keeps of a variant."""
        (device,) = (self.campaign / "devices").iterdir()
        cases = json.loads((self.campaign / "campaign.json").read_text())["devices"][0]["cases"]
        index = next(i for i, case in enumerate(cases) if case["variant"] == variant)
        for line in map(json.loads, (device / "journal.jsonl").read_text().splitlines()):
            if line["type"] == "block" and line["case"] == cases[index]["id"] and line["pass"] == "accuracy":
                (name,) = line["evidence"]["output_files"]
                return device / "outputs" / name
        raise AssertionError(f"no accuracy block of {variant}")

    def advice(self, record):
        """What the record says of the number of samples."""
        codes = ("too_few_samples", "at_the_limit")
        return [reason for reason in record["reasons"] if reason["key"] == "accuracy_drop" and reason["code"] in codes]

    def test_the_fixtures_are_those_of_the_oracle(self):
        for name, path in self.models.items():
            self.assertEqual(hashlib.sha256(path.read_bytes()).hexdigest(), ORACLE["variants"][name]["sha256"], name)
        _, shape, labels = read_npy(DIGITS / "data/test_labels.npy")
        self.assertEqual((shape, "".join(map(str, labels))), ((ORACLE["samples"],), ORACLE["labels"]))

    def test_every_answer(self):
        for name, expected in ORACLE["variants"].items():
            self.assertEqual(answers(self.outputs(name)), expected["answers"], name)

    def test_the_values(self):
        self.assertEqual(set(self.records), set(ORACLE["variants"]))
        for name, expected in ORACLE["variants"].items():
            with self.subTest(variant=name):
                record = self.records[name]
                self.assertEqual(record["accuracy_metric"], "top-1")
                self.assertEqual(record["accuracy_value"], expected["right"] / ORACLE["samples"])
                self.assertEqual(record["accuracy_reference"], ORACLE["variants"]["fp32"]["right"] / ORACLE["samples"])
                for key in ("drop", "drop_low", "drop_high"):
                    self.assertAlmostEqual(record[f"accuracy_{key}"], expected[key], delta=1e-8, msg=key)

    def test_the_verdicts(self):
        self.assertEqual(self.status, 1, "a variant failed, so the program ends with 1")
        for name, expected in ORACLE["variants"].items():
            with self.subTest(variant=name):
                record, limit = self.records[name], expected["limits"]["0.01"]
                self.assertEqual(record["accuracy_verdict"], limit["verdict"])
                self.assertEqual(record["verdict"], limit["verdict"])
                # What lost its accuracy is fast for nothing.
                self.assertEqual(record["speed_usable"], {"fail": False, "pass": True}.get(limit["verdict"]))
        # The oracle has one of each, or these checks would check little.
        verdicts = {expected["limits"]["0.01"]["verdict"] for expected in ORACLE["variants"].values()}
        self.assertEqual(verdicts, {"pass", "fail", "inconclusive"})

    def needed_is_told(self, record, number):
        (reason,) = self.advice(record)
        self.assertEqual(reason["code"], "too_few_samples")
        self.assertIn(f"{ORACLE['samples']} samples", reason["text"])
        self.assertIn(f" {number} would", reason["text"])

    def test_the_number_of_samples_that_would_do(self):
        self.needed_is_told(self.records["worn"], ORACLE["variants"]["worn"]["limits"]["0.01"]["needed"])
        for name in ("fp32", "int8", "damaged"):
            self.assertEqual(self.advice(self.records[name]), [], name)

    def test_a_limit_too_tight_for_the_samples(self):
        status, _, report = self.measure(["fp32", "int8"], ["accuracy_drop <= 0.1 %"])
        (record,) = (record for record in report["records"] if record["variant"] == "int8")
        limit = ORACLE["variants"]["int8"]["limits"]["0.001"]
        self.assertEqual((status, record["verdict"], record["accuracy_verdict"]), (3, "inconclusive", limit["verdict"]))
        self.assertEqual(limit["verdict"], "inconclusive")
        self.needed_is_told(record, limit["needed"])

    def test_a_drop_that_no_number_of_samples_certifies(self):
        status, _, report = self.measure(["fp32", "worn"], ["accuracy_drop <= 0.1 %"])
        (record,) = (record for record in report["records"] if record["variant"] == "worn")
        self.assertEqual(ORACLE["variants"]["worn"]["limits"]["0.001"], {"verdict": "inconclusive", "needed": 0})
        self.assertEqual((status, record["accuracy_verdict"]), (3, "inconclusive"))
        self.assertEqual([reason["code"] for reason in self.advice(record)], ["at_the_limit"])

    @unittest.skipUnless(EVALUATE, "without --evaluate")
    def test_what_the_example_says_of_itself(self):
        done = subprocess.run([sys.executable, "-B", DIGITS / "make/evaluate.py"], capture_output=True, text=True, check=True)
        said = json.loads(done.stdout)
        self.assertEqual(said["samples"], ORACLE["samples"])
        labels, given = ORACLE["labels"], {name: answers(self.outputs(name)) for name in ("fp32", "int8")}
        right = {name: [a == label for a, label in zip(text, labels, strict=True)] for name, text in given.items()}
        for name in given:
            self.assertEqual(self.records[name]["accuracy_value"], said["top1"][name], name)
            self.assertEqual(sum(right[name]), said["right"][name], name)
        pairs = list(zip(right["fp32"], right["int8"], strict=True))
        kinds = {(True, True): "both_right", (True, False): "only_fp32_right", (False, True): "only_int8_right", (False, False): "both_wrong"}
        self.assertEqual({word: pairs.count(kind) for kind, word in kinds.items()}, said["paired"])
        drop = (said["paired"]["only_fp32_right"] - said["paired"]["only_int8_right"]) / said["samples"]
        self.assertEqual(self.records["int8"]["accuracy_drop"], drop)
        self.assertEqual(sum(a != b for a, b in zip(given["fp32"], given["int8"], strict=True)), said["answers_differ"])


if __name__ == "__main__":
    unittest.main(argv=[argument for argument in sys.argv if argument != "--evaluate"])
