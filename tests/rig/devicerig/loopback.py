# SPDX-License-Identifier: Apache-2.0
"""An sshd of the caller's own on a loopback port of this machine: no namespaces and no root needed. The "device" is
this machine, with a home of its own."""

import os
import pwd
import signal
import socket
import subprocess
from pathlib import Path

from . import fetched, keys, roots
from .process import MARK, RigError, alive, end, pids, send

DEVICE_MARK = "EDGEDYNO_RIG_DEVICE"
FAULTS = "reset, killsession, hang, unhang, serverkill, server down|up, hostkey [back]"


class Loopback:
    def __init__(self, directory, record):
        self.directory = Path(directory)
        self.record = record
        self.store = self.directory / "devices" / record["name"]

    def prepare(self, public_key):
        unknown = set(self.record["options"])
        if unknown:
            raise RigError(f"kind sshd takes no {', '.join(sorted(unknown))}")
        home = self.store / "home"
        roots.write(home / ".ssh/authorized_keys", public_key + "\n", 0o600)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.record |= {
            "host": "127.0.0.1",
            "port": port,
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "home": str(home),
            "work_dir": str(home / "work"),
            "uid": os.geteuid(),
        }
        self.make_host_key()
        environment = {
            "HOME": home,
            "XDG_CONFIG_HOME": home / ".config",
            "XDG_DATA_HOME": home / ".local/share",
            "XDG_STATE_HOME": home / ".local/state",
            "XDG_CACHE_HOME": home / ".cache",
            MARK: self.directory,
            DEVICE_MARK: self.record["name"],
        }
        given = " ".join(f'"{name}={value}"' for name, value in environment.items())
        roots.write(
            self.store / "sshd.conf",
            f"ListenAddress 127.0.0.1:{port}\nHostKey {self.store}/host_key\nPidFile none\nUsePAM no\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
            f"AuthorizedKeysFile {home}/.ssh/authorized_keys\nStrictModes no\nUseDNS no\n"
            "PrintMotd no\nPrintLastLog no\n"
            f"MaxStartups 100:30:200\nLogLevel VERBOSE\nSubsystem sftp internal-sftp\nSetEnv {given}\n",
        )

    def make_host_key(self):
        key = self.store / "host_key"
        for old in (key, key.with_name("host_key.pub")):
            old.unlink(missing_ok=True)
        keys.make(key, self.record["name"])
        self.record["host_key"] = keys.public(key)

    def start(self, _controller=0):
        words = [fetched.need("/usr/sbin/sshd"), "-D", "-e", "-f", str(self.store / "sshd.conf")]
        if os.geteuid() == 0:
            # sshd as root insists on /run/sshd; a private /run has it whatever this machine's looks like.
            words = [
                "unshare",
                "--mount",
                "--",
                "sh",
                "-c",
                'mount -t tmpfs run /run && mkdir /run/sshd && exec "$@"',
                "sh",
                *words,
            ]
        with open(self.store / "log", "ab") as log:
            self.process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env={
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                    MARK: str(self.directory),
                    DEVICE_MARK: self.record["name"],
                },
            )
        self.record["pid"] = self.process.pid

    def log(self, lines=5):
        path = self.store / "log"
        said = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return " | ".join(said.strip().splitlines()[-lines:])

    def sessions(self):
        """Every process of the device but its listener."""
        wanted = f"{DEVICE_MARK}={self.record['name']}".encode()
        ours = f"{MARK}={self.directory}".encode()
        found = []
        for pid in pids():
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    environment = file.read().split(b"\0")
            except OSError:
                continue
            if pid != self.record["pid"] and wanted in environment and ours in environment and alive(pid):
                found.append(pid)
        return found

    def shell_words(self, command, _user=None):
        return ["env", f"HOME={self.record['home']}", "sh", "-c", f"cd && {command}"]

    def fault(self, name, arguments):
        if name in ("reset", "killsession"):
            end(self.sessions())
        elif name in ("hang", "unhang"):
            for pid in [self.record["pid"], *self.sessions()]:
                send(pid, signal.SIGSTOP if name == "hang" else signal.SIGCONT)
        elif name == "serverkill":
            end([self.record["pid"]])
            self.start()
        elif name == "server" and arguments in (["down"], ["up"]):
            if alive(self.record["pid"]):
                end([self.record["pid"]])
            if arguments == ["up"]:
                self.start()
        elif name == "hostkey":
            change_host_key(self, arguments)
            end([self.record["pid"]])
            self.start()
        else:
            raise RigError(f"kind sshd knows the faults {FAULTS}")
        return ""


def change_host_key(machine, arguments):
    """A new host key, or the first one again ("back"); the controller's files keep the first, as they would."""
    key = machine.store / "host_key" if isinstance(machine, Loopback) else machine.store / "root/etc/ssh/host_key"
    kept = machine.store / "kept"
    names = [name for name in ("host_key", "host_key.pub", "host_key.db") if key.with_name(name).exists()]
    if arguments == ["back"]:
        for name in names:
            if (kept / name).exists():
                os.replace(kept / name, key.with_name(name))
        machine.record["host_key"] = machine.record.pop("pinned", machine.record["host_key"])
        return
    if not kept.exists():
        kept.mkdir()
        for name in names:
            os.replace(key.with_name(name), kept / name)
    machine.record.setdefault("pinned", machine.record["host_key"])
    machine.make_host_key()
