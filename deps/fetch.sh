#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Downloads the source packages of deps/pins.txt into build/deps/downloads/NAME-VERSION/, once.
#
#   deps/fetch.sh              what is there already is checked, and no network is used for it
#   deps/fetch.sh --refresh    forget the downloads first, to get a newer Debian revision
#
# The machine's own package sources are used, through a private copy of their list with the type deb-src; the
# system's apt configuration and its index are left alone, and root is not needed.
# Exit status: 0, 2 wrong use, 4 failed.
set -euo pipefail
export LC_ALL=C
unset CDPATH
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
downloads=$root/build/deps/downloads
scratch=
refused=4

say() { printf 'deps: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit "$refused"
}
clean_up() { if [[ -n $scratch ]]; then rm -rf -- "$scratch"; fi; }
trap clean_up EXIT

# shellcheck source=deps/apt.sh
. "$root/deps/apt.sh"

pins() { grep -Ev '^[[:space:]]*(#|$)' "$root/deps/pins.txt"; }

check_digest() { # FILE SHA256
    local got
    [[ -f $1 ]] || die "$1 is missing; run deps/fetch.sh --refresh to download again"
    got=$(sha256sum <"$1")
    got=${got%% *}
    [[ $got == "$2" ]] && return
    say "refused: $1 is not the archive that deps/pins.txt names"
    say "  expected sha256 $2"
    say "  found    sha256 $got"
    die "  a damaged file: deps/fetch.sh --refresh downloads again; otherwise do not trust its package source"
}

prepare_apt() {
    scratch=$(mktemp -d)
    apt_private "$scratch" deb-src || exit "$refused"
}

newest_revision() { # NAME UPSTREAM: prints the newest Debian version of it, or nothing
    local version best=
    while read -r version; do
        if [[ -z $best ]] || dpkg --compare-versions "$version" gt "$best"; then best=$version; fi
    done < <(apt-cache -c "$scratch/apt.conf" showsrc "$1" 2>/dev/null | awk -v name="$1" -v upstream="$2" '
        /^Package:/ { package = $2 }
        /^Version:/ { version = $2 }
        /^$/        { flush() }
        END         { flush() }
        function flush(  plain) {
            plain = version
            sub(/^[0-9]+:/, "", plain)
            sub(/-[^-]*$/, "", plain)
            if (package == name && plain == upstream) print version
            package = version = ""
        }')
    printf '%s' "$best"
}

fetch_one() { # NAME UPSTREAM SHA256 ARCHIVE
    local place=$downloads/$1-$2 version staging
    if [[ -d $place ]]; then
        check_digest "$place/$4" "$3"
        say "already there: the source of $1 $2"
        return
    fi
    if [[ -z $scratch ]]; then prepare_apt; fi
    version=$(newest_revision "$1" "$2")
    [[ -n $version ]] ||
        die "none of the package sources that could be read offers $1 $2 (Debian 12's does); see above"
    say "downloading $1 $version"
    rm -rf -- "${scratch:?}/got/"*
    (cd "$scratch/got" &&
        apt-get -q -c "$scratch/apt.conf" source --only-source --download-only "$1=$version" >&2) ||
        die "cannot download $1 $version; see the lines above"
    check_digest "$scratch/got/$4" "$3"
    mkdir -p "$downloads"
    staging=$(mktemp -d "$downloads/.staging.XXXXXX")
    chmod 755 "$staging"
    cp -- "$scratch/got/"* "$staging/"
    chmod 644 "$staging/"*
    mv -T -- "$staging" "$place"
}

# Builds of several folders may ask at the same time.
mkdir -p "$root/build/deps"
exec 8>"$root/build/deps/.fetch.lock"
flock 8
case ${1-} in
'') ;;
--refresh) rm -rf -- "$downloads" ;;
*)
    refused=2
    die "unknown argument '$1'; deps/fetch.sh takes nothing or --refresh"
    ;;
esac
while read -r name upstream sha256 archive; do
    fetch_one "$name" "$upstream" "$sha256" "$archive" </dev/null
done < <(pins)
