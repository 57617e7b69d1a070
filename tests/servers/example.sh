#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/command as docs/servers.md has it: what the page installs goes into build/servers/example, in pinned versions. Ends with 77 where
# they cannot be had, unless all that the tests need was fetched.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd) list=$here/requirements-example.txt
venv=$root/build/servers/example
digest=$(sha256sum <"$list")
mkdir -p "$root/build/servers"
(
    # The sanitized build's test may want it at once.
    flock 9
    if [[ ! -f $venv/digest || $(<"$venv/digest") != "$digest" ]]; then
        echo "making build/servers/example (pinned Python packages)" >&2
        python3.11 -m venv --clear "$venv" &&
            "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes -r "$list" >&2 &&
            printf '%s\n' "$digest" >"$venv/digest"
    fi
) 9>"$root/build/servers/lock" || {
    echo "the pinned numpy and onnxruntime cannot be had here" >&2
    [[ -z ${EDGEDYNO_TESTS_FETCHED-} ]] || exit 1
    exit 77
}
# The program of the example says `python3`.
PATH=$venv/bin:$PATH exec python3 -B "$here/test_example.py"
