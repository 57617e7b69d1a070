# SPDX-License-Identifier: Apache-2.0
"""Choices through the real program: what passes, fails, is tied, stays open or may never be chosen, on one device and on several, with
choice.json and the exit statuses.

What must come out hangs on figures, not on this machine: a campaign is measured for real, then its samples are written over with known
ones, and the report chooses anew from the directory.

    tune.py           the scripted engine
    tune.py digits    ONNX Runtime, examples/digits/tune.json
"""

import json
import shutil
import struct
import sys

from batter import batter
from campaign import SETTLED, SOURCE, Device, Room, check, finish, kill, wait_for
from odd import freeze
from tensors import write_npy

MS = 1_000_000
SAMPLES = 60
IO = {"inputs": [{"name": "x", "shape": [1, 4]}], "outputs": [{"name": "y", "shape": [1, 3]}]}
BLOCK = {"inferences": 5, "min_time": "0 s"}
VARIANTS = ("base", "small", "fast", "wrong", "open", "fell", "dies")
REQUIRE = "accuracy_drop <= 10 %"
ROUNDS = 8


def make_models(room):
    def script(name, size, **keys):
        text = {"type": "edgedyno-script", "run": {"ns": 4 * MS, "sleep": True}, "warmup": SETTLED, "argmax_wrong_share": 0, **IO, **keys}
        room.write(f"{name}.json", json.dumps(text).ljust(size))

    # So much more memory than the others that no noise of the system makes it less.
    script("base", 4000, load={"ns": MS, "touch_bytes": 32 << 20})
    script("small", 1500)
    script("fast", 4000)
    script("wrong", 1500, argmax_wrong_share=0.5)
    script("open", 1500, argmax_wrong_share=0.08)
    places = [{"name": "npu", "processor": "npu", "count": 3}, {"name": "cpu", "processor": "cpu", "count": 1}]
    script("fell", 1500, placement={"unit": "node", "total": 4, "proven": True, "places": places})
    script("dies", 1500, run={"ns": 4 * MS, "fail": "segv"})
    write_npy(room.path / "data.npy", "<f4", (SAMPLES, 4), [value for i in range(SAMPLES) for value in (i % 3, 0.5, i, 1)])
    write_npy(room.path / "labels.npy", "<i8", (SAMPLES,), [i % 3 for i in range(SAMPLES)])


def suite(room, name, variants, **keys):
    hows = {"small": "ptq", "fast": "pruned", "wrong": "qat"}
    listed = [{"name": v, "file": f"{v}.json", **({"how": hows[v]} if v in hows else {})} for v in variants]
    task = {"name": "t", "data": "data.npy", "labels": "labels.npy"}
    model = {"name": "m", "reference": variants[0], "variants": listed, "tasks": [task]}
    room.write(
        f"{name}.json",
        {"models": [model], "on": ["scripted/cpu"], "block": BLOCK, "blocks": ROUNDS, "seed": 5, "on_invalid": "mark", "require": [REQUIRE], **keys},
    )
    return ["tune", f"{name}.json", "--out", name]


def cases_of(campaign, device="local"):
    frozen = json.loads((campaign / "campaign.json").read_text())
    return {case["id"]: case for d in frozen["devices"] if d["id"] == device for case in d["cases"]}


def settle(campaign, figures, device="local"):
    """Every sample of a timing block becomes `figures`(variant, threads, round) nanoseconds."""
    cases, place = cases_of(campaign, device), Device(campaign, device)
    data = bytearray(place.samples_path.read_bytes())
    for block in place.blocks():
        count = block.get("samples", {}).get("count", 0)
        if block["pass"] == "timing" and count:
            case = cases[block["case"]]
            ns = int(figures(case["variant"], case["threads"], block["repetition"]))
            struct.pack_into(f"<{count}q", data, block["at"], *[ns] * count)
    place.samples_path.write_bytes(data)


