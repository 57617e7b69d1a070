# SPDX-License-Identifier: Apache-2.0
"""Whether cases answer alike: figures against those computed here from the outputs, outputs that belong together by name, shape or layout,
and those that do not; a limit that is missed marks the speed."""

import json
import math

from batter import batter
from campaign import SETTLED, Room, check, finish
from tensors import read_npy, write_npy

N = 24
RUN = {"run": {"ns": 200_000, "sleep": True}, "warmup": SETTLED}
X = [{"name": "x", "shape": [1, 12]}]
KEYS = ("agreement_cosine", "agreement_max_abs", "agreement_sqnr_db", "agreement_top1")


def outputs(**shapes):
    return [{"name": name, "shape": shape} for name, shape in shapes.items()]


def measure(room, name, scripts, *flags, code=0, tasks=None, **keys):
    """{variant: record} of a campaign of one block; the first script is the reference."""
    for variant, script in scripts.items():
        room.script(f"{name}-{variant}.json", inputs=X, **RUN, **script)
    task = {"name": "t", "data": "data.npy", "labels": "labels.npy"}
    suite = {
        "models": [
            {
                "name": "m",
                "variants": [{"name": v, "file": f"{name}-{v}.json"} for v in scripts],
                "tasks": tasks or [task],
            }
        ],
        "on": ["scripted/cpu"],
        "blocks": 1,
        "block": {"inferences": 3},
        "on_invalid": "mark",
        **keys,
    }
    room.write(f"{name}.suite.json", suite)
    ended = room.run("run", f"{name}.suite.json", "--out", name, "--format", "json", *flags).expect(code)
    return {record["variant"]: record for record in ended.json()["records"]} if ended.out else {}


def reasons(record, key):
    return [reason for reason in record["reasons"] if reason["key"] == key]


def figures(room):
    """Noise on the values, and other classes for some samples: cosine, largest difference, SQNR and top-1 as the definitions have them."""
    same = {"outputs": outputs(y=[1, 5])}
    scripts = {
        "exact": same,
        "noisy": same | {"noise": 0.05},
        "reference-sided": same | {"output": "constant", "constant": 0},
    }
    found = measure(room, "figures", scripts)
    check([found["exact"][key] for key in KEYS] == [1, 0, 300, 1], "the reference agrees with itself", found["exact"])
    check({record["agreement_reference"] for record in found.values()} == {found["exact"]["case"]}, "against whom", found)
    blocks = [json.loads(line) for line in (room.path / "figures/devices/local/journal.jsonl").read_text().splitlines()]
    cases = json.loads((room.path / "figures/campaign.json").read_text())["devices"][0]["cases"]
    values = {}
    for block in blocks:
        if block["type"] == "block" and block["pass"] == "accuracy":
            variant = next(case["variant"] for case in cases if case["id"] == block["case"])
            _, _, values[variant] = read_npy(room.path / "figures/devices/local/outputs" / block["evidence"]["output_files"][0])
    a, b = values["exact"], values["noisy"]
    dot = sum(x * y for x, y in zip(a, b))
    noise = sum((x - y) ** 2 for x, y in zip(a, b))
    power = sum(x * x for x in a)
    top = lambda v, i: max(range(5), key=lambda k: v[5 * i + k])  # noqa: E731
    expected = {
        "agreement_cosine": dot / math.sqrt(power * sum(y * y for y in b)),
        "agreement_max_abs": max(abs(x - y) for x, y in zip(a, b)),
        "agreement_sqnr_db": 10 * math.log10(power / noise),
        "agreement_top1": sum(top(a, i) == top(b, i) for i in range(N)) / N,
        "agreement_samples": N,
    }
    for key, value in expected.items():
        check(math.isclose(found["noisy"][key], value, rel_tol=1e-9), f"{key}: {found['noisy'][key]}, not {value}")
    check(0 < expected["agreement_max_abs"] <= 0.05 and noise > 0, "the noise is there", expected)
    zeros = found["reference-sided"]
    check(zeros["agreement_cosine"] == 0 and abs(zeros["agreement_sqnr_db"]) < 1e-9, "zeros against something", zeros)
    check(all(record["speed_usable"] is None for record in found.values()), "nothing was required", found)


