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
# shellcheck source=tests/bench/venv.sh
. "$here/venv.sh"

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
for file in bin/edgedyno tests/bare_ort; do
    [[ -x $build/$file ]] || { echo "run.sh: $build/$file is missing; build it first (./bootstrap build)" >&2; exit 2; }
done

room=$root/build/bench
make_venv "$root"
[[ -f $room/models/conv-10ms.npy ]] || "$room/venv/bin/python" -B "$here/make_timing_models.py" "$room/models" >&2
exec "$room/venv/bin/python" -B "$here/bench.py" "${arguments[@]}" --build "$build" --room "$room" --root "$root"
