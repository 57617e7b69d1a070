# SPDX-License-Identifier: Apache-2.0
"""What the tests on the rig share: checks that go on, a rig of the test's own, what must be gone afterwards."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from devicerig import Rig, RigError  # noqa: E402
from devicerig import cgroup, process  # noqa: E402
from devicerig.machine import directory_id  # noqa: E402

SKIPPED = 77
failures = 0


def check(holds, what, *details):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what, flush=True)
        for detail in details:
            print("    " + str(detail)[-3000:].replace("\n", "\n    "), flush=True)
    return bool(holds)


def equal(got, expected, what):
    return check(got == expected, what, f"expected {expected!r}", f"     got {got!r}")


class Skipped(Exception):
    pass


def skip(reason):
    """Ends this test; the others go on."""
    raise Skipped(reason)


def need_root():
    if os.geteuid() != 0:
        print("SKIP: devices in namespaces need root")
        sys.exit(SKIPPED)


@contextlib.contextmanager
def new_rig():
    """A rig in a folder of its own, which must leave nothing behind."""
    base = pathlib.Path(tempfile.mkdtemp(prefix="edgedyno-rig-"))
    rig = Rig(base / "rig")
    try:
        yield rig
    finally:
        inside = processes_of_devices(rig)
        rig.down()
        check_nothing_left(rig, inside)
        shutil.rmtree(base, ignore_errors=True)


def processes_of_devices(rig):
    """(pid, start time) of everything in the devices' process namespaces."""
    found = set()
    for record in rig.devices().values():
        if "pid" not in record:
            continue
        spaces = {process.namespace(pid, "pid") for pid in descendants(record["pid"])}
        spaces -= {process.namespace(os.getpid(), "pid"), None}
        for space in spaces:
            found |= {(pid, start_time(pid)) for pid in process.of_namespace("pid", space)}
    return found


def descendants(pid):
    found, new = {pid}, [pid]
    while new:
        new = [child for parent in new for child in process.children(parent)]
        found |= set(new)
    return found


def start_time(pid):
    fields = process.stat_fields(pid)
    return fields[19] if fields else None


def check_nothing_left(rig, inside):
    directory = str(rig.directory)
    equal(process.marked(rig.directory), [], "no process of the rig is left")
    left = [pid for pid, start in inside if start is not None and start_time(pid) == start and process.alive(pid)]
    equal(left, [], "no process of a device is left")
    mounts = pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    check(directory not in mounts, "no mount is left", mounts)
    if os.geteuid() == 0:
        equal(cgroup.groups(f"edrig-{directory_id(directory)}"), [], "no control group is left")
    check(not rig.directory.exists(), "the rig's folder is gone", directory)


def session(rig, name, command):
    """An SSH session that stays, once its command has said something."""
    started = rig.ctl_start(
        ["ssh", "-F", rig.home / ".ssh/config", name, f"echo started; {command}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    equal(started.stdout.readline().strip(), "started", f"{name}: a session")
    return started


def end_of(started, what, seconds=60):
    try:
        return started.wait(seconds)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()
        check(False, f"{what}: no end within {seconds} s")
        return None


def within(seconds, condition):
    """Until the condition holds. One that is dear is asked less often: what it watches needs the processor as well."""
    limit = time.monotonic() + seconds
    asked = time.monotonic()
    while not (value := condition()) and (now := time.monotonic()) < limit:
        time.sleep(max(0.02, min(0.5, 2 * (now - asked))))
        asked = time.monotonic()
    return value


def total():
    """Failures of this file's checks and of those that tests/campaign has."""
    other = sys.modules.get("campaign")
    return failures + (other.failures if other else 0)


def run_all(tests, chosen):
    """Runs functions by name; exit status 1 where a check failed, 77 where every test was skipped."""
    ran = skipped = 0
    for test in tests:
        if chosen and test.__name__ not in chosen:
            continue
        start = time.monotonic()
        before = total()
        ran += 1
        try:
            test()
        except Skipped as reason:
            skipped += 1
            print(f"{test.__name__}: SKIP: {reason}", flush=True)
            continue
        except (RigError, AssertionError, OSError, subprocess.SubprocessError) as error:
            check(False, f"{test.__name__}: {error}", traceback.format_exc())
        print(
            f"{test.__name__}: {'fine' if total() == before else 'FAILED'} ({time.monotonic() - start:.1f} s)",
            flush=True,
        )
    if not ran:
        print(f"no test of {[test.__name__ for test in tests]} was chosen")
        sys.exit(2)
    sys.exit(1 if total() else SKIPPED if skipped == ran else 0)
