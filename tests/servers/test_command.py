# SPDX-License-Identifier: Apache-2.0
"""Programs behind command:FILE by the real edgedyno: what is measured, and what becomes of programs that misbehave."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ.get("ED_SOURCE_DIR", HERE.parents[1]))
PROGRAM = os.environ["ED_TEST_PROGRAM"]
GOOD = SOURCE / "tests/fixtures/conformance/models/scale.py"
MODEL = SOURCE / "tests/fixtures/conformance/models/half.scale"

# In place of the answer to one question.
FAULTS = {
    "no JSON": ("run", 'print("warming up", flush=True)', 'refused', 'the program answered \'run\' with "warming up"'),
    "refuses": ("load", 'print(json.dumps({"ok": False, "error": "no licence"}), flush=True)', "refused", "load: no licence"),
    "ends": ("run", 'print("out of paper", file=sys.stderr, flush=True); sys.exit(3)', "refused",
             "ended with exit status 3 at 'run'; its last words: out of paper"),
    "crashes": ("run", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "crashed", "signal 11"),
    "hangs": ("run", "import time; time.sleep(3600)", "refused", "did not answer 'run' within 0.5 s"),
    "two lines": ("bind", 'print("{\\"ok\\": true}\\nand one more", flush=True)', "refused", "more than one line"),
    "long line": ("run", 'print("x" * (17 << 20), flush=True)', "refused", "more than 16777216 bytes"),
    "no protocol": ("hello", 'print("{\\"ok\\": true, \\"protocol\\": 99}", flush=True)', "refused", "speaks protocol 99"),
    "wrong shape": ("load", 'print(json.dumps({"ok": True, "inputs": [{"name": "x", "dtype": "float32", "shape": [1e14]}], '
                    '"outputs": []}), flush=True)', "refused", "/inputs/0/shape/0"),
    "no output": ("outputs", 'print("{\\"ok\\": true}", flush=True)', "refused", "did not write its file"),
    "wrong values": ("outputs", 'print("{\\"ok\\": true, \\"values\\": {\\"y\\": [[1, 2], [3]]}}", flush=True)', "refused",
                     "no float32 of one size"),
}


class Command(unittest.TestCase):
    def setUp(self):
        self.room = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.room)
        self.environment = {}

    def program(self, text, name="program.py"):
        path = self.room / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def run_program(self, *arguments):
        home = {name: str(self.room / name) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        return subprocess.run([PROGRAM, *map(str, arguments)], env=os.environ | home | self.environment, cwd=self.room, capture_output=True,
                              text=True, check=False)

    def measure(self, on, *arguments):
        """The record of one short block, and its evidence."""
        suite = Path(tempfile.mkdtemp(dir=self.room)) / "suite.json"
        suite.write_text(json.dumps({"models": [{"name": "m", "variants": [{"name": "v", "files": [str(MODEL)]}],
                                                 "shapes": {"x": [3, 4]}}],
                                     "on": [on], "block": {"inferences": 20, "min_time": "1 ms"}}))
        out = suite.parent / "campaign"
        done = self.run_program("run", suite, "-r", 1, "--out", out, "--format", "json", "-q", "--seed", 1, *arguments)
        if not (out / "devices/local/journal.jsonl").exists():
            raise AssertionError(f"edgedyno run ended with {done.returncode}: {done.stderr}{done.stdout[:2000]}")
        lines = map(json.loads, (out / "devices/local/journal.jsonl").read_text().splitlines())
        timing = [line for line in lines if line["type"] == "block" and line["pass"] == "timing"]
        (record,) = json.loads(done.stdout)["records"]
        return record, timing[0]

    def words(self, record):
        return " ".join(reason["text"] for reason in record["reasons"])

    def test_what_is_measured(self):
        # A child of its own, grown before the program says anything: both processes are the engine.
        child = "import sys, time; b = bytearray(range(256)) * (48 << 12); print(flush=True); time.sleep(600)"
        grow = f"import subprocess\nchild = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        parent = self.program(GOOD.read_text().replace("factor = x", grow + "child.stdout.readline()\nfactor = x"), "parent")
        small, _ = self.measure(f"command:{GOOD}")
        record, block = self.measure(f"command:{parent}")
        self.assertEqual(record["outcome"], "ok", self.words(record))
        self.assertEqual((record["engine"], record["engine_version"], record["processor"]), ("command", "parent", "cpu"))
        self.assertEqual(record["placed_ops_share"], 1)
        self.assertEqual(record["memory_before_load_bytes"], 0)
        grown = record["memory_after_load_bytes"] - small["memory_after_load_bytes"]
        self.assertGreater(grown, 40 << 20)
        self.assertGreater(record["memory_inference_peak_bytes"], 40 << 20)
        evidence = block["evidence"]
        self.assertEqual(evidence["processes"], 2)
        # What follows one process says nothing of two.
        self.assertIsNone(record["sampled_peak_anon_bytes"])
        self.assertIn("up to 2 processes", self.words(record))
        self.assertGreater(small["sampled_peak_anon_bytes"], 0)
        self.assertEqual((evidence["engine_version"], evidence["build_info"]), ("1.0", "scale"))
        self.assertTrue(evidence["deterministic"])
        self.assertEqual(evidence["facts"]["program_inference_p50_ns"], 1000)
        # A question and its answer cost less than a run does, which is one with work in it.
        self.assertGreater(evidence["facts"]["pipe_round_trip_p50_ns"], 0)
        self.assertIn("is its own word and in no figure", self.words(record))
        self.assertGreater(record["latency_p50_ns"], 1000)

    def test_a_limit_holds_for_all_processes(self):
        """The program starts the one that works, as a script of the shell does, and stays small itself."""
        worker = self.program(GOOD.read_text().replace("factor = x", "held = bytearray(range(256)) * (150 << 12)\nfactor = x"), "worker.py")
        shell = self.program(f"#!/bin/sh\n{sys.executable} {worker}\nexit $?\n", "shell")
        for way in "", "sampled":
            with self.subTest(way=way or "as the system allows"):
                self.environment = {"EDGEDYNO_MEMORY_LIMIT": way}
                fits, block = self.measure(f"command:{shell}", "--mem-limit", "400MiB")
                self.assertEqual(fits["outcome"], "ok", self.words(fits))
                self.assertGreater(block["memory_limit"]["anon_swap_peak_bytes"], 150 << 20)
                self.assertGreaterEqual(block["memory_limit"]["processes"], 2)
                self.assertGreaterEqual(fits["threads_exist"], 2)
                record, block = self.measure(f"command:{shell}", "--mem-limit", "100MiB")
                self.assertEqual(record["outcome"], "oom", self.words(record))
                self.assertIn("over its memory limit of 100 MiB", self.words(record))
                self.assertIsNone(record["latency_p50_ns"])

    def test_a_description_and_two_programs(self):
        (self.room / "scale.py").write_text(GOOD.read_text())
        for name, say in ("old", "1.0"), ("new", "2.0"):
            (self.room / f"{name}.py").write_text(GOOD.read_text().replace('"1.0"', f'"{say}"'))
            (self.room / f"{name}.json").write_text(json.dumps(
                {"command": ["python3", f"{name}.py"], "files": [f"{name}.py"], "environment": {"A": "b"}, "processor": "npu"}))
        done = self.run_program("run", MODEL, "--on", "command:old.json,command:new.json", "--shape", "x=1,4", "-r", 1,
                                "--format", "json", "-q", "-o", "program.depth=3")
        records = json.loads(done.stdout)["records"]
        self.assertEqual([r["engine_version"] for r in records], ["old.json", "new.json"], done.stderr)
        self.assertEqual(len({r["engine_build_sha256"] for r in records}), 2)
        for record in records:
            self.assertEqual((record["outcome"], record["placement_asked"]), ("ok", "npu"), self.words(record))
            # It says itself that it ran on the CPU.
            self.assertEqual(record["placed_ops_share"], 0)
        self.assertEqual(done.returncode, 1)

    def test_faults(self):
        good = GOOD.read_text()
        for name, (question, act, outcome, words) in FAULTS.items():
            with self.subTest(fault=name):
                bad = good.replace("        do = ask[\"do\"]\n", f"        do = ask[\"do\"]\n        if do == {question!r}:\n"
                                   f"            {act}\n            continue\n")
                self.assertNotEqual(bad, good)
                record, _ = self.measure(f"command:{self.program(bad)}", "-o", "answer_limit=500ms")
                self.assertEqual(record["outcome"], outcome, self.words(record))
                self.assertIn(words, self.words(record))

    def test_values_in_the_answer(self):
        inline = GOOD.read_text().replace('write_npy(ask["files"]["y"], shape, y)',
                                          'answer["values"] = {"y": [y[i : i + 4] for i in range(0, len(y), 4)]}')
        record, block = self.measure(f"command:{self.program(inline)}")
        self.assertEqual(record["outcome"], "ok", self.words(record))
        by_file, other = self.measure(f"command:{GOOD}")
        self.assertEqual(block["evidence"]["outputs"], other["evidence"]["outputs"])

    def test_what_is_wrong_before_it_starts(self):
        plain = self.room / "plain.py"
        plain.write_text(GOOD.read_text())
        cases = [
            (["--on", "command"], 2, "write command:FILE"),
            (["--on", "command:missing.py"], 2, "missing.py"),
            (["--on", "null:x"], 2, "not named with a file"),
            (["--on", f"command:{plain}"], 4, "is it executable"),
        ]
        for arguments, status, words in cases:
            with self.subTest(arguments=arguments):
                done = self.run_program("run", MODEL, *arguments, "--shape", "x=1,4", "-r", 1)
                self.assertEqual(done.returncode, status, done.stderr + done.stdout)
                self.assertIn(words, done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
