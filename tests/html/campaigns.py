# SPDX-License-Identifier: Apache-2.0
"""Campaigns on disk as runs leave them, made from numbers that are the same every time: for reports of fleets, of hostile names and of
a million samples, which no test can measure."""

import hashlib
import json
import math
import random
import shutil
import struct
import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "campaign"))
from odd import freeze  # noqa: E402

DIGEST = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
HOSTILE = [
    "<script>document.title='hit'</script>",
    "=cmd|' /C calc'!A0",
    "\"><img src=x onerror=document.title='hit'>",
    "`touch hit` '; system('touch hit') #",
    "@SUM(A1:A9) \\n $x %s {/Symbol a} ~a^b_c",
    "\u202egnp.exe \u6a21\u578b-\U0001f680",
]


def campaign_case(index, model, variant, threads):
    return {
        "id": f"c{index}",
        "case": f"{model}/{variant} onnxruntime@1.27.0/cpu t{threads}"[:250],
        "model": model,
        "variant": variant,
        "engine": "onnxruntime",
        "engine_version": "1.27.0",
        "engine_build_sha256": DIGEST,
        "backend": "cpu",
        "processor": "cpu",
        "model_sha256": DIGEST,
        "threads": threads,
        "model_file_bytes": 13964571,
        "engine_file_bytes": 24218647,
        "options": "",
        "workload": "single-stream",
        "workload_parts": {"scenario": "single-stream"},
        "has_model": True,
        "reference": index,
        "timing": index,
        "task": -1,
    }


def mark(at, raw_ns, peak_bytes):
    return {
        "at": at,
        "raw_ns": raw_ns,
        "monotonic_ns": raw_ns,
        "boot_ns": raw_ns,
        "peak_bytes": peak_bytes,
        "rss_bytes": peak_bytes,
        "anon_bytes": peak_bytes // 3,
        "file_bytes": peak_bytes - peak_bytes // 3,
        "shmem_bytes": 0,
        "swap_bytes": 0,
        "peak_reset": True,
    }


def channel(name, quantity, unit, scope):
    return {"id": name, "quantity": quantity, "unit": unit, "scope": scope, "kind": "gauge", "available": True,
            "resolution": 1, "update_ns": READ_NS, "period_ns": READ_NS}


# What probes of a board with sensors tell: channels, and the value of each so far into a block of a device that grows warm.
READ_NS = 20_000_000
CHANNELS = (
    (channel("thermal.cpu-thermal", "temperature", "mc", "package"), lambda s, n: int(45_000 + 400 * n + 3_000 * s)),
    (channel("cpufreq.cpu0", "frequency", "khz", "package"), lambda s, n: 2_400_000 if n < 12 else 1_500_000),
    (channel("ina2xx.board", "power", "uw", "board"), lambda s, n: int(2_000_000 + (5_000_000 if s > 0.2 else 1_000_000) + 10_000 * (n % 3))),
    (channel("raspberry_pi.throttled", "state", "count", "board"), lambda s, n: 0 if n < 12 else 0x40004),
)


