#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Servers behind openai: and ollama: at the real ones. The first time it builds both into build/servers, by their ordinary clients:
# Ollama by `go install` (Go 1.24 or later), llama-server from the source in PyPI's llama-cpp-python, with CMake. That takes half an hour on two cores.
#   tests/servers/real.sh [TEST...]
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
room=$root/build/servers
ollama=github.com/ollama/ollama@v0.6.8
llama=llama_cpp_python-0.3.36
sha256=$(sed -n 's/^llama-server *//p' "$here/pins.txt")

if [[ ! -x $room/bin/ollama ]]; then
    GOBIN=$room/bin GOPATH=$room/go go install "$ollama"
fi
if [[ ! -x $room/llama/bin/llama-server ]]; then
    mkdir -p "$room"
    python3 -m pip download --quiet --no-deps --no-binary :all: --dest "$room" llama-cpp-python==0.3.36
    echo "$sha256  $room/$llama.tar.gz" | sha256sum --check --quiet
    tar -xzf "$room/$llama.tar.gz" -C "$room"
    cmake -S "$room/$llama/vendor/llama.cpp" -B "$room/llama" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF \
        -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DBUILD_SHARED_LIBS=OFF >/dev/null
    ninja -C "$room/llama" llama-server
fi
export ED_OLLAMA=$room/bin/ollama ED_LLAMA_SERVER=$room/llama/bin/llama-server
exec python3 -B "$here/test_real.py" "$@"
