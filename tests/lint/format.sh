#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every C file is as clang-format 14 lays it out (.clang-format).
#   tests/lint/format.sh [--fix]
# --fix lays them out. Exit status 77 (skipped) where clang-format-14 is not installed.
set -euo pipefail
unset CDPATH
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v clang-format-14 >/dev/null || { echo "skipped: clang-format-14 is not installed"; exit 77; }
mapfile -d '' -t files < <(/usr/bin/env python3 -B - <<'PYTHON'
import sys
from pathlib import Path

sys.path.insert(0, "tests/lint")
import tree

sys.stdout.write("".join(f"{path}\0" for path in tree.files(Path.cwd()) if path.suffix in (".c", ".h")))
PYTHON
)
((${#files[@]} > 0)) || { echo "no C file was found; is this the tree?"; exit 1; }
if [[ ${1-} == --fix ]]; then
    clang-format-14 -i -- "${files[@]}"
    exit
fi
status=0
clang-format-14 --dry-run -Werror -- "${files[@]}" >/dev/null 2>&1 || status=$?
bad=()
# Only then one by one, to name them.
((status == 0)) || for file in "${files[@]}"; do
    clang-format-14 --dry-run -Werror -- "$file" >/dev/null 2>&1 || bad+=("$file")
done
((status == 0 || ${#bad[@]} > 0)) || { echo "format: clang-format-14 fails, but on no single file"; exit 1; }
if ((${#bad[@]} > 0)); then
    printf '%s\n' "${bad[@]}"
    echo "format: ${#bad[@]} of ${#files[@]} files are laid out otherwise; tests/lint/format.sh --fix lays them out"
    exit 1
fi
echo "format: fine, ${#files[@]} files"
