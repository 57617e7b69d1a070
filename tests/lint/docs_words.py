# SPDX-License-Identifier: Apache-2.0
"""Every command, flag and key that the pages name exists: held against what the program says of itself.

    docs_words.py PROGRAM [ROOT]

PROGRAM is the built edgedyno; its `help --reference` is the truth. Looked at are README.md, CHANGELOG.md and every page below docs/
and examples/: code in backquotes, lines of code blocks that call edgedyno, and every word that begins as a result key does.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import tree

# Flags of this repository's own scripts, which pages may name alone.
OTHER_FLAGS = {"--browser", "--load", "--long", "--minutes", "--pairs", "--quick", "--trials"}
# Words of reasons that begin as a key does (harness/validity.h).
REASONS = {"memory_pressure"}
KEY_STARTS = ("latency", "memory", "accuracy", "placement", "energy", "temperature", "throughput", "prefill", "decode", "inter_token")
KEY = re.compile(r"(?<![\w./<-])(?:" + "|".join(KEY_STARTS) + r")_[a-z0-9_]*[a-z0-9](?![\w(*/-]|_\*|\.[a-z])")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FLAG = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*")
STOPS = {"|", "&&", "||", ";", ">", ">>", "<", "2>", "&"}


class Reference:
    def __init__(self, text):
        self.flags = {}  # command: its flags
        command = None
        for line in text.split("\n"):
            if heading := re.match(r"### `edgedyno ([a-z]+)`", line):
                command = heading[1]
                self.flags[command] = set()
            elif line.startswith("## ") or (line.startswith("### ") and not heading):
                command = None
            elif command and (row := re.match(r"\| `(-[^`]*)`", line)):
                for part in row[1].split(","):
                    if flag := FLAG.match(part.strip()):
                        self.flags[command].add(flag[0])
        self.words = set(re.findall(r"[a-z][a-z0-9_.]+", text))
        self.words |= REASONS
        self.words |= {word + end for word in self.words for end in ("_low", "_high")}
        if not self.flags or "run" not in self.flags or not self.flags["run"]:
            sys.exit("the reference names no command; has its form changed?")


def fenced(text):
    """(line number, line, in a code block) of each line; lines that end with a backslash are joined to the next one in code."""
    inside, start, joined = False, 0, ""
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"[ \t]*(```|~~~)", line):
            inside, joined = not inside, ""
            continue
        if inside and line.endswith("\\"):
            start, joined = start or number, joined + line[:-1] + " "
            continue
        yield start or number, joined + line, inside
        start, joined = 0, ""


def call(words, reference):
    """What is wrong with a call of edgedyno; words are those behind its name."""
    if not words:
        return
    command = words[0]
    if command.startswith("-"):
        if command.split("=")[0] not in {"-h", "--help", "--version"}:
            yield f"edgedyno itself has no flag {command}"
        return
    if not re.fullmatch(r"[a-z]+", command):
        return
    if command not in reference.flags:
        yield f"edgedyno has no command '{command}'"
        return
    for word in words[1:]:
        if word in STOPS or word.startswith("#"):
            return
        if word == "--":
            return
        flag = FLAG.match(word)
        if flag and flag[0] not in reference.flags[command]:
            yield f"'edgedyno {command}' has no flag {flag[0]}"


def split(line):
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def code(line, reference):
    words = split(line)
    while words and (words[0] == "$" or re.fullmatch(r"[A-Z_]+=.*", words[0])):
        words = words[1:]
    for i, word in enumerate(words):
        if (i == 0 or words[i - 1] in STOPS) and (word == "edgedyno" or word.endswith("/bin/edgedyno")):
            yield from call(words[i + 1 :], reference)


def span(text, reference):
    if text.startswith("edgedyno "):
        yield from call(split(text)[1:], reference)
    elif re.fullmatch(r"--?[A-Za-z][A-Za-z-]*([ =].*)?", text) and (text.startswith("--") or len(text.split()[0]) == 2):
        flag = FLAG.match(text)[0]
        if flag not in OTHER_FLAGS and not any(flag in flags for flags in reference.flags.values()):
            yield f"no command has the flag {flag}"


def written_keys(root):
    """The keys of the job, the journal and the campaign, which pages name as well: texts in quotes in the sources that write them."""
    paths = [path for path in tree.files(root) if path.parts[0] in ("runners", "harness") and path.suffix == ".c"]
    return set(re.findall(r'"([a-z][a-z0-9_]+)"', "".join(tree.text(root, path) or "" for path in paths)))


def findings(root, reference):
    found, known = [], reference.words | written_keys(root)
    for path in tree.files(root):
        if path.suffix != ".md" or not (len(path.parts) == 1 or path.parts[0] in ("docs", "examples")):
            continue
        for number, line, inside in fenced(tree.text(root, path) or ""):
            wrong = list(code(line, reference)) if inside else []
            for match in SPAN.finditer("" if inside else line):
                wrong += span(match[1], reference)
            wrong += [f"'{word}' is no key of a result or journal" for word in KEY.findall(line) if word not in known]
            found += [f"{path}:{number}: {what}" for what in wrong]
    return found


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: docs_words.py PROGRAM [ROOT]")
    done = subprocess.run([sys.argv[1], "help", "--reference"], capture_output=True, text=True, check=True)
    root = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else Path(__file__).resolve().parents[2]
    tree.finish(findings(root, Reference(done.stdout)), "words of the pages")


if __name__ == "__main__":
    main()
