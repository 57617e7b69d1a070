# SPDX-License-Identifier: Apache-2.0
"""examples/command, by the very lines of docs/servers.md: a Python program as an engine, beside the same engine in the worker.
tests/servers/example.sh has its packages and runs this."""

import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["ED_SOURCE_DIR"])
PROGRAM = os.environ["ED_TEST_PROGRAM"]
SHORT = ["-r", "2", "--seed", "1"]


def lines_of(page, heading):
    """The commands of the first block under a heading."""
    text = page.read_text().split(f"\n## {heading}\n")[1]
    block = re.search(r"(?:^    .+\n)+", text, re.MULTILINE)[0]
    return [shlex.split(line) for line in block.splitlines()]


class Example(unittest.TestCase):
    def setUp(self):
        room = tempfile.TemporaryDirectory()
        self.addCleanup(room.cleanup)
        self.room = Path(room.name)
        # A clone whose build is this one.
        (self.room / "examples").symlink_to(SOURCE / "examples")
        (self.room / "build/release/bin").mkdir(parents=True)
        (self.room / "build/release/bin/edgedyno").symlink_to(PROGRAM)

    def run_line(self, *words):
        home = {name: str(self.room / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        return subprocess.run(words, env=os.environ | home, cwd=self.room, capture_output=True, text=True, check=False)

    def test_the_page(self):
        install, fetch, run = lines_of(SOURCE / "docs/servers.md", "A program: `command:FILE`")
        # These are here already, in the versions of requirements-example.txt.
        self.assertEqual(install, ["pip", "install", "numpy", "onnxruntime"])
        done = self.run_line(*fetch)
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_line(*run, *SHORT, "--format", "json", "-q")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout[-2000:])
        inside, program = json.loads(done.stdout)["records"]
        words = [reason["text"] for reason in inside["reasons"] + program["reasons"]]
        self.assertEqual((inside["engine"], program["engine"], program["engine_version"]), ("onnxruntime", "command", "ort.json"))
        for record in inside, program:
            self.assertEqual((record["outcome"], record["accuracy_verdict"], record["threads"]), ("ok", "pass", 1), words)
            self.assertGreater(record["latency_p50_ns"], 0)
            self.assertGreater(record["memory_after_load_bytes"], 0)
        # The same engine with the same weights answers alike.
        self.assertEqual(inside["accuracy_value"], program["accuracy_value"])
        self.assertGreater(program["accuracy_value"], 0.9)
        # It is the program and its engine that were measured: a Python process has tens of megabytes.
        self.assertGreater(program["memory_inference_peak_bytes"], 20 << 20)

    def test_its_length(self):
        text = (SOURCE / "examples/command/ort.py").read_text()
        page = (SOURCE / "docs/servers.md").read_text()
        told = int(re.search(r"examples/command/ort\.py\) has (\d+) lines", page)[1])
        self.assertEqual(len(text.splitlines()), told)
        self.assertLess(told, 30)


if __name__ == "__main__":
    unittest.main(verbosity=2)
