#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the JSON Schema of devices.json against the parser, over small fleets.

GOOD: both accept. BAD: both refuse. MEANING: the parser refuses what a schema cannot express. Usage: devices_schema.py
PROGRAM; exit code 77 without the Python package jsonschema.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: the Python package jsonschema is not installed")
    sys.exit(77)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPoh0vZ1wEpGsUN4lXIDXLfzsVExdfHoBaOaVnh9YxFz"


def device(transport, **more):
    return {"devices": [{"id": "a", "transport": transport, **more}]}


def ssh(**more):
    return device("ssh", host="h", **more)


def adb(**more):
    return device("adb", serial="s", **more)


GOOD = [
    {"devices": []}, {"devices": [], "include": []}, {"$schema": "x", "// why": 1, "devices": []},
    device("local"), device("local", tags=["x", "y"], work_dir="/w", job_max="2 h", settings={"governor": "performance"}),
    ssh(), ssh(port=22, user="pi", via="ssh://u@h:22", host_key=KEY, cache_max="8 GiB", free_min=1000, job_max="90min"),
    ssh(via="ssh://[fe80::1]:22"), ssh(settings={"frequency_min_khz": 1, "frequency_max_khz": 2, "// x": 1}),
    adb(), adb(via="ssh://lab", settings={"fixed_performance": True, "stay_awake": False}), adb(cache_max="1.5 GB"),
]
BAD = [
    [], {}, {"devices": {}}, {"device": []}, {"devices": [], "include": "x"}, {"devices": [], "include": [""]},
    {"devices": [{"id": "a"}]}, {"devices": [{"transport": "local"}]}, device("telnet"), {"devices": [{"id": "-", "transport": "local"}]},
    device("ssh"), device("adb"), device("local", host="h"), device("local", serial="s"), device("local", via="ssh://h"),
    device("local", host_key=KEY), device("local", cache_max="1 GiB"), device("local", settings={"stay_awake": True}),
    ssh(serial="s"), ssh(settings={"fixed_performance": True}), ssh(settings={"govenor": "x"}), ssh(settings=[]),
    ssh(port=0), ssh(port="22"), ssh(user="-x"), ssh(via="h"), ssh(via="ssh://a/b"), ssh(host_key="x"), ssh(work_dir="w"),
    ssh(cache_max="8"), ssh(cache_max=0), ssh(cache_max=True), ssh(job_max=7200), ssh(job_max="2"), ssh(tags="x"),
    ssh(tags=["x", "x"]), ssh(hostkey=KEY), adb(host="h"), adb(port=1), adb(user="x"), adb(host_key=KEY),
    device("adb", serial="-s"), ssh(settings={"frequency_min_khz": 0}), ssh(settings={"governor": ""}),
]
MEANING = [
    {"devices": [{"id": "a", "transport": "local"}, {"id": "a", "transport": "local"}]},
    device("local", tags=["a"]), ssh(via="ssh://h:99999"), ssh(job_max="1 ms"), ssh(free_min="0 B"),
    ssh(settings={"frequency_min_khz": 2, "frequency_max_khz": 1}), {"include": ["none.json"]},
]
EXPECTED = (("good", GOOD, True, True), ("bad", BAD, False, False), ("meaning", MEANING, True, False))


def parser_takes(program, fleet, folder):
    path = folder / "devices.json"
    path.write_text(json.dumps(fleet), encoding="utf-8")
    answer = subprocess.run([program, "devices", "check", "no-such-device", "--devices", path], capture_output=True, text=True)
    assert answer.returncode == 2, answer.stderr
    return "no device has this id" in answer.stderr, answer.stderr


def main(program):
    schema = json.loads(subprocess.run([program, "help", "--schema", "devices"], check=True, capture_output=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        os.environ.update({f"XDG_{kind}_HOME": f"{name}/{kind}" for kind in ("STATE", "DATA", "CACHE", "CONFIG")}, HOME=name)
        for kind, fleets, schema_takes, takes in EXPECTED:
            for fleet in fleets:
                by_parser, words = parser_takes(program, fleet, pathlib.Path(name))
                if (validator.is_valid(fleet), by_parser) != (schema_takes, takes):
                    wrong += 1
                    print(f"{kind}: schema {validator.is_valid(fleet)}, parser {by_parser}: {json.dumps(fleet)}\n    {words}")
    print(f"{sum(len(fleets) for _, fleets, _, _ in EXPECTED)} fleets, {wrong} wrong")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
