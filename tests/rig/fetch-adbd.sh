#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches a real adbd for tests: Debian 13's packages adbd and adb (34) with all libraries that they need, unpacked
# beside each other so that they run through their own loader on Debian 12. Nothing is installed on this machine and
# root is not needed: apt works in a folder of its own, takes the mirror from this machine's own sources and checks
# the signatures with the Debian archive keyring.
#
#   tests/rig/fetch-adbd.sh [FOLDER]      FOLDER: build/rig/adbd of this repository
#
# Afterwards FOLDER/adbd and FOLDER/adb start the programs (ADBD_PORT=N FOLDER/adbd), FOLDER/root is what was
# unpacked, FOLDER/packages.txt lists packages and versions. A second call finds FOLDER/packages.txt and does nothing.
# EDGEDYNO_DEBIAN_MIRROR names a mirror where the machine's sources have none of Debian.
set -eu

suite=trixie
packages="adbd adb"
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$repository/build/rig/adbd}

say() { echo "fetch-adbd: $*" >&2; }
die() {
    say "$*"
    exit 1
}

[ -e "$folder/packages.txt" ] && exit 0
[ ! -e "$folder" ] || rmdir "$folder" || die "$folder is there and not ours: remove it or name another folder"
for program in apt-get apt-config dpkg dpkg-deb; do
    command -v "$program" >/dev/null || die "$program is missing: this needs Debian's apt and dpkg"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || die "$keyring is missing: install debian-archive-keyring"

# Debian's own archive among the machine's sources, not that of its security updates.
mirror=${EDGEDYNO_DEBIAN_MIRROR:-}
if [ -z "$mirror" ]; then
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(SUITE) $(CODENAME)' 'Identifier: Packages' 2>/dev/null |
        awk '$1 ~ /debian\/?$/ && $1 !~ /security/ { print $1; exit }')
fi
[ -n "$mirror" ] || die "no source of Debian in this machine's apt configuration: set EDGEDYNO_DEBIAN_MIRROR to one"

mkdir -p "$(dirname "$folder")"
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
apt=$work/apt
mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/log" "$work/new/root"
chmod 0755 "$work"

# Of the machine's configuration only how to reach mirrors (proxies) counts: its hooks are not ours to run.
{
    echo '#clear APT;'
    apt-config dump | grep -E '^Acquire::(http|https|ftp|ForceIPv4|ForceIPv6|Retries)\b' || :
    cat <<END
APT::Architecture "$(dpkg --print-architecture)";
APT::Architectures { "$(dpkg --print-architecture)"; };
APT::Sandbox::User "";
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
Acquire::Retries "3";
Acquire::Languages "none";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Log "$apt/log";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$apt/trixie.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
END
} >"$apt/apt.conf"
: >"$apt/status"
cat >"$apt/trixie.sources" <<END
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: $keyring
END

APT_CONFIG=$apt/apt.conf
export APT_CONFIG
say "reading the package lists of Debian $suite"
apt-get -q update >"$apt/log/update" 2>&1 || { cat "$apt/log/update" >&2; die "the package lists cannot be read"; }
if ! grep -q . "$apt"/state/lists/*Release 2>/dev/null; then
    cat "$apt/log/update" >&2
    die "no signed list of Debian $suite came"
fi
say "fetching $packages and their libraries"
# The private status file is empty, so the whole closure down to the loader is fetched.
# shellcheck disable=SC2086
apt-get -q -d install $packages >"$apt/log/install" 2>&1 || {
    cat "$apt/log/install" >&2
    die "the packages cannot be fetched"
}

for deb in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$deb" "$work/new/root"
    dpkg-deb -f "$deb" Package Version Architecture | sed 's/^[^:]*: //' | tr '\n' ' '
    echo
done >"$work/new/list"

# A program of that root through that root's loader, wherever the folder lies.
wrapper() {
    cat <<'END'
#!/bin/sh
# Starts PROGRAM of this folder's root through its own loader and libraries.
here=$(dirname "$(readlink -f "$0")")
for loader in "$here"/root/lib64/ld-linux*.so.* "$here"/root/usr/lib64/ld-linux*.so.* \
    "$here"/root/lib/ld-linux*.so.* "$here"/root/usr/lib/ld-linux*.so.*; do
    [ -e "$loader" ] && break
done
libraries=
for each in "$here"/root/usr/lib/*-linux-gnu* "$here"/root/usr/lib/*-linux-gnu*/android; do
    [ -d "$each" ] && libraries=${libraries:+$libraries:}$each
done
END
    echo "exec \"\$loader\" --library-path \"\$libraries\" \"\$here/root/usr/lib/android-sdk/platform-tools/$1\" \"\$@\""
}
for program in adbd adb; do
    [ -x "$work/new/root/usr/lib/android-sdk/platform-tools/$program" ] || die "package $program holds no $program"
    wrapper "$program" | sed "s/PROGRAM/$program/" >"$work/new/$program"
    chmod 0755 "$work/new/$program"
done
"$work/new/adb" version >/dev/null || die "the fetched adb does not run here"
mv "$work/new/list" "$work/new/packages.txt"
chmod 0755 "$work/new"
# Whoever was first wins: both are the same.
mv -T "$work/new" "$folder" 2>/dev/null || [ -e "$folder/packages.txt" ] || die "$folder cannot be made"
say "$folder is ready"
