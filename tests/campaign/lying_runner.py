#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A runner that lies. ED_LIE names the lie, ED_LIE_STATE a folder to keep count in; what is not lied about is right.

It keeps no job: `start` notes the job, `status` and `read` answer from what the lie made of it. But for the lie `edited:N:DAY`, which hands
every command to the real runner, ED_LIE_TRUTH, and changes one reply in N, by the chance of that day.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import time

LIE = os.environ.get("ED_LIE", "")
STATE = pathlib.Path(os.environ["ED_LIE_STATE"])
COMMAND = sys.argv[1]
OPTIONS = dict(zip(sys.argv[2::2], sys.argv[3::2]))
MIB = 1 << 20


def out(data):
    data = data if isinstance(data, bytes) else data.encode()
    while data:
        try:
            n = os.write(1, data)
        except BrokenPipeError:
            sys.exit(1)
        data = data[n:]


def reply(kind, **keys):
    out(json.dumps({"type": kind, "wire": "1.0", **keys}) + "\n")
    sys.exit(0)


def flood(mib, piece=b"a" * MIB):
    for _ in range(mib):
        out(piece)
    sys.exit(0)


def count(name):
    path = STATE / name
    n = int(path.read_text()) if path.exists() else 0
    path.write_text(str(n + 1))
    return n


def job():
    return json.loads((STATE / "job").read_text())


def block_line(index=0, **keys):
    block = job()["blocks"][index]
    line = {
        "type": "block",
        "block": block["id"],
        "case": job()["cases"][block["case"]]["id"],
        "pass": block["pass"],
        "repetition": 1,
        "outcome": "ok",
        "samples": {"offset": 0, "count": 2},
        "load_ns": 1000,
        "first_inference_ns": 1000,
        "timed": {"begin_raw_ns": 1, "end_raw_ns": 10**9, "batch": 1},
    }
    line.update(keys)
    return json.dumps(line) + "\n"


def journal():
    """The bytes of the job's journal by each lie."""
    deep = "[" * 100_000
    others = {
        "journal_garbage": lambda: "\0\1\2 no journal at all\n",
        "journal_not_json": lambda: block_line()[:-20] + "\n",
        "journal_array": lambda: "[1, 2]\n",
        "journal_deep": lambda: deep + "\n",
        "journal_nul": lambda: block_line().replace("ok", "o\0k"),
        "journal_no_type": lambda: '{"block": "c0.timing.1"}\n',
        "journal_attach": lambda: '{"type": "attach", "job": "other", "samples_base": 0}\n',
        "journal_long_line": lambda: block_line(message="x" * (3 * MIB)),
        "block_twice": lambda: block_line() + block_line(),
        "block_unknown": lambda: "".join(block_line(block=f"c0.timing.{i}") for i in range(900, 1000)),
        "block_path": lambda: block_line(block="../../escaped"),
        "case_unknown": lambda: block_line(case="c77"),
        "outcome_unknown": lambda: block_line(outcome="splendid"),
        "samples_missing": lambda: block_line(samples={"offset": 0, "count": 500_000}),
        "samples_huge_count": lambda: block_line(samples={"offset": 0, "count": 2**40}),
        "samples_negative_count": lambda: block_line(samples={"offset": 0, "count": -5}),
        "samples_negative_offset": lambda: block_line(samples={"offset": -8, "count": 2}),
        "samples_odd_offset": lambda: block_line(samples={"offset": 3, "count": 2}),
        "samples_huge_offset": lambda: block_line(samples={"offset": 2**49, "count": 2}),
        "samples_beyond_int": lambda: block_line(samples={"offset": 1e300, "count": 2}),
        "samples_text": lambda: block_line(samples={"offset": "0", "count": "2"}),
        "samples_too_many_bytes": lambda: block_line(),
        "timeline_missing": lambda: block_line(timeline={"offset": 0, "records": 500}),
        "timeline_huge": lambda: block_line(timeline={"offset": 0, "records": 2**40}),
        "timeline_negative": lambda: block_line(timeline={"offset": 0, "records": -1}),
        "timeline_gap": lambda: block_line(timeline={"offset": 2**49, "records": 2}),
        "timeline_text": lambda: block_line(timeline={"offset": "0", "records": 1}),
        "timeline_too_many_bytes": lambda: block_line(timeline={"offset": 0, "records": 2}),
        "output_dotdot": lambda: block_line(evidence={"output_files": ["../../../escaped"]}),
        "output_absolute": lambda: block_line(evidence={"output_files": [str(STATE.parent.parent / "escaped")]}),
        "output_slash": lambda: block_line(evidence={"output_files": ["a/b"]}),
        "output_dot": lambda: block_line(evidence={"output_files": ["."]}),
        "output_empty": lambda: block_line(evidence={"output_files": [""]}),
        "output_long": lambda: block_line(evidence={"output_files": ["n" * 5000]}),
        "output_number": lambda: block_line(evidence={"output_files": [7]}),
        "output_breaks_off": lambda: block_line(evidence={"output_files": ["large.npy"]}),
        "output_endless": lambda: block_line(evidence={"output_files": ["endless.npy"]}),
        "batch_huge": lambda: "".join(
            block_line(
                i,
                samples={"offset": 0, "count": 2},
                timed={"begin_raw_ns": 1, "end_raw_ns": 2, "batch": 2**53},
            )
            for i in range(len(job()["blocks"]))
        ),
    }
    return others.get(LIE, lambda: "")().encode()


