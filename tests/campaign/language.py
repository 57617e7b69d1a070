# SPDX-License-Identifier: Apache-2.0
"""Language workloads through the whole program: which cases flags and suites make, and every figure counted again from the samples.

The scripted engine tells the times beforehand; lower bounds are exact, and what needs no tolerance is that the record says what the samples say.
"""

from batter import batter
from campaign import Device, Room, check, finish
from figures import by_rank, has_reason

MS = 1_000_000
ARGUMENTS = ("--format", "json")
TALK = {"vocabulary": 300, "bos": 1, "warmup_ns": 270 * MS, "prefill_ns_per_token": 50_000, "token_ns": [MS, 2 * MS]}


def planned(room, *words):
    """The cases of a dry run, without the words that all have."""
    lines = room.run("run", *words, "--dry-run").expect(0).out.splitlines()
    return [line.split(" t1", 1)[1].strip() for line in lines if " t1" in line]


def plans(room):
    room.script("talk.json", language=TALK)
    for words, cases in (
        (("-p", "16"), ["pp16", "tg128"]),
        (("-n", "8"), ["pp512", "tg8"]),
        (("-p", "16-64*2", "-n", "0"), ["pp16", "pp32", "pp64"]),
        (("-p", "0", "-n", "0", "-pg", "8,4"), ["pp8+tg4"]),
        (("-p", "16", "-n", "4", "-pg", "8,4", "-pg", "8,8"), ["pp16", "tg4", "pp8+tg4", "pp8+tg8"]),
        (("-p", "16", "-n", "4", "--depth", "0,32"), ["pp16", "tg4", "pp16 @ d32", "tg4 @ d32"]),
        ((), [""]),
    ):
        found = planned(room, "talk.json", *words)
        check(found == cases, f"{words}: {found}, expected {cases}")
    room.suite(
        "plan.json",
        {"m": {"a": "talk.json"}},
        prompt_tokens="16,32",
        generate_tokens=[4],
        prompt_generate_tokens=["8,4"],
        depth_tokens=[0],
        option_lists={"latency_ns": ["1", "2"]},
    )
    found = planned(room, "plan.json")
    tests = ["pp16", "pp32", "tg4", "pp8+tg4"]
    check(found == [f"latency_ns={n} {t}" for n in (1, 2) for t in tests], "a suite's plan", found)
    found = planned(room, "plan.json", "-p", "0", "-n", "4")
    check(found == [f"latency_ns={n} {t}" for n in (1, 2) for t in ("tg4", "pp8+tg4")], "flags go before the suite", found)


def refused(room):
    for words, text in (
        (("-p", "0", "-n", "0"), "nothing is asked of the model"),
        (("-pg", "512"), "such as 512,128"),
        (("-pg", "512,512,512"), "such as 512,128"),
        (("-pg", "0,0"), "such as 512,128"),
        (("-p", "1048577"), "outside the range"),
        (("-d", "512"), "write --depth 512"),
        (("-o", "md"), "--format markdown"),
        (("-ngl", "0"), "no engine of this run has an option 'gpu_layers'"),
        (("-ngl0",), "write -ngl 0"),
    ):
        room.run("run", "talk.json", *words, "--dry-run").expect(2, text)


def figures(room):
    room.suite(
        "language.json",
        {"m": {"a": "talk.json"}},
        blocks=6,
        prompt_tokens=[20],
        generate_tokens=[70],
        prompt_generate_tokens=["20,3"],
        block={"inferences": 10, "max_time": "10 s", "min_time": "0 s"},
    )
    records = room.run("run", "language.json", "--out", "out", *ARGUMENTS).expect(0).json()["records"]
    device = Device(room.path / "out")
    for number, (workload, prompt, generated) in enumerate((("pp20", 20, 0), ("tg70", 0, 70), ("pp20+tg3", 20, 3))):
        record = records[number]
        check(record["workload"] == workload, f"{workload}: its words are {record['workload']}")
        blocks = [b for b in device.blocks() if b["case"] == f"c{number}" and b["pass"] == "timing"]
        check(len(blocks) == 6 and record["blocks"] == 6 and record["samples"] == 60, f"{workload}: 6 blocks of 10")
        prefill, decode, token_p50, token_p99, whole = [], [], [], [], []
        for block in blocks:
            numbers, stride = device.samples(block), 1 + generated
            check(block["samples"].get("stride", 1) == stride, f"{workload}: stride", block["samples"])
            inferences = [numbers[i : i + stride] for i in range(0, len(numbers), stride)]
            check(len(inferences) == 10, f"{workload}: ten inferences", len(inferences))
            tokens = [t for i in inferences for t in i[1:]]
            for inference in inferences:
                check(inference[0] >= prompt * 50_000, f"{workload}: a prompt in {inference[0]} ns")
                check(all(t >= MS * (1 + k % 2) for k, t in enumerate(inference[1:])), f"{workload}: too fast", inference)
            whole.append(by_rank(map(sum, inferences), 50))
            if prompt:
                prefill.append(by_rank([i[0] for i in inferences], 50))
            if generated:
                decode.append(by_rank([sum(i[1:]) for i in inferences], 50))
                token_p50.append(by_rank(tokens, 50))
                token_p99.append(by_rank(tokens, 99))

        def same(key, values, slack=0):
            if not values:
                check(record[key] is None, f"{workload}: {key} is {record[key]}")
                return
            # Of six blocks the interval is the whole range.
            for end, value in (("", by_rank(values, 50)), ("_low", min(values)), ("_high", max(values))):
                check(abs(record[key + end] - value) <= slack, f"{workload}: {key}{end} is {record[key + end]}, not {value}")

        same("prefill_tokens_per_s", [prompt * 1e9 / ns for ns in prefill], 1e-3)
        same("decode_tokens_per_s", [generated * 1e9 / ns for ns in decode], 1e-3)
        same("time_to_first_token_ns", prefill)
        same("inter_token_p50_ns", token_p50)
        same("inter_token_p99_ns", token_p99 if generated == 70 else [])
        same("latency_p50_ns", whole)
        same("throughput_per_s", [10e9 / sum(device.samples(block)) for block in blocks], 1e-3)
        check(has_reason(record, "inter_token_p99_ns", "n_too_small") == (generated == 3), f"{workload}: why no p99")
    table = room.run("report", "out").expect(0).out
    check("tokens/s" in table and "prefill" in table and "latency p50" not in table, "a table of tokens", table)


def damaged(room):
    """A journal whose stride is not that of the case is no measurement."""
    journal = room.path / "out" / "devices" / "local" / "journal.jsonl"
    whole = journal.read_text()
    for old, new, words in (
        ('"stride":71', '"stride":70', "which its workload does not have"),
        ('"count":710', '"count":709', "half an inference"),
    ):
        check(old in whole, f"{old} in the journal")
        journal.write_text(whole.replace(old, new, 1))
        ended = room.run("report", "out", "--format", "json").expect(0, words)
        check(ended.json()["records"][1]["blocks"] == 5, "five blocks are left", ended.json()["records"][1]["blocks"])
    journal.write_text(whole)


with Room() as room:
    plans(room)
    refused(room)
    figures(room)
    damaged(room)
    batter(room, "out")
finish("language workloads: cases, figures, damage")
