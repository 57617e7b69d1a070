# SPDX-License-Identifier: Apache-2.0
"""A device's memory limit: a memory control group of version 1 or 2 that kills what goes beyond it."""

import os
from pathlib import Path

from .process import RigError

ROOT = Path("/sys/fs/cgroup")


def version():
    if (ROOT / "memory" / "memory.limit_in_bytes").exists():
        return 1
    if (ROOT / "cgroup.controllers").exists() and "memory" in (ROOT / "cgroup.controllers").read_text(encoding="ascii"):
        return 2
    raise RigError("this machine has no memory control group that can be used; leave out mem=")


def make(name, limit_bytes):
    """The folder of a new group."""
    if version() == 1:
        group = ROOT / "memory" / name
        group.mkdir(exist_ok=True)
        (group / "memory.limit_in_bytes").write_text(str(limit_bytes), encoding="ascii")
    else:
        control = ROOT / "cgroup.subtree_control"
        if "memory" not in control.read_text(encoding="ascii").split():
            control.write_text("+memory", encoding="ascii")
        group = ROOT / name
        group.mkdir(exist_ok=True)
        (group / "memory.max").write_text(str(limit_bytes), encoding="ascii")
        swap = group / "memory.swap.max"
        if swap.exists():
            swap.write_text("0", encoding="ascii")
    return group


def set_limit(group, limit_bytes):
    name = "memory.limit_in_bytes" if (group / "memory.limit_in_bytes").exists() else "memory.max"
    (group / name).write_text(str(limit_bytes), encoding="ascii")


def used_bytes(group):
    name = "memory.usage_in_bytes" if (group / "memory.usage_in_bytes").exists() else "memory.current"
    return int((group / name).read_text(encoding="ascii"))


def kills(group):
    """How many processes the limit has killed."""
    for name in ("memory.oom_control", "memory.events"):
        if (group / name).exists():
            for line in (group / name).read_text(encoding="ascii").splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
    return 0


def groups(prefix):
    """Folders of groups whose name begins with prefix."""
    found = []
    for parent in (ROOT / "memory", ROOT):
        if parent.is_dir():
            found += [parent / name for name in os.listdir(parent) if name.startswith(prefix)]
    return found


def remove(group):
    try:
        group.rmdir()
    except FileNotFoundError:
        pass