def report(room, campaign, code, *words):
    return room.run("report", campaign, "--format", "choice", *words).expect(code).json()


def one(choice, device="local"):
    row = choice["devices"][device]["m"]
    states = {c["variant"] if c["threads"] == 1 else f"{c['variant']} t{c['threads']}": c for c in row["candidates"]}
    return row, states


def check_schema(value, schema, defs, path="choice"):
    """As much of JSON Schema as the program writes."""
    if "$ref" in schema:
        return check_schema(value, defs[schema["$ref"].rpartition("/")[2]], defs, path)
    if "oneOf" in schema:
        return check_schema(value, schema["oneOf"][1 if value is None else 0], defs, path)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    check(any(isinstance(value, kinds[t]) for t in types), f"{path} is {types}", value)
    for key in schema.get("required", []):
        check(key in value, f"{path} has {key}")
    if isinstance(value, dict):
        more = schema.get("additionalProperties")
        for key, inner in value.items():
            known = schema.get("properties", {}).get(key)
            if known is None and check(isinstance(more, dict), f"{path}: the schema knows {key}"):
                known = more
            if known:
                check_schema(inner, known, defs, f"{path}.{key}")
    for i, inner in enumerate(value if isinstance(value, list) else []):
        check_schema(inner, schema["items"], defs, f"{path}[{i}]")


def measure(room):
    """One campaign for everything that follows; what it says by itself hangs on this machine, but for what can never be chosen."""
    room.run(*suite(room, "all", VARIANTS), "--dry-run").out
    ended = room.run(*suite(room, "all", VARIANTS), "--format", "json", "--export", "choice=out.json")
    check(ended.code in (0, 3), "it chooses, or cannot tell", ended.code, ended.err)
    written = (room.path / "all" / "choice.json").read_text()
    check((room.path / "out.json").read_text() == written, "the export is choice.json")
    check("choice" in ended.json(), "JSON has it")
    schema = room.run("help", "--schema", "choice").expect(0).json()
    check_schema(json.loads(written), schema, schema["$defs"])


# Told apart by far; two rounds of noise that all share.
SPEED = {"base": 4, "small": 2, "fast": 1, "wrong": 0.5, "open": 0.6, "fell": 0.1, "dies": 0.1}


def plain(variant, threads, round):
    return SPEED[variant] * MS * (1 + 0.2 * (round % 3)) * (1 + 0.001 * ((round * 7 + len(variant)) % 5))


def best(room):
    settle(room.path / "all", plain)
    row, states = one(report(room, "all", 0))
    check(row["chosen"] and row["chosen"]["variant"] == "fast", "the fastest that passes", row["why"])
    check(row["chosen"]["how"] == "pruned" and row["chosen"]["threads"] == 1 and row["chosen"]["backend"] == "cpu", "and how", row["chosen"])
    hows = {r["variant"]: r["variant_how"] for r in room.run("report", "all", "--format", "json").expect(0).json()["records"]}
    check(hows["fast"] == "pruned" and hows["small"] == "ptq" and hows["base"] is None, "every record says how its variant was made", hows)
    expected = {"base": "slower", "small": "slower", "fast": "chosen", "wrong": "fail", "open": "inconclusive", "fell": "fail", "dies": "fail"}
    check({v: c["state"] for v, c in states.items()} == expected, "every state", {v: (c["state"], c["why"]) for v, c in states.items()})
    small = states["small"]
    check(0.95 < small["change_low"] <= small["change"] <= small["change_high"] < 1.05, "twice as slow, with its interval", small)
    check(small["rounds"] == ROUNDS, "round by round", small)
    check("fell back" in states["fell"]["why"] and "crashed" in states["dies"]["why"], "why", states["fell"]["why"], states["dies"]["why"])
    check(REQUIRE in states["wrong"]["why"] and REQUIRE in states["open"]["why"], "by which requirement")
    for text in ("Against it the reference, base, has", "Failed: ", "Inconclusive: open"):
        check(text in row["why"], f"it says {text!r}", row["why"])
    check("energy_per_inference_uj" in row["front_without"], "energy is not there, and that is said", row["front_without"])
    check("energy_per_inference_uj" not in row["front_over"] and "latency_p50_ns" in row["front_over"], "the front", row["front_over"])
    check(states["small"]["front"] and states["fast"]["front"] and not states["base"]["front"], "smaller, or faster", states)
    check(not states["fell"]["front"] and not states["dies"]["front"], "never on the front")
    text = " ".join(room.run("report", "all").expect(0).out.split())
    check("pass 1 of 1 chosen: fast" in text and "chosen fast" in text, "the table", text[:600])
    page = room.run("report", "all", "--format", "html").expect(0).out
    check('id="choice"' in page and "1 of 1 chosen: fast" in page, "the page")
    check("| **chosen** | fast | pruned |" in room.run("report", "all", "--format", "markdown").expect(0).out, "markdown")
    junit = room.run("report", "all", "--format", "junit").expect(0).out
    check('tests="1" failures="0"' in junit and 'name="choice"' in junit, "one judgement a device and model", junit[:400])