def answer_status():
    done, total = 0, len(job()["blocks"])
    told = {
        "job": job()["job"],
        "state": "running",
        "journal_bytes": len(journal()),
        "blocks_done": done,
        "blocks_total": total,
        "next_news_ns": 0,
    }
    if LIE == "status_unknown_state":
        told["state"] = "asleep"
    elif LIE == "status_negative":
        told["journal_bytes"] = -5
    elif LIE == "status_beyond_int":
        told["journal_bytes"] = 1e300
    elif LIE == "status_text":
        told["journal_bytes"] = "many"
    elif LIE == "status_hollow":
        told.update(state="ended", reason="done", journal_bytes=2**52)
    elif LIE == "status_done":
        told.update(state="ended", reason="done")
    elif LIE == "status_bored":
        told.update(state="ended", reason="bored")
    elif LIE == "status_error":
        told.update(state="ended", reason="error", message="\x1b[2J\x1b]0;owned\x07 " + "no " * 30_000)
    elif LIE == "status_died":
        told.update(state="died")
    elif LIE == "status_backwards":
        n = count("status")
        told.update(
            journal_bytes=max(0, 5000 - 2000 * n),
            blocks_done=max(0, 5 - n),
            state="ended" if n > 3 else "running",
            reason="done",
        )
    elif LIE == "status_unknown_job":
        out(
            json.dumps({"type": "error", "wire": "1.0", "status": "not_found", "message": "no such job"})
            + "\n"
        )
        sys.exit(1)
    elif LIE == "status_huge_numbers":
        told.update(
            left_ns=2**53 - 1,
            blocks_done=2**53 - 1,
            blocks_total=2**53 - 1,
            state="running" if count("status") < 1 else "ended",
            reason="x" * 100_000,
        )
    elif LIE.startswith(("journal_", "block_", "case_", "outcome_", "samples_", "timeline_", "output_", "batch_")):
        told.update(state="ended", reason="done")
        if LIE in ("journal_endless_line", "journal_flood"):
            told["journal_bytes"] = 2**40
        if LIE == "journal_half":
            told["journal_bytes"] = 100
    reply("status", **told)


