# SPDX-License-Identifier: Apache-2.0
"""States of a device that no fan and no file of temperatures makes: each voids exactly what docs/validity.md says, is told in the table, in
JSON and in HTML, and keeps a comparison with campaigns of another state from being made.

How each is made: a sleep and a stepped clock by a preloaded clock_gettime; a screen, a disk that is read, batteries by files that the probes
read; a card by a library with NVML's symbols; a debug build by the engine's own words; an emulator by a recorded campaign.
"""

import json
import os
import pathlib
import re
import shutil
import sys

import odd
from campaign import SETTLED, SOURCE, Device, Room, check, finish
from machine import CPU, Machine

MS = 1_000_000
BLOCK = {"min_time": "300 ms", "max_time": "1 s", "min_inferences": 5}
# What is required, and which words of a rule void it.
REQUIRED = {
    "latency_p50_ns <= 1 s": {"latency"},
    "load_ns <= 60 s": {"latency", "load_ns"},
    "first_inference_ns <= 60 s": {"latency", "first_inference_ns"},
    "memory_after_load_bytes <= 1 GiB": {"memory"},
    "temperature_peak_mc <= 200 C": {"heat"},
}
GROUPS = {
    "latency_": {"latency"},
    "throughput_": {"latency"},
    "load_ns": {"latency", "load_ns"},
    "first_inference_ns": {"latency", "first_inference_ns"},
    "memory_": {"memory"},
    "energy_": {"power"},
}
# A virtual machine is one whatever is played to it.
ALWAYS = {"virtual_machine"}
# What else runs on this machine, where its own probes are read.
NOISE = {"busy", "memory_pressure", "clocks_unstable", "page_cache_cold", "throttled", "governor_changed"}
RAPL = "sys/class/powercap/intel-rapl:0/"
BATTERY = "sys/class/power_supply/BAT0/"
DUMPSYS = "commands/dumpsys+{}.out"
PACKAGE = {RAPL + "name": "package-0", RAPL + "max_energy_range_uj": 10**15, RAPL + "energy_uj": f"{0:015d}"}
WATTS = 5


def rules():
    """The table of docs/validity.md: reason -> what it voids, and reason -> the words that tell it."""
    voids, words = {}, {}
    for line in (SOURCE / "docs/validity.md").read_text().partition("<!-- rules -->")[2].splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 7 and cells[1].startswith("`"):
            reason = cells[1].strip("`")
            voids.setdefault(reason, set()).update(re.findall(r"`(\w+)`", cells[5]))
            words.setdefault(reason, []).append(cells[2])
    return voids, words


VOIDS, WORDS = rules()


def counter(seconds):
    return f"{int(seconds * WATTS * 1e6):015d}"


def plain(code):
    return code.removeprefix("invalid_")


def measure(room, out, script=None, extra=(), noise=frozenset(), on="scripted/cpu", **keys):
    """A campaign of two blocks, which are too few to be left out."""
    model = room.script(f"{out}.json", **{"warmup": SETTLED, "run": {"ns": 5 * MS}, **(script or {})})
    variant = {"name": "v", "files": [str(model), *map(str, extra)]}
    suite = {"name": "s", "models": [{"name": "m", "variants": [variant]}], "on": [on], "on_invalid": "mark", "blocks": 2}
    room.write("suite.json", {**suite, "block": BLOCK, "require": list(REQUIRED), **keys})
    ended = room.run("run", "suite.json", "--out", out, "--format", "json")
    check(ended.code in (3, 5), f"{out}: the status", ended.code, ended.err)
    return ended.json()["records"][0] if ended.out else None


def check_state(room, out, record, reason, power=True, noise=frozenset()):
    """That the record of `out` is void for this reason where the table says so, and nowhere else."""
    voids = VOIDS[reason] if reason else set()
    known = ALWAYS | noise | ({reason} if reason else set())
    others = {plain(r["code"]) for r in record["reasons"]} & set(VOIDS) - known
    check(not others, f"{out}: other reasons", others, record["reasons"])
    scope = (record["energy_scope"] or "").partition(":")[0]
    there = {"latency", "memory", "heat", "load_ns", "first_inference_ns"} | ({"power"} if scope and power else set())
    found = {r["key"] for r in record["reasons"] if plain(r["code"]) == reason}
    expected = voids & there or ({""} if reason and not voids else set())
    check(found == expected, f"{out}: what is void by {reason}", found, expected, record["reasons"])
    if noise:
        return
    judged = {r["key"]: r["code"] for r in record["reasons"] if r["code"].startswith("requirement_")}
    for text, words in REQUIRED.items():
        key = text.split()[0]
        code = judged.get(key)
        check((code == "requirement_invalid") == bool(words & voids), f"{out}: {text}", code, record["reasons"])
        check(code != "requirement_fail", f"{out}: {text} fails", record["reasons"])
    void = any(words & voids for words in REQUIRED.values())
    check((record["verdict"] == "invalid") == void, f"{out}: the verdict", record["verdict"])


