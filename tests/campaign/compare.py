# SPDX-License-Identifier: Apache-2.0
"""Finished campaigns side by side: a change that was made is found, what cannot be compared is said with the reason."""

import json

from campaign import SETTLED, Room, check, finish


def measure(room, out, ns, variant="a", blocks=10, **keys):
    room.script(f"{out}.m.json", run={"ns": ns}, warmup=SETTLED)
    room.suite(f"{out}.json", {"m": {variant: f"{out}.m.json"}}, blocks=blocks, **keys)
    room.run("run", f"{out}.json", "--out", out).expect(0)


def keys_of(ended, case=0):
    return {row["key"]: row for row in ended.json()["cases"][case]["keys"]}


def changes(room):
    """Twice as slow and twice as fast: on a busy machine some blocks are anything."""
    measure(room, "first", 1_000_000)
    measure(room, "slower", 2_000_000)
    measure(room, "faster", 500_000, variant="b")
    ended = room.run("compare", "first", "slower", "faster", "--format", "json").expect(0)
    rows = keys_of(ended)
    slow = rows["latency_p50_ns"]
    check(slow["word"] == "worse", "twice as slow is worse", slow)
    check(slow["change"] > 0.5, "by half at least", slow)
    check(slow["change_low"] <= slow["change"] <= slow["change_high"], "within its interval", slow)
    check(slow["blocks_first"] == 10 and slow["blocks_then"] == 10, "of all blocks", slow)
    rate = rows["throughput_per_s"]
    # How much a busy machine lowers it is chance; which way is worse is not.
    words = {(False, False): "not shown", (True, False): "worse", (False, True): "better"}
    sides = (rate["change_high"] < 0, rate["change_low"] > 0)
    check(rate["word"] == words[sides], "a lower rate is worse, a higher one better", rate)
    cases = ended.json()["cases"]
    check(cases[0]["campaign"] == 1 and cases[1]["campaign"] == 2, "each against the first", cases)
    check("model file" in cases[0]["changed"], "another file under one name is told", cases[0]["changed"])
    check("variant a -> b" in cases[1]["changed"], "another variant is told", cases[1]["changed"])
    fast = keys_of(ended, 1)["latency_p50_ns"]
    check(fast["word"] == "better" and fast["change"] < -0.3, "twice as fast is better", fast)
    table = room.run("compare", "first", "slower").expect(0)
    check("worse" in table.out and "edgedyno gate" in table.out, "the table says it, and what decides", table.out)
    # Wider than a terminal of 80 columns is nothing but what cannot be broken.
    wide = room.run("compare", "first", "slower", "--format", "table")
    check(max(map(len, wide.out.splitlines())) < 120, "no line runs away", wide.out)


def not_compared(room):
    """Few blocks, other cases, another device, a device that has changed."""
    measure(room, "few", 1_000_000, blocks=3)
    row = keys_of(room.run("compare", "first", "few", "--format", "json").expect(0))["latency_p50_ns"]
    # The least chance of ten and three blocks is 1 in 286.
    check(row["change_low"] is not None, "ten and three blocks have an interval", row)
    row = keys_of(room.run("compare", "few", "few2", "--format", "json").expect(0))["latency_p50_ns"]
    check(row["word"] == "too few blocks" and row["change_low"] is None, "three and three have none", row)
    ended = room.run("compare", "first", "threads", "--format", "json").expect(2)
    reasons = [case.get("not_compared", "") for case in ended.json()["cases"]]
    check(any("other campaign has no such case" in why for why in reasons), "only the first has it", reasons)
    check(any("first campaign has no such case" in why for why in reasons), "only the other has it", reasons)
    room.script("died.m.json", run={"ns": 1_000_000, "fail": "segv"})
    room.suite("died.json", {"m": {"a": "died.m.json"}}, blocks=1)
    room.run("run", "died.json", "--out", "died")
    died = json.loads((room.path / "died" / "campaign.json").read_text())["id"]
    for sides in (("first", "died"), ("died", "first")):
        ended = room.run("compare", *sides).expect(2)
        check(f"ended well in {died}" in " ".join(ended.out.split()), f"{sides}: which one has nothing", ended.out)
    path = room.path / "slower" / "campaign.json"
    frozen = json.loads(path.read_text())
    frozen["devices"][0]["summary"] = "another machine"
    path.write_text(json.dumps(frozen))
    ended = room.run("compare", "first", "slower").expect(2)
    check("another machine" in ended.out and "not compared" in ended.out, "a device that changed", ended.out)


def wrong_words(room):
    room.run("compare").expect(2, "at least two")
    room.run("compare", "first").expect(2, "at least two")
    room.run("compare", "first", "first").expect(2, "named twice")
    room.run("compare", "first", "nowhere").expect(2, "nowhere")
    room.run("compare", "first", "few", "--format", "xml").expect(2, "xml")


def main():
    with Room() as room:
        changes(room)
        measure(room, "few2", 1_000_000, blocks=3)
        measure(room, "threads", 1_000_000, threads=[2])
        not_compared(room)
        wrong_words(room)
    finish("compare")


main()
