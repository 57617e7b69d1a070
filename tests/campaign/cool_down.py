# SPDX-License-Identifier: Apache-2.0
"""Waiting for a device to cool down, with scripted temperatures through real files and the real runner: it cools, it never does, its sensor vanishes, it has none."""

import contextlib
import json
import pathlib
import signal
import threading
import time

from campaign import SETTLED, Device, Room, check, finish, wait_for

MS = 1_000_000
BLOCK = {"min_time": "200 ms", "max_time": "1 s", "min_inferences": 5}
ZONE = "sys/class/thermal/thermal_zone0/"
START = 45_000


class Machine(threading.Thread):
    """One zone. `after`: seconds since the last worker ended, and how many have -> its temperature; None: the file is empty."""

    def __init__(self, room, after, name="cpu-thermal"):
        super().__init__(daemon=True)
        self.room, self.after = room, after
        self.root = room.path / "root"
        self.ending = threading.Event()
        zone = self.root / ZONE
        zone.mkdir(parents=True)
        (zone / "type").write_text(name + "\n")
        (zone / "temp").write_text(f"{START}\n")
        self.temp = zone / "temp"
        room.environment["EDGEDYNO_PROBE_ROOT"] = str(self.root)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        self.ending.set()
        self.join()

    def loaded(self):
        # Beside workers there are other children for moments, before the first block.
        with contextlib.suppress(OSError):
            return any(b"worker" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in self.room.children_of_supervisor())
        return False

    def run(self):
        was, ended, since = False, 0, time.monotonic()
        while not self.ending.wait(0.002):
            now = self.loaded()
            # Hot from before the worker is seen to be gone: the runner reads right behind it.
            if now and not was:
                ended, since = ended + 1, 0
            elif was and not now:
                since = time.monotonic()
            was = now
            value = START if not ended else self.after(time.monotonic() - since if since else 0, ended)
            text = "" if value is None else f"{value:06d}\n"
            with open(self.temp, "r+") as file:
                file.write(text)
                file.truncate()


def measure(room, blocks, code, *words, **keys):
    room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS})
    room.suite("suite.json", {"m": {"v": "m.json"}}, blocks=blocks, block=BLOCK, **keys)
    ended = room.run("run", "suite.json", "--out", "runs/one", "--format", "json", *words).expect(code)
    return ended.json()["records"][0], done(room)


def done(room):
    """Timing and cold blocks, in the order in which they ran: one of each a round."""
    return Device(room.path / "runs/one").blocks()


def codes(record, word):
    return sorted((r["key"], r["code"]) for r in record["reasons"] if word in r["code"])


MEMORY = ["memory_after_load_bytes <= 1 GiB"]
REQUIRE = ["latency_p50_ns <= 1 s", *MEMORY]


def cools():
    """By 5 C a second from 60 C; the second block waits, and for as long as it takes to be sure."""
    with Room() as room, Machine(room, lambda s, n: max(START + 400, 60_000 - int(5000 * s))):
        record, blocks = measure(room, 1, 0, require=MEMORY)
        first, second = (b["cool_down"] for b in blocks)
        check(first["end"] == "cooled" and first["waited_ns"] < 1e9, "the first does not wait", first)
        check(first["channel"] == "thermal.cpu-thermal" and first["start_mc"] == START, "by which channel", first)
        check(second["end"] == "cooled" and second["cooled"], "the second cools", second)
        check(second["start_mc"] == START and second["now_mc"] <= START + 1000, "to the start", second)
        # 14 degrees take 2.8 s; and of 10 s the slope has to be known.
        check(10e9 <= second["waited_ns"] <= 60e9, "for how long", second)
        check(blocks[1]["context"]["before"]["thermal.cpu-thermal"] <= START + 1000, "and is cool then", blocks[1])
        check(codes(record, "not_cooled") == [], "so nothing is void", record["reasons"])
        check(record["temperature_start_mc"] <= START + 1000, "where it began", record["temperature_start_mc"])


def never():
    with Room() as room, Machine(room, lambda s, n: 60_000):
        record, blocks = measure(room, 2, 5, require=REQUIRE, cool_down="3 s")
        ends = [b["cool_down"] for b in blocks]
        check([e["end"] for e in ends] == ["cooled", "timeout", "flat", "flat"], "how the waits ended", ends)
        check(3e9 <= ends[1]["waited_ns"] < 30e9 and ends[1]["timeout_ns"] == 3_000_000_000, "as long as it may", ends[1])
        check(ends[2]["waited_ns"] < 1e9, "and not again in vain", ends[2])
        check([e["cooled"] for e in ends] == [True, False, False, False], "what was cool", ends)
        void = [("heat", "invalid_not_cooled"), ("latency", "invalid_not_cooled")]
        check(codes(record, "not_cooled") == void, "what is void", record["reasons"])
        check(record["verdict"] == "invalid", "the verdict", record["verdict"])
        memory = [r["code"] for r in record["reasons"] if r["key"] == "memory_after_load_bytes"]
        check(memory == ["requirement_pass"], "memory is judged as ever", memory)
    # Who does not want to wait does not, and nothing is said.
    with Room() as room, Machine(room, lambda s, n: 60_000):
        record, blocks = measure(room, 1, 0, require=MEMORY, cool_down="0 s")
        check(not any("cool_down" in b for b in blocks), "no wait", blocks)
        check(codes(record, "not_cooled") == [], "and no reason", record["reasons"])


