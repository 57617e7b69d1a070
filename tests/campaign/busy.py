# SPDX-License-Identifier: Apache-2.0
"""Who comes second: to a campaign that another edgedyno works on, and to a device that measures for another campaign."""

import json

from campaign import SETTLED, Device, Room, check, check_whole, finish, wait_for


def main():
    with Room() as room:
        room.script(
            "m.json",
            run={"ns": 400_000},
            warmup=SETTLED,
            inputs=[{"name": "x", "shape": [4]}],
            outputs=[{"name": "y", "shape": [2]}],
        )
        room.suite("suite.json", {"m": {"a": "m.json"}}, blocks=6)
        # Long enough to be still there when four other commands have come and gone on a slow machine.
        room.suite("long.json", {"m": {"a": "m.json"}}, blocks=24)
        first = room.start("run", "long.json", "--out", "first")
        wait_for(lambda: Device(room.path / "first").n_done() or first.poll() is not None, "a block")
        journal = Device(room.path / "first").journal_path
        room.run("run", "--resume", "first").expect(4, "another edgedyno works on this campaign")
        room.run("run", "suite.json", "--out", "first").expect(2, "holds a campaign already")
        room.run("report", "first").expect(0, "blocks are missing")
        # The second campaign waits for nobody and disturbs nobody; it is told which campaign holds the device.
        ended = room.run("run", "suite.json", "--out", "second")
        holder = json.loads((room.path / "first" / "campaign.json").read_text())["id"]
        ended.expect(4, "holds the device", holder)
        room.run("run", "suite.json").expect(4, "holds the device", holder)
        stayed = list((room.path / "runs").glob("*"))
        check(not stayed, "nothing stays of a campaign that never began in a directory of its own", stayed)
        check(first.poll() is None, "the first still runs when the second has been refused", first.poll())
        check(len(room.supervisors()) == 1, "one runner", room.supervisors())
        room.end(first).expect(0)
        check_whole(room.path / "first", "the first")
        check(
            journal.exists() and all(b["outcome"] == "ok" for b in Device(room.path / "first").blocks()),
            "nobody disturbed the first",
        )
        if check((room.path / "second" / "campaign.json").exists(), "the second campaign can be resumed"):
            room.run("run", "--resume", "second").expect(0)
            check_whole(room.path / "second", "the second")
        check(
            not list((room.work / "jobs").iterdir()),
            "no job's directory stays",
            list((room.work / "jobs").iterdir()),
        )
    finish("busy")


main()
