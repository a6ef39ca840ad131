#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each state in which a loss of power may leave the directory of a daemon, made from a recording of its calls: see
# power.py. WEATHERD_TEST_SIZE=4 makes it longer, with more checkpoints and files beyond 64 KiB.

load ../lib/kit

power() # WAY
{
    local result=0

    # shellcheck disable=SC2154 # kit_top is the kit's
    /usr/bin/python3 "$kit_top/tests/faults/power.py" "$WEATHERD_BUILD" "$1" >power.log 2>&1 3>&- || result=$?
    ((result)) || sed 's/^/# /' power.log >&3
    return "$result"
}

@test "whatever a loss of power leaves of a consumer's first files, the old or the new checkpoint is gone on from" {
    power consumer-new
}

@test "whatever a loss of power leaves of a consumer's files, the old or the new checkpoint is gone on from" {
    power consumer-existing
}

@test "whatever a loss of power leaves of files that were replaced together, each is gone on from" {
    power consumer-several
}

@test "a loss of power never takes away a directory with durable files in it, which the consumer has made" {
    power consumer-tagged
}

@test "whatever a loss of power leaves with layout = monthly, it is known whose reports are counted" {
    power consumer-monthly
}

@test "whatever a loss of power leaves of a forecast's first files, the rest is predicted, and nothing else" {
    power forecast-new
}

@test "whatever a loss of power leaves of a forecast's files, the rest is predicted, and nothing else" {
    power forecast-existing
}

@test "whatever a loss of power leaves of a producer's first position, no report is missing" {
    power producer-new
}

@test "whatever a loss of power leaves of a producer's position, no report is missing" {
    power producer-existing
}

@test "a position that a producer was told to forget does not come back with a loss of power" {
    power producer-fresh
}

@test "whatever a loss of power leaves of a position written while reports are on their way, none is missing" {
    power producer-flushed
}
