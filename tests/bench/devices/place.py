# SPDX-License-Identifier: Apache-2.0
"""A rig of devices, and the program as their controller, in a folder of its own."""

import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1] / "rig"))

from devicerig import Rig, RigError, process  # noqa: E402, F401

LOOK_S = 0.02
RUN_S = 900


class BenchError(Exception):
    """What a person should read: the benchmark cannot go on."""


class Place:
    """`with Place(build, room) as place: place.up("near:laptop")`."""

    def __init__(self, build, room):
        self.program = build / "bin/edgedyno"
        self.times = build / "tests/device_times"
        self.library = build / "lib/edgedyno"
        self.room = room
        self.count = 0

    def __enter__(self):
        self.kept = contextlib.ExitStack()
        self.folder = Path(self.kept.enter_context(tempfile.TemporaryDirectory(prefix="work.", dir=self.room)))
        self.rig = self.kept.enter_context(Rig(self.folder / "rig"))
        self.devices_file = self.folder / "devices.json"
        return self

    def __exit__(self, *unused):
        self.kept.close()

    def up(self, *texts):
        self.rig.up(*texts)
        self.devices_file.write_text(self.rig.devices_json(), encoding="utf-8")
        self.link_engines()

    def link_engines(self):
        """The controller of the rig has a home of its own; the engines are those of this machine."""
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
        own = Path(self.rig.environment()["XDG_DATA_HOME"]) / "edgedyno"
        own.mkdir(parents=True, exist_ok=True)
        if not (own / "engines").exists():
            (own / "engines").symlink_to(data / "edgedyno/engines")

    def new(self, name):
        self.count += 1
        return self.folder / f"{self.count}.{name}"

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    # ---- programs, all started alike, so that what starting them costs is the same for all

    def timed(self, words):
        """Runs a program as the controller: (nanoseconds from its start to its end, standard output)."""
        words, environment = self.rig.ctl_words(words), self.rig.environment()
        begin = time.monotonic_ns()
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment,
                              cwd=self.folder, timeout=RUN_S, check=False)
        took = time.monotonic_ns() - begin
        if done.returncode:
            raise BenchError(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return took, done.stdout

    def tool(self, *words):
        """tests/bench/devices/device_times.c: what it prints, and the time of the whole process."""
        took, out = self.timed([self.times, words[0], self.devices_file, *words[1:]])
        return json.loads(out) | {"whole_ns": took}

    def command(self, *words):
        return self.timed([self.program, *words, "--devices", self.devices_file])[1]

    def run_words(self, words, out):
        return [self.program, "run", "--devices", self.devices_file, *words, "--out", out, "-q"]

    def campaign(self, *words, during=None):
        """`edgedyno run WORDS`, watched from outside; `during(process)` is called again and again while it runs."""
        out = self.new("campaign")
        with open(self.folder / "errors", "w+", encoding="utf-8") as errors:
            begin_real, begin = time.time_ns(), time.monotonic_ns()
            process = self.rig.ctl_start(self.run_words(words, out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=errors, cwd=self.folder)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            try:
                peak = self.watch(process, out, during)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            wall = time.monotonic_ns() - begin
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            errors.seek(0)
            # 3: a requirement of the suite does not hold or is not shown, which is not asked here.
            if process.returncode not in (0, 3):
                raise BenchError(f"edgedyno run {' '.join(map(str, words))} ended with {process.returncode}:\n{errors.read()}")
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Campaign(out, begin_real, wall, peak, round(cpu_s * 1e9))

    def watch(self, process, out, during):
        """Until the program ends; the peak of its own memory, which rusage would mix with that of the one that started it."""
        deadline, peak = time.monotonic() + RUN_S, 0
        while process.poll() is None:
            if time.monotonic() > deadline:
                raise BenchError(f"a campaign did not end within {RUN_S} s")
            with contextlib.suppress(OSError, IndexError):
                if os.readlink(f"/proc/{process.pid}/exe") == str(self.program.resolve()):
                    peak = max(peak, status_bytes(process.pid, "VmHWM"))
            if during:
                during(out)
            time.sleep(LOOK_S)
        return peak

    # ---- devices by the back door

    def path(self, name, path):
        """A path inside the device as this process can open it."""
        machine = self.rig.machine(name)
        return Path(f"/proc/{machine.init()}/root{path}")

    def devices_cpu_ns(self, names):
        """CPU time of all processes that devices have and had, those included that their parents have waited for."""
        pids = {self.rig.record(name)["pid"] for name in names}
        fields = {pid: found for pid in process.pids() if (found := process.stat_fields(pid))}
        while new := {pid for pid, found in fields.items() if int(found[1]) in pids} - pids:
            pids |= new
        ticks = sum(sum(map(int, fields[pid][11:15])) for pid in pids if pid in fields)
        return ticks * 10**9 // os.sysconf("SC_CLK_TCK")

    def home(self, name):
        return self.rig.record(name)["home"]

    def sh(self, name, command):
        return self.rig.sh(name, command, timeout=RUN_S).stdout


class Campaign:
    def __init__(self, out, begin_real_ns, wall_ns, peak_bytes, cpu_ns):
        self.out, self.begin_real_ns, self.wall_ns, self.peak_bytes, self.cpu_ns = out, begin_real_ns, wall_ns, peak_bytes, cpu_ns

    def journal(self, device):
        text = (self.out / "devices" / device / "journal.jsonl").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def blocks(self, device):
        """Timing blocks in the order in which they ran; all must be fine."""
        found = [line for line in self.journal(device) if line["type"] == "block" and line["pass"] == "timing"]
        for line in found:
            if line["outcome"] != "ok":
                raise BenchError(f"{device}: block {line['block']} ended {line['outcome']}: {line.get('message')}")
        if not found:
            raise BenchError(f"{device}: no timing block")
        return sorted(found, key=lambda line: line["started"]["raw_ns"])

    def line(self, device, kind):
        (line,) = (line for line in self.journal(device) if line["type"] == kind)
        return line

    def start_ns(self, device):
        """From the start of the command to the start of the job. Devices have monotonic clocks of their own, but this
        machine's real time."""
        took = self.line(device, "job")["started"]["real_us"] * 1000 - self.begin_real_ns
        if not 0 < took < self.wall_ns:
            raise BenchError(f"{device}: the job began {took} ns after the command; was the clock set?")
        return took

    def job_ns(self, device):
        return self.line(device, "end")["ended"]["raw_ns"] - self.line(device, "job")["started"]["raw_ns"]


def status_bytes(pid, key):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise IndexError(key)


def scripted_suite(place, name, files=(), blocks=1, **script):
    """A suite of one scripted model; `files` are beside the script and pushed with it."""
    place.write(f"{name}.model.json", {"type": "edgedyno-script", "inputs": [{"name": "x", "shape": [4]}],
                                       "outputs": [{"name": "y", "shape": [2]}]} | script["script"])
    variant = {"name": "v", "files": [f"{name}.model.json", *files]} if files else {"name": "v", "file": f"{name}.model.json"}
    return place.write(f"{name}.json", {"name": name, "models": [{"name": "m", "variants": [variant]}], "on": ["scripted/cpu"],
                                        "blocks": blocks, "block": script["block"]})
