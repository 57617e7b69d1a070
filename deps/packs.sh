#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Brings and builds what packs are made of: the compiler, the static libraries and the C library of each target. The
# build of a pack does the same for its own target where it is missing (cmake/pack_build.cmake); this does it for several
# at once, and says so.
#
#   deps/packs.sh [TARGET...]     default: linux-x86_64 linux-aarch64 linux-armv7
#
# Exit status: 0, 4 failed.
set -euo pipefail
unset CDPATH
deps=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
targets=("$@")
if ((${#targets[@]} == 0)); then targets=(linux-x86_64 linux-aarch64 linux-armv7); fi

# Once, before several ask for them at the same time.
"$deps/fetch.sh"
"$deps/zig.sh"
# shellcheck disable=SC2016
printf '%s\0' "${targets[@]}" |
    xargs -0 -P "$(nproc)" -I TARGET sh -c '"$0/build.sh" --pack "$1" && "$0/libc.sh" "$1"' "$deps" TARGET || {
    printf 'deps: the parts of a pack failed; the lines above say which\n' >&2
    exit 4
}
