# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, the controller's or the device's: status 4 and the system's words; with space again, a resume has everything.

Needs a mount namespace of its own, so it is skipped where this user may make none.
"""

import os
import shutil
import subprocess
import sys

from campaign import SETTLED, Device, Room, check, check_whole, finish, wait_for

WORDS = "No space left on device"
SKIPPED = 77


def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)


def fill(folder):
    """Until nothing more goes in: not a byte, and no file."""
    with open(folder / "ballast", "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


def small_disk(room, name):
    folder = room.path / name
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", folder)
    return folder


def controllers_disk(room):
    """It fills while blocks come in."""
    folder = small_disk(room, "controller")
    campaign = folder / "campaign"
    process = room.start("run", "suite.json", "--out", campaign)
    wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
    fill(folder)
    room.end(process).expect(4, WORDS, "--resume")
    device = Device(campaign)
    done = device.n_done()
    check(0 < done < len(device.planned()), "some blocks came home before the disk was full", done)
    check(device.journal_path.read_bytes().endswith(b"\n"), "the journal ends with a whole line")
    room.run("report", campaign).expect(0, "blocks are missing")
    # Still full: nothing is lost by trying.
    room.run("run", "--resume", campaign).expect(4, WORDS)
    check(device.n_done() >= done, "what was measured is still there", done, device.n_done())
    mount("-o", "remount,size=64m", folder)
    room.run("run", "--resume", campaign).expect(0)
    check_whole(campaign, "the controller's disk had been full")
    # Full from the beginning: there is no campaign, and none that looks like one.
    (folder / "ballast").unlink()
    shutil.rmtree(campaign)
    fill(folder)
    ended = room.run("run", "suite.json", "--out", campaign)
    ended.expect(4, WORDS)
    check(not (campaign / "campaign.json").exists(), "no campaign.json on a full disk")


def devices_disk(room):
    """The runner's own disk: its job ends with the reason, which comes home."""
    folder = small_disk(room, "device")
    campaign = room.path / "campaign"
    room.write("devices.json", {"devices": [{"id": "local", "transport": "local", "work_dir": str(folder)}]})
    process = room.start("run", "suite.json", "--out", campaign)
    wait_for(lambda: Device(campaign).n_done() or process.poll() is not None, "a block")
    fill(folder)
    room.end(process).expect(4, WORDS, "--resume")
    check(Device(campaign).n_done() > 0, "what was measured is kept")
    (folder / "ballast").unlink()
    mount("-o", "remount,size=64m", folder)
    room.run("run", "--resume", campaign).expect(0)
    check_whole(campaign, "the device's disk had been full")


def main():
    if os.environ.get("ED_TEST_NAMESPACE") != "1":
        unshare = shutil.which("unshare")
        usable = (
            unshare
            and os.geteuid() == 0
            and subprocess.run([unshare, "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode
            == 0
        )
        if not usable:
            print("skipped: a mount namespace needs root")
            sys.exit(SKIPPED)
        os.environ["ED_TEST_NAMESPACE"] = "1"
        os.execv(unshare, [unshare, "-m", "--propagation", "private", sys.executable, "-B", *sys.argv])
    with Room() as room:
        room.script(
            "m.json",
            run={"ns": 400_000},
            warmup=SETTLED,
            inputs=[{"name": "x", "shape": [4]}],
            outputs=[{"name": "y", "shape": [2]}],
        )
        room.suite("suite.json", {"m": {"a": "m.json"}}, blocks=4)
        try:
            controllers_disk(room)
            devices_disk(room)
        finally:
            for name in ("controller", "device"):
                subprocess.run(
                    ["umount", "-l", str(room.path / name)], stderr=subprocess.DEVNULL, check=False
                )
    finish("full_disk")


main()
