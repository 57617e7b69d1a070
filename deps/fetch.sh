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

copy_sources() { # DIRECTORY: the machine's package sources, as sources of source packages
    local etc list parts file
    eval "$(apt-config shell etc Dir::Etc/d list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    say "package sources: those under ${etc:-/etc/apt}"
    shopt -s nullglob
    for file in "$list" "${parts%/}"/*.list; do
        [[ -r $file && -f $file ]] || continue
        sed -En 's/^[[:space:]]*deb(-src)?[[:space:]]+/deb-src /p' "$file" | grep -v 'cdrom:' | sort -u \
            >"$1/copy-$(basename "$file" .list).list" || true
    done
    for file in "${parts%/}"/*.sources; do
        [[ -r $file ]] || continue
        sed -E 's/^Types:.*/Types: deb-src/I' "$file" >"$1/$(basename "$file")"
    done
}

prepare_apt() {
    command -v apt-get >/dev/null || die "apt-get is missing: the dependencies come as Debian source packages"
    scratch=$(mktemp -d)
    chmod 755 "$scratch"
    mkdir -p "$scratch"/{lists,archives}/partial "$scratch/empty" "$scratch/got"
    mkdir -m 700 "$scratch/sources"
    if [[ $(id -u) -eq 0 ]] && id _apt >/dev/null 2>&1; then
        chown _apt "$scratch/got"
    fi
    copy_sources "$scratch/sources"
    cat >"$scratch/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$scratch/sources";
Dir::State::lists "$scratch/lists";
Dir::Cache "$scratch";
Dir::Cache::archives "$scratch/archives";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
    say "reading the index of source packages"
    apt-get -q -c "$scratch/apt.conf" update >&2 ||
        say "some package sources could not be read; trying with the others"
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
