# SPDX-License-Identifier: Apache-2.0
"""What the harness itself costs: time of an empty sample, time to the first worker, the supervisor, sizes."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pairs
import program


def floor(edgedyno, cpu, quick):
    """The empty sample and the null inference, medians over blocks."""
    campaign, out = edgedyno.run(["--on", "null", "-r", 2 if quick else 11, "--pin", cpu])
    lines = program.blocks(campaign)
    inference, sample = [], []
    for line in lines:
        samples, timed = program.block_samples(campaign, line), line["timed"]
        inference.append(sum(samples) / len(samples) / timed["batch"])
        # What a sample costs over what it counts: two readings of the clock, the store, the checks.
        sample.append((timed["end_raw_ns"] - timed["begin_raw_ns"] - sum(samples)) / len(samples))
    return {
        "machine": next(text for text in out.splitlines() if text.startswith("local: ")).removeprefix("local: "),
        "blocks": len(lines),
        "clock_step_ns": pairs.median([line["clock"]["step_ns"] for line in lines]),
        "empty_sample_ns": pairs.median([line["clock"]["floor_ns"] for line in lines]),
        "null_inference_ns": pairs.median(inference),
        "around_sample_ns": pairs.median(sample),
    }


def start(edgedyno, quick):
    """From exec of the command to the worker's first statement, with warm caches; medians of 11 runs."""
    suite = edgedyno.suite(on=["null"], blocks=1, block={"inferences": 100})
    parts = {"job_ns": [], "block_ns": [], "worker_ns": [], "total_ns": []}
    edgedyno.run_stamped([suite])
    for _ in range(2 if quick else 11):
        campaign, stamp = edgedyno.run_stamped([suite])
        lines = program.journal(campaign)
        (begun,) = (line for line in lines if line["type"] == "job")
        first = next(line for line in lines if line["type"] == "block")
        job, block, spawn = begun["started"]["raw_ns"], first["started"]["raw_ns"], first["worker"]["spawn_ns"]
        for name, value in [
            ("job_ns", job - stamp),
            ("block_ns", block - job),
            ("worker_ns", spawn),
            ("total_ns", block + spawn - stamp),
        ]:
            parts[name].append(value)
    return {name: pairs.median(values) for name, values in parts.items()} | {
        "runs": len(parts["total_ns"]),
        "slowest_ns": max(parts["total_ns"]),
    }


def status_bytes(pid, key):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    sys.exit(f"/proc/{pid}/status has no {key}")


def supervisor(edgedyno, suite, quick):
    """One long timing block by the runner itself, whose pid `start` tells; its memory is looked at from outside."""
    seconds = 2 if quick else 10
    campaign, _ = edgedyno.run([suite])
    job = program.job(campaign)
    job["blocks"] = [block for block in job["blocks"] if block["pass"] == "timing"][:1]
    job["blocks"][0] |= {"inferences": 0, "min_ns": seconds * 10**9, "max_ns": (seconds + 1) * 10**9}
    work = edgedyno.new("work")
    started = json.loads(
        subprocess.run([edgedyno.runner, "start", "--work", work], input=json.dumps(job), env=edgedyno.environment,
                       capture_output=True, text=True, check=True).stdout
    )
    place, resident, peak = work / "jobs" / job["job"], [], 0
    # The block's own line ends the wait; what is read before it, is read while the block runs.
    for _ in range(300):
        time.sleep(0.25)
        if '"type":"end"' in (place / "journal.jsonl").read_text():
            break
        try:
            resident.append(status_bytes(started["pid"], "VmRSS"))
            peak = status_bytes(started["pid"], "VmHWM")
        except FileNotFoundError:
            break
    lines = [json.loads(line) for line in (place / "journal.jsonl").read_text().splitlines()]
    (line,) = (line for line in lines if line["type"] == "block")
    if line["outcome"] != "ok" or not resident:
        sys.exit(f"the supervisor's block ended {line['outcome']}: {line.get('message')}")
    return {
        "wall_ns": line["wall_ns"],
        "cpu_ns": line["supervisor"]["cpu_ns"],
        "samples": line["samples"]["count"],
        "resident_bytes": max(resident),
        "peak_bytes": peak,
    }


def sizes(edgedyno):
    bare = edgedyno.new("stripped")
    shutil.copy(edgedyno.runner, bare)
    subprocess.run(["strip", bare], check=True)
    return {"runner_bytes": edgedyno.runner.stat().st_size, "runner_stripped_bytes": bare.stat().st_size}
