# SPDX-License-Identifier: Apache-2.0
# A few devices on loopback for the tests of the command line: one sshd with a port for each kind, as the user who runs the
# test, with keys, homes and state of its own below $room. Sourced; needs $room. Without sshd, sshd_start fails.
#   plain    a Linux machine               phone    getprop answers, and its clock is an hour ahead
#   mac      uname says Darwin             windows  answers as cmd.exe
#   refusing takes none of our keys        small    a full disk (root alone)
#   noexec   runs no programs (root alone)
sshd_kinds=(plain phone mac windows refusing small noexec)
declare -A sshd_port

sshd_free_ports() {
    "${ED_PYTHON:-python3}" - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets])
PYTHON
}

sshd_fakes() {
    mkdir -p "$room/phone" "$room/mac"
    printf '#!/bin/sh\nexec /bin/date -d "+1 hour" "$@"\n' >"$room/phone/date"
    printf '#!/bin/sh\ncase $1 in ro.build.version.release) echo 14 ;; ro.product.model) echo Pixel 9 ;; esac\n' >"$room/phone/getprop"
    printf '#!/bin/sh\ncase $1 in -s) echo Darwin ;; -m) echo arm64 ;; *) echo 23.1 ;; esac\n' >"$room/mac/uname"
    printf '#!/bin/sh\necho "'\''/bin/sh'\'' is not recognized as an internal or external command," >&2\nexit 1\n' >"$room/windows"
    chmod 0700 "$room"/phone/* "$room"/mac/* "$room/windows"
}

sshd_config() {
    local kind keys
    for kind in "${sshd_kinds[@]}"; do
        echo "Port ${sshd_port[$kind]}"
    done
    cat <<CONFIG
ListenAddress 127.0.0.1
HostKey $room/hostkey
PidFile $room/sshd.pid
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile none
CONFIG
    for kind in "${sshd_kinds[@]}"; do
        keys=$room/authorized_keys
        [[ $kind == refusing ]] && keys=none
        mkdir -p "$room/device-$kind"
        echo "Match LocalPort ${sshd_port[$kind]}"
        echo "    AuthorizedKeysFile $keys"
        echo "    SetEnv XDG_STATE_HOME=$room/device-$kind PATH=$room/$kind:/usr/local/bin:/usr/bin:/bin"
        [[ $kind == windows ]] && echo "    ForceCommand $room/windows"
    done
    return 0
}

sshd_start() {
    local sshd ports i
    sshd=$(PATH=$PATH:/usr/sbin command -v sshd) && command -v ssh-keygen >/dev/null || return 1
    read -ra ports < <(sshd_free_ports "${#sshd_kinds[@]}")
    for i in "${!sshd_kinds[@]}"; do sshd_port[${sshd_kinds[i]}]=${ports[i]}; done
    mkdir -p -m 0700 "$HOME/.ssh"
    ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519" && ssh-keygen -q -t ed25519 -N '' -f "$room/hostkey" || return 1
    cp "$HOME/.ssh/id_ed25519.pub" "$room/authorized_keys"
    sshd_fakes
    sshd_config >"$room/sshd_config"
    if ((EUID == 0)); then
        mkdir -p /run/sshd
        # Both disks lie in a mount namespace of this sshd alone.
        unshare -m --propagation private -- bash -c '
            mount -t tmpfs -o size=300k,mode=0700 tmpfs "$1/device-small" && mount -t tmpfs -o noexec,mode=0700 tmpfs "$1/device-noexec" || exit 1
            exec "$2" -D -f "$1/sshd_config" -E "$1/sshd.log"' sshd "$room" "$sshd" &
    else
        "$sshd" -D -f "$room/sshd_config" -E "$room/sshd.log" &
    fi
    sshd_process=$!
    for ((i = 0; i < 200; i++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/${sshd_port[noexec]}") 2>/dev/null; then return 0; fi
        kill -0 "$sshd_process" 2>/dev/null || break
        sleep 0.05
    done
    cat "$room/sshd.log" >&2
    return 1
}

# Whether the user may log in at all: not with a shell that is none, nor with a locked account.
sshd_lets_in() {
    command -v ssh >/dev/null || return 0
    ssh -F none -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o BatchMode=yes -o LogLevel=ERROR \
        -o IdentityAgent=none -i "$HOME/.ssh/id_ed25519" -p "${sshd_port[plain]}" "$(id -un)@127.0.0.1" true </dev/null
}

sshd_stop() {
    [[ -n ${sshd_process:-} ]] || return 0
    kill "$sshd_process" 2>/dev/null
    wait "$sshd_process" 2>/dev/null
    sshd_process=''
}
