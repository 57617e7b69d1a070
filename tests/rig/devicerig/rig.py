# SPDX-License-Identifier: Apache-2.0
"""A rig: devices for tests on one machine, all state in one folder. `with Rig(folder) as rig: rig.up("pi:pi")`."""

import concurrent.futures
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

from . import cgroup, faults, fetched, keys, network, words
from .guest import Guest
from .loopback import Loopback
from .machine import ADBD_PORT, Machine, directory_id
from .process import MARK, RigError, alive, end, marked, wait_for
from .roots import USER

KINDS = {"pi64": Guest, "sshd": Loopback}
NETEM = ("delay", "jitter", "loss", "rate", "queue")
START_S = 120.0  # for a machine ten times slower than any should be


class Rig:
    """Devices by name. Not for several threads; several programs may use one folder, one call at a time."""

    def __init__(self, directory):
        self.directory = Path(directory).resolve()
        self.state_path = self.directory / "rig.json"
        self.home = self.directory / "home"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    # ---- state

    @contextlib.contextmanager
    def _locked(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _load(self):
        if not self.state_path.exists():
            return {"controller": 0, "next": 1, "devices": {}}
        return json.loads(self.state_path.read_text(encoding="utf-8"))

    def _save(self, state):
        keys.write(self.state_path, json.dumps(state, indent=1) + "\n")

    def devices(self):
        """Records of all devices by name."""
        return self._load()["devices"]

    def record(self, name):
        found = self.devices().get(name)
        if found is None:
            raise RigError(f"no device '{name}' here: {', '.join(self.devices()) or 'none is up'}")
        return found

    def machine(self, name):
        record = self.record(name)
        return KINDS.get(record["kind"], Machine)(self.directory, record)

    def controller(self):
        """The pid that holds the controller's network; 0: the rig has none."""
        return self._load()["controller"]

    # ---- up and down

    def up(self, *texts):
        """Starts devices; returns when each answers. On failure what this call started is ended again."""
        wanted = [words.device(text) for text in texts]
        with self._locked():
            state = self._load()
            key = keys.make_home(self.home)
            self._save(state)
            namespaced = any(kind != "sshd" for _, kind, _ in wanted)
            if namespaced and os.geteuid() != 0:
                raise RigError("devices in namespaces need root; as an ordinary user the kind is sshd: rig up me:sshd")
            if namespaced and not alive(state["controller"]):
                state["controller"] = network.start_controller(self.directory)
                self._save(state)
            machines = self._add(state, wanted)
            self._save(state)
            try:
                self._start(state, machines, keys.public(key))
            except BaseException:
                for machine in machines:
                    self._remove(state, machine.record["name"])
                self._save(state)
                raise
            self._save(state)
            keys.write_ssh_folder(self.home, state["devices"])
            self._connect_phones(state, machines)
            self._save(state)

    def _add(self, state, wanted):
        machines = []
        for names, kind, options in wanted:
            for name in names:
                if name in state["devices"]:
                    raise RigError(f"'{name}' is up already")
                index = state["next"]
                state["next"] += 1
                record = {
                    "name": name,
                    "kind": kind,
                    "options": options,
                    "index": index,
                    "host": network.address(index),
                    "port": ADBD_PORT if kind == "phone" else 22,
                    "user": USER,
                }
                state["devices"][name] = record
                machines.append(KINDS.get(kind, Machine)(self.directory, record))
        return machines

    def _start(self, state, machines, public_key):
        controller = state["controller"]
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            # Programs are built and packages fetched once, by the first; the rest finds them there.
            machines[0].prepare(public_key)
            list(pool.map(lambda machine: machine.prepare(public_key), machines[1:]))
            spaces = [machine for machine in machines if isinstance(machine, Machine)]
            for machine in spaces:
                machine.hold()
            self._save(state)
            plain = [machine for machine in spaces if not self._is_bad_link(machine.record)]
            network.join(controller, [(machine.record["index"], machine.record["pid"]) for machine in plain])
            for machine in spaces:
                if self._is_bad_link(machine.record):
                    self._start_netem(controller, machine)
                machine.boot()
            for machine in machines:
                if not isinstance(machine, Machine):
                    machine.start(controller)
            self._save(state)
            list(pool.map(lambda machine: self._wait_greeting(controller, machine), machines))

    @staticmethod
    def _is_bad_link(record):
        return any(name in record["options"] for name in NETEM)

    def _start_netem(self, controller, machine):
        record = machine.record
        record["netem"] = network.start_netem(
            self.directory,
            fetched.program("netem"),
            controller,
            record["index"],
            record["pid"],
            machine.store,
            record["options"],
        )

    def _wait_greeting(self, controller, machine, seconds=START_S):
        record = machine.record
        through = 0 if record["kind"] == "sshd" else controller
        expected = "connected" if record["kind"] == "phone" else "SSH-2.0"

        def greets():
            if not alive(record["pid"]):
                raise RigError(f"{record['name']} ended: {machine.log()}")
            return network.greeting(through, record["host"], record["port"], 2.0).startswith(expected)

        try:
            wait_for(record["name"], greets, seconds, 0.01)
        except RigError as error:
            raise RigError(f"{error}; its log: {machine.log()}") from error

    def wait(self, name, seconds=START_S):
        """Until the device answers (again)."""
        self._wait_greeting(self.controller(), self.machine(name), seconds)

    def _connect_phones(self, state, machines):
        for machine in machines:
            record = machine.record
            if record["kind"] == "phone":
                record["serial"] = f"{record['host']}:{record['port']}"
                self.adb_connect(record["serial"])
            if record["kind"] == "labhost" and "phone" in record["options"]:
                phone = state["devices"].get(record["options"]["phone"])
                if phone is None or phone["kind"] != "phone":
                    raise RigError(f"{record['name']}: phone={record['options']['phone']} is no phone of this rig")
                serial = f"{phone['host']}:{phone['port']}"
                record["phone_serial"] = serial
                wait_for(
                    f"{record['name']}: its adb server sees {serial}",
                    lambda: "connected" in self._enter(machine, f"adb connect {serial}", USER).stdout,
                    START_S,
                    0.1,
                )

    def adb_connect(self, serial):
        """The controller's adb server knows the phone. `adb connect` ends with 0 when it fails, so its words count."""
        self.ctl(["adb", "disconnect", serial], check=False)
        wait_for(
            f"adb connect {serial}",
            lambda: "connected to" in self.ctl(["adb", "connect", serial], check=False).stdout,
            START_S,
            0.1,
        )

    def _remove(self, state, name):
        record = state["devices"].pop(name, None)
        if record is None:
            return
        end([pid for pid in (record.get("pid"), record.get("netem")) if pid and self._ours(pid)])
        machine = KINDS.get(record["kind"], Machine)(self.directory, record)
        if record.get("cgroup"):
            self._remove_group(Path(record["cgroup"]))
        shutil.rmtree(machine.store, ignore_errors=True)

    def _ours(self, pid):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                return f"{MARK}={self.directory}".encode() in file.read().split(b"\0")
        except OSError:
            return False

    @staticmethod
    def _remove_group(group):
        def gone():
            try:
                cgroup.remove(group)
                return True
            except OSError:
                return False

        wait_for(f"the end of {group}", gone, 20)

    def remove(self, *names):
        """Ends some devices."""
        with self._locked():
            state = self._load()
            for name in names:
                self.record(name)
                self._remove(state, name)
            self._save(state)
            keys.write_ssh_folder(self.home, state["devices"])

    def down(self):
        """Ends everything that this folder's rig started, whoever started it and however that ended."""
        if not self.directory.exists():
            return
        if not self.state_path.exists() and os.listdir(self.directory):
            raise RigError(f"{self.directory} is no folder of a rig; nothing is removed")
        with self._locked():
            for _ in range(5):
                found = marked(self.directory)
                if not found:
                    break
                end(found)
            if os.geteuid() == 0:
                for group in cgroup.groups(f"edrig-{directory_id(self.directory)}-"):
                    self._remove_group(group)
            for name in ("devices", "home"):
                shutil.rmtree(self.directory / name, ignore_errors=True)
            self.state_path.unlink(missing_ok=True)
            (self.directory / "lock").unlink()
        with contextlib.suppress(OSError):
            self.directory.rmdir()

    # ---- use

    def environment(self):
        """What the controller's programs see."""
        found = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("XDG_", "SSH_", "ANDROID_", "ADB_", "EDGEDYNO_"))
        }
        found |= {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local/share"),
            "XDG_STATE_HOME": str(self.home / ".local/state"),
            "XDG_CACHE_HOME": str(self.home / ".cache"),
            "XDG_RUNTIME_DIR": str(self.home / ".run"),
            MARK: str(self.directory),
        }
        (self.home / ".run").mkdir(mode=0o700, exist_ok=True)
        return found

    def ctl_words(self, command):
        """A command's words, in the controller's network where there is one."""
        controller = self.controller()
        command = [str(word) for word in command]
        return network.within(controller, command) if controller else command

    def ctl(self, command, check=True, timeout=600, text=None, env=None, cwd=None):
        """Runs a program as the controller; a CompletedProcess."""
        done = subprocess.run(
            self.ctl_words(command),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            env=self.environment() | (env or {}),
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise RigError(f"{command}: exit {done.returncode}: {(done.stderr or done.stdout)[-3000:]}")
        return done

    def ctl_start(self, command, env=None, **arguments):
        """The same without waiting: a Popen."""
        return subprocess.Popen(self.ctl_words(command), env=self.environment() | (env or {}), **arguments)

    def ssh(self, name, command, check=True, timeout=60):
        """A command over SSH as the device's user, by OpenSSH's client."""
        self.record(name)
        return self.ctl(["ssh", "-F", self.home / ".ssh/config", name, command], check=check, timeout=timeout)

    def adb(self, name, *command, check=True, timeout=60):
        return self.ctl(["adb", "-s", self.record(name)["serial"], *command], check=check, timeout=timeout)

    def sh(self, name, command, user=None, check=True, timeout=60):
        """A shell command in the device by the back door, as root or `user`."""
        return self._enter(self.machine(name), command, user, check, timeout)

    def _enter(self, machine, command, user=None, check=False, timeout=60):
        done = subprocess.run(
            machine.shell_words(command, user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.environment(),
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise RigError(f"{machine.record['name']}: '{command}': exit {done.returncode}: {done.stderr[-2000:]}")
        return done

    def fault(self, name, fault, *arguments):
        """Makes a fault; what it says."""
        with self._locked():
            state = self._load()
            if name not in state["devices"]:
                self.record(name)
            machine = KINDS.get(state["devices"][name]["kind"], Machine)(self.directory, state["devices"][name])
            said = faults.make(self, state["controller"], machine, fault, [str(argument) for argument in arguments])
            self._save(state)
            return said

    def devices_json(self):
        """The text of a devices.json with every device."""
        entries = []
        for name, record in self.devices().items():
            entry = {"id": name, "tags": ["rig", f"kind-{record['kind']}"]}
            if record["kind"] == "phone":
                entry |= {"transport": "adb", "serial": record["serial"]}
            else:
                entry |= {
                    "transport": "ssh",
                    "host": record["host"],
                    "port": record["port"],
                    "user": record["user"],
                    "host_key": record.get("pinned", record["host_key"]),
                }
            if "work_dir" in record:
                entry["work_dir"] = record["work_dir"]
            entries.append(entry)
            if "phone_serial" in record:
                entries.append(
                    {
                        "id": f"{name}-phone",
                        "tags": ["rig", "kind-phone", "kind-labhost"],
                        "transport": "adb",
                        "serial": record["phone_serial"],
                        "via": f"ssh://{record['user']}@{record['host']}",
                    }
                )
        return json.dumps({"devices": entries}, indent=4) + "\n"

    def status(self):
        """(name, kind, address, state) of each device."""
        rows = []
        for name, record in self.devices().items():
            through = 0 if record["kind"] == "sshd" else self.controller()
            if not alive(record.get("pid", 0)):
                state = "ended"
            elif network.greeting(through, record["host"], record["port"], 1.0):
                state = "up"
            else:
                state = "silent"
            rows.append((name, record["kind"], f"{record['host']}:{record['port']}", state))
        return rows


def default_directory():
    """What is meant where no folder is named: that of the rig in whose environment this runs, else build/rig/run."""
    return Path(os.environ.get(MARK) or fetched.BUILD / "run")
