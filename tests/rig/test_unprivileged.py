# SPDX-License-Identifier: Apache-2.0
"""The kind of device that needs no root: an sshd of the caller's own on a loopback port."""

import os
import sys

from checks import RigError, check, end_of, equal, new_rig, run_all, session, skip
from checks import pathlib


def loopback():
    if not os.path.exists("/usr/sbin/sshd"):
        skip("no sshd: install openssh-server")
    with new_rig() as rig:
        rig.up("me:sshd", "other:sshd")
        mine = pathlib.Path(rig.record("me")["home"])
        equal(rig.ssh("me", "echo $HOME").stdout.strip(), str(mine), "a home of its own")
        equal(
            rig.ssh("me", "echo $XDG_STATE_HOME").stdout.strip(), str(mine / ".local/state"), "state folders of its own"
        )
        stays = session(rig, "me", "sleep 900")
        detached = int(rig.ssh("me", "setsid sleep 900 >/dev/null 2>&1 </dev/null & echo $!").stdout)
        rig.fault("me", "killsession")
        equal(end_of(stays, "killsession"), 255, "a session that was killed")
        check(not os.path.exists(f"/proc/{detached}/fd/0"), "and what it had left running")
        equal(rig.ssh("other", "echo there").stdout.strip(), "there", "the other device is not concerned")
        rig.fault("me", "server", "down")
        check("refused" in rig.ssh("me", "true", check=False).stderr, "no server")
        rig.fault("me", "server", "up")
        rig.wait("me")
        rig.fault("me", "hostkey")
        rig.wait("me")
        check("IDENTIFICATION HAS CHANGED" in rig.ssh("me", "true", check=False).stderr, "another host key")
        rig.fault("me", "hostkey", "back")
        rig.wait("me")
        equal(rig.ssh("me", "echo back").stdout.strip(), "back", "the first host key")
        detached = int(rig.ssh("me", "setsid sleep 900 >/dev/null 2>&1 </dev/null & echo $!").stdout)
        rig.down()
        check(not os.path.exists(f"/proc/{detached}/fd/0"), "down ends what a session left running")


def namespaces_need_root():
    if os.geteuid() == 0:
        return
    with new_rig() as rig:
        try:
            rig.up("pi:pi")
            check(False, "an error was expected")
        except RigError as error:
            check("need root" in str(error), "what to do without root", error)


if __name__ == "__main__":
    run_all((loopback, namespaces_need_root), sys.argv[1:])
