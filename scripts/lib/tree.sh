# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Debian systems, each in a directory, made once and kept in the cache: what machines boot from (tests/lib/machine.bash) and
# what an image is built on (image.sh). They hold $tree_packages and what is asked for, as debian/control writes dependencies.

tree_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$tree_lib/packages.sh"

tree_packages=${tree_packages-systemd,systemd-sysv,dbus,libpam-systemd}

# This machine's release.
tree_suite()
{
    (. /etc/os-release && echo "$VERSION_CODENAME")
}

# The files in which this machine's apt has Debian's archive: mirror and keys come from nowhere else.
tree_sources()
{
    # shellcheck disable=SC2016 # expanded by apt
    apt-get indextargets --format '$(SOURCESENTRY)' 'Created-By: Packages' 'Origin: Debian' | sed 's/:[0-9]*$//' | sort -u
}

# A copy of these for another release, as apt reads them; prints the names.
tree_sources_of() # SUITE DIRECTORY
{
    local file own

    own=$(tree_suite)
    for file in $(tree_sources); do
        sed "s/\<$own\>/$1/g" "$file" >"$2/${file##*/}" && echo "$2/${file##*/}"
    done
}

# Its directory in the cache; the name holds the sum of all that it is made from.
tree_home() # SUITE DEPENDENCIES [MMDEBSTRAP-OPTION...]
{
    local sum

    sum=$({ echo "$tree_packages" "${@:2}" && cat "$tree_lib/tree.sh" && tree_sources | xargs cat; } | sha256sum) || return
    echo "${WEATHERD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weatherd}/$1-${sum:0:12}"
}

# Fills the cache and prints the directory.
tree_fetch() # SUITE DEPENDENCIES [MMDEBSTRAP-OPTION...]
(
    packages_install machine >&2
    [[ -n $(tree_sources) ]] || apt-get update >&2
    home=$(tree_home "$@")
    mkdir -p "$(dirname "$home")"
    exec 8>"$home.lock"
    flock 8
    if [[ ! -d $home ]]; then
        printf 'Making a tree of Debian %s ' "$1" >&2
        rm -rf "$home".tmp.*
        partial=$(mktemp -d "$home.tmp.XXXXXX")
        trap 'rm -rf "$partial"' EXIT
        trap 'exit 130' INT TERM
        if ! ticking tree_make "$partial" "$@" >&2; then
            tail -n 20 "$partial/log" >&2
            echo "tree: it could not be made" >&2
            exit 1
        fi
        echo >&2
        sync --file-system "$partial"
        mv -T "$partial/tree" "$home"
    fi
    echo "$home"
)

# By apt's own settings: proxies, certificates, what it may overlook.
tree_make() # DIRECTORY SUITE DEPENDENCIES [MMDEBSTRAP-OPTION...]
{
    local directory=$1 suite=$2 depends=$3 sources

    mkdir "$directory/sources" && sources=$(tree_sources_of "$suite" "$directory/sources") &&
        apt-config dump | grep '^Acquire::' >"$directory/apt.conf" || return
    # shellcheck disable=SC2016,SC2086 # expanded by mmdebstrap's shell; one word a file
    depends=$depends mmdebstrap --mode=root --variant=apt --include="$tree_packages" --aptopt="$directory/apt.conf" \
        --customize-hook='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get satisfy --yes --no-install-recommends \
            -o DPkg::Chroot-Directory="$1" "$depends"' \
        "${@:4}" "$suite" "$directory/tree" $sources </dev/null >"$directory/log" 2>&1
}
