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
# shellcheck source=tests/bench/venv.sh
. "$here/../venv.sh"

arguments=() build=
while (($# > 0)); do
    case $1 in
    --quick) arguments+=(--quick) ;;
    --pairs)
        arguments+=(--pairs "${2:?--pairs needs a number}")
        shift
        ;;
    -h | --help)
        sed -n '3,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
    -*)
        echo "run.sh: unknown flag $1; see --help" >&2
        exit 2
        ;;
    *) build=$1 ;;
    esac
    shift
done
build=$(realpath -- "${build:-$root/build/release}")
[[ -x $build/bin/edgedyno ]] || { echo "run.sh: $build/bin/edgedyno is missing; build it first (./bootstrap build)" >&2; exit 2; }

room=$root/build/bench
make_venv "$root"
[[ -f $room/models/conv-10ms.npy ]] || "$room/venv/bin/python" -B "$here/../make_timing_models.py" "$room/models" >&2
exec "$room/venv/bin/python" -B "$here/measure.py" "${arguments[@]}" --build "$build" --room "$room" --root "$root"
