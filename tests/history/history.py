# SPDX-License-Identifier: Apache-2.0
"""Campaigns over time through the real program. `history.py sqlite|postgresql`.

Two campaigns are measured; the others are copies of one with another id, start, label and scaled samples, so that the figures are
known: what the store gives back is held against the report of the directory.
"""

import csv
import io
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "campaign"))
from campaign import SETTLED, Room, check, finish  # noqa: E402
from odd import freeze  # noqa: E402
from server import PASSWORD, Server, programs  # noqa: E402

NASTY = "=cmd()'\"<script>`x`"
KEY = "latency_p50_ns"


def measure(room):
    """A campaign of two cases, on a machine that tells of throttling alone."""
    room.quiet()
    told = room.path / "quiet/sys/devices/platform/soc/soc:firmware/get_throttled"
    told.parent.mkdir(parents=True)
    told.write_text("0\n")
    room.script("m.json", run={"ns": 400_000}, warmup=SETTLED)
    room.suite("suite.json", {"m": {"v": "m.json"}, "n": {"w": "m.json"}}, blocks=6, label={"commit": "c0"},
               require=["latency_p50_ns <= 10 s"])  # fmt: skip
    room.run("run", "suite.json", "--out", "whole").expect(0)


def copy(room, name, number, label, scale=1.0, blocks=None):
    """Another campaign, `scale` times as slow, started `number` minutes later; `blocks` cuts its journal."""
    target = room.path / name
    shutil.copytree(room.path / "whole", target)
    frozen = json.loads((target / "campaign.json").read_text())
    frozen["id"] = f"20261101T0000{number:02d}Z-{number:06x}"
    frozen["started"] = f"2026-11-01T00:{number:02d}:00Z"
    frozen["label"] = label
    freeze(target / "campaign.json", frozen)
    device = target / "devices" / "local"
    samples = memoryview(bytearray((device / "samples.bin").read_bytes())).cast("q")
    for i, value in enumerate(samples):
        samples[i] = int(value * scale)
    (device / "samples.bin").write_bytes(samples.tobytes())
    if blocks is not None:
        lines = (device / "journal.jsonl").read_bytes().splitlines(keepends=True)
        ends = [i for i, line in enumerate(lines) if json.loads(line)["type"] == "block"]
        (device / "journal.jsonl").write_bytes(b"".join(lines[: ends[blocks - 1] + 1]))
    return name


class Store:
    """One store as the tests see it: the flags that name it, and its environment."""

    def __init__(self, room, place=None):
        self.room, self.flags = room, ["--store", place] if place else []

    def run(self, *words, **popen):
        return self.room.run("history", *words, *self.flags, **popen)

    def json(self, *words):
        return self.run(*words, "--format", "json").expect(0).json()


def test_round_trip(room, store):
    store.run().expect(2, "history import")
    store.run("import", "whole").expect(0, "taken in: 2 cases")
    store.run("import", "whole").expect(0, "already")
    held = store.json()["campaigns"]
    check(len(held) == 1, "one campaign after importing it twice", held)
    report = room.run("report", "whole", "--format", "json").expect(0).json()
    for told, kept in zip(report["records"], held[0]["records"], strict=True):
        numbers = {k: v for k, v in told.items() if isinstance(v, int | float) and not isinstance(v, bool)}
        numbers.pop("seed"), numbers.pop("threads")
        differ = {k: (v, kept.get(k)) for k, v in numbers.items() if kept.get(k) != v}
        check(len(numbers) > 20 and not differ, "every number of the report is in the history as it is", differ)
        for key in ("case", "device", "engine_version", "engine_build_sha256", "model", "variant", "model_sha256", "outcome"):
            check(told[key] == kept[key], f"{key} is that of the report", told[key], kept[key])
    table = store.run(env={**room.environment, "COLUMNS": "80"}).expect(0).out
    check(all(len(line) <= 80 for line in table.splitlines()), "the table has 80 columns", table)
    check("whole" not in table and "2 " in table and "commit=c0" in table, "the table names campaign and label", table)


