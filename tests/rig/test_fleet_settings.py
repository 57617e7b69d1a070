# SPDX-License-Identifier: Apache-2.0
"""Governor and frequency limits that a campaign sets on a device: there while it measures, and put back whatever ends it."""

import sys

from campaigns import least
from checks import check, equal, need_root, new_rig, within
from fleet import FOR_EVER, PATIENCE_S, Fleet, Place, ended, run_groups, together

from devicerig.faults import policies
from devicerig.process import end

FILES = ("scaling_governor", "scaling_min_freq", "scaling_max_freq")
USUAL = ("ondemand", "600000", "1800000")
WANTED = {"governor": "performance", "frequency_min_khz": 800000, "frequency_max_khz": 1200000}
SET = ("performance", "800000", "1200000")


class Device:
    """A pi of the rig whose settings are to be changed."""

    def __init__(self, fleet, name, settings=None):
        self.fleet, self.name, self.place = fleet, name, Place(fleet.rig, name)
        fleet.entry(name, settings=settings or WANTED)
        equal(self.values(), USUAL, f"{name}: at first")

    def values(self):
        (policy,) = policies(self.fleet.rig.machine(self.name))
        # An instant of a write may show an empty file.
        return within(5, lambda: (found := tuple(map(read, (policy / file for file in FILES)))) and all(found) and found)

    def begin(self, suite="suite.json"):
        return self.fleet.begin(self.name, "-d", self.name, suite)

    def check_back(self, expected=USUAL):
        """As before, and nothing left to be put back."""
        check(within(PATIENCE_S, lambda: self.values() == expected), f"{self.name}: put back", self.values())
        check(not self.place.path("changed.jsonl").exists(), f"{self.name}: the journal of changes is gone")

    def kill_runner(self):
        killed = self.place.supervisors()
        check(killed, f"{self.name}: a supervisor runs")
        end(killed)

    def whole(self):
        self.fleet.check_whole(self.name, [self.name], least())


def read(path):
    return path.read_text(encoding="ascii").strip()


def change(device, values):
    """In place, as sysfs would: what is cut off is behind the line feed."""
    (policy,) = policies(device.fleet.rig.machine(device.name))
    for name, value in zip(FILES, values):
        with open(policy / name, "r+b") as file:
            file.write(f"{value}\n".encode())
            file.truncate()


def ends():
    """Ends that the controller lives through."""
    with new_rig() as rig:
        rig.up("normal:pi", "stopped:pi", "meanwhile:pi", "killed:pi", "session:pi", "power:pi")
        fleet = Fleet(rig)
        fleet.suite("suite.json", 4)
        fleet.suite("long.json", FOR_EVER)

        def normal():
            device = Device(fleet, "normal")
            with ended(running := device.begin()):
                running.wait_blocks("normal")
                equal(device.values(), SET, "set while it measures")
                running.end(0)
            device.check_back()
            device.whole()

        def stopped():
            device = Device(fleet, "stopped")
            with ended(running := device.begin("long.json")):
                running.wait_blocks("stopped")
                equal(device.values(), SET, "set while it measures")
                running.stop()
            device.check_back()

        def meanwhile():
            device = Device(fleet, "meanwhile")
            with ended(running := device.begin("long.json")):
                running.wait_blocks("meanwhile")
                change(device, ("powersave",))
                running.stop()
            device.check_back(("powersave", *USUAL[1:]))

        def killed():
            device = Device(fleet, "killed")
            with ended(running := device.begin()):
                running.wait_blocks("killed")
                device.kill_runner()
                running.wait_said("the runner was killed")
                running.end(0)
            device.check_back()
            device.whole()

        def session():
            device = Device(fleet, "session")
            with ended(running := device.begin()):
                running.wait_blocks("session")
                rig.fault("session", "killsession")
                running.end(0)
            device.check_back()
            device.whole()

        def power():
            device = Device(fleet, "power")
            with ended(running := device.begin()):
                running.wait_blocks("power")
                rig.fault("power", "off")
                # A kernel that starts anew does this; a made /sys keeps what was written.
                change(device, USUAL)
                rig.fault("power", "on")
                running.wait_blocks("power", running.blocks("power") + 1)
                equal(device.values(), SET, "set again after the boot")
                running.end(0)
            device.check_back()
            device.whole()

        together(normal, stopped, meanwhile)
        together(killed, session, power)


def contacts():
    """The controller is dead: what the runner could not put back, the next contact does."""
    with new_rig() as rig:
        rig.up("lost:pi", "alone:pi", "rebooted:pi")
        fleet = Fleet(rig)
        fleet.suite("suite.json", 2)
        fleet.suite("long.json", FOR_EVER)

        def lost():
            """The link is lost, the controller dies, then the runner."""
            device = Device(fleet, "lost")
            with ended(running := device.begin("long.json")):
                running.wait_blocks("lost")
                rig.fault("lost", "link", "down")
                running.kill()
            device.kill_runner()
            equal(device.values(), SET, "nobody is there to put it back")
            check(device.place.path("changed.jsonl").exists(), "it is written down")
            rig.fault("lost", "link", "up")
            rig.wait("lost")

        def alone():
            """The runner goes on without the controller, to its end."""
            device = Device(fleet, "alone")
            with ended(running := device.begin()):
                running.wait_blocks("alone")
                running.kill()
            device.place.wait_idle()
            device.check_back()
            fleet.run("run", "--resume", "alone")
            device.whole()

        def rebooted():
            """After a boot nothing is left to put back, and nothing is put anywhere."""
            device = Device(fleet, "rebooted")
            with ended(running := device.begin("long.json")):
                running.wait_blocks("rebooted")
                rig.fault("rebooted", "off")
                running.kill()
            change(device, ("schedutil", *USUAL[1:]))
            rig.fault("rebooted", "on")

        together(lost, alone, rebooted)
        fleet.devices()
        for name, values in (("lost", USUAL), ("rebooted", ("schedutil", *USUAL[1:]))):
            device = object.__new__(Device)
            device.fleet, device.name, device.place = fleet, name, Place(rig, name)
            device.check_back(values)


def refusals():
    """What the user may not write, or the device does not have, is refused before the first block; nothing is changed."""
    with new_rig() as rig:
        rig.up("denied:pi,governor=root", "partly:pi,governor=root", "unknown:pi")
        fleet = Fleet(rig)
        fleet.suite("suite.json", 2)
        rig.fault("partly", "governor", "allow")
        cases = {
            "denied": (WANTED, ("scaling_", "cannot be written")),
            "partly": (WANTED, ("scaling_m", "cannot be written")),
            "unknown": (WANTED | {"governor": "turbo"}, ("turbo", "performance powersave ondemand schedutil")),
        }

        def refuse(name):
            settings, texts = cases[name]
            device = Device(fleet, name, settings)
            running = device.begin().end(4, *texts)
            equal(running.blocks(name), 0, f"{name}: no block")
            device.check_back()
            # The same without settings is fine: no quarantine for a wish.
            fleet.devices_file.write_text(rig.devices_json(), encoding="utf-8")
            fleet.run("run", "-d", name, "--out", f"{name}-again", "suite.json")
            fleet.check_whole(f"{name}-again", [name], least())

        for name in cases:
            refuse(name)


GROUPS = ((ends,), (contacts, refusals))

if __name__ == "__main__":
    need_root()
    run_groups(GROUPS, sys.argv[1:])
