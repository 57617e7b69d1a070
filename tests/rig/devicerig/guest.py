# SPDX-License-Identifier: Apache-2.0
"""The arm64 device: a guest of qemu-system-aarch64 with Debian's cloud kernel, busybox and dropbear, its home on a disk
that outlives a reboot. Its card is a tap on the controller's bridge. Everything there is real but slow."""

import gzip
import os
import shlex
import shutil
import socket
import stat
import subprocess
from pathlib import Path

from . import fetched, keys, network, roots
from .process import MARK, RigError, run

MODULES = (
    "virtio",
    "virtio_ring",
    "virtio_mmio",
    "virtio_blk",
    "failover",
    "net_failover",
    "virtio_net",
    "rng-core",
    "virtio-rng",
)
MEMORY_BYTES = 1 << 30
DISK_BYTES = 1 << 30
USUAL_CPUS = 2


def archive(root, out):
    """A cpio archive (newc) of a folder, compressed lightly: what a kernel unpacks as its first root."""
    with gzip.open(out, "wb", compresslevel=1) as file:
        for number, path in enumerate(sorted(root.rglob("*")), 1):
            about = path.lstat()
            if stat.S_ISLNK(about.st_mode):
                data = os.readlink(path).encode()
            elif stat.S_ISREG(about.st_mode):
                data = path.read_bytes()
            else:
                data = b""
            add(file, str(path.relative_to(root)), number, about.st_mode, data)
        add(file, "TRAILER!!!", 0, 0, b"")


def add(file, name, number, mode, data):
    """One entry, owned by root."""
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    header = b"070701" + "".join(f"{field:08x}" for field in fields).encode()
    file.write(header + raw + b"\0" * (-(len(header) + len(raw)) % 4))
    file.write(data + b"\0" * (-len(data) % 4))


