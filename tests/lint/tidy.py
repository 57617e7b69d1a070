# SPDX-License-Identifier: Apache-2.0
"""clang-tidy 14 over every source of the product, by .clang-tidy and the build's compile_commands.json.

    tidy.py BUILD_DIR [FILE...]

tidy_known.txt lists findings that were looked at and are none, each with its reason; one that no longer occurs is a finding too.
Exit status 77 (skipped) where clang-tidy-14 is not installed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree

TIDY = "clang-tidy-14"
FINDING = re.compile(r"^(?P<file>/[^:\n]+):(?P<line>\d+):\d+: (?:error|warning): (?P<text>.*) \[(?P<check>[^\],]+)[^\]]*\]$", re.MULTILINE)
FOLDERS = {"base", "backends", "probes", "runners", "devices", "reports", "harness"}


def compiled(root, build):
    """The product's sources that this build compiles, sorted."""
    entries = json.loads((build / "compile_commands.json").read_text())
    paths = {Path(entry["directory"], entry["file"]).resolve() for entry in entries}
    found = (path.relative_to(root) for path in paths if root in path.parents)
    return sorted(path for path in found if path.parts[0] in FOLDERS)


def known_findings(root):
    """{(file, check)} of tidy_known.txt: `FILE CHECK REASON...` a line."""
    lines = (root / "tests/lint/tidy_known.txt").read_text().splitlines()
    rows = [line.split(maxsplit=2) for line in lines if line.strip() and not line.startswith("#")]
    return {(file, check) for file, check, _ in rows}


def look(root, build, path):
    """{(file, line, check): text} of one source and the headers that it reads. One source a process: several in one make the va_list
    check see what is not there."""
    done = subprocess.run(
        [TIDY, "--quiet", "--use-color=false", "-p", build, "--extra-arg=-Wno-unknown-warning-option",
         f"--extra-arg=-include{root}/tests/lint/analyzer.h", root / path],
        cwd=root, capture_output=True, text=True, check=False,
    )
    found = {}
    for match in FINDING.finditer(done.stdout):
        file = Path(match["file"]).resolve()
        name = str(file.relative_to(root)) if root in file.parents else str(file)
        found[name, int(match["line"]), match["check"]] = match["text"]
    if done.returncode and not found:
        found[str(path), 0, "clang-tidy"] = (done.stdout + done.stderr)[-500:]
    return found


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tidy.py BUILD_DIR [FILE...]")
    if not shutil.which(TIDY):
        print(f"skipped: {TIDY} is not installed")
        sys.exit(77)
    root, build = Path(__file__).resolve().parents[2], Path(sys.argv[1]).resolve()
    paths = [Path(name).resolve().relative_to(root) for name in sys.argv[2:]] or compiled(root, build)
    if not paths:
        sys.exit(f"{build}/compile_commands.json names no source of this tree")
    found = {}
    with ThreadPoolExecutor(int(os.environ.get("ED_TIDY_JOBS", "2"))) as pool:
        for part in pool.map(lambda path: look(root, build, path), paths):
            found |= part
    known = known_findings(root)
    findings = [f"{name}:{line}: {text} [{check}]" for (name, line, check), text in sorted(found.items()) if (name, check) not in known]
    if len(sys.argv) == 2:
        seen = {(name, check) for name, _, check in found}
        findings += [f"tests/lint/tidy_known.txt: {name} has no {check} any more: take the line out" for name, check in sorted(known - seen)]
    print(f"{len(paths)} sources")
    tree.finish(findings, "tidy")


if __name__ == "__main__":
    main()
