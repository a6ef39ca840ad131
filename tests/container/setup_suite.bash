# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every file here runs: the image of this source, in a store of its own (scripts/lib/image.sh). And the schemas of
# Kubernetes, for which Debian has no package.

setup_suite()
{
    # shellcheck source=scripts/lib/image.sh
    . "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/image.sh"
    image_build localhost/weatherd 3>&- && schemas_fetch 3>&-
}

# Once, into the cache.
schemas_fetch()
{
    local version=1.33.1

    WEATHERD_KUBERNETES=${WEATHERD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weatherd}/kubernetes-validate-$version
    export WEATHERD_KUBERNETES
    [[ ! -d $WEATHERD_KUBERNETES ]] || return 0
    rm -rf "$WEATHERD_KUBERNETES.new"
    /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --target "$WEATHERD_KUBERNETES.new" "kubernetes-validate==$version" </dev/null &&
        mv -T "$WEATHERD_KUBERNETES.new" "$WEATHERD_KUBERNETES"
}
