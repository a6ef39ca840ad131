# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What every file here runs: the image of this source, in a store of its own (scripts/lib/image.sh).

setup_suite()
{
    # shellcheck source=scripts/lib/image.sh
    . "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/image.sh"
    image_build localhost/weatherd 3>&-
}
