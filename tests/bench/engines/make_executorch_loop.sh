#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The loop of executorch_loop.cc for the engine build of engines.json: its headers come from the same package, and it is linked to
# the very libraries in the store.
#   make_executorch_loop.sh BUILD_DIR OUT_DIR
# Needs the engine in the store (`edgedyno engines fetch executorch`), python3 with pip, g++ and, once, the network.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
(($# == 2)) || { echo "usage: make_executorch_loop.sh BUILD_DIR OUT_DIR" >&2; exit 2; }
out=$2
store=${EDGEDYNO_ENGINE_STORE:-${XDG_DATA_HOME:-$HOME/.local/share}/edgedyno/engines}
libraries=$store/executorch@1.5.1/linux-x86_64
[[ -f $libraries/libexecutorch.so ]] || { echo "make_executorch_loop.sh: $libraries is missing; $1/bin/edgedyno engines fetch executorch@1.5.1" >&2; exit 2; }
command -v g++ >/dev/null || { echo "make_executorch_loop.sh: g++ is missing; apt-get install build-essential" >&2; exit 2; }

room=$(mktemp -d)
trap 'rm -rf -- "$room"' EXIT
echo "making executorch_loop from executorch==1.5.1" >&2
printf 'executorch==1.5.1 --hash=sha256:%s\n' 274c28c2fe2b76acb03f9fa381537425c40e0098dcf886baf6d97a1a55ffe300 >"$room/wanted"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_28_x86_64 --require-hashes -d "$room" -r "$room/wanted"
python3 -m zipfile -e "$room"/executorch-*.whl "$room/package"
include=$room/package/executorch/include
mkdir -p "$out"
g++ -std=c++17 -O2 -w -DC10_USING_CUSTOM_GENERATED_MACROS -I"$include" -I"$include/executorch/runtime/core/portable_type/c10" \
    "$here/executorch_loop.cc" -o "$room/loop" -L"$libraries" -Wl,--no-as-needed -lexecutorch -lexecutorch_threadpool \
    -lexecutorch_kernels_optimized -lexecutorch_backend_xnnpack -Wl,-rpath,"$libraries"
mv -- "$room/loop" "$out/executorch_loop"
