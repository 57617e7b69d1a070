# SPDX-License-Identifier: Apache-2.0
"""The golden files of the formats for CI systems against the rules of those formats, by Python's own parsers.

JUnit XML has no standard; the rules are those that two published schemas share: that of Ant's JUnit task and that of the Jenkins plug-in.
"""

import json
import math
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

GOLDEN = pathlib.Path(os.environ["ED_SOURCE_DIR"]) / "tests" / "golden" / "ci"
HOSTILE = ("<script", "=cmd")
failures = 0


def check(holds, what, *details):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what, *details)


def junit(path):
    root = ET.fromstring(path.read_bytes())
    check(root.tag == "testsuites", path.name, root.tag)
    for suite in root:
        check(suite.tag == "testsuite", path.name, suite.tag)
        for name in ("name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "time"):
            check(suite.get(name) not in (None, ""), path.name, "a suite needs", name)
        check(
            re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")), path.name, suite.get("timestamp")
        )
        order = [child.tag for child in suite]
        check(
            order == ["properties"] + ["testcase"] * (len(order) - 3) + ["system-out", "system-err"], path.name, order
        )
        cases = suite.findall("testcase")
        for case in cases:
            check(case.get("name") and case.get("classname") and case.get("time") is not None, path.name, case.attrib)
            check(
                len(case) <= 1 and all(c.tag in ("failure", "error", "skipped") for c in case), path.name, list(case)
            )
            check(all(c.tag == "skipped" or c.get("type") for c in case), path.name, "failure and error have a type")
        for counted, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            check(int(suite.get(counted)) == len(suite.findall(f"testcase/{tag}")), path.name, counted)
        check(int(suite.get("tests")) == len(cases), path.name, "tests")
    for counted in ("tests", "failures", "errors", "skipped"):
        check(int(root.get(counted)) == sum(int(s.get(counted)) for s in root), path.name, counted)
    return root


def github(path):
    for line in path.read_text().splitlines():
        found = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
        check(found and "::" not in found.group(3).replace("::error::injected", ""), path.name, line)
        check(not re.search(r"%(?![0-9A-F]{2})", line), path.name, "an unescaped %", line)


def figures(name, value):
    check(isinstance(value, (int, float)) and math.isfinite(value) and not isinstance(value, bool), name, value)


def bmf(path):
    for name, measures in json.loads(path.read_text()).items():
        check(name and isinstance(measures, dict) and measures, path.name, name)
        for measure, value in measures.items():
            check(re.fullmatch(r"[a-z0-9_]+", measure), path.name, measure)
            check(set(value) <= {"value", "lower_value", "upper_value"} and "value" in value, path.name, value)
            for figure in value.values():
                figures(path.name, figure)
            check(value.get("lower_value", value["value"]) <= value["value"], path.name, measure)


def benchmark_action(path):
    entries = json.loads(path.read_text())
    check(isinstance(entries, list), path.name)
    names = [entry["name"] for entry in entries]
    check(len(names) == len(set(names)), path.name, "a name is there twice")
    for entry in entries:
        check({"name", "unit", "value"} <= set(entry) <= {"name", "unit", "value", "range", "extra"}, path.name, entry)
        figures(path.name, entry["value"])
        check(all(isinstance(entry[k], str) for k in ("name", "unit")), path.name, entry)


def comment(path):
    text = path.read_text()
    lines = text.splitlines()
    check(lines[0] == "<!-- edgedyno -->" and lines[1].startswith("**edgedyno: "), path.name, lines[:2])
    check(text.count("<details>") == text.count("</details>") == 1, path.name, "folded once")
    without = text.replace("<!-- edgedyno -->", "")
    tags = set(re.findall(r"<[^>]*>", without)) - {"<details>", "</details>", "<summary>", "</summary>"}
    check(not tags, path.name, "HTML of a name", tags)
    check(not re.search(r"[@#](?=\w)", re.sub(r"&#\d+;", "", without)), path.name, "a name that notifies or links")
    for line in lines:
        if line.startswith("|"):
            check(len(re.findall(r"(?<!\\)\|", line)) in (6, 10), path.name, "columns of", line)


def main():
    seen = 0
    for kind, judge in (
        ("junit", junit),
        ("github", github),
        ("bmf", bmf),
        ("benchmark-action", benchmark_action),
        ("comment", comment),
    ):
        for path in sorted(GOLDEN.glob(f"*.{kind}")):
            seen += 1
            judge(path)
    check(seen == 25, "every file of every format", seen)
    root = junit(GOLDEN / "gate.junit")
    names = [case.get("classname") for case in root.iter("testcase")]
    check(any(name.startswith("<script>") for name in names), "names come through whole", names)
    kinds = [[c.tag for c in case] for case in root.iter("testcase")]
    check(sorted(sum(kinds, [])) == ["error", "failure", "skipped"] and kinds.count([]) == 2, "kinds", kinds)
    sys.exit(1 if failures else 0)


main()
