# SPDX-License-Identifier: Apache-2.0
"""A memory limit and a ballast, from the flags to the record: words, outcome, the method that held it, and who refuses."""

from campaign import SETTLED, Device, Room, check, finish

RUN = {"run": {"ns": 400_000}, "warmup": SETTLED}
MIB = 1 << 20


def reasons(record, code):
    return [reason for reason in record["reasons"] if reason["code"] == code]


def limited(room, name, **environment):
    """Two variants under one limit: one fits, one does not."""
    room.script("small.json", load={"touch_bytes": 16 * MIB}, **RUN)
    room.script("large.json", load={"touch_bytes": 400 * MIB}, **RUN)
    room.suite("limit.json", {"m": {"small": "small.json", "large": "large.json"}}, blocks=2)
    room.environment.update(environment)
    ended = room.run("run", "limit.json", "--mem-limit", "256MiB", "--out", name, "--format", "json").expect(4)
    for key in environment:
        del room.environment[key]
    found = {record["variant"]: record for record in ended.json()["records"]}
    small, large = found["small"], found["large"]
    check(small["case"].endswith(" mem=256MiB"), "the limit is part of the case's words", small["case"])
    check(small["outcome"] == "ok", "what fits runs", small["reasons"])
    check(large["outcome"] == "oom", "what does not fit is told", large["reasons"])
    told = reasons(large, "oom")
    check(len(told) == 1 and "over its memory limit of 256 MiB" in told[0]["text"], "and by which limit", told)
    told = reasons(small, "memory_limit")
    if check(len(told) == 1, "the method is told", small["reasons"]):
        check("memory limit 256 MiB, held by" in told[0]["text"], "with the limit", told)
        if environment:
            check("sampling every 10 ms" in told[0]["text"], "sampled", told)
            check("a shorter peak is not seen" in told[0]["text"], "with its error", told)
    methods = set()
    for block in Device(room.path / name).blocks():
        limits = block["pass"] in ("timing", "pilot", "cold") and not block.get("skipped")
        check(("memory_limit" in block) == limits, "measured blocks alone are limited", block)
        if limits:
            methods.add(block["memory_limit"]["method"])
    check(len(methods) == 1, "one way for all blocks", methods)
    check(not environment or methods == {"sampled"}, "the environment chooses", methods)


def doubtful(room):
    """The same campaign, had its swap grown: that it fits is not concluded."""
    journal = room.path / "own" / "devices" / "local" / "journal.jsonl"
    text = journal.read_text()
    check('"swap_bytes":0' in text, "no swap grew", text[:2000])
    journal.write_text(text.replace('"swap_bytes":0', '"swap_bytes":4194304'))
    ended = room.run("report", "own", "--format", "json")
    small = next(r for r in ended.json()["records"] if r["variant"] == "small")
    told = reasons(small, "fit_not_concluded")
    check(len(told) == 1 and "4.00 MiB of the worker" in told[0]["text"], "swap that grew is told", small["reasons"])
    check(small["verdict"] == "inconclusive", "and nothing is concluded", small["verdict"])


def ballast(room):
    room.script("held.json", load={"touch_bytes": MIB}, **RUN)
    ended = room.run(
        "run", "held.json", "--on", "scripted/cpu", "-r", "1", "--ballast", "64MiB", "--out", "held", "--format", "json"
    ).expect(0)
    record = ended.json()["records"][0]
    check(record["case"].endswith(" ballast=64MiB"), "the ballast is part of the case's words", record["case"])
    check(len(reasons(record, "ballast")) == 1, "and told", record["reasons"])
    room.run("run", "held.json", "--on", "scripted/cpu", "--ballast", "900TiB", "--out", "huge").expect(4, "do not fit")
    for flag in ("--mem-limit", "--ballast"):
        room.run("run", "held.json", "--on", "scripted/cpu", flag, "12", "--out", "wrong").expect(2, flag)
        room.run("run", "held.json", "--on", "scripted/cpu", flag, "12kB", "--out", "wrong").expect(2, flag)
    room.suite("wrong.json", {"m": {"a": "held.json"}}, mem_limit="1 KiB")
    room.run("run", "wrong.json", "--out", "wrong").expect(2, "mem_limit")


with Room() as room:
    room.quiet()
    limited(room, "own")
    limited(room, "sampled", EDGEDYNO_MEMORY_LIMIT="sampled")
    doubtful(room)
    ballast(room)
finish("memory_limit")
