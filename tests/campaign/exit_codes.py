# SPDX-License-Identifier: Apache-2.0
"""Exit statuses, and what goes where: the report to standard output, everything else to standard error, live lines only to a terminal."""

import argparse
import csv
import fcntl
import io
import json
import os
import pty
import re
import shutil
import struct
import sys
import termios
import threading

from campaign import PROGRAM, RUNNER, SETTLED, SOURCE, TARGET, Room, check, finish
from tensors import write_npy

IO = {"inputs": [{"name": "x", "shape": [1, 4]}], "outputs": [{"name": "y", "shape": [1, 3]}]}


def make_models(room):
    """`fast`: 0.4 ms; `crash`: dies in its first inference; `refuse`: is not loaded; `wrong`: other classes than `fast` for many samples."""
    ok = {"run": {"ns": 400_000}, "warmup": SETTLED, **IO}
    room.script("fast.json", argmax_wrong_share=0, **ok)
    room.script("wrong.json", argmax_wrong_share=0.5, **ok)
    room.script("crash.json", run={"ns": 400_000, "fail": "segv"}, **IO)
    room.script("refuse.json", load={"fail": "refuse", "message": "this model wants a moon"}, **IO)
    room.script(
        "gpu.json",
        **ok,
        survey=[{"backend": "gpu", "processor": "gpu", "native": "Shader"}],
        placement={
            "total": 4,
            "places": [
                {"name": "Shader", "processor": "gpu", "count": 1},
                {"name": "Plain", "processor": "cpu", "count": 3},
            ],
        },
    )
    write_npy(
        room.path / "data.npy", "<f4", (60, 4), [value for i in range(60) for value in (i % 3, 0.5, i, 1)]
    )
    write_npy(room.path / "labels.npy", "<i8", (60,), [i % 3 for i in range(60)])


def suite(room, name, variants, blocks, **keys):
    room.suite(
        f"{name}.json", {"m": {variant: f"{variant}.json" for variant in variants}}, blocks=blocks, **keys
    )
    return ["run", f"{name}.json", "--out", name, "--format", "json"]


def records(ended):
    return {record["variant"]: record for record in ended.json()["records"]}


def pass_and_fail(room):
    ended = room.run(*suite(room, "s_pass", ["fast"], 6, require=["latency_p50_ns <= 1 s"])).expect(0)
    check(
        records(ended)["fast"]["verdict"] == "pass", "the verdict is pass", records(ended)["fast"]["verdict"]
    )
    # One campaign, other requirements: the block's figures are the same, the judgement is of the run.
    ended = room.run(*suite(room, "s_fail", ["fast"], 6, require=["latency_p50_ns <= 10 us"])).expect(1)
    check(
        records(ended)["fast"]["verdict"] == "fail", "the verdict is fail", records(ended)["fast"]["verdict"]
    )
    room.run("report", "s_fail").expect(1)
    ended = room.run(*suite(room, "s_inconclusive", ["fast"], 3, require=["latency_p50_ns <= 1 s"])).expect(3)
    check(
        records(ended)["fast"]["verdict"] == "inconclusive",
        "three blocks have no interval",
        records(ended)["fast"]["verdict"],
    )
    task = {"name": "t", "data": "data.npy", "labels": "labels.npy"}
    words = suite(room, "s_accuracy", ["fast", "wrong"], 1, require=["accuracy_drop <= 5 %"])
    text = json.loads((room.path / "s_accuracy.json").read_text())
    text["models"][0]["tasks"] = [task]
    room.write("s_accuracy.json", text)
    found = records(room.run(*words).expect(1))
    check(
        found["fast"]["verdict"] == "pass" and found["wrong"]["verdict"] == "fail",
        "the wrong one fails, its reference does not",
        [(r["verdict"], r["accuracy_value"]) for r in found.values()],
    )
    check(
        found["fast"]["accuracy_value"] == 1 and 0.2 < found["wrong"]["accuracy_drop"] < 0.8,
        "the shares of right answers",
        found["wrong"]["accuracy_drop"],
    )
    check(
        found["wrong"]["speed_usable"] is False,
        "what is wrong has no usable speed",
        found["wrong"]["speed_usable"],
    )
    # Fewer operators on the processor that was asked for than there are.
    ended = room.run(*suite(room, "s_placed", ["gpu"], 1, on=["scripted/gpu"])).expect(1)
    check(
        records(ended)["gpu"]["placed_ops_share"] == 0.25,
        "the share of what ran there",
        records(ended)["gpu"]["placed_ops_share"],
    )


