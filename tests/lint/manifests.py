# SPDX-License-Identifier: Apache-2.0
"""Every backends/NAME/manifest.json has the documented keys with values of the right kind, is built, and agrees with its adapter's
source: each option of the manifest is read there, and each option read there is in the manifest.
"""

import json
import re
import sys

import tree

TEXT, FLAG, NUMBER, TEXTS = "text", "true or false", "a whole number", "a list of texts"
KEYS = {
    "name": TEXT,
    "summary": TEXT,
    "abi": NUMBER,
    "versions": TEXT,
    "needs_model": FLAG,
    "formats": TEXTS,
    "library": TEXT,
    "backends": "a list of objects",
    "environment": TEXTS,
    "libc_floor": TEXT,
    "network": FLAG,
    "extra_files": TEXTS,
    "options": "a list of objects",
}
MAY_HAVE = {"option_prefix": TEXT, "language": FLAG, "language_asked": FLAG, "speech": FLAG, "address": TEXT, "requests": FLAG}
BACKEND_KEYS = {"name", "processor"}
PROCESSORS = {"cpu", "gpu", "npu", "remote", "unknown"}
OPTION_KEYS = {"name", "type", "unit", "default", "min", "max", "words", "help", "memory_lever"}
OPTION_TYPES = {"flag", "int", "real", "text", "word", "duration", "size", "share", "int_list", "list", "pair", "path"}
READ = re.compile(r'\b(?:ed_adapter_option|option_or)\s*\(\s*\w+\s*,\s*"([^"]+)"')


def is_kind(value, kind):
    if kind == TEXT:
        return isinstance(value, str)
    if kind == FLAG:
        return isinstance(value, bool)
    if kind == NUMBER:
        return isinstance(value, int) and not isinstance(value, bool)
    item = str if kind == TEXTS else dict
    return isinstance(value, list) and all(isinstance(element, item) for element in value)


def judge_option(option, sources):
    missing = {"name", "type", "help"} - option.keys()
    if missing:
        yield f"an option lacks {', '.join(sorted(missing))}: {option}"
        return
    name, kind = option["name"], option["type"]
    if unknown := option.keys() - OPTION_KEYS:
        yield f"option {name} has unknown keys: {', '.join(sorted(unknown))}"
    if kind not in OPTION_TYPES:
        yield f"option {name} has the unknown type {kind}"
    if (kind == "word") != bool(option.get("words")):
        yield f"option {name}: a word has 'words', and nothing else has"
    if kind == "word" and "default" in option and option["default"] not in option["words"].split("|"):
        yield f"option {name}: its default {option['default']} is none of {option['words']}"
    if ("min" in option) != ("max" in option) or option.get("min", 0) > option.get("max", 0):
        yield f"option {name}: 'min' and 'max' come together, and in order"
    levers = option.get("memory_lever", [])
    if not is_kind(levers, TEXTS) or option.get("default") in levers:
        yield f"option {name}: 'memory_lever' is a list of values that are not the default"
    if not option["help"].strip() or option["help"].rstrip().endswith("."):
        yield f"option {name}: its help is empty, or ends with a full stop"
    # Names with a dot are the engine's own keys: the adapter goes through its table and hands them over.
    handed_over = "." in name and re.search(r"strchr\(\w+\[\w+\]\.name, '\.'\)", sources)
    if f'"{name}"' not in sources and not handed_over:
        yield f"option {name} is read nowhere in the adapter's source"


def judge(root, path):
    folder = path.parent
    try:
        manifest = json.loads((root / path).read_text())
    except (ValueError, UnicodeDecodeError) as error:
        yield f"is not JSON: {error}"
        return
    for key, kind in KEYS.items():
        if key not in manifest:
            yield f"lacks the key {key}"
        elif not is_kind(manifest[key], kind):
            yield f"{key} is not {kind}"
    for key in manifest.keys() - KEYS.keys():
        if key not in MAY_HAVE or not is_kind(manifest[key], MAY_HAVE[key]):
            yield f"has the unknown key {key}, or it has a value of the wrong kind"
    if any(key not in manifest or not is_kind(manifest[key], kind) for key, kind in KEYS.items()):
        return
    if manifest["name"] != folder.name:
        yield f"its name is {manifest['name']}"
    for backend in manifest["backends"]:
        if backend.keys() != BACKEND_KEYS or backend["processor"] not in PROCESSORS:
            yield f"a backend is not a name and a processor of {', '.join(sorted(PROCESSORS))}: {backend}"
    if not manifest["backends"]:
        yield "has no backend"
    for ending in manifest["formats"]:
        if ending != "*" and not re.fullmatch(r"\.[a-z0-9]+", ending):
            yield f"the format {ending} is no ending such as .onnx"
    if manifest["needs_model"] != bool(manifest["formats"]) and manifest["formats"] != ["*"]:
        yield "needs_model and formats disagree"
    sources = "".join((root / folder / name).read_text() for name in sorted(p.name for p in (root / folder).glob("*.[ch]")))
    # What adapters share beside their folders.
    for shared in sorted(set(re.findall(r'#include "(backends/adapter_\w+)\.h"', sources))):
        if (root / f"{shared}.c").exists():
            sources += (root / f"{shared}.c").read_text()
    names = [option.get("name") for option in manifest["options"]]
    for option in manifest["options"]:
        yield from judge_option(option, sources)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"option {name} is there twice"
    for name in sorted(set(READ.findall(sources)) - set(names)):
        yield f"the source reads the option {name}, which is not in the manifest"
    build = (root / "backends" / "CMakeLists.txt").read_text()
    if not re.search(rf"^\s*ed_add_adapter\({re.escape(folder.name)}\b", build, re.MULTILINE):
        yield "backends/CMakeLists.txt does not build it"


def findings(root):
    paths = [path for path in tree.files(root) if path.match("backends/*/manifest.json") and len(path.parts) == 3]
    found = [f"{path}: {wrong}" for path in paths for wrong in judge(root, path)]
    with_source = {path.parts[1] for path in tree.files(root) if path.parts[0] == "backends" and len(path.parts) == 3}
    for name in sorted(with_source - {path.parts[1] for path in paths}):
        found.append(f"backends/{name}: has no manifest.json")
    if not paths:
        found.append(f"{root}: no manifest was found; is this the tree?")
    return found


if __name__ == "__main__":
    tree.finish(findings(tree.root_of(sys.argv)), "manifests")
