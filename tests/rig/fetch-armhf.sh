#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the armv7 device of the rig is made of: busybox, dropbear and the libraries of C and C++, of Debian 12's armhf,
# unpacked into FOLDER (build/rig/armhf).      fetch-armhf.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/fetch-debian.sh" "${1:-$here/../../build/rig/armhf}" bookworm armhf \
    only:busybox-static dropbear-bin openssh-sftp-server libstdc++6 libgcc-s1
