# SPDX-License-Identifier: Apache-2.0
"""Tasks by the real program and the real engine: images and tensors, every metric over outputs, thresholds, the user's own program.

    test_tasks.py

Needs ED_TEST_PROGRAM, ED_SOURCE_DIR and the engine (`edgedyno engines fetch onnxruntime`). What is expected is worked out here from
the outputs that the campaign keeps, by the standard library alone.
"""

import ast
import json
import math
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
PROGRAM = os.environ["ED_TEST_PROGRAM"]
CLASSES = 10

JUDGE = """
import ast, json, struct, sys
task = json.load(open(sys.argv[-1] + "/task.json"))
def read(path):
    raw = open(path, "rb").read()
    (size,) = struct.unpack_from("<H", raw, 8)
    element = {"<f4": "f", "<i8": "q"}[ast.literal_eval(raw[10:10 + size].decode())["descr"]]
    return struct.unpack_from("<%d%s" % ((len(raw) - 10 - size) // struct.calcsize(element), element), raw, 10 + size)
scores, labels = read(task["outputs"][0]["file"]), read(task["labels"])
if "draws" in task:
    raw, n = open(task["draws"], "rb").read(), task["samples"]
    drawn = struct.unpack("<%di" % (1000 * n), raw[-4000 * n:])
    of = [(1 + i % 3, scores[10 * i + labels[i]] - max(scores[10 * i:10 * i + 10])) for i in range(n)]
    def figure(ids):
        return sum(of[i][0] * of[i][1] for i in ids) / sum(of[i][0] for i in ids)
    for k in reversed(range(1000)):
        print(json.dumps({"draw": k, "value": figure(drawn[n * k:n * k + n])}))
    print(json.dumps({"value": figure(range(n))}))
    sys.exit(0)
for i in reversed(range(task["samples"])):
    row = scores[10 * i:10 * i + 10]
    print(json.dumps({"id": i, "score": row[labels[i]] - max(row), "weight": 1 + i % 3}))
"""


def read_npy(path):
    raw = path.read_bytes()
    (size,) = struct.unpack_from("<H", raw, 8)
    header = ast.literal_eval(raw[10 : 10 + size].decode("latin-1"))
    element = {"<f4": "f", "<f8": "d", "<i8": "q"}[header["descr"]]
    return header["shape"], struct.unpack_from(f"<{(len(raw) - 10 - size) // struct.calcsize(element)}{element}", raw, 10 + size)


def rows_of(path):
    shape, values = read_npy(path)
    width = math.prod(shape[1:])
    return [values[i : i + width] for i in range(0, len(values), width)]


class Room(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.room = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.room)
        cls.environment = os.environ | {"XDG_STATE_HOME": str(cls.room / "state"), "XDG_CACHE_HOME": str(cls.room / "cache"), "TMPDIR": str(cls.room)}

    @classmethod
    def start(cls, *words):
        return subprocess.run([PROGRAM, *map(str, words)], env=cls.environment, cwd=cls.room, capture_output=True, text=True, check=False)

    @classmethod
    def write(cls, tasks, preprocess=None, variants=("fp32", "int8")):
        """A suite of digits; a file of its own each time."""
        model = {
            "name": "digits",
            "variants": [{"name": name, "file": str(DIGITS / "models" / f"digits-{name}.onnx")} for name in variants],
            "tasks": tasks,
        }
        if preprocess:
            model["preprocess"] = preprocess
        handle, name = tempfile.mkstemp(suffix=".json", dir=cls.room)
        os.write(handle, json.dumps({"models": [model], "on": ["onnxruntime/cpu"], "blocks": 1, "block": {"inferences": 1}}).encode())
        os.close(handle)
        return Path(name)


WRONG = {
    "nan": [sys.executable, "nan.py"],
    "twice": [sys.executable, "twice.py"],
    "silent": ["true"],
    "killed": [sys.executable, "killed.py"],
    "weightless": [sys.executable, "weightless.py"],
}


