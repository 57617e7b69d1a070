#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The truth and the power of the gate.

    run.py check BUILD [--trials N]             the gate's code on simulated devices, held against its promises: a test
    run.py page BUILD [--trials 10000]          the same as tables in Markdown
    run.py real BUILD --minutes M [--load N]    real gates on this machine: equal builds, and 1, 2, 3 and 5 % more work, with N
                                                processes of other load beside them; tables in Markdown

Bounds allow for the number of trials: a gate that keeps its promise misses one of them less than once in ten thousand runs.
"""

import argparse
import contextlib
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FALSE_FAIL, FALSE_FAIL_BOUND = 0.01, 0.012
FOUND, PASSED = 0.90, 0.95
SABOTAGED = ("sabotaged_in_order", "sabotaged_one_process", "sabotaged_looks")


def tail(k, n, p):
    """P(Bin(n, p) >= k)."""
    if k <= 0:
        return 1.0
    logs = (
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
        for i in range(k, n + 1)
    )
    return min(1.0, math.fsum(math.exp(x) for x in logs))


def upper(k, n, confidence=0.95):
    """Clopper and Pearson's one-sided upper bound of a share of which k of n were seen."""
    low, high = k / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if k < n and 1 - tail(k + 1, n, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return 1.0 if k == n else high


def simulate(build, trials, seed):
    program = pathlib.Path(build) / "tests" / "gate_simulate"
    return json.loads(subprocess.run([program, str(trials), str(seed)], check=True, capture_output=True).stdout)


def broken_promises(result):
    """What does not hold, by a count that a gate which keeps its promises would hardly ever give."""
    rare = 1e-5
    for device in result["devices"]:
        name = device["name"]
        for key in ("equal", "equal_strict"):
            n, fails = device[key]["trials"], device[key]["fail"]
            if tail(fails, n, FALSE_FAIL) < rare:
                yield f"{name}: {fails} false fails in {n} ({key})"
            # A gate that spends its whole 1 % would miss this bound now and then.
            if key == "equal" and n >= 10000 and upper(fails, n) > FALSE_FAIL_BOUND:
                yield f"{name}: false fails may be {upper(fails, n):.2%} ({key})"
        n, found = device["slower_by_mde"]["trials"], device["slower_by_mde"]["fail"]
        if tail(n - found, n, 1 - FOUND) < rare:
            yield f"{name}: only {found} of {n} found that are slower by the mde"
        n, passed = device["equal"]["trials"], device["equal"]["pass"]
        if tail(n - passed, n, 1 - PASSED) < rare:
            yield f"{name}: only {passed} of {n} equal ones passed"
        if device["slower_by_mde"]["pass"] and tail(device["slower_by_mde"]["pass"], n, 0.05) < rare:
            yield f"{name}: {device['slower_by_mde']['pass']} of {n} passed that are slower by the mde"
        families = device["families"]
        for key in ("false_fail_all_equal", "false_fail_half_slower"):
            if tail(families[key], families["trials"], FALSE_FAIL) < rare:
                yield f"{name}: {families[key]} of {families['trials']} campaigns with a false fail ({key})"
    # What was left out of the gate must be missed: else these trials could not see anything.
    for key in SABOTAGED:
        worst = max(result["devices"], key=lambda d: d[key]["fail"])
        n, fails = worst[key]["trials"], worst[key]["fail"]
        if tail(fails, n, FALSE_FAIL) > 0.01:
            yield f"{key}: {fails} false fails in {n} at most, as if nothing had been left out"


def share(k, n):
    return f"{100 * k / n:.2f} %"


def page(result):
    trials = result["trials"]
    yield f"{trials} trials each, seed {result['seed']}; a block is taken to cost {result['block_s']} s, and the pilots are counted."
    yield ""
    yield "| device | mde | equal: fail | 95 % upper bound | equal: pass | time | slower by mde: fail | pass | time |"
    yield "|:--|--:|--:|--:|--:|--:|--:|--:|--:|"
    for d in result["devices"]:
        equal, slower = d["equal"], d["slower_by_mde"]
        yield (
            f"| {d['name']} | {d['mde']:.0%} | {share(equal['fail'], trials)} | {upper(equal['fail'], trials):.2%} | "
            f"{share(equal['pass'], trials)} | {equal['seconds']:.0f} s | {share(slower['fail'], trials)} | "
            f"{share(slower['pass'], trials)} | {slower['seconds']:.0f} s |"
        )
    yield ""
    yield "Equal builds, and an mde of a quarter, which takes the gate to its last looks: what it fails, and what it would fail without ..."
    yield ""
    yield "| device | fail | 95 % upper bound | random order | fresh processes | correction of looks |"
    yield "|:--|--:|--:|--:|--:|--:|"
    for d in result["devices"]:
        strict = d["equal_strict"]
        cells = " | ".join(share(d[key]["fail"], trials) for key in SABOTAGED)
        yield f"| {d['name']} | {share(strict['fail'], trials)} | {upper(strict['fail'], trials):.2%} | {cells} |"
    yield ""
    yield "Campaigns of ten comparisons with a false fail anywhere:"
    yield ""
    yield "| device | all equal | half of them slower by twice the mde |"
    yield "|:--|--:|--:|"
    for d in result["devices"]:
        f = d["families"]
        yield f"| {d['name']} | {f['false_fail_all_equal']} of {f['trials']} | {f['false_fail_half_slower']} of {f['trials']} |"
    yield ""
    yield "Other rules, with the device time that the gate takes on average:"
    yield ""
    yield "| device | rule | time | false alarms | found, slower by mde | fewest blocks a side for 1 % and 90 % |"
    yield "|:--|:--|--:|--:|--:|--:|"
    for d in result["devices"]:
        for rule in d["others"]:
            n, fewest = rule["trials"], rule.get("fewest_blocks")
            yield (
                f"| {d['name']} | {rule['name']} | {rule['seconds']:.0f} s | {share(rule['false_alarms'], n)} | "
                f"{share(rule['found'], n)} | {'-' if fewest is None else fewest or 'none up to 64'} |"
            )


# --- real gates

WORK_NS = 2_000_000


@contextlib.contextmanager
def load(n):
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def script(path, ns, remark):
    path.write_text(
        json.dumps(
            {
                "//": remark,
                "type": "edgedyno-script",
                "run": {"ns": ns},
                "inputs": [{"name": "x", "shape": [1, 4]}],
                "outputs": [{"name": "y", "shape": [1, 3]}],
            }
        )
    )


def onnx_pair(folder):
    """The digits model, and the same with three more bytes: a field of its protobuf that says nothing to an engine."""
    source = pathlib.Path(__file__).resolve().parents[3] / "examples" / "digits" / "models" / "digits-fp32.onnx"
    if not source.exists():
        return None
    (folder / "a.onnx").write_bytes(source.read_bytes())
    (folder / "b.onnx").write_bytes(source.read_bytes() + b"\x32\x01x")
    return folder / "a.onnx", folder / "b.onnx"


def real(build, minutes, busy):
    program = pathlib.Path(build).resolve() / "bin" / "edgedyno"
    with tempfile.TemporaryDirectory() as name, load(busy):
        folder = pathlib.Path(name)
        environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
        script(folder / "base.json", WORK_NS, "baseline")
        kinds = [("the same file", folder / "base.json", folder / "base.json", "scripted/cpu")]
        for percent in (0, 1, 2, 3, 5):
            path = folder / f"more{percent}.json"
            script(path, WORK_NS * (100 + percent) // 100, "candidate")
            label = "other bytes, equal" if percent == 0 else f"+{percent} % work"
            kinds.append((label, folder / "base.json", path, "scripted/cpu"))
        pair = onnx_pair(folder)
        if pair:
            kinds.append(("ONNX Runtime, other bytes, equal", *pair, "onnxruntime/cpu"))
        tallies = {kind[0]: {"pass": 0, "fail": 0, "inconclusive": 0, "other": 0, "s": 0.0} for kind in kinds}
        end, number = time.monotonic() + 60 * minutes, 0
        while time.monotonic() < end:
            label, baseline, candidate, on = kinds[number % len(kinds)]
            number += 1
            since = time.monotonic()
            ended = subprocess.run(
                [program, "gate", "-q", "--baseline", baseline, "--candidate", candidate, "--on", on]
                + ["--metric", "latency_p50_ns", "--out", folder / f"g{number}", "--format", "json"],
                env=environment,
                capture_output=True,
            )
            word = {0: "pass", 1: "fail", 3: "inconclusive"}.get(ended.returncode, "other")
            if word == "other":
                print(ended.stderr.decode(errors="replace"), file=sys.stderr)
            tallies[label][word] += 1
            tallies[label]["s"] += time.monotonic() - since
        yield f"{number} gates with an mde of 2 % in {minutes:g} minutes, {busy} processes of other load."
        yield ""
        yield "| candidate | gates | pass | fail | inconclusive | other | fail: 95 % upper bound | time a gate |"
        yield "|:--|--:|--:|--:|--:|--:|--:|--:|"
        for label, t in tallies.items():
            n = t["pass"] + t["fail"] + t["inconclusive"] + t["other"]
            if n:
                # A bound of false fails: of those that should fail it says nothing.
                bound = "" if label.startswith("+") else f"{upper(t['fail'], n):.1%}"
                yield (
                    f"| {label} | {n} | {t['pass']} | {t['fail']} | {t['inconclusive']} | {t['other']} | "
                    f"{bound} | {t['s'] / n:.0f} s |"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("check", "page", "real"))
    parser.add_argument("build")
    parser.add_argument("--trials", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--load", type=int, default=0)
    args = parser.parse_args()
    if args.what == "real":
        print("\n".join(real(args.build, args.minutes, args.load)))
        return
    result = simulate(args.build, args.trials, args.seed)
    if args.what == "page":
        print("\n".join(page(result)))
    broken = list(broken_promises(result))
    for text in broken:
        print("BROKEN:", text)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
