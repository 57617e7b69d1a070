#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the JSON Schema of suites against the parser, over tests/fixtures/suites/*.jsonl (one suite a line).

good.jsonl: both accept. bad.jsonl: both refuse. meaning.jsonl: the parser refuses what a schema cannot
express, so the schema accepts. Usage: schema_against_parser.py SUITE_VERDICT FIXTURES; exit code 77 without
the Python package jsonschema.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: the Python package jsonschema is not installed")
    sys.exit(77)

EXPECTED = {"good": (True, True), "bad": (False, False), "meaning": (True, False)}  # schema, parser


def suites(fixtures):
    for kind in EXPECTED:
        lines = (fixtures / f"{kind}.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")
        for number, line in enumerate(lines, 1):
            yield kind, number, line


def main(program, fixtures):
    schema = json.loads(subprocess.run([program, "--schema"], check=True, capture_output=True).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    rows = list(suites(pathlib.Path(fixtures)))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "folder").mkdir()
        for file in ("a.onnx", "b.onnx", "x.npy", "y.npy", "folder/a.onnx"):
            (folder / file).write_text("x")
        paths = []
        for kind, number, line in rows:
            paths.append(folder / f"{kind}-{number}.json")
            paths[-1].write_text(line, encoding="utf-8")
        run = subprocess.run([program, *paths], check=True, capture_output=True, text=True)
    verdicts = run.stdout.rstrip("\n").split("\n")
    wrong = abs(len(verdicts) - len(rows))
    for (kind, number, line), verdict in zip(rows, verdicts):
        errors = [error.message for error in validator.iter_errors(json.loads(line))]
        found = (not errors, verdict == "ok")
        if found != EXPECTED[kind]:
            wrong += 1
            print(f"{kind}.jsonl:{number}: {line[:120]}\n  schema: {errors or 'ok'}\n  parser: {verdict}")
    print(f"{len(rows)} suites, {wrong} not as expected")
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
