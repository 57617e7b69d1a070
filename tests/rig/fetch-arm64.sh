#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the arm64 guest of the rig is made of: Debian 12's cloud kernel, busybox, dropbear and the libraries of C and
# C++, unpacked into FOLDER (build/rig/arm64).      fetch-arm64.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "$here/fetch-debian.sh" "${1:-$here/../../build/rig/arm64}" bookworm arm64 \
    first:linux-image-cloud-arm64 only:busybox-static dropbear-bin openssh-sftp-server libstdc++6 libgcc-s1
