#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/probes.md from what the runner's probes find on the recorded machines, or checks that it is that.

    docs/make-probes.py [--check] RUNNER NVML

RUNNER is the program edgedyno-runner; NVML a directory with the tests' stand-in for NVIDIA's library, of which no recording can tell.
Exit status: 0; 1 it differs. Standard library only.
"""

import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by docs/make-probes.py; a test holds it against the program. -->
# Probes

What the runner samples while a block runs, and what `edgedyno devices probe` shows. A channel is one quantity; one that cannot be
read on a device is listed with the reason, and never reads zero. `N` stands for a number and `NAME` for what a device calls the
thing. A counter only rises, and is told as its rise. Units: `mc` thousandths of a degree Celsius, `uw` `uj` `uv` `ua` `uah`
millionths of a watt, joule, volt, ampere, ampere-hour; `permille` thousandths; `bits` flags.

The scope says what is inside a figure: the worker's process, the system, the package (a chip or a part of one), the board (all that
one supply feeds), the battery, an accelerator. Power and energy of different scopes are never added, and a channel named below
another one (`powercap.package-0.core`) is part of it.

A probe marked costly takes milliseconds or a process of its own for each sample: it is left out while a block runs. What one sample
costs on your device: `sample_ns` of each probe in `edgedyno devices probe ID --format json`. What sampling cost in a block is in the
block's line, as `sampling`. The costs below are CPU time on the machine of [benchmarks.md](benchmarks.md#what-sampling-costs), which
also says what all of them together do to a measurement; on a device with slower cores or slow sensors they are more.

A directory written by `edgedyno devices snapshot` is read by the same probes: `EDGEDYNO_PROBE_ROOT=DIR edgedyno devices probe local`.
"""


def asked(runner, environment):
    """The probes by name, as the runner tells them."""
    with tempfile.TemporaryDirectory() as work:
        reply = subprocess.run(
            [runner, "probe", "--work", work], env={**os.environ, **environment}, capture_output=True, check=True
        ).stdout
    return {probe["name"]: probe for probe in json.loads(reply)["probes"]}


def general(text):
    """Without what belongs to one machine."""
    text = re.sub(r"/proc/(self|\d+)/", "/proc/PID/", text)
    text = re.sub(r"\(perhaps.*?\)", "", text)
    text = re.sub(r"(policy|zone|cooling_device|hwmon|iio:device|gpu|card|cpu|curr|in|temp|power|energy|point_|rapl:|mmio:)\d+(:\d+)?", r"\1N", text)
    text = re.sub(r"@\d+", "@N", text)
    text = re.sub(r"power_supply/[^/ ]+/", "power_supply/NAME/", text)
    text = re.sub(r"devfreq/[^/ ]+/", "devfreq/NAME/", text)
    text = re.sub(r"\[[^]]+\]", "[NAME]", text)
    return text.strip()


def channel_name(channel):
    """The id with NAME for what differs from device to device."""
    probe, *parts = channel.split(".")
    if probe in ("hwmon", "power_supply", "gpu", "cooling", "power_rails", "thermal") and parts:
        last = re.sub(r"@\d+", "", parts[-1])
        kinds = {
            "hwmon": ("temperature", "voltage", "current", "power", "energy"),
            "thermal": ("passive_trip",),
            "cooling": ("state", "busy_time", "transitions"),
            "power_rails": (),
        }.get(probe)
        if kinds is None or last in kinds:
            # "cooling.busy_time" is the one channel of a device that has none of them.
            return ".".join([probe, "NAME", last] if len(parts) > 1 else [probe, last])
        if probe == "hwmon":
            return ".".join([probe, "NAME", re.sub(r"\d+$", "N", last)])
        return f"{probe}.NAME"
    if probe == "vcgencmd" and len(parts) == 2 and parts[1] == "power":
        return "vcgencmd.NAME.power"
    return re.sub(r"(policy|gpu|cpu)\d+", r"\1N", channel)


def costs():
    """What a reading of each probe took, by the last table of the benchmark: two texts, empty where a machine had no such thing."""
    page = (ROOT / "docs/benchmarks.md").read_text()
    rows = re.search(r"### A reading of each probe\n\n.*\n[-| ]+\n((?:\|.*\n)*)", page)
    cells = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in (rows[1] if rows else "").splitlines()]
    return {name: (here, laptop) for name, here, _, _, laptop, _, _ in cells}


def cost(first, found):
    if first["costly"]:
        return "costly"
    here, laptop = found.get(first["name"], ("", ""))
    said = [f"{here} µs a reading"] * bool(here) + [f"{laptop} µs with the files of the recorded laptop"] * bool(laptop)
    return "; ".join(said) or "not measured"


def main():
    arguments = [word for word in sys.argv[1:] if word != "--check"]
    if len(arguments) != 2:
        sys.exit(__doc__)
    runner, nvml = arguments
    machines = sorted(path for path in (ROOT / "tests/fixtures/machines").iterdir() if path.is_dir())
    found = [asked(runner, {"EDGEDYNO_PROBE_ROOT": str(path)}) for path in machines]
    library = asked(runner, {"LD_LIBRARY_PATH": nvml})
    measured, lines = costs(), [HEAD]
    for name, first in found[0].items():
        probes = [probes[name] for probes in found]
        if name == "nvml":
            probes.append(library[name])
        rows, reasons = {}, {}
        for channel in (channel for probe in probes for channel in probe["channels"]):
            where = channel_name(channel["id"])
            # A channel named as its probe stands for all of them where nothing was found.
            if "reason" in channel:
                reasons.setdefault(general(channel["reason"]), None)
            if where != name:
                unit = channel["unit"] + (", counter" if channel["counter"] else "")
                scopes, sources = rows.setdefault(where, (unit, {}, {}))[1:]
                scopes[channel["scope"]] = sources[general(channel["source"])] = None
        lines += [f"## {name}", "", first["summary"][0].upper() + first["summary"][1:] + ".", ""]
        lines += ["| channel | unit | scope | source |", "|---|---|---|---|"]
        lines += [
            f"| `{where}` | {unit} | {', '.join(sorted(scopes))} | {', '.join(f'`{source}`' for source in sorted(sources))} |"
            for where, (unit, scopes, sources) in sorted(rows.items())
        ]
        reasons = sorted(reason for reason in reasons if "recorded machine" not in reason)
        lines += ["", f"Cost: {cost(first, measured)}."]
        lines += ["", "When it is not there:" if reasons else "It was there on every recorded machine, or no recording can tell.", ""] if reasons else [""]
        lines += [f"- {reason}" for reason in reasons] + [""] * bool(reasons)
    text = "\n".join(lines).rstrip("\n") + "\n"
    place = ROOT / "docs/probes.md"
    if "--check" not in sys.argv:
        place.write_text(text)
    elif (old := place.read_text()) != text:
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), "docs/probes.md", "the program"))
        sys.exit("docs/probes.md is not what the program's probes say: run docs/make-probes.py")


if __name__ == "__main__":
    main()
