# SPDX-License-Identifier: Apache-2.0
"""Which folder may include which: reads every #include "..." of the tree and names each that looks the wrong way.

    include, base <- backends, probes <- runners
    include, base <- devices, reports <- harness
No folder of the first line includes one of the second, nor do siblings include each other, nor does one adapter include another.
tests/ may include everything. Every file is named from the root of the repository; include/ is on the path too. The one name
without a folder is an adapter's own generated NAME_manifest.h.
"""

import re
import sys

import tree

ALLOWED = {
    "include": {"include"},
    "base": {"include", "base"},
    "backends": {"include", "base", "backends"},
    "probes": {"include", "base", "probes"},
    "runners": {"include", "base", "backends", "probes", "runners"},
    "devices": {"include", "base", "devices"},
    "reports": {"include", "base", "reports"},
    "harness": {"include", "base", "devices", "reports", "harness"},
    "tests": {"include", "base", "backends", "probes", "runners", "devices", "reports", "harness", "tests"},
    "deps": set(),
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
C_FILES = (".c", ".h", ".in", ".inc", ".cc", ".cpp", ".m")


def folder_of(name):
    """The folder of the design in which an included file lies."""
    return "include" if name.startswith("edgedyno/") else name.split("/")[0]


def judge(path, bracket, name, there):
    """What is wrong with one include, or None."""
    folder = path.parts[0]
    ours = name.startswith("edgedyno/") or name.split("/")[0] in ALLOWED
    if bracket == "<":
        # A system header may have a folder of a name like ours; one that exists in the tree is ours.
        return "is our own header: write it in quotes" if ours and there(name) else None
    if folder == "backends" and len(path.parts) > 2 and name == f"{path.parts[1]}_manifest.h":
        return None
    if "/" not in name or ".." in name.split("/"):
        return "is not written from the root of the repository"
    if not there(name):
        return "does not exist"
    if folder not in ALLOWED:
        return f"stands in {folder}/, for which there is no rule"
    target = folder_of(name)
    if target not in ALLOWED[folder]:
        return f"looks the wrong way: {folder}/ may include {', '.join(sorted(ALLOWED[folder])) or 'nothing of the tree'}"
    if folder == target == "backends" and len(path.parts) > 2 and len(name.split("/")) > 2:
        if name.split("/")[1] != path.parts[1]:
            return "is of another adapter"
    return None


def findings(root):
    found, seen = [], 0
    for path in tree.files(root):
        if path.suffix not in C_FILES or len(path.parts) < 2 or path.parts[0] == "examples":
            continue
        source = tree.text(root, path) or ""
        for match in INCLUDE.finditer(source):
            seen += 1
            wrong = judge(
                path, match[1], match[2], lambda name: (root / name).is_file() or (root / "include" / name).is_file()
            )
            if wrong:
                line = source.count("\n", 0, match.start()) + 1
                found.append(f'{path}:{line}: "{match[2]}" {wrong}')
    if seen == 0:
        found.append(f"{root}: no #include was found; is this the tree?")
    return found


if __name__ == "__main__":
    tree.finish(findings(tree.root_of(sys.argv)), "include direction")