def device_and_engine(room):
    found = records(room.run(*suite(room, "s_crash", ["crash", "fast"], 2)).expect(4))
    check(
        found["crash"]["outcome"] == "crashed" and found["fast"]["outcome"] == "ok",
        "a crash of one case leaves the other alone",
    )
    room.run("report", "s_crash").expect(4)
    found = records(room.run(*suite(room, "s_refuse", ["refuse"], 1)).expect(4))
    check(
        any("this model wants a moon" in reason["text"] for reason in found["refuse"]["reasons"]),
        "the engine's own words are told",
    )
    # Where several hold, 1 comes before 4 and 3. What crashed may not ship: where something is required of it, that is a fail.
    words = suite(room, "s_1_3_4", ["fast", "crash"], 2, require=["latency_p50_ns <= 1 s"])
    found = records(room.run(*words).expect(1))
    check(
        found["fast"]["verdict"] == "inconclusive" and found["crash"]["verdict"] == "fail",
        "inconclusive, and failed by its crash",
        {name: record["verdict"] for name, record in found.items()},
    )
    # A copy of the installation in which the runner is missing.
    prefix = room.path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    shutil.copy2(PROGRAM, prefix / "bin")
    shutil.copytree(RUNNER.parent.parent, prefix / "lib" / "edgedyno", symlinks=True)
    (prefix / "lib" / "edgedyno" / TARGET / RUNNER.name).unlink()
    program, room.program = room.program, prefix / "bin" / PROGRAM.name
    room.run("run", "fast.json", "--on", "scripted/cpu", "--out", "s_norunner").expect(4, "has no runner")
    check(not (room.path / "s_norunner").exists(), "no campaign is made where nothing can run")
    room.program = program


def usage(room):
    model = ["fast.json", "--on", "scripted/cpu"]
    for words, text in (
        (["run"], "nothing to measure"),
        (["run", "no_such.json"], "no_such.json"),
        (["run", *model, "--frobnicate"], "--frobnicate"),
        (["run", *model, "-r", "0"], "-r"),
        (["run", *model, "--require", "latency_p50_ns <= 5 parsecs"], "parsecs"),
        (["run", *model, "--require", "latency_p5_ns <= 5 ms"], "latency_p5_ns"),
        (["run", "fast.json", "--on", "scriptd/cpu"], "scripted"),
        (["run", "fast.json", "--on", "scripted/tpu"], "tpu"),
        (["run", "fast.json", "--on", "scripted@2/cpu"], "scripted"),
        (["run", *model, "-o", "latncy_ns=5"], "latency_ns"),
        (["run", *model, "--format", "xml"], "xml"),
        (["run", *model, "-d", "nowhere"], "nowhere"),
        (["run", "--resume", "nowhere"], "no such directory"),
        (["run", "--resume", "s_pass", "-r", "5"], "--resume"),
        (["run", *model, "--out", "s_pass"], "holds a campaign already"),
        (["report", "nowhere"], "no such directory"),
        (["report", "fast.json"], "this is a file"),
    ):
        ended = room.run(*words)
        ended.expect(2, text)
        check(ended.out == "", f"nothing on standard output: {words}", ended.out)
    for text, word in (
        ('{"models": [', "bad"),
        ('{"modles": []}', "models"),
        ("[1]", "object"),
        ('{"models": [], "blocks": 1e99}', "blocks"),
        ('{"models": [{"name": "m", "variants": [{"name": "a", "file": "none.json"}]}]}', "none.json"),
    ):
        room.write("bad.json", text)
        room.run("run", "bad.json", "--on", "scripted/cpu").expect(2, word)
    room.script("notascript.json", rnu={"ns": 1}, **IO)
    room.run("run", "notascript.json", "--on", "scripted/cpu", "-r", "1", "--out", "s_notascript").expect(
        2, "rnu"
    )
    check(
        not any(path.name.startswith(("runs", "bad")) and path.is_dir() for path in room.path.iterdir()),
        "nothing was made for a mistake",
        [path.name for path in room.path.iterdir()],
    )


def streams(room):
    words = suite(room, "s_streams", ["fast"], 2)
    ended = room.run(*words).expect(0)
    check(
        ended.json()["records"][0]["outcome"] == "ok",
        "standard output is JSON and nothing else",
        ended.out[:200],
    )
    lines = ended.err.splitlines()
    check(
        any(re.fullmatch(r"local: \d+/4  .*", line) for line in lines),
        "progress is told in plain lines",
        ended.err,
    )
    check("\x1b" not in ended.err and "\r" not in ended.err, "a pipe gets no cursor control", ended.err)
    quiet = room.run("run", "s_streams.json", "--out", "s_quiet", "-q", "--format", "json").expect(0)
    check(quiet.err == "" and quiet.json()["records"], "-q is silent on standard error", quiet.err)
    for name, reader in (
        ("csv", lambda text: list(csv.DictReader(io.StringIO(text)))),
        ("jsonl", lambda text: [json.loads(line) for line in text.splitlines()]),
    ):
        rows = reader(room.run("report", "s_quiet", "--format", name).expect(0).out)
        # A reader of JSON lines finds the campaign in its first line.
        check(any(row.get("variant") == "fast" for row in rows), f"{name} can be read", rows)