def limits(room):
    """What misses a limit fails and has no usable speed; NaN fails whatever the limit; without a limit it is marked all the same."""
    same = {"outputs": outputs(y=[1, 5])}
    scripts = {
        "good": same,
        "close": same | {"noise": 1e-4},
        "wrong": same | {"output": "constant", "constant": 3},
        "nan": same | {"broken": True},
    }
    require = ["agreement_cosine >= 0.999", "agreement_max_abs <= 0.01", "agreement_sqnr_db >= 40", "agreement_top1 >= 99 %"]
    found = measure(room, "limits", scripts, code=1, require=require)
    for name, verdict in (("good", "pass"), ("close", "pass"), ("wrong", "fail"), ("nan", "fail")):
        record = found[name]
        check(record["verdict"] == verdict and record["agreement_verdict"] == verdict, f"{name}: {verdict}", record)
        check(record["speed_usable"] is (verdict == "pass"), f"{name}: its speed", record["speed_usable"])
    told = [reason["text"] for reason in reasons(found["wrong"], "speed_usable")]
    whole = " ".join(told)
    for words in ("scripted@", "/cpu", "output 'y'", "cosine 0.", "agreement_cosine >= 0.999", "m/good", "SQNR", "same top in"):
        check(words in whole, f"why: {words!r}", told)
    nan = found["nan"]
    check(all(nan[key] is None for key in KEYS), "NaN has no figures", nan)
    check("output 'y'" in reasons(nan, "agreement_cosine")[0]["text"] and f"{N} of {5 * N}" in reasons(nan, "agreement_cosine")[0]["text"], "how many", nan["reasons"])
    text = room.run("report", "limits", "--format", "table").expect(1).out
    check("outputs disagree: do not use the speed" in text and "[3" in text, "the table says it", text)
    check("outputs disagree" in room.run("report", "limits", "--format", "markdown").expect(1).out, "Markdown says it")
    check("outputs disagree" in room.run("report", "limits", "--format", "html").expect(1).out, "the page says it")
    header, *rows = room.run("report", "limits", "--format", "csv").expect(1).out.splitlines()
    check("agreement_cosine,agreement_max_abs,agreement_sqnr_db,agreement_top1" in header and len(rows) >= 4, "CSV has them", header)
    found = measure(room, "unlimited", {"good": same, "nan": same | {"broken": True}})
    check(found["nan"]["speed_usable"] is False and found["nan"]["verdict"] is None, "NaN is marked unasked", found["nan"])
    found = measure(room, "broken", {"nan": same | {"broken": True}, "good": same}, code=3, require=["agreement_cosine >= 0.9"])
    check(found["good"]["verdict"] == "inconclusive", "a reference that gives NaN proves nothing", found["good"])
    check("the reference's output 'y'" in reasons(found["good"], "agreement_cosine")[0]["text"], "whose NaN", found["good"]["reasons"])