class Tasks(Room):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.room / "judge.py").write_text(JUDGE)
        # Of the right class alone, in which every sample differs.
        (cls.room / "logit.py").write_text(JUDGE.replace(" - max(row)", "").replace(" - max(scores[10 * i:10 * i + 10])", ""))
        (cls.room / "half.py").write_text("print('{\"value\": 1}\\n{\"draw\": 7, \"value\": 1}')\n")
        (cls.room / "equal.py").write_text("for i in range(200):\n    print('{\"id\": %d, \"score\": 7}' % i)\n")
        (cls.room / "broken.py").write_text("import sys\nsys.exit('no idea')\n")
        (cls.room / "short.py").write_text("print('{\"id\": 0, \"score\": 1}')\n")
        (cls.room / "nan.py").write_text("for i in range(200):\n    print('{\"id\": %d, \"score\": %s}' % (i, 'NaN' if i == 4 else 1))\n")
        (cls.room / "twice.py").write_text("for i in range(200):\n    print('{\"id\": %d, \"score\": 1}' % (i - (i == 7)))\n")
        (cls.room / "killed.py").write_text("import os\nprint('{\"id\": 0, \"score\": 1}', flush=True)\nos.kill(os.getpid(), 9)\n")
        (cls.room / "weightless.py").write_text("for i in range(200):\n    print('{\"id\": %d, \"score\": 1, \"weight\": 0}' % i)\n")
        images, tensors = str(DIGITS / "data/images"), str(DIGITS / "data/test_images.npy")
        labels = str(DIGITS / "data/test_labels.npy")
        cls.suite = cls.write(
            [
                {"name": "tensors", "data": tensors, "labels": labels, "threshold": "accuracy_drop <= 1 %"},
                {"name": "images", "data": images, "threshold": "accuracy_drop <= 1 %"},
                {"name": "cosine", "data": images, "metric": "cosine", "threshold": "accuracy_drop <= 1 %"},
                {"name": "sqnr", "data": tensors, "metric": "sqnr", "threshold": "accuracy_drop <= 0.00001"},
                {"name": "own", "data": images, "metric": "command", "command": [sys.executable, "judge.py"]},
                {"name": "logit", "data": images, "metric": "command", "command": [sys.executable, "logit.py"]},
                {"name": "whole", "data": images, "metric": "command-set", "command": [sys.executable, "logit.py"]},
                {"name": "half", "data": images, "metric": "command-set", "command": [sys.executable, "half.py"]},
                {"name": "equal", "data": images, "metric": "command", "command": [sys.executable, "equal.py"], "threshold": "accuracy_drop <= 1 %"},
                {"name": "broken", "data": images, "metric": "command", "command": [sys.executable, "broken.py"]},
                {"name": "short", "data": images, "metric": "command", "command": [sys.executable, "short.py"]},
                *({"name": name, "data": images, "metric": "command", "command": command} for name, command in WRONG.items()),
            ],
            {"color": "gray", "scale": "1/240"},
        )
        cls.done = cls.start("run", cls.suite, "--out", "out", "--format", "json", "-q")
        if cls.done.returncode not in (0, 1, 3):
            raise AssertionError(f"edgedyno run ended with {cls.done.returncode}: {cls.done.stderr}")
        cls.records = {(r["variant"], r["accuracy_task"]): r for r in json.loads(cls.done.stdout)["records"]}

    def outputs(self, variant, task):
        cases = json.loads((self.room / "out/campaign.json").read_text())["devices"][0]["cases"]
        tasks = [t["name"] for t in json.loads((self.room / "out/campaign.json").read_text())["tasks"]]
        index = next(i for i, c in enumerate(cases) if c["variant"] == variant and c["task"] == tasks.index(task))
        return rows_of(self.room / f"out/devices/local/outputs/c{index}.accuracy.1.0.npy")

    def test_a_record_for_each_case_and_task(self):
        names = {"tensors", "images", "cosine", "sqnr", "own", "logit", "whole", "half", "equal", "broken", "short", *WRONG}
        self.assertEqual(set(self.records), {(v, t) for v in ("fp32", "int8") for t in names})

    def test_images_are_the_tensors(self):
        # 16 becomes 240, and 240 / 240 is 1: the same numbers but for the last bit of a float.
        for variant in ("fp32", "int8"):
            for a, b in zip(self.outputs(variant, "images"), self.outputs(variant, "tensors")):
                self.assertLess(max(abs(x - y) for x, y in zip(a, b)), 1e-4)
        self.assertEqual(self.records["int8", "images"]["accuracy_value"], 1)

    def test_thresholds_are_each_tasks_own(self):
        self.assertEqual(self.records["int8", "tensors"]["accuracy_verdict"], "pass")
        self.assertEqual(self.records["int8", "images"]["accuracy_verdict"], "inconclusive")
        self.assertEqual(self.records["int8", "cosine"]["accuracy_verdict"], "pass")
        self.assertEqual(self.records["int8", "sqnr"]["accuracy_verdict"], "fail")
        self.assertIsNone(self.records["int8", "own"]["accuracy_verdict"])
        self.assertEqual(self.done.returncode, 1)
        texts = [r["text"] for r in self.records["int8", "images"]["reasons"] if r["code"] == "too_few_samples"]
        self.assertEqual(len(texts), 1, "the number of samples that would be enough is told")

    def test_cosine(self):
        pairs = zip(self.outputs("int8", "cosine"), self.outputs("fp32", "cosine"))
        cosines = [sum(x * y for x, y in zip(a, b)) / math.hypot(*a) / math.hypot(*b) for a, b in pairs]
        mean, record = math.fsum(cosines) / len(cosines), self.records["int8", "cosine"]
        self.assertAlmostEqual(record["accuracy_value"], mean, delta=1e-9)
        self.assertAlmostEqual(record["accuracy_drop"], 1 - mean, delta=1e-9)
        deviation = math.sqrt(sum((c - mean) ** 2 for c in cosines) / len(cosines) / len(cosines))
        for key, due in (("low", 1 - mean - 1.96 * deviation), ("high", 1 - mean + 1.96 * deviation)):
            self.assertAlmostEqual(record[f"accuracy_drop_{key}"], due, delta=0.5 * deviation, msg=key)

    def test_sqnr(self):
        noise = signal = 0.0
        for a, b in zip(self.outputs("int8", "sqnr"), self.outputs("fp32", "sqnr")):
            noise += math.fsum((x - y) ** 2 for x, y in zip(a, b))
            signal += math.fsum(y * y for y in b)
        record = self.records["int8", "sqnr"]
        self.assertAlmostEqual(record["accuracy_value"], 10 * math.log10(signal / noise), delta=1e-6)
        self.assertAlmostEqual(record["accuracy_drop"], noise / signal, delta=1e-9)
        self.assertLess(record["accuracy_drop_low"], record["accuracy_drop"])
        self.assertGreater(record["accuracy_drop_high"], record["accuracy_drop"])
        self.assertEqual(self.records["fp32", "sqnr"]["accuracy_drop"], 0)

    def test_own_program(self):
        labels = [int(line.split(",")[1]) for line in (DIGITS / "data/images/labels.csv").read_text().splitlines()[1:]]
        for variant in ("fp32", "int8"):
            total = weights = 0.0
            for i, row in enumerate(self.outputs(variant, "own")):
                total += (1 + i % 3) * (row[labels[i]] - max(row))
                weights += 1 + i % 3
            self.assertAlmostEqual(self.records[variant, "own"]["accuracy_value"], total / weights, delta=1e-9, msg=variant)
        record = self.records["int8", "own"]
        self.assertAlmostEqual(record["accuracy_drop"], record["accuracy_reference"] - record["accuracy_value"], delta=1e-12)

    def test_each_figure_in_its_own_unit(self):
        """Decibels are no percentages in any format; a limit in them is one."""
        decibels = self.records["int8", "sqnr"]["accuracy_value"]
        percent = f"{100 * decibels:.1f}"
        shutil.copytree(self.room / "out", self.room / "twin")
        for words in (["report", "out"], ["report", "out", "--format", "markdown"], ["report", "out", "--format", "html"], ["compare", "out", "twin"]):
            with self.subTest(words=words):
                done = self.start(*words)
                # With as many decimals as the column has.
                self.assertTrue(f"{decibels:.1f}" in done.stdout or f"{decibels:.2f} dB" in done.stdout, done.stdout + done.stderr)
                self.assertIn("dB", done.stdout)
                self.assertNotIn(percent, done.stdout)
                self.assertNotIn(f"{100 * decibels:.2f}", done.stdout)
        tensors = str(DIGITS / "data/test_images.npy")
        task = {"name": "sqnr", "data": tensors, "metric": "sqnr", "threshold": "accuracy_value >= 20 dB"}
        suite = self.write([task])
        done = self.start("run", suite, "--out", "decibels", "--format", "json", "-q")
        (record,) = [r for r in json.loads(done.stdout)["records"] if r["variant"] == "int8"]
        self.assertEqual(record["accuracy_verdict"], "pass" if decibels >= 20 else "fail")
        (text,) = [r["text"] for r in record["reasons"] if r["code"].startswith("requirement_")]
        self.assertRegex(text, r"^accuracy_value >= 20 dB.*[0-9] dB")
        self.assertNotIn("%", text)

    def test_a_figure_of_all_samples(self):
        """The same weighted mean, as a figure over draws of all samples: the interval must come out as that over samples."""
        for variant in ("fp32", "int8"):
            one, whole = self.records[variant, "logit"], self.records[variant, "whole"]
            self.assertAlmostEqual(one["accuracy_value"], whole["accuracy_value"], delta=1e-12)
        width = one["accuracy_drop_high"] - one["accuracy_drop_low"]
        self.assertAlmostEqual(one["accuracy_drop"], whole["accuracy_drop"], delta=1e-12)
        self.assertGreater(width, 0)
        for end in ("low", "high"):
            # Two bootstraps with other draws: the ends of 1000 are off by a few percent of the width.
            self.assertAlmostEqual(one[f"accuracy_drop_{end}"], whole[f"accuracy_drop_{end}"], delta=0.15 * width)

    def test_programs_that_fail_say_why(self):
        for task, words in (("broken", "no idea"), ("short", "1 scores for 200 samples"), ("half", "values of 1 draws; draws.npy has 1000"), ("nan", "line 5 of what it printed"), ("twice", "sample 6 has a score already"), ("silent", "0 scores for 200 samples"), ("killed", "signal 9"), ("weightless", "no sample has a weight")):
            record = self.records["int8", task]
            self.assertIsNone(record["accuracy_value"])
            (text,) = [r["text"] for r in record["reasons"] if r["key"] == "accuracy_value"]
            self.assertIn(words, text)

    def test_equal_scores_without_bounds_certify_nothing(self):
        record = self.records["int8", "equal"]
        self.assertEqual((record["accuracy_value"], record["accuracy_drop"]), (7, 0))
        self.assertEqual((record["accuracy_drop_low"], record["accuracy_drop_high"]), (None, None))
        self.assertEqual(record["accuracy_verdict"], "inconclusive")
        self.assertIn("no_spread", [r["code"] for r in record["reasons"] if r["key"] == "accuracy_drop"])

    def test_the_report_runs_nothing_and_reads_the_campaign_alone(self):
        moved = self.room / "elsewhere"
        shutil.copytree(self.room / "out", moved)
        hidden = self.room / "judge.hidden"
        (self.room / "judge.py").rename(hidden)
        try:
            again = self.start("report", moved, "--format", "json")
        finally:
            hidden.rename(self.room / "judge.py")
        self.assertEqual(json.loads(again.stdout)["records"], json.loads(self.done.stdout)["records"])

    def test_compare(self):
        """Two campaigns over the same data, sample by sample; over other data, values alone."""
        tensors, labels = str(DIGITS / "data/test_images.npy"), str(DIGITS / "data/test_labels.npy")
        worse = self.room / "worse.npy"
        last = read_npy(Path(labels))[1][-1]
        worse.write_bytes(Path(labels).read_bytes()[:-8] + struct.pack("<q", (last + 1) % CLASSES))
        for name, task in (
            ("then", {"name": "tensors", "data": tensors, "labels": labels}),
            ("other", {"name": "tensors", "data": tensors, "labels": str(worse)}),
        ):
            done = self.start("run", self.write([task], variants=["fp32"]), "--out", name, "-q")
            self.assertEqual(done.returncode, 0, done.stderr)
        rows = {}
        for name in ("then", "other"):
            done = self.start("compare", "then" if name == "other" else "out", name, "--format", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            (case,) = [case for case in json.loads(done.stdout)["cases"] if case["accuracy"]]
            (rows[name],) = [row for row in case["accuracy"] if row["task"] == "tensors"]
        self.assertEqual((rows["then"]["drop"], rows["then"]["samples"], rows["then"]["word"]), (0, 800, "not shown"))
        self.assertAlmostEqual(rows["then"]["drop_high"], self.records["int8", "tensors"]["accuracy_drop_high"], delta=1e-12)
        self.assertIn("labels are not the same", rows["other"]["not_compared"])
        for form, words in (("markdown", "| tensors top-1 |"), ("csv", ",tensors top-1,0.99375,0.99375,0,"), ("text", "tensors top-1")):
            done = self.start("compare", "out", "then", "--format", form)
            self.assertIn(words, done.stdout.replace("\\", ""), form)

    def test_the_digest_is_in_every_record_of_images(self):
        digests = {task: self.records["int8", task]["preprocess_sha256"] for task in ("images", "cosine", "own", "tensors")}
        self.assertEqual(len({digests["images"], digests["cosine"], digests["own"]}), 1)
        self.assertRegex(digests["images"], "^[0-9a-f]{64}$")
        self.assertIsNone(digests["tensors"])

    def test_a_changed_threshold_is_refused(self):
        changed = self.room / "changed"
        shutil.copytree(self.room / "out", changed)
        text = (changed / "campaign.json").read_text()
        (changed / "campaign.json").write_text(text.replace('"accuracy_drop <= 1 %"', '"accuracy_drop <= 2 %"', 1))
        done = self.start("report", changed)
        self.assertEqual(done.returncode, 2)
        self.assertIn("was changed after the campaign began", done.stderr)


# A JPEG of one pixel and four components, up to its first scan.
FOUR_INKS = b"\xff\xd8\xff\xc0\x00\x14\x08\x00\x01\x00\x01\x04" + b"".join(bytes((i, 0x11, 0)) for i in range(1, 5))
FOUR_INKS += b"\xff\xda\x00\x0e\x04" + b"".join(bytes((i, 0)) for i in range(1, 5)) + b"\x00\x3f\x00\x00\xff\xd9"


class Folders(Room):
    """Folders that are wrong, or hostile: refused before anything is measured, with words that help."""

    def refused(self, folder, words, metric="top-1", preprocess=None, labels=None):
        task = {"name": "t", "data": str(folder), "metric": metric} | ({"labels": str(labels)} if labels else {})
        done = self.start("run", self.write([task], preprocess, variants=["fp32"]), "--dry-run")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)

    def folder(self, labels=None, **files):
        folder = Path(tempfile.mkdtemp(dir=self.room))
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_bytes(content)
        if labels is not None:
            (folder / "labels.csv").write_text(labels)
        return folder

    def test_labels(self):
        image = (DIGITS / "data/images/000.png").read_bytes()
        for labels, words in (
            ("../x.png,1\n", "not in the folder"),
            ("/etc/passwd,1\n", "not in the folder"),
            ("a/../../x.png,1\n", "not in the folder"),
            ("a.png,cat\na.png,dog\n", "line 2 is not FILE,CLASS"),
            ("a.png,0\na.png,1\n", "twice"),
            ("a.png,-1\nb.png,-1\n", "line 2 is not FILE,CLASS"),
            ("a.png,99999999999999999999\nb.png,99999999999999999999\n", "line 2 is not FILE,CLASS"),
            ("", "names no image"),
            ("missing.png,1\n", "missing.png"),
        ):
            with self.subTest(labels=labels):
                self.refused(self.folder(labels, a__png=image), words)

    def test_images(self):
        image = (DIGITS / "data/images/000.png").read_bytes()
        huge = image[:16] + struct.pack(">II", 20000, 20000) + image[24:]
        for content, words in (
            (b"no picture", "neither a PNG nor a JPEG"),
            (image[:40], "no PNG image that can be read"),
            (huge, "no PNG image that can be read"),
            (b"\xff\xd8\xff\xe0" + bytes(40), "no JPEG image that can be read"),
            (FOUR_INKS, "is a JPEG image of 4 components (CMYK?)"),
            (image[:45] + b"\x00\x00\x00\x00" + image[49:], "no PNG image that can be read"),
        ):
            with self.subTest(words=words):
                self.refused(self.folder("a.png,1\n", a__png=content), words)
        self.refused(self.folder(), "holds no image")
        self.refused(self.folder(a__png=image), "has no labels")
        self.refused(self.folder("a.png,1\n", a__png=image), "before the crop", preprocess={"crop": [9, 9]})

    def test_suites(self):
        data = str(DIGITS / "data/test_images.npy")
        for task, preprocess, words in (
            ({"metric": "cosine", "labels": str(DIGITS / "data/test_labels.npy")}, None, "takes none"),
            ({"metric": "command"}, None, 'needs a "command"'),
            ({"command": ["true"], "labels": str(DIGITS / "data/test_labels.npy")}, None, "belongs to the metric command"),
            ({"metric": "cosine", "threshold": "latency_p50_ns <= 1 ms"}, None, "not about accuracy"),
            ({"metric": "cosine", "lower_is_better": True}, None, "lower_is_better"),
            ({"metric": "cosine"}, {"command": ["true"], "scale": 1}, "the command does all of it"),
            ({"metric": "cosine"}, {"mean": [1, 2]}, "2 means for 3 channels"),
            ({"metric": "cosine"}, {"std": [0]}, "not above 0"),
            ({"metric": "cosine"}, {"resize": [8, 8], "crop": [9, 8]}, "crops to 9"),
            ({"metric": "cosine"}, {"scale": "1/0"}, "no scale"),
        ):
            with self.subTest(words=words):
                done = self.start("run", self.write([{"name": "t", "data": data} | task], preprocess, ["fp32"]), "--dry-run")
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(words, done.stderr)


