# SPDX-License-Identifier: Apache-2.0
"""What the tests of faults share: a fleet whose link or devices fail, large models, what a device got over its link, and
a campaign that must be whole whatever happened on the way."""

import contextlib
import hashlib
import json
import os
import pathlib
import signal
import sys
import threading

from campaigns import least, room
from checks import check, descendants, equal, new_rig, within
from fleet import PATIENCE_S, Fleet, Place

from devicerig import process
from devicerig.faults import holder_path

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "campaign"))

from figures import count_again  # noqa: E402

TRIES = "trying to reach it again"  # the controller has noticed that its link is lost
MIB = 1 << 20


class Faulty(Fleet):
    """The program on a rig where things fail. `environment` goes to every run."""

    def __init__(self, rig, **environment):
        super().__init__(rig)
        self.environment = environment

    def words(self, *words):
        own = [f"{name}={value}" for name, value in self.environment.items()]
        return [*(["env", *own] if own else []), *super().words(*words)]

    def big_suite(self, name, mib=20, blocks=2, **keys):
        """A suite whose model has that many random bytes beside its script; their digest."""
        path = self.write(f"{name}.bin", "")
        content = os.urandom(mib * MIB)
        path.write_bytes(content)
        script = self.script(f"{name}.script.json")
        self.suite(f"{name}.json", blocks, model=name, files={"a": [script, path]}, **keys)
        return hashlib.sha256(content).hexdigest()

    def whole(self, out, *names, outcome="ok"):
        """Every planned block once, every sample its block's, every figure what the samples say."""
        self.check_whole(out, names, least())
        records = self.records(out)
        equal({record["device"] for record in records}, set(names), f"{out}: devices in the report")
        for record in records:
            label = f"{out}: {record['device']}/{record['variant']}"
            equal(record["outcome"], outcome, f"{label}: outcome")
            # One model, its variants in alphabetical order: so are the cases.
            same = sorted(each["variant"] for each in records if each["device"] == record["device"])
            case = f"c{same.index(record['variant'])}"
            count_again(room.Device(self.folder / out, record["device"]), case, record, label)
        return records

    def jobs(self, out, name):
        """The jobs that the campaign asked for on a device, in order."""
        lines = room.Device(self.folder / out, name).lines()
        return [line["job"] for line in lines if line["type"] == "attach"]

    def samples_bytes(self, out, name):
        try:
            return room.Device(self.folder / out, name).samples_path.stat().st_size
        except FileNotFoundError:
            return 0


class Spot(Place):
    """A device, its links and its processes, by the back door."""

    def __init__(self, rig, name):
        super().__init__(rig, name)
        if rig.record(name)["kind"] == "phone":
            self.work = f"{rig.record(name)['home']}/edgedyno"

    def fault(self, *words):
        return self.rig.fault(self.name, *words)

    def staged(self, digest):
        """Bytes of a file that is being pushed."""
        for path in self.path("staging").glob(f"*/{digest}"):
            try:
                return path.stat().st_size
            except OSError:
                pass
        return 0

    def again_bytes(self, digest, holes_bytes):
        """Of a file that came by several channels, which is executable until it is whole, the end is pushed again."""
        for path in self.path("staging").glob(f"*/{digest}"):
            return holes_bytes if path.stat().st_mode & 0o100 else 0
        return 0

    def _running(self):
        """As in Place, without a look at all processes of this machine."""
        first = self.rig.machine(self.name).init()
        for pid in descendants(first) - {first}:
            with contextlib.suppress(OSError):
                words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
                yield pid, words

    @contextlib.contextmanager
    def held(self, sessions=False):
        """The running job, or everything that runs there, stands still, so that what is done meanwhile comes in the
        middle of it however slow this machine is. What ended before is not held."""
        held = [pid for pid, _ in self._running()] if sessions else self.supervisors()
        for pid in held:
            process.send(pid, signal.SIGSTOP)
        try:
            yield held
        finally:
            for pid in held:
                process.send(pid, signal.SIGCONT)

    def digest_of(self, digest):
        """What the object of that name really holds."""
        path = self.path(f"objects/{digest}")
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None

    def packets(self):
        """(received bytes, received packets, sent bytes, sent packets) of the device's link so far."""
        text = pathlib.Path(f"/proc/{self.rig.machine(self.name).init()}/net/dev").read_text(encoding="ascii")
        fields = next(line.split(":")[1].split() for line in text.splitlines() if line.strip().startswith("eth0"))
        return tuple(int(fields[i]) for i in (0, 1, 8, 9))

    def nothing_left(self):
        """No runner, and no job's directory."""
        check(within(PATIENCE_S, lambda: not self.runners()), f"{self.name}: no runner is left", self.runners())
        equal(self.jobs(), [], f"{self.name}: no job is left")
        equal(list(self.path("staging").glob("*/*")), [], f"{self.name}: nothing stays staged")

    def home(self):
        return holder_path(self.rig.machine(self.name), self.rig.record(self.name)["home"])


def on_rig(*devices, **environment):
    """Decorates a test function(fleet, spots...): a rig of its own with these devices."""

    def decorate(function):
        def test():
            with new_rig() as rig:
                rig.up(*devices)
                fleet = Faulty(rig, **environment)
                function(fleet, *(Spot(rig, text.partition(":")[0]) for text in devices))

        test.__name__ = function.__name__
        test.__doc__ = function.__doc__
        return test

    return decorate


def quarantined(fleet):
    """What the controller will not touch until it was checked."""
    path = pathlib.Path(fleet.rig.environment()["XDG_STATE_HOME"]) / "edgedyno/quarantine.json"
    return [entry["id"] for entry in json.loads(path.read_text(encoding="utf-8"))["devices"]] if path.exists() else []


class Watch(threading.Thread):
    """Calls a function until it says that it is done, beside what the test waits for."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self.function, self.over = function, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def run(self):
        while not self.over.wait(0.005):
            if self.function():
                break

    def __exit__(self, *_):
        self.over.set()
        self.join(PATIENCE_S)
