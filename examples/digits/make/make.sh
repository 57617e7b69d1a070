#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make the data and the models again, then score them. PYTHON names the interpreter that has requirements.txt.
set -eu
cd "$(dirname "$0")"
python="${PYTHON:-python3}"
for step in data.py train.py quantize.py variants.py evaluate.py; do
    "$python" -B "$step"
done
