# SPDX-License-Identifier: Apache-2.0
"""Perplexity, Kullback-Leibler divergence and same-top share over a text, against the same computed here from the definition: the scripted
engine's logits follow from the token before by a known rule (backends/scripted/script_language.c), with noise as a quantized variant has it.
"""

import json
import math
import random

from campaign import Room, check, finish

MASK = 0xFFFFFFFF
VOCABULARY, BOS, CHUNK = 96, 5, 512
TEXT = "".join(random.Random(7).choices("abcdefghij klmno\n", k=9 * CHUNK + 100)).encode()
ARGUMENTS = ("--format", "json")


def shade(a, b, c):
    x = (a * 0x9E3779B1 & MASK) ^ ((b + 1) * 0x85EBCA77 & MASK) ^ ((c + 1) * 0xC2B2AE3D & MASK)
    x = (x ^ x >> 15) * 0x2C1B3C6D & MASK
    x = (x ^ x >> 12) * 0x297A2D39 & MASK
    x ^= x >> 15
    return (x >> 8) / 8388608 - 1


def distributions(noise):
    """ln p of every next token behind every token."""
    rows = []
    for token in range(VOCABULARY):
        logits = [3 * shade(token, v, 0) + noise * shade(token, v, 1) for v in range(VOCABULARY)]
        top = max(logits)
        total = math.log(sum(math.exp(x - top) for x in logits)) + top
        rows.append([x - total for x in logits])
    return rows


