# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The Debian packages (12 and 13) that the scripts need, in groups, so that each script installs what it
# is about to use and nothing more. An entry is PACKAGE, or PACKAGE:COMMAND where the command from
# anywhere else is as good (a JDK of one's own).

packages_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/steps.sh
. "$packages_lib/steps.sh"

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
            python3-jsonschema protobuf-compiler:protoc kcat:kcat jq:jq prometheus:promtool \
            inotify-tools:inotifywait e2fsprogs valgrind:valgrind openssl:openssl strace:strace rsync:rsync \
            nftables:nft iproute2:ip procps util-linux mount \
            systemd:systemd-analyze "$(packages_systemd_dev)"
        ;;
    fuzz) echo clang libclang-rt-dev ;; # the runtimes of its sanitizers and of libFuzzer
    format) echo python3-pip ;; # where clang-format is another release than the sources go by
    lint) echo clang clang-format:clang-format shellcheck:shellcheck xz-utils:xz ;;
    package) echo debhelper dpkg-dev lintian libcmocka-dev "$(packages_systemd_dev)" ;; # on top of "build"
    machine) echo mmdebstrap:mmdebstrap systemd-container:systemd-nspawn ;; # to boot
    kafka) echo default-jre-headless:java maven:mvn ;;
    bench) echo python3 python3-matplotlib ;;
    peers) # of bench/run
        echo golang-go:go default-jdk-headless:javac kcat:kcat protobuf-compiler:protoc python3-protobuf python3-kafka \
            python3-lz4 python3-zstandard python3-confluent-kafka
        ;;
    spark)
        echo default-jre-headless:java maven:mvn python3 python3-pip python3-setuptools python3-numpy \
            docker-compose:docker-compose python3-yaml
        ;;
    image)
        echo buildah:buildah podman:podman runc:runc mmdebstrap:mmdebstrap docker-compose:docker-compose \
            python3-pip python3-yaml
        ;;
    *)
        echo "packages: no group \"$1\"" >&2
        return 1
        ;;
    esac
}

# Where systemd.pc is, which says where units are installed: in Debian 12 the package of systemd itself.
packages_systemd_dev()
(
    VERSION_ID=13
    [[ ! -e /etc/os-release ]] || . /etc/os-release
    if ((VERSION_ID < 13)); then echo systemd; else echo systemd-dev; fi
)

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

    printf 'Installing Debian packages: %s ' "$missing"
    log=$(mktemp)
    if ! ticking packages_fetch "$log" "$missing" "${sudo[@]}"; then
        echo
        tail -n 30 "$log" >&2
        echo "The installation failed; its log is $log" >&2
        return 1
    fi
    echo
    rm -f "$log"
}

packages_fetch() # LOG PACKAGES [SUDO]
{
    local log=$1 packages=$2

    shift 2
    # shellcheck disable=SC2086 # one word a package
    { "$@" apt-get update &&
        "$@" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
            -o DPkg::Lock::Timeout=300 $packages; } </dev/null >"$log" 2>&1
}
