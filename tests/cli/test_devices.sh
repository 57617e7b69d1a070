#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `edgedyno devices` and its subcommands, on this machine and on devices behind an sshd of its own on loopback.
#   tests/cli/test_devices.sh PROGRAM
# Prints a line for each check and exits with 1 when one failed.
set -u
unset CDPATH SSH_AUTH_SOCK
program=$(realpath -- "${1:?usage: test_devices.sh PROGRAM}")
here=$(dirname -- "$(realpath -- "${BASH_SOURCE[0]}")")
room=$(mktemp -d) || exit 1
sshd_process=''
trap 'sshd_stop; rm -rf -- "$room"' EXIT
mkdir -m 0700 "$room/home" "$room/here"
cd -- "$room/here" || exit 1
export HOME=$room/home XDG_STATE_HOME=$room/state XDG_DATA_HOME=$room/data XDG_CACHE_HOME=$room/cache XDG_CONFIG_HOME=$room/config
unset EDGEDYNO_ENGINE_STORE COLUMNS NO_COLOR
# No adb server of the machine is ever spoken to.
export ANDROID_ADB_SERVER_PORT=1 ADB_SERVER_SOCKET=tcp:127.0.0.1:1
. "$here/sshd.sh"
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
skip() {
    n=$((n + 1))
    echo "ok $n - # SKIP $1"
}
run() {
    "$program" "$@" >"$room/out" 2>"$room/err" </dev/null
    status=$?
}
# refused STATUS PATTERN ARGUMENTS...: PATTERN must be in standard error, and nothing on standard output.
refused() {
    local wanted=$1 pattern=$2
    shift 2
    run "$@"
    report "$(((status == wanted) && $(grep -cF -- "$pattern" "$room/err") > 0 && ! $(wc -c <"$room/out")))" \
        "refused with $wanted and '$pattern': $*"
}
# says STATUS PATTERN ARGUMENTS...: PATTERN (extended) must be on standard output or standard error.
says() {
    local wanted=$1 pattern=$2
    shift 2
    run "$@"
    report "$(((status == wanted) && $(cat "$room/out" "$room/err" | grep -cE -- "$pattern") > 0))" "$wanted, '$pattern': $*"
}
# json EXPRESSION NAME: `d` is what is on standard output.
json() {
    python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$room/out" "$1"
    report $((!$?)) "$2"
}

# --- typing mistakes, before anything is reached
refused 2 'did you mean `edgedyno devices add`?' devices ad
refused 2 'did you mean `edgedyno devices check`?' devices chekc
refused 2 'did you mean `edgedyno devices reserve`?' devices res
refused 2 'devices takes no' devices zzzzz
refused 2 'which devices?' devices probe
refused 2 'which devices?' devices snapshot
refused 2 'the serial number is missing' devices add adb:
refused 2 'two slashes' devices add ssh:/x
refused 2 'the host is missing' devices add ssh://
refused 2 'password' devices add ssh://user:secret@host
grep -q secret "$room/err"
report $(($?)) "and is not told again"
refused 2 'this is no address' devices add pi@host
refused 2 'write: edgedyno devices add' devices add
refused 2 'write: edgedyno devices add' devices add ssh://a ssh://b
refused 2 'is no id' devices add ssh://127.0.0.1:1 --id a/b
refused 2 'is no id' devices add ssh://127.0.0.1:1 --id "$(printf 'x%.0s' {1..64})"
refused 2 'no device has this id or tag' devices check nosuch
refused 2 "did you mean 'local'?" devices check lcoal
refused 2 'which devices?' devices models
refused 2 'which devices?' devices clean
refused 2 'which devices?' devices stop
refused 2 'which devices?' devices reserve --for 2h
refused 2 'for how long?' devices reserve local
refused 2 '--for' devices reserve local --for 2
refused 2 '--for' devices reserve local --for soon
refused 2 'not from 1 s' devices reserve local --for '1 ms'
refused 2 'belongs to `devices clean`' devices --keep 2
refused 2 'belongs to `devices reserve`' devices clean local --for 2h
refused 2 'belongs to `devices add`' devices check local --id x
refused 2 '--format does not go with `devices stop`' devices stop local --format json
refused 2 '--keep' devices clean local --keep -1
refused 2 'did you mean' devices --format jsn
refused 2 'no-such.json' devices check --devices no-such.json