def scored():
    """Pairs of token and next token, chunk by chunk, the second half of each."""
    tokens = [byte % VOCABULARY for byte in TEXT]
    for chunk in range(len(tokens) // CHUNK):
        part = tokens[chunk * CHUNK : (chunk + 1) * CHUNK]
        part[0] = BOS
        yield [(part[i], part[i + 1]) for i in range(CHUNK // 2, CHUNK - 1)]


def by_rank(values, numerator, denominator=100):
    return sorted(values)[max(math.ceil(len(values) * numerator / denominator), 1) - 1]


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def oracle(noise):
    exact, noisy = distributions(0), distributions(noise)
    pairs = [pair for chunk in scored() for pair in chunk]
    divergence = [sum(math.exp(p) * (p - q) for p, q in zip(exact[t], noisy[t])) for t in range(VOCABULARY)]
    same = [exact[t].index(max(exact[t])) == noisy[t].index(max(noisy[t])) for t in range(VOCABULARY)]
    return {
        "n": len(pairs),
        "cost": mean(-noisy[t][n] for t, n in pairs),
        "reference": mean(-exact[t][n] for t, n in pairs),
        "divergences": [divergence[t] for t, _ in pairs],
        "same": mean(same[t] for t, _ in pairs),
    }


def close(found, expected, label, slack=2e-5):
    check(found is not None and abs(found - expected) <= slack * max(1, abs(expected)), f"{label}: {found}, not {expected}")


def language(**more):
    return {"vocabulary": VOCABULARY, "bos": BOS, "warmup_ns": 270_000_000, **more}


def figures(room):
    room.script("exact.json", language=language())
    room.script("noisy.json", language=language(noise=0.4))
    (room.path / "text.txt").write_bytes(TEXT)
    tasks = [{"name": m, "data": "text.txt", "metric": m} for m in ("perplexity", "kl-divergence", "same-top")]
    suite = {
        "models": [
            {
                "name": "m",
                "variants": [{"name": "exact", "file": "exact.json"}, {"name": "noisy", "file": "noisy.json"}],
                "tasks": tasks,
            }
        ],
        "on": ["scripted"],
        "blocks": 1,
        "seed": 11,
        "prompt_tokens": [4],
        "generate_tokens": [2],
        "block": {"inferences": 2, "min_time": "0 s"},
        "require": ["accuracy_drop <= 90 %"],
    }
    room.write("quality.json", suite)
    runs = [room.run("run", "quality.json", "--out", f"out{i}", *ARGUMENTS).expect(0).json()["records"] for i in range(2)]
    expected = oracle(0.4)
    found = {(r["variant"], r["workload"], r["accuracy_metric"]): r for r in runs[0]}
    check(len(runs[0]) == 8, "two tests with the first task, and a record for each further task", list(found))
    for workload in ("pp4", "tg2"):
        record = found["noisy", workload, "perplexity"]
        close(record["accuracy_value"], math.exp(expected["cost"]), "perplexity")
        close(record["accuracy_reference"], math.exp(expected["reference"]), "perplexity of the reference")
        close(record["accuracy_drop"], expected["cost"] - expected["reference"], "ln of their ratio")
        check(record["accuracy_verdict"] == "pass" and record["speed_usable"], "judged", record["accuracy_verdict"])
    record = found["noisy", "pp4", "kl-divergence"]
    close(record["accuracy_value"], mean(expected["divergences"]), "divergence")
    words = next(r["text"] for r in record["reasons"] if r["code"] == "divergence")
    numbers = dict(part.split(" ")[:2] for part in words.split(": ")[1].split(", "))
    check(f"over {expected['n']} tokens" in words, f"{expected['n']} tokens are scored", words)
    close(float(numbers["median"]), by_rank(expected["divergences"], 50), "median")
    close(float(numbers["p99"]), by_rank(expected["divergences"], 99), "p99")
    close(float(numbers["max"]), max(expected["divergences"]), "max")
    for key, value in (("median", by_rank(expected["divergences"], 50)), ("p99", by_rank(expected["divergences"], 99)), ("max", max(expected["divergences"]))):
        close(record[f"kl_divergence_{key}"], value, f"kl_divergence_{key}")
    check(found["noisy", "pp4", "same-top"]["kl_divergence_max"] is None, "of the divergence only")
    close(found["noisy", "pp4", "same-top"]["accuracy_value"], expected["same"], "same top")
    close(found["noisy", "pp4", "same-top"]["accuracy_drop"], 1 - expected["same"], "not the same top")
    for metric, value in (("kl-divergence", 0), ("same-top", 1)):
        record = found["exact", "pp4", metric]
        check(record["accuracy_value"] == value and record["accuracy_drop"] == 0, f"{metric} of the reference itself")
    for first, second in zip(*runs):
        for key in ("accuracy_value", "accuracy_drop", "accuracy_drop_low", "accuracy_drop_high"):
            check(first[key] == second[key], f"{key} is the same with the same seed", first[key], second[key])
        low, drop, high = (first[f"accuracy_drop{end}"] for end in ("_low", "", "_high"))
        check(low is not None and low <= drop <= high, "an interval about the drop", low, drop, high)
    check(found["noisy", "pp4", "kl-divergence"]["accuracy_drop_low"] < mean(expected["divergences"]), "and not a point")
    table = room.run("report", "out0").expect(0).out
    check("quality" in table and "perplexity" in table, "the table says it", table)


def interval(values):
    """The bootstrap of the mean of 9 chunks: the share beyond each end is P(Z < -t sqrt(9 / 8)), t = 2.3060 with 8 degrees of freedom."""
    generator, means = random.Random(3), []
    for _ in range(4000):
        means.append(mean(generator.choice(values) for _ in values))
    means.sort()
    beyond = int(0.5 * math.erfc(2.3060 * math.sqrt(9 / 8) / math.sqrt(2)) * 4000)
    return means[beyond], means[3999 - beyond]


def limits(room):
    """Limits on the figure itself: certified by its interval, left open with a number of chunks, or failed; each about its own metric."""
    noisy = distributions(0.4)
    costs = [mean(-noisy[t][n] for t, n in chunk) for chunk in scored()]
    low, high = map(math.exp, interval(costs))
    value = math.exp(mean(costs))
    above, below = (value + high) / 2, (low + value) / 2
    due = {
        f"perplexity <= {1.5 * high:.6f}": "pass",
        f"perplexity <= {above:.6f}": "inconclusive",
        f"perplexity >= {below:.6f}": "inconclusive",
        f"perplexity <= {low / 1.5:.6f}": "fail",
        "kl-divergence <= 20 nats": "pass",
        "same-top >= 99.9 %": "fail",
    }
    room.script("twin.json", language=language(warmup_ns=271_000_000))
    suite = json.loads((room.path / "quality.json").read_text()) | {"require": list(due), "generate_tokens": [0]}
    suite["models"][0]["variants"].append({"name": "twin", "file": "twin.json"})
    room.write("limits.json", suite)
    records = {(r["variant"], r["accuracy_metric"]): r for r in room.run("run", "limits.json", *ARGUMENTS).expect(1).json()["records"]}
    for (variant, metric), record in records.items():
        found = {r["text"].split(": ")[0]: r["code"].removeprefix("requirement_") for r in record["reasons"] if r["code"].startswith("requirement_")}
        check(set(found) == {rule for rule in due if rule.startswith(metric)}, f"{variant}: each limit about its own metric", found)
        check(variant != "noisy" or found == {rule: due[rule] for rule in found}, f"{metric}: what is certified", found)
    record = records["noisy", "perplexity"]
    for end, oracle in (("low", low), ("high", high)):
        check(abs(record[f"accuracy_value_{end}"] - oracle) < 0.15 * (high - low), f"its interval, {end}", record[f"accuracy_value_{end}"], oracle)
    told = [r["text"] for r in record["reasons"] if r["code"] == "too_few_samples"]
    bounds = ((record["accuracy_value_high"], above), (record["accuracy_value_low"], below))
    check(len(told) == 2, "how many chunks would do", told)
    for text, (bound, limit) in zip(told, bounds):
        needed = 9 * (math.log(bound / value) / math.log(limit / value)) ** 2
        number = int(text.split("about ")[1].split()[0])
        check("9 chunks of the text" in text and abs(number - needed) <= 1 + needed / 50, "by the root", text, needed)
    # Not one token of which another is the likeliest: so many tokens say so much, and no more.
    record, tokens = records["twin", "same-top"], sum(map(len, scored()))
    check((record["accuracy_value"], record["accuracy_drop"], record["accuracy_verdict"]) == (1, 0, "inconclusive"), "all the same", record["accuracy_verdict"])
    close(record["accuracy_drop_high"], 1 - 0.025 ** (1 / tokens), "what may differ", 1e-12)
    close(record["accuracy_value_low"], 0.025 ** (1 / tokens), "and so of the share", 1e-12)
    needed = math.ceil(math.log(0.025) / math.log(0.999) / (tokens / 9))
    check(any(f"about {needed} would" in r["text"] for r in record["reasons"]), f"{needed} chunks", record["reasons"])


def refused(room):
    suite = {"on": ["scripted"], "blocks": 1, "prompt_tokens": [4], "generate_tokens": [0], "block": {"inferences": 2, "min_time": "0 s"}}

    def run(variants, task, code, *texts, **more):
        model = {"name": "m", "variants": [{"name": n, "file": f} for n, f in variants], "tasks": [{"name": "t", **task}]}
        room.write("refused.json", {**suite, **more, "models": [model]})
        return room.run("run", "refused.json", *ARGUMENTS).expect(code, *texts)

    both = (("exact", "exact.json"), ("noisy", "noisy.json"))
    text = {"data": "text.txt", "metric": "kl-divergence"}
    run(both, {"data": "text.txt", "metric": "top-1"}, 2, 'needs "labels"')
    run(both, {**text, "labels": "text.txt"}, 2, "takes none")
    room.script("tensors.json", inputs=[{"name": "x", "shape": [1, 4]}], outputs=[{"name": "y", "shape": [1, 2]}])
    room.write("plain.json", {"on": ["scripted"], "models": [{"name": "m", "variants": [{"name": "v", "file": "tensors.json"}], "tasks": [{"name": "t", **text}]}]})
    room.run("run", "plain.json").expect(2, "is for models that take tokens")
    (room.path / "short.txt").write_text("short")
    record = run((("exact", "exact.json"),), {"data": "short.txt", "metric": "perplexity"}, 2, "at least 16").json()["records"][0]
    check(record["accuracy_value"] is None, "nothing is scored", record["accuracy_value"])
    room.script("other.json", language={**language(), "vocabulary": 95})
    run((("exact", "exact.json"), ("other", "other.json")), text, 2, "not forms of one model")
    (room.path / "one.txt").write_bytes(TEXT[:CHUNK])
    record = run(both, {"data": "one.txt", "metric": "kl-divergence"}, 0).json()["records"][1]
    check(record["accuracy_value"] > 0 and record["accuracy_drop_low"] is None, "one chunk gives no interval", record["accuracy_drop_low"])
    check(any(r["code"] == "few_chunks" for r in record["reasons"]), "and says so", record["reasons"])


if __name__ == "__main__":
    with Room() as shared:
        figures(shared)
        limits(shared)
        refused(shared)
    finish("quality of language models")
