#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Writes docs/reference.md from the program's own tables, or checks that it is what the program would write.
#   docs/make-reference.sh [--check] [PROGRAM]     default: build/release/bin/edgedyno
# Exit status: 0; 1 it differs; 2 wrong use or no program.
set -euo pipefail
unset CDPATH
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
check=no
if [[ ${1-} == --check ]]; then
    check=yes
    shift
fi
program=${1-$here/../build/release/bin/edgedyno}
if (($# > 1)) || [[ ! -x $program || -d $program ]]; then
    echo "usage: docs/make-reference.sh [--check] [PROGRAM]; '$program' is no program" >&2
    exit 2
fi
new=$(mktemp)
trap 'rm -f -- "$new"' EXIT
{
    echo '<!-- SPDX-License-Identifier: Apache-2.0 -->'
    "$program" help --reference
} >"$new"
if [[ $check == no ]]; then
    cat -- "$new" >"$here/reference.md"
elif ! diff -u -- "$here/reference.md" "$new"; then
    echo "docs/reference.md is not what $program writes: run docs/make-reference.sh" >&2
    exit 1
fi
