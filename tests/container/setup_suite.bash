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

schemas_version=1.33.1

# Once, into the cache.
schemas_fetch()
{
    WEATHERD_KUBERNETES=$(cache_home kubernetes-validate-$schemas_version)
    export WEATHERD_KUBERNETES
    [[ -d $WEATHERD_KUBERNETES ]] ||
        cache_fill "$WEATHERD_KUBERNETES" 'Fetching the schemas of Kubernetes through pip' schemas_download
}

schemas_download() # DIRECTORY
{
    /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --target "$1" \
        "kubernetes-validate==$schemas_version"
}
