# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every file here boots: the package of this source, and a tree of the release with what it depends on.
# WEATHERD_PACKAGE names a package of this release that has been built already; for the release WEATHERD_SUITE it is built
# again, in a tree of that one.

setup_suite()
{
    local top suite

    top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
    ((EUID == 0)) || {
        echo "booting a machine takes root" >&2
        return 1
    }
    # shellcheck source=scripts/lib/tree.sh
    . "$top/scripts/lib/tree.sh"
    suite=${WEATHERD_SUITE:-$(tree_suite)}
    WEATHERD_PACKAGE=${WEATHERD_PACKAGE:-$("$top/scripts/package" 3>&-)} || return
    if [[ $suite != "$(tree_suite)" ]]; then
        WEATHERD_PACKAGE=$(tree_package "$suite" "$top"/build/package/tarball/weatherd-*.tar.xz "$top/build/package/$suite" 3>&-) || return
    fi
    WEATHERD_TREE=$(tree_fetch "$suite" "$(dpkg-deb --field "$WEATHERD_PACKAGE" Depends)" 3>&-) || return
    export WEATHERD_PACKAGE WEATHERD_TREE
}
