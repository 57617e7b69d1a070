# SPDX-License-Identifier: Apache-2.0
"""Faults of devices. Each leaves the rig usable, and none waits for anything but what it says."""

import base64
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import cgroup, fakesys, network, words
from .guest import Guest
from .loopback import Loopback, change_host_key
from .process import RigError, end, run, send, wait_for

HELP = """  link down|up|cut|mend      the cable out and in again; cut: frames vanish while the cable seems fine
  reset                      every TCP connection of the device's server is reset
  killsession                every process ends but the first and the servers' listeners
  serverkill                 the server's listener ends; it comes back after 0.2 s. phone: adbd and all with it
  server down|up             the listener ends and stays away; comes back
  hang, unhang               every process stops; goes on
  fill [LEAVE], unfill       the home's disk is full but for LEAVE bytes (a device with home=); has space again
  reboot [SECONDS]           power cut, off for SECONDS, boot; waits until it answers. off, on: the halves
  clock SECONDS              the wall clock steps (pi64, whose clock is its own until it boots again)
  hostkey [back]             another host key; the first one again
  oom                        the memory limit kills the largest process (a device with mem=, pi64)
  governor NAME|allow|deny   somebody sets the governor; the user may or may not write it
  temp MILLIDEGREES          the first thermal zone; above 75000 frequencies fall as under a thermal governor
  heat FROM TO STEP MS       temp again and again
  netem OPTION=VALUE,...     another delay, loss, ... (a device with one of these options)
"""

HOG = """
import mmap, sys, time
group = sys.argv[1]
def kills():
    for name in ("memory.oom_control", "memory.events"):
        try:
            for line in open(f"{group}/{name}"):
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
        except FileNotFoundError:
            pass
    return 0
before, held, end = kills(), [], time.monotonic() + 30
while kills() == before and time.monotonic() < end:
    block = mmap.mmap(-1, 1 << 20)
    for page in range(0, 1 << 20, 4096):
        block[page] = 1
    held.append(block)
"""


def make(rig, controller, machine, name, arguments):
    if isinstance(machine, Loopback):
        return machine.fault(name, arguments)
    known = GUEST if isinstance(machine, Guest) else MACHINE
    if name not in known:
        raise RigError(f"kind {machine.record['kind']} knows no fault '{name}': {', '.join(sorted(known))}")
    try:
        return known[name](rig, controller, machine, *arguments) or ""
    except TypeError as error:
        if "argument" in str(error) and "positional" in str(error):
            raise RigError(f"fault {name}: wrong number of words; rig help says how") from error
        raise


# ---- the link, the same for all


def link(_rig, controller, machine, how):
    port = network.port_name(machine.record["index"])
    if how in ("up", "down"):
        network.set_link(controller, machine.record["index"], how == "up")
    elif how in ("cut", "mend"):
        run(network.within(controller, ["bridge", "link", "set", "dev", port, "state", "0" if how == "cut" else "3"]))
    else:
        raise RigError(f"link {how}: one of up, down, cut, mend")


def netem(_rig, _controller, machine, text):
    if "netem" not in machine.record:
        raise RigError(f"{machine.record['name']} has no bad link: start it with delay=0ms")
    changed = words.options(text)
    if set(changed) - {"delay", "jitter", "loss", "rate", "queue"}:
        raise RigError("netem: delay, jitter, loss, rate and queue")
    machine.record["options"] |= changed
    network.set_netem(machine.record["netem"], machine.store, machine.record["options"])


# ---- a device of namespaces


def holder_path(machine, path):
    """A path inside the device as this program can open it, mounts of the device included."""
    return Path(f"/proc/{machine.holder()}/root{machine.store}/root{path}")


def reset(_rig, _controller, machine):
    first = machine.init()
    said = run(
        network.within(
            first, ["ss", "-H", "-n", "-K", "state", "established", "sport", "=", f":{machine.record['port']}"]
        )
    )
    return f"{len(said.splitlines())} connections"


def killsession(_rig, _controller, machine):
    first = machine.init()
    ended = 0
    # Processes that a dying one just made are found by looking again.
    for _ in range(20):
        spared = machine.listeners(first)
        victims = [pid for pid in machine.processes(first) if pid not in spared]
        if not victims:
            break
        ended += len(victims)
        end(victims)
    return f"{ended} processes"


def serverkill(_rig, _controller, machine):
    first = machine.init()
    listener = machine.listener(first)
    if listener is None:
        raise RigError(f"{machine.record['name']}: no server listens")
    # Android's init ends all of adbd's control group with it.
    end(machine.processes(first) if machine.record["kind"] == "phone" else [listener])