def tied(room):
    """Equal but for noise that goes both ways: the smaller file, though its median is worse."""

    def figures(variant, threads, round):
        if variant in ("fast", "small"):
            return MS * (1 + (0.05 if (round % 2) == (variant == "fast") else 0) + (0.004 if variant == "small" else 0))
        return plain(variant, threads, round)

    settle(room.path / "all", figures)
    row, states = one(report(room, "all", 0))
    check(states["small"]["value"] > states["fast"]["value"] * 0.9, "close", states["small"]["value"], states["fast"]["value"])
    check(row["chosen"]["variant"] == "small" and states["fast"]["state"] == "tied", "the smaller one of two equals", row["why"])
    check("among the least of 3 that pass" in row["why"], "it has not the best median, and does not claim it", row["why"])
    check("Not told apart from the best: fast; smaller files" in row["why"] and "costs at most" in row["why"], "the rule", row["why"])
    # Not a matter of overlapping intervals: noise that all share hides nothing.
    settle(room.path / "all", lambda v, t, r: (1 + r) * MS * (0.97 if v == "fast" else 1 + SPEED[v] / 1000))
    row, states = one(report(room, "all", 0))
    check(states["small"]["value_low"] < states["fast"]["value_high"], "the intervals overlap", states)
    check(row["chosen"]["variant"] == "fast" and states["small"]["state"] == "slower", "and yet it is slower in every round", row["why"])
    check("the least of 3 that pass" in row["why"] and "among" not in row["why"], "the best median", row["why"])


def none_passes(room):
    """Of frozen requirements, only the figures change: everything beyond a limit, or only what is undecided left."""
    room.run(*suite(room, "limit", ("base", "small"), require=["latency_p50_ns <= 1 ms"]), "-r", "6")
    settle(room.path / "limit", lambda v, t, r: 2 * MS + r)
    choice = report(room, "limit", 1)
    row, _ = one(choice)
    check(row["chosen"] is None and row["verdict"] == "fail" and row["why"].startswith("none passes."), "none", row["why"])
    check(choice["summary"] == "0 of 1 chosen, 1: none passes", "the summary", choice["summary"])
    settle(room.path / "limit", lambda v, t, r: MS + (r - 3.5) * 1000)
    row, _ = one(report(room, "limit", 3))
    check(row["chosen"] is None and row["verdict"] == "inconclusive" and "Inconclusive: base; small" in row["why"], "open", row["why"])
    settle(room.path / "limit", lambda v, t, r: MS / 2 * (2 if v == "base" else 1) - r)
    row, _ = one(report(room, "limit", 0))
    check(row["chosen"]["variant"] == "small" and "No requirement names accuracy" in row["why"], "accuracy was not asked for", row["why"])


