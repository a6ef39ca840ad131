# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Debian systems, each in a directory, made once and kept in the cache: what machines boot from (tests/lib/machine.bash) and
# what an image is built on (image.sh). They hold $tree_packages and what is asked for, as debian/control writes dependencies.

tree_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$tree_lib/packages.sh"
# shellcheck source=scripts/lib/cache.sh
. "$tree_lib/cache.sh"

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
    cache_home "$1-${sum:0:12}"
}

# Fills the cache and prints the directory.
tree_fetch() # SUITE DEPENDENCIES [MMDEBSTRAP-OPTION...]
(
    packages_install machine >&2 || return
    [[ -n $(tree_sources) ]] || apt-get update >&2 || return
    home=$(tree_home "$@") && mkdir -p "$(dirname "$home")" || return
    exec 8>"$home.lock"
    flock 8
    if [[ ! -d $home ]]; then
        printf 'Making a tree of Debian %s ' "$1" >&2
        rm -rf "$home".tmp.*
        partial=$(mktemp -d "$home.tmp.XXXXXX") || return
        trap 'rm -rf "$partial"' EXIT
        trap 'exit 130' INT TERM
        if ! ticking tree_make "$partial" "$@" >&2; then
            tail -n 20 "$partial/log" >&2
            echo "tree: it could not be made" >&2
            return 1
        fi
        echo >&2
        sync --file-system "$partial" && mv -T "$partial/tree" "$home" || return
    fi
    echo "$home"
)

# By apt's own settings: proxies, certificates, what it may overlook.
tree_make() # DIRECTORY SUITE DEPENDENCIES [MMDEBSTRAP-OPTION...]
{
    local directory=$1 suite=$2 depends=$3 sources

    mkdir "$directory/sources" && sources=$(tree_sources_of "$suite" "$directory/sources") &&
        apt-config dump | grep '^Acquire::' >"$directory/apt.conf" || return
    if [[ -z $sources ]]; then
        echo "apt has no archive of Debian in its sources" >"$directory/log"
        return 1
    fi
    # shellcheck disable=SC2016,SC2086 # expanded by mmdebstrap's shell; one word a file
    depends=$depends mmdebstrap --mode=root --variant=apt --include="$tree_packages" --aptopt="$directory/apt.conf" \
        --customize-hook='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get satisfy --yes --no-install-recommends \
            -o DPkg::Chroot-Directory="$1" "$depends"' \
        "${@:4}" "$suite" "$directory/tree" $sources </dev/null >"$directory/log" 2>&1
}

# A copy of a tree at DIRECTORY/root, whose changes stay in memory: for whoever has mounts of his own, with which it ends.
tree_mount() # TREE DIRECTORY
{
    mount -t tmpfs tmpfs "$2" && mkdir "$2"/{root,changes,work} &&
        mount -t overlay -o "lowerdir=$1,upperdir=$2/changes,workdir=$2/work" overlay "$2/root"
}

# Builds the package for another release in a tree of that one, out of a release tarball, and prints its path.
tree_package() # SUITE TARBALL DIRECTORY
{
    local tree

    tree=$(tree_fetch "$1" \
        "$(sed -n '/^Build-Depends:/,/^[^ B]/s/^ //p' "$tree_lib/../../debian/control") build-essential") || return
    rm -rf "$3" && mkdir -p "$3/memory" || return
    # shellcheck disable=SC2016 # expanded by the new shell
    unshare --mount bash -euc '. "$1/tree.sh" && tree_mount "$2" "$4/memory" && cd "$4/memory/root"
        mount -t proc proc proc && mount --rbind /dev dev
        mkdir root/source && tar -xf "$3" -C root/source --strip-components=1
        chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root sh -c "cd /root/source && dpkg-buildpackage -b -us -uc"
        cp root/weatherd_*.deb "$4"' - "$tree_lib" "$tree" "$2" "$3" </dev/null >"$3/log" 2>&1 || {
        tail -n 20 "$3/log" >&2
        return 1
    }
    find "$3" -maxdepth 1 -name 'weatherd_*.deb'
}