# --- fleets that are wrong
echo '{"include": ["inner.json"]}' >outer.json
echo '{"devices": [{"id": "x", "transport": "ssh"}]}' >inner.json
refused 2 'needs "host"' devices --devices outer.json
grep -q 'inner.json: /devices/0' "$room/err"
report $((!$?)) "the file that is wrong is named, not the one that includes it"
echo '{"devices": [{"id": "x", "transport": "ssh", "host": "h", "serial": "s"}]}' >inner.json
refused 2 'takes no "serial"' devices --devices outer.json

# --- this machine
says 0 '^local .*ready' devices
says 0 'runner +ok' devices check
run devices check local --format json
json 'd["devices"][0]["passed"] and [s["step"] for s in d["devices"][0]["steps"]][:2] == ["target", "work directory"]' "check is JSON too"
says 0 'local: 0 removed' devices clean local
says 0 'no job runs' devices stop local
run devices models local --format json
json 'd["devices"][0]["sets"] == [] and d["devices"][0]["error"] is None' "models of local are none"
says 0 'local: reserved by .* until' devices reserve local --for 2h
run devices --format json
json 'd["devices"][0]["state"] == "reserved" and 7100e9 < d["devices"][0]["reserved_left_ns"] <= 7200e9' "a reservation is listed with its time"
says 0 'reservation +warning' devices check
says 0 'no reservation any more' devices reserve local --for 0
says 0 '^local .*ready' devices
mkdir -m 0755 open
echo '{"devices": [{"id": "bench", "transport": "local", "work_dir": "'"$room"'/here/open"}]}' >bench.json
says 4 'bench +1 work directory +failed +.*chmod' devices check bench --devices bench.json
COLUMNS=80 "$program" devices check >"$room/out"
report $((!$(awk 'length > 80' "$room/out" | wc -l))) "check keeps to 80 columns"

# --- phones that an adb server shows
printf 'X1  unauthorized usb:1-1 transport_id:1\nX2  offline transport_id:2\n' >"$room/phones"
"${ED_PYTHON:-python3}" -B "$here/../devices/fake_adb.py" server list "$room/phones" >"$room/adb_port" &
adb_process=$!
trap 'kill "$adb_process" 2>/dev/null; sshd_stop; rm -rf -- "$room"' EXIT
for ((i = 0; i < 200 && ! $(wc -c <"$room/adb_port"); i++)); do sleep 0.05; done
unset ADB_SERVER_SOCKET
export ANDROID_ADB_SERVER_PORT=$(cat "$room/adb_port")
echo '{"devices": [{"id": "p1", "transport": "adb", "serial": "X1"}, {"id": "p2", "transport": "adb", "serial": "X2"}, {"id": "p3", "transport": "adb", "serial": "X3"}]}' >phones.json
run devices --devices phones.json --format json
json '[x["state"] for x in d["devices"]] == ["unauthorized", "offline", "unreachable", "ready"]' "states of phones"
says 4 'p1 +3 authorization +failed' devices check p1 --devices phones.json
says 4 'p2 +2 phone +failed' devices check p2 --devices phones.json
refused 4 'Allow USB debugging' devices add adb:X1
run devices scan --format json
json '[(x["address"], x["state"]) for x in d["found"]] == [("adb:X1", "not added"), ("adb:X2", "not added")] and all(x["reason"] for x in d["found"])' "scan says why a phone is not added"
[[ ! -e $room/config/edgedyno/devices.json ]]
report $((!$?)) "and writes nothing then"
kill "$adb_process"
wait "$adb_process" 2>/dev/null
export ANDROID_ADB_SERVER_PORT=1 ADB_SERVER_SOCKET=tcp:127.0.0.1:1

# --- devices by SSH
if ! sshd_start || ! sshd_lets_in; then
    skip "no sshd can be started, or it lets nobody in"
    echo "1..$n"
    exit $((failed != 0))
