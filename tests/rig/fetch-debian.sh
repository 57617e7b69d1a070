#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks Debian packages of any architecture into a folder; nothing is installed on this machine and root is not
# needed. apt works on a state of its own, takes the mirror from this machine's sources and checks signatures with
# Debian's archive keyring. A second call finds FOLDER/packages.txt and does nothing.
#
#   fetch-debian.sh FOLDER SUITE ARCHITECTURE WORD...
#
# WORD: a package with all that it needs; `only:PACKAGE`, that one alone; `first:PACKAGE`, what PACKAGE depends on
# first, alone (a kernel behind its meta package). EDGEDYNO_DEBIAN_MIRROR: used where the machine's sources name none.
set -euo pipefail

folder=${1:?folder} suite=${2:?suite} architecture=${3:?architecture}
shift 3
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
    echo "fetch-debian: $*" >&2
    exit 1
}

[[ -e $folder/packages.txt ]] && exit 0
[[ ! -e $folder ]] || die "$folder exists and is not of this program: remove it"
for program in apt-get apt-cache dpkg-deb; do
    command -v "$program" >/dev/null || die "$program is missing: this needs Debian's apt"
done
[[ -r $keyring ]] || die "$keyring is missing: install debian-archive-keyring"

mirror=${EDGEDYNO_DEBIAN_MIRROR-}
if [[ -z $mirror ]]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
        grep -m1 -E '/debian/?$' || true)
fi
[[ -n $mirror ]] || die "no source of Debian among this machine's apt sources: set EDGEDYNO_DEBIAN_MIRROR"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work"/apt/{state/lists/partial,cache/archives/partial,log} "$work/debs" "$work/new/root"
: >"$work/apt/status"
{
    echo '#clear APT;'
    apt-config dump | grep -E '^Acquire::(http|https)\b' || true
    cat <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Retries "3";
Acquire::Languages "none";
Dir::State "$work/apt/state";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
Dir::Log "$work/apt/log";
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist "$work/apt/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
END
} >"$work/apt/conf"
printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$mirror" "$suite" "$keyring" \
    >"$work/apt/debian.sources"
export APT_CONFIG=$work/apt/conf

quiet() {
    "$@" >"$work/apt/log/out" 2>&1 || {
        tail -n 20 "$work/apt/log/out" >&2
        die "failed: $1 $2 ($suite, $architecture)"
    }
}
quiet apt-get update
ls "$work"/apt/state/lists/*Packages* >/dev/null 2>&1 || die "no signed package list of $suite for $architecture came"

closure=() alone=()
for word in "$@"; do
    case $word in
    only:*) alone+=("${word#only:}") ;;
    first:*)
        found=$(apt-cache depends "${word#first:}" | awk '$1 == "Depends:" { print $2; exit }')
        [[ -n $found ]] || die "nothing is known of ${word#first:} in $suite for $architecture"
        alone+=("$found")
        ;;
    *) closure+=("$word") ;;
    esac
done
if ((${#closure[@]} > 0)); then
    quiet apt-get install -y --download-only "${closure[@]}"
    mv "$work"/apt/cache/archives/*.deb "$work/debs/"
fi
if ((${#alone[@]} > 0)); then
    cd "$work/debs"
    quiet apt-get download "${alone[@]}"
    cd / # apt took relative names; nothing below does
fi

for deb in "$work"/debs/*.deb; do
    dpkg-deb -x "$deb" "$work/new/root"
    dpkg-deb -W --showformat='${Package} ${Version} ${Architecture}\n' "$deb"
done >"$work/new/packages.txt"
rm -rf "$work"/new/root/usr/share/{doc,man,locale,info}
chmod 0755 "$work/new" "$work/new/root"
mv -T "$work/new" "$folder" 2>/dev/null || [[ -e $folder/packages.txt ]] || die "$folder cannot be made"
