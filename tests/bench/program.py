# SPDX-License-Identifier: Apache-2.0
"""Calling edgedyno as its users do, and reading what it kept. Standard library only."""

import array
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path


class Program:
    """The built program, in a folder of its own for state, caches and campaigns."""

    def __init__(self, build, room):
        self.path = build / "bin" / "edgedyno"
        self.runner = next((build / "lib" / "edgedyno").glob("*/edgedyno-runner"))
        self.room = Path(tempfile.mkdtemp(prefix="work.", dir=room))
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_STATE", "XDG_CACHE", "XDG_CONFIG", "ORT_"))
        }
        self.environment |= {"XDG_STATE_HOME": str(self.room / "state"), "XDG_CACHE_HOME": str(self.room / "cache")}
        self.count = 0

    def close(self):
        shutil.rmtree(self.room, ignore_errors=True)

    def new(self, name):
        self.count += 1
        return self.room / f"{self.count}.{name}"

    def run(self, arguments, statuses=(0,)):
        """`edgedyno run ARGUMENTS`: (the campaign's folder, standard output)."""
        out = self.new("campaign")
        done = subprocess.run(
            [self.path, "run", *map(str, arguments), "--out", out, "-q"],
            env=self.environment, cwd=self.room, capture_output=True, text=True, check=False,
        )
        if done.returncode not in statuses:
            sys.exit(f"edgedyno run ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return out, done.stdout

    def run_stamped(self, arguments):
        """The same, with the RAW clock read in the child just before it becomes edgedyno: (folder, nanoseconds)."""
        out = self.new("campaign")
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                os.chdir(self.room)
                null = os.open(os.devnull, os.O_RDWR)
                for fd in (0, 1, 2):
                    os.dup2(null, fd)
                argv = [str(self.path), "run", *map(str, arguments), "--out", str(out), "-q"]
                os.write(writer, str(time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)).encode())
                os.execve(argv[0], argv, self.environment)
            os._exit(127)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            stamp = int(pipe.read())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status:
            sys.exit(f"edgedyno run ended with {status}")
        return out, stamp

    def suite(self, **keys):
        path = self.new("suite.json")
        path.write_text(json.dumps(keys))
        return path


def journal(campaign):
    """The lines of the one device of a campaign."""
    (path,) = campaign.glob("devices/*/journal.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def blocks(campaign, wanted="timing"):
    found = [line for line in journal(campaign) if line["type"] == "block" and line["pass"] == wanted]
    for line in found:
        if line["outcome"] != "ok":
            sys.exit(f"block {line['block']} ended {line['outcome']}: {line.get('message')}")
    return found


def job(campaign):
    (path,) = campaign.glob("devices/*/job.json")
    return json.loads(path.read_text())


def read_samples(path, offset=0, count=None):
    samples = array.array("q")
    with open(path, "rb") as file:
        file.seek(offset)
        samples.frombytes(file.read() if count is None else file.read(8 * count))
    return samples


def block_samples(campaign, line):
    (path,) = campaign.glob("devices/*/samples.bin")
    return read_samples(path, line["samples"]["offset"], line["samples"]["count"])
