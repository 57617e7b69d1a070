# SPDX-License-Identifier: Apache-2.0
"""What the built files show to the outside: an adapter exports ed_adapter_entry and nothing else, and the runner and the adapters
need only the C library.

    binaries.py BUILD_DIR

Uses nm and readelf. What a sanitizer adds is left out of the judgement.
"""

import re
import subprocess
import sys
from pathlib import Path

import tree

ENTRY = "ed_adapter_entry"
NEEDED = re.compile(r"(libc|libm|libdl|libpthread|ld-linux[a-z0-9-]*)\.so(\.\d+)?|libc\.musl-\w+\.so\.1")
SANITIZER_LIBRARY = re.compile(r"lib(asan|ubsan|tsan|lsan)\.so\.\d+")
WITH_SANITIZER = re.compile(r"lib(gcc_s|stdc\+\+)\.so\.\d+")
SANITIZER_SYMBOL = re.compile(r"__(asan|odr_asan|ubsan|tsan|lsan|sanitizer)|_ZTI|_ZTS|__start_asan|__stop_asan")


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def needed(path):
    return re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", output("readelf", "-d", "-W", str(path)))


def exported(path):
    """Names of the defined dynamic symbols."""
    return [line.split()[-1].split("@")[0] for line in output("nm", "-D", "--defined-only", str(path)).splitlines()]


def judge_needed(libraries):
    sanitized = any(SANITIZER_LIBRARY.fullmatch(name) for name in libraries)
    for name in libraries:
        extra = SANITIZER_LIBRARY.fullmatch(name) or (sanitized and WITH_SANITIZER.fullmatch(name))
        if not NEEDED.fullmatch(name) and not extra:
            yield f"needs {name}"


def judge_exported(symbols):
    ours = [name for name in symbols if not SANITIZER_SYMBOL.match(name)]
    if ENTRY not in ours:
        yield f"does not export {ENTRY}"
    for name in ours:
        if name != ENTRY:
            yield f"exports {name}"


def findings(build):
    found = []
    runners = sorted(build.glob("lib/edgedyno/*/edgedyno-runner"))
    adapters = sorted(build.glob("lib/edgedyno/*/adapters/*.so"))
    if not runners or not adapters:
        found.append(f"{build}: no runner or no adapter was found; is it built?")
    for path in runners + adapters:
        wrong = list(judge_needed(needed(path)))
        if path in adapters:
            wrong += judge_exported(exported(path))
        found += [f"{path.relative_to(build)}: {what}" for what in wrong]
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: binaries.py BUILD_DIR")
    tree.finish(findings(Path(sys.argv[1])), "binaries")
