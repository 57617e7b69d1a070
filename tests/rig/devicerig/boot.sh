#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One boot of a device of the rig, as the first process of the device: what is new at each boot (/proc, /sys, /dev,
# /tmp, /run, the boot id), then the servers.
#
# From the environment: RIG_ROOT RIG_STORE RIG_FAKE (a tree laid over /sys, or empty) RIG_MEMORY_BYTES (0: no limit)
# RIG_CGROUP RIG_UID RIG_WRITABLE (file names of the fake /sys that RIG_UID may write) RIG_PID1 RIG_SERVERS (words, one
# a line)
set -eu
root=$RIG_ROOT
if [[ -n $RIG_CGROUP ]]; then echo 0 >"$RIG_CGROUP/cgroup.procs"; fi
mount -t proc proc "$root/proc"
mount --bind "$RIG_STORE/boot_id" "$root/proc/sys/kernel/random/boot_id"
if ((RIG_MEMORY_BYTES > 0)); then
    total=$((RIG_MEMORY_BYTES / 1024)) free=$((RIG_MEMORY_BYTES / 1024 * 7 / 8))
    sed -e "s/^\(MemTotal:\).*/$(printf 'MemTotal:       %8d kB' $total)/" \
        -e "s/^\(MemFree:\).*/$(printf 'MemFree:        %8d kB' $free)/" \
        -e "s/^\(MemAvailable:\).*/$(printf 'MemAvailable:   %8d kB' $free)/" /proc/meminfo >"$RIG_STORE/meminfo"
    mount --bind "$RIG_STORE/meminfo" "$root/proc/meminfo"
fi

mount -t tmpfs -o mode=755,size=1m dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=666,gid=5,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,size=64m shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for link in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${link#*:}" "$root/dev/${link%:*}"; done

if [[ -d $root/tmp ]]; then mount -t tmpfs -o mode=1777,size=256m tmp "$root/tmp"; fi
if [[ -d $root/run ]]; then
    mount -t tmpfs -o mode=755,size=4m run "$root/run"
    mkdir "$root/run/sshd"
fi

# The real /sys with a made tree over it; where the kernel's rules forbid that, the made tree alone.
if [[ -n $RIG_FAKE ]]; then
    mkdir -p "$RIG_STORE/sys"
    mount -t sysfs sys "$RIG_STORE/sys"
    mount -t overlay -o "ro,lowerdir=$RIG_FAKE:$RIG_STORE/sys" over "$root/sys"
    for policy in "$RIG_FAKE"/devices/system/cpu/cpufreq/policy*; do
        mount --bind "$policy" "$root/sys${policy#"$RIG_FAKE"}"
    done
    for name in $RIG_WRITABLE; do
        find "$RIG_FAKE" -name "$name" -exec chown "$RIG_UID" {} +
    done
else
    mount -t sysfs -o ro sys "$root/sys"
fi

cd /
mapfile -t servers <<<"$RIG_SERVERS"
exec env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin TERM=linux "$RIG_PID1" "$root" "${servers[@]}"
