#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Brings the C library of a pack, for devices whose own cannot run the pack or an engine build:
#
#   deps/libc.sh TARGET              linux-x86_64, linux-aarch64, linux-armv7
#   deps/libc.sh --refresh TARGET    forget it first, to get a newer Debian revision
#
# Result: build/deps/libc/TARGET/{lib,licences,version,loader}: the loader and the libraries of libc6, libgcc-s1 and
# libstdc++6, as the machine's own package sources offer them for that processor. apt checks the signed Release
# file and by its digests every package. What is there already is checked, and no network is used for it.
# Exit status: 0, 2 wrong use, 4 failed.
set -euo pipefail
export LC_ALL=C
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=
staging=

say() { printf 'libc: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 4
}
wrong() {
    say "$*"
    exit 2
}
clean_up() {
    if [[ -n $staging ]]; then rm -rf -- "$staging"; fi
    if [[ -n $scratch ]]; then rm -rf -- "$scratch"; fi
}
trap clean_up EXIT
# shellcheck source=deps/apt.sh
. "$root/deps/apt.sh"

refresh=no
if [[ ${1-} == --refresh ]]; then
    refresh=yes
    shift
fi
if (($# != 1)); then wrong "usage: deps/libc.sh [--refresh] TARGET"; fi
target=$1
case $target in
linux-x86_64) architecture=amd64 loader=ld-linux-x86-64.so.2 ;;
linux-aarch64) architecture=arm64 loader=ld-linux-aarch64.so.1 ;;
linux-armv7) architecture=armhf loader=ld-linux-armhf.so.3 ;;
*) wrong "unknown target '$target'; known: linux-x86_64 linux-aarch64 linux-armv7" ;;
esac
libraries=("$loader" libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 libgcc_s.so.1
    libstdc++.so.6)

# Builds of several folders may ask at the same time.
mkdir -p "$root/build/deps/libc"
exec 8>"$root/build/deps/libc/.$target.lock"
flock 8
place=$root/build/deps/libc/$target
stamp=$(cat "$root"/deps/{apt,libc}.sh | sha256sum)
if [[ $refresh == no && -f $place/.stamp && $(<"$place/.stamp") == "$stamp" ]] &&
    (cd "$place" && sha256sum --check --quiet --strict .digests >/dev/null 2>&1); then
    say "already there: build/deps/libc/$target"
    exit 0
fi

scratch=$(mktemp -d)
apt_private "$scratch" deb "$architecture" || exit 4
cd "$scratch/got"
download() {
    apt-get -q -c "$scratch/apt.conf" download "$@" >&2 || fail "cannot download for $architecture: $*"
}
download libc6 libgcc-s1 libstdc++6
# The licence of the compiler's libraries lies in the package that both need.
base=$(dpkg-deb -f libgcc-s1_*.deb Depends | grep -oE 'gcc-[0-9]+-base' | head -n 1)
[[ -n $base ]] || fail "libgcc-s1 names no gcc-NN-base, which has its licence"
download "$base"

mkdir "$scratch/tree"
for package in ./*.deb; do dpkg-deb -x "$package" "$scratch/tree"; done
staging=$(mktemp -d "$root/build/deps/libc/.$target.XXXXXX")
chmod 755 "$staging"
mkdir -p "$staging/lib" "$staging/licences/libc6" "$staging/licences/gcc-runtime"
for library in "${libraries[@]}"; do
    found=$(find "$scratch/tree/lib" "$scratch/tree/usr/lib" -name "$library" -printf '%p\n' | sort | head -n 1)
    [[ -n $found ]] || fail "the packages for $architecture have no $library"
    # A link of these packages is relative, or names a place inside them from their root.
    if [[ -L $found && $(readlink "$found") == /* ]]; then found=$scratch/tree$(readlink "$found"); fi
    cp -L -- "$found" "$staging/lib/$library"
done
chmod 755 "$staging/lib/"*

cp -- "$scratch/tree/usr/share/doc/libc6/copyright" "$staging/licences/libc6/"
cp -- "$scratch/tree/usr/share/doc/$base/copyright" "$staging/licences/gcc-runtime/"
cp -- /usr/share/common-licenses/LGPL-2.1 "$staging/licences/libc6/"
cp -- /usr/share/common-licenses/GPL-3 "$staging/licences/gcc-runtime/"
for part in libc6:libc6 gcc-runtime:libstdc++6; do
    package=$(echo "${part#*:}"_*.deb)
    # shellcheck disable=SC2016
    read -r source version < <(dpkg-deb -W --showformat='${source:Package} ${source:Version}\n' "$package")
    {
        printf 'Debian source package: %s %s\n' "$source" "$version"
        printf 'Its source: apt-get source %s=%s\n' "$source" "$version"
        sha256sum -- *.deb
    } >"$staging/licences/${part%:*}/SOURCE"
done
version=$(dpkg-deb -f libc6_*.deb Version)
[[ $version =~ ^([0-9]+:)?([0-9]+\.[0-9]+) ]] || fail "libc6 has the version $version, which is none of glibc"
printf '%s\n' "${BASH_REMATCH[2]}" >"$staging/version"
printf '%s\n' "$loader" >"$staging/loader"
(cd "$staging" && sha256sum -- lib/* version loader >.digests)
printf '%s\n' "$stamp" >"$staging/.stamp"
rm -rf -- "$place"
mv -T -- "$staging" "$place"
staging=
say "built: build/deps/libc/$target (Debian's $version)"
