# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What is fetched or made once, each thing in a directory of its own. All is written beside the place where it will be; one
# rename makes it true.

cache_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/steps.sh
. "$cache_lib/steps.sh"

cache_home() # NAME
{
    echo "${WEATHERD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weatherd}/$1"
}

# Has a directory made by a command, which is given the one to fill; what it prints is shown when it fails.
cache_fill() # HOME TITLE COMMAND
(
    home=$1
    mkdir -p "$(dirname "$home")" || return
    exec 8>"$home.lock"
    flock 8
    [[ ! -d $home ]] || return 0

    printf '%s ' "$2" >&2
    rm -rf "$home".tmp.*
    partial=$(mktemp -d "$home.tmp.XXXXXX") || return
    trap 'rm -rf "$partial" "$partial.log"' EXIT
    trap 'exit 130' INT TERM
    if ! ticking cache_log "$partial.log" "$3" "$partial" >&2; then
        echo >&2
        tail -n 20 "$partial.log" >&2
        return 1
    fi
    echo >&2
    chmod 755 "$partial" && sync --file-system "$partial" && mv -T "$partial" "$home"
)

cache_log() # LOG COMMAND...
{
    "${@:2}" </dev/null >"$1" 2>&1
}

# Through pip, by checksum, without what the packages name as needed.
cache_pip() # DIRECTORY REQUIREMENTS
{
    /usr/bin/python3 -m pip install --disable-pip-version-check --no-cache-dir --no-compile --no-deps --require-hashes \
        --root-user-action=ignore --target "$1" --requirement "$2"
}

# Through Maven: what a pom.xml needs to run; with -DexcludeTransitive=true only what it names.
cache_maven() # POM DIRECTORY [OPTION...]
{
    mvn --batch-mode --quiet --file "$1" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$2" "${@:3}"
}
