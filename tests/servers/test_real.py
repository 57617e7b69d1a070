# SPDX-License-Identifier: Apache-2.0
"""openai: and ollama: at a real llama-server and a real Ollama, with the tiny random-weight model of examples/tiny-llm.
tests/servers/real.sh builds the servers and runs this."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ.get("ED_SOURCE_DIR", HERE.parents[1]))
PROGRAM = os.environ.get("ED_TEST_PROGRAM", SOURCE / "build/release/bin/edgedyno")
MODEL = SOURCE / "examples/tiny-llm/tiny-f16.gguf"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def serving(arguments, url, log, environment=()):
    with open(log, "wb") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output, env=os.environ | dict(environment))
        try:
            until = time.monotonic() + 120
            while True:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(url, timeout=5).read()
                    break
                if process.poll() is not None or time.monotonic() > until:
                    raise AssertionError(f"{arguments[0]} did not come up: {Path(log).read_text()[-2000:]}")
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(30)


class Real(unittest.TestCase):
    def setUp(self):
        self.room = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.room)
        self.port = free_port()

    def llama_server(self):
        return serving([os.environ["ED_LLAMA_PYTHON"], "-B", HERE / "llama_server.py", MODEL, str(self.port)],
                       f"http://127.0.0.1:{self.port}/health", self.room / "log")

    @contextlib.contextmanager
    def ollama(self):
        home = {"OLLAMA_HOST": f"127.0.0.1:{self.port}", "OLLAMA_MODELS": str(self.room / "models"), "HOME": str(self.room)}
        (self.room / "Modelfile").write_text(f"FROM {MODEL}\n")
        with serving([os.environ["ED_OLLAMA"], "serve"], f"http://127.0.0.1:{self.port}/api/version", self.room / "log", home):
            subprocess.run([os.environ["ED_OLLAMA"], "create", "tiny", "-f", self.room / "Modelfile"], check=True,
                           env=os.environ | home, capture_output=True)
            yield

    def measure(self, *arguments, environment=()):
        home = {name: str(self.room / name) for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
        out = Path(tempfile.mkdtemp(dir=self.room)) / "campaign"
        done = subprocess.run([PROGRAM, "run", *map(str, arguments), "-r", "1", "--format", "json", "-q", "--out", out],
                              env=os.environ | home | dict(environment), cwd=self.room, capture_output=True, text=True)
        self.assertTrue(done.stdout, done.stderr)
        records = json.loads(done.stdout)["records"]
        lines = map(json.loads, (out / "devices/local/journal.jsonl").read_text().splitlines())
        blocks = {line["case"]: line for line in lines if line["type"] == "block"}
        for record in records:
            keys = ("workload", "outcome", "time_to_first_token_ns", "prefill_tokens_per_s", "decode_tokens_per_s",
                    "inter_token_p50_ns", "inter_token_p99_ns", "latency_p50_ns", "load_ns")
            print(record["engine"], *(f"{key}={record[key]}" for key in keys))
            print("   ", *(r["text"] for r in record["reasons"] if r["code"] in ("engine_note", "overloaded", "refused")))
        for block in blocks.values():
            print("   ", block.get("evidence", {}).get("facts"), block.get("evidence", {}).get("requests"))
        return records, list(blocks.values())

    def check(self, records):
        for record in records:
            words = " ".join(reason["text"] for reason in record["reasons"])
            # Random weights may fall into a loop of tokens that have no text, or end where they like.
            if "none of them has a text" in words or "the model ended after" in words:
                continue
            self.assertEqual(record["outcome"], "ok", words)
            self.assertIsNone(record["memory_inference_peak_bytes"])
            # A model this small is done before its first token is read where the machine has other work.
            if record["latency_p50_ns"] is None:
                self.assertIn("came several at a time", words)
            else:
                self.assertGreater(record["latency_p50_ns"], 0)

    def test_llama_server(self):
        with self.llama_server():
            for api in "completions", "chat":
                records, _ = self.measure("--on", f"openai:http://127.0.0.1:{self.port}/v1", "-o", f"api={api}",
                                          "-o", "ignore_eos=1", "-p", 256, "-n", 64, "-pg", "256,32")
                self.check(records)
            # The same twice as often: the server takes them side by side.
            records, blocks = self.measure("--on", f"openai:http://127.0.0.1:{self.port}/v1", "-o", "ignore_eos=1",
                                           "-p", 0, "-n", 0, "-pg", "64,32", "--scenario", "poisson", "--rate", "5,20")
            self.check(records)
            for block in blocks:
                self.assertEqual(block["evidence"]["requests"]["sent"], block["evidence"]["requests"]["served"])
            records, _ = self.measure("--on", f"openai:http://127.0.0.1:{self.port}/v1", "--depth", 8)
            self.assertEqual(records[0]["outcome"], "refused")
            # It answers to any name, and lists the one that it has.
            records, _ = self.measure("other", "--on", f"openai:http://127.0.0.1:{self.port}/v1", "-p", 0, "-n", 8)
            self.assertIn("the server has no model 'other'", " ".join(reason["text"] for reason in records[0]["reasons"]))

    def test_ollama(self):
        with self.ollama():
            records, blocks = self.measure("tiny", "--on", f"ollama:http://127.0.0.1:{self.port}", "-p", 256, "-n", 64, "-pg", "256,32")
            self.check(records)
            self.assertIn("ok", [record["outcome"] for record in records])
            for block in blocks:
                if block["outcome"] != "ok":
                    continue
                facts = block["evidence"]["facts"]
                # Not every version tells its own time of a load without a prompt. What it tells is in that of the request, and that
                # one in ours.
                self.assertLessEqual(facts.get("server_load_ns", 0), facts["load_request_ns"])
                self.assertLess(facts["load_request_ns"], block["load_ns"])
            records, _ = self.measure("tiny", "--on", f"openai:http://127.0.0.1:{self.port}/v1", "-p", 0, "-n", 0, "-pg", "64,16")
            self.check(records)


if __name__ == "__main__":
    unittest.main(verbosity=2)
