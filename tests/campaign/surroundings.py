# SPDX-License-Identifier: Apache-2.0
"""What a worker does beside what it was asked: threads that were not asked for, the network, operators that ran elsewhere."""

import os
import pathlib
import subprocess

from campaign import SETTLED, Device, Room, check, finish, wait_for

RUN = {"run": {"ns": 400_000}, "warmup": SETTLED}


def reasons(record, code):
    return [reason for reason in record["reasons"] if reason["code"] == code]


def records(room, name, variants, *flags, **keys):
    room.suite(f"{name}.json", {"m": {variant: f"{variant}.json" for variant in variants}}, blocks=3, **keys)
    ended = room.run("run", f"{name}.json", "--out", name, "--format", "json", *flags)
    return ended, {record["variant"]: record for record in ended.json()["records"]}


def threads(room):
    """A thread that spins though one was asked for is named; threads that only wait are no matter."""
    room.script("spins.json", threads=2, spin=True, **RUN)
    room.script("waits.json", threads=9, **RUN)
    _, found = records(room, "threads", ["spins", "waits"], threads=[1], block={"min_time": "1 s", "max_time": "2 s"})
    # Both threads are of the same program and so have its name.
    told = reasons(found["spins"], "more_threads")
    if check(len(told) == 1, "a second thread that works is told", found["spins"]["reasons"]):
        check(told[0]["key"] == "threads", "of the threads", told)
        check("1 asked for, 2 worked in 3 of 3 blocks" in told[0]["text"], "how many", told)
    check(not reasons(found["waits"], "more_threads"), "who waits does not work", found["waits"]["reasons"])
    waits, spins = found["waits"], found["spins"]
    check(waits["threads_exist"] == 9 and waits["threads_busy"] == 1, "threads that wait exist and do not work", waits)
    check(spins["threads_exist"] == 2 and spins["threads_busy"] == 2, "who spins works", spins)
    check(0 < spins["cpus_used"] <= 2.05 and 0 < waits["cpus_used"] < 1.05, "the CPU time of all", spins["cpus_used"])
    _, found = records(room, "two", ["spins"], threads=[2])
    check(not reasons(found["spins"], "more_threads"), "two were asked for", found["spins"]["reasons"])
    for block in Device(room.path / "threads").blocks():
        if block["pass"] == "timing" and block["case"].endswith("1"):
            check(block["evidence"]["threads"]["exist"] == 9, "all threads are counted", block["evidence"]["threads"])


def may_unshare(*flags):
    return subprocess.run(["unshare", *flags, "true"], stderr=subprocess.DEVNULL).returncode == 0


def network(room):
    """The worker is in a network of its own, with nothing but its own loopback."""
    room.script("slow.json", run={"ns": 50_000_000, "sleep": True}, warmup=SETTLED)
    room.suite("slow.json.suite.json", {"m": {"a": "slow.json"}}, blocks=1, block={"inferences": 40})
    running = room.start("run", "slow.json.suite.json", "--out", "network")
    seen = {}

    def look():
        for pid in room.workers():
            try:
                seen["net"] = os.readlink(f"/proc/{pid}/ns/net")
                seen["links"] = pathlib.Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
                seen["exe"] = os.readlink(f"/proc/{pid}/exe")
            except OSError:
                seen.clear()
        return len(seen) == 3 or running.poll() is not None

    wait_for(look, "a worker")
    room.end(running).expect(0)
    isolated = may_unshare("-n") or may_unshare("-Un")
    for block in Device(room.path / "network").blocks():
        check(block["network"]["isolated"] == isolated, "the journal says whether it was", block["network"])
        check(isolated or block["network"]["reason"], "and why it was not", block["network"])
    if isolated and check(len(seen) == 3, "a worker was seen", seen):
        check(seen["net"] != os.readlink("/proc/self/ns/net"), "another network than ours", seen)
        check([link.split(":")[0].strip() for link in seen["links"]] == ["lo"], "its loopback alone", seen)


def placement(room):
    """33 of 34 operators on the accelerator."""
    room.script(
        "npu.json",
        survey=[{"backend": "npu", "processor": "npu", "native": "Tensor"}],
        placement={
            "total": 34,
            "places": [
                {"name": "Tensor", "processor": "npu", "count": 33},
                {"name": "Plain", "processor": "cpu", "count": 1, "operators": "QuantizeLinear"},
            ],
        },
        **RUN,
    )
    asked = {"on": ["scripted/npu"]}
    ended, found = records(room, "all", ["npu"], **asked)
    ended.expect(1)
    check(found["npu"]["verdict"] == "fail" and found["npu"]["speed_usable"] is False, "less than all fails", found)
    told = reasons(found["npu"], "placement_short")
    if check(len(told) == 1, "and says so", found["npu"]["reasons"]):
        check("33 of 34" in told[0]["text"] and "QuantizeLinear" in told[0]["text"], "what ran where", told)
    ended, found = records(room, "most", ["npu"], "--min-placed", "95%", **asked)
    ended.expect(0)
    check(reasons(found["npu"], "fallback_allowed"), "what was allowed is shown", found["npu"]["reasons"])
    ended, found = records(room, "short", ["npu"], "--min-placed", "98 %", **asked)
    ended.expect(1)
    ended, found = records(room, "key", ["npu"], min_placed=0.9, **asked)
    ended.expect(0)
    room.suite("wrong.json", {"m": {"a": "npu.json"}}, min_placed="150 %")
    room.run("run", "wrong.json").expect(2, "/min_placed")
    room.run("run", "npu.json", "--min-placed", "2").expect(2, "--min-placed")


def main():
    with Room() as room:
        threads(room)
        network(room)
        placement(room)
    finish("surroundings")


main()