class Preprocessing(Room):
    def test_a_command_and_the_cache(self):
        """The user's own program makes the tensors once; a change of its file makes them anew, and another digest."""
        script = self.room / "pre.py"
        body = (
            "import struct, sys\n"
            "files, out = open(sys.argv[-2]).read().split('\\n')[:-1], sys.argv[-1]\n"
            "open(%r, 'a').write('x')\n" % str(self.room / "calls")
            + "head = repr({'descr': '<f4', 'fortran_order': False, 'shape': (len(files), 1, 8, 8)}).encode()\n"
            "head += b' ' * (117 - len(head)) + b'\\n'\n"
            "open(out, 'wb').write(b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head + struct.pack('<%df' % (64 * len(files)), *([VALUE] * 64 * len(files))))\n"
        )
        script.write_text(body.replace("VALUE", "0.5"))
        tasks = [{"name": "t", "data": str(DIGITS / "data/images")}]
        suite, digests = self.write(tasks, {"command": [sys.executable, "pre.py"]}, ["fp32"]), []
        for run, calls in ((0, 1), (1, 1), (2, 2)):
            if run == 2:
                script.write_text(body.replace("VALUE", "0.25"))
            done = self.start("run", suite, "--out", f"command-{run}", "--format", "json", "-q")
            self.assertEqual(done.returncode, 0, done.stderr)
            digests.append(json.loads(done.stdout)["records"][0]["preprocess_sha256"])
            self.assertEqual(len((self.room / "calls").read_text()), calls)
        self.assertEqual(digests[0], digests[1])
        self.assertNotEqual(digests[1], digests[2])
        script.write_text("import sys; sys.exit('bad day')")
        done = self.start("run", suite, "--dry-run")
        self.assertEqual(done.returncode, 2)
        self.assertIn("bad day", done.stderr)


