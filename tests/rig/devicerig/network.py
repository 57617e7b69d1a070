# SPDX-License-Identifier: Apache-2.0
"""The network of a rig: a namespace for the controller with a bridge, one cable from it to each device. A cable is a
veth pair, or two taps with netem between them."""

import ctypes
import ipaddress
import os
import signal
import socket
import subprocess
import threading

from .process import MARK, RigError, namespace, run, wait_for

NETWORK = ipaddress.ip_network("10.77.0.0/16")
CONTROLLER = NETWORK[1]
CLONE_NEWNET = 0x40000000


def address(index):
    """Of device number `index`, from 1."""
    return str(NETWORK[256 + index])


def port_name(index):
    """The controller's end of a device's cable."""
    return f"dev{index}"


def within(pid, words):
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--", *words]


def batch(pid, lines):
    run(within(pid, ["ip", "-batch", "-"]), text="".join(line + "\n" for line in lines))


def start_controller(directory):
    """The process that holds the controller's namespace; its pid."""
    own = namespace(os.getpid(), "net")
    process = subprocess.Popen(
        ["unshare", "--net", "--", "sleep", "infinity"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), MARK: str(directory)},
    )
    wait_for("the controller's network", lambda: namespace(process.pid, "net") not in (own, None))
    batch(
        process.pid,
        [
            "link set lo up",
            "link add br0 type bridge forward_delay 0",
            f"address add {CONTROLLER}/{NETWORK.prefixlen} dev br0",
            "link set br0 up",
        ],
    )
    return process.pid


def join(controller, cables):
    """Plugs in veth cables: (index, pid in the device's namespace) pairs."""
    lines = []
    for index, pid in cables:
        lines.append(f"link add {port_name(index)} type veth peer name eth0 netns {pid}")
        lines.append(f"link set {port_name(index)} master br0 up")
    if lines:
        batch(controller, lines)


def netem_text(options):
    """What netem reads. `delay` and `jitter` are of a round trip: each way has half."""
    return (
        f"{options.get('delay', 0) / 2:g} {options.get('jitter', 0) / 2:g} {options.get('loss', 0):g} "
        f"{options.get('rate', 0):g} {options.get('queue', 1000)}\n"
    )


def start_netem(directory, program, controller, index, pid, store, options):
    """A cable with the link's faults; its pid. `options` holds delay, jitter (ms), loss (percent), rate (kbit)."""
    control = store / "netem"
    control.write_text(netem_text(options), encoding="ascii")
    with open(store / "netem.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [program, f"/proc/{controller}/ns/net", port_name(index), f"/proc/{pid}/ns/net", "eth0", control],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={MARK: str(directory)},
        )

    def ready():
        said = (store / "netem.log").read_text(encoding="utf-8")
        if process.poll() is not None:
            raise RigError(f"netem ended: {said.strip()}")
        return "ready" in said

    wait_for("netem", ready)
    batch(controller, [f"link set {port_name(index)} master br0 up"])
    return process.pid


def set_netem(pid, store, options):
    (store / "netem").write_text(netem_text(options), encoding="ascii")
    os.kill(pid, signal.SIGHUP)


def set_link(controller, index, up):
    batch(controller, [f"link set {port_name(index)} {'up' if up else 'down'}"])


def greeting(controller, host, port, timeout=1.0):
    """What a server says first, seen from the controller; "" where it does not answer. An adbd says nothing first: a
    connection that is taken counts, as "connected"."""
    said = []

    def ask():
        libc = ctypes.CDLL(None, use_errno=True)
        if controller:
            with open(f"/proc/{controller}/ns/net", "rb") as file:
                if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
                    return
        try:
            with socket.create_connection((host, port), timeout) as connection:
                if port == 5555:
                    said.append("connected")
                    return
                connection.settimeout(timeout)
                said.append(connection.recv(64).decode("ascii", "replace"))
        except OSError:
            pass

    # A thread has a network namespace of its own to change.
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return said[0] if said else ""
