# SPDX-License-Identifier: Apache-2.0
"""The rig itself: each kind comes up and is what it says, each fault does what it says, down leaves nothing."""

import json
import random
import signal
import subprocess
import sys
import threading
import time

from checks import (
    RigError,
    check,
    check_nothing_left,
    end_of,
    equal,
    need_root,
    new_rig,
    run_all,
    session,
    skip,
    within,
)
from checks import pathlib, processes_of_devices
from devicerig import fetched

MACHINES = ("laptop", "pi", "musl", "bare")
KILLED = (137, 255)  # 255: what OpenSSH's client makes of a command that a signal ended
COMMAND = pathlib.Path(__file__).resolve().parent / "rig"


def ssh(rig, name, command):
    return rig.ssh(name, command).stdout.strip()


def refused(rig, name, seconds=2):
    """The device does not answer within so long."""
    try:
        return rig.ssh(name, "true", check=False, timeout=seconds).returncode == 255
    except subprocess.TimeoutExpired:
        return True


def detach(rig, name):
    """A process that outlives its session; its pid there."""
    return ssh(rig, name, "setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!")


def runs(rig, name):
    return rig.sh(name, "ps ax 2>/dev/null | grep -c '[s]leep 1000'", check=False).stdout.strip() == "1"


def stamp(rig, name):
    return rig.sh(name, "cat /proc/sys/kernel/random/boot_id").stdout.strip()


# ---- kinds


def kinds():
    """What each kind says of itself, by its own way in."""
    with new_rig() as rig:
        rig.up(*(f"{kind}:{kind}" for kind in MACHINES), "phone:phone,mem=512MiB", "lab:labhost,phone=phone")
        for name in MACHINES:
            equal(ssh(rig, name, "uname -m; id -un; hostname").split(), ["x86_64", "bench", name], f"{name}: uname")
            seen = rig.ssh(name, f"ls -d {fetched.HERE}", check=False)
            check(seen.returncode != 0 and seen.stdout == "", f"{name}: the controller's files are not there", seen)
        check("OpenSSH" in rig.ctl(["ssh-keyscan", rig.record("laptop")["host"]]).stderr, "the laptop has OpenSSH")
        check("dropbear" in rig.ctl(["ssh-keyscan", rig.record("pi")["host"]]).stderr, "the pi has dropbear")
        equal(ssh(rig, "pi", "cat /sys/class/thermal/thermal_zone0/type"), "cpu-thermal", "the pi's sensor")
        equal(ssh(rig, "musl", "ls /lib/ld-musl-x86_64.so.1"), "/lib/ld-musl-x86_64.so.1", "musl's loader")
        equal(ssh(rig, "bare", "ls -d /lib* /usr/lib* 2>/dev/null; true"), "", "bare has no library")
        equal(rig.sh("laptop", "id -u; pwd").stdout.split(), ["0", "/"], "the back door is root's")
        shell = rig.adb(
            "phone", "shell", "id -un; getprop ro.product.model; uname -m; ls -d /lib* 2>/dev/null; exit 7", check=False
        )
        equal(shell.stdout.split("\n")[:3], ["shell", "Rig A1 (budget)", "x86_64"], "the phone's shell")
        equal(shell.returncode, 7, "the phone's exit status")
        check("524288 kB" in rig.adb("phone", "shell", "grep MemTotal /proc/meminfo").stdout, "the phone's memory")
        seen = rig.sh("lab", "adb devices", user="bench").stdout
        check(f"{rig.record('phone')['serial']}\tdevice" in seen, "the lab host sees the phone", seen)
        listed = json.loads(rig.devices_json())["devices"]
        equal([entry["id"] for entry in listed], [*MACHINES, "phone", "lab", "lab-phone"], "devices.json")
        equal({row[3] for row in rig.status()}, {"up"}, "status")
        outside = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
        check("br0" not in outside and "dev1" not in outside, "no network card outside of the namespaces", outside)


def many():
    """64 small devices at once."""
    with new_rig() as rig:
        start = time.monotonic()
        rig.up("d:laptop,count=64")
        print(f"64 devices in {time.monotonic() - start:.1f} s")
        equal(len(rig.devices()), 64, "64 devices")
        equal(ssh(rig, "d1", "hostname") + ssh(rig, "d64", "hostname"), "d1d64", "the first and the last answer")
        equal(len({record["host_key"] for record in rig.devices().values()}), 64, "each has a key of its own")


def side_by_side():
    with new_rig() as one, new_rig() as other:
        one.up("pi:pi,mem=256MiB")
        other.up("pi:pi,mem=256MiB")
        one.sh("pi", "touch /home/bench/one")
        equal(other.sh("pi", "ls /home/bench").stdout, "", "two rigs with the same names know nothing of each other")
        one.down()
        equal(ssh(other, "pi", "echo there"), "there", "the other goes on when one is down")


