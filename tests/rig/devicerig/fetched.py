# SPDX-License-Identifier: Apache-2.0
"""What the rig needs and is not in the tree: programs of this machine, its own C programs, Debian packages of other
architectures. All of it is made or fetched once, under build/rig."""

import os
import platform
import subprocess
from pathlib import Path

from .process import RigError, run

HERE = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("EDGEDYNO_RIG_BUILD", HERE.parents[1] / "build" / "rig"))


def need(path, package=None):
    if not os.path.exists(path):
        known = {
            "sshd": "openssh-server",
            "dropbear": "dropbear-bin",
            "adb": "adb",
            "qemu-system-aarch64": "qemu-system-arm",
        }
        name = os.path.basename(path)
        raise RigError(f"{path} is missing: install {package or known.get(name, name)}")
    return path


def program(name):
    """tests/rig/NAME.c, built when it is missing or old."""
    source = HERE / f"{name}.c"
    built = BUILD / "bin" / name
    if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
        built.parent.mkdir(parents=True, exist_ok=True)
        new = built.with_name(f".{name}.{os.getpid()}")
        flags = ["-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static"]
        run([os.environ.get("CC", "cc"), *flags, "-o", new, source])
        os.replace(new, built)
    return built


def fetch(script, folder):
    words = [HERE / script, *([folder] if folder else [])]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RigError(f"{script}: {done.stderr.strip()[-1000:]}")
    return folder


def adbd():
    if platform.machine() != "x86_64":
        raise RigError("the phone of the rig is made on x86_64 machines only")
    return fetch("fetch-adbd.sh", BUILD / "adbd")


def arm64():
    return fetch("fetch-arm64.sh", BUILD / "arm64")


def armhf():
    return fetch("fetch-armhf.sh", BUILD / "armhf")


# qemu's name of a processor -> its e_machine, ELF class and bits, as binfmt_misc has them.
PROCESSORS = {"arm": (r"\x01", r"\x28"), "aarch64": (r"\x02", r"\xb7")}


def registration(processor):
    """What binfmt_misc must be told, so that programs of this processor run here."""
    fetch("fetch-qemu.sh", None)
    interpreter = HERE.parents[1] / f"build/deps/qemu/qemu-{processor}"
    bits, machine = PROCESSORS[processor]
    magic = r"\x7fELF" + bits + r"\x01\x01" + r"\x00" * 9 + r"\x02\x00" + machine + r"\x00"
    mask = r"\xff\xff\xff\xff\xff\xff\xff\x00" + r"\xff" * 8 + r"\xfe\xff\xff\xff"
    return f":rig-{processor}:M::{magic}:{mask}:{interpreter}:FOCP"
