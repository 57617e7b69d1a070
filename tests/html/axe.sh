#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The accessibility rules of tests/html/requirements.txt in BUILD/html/axe.min.js, where BUILD is the first argument. Prints the path.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$build/html"
(
    flock 9
    digest=$(sha256sum <"$here/requirements.txt")
    if [[ ! -f $build/html/digest || $(<"$build/html/digest") != "$digest" ]]; then
        rm -rf "$build/html/packages"
        python3.11 -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps --require-hashes --target "$build/html/packages" \
            -r "$here/requirements.txt" >&2
        cp "$build/html/packages/axe_playwright_python/axe.min.js" "$build/html/axe.min.js"
        printf '%s\n' "$digest" >"$build/html/digest"
    fi
) 9>"$build/html/lock"
printf '%s\n' "$build/html/axe.min.js"