def test_trend(room, store):
    names = [copy(room, f"t{i}", i, f"commit=k{i} branch=main", 1 if i < 8 else 1.2) for i in range(1, 15)]
    # Measured again later: it stays where its commit was first.
    names.append(copy(room, "again", 20, "commit=k3 branch=main"))
    names.append(copy(room, "half", 21, "commit=k9 branch=main", 9, blocks=7))
    names.append(copy(room, "plain", 22, ""))
    store.run("import", *names).expect(0, "partial")
    words = ("trend", "m/v", "--along", "commit", "--label", "branch=main")
    (series,) = store.json(*words)["series"]
    places = [point["place"] for point in series["points"]]
    check(places == ["k1", "k2", "k3", "k3", *(f"k{i}" for i in range(4, 10)), "k9", *(f"k{i}" for i in range(10, 15))],
          "points go by the first start of their commit", places)  # fmt: skip
    changes = [point["place"] for point in series["points"] if point["change"]]
    check(changes == ["k8"], "the one change is where the samples became slower", changes)
    share = series["segments"][1]["mean"] / series["segments"][0]["mean"]
    check(abs(share - 1.2) < 1e-3, "and its size is right", share)
    check([p["mark"] for p in series["points"]].count("partial") == 1, "a partial campaign is marked", series["points"])
    check(series["segments"][1]["points"] == 7, "and is no part of a segment", series["segments"])
    # The rest of it comes later, as by --resume.
    journal = pathlib.Path("devices/local/journal.jsonl")
    shutil.copy(room.path / "whole" / journal, room.path / "half" / journal)
    store.run("import", "half").expect(0, "taken in again")
    (series,) = store.json(*words)["series"]
    check(not any(p["mark"] for p in series["points"]), "no mark is left when the rest is in", series["points"])
    # A device that throttled, and another machine behind its name.
    before = [point["place"] for point in series["points"] if point["change"]]
    copy(room, "hot", 23, "commit=k10 branch=main", 5)
    lines = [json.loads(line) for line in (room.path / "hot" / journal).read_text().splitlines()]
    for line in lines:
        if line["type"] == "block":
            line["context"]["after"]["raspberry_pi.throttled"] = 1 << 18
    (room.path / "hot" / journal).write_text("".join(json.dumps(line) + "\n" for line in lines))
    copy(room, "moved", 24, "commit=k15 branch=main", 1.2)
    frozen = json.loads((room.path / "moved/campaign.json").read_text())
    frozen["devices"][0]["summary"] = "another machine"
    freeze(room.path / "moved/campaign.json", frozen)
    store.run("import", "hot", "moved").expect(0)
    (series,) = store.json(*words)["series"]
    marks = {(p["place"], p["mark"]) for p in series["points"] if p["mark"]}
    changes = [point["place"] for point in series["points"] if point["change"]]
    check(marks == {("k10", "invalid")} and changes == before, "a throttled campaign is no change", marks, changes)
    check(series["points"][-1]["hardware"] == "another machine", "the machine of a point", series["points"][-1])
    memory = store.json(*words, "--metric", "memory_after_load_bytes")["series"][0]["points"]
    check(not any(p["mark"] for p in memory), "throttling voids no memory, though it leaves a requirement of latency invalid", memory)
    check("other hardware" in store.run(*words).expect(0).out, "another machine is told")
    everything = store.run("trend", env={**room.environment, "COLUMNS": "80"}).expect(0).out
    check(all(len(line) <= 80 for line in everything.splitlines()), "the trend has 80 columns", everything)
    check("not for blocking" in everything and "█" in everything, "the table says what it is for", everything)
    (series,) = store.json("trend", "m/v", "--metric", "memory_load_peak_bytes")["series"]
    check(series["key"] == "memory_load_peak_bytes" and series["unit"] == "bytes", "another metric", series)
    if shutil.which("gnuplot"):
        store.run(*words, "--export", "plot=t.svg", "--export", "t.png", "--format", "csv").expect(0)
        svg = (room.path / "t.svg").read_text()
        check("<svg" in svg and ">k1<" in svg and "m/v" in svg, "the figure has its places and its case")
        check((room.path / "t.png").read_bytes().startswith(b"\x89PNG"), "and comes as PNG")