def vanishes():
    with Room() as room, Machine(room, lambda s, n: None):
        record, blocks = measure(room, 1, 0, require=MEMORY)
        check("cooled" in blocks[0]["cool_down"], "told at first", blocks[0]["cool_down"])
        lost = blocks[1]["cool_down"]
        check(lost["end"] == "sensor_lost" and "cooled" not in lost, "then lost", lost)
        check(lost["waited_ns"] < 30e9, "which is soon seen", lost)
        check(("heat", "invalid_sensor_lost") in codes(record, "sensor_lost"), "and said", record["reasons"])
        check(codes(record, "not_cooled") == [], "nothing is known of its heat", record["reasons"])


def none():
    """A battery's sensor does not speak for the processor."""
    for name in ("battery", None):
        with Room() as room, Machine(room, lambda s, n: 60_000, name or "x") as machine:
            if not name:
                machine.ending.set()
                machine.join()
                for file in (machine.root / ZONE).iterdir():
                    file.unlink()
            record, blocks = measure(room, 1, 0, require=MEMORY)
            check(not any("cool_down" in b for b in blocks), f"nothing to wait by: {name}", blocks[0].get("cool_down"))
            check(codes(record, "not_cooled") == [], "and no reason", record["reasons"])


def waiting(room):
    """What the runner says of itself while it waits."""
    for path in room.work.glob("jobs/*/state.json"):
        with contextlib.suppress(OSError, ValueError):
            state = json.loads(path.read_text())
            if "cooling_ns" in state:
                return state
    return None


def stops():
    """Ctrl-C while it waits ends at once; a resume cools to the campaign's start, not to its own."""
    with Room() as room, Machine(room, lambda s, n: 60_000):
        room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS})
        room.suite("suite.json", {"m": {"v": "m.json"}}, blocks=1, block=BLOCK, cool_down="4 min")
        running = room.start("run", "suite.json", "--out", "runs/one", "--format", "json")
        state = wait_for(lambda: waiting(room), "the wait before the second block")
        check(0 < state["cooling_ns"] <= 240e9, "how long at most", state)
        check(state["cooling_limit_mc"] == START + 1000 and state["cooling_now_mc"] == 60_000, "from where to where", state)
        since = time.monotonic()
        running.send_signal(signal.SIGINT)
        room.end(running).expect(130)
        check(time.monotonic() - since < 60, "Ctrl-C ends the wait")
        check(len(done(room)) == 1, "the block that waited was not run", len(done(room)))
        job = json.loads((room.path / "runs/one/devices/local/job.json").read_text())
        check("start_mc" not in job["cool_down"], "the plan knows no temperature", job["cool_down"])
        job["cool_down"]["timeout_ns"] = 1_000_000_000
        (room.path / "runs/one/devices/local/job.json").write_text(json.dumps(job))
        room.run("run", "--resume", "runs/one").expect(0)
        blocks = done(room)
        ends = [b["cool_down"] for b in blocks]
        check(len(ends) == 2 and ends[1]["start_mc"] == START, "the start is the campaign's", ends)
        check(ends[-1]["end"] == "timeout" and not ends[-1]["cooled"], "which it did not reach", ends)


def lease(room):
    try:
        return json.loads((room.work / "lease.json").read_text())["expires_boot_ns"]
    except (OSError, ValueError):
        return 0


def abandoned():
    """Whose controller has died while it waits: the lease ends as much later as the wait took, and not more."""
    with Room() as room, Machine(room, lambda s, n: max(START + 400, 60_000 - int(5000 * s))):
        room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS})
        room.suite("suite.json", {"m": {"v": "m.json"}}, blocks=1, block=BLOCK, cool_down="60 s")
        running = room.start("run", "suite.json", "--out", "runs/one")
        wait_for(lambda: waiting(room), "the wait before the second block")
        running.kill()
        running.communicate()
        # A question that it had asked is answered all the same; nobody asks any more.
        wait_for(lambda: len(room.children_of_room()) <= 1, "the end of the short commands")
        before = lease(room)
        journal = next(iter(room.work.glob("jobs/*/journal.jsonl")))
        lines = wait_for(lambda: (found := journal.read_text().splitlines()) and '"type":"end"' in found[-1] and found, "the end")
        waits = [json.loads(line)["cool_down"]["waited_ns"] for line in lines if '"cool_down"' in line]
        check(len(waits) == 2 and waits[1] > 5e9, "the second block waited", waits)
        check(lease(room) - before == waits[1], "the lease lasts as much longer", lease(room) - before, waits)


def progress():
    """People see that it cools, and for how long at most."""
    import os
    import pty

    with Room() as room, Machine(room, lambda s, n: 60_000):
        room.script("m.json", warmup=SETTLED, run={"ns": 5 * MS})
        room.suite("suite.json", {"m": {"v": "m.json"}}, blocks=1, block=BLOCK, cool_down="8 s")
        master, slave = pty.openpty()
        room.environment["COLUMNS"] = "200"
        running = room.start("run", "suite.json", "--out", "runs/one", stderr=slave)
        os.close(slave)
        told = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(master, 65536):
                told += chunk
        running.communicate()
        os.close(master)
        check(b"cooling down, 60.0 C to 46.0 C, at most" in told, "the progress says so", told[-2000:].decode(errors="replace"))


cools()
never()
vanishes()
none()
stops()
abandoned()
progress()
finish("cool_down")
