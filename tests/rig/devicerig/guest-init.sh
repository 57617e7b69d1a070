#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The first process of the arm64 guest: busybox alone is there. The kernel's command line says rig.name=, rig.address=.
/bin/busybox mkdir -p /bin /home /proc /sys /dev /tmp /run /var/log /root
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o mode=755 run /run
mount -t cgroup2 none /sys/fs/cgroup
for module in $(cat /modules/order); do insmod "/modules/$module.ko"; done
for word in $(cat /proc/cmdline); do
    case $word in
    rig.name=*) hostname "${word#rig.name=}" ;;
    rig.address=*) address=${word#rig.address=} ;;
    esac
done
tries=0
while [ ! -e /sys/class/net/eth0 ] || [ ! -e /dev/vda ]; do
    tries=$((tries + 1))
    [ $tries -gt 200 ] && break
    usleep 20000
done
mount -t ext4 -o noatime /dev/vda /home
ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
mkdir -p /home/bench
chown 1500:1500 /home/bench
export HOME=/root
serve() {
    LD_LIBRARY_PATH=/opt/rig/lib exec /opt/rig/dropbear -F -E -s "$@"
}
# Root's door is the rig's own and has a port of its own; the device's server lets only its user in.
# It is never what a full memory ends.
while :; do
    (echo -1000 >/proc/self/oom_score_adj && serve -r /root/host_key.db -p 2222) 2>/dev/null
    sleep 1
done &
while :; do
    while [ -e /run/down ]; do usleep 50000; done
    (serve -w -r /etc/ssh/host_key.db -p 22) &
    echo $! >/run/server
    wait $!
    usleep 200000
done