def server(_rig, _controller, machine, how):
    first = machine.init()
    if how == "down":
        send(first, signal.SIGUSR1)
        wait_for("the end of the server", lambda: machine.listener(first) is None)
    elif how == "up":
        send(first, signal.SIGUSR2)
        wait_for("the server", lambda: machine.listener(first))
    else:
        raise RigError(f"server {how}: up or down")


def hang(_rig, _controller, machine):
    first = machine.init()
    for _ in range(3):
        for pid in [first, *machine.processes(first)]:
            send(pid, signal.SIGSTOP)


def unhang(_rig, _controller, machine):
    first = machine.init()
    for pid in [first, *machine.processes(first)]:
        send(pid, signal.SIGCONT)


def fill(_rig, _controller, machine, leave="0"):
    if not machine.record["options"].get("home"):
        raise RigError(f"{machine.record['name']} has no disk of its own: start it with home=64MiB")
    home = holder_path(machine, machine.record["home"])
    about = os.statvfs(home)
    left = about.f_bavail * about.f_frsize - words.size(leave)
    with open(home / ".fill", "ab") as file:
        try:
            while left > 0:
                left -= file.write(b"\1" * min(left, 1 << 20))
                file.flush()
        except OSError:
            pass


def unfill(_rig, _controller, machine):
    (holder_path(machine, machine.record["home"]) / ".fill").unlink(missing_ok=True)


def off(_rig, controller, machine):
    """No packet leaves the device after this, as at a power cut."""
    network.set_link(controller, machine.record["index"], False)
    (machine.store / "off").touch()
    first = machine.init()
    everything = [first, *machine.processes(first)]
    send(first, signal.SIGKILL)
    wait_for(
        "the end of the device", lambda: not any(map(os.path.exists, (f"/proc/{pid}/ns/net" for pid in everything)))
    )
    subprocess.run(
        network.within(machine.holder(), ["ss", "-K", "sport", "=", f":{machine.record['port']}"]),
        capture_output=True,
        check=False,
    )


def on(rig, controller, machine):
    (machine.store / "off").unlink(missing_ok=True)
    network.set_link(controller, machine.record["index"], True)
    rig.wait(machine.record["name"])


def reboot(rig, controller, machine, seconds="0"):
    off(rig, controller, machine)
    time.sleep(float(seconds))
    on(rig, controller, machine)


def hostkey(rig, _controller, machine, *how):
    change_host_key(machine, list(how))
    serverkill(rig, _controller, machine)
    rig.wait(machine.record["name"])