def test_filters(room, store):
    check(len(store.json("--label", "commit=k3")["campaigns"]) == 2, "campaigns of one label")
    check(len(store.json("-d", "lo*")["campaigns"]) > 10, "a glob of devices")
    store.run("-d", "locall").expect(2, "did you mean device local")
    store.run("--label", "commit=none").expect(2, "nothing like this")
    store.run("trend", "--along", "comit").expect(2, "did you mean commit")
    store.run("--metric", "latency_p5_ns").expect(2, "did you mean latency_p50_ns")
    store.run("trand").expect(2, "did you mean `edgedyno history trend`")
    store.run("imports", "whole").expect(2, "did you mean `edgedyno history import`")
    store.run("--along", "commit").expect(2, "history trend")
    store.run("--format", "plot").expect(2, "none of table, json, csv")
    store.run("import", "nowhere").expect(2, "no such directory")
    (room.path / "empty").mkdir(exist_ok=True)
    store.run("import", "empty").expect(2, "no campaign")


def test_hostile(room, store):
    copy(room, "nasty", 30, f"commit={NASTY}")
    frozen = json.loads((room.path / "nasty/campaign.json").read_text())
    frozen["suite"] = "'); DROP TABLE edgedyno_campaign; --"
    for case in frozen["devices"][0]["cases"]:
        case["model"] = case["case"] = NASTY
        case["variant"] = "\u202egnp.exe\x1b[31m"
    freeze(room.path / "nasty/campaign.json", frozen)
    store.run("import", "nasty").expect(0)
    (held,) = store.json("--label", f"commit={NASTY}")["campaigns"]
    check(held["suite"] == frozen["suite"] and held["records"][0]["model"] == NASTY, "names are kept as they are", held)
    rows = list(csv.reader(io.StringIO(store.run("--format", "csv").expect(0).out)))
    starts = {cell[0] for row in rows for cell in row[:-3] if cell}
    check(len({len(row) for row in rows}) == 1 and not starts & set("=+@\t\r"), "no cell is a formula", starts)
    for words in ((), ("trend",), ("trend", "--along", "commit", "--format", "csv")):
        out = store.run(*words).expect(0).out
        check("\x1b" not in out, "nothing that a terminal obeys", out)
    if shutil.which("gnuplot"):
        store.run("trend", "--along", "commit", "--export", "plot=n.svg").expect(0)
        check("<script" not in (room.path / "n.svg").read_text(), "no element out of a name in the figure")


def test_concurrent(room, place):
    """Several programs at once, into a store that is not there yet; one of them is killed."""
    store = Store(room, place)
    names = [f"t{i}" for i in range(1, 15)]
    processes = [room.start("history", "import", *names[i % 3 :], *names[: i % 3], *store.flags) for i in range(4)]
    killed = room.start("history", "import", *names, *store.flags)
    killed.kill()
    killed.communicate()
    for process in processes:
        room.end(process, ("history", "import")).expect(0)
    held = store.json()["campaigns"]
    check([len(c["records"]) for c in held] == [2] * 14, "each campaign once and whole", [c["campaign"] for c in held])


