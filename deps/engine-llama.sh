#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds llama.cpp for a target that no package has it for, from the sources that npm's node-llama-cpp carries:
#
#   deps/engine-llama.sh TARGET [DIR]     linux-armv7; default DIR: build/deps/engines/llama.cpp/TARGET
#   edgedyno engines add llama.cpp DIR --as 0.5.0 --target TARGET
#
# The archive's digest is pinned below; the compiler is that of the packs (deps/zig.sh). CPU only, without OpenMP, its C++
# library inside. DIR becomes lib*.so and LICENSE; what is there already for the same script is taken as it is.
# Exit status: 0, 2 wrong use, 4 failed.
set -euo pipefail
export LC_ALL=C
unset CDPATH CFLAGS CXXFLAGS LDFLAGS DESTDIR
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
package=node-llama-cpp@3.22.1
archive_sha256=a0d9dd80eacd2ab1cfe71aee57ac8a806487fd70b3d2a38fbec637752d9e5c5f
release=0.5.0
scratch=
staging=

say() { printf 'engine-llama: %s\n' "$*" >&2; }
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

if (($# < 1 || $# > 2)) || [[ $1 == -* ]]; then wrong "usage: deps/engine-llama.sh TARGET [DIR]"; fi
target=$1
case $target in
# Half-precision numbers, which every model has, need the conversions of VFPv4: Cortex-A7, A15 and later.
linux-armv7) triple=arm-linux-gnueabihf.2.27 cpu=cortex_a7 processor=armv7l ;;
*) wrong "no recipe for '$target'; known: linux-armv7" ;;
esac
place=${2-$root/build/deps/engines/llama.cpp/$target}
for program in npm git cmake ninja; do
    command -v "$program" >/dev/null || fail "$program is missing: apt-get install npm git cmake ninja-build"
done
mkdir -p "$(dirname "$place")"
place=$(cd "$(dirname "$place")" && pwd)/$(basename "$place")

# Several may ask at the same time.
mkdir -p "$root/build/deps/engines"
exec 8>"$root/build/deps/engines/.llama.cpp-$target.lock"
flock 8
stamp=$(cat "$root/deps/zig.txt" "${BASH_SOURCE[0]}" | sha256sum)
if [[ -f $place/.stamp && $(<"$place/.stamp") == "$stamp" ]] &&
    (cd "$place" && sha256sum --check --quiet --strict .digests >/dev/null 2>&1); then
    say "already there: $place"
    exit 0
fi
if [[ -e $place && ! -f $place/.stamp ]]; then wrong "$place exists and was not made by this script"; fi

"$root/deps/zig.sh"
zig=$root/build/deps/zig/package/ziglang/zig
scratch=$(mktemp -d)
say "downloading $package of npm"
npm pack --silent --ignore-scripts --pack-destination "$scratch" "$package" >/dev/null ||
    fail "npm did not bring $package"
archive=$(echo "$scratch"/*.tgz)
found=$(sha256sum <"$archive")
[[ ${found%% *} == "$archive_sha256" ]] ||
    fail "the SHA-256 of $package is ${found%% *}, not $archive_sha256: not the package that was vouched for"
tar -x -z -f "$archive" -C "$scratch" package/llama/{gitRelease.bundle,binariesGithubRelease.json} || fail "$package has no llama/gitRelease.bundle"
git clone --quiet --no-checkout "$scratch/package/llama/gitRelease.bundle" "$scratch/source" >&2 ||
    fail "the sources in $package cannot be unpacked"
git -C "$scratch/source" -c advice.detachedHead=false checkout --quiet HEAD >&2 || fail "the sources in $package are not whole"
# As plain programs for CMake. Without optimisation this compiler would put in checks of its own.
for name in cc c++; do
    printf '#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR="%s" ZIG_LOCAL_CACHE_DIR="%s"\nexec "%s" %s -target %s -mcpu=%s "$@"\n' \
        "$root/build/deps/zig/cache" "$scratch/zig" "$zig" "$name" "$triple" "$cpu" >"$scratch/$name"
    chmod 755 "$scratch/$name"
done
grep -q '"v'"$release"'"' "$scratch/package/llama/binariesGithubRelease.json" || fail "$package has the sources of another release"
say "building llama.cpp $release for $target"
begin=$SECONDS
cmake -S "$scratch/source" -B "$scratch/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="$processor" \
    -DCMAKE_C_COMPILER="$scratch/cc" -DCMAKE_CXX_COMPILER="$scratch/c++" \
    -DCMAKE_AR="$root/build/deps/zig/bin/ar" -DCMAKE_RANLIB="$root/build/deps/zig/bin/ranlib" \
    -DCMAKE_C_FLAGS_RELEASE="-O2 -DNDEBUG" -DCMAKE_CXX_FLAGS_RELEASE="-O2 -DNDEBUG" \
    -DCMAKE_SHARED_LINKER_FLAGS=-s -DCMAKE_MODULE_LINKER_FLAGS=-s \
    -DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON -DCMAKE_BUILD_WITH_INSTALL_RPATH=ON "-DCMAKE_INSTALL_RPATH=\$ORIGIN" \
    -DBUILD_SHARED_LIBS=ON -DGGML_BACKEND_DL=ON -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF \
    -DLLAMA_BUILD_COMMON=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF \
    -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_IS_DEV=OFF >"$scratch/log" 2>&1 &&
    cmake --build "$scratch/build" --target llama ggml ggml-cpu >>"$scratch/log" 2>&1 || {
    tail -n 40 "$scratch/log" >&2
    fail "the build failed; its last lines are above"
}

staging=$(mktemp -d "$place.XXXXXX")
chmod 755 "$staging"
find "$scratch/build" -name 'lib*.so' -type f -exec cp -t "$staging" -- {} +
cp -- "$scratch/source/LICENSE" "$staging/"
chmod 644 "$staging"/*
for name in libllama libggml libggml-base libggml-cpu; do
    [[ -f $staging/$name.so ]] || fail "the build made no $name.so"
done
(cd "$staging" && sha256sum -- * >.digests)
printf '%s\n' "$stamp" >"$staging/.stamp"
rm -rf -- "$place"
mv -T -- "$staging" "$place"
staging=
say "built in $((SECONDS - begin)) s: $place"
