# SPDX-License-Identifier: Apache-2.0
"""The command line of the rig."""

import os
import shlex
import sys
import time

from . import faults, words
from .process import RigError
from .rig import Rig, default_directory

HELP = f"""usage: rig [--dir DIR] COMMAND   devices for tests on one machine; all state in DIR (build/rig/run)

  up NAME:KIND[,OPTION=VALUE...]...  start devices; returns when each answers
  down                               end all that this folder's rig started, also after a crash
  status                             each device and whether it answers
  devices-json                       a devices.json with all devices, host keys pinned
  env                                what the controller's programs need, as shell assignments
  ctl COMMAND...                     run a program as the controller (its network, its HOME)
  sh [-u USER] NAME COMMAND...       run a shell command in the device by the back door, as root
  ssh NAME COMMAND...                run a command over SSH as the device's user
  fault NAME FAULT [ARGUMENT]...     make a fault
  wait NAME                          until the device answers
  log NAME                           what the device's servers said
  remove NAME...                     end some devices
  help                               this text

kinds: {', '.join(words.KINDS)}
  laptop OpenSSH; pi dropbear, made sensors and governors; phone adbd, no glibc outside adbd's own folder;
  labhost a laptop with an adb server that knows phone=NAME; musl, bare x86_64 with musl's loader or none;
  pi32 armv7 and pi64user arm64 under qemu-user; pi64 a guest with an arm64 kernel; sshd an unprivileged sshd on a
  loopback port of this machine, the one kind without root
options: {', '.join(words.OPTIONS)}
  mem=512MiB a limit that kills; home=64MiB a small disk; delay=50ms there and back, jitter=5ms; loss=1% and
  rate=10mbit each way; libc=none|debian (pi64, pi64user), cpus=2 (pi64); count=64 makes NAME1 to NAME64;
  server=sshd|dropbear; sys=none|laptop|pi|phone the made sensors; governor=user|root who may write it
faults:
{faults.HELP}"""


def split_directory(arguments):
    directory = default_directory()
    while arguments[:1] == ["--dir"] and len(arguments) > 1:
        directory, arguments = arguments[1], arguments[2:]
    if arguments and arguments[0].startswith("--dir="):
        directory, arguments = arguments[0][6:], arguments[1:]
    return directory, arguments


def shell_text(arguments):
    """One word is a shell's text; several are words."""
    return arguments[0] if len(arguments) == 1 else shlex.join(arguments)


def forward(done):
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    return done.returncode


def execute(rig, command, arguments):
    if command == "up":
        if not arguments:
            raise RigError("up needs devices: rig up laptop:laptop pi:pi")
        start = time.monotonic()
        rig.up(*arguments)
        print(f"{len(rig.devices())} devices are up ({time.monotonic() - start:.1f} s)", file=sys.stderr)
    elif command == "down":
        rig.down()
    elif command == "status":
        for row in rig.status():
            print("%-16s %-8s %-22s %s" % row)
    elif command == "devices-json":
        print(rig.devices_json(), end="")
    elif command == "env":
        for name, value in rig.environment().items():
            if os.environ.get(name) != value:
                print(f"export {name}={shlex.quote(value)}")
    elif command == "ctl" and arguments:
        wanted = rig.ctl_words(arguments)
        os.execvpe(wanted[0], wanted, rig.environment())
    elif command == "sh" and arguments:
        user = None
        if arguments[0] == "-u" and len(arguments) > 1:
            user, arguments = arguments[1], arguments[2:]
        if len(arguments) < 2:
            raise RigError("sh needs a device and a command")
        return forward(rig.sh(arguments[0], shell_text(arguments[1:]), user=user, check=False, timeout=None))
    elif command == "ssh" and len(arguments) > 1:
        return forward(rig.ssh(arguments[0], shell_text(arguments[1:]), check=False, timeout=None))
    elif command == "fault" and len(arguments) > 1:
        said = rig.fault(*arguments)
        if said:
            print(said)
    elif command == "wait" and arguments:
        rig.wait(arguments[0])
    elif command == "log" and arguments:
        print(rig.machine(arguments[0]).log(1000).replace(" | ", "\n"))
    elif command == "remove" and arguments:
        rig.remove(*arguments)
    else:
        raise RigError(f"'{command}' with {len(arguments)} words is not understood; rig help says how")
    return 0


def main(arguments):
    try:
        directory, arguments = split_directory(arguments)
        command, arguments = (arguments[0], arguments[1:]) if arguments else ("help", [])
        if arguments[:1] == ["--dir"] and command != "ctl":
            directory, arguments = split_directory(arguments)
        if command in ("help", "--help", "-h"):
            print(HELP)
            return 0
        return execute(Rig(directory), command, arguments)
    except RigError as error:
        print(f"rig: {error}", file=sys.stderr)
        return 2