def terminal_bytes(room, words, environment, which, code=0):
    """Runs with `which` (stdout or stderr) at a terminal of 80 columns; its bytes, and the program's end."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    got = bytearray()

    def read():
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:
                return
            if not piece:
                return
            got.extend(piece)

    process = room.start(*words, env={**room.environment, **environment}, **{which: terminal})
    os.close(terminal)
    reader = threading.Thread(target=read)
    reader.start()
    ended = room.end(process, words).expect(code)
    reader.join(30)
    os.close(controller)
    return got.decode(), ended


def at_a_terminal(room):
    for device in ("one", "a-device-with-quite-a-long-name"):
        (room.path / device).mkdir(mode=0o700)
    room.write(
        "devices.json",
        {
            "devices": [
                {"id": name, "transport": "local", "work_dir": str(room.path / name)}
                for name in ("one", "a-device-with-quite-a-long-name")
            ]
        },
    )
    suite(room, "a-suite-whose-name-is-long", ["fast"], 2)
    words = [
        "run",
        "a-suite-whose-name-is-long.json",
        "-d",
        "one,a-device-with-quite-a-long-name",
        "--format",
        "json",
        "--out",
    ]
    shown, ended = terminal_bytes(room, [*words, "s_live"], {}, "stderr")
    check(len(ended.json()["records"]) == 2, "both devices are in the report")
    check("\x1b[J" in shown and "\x1b[1A" in shown, "lines are drawn again where they stand", shown)
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)
    longest = max((line for line in re.split(r"[\r\n]", plain) if not line.startswith("edgedyno: ")), key=len)
    check(len(longest) < 80, "a live line is narrower than the terminal", longest)
    check(shown.endswith("\n"), "the next prompt begins a line", shown[-80:])
    check(
        "\x1b[?" not in shown and re.findall(r"\x1b\[[0-9;]*m", shown)[-1:] in ([], ["\x1b[0m"]),
        "no mode and no colour stays behind",
        shown[-200:],
    )
    last = plain.split("\r")[-1]
    check(last.count("4/4") == 2, "the last state of each device stays on the screen", last)
    for variables, coloured in (
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ):
        shown, _ = terminal_bytes(room, ["report", "s_fail"], variables, "stdout", 1)
        check(
            max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in shown.splitlines()) <= 80,
            "the report fits the terminal",
            shown,
        )
        check(
            ("\x1b[" in shown) == coloured,
            f"colour on a terminal with {variables or 'nothing set'}: {coloured}",
            shown[:400],
        )
    shown, _ = terminal_bytes(room, [*words[:-1], "--out", "s_dumb"], {"TERM": "dumb"}, "stderr")
    check("\x1b" not in shown, "a dumb terminal gets no cursor control", shown)
    shown, _ = terminal_bytes(room, [*words[:-1], "--out", "s_calm"], {"NO_COLOR": "1"}, "stderr")
    check(
        "\x1b[J" in shown and not re.search(r"\x1b\[[0-9;]*m", shown),
        "NO_COLOR takes the colours and leaves the live lines",
        shown,
    )


def real_engine():
    """ONNX Runtime, where it was fetched: mistakes that only a real model shows."""
    fixtures = SOURCE / "tests" / "fixtures" / "onnx"
    with Room(fetched_engines=True) as room:
        listed = room.run("engines", "--format", "json")
        present = any(
            e["name"] == "onnxruntime" and e["state"] == "present" for e in json.loads(listed.out)["engines"]
        )
        if not present:
            print("skipped: onnxruntime is not fetched (edgedyno engines fetch onnxruntime)")
            sys.exit(77)
        model = ["run", fixtures / "batch.onnx", "--on", "onnxruntime/cpu", "-r", "1"]
        room.run(*model, "--out", "symbolic").expect(2, "--shape")
        room.run("report", "symbolic").expect(2, "--shape")
        room.run(
            "run", fixtures / "truncated.onnx", "--on", "onnxruntime/cpu", "-r", "1", "--out", "truncated"
        ).expect(4)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("all", "real"), default="all")
    if parser.parse_args().part == "real":
        real_engine()
    else:
        with Room() as room:
            room.quiet()
            make_models(room)
            for part in (pass_and_fail, device_and_engine, usage, streams, at_a_terminal):
                part(room)
    finish("exit_codes")


main()