fi
user=$(id -un)
at() { echo "ssh://$user@127.0.0.1:${sshd_port[$1]}"; }
fleet=$room/config/edgedyno/devices.json
refused 4 'host' devices add "$(at plain)"
grep -q 'nothing was written' "$room/err" && [[ ! -e $fleet ]]
report $((!$?)) "an unknown host key is refused, and nothing is written"
says 0 'host key: +ssh-ed25519, pinned' devices add "$(at plain)" --accept-new
key=$(cut -d' ' -f1,2 "$room/hostkey.pub")
cp "$fleet" "$room/out"
json 'd["devices"][0]["host_key"] == "'"$key"'" and d["devices"][0]["id"] == "127.0.0.1"' "the host key and an id are in the file"
[[ $(stat -c %a "$fleet") == 600 && $(stat -c %a "$room/device-plain/edgedyno/work") == 700 ]]
report $((!$?)) "modes of the file and of the work directory"
refused 2 'is there already' devices add "$(at plain)" --id again
refused 2 'already the id of' devices add "$(at phone)" --id 127.0.0.1
says 0 'shell process, not app' devices add "$(at phone)" --id phone --accept-new
refused 2 'macOS' devices add "$(at mac)" --id mac --accept-new
refused 2 'WSL 2' devices add "$(at windows)" --id windows --accept-new
refused 4 'takes none of the 1 keys' devices add "$(at refusing)" --id refusing --accept-new
refused 4 '' devices add ssh://127.0.0.1:1 --id closed
run devices --format json
json '[(x["id"], x["state"], x["target"][:6]) for x in d["devices"]] == [("127.0.0.1", "ready", "linux-"), ("phone", "ready", "linux-"), ("local", "ready", "linux-")]' "the list has what was added, and nothing else"
json 'd["devices"][1]["shell_process_not_app"] and d["devices"][1]["model"] == "Pixel 9" and "null@1" in d["devices"][0]["engines"] and d["devices"][0]["backends"][0]["surveyed"] is False' "identity and engines of remote devices"
says 0 '127.0.0.1 +[0-9]+ authentication +ok' devices check 127.0.0.1
says 0 'clock +warning +(59[.0-9]* min|60[.0-9]* min|1[.0]* h) ahead' devices check phone

# What is added by hand, to files that are chosen.
python3 - "$user" "${sshd_port[*]@K}" "$key" <<'PYTHON'
import json, sys
words = sys.argv[2].split()
port = {words[i]: int(words[i + 1].strip('"')) for i in range(0, len(words), 2)}
def device(id, kind, **more):
    return {"id": id, "transport": "ssh", "host": "127.0.0.1", "port": port[kind], "user": sys.argv[1], "tags": ["all"], **more}
other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPoh0vZ1wEpGsUN4lXIDXLfzsVExdfHoBaOaVnh9YxFz"
devices = [device("plain", "plain"), device("mac", "mac"), device("windows", "windows"), device("refusing", "refusing"),
           device("imposter", "plain", host_key=other), {"id": "closed", "transport": "ssh", "host": "127.0.0.1", "port": 1},
           {"id": "nowhere", "transport": "ssh", "host": "no-such-host.invalid"}, device("greedy", "plain", free_min="1000 TiB"),
           device("small", "small", host_key=sys.argv[3]), device("noexec", "noexec", host_key=sys.argv[3]), {"id": "phone", "transport": "adb", "serial": "X"}]
json.dump({"devices": devices}, open("lab.json", "w"))
json.dump({"devices": devices[:1]}, open("plain.json", "w"))
PYTHON
run devices --devices lab.json --format json
cp "$room/out" "$room/list.json"
report $((status == 4)) "devices that do not answer make status 4"
state() { # ID STATE...
    cp "$room/list.json" "$room/out"
    json '{x["id"]: x["state"] for x in d["devices"]}["'"$1"'"] in "'"$2"'".split("|")' "$1 is $2"
}
state plain ready
state mac 'unsupported target'
state windows 'unsupported target'
state refusing unauthorized
state imposter unauthorized
state closed unreachable
state nowhere unreachable
state greedy 'no space'
state local ready
says 4 'mac +6 target +failed +.*macOS' devices check mac --devices lab.json
says 4 'windows +[56] (shell|target) +failed +.*WSL' devices check windows --devices lab.json
says 4 'refusing +4 authentication +failed' devices check refusing --devices lab.json
says 4 'imposter +3 host key +failed' devices check imposter --devices lab.json
says 4 'closed +2 connection +failed' devices check closed --devices lab.json
says 4 'nowhere +1 address +failed' devices check nowhere --devices lab.json
says 4 'greedy +[0-9]+ space +failed +.*devices clean greedy' devices check greedy --devices lab.json
says 4 'phone +[12] (adb server|phone) +failed' devices check phone --devices lab.json
if ((EUID == 0)); then
    state small 'no space'
    says 4 'small +[0-9]+ space +failed' devices check small --devices lab.json
    state noexec 'no runner'
    says 4 'noexec +[0-9]+ programs may run +failed +.*noexec' devices check noexec --devices lab.json
else
    skip "small disks and noexec ones need root"
fi
run devices check all --devices lab.json --format json
json 'len(d["devices"]) == 8 and [x["passed"] for x in d["devices"] if x["id"] == "plain"] == [True]' "check takes a tag, and one that fails hides no other"

