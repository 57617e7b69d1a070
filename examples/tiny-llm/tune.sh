#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A GGUF as F16, Q8_0, Q5_K_M and Q4_K_M, and the choice between them: by tokens generated a second, among those whose perplexity over a text is
# at most 2 % higher than that of F16 and whose distributions diverge by at most 0.05 nats a token.
#   examples/tiny-llm/tune.sh [DIR] [OPTION...]     DIR: where the forms and the suite go (build/tiny-llm)
# The options go to `edgedyno tune`; EDGEDYNO names the program. The model has random weights: what it shows is the way, not a figure.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
edgedyno=${EDGEDYNO:-edgedyno}
folder=${1:-build/tiny-llm}
[ $# -eq 0 ] || shift
mkdir -p "$folder"
cp "$here/tiny-f16.gguf" "$folder/"
cp "$here/../../LICENSE" "$folder/text.txt"
[ -e "$folder/tiny-Q4_K_M.gguf" ] || "$edgedyno" quantize "$folder/tiny-f16.gguf" Q8_0,Q5_K_M,Q4_K_M
cat > "$folder/suite.json" <<'SUITE'
{
    "name": "tiny-llm",
    "models": [
        {
            "name": "tiny",
            "reference": "F16",
            "variants": [
                {"name": "F16", "file": "tiny-f16.gguf"},
                {"name": "Q8_0", "file": "tiny-Q8_0.gguf", "how": "ptq"},
                {"name": "Q5_K_M", "file": "tiny-Q5_K_M.gguf", "how": "ptq"},
                {"name": "Q4_K_M", "file": "tiny-Q4_K_M.gguf", "how": "ptq"}
            ],
            "tasks": [
                {"name": "perplexity", "data": "text.txt", "metric": "perplexity", "threshold": "accuracy_drop <= 2 %"},
                {"name": "divergence", "data": "text.txt", "metric": "kl-divergence", "threshold": "accuracy_drop <= 0.05"}
            ]
        }
    ],
    "on": ["llama.cpp"],
    "threads": [1, 2],
    "prompt_tokens": [32],
    "generate_tokens": [32],
    "block": {"min_time": "200 ms", "min_inferences": 10}
}
SUITE
exec "$edgedyno" tune "$folder/suite.json" "$@"
