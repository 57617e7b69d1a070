#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# llama.cpp's own llama-bench for the engine build of engines.json: its source comes from the npm package that the engine's libraries
# are published with (node-llama-cpp and @node-llama-cpp/linux-x64, one release), and is linked to those very libraries.
#   make_llama_bench.sh BUILD_DIR OUT_DIR
# OUT_DIR/llama-bench stands beside links to the engine's libraries, where it looks for its plug-ins. Needs the engine in the store
# (`edgedyno engines fetch llama.cpp`), npm, git, g++ and, once, the network. llama_bench_stubs.cpp says what is left out.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
package=node-llama-cpp@3.22.1
sha256=a0d9dd80eacd2ab1cfe71aee57ac8a806487fd70b3d2a38fbec637752d9e5c5f
(($# == 2)) || { echo "usage: make_llama_bench.sh BUILD_DIR OUT_DIR" >&2; exit 2; }
out=$2
store=${EDGEDYNO_ENGINE_STORE:-${XDG_DATA_HOME:-$HOME/.local/share}/edgedyno/engines}
libraries=$store/llama.cpp@0.5.0/linux-x86_64
[[ -f $libraries/libllama.v0.5.0.so ]] || { echo "make_llama_bench.sh: $libraries is missing; $1/bin/edgedyno engines fetch llama.cpp@0.5.0" >&2; exit 2; }
for program in npm git g++; do
    command -v "$program" >/dev/null || { echo "make_llama_bench.sh: $program is missing; apt-get install $program" >&2; exit 2; }
done

room=$(mktemp -d)
trap 'rm -rf -- "$room"' EXIT
echo "making llama-bench from $package" >&2
(cd "$room" && npm pack --silent --ignore-scripts --cache "$room/cache" "$package" >/dev/null)
archive=("$room"/*.tgz)
echo "$sha256  ${archive[0]}" | sha256sum --check --quiet --strict
tar -xzf "${archive[0]}" -C "$room" package/llama/gitRelease.bundle
git -c advice.detachedHead=false clone --quiet "$room/package/llama/gitRelease.bundle" "$room/source"

flags=(-std=c++17 -O2 -Icommon -Iinclude -Iggml/include -Ivendor)
mkdir -p "$out"
(
    cd "$room/source"
    g++ "${flags[@]}" -c tools/llama-bench/llama-bench.cpp -o "$room/llama-bench.o"
    # shellcheck disable=SC2016  # for the loader, not for the shell
    g++ "${flags[@]}" tools/llama-bench/main.cpp "$here/llama_bench_stubs.cpp" "$room/llama-bench.o" -L"$libraries" -l:libllama.v0.5.0.so \
        -l:libggml.v0.5.0.so -l:libggml-base.so -Wl,-rpath,'$ORIGIN' -o "$room/llama-bench"
)
ln -sf -- "$libraries"/*.so "$out/"
mv -- "$room/llama-bench" "$out/llama-bench"
