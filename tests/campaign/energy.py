# SPDX-License-Identifier: Apache-2.0
"""Energy figures of whole campaigns against a power that is known: a tree of sensors, kept up to date by this program through real files, which
the real runner reads while a worker runs. The power is that of rest while there is no worker, and a square wave while there is one.
"""

import bisect
import contextlib
import csv
import os
import struct
import sys
import threading
import time

from batter import batter
from campaign import SETTLED, Device, Room, check, finish

MS = 1_000_000
REST_W, LOW_W, HIGH_W, WAVE_S = 2.5, 6.0, 14.0, 0.0137
RAPL_WRAP_UJ = 600_000_000
RAPL_FIRST_UJ = RAPL_WRAP_UJ - 30_000_000  # it wraps once
BLOCK = {"min_time": "400 ms", "max_time": "2 s", "min_inferences": 5}


class Machine(threading.Thread):
    """Sensors below a root of their own. Files are written in place, as those of the kernel change."""

    def __init__(self, room, **parts):
        super().__init__(daemon=True)
        self.room, self.root, self.parts = room, room.path / "root", parts
        self.files, self.ending = {}, threading.Event()
        # Moments (seconds of the monotonic clock), the energy until then and the power from then on.
        self.at, self.joules, self.watts = [time.monotonic()], [0.0], [REST_W]
        self.loaded = False
        self.meter, self.metered = -1, (0.0, 0.0)
        (self.root / "sys/class").mkdir(parents=True)
        (self.root / "proc").symlink_to("/proc")
        for name, text in self.texts().items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            self.files[name] = os.open(path, os.O_WRONLY)
        room.environment["EDGEDYNO_PROBE_ROOT"] = str(self.root)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.ending.set()
        self.join()
        for file in self.files.values():
            os.close(file)

    def texts(self):
        texts = {}
        if "rapl" in self.parts:
            for zone, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "core")):
                texts[f"sys/class/powercap/{zone}/name"] = name + "\n"
                texts[f"sys/class/powercap/{zone}/max_energy_range_uj"] = f"{RAPL_WRAP_UJ}\n"
                texts[f"sys/class/powercap/{zone}/energy_uj"] = f"{0:012d}\n"
        if "battery" in self.parts:
            battery = "sys/class/power_supply/battery/"
            texts[battery + "type"] = "Battery\n"
            texts[battery + "status"] = self.parts["battery"] + "\n"
            texts[battery + "voltage_now"] = "4000000\n"
            texts[battery + "current_now"] = f"{-625000:+012d}\n".replace("+", "")
            texts["sys/class/power_supply/usb/type"] = "USB\n"
            texts["sys/class/power_supply/usb/online"] = f"{int(self.parts.get('usb', 0))}\n"
        if "store" in self.parts:
            battery = "sys/class/power_supply/BAT0/"
            texts[battery + "type"] = "Battery\n"
            texts[battery + "status"] = "Discharging\n"
            texts[battery + "energy_now"] = "41000000\n"
        return texts

    def put(self, name, text):
        os.pwrite(self.files[name], text.encode(), 0)

    def power(self, now):
        if not self.loaded:
            return REST_W
        return HIGH_W if now % WAVE_S < 0.4 * WAVE_S else LOW_W

    def run(self):
        looked, shown = 0.0, 0.0
        shown_joules = 0.0
        while not self.ending.is_set():
            now = time.monotonic()
            if now - looked > 0.004:
                self.loaded, looked = bool(self.room.children_of_supervisor()), now
            self.joules.append(self.joules[-1] + self.watts[-1] * (now - self.at[-1]))
            self.at.append(now)
            self.watts.append(self.power(now))
            joules = self.joules[-1]
            if "rapl" in self.parts and not self.gone("rapl"):
                uj = RAPL_FIRST_UJ + int(joules * 1e6) // 61 * 61
                self.put("sys/class/powercap/intel-rapl:0/energy_uj", f"{uj % RAPL_WRAP_UJ:012d}\n")
                self.put("sys/class/powercap/intel-rapl:0:0/energy_uj", f"{uj * 6 // 10 % RAPL_WRAP_UJ:012d}\n")
            # A fuel gauge tells the mean since its last word.
            if "battery" in self.parts and now - shown > 0.1:
                amperes = (joules - shown_joules) / (now - shown) / 4.0 if shown else REST_W / 4.0
                scale = 1e3 if self.parts.get("milliamperes") else 1e6
                self.put("sys/class/power_supply/battery/current_now", f"{-int(amperes * scale):012d}\n")
                shown, shown_joules = now, joules
            if "store" in self.parts:
                left = 41_000_000 - int(joules / 3600 * 1e6) // 10_000 * 10_000
                self.put("sys/class/power_supply/BAT0/energy_now", f"{left:08d}\n")
            if "meter" in self.parts:
                self.tell_meter(now, joules)
            time.sleep(0.001)

    def tell_meter(self, now, joules):
        """A line each 20 ms with the mean since the last, as soon as somebody reads."""
        if self.meter < 0:
            with contextlib.suppress(OSError):
                self.meter = os.open(self.parts["meter"], os.O_WRONLY | os.O_NONBLOCK)
            self.metered = (now, joules)
        elif now - self.metered[0] > 0.02:
            watts = (joules - self.metered[1]) / (now - self.metered[0])
            with contextlib.suppress(OSError):
                os.write(self.meter, f"{time.time():.6f} {watts:.4f}\n".encode())
            self.metered = (now, joules)

    def gone(self, name):
        """The sensor fails in the middle of the first block's window, and for good."""
        if not self.parts.get("vanishes"):
            return False
        if self.loaded and not self.parts.get("loaded_at"):
            self.parts["loaded_at"] = time.monotonic()
        late = self.parts.get("loaded_at") and time.monotonic() - self.parts["loaded_at"] > 0.9
        if late and not self.parts.get("emptied"):
            self.parts["emptied"] = True
            for zone in ("intel-rapl:0", "intel-rapl:0:0"):
                os.ftruncate(self.files[f"sys/class/powercap/{zone}/energy_uj"], 0)
        return bool(late)

    def energy(self, seconds):
        """In joules, up to that moment."""
        i = min(max(bisect.bisect_right(self.at, seconds) - 1, 0), len(self.at) - 2)
        return self.joules[i] + self.watts[i] * (seconds - self.at[i])


