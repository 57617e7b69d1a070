# SPDX-License-Identifier: Apache-2.0
"""No source is longer than 500 lines; those above 400 are listed as a note. Tables that a program made (.inc) are no source."""

import sys

import tree

MAX_LINES = 500
NOTE_LINES = 400


def findings(root):
    found = []
    for path in tree.files(root):
        if not tree.is_source(path) or path.suffix == ".inc":
            continue
        lines = (tree.text(root, path) or "").count("\n")
        if lines > MAX_LINES:
            found.append(f"{path}: {lines} lines; at most {MAX_LINES}: make two files of it")
        elif lines > NOTE_LINES:
            print(f"note: {path}: {lines} lines")
    return found


if __name__ == "__main__":
    tree.finish(findings(tree.root_of(sys.argv)), "file sizes")
