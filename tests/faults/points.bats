#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Each call that a daemon makes on its files, counted in a run without faults, fails once in each way, or the daemon dies
# there: see points.py. WEATHERD_TEST_SIZE=4 makes it longer, with more checkpoints.

load ../lib/kit

points() # WAY TABLE
{
    local result=0

    # shellcheck disable=SC2154 # kit_top is the kit's
    /usr/bin/python3 "$kit_top/tests/faults/points.py" "$WEATHERD_BUILD" "$@" >points.log 2>&1 3>&- || result=$?
    tail -n 1 points.log | sed 's/^/# /' >&3
    return "$result"
}

@test "a consumer without a file that is killed at any call loses nothing and counts nothing twice" {
    points consumer-new kill
}

@test "a consumer with a file that is killed at any call loses nothing and counts nothing twice" {
    points consumer-existing kill
}

@test "a consumer with layout = tagged, in a directory that it makes, that is killed at any call loses nothing" {
    points consumer-tagged kill
}

@test "a consumer with layout = monthly that is killed at any call knows whose reports it counts" {
    points consumer-monthly kill
}

@test "a forecast without a file that is killed at any call predicts all, and nothing else the second time" {
    points forecast-new kill
}

@test "a forecast with a file that is killed at any call predicts all, and nothing else the second time" {
    points forecast-existing kill
}

@test "a producer at its first start that is killed at any call sends each report, in order" {
    points producer-new kill
}

@test "a producer that goes on and is killed at any call sends each report, in order" {
    points producer-existing kill
}

@test "a producer that begins anew and is killed at any call goes on from the old position or from none" {
    points producer-fresh kill
}

@test "a producer that writes while reports are on their way and is killed at any call has none behind its position" {
    points producer-flushed kill
}

@test "whichever call of a consumer without a file fails, it says so, and waits or ends, and the result is right" {
    points consumer-new fail
}

@test "whichever call of a consumer with a file fails, the old one stays, and it waits or ends, and the result is right" {
    points consumer-existing fail
}

@test "whichever call of a consumer with layout = tagged fails, the result is right" {
    points consumer-tagged fail
}

@test "whichever call of a consumer with layout = monthly fails, the result is right" {
    points consumer-monthly fail
}

@test "whichever call of a forecast without a file fails, it says so, and waits or ends, and no prediction is missing" {
    points forecast-new fail
}

@test "whichever call of a forecast with a file fails, it says so, and waits or ends, and no prediction is missing" {
    points forecast-existing fail
}

@test "whichever call of a producer fails at its first start, it says so, and waits or ends, and no report is missing" {
    points producer-new fail
}

@test "whichever call of a producer that goes on fails, it says so, and waits or ends, and no report is missing" {
    points producer-existing fail
}

@test "whichever call of a producer that begins anew fails, it goes on from the old position or from none" {
    points producer-fresh fail
}

@test "whichever call of a producer fails while reports are on their way, none is missing" {
    points producer-flushed fail
}

@test "a consumer's calls that are interrupted, or do less than all, are taken up, and nobody hears of it" {
    points consumer-new interrupt
    points consumer-existing interrupt
    points consumer-tagged interrupt
    points consumer-monthly interrupt
}

@test "a forecast's calls that are interrupted, or do less than all, are taken up, and nobody hears of it" {
    points forecast-new interrupt
    points forecast-existing interrupt
}

@test "a producer's calls that are interrupted, or do less than all, are taken up, and nobody hears of it" {
    points producer-new interrupt
    points producer-existing interrupt
    points producer-fresh interrupt
    points producer-flushed interrupt
}

@test "what fails or dies after a consumer's call has failed already changes nothing" {
    points consumer-new pair
    points consumer-existing pair
}

@test "what fails or dies after a forecast's call has failed already changes nothing" {
    points forecast-new pair
    points forecast-existing pair
}

@test "what fails or dies after a producer's call has failed already changes nothing" {
    points producer-new pair
    points producer-existing pair
    points producer-fresh pair
}