def check_told(room, out, record, reason):
    """People read it in the table and in HTML, programs in JSON; a report says what the run said."""
    told = room.run("report", out, "--format", "json").json()["records"][0]
    check(told == record, f"{out}: a report in JSON")
    html = room.path / f"{out}.html"
    table = room.run("report", out, "--export", html).out
    page = html.read_text()
    for name, text in (("table", " ".join(table.split())), ("html", " ".join(page.split()))):
        if not reason:
            for other, words in WORDS.items():
                check(other in ALWAYS or not any(w in text for w in words), f"{out}: {name} tells {other}", text[-3000:])
        else:
            check(any(w in text for w in WORDS[reason]), f"{out}: {name} tells {reason}", text[-3000:])
    if reason and VOIDS[reason]:
        check(f"invalid_{reason}" in page, f"{out}: the word in HTML")


def rows_of(room, first, other):
    ended = room.run("compare", first, other, "--format", "json")
    check(ended.code in (0, 2), f"{first} and {other}", ended.err)
    return {row["key"]: row for case in ended.json()["cases"] for row in case["keys"]}


def check_compared(room, quiet, out, reason, copy=True, power=True):
    """Against a quiet campaign what is void is not compared, and the rest is; against one of the same state everything is."""
    rows = rows_of(room, quiet, out)
    check({"latency_p50_ns", "load_ns", "memory_after_load_bytes"} <= set(rows), f"{out}: keys", list(rows))
    for key, row in rows.items():
        group = next((words for start, words in GROUPS.items() if key.startswith(start)), set())
        void = bool(group & VOIDS[reason]) and (power or group != {"power"})
        check((row["word"] == "not valid") == void, f"{out}: {key} against {quiet}", row)
        if void:
            check(row["change"] is None and row["change_low"] is None, f"{out}: {key} has no change", row)
            text = f"{reason} in 0 of 2 blocks, then 2 of 2"
            check(text in row["left_out"], f"{out}: {key} says why", row)
    text = " ".join(room.run("compare", quiet, out).out.split())
    void = any(row["word"] == "not valid" for row in rows.values())
    check((f"not valid: {reason}" in text) == void, f"{out}: the table says why", text)
    if copy:
        shutil.copytree(room.path / out, room.path / f"{out}2")
        rows = rows_of(room, out, f"{out}2")
        check(all(row["word"] != "not valid" for row in rows.values()), f"{out}: the same state on both sides", rows)


def judge(room, quiet, out, record, reason, power=True):
    check_state(room, out, record, reason, power)
    check_told(room, out, record, reason)
    check_compared(room, quiet, out, reason, power=power)


def clocks():
    """CLOCK_BOOTTIME runs ahead of CLOCK_MONOTONIC while a device sleeps, and the real clock with it; the real one alone is set."""
    with Room() as room:
        ahead = {"boot": 0, "real": 0, "by": (0, 0)}
        path = room.write("ahead", "0 0\n")

        def entered(hot):
            if hot:
                ahead["boot"] += ahead["by"][0]
                ahead["real"] += ahead["by"][1]
                fresh = room.write("ahead.new", f"{ahead['boot']} {ahead['real']}\n")
                fresh.rename(path)

        room.environment.update(
            ED_CLOCK_SHIM=str(path),
            LD_PRELOAD=os.environ["ED_CLOCK_SHIM_LIBRARY"],
            # Of a build with sanitizers.
            ASAN_OPTIONS=":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
        )
        with Machine(room, numbers=(1, 2), always=PACKAGE, rising={RAPL + "energy_uj": counter}, entered=entered):
            quiet = measure(room, "quiet")
            check_state(room, "quiet", quiet, None)
            check_told(room, "quiet", quiet, None)
            check((quiet["energy_scope"] or "").startswith("package:"), "there is energy", quiet["energy_scope"])
            ahead["by"] = (3_000 * MS, 3_000 * MS)
            slept = measure(room, "slept")
            stamps = [(b["started"], b["ended"]) for b in Device(room.path / "slept").blocks() if b["pass"] == "timing"]
            for start, end in stamps:
                gap = (end["boot_ns"] - start["boot_ns"]) - (end["monotonic_ns"] - start["monotonic_ns"])
                check(abs(gap - 3_000 * MS) < 50 * MS, "the journal has the gap", gap)
            judge(room, "quiet", "slept", slept, "suspended")
            ahead["by"] = (0, 3_000 * MS)
            judge(room, "quiet", "stepped", measure(room, "stepped"), "clock_stepped")


