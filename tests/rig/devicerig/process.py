# SPDX-License-Identifier: Apache-2.0
"""Programs and processes: running one to its end, finding those of a rig by a mark in their environment, and ending
them. The mark is what makes `down` find everything after a crash too, and never a process of somebody else."""

import os
import signal
import subprocess
import time

MARK = "EDGEDYNO_RIG"


class RigError(Exception):
    """Something that a person should read; no defect of the rig."""


def run(words, text=None, check=True, env=None, timeout=120, quiet=False):
    """Runs a program to its end and returns its output; a failure is a RigError with what the program said."""
    done = subprocess.run(
        [str(word) for word in words], input=text, capture_output=True, text=True, check=False, env=env, timeout=timeout
    )
    if check and done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise RigError(f"{' '.join(str(word) for word in words[:6])}: exit {done.returncode}: {said}")
    return "" if quiet else done.stdout


def wait_for(what, condition, seconds=30.0, pause=0.005):
    """The first true value of condition(); a RigError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise RigError(f"{what}: not within {seconds:g} s")
        time.sleep(pause)


def stat_fields(pid):
    """Fields of /proc/PID/stat after the name: state, parent, ...; None where the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def alive(pid):
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in "ZX"


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid):
    found = []
    for other in pids():
        fields = stat_fields(other)
        if fields and int(fields[1]) == pid:
            found.append(other)
    return found


def ancestors(pid):
    found = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        fields = stat_fields(pid)
        pid = int(fields[1]) if fields else 0
    return found


def marked(directory):
    """Processes whose environment names this rig's directory, but this one and those above it."""
    wanted = f"{MARK}={directory}".encode()
    own = ancestors(os.getpid())
    found = []
    for pid in pids():
        if pid in own:
            continue
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if wanted in file.read().split(b"\0") and alive(pid):
                    found.append(pid)
        except OSError:
            continue
    return found


def namespace(pid, kind):
    """The identity of a process's namespace, None where it cannot be read."""
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except OSError:
        return None


def of_namespace(kind, identity):
    return [pid for pid in pids() if namespace(pid, kind) == identity and alive(pid)]


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def end(victims, seconds=20.0):
    """Kills processes and waits until they are gone."""
    for pid in victims:
        send(pid, signal.SIGKILL)
        reap(pid)
    wait_for(f"the end of processes {victims}", lambda: not any(alive_or_reaped(pid) for pid in victims), seconds)


def reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def alive_or_reaped(pid):
    reap(pid)
    return alive(pid)
