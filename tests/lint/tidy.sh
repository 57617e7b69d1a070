#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy 14 over every source of the product and the tests, by .clang-tidy and the build's compile_commands.json.
#   tests/lint/tidy.sh BUILD_DIR [FILE...]
# Exit status 77 (skipped) where clang-tidy-14 is not installed.
set -euo pipefail
unset CDPATH
build=$(realpath -- "${1:?usage: tidy.sh BUILD_DIR [FILE...]}")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v clang-tidy-14 >/dev/null || { echo "skipped: clang-tidy-14 is not installed"; exit 77; }
files=("$@")
if ((${#files[@]} == 0)); then
    # Sources that this build compiles: generated ones lie in the build folder and are not ours to judge.
    mapfile -t files < <(python3 -B -c '
import json, sys
from pathlib import Path
root = Path.cwd()
names = {Path(entry["directory"], entry["file"]).resolve() for entry in json.load(open(sys.argv[1]))}
print("\n".join(sorted(str(n.relative_to(root)) for n in names if root in n.parents and "build" not in n.relative_to(root).parts)))
' "$build/compile_commands.json")
fi
((${#files[@]} > 0)) || { echo "no file to look at in $build/compile_commands.json"; exit 1; }
status=0
# One file a process: several in one make its va_list check report what is not there.
# -Wno-unknown-warning-option: the commands may be those of gcc.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "${ED_TIDY_JOBS:-2}" clang-tidy-14 --quiet --use-color=false -p "$build" \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-includetests/lint/analyzer.h 2>&1 | { grep -Ev '^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header-filter' || true; } || status=$?
((status == 0)) || { echo "tidy: findings, see above"; exit 1; }
echo "tidy: fine, ${#files[@]} files"
