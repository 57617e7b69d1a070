#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `edgedyno devices probe` and `snapshot` of this machine and of recorded ones.
#   tests/cli/test_devices_probe.sh PROGRAM MACHINES
# Prints a line for each check and exits with 1 when one failed.
set -u
unset CDPATH EDGEDYNO_PROBE_ROOT COLUMNS NO_COLOR
program=$(realpath -- "${1:?usage: test_devices_probe.sh PROGRAM MACHINES}")
machines=$(realpath -- "${2:?usage: test_devices_probe.sh PROGRAM MACHINES}")
room=$(mktemp -d) || exit 1
trap 'rm -rf -- "$room"' EXIT
mkdir -m 0700 "$room/home" "$room/here"
cd -- "$room/here" || exit 1
export HOME=$room/home XDG_STATE_HOME=$room/state XDG_DATA_HOME=$room/data XDG_CACHE_HOME=$room/cache XDG_CONFIG_HOME=$room/config
export ANDROID_ADB_SERVER_PORT=1 ADB_SERVER_SOCKET=tcp:127.0.0.1:1
n=0 failed=0

report() { # OK NAME
    n=$((n + 1))
    if (($1)); then
        echo "ok $n - $2"
    else
        failed=$((failed + 1))
        echo "not ok $n - $2"
        sed 's/^/#   /' "$room/out" "$room/err"
    fi
}
run() {
    "$program" "$@" >"$room/out" 2>"$room/err" </dev/null
    status=$?
}
json() { # EXPRESSION NAME: `d` is what is on standard output, `c` its channels by id
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
c = {x["id"]: x for p in d["devices"][0]["probes"] for x in p["channels"]}
sys.exit(not eval(sys.argv[2]))' "$room/out" "$1"
    report $((!$?)) "$2"
}
channels() { # all channels of this machine or of EDGEDYNO_PROBE_ROOT without their values
    "$program" devices probe local --format json | python3 -c 'import json, sys
for p in json.load(sys.stdin)["devices"][0]["probes"]:
    for c in p["channels"]:
        print(c["id"], c["unit"], c["scope"], c["wrap"], "available" if c["reason"] is None else c["reason"])'
}

# --- this machine
run devices probe local --format json
report $((status == 0)) "probe of this machine"
json 'c["process_memory.anon"]["value"] > 100000 and c["system_cpu.busy"]["counter"] and c["system_cpu.busy"]["between_ns"] > 0' "values of this machine"
json 'all((x["reason"] is None) or x["value"] is None for x in c.values())' "what cannot be read has no value"
run devices probe local
report $((status == 0 && $(grep -cE '^(now|not available) ' "$room/out") == 2)) "a table of what is there, and of what is not"

# --- a recorded one
export EDGEDYNO_PROBE_ROOT=$machines/jetson-orin
run devices probe local --format json
json 'c["hwmon.ina3221.VDD_IN.power"]["value"] == 6913024 and c["thermal.cv0-thermal"]["value"] is None' "a recorded board"
run devices probe local
report $(($(grep -cE '^6\.91 W +- +board +hwmon\.ina3221\.VDD_IN\.power$' "$room/out") == 1)) "units for people"
# On a terminal of 80 columns no line is longer, and it is read until Ctrl-C.
python3 - "$program" >"$room/out" 2>"$room/err" <<'PYTHON'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time
pid, end = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], [sys.argv[1], "devices", "probe", "local"])
fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
said, limit = b"", time.monotonic() + 120
while said.count(b"thermal.cpu-thermal\x1b") < 2 and time.monotonic() < limit:
    if select.select([end], [], [], 1)[0]:
        try:
            said += os.read(end, 65536)
        except OSError:
            break
os.kill(pid, signal.SIGINT)
os.waitpid(pid, 0)
lines = re.sub(rb"\x1b\[[0-9;]*[A-Za-z]", b"", said).decode().replace("\r", "").split("\n")
print("\n".join(lines))
sys.exit(not (said.count(b"thermal.cpu-thermal\x1b") >= 2 and max(map(len, lines)) <= 80))
PYTHON
report $((!$?)) "live on a terminal, within its columns"

# --- a snapshot of each machine is that machine
for machine in "$machines"/*/; do
    name=$(basename -- "$machine")
    export EDGEDYNO_PROBE_ROOT=$machine
    channels >"$room/before"
    run devices snapshot local --out "$room/copies/$name"
    EDGEDYNO_PROBE_ROOT=$room/copies/$name channels >"$room/after"
    diff "$room/before" "$room/after" >>"$room/out"
    report $((status == 0 && !$?)) "a snapshot of $name holds all that the probes read"
done
unset EDGEDYNO_PROBE_ROOT
report $(($(find "$room/copies/pixel" -lname '!EACCES' | wc -l) == 4)) "reads that failed are kept"
run devices snapshot local
report $((status == 0 && $(find snapshot-local -name meminfo | wc -l) == 1)) "a snapshot of this machine"
host=$(uname -n)
report $((${#host} < 3 || !$(grep -rwF -- "$host" snapshot-local | wc -l))) "without the host's name"
run devices snapshot local
report $((status == 2 && $(grep -c 'there already' "$room/err") == 1)) "a directory that is there is left alone"

echo "1..$n"
((failed == 0)) || echo "# $failed of $n failed"
((failed == 0))
