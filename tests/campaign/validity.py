# SPDX-License-Identifier: Apache-2.0
"""Scripted states of a device, through real files and the real runner, and the exact verdict of each: a tree of files is what the probes read, and this program changes it at a block's
start and end, which it sees by the runner's worker and what the supervisor says of its state.
"""

import contextlib
import json
import sys
import threading

from campaign import SETTLED, Device, Room, check, finish

MS = 1_000_000
BLOCK = {"min_time": "300 ms", "max_time": "1 s", "min_inferences": 5}
ZONE, CPU, FAN, POLICY = (
    "sys/class/thermal/thermal_zone0/",
    "sys/class/thermal/cooling_device0/",
    "sys/class/thermal/cooling_device1/",
    "sys/devices/system/cpu/cpufreq/policy0/",
)
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
QUIET = {
    ZONE + "type": "cpu-thermal",
    ZONE + "temp": 45000,
    CPU + "type": "thermal-cpufreq-0",
    CPU + "cur_state": 0,
    FAN + "type": "pwm-fan",
    FAN + "cur_state": 3,
    POLICY + "scaling_max_freq": 2400000,
    POLICY + "scaling_governor": "performance",
    THROTTLED: 0,
}


class Machine(threading.Thread):
    """Files below a root of their own. `hot`: what changes in the timing blocks of these numbers, once the worker is there."""

    def __init__(self, room, hot=None, numbers=()):
        super().__init__(daemon=True)
        self.room, self.root = room, room.path / "root"
        self.hot, self.numbers = hot or {}, numbers
        self.ending, self.supervisor = threading.Event(), 0
        self.blocks = {f"c0.timing.{number}" for number in numbers}
        for name, value in QUIET.items():
            self.put(name, value)
        room.environment["EDGEDYNO_PROBE_ROOT"] = str(self.root)

    def put(self, name, value):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = str(value)
        fresh = path.with_suffix(".new")
        if path.exists():
            # In place, as those of the kernel change; always as long as before or longer.
            with open(path, "r+") as file:
                file.write(text + "\n")
                file.truncate()
            return
        fresh.write_text(text + "\n")
        fresh.rename(path)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.ending.set()
        self.join()

    def loaded(self):
        with contextlib.suppress(OSError):
            with open(f"/proc/{self.supervisor}/task/{self.supervisor}/children") as children:
                return bool(children.read().strip())
        found = self.room.supervisors()
        self.supervisor = found[0] if found else 0
        return False

    def block(self):
        for path in self.room.work.glob("jobs/*/state.json"):
            with contextlib.suppress(OSError, ValueError):
                return json.loads(path.read_text())["block"]
        return ""

    def run(self):
        was = False
        while not self.ending.wait(0.003):
            now = self.loaded()
            if now != was:
                hot = now and self.block() in self.blocks
                for name, value in self.hot.items():
                    self.put(name, value if hot else QUIET[name])
            was = now


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


if sys.argv[1:] == ["strictness"]:
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