def sqlite(room):
    measure(room)
    store = Store(room)
    test_round_trip(room, store)
    test_trend(room, store)
    test_filters(room, store)
    test_hostile(room, store)
    test_concurrent(room, "together.sqlite")
    file = room.path / "state/edgedyno/history.sqlite"
    check(file.stat().st_mode & 0o777 == 0o600, "the file is its owner's", oct(file.stat().st_mode))
    check(file.parent.stat().st_mode & 0o777 == 0o700, "and so is its directory", oct(file.parent.stat().st_mode))

    whole = file.read_bytes()
    for label, damaged in (("text", b"no database at all\n" * 100), ("zeros", whole[:4096] + bytes(len(whole) - 4096)),
                           ("cut", whole[: len(whole) // 2]), ("pages", whole[:8192] + os.urandom(len(whole) - 8192))):  # fmt: skip
        (room.path / "damaged.sqlite").write_bytes(damaged)
        for words in ((), ("import", "t1")):
            Store(room, "damaged.sqlite").run(*words).expect(2, "damaged", "import the campaigns again")
    with sqlite3.connect(room.path / "newer.sqlite") as newer:
        newer.executescript("CREATE TABLE edgedyno_schema (version BIGINT); INSERT INTO edgedyno_schema VALUES (99)")
    Store(room, "newer.sqlite").run("import", "t1").expect(4, "version 99", "newer")
    # Tables of the first version are brought up to date.
    Store(room, "older.sqlite").run("import", "t1").expect(0)
    with sqlite3.connect(room.path / "older.sqlite") as older:
        older.executescript("ALTER TABLE edgedyno_case DROP COLUMN invalid; ALTER TABLE edgedyno_case DROP COLUMN hardware;"
                            "UPDATE edgedyno_schema SET version = 1")  # fmt: skip
    check(len(Store(room, "older.sqlite").json()["campaigns"]) == 1, "an older store is read")
    Store(room, "older.sqlite").run("import", "t2").expect(0, "taken in")
    Store(room, "typo.sqlite").run().expect(2, "typo.sqlite")
    check(not (room.path / "typo.sqlite").exists(), "looking makes no file")
    Store(room, "mysql://x").run().expect(2, "mysql")
    Store(room, "postgrsql://x").run().expect(2, "did you mean postgresql://")
    Store(room, "/dev/null").run("import", "t1").expect(2, "is no file")

    # A file that may not grow any more, as on a full disk: all or nothing.
    full = room.path / "full.sqlite"
    Store(room, "full.sqlite").run("import", "t1").expect(0)
    limit = ["prlimit", f"--fsize={full.stat().st_size}", "--"]
    ended = subprocess.run([*limit, room.program, "history", "import", "t2", "--store", full], cwd=room.path,
                           env=room.environment, capture_output=True, text=True)  # fmt: skip
    check(ended.returncode not in (0, 2), "no room: an error", ended)
    check(len(Store(room, "full.sqlite").json()["campaigns"]) == 1, "and nothing of it is in the store")
    Store(room, "full.sqlite").run("import", "t2").expect(0)


def postgresql(room):
    folder = programs()
    if not folder:
        print("SKIP: PostgreSQL's server is not installed (Debian's postgresql-15)")
        sys.exit(77)
    measure(room)
    with Server(folder) as server:
        store = Store(room, server.address())
        ended = store.run("import", "whole").expect(4, "password")
        room.environment["PGPASSWORD"] = PASSWORD + "x"
        ended = store.run("import", "whole").expect(4)
        check(PASSWORD not in ended.err, "a password is not printed", ended.err)
        room.environment["PGPASSWORD"] = PASSWORD
        inside = server.address().replace("tester@", f"tester:{PASSWORD}@")
        ended = Store(room, inside).run("import", "whole").expect(2, "leave it out", "pgpass")
        check(PASSWORD not in ended.err + ended.out, "a password is not printed", ended.err)
        Store(room, server.address("nowhere")).run().expect(4, "nowhere")
        test_round_trip(room, store)
        test_trend(room, store)
        test_filters(room, store)
        test_hostile(room, store)
        server.sql("CREATE DATABASE together", "postgres")
        test_concurrent(room, server.address("together"))
        server.sql("UPDATE edgedyno_schema SET version = 99")
        store.run("import", "t1").expect(4, "version 99")
        # Who may only read reads.
        server.sql("UPDATE edgedyno_schema SET version = 2")
        server.sql(f"CREATE USER reader PASSWORD '{PASSWORD}'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        reader = Store(room, server.address(user="reader"))
        check(len(reader.json()["campaigns"]) > 10, "a reader reads")
        copy(room, "late", 40, "")
        reader.run("import", "late").expect(4, "permission denied")
    ended = store.run().expect(4)
    check("postgresql" in ended.err, "a server that is gone is named", ended.err)


def main():
    with Room() as room:
        {"sqlite": sqlite, "postgresql": postgresql}[sys.argv[1]](room)
    finish("history " + sys.argv[1])


if __name__ == "__main__":
    main()