MAP_OF_ALL = 0.754475703324808  # of the cheap detector, worked out by a loop over one list of all detections


class Squares(Room):
    """The example of a metric of one's own."""

    def test_it(self):
        done = self.start("run", "-r", "1", SOURCE / "examples/squares/suite.json", "--format", "json", "-q", "--out", "squares")
        self.assertEqual(done.returncode, 1, done.stderr)
        records = {(r["variant"], r["accuracy_task"]): r for r in json.loads(done.stdout)["records"]}
        for task, value in (("map", 0.71875), ("map-of-all", MAP_OF_ALL)):
            self.assertEqual(records["full", task]["accuracy_value"], 1)
            cheap = records["cheap", task]
            self.assertEqual((cheap["accuracy_verdict"], cheap["speed_usable"]), ("fail", False))
            self.assertAlmostEqual(cheap["accuracy_value"], value, delta=1e-12)
            self.assertLess(cheap["accuracy_drop_low"], cheap["accuracy_drop"])
            self.assertLess(cheap["accuracy_drop"], cheap["accuracy_drop_high"])
            # What a program says is no share by itself: only the limit that was written as one is.
            self.assertIn(" %", next(r["text"] for r in cheap["reasons"] if r["code"] == "requirement_fail"))
        # Where nothing differs, that is no certainty: so many samples say so much and no more.
        shutil.copytree(self.room / "squares", self.room / "again")
        compared = json.loads(self.start("compare", "squares", "again", "--format", "json").stdout)
        for row in (row for case in compared["cases"] for row in case["accuracy"]):
            self.assertEqual((row["samples"], row["drop"]), (24, 0), row)
            self.assertLess(row["drop_low"], -0.1)
            self.assertGreater(row["drop_high"], 0.1)


if __name__ == "__main__":
    unittest.main()
