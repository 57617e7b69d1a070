# SPDX-License-Identifier: Apache-2.0
"""No source is longer than 800 lines; those above 400 are listed as a note."""

import sys

import tree

MAX_LINES = 800
NOTE_LINES = 400


def findings(root):
    found = []
    for path in tree.files(root):
        if not tree.is_source(path):
            continue
        lines = (tree.text(root, path) or "").count("\n")
        if lines > MAX_LINES:
            found.append(f"{path}: {lines} lines; at most {MAX_LINES}: make two files of it")
        elif lines > NOTE_LINES:
            print(f"note: {path}: {lines} lines")
    return found


if __name__ == "__main__":
    tree.finish(findings(tree.root_of(sys.argv)), "file sizes")
