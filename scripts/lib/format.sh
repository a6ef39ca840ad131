# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Releases of clang-format disagree about the same style, so the sources go by one of them, Debian 12's. Where the machine
# has another one it is fetched through pip, by checksum, into the cache.

format_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$format_lib/packages.sh"

format_release=14.0.6
format_hashes=( # x86_64, aarch64
    --hash=sha256:d7c1c5e404c58e55f0170f01b3c5611dce6c119e62b5d1020347e0ad97d5a047
    --hash=sha256:dbfd60528eb3bb7d7cfe8576faa70845fbf93601f815ef75163d36606e87f388
)

# Prints the program, and has it there.
format_fetch()
{
    local home partial

    home=${WEATHERD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weatherd}/clang-format-$format_release
    if [[ $(clang-format --version) == *" version ${format_release%%.*}."* ]]; then
        echo clang-format
        return
    fi
    if [[ ! -d $home ]]; then
        packages_install format >&2 && mkdir -p "$(dirname "$home")" && partial=$(mktemp -d "$home.tmp.XXXXXX") &&
            echo "clang-format==$format_release ${format_hashes[*]}" >"$partial.list" &&
            /usr/bin/python3 -m pip install --disable-pip-version-check --no-cache-dir --no-compile --no-deps --require-hashes \
                --quiet --root-user-action=ignore --target "$partial" --requirement "$partial.list" >&2 &&
            rm "$partial.list" && chmod 755 "$partial" && mv -T "$partial" "$home" || return
    fi
    echo "$home/clang_format/data/bin/clang-format"
}
