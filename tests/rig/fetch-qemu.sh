#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Brings qemu-aarch64 and qemu-arm of Debian 13 into build/deps/qemu, once: they run the packs of other processors on
# this machine in tests. Debian 12's own (7.2) crashes on some programs. Nothing is installed, and root is not needed.
#
#   tests/rig/fetch-qemu.sh              what is there already is checked, and no network is used for it
#   tests/rig/fetch-qemu.sh --refresh    forget it first
#
# The package comes from the machine's own package sources, asked for the release trixie; apt checks the signed
# Release file and by its digests the package.
# Exit status: 0, 2 wrong use, 4 failed.
set -euo pipefail
export LC_ALL=C
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
place=$root/build/deps/qemu
programs=(qemu-aarch64 qemu-arm)
scratch=
staging=

say() { printf 'qemu: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 4
}
clean_up() {
    if [[ -n $staging ]]; then rm -rf -- "$staging"; fi
    if [[ -n $scratch ]]; then rm -rf -- "$scratch"; fi
}
trap clean_up EXIT
# shellcheck source=deps/apt.sh
. "$root/deps/apt.sh"

case ${1-} in
'') ;;
--refresh) rm -rf -- "$place" ;;
*)
    say "unknown argument '$1'; tests/rig/fetch-qemu.sh takes nothing or --refresh"
    exit 2
    ;;
esac
mkdir -p "$root/build/deps"
exec 8>"$root/build/deps/.qemu.lock"
flock 8
stamp=$(cat "$root/deps/apt.sh" "${BASH_SOURCE[0]}" | sha256sum)
if [[ -f $place/.stamp && $(<"$place/.stamp") == "$stamp" ]] &&
    (cd "$place" && sha256sum --check --quiet --strict .digests >/dev/null 2>&1); then
    say "already there: build/deps/qemu"
    exit 0
fi

scratch=$(mktemp -d)
apt_private "$scratch" deb "$(dpkg --print-architecture)" trixie || exit 4
cd "$scratch/got"
apt-get -q -c "$scratch/apt.conf" download qemu-user >&2 || fail "cannot download qemu-user of Debian 13"
package=$(echo qemu-user_*.deb)
staging=$(mktemp -d "$root/build/deps/.qemu.XXXXXX")
chmod 755 "$staging"
dpkg-deb --fsys-tarfile "$package" |
    tar -x -C "$staging" --strip-components=3 "${programs[@]/#/./usr/bin/}" || fail "$package has not ${programs[*]}"
dpkg-deb --fsys-tarfile "$package" | tar -x -O ./usr/share/doc/qemu-user/copyright >"$staging/copyright"
for program in "${programs[@]}"; do
    "$staging/$program" --version >/dev/null || fail "$program of $package does not run here"
done
(cd "$staging" && sha256sum -- "${programs[@]}" >.digests)
printf '%s\n' "$stamp" >"$staging/.stamp"
rm -rf -- "$place"
mv -T -- "$staging" "$place"
staging=
say "built: build/deps/qemu ($package)"
