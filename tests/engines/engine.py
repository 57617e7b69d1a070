# SPDX-License-Identifier: Apache-2.0
"""Running the program on an engine, and reading what it left."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ.get("ED_SOURCE_DIR", HERE.parents[1]))
DIGITS = SOURCE / "examples" / "digits"
PROGRAM = os.environ["ED_TEST_PROGRAM"]
sys.path.insert(0, str(SOURCE / "tests" / "accuracy"))

from test_accuracy import read_npy  # noqa: E402, F401


class EngineTest(unittest.TestCase):
    """Each test has a room of its own, with its own home; only the engine store is the user's."""

    def setUp(self):
        self.room = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.room)

    def run_program(self, *arguments, environment=()):
        home = {name: str(self.room / name) for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        data = os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))
        store = os.environ.get("EDGEDYNO_ENGINE_STORE", str(Path(data) / "edgedyno" / "engines"))
        return subprocess.run(
            [PROGRAM, *map(str, arguments)],
            env=os.environ | home | {"EDGEDYNO_ENGINE_STORE": store} | dict(environment),
            cwd=self.room, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def measure(self, *arguments, environment=()):
        """A campaign of one short block a case; (exit status, records, evidence of the timing blocks by case)."""
        out = Path(tempfile.mkdtemp(dir=self.room)) / "campaign"
        done = self.run_program(
            "run", *arguments, "-r", 1, "--out", out, "--format", "json", "-q", environment=environment
        )
        if not (out / "devices/local/journal.jsonl").exists():
            raise AssertionError(f"edgedyno run ended with {done.returncode}: {done.stderr}{done.stdout[:2000]}")
        evidence = {}
        for line in map(json.loads, (out / "devices/local/journal.jsonl").read_text().splitlines()):
            if line["type"] == "block" and line["pass"] == "timing":
                evidence[line["case"]] = line.get("evidence") or {}
        cases = json.loads((out / "campaign.json").read_text())["devices"][0]["cases"]
        self.campaign = out
        return done.returncode, json.loads(done.stdout)["records"], [evidence.get(case["id"], {}) for case in cases]

    def measure_short(self, model, engine, *arguments, environment=()):
        """One case of a few inferences; (record, evidence)."""
        suite = Path(tempfile.mkdtemp(dir=self.room)) / "suite.json"
        files = [str(model)] if isinstance(model, (str, Path)) else list(map(str, model))
        suite.write_text(
            json.dumps(
                {
                    "models": [{"name": "m", "variants": [{"name": "v", "files": files}]}],
                    "on": [engine],
                    "block": {"inferences": 5},
                }
            )
        )
        _, (record,), (evidence,) = self.measure(suite, *arguments, environment=environment)
        return record, evidence

    def refusal(self, model, engine, *arguments, environment=()):
        """The words of an outcome that must be `refused`."""
        record, _ = self.measure_short(model, engine, *arguments, environment=environment)
        self.assertEqual(record["outcome"], "refused", record)
        return " ".join(reason["text"] for reason in record["reasons"] if reason["key"] == "outcome")
