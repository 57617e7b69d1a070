# SPDX-License-Identifier: Apache-2.0
"""A gate by figures of which less and of which more is better, by shares and by differences: what is worse fails, what is better passes."""

import hashlib
import json
import shutil

from campaign import SETTLED, Room, check, finish
from odd import compare_by, freeze

NS = 4_000_000
BLOCK = {"min_time": "20 ms", "max_time": "2 s", "min_inferences": 5}


def make_campaign(room):
    for name, ns in (("base", NS), ("slow", 3 * NS)):
        room.script(f"{name}.json", run={"ns": ns, "sleep": True}, warmup=SETTLED)
    room.suite("suite.json", {"m": {name: f"{name}.json" for name in ("base", "slow")}}, block=BLOCK)
    words = ["--baseline", "base", "--candidate", "slow", "--mde", "80 %", "--metric", "latency_p50_ns"]
    room.run("gate", "suite.json", "--out", "fail", *words).expect(1)


def directions(room):
    """Which way is worse, by figures of which more is better and by limits against the baseline: of one campaign, and of the same
    blocks with their sides changed. The candidate takes three times as long, and has a third of the rate."""

    def judged(name, *rules, key="latency_p50_ns", turned=False):
        path = room.path / f"w_{name}"
        shutil.copytree(room.path / "fail", path)
        document = json.loads((path / "campaign.json").read_text())
        compare_by(document, key, 0.8)
        if turned:
            (pair,) = document["devices"][0]["pairs"]
            pair["baseline"], pair["candidate"] = pair["candidate"], pair["baseline"]
        if rules:
            document["require"] = rules
            document["require_sha256"] = hashlib.sha256("".join(rule + "\n" for rule in rules).encode()).hexdigest()
        freeze(path / "campaign.json", document)
        rows = room.run("report", path.name, "--format", "json").expect(0 if turned else 1).json()["gate"]["comparisons"]
        return {row["requirement"] or row["key"]: row for row in rows}

    for turned, verdict in ((False, "fail"), (True, "pass")):
        which = "turned" if turned else "plain"
        row = judged(f"latency_{which}", turned=turned)["latency_p50_ns"]
        check(row["verdict"] == verdict and (row["change"] < 0) == turned, f"{which}: less is better", row)
        row = judged(f"rate_{which}", key="throughput_per_s", turned=turned)["throughput_per_s"]
        check(row["verdict"] == verdict and (row["change"] > 0) == turned, f"{which}: more is better", row)
        check(row["change_low"] <= row["change"] <= row["change_high"], f"{which}: the interval in the key's own direction", row)
        rules = [
            "latency_p50_ns <= baseline + 20 %",
            "throughput_per_s >= baseline - 20 %",
            "latency_p50_ns <= baseline + 1 ms",
            "throughput_per_s >= baseline - 10",
        ]
        rows = judged(f"rules_{which}", *rules, turned=turned)
        for rule in rules:
            check(rows[rule]["verdict"] == verdict, f"{which}: {rule}", rows[rule])
            check((rows[rule]["change"] > 0) == (turned == (">=" in rule)), f"{which}: {rule}: the change", rows[rule])
    # Worse, and within what is allowed.
    rules = [
        "latency_p50_ns <= baseline + 900 %",
        "throughput_per_s >= baseline - 95 %",
        "latency_p50_ns <= baseline + 1 min",
        "throughput_per_s >= baseline - 9000",
    ]
    rows = judged("rules_wide", *rules)
    for rule in rules:
        check(rows[rule]["verdict"] == "pass", f"wide: {rule}", rows[rule])


def main():
    with Room() as room:
        room.quiet()
        make_campaign(room)
        directions(room)
    finish("gate_directions")


main()
