# SPDX-License-Identifier: Apache-2.0
"""Scripted states of a device, through real files and the real runner, and the exact verdict of each."""

import os
import shutil
import subprocess
import sys

from campaign import PROGRAM, SETTLED, Device, Room, check, finish
from machine import CPU, FAN, POLICY, THROTTLED, ZONE, Machine

MS = 1_000_000
BLOCK = {"min_time": "300 ms", "max_time": "1 s", "min_inferences": 5}


def measure(room, blocks, code, *words, **keys):
    model = str(room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS}))
    suite = room.suite("suite.json", {"m": {"v": model}}, blocks=blocks, block=BLOCK, **keys)
    ended = room.run("run", suite, "--out", "runs/one", "--format", "json", *words)
    ended.expect(code)
    return ended.json()["records"][0] if ended.out else None


# Their words for what a machine with other work does as well.
def found(record):
    return sorted(
        (r["key"], r["code"])
        for r in record["reasons"]
        if r["code"].removeprefix("invalid_")
        in ("throttled", "governor_changed", "sensor_lost", "clocks_unstable", "not_cooled", "charging")
    )


def one(what, hot, numbers, blocks, code, reasons, verdict, throttled, peak=None):
    with Room() as room, Machine(room, hot, numbers):
        record = measure(room, blocks, code, require=["latency_p50_ns <= 1 s", "memory_after_load_bytes <= 1 GiB"])
        check(found(record) == reasons, f"{what}: the reasons", found(record), record["reasons"])
        check(record["verdict"] == verdict, f"{what}: the verdict", record["verdict"])
        check(record["throttled"] is throttled, f"{what}: throttled", record["throttled"])
        check(record["temperature_start_mc"] == 45000, f"{what}: the start", record["temperature_start_mc"])
        check(
            record["temperature_peak_mc"] == (peak or 45000), f"{what}: the peak", record["temperature_peak_mc"]
        )
        # What throttling does not void is judged as ever.
        memory = [r["code"] for r in record["reasons"] if r["key"] == "memory_after_load_bytes"]
        check(memory == ["requirement_pass"], f"{what}: the memory", memory)
        check(record["latency_p50_ns"] is not None, f"{what}: a figure all the same")
        again = room.run("report", "runs/one", "--format", "json").expect(code).json()["records"][0]
        check(again == record, f"{what}: a report says the same")
        line = next(block for block in Device(room.path / "runs/one").blocks())
        before = line["context"]["before"]
        check(
            before["thermal.cpu-thermal"] == 45000 and before["cpu_policy.policy0.governor"] == 1,
            f"{what}: the context before a block",
            before,
        )


VOID = [("latency", "invalid_throttled")]
HOT = {CPU + "cur_state": 2, ZONE + "temp": 91000}


def strictness(what, on_invalid, numbers, blocks, code, most, verdict, *words, require=("latency_p50_ns <= 1 s",)):
    """`most`: timing blocks that are measured, at least and at most."""
    with Room() as room, Machine(room, HOT, numbers):
        model = str(room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS}))
        suite = room.suite("suite.json", {"m": {"v": model}}, blocks=blocks, block=BLOCK, require=list(require))
        ended = room.run("run", suite, "--on-invalid", on_invalid, "--out", "runs/one", "--format", "json")
        ended.expect(code, *words)
        record = ended.json()["records"][0]
        timing = [b["block"] for b in Device(room.path / "runs/one").blocks() if b["pass"] == "timing"]
        check(most[0] <= len(timing) <= most[1], f"{what}: timing blocks", timing)
        check(record["verdict"] == verdict, f"{what}: the verdict", record["verdict"], record["reasons"])
        room.run("report", "runs/one").expect(code)
        # Nothing is left to do, or what is left is refused again.
        before = len(timing)
        room.run("run", "--resume", "runs/one", "--format", "json").expect(code)
        timing = [b["block"] for b in Device(room.path / "runs/one").blocks() if b["pass"] == "timing"]
        check(len(timing) <= before + (1 if on_invalid == "refuse" else 0), f"{what}: after a resume", timing)


BATTERY = "sys/class/power_supply/BAT0/"
DUMPSYS = "commands/dumpsys+{}.out"


def pressure(seconds):
    """A fifth of the time something waits for memory. Always as long, so that no reading is torn."""
    line = "avg10=0.00 avg60=0.00 avg300=0.00 total="
    return f"some {line}{int(seconds * 200_000):012d}\nfull {line}{0:012d}"


def state(what, always, reasons, rising=None, seen=None):
    """The same state in every block: what is void then, and what the journal has of it."""
    with Room() as room, Machine(room, always=always, rising=rising):
        record = measure(room, 2, 5 if reasons else 3, require=["latency_p50_ns <= 1 s"])
        codes = ("low_battery", "memory_pressure", "throttled", "charging")
        told = sorted({r["code"] for r in record["reasons"] if r["code"].removeprefix("invalid_") in codes})
        # What else this machine does may be pressure as well, but not that of the files.
        check(set(reasons) <= set(told), f"{what}: the reasons", told, record["reasons"])
        check(bool(reasons) == (record["verdict"] == "invalid"), f"{what}: the verdict", record["verdict"])
        before = Device(room.path / "runs/one").blocks()[0]["context"]["before"]
        for channel, value in (seen or {}).items():
            check(before.get(channel) == value, f"{what}: {channel} before a block", before)


