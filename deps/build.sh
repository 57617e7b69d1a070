#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the libraries of deps/pins.txt as static, position-independent archives for one target:
#
#   deps/build.sh [TARGET]        default: linux-<this machine>, with gcc
#   deps/build.sh --pack TARGET   for a pack: with the compiler of deps/zig.sh, for an old C library
#
# Result: build/deps/TARGET/{include,lib,licences}, of a pack build/deps/packs/TARGET. Nothing is done when it is
# there already for the same sources, compiler and scripts. Another target without --pack (an NDK's) needs CC, AR
# and RANLIB in the environment, as words without quotes, for example:
#
#   CC=aarch64-linux-android28-clang AR=llvm-ar RANLIB=llvm-ranlib deps/build.sh android-aarch64
#
# DEPS_HOST overrides the GNU triple that the target's name stands for, DEPS_CFLAGS adds flags; CFLAGS is not
# read.
# Exit status: 0, 2 wrong use, 4 failed.
set -euo pipefail
export LC_ALL=C
unset CDPATH CFLAGS CPPFLAGS LDFLAGS LIBS DESTDIR MAKEFLAGS PKG_CONFIG_PATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
native=linux-$(uname -m)
scratch=
staging=

say() { printf 'deps: %s\n' "$*" >&2; }
wrong() {
    say "$*"
    exit 2
}
finish() {
    local status=$?
    if [[ -n $staging ]]; then rm -rf -- "$staging"; fi
    if [[ -n $scratch ]]; then rm -rf -- "$scratch"; fi
    if ((status != 0 && status != 2)); then
        say "failed; the lines above say where"
        exit 4
    fi
}
trap finish EXIT

triple_of() { # TARGET
    case $1 in
    linux-x86_64) echo x86_64-linux-gnu ;;
    linux-aarch64) echo aarch64-linux-gnu ;;
    linux-armv7) echo arm-linux-gnueabihf ;;
    android-aarch64) echo aarch64-linux-android ;;
    android-armv7) echo armv7a-linux-androideabi ;;
    musl-x86_64) echo x86_64-linux-musl ;;
    musl-aarch64) echo aarch64-linux-musl ;;
    *) return 1 ;;
    esac
}

