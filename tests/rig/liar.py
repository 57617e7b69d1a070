#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Stands where a device keeps its runner, and lies: ~/lie names the lie. What is not lied about, ~/true-runner says; lies
about jobs are those of ~/lying_runner.py (tests/campaign)."""

import json
import os
import pathlib
import sys

HOME = pathlib.Path.home()
COMMAND = sys.argv[1] if len(sys.argv) > 1 else ""
OPTIONS = dict(zip(sys.argv[2::2], sys.argv[3::2]))
WORK = OPTIONS.get("--work", "")
MIB = 1 << 20
CONTROL = "\x1b[2J\x1b]0;owned\x07\r\nedgedyno: all is well"


def out(data):
    data = data if isinstance(data, bytes) else data.encode()
    while data:
        try:
            data = data[os.write(1, data) :]
        except BrokenPipeError:
            sys.exit(1)


def reply(kind, **keys):
    out(json.dumps({"type": kind, "wire": "1.1", **keys}) + "\n")
    sys.exit(0)


def flood():
    for _ in range(300):
        out(b"a" * MIB)
    sys.exit(0)


def error(status, message):
    out(json.dumps({"type": "error", "wire": "1.1", "status": status, "where": "x", "message": message}) + "\n")
    sys.exit(1)


def asked_file():
    for one in json.loads(sys.stdin.read())["sets"]:
        return one["files"][0]
    return {"sha256": "0" * 64, "bytes": 1}


def missing(**keys):
    file = asked_file()
    told = {"sha256": file["sha256"], "bytes": file["bytes"], "staged_bytes": 0}
    for key, value in keys.items():
        told[key] = value(file) if callable(value) else value
    reply("have", free_bytes=1 << 40, whole=[], missing=[told])


def lease(**keys):
    asked = json.loads(sys.stdin.read())
    told = {"granted": asked["action"] == "take", "token": "1-00000000", "left_ns": 60 * 10**9, "owner": "x", "holder": "y"}
    reply("lease", **(told | keys))


def one_set(**keys):
    told = {"id": "0" * 64, "kind": "model", "name": "m", "variant": "a", "version": "", "files": []}
    return told | {"bytes": 1, "used_us": 1, "made_us": 1} | keys


LIES = {
    "have": {
        "unknown": lambda: missing(sha256="0" * 64),
        "path": lambda: missing(sha256="../../../../../../etc/passwd"),
        "staged_beyond": lambda: missing(staged_bytes=lambda file: file["bytes"] + 1),
        "staged_negative": lambda: missing(staged_bytes=-1),
        "staged_text": lambda: missing(staged_bytes="1"),
        "no_list": lambda: reply("have", free_bytes=1, whole=[], missing={}),
        "many": lambda: reply("have", missing=[{"sha256": "0" * 64, "bytes": 1, "staged_bytes": 0}] * 20_000),
        "twice": lambda: reply("have", missing=[dict(asked_file(), staged_bytes=0)] * 3),
        "nothing": lambda: reply("have", free_bytes=1, whole=[], missing=[]),
        "half": lambda: out('{"type":"have","wire":"1.1","missing":[{"sha'),
        "deep": lambda: out('{"type":"have","wire":"1.1","missing":' + "[" * 100_000),
        "flood": flood,
        "other": lambda: reply("adopted", sets=1),
        "control": lambda: error("io", CONTROL),
    },
    "stage": {
        "elsewhere": lambda: reply("staging", directory="/tmp/elsewhere", evicted_bytes=0),
        "dotdot": lambda: reply("staging", directory=f"{WORK}/../.", evicted_bytes=0),
        "dotdot_end": lambda: reply("staging", directory=f"{WORK}/..", evicted_bytes=0),
        "beside": lambda: reply("staging", directory=f"{WORK}x/staging", evicted_bytes=0),
        "relative": lambda: reply("staging", directory="staging/1", evicted_bytes=0),
        "empty": lambda: reply("staging", directory="", evicted_bytes=0),
        "long": lambda: reply("staging", directory=WORK + "/x" * 5000, evicted_bytes=0),
        "nul": lambda: reply("staging", directory=f"{WORK}/a\0b", evicted_bytes=0),
        "missing": lambda: reply("staging", directory=f"{WORK}/not/there", evicted_bytes=0),
        "shell": lambda: reply("staging", directory=f"{WORK}/$(touch /tmp/owned)`touch /tmp/owned`';\n", evicted_bytes=0),
        "flood": flood,
    },
    "adopt": {
        "other": lambda: reply("have", missing=[]),
        "silent": lambda: sys.exit(0),
        "digest": lambda: error("version", "what was staged has another digest " + "x" * 9000),
        "control": lambda: error(CONTROL, CONTROL),
        "nothing": lambda: reply("adopted", sets=1 << 60),
        "flood": flood,
    },
    "lease": {
        "shell": lambda: lease(token="1-0;touch /tmp/owned;$(touch /tmp/owned)"),
        "long": lambda: lease(token="1" * 5000),
        "word": lambda: lease(granted="yes"),
        "no_token": lambda: lease(granted=True, token=""),
        "huge": lambda: lease(left_ns=1 << 60),
        "denied": lambda: lease(granted=False, token="", owner=CONTROL, purpose="y" * 5000),
        "flood": flood,
    },
    "hardware": {
        "array": lambda: out("[1,2]\n"),
        "deep": lambda: out("[" * 100_000),
        "flood": flood,
    },
    "sets": {
        "many": lambda: reply("sets", free_bytes=1, sets=[{}] * 5000),
        "negative": lambda: reply("sets", free_bytes=1, sets=[one_set(bytes=-1)]),
        "beyond": lambda: reply("sets", free_bytes=1, sets=[one_set(bytes=1e300)]),
        "no_list": lambda: reply("sets", free_bytes=1, sets="all"),
        "flood": flood,
        "half": lambda: out('{"type":"sets"'),
    },
    "clean": {
        "other": lambda: reply("sets", sets=[]),
        "beyond": lambda: reply("cleaned", removed=[], freed_bytes=1e300),
        "flood": flood,
    },
}


def main():
    kind, _, name = (HOME / "lie").read_text(encoding="utf-8").strip().partition("_")
    if kind == COMMAND or kind == "job":
        (HOME / "told").write_text(COMMAND, encoding="utf-8")
    if kind == "job" and COMMAND in ("start", "status", "read", "stop", "forget"):
        os.environ.update(ED_LIE=name, ED_LIE_STATE=str(HOME / "lie-state"))
        os.execv("/usr/bin/python3", ["python3", "-B", str(HOME / "lying_runner.py"), *sys.argv[1:]])
    if kind == COMMAND:
        LIES[kind][name]()
        sys.exit(0)
    os.execv(HOME / "true-runner", [str(HOME / "true-runner"), *sys.argv[1:]])


if __name__ == "__main__":
    main()