def several_devices(room):
    """The second device has what the first one measured, with other figures."""
    campaign = room.path / "two"
    shutil.copytree(room.path / "all", campaign)
    shutil.copytree(campaign / "devices" / "local", campaign / "devices" / "phone")
    frozen = json.loads((campaign / "campaign.json").read_text())
    frozen["devices"].append({**frozen["devices"][0], "id": "phone"})
    freeze(campaign / "campaign.json", frozen)
    settle(campaign, plain)
    settle(campaign, lambda v, t, r: plain({"fast": "base", "base": "fast"}.get(v, v), t, r), "phone")
    choice = report(room, "two", 0)
    chosen = {d: models["m"]["chosen"]["variant"] for d, models in choice["devices"].items()}
    check(chosen == {"local": "fast", "phone": "base"}, "each device its own", chosen)
    row, _ = one(choice, "phone")
    check("It runs the reference variant." in row["why"], "the reference may be chosen", row["why"])
    journal = campaign / "devices" / "phone" / "journal.jsonl"
    text = journal.read_text()
    check('"simulated":false' in text, "the survey tells")
    journal.write_text(text.replace('"simulated":false', '"simulated":true'))
    choice = report(room, "two", 5)
    row, states = one(choice, "phone")
    check(row["chosen"] is None and states["fast"]["state"] == "invalid" and "simulated" in states["fast"]["why"], "never a simulator", row["why"])
    frozen["absent"] = [{"id": "gone", "reason": "no route"}]
    freeze(campaign / "campaign.json", frozen)
    journal.write_text(text)
    check(report(room, "two", 4)["absent"][0]["device"] == "gone", "a device that took no part")


def frozen(room):
    path = room.path / "all" / "campaign.json"
    text = path.read_text()
    path.write_text(text.replace('"minimize": ""', '"minimize": "load_ns"'))
    room.run("report", "all").expect(2, "changed after the campaign began")
    path.write_text(text)


def threads_and_few_rounds(room):
    words = suite(room, "few", ("base", "small"), threads=[2, 1])
    campaign = room.path / "few"
    process = room.start(*words, "-r", "2")
    wait_for(lambda: campaign.exists() and Device(campaign).n_done() >= 2, "two blocks")
    kill(process.pid)
    process.communicate()
    room.run("report", "few").expect(3, "`edgedyno tune --resume few` measures them")
    choice = report(room, "few", 3)
    row, states = one(choice)
    check(row["chosen"] is None and "not measured" in {c["state"] for c in states.values()}, "it was stopped", row["why"])
    room.run("tune", "--resume", "few").expect(3)
    settle(campaign, lambda v, t, r: (10 if v == "base" else 1) * MS)
    row, _ = one(report(room, "few", 3))
    check("too few to tell any of them apart; it takes 7" in row["why"], "two rounds tell nothing of four", row["why"])
    room.run(*suite(room, "allowed", ("base", "open"), tune={"inconclusive": "pass"}), "-r", "1").expect(0)
    settle(room.path / "allowed", lambda v, t, r: (2 if v == "base" else 1) * MS)
    row, states = one(report(room, "allowed", 0))
    check(row["chosen"]["variant"] == "open" and states["base"]["state"] == "tied", "allowed", row["why"])
    check("the rounds are too few" in row["why"], "it says so", row["why"])


def other_keys(room):
    ended = room.run(*suite(room, "energy", ("base",)), "--minimize", "energy_per_inference_uj", "-r", "1", "--format", "json")
    row = ended.expect(3).json()["choice"]["devices"]["local"]["m"]
    check("no energy_per_inference_uj" in row["why"], "there is no sensor", row["why"])
    ended = room.run("tune", "base.json", "--reference", "small.json", "--minimize", "model_file_bytes", "-r", "1", "--out", "size", "--format", "json", "--on", "scripted/cpu")
    models = ended.expect(0).json()["choice"]["devices"]["local"]
    (name, row), = models.items()
    check(row["chosen"]["variant"] == "small" and len(row["candidates"]) == 2, "models of the command line are variants of one", row["why"])
    check(room.run(*suite(room, "late", ("base", "small")), "--max-time", "1 s").code in (3, 4), "out of time")
    row, _ = one(json.loads((room.path / "late" / "choice.json").read_text()))
    check(row["chosen"] is None and row["verdict"] == "inconclusive", "nothing is chosen from half of it", row["why"])


