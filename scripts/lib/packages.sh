# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The Debian packages (12 and 13) that the scripts need, in groups, so that each script installs what it
# is about to use and nothing more. An entry is PACKAGE, or PACKAGE:COMMAND where the command from
# anywhere else is as good (a JDK of one's own).

packages_of() # GROUP
{
    case $1 in
    build)
        echo build-essential autoconf automake pkg-config:pkg-config \
            librdkafka-dev libprotobuf-c-dev protobuf-c-compiler libjson-c-dev libsystemd-dev \
            libinih-dev libmimalloc-dev libcsv-dev libxxhash-dev zlib1g-dev
        ;;
    test)
        echo libcmocka-dev bats:bats mandoc:mandoc python3 python3-kafka python3-protobuf \
            protobuf-compiler:protoc kcat:kcat jq:jq procps util-linux
        ;;
    lint) echo clang clang-format:clang-format shellcheck:shellcheck xz-utils:xz ;;
    kafka) echo default-jre-headless:java maven:mvn ;;
    demo) echo python3:python3 ;;
    *)
        echo "packages: no group \"$1\"" >&2
        return 1
        ;;
    esac
}

# Prints those of the groups' packages that are not there.
packages_missing() # GROUP...
{
    local group entry list

    for group in "$@"; do
        list=$(packages_of "$group") || return 1
        for entry in $list; do
            if [[ $entry == *:* ]] && command -v "${entry#*:}" >/dev/null; then
                continue
            fi
            # shellcheck disable=SC2016 # ${…} is dpkg-query's
            dpkg-query -W -f '${db:Status-Abbrev}' "${entry%:*}" 2>/dev/null | grep '^ii' >/dev/null ||
                echo "${entry%:*}"
        done
    done
}

# Installs what is missing, saying so in one line; returns 1 with the command to run by hand when it may not.
packages_install() # GROUP...
{
    local missing sudo=() log

    missing=$(packages_missing "$@" | sort -u | tr '\n' ' ') || return 1
    [[ -n $missing ]] || return 0
    missing=${missing% }

    if ! command -v apt-get >/dev/null; then
        echo "This needs Debian 12 or 13. Elsewhere, install what these packages hold: $missing" >&2
        return 1
    fi
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
            echo "Packages are missing, and installing them needs root or sudo. As root, run:" >&2
            echo "    apt-get update && apt-get install --no-install-recommends $missing" >&2
            return 1
        fi
        sudo=(sudo)
    fi

    echo "Installing Debian packages: $missing"
    log=$(mktemp)
    # shellcheck disable=SC2086 # one word a package
    if ! { "${sudo[@]}" apt-get update &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
            -o DPkg::Lock::Timeout=300 $missing; } </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        echo "The installation failed; its log is $log" >&2
        return 1
    fi
    rm -f "$log"
}
