# SPDX-License-Identifier: Apache-2.0
"""A made part of /sys: thermal zones, processor frequencies, batteries, laid out as the kernel does (class/X/Y are
links into devices/). Values that change are written in place, never truncated first: no reader meets an empty file."""

import os


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="ascii")


def link(root, where, device):
    place = root / where
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(os.path.relpath(root / device, place.parent))


def change(path, text):
    """A new value of at most the old one's length in place; shorter ones are padded."""
    with open(path, "r+b") as file:
        old = len(file.read())
        file.seek(0)
        file.write((str(text) + "\n").encode().rjust(old) if len(str(text)) < old else (str(text) + "\n").encode())


def thermal_zone(root, index, kind, millidegrees):
    base = f"devices/virtual/thermal/thermal_zone{index}"
    write(root / base / "type", kind)
    write(root / base / "temp", millidegrees)
    write(root / base / "mode", "enabled")
    write(root / base / "policy", "step_wise")
    write(root / base / "trip_point_0_type", "passive")
    write(root / base / "trip_point_0_temp", 85000)
    link(root, f"class/thermal/thermal_zone{index}", base)


def cooling_device(root, index, kind, states):
    base = f"devices/virtual/thermal/cooling_device{index}"
    write(root / base / "type", kind)
    write(root / base / "cur_state", 0)
    write(root / base / "max_state", states)
    link(root, f"class/thermal/cooling_device{index}", base)


def frequencies(root, cpus, khz, governor, driver):
    """One policy for all of `cpus`."""
    first = cpus[0]
    base = f"devices/system/cpu/cpufreq/policy{first}"
    listed = " ".join(map(str, cpus))
    for name, text in {
        "scaling_governor": governor,
        "scaling_available_governors": "performance powersave ondemand schedutil",
        "scaling_driver": driver,
        "scaling_cur_freq": khz,
        "scaling_max_freq": khz,
        "scaling_min_freq": 600000,
        "cpuinfo_max_freq": khz,
        "cpuinfo_min_freq": 600000,
        "affected_cpus": listed,
        "related_cpus": listed,
    }.items():
        write(root / base / name, text)
    for cpu in cpus:
        link(root, f"devices/system/cpu/cpu{cpu}/cpufreq", base)


def power_supply(root, name, values):
    base = f"devices/platform/{name}/power_supply/{name}"
    for key, text in values.items():
        write(root / base / key, text)
    link(root, f"class/power_supply/{name}", base)


def make(root, profile):
    """Writes `profile` ("laptop", "pi", "phone") under root."""
    cpus = list(range(os.cpu_count() or 1))
    if profile == "pi":
        thermal_zone(root, 0, "cpu-thermal", 52100)
        cooling_device(root, 0, "pwm-fan", 4)
        frequencies(root, cpus, 1800000, "ondemand", "cpufreq-dt")
        write(root / "firmware/devicetree/base/model", "Raspberry Pi 4 Model B Rev 1.4")
    elif profile == "phone":
        thermal_zone(root, 0, "cpu-0-0", 38000)
        thermal_zone(root, 1, "battery", 31000)
        cooling_device(root, 0, "cpufreq-cpu0", 12)
        frequencies(root, cpus, 1804800, "schedutil", "qcom-cpufreq-hw")
        power_supply(
            root,
            "battery",
            {"type": "Battery", "status": "Discharging", "capacity": 83, "voltage_now": 3987000, "present": 1},
        )
    elif profile == "laptop":
        thermal_zone(root, 0, "acpitz", 45000)
        thermal_zone(root, 1, "x86_pkg_temp", 47000)
        cooling_device(root, 0, "Processor", 10)
        for cpu in cpus:
            frequencies(root, [cpu], 4200000, "powersave", "intel_pstate")
        power_supply(root, "BAT0", {"type": "Battery", "status": "Discharging", "capacity": 71})
        power_supply(root, "AC", {"type": "Mains", "online": 0})
    return root
