# SPDX-License-Identifier: Apache-2.0
"""Finished campaigns side by side: a change that was made is found, what cannot be compared is said with the reason."""

import json
import shutil

from campaign import SETTLED, Room, check, finish
from odd import freeze


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
    freeze(path, frozen)
    ended = room.run("compare", "first", "slower").expect(2)
    check("another machine" in ended.out and "not compared" in ended.out, "a device that changed", ended.out)


# A machine that tells of its clocks and of throttling, and of nothing else.
TOLD = {
    "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq": 2400000,
    "sys/devices/system/cpu/cpufreq/policy0/scaling_governor": "performance",
    "sys/devices/platform/soc/soc:firmware/get_throttled": 0,
}


def like(room, name, change, blocks=8):
    """The campaign "cool" as it would be if `change` were true of what its first `blocks` timing blocks say of the device."""
    shutil.copytree(room.path / "cool", room.path / name)
    path = room.path / name / "devices" / "local" / "journal.jsonl"
    lines, n = [json.loads(line) for line in path.read_text().splitlines()], 0
    for line in lines:
        if line["type"] == "block" and line["pass"] == "timing" and n < blocks:
            change(line["context"])
            n += 1
    check(n == blocks, f"{name}: {n} blocks to change")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return name


def throttled(context):
    context["after"]["raspberry_pi.throttled"] = 1 << 18


def put(key, value):
    return lambda context: [side.update({f"cpu_policy.policy0.{key}": value}) for side in context.values()]


def states(room):
    """A device in another state: what it voids is not compared, or goes by the other blocks; what it does not void is."""
    for name, value in TOLD.items():
        path = room.path / "quiet" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    measure(room, "cool", 1_000_000, blocks=8)
    rows = keys_of(room.run("compare", "cool", like(room, "hot", throttled), "--format", "json").expect(0))
    row = rows["latency_p50_ns"]
    check(row["word"] == "not valid" and row["change"] is None, "throttled against cool is no comparison", row)
    check(row["left_out"] == "throttled in 0 of 8 blocks, then 8 of 8", "with the reason", row)
    check(rows["memory_after_load_bytes"]["word"] == "not shown", "memory is the same", rows)
    table = room.run("compare", "cool", "hot").expect(0).out
    check("not valid: throttled" in " ".join(table.split()), "the table says it", table)
    row = keys_of(room.run("compare", "hot", like(room, "hot2", throttled), "--format", "json").expect(0))["latency_p50_ns"]
    check(row["word"] == "not shown" and "left_out" not in row, "what both share voids nothing", row)
    row = keys_of(room.run("compare", "cool", like(room, "warm", throttled, 2), "--format", "json").expect(0))["latency_p50_ns"]
    check(row["word"] == "not shown" and row["blocks_then"] == 6, "six blocks are enough", row)
    check(row["left_out"] == "throttled in 0 of 8 blocks, then 2 of 8", "and those that are left out are told", row)
    for name, change, why in (
        ("saving", put("governor", 2), "governor of policy0: performance, then powersave"),
        ("limited", put("limit", 1800000), "highest clock allowed of policy0: 2.40 GHz, then 1.80 GHz"),
    ):
        case = room.run("compare", "cool", like(room, name, change), "--format", "json").expect(0).json()["cases"][0]
        keys = [row["key"] for row in case["keys"]]
        check(case.get("unlike") == why, f"{name}: why it is unlike", case)
        check(keys and all(key.startswith("memory_") for key in keys), f"{name}: memory alone is compared", keys)
    frozen = json.loads((room.path / "cool" / "campaign.json").read_text())
    shutil.copytree(room.path / "cool", room.path / "pinned")
    freeze(room.path / "pinned" / "campaign.json", {**frozen, "pin": "0"})
    for words in ((), ("--format", "csv"), ("--format", "markdown")):
        out = room.run("compare", "cool", "pinned", *words).expect(0).out
        check("none, then 0" in out and "latency_p50_ns" not in out, f"{words}: another --pin", out)


def wrong_words(room):
    room.run("compare").expect(2, "at least two")
    room.run("compare", "first").expect(2, "at least two")
    room.run("compare", "first", "first").expect(2, "named twice")
    room.run("compare", "first", "nowhere").expect(2, "nowhere")
    room.run("compare", "first", "few", "--format", "xml").expect(2, "xml")


def main():
    with Room() as room:
        room.quiet()
        changes(room)
        measure(room, "few2", 1_000_000, blocks=3)
        measure(room, "threads", 1_000_000, threads=[2])
        not_compared(room)
        states(room)
        wrong_words(room)
    finish("compare")


main()
