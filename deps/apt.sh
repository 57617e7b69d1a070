# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that read Debian packages: a private apt beside the machine's own. Its package sources are copies
# of the machine's, with the type, processor architecture and release that are asked for, and signed as those are;
# the system's configuration, index and packages are left alone, and root is not needed.
#
# apt_private DIRECTORY TYPE [ARCHITECTURE [RELEASE]] makes it in an empty DIRECTORY, with TYPE deb or deb-src, and reads
# the index. Then `apt-get -c DIRECTORY/apt.conf ...` uses it. The caller has say(), which prints its words.

apt_copy_sources() { # DIRECTORY TYPE RELEASE: RELEASE "" is the machine's own
    local etc list parts file release='' own=
    eval "$(apt-config shell etc Dir::Etc/d list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    say "package sources: those under ${etc:-/etc/apt}${3:+, for the release $3}"
    if [[ -n $3 ]]; then
        # shellcheck disable=SC1091
        own=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
        [[ $own =~ ^[a-z]+$ ]] || {
            say "/etc/os-release names no release (VERSION_CODENAME)"
            return 1
        }
        release="s/\\b$own\\b/$3/g;"
    fi
    shopt -s nullglob
    for file in "$list" "${parts%/}"/*.list; do
        [[ -r $file && -f $file ]] || continue
        sed -En "s/^[[:space:]]*deb(-src)?[[:space:]]+/$2 /; T; s/arch(itectures)?=[^] ]*//; $release p" "$file" |
            grep -v 'cdrom:' | sort -u >"$1/copy-$(basename "$file" .list).list" || true
    done
    for file in "${parts%/}"/*.sources; do
        [[ -r $file ]] || continue
        sed -E "s/^Types:.*/Types: $2/I; /^Architectures:/Id; $release" "$file" >"$1/$(basename "$file")"
    done
}

apt_private() { # DIRECTORY TYPE [ARCHITECTURE [RELEASE]]
    command -v apt-get >/dev/null || {
        say "apt-get is missing: this comes as Debian packages"
        return 1
    }
    chmod 755 "$1"
    mkdir -p "$1"/{lists,archives}/partial "$1/empty" "$1/got"
    mkdir -m 700 "$1/sources"
    : >"$1/status"
    if [[ $(id -u) -eq 0 ]] && id _apt >/dev/null 2>&1; then
        chown _apt "$1/got"
    fi
    apt_copy_sources "$1/sources" "$2" "${4-}" || return 1
    {
        cat <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$1/sources";
Dir::State::lists "$1/lists";
Dir::Cache "$1";
Dir::Cache::archives "$1/archives";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
CONF
        if [[ -n ${3-} ]]; then
            printf 'APT::Architecture "%s";\n#clear APT::Architectures;\nAPT::Architectures { "%s"; };\n' "$3" "$3"
            printf 'Dir::State::status "%s/status";\n' "$1"
        fi
    } >"$1/apt.conf"
    say "reading the index of packages"
    apt-get -q -c "$1/apt.conf" update >&2 || say "some package sources could not be read; trying with the others"
}
