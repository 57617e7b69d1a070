# SPDX-License-Identifier: Apache-2.0
"""What readelf says of a file: used by the tests of packs."""
import re
import subprocess


def readelf(*arguments):
    environment = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    return subprocess.run(["readelf", "-W", *map(str, arguments)], env=environment, capture_output=True, text=True,
                          check=True).stdout


def machine(path):
    header = readelf("--file-header", path)
    return tuple(re.search(rf"^ *{key}: *(.*?) *$", header, re.M).group(1) for key in ("Class", "Machine"))


def needed(path):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic", path))


def number(version):
    return tuple(int(part) for part in version.split("."))


def highest_glibc(path):
    """The highest GLIBC_ version among the symbols that the file needs, as a text; None where it needs none."""
    needs = readelf("--version-info", path).partition("Version needs section")[2]
    versions = set(re.findall(r"Name: GLIBC_([0-9.]+)", needs))
    return max(versions, key=number) if versions else None


def exports(path):
    names = set()
    for line in readelf("--dyn-syms", path).splitlines():
        words = line.split()
        if len(words) >= 8 and words[4] in ("GLOBAL", "WEAK") and words[6] not in ("UND", "ABS"):
            names.add(words[7].partition("@")[0])
    return names