def answer_read():
    first, most, name = int(OPTIONS["--from"]), int(OPTIONS["--max"]), OPTIONS["--file"]
    if name == "journal.jsonl":
        if LIE == "journal_endless_line":
            flood(most // MIB)
        if LIE == "journal_flood":
            flood(300)
        if LIE == "journal_half":
            out(b'{"type": "block", "block": "c0.ti')
            return
        out(journal()[first : first + most])
    elif name == "samples.bin":
        if LIE == "samples_too_many_bytes":
            flood(300)
        if LIE in ("samples_huge_offset", "samples_huge_count"):
            flood(most // MIB)
        out((b"\1\0\0\0\0\0\0\0" * 2)[first : first + most])
    elif name == "timeline.bin":
        if LIE == "timeline_too_many_bytes":
            flood(300)
        out((b"\1\0\0\0\0\0\0\0" * 6)[first : first + most])
    elif LIE == "output_endless" or (LIE == "output_breaks_off" and first < 400 * MIB):
        flood(most // MIB)
    elif LIE == "output_breaks_off":
        sys.exit(1)
    else:
        out(b"x"[first : first + 1])


def edited_truth():
    sys.path.insert(0, os.environ["ED_LIE_HELPERS"])
    from odd import edited, edited_lines

    _, one_in, day = LIE.split(":")
    chance = random.Random(f"{day} {count('commands')}")
    ended = subprocess.run([os.environ["ED_LIE_TRUTH"], *sys.argv[1:]], stdin=sys.stdin.buffer, stdout=subprocess.PIPE)
    data = ended.stdout
    if data and chance.randrange(int(one_in)) == 0:
        try:
            data = json.dumps(edited(chance, json.loads(data))[0]).encode() + b"\n"
        except ValueError:
            data = edited_lines(chance, data)[0]
    out(data)
    sys.exit(ended.returncode)


def main():
    STATE.mkdir(exist_ok=True)
    if LIE.startswith("edited:"):
        edited_truth()
    # The first command of all is asked for the version.
    if LIE.startswith("version_") and COMMAND == "version":
        if LIE == "version_2":
            out('{"type":"version","wire":"2.0","runner":"9.9"}\n')
        elif LIE == "version_garbage":
            out(bytes(range(256)) * 100)
        elif LIE == "version_flood":
            flood(300)
        elif LIE == "version_err_flood":
            os.dup2(2, 1)
            flood(300)
        elif LIE == "version_half":
            out('{"type":"version","wire":"1.0"')
        elif LIE == "version_array":
            out("[]\n")
        elif LIE == "version_deep":
            out("[" * 100_000)
        elif LIE == "version_two":
            out('{"type":"version","wire":"1.0"}\n{"type":"version","wire":"1.0"}\n')
        elif LIE == "version_number":
            out('{"type":"version","wire":1.0}\n')
        elif LIE == "version_signal":
            os.kill(os.getpid(), 9)
        elif LIE == "version_terminal":
            out(
                json.dumps(
                    {
                        "type": "error",
                        "wire": "1.0",
                        "status": "io",
                        "where": "\x1b[2J",
                        "message": "\x1b]0;owned\x07 no\r\nedgedyno: all is well",
                    }
                )
                + "\n"
            )
        elif LIE == "version_hang":
            time.sleep(3600)
        sys.exit(0)
    if COMMAND in ("version", "hardware"):
        reply(COMMAND, summary="a liar", runner="0")
    if COMMAND == "start":
        text = sys.stdin.read()
        (STATE / "job").write_text(text)
        if LIE == "start_other":
            reply("stopping", job="x")
        if LIE == "start_usage":
            out('{"type":"error","wire":"1.0","status":"nonsense","message":"I will not"}\n')
            sys.exit(1)
        if LIE == "start_silent":
            sys.exit(0)
        reply("started", job=json.loads(text)["job"], pid=1)
    if COMMAND == "status":
        answer_status()
    if COMMAND == "read":
        answer_read()
    if COMMAND == "lease":
        asked = json.loads(sys.stdin.read())
        granted = {"lease_word": "yes", "lease_no_token": True}.get(LIE, asked["action"] == "take")
        left = {"lease_huge": 2**60, "lease_negative": -1}.get(LIE, 60_000_000_000)
        token = "" if LIE == "lease_no_token" else "1-00000000"
        if LIE == "lease_denied":
            granted, token = False, ""
        reply("lease", granted=granted, token=token, left_ns=left, owner="\x1b[2Jsomebody", holder="x", purpose="y" * 5000)
    if COMMAND == "work":
        reply("work", job="")
    if COMMAND == "stop":
        reply("stopping", job=OPTIONS["--job"])
    if COMMAND == "forget":
        reply("forgotten", job=OPTIONS["--job"])


main()