# --- a device that somebody holds
says 0 'reserved by' devices reserve plain --for 10min --devices plain.json
run devices --devices plain.json
grep -qE '^plain .*reserved' "$room/out"
report $((!$?)) "a reservation is seen through SSH"
says 0 'no reservation any more' devices reserve plain --for 0 --devices plain.json
work=$room/device-plain/edgedyno/work
runner=$(dirname "$(dirname "$program")")/lib/edgedyno
runner=$(echo "$runner"/*/edgedyno-runner)
echo '{"type":"lease","wire":"1.1","action":"take","holder":"other","owner":"ben@desk","purpose":"campaign of ben","token":"","for_ns":600000000000,"wait":false}' |
    "$runner" lease --work "$work" >"$room/lease"
says 4 'ben@desk' devices clean plain --devices plain.json
run devices --devices plain.json --format json
json '[(x["state"], x["owner"]) for x in d["devices"] if x["id"] == "plain"] == [("busy", "ben@desk")]' "who holds it is listed"
token=$(sed 's/.*"token":"\([^"]*\)".*/\1/' "$room/lease")
echo '{"type":"lease","wire":"1.1","action":"release","holder":"other","owner":"ben@desk","purpose":"","token":"'"$token"'","for_ns":0,"wait":false}' |
    "$runner" lease --work "$work" >"$room/lease"
says 0 'plain: 0 removed' devices clean plain --devices plain.json

# --- quarantine is lifted by a check that passes
mkdir -p "$room/state/edgedyno"
cat >"$room/state/edgedyno/quarantine.json" <<JSON
{"devices": [{"id": "plain", "address": "ssh:$user@127.0.0.1:${sshd_port[plain]}", "status": "io", "reason": "it was odd", "since_us": 1}]}
JSON
run devices --devices plain.json
grep -qE '^plain .*quarantined .*it was odd|^plain .*quarantined' "$room/out"
report $((!$?)) "a quarantined device is listed as such"
says 0 'quarantine +ok +lifted' devices check plain --devices plain.json
grep -q odd "$room/state/edgedyno/quarantine.json"
report $(($?)) "and is out of the list then"

# --- a key with a passphrase: asked on the terminal without echo, and refused where there is none
ssh-keygen -q -p -P '' -N 'open sesame' -f "$HOME/.ssh/id_ed25519"
says 4 'ssh-add' devices check plain --devices plain.json
python3 - "$program" >"$room/out" 2>"$room/err" <<'PYTHON'
import os, pty, select, signal, sys, time
def run(answers):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.argv[1], [sys.argv[1], "devices", "check", "plain", "--devices", "plain.json"])
    said, end = b"", time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            try:
                more = os.read(terminal, 4096)
            except OSError:
                more = b""
            if not more:
                break
            said += more
            if answers and b"assphrase" in said and said.rstrip().endswith(b":"):
                os.write(terminal, answers.pop(0))
                said += b"\n"
    else:
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode("utf-8", "replace")
status, said = run([b"open sesame\n"])
print(status, said)
right = status == 0 and "sesame" not in said
status, said = run([b"\x03"])
print(status, said)
sys.exit(not (right and status in (4, 130)))
PYTHON
report $((!$?)) "a passphrase is asked for on the terminal, without echo, and Ctrl-C is an answer too"
ssh-keygen -q -p -P 'open sesame' -N '' -f "$HOME/.ssh/id_ed25519"

# --- scan: what ~/.ssh/config names
cat >"$HOME/.ssh/config" <<CONFIG
Host board
    HostName 127.0.0.1
    Port ${sshd_port[plain]}
    User $user
Host gone
    HostName 127.0.0.1
    Port 1
Host *.example
    User nobody
CONFIG
PATH=/usr/bin:/bin run devices scan --devices scanned.json --format json
json '[(x["address"], x["state"]) for x in d["found"]] == [("ssh://board", "added"), ("ssh://gone", "not added")] and d["found"][1]["reason"]' "scan adds what answers"
cp scanned.json "$room/out"
json '[(x["id"], x["host"], x["host_key"]) for x in d["devices"]] == [("board", "board", "'"$key"'")]' "scan writes the device with its host key"
run devices scan --devices scanned.json --format json
json 'd["found"][0]["state"] == "known" and d["found"][0]["id"] == "board"' "a second scan knows it"
says 0 '^board .*ready' devices --devices scanned.json

# --- a machine that went away costs its own deadline only, and is told
sshd_stop
says 4 'board +[12] .*failed|board +2 connection +failed' devices check board --devices scanned.json

echo "1..$n"
((failed == 0)) || echo "# $failed of $n failed"
((failed == 0))
