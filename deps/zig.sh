#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Brings the compiler of the packs into build/deps/zig, once: PyPI's ziglang, its digest pinned in deps/zig.txt.
#
#   deps/zig.sh                what is there already is taken as it is, and no network is used
#   deps/zig.sh --refresh      forget it first
#
# It links for an older C library than this machine's, for any processor. Result: build/deps/zig/package and, in
# build/deps/zig/bin, TARGET-cc for each target, ar and ranlib, which any build system takes as plain programs.
# Exit status: 0, 2 wrong use, 4 failed.
set -euo pipefail
export LC_ALL=C
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=$root/build/deps/zig
staging=

say() { printf 'zig: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 4
}
clean_up() { if [[ -n $staging ]]; then rm -rf -- "$staging"; fi; }
trap clean_up EXIT

# TARGET TRIPLE: the number is the oldest GNU C library that the result runs on. The two musl ones are no packs:
# they tell whether the sources need the GNU C library.
targets() {
    cat <<'LIST'
linux-x86_64   x86_64-linux-gnu.2.27
linux-aarch64  aarch64-linux-gnu.2.27
linux-armv7    arm-linux-gnueabihf.2.27
musl-x86_64    x86_64-linux-musl
musl-aarch64   aarch64-linux-musl
LIST
}

pip_python() { # prints a Python that has pip
    local python
    for python in /usr/bin/python3 python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            printf '%s' "$python"
            return
        fi
    done
    fail "no Python here has pip; ./bootstrap setup installs it"
}

install_package() {
    local python
    python=$(pip_python)
    say "downloading the package that deps/zig.txt names (101 MB)"
    "$python" -m pip install --quiet --disable-pip-version-check --no-input --root-user-action=ignore --no-compile --no-deps --no-cache-dir \
        --only-binary=:all: --require-hashes --target "$staging/package" -r "$root/deps/zig.txt" >&2 ||
        fail "pip did not install the compiler; the lines above say why"
    [[ -x $staging/package/ziglang/zig ]] || fail "the package has no program ziglang/zig"
}

# The wrappers find their way from their own place, so that the folder can be moved.
wrapper() { # NAME WORDS...
    cat >"$staging/bin/$1" <<WRAPPER
#!/bin/sh
# Made by deps/zig.sh.
here=\$(dirname "\$0")/..
export ZIG_GLOBAL_CACHE_DIR="\$here/cache" ZIG_LOCAL_CACHE_DIR="\$here/cache"
exec "\$here/package/ziglang/zig" ${*:2} "\$@"
WRAPPER
    chmod 755 "$staging/bin/$1"
}

case ${1-} in
'') ;;
--refresh) rm -rf -- "$place" ;;
*)
    say "unknown argument '$1'; deps/zig.sh takes nothing or --refresh"
    exit 2
    ;;
esac
# Builds of several folders may ask at the same time.
mkdir -p "$root/build/deps"
exec 8>"$root/build/deps/.zig.lock"
flock 8
stamp=$(cat "$root/deps/zig.txt" "$root/deps/zig.sh" | sha256sum)
if [[ -f $place/.stamp && $(<"$place/.stamp") == "$stamp" ]]; then
    say "already there: build/deps/zig"
    exit 0
fi
staging=$(mktemp -d "$root/build/deps/.zig.XXXXXX")
chmod 755 "$staging"
mkdir "$staging/bin" "$staging/cache"
wheel=$(sha256sum <"$root/deps/zig.txt")
if [[ -f $place/.wheel && $(<"$place/.wheel") == "$wheel" ]]; then
    mv -T -- "$place/package" "$staging/package"
else
    install_package
fi
printf '%s\n' "$wheel" >"$staging/.wheel"
while read -r target words; do
    wrapper "$target-cc" cc -target "$words"
done < <(targets)
wrapper ar ar
wrapper ranlib ranlib
printf '%s\n' "$stamp" >"$staging/.stamp"
rm -rf -- "$place"
mv -T -- "$staging" "$place"
staging=
say "built: build/deps/zig"
