# SPDX-License-Identifier: Apache-2.0
"""What the tests of fleets share: campaigns that run beside each other, what lies on a device, and its processes."""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import traceback

from campaigns import LATENCY_NS, RUN_S, Controller, room
from checks import check, run_all, within

from devicerig import process
from devicerig.faults import holder_path

PATIENCE_S = 240  # of what a machine ten times slower than any would still do
SECOND_NS = 1_000_000_000
ENTRIES = threading.Lock()
FOR_EVER = 400  # blocks: minutes that a test ends when it has seen enough


class Fleet(Controller):
    """The program on a rig, with campaigns that need no CPU: their inferences are slept."""

    def script(self, name, **keys):
        """A model that sleeps; `run` and the like go over what is usual here."""
        usual = {
            "type": "edgedyno-script",
            "run": {"ns": LATENCY_NS, "sleep": True},
            "warmup": room.SETTLED,
            "inputs": [{"name": "x", "shape": [4]}],
            "outputs": [{"name": "y", "shape": [2]}],
        }
        return self.write(name, usual | keys)

    def suite(self, name, blocks=2, model="m", variants=("a",), files=None, **keys):
        """A suite of one slept model. `files`: variant -> its files, the script first."""
        listed = []
        for variant in variants:
            if files and variant in files:
                listed.append({"name": variant, "files": [pathlib.Path(file).name for file in files[variant]]})
            else:
                listed.append({"name": variant, "file": self.script(f"{model}.{variant}.json").name})
        suite = {
            "name": pathlib.Path(name).stem,
            "models": [{"name": model, "variants": listed}],
            "on": ["scripted/cpu"],
            "blocks": blocks,
            "block": room.SHORT_BLOCK,
            "on_invalid": "mark",
        }
        return self.write(name, suite | keys)

    def entry(self, device, **keys):
        """Other keys of one device in devices.json, whole at every moment."""
        new = self.devices_file.with_suffix(".new")
        with ENTRIES:
            listed = json.loads(self.devices_file.read_text(encoding="utf-8"))
            for entry in listed["devices"]:
                if entry["id"] == device:
                    entry |= keys
            new.write_text(json.dumps(listed), encoding="utf-8")
            os.replace(new, self.devices_file)

    def begin(self, out, *words, host=None):
        """A campaign beside this test. `host`: the controller's name, where it is to be somebody else."""
        return Running(self, out, ["run", *words, "--out", out], host)

    def resume(self, out, *words, host=None):
        return Running(self, out, ["run", "--resume", out, *words], host)

    def as_host(self, host, *words, code=0, timeout=RUN_S):
        """run() by another controller."""
        done = self.rig.ctl(other_host(host, self.words(*words)), check=False, timeout=timeout, cwd=self.folder)
        check(done.returncode == code, f"{words} by {host}: status {done.returncode}, not {code}", done.stderr)
        return done

    def devices(self, *words, code=(0, 4)):
        """The states of the fleet, by id."""
        listed = json.loads(self.run("devices", *words, "--format", "json", code=code).stdout)
        return {entry["id"]: entry for entry in (listed["devices"] if isinstance(listed, dict) else listed)}

    def absent(self, out):
        return json.loads((self.folder / out / "campaign.json").read_text(encoding="utf-8")).get("absent", [])


def other_host(host, words):
    if not host:
        return words
    return ["unshare", "--uts", "--", "sh", "-c", 'hostname "$1" && shift && exec "$@"', "sh", host, *words]


