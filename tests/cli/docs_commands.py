# SPDX-License-Identifier: Apache-2.0
"""What the documents tell people to type is there: every command and flag of `edgedyno` in a block or between backquotes, and the
workflow files of docs/ci.md, which parse, hold commands that a shell reads, and never run a fork's code on the device host.

    docs_commands.py PROGRAM SOURCE"""

import functools
import pathlib
import re
import shlex
import subprocess
import sys

import yaml

PROGRAM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
failures = 0


def check(holds, what, *details):
    global failures
    if not holds:
        failures += 1
        print("FAILED:", what, *details, sep="\n    ")


@functools.cache
def help_of(command):
    done = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout if done.returncode == 0 else None


def blocks(text):
    """Of Markdown: (kind, text) of each fenced or indented block; what is between backquotes elsewhere is of the kind "inline"."""
    kind, held, plain = None, [], []
    for line in text.split("\n"):
        fence = re.match(r"\s*```(\w*)", line)
        if fence and kind is None:
            kind, held = fence[1] or "text", []
        elif fence:
            yield kind, "\n".join(held)
            kind = None
        elif kind is not None:
            held.append(line)
        elif line.startswith("    "):
            plain.append(line.strip())
        else:
            if plain:
                yield "sh", "\n".join(plain)
                plain = []
            for inline in re.findall(r"`([^`]+)`", line):
                yield "inline", inline
    if plain:
        yield "sh", "\n".join(plain)


def commands(text):
    """The words of every `edgedyno ...` in it."""
    for line in re.sub(r"\\\n\s*", " ", text).split("\n"):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = "#"
        try:
            words = list(lexer)
        except ValueError:
            continue  # no shell's line
        for i, word in enumerate(words):
            if word.rpartition("/")[2] == "edgedyno" and (i == 0 or re.fullmatch(r"[;&|(]+|time|-", words[i - 1]) or "=" in words[i - 1]):
                end = next((k for k in range(i + 1, len(words)) if re.fullmatch(r"[;&|()<>]+", words[k])), len(words))
                yield words[i + 1 : end]


def check_command(where, words):
    if not words or not re.fullmatch(r"[a-z]+", words[0]):
        return 0
    known = help_of(words[0])
    told = f"{where}: edgedyno {' '.join(words)}"
    check(known is not None, f"{told}: there is no such command")
    for word in words[1:]:
        flag = re.match(r"--[a-z][a-z-]*", word)
        if known is not None and flag and flag[0] != "--help":
            check(re.search(rf"(?<![\w-]){flag[0]}(?![\w-])", known), f"{told}: `edgedyno {words[0]}` has no {flag[0]}")
    return 1


def scripts(value):
    """Every text under `run` or `script`, as one script each."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if key in ("run", "script"):
            yield inner if isinstance(inner, str) else "\n".join(inner)
        else:
            yield from scripts(inner)


def check_workflows(path):
    files = [yaml.safe_load(text) for kind, text in blocks(path.read_text(encoding="utf-8")) if kind == "yaml"]
    check(len(files) == 2, f"{path.name}: {len(files)} workflow files")
    for number, file in enumerate(files):
        found = list(scripts(file))
        check(found, f"{path.name}: workflow {number} runs nothing")
        for script in found:
            done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
            check(done.returncode == 0, f"{path.name}: no script of a shell", script, done.stderr)
        gates = [words for script in found for words in commands(script)]
        check(any(words[:1] == ["gate"] for words in gates), f"{path.name}: workflow {number} has no gate", found)
        for words in gates:
            check_command(path.name, words)
    github, gitlab = files
    job = github["jobs"]["gate"]
    check("pull_request_target" not in github.get("on", github.get(True, {})), "a fork's code with the project's rights")
    check(job["if"] == "github.event.pull_request.head.repo.full_name == github.repository", "GitHub: forks", job["if"])
    check("devices" in job["runs-on"], "GitHub: the device host", job["runs-on"])
    rules = gitlab["gate"]["rules"]
    check(len(rules) == 1 and "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rules[0]["if"], "GitLab: forks", rules)
    check(gitlab["gate"]["tags"] == ["devices"], "GitLab: the device host")


def main():
    n = 0
    for path in [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]:
        for _, text in blocks(path.read_text(encoding="utf-8")):
            for words in commands(text):
                n += check_command(path.name, words)
    check(n > 100, f"only {n} commands were found")
    check_workflows(SOURCE / "docs" / "ci.md")
    print(f"{n} commands: {'failed: ' + str(failures) + ' checks' if failures else 'all are there'}")
    sys.exit(1 if failures else 0)


main()