class DeviceFiles:
    """Writes one device's journal, samples and, where it has channels, what was read of them."""

    def __init__(self, path, channels=()):
        path.mkdir(parents=True)
        self.journal = open(path / "journal.jsonl", "w")
        self.samples = open(path / "samples.bin", "wb")
        self.readings = open(path / "timeline.bin", "wb")
        self.channels = channels
        self.at, self.read, self.clock_ns, self.blocks = 0, 0, 1_000_000_000_000, 0
        self.line({"type": "attach", "job": "j", "samples_base": 0, "timeline_base": 0})
        self.line({"type": "job", "wire": "1.2", "job": "j", "campaign": "c", "channels": [c for c, _ in channels]})

    def line(self, value):
        self.journal.write(json.dumps(value, separators=(",", ":")) + "\n")

    def timeline(self, start, end):
        n = 0
        for at in range(start, end, READ_NS):
            for place, (_, value) in enumerate(self.channels):
                self.readings.write(struct.pack("<qIIq", at, place, 0, value((at - start) / 1e9, self.blocks)))
                n += 1
        self.read += 24 * n
        return {"offset": self.read - 24 * n, "records": n}

    def block(self, case, repetition, samples, outcome="ok", of="timing", load_ns=30_000_000):
        start, warmup_ns = self.clock_ns, 200_000_000
        begin = start + load_ns + warmup_ns
        end = begin + sum(samples)
        self.clock_ns = end + 50_000_000
        peak = (24 + 3 * (self.blocks % 4)) << 20
        value = {
            "type": "block",
            "block": f"{case}.{of}.{repetition}",
            "case": case,
            "pass": of,
            "repetition": repetition,
            "outcome": outcome,
            "started": {"raw_ns": start, "monotonic_ns": start, "boot_ns": start, "real_us": start // 1000},
            "ended": {"raw_ns": end, "monotonic_ns": end, "boot_ns": end, "real_us": end // 1000},
            "wall_ns": end - start,
        }
        if self.channels:
            value["timeline"] = self.timeline(start, end)
        self.blocks += 1
        if outcome != "ok":
            value.update(died_in_phase="load", message="the worker was ended by signal 11", signal=11)
        else:
            value.update(
                samples={"offset": self.at, "count": len(samples)},
                clock={"step_ns": 1, "floor_ns": 30},
                open_ns=1_000_000,
                load_ns=load_ns,
                first_inference_ns=3 * samples[0],
                warmup={"inferences": 20, "ns": warmup_ns, "state": "steady"},
                timed={"begin_raw_ns": begin, "end_raw_ns": end, "batch": 1},
                marks=[
                    mark("before_load", start, 3 << 20),
                    mark("after_load", start + load_ns, peak),
                    mark("after_warmup", begin, peak + (1 << 20)),
                    mark("after_timed", end, peak + (1 << 20)),
                    mark("after_unload", end, peak - (8 << 20)),
                ],
                evidence={
                    "libc": {"version": "2.36", "pack": False},
                    "placement": {
                        "proven": True,
                        "unit": "node",
                        "total": 12,
                        "detail": "",
                        "places": [
                            {"name": "CPUExecutionProvider", "processor": "cpu", "count": 12, "operators": "Conv,Gemm"}
                        ],
                    },
                },
            )
            raw = array("q", samples)
            self.samples.write(raw.tobytes())
            self.at += 8 * len(samples)
        self.line(value)

    def close(self):
        self.line({"type": "end", "job": "j", "reason": "done"})
        for file in (self.journal, self.samples, self.readings):
            file.close()


def noisy(rng, median_ns, n):
    """Log-normal with a tail now and then, as inferences are."""
    return [
        int(median_ns * math.exp(0.03 * rng.gauss(0, 1)) * (rng.uniform(3, 30) if rng.random() < 0.002 else 1))
        for _ in range(n)
    ]


def make(path, devices=1, variants=("fp32", "int8"), threads=(1,), blocks=6, samples=70, require=(), absent=(), crash=None, model="net", suite="images", channels=(), more=None):
    """`crash`: (device index, case index) whose blocks all die. `channels`: such as CHANNELS. `more`: further keys of campaign.json."""
    path = Path(path)
    path.mkdir(parents=True)
    rng = random.Random(7)
    listed = []
    for d in range(devices):
        name = "local" if devices == 1 else f"device-{d + 1:02}"
        cases = [campaign_case(i, model, v, t) for i, (v, t) in enumerate((v, t) for t in threads for v in variants)]
        listed.append(
            {
                "id": name,
                "transport": "local",
                "target": "linux-x86_64",
                "summary": "AMD EPYC (2 cores, avx2), 24 GiB, Linux 6.18",
                "runner_sha256": DIGEST,
                "libc": "glibc",
                "libc_version": "2.36",
                "android": False,
                "pack_foreign": False,
                "runner_libc": False,
                "oom_score_adj": 0,
                "cpuset": "",
                "blocks": len(cases) * blocks,
                "cases": cases,
            }
        )
        files = DeviceFiles(path / "devices" / name, channels)
        for repetition in range(1, blocks + 1):
            for i, case in enumerate(cases):
                median = int(2_000_000 * (1 + d / 10) / (1 + i % len(variants)) / math.sqrt(case["threads"] or 1))
                if crash == (d, i):
                    if repetition <= 2:
                        files.block(case["id"], repetition, [], "crashed")
                    continue
                files.block(case["id"], repetition, noisy(rng, int(median * rng.uniform(0.98, 1.02)), samples))
        files.close()
    document = {
        "edgedyno": "0.1.0",
        "format": 1,
        "id": "20261121T081500Z-0a0b0c",
        "started": "2026-11-21T08:15:00Z",
        "seed": 42,
        "suite": suite,
        "label": "",
        "blocks": blocks,
        "max_time_ns": 0,
        "pin": "",
        "allow_fallback": False,
        "leave_nothing": False,
        "require": list(require),
        "require_sha256": hashlib.sha256("".join(f"{text}\n" for text in require).encode()).hexdigest(),
        "tasks": [],
        "devices": listed,
        "absent": [{"id": name, "reason": reason} for name, reason in absent],
    }
    freeze(path / "campaign.json", {**document, **(more or {})})
    return path


def change_cases(path, change):
    """`change`(case) -> its further keys."""
    file = Path(path) / "campaign.json"
    document = json.loads(file.read_text())
    for device in document["devices"]:
        for case in device["cases"]:
            case.update(change(case))
    freeze(file, document)


def choice(path, names=("fp32", "fp16", "int8", "int8-qat", "pruned"), **keys):
    """Of `edgedyno tune`, the last variant the fastest."""
    hows = ("", "converted", "ptq", "qat", "pruned")
    sha256 = hashlib.sha256(b"latency_p50_ns 0 0 smaller model files, then fewer threads, then the better figure\n").hexdigest()
    tune = {"minimize": "latency_p50_ns", "more_is_better": False, "inconclusive_pass": False, "sha256": sha256}
    made = make(path, variants=names, blocks=9, more={"tune": tune}, **keys)
    change_cases(
        made,
        lambda case: {
            "how": hows[names.index(case["variant"])],
            "of_reference": case["variant"] == names[0],
            "model_file_bytes": 13964571 // (1 + names.index(case["variant"])),
        },
    )
    return made


def gate(path, slower, names=("base", "candidate"), pairs=12, metrics=("latency_p50_ns", "latency_p90_ns", "load_ns"), require=(), absent=()):
    """`slower`: by how much the candidate is, one a device."""
    asked = {
        "metrics": [{"key": key, "mde": 0.1 if key == "load_ns" else 0.02} for key in metrics],
        "chosen": True, "inconclusive": "", "need": 0, "max_time_ns": 0, "family": len(metrics) * len(slower),
        "min_ns": 1000000000, "max_ns": 10000000000, "min_inferences": 100, "inferences": 0, "confirm": False, "confirms": "",
    }
    numbers = [1, 0, 0, asked["family"], 0, *(asked[k] for k in ("min_ns", "max_ns", "min_inferences", "inferences")), ""]
    text = " ".join(map(str, numbers)) + "\n" + "".join(f"{m['key']} {m['mde']}\n" for m in asked["metrics"])
    asked["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    made = make(path, devices=len(slower), variants=names, blocks=0, require=require, absent=absent, more={"gate": asked})
    file = Path(path) / "campaign.json"
    document = json.loads(file.read_text())
    rng = random.Random(11)
    for device, share in zip(document["devices"], slower):
        device["pairs"] = [{"baseline": 0, "candidate": 1}]
        shutil.rmtree(Path(path) / "devices" / device["id"])
        files = DeviceFiles(Path(path) / "devices" / device["id"])
        for case in ("c0", "c1"):
            files.block(case, 1, noisy(rng, 2_000_000, 120), of="pilot")
        for repetition in range(1, pairs + 1):
            for i in (0, 1) if repetition % 2 else (1, 0):
                median = int(2_000_000 * (1 + i * share) * rng.uniform(0.998, 1.002))
                files.block(f"c{i}", repetition, noisy(rng, median, 120), load_ns=int(30_000_000 * rng.uniform(0.98, 1.02)))
        files.close()
    freeze(file, document)
    return made


def hostile(path):
    names = [name.replace("/", "|") for name in HOSTILE]
    return make(path, variants=names, model="<i>m", suite="<b>s</b>=1+1", require=["latency_p90_ns <= 1 ms"])


def check_samples(path, name="local"):
    """How many samples there are."""
    return (Path(path) / "devices" / name / "samples.bin").stat().st_size // struct.calcsize("q")
