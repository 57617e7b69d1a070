#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What reaching devices costs: pushes against scp, sftp and adb, a second run, 64 devices at once, what an attached controller does
# to a measurement. Devices are those of tests/rig, on this machine. Prints tables and writes them into docs/benchmarks.md.
#   tests/bench/devices/run.sh [--quick | --pairs N] [--only PART,...] [BUILD_DIR]
# BUILD_DIR is build/release where it is not given. --pairs N: rounds of each comparison, 6 to 100 (default 12). --quick: few rounds
# and small files, no page is written: it only shows that the benchmark works. --only: push, again, fleet, perturb; no page either.
# Needs root (network namespaces); exit status 77 without. Needs the engine (`edgedyno engines fetch onnxruntime`) and, the first
# time, the network for the phone's adbd.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
# shellcheck source=tests/bench/flags.sh
. "$here/../flags.sh"

bench_flags "${BASH_SOURCE[0]}" "--quick --pairs --only" "$@"
if ((EUID != 0)); then
    echo "SKIP: run.sh: devices in network namespaces need root" >&2
    exit 77
fi
bench_build "$root" bin/edgedyno tests/device_times
exec python3 -B "$here/measure.py" "${arguments[@]}" --build "$build" --root "$root"
