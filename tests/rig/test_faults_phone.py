# SPDX-License-Identifier: Apache-2.0
"""A phone's adbd ends with all that it started, the adb server of the controller's machine ends, the link of a push fails:
the campaign is whole."""

import sys

from checks import check, equal, need_root, run_all, skip
from faulty import MIB, TRIES, on_rig, quarantined
from fleet import ended
from test_campaign import pack

LONG = 14  # blocks: ten seconds at least, so that a fault comes in the middle of them on a slow machine too


def need_pack():
    if pack("linux-x86_64") is None or not (pack("linux-x86_64") / "libc").is_dir():
        skip("this build's pack has no libc of its own")


def phone_test(*options):
    """A test with one phone."""

    def decorate(function):
        inner = on_rig(f"phone:phone{''.join(',' + option for option in options)}")(function)

        def test():
            need_pack()
            inner()

        test.__name__, test.__doc__ = function.__name__, function.__doc__
        return test

    return decorate


@phone_test()
def adbd_killed(fleet, phone):
    """Its jobs end with it; what is missing is started again."""
    fleet.suite("adbd.json", LONG)
    running = fleet.begin("adbd", "-d", phone.name, "adbd.json")
    with ended(running):
        running.wait_blocks(phone.name, 2)
        with phone.held():
            phone.fault("serverkill")
        running.end((0, 3), "the runner was killed after")
    fleet.whole("adbd", phone.name)
    equal(len(fleet.jobs("adbd", phone.name)), 2, "two jobs")
    phone.nothing_left()
    equal(quarantined(fleet), [], "nobody is in quarantine")


@phone_test()
def server_killed(fleet, phone):
    """It is started again; the job on the phone is the same one."""
    fleet.suite("server.json", LONG)
    running = fleet.begin("server", "-d", phone.name, "server.json")
    with ended(running):
        running.wait_blocks(phone.name, 2)
        fleet.rig.ctl(["adb", "kill-server"])
        running.end((0, 3))
    fleet.whole("server", phone.name)
    equal(len(fleet.jobs("server", phone.name)), 1, "one job")
    phone.nothing_left()
    equal(quarantined(fleet), [], "nobody is in quarantine")


@phone_test("rate=16mbit")
def push_broken(fleet, phone):
    """adb cannot go on in the middle of a file: it is pushed anew."""
    digest = fleet.big_suite("push", 16)
    running = fleet.begin("push", "-d", phone.name, "push.json")
    with ended(running):
        running.wait_for("half of the model", lambda: phone.staged(digest) > 8 * MIB)
        with phone.held(sessions=True):
            phone.fault("link", "down")
        running.wait_said(TRIES)
        phone.fault("link", "up")
        running.end((0, 3), "reached again")
    equal(phone.digest_of(digest), digest, "the model on the phone")
    fleet.whole("push", phone.name)
    equal(len(fleet.jobs("push", phone.name)), 1, "one job")
    phone.nothing_left()
    check(not quarantined(fleet), "nobody is in quarantine", quarantined(fleet))


TESTS = (adbd_killed, server_killed, push_broken)

if __name__ == "__main__":
    need_root()
    run_all(TESTS, sys.argv[1:])
