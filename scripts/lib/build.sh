# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Builds of this tree, each in a directory of its own below build/, so that compilers and sanitizers do not
# get into each other's way and nothing is written between the sources but configure itself.

build_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# ./configure, made when it is missing or older than what it is made from.
build_prepare()
{
    local source

    if [[ -e $build_top/config.status ]]; then
        echo "The source tree itself is configured, which forbids builds elsewhere: make distclean" >&2
        return 1
    fi
    for source in configure.ac Makefile.am; do
        if [[ ! -e $build_top/configure || ! -e $build_top/Makefile.in ||
            $build_top/$source -nt $build_top/configure ]]; then
            "$build_top/autogen.sh"
            return
        fi
    done
}

# Configures a directory, or does nothing where that was done with the same arguments.
build_configure() # DIRECTORY CONFIGURE-ARGUMENT...
{
    local directory=$1

    shift
    build_prepare || return
    mkdir -p "$directory" || return
    if [[ -e $directory/config.status && ! $build_top/configure -nt $directory/config.status &&
        $(cat "$directory/.arguments" 2>/dev/null) == "$*" ]]; then
        return 0
    fi
    (cd "$directory" && "$build_top/configure" --quiet "$@") && echo "$*" >"$directory/.arguments"
}

build_make() # DIRECTORY MAKE-ARGUMENT...
{
    local directory=$1

    shift
    make -C "$directory" --no-print-directory -j "$(nproc)" "$@"
}

# Configures and builds everything.
build() # DIRECTORY CONFIGURE-ARGUMENT...
{
    build_configure "$@" && build_make "$1"
}
