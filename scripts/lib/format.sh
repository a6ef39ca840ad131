# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Releases of clang-format disagree about the same style, so the sources go by one of them, Debian 12's. Where the machine
# has another one it is fetched through pip, by checksum, into the cache.

format_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$format_lib/packages.sh"
# shellcheck source=scripts/lib/cache.sh
. "$format_lib/cache.sh"

format_release=14.0.6
format_hashes=( # x86_64, aarch64
    --hash=sha256:d7c1c5e404c58e55f0170f01b3c5611dce6c119e62b5d1020347e0ad97d5a047
    --hash=sha256:dbfd60528eb3bb7d7cfe8576faa70845fbf93601f815ef75163d36606e87f388
)

# Prints the program, and has it there.
format_fetch()
{
    local home

    home=$(cache_home "clang-format-$format_release")
    if [[ $(clang-format --version) == *" version ${format_release%%.*}."* ]]; then
        echo clang-format
        return
    fi
    if [[ ! -d $home ]]; then
        packages_install format >&2 || return
        cache_fill "$home" "Fetching clang-format $format_release through pip (1 MB)" format_download || return
    fi
    echo "$home/clang_format/data/bin/clang-format"
}

format_download() # DIRECTORY
{
    cache_pip "$1" <(echo "clang-format==$format_release ${format_hashes[*]}")
}
