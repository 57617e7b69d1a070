# SPDX-License-Identifier: Apache-2.0
"""A push against what people use otherwise: scp and sftp of OpenSSH, adb's own push. The same file, device, key and network."""

import hashlib
import sys

import pairs
from place import BenchError

NEAR_GOAL, FAR_GOAL, ADB_GOAL = 1.0, 1.5, 1.0


def ssh_arms(place, name, data, algorithms, forced):
    """{arm: function that gives the words of a command}; "ours" and "connect" are not among them."""
    config = ["-F", place.rig.home / ".ssh/config"]
    home = place.home(name)
    batch = place.write(f"{name}.sftp", f"put {data} {home}/theirs\n")
    cipher = ["-o", f"Ciphers={algorithms['cipher']}", "-o", f"MACs={algorithms['mac']}"]
    same = algorithms["cipher"]
    arms = {
        "scp": ["scp", "-q", *config, data, f"{name}:{home}/theirs"],
        "scp -O": ["scp", "-q", "-O", *config, data, f"{name}:{home}/theirs"],
        "sftp": ["sftp", "-q", *config, "-b", batch, name],
    }
    if forced:
        arms[f"scp, {same}"] = ["scp", "-q", *config, *cipher, data, f"{name}:{home}/theirs"]
        arms[f"sftp, {same}"] = ["sftp", "-q", *config, *cipher, "-b", batch, name]
    return arms, ["ssh", *config, name, "true"]


def theirs_cipher(place, name):
    """What OpenSSH agrees on when it chooses by itself."""
    done = place.rig.ctl(["ssh", "-v", "-F", place.rig.home / ".ssh/config", name, "true"])
    for line in done.stderr.splitlines():
        if "kex: client->server cipher:" in line:
            words = line.split()
            return words[words.index("cipher:") + 1]
    raise BenchError("ssh -v does not say which cipher it uses")


class Pushes:
    """One file to one device by several programs in turn."""

    def __init__(self, place, name, data, rivals, connect):
        self.place, self.name, self.data, self.rivals, self.connect = place, name, data, rivals, connect
        self.size = data.stat().st_size
        with open(data, "rb") as file:
            self.digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.whole = {arm: [] for arm in ["ours", *rivals]}  # ns, from the start of the command to its end
        self.transfer = {arm: [] for arm in self.whole}
        self.connects = {"ours": [], "theirs": []}

    def check(self, path, arm, thoroughly):
        """The file is there; then it goes, so that nobody pays for what the one before left behind."""
        said = self.place.sh(self.name, f"stat -c %s {path}").strip()
        if said != str(self.size):
            raise BenchError(f"{arm} left {said} bytes on {self.name}, not {self.size}")
        if thoroughly and self.place.sh(self.name, f"sha256sum {path}").split()[0] != self.digest:
            raise BenchError(f"{arm} left other bytes on {self.name}")
        self.place.sh(self.name, f"rm {path}")

    def once(self, arm, counted):
        home = self.place.home(self.name)
        if arm == "ours":
            took = self.place.tool("push", self.name, self.data, f"{home}/ours")
            self.check(f"{home}/ours", arm, not counted)
            if counted:
                self.whole[arm].append(took["whole_ns"])
                self.transfer[arm].append(took["push_ns"])
                self.connects["ours"].append(took["connect_ns"])
            return
        whole, _ = self.place.timed(self.rivals[arm])
        self.check(f"{home}/theirs", arm, not counted)
        connect, _ = self.place.timed(self.connect)
        if counted:
            self.whole[arm].append(whole)
            if whole <= connect:
                print(f"bench: {self.name}: {arm} took less than its connection alone; the machine is too busy", file=sys.stderr)
            self.transfer[arm].append(max(whole - connect, 1))
            self.connects["theirs"].append(connect)

    def rounds(self, n):
        for arm in self.whole:  # warm, and the bytes are compared
            self.once(arm, counted=False)
        for i, arms in enumerate(pairs.order(self.whole, n)):
            print(f"bench: {self.name}: round {i + 1} of {n}", file=sys.stderr)
            for arm in arms:
                self.once(arm, counted=True)
        return self.results()

    def results(self):
        best = min(self.rivals, key=lambda arm: pairs.median(self.transfer[arm]))
        return {
            "bytes": self.size,
            "best": best,
            "transfer_ns": self.transfer,
            "whole_ns": self.whole,
            "connect_ns": self.connects,
            # Above 1: ours is faster.
            "transfer_ratio": {arm: pairs.ratio(self.transfer[arm], self.transfer["ours"]) for arm in self.rivals},
            "whole_ratio": {arm: pairs.ratio(self.whole[arm], self.whole["ours"]) for arm in self.rivals},
        }


def over_ssh(place, name, data, rounds, goal):
    algorithms = place.tool("algorithms", name)
    theirs = theirs_cipher(place, name)
    rivals, connect = ssh_arms(place, name, data, algorithms, theirs != algorithms["cipher"])
    found = Pushes(place, name, data, rivals, connect).rounds(rounds)
    return found | {"goal": goal, "ours": algorithms, "theirs_cipher": theirs}


def over_adb(place, name, data, rounds):
    serial = place.rig.record(name)["serial"]
    adb = ["adb", "-s", serial]
    rivals = {"adb push": [*adb, "push", data, f"{place.home(name)}/theirs"]}
    return Pushes(place, name, data, rivals, [*adb, "get-state"]).rounds(rounds) | {"goal": ADB_GOAL}


def measure(place, data, rounds, far_rounds):
    return {
        "near": over_ssh(place, "near", data, rounds, NEAR_GOAL),
        "far": over_ssh(place, "far", data, far_rounds, FAR_GOAL),
        "phone": over_adb(place, "phone", data, rounds),
    }
