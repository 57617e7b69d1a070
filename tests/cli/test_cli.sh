#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The real program: its commands, flags, messages, exit statuses, and what it generates.
#   tests/cli/test_cli.sh PROGRAM
# Prints a line for each check and exits with 1 when one failed. Needs no engine and no network.
set -u
unset CDPATH
program=$(realpath -- "${1:?usage: test_cli.sh PROGRAM}")
[[ -x $program ]] || { echo "not ok - $program cannot be executed"; exit 1; }
room=$(mktemp -d) || exit 1
trap 'rm -rf -- "$room"' EXIT
cd -- "$room" || exit 1
export HOME=$room/home XDG_STATE_HOME=$room/state XDG_DATA_HOME=$room/data XDG_CACHE_HOME=$room/cache XDG_CONFIG_HOME=$room/config
unset EDGEDYNO_ENGINE_STORE COLUMNS NO_COLOR
mkdir -p "$HOME"
n=0 failed=0

report() { # OK NAME
    n=$((n + 1))
    if (($1)); then
        echo "ok $n - $2"
    else
        failed=$((failed + 1))
        echo "not ok $n - $2"
    fi
}
details() { sed 's/^/#   /' "$room/out" "$room/err"; }

# Runs the program; then status, out and err hold what came.
run() {
    "$program" "$@" >"$room/out" 2>"$room/err" </dev/null
    status=$?
}
# expect STATUS PATTERN ARGUMENTS...: PATTERN must be in standard error, and nothing on standard output.
refused() {
    local wanted=$1 pattern=$2
    shift 2
    run "$@"
    if ((status == wanted)) && grep -qF -- "$pattern" "$room/err" && [[ ! -s $room/out ]]; then
        report 1 "refused with $wanted: $*"
    else
        report 0 "refused with $wanted and '$pattern': $* (status $status)"
        details
    fi
}
# answered PATTERN ARGUMENTS...: status 0, PATTERN on standard output, nothing on standard error.
answered() {
    local pattern=$1
    shift
    run "$@"
    if ((status == 0)) && grep -qF -- "$pattern" "$room/out" && [[ ! -s $room/err ]]; then
        report 1 "answered: $*"
    else
        report 0 "answered with '$pattern': $* (status $status)"
        details
    fi
}
skip() {
    n=$((n + 1))
    echo "ok $n - # SKIP $1"
}

touch model.onnx
echo '{"modles": []}' >typo.json
echo '{"models": [' >cut.json
echo '{"models": []}' >empty.json
mkdir -p runs/20260101-a runs/20270101-b elsewhere
touch runs/20260101-a/campaign.json

# --- without a command, and unknown ones
run
report $((status == 2)) "no command: status 2"
grep -q '^usage: edgedyno' err && [[ ! -s out ]]
report $((!$?)) "no command: the usage on standard error"
refused 2 'did you mean `edgedyno run`?' rnu
refused 2 'did you mean `edgedyno report`?' reprot
refused 2 'is no command' zzzz
refused 2 'edgedyno run model.onnx' model.onnx
refused 2 'flags follow the command' --format json run
refused 2 'say what is compared' gate
refused 2 'data takes the word check' data
refused 2 'takes one suite' data check
refused 2 'cannot be opened' data check nothing.json
refused 2 'name one model' fit
for word in probe snapshot; do
    refused 2 'which devices?' devices "$word"
done
refused 2 'needs --as NAME' engines add /tmp
refused 2 'takes [ENGINE] DIR' engines add
refused 2 'is not a directory' engines add /nonexistent --as x
refused 2 'takes NAME' engines check
refused 2 "has no backend 'gpi'; did you mean 'gpu'" engines check scripted/gpi
refused 2 'does not go with' engines check null --as x
refused 2 'did you mean `edgedyno engines fetch`?' engines fetsh
refused 2 'takes NAME' engines fetch
refused 2 'did you mean' engines fetch onnxruntim
refused 2 'there is no such version' engines fetch onnxruntime@0.0.1
refused 2 'for a target like this' engines --target 'zzz*'

# --- flags
refused 2 'did you mean --format?' run --formta json
refused 2 'did you mean --threads?' run --thraeds 2
refused 2 'given twice' run -t 1 -t 2 model.onnx
refused 2 'a value is missing' run --blocks
refused 2 'outside the range' run -r 0 model.onnx
refused 2 'has no unit' run --max-time 5 model.onnx
refused 2 'is no list of CPUs' run --pin 3-1 model.onnx
refused 2 'latency_p90_ns' run --require 'latency_p9_ns <= 5 ms' model.onnx
refused 2 'exclude each other' run -q -v model.onnx
refused 2 'write --format markdown' run -o md model.onnx
for word in csv json jsonl; do
    refused 2 "write --format $word" run -o "$word" model.onnx