def states():
    """What files, the engine and a campaign on disk tell."""
    screen = {DUMPSYS.format("thermalservice"): "Thermal Status: 0", DUMPSYS.format("power"): "  mWakefulness=Awake"}
    with Room() as room:
        with Machine(room, always=PACKAGE, rising={RAPL + "energy_uj": counter}):
            check_state(room, "quiet", measure(room, "quiet"), None)
            debug = measure(room, "debug", script={"build_info": "scripted 1, Build type=Debug, no flags"})
            judge(room, "quiet", "debug", debug, "debug_build")
        emulator(room)
        sustained(room)
        # A package does not see the screen: nothing is void.
        with Machine(room, always={**PACKAGE, **screen}, rising={RAPL + "energy_uj": counter}):
            record = measure(room, "lit")
            check((record["energy_scope"] or "").startswith("package:"), "there is energy", record["energy_scope"])
            check_state(room, "lit", record, "screen_on", power=False)
            check_compared(room, "quiet", "lit", "screen_on", power=False)


def sustained(room):
    """Who asks how fast a hot device is gets the figure: that it throttles is told, and voids nothing."""
    with Machine(room, always={CPU + "cur_state": 2}):
        model = room.script("s.json", warmup=SETTLED, run={"ns": 5 * MS})
        variants = [{"name": "v", "file": str(model)}]
        suite = {"name": "s", "models": [{"name": "m", "variants": variants}], "on": ["scripted/cpu"], "require": ["latency_p50_ns <= 1 s"]}
        room.write("long.json", {**suite, "scenarios": ["sustained:3s"], "blocks": 1})
        ended = room.run("run", "long.json", "--out", "long", "--format", "json")
        record = ended.json()["records"][0]
        check(ended.code == 3 and record["verdict"] == "inconclusive", "one block, no interval", ended.code, record["verdict"])
        check(record["throttled"] is True, "it throttled", record["throttled"])
        check(not {plain(r["code"]) for r in record["reasons"]} & set(VOIDS) - ALWAYS, "which voids nothing", record["reasons"])
        blocks = [b["block"] for b in Device(room.path / "long").blocks() if b["pass"] == "timing"]
        check(blocks == ["c0.timing.1"], "and is not measured again", blocks)


def emulator(room):
    """Recorded: the campaign of a quiet machine, whose device says that it is emulated (rig_campaign has real ones)."""
    shutil.copytree(room.path / "quiet", room.path / "emulated")
    path = room.path / "emulated" / "campaign.json"
    frozen = json.loads(path.read_text())
    frozen["devices"][0]["hardware"]["system"]["emulator"] = True
    odd.freeze(path, frozen)
    record = room.run("report", "emulated", "--format", "json").json()["records"][0]
    check(record["simulated"] is True, "it is no real processor", record["simulated"])
    judge(room, "quiet", "emulated", record, "emulator")


def drain(seconds):
    """A fuel gauge, each reading another one."""
    return f"{-600_000 - int(seconds * 1000) % 100_000:012d}"


def battery():
    """The light of a screen is in what a battery gives."""
    tree = {
        BATTERY + "type": "Battery",
        BATTERY + "status": "Discharging",
        BATTERY + "capacity": 80,
        BATTERY + "voltage_now": 4_000_000,
        BATTERY + "current_now": drain(0),
        DUMPSYS.format("thermalservice"): "Thermal Status: 0",
        DUMPSYS.format("power"): "  mWakefulness=Asleep",
    }
    longer = {"block": {"min_time": "2 s", "max_time": "3 s", "min_inferences": 5}}
    with Room() as room, Machine(room, always=tree, rising={BATTERY + "current_now": drain}) as machine:
        quiet = measure(room, "quiet", **longer)
        check((quiet["energy_scope"] or "").startswith("battery:"), "there is energy", quiet["energy_scope"], quiet["reasons"])
        check_state(room, "quiet", quiet, None)
        machine.put(DUMPSYS.format("power"), "  mWakefulness=Awake ")
        judge(room, "quiet", "lit", measure(room, "lit", **longer), "screen_on")


class Disk(Machine):
    """Whose disk reads 100 MB a second while there is a worker, where `cold` says so."""

    cold, bytes, seen = False, 0, 0.0

    def stats(self, seconds):
        if self.cold and self.loaded():
            self.bytes += int((seconds - self.seen) * 1e8)
        self.seen = seconds
        return f" 254       0 vda 1 0 {self.bytes // 512:012d} 1 1 0 8 1 0 1 1"


