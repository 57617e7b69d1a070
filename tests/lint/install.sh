#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the built program into a folder of its own, runs it from there, looks at what was installed, and uninstalls it again.
#   tests/lint/install.sh BUILD_DIR
# Nothing outside of a temporary folder is written: DESTDIR is inside it.
set -euo pipefail
unset CDPATH
build=$(realpath -- "${1:?usage: install.sh BUILD_DIR}")
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
room=$(mktemp -d)
trap 'rm -rf -- "$room"' EXIT
fail() {
    echo "install: $*"
    exit 1
}

DESTDIR=$room/destination cmake --install "$build" --prefix /opt/edgedyno >"$room/log" 2>&1 || fail "failed: $(tail -5 "$room/log")"
prefix=$room/destination/opt/edgedyno
program=$prefix/bin/edgedyno
[[ $(ls -A "$room/destination") == opt && $(ls -A "$room/destination/opt") == edgedyno ]] || fail "wrote outside of its prefix"

# Whoever moves the folder keeps a program that works: nothing may depend on the build, nor on where it was installed.
export HOME=$room/home XDG_STATE_HOME=$room/state XDG_CACHE_HOME=$room/cache XDG_DATA_HOME=$room/data XDG_CONFIG_HOME=$room/config
mkdir -p "$HOME"
cd "$room"
"$program" run --on null -r 2 --on-invalid mark --out "$room/campaign" --format json >"$room/report.json" 2>"$room/errors" ||
    fail "the installed program ended with $?: $(cat "$room/errors")"
python3 -B - "$room/report.json" "$room/campaign" "$prefix" <<'PYTHON' || fail "the installed program's report is wrong"
import json, pathlib, sys
(record,) = json.load(open(sys.argv[1]))["records"]
assert (record["outcome"], record["blocks"], record["engine"]) == ("ok", 2, "null"), record
(job,) = pathlib.Path(sys.argv[2]).glob("devices/*/job.json")
adapter = json.loads(job.read_text())["engines"][0]["adapter"]["path"]
assert adapter.startswith(sys.argv[3] + "/"), f"it measured with {adapter}"
PYTHON
"$program" version >/dev/null

man=$prefix/share/man/man1/edgedyno.1
[[ -s $man ]] || fail "the man page is missing"
"$program" help --man | cmp -s - "$man" || fail "the installed man page is not what the program prints"
if command -v groff >/dev/null; then
    groff -man -Tutf8 -ww -z "$man" >"$room/groff" 2>&1 || fail "groff cannot read the man page"
    [[ ! -s $room/groff ]] || fail "groff complains of the man page: $(head -3 "$room/groff")"
fi
# Without groff: it has a title and the sections that every page has, and no line begins with an unknown request.
grep -q '^\.TH EDGEDYNO 1' "$man" || fail "the man page has no title line"
for section in NAME SYNOPSIS DESCRIPTION; do
    grep -Eq "^\.SH \"?$section\"?" "$man" || fail "the man page has no section $section"
done
if grep -nE '^[.'"'"']' "$man" | grep -vE "^[0-9]+:[.'](\\\\\"|TH |SH |SS |PP|TP|IP|RS|RE|nf|fi|EX|EE|B |I |BR |IR |RB |BI |br|sp|ad|hy|nh|na|ie|el|if|TQ)" | head -3 | grep .; then
    fail "the man page has requests that are unknown here"
fi

completion=$prefix/share/bash-completion/completions/edgedyno
bash -n "$completion" || fail "the bash completion does not parse"
(
    # shellcheck disable=SC1090
    . "$completion"
    complete -p edgedyno >/dev/null
) || fail "the bash completion completes nothing"
[[ -s $prefix/share/zsh/site-functions/_edgedyno ]] || fail "the zsh completion is missing"

# Text that names the folder of the build or of the source would be wrong on every other machine. Debug information may.
while IFS= read -r -d '' file; do
    if grep -Iq . "$file" && grep -qF -e "$build" -e "$source" "$file"; then
        fail "${file#"$prefix"/} names a folder of the build: $(grep -nF -m1 -e "$build" -e "$source" "$file")"
    fi
done < <(find "$prefix" -type f -print0)
for file in "$program" "$prefix"/lib/edgedyno/*/edgedyno-runner; do
    [[ -x $file ]] || fail "$file cannot be executed"
    if readelf -d "$file" | grep -E 'R(UN)?PATH'; then fail "${file#"$prefix"/} looks for libraries in a fixed folder"; fi
done

# Uninstalled: what the manifest names is all that there was.
installed=$(find "$room/destination" -type f -o -type l | sort)
manifest=$(sed "s|^|$room/destination|" "$build/install_manifest.txt" | sort)
[[ $installed == "$manifest" ]] || fail "install_manifest.txt is not what was installed: $(diff <(echo "$manifest") <(echo "$installed"))"
while IFS= read -r file; do
    case $file in
    "$room"/destination/opt/edgedyno/*) rm -- "$file" ;;
    *) fail "$file lies outside of the prefix" ;;
    esac
done <<<"$manifest"
left=$(find "$room/destination" -type f -o -type l)
[[ -z $left ]] || fail "left behind after the removal: $left"
echo "install: fine, $(wc -l <<<"$manifest") files"