done
refused 2 '--format' run -o sql model.onnx
refused 2 '--depth' run -d 512 model.onnx
refused 2 '--depth' run -d 0,512 model.onnx
refused 2 'did you mean "markdown"?' run --format md model.onnx
refused 2 'did you mean "json"?' report --format jsno runs/20260101-a
refused 2 'did you mean "json"?' run --export jsn=x.json model.onnx
refused 2 'tells no format' run --export x.foo model.onnx
refused 2 'there is no directory' run --export no/such/x.md model.onnx
refused 2 'is a directory' run --export json=runs model.onnx
refused 2 'is no regular file' run --export json=/dev/null model.onnx
refused 2 'is named twice' run --export json=x --export csv=x model.onnx
refused 2 'standard output is taken' run --format json --export csv=- model.onnx

# --- operands
refused 2 'nothing to measure' run
refused 2 'missing.onnx' run missing.onnx
refused 2 'missing.json' run missing.json
refused 2 'did you mean "models"?' run typo.json
refused 2 'cut.json:2:1' run cut.json
refused 2 'a suite is measured alone' run empty.json model.onnx
refused 2 'leave out --threads' run --resume runs/20260101-a -t 2
refused 2 'leave out model.onnx' run --resume runs/20260101-a model.onnx
refused 2 'the newest here is runs/20260101-a' run --resume nowhere
refused 2 'the newest here is runs/20260101-a' report nowhere
refused 2 'the newest here is runs/20260101-a' report
refused 2 'holds no campaign' report elsewhere
refused 2 'this is a file' report model.onnx
refused 2 'takes one campaign' report runs/20260101-a elsewhere
refused 2 'no-such' devices --devices no-such.json
refused 2 'there are: local' engines -d pixel