def after_a_crash():
    """`rig up` is killed anywhere; `rig down` leaves nothing, and can be said twice."""
    chance = random.Random(20260)
    for _ in range(6):
        with new_rig() as rig:
            started = subprocess.Popen(
                [
                    sys.executable,
                    "-B",
                    COMMAND,
                    "--dir",
                    rig.directory,
                    "up",
                    "d:laptop,count=4,mem=128MiB",
                    "bad:pi,delay=5ms",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            within(60, lambda: (rig.directory / "devices").exists() or started.poll() is not None)
            time.sleep(chance.uniform(0, 0.8))
            started.send_signal(signal.SIGKILL)
            started.wait()
            inside = processes_of_devices(rig)
            rig.down()
            check_nothing_left(rig, inside)
            rig.down()


def wrong_words():
    with new_rig() as rig:
        for words, said in (
            (["x:toaster"], "no kind 'toaster'"),
            (["x"], "is not NAME:KIND"),
            (["x:pi,mem=lots"], "no size"),
            (["x:pi,colour=red"], "no option 'colour'"),
            (["x:pi64,delay=5ms"], "takes no delay"),
        ):
            try:
                rig.up(*words)
                check(False, f"{words}: an error was expected")
            except RigError as error:
                check(said in str(error), f"{words}: what is wrong", error)
        rig.up("a:bare")
        try:
            rig.up("b:bare", "a:bare")
            check(False, "a name twice: an error was expected")
        except RigError as error:
            check("up already" in str(error), "a name twice", error)
        equal(list(rig.devices()), ["a"], "what was up stays up, nothing else is")


# ---- faults


def link_and_server():
    with new_rig() as rig:
        rig.up("laptop:laptop", "pi:pi", "bare:bare")
        for name in rig.devices():
            for broken, mended in (
                (("link", "down"), ("link", "up")),
                (("link", "cut"), ("link", "mend")),
                (("hang",), ("unhang",)),
            ):
                rig.fault(name, *broken)
                check(refused(rig, name), f"{name}: no answer after {broken}")
                rig.fault(name, *mended)
                equal(ssh(rig, name, "echo back"), "back", f"{name}: an answer after {mended}")
            rig.fault(name, "server", "down")
            check("refused" in rig.ssh(name, "true", check=False).stderr, f"{name}: no server")
            rig.fault(name, "server", "up")
            rig.wait(name)
            detach(rig, name)
            stays = session(rig, name, "sleep 900")
            rig.fault(name, "reset")
            equal(end_of(stays, f"{name}: reset"), 255, f"{name}: a session after reset")
            check(runs(rig, name), f"{name}: what was detached outlives a reset")
            rig.fault(name, "serverkill")
            rig.wait(name)
            check(runs(rig, name), f"{name}: what was detached outlives the server")
            stays = session(rig, name, "sleep 900")
            rig.fault(name, "killsession")
            equal(end_of(stays, f"{name}: killsession"), 255, f"{name}: a session that was killed")
            check(not runs(rig, name), f"{name}: killsession ends what was detached")
            equal(ssh(rig, name, "echo back"), "back", f"{name}: the server outlives killsession")
            rig.fault(name, "hostkey")
            check(
                "IDENTIFICATION HAS CHANGED" in rig.ssh(name, "true", check=False).stderr, f"{name}: another host key"
            )
            rig.fault(name, "hostkey", "back")
            equal(ssh(rig, name, "echo back"), "back", f"{name}: the first host key")


def power():
    """A power cut: another boot id, an empty /tmp, clocks that begin again, the same home and time of day."""
    with new_rig() as rig:
        rig.up("laptop:laptop", "pi:pi,home=16MiB", "phone:phone")
        for name in rig.devices():
            home = rig.record(name)["home"]
            before = stamp(rig, name)
            rig.sh(name, f"echo kept >{home}/kept; [ ! -d /tmp ] || touch /tmp/lost; sleep 900 >/dev/null 2>&1 &")
            stays = session(rig, name, "sleep 900") if name != "phone" else None
            rig.fault(name, "reboot", "0.2")
            check(stamp(rig, name) != before, f"{name}: another boot id")
            equal(
                rig.sh(name, f"cat {home}/kept; ls /tmp 2>/dev/null; true").stdout.split(),
                ["kept"],
                f"{name}: what is left",
            )
            uptime = float(rig.sh(name, "cat /proc/uptime").stdout.split()[0])
            check(60 <= uptime < 160, f"{name}: uptime begins again", uptime)
            off = abs(int(rig.sh(name, "date +%s").stdout) - time.time())
            check(off < 60, f"{name}: the time of day goes on", off)
            if stays:
                # The dead device said nothing; the new one answers the old connection with a reset.
                check(stays.poll() is None or stays.poll() == 255, f"{name}: the old session")
                stays.kill()
                stays.wait()
        rig.adb_connect(rig.record("phone")["serial"])
        equal(rig.adb("phone", "shell", "id -un").stdout.strip(), "shell", "the phone after its boot")
        rig.fault("phone", "serverkill")
        rig.adb_connect(rig.record("phone")["serial"])
        equal(rig.adb("phone", "shell", "id -un").stdout.strip(), "shell", "the phone after adbd's end")


def resources():
    with new_rig() as rig:
        rig.up("small:laptop,mem=256MiB,home=16MiB", "tiny:bare,home=4MiB")
        check("262144 kB" in ssh(rig, "small", "grep MemTotal /proc/meminfo"), "MemTotal is the limit")
        eats = rig.ssh("small", "python3 -c 'x = bytearray(400 << 20)'", check=False)
        check(eats.returncode in KILLED, "beyond the limit is the end", eats)
        stays = session(
            rig,
            "small",
            "python3 -c 'import time; x = bytearray(b\"x\" * (60 << 20)); print(1, flush=True); time.sleep(900)'",
        )
        equal(stays.stdout.readline().strip(), "1", "a process with 60 MiB")
        rig.fault("small", "oom")
        check(end_of(stays, "oom") in KILLED, "the largest process was killed")
        for name in ("small", "tiny"):
            rig.fault(name, "fill")
            full = rig.ssh(name, "echo more >more && cat more", check=False)
            check(full.returncode != 0 and "more" not in full.stdout, f"{name}: the disk is full", full)
            rig.fault(name, "unfill")
            equal(ssh(rig, name, "echo more >more && cat more"), "more", f"{name}: there is space again")
            rig.fault(name, "fill", "1MiB")
            left = int(rig.sh(name, f"df -k {rig.record(name)['home']} | tail -n 1").stdout.split()[3])
            check(900 <= left <= 1024, f"{name}: a MiB is left", left)


def governors():
    policy = "/sys/devices/system/cpu/cpufreq/policy0"
    with new_rig() as rig:
        rig.up("pi:pi", "laptop:laptop")
        equal(
            ssh(rig, "pi", f"echo performance >{policy}/scaling_governor && cat {policy}/scaling_governor"),
            "performance",
            "pi",
        )
        denied = rig.ssh("laptop", f"echo performance >{policy}/scaling_governor", check=False)
        check("Permission denied" in denied.stderr, "the laptop's governor is root's", denied)
        rig.fault("pi", "governor", "ondemand")
        equal(ssh(rig, "pi", f"cat {policy}/scaling_governor"), "ondemand", "somebody sets the governor")
        rig.fault("pi", "governor", "deny")
        check(rig.ssh("pi", f"echo performance >{policy}/scaling_governor", check=False).returncode != 0, "denied")
        rig.fault("pi", "heat", "60000", "85000", "5000", "10")
        read = ssh(rig, "pi", f"cat /sys/class/thermal/thermal_zone0/temp {policy}/scaling_max_freq")
        equal(read.split(), ["85000", "1440000"], "a hot device is a slower one")
        empty = []
        ends = threading.Event()

        def reader():
            zone = rig.machine("pi").store / "fake/devices/virtual/thermal/thermal_zone0/temp"
            while not ends.is_set():
                if not zone.read_text(encoding="ascii").strip():
                    empty.append(1)

        thread = threading.Thread(target=reader)
        thread.start()
        rig.fault("pi", "heat", "60000", "62000", "10", "0")
        ends.set()
        thread.join()
        equal(len(empty), 0, "no reader meets an empty file")


def bad_link():
    with new_rig() as rig:
        rig.up("far:pi,delay=60ms,loss=1%", "slow:pi,rate=2mbit")
        start = time.monotonic()
        equal(ssh(rig, "far", "echo there"), "there", "a far device")
        # Greeting, keys, login and command are more than six round trips.
        check(time.monotonic() - start > 6 * 0.06, "a far device takes its time", time.monotonic() - start)
        start = time.monotonic()
        equal(len(ssh(rig, "slow", "head -c 200000 /dev/zero | tr '\\0' x")), 200000, "a slow device")
        check(time.monotonic() - start > 0.8, "200 kB at 2 Mbit/s", time.monotonic() - start)
        rig.fault("far", "netem", "loss=100%")
        check(refused(rig, "far"), "all is lost")
        rig.fault("far", "netem", "loss=0%,delay=0ms")
        equal(ssh(rig, "far", "echo there"), "there", "a near device")


# ---- other architectures


def fetched_or_skip(fetch):
    try:
        fetch()
    except RigError as error:
        skip(f"packages cannot be fetched here: {error}")


def armv7():
    fetched_or_skip(fetched.armhf)
    with new_rig() as rig:
        try:
            rig.up("pi:pi32")
        except RigError as error:
            if "binfmt_misc" in str(error):
                skip("no binfmt_misc in user namespaces: Linux 6.7 has it")
            raise
        equal(ssh(rig, "pi", "uname -m; id -un").split(), ["armv7l", "bench"], "uname")
        check("CPU implementer" in ssh(rig, "pi", "cat /proc/cpuinfo"), "its processor is an ARM")
        equal(rig.sh("pi", "uname -m; id -u").stdout.split(), ["armv7l", "0"], "the back door")
        before = stamp(rig, "pi")
        detach(rig, "pi")
        rig.fault("pi", "killsession")
        check(not runs(rig, "pi"), "killsession")
        rig.fault("pi", "reboot")
        check(stamp(rig, "pi") != before, "another boot id")
        equal(ssh(rig, "pi", "uname -m"), "armv7l", "after the boot")


def arm64():
    fetched_or_skip(fetched.arm64)
    with new_rig() as rig:
        start = time.monotonic()
        rig.up("pi:pi64,home=64MiB")
        print(f"an arm64 guest in {time.monotonic() - start:.1f} s")
        equal(ssh(rig, "pi", "uname -m; id -un; hostname").split(), ["aarch64", "bench", "pi"], "uname")
        check("some avg10" in ssh(rig, "pi", "cat /proc/pressure/cpu"), "pressure is told")
        check(abs(int(ssh(rig, "pi", "date +%s")) - time.time()) < 60, "its clock is right")
        loader = "/lib/ld-linux-aarch64.so.1"
        equal(ssh(rig, "pi", f"[ -x {loader} ] && echo there"), "there", "Debian's libc")
        before = stamp(rig, "pi")
        ssh(rig, "pi", "echo kept >kept; sync")
        stays = session(rig, "pi", "sleep 900")
        rig.fault("pi", "reset")
        equal(end_of(stays, "reset"), 255, "a session after reset")
        stays = session(rig, "pi", "sleep 900")
        rig.fault("pi", "killsession")
        equal(end_of(stays, "killsession"), 255, "a session that was killed")
        rig.fault("pi", "clock", "3600")
        ahead = int(ssh(rig, "pi", "date +%s")) - time.time()
        check(3500 < ahead < 3700, "the clock is an hour ahead", ahead)
        rig.fault("pi", "fill")
        check(rig.ssh("pi", "echo more >more && cat more", check=False).stdout == "", "the disk is full")
        rig.fault("pi", "unfill")
        equal(ssh(rig, "pi", "echo more >more && cat more"), "more", "there is space again")
        for broken, mended in ((("link", "down"), ("link", "up")), (("hang",), ("unhang",))):
            rig.fault("pi", *broken)
            check(refused(rig, "pi"), f"no answer after {broken}")
            rig.fault("pi", *mended)
            equal(ssh(rig, "pi", "echo back"), "back", f"an answer after {mended}")
        rig.fault("pi", "hostkey")
        check("IDENTIFICATION HAS CHANGED" in rig.ssh("pi", "true", check=False).stderr, "another host key")
        rig.fault("pi", "hostkey", "back")
        stays = session(rig, "pi", "dd if=/dev/zero bs=200M count=1 2>/dev/null | sleep 900")
        rig.fault("pi", "reboot")
        stays.kill()
        stays.wait()
        check(stamp(rig, "pi") != before, "another boot id")
        equal(ssh(rig, "pi", "cat kept"), "kept", "the home is kept")


def arm64_bare():
    fetched_or_skip(fetched.arm64)
    with new_rig() as rig:
        rig.up("pi:pi64,libc=none,mem=256MiB,cpus=1")
        equal(ssh(rig, "pi", "uname -m; ls -d /lib* 2>/dev/null; true"), "aarch64", "no libc but dropbear's own")
        check(int(ssh(rig, "pi", "grep MemTotal /proc/meminfo").split()[1]) < 256 << 10, "its memory")


TESTS = {
    "machines": (kinds, many, side_by_side, after_a_crash, wrong_words),
    "faults": (link_and_server, power, resources, governors, bad_link),
    "arm": (armv7, arm64, arm64_bare),
}

if __name__ == "__main__":
    need_root()
    run_all(TESTS[sys.argv[1]], sys.argv[2:])
