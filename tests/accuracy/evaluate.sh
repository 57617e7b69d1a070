#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The accuracy test with the example's own evaluate.py beside it, which needs ONNX Runtime's Python binding (build/bench/venv).
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/bench/venv.sh
. "$root/tests/bench/venv.sh"
make_venv "$root"
exec "$root/build/bench/venv/bin/python" -B "$here/test_accuracy.py" --evaluate
