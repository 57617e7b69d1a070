# SPDX-License-Identifier: Apache-2.0
"""A machine of files: what the probes read, changed by a thread while the real runner measures. Block ends and starts are seen by the
runner's worker and by what the supervisor says of its state.
"""

import contextlib
import json
import threading
import time

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
    """Files below a root of their own. `hot`: what changes in these blocks, by name or by the number of the first case's, once the worker is there. `rising`: file -> its text
    after so many seconds. `entered`: called at a block's start and end, with whether it is one of these numbers."""

    def __init__(self, room, hot=None, numbers=(), always=None, rising=None, entered=None):
        super().__init__(daemon=True)
        self.room, self.root = room, room.path / "root"
        self.hot, self.numbers = hot or {}, numbers
        self.ending = threading.Event()
        self.blocks = {n if isinstance(n, str) else f"c0.timing.{n}" for n in numbers}
        self.rising, self.since = rising or {}, time.monotonic()
        self.entered = entered or (lambda hot: None)
        for name, value in {**QUIET, **(always or {})}.items():
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
        return bool(self.room.children_of_supervisor())

    def block(self):
        for path in self.room.work.glob("jobs/*/state.json"):
            with contextlib.suppress(OSError, ValueError):
                return json.loads(path.read_text())["block"]
        return ""

    def run(self):
        was = False
        while not self.ending.wait(0.003):
            now = self.loaded()
            for name, text in self.rising.items():
                self.put(name, text(time.monotonic() - self.since))
            if now != was:
                hot = now and self.block() in self.blocks
                for name, value in self.hot.items():
                    self.put(name, value if hot else QUIET[name])
                self.entered(hot)
            was = now