class Guest:
    def __init__(self, directory, record):
        self.directory = Path(directory)
        self.record = record
        self.store = self.directory / "devices" / record["name"]

    # ---- making

    def prepare(self, public_key):
        options = self.record["options"]
        unknown = set(options) - {"mem", "home", "libc", "cpus"}
        if unknown:
            raise RigError(f"kind pi64 takes no {', '.join(sorted(unknown))}")
        fetched.need("/usr/bin/qemu-system-aarch64")
        packages = fetched.arm64() / "root"
        root = self.store / "root"
        root.mkdir(parents=True)
        for name in roots.EMPTY:
            (root / name).mkdir(parents=True, exist_ok=True)
        roots.make_etc(root, "/bin/sh")
        (root / "bin").mkdir()
        shutil.copy2(packages / "bin/busybox", root / "bin/busybox")
        (root / "bin/sh").symlink_to("busybox")
        shutil.copy2(Path(__file__).with_name("guest-init.sh"), root / "init")
        os.chmod(root / "init", 0o755)
        self._modules(packages, root)
        roots.arm64_libraries(packages, root, options.get("libc", "debian"))
        self.make_host_key()
        # Keys lie outside of the home, which is an empty disk at first.
        home = self.store / "home"
        roots.make_home(home, public_key, roots.UID)
        roots.write(root / "root/.ssh/authorized_keys", public_key + "\n", 0o600)
        shutil.copyfile(root / "etc/ssh/host_key.db", root / "root/host_key.db")
        os.chmod(root / "root/.ssh", 0o700)
        os.chmod(root / "root", 0o700)
        self._disk(home, options.get("home", DISK_BYTES))
        archive(root, self.store / "initramfs")
        self.record |= {"uid": roots.UID, "home": f"/home/{roots.USER}"}

    @staticmethod
    def _modules(packages, root):
        place = root / "modules"
        place.mkdir()
        found = {path.stem: path for path in (packages / "lib/modules").rglob("*.ko")}
        order = [name for name in MODULES if name in found]
        for name in order:
            shutil.copyfile(found[name], place / f"{name}.ko")
        roots.write(place / "order", " ".join(order) + "\n")

    def _disk(self, home, size):
        image = self.store / "disk"
        tree = self.store / "disk-tree"
        tree.mkdir()
        os.rename(home, tree / roots.USER)
        with open(image, "wb") as file:
            file.truncate(size)
        run(
            [
                "mke2fs",
                "-q",
                "-F",
                "-t",
                "ext4",
                "-O",
                "^has_journal" if size < (16 << 20) else "has_journal",
                "-m",
                "0",
                "-d",
                tree,
                image,
            ]
        )
        shutil.rmtree(tree)

    def make_host_key(self):
        key = self.store / "root/etc/ssh/host_key"
        for old in (key, key.with_name("host_key.pub"), key.with_name("host_key.db")):
            old.unlink(missing_ok=True)
        keys.make(key, self.record["name"])
        run(
            [
                fetched.need("/usr/bin/dropbearconvert", "dropbear-bin"),
                "openssh",
                "dropbear",
                key,
                key.with_name("host_key.db"),
            ]
        )
        self.record["host_key"] = keys.public(key)

    # ---- running

    def start(self, controller):
        options = self.record["options"]
        tap = network.port_name(self.record["index"])
        network.batch(controller, [f"tuntap add {tap} mode tap", f"link set {tap} master br0 up"])
        kernel = sorted((fetched.BUILD / "arm64/root/boot").glob("vmlinuz-*"))[-1]
        mac = f"52:54:00:77:{self.record['index'] >> 8:02x}:{self.record['index'] & 255:02x}"
        words = ["/usr/bin/qemu-system-aarch64", "-M", "virt,gic-version=2", "-cpu", "cortex-a72"]
        words += ["-accel", "tcg,thread=multi,tb-size=256", "-smp", str(options.get("cpus", USUAL_CPUS))]
        words += ["-m", f"{options.get('mem', MEMORY_BYTES) >> 20}", "-nographic", "-nodefaults", "-no-user-config"]
        words += ["-serial", f"file:{self.store}/log", "-kernel", kernel, "-initrd", self.store / "initramfs"]
        words += ["-append", "console=ttyAMA0 quiet loglevel=4 random.trust_bootloader=on psi=1 panic=1 "
                  f"rig.name={self.record['name']} rig.address={self.record['host']}/16"]  # fmt: skip
        words += ["-netdev", f"tap,id=n0,ifname={tap},script=no,downscript=no"]
        words += ["-device", f"virtio-net-device,netdev=n0,mac={mac}", "-device", "virtio-rng-device"]
        words += ["-drive", f"if=none,id=d0,format=raw,file={self.store}/disk,cache=writeback"]
        words += ["-device", "virtio-blk-device,drive=d0", "-qmp", f"unix:{self.store}/qmp,server=on,wait=off"]
        with open(self.store / "qemu.log", "ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in network.within(controller, words)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), MARK: str(self.directory)},
            )
        self.record |= {"pid": self.process.pid, "controller": controller}

    def log(self, lines=5):
        said = ""
        for name in ("qemu.log", "log"):
            path = self.store / name
            said += path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return " | ".join(said.strip().splitlines()[-lines:])

    def monitor(self, *commands):
        """Commands of qemu's own monitor, one after the other."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            # Names of sockets are short; the way through the open folder is too.
            folder = os.open(self.store, os.O_PATH)
            try:
                connection.connect(f"/proc/self/fd/{folder}/qmp")
            finally:
                os.close(folder)
            file = connection.makefile("rw")
            file.readline()
            for command in ("qmp_capabilities", *commands):
                file.write(f'{{"execute": "{command}"}}\n')
                file.flush()
                for line in iter(file.readline, ""):
                    if '"error"' in line:
                        raise RigError(f"{self.record['name']}: {command}: {line.strip()}")
                    if '"return"' in line:
                        break

    def shell_words(self, command, user=None):
        """The guest's back door is an SSH server for root on a port of its own."""
        key = self.directory / "home/.ssh" / keys.USER_KEY
        words = ["ssh", "-F", "none", "-i", str(key), "-p", "2222", "-l", "root"]
        for option in ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"):
            words += ["-o", option]
        if user is not None:
            command = f"su {roots.USER} -c {shlex.quote(command)}"
        return network.within(self.record["controller"], [*words, self.record["host"], command])
