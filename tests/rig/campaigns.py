# SPDX-License-Identifier: Apache-2.0
"""Campaigns on the rig: the program as the controller, its devices.json, and what a campaign must be on disk."""

import json
import os
import pathlib
import sys

from checks import check, skip

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "campaign"))

import campaign as room  # noqa: E402

PROGRAM = room.PROGRAM
SOURCE = room.SOURCE
RUN_S = 800
LATENCY_NS = 400_000


class Controller:
    """The program on a rig. Files of the test lie in `folder`."""

    def __init__(self, rig, program=PROGRAM):
        self.rig = rig
        self.program = program
        self.folder = rig.directory.parent
        self.devices_file = self.folder / "devices.json"
        self.refresh()

    def refresh(self):
        """devices.json with what is up now."""
        self.devices_file.write_text(self.rig.devices_json(), encoding="utf-8")

    def link_engines(self, *targets):
        """The engines that this machine has fetched, for the controller; the test is skipped where one is not here."""
        data = pathlib.Path(os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share")
        own = pathlib.Path(self.rig.environment()["XDG_DATA_HOME"]) / "edgedyno"
        own.mkdir(parents=True, exist_ok=True)
        if not (own / "engines").exists():
            (own / "engines").symlink_to(data / "edgedyno/engines")
        for target in targets:
            if not list((data / "edgedyno/engines").glob(f"onnxruntime@*/{target}")):
                skip(f"no ONNX Runtime for {target} here: edgedyno engines fetch --target {target} onnxruntime")

    def words(self, *words):
        return [self.program, words[0], "--devices", self.devices_file, *words[1:]]

    def run(self, *words, code=0, timeout=RUN_S):
        """Runs the program to its end; `code` is the exit status that is expected, or several."""
        done = self.rig.ctl(self.words(*words), check=False, timeout=timeout, cwd=self.folder)
        expected = code if isinstance(code, (tuple, set)) else (code,)
        told = " ".join(map(str, words))
        check(
            done.returncode in expected,
            f"`edgedyno {told}`: status {done.returncode}, not {code}",
            done.stderr,
            done.stdout,
        )
        check("Sanitizer" not in done.stderr and "runtime error:" not in done.stderr, "a sanitizer speaks", done.stderr)
        return done

    def start(self, *words, **arguments):
        return self.rig.ctl_start(self.words(*words), cwd=self.folder, **arguments)

    def records(self, out):
        """What a campaign's report says, from its files alone."""
        done = self.rig.ctl([self.program, "report", out, "--format", "json"], check=False, cwd=self.folder)
        check(done.stdout.startswith("{"), f"a report of {out}", done.stderr)
        return json.loads(done.stdout)["records"]

    def check_whole(self, out, names, least_ns=None):
        for name in names:
            room.check_whole(self.folder / out, name, least_ns, name)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    def scripted_suite(self, name="suite.json", blocks=3, latency_ns=LATENCY_NS, variants=("a", "b"), **block):
        """A suite of scripted models, each block of which takes about half a second."""
        for variant in variants:
            self.write(
                f"{variant}.json",
                {
                    "type": "edgedyno-script",
                    "run": {"ns": latency_ns},
                    "warmup": room.SETTLED,
                    "inputs": [{"name": "x", "shape": [4]}],
                    "outputs": [{"name": "y", "shape": [2]}],
                },
            )
        listed = [{"name": variant, "file": f"{variant}.json"} for variant in variants]
        return self.write(
            name,
            {
                "name": "scripted",
                "models": [{"name": "m", "variants": listed}],
                "on": ["scripted/cpu"],
                "blocks": blocks,
                "block": room.SHORT_BLOCK | block,
                "on_invalid": "mark",
            },
        )


def least(latency_ns=LATENCY_NS, cases=8):
    """Case -> its shortest possible sample, for check_whole."""
    return {f"c{i}": latency_ns for i in range(cases)}
