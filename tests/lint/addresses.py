# SPDX-License-Identifier: Apache-2.0
"""Addresses in the tree lead to what lasts: standards, licences, data and papers. A host that is not in the list is a finding, so
that a mirror or a machine of somebody's never becomes part of the project."""

import re
import sys

import tree

HOSTS = {
    "archive.ics.uci.edu",
    "creativecommons.org",
    "doi.org",
    "git-lfs.github.com",
    "json-schema.org",
    "www.apache.org",
}
ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+\.[A-Za-z]{2,})")


def findings(root):
    found = []
    for path in tree.files(root):
        source = tree.text(root, path)
        for number, line in enumerate((source or "").split("\n"), 1):
            for match in ADDRESS.finditer(line):
                if match[1].lower() not in HOSTS:
                    found.append(f"{path}:{number}: '{match[0]}' is not among the addresses of tests/lint/addresses.py")
    return found


if __name__ == "__main__":
    tree.finish(findings(tree.root_of(sys.argv)), "addresses")