def states():
    battery = {BATTERY + "type": "Battery", BATTERY + "status": "Discharging", BATTERY + "capacity": 20}
    low = ["invalid_low_battery"]
    state("a battery at 20 %", battery, low, seen={"power_supply.BAT0.capacity": 200})
    state("a battery at 80 %", {**battery, BATTERY + "capacity": 80}, [])
    # Who charges does not save power; energy by that battery is another matter.
    state("20 %, and charging", {**battery, BATTERY + "status": "Charging"}, [])
    heat = {DUMPSYS.format("thermalservice"): "IsStatusOverride: false\nThermal Status: 2"}
    state("Android throttles", heat, ["invalid_throttled"], seen={"android.thermal_status": 2})
    screen = {DUMPSYS.format("thermalservice"): "Thermal Status: 0", DUMPSYS.format("power"): "  mWakefulness=Awake"}
    state("a screen that is on", screen, [], seen={"android.screen_on": 1, "android.thermal_status": 0})
    memory = {"proc/stat": "cpu  100 0 100 100 0 0 0 0 0 0"}
    state("tasks wait for memory", memory, ["invalid_memory_pressure"], rising={"proc/pressure/memory": pressure})


def unreadable():
    """A sensor's file that nobody but root may read: the reason, and what to do, in the probe and in a campaign."""
    with Room() as room, Machine(room):
        (room.path / "root" / ZONE / "temp").chmod(0)
        plain = {}
        if os.geteuid() == 0:
            plain = {"user": 65534, "group": 65534, "extra_groups": []}
            for path in [room.path, *room.path.rglob("*")]:
                shutil.chown(path, 65534, 65534)
            shutil.chown(room.path / "root" / ZONE / "temp", 0, 0)
            ran = subprocess.run([PROGRAM, "version"], capture_output=True, **plain) if os.access("/", os.X_OK) else None
            if ran is None or ran.returncode:
                print("a plain user cannot run the program where it lies: not tested")
                return
        room.environment["HOME"] = str(room.path)
        ended = room.run("devices", "probe", "local", "--format", "json", **plain).expect(0)
        text = "thermal_zone0/temp: Permission denied; chmod a+r it, or run as root"
        check(text in ended.out, "the probe says why and what to do", ended.out[:3000])
        room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS})
        room.suite("suite.json", {"m": {"v": "m.json"}}, blocks=1, block=BLOCK)
        for name in ("m.json", "suite.json"):
            (room.path / name).chmod(0o644)
        record = room.run("run", "suite.json", "--out", "runs/one", "--format", "json", **plain).expect(0).json()["records"][0]
        check(record["temperature_start_mc"] is None, "no temperature", record["temperature_start_mc"])
        job = next(line for line in Device(room.path / "runs/one").lines() if line["type"] == "job")
        reason = next(c for c in job["channels"] if c["id"] == "thermal.cpu-thermal")
        check(not reason["available"] and text in reason["reason"], "the journal says why", reason)
        check(not any("cool_down" in b for b in Device(room.path / "runs/one").blocks()), "and nobody waits for it")


if sys.argv[1:] == ["states"]:
    states()
    unreadable()
elif sys.argv[1:] == ["strictness"]:
    strictness("one hot block is measured again", "repeat", (2,), 6, 0, (7, 7), "pass")
    strictness("as many again and no more", "repeat", range(1, 9), 2, 5, (4, 4), "invalid")
    strictness("an end at the first", "refuse", (1,), 6, 5, (1, 3), "invalid", "is not valid", require=())
else:
    one("a quiet machine", {}, (), 6, 0, [], "pass", False)
    # A fan that turns is no throttling, nor is heat alone.
    one("heat alone", {ZONE + "temp": 91000, FAN + "cur_state": 9}, range(1, 9), 6, 0, [], "pass", False, 91000)
    one("the kernel holds the processor back", HOT, range(1, 9), 6, 5, VOID, "invalid", True, 91000)
    one("the clock is capped", {POLICY + "scaling_max_freq": 1200000}, (2, 3), 6, 5, VOID, "invalid", True)
    one("the firmware throttles", {THROTTLED: 4}, (1,), 6, 5, VOID, "invalid", True)
    one(
        "another governor",
        {POLICY + "scaling_governor": "powersave"},
        (3,),
        6,
        5,
        [("latency", "invalid_governor_changed")],
        "invalid",
        False,
    )
    # Of eight blocks two were hot: six are left, and speak.
    one("enough valid blocks", HOT, (3, 5), 8, 0, [("latency", "throttled")], "pass", True, 91000)
finish("validity")