def disk():
    """A model of 17 MiB, for which the disk reads more than half as much while it is loaded."""
    with Room() as room:
        weights = room.path / "weights.bin"
        weights.write_bytes(bytes(17 << 20))
        keys = {"script": {"load": {"ns": 500 * MS}}, "extra": [weights]}
        with Disk(room) as machine:
            machine.put("proc/diskstats", machine.stats(0))
            machine.rising["proc/diskstats"] = machine.stats
            check_state(room, "quiet", measure(room, "quiet", **keys), None)
            machine.cold = True
            judge(room, "quiet", "cold", measure(room, "cold", **keys), "page_cache_cold")
        for out, reason in (("quiet", None), ("cold", "page_cache_cold")):
            unread(room, out)
            check_state(room, f"{out}_unread", room.run("report", f"{out}_unread", "--format", "json").json()["records"][0], reason)


def unread(room, out):
    """The campaign of a device that was too busy to read anything while a block ran: what it said before and behind stays."""
    shutil.copytree(room.path / out, room.path / f"{out}_unread")
    journal = Device(room.path / f"{out}_unread").journal_path
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        if line["type"] == "block":
            line["timeline"]["records"] = 0
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))


CARD = {"init": (0, 0), "count": (0, 1), "card": (0, 0), "power": (0, 150_000), "energy": (0, 150_000), "temperature": (0, 45),
        "clock": (0, 1980), "memory": (0, 612_000), "busy": (0, 17), "throttle": (0, 4)}  # fmt: skip
NVML = {"power": "nvmlDeviceGetPowerUsage", "energy": "nvmlDeviceGetTotalEnergyConsumption", "temperature": "nvmlDeviceGetTemperature",
        "frequency": "nvmlDeviceGetClockInfo", "memory_frequency": "nvmlDeviceGetClockInfo", "memory": "nvmlDeviceGetMemoryInfo",
        "busy": "nvmlDeviceGetUtilizationRates", "throttle_reasons": "nvmlDeviceGetCurrentClocksThrottleReasons"}  # fmt: skip


def card(room, **changes):
    text = "".join(f"{word} {code} {value}\n" for word, (code, value) in {**CARD, **changes}.items())
    room.write("card.new", text).rename(room.path / "card")


def channels(room):
    device = room.run("devices", "probe", "local", "--format", "json").expect(0).json()["devices"][0]
    nvml = next(probe for probe in device["probes"] if probe["name"] == "nvml")
    return {channel["id"]: channel for channel in nvml["channels"]}


def library(room, folder):
    room.environment["LD_LIBRARY_PATH"] = str(pathlib.Path(os.environ["ED_FAKE_NVML"]) / folder)
    room.environment["ED_FAKE_NVML"] = str(room.path / "card")


def card_channels(room):
    """Every value and every error as it is; what no card has is no value; what a driver lacks costs its own channel alone."""
    card(room)
    found = channels(room)
    values = {name: found[f"nvml.gpu0.{name}"]["value"] for name in NVML}
    energy = values.pop("energy")
    wanted = {"power": 150_000_000, "temperature": 45_000, "frequency": 1_980_000, "memory_frequency": 1_980_000, "memory": 612_000,
              "busy": 170, "throttle_reasons": 4}  # fmt: skip
    check(values == wanted and energy > 0, "a card in good order", values, energy)
    most = 2**32 - 1
    for words, name, why in (
        ({"power": (0, most)}, "power", "no value that can be"),
        ({"power": (3, 0)}, "power", "Not Supported"),
        ({"energy": (999, 0)}, "energy", "Unknown Error"),
        ({"temperature": (0, most)}, "temperature", "no value that can be"),
        ({"clock": (0, most)}, "frequency", "no value that can be"),
        ({"memory": (0, 1_000_001)}, "memory", "no value that can be"),
        ({"busy": (0, 101)}, "busy", "no value that can be"),
        ({"throttle": (0, 2**64 - 1)}, "throttle_reasons", "no value that can be"),
        ({"throttle": (77, 0)}, "throttle_reasons", "an error without words"),
    ):
        card(room, **words)
        found = channels(room)
        channel = found[f"nvml.gpu0.{name}"]
        check(channel["value"] is None, f"{words}: no value", channel)
        check(channel["reason"] == f"{NVML[name]}: {why}", f"{words}: the reason", channel)
        others = [c["id"] for c in found.values() if c["reason"] and NVML[c["id"].split(".")[2]] != NVML[name]]
        check(not others, f"{words}: the others stay", others)
    for words, why in (
        ({"init": (999, 0)}, "NVML: Unknown Error"),
        ({"count": (0, 0)}, "NVML: no card"),
        ({"count": (15, 0)}, "NVML: GPU is lost"),
    ):
        card(room, **words)
        found = channels(room)
        check(list(found) == ["nvml"] and found["nvml"]["reason"] == why, f"{words}: {why}", found)
    card(room, card=(15, 0))
    found = channels(room)
    check(all("GPU is lost" in c["reason"] for c in found.values()), "a card that is lost", found)
    card(room, count=(0, most))
    check(len(channels(room)) == 8 * len(NVML), "no driver has four thousand million cards")
    library(room, "old")
    card(room)
    found = channels(room)
    lacking = {name for name in NVML if found[f"nvml.gpu0.{name}"]["reason"]}
    check(lacking == {"energy", "throttle_reasons"}, "what an old driver lacks", lacking)
    for name in lacking:
        reason = found[f"nvml.gpu0.{name}"]["reason"]
        check(reason == f"libnvidia-ml.so.1 has no {NVML[name]}: the driver is too old", "and why", reason)


