# SPDX-License-Identifier: Apache-2.0
"""The arms: the same block of the same model, each time a fresh process, with different watchers."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import program

PERIOD_MS = 10  # of perf's intervals; the least that it takes


@dataclass(frozen=True)
class Block:
    p50_ns: int
    mean_ns: float
    supervisor_share: float
    sampling: dict


def recorded(root, room, name="intel-laptop"):
    """A recorded machine's sensors with this machine's /proc, so that a worker is found and its files cost what they cost."""
    tree = room / "machine"
    shutil.copytree(root / "tests/fixtures/machines" / name / "sys", tree / "sys", symlinks=True)
    (tree / "proc").symlink_to("/proc")
    return tree


def sources(edgedyno, tree):
    """[(period in ns, path)] of all that can be read there, each file once."""
    reply = subprocess.run(
        [edgedyno.runner, "probe", "--work", edgedyno.new("work")],
        env=edgedyno.environment | {"EDGEDYNO_PROBE_ROOT": str(tree)}, capture_output=True, text=True, check=True,
    ).stdout
    found = {}
    for probe in json.loads(reply)["probes"]:
        if probe["costly"]:
            continue
        for channel in probe["channels"]:
            path = channel["source"].split(":")[0].split(" ")[0].replace("/proc/PID", "/proc/self")
            path = path if path.startswith("/proc/") else str(tree) + path
            if "reason" not in channel and os.path.isfile(path):
                found[path] = min(found.get(path, channel["period_ns"]), channel["period_ns"])
    return sorted((period, path) for path, period in found.items())


class Arms:
    """`alone`: all programs of an arm share the one CPU of the model, else the watchers have another."""

    def __init__(self, edgedyno, model, cpu, alone, tree, polled):
        self.edgedyno, self.model, self.cpu, self.tree, self.polled = edgedyno, model, cpu, tree, polled
        self.others = {cpu} if alone else os.sched_getaffinity(0) - {cpu}
        self.cpus = {cpu} if alone else os.sched_getaffinity(0)
        self.nothing = edgedyno.new("empty")
        self.nothing.mkdir()
        self.suite = edgedyno.suite(
            models=[{"name": model.name, "variants": [{"name": "fp32", "file": str(model.file)}],
                     "inputs": {"image": str(model.input)}}],
            on=["onnxruntime/cpu"], threads=[1], blocks=1, pin=str(cpu), on_invalid="mark",
            block={"inferences": model.inferences},
        )

    def run(self, tree, before=()):
        out = self.edgedyno.new("campaign")
        done = subprocess.run(
            [*before, self.edgedyno.path, "run", self.suite, "--out", out, "-q", "--format", "json"],
            env=self.edgedyno.environment | ({"EDGEDYNO_PROBE_ROOT": str(tree)} if tree else {}),
            preexec_fn=lambda: os.sched_setaffinity(0, self.cpus), capture_output=True, text=True, check=False,
        )
        if done.returncode:
            sys.exit(f"edgedyno run ended with {done.returncode}: {done.stderr}")
        (line,) = program.blocks(out)
        samples = program.block_samples(out, line)
        if len(samples) != self.model.inferences:
            sys.exit(f"{len(samples)} samples of {self.model.inferences}")
        (record,) = json.loads(done.stdout)["records"]
        shutil.rmtree(out)
        return Block(record["latency_p50_ns"], sum(samples) / len(samples),
                     line["supervisor"]["cpu_ns"] / line["wall_ns"], line["sampling"])

    def off(self):
        return self.run(self.nothing)

    def on(self):
        return self.run(None)

    def full(self):
        return self.run(self.tree)

    @contextlib.contextmanager
    def beside(self, argv):
        watcher = subprocess.Popen(argv, preexec_fn=lambda: os.sched_setaffinity(0, self.others), stdout=subprocess.PIPE,
                                   text=True)
        try:
            if watcher.stdout.readline() != "ready\n":
                sys.exit(f"{argv} does not begin")
            yield
            if watcher.poll() is not None:
                sys.exit(f"{argv} ended with {watcher.returncode}")
        finally:
            watcher.send_signal(signal.SIGKILL)
            watcher.wait()

    def poller(self):
        with self.beside([sys.executable, "-B", Path(__file__).with_name("poller.py"), self.polled]):
            return self.run(self.nothing)

    def perf(self):
        return self.run(self.nothing, ["perf", "stat", "-I", str(PERIOD_MS), "-o", "/dev/null", "-e",
                                       "task-clock,page-faults,context-switches", "--"])