class Running:
    """A run of the program, with its words in files."""

    def __init__(self, fleet, out, words, host=None):
        self.fleet, self.out, self.words = fleet, out, words
        number = len(list(fleet.folder.glob(f"{out}.*.err")))
        self.err_path = fleet.folder / f"{out}.{number}.err"
        with open(self.err_path, "wb") as err, open(fleet.folder / f"{out}.{number}.txt", "wb") as text:
            self.process = fleet.rig.ctl_start(
                other_host(host, fleet.words(*words)),
                cwd=fleet.folder,
                stdin=subprocess.DEVNULL,
                stdout=text,
                stderr=err,
            )

    def said(self):
        return self.err_path.read_text(encoding="utf-8", errors="replace")

    def blocks(self, device):
        return room.Device(self.fleet.folder / self.out, device).n_done()

    def planned(self, device):
        return len(room.Device(self.fleet.folder / self.out, device).planned())

    def wait_for(self, what, condition, seconds=PATIENCE_S):
        """Until condition() is true, which must be while the program runs."""
        value = within(seconds, lambda: condition() or self.process.poll() is not None)
        if value is True and not condition():
            raise AssertionError(f"{self.out} ended ({self.process.poll()}) before {what}: {self.said()[-2000:]}")
        if not value:
            raise AssertionError(f"{self.out}: not within {seconds} s: {what}: {self.said()[-2000:]}")
        return value

    def wait_blocks(self, device, count=1):
        self.wait_for(f"{count} blocks of {device}", lambda: self.blocks(device) >= count)

    def wait_said(self, text):
        self.wait_for(repr(text), lambda: text in self.said())

    def runs(self):
        return self.process.poll() is None

    def signal(self, number):
        process.send(self.process.pid, number)

    def kill(self):
        """As at a power cut of the controller's machine."""
        self.process.kill()
        self.process.wait()

    def end(self, code, *texts, seconds=PATIENCE_S):
        """Waits for the end, the exit status and words on standard error."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            check(False, f"{self.out}: no end within {seconds} s", self.said())
            return self
        expected = code if isinstance(code, (tuple, set)) else (code,)
        check(self.process.returncode in expected, f"{self.out}: {self.process.returncode}, not {code}", self.said())
        for text in texts:
            check(text in self.said(), f"{self.out}: {text!r} is said", self.said())
        check("Sanitizer" not in self.said() and "runtime error:" not in self.said(), "a sanitizer", self.said())
        return self

    def stop(self):
        """Ctrl-C."""
        self.signal(signal.SIGINT)
        return self.end(130)


@contextlib.contextmanager
def ended(*running):
    """Whatever a failed test left running ends here."""
    try:
        yield
    finally:
        for one in running:
            if one.runs():
                one.signal(signal.SIGCONT)
                one.kill()


class Place:
    """A device's work directory by the back door."""

    def __init__(self, rig, name):
        self.rig, self.name = rig, name
        self.work = f"{rig.record(name)['home']}/.local/state/edgedyno/work"

    def path(self, name=""):
        return holder_path(self.rig.machine(self.name), f"{self.work}/{name}")

    def write(self, name, text):
        """As the device's user would."""
        path = self.path(name)
        new = path.with_name(f".{path.name}.test")
        new.write_bytes(text if isinstance(text, bytes) else text.encode())
        uid = self.rig.record(self.name)["uid"]
        os.chown(new, uid, uid)
        os.chmod(new, 0o600)
        os.replace(new, path)

    def lease(self):
        try:
            text = self.path("lease.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        return json.loads(text) if text else {}

    def boot_ns(self):
        """The device's own CLOCK_BOOTTIME."""
        text = self.rig.sh(self.name, "cat /proc/uptime").stdout
        return int(float(text.split()[0]) * SECOND_NS)

    def expire(self, seconds=0):
        """The lease runs out so many seconds from now."""
        at = self.boot_ns() + seconds * SECOND_NS
        with open(self.path("lease.lock"), "rb+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            record = self.lease()
            record["expires_boot_ns"] = at
            self.write("lease.json", json.dumps(record) + "\n")

    def tickets(self):
        """Holders that wait."""
        with contextlib.suppress(FileNotFoundError):
            return {path.stem for path in self.path("tickets").glob("*.json")}
        return set()

    def objects(self):
        return {path.name: path for path in self.path("objects").iterdir() if not path.name.startswith(".")}

    def sets(self):
        """What set.json says, by the set's id."""
        found = {}
        for path in self.path("sets").glob("*/set.json"):
            with contextlib.suppress(ValueError):
                found[path.parent.name] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def models(self):
        return sorted((one["name"], one["variant"]) for one in self.sets().values() if one.get("kind") == "model")

    def jobs(self):
        with contextlib.suppress(FileNotFoundError):
            return sorted(path.name for path in self.path("jobs").iterdir())
        return []

    # ---- processes

    def _running(self):
        machine = self.rig.machine(self.name)
        for pid in machine.processes(machine.init()):
            with contextlib.suppress(OSError):
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                yield pid, words

    def supervisors(self):
        """Pids, as this machine sees them, of detached runners."""
        return [pid for pid, words in self._running() if words[1:3] == ["start", "--work"] and leads(pid)]

    def workers(self):
        return [pid for pid, words in self._running() if words[:2] == ["edgedyno-runner", "worker"]]

    def runners(self):
        return [pid for pid, words in self._running() if "edgedyno-runner" in words[0] or "/objects/" in words[0]]

    def wait_idle(self, seconds=PATIENCE_S):
        """Until no job runs."""
        return check(within(seconds, lambda: not self.supervisors()), f"{self.name}: its job ends")


def leads(pid):
    """Whether a process leads its session."""
    fields = process.stat_fields(pid)
    inner = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    return fields is not None and int(fields[3]) == int(pid) or namespace_leads(inner)


def namespace_leads(status):
    values = {line.split(":")[0]: line.split()[1:] for line in status.splitlines() if ":" in line}
    return values.get("NSsid", ["", ""])[-1] == values.get("NSpid", ["-", "-"])[-1]


def run_groups(groups, chosen):
    """run_all() of the chosen tests, else of all; those of a group run at once, each on a rig of its own."""
    if chosen:
        run_all([test for group in groups for test in group], chosen)

    def whole(group):
        def task():
            together(*group)

        task.__name__ = "+".join(test.__name__ for test in group)
        return task

    run_all([whole(group) for group in groups], [])


def together(*tasks):
    """Functions that have nothing to do with each other, at once."""

    def guarded(task):
        start = time.monotonic()
        try:
            task()
        except Exception as error:  # pylint: disable=broad-exception-caught
            check(False, f"{task.__name__}: {error}", traceback.format_exc())
        print(f"  {task.__name__}: {time.monotonic() - start:.1f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(tasks)) as pool:
        list(pool.map(guarded, tasks))
    sys.stdout.flush()
