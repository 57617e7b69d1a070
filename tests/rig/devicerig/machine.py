# SPDX-License-Identifier: Apache-2.0
"""A device made of namespaces: its root, its start, and finding its processes."""

import os
import subprocess
import uuid
from pathlib import Path

from . import cgroup, fakesys, fetched, keys, roots
from .process import MARK, RigError, alive, children, namespace, of_namespace, run, wait_for

HERE = Path(__file__).resolve().parent
ADBD_PORT = 5555
PROFILES = {
    "laptop": "laptop",
    "labhost": "laptop",
    "pi": "pi",
    "pi32": "pi",
    "pi64user": "pi",
    "phone": "phone",
    "musl": "none",
    "bare": "none",
}


# Kinds whose programs run under qemu-user, and its name of their processor.
EMULATED = {"pi32": "arm", "pi64user": "aarch64"}


def group_name(directory, name):
    """Of a device's memory group: of this rig alone."""
    return f"edrig-{directory_id(directory)}-{name}"


def directory_id(directory):
    return uuid.uuid5(uuid.NAMESPACE_URL, str(directory)).hex[:10]


class Machine:
    """One device. What must outlive this program is in `record`, which the rig keeps."""

    def __init__(self, directory, record):
        self.directory = Path(directory)
        self.record = record
        self.store = self.directory / "devices" / record["name"]

    # ---- making

    def prepare(self, public_key):
        """Everything on disk; nothing runs yet."""
        kind, options = self.record["kind"], self.record["options"]
        root = self.store / "root"
        root.mkdir(parents=True)
        self.record["uid"] = roots.PHONE_UID if kind == "phone" else roots.UID
        binds, servers, writable = getattr(self, f"_prepare_{kind}")(root, options)
        home = self.store / "home"
        home.mkdir()
        if kind == "phone":
            mount = "/data/local/tmp"
            os.chown(home, roots.PHONE_UID, roots.PHONE_UID)
            os.chmod(home, 0o771)
        else:
            mount = f"/home/{roots.USER}"
            roots.make_home(home, public_key, roots.UID)
            self.make_host_key()
        profile = options.get("sys", PROFILES[kind])
        fake = ""
        if profile not in ("none", "real"):
            fake = str(fakesys.make(self.store / "fake", profile))
        self.record["home"] = mount
        group = ""
        if options.get("mem"):
            group = str(cgroup.make(group_name(self.directory, self.record["name"]), options["mem"]))
        self.record["cgroup"] = group
        self.record["environment"] = {
            "RIG_NAME": self.record["name"],
            "RIG_ROOT": str(root),
            "RIG_STORE": str(self.store),
            "RIG_ADDRESS": f"{self.record['host']}/16",
            "RIG_BINDS": "\n".join(" ".join(bind) for bind in binds),
            "RIG_HOME": str(home),
            "RIG_HOME_MOUNT": mount,
            "RIG_HOME_BYTES": str(options.get("home", 0)),
            "RIG_UID": str(self.record["uid"]),
            "RIG_FAKE": fake,
            "RIG_MEMORY_BYTES": str(options.get("mem", 0)),
            "RIG_CGROUP": group,
            "RIG_WRITABLE": writable,
            "RIG_PID1": str(fetched.program("pid1")),
            "RIG_SERVERS": "\n".join(servers),
        }

    def make_host_key(self):
        """A host key in the device's /etc/ssh, for either server."""
        key = self.store / "root/etc/ssh/host_key"
        for old in (key, key.with_name("host_key.pub"), key.with_name("host_key.db")):
            old.unlink(missing_ok=True)
        keys.make(key, self.record["name"])
        if self._server() == "dropbear":
            run(["dropbearconvert", "openssh", "dropbear", key, key.with_name("host_key.db")])
        self.record["host_key"] = keys.public(key)

    def _server(self):
        usual = "sshd" if self.record["kind"] in ("laptop", "labhost") else "dropbear"
        return self.record["options"].get("server", usual)

    def _server_words(self, dropbear=("/usr/sbin/dropbear",)):
        if self._server() == "sshd":
            roots.write(self.store / "root/etc/ssh/rig.conf", roots.SSHD_CONFIG)
            return ["0", "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/rig.conf"]
        return ["0", *dropbear, "-F", "-E", "-s", "-r", "/etc/ssh/host_key.db", "-p", "22"]

    def _prepare_laptop(self, root, options):
        binds = roots.host(root)
        fetched.need("/usr/sbin/sshd" if self._server() == "sshd" else "/usr/sbin/dropbear")
        return binds, self._server_words(), self._writable(options, "root")

    def _prepare_pi(self, root, options):
        return self._prepare_laptop(root, options)[:2] + (self._writable(options, "user"),)

    def _prepare_labhost(self, root, options):
        binds, servers, writable = self._prepare_laptop(root, options)
        adb = fetched.need("/usr/bin/adb")
        home = f"HOME=/home/{roots.USER}"
        return binds, servers + ["--", str(roots.UID), home, adb, "-L", "tcp:5037", "server", "nodaemon"], writable

    def _prepare_musl(self, root, options):
        fetched.need("/usr/sbin/dropbear")
        binds, dropbear = roots.small(root, self.record["kind"] == "musl")
        if self._server() != "dropbear":
            raise RigError(f"{self.record['kind']} has dropbear only")
        return binds, self._server_words(dropbear), self._writable(options, "root")

    _prepare_bare = _prepare_musl

    def _prepare_phone(self, root, options):
        binds, adbd = roots.phone(root, fetched.adbd())
        return binds, [str(roots.PHONE_UID), *adbd], self._writable(options, "root")

    def _prepare_pi32(self, root, options):
        binds = roots.armhf(root, fetched.armhf())
        if self._server() != "dropbear":
            raise RigError("pi32 has dropbear only")
        return binds, self._server_words(), self._writable(options, "user")

    def _prepare_pi64user(self, root, options):
        if self._server() != "dropbear":
            raise RigError("pi64user has dropbear only")
        dropbear = roots.arm64(root, fetched.arm64(), options.get("libc", "debian"))
        return [], self._server_words(dropbear), self._writable(options, "user")

    @staticmethod
    def _writable(options, usual):
        return "scaling_governor scaling_min_freq scaling_max_freq" if options.get("governor", usual) == "user" else ""

    # ---- running

    def hold(self):
        """Starts the holder, which waits for its network card. self.record gets the pids."""
        own = namespace(os.getpid(), "net")
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            MARK: str(self.directory),
            **self.record["environment"],
        }
        words = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child"]
        words += ["--", "bash", str(HERE / "holder.sh")]
        if self.record["kind"] in EMULATED:
            environment["RIG_BINFMT"] = fetched.registration(EMULATED[self.record["kind"]])
            words = [str(fetched.program("userns")), *words]
        with open(self.store / "log", "ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, cwd="/", env=environment
            )
        self.record["pid"] = self.process.pid
        wait_for(
            f"{self.record['name']}: its network",
            lambda: self._running() and namespace(self.process.pid, "net") not in (own, None),
        )

    def _running(self):
        if self.process.poll() is not None:
            raise RigError(f"{self.record['name']} ended: {self.log()}")
        return True

    def boot(self):
        """The network card is there: the holder goes on."""
        self.process.stdin.write(b"go\n")
        self.process.stdin.close()

    def log(self, lines=5):
        path = self.store / "log"
        said = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return " | ".join(said.strip().splitlines()[-lines:])

    # ---- finding

    def holder(self):
        """The holder's pid; a RigError where the device is gone."""
        pid = self.record["pid"]
        found = children(pid) if alive(pid) else []
        if not found:
            raise RigError(f"{self.record['name']} is not running: {self.log()}")
        return found[0]

    def init(self, seconds=10.0):
        """The pid (as this machine sees it) of the device's first process, once it is in its root."""

        def find():
            for starter in children(self.holder()):
                for first in children(starter):
                    try:
                        with open(f"/proc/{first}/comm", encoding="utf-8", errors="replace") as file:
                            if file.read().strip() == "pid1":
                                return first
                    except OSError:
                        continue
            return None

        return wait_for(f"{self.record['name']}: its first process", find, seconds)

    def processes(self, first):
        """All processes of the device but the first."""
        identity = namespace(first, "pid")
        return [pid for pid in of_namespace("pid", identity) if pid != first]

    def listeners(self, first, port=None):
        """Processes that hold a listening TCP socket, of `port` or of any."""
        sockets = set()
        for table in ("tcp", "tcp6"):
            try:
                with open(f"/proc/{first}/net/{table}", encoding="ascii") as file:
                    for line in file.readlines()[1:]:
                        fields = line.split()
                        if fields[3] == "0A" and (port is None or int(fields[1].rpartition(":")[2], 16) == port):
                            sockets.add(f"socket:[{fields[9]}]")
            except OSError:
                continue
        found = set()
        for pid in self.processes(first):
            try:
                if any(os.readlink(file) in sockets for file in Path(f"/proc/{pid}/fd").iterdir()):
                    found.add(pid)
            except OSError:
                continue
        return found

    def listener(self, first):
        """The first server's pid, None while it is down."""
        return min(self.listeners(first, self.record["port"]), default=None)

    def shell_words(self, command, user=None):
        """Words that run a shell command in the device, as root or as its user."""
        first = self.init()
        words = ["nsenter", f"--target={first}", "--mount", "--pid", "--uts", "--ipc", "--net", "--time"]
        words += ["--user"] if self.record["kind"] in EMULATED else []
        words += [f"--root=/proc/{first}/root", "--wdns=/"]
        home = "/root"
        if user is not None:
            words += [f"--setuid={self.record['uid']}", f"--setgid={self.record['uid']}"]
            home = self.record["home"]
        path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/system/bin"
        return words + ["--", "/bin/env", "-i", path, f"HOME={home}", "/bin/sh", "-c", command]
