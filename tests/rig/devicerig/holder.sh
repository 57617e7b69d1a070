#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Holds what a device of the rig keeps through a reboot: its network, its root with /etc and the home, its name. It
# is the first process of a process namespace of its own, so that its end is the end of all that the device is. It
# boots the device again and again; the end of the device's own first process is a power cut.
#
# From the environment: RIG_NAME RIG_ROOT RIG_STORE RIG_ADDRESS RIG_BINDS ("SOURCE TARGET ro|rw" lines) RIG_HOME
# RIG_HOME_MOUNT (target) RIG_HOME_BYTES (0: no limit) RIG_UID RIG_BINFMT (optional: a line
# for binfmt_misc), and what boot.sh reads.
set -eu
here=$(dirname "${BASH_SOURCE[0]}")
mount --make-rprivate /
hostname "$RIG_NAME"

# The rig moves the network card in here, then says so.
read -r _
ip -batch - <<END
link set lo up
address add $RIG_ADDRESS dev eth0
link set eth0 up
END

# Programs of another processor, for this device alone.
if [[ -n ${RIG_BINFMT-} ]]; then
    mount -t binfmt_misc binfmt /proc/sys/fs/binfmt_misc
    printf '%s' "$RIG_BINFMT" >/proc/sys/fs/binfmt_misc/register
fi

mount --bind "$RIG_ROOT" "$RIG_ROOT"
while read -r from to how; do
    [[ -n $from ]] || continue
    mount --bind "$from" "$RIG_ROOT$to"
    [[ $how == rw ]] || mount -o remount,bind,ro "$RIG_ROOT$to"
done <<<"$RIG_BINDS"
if ((RIG_HOME_BYTES > 0)); then
    mount -t tmpfs -o "size=$RIG_HOME_BYTES,mode=755,uid=$RIG_UID,gid=$RIG_UID" home "$RIG_ROOT$RIG_HOME_MOUNT"
    cp -a "$RIG_HOME/." "$RIG_ROOT$RIG_HOME_MOUNT/"
else
    mount --bind "$RIG_HOME" "$RIG_ROOT$RIG_HOME_MOUNT"
fi

time_namespace=()
if unshare --time true 2>/dev/null; then time_namespace=(yes); fi
while :; do
    while [[ -e $RIG_STORE/off ]]; do sleep 0.05; done
    cat /proc/sys/kernel/random/uuid >"$RIG_STORE/boot_id"
    clocks=()
    if ((${#time_namespace[@]} > 0)); then
        # A device's clocks begin at its boot, here 60 s earlier.
        read -r uptime _ </proc/uptime
        offset=$((60 - ${uptime%.*}))
        clocks=(--time --boottime "$offset" --monotonic "$offset")
    fi
    # No exec: the end of the boot is waited for.
    unshare --mount --pid "${clocks[@]}" --fork --kill-child -- bash "$here/boot.sh" </dev/null || true
done