def resident_bytes(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def oom(_rig, _controller, machine):
    if not machine.record["cgroup"]:
        raise RigError(f"{machine.record['name']} has no memory limit: start it with mem=512MiB")
    group = Path(machine.record["cgroup"])
    first = machine.init()
    spared = machine.listeners(first)
    victim = max((pid for pid in machine.processes(first) if pid not in spared), key=resident_bytes, default=None)
    if victim is None:
        raise RigError(f"{machine.record['name']}: nothing runs that could be killed")
    # What takes the memory would be the largest itself; the one that is to be chosen says so.
    Path(f"/proc/{victim}/oom_score_adj").write_text("1000", encoding="ascii")
    before = cgroup.kills(group)
    join = 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"'
    subprocess.run(
        ["sh", "-c", join, "sh", group, sys.executable, "-c", HOG, group],
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
    )
    if cgroup.kills(group) == before:
        raise RigError(f"{machine.record['name']}: nothing was killed")
    # A killed process takes a moment to be gone. A worker offers itself too, and may have been larger by then.
    for _ in range(500):
        if not os.path.exists(f"/proc/{victim}/fd/0"):
            return f"process {victim} was killed"
        time.sleep(0.01)
    return f"another process than {victim} was killed"


def policies(machine):
    found = sorted((machine.store / "fake/devices/system/cpu/cpufreq").glob("policy*"))
    if not found:
        raise RigError(f"{machine.record['name']} has no made frequencies: start it with sys=pi")
    return found


def governor(_rig, _controller, machine, how):
    for policy in policies(machine):
        file = policy / "scaling_governor"
        if how in ("allow", "deny"):
            uid = machine.record["uid"] if how == "allow" else 0
            os.chown(file, uid, uid)
        else:
            fakesys.change(file, how)


def temp(_rig, _controller, machine, millidegrees):
    fake = machine.store / "fake"
    fakesys.change(fake / "devices/virtual/thermal/thermal_zone0/temp", int(millidegrees))
    step = max(0, (int(millidegrees) - 75000) // 2500)
    fakesys.change(fake / "devices/virtual/thermal/cooling_device0/cur_state", min(step, 4))
    for policy in policies(machine):
        most = int((policy / "cpuinfo_max_freq").read_text(encoding="ascii"))
        khz = max(600000, most * (20 - step) // 20)
        for name in ("scaling_cur_freq", "scaling_max_freq"):
            fakesys.change(policy / name, khz)


def heat(rig, controller, machine, start, stop, step, ms):
    at, last, by = int(start), int(stop), abs(int(step)) or 1
    while True:
        temp(rig, controller, machine, at)
        if at == last:
            return
        at = min(at + by, last) if at < last else max(at - by, last)
        time.sleep(int(ms) / 1000)


# ---- the guest


def guest_shell(rig, machine, script):
    return rig.sh(machine.record["name"], script).stdout.strip()


def guest_reset(_rig, controller, machine):
    # From the controller's side: the guest has no tool for it. Both ends see a reset.
    said = run(
        network.within(
            controller, ["ss", "-H", "-n", "-K", "state", "established", "dst", f"{machine.record['host']}:22"]
        )
    )
    return f"{len(said.splitlines())} connections"


def guest_killsession(rig, _controller, machine):
    # All of the user's, and the server's own process of each session.
    return guest_shell(
        rig,
        machine,
        "n=0; server=$(cat /run/server); for p in /proc/[0-9]*; do "
        "if [ $(stat -c %u $p) = 1500 ] || [ $(cut -d' ' -f4 $p/stat) = $server ]; then "
        "kill -9 ${p#/proc/} && n=$((n + 1)); fi; done 2>/dev/null; echo $n processes",
    )


def guest_serverkill(rig, _controller, machine):
    guest_shell(rig, machine, "kill -9 $(cat /run/server)")


def guest_server(rig, _controller, machine, how):
    if how not in ("up", "down"):
        raise RigError(f"server {how}: up or down")
    guest_shell(rig, machine, "touch /run/down; kill -9 $(cat /run/server)" if how == "down" else "rm -f /run/down")


def guest_hang(_rig, _controller, machine):
    machine.monitor("stop")


def guest_unhang(_rig, _controller, machine):
    machine.monitor("cont")


def guest_fill(rig, _controller, machine, leave="0"):
    # One block more than fits ends in the error that is wanted.
    more = 1 if words.size(leave) == 0 else 0
    guest_shell(
        rig,
        machine,
        f"cd /home/bench && n=$(($(df -k . | tail -n 1 | awk '{{print $4}}') - {words.size(leave) // 1024})) && "
        f"dd if=/dev/zero of=.fill bs=64k count=$((n / 64 + {more})) 2>/dev/null; true",
    )


def guest_unfill(rig, _controller, machine):
    guest_shell(rig, machine, "rm -f /home/bench/.fill")


def guest_reboot(rig, controller, machine, seconds="0"):
    network.set_link(controller, machine.record["index"], False)
    machine.monitor("stop")
    time.sleep(float(seconds))
    machine.monitor("system_reset", "cont")
    network.set_link(controller, machine.record["index"], True)
    rig.wait(machine.record["name"])


def guest_clock(rig, _controller, machine, seconds):
    guest_shell(rig, machine, f"date -s @$(($(date +%s) + {int(seconds)})) >/dev/null")


def guest_hostkey(rig, _controller, machine, *how):
    change_host_key(machine, list(how))
    raw = (machine.store / "root/etc/ssh/host_key.db").read_bytes()
    guest_shell(rig, machine, f"echo {base64.b64encode(raw).decode()} | base64 -d >/etc/ssh/host_key.db")
    guest_serverkill(rig, _controller, machine)
    rig.wait(machine.record["name"])


def guest_oom(rig, _controller, machine):
    before = guest_shell(rig, machine, "awk '$1 == \"oom_kill\" { print $2 }' /proc/vmstat")
    guest_shell(rig, machine, "echo f >/proc/sysrq-trigger")
    after = guest_shell(rig, machine, "sleep 0.5; awk '$1 == \"oom_kill\" { print $2 }' /proc/vmstat")
    return f"{int(after) - int(before)} killed"


MACHINE = {
    "link": link,
    "netem": netem,
    "reset": reset,
    "killsession": killsession,
    "serverkill": serverkill,
    "server": server,
    "hang": hang,
    "unhang": unhang,
    "fill": fill,
    "unfill": unfill,
    "reboot": reboot,
    "off": off,
    "on": on,
    "hostkey": hostkey,
    "oom": oom,
    "governor": governor,
    "temp": temp,
    "heat": heat,
}
GUEST = {
    "link": link,
    "reset": guest_reset,
    "killsession": guest_killsession,
    "serverkill": guest_serverkill,
    "server": guest_server,
    "hang": guest_hang,
    "unhang": guest_unhang,
    "fill": guest_fill,
    "unfill": guest_unfill,
    "reboot": guest_reboot,
    "clock": guest_clock,
    "hostkey": guest_hostkey,
    "oom": guest_oom,
}
