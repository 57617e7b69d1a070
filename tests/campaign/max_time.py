# SPDX-License-Identifier: Apache-2.0
"""--max-time bounds a campaign and is fair to its cases; --dry-run shows a plan and leaves no trace."""

from campaign import SETTLED, Device, Room, check, check_whole, finish

LIMIT_S = 5


def listing(room):
    return sorted(
        (str(path.relative_to(room.path)), path.stat().st_mtime_ns if path.is_file() else 0)
        for path in room.path.rglob("*")
    )


def dry_run(room):
    """Nothing is made, touched or run. Asking a device what it is makes its empty work directory and remembers the runner's digest; no more."""
    before = listing(room)
    planned = room.run("run", "suite.json", "--dry-run").expect(0)
    check("device local: 3 cases" in planned.out and "m/c" in planned.out, "the plan is printed", planned.out)
    check("129 blocks" in planned.out, "it counts the blocks: 3 cases x (40 timing + 3 cold)", planned.out)
    limited = room.run("run", "suite.json", "--dry-run", "--max-time", f"{LIMIT_S} s").expect(0)
    check("--max-time" in limited.out, "it says that the limit is shorter than the plan", limited.out)
    after = listing(room)
    asking = {
        "cache",
        "cache/edgedyno",
        "cache/edgedyno/digests.jsonl",
        "state",
        "state/edgedyno",
        "state/edgedyno/work",
    }
    traces = [entry for entry in after if entry not in before and entry[0] not in asking]
    check(not traces and len(after) >= len(before), "--dry-run leaves traces", traces)
    room.run("run", "suite.json", "--dry-run", "--out", "campaign").expect(2, "--dry-run")


def main():
    with Room() as room:
        for name in "abc":
            room.script(
                f"{name}.json",
                run={"ns": 400_000},
                warmup=SETTLED,
                inputs=[{"name": "x", "shape": [4]}],
                outputs=[{"name": "y", "shape": [2]}],
            )
        room.suite("suite.json", {"m": {name: f"{name}.json" for name in "abc"}}, blocks=40)
        dry_run(room)
        ended = room.run(
            "run", "suite.json", "--max-time", f"{LIMIT_S} s", "--out", "campaign", "--format", "json"
        )
        ended.expect(0, "time limit", "blocks are missing", "--resume")
        # No block starts later than the limit; one that started before it takes less than a second.
        check(ended.seconds < 2 * LIMIT_S + 10, f"--max-time {LIMIT_S} s took {ended.seconds:.1f} s")
        device = Device(room.path / "campaign")
        blocks, jobs = device.blocks(), [line for line in device.lines() if line["type"] == "job"]
        check(0 < len(blocks) < 129, "some blocks ran and some did not", len(blocks))
        late = [
            b["block"]
            for b in blocks
            if b["started"]["monotonic_ns"] - jobs[0]["started"]["monotonic_ns"] > LIMIT_S * 1e9
        ]
        check(not late, "blocks started after the limit", late)
        counts = {
            f"c{i}": sum(b["case"] == f"c{i}" and b["pass"] == "timing" for b in blocks) for i in range(3)
        }
        check(
            max(counts.values()) - min(counts.values()) <= 1,
            "the cases have nearly the same number of blocks",
            counts,
        )
        for record in ended.json()["records"]:
            check(
                record["blocks"] in counts.values(),
                "a record counts the blocks that ran",
                record["case"],
                record["blocks"],
            )
        # Each resume has the limit's time again.
        done = len(blocks)
        room.run("run", "--resume", "campaign").expect(0, "time limit")
        check(len(device.blocks()) > done, "a resume goes on", done, len(device.blocks()))
        ids = [b["block"] for b in device.blocks()]
        check(len(ids) == len(set(ids)), "no block ran twice")
        # Without a limit that is reached, all is run.
        room.run("run", "suite.json", "-r", "1", "--max-time", "10 min", "--out", "enough").expect(0)
        check_whole(room.path / "enough", "within the limit")
    finish("max_time")


main()
