# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# What the benchmarks' run.sh have in common; for bash scripts to source.

# bench_flags SCRIPT FLAGS "$@": reads the words of a command. FLAGS are those of --quick, --pairs, --only and --prepare that the
# script takes; --help prints the comment at its head. Sets `arguments` (for the program that measures), `prepare` (yes or no) and `build`.
bench_flags() {
    local script=$1 known=" $2 "
    shift 2
    arguments=() build='' prepare=no
    while (($# > 0)); do
        case $1 in
        -h | --help)
            sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$script"
            exit 0
            ;;
        -*)
            if [[ $known != *" $1 "* ]]; then
                echo "run.sh: unknown flag $1; see --help" >&2
                exit 2
            fi
            ;;&
        --quick) arguments+=(--quick) ;;
        --prepare) prepare=yes ;;
        --pairs | --only)
            arguments+=("$1" "${2:?$1 needs a value}")
            shift
            ;;
        *) build=$1 ;;
        esac
        shift
    done
}

# bench_build ROOT FILE...: makes `build` a full path, ROOT/build/release where none was given. It must have these programs.
bench_build() {
    local file
    build=$(realpath -- "${build:-$1/build/release}")
    for file in "${@:2}"; do
        if [[ ! -x $build/$file ]]; then
            echo "run.sh: $build/$file is missing; build it first (./bootstrap build)" >&2
            exit 2
        fi
    done
}
