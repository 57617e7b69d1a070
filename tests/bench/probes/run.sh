#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What sampling costs: block medians with every probe and with none, beside a loop in Python that reads the same files and beside
# `perf stat -I`. Prints tables and writes them into docs/benchmarks.md.
#   tests/bench/probes/run.sh [--quick | --pairs N] [BUILD_DIR]
# BUILD_DIR is build/release where it is not given. --pairs N: rounds of each comparison, 6 to 100 (default 20). --quick: two rounds of
# short blocks, no page is written: it only shows that the benchmark works. Needs the engine (`edgedyno engines fetch onnxruntime`) and,
# the first time, the network for the Python packages of ../requirements.txt. Where there is no `perf`, that row says so.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
# shellcheck source=tests/bench/flags.sh
. "$here/../flags.sh"
# shellcheck source=tests/bench/venv.sh
. "$here/../venv.sh"

bench_flags "${BASH_SOURCE[0]}" "--quick --pairs" "$@"
bench_build "$root" bin/edgedyno

room=$root/build/bench
make_venv "$root"
[[ -f $room/models/conv-10ms.npy ]] || "$room/venv/bin/python" -B "$here/../make_timing_models.py" "$room/models" >&2
exec "$room/venv/bin/python" -B "$here/measure.py" "${arguments[@]}" --build "$build" --room "$room" --root "$root"
