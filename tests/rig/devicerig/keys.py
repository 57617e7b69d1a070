# SPDX-License-Identifier: Apache-2.0
"""SSH keys of the rig: one for the controller, one for each device, and the controller's ~/.ssh that names them all."""

import os

from .process import run

USER_KEY = "id_rig"


def make(path, comment):
    """An ed25519 key pair at path and path.pub, unless it is there."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
    return path


def public(path):
    """ "TYPE BASE64" of a key pair."""
    return " ".join(path.with_name(path.name + ".pub").read_text(encoding="ascii").split()[:2])


def make_home(home):
    """The controller's home with its key; the key's path."""
    for folder in (home, home / ".ssh"):
        folder.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)
    return make(home / ".ssh" / USER_KEY, "rig")


def host_pattern(device):
    return device["host"] if device["port"] == 22 else f"[{device['host']}]:{device['port']}"


def write_ssh_folder(home, devices):
    """config and known_hosts for all devices that speak SSH."""
    key = home / ".ssh" / USER_KEY
    config = []
    known = []
    for name, device in devices.items():
        if "host_key" not in device:
            continue
        config.append(
            f"Host {name}\n    HostName {device['host']}\n    Port {device['port']}\n    User {device['user']}\n"
        )
        known.append(f"{host_pattern(device)} {device['host_key']}\n")
    config.append(
        f"Host *\n    IdentityFile {key}\n    IdentitiesOnly yes\n    BatchMode yes\n    StrictHostKeyChecking yes\n"
        f"    UserKnownHostsFile {home}/.ssh/known_hosts\n    ConnectTimeout 10\n"
    )
    write(home / ".ssh" / "config", "".join(config))
    write(home / ".ssh" / "known_hosts", "".join(known))


def write(path, text):
    """Replaces a file as a whole, so that a reader never sees half of it."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.chmod(new, 0o600)
    os.replace(new, path)
