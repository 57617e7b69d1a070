# SPDX-License-Identifier: Apache-2.0
"""NAME:KIND,OPTION=VALUE... and its sizes, times and rates."""

import re

from .process import RigError

KINDS = ("laptop", "pi", "phone", "labhost", "musl", "bare", "pi32", "pi64", "pi64user", "sshd")
OPTIONS = {
    "mem": "bytes",
    "home": "bytes",
    "server": ("sshd", "dropbear"),
    "delay": "ms",
    "jitter": "ms",
    "loss": "percent",
    "rate": "kbit",
    "queue": "int",
    "count": "int",
    "sys": ("none", "real", "laptop", "pi", "phone"),
    "libc": ("debian", "none"),
    "cpus": "int",
    "phone": "text",
    "governor": ("user", "root"),
}
SIZES = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def size(text):
    """ "512MiB" in bytes."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)", text)
    if not found or found[2].upper() not in SIZES:
        raise RigError(f"'{text}' is no size: 512MiB")
    return int(float(found[1]) * SIZES[found[2].upper()])


def number(text, units, example):
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z%]*)", text)
    if not found or found[2] not in units:
        raise RigError(f"'{text}' is not understood: {example}")
    return float(found[1]) * units[found[2]]


def value(name, text):
    kind = OPTIONS.get(name)
    if kind is None:
        raise RigError(f"no option '{name}': {', '.join(sorted(OPTIONS))}")
    if isinstance(kind, tuple):
        if text not in kind:
            raise RigError(f"{name}={text}: one of {', '.join(kind)}")
        return text
    if kind == "bytes":
        return size(text)
    if kind == "ms":
        return number(text, {"ms": 1, "s": 1000}, f"{name}=50ms")
    if kind == "percent":
        return number(text, {"%": 1, "": 1}, f"{name}=1%")
    if kind == "kbit":
        return number(text, {"kbit": 1, "mbit": 1000, "gbit": 1000000}, f"{name}=10mbit")
    if kind == "int":
        return int(number(text, {"": 1}, f"{name}=2"))
    return text


def options(text):
    """ "delay=50ms,loss=1%" as a dictionary."""
    found = {}
    for part in filter(None, text.split(",")):
        name, equals, of = part.partition("=")
        if not equals:
            raise RigError(f"'{part}' has no value: {name}=VALUE")
        found[name] = value(name, of)
    return found


def device(text):
    """(names, kind, options) of one word; `count` makes NAME1, NAME2, ..."""
    found = re.fullmatch(r"([a-z][a-z0-9-]{0,30}):([a-z0-9]+)(?:,(.*))?", text)
    if not found:
        raise RigError(f"'{text}' is not NAME:KIND[,OPTION=VALUE...]")
    if found[2] not in KINDS:
        raise RigError(f"no kind '{found[2]}': {', '.join(KINDS)}")
    chosen = options(found[3] or "")
    count = chosen.pop("count", 0)
    if count < 0 or count > 200:
        raise RigError(f"count={count}: at most 200")
    names = [f"{found[1]}{i}" for i in range(1, count + 1)] if count else [found[1]]
    if count > 1:
        chosen.setdefault("sys", "none")
    return names, found[2], chosen
