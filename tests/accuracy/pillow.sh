#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Preprocessing against Pillow and NumPy: pillow.sh TOOL. Ends with 77 where the pinned packages cannot be had.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd) list=$here/requirements.txt
venv=$root/build/accuracy/venv
digest=$(sha256sum <"$list")
mkdir -p "$root/build/accuracy"
(
    # Two tests may want it at once.
    flock 9
    if [[ ! -f $venv/digest || $(<"$venv/digest") != "$digest" ]]; then
        echo "making build/accuracy/venv (pinned Python packages)" >&2
        python3.11 -m venv --clear "$venv" &&
            "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$list" >&2 &&
            printf '%s\n' "$digest" >"$venv/digest"
    fi
) 9>"$root/build/accuracy/lock" || { echo "skipped: Pillow and NumPy of the pinned versions cannot be had here" >&2; exit 77; }
exec "$venv/bin/python" -B "$here/against_pillow.py" "$1"
