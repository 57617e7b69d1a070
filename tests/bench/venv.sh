# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# make_venv ROOT: the pinned Python packages of tests/bench/requirements.txt in ROOT/build/bench/venv. For bash scripts to source.
make_venv() {
    local root=$1 venv=$1/build/bench/venv list=$1/tests/bench/requirements.txt digest
    digest=$(sha256sum <"$list")
    mkdir -p "$root/build/bench"
    (
        # Two tests may want it at once.
        flock 9
        if [[ ! -f $venv/digest || $(<"$venv/digest") != "$digest" ]]; then
            echo "making build/bench/venv (pinned Python packages)" >&2
            python3.11 -m venv --clear "$venv" &&
                "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$list" >&2 &&
                printf '%s\n' "$digest" >"$venv/digest"
        fi
    ) 9>"$root/build/bench/lock"
}
