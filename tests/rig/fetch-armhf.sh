#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the armv7 device of the rig is made of: busybox, dropbear and libraries of armhf from Debian 12 in FOLDER
# (build/rig/armhf), and Debian 13's static qemu-arm in FOLDER-qemu.      fetch-armhf.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$here/../../build/rig/armhf}
"$here/fetch-debian.sh" "$folder" bookworm armhf only:busybox-static dropbear-bin openssh-sftp-server libstdc++6 libgcc-s1
"$here/fetch-debian.sh" "$folder-qemu" trixie "$(dpkg --print-architecture)" only:qemu-user
# One interpreter of the forty is needed.
find "$folder-qemu/root/usr/bin" -name 'qemu-*' ! -name qemu-arm -delete
