#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pack runs, through its own C library: pack_runs.py PACK TARGET [QEMU]

The runner says its version and the hardware, and does a whole job with the null engine. With QEMU (a static qemu-user)
the processor is an emulated one; programs that the runner starts are then found by a binfmt_misc of a user
namespace of this test's own (Linux 6.7). Where there can be none, the job is skipped with the reason.
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

LIMIT_S = 120
INSIDE = "EDGEDYNO_TEST_INSIDE"
pack, target = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
emulator = [str(pathlib.Path(sys.argv[3]).resolve())] if len(sys.argv) > 3 else []
MAGIC = {
    "linux-aarch64": r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00",
    "linux-armv7": r"\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00",
}
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
about = json.loads((pack / "pack.json").read_text())
runner = str(pack / "edgedyno-runner")
through_libc = [str(pack / "libc" / about["libc"]["loader"]), "--library-path", str(pack / "libc"), runner]


def enter():
    """Again in namespaces where programs of the target's processor run by themselves."""
    inside = {**os.environ, INSIDE: "yes"}
    words = [sys.executable, "-B", *sys.argv]
    trial = ["mount", "-t", "binfmt_misc", "binfmt", "/proc/sys/fs/binfmt_misc"]
    room = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*room, *trial], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.execvpe(room[0], [*room, *words], inside)
    os.environ[INSIDE] = "no"


def register():
    subprocess.run(["mount", "-t", "binfmt_misc", "binfmt", "/proc/sys/fs/binfmt_misc"], check=True)
    line = f":edgedyno:M::{MAGIC[target]}:{MASK}:{emulator[0]}:F"
    pathlib.Path("/proc/sys/fs/binfmt_misc/register").write_text(line, encoding="ascii")


def ask(words, *arguments, text=None):
    done = subprocess.run([*words, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)
    if done.returncode:
        raise AssertionError(f"{arguments}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def file_of(path):
    return {"path": str(path), "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def null_job(identity, **more):
    blocks = [{"id": f"b{i}", "case": 0, "pass": "timing", "inferences": 20, "timeout_ns": 60_000_000_000} for i in (0, 1)]
    return {"type": "job", "wire": "1.0", "job": identity, "campaign": "packs",
            "engines": [{"id": "null@1", "name": "null", "adapter": file_of(pack / "adapters/null.so"), **more}],
            "models": [], "cases": [{"id": "case", "engine": 0, "model": -1, "backend": "cpu"}], "blocks": blocks}


class Runs(unittest.TestCase):
    def start(self):
        return emulator + through_libc if os.environ.get(INSIDE) != "yes" else through_libc

    def test_version(self):
        said = ask(self.start(), "version")
        self.assertEqual((said["type"], said["target"]), ("version", target))

    def test_hardware(self):
        said = ask(self.start(), "hardware")
        self.assertEqual(said["system"]["libc"], "glibc " + about["libc"]["version"])
        machine = {"linux-armv7": ("armv7l", "armv8l", "aarch64")}.get(target, (target.split("-")[1],))
        self.assertIn(said["system"]["machine"], machine)
        self.assertGreater(said["cpu"]["logical"], 0)

    def run_job(self, words, job):
        with tempfile.TemporaryDirectory() as work:
            os.chmod(work, 0o700)
            ask(words, "start", "--work", work, text=json.dumps(job))
            end = time.monotonic() + LIMIT_S
            while ask(words, "status", "--work", work, "--job", job["job"])["state"] == "running":
                self.assertLess(time.monotonic(), end)
                time.sleep(0.1)
            journal = pathlib.Path(work, "jobs", job["job"], "journal.jsonl").read_text()
            return [json.loads(line) for line in journal.splitlines()]

    def check_job(self, words, job):
        lines = self.run_job(words, job)
        self.assertEqual([line["type"] for line in lines], ["job", "block", "block", "end"], lines)
        self.assertEqual([line["outcome"] for line in lines[1:3]], ["ok", "ok"], lines)
        self.assertEqual(lines[-1]["reason"], "done", lines)

    def test_job_through_the_libc(self):
        if os.environ.get(INSIDE) == "no":
            self.skipTest("there is no binfmt_misc in user namespaces here (Linux 6.7 has it)")
        self.check_job(self.start(), null_job("through-libc"))

    def test_job_by_itself(self):
        if emulator:
            self.skipTest("this machine has no C library of the target's processor")
        self.check_job([runner], null_job("alone"))

    def test_a_worker_alone_with_the_libc(self):
        """The runner with this machine's C library, its worker with the pack's."""
        if emulator:
            self.skipTest("this machine has no C library of the target's processor")
        libc = {"directory": str(pack / "libc"), "loader": about["libc"]["loader"], "version": about["libc"]["version"]}
        self.check_job([runner], null_job("worker", libc=libc))


if __name__ == "__main__":
    if emulator and not os.path.exists(emulator[0]):
        print(f"skipped: {emulator[0]} is missing; tests/rig/fetch-qemu.sh brings it", file=sys.stderr)
        sys.exit(77)
    if emulator and INSIDE not in os.environ:
        enter()
    if os.environ.get(INSIDE) == "yes":
        register()
    unittest.main(argv=sys.argv[:1])
