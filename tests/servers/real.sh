#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Servers behind openai: and ollama: at the real ones, brought the first time into build/servers: Ollama by `go install`, which needs Go
# and takes minutes; llama-server, which PyPI's xllamacpp holds as a library.
#   tests/servers/real.sh [TEST...]
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
room=$root/build/servers
[[ -x $room/bin/ollama ]] || GOBIN=$room/bin GOPATH=$room/go GOFLAGS=-p=2 nice go install github.com/ollama/ollama@v0.6.8
if [[ ! -x $room/venv/bin/python ]]; then
    python3 -m venv "$room/venv"
    "$room/venv/bin/pip" install --quiet --require-hashes --only-binary=:all: -r "$here/requirements.txt"
fi
export ED_OLLAMA=$room/bin/ollama ED_LLAMA_PYTHON=$room/venv/bin/python
exec python3 -B "$here/test_real.py" "$@"