def cards():
    """A card that slows down is a reason for what runs on it, and for nothing else."""
    with Room() as room:
        library(room, "new")
        card_channels(room)
        library(room, "new")
        gpu = {
            "on": "scripted/gpu",
            "script": {
                "survey": [{"backend": "gpu", "processor": "gpu", "native": "Card"}],
                "placement": {"total": 1, "places": [{"name": "Card", "processor": "gpu", "count": 1}]},
            },
        }
        card(room)
        quiet = measure(room, "quiet", **gpu)
        check_state(room, "quiet", quiet, None, noise=NOISE - {"throttled"})
        check((quiet["energy_scope"] or "").startswith("accelerator: nvml.gpu0.energy"), "by its counter", quiet["energy_scope"])
        check_energy(room, "quiet", quiet)
        # Idle, a limit of its own power, clocks that were set: no slowing down.
        card(room, throttle=(0, 0x1 | 0x2 | 0x4 | 0x100))
        check_state(room, "limits", measure(room, "limits", **gpu), None, noise=NOISE - {"throttled"})
        card(room, throttle=(0, 0x40))
        record = measure(room, "hot", **gpu)
        check_state(room, "hot", record, "throttled", noise=NOISE)
        check(record["throttled"] is True, "the key says so", record["throttled"])
        check_told(room, "hot", record, "throttled")
        rows = rows_of(room, "quiet", "hot")
        for key in ("latency_p50_ns", "energy_per_inference_uj"):
            check(rows[key]["word"] == "not valid" and "throttled in 0 of 2" in rows[key]["left_out"], f"{key} is not compared", rows[key])
        check(rows["memory_after_load_bytes"]["word"] != "not valid", "memory is", rows["memory_after_load_bytes"])
        record = measure(room, "beside")
        check("throttled" not in {plain(r["code"]) for r in record["reasons"]}, "a case on the CPU", record["reasons"])
        check((record["energy_scope"] or "").startswith("accelerator:") or record["energy_scope"] is None, "its energy", record)
        # Without the counter, by the gauge.
        card(room, energy=(3, 0), throttle=(3, 0))
        record = measure(room, "gauge", **gpu)
        check(record["throttled"] is None or record["throttled"] is False, "nothing tells", record["throttled"])
        check((record["energy_scope"] or "").startswith("accelerator: nvml.gpu0.power"), "by its gauge", record["energy_scope"])
        check_energy(room, "gauge", record)


def check_energy(room, out, record):
    """A constant power, so that the truth is the time of the windows: of the median block, or of all where one alone is too short."""
    windows = []
    for block in Device(room.path / out).blocks():
        if block["pass"] == "timing":
            timed = block["timed"]
            windows.append((timed["end_raw_ns"] - timed["begin_raw_ns"], block["samples"]["count"] * timed["batch"]))
    each = sorted(150e-3 * ns / n for ns, n in windows)
    truths = [each[(len(each) - 1) // 2], 150e-3 * sum(ns for ns, _ in windows) / sum(n for _, n in windows)]
    low, high = record["energy_per_inference_uj_low"], record["energy_per_inference_uj_high"]
    check(any(low <= truth <= high for truth in truths), f"{out}: the truth lies in the interval", low, high, truths)


{"clocks": clocks, "states": states, "battery": battery, "disk": disk, "cards": cards}[sys.argv[1]]()
finish("contexts")
