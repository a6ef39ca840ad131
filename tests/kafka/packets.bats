#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Packets that vanish, in a network of the test's own where the kernel drops them: what TCP itself makes of a cable that
# is pulled, or of a line that is too thin. Needs root. WEATHERD_TEST_FAULT=30 makes the faults last longer.

load ../lib/kit
load ../lib/both

setup_file()
{
    requires java kcat protoc jq ip nft nsenter unshare
    start network unshare --net sleep infinity
    if ! wait_for 10 is_apart || ! inside ip link set lo mtu 1500 up; then
        [[ ${CI-} != true ]] || return 1
        skip "can't make a network here"
    fi
    export KIT_KAFKA=$BATS_FILE_TMPDIR/kafka
    # shellcheck disable=SC2154 # kit_top is the kit's
    BOOTSTRAP=$(inside "$kit_top/scripts/kafka" start "$KIT_KAFKA")
    export BOOTSTRAP
}

setup()
{
    kit_setup
    # shellcheck disable=SC2034 # the kit's
    kit_under=(nsenter "--net=/proc/$(pid_of network)/ns/net")
    the_network_is open
}

is_apart() { [[ $(readlink "/proc/$(pid_of network)/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }
inside() { nsenter "--net=/proc/$(pid_of network)/ns/net" "$@"; }

# shellcheck disable=SC2154 # kit_top is the kit's
topic() { inside /usr/bin/python3 "$kit_top/tests/lib/topic.py" "$1" "$BOOTSTRAP" "${@:2}" 3>&-; }

# Packets of the broker are dropped: "open", none; "cut", all; "slow BYTES", those beyond so many bytes in a second.
the_network_is() # STATE...
{
    local drop=drop

    inside nft flush ruleset
    [[ $1 != open ]] || return 0
    [[ $1 != slow ]] || drop="limit rate over $2 bytes/second burst 16000 bytes drop"
    inside nft -f - <<END
table inet test {
    chain input {
        type filter hook input priority 0;
        tcp dport ${BOOTSTRAP##*:} $drop
        tcp sport ${BOOTSTRAP##*:} $drop
    }
}
END
}

@test "a network that is cut and healed, without a word to either end" {
    new_topic cut
    survive cut cut
}

@test "a line of 100 kB/s that drops what is too much" {
    new_topic slow
    survive slow slow 100000
}
