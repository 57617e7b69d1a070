#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What edgedyno itself costs, and how true its figures are. Prints a table and writes it into docs/benchmarks.md.
#   tests/bench/run.sh [--quick | --pairs N] [BUILD_DIR]
# BUILD_DIR is build/release where it is not given. --quick: two pairs, short blocks, and no page is written: it only shows that the
# benchmark works. Needs the engine (`edgedyno engines fetch onnxruntime`); the first time also the network, for the Python packages
# of requirements.txt, which go into build/bench/venv.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/bench/flags.sh
. "$here/flags.sh"
# shellcheck source=tests/bench/venv.sh
. "$here/venv.sh"

bench_flags "${BASH_SOURCE[0]}" "--quick --pairs" "$@"
bench_build "$root" bin/edgedyno tests/bare_ort

room=$root/build/bench
make_venv "$root"
[[ -f $room/models/conv-10ms.npy ]] || "$room/venv/bin/python" -B "$here/make_timing_models.py" "$room/models" >&2
exec "$room/venv/bin/python" -B "$here/bench.py" "${arguments[@]}" --build "$build" --room "$room" --root "$root"