def windows(device, case):
    """The timed windows of a case on the monotonic clock, in seconds, with their inferences."""
    found = []
    for block in device.blocks():
        if block["case"] != case or block["pass"] != "timing" or block["outcome"] != "ok":
            continue
        mark = next(m for m in block["marks"] if m["at"] == "after_warmup")
        shift = mark["monotonic_ns"] - mark["raw_ns"]
        timed = block["timed"]
        found.append(
            (
                (timed["begin_raw_ns"] + shift) * 1e-9,
                (timed["end_raw_ns"] + shift) * 1e-9,
                block["samples"]["count"] * timed["batch"],
            )
        )
    return found


def judge(machine, device, record, case, label, most):
    """The record's figures against what the machine used. `most`: the interval's half width,
    as a share, beyond what the blocks themselves differ by."""
    found = windows(device, case)
    gross = [(machine.energy(end) - machine.energy(begin)) / n * 1e6 for begin, end, n in found]
    net = [g - REST_W * (end - begin) / n * 1e6 for g, (begin, end, n) in zip(gross, found)]
    told = []
    for key, truths in (("energy_per_inference_uj", gross), ("energy_net_per_inference_uj", net)):
        truth = sorted(truths)[(len(truths) - 1) // 2]
        value, low, high = (record[key + end] for end in ("", "_low", "_high"))
        if not check(value is not None, f"{label}: no {key}", [r for r in record["reasons"] if "energy" in r["key"]]):
            continue
        told.append(low <= truth <= high)
        print(f"{label}: {key} {value} ({low} to {high}), in truth {truth:.0f}")
        check(low <= value <= high, f"{label}: {key} is outside of its interval")
        # None: how wide it is hangs on how many of the few readings fall into the windows.
        wide = max(truths) - min(truths) + 2 * (most or 1e9) * truth
        check(high - low <= wide, f"{label}: the interval of {key} is too wide", low, value, high, truths)
        near = (0.8, 1.25) if most else (0.5, 2)
        check(near[0] * truth < value < near[1] * truth, f"{label}: {key} is far off", value, truth)
    return told


def reason(record, key="energy_per_inference_uj"):
    return next(((r["code"], r["text"]) for r in record["reasons"] if r["key"] == key), ("", ""))


def measure(room, blocks, models=1, words=(), name="local", **keys):
    variants = {
        f"v{i}": str(room.script(f"m{i}.json", warmup=SETTLED, run={"ns": (3 + 4 * i) * MS})) for i in range(models)
    }
    suite = room.suite("suite.json", {"m": variants}, blocks=blocks, **{"block": BLOCK, **keys})
    ended = room.run("run", suite, "--out", "runs/one", "--format", "json", *words)
    ended.expect(0)
    room.told = ended.err
    return ended.json()["records"], Device(room.path / "runs/one", name)


def test_rapl():
    held = []
    with Room() as room, Machine(room, rapl=True) as machine:
        records, device = measure(room, 6, models=2)
        for i, record in enumerate(records):
            held += judge(machine, device, record, f"c{i}", f"RAPL, case {i}", 0.15)
            check(
                (record["energy_scope"] or "").startswith("package: powercap.package-0,"),
                "the scope of RAPL",
                record["energy_scope"],
            )
        lines = [block for block in device.blocks() if block["pass"] == "timing"]
        line = lines[0]
        check(line["idle_after"]["end_ns"] - line["idle_after"]["begin_ns"] >= 10**9, "an idle window of a second")
        check("idle_before" in line, "rest before the first block")
        check(line["sampling"]["cpu_share"] < 0.05, "what sampling cost", line["sampling"])
        check_reports(room, device, lines[0], records)
        others = [r for r in records[0]["reasons"] if "also there" in r["text"]]
        check(others and "powercap.package-0.core" in others[0]["text"], "the part of the package is named", others)
    return held


def test_battery():
    with Room() as room, Machine(room, battery="Discharging") as machine:
        records, device = measure(room, 4, block={"min_time": "2 s", "max_time": "3 s", "min_inferences": 5})
        check((records[0]["energy_scope"] or "").startswith("battery:"), "the scope of a battery", records[0])
        return judge(machine, device, records[0], "c0", "battery", None)


def fleet(room, command):
    room.write(
        "devices.json",
        {"devices": [{"id": "bench", "transport": "local", "meter": {"command": command, "gain_permille": 5}}]},
    )
    return {"words": ("-d", "bench"), "name": "bench"}


def test_meter():
    with Room() as room:
        pipe = room.path / "meter.pipe"
        os.mkfifo(pipe)
        with Machine(room, meter=str(pipe)) as machine:
            records, device = measure(room, 6, **fleet(room, ["cat", str(pipe)]))
            check((records[0]["energy_scope"] or "").startswith("external: meter.power,"), "the scope", records[0])
            check("gain" not in (records[0]["energy_scope"] or "gain"), "its gain is known", records[0]["energy_scope"])
            batter(room, "runs/one")
            return judge(machine, device, records[0], "c0", "external meter", None)


def test_bad_meters():
    script = "import sys, time; t = time.time(); [print({}, flush=True) for i in range(999)]"
    bad = {
        "none": (["/nonexistent/meter"], "cannot be started"),
        "ends": (["true"], "ended before the campaign did"),
        "floods": (["yes", "no such line"], "are not"),
        "no line feed": (["cat", "/dev/zero"], "longer than"),
        "not numbers": ([sys.executable, "-c", script.format("t, 'nan'")], "are not"),
        "other years": ([sys.executable, "-c", script.format("i, 5")], "are not"),
    }
    for what, (command, words) in bad.items():
        with Room() as room, Machine(room):
            record = measure(room, 1, **fleet(room, command))[0][0]
            check("power meter" in room.told, f"a meter, {what}: a warning", room.told)
            check(reason(record)[0] == "meter_failed" and words in reason(record)[1], f"a meter, {what}", reason(record))
            check(record["latency_p50_ns"], f"a meter, {what}: the rest is measured")
            check(record["energy_per_inference_uj"] is None, f"a meter, {what}: no figure")


def test_refusals():
    def one(what, code, *words, **parts):
        with Room() as room, Machine(room, **parts):
            record = measure(room, 1)[0][0]
            found = reason(record)
            check(record["energy_per_inference_uj"] is None, f"{what}: a figure", record["energy_per_inference_uj"])
            check(record["energy_scope"] is None, f"{what}: a scope", record["energy_scope"])
            check(found[0] == code and all(w in found[1] for w in words), f"{what}: {code} was expected", found)

    one("a charging phone", "charging", "Wi-Fi", battery="Charging", usb=1)
    one("a phone that uses power from its cable", "charging", "external meter", battery="Discharging", usb=1)
    one("milliamperes for microamperes", "sensor_unusable", "mA", battery="Discharging", milliamperes=True)
    one("a battery in steps of 10 mWh", "below_resolution", "more than", store=True)
    one("a sensor that vanishes", "sensor_lost", rapl=True, vanishes=True)
    one("no sensor", "not_measured", "external meter")


def check_reports(room, device, line, records):
    """The same block as a trace and as lines: its phases, its inferences, its readings, all inside of it."""
    block = line["block"]
    ended = room.run("report", "runs/one", "--block", block, "--format", "perfetto").expect(0)
    events = ended.json()["traceEvents"]
    slices = [e for e in events if e["ph"] == "X"]
    counters = [e for e in events if e["ph"] == "C"]
    named = {e["name"] for e in slices}
    check({"load", "warm-up", "timed", "inference"} <= named, "slices of a trace", named)
    whole = next(e for e in slices if e["name"].startswith(block))
    timed = next(e for e in slices if e["name"] == "timed")
    inferences = [e for e in slices if e["name"] == "inference"]
    check(len(inferences) == line["samples"]["count"], "a slice an inference", len(inferences))
    check(
        all(timed["ts"] - 1 <= e["ts"] and e["ts"] + e["dur"] <= timed["ts"] + timed["dur"] + 1 for e in inferences),
        "inferences lie in the timed window",
    )
    check(all(whole["ts"] <= e["ts"] and e["ts"] + e["dur"] <= whole["ts"] + whole["dur"] + 1 for e in slices), "phases")
    energy = [e for e in counters if e["name"] == "powercap.package-0 (uj)"]
    check(len(energy) > 10, "a counter of energy", len(energy))
    # Nothing of it is on disk but the timeline: each value is one that the device wrote.
    with open(device.path / "timeline.bin", "rb") as file:
        file.seek(line["timeline"]["offset"])
        raw = [struct.unpack("<qIIq", file.read(24)) for _ in range(line["timeline"]["records"])]
    values = {value for _, _, _, value in raw}
    check({e["args"]["uj"] for e in energy} <= values, "values of the counter")
    start = line["started"]["monotonic_ns"]
    moments = {at - start for at, _, _, _ in raw}
    first = min(e["ts"] for e in counters)
    check(any(abs((first - whole["ts"]) * 1000 - m) < 2000 for m in moments), "readings stand where they were taken")
    for words in (("--format", "csv"), ("--format", "timeline")):
        text = room.run("report", "runs/one", "--block", block, *words).expect(0).out
        rows = list(csv.DictReader(text.splitlines()))
        readings = [r for r in rows if r["kind"] == "reading" and r["name"] == "powercap.package-0"]
        check(len(readings) == len(energy), f"readings by {words[1]}", len(readings), len(energy))
        check([r["name"] for r in rows if r["kind"] == "phase"][2] == f"{block} timed", "phases as lines", rows[:5])
    every = room.run("report", "runs/one", "--format", "timeline").expect(0).out
    check(len(every) > 5 * len(text), "all blocks together")
    room.run("report", "runs/one", "--block", "c0.timing.99", "--format", "perfetto").expect(4, "has no block")
    room.run("report", "runs/one", "--block", block).expect(2, "add --format perfetto")
    room.run("report", "runs/one", "--block", block, "--format", "json").expect(2, "no format of a timeline")


def test_gate():
    """A candidate that takes more than twice the time takes more than twice the energy, and the gate says so."""
    with Room() as room, Machine(room, rapl=True):
        for name, ns in (("base", 3 * MS), ("slow", 7 * MS)):
            room.script(f"{name}.json", warmup=SETTLED, run={"ns": ns})
        suite = room.suite("suite.json", {"m": {"base": "base.json", "slow": "slow.json"}}, block=BLOCK)
        ended = room.run(
            *["gate", suite, "--baseline", "base", "--candidate", "slow", "--mde", "50 %"],
            *["--out", "runs/gate", "--format", "json"],
            patience_s=600,
        ).expect(1)
        rows = {row["key"]: row for row in ended.json()["gate"]["comparisons"]}
        row = rows.get("energy_per_inference_uj")
        if check(row, "energy is compared where there is any", list(rows)):
            check(row["verdict"] == "fail" and row["change"] > 0.2, "7 ms against 3 ms", row)


if sys.argv[1:] == ["gate"]:
    test_gate()
elif sys.argv[1:] == ["refusals"]:
    test_refusals()
elif sys.argv[1:] == ["meter"]:
    told = test_meter()
    check(sum(told) >= len(told) - 1, "the truth lies in the interval", told)
    test_bad_meters()
else:
    held = test_rapl() + test_battery()
    check(len(held) == 6 and sum(held) >= 5, f"{sum(held)} of {len(held)} intervals hold the truth")
finish("energy")
