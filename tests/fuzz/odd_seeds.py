# SPDX-License-Identifier: Apache-2.0
"""The seeds of a fuzz target with changes of structure, which flipped bytes seldom make: odd_seeds.py PROGRAM SEEDS N"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "campaign"))
from odd import edited, edited_lines  # noqa: E402


def split(data):
    """What chooses the reader, and the JSON behind it: a document or lines; None where there is none."""
    for start in (0, 1):
        try:
            return data[:start], json.loads(data[start:])
        except ValueError:
            pass
    return None if not any(line.startswith(b"{") for line in data[1:].split(b"\n")) else (data[:1], None)


def changed(chance, data):
    head, document = split(data)
    if document is None:
        return head + edited_lines(chance, data[1:])[0]
    return head + json.dumps(edited(chance, document)[0]).encode()


def run(program, contents):
    with tempfile.TemporaryDirectory(prefix="edgedyno-test-") as folder:
        for i, content in enumerate(contents):
            pathlib.Path(folder, f"{i:06}").write_bytes(content)
        return subprocess.run([program, "-whole", folder], capture_output=True, text=True, errors="replace")


def main():
    program, seeds, n = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    seed = os.environ.get("ED_TEST_SEED", "1")
    chance = random.Random(f"odd seeds {seeds.name} {seed}")
    all_seeds = [p.read_bytes() for p in sorted(seeds.iterdir())]
    usable = [data for data in all_seeds if split(data)]
    contents = [changed(chance, chance.choice(usable)) for _ in range(n)]
    ended = run(program, contents)
    print(f"{seeds.name}: {n} inputs of {len(usable)} seeds, ED_TEST_SEED={seed}: status {ended.returncode}")
    if ended.returncode == 0:
        return 0
    # The one that it is.
    while len(contents) > 1:
        half = contents[: len(contents) // 2]
        contents = half if run(program, half).returncode else contents[len(half) :]
    print(repr(contents[0])[:4000])
    print(run(program, contents).stderr[-4000:])
    return 1


sys.exit(main())