# --- help: of every command, at most 80 columns but for whole commands, every flag of its completion is explained
commands=$("$program" help | sed -n '/^usage/,/^`/s/^  \([a-z]*\)  .*/\1/p')
report $(($(wc -w <<<"$commands") >= 8)) "help lists its commands: $(tr '\n' ' ' <<<"$commands")"
answered 'exit status:' help
answered 'exit status:' --help
answered 'exit status:' -h
answered 'usage: edgedyno help' help --help
"$program" help --completion bash >completion.bash
for command in $commands; do
    answered "usage: edgedyno $command" help "$command"
    cp out help.txt
    [[ $command == help ]] || {
        answered "usage: edgedyno $command" "$command" --help
        cmp -s out help.txt
        report $((!$?)) "$command --help and help $command are the same"
    }
    flags=$(sed -n "s/^        $command) COMPREPLY=.*-W '\(--.*\)' -- .*/\1/p" completion.bash)
    missing=''
    for flag in $flags; do
        grep -qE -- "^ .*$flag( |\$)" help.txt || missing+=" $flag"
    done
    report $((${#flags} > 0 && ${#missing} == 0)) "help $command explains each flag${missing:+, but not$missing}"
    long=$(grep -v '^      edgedyno ' help.txt | awk 'length > 80' | wc -l)
    report $((long == 0)) "help $command keeps to 80 columns"
done
refused 2 'did you mean `edgedyno help run`?' help rn
refused 2 'takes one command' help run report
refused 2 'exclude each other' help --man --reference
refused 2 'is none of bash|zsh' help --completion fish
answered 'usage: edgedyno run' run --formta --help

# --- version
answered 'edgedyno ' version
answered 'edgedyno ' --version
answered '"wire"' version --format json
python3 -c 'import json,sys; d = json.load(open("out")); sys.exit(sorted(d) != ["adapter_abi", "name", "target", "version", "wire"])'
report $((!$?)) "version is JSON with its five keys"
run version --export json=version.json
cmp -s version.json <("$program" version --format json)
report $((!$? && status == 0)) "--export writes the file that --format shows"
run version --export json=-
cmp -s out version.json
report $((!$?)) "--export FORMAT=- takes the place of the table"
refused 2 'takes no' version 2

# --- what is generated
"$program" help --man >edgedyno.1
for section in NAME SYNOPSIS COMMANDS 'EXIT STATUS' FILES ENVIRONMENT EXAMPLES; do
    grep -qx ".SH $section" edgedyno.1
    report $((!$?)) "the man page has $section"
done
if command -v groff >/dev/null; then
    warnings=$(groff -man -ww -Tutf8 edgedyno.1 2>&1 >/dev/null)
    report $((${#warnings} == 0)) "groff has no warning about the man page"
    groff -man -Tascii edgedyno.1 | grep -q -- '-'
    report $((!$?)) "groff renders the man page"
else
    skip "groff is not installed"
fi
for schema in suite devices record; do
    "$program" help --schema "$schema" | python3 -c 'import json,sys; d = json.load(sys.stdin); sys.exit("$schema" not in d)'
    report $((!$?)) "help --schema $schema is a JSON Schema"
done
"$program" help --reference >reference.md
for word in '### `edgedyno run`' '--max-time' '### `null`' 'latency_p90_ns' '## Exit status'; do
    grep -qF -- "$word" reference.md
    report $((!$?)) "the reference has $word"
done

# complete WORD...: what bash would offer for the last word
complete_words() {
    bash -c 'set -u; source ./completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _edgedyno; printf "%s\n" "${COMPREPLY[@]:-}"' \
        bash "$@" | paste -sd' '
}
completes() { # WANTED WORD...
    local wanted=$1 got
    shift
    got=$(complete_words "$@")
    report "$([[ $got == "$wanted" ]] && echo 1 || echo 0)" "completion of '$*' is '$wanted'${got:+ ($got)}"
}
completes run edgedyno ru
completes '--format' edgedyno run --for
completes markdown edgedyno run --format ma
completes 'table json' edgedyno devices --format ''
completes markdown edgedyno report --format = ma
completes fetch edgedyno engines fe
completes 'bash zsh' edgedyno help --completion ''
completes version edgedyno help ve
completes model.onnx edgedyno run mod
completes 'runs' edgedyno report ru
completes '' edgedyno run --threads ''
if command -v zsh >/dev/null; then
    "$program" help --completion zsh >_edgedyno
    zsh -n _edgedyno
    report $((!$?)) "zsh can read its completion"
else
    skip "zsh is not installed"
fi

# --- the fleet and the engines of this machine, through the real runner
run devices --format json
python3 - <<'PYTHON'
import json, sys
devices = json.load(open("out"))["devices"]
local = [d for d in devices if d["id"] == "local"][0]
sys.exit(not (local["state"] == "ready" and local["memory_total_bytes"] > 0 and local["hardware"] and "null@1" in local["engines"]))
PYTHON
report $((!$? && status == 0)) "devices: local is ready and has the null engine"
answered 'ready' devices
mkdir -m 0755 open
echo '{"devices": [{"id": "bench", "transport": "local", "work_dir": "'"$room"'/open"}]}' >bench.json
run devices --devices bench.json
grep -q '^bench .*not reached' out
report $((!$? && status == 4)) "devices: one that cannot be reached says so, status 4"
grep -q '^local .*ready' out
report $((!$?)) "devices: the others are still shown"
echo '{"devices": [{"id": "far", "transport": "carrier-pigeon"}]}' >far.json
refused 2 'there is no transport' devices --devices far.json
run engines --format json
python3 - <<'PYTHON'
import json, sys
engines = {e["id"]: e for e in json.load(open("out"))["engines"]}
null = engines["null@1"]
absent = engines["onnxruntime@1.27.0"]
sys.exit(not (null["surveyed"] and null["backends"][0]["available"] is True
              and absent["state"] == "fetchable" and not absent["surveyed"] and absent["backends"][0]["available"] is None))
PYTHON
report $((!$? && status == 0)) "engines: null is surveyed, an absent one is fetchable and not guessed at"
run engines --format json --target '*'
python3 - <<'PY'
import json
builds = {(e["id"], e["target"]) for e in json.load(open("out"))["engines"]}
raise SystemExit(not {("onnxruntime@1.27.0", "linux-x86_64"), ("onnxruntime@1.27.0", "linux-aarch64")} <= builds)
PY
report $((!$? && status == 0)) "engines --target '*' lists the builds for other machines too"
COLUMNS=80 "$program" engines --target '*' >out
report $((!$(awk 'length > 80' out | wc -l))) "engines with targets keeps to 80 columns"
COLUMNS=80 "$program" engines >out
report $((!$(awk 'length > 80' out | wc -l))) "engines keeps to 80 columns"
COLUMNS=80 "$program" devices >out
report $((!$(awk 'length > 80' out | wc -l))) "devices keeps to 80 columns"

# --- an installation with defects: a copy, in which parts are replaced
mkdir -p prefix/bin prefix/lib
cp -- "$program" prefix/bin/
cp -r -- "$(dirname "$program")/../lib/edgedyno" prefix/lib/
whole=$program
program=$room/prefix/bin/$(basename "$whole")
home=$(dirname prefix/lib/edgedyno/*/edgedyno-runner)
echo 'no shared object' >"$home/adapters/null.so"
run engines
grep -q 'the survey failed' out && grep -q '^scripted@1/cpu .*ready' out
report $((!$? && status == 4)) "engines: an adapter that cannot be opened is a row with the reason, status 4"
printf '#!/bin/bash\nkill -SEGV $$\n' >"$home/edgedyno-runner"
run engines
grep -q 'signal 11' out
report $((!$? && status == 4)) "engines: a survey that crashes is a row with the signal, status 4"
run devices
grep -q '^local .*no runner' out
report $((!$? && status == 4)) "devices: a runner that crashes is told"
printf '#!/bin/bash\necho "{\\"type\\": \\"work\\", \\"wire\\": \\"9.0\\"}"\n' >"$home/edgedyno-runner"
run devices --format json
grep -q 'wire version 9.0' out
report $((!$? && status == 4)) "devices: a runner of another wire version is not believed"
rm -r prefix/lib
refused 4 'install edgedyno whole' devices
program=$whole

run engines fetch null
report $((status == 0)) "engines fetch of a built-in one has nothing to do"

# --- a run of the null engine, which needs no model
before=$(find runs | sort)
answered 'null@1/cpu' run --on null --dry-run
[[ $(find runs | sort) == "$before" ]]
report $((!$?)) "--dry-run makes no campaign"
run run --on null -r 6 --out first --export first.csv --export json=first.out
report $((status == 0)) "run: status 0"
grep -q 'null@1/cpu' out && grep -q 'edgedyno report first' err
report $((!$?)) "run: the table on standard output, the way to see it again on standard error"
python3 -c 'import json,sys; d = json.load(open("first.out")); sys.exit("null" not in json.dumps(d))' && grep -q '^.*latency_p90_ns' first.csv
report $((!$?)) "run: exports are written, by format and by ending"
cp out table
run report first
cmp -s out table
report $((!$? && status == 0)) "report: the same bytes again"
run report first --format csv
cmp -s out first.csv
report $((!$?)) "report --format csv: the same bytes as the export"
refused 2 'holds a campaign already' run --on null -r 6 --out first
run run --on null -r 6 --out second -q
report $((status == 0 && $(wc -c <err) == 0)) "run -q: nothing on standard error"
run run --on null -r 6 --out third --on-invalid mark --require 'blocks >= 7' --format jsonl
report $((status == 1 && $(wc -l <out) == 1)) "run: a requirement that fails is status 1"
"$program" run --on null -r 1000 --out long >long.out 2>long.err </dev/null &
pid=$!
for ((i = 0; i < 200; i++)); do
    run devices
    # The lease comes before the job.
    if grep -q '^local .*busy' out && grep -q 'job .* runs' out; then break; fi
    sleep 0.1
done
grep -q '^local .*busy' out && grep -q 'job .* runs' out
report $((!$?)) "devices: local is busy while a campaign runs"
run engines
grep -q 'the device is busy' out
report $((!$? && status == 0)) "engines: nothing is surveyed while a campaign runs"
kill -TERM "$pid"
wait "$pid"
report $(($? == 130)) "run: stopped by a signal is status 130"
grep -qF 'resume with: edgedyno run --resume long' long.err
report $((!$?)) "run: says how to resume"
run devices
grep -q '^local .*ready' out
report $((!$?)) "devices: local is ready again"

# --- standard streams
"$program" help --reference | head -n 1 >/dev/null
report $((PIPESTATUS[0] == 0)) "a reader that goes away is no failure"
if [[ -c /dev/full ]]; then
    "$program" version >/dev/full 2>err
    report $(($? == 4)) "a full disk is told: $(head -c 80 err)"
fi
"$program" version >&- 2>err
report $(($? == 0)) "a closed standard output harms nothing"

echo "1..$n"
((failed == 0)) || echo "# $failed of $n failed"
((failed == 0))
