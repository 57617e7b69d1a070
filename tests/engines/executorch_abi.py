# SPDX-License-Identifier: Apache-2.0
"""What the ExecuTorch adapter knows of the engine's classes, against the headers in the package that engines.json names, which are
brought for this and not kept. A release whose classes lie otherwise fails here, before a result can."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = Path(os.environ.get("ED_SOURCE_DIR", HERE.parents[1]))


def build_of(target):
    engines = json.loads((SOURCE / "engines.json").read_text())["engines"]
    (engine,) = (row for row in engines if (row["name"], row["version"]) == ("executorch", "1.5.1"))
    (build,) = (row for row in engine["builds"] if row["target"] == target)
    return build


class Abi(unittest.TestCase):
    def setUp(self):
        room = tempfile.TemporaryDirectory()
        self.addCleanup(room.cleanup)
        self.room = Path(room.name)
        build = build_of(f"linux-{os.uname().machine}")
        platforms = [word for tag in build["platforms"] for word in ("--platform", tag)]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check",
             "--python-version", build["python"], *platforms, "-d", self.room, build["package"]],
            check=True,
        )  # fmt: skip
        (wheel,) = self.room.glob("*.whl")
        self.assertEqual(hashlib.sha256(wheel.read_bytes()).hexdigest(), build["archive_sha256"])
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.startswith("executorch/include/"):
                    archive.extract(name, self.room)

    def test_classes_lie_as_the_adapter_thinks(self):
        include = self.room / "executorch" / "include"
        program = self.room / "abi"
        subprocess.run(
            ["g++", "-std=c++17", "-w", "-DC10_USING_CUSTOM_GENERATED_MACROS", f"-I{SOURCE}", f"-I{include}",
             f"-I{include}/executorch/runtime/core/portable_type/c10", "-c", HERE / "executorch_abi.cc", "-o", f"{program}.o"],
            check=True,
        )  # fmt: skip
        # Nothing of the engine is called: what its inline functions want may be missing.
        subprocess.run(["g++", "-no-pie", "-Wl,--unresolved-symbols=ignore-all", f"{program}.o", "-o", program], check=True)
        done = subprocess.run([program], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