pack=no
if [[ ${1-} == --pack ]]; then
    pack=yes
    shift
    if (($# == 0)); then wrong "usage: deps/build.sh --pack TARGET"; fi
fi
target=${1-$native}
if (($# > 1)) || [[ $target == -* ]]; then wrong "usage: deps/build.sh [--pack] [TARGET]"; fi
known=$(triple_of "$target") ||
    wrong "unknown target '$target'; known:" linux-{x86_64,aarch64,armv7} android-{aarch64,armv7} musl-{x86_64,aarch64}
host=${DEPS_HOST:-$known}
place=$root/build/deps/$target
if [[ $pack == yes ]]; then
    "$root/deps/zig.sh"
    zig=$root/build/deps/zig/bin
    if [[ $zig == *[[:space:]]* ]]; then wrong "the path of this folder has a space, which packs cannot be built in"; fi
    [[ -x $zig/$target-cc ]] || wrong "there is no pack for $target; deps/zig.sh lists the targets of packs"
    CC=$zig/$target-cc AR=$zig/ar RANLIB=$zig/ranlib
    place=$root/build/deps/packs/$target
fi
if [[ $target != "$native" && (-z ${CC-} || -z ${AR-}) ]]; then
    wrong "target $target is not this machine ($native): give its tools as CC and AR"
fi
read -ra cc <<<"${CC:-gcc}"
read -ra ar <<<"${AR:-ar}"
read -ra ranlib <<<"${RANLIB:-${AR:+${AR} s}}"
if ((${#ranlib[@]} == 0)); then ranlib=(ranlib); fi
command -v "${cc[0]}" >/dev/null || wrong "the compiler ${cc[0]} is missing; ./bootstrap setup installs gcc"
command -v dpkg-source >/dev/null || wrong "dpkg-source is missing; ./bootstrap setup installs it"

"$root/deps/fetch.sh"

# Builds of several folders may ask at the same time.
mkdir -p "$(dirname "$place")"
exec 8>"$(dirname "$place")/.$target.lock"
flock 8

# What the result depends on: sources (a .dsc names its archives), these scripts, the compiler and its flags. A pack's
# compiler is what deps/zig.sh makes, wherever this folder lies: the same inputs are not built again in another clone
# that is given this one's build/deps.
stamp=$({
    cat "$root"/deps/{pins.txt,fetch.sh,build.sh,check.c} "$root"/build/deps/downloads/*/*.dsc
    printf '%s\n' "$target" "$host" "${DEPS_CFLAGS-}"
    if [[ $pack == yes ]]; then
        cat "$root"/deps/{zig.txt,zig.sh}
    else
        "${cc[@]}" --version
        printf '%s\n' "${cc[*]}" "${ar[*]}"
    fi
} | sha256sum)
stamp=${stamp%% *}
if [[ -f $place/.stamp && $(<"$place/.stamp") == "$stamp" ]]; then
    say "already there: the static libraries for $target"
    exit 0
fi

# Configure scripts refuse paths with spaces, so the work is done elsewhere and only the result is moved here.
scratch=$(mktemp -d)
if [[ $scratch == *[[:space:]]* ]]; then
    rm -rf -- "$scratch"
    scratch=$(mktemp -d -p /tmp)
fi
mkdir "$scratch/source" "$scratch/installed"
flags="-O2 -g0 -fPIC -ffile-prefix-map=$scratch/source=."
if [[ -n ${DEPS_CFLAGS-} ]]; then flags+=" $DEPS_CFLAGS"; fi
read -ra flag_words <<<"$flags"
jobs=$(nproc)

configure() { # NAME OPTIONS...
    local name=$1 cross=()
    shift
    if [[ $target != "$native" || $pack == yes ]]; then cross=(--host="$host"); fi
    cd "$scratch/source/$name"
    # Debian's patches may touch build-system sources; the released configure script is the one to use.
    ./configure --prefix=/usr --libdir=/usr/lib --localstatedir=/var \
        --enable-static --disable-shared --with-pic "${cross[@]}" "$@" \
        CC="${cc[*]}" AR="${ar[*]}" RANLIB="${ranlib[*]}" CFLAGS="$flags" \
        ACLOCAL=: AUTOCONF=: AUTOHEADER=: AUTOMAKE=:
}
install_parts() { # NAME SUBFOLDERS...
    local part
    for part in "${@:2}"; do
        make -C "$scratch/source/$1/$part" -j"$jobs"
        make -C "$scratch/source/$1/$part" DESTDIR="$scratch/installed" install
    done
}

build_cjson() {
    local usr=$scratch/installed/usr
    cd "$scratch/source/cjson"
    "${cc[@]}" -std=c99 "${flag_words[@]}" -DENABLE_LOCALES -c cJSON.c -o cJSON.o
    mkdir -p "$usr/lib" "$usr/include/cjson"
    rm -f "$usr/lib/libcjson.a"
    "${ar[@]}" rcs "$usr/lib/libcjson.a" cJSON.o
    cp cJSON.h "$usr/include/cjson/"
}
build_hwloc() {
    configure hwloc --disable-libxml2 --disable-pci --disable-libudev --disable-opencl --disable-cuda \
        --disable-nvml --disable-rsmi --disable-levelzero --disable-gl --disable-cairo --disable-plugins \
        --disable-plugin-dlopen --disable-plugin-ltdl --disable-doxygen --disable-netloc
    install_parts hwloc include hwloc
}
build_libmd() {
    configure libmd
    install_parts libmd include src
}

keep_licence() { # NAME DSC
    local to=$staging/licences/$1 file
    mkdir -p "$to"
    for file in "$scratch/source/$1"/{LICENSE,COPYING}; do
        if [[ -f $file ]]; then cp -- "$file" "$to/"; fi
    done
    cp -- "$scratch/source/$1/debian/copyright" "$to/debian-copyright"
    {
        printf 'Debian source package: %s\n' "$(basename "$2" .dsc)"
        (cd "$(dirname "$2")" && sha256sum -- *)
    } >"$to/SOURCE"
}

staging=$(mktemp -d "$(dirname "$place")/.$target.XXXXXX")
chmod 755 "$staging"
mkdir "$staging/lib"
while read -r name version _; do
    dsc=("$root/build/deps/downloads/$name-$version"/*.dsc)
    say "building $name $version for $target"
    (cd "$scratch/source" && dpkg-source -x "${dsc[0]}" "$name") >&2
    ("build_$name") >&2 </dev/null
    keep_licence "$name" "${dsc[0]}"
done < <(grep -Ev '^[[:space:]]*(#|$)' "$root/deps/pins.txt")
cp -R -- "$scratch/installed/usr/include" "$staging/"
cp -- "$scratch/installed/usr/lib/"*.a "$staging/lib/"

say "checking that a program links with them"
# Android's C library has the threads in itself.
threads=(-lpthread)
if [[ $target == android-* ]]; then threads=(); fi
"${cc[@]}" -std=c17 "${flag_words[@]}" -Wall -Wextra -Werror -I "$staging/include" \
    "$root/deps/check.c" "$staging/lib/libhwloc.a" "$staging/lib/libcjson.a" "$staging/lib/libmd.a" \
    -lm "${threads[@]}" -o "$scratch/check" >&2
if [[ $target == "$native" ]]; then "$scratch/check" >&2; fi

printf '%s\n' "$stamp" >"$staging/.stamp"
# The old result goes only when the new one is in its place.
if [[ -e $place ]]; then mv -T -- "$place" "$scratch/old"; fi
mv -T -- "$staging" "$place"
staging=
say "built: ${place#"$root"/}"