def matching(room):
    """By name in any order, by a shape that is alone, with channels elsewhere; else words."""
    echo = {"output": "echo"}
    three = echo | {"outputs": outputs(a=[1, 4], b=[1, 6], c=[1, 2, 3, 2])}
    scripts = {
        "reference": three,
        "reordered": echo | {"outputs": outputs(c=[1, 2, 3, 2], b=[1, 6], a=[1, 4])},
        "renamed": echo | {"outputs": outputs(q=[1, 2, 3, 2], r=[1, 1, 1, 6], s=[1, 4])},
        "last": echo | {"outputs": outputs(a=[1, 4], b=[1, 6], c=[1, 3, 2, 2]), "channels_last": True},
        "missing": echo | {"outputs": outputs(b=[1, 6], c=[1, 2, 3, 2])},
        "more": echo | {"outputs": outputs(d=[1, 7], **{"a": [1, 4], "b": [1, 6], "c": [1, 2, 3, 2]})},
        "shape": echo | {"outputs": outputs(a=[1, 5], b=[1, 6], c=[1, 2, 3, 2])},
    }
    found = measure(room, "matching", scripts, code=1, require=["agreement_cosine >= 0.9999"])
    for name in ("reference", "reordered", "renamed", "last", "more"):
        check(found[name]["agreement_cosine"] == 1 and found[name]["verdict"] == "pass", f"{name} agrees", found[name])
    check(any(r["code"] == "layout" and "'c' has its channels last" in r["text"] for r in found["last"]["reasons"]), "the layout is told", found["last"]["reasons"])
    check(found["missing"]["verdict"] == "inconclusive", "an output that is not there", found["missing"])
    check("the reference's 'a'" in reasons(found["missing"], "agreement_cosine")[0]["text"], "which", found["missing"]["reasons"])
    check(found["shape"]["verdict"] == "fail" and found["shape"]["speed_usable"] is False, "another shape", found["shape"])
    check("output 'a' has the shape 24x5, the reference's 24x4" in reasons(found["shape"], "agreement_cosine")[0]["text"], "which shape", found["shape"]["reasons"])
    twins = {
        "reference": echo | {"outputs": outputs(a=[1, 4], b=[1, 4])},
        "renamed": echo | {"outputs": outputs(p=[1, 4], q=[1, 4])},
        "integers": echo | {"outputs": [{"name": "a", "shape": [1, 4], "dtype": "int32"}, {"name": "b", "shape": [1, 4]}]},
    }
    found = measure(room, "twins", twins)
    for name in ("renamed", "integers"):
        check(found[name]["agreement_cosine"] is None and found[name]["speed_usable"] is None, f"{name}: not compared", found[name])
    check("int32 without a scale" in reasons(found["integers"], "agreement_cosine")[0]["text"], "other numbers", found["integers"]["reasons"])
    task = {"name": "t", "data": "data.npy", "labels": "labels.npy", "output": "b"}
    found = measure(room, "named", {"r": twins["reference"], "n": echo | {"outputs": outputs(z=[1, 3], b=[1, 4])}}, tasks=[task])
    check(found["n"]["agreement_cosine"] == 1, "only the output that the task names", found["n"])


def chosen(room):
    """The reference that is asked for, over models; one that is none; other data."""
    for name in ("one", "two"):
        room.script(f"{name}.json", inputs=X, outputs=outputs(y=[1, 5]), **RUN)
    write_npy(room.path / "other.npy", "<f4", (N, 12), [0.5] * (12 * N))
    task = {"name": "t", "data": "data.npy", "labels": "labels.npy"}
    models = [
        {"name": "one", "variants": [{"name": "v", "file": "one.json"}], "tasks": [task]},
        {"name": "two", "variants": [{"name": "v", "file": "two.json"}], "tasks": [task]},
        {"name": "three", "variants": [{"name": "v", "file": "one.json"}], "tasks": [task | {"data": "other.npy"}]},
    ]
    suite = {"models": models, "on": ["scripted/cpu"], "blocks": 1, "block": {"inferences": 3}, "on_invalid": "mark"}
    room.write("chosen.json", suite | {"agree_with": "two/v scripted t1"})
    found = {r["model"]: r for r in room.run("run", "chosen.json", "--out", "chosen", "--format", "json").expect(0).json()["records"]}
    check(found["one"]["agreement_reference"] == found["two"]["case"] == found["two"]["agreement_reference"], "across models", found["one"])
    check(found["one"]["agreement_cosine"] == 1 and found["three"]["agreement_reference"] is None, "the same data only", found)
    room.run("run", "chosen.json", "--agree-with", "two litert/cpu").expect(2, "agree_with", "no case is", "MODEL[/VARIANT]")
    plan = room.run("run", "chosen.json", "--agree-with", "one", "--out", "flag", "--format", "json").expect(0).json()["records"]
    check({r["agreement_reference"] for r in plan} == {found["one"]["case"], None}, "the flag wins", plan)


def main():
    with Room() as room:
        room.quiet()
        write_npy(room.path / "data.npy", "<f4", (N, 12), [math.sin(i) for i in range(12 * N)])
        write_npy(room.path / "labels.npy", "<i8", (N,), [i % 3 for i in range(N)])
        figures(room)
        limits(room)
        matching(room)
        chosen(room)
        batter(room, "figures")
    finish("agreement")


if __name__ == "__main__":
    main()