def usage(room):
    words = suite(room, "use", ("base", "small"))[:2]
    for more, text in (
        (["--minimize", "speed"], "no key to choose by"),
        (["--minimize", "latency_p5_ns"], "the nearest is latency_p50_ns"),
        (["--minimize", "throughput_per_s"], "--minimize=-throughput_per_s"),
        (["--minimize=-latency_p50_ns"], "less is better"),
        (["--reference", "bsae"], 'did you mean "base"'),
        (["--scenario", "single-stream,offline:2"], "a choice needs one"),
        (["--inconclusive", "fail"], "pass"),
    ):
        room.run(*words, *more, "--dry-run").expect(2, text)
    dry = room.run(*words, "--dry-run", "-t", "1-8", "-r", "4").expect(0).out
    check("the smallest latency_p50_ns of 16 configurations" in dry and "it takes 10 (-r 10)" in dry, "a dry run says what can be told", dry)
    check("the largest throughput_per_s" in room.run(*words, "--minimize=-throughput_per_s", "--dry-run").expect(0).out, "more is better")
    room.run("run", "base.json", "--export", "choice=no.json").expect(2, "chooses nothing")
    room.run("run", "base.json", "--on", "scripted/cpu", "-r", "1", "--out", "plain")
    room.run("report", "plain", "--format", "choice").expect(2, "chose nothing")


def digits():
    with Room(fetched_engines=True) as room:
        room.quiet()
        folder = SOURCE / "examples" / "digits"
        text = json.loads((folder / "tune.json").read_text().replace('"models/', f'"{folder}/models/').replace('"data/', f'"{folder}/data/'))
        suite_file = room.write("tune.json", {**text, "block": {"min_time": "20 ms", "min_inferences": 20}, "on_invalid": "mark"})
        ended = room.run("tune", suite_file, "-r", "1", "-t", "1", "--out", "d", "--format", "json", patience_s=600)
        ended.expect(3)  # one round chooses nothing
        choice = ended.json()["choice"]["devices"]["local"]["digits"]
        found = {c["variant"]: c for c in choice["candidates"]}
        check(set(found) == {"fp32", "fp16", "int8", "int8-qat", "pruned", "distilled"}, "six forms", sorted(found))
        check({v: c["how"] for v, c in found.items()} == {"fp32": "", "fp16": "converted", "int8": "ptq", "int8-qat": "qat", "pruned": "pruned", "distilled": "distilled"}, "how", found)
        for variant, c in found.items():
            check(c["accuracy_value"] > 0.97, f"{variant} reads digits", c["accuracy_value"])
            check(c["accuracy_drop"] is not None, f"{variant} is held against fp32", c["why"])
        check(found["distilled"]["state"] == "inconclusive" and "1 %" in found["distilled"]["why"], "800 images do not certify it", found["distilled"])
        check(found["int8"]["state"] == found["int8-qat"]["state"] == "passes", "these are certified", found["int8"]["why"])
        check("too few to tell" in choice["why"], "one round chooses nothing", choice["why"])


def main():
    if sys.argv[1:] == ["digits"]:
        digits()
        finish("tune digits")
    with Room() as room:
        room.quiet()
        make_models(room)
        measure(room)
        for part in (best, tied, none_passes, several_devices, frozen, threads_and_few_rounds, other_keys, usage):
            part(room)
        batter(room, "all", judged=True)
    finish("tune")


main()
