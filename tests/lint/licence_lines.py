# SPDX-License-Identifier: Apache-2.0
"""Every source says its licence in its first line, or in the second where the first names an interpreter."""

import sys

import tree

WORDS = "SPDX-License-Identifier: Apache-2.0"
# Written by a program, and compared byte by byte.
LEFT_OUT = ("tests/golden/",)


def findings(root):
    found = []
    for path in tree.files(root):
        if not tree.is_source(path) or str(path).startswith(LEFT_OUT):
            continue
        lines = (tree.text(root, path) or "").split("\n")[:3]
        at = 1 if lines[0].startswith("#!") or lines[0].startswith("# shellcheck ") else 0
        if len(lines) <= at or WORDS not in lines[at]:
            found.append(f"{path}: line {at + 1} does not say '{WORDS}'")
    return found


if __name__ == "__main__":
    tree.finish(findings(tree.root_of(sys.argv)), "licence lines")
