# SPDX-License-Identifier: Apache-2.0
"""What the lint programs share: the files of the tree, and a list of findings that ends the program. Standard library only."""

import subprocess
import sys
from pathlib import Path

LEFT_OUT = {".git", "build", "runs", "Testing", "__pycache__"}
SOURCES = (".c", ".h", ".in", ".inc", ".py", ".sh", ".cmake")
SOURCE_NAMES = {"CMakeLists.txt", "bootstrap", ".clang-format", ".clang-tidy"}


def files(root):
    """Every file of the tree as a path relative to root, sorted: those that git knows or would take, or all without a checkout."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={root}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            check=False,
        )
        if listed.returncode == 0:
            found = {Path(name) for name in listed.stdout.decode().split("\0") if name}
            return sorted(path for path in found if (root / path).is_file())
    found = []
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_file() and not LEFT_OUT.intersection(relative.parts):
            found.append(relative)
    return sorted(found)


def is_source(path):
    return path.suffix in SOURCES or path.name in SOURCE_NAMES or path.parts[:1] == (".ci",)


def text(root, path):
    """The file's text, or None for one that is no text."""
    raw = (root / path).read_bytes()
    if b"\0" in raw:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


def finish(findings, what):
    """Prints each finding; the program ends with 1 where there is one."""
    for finding in findings:
        print(finding)
    print(f"{what}: {len(findings)} findings" if findings else f"{what}: fine")
    sys.exit(1 if findings else 0)


def root_of(arguments):
    """The tree to look at: the first argument, or the one that this file lies in."""
    return Path(arguments[1]).resolve() if len(arguments) > 1 else Path(__file__).resolve().parents[2]
