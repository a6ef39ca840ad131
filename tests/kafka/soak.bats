#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Everything killed at random, at once: consumers, producer and broker. tests/soak by itself is the long form.

load ../lib/kit

@test "consumers, the producer and the broker killed at random lose nothing and count nothing twice" {
    requires java
    # shellcheck disable=SC2154 # set by the kit
    run "$kit_top/tests/soak" --build "$WEATHERD_BUILD" --kills "${WEATHERD_TEST_SOAK:-120}" --round 60 3>&-
    expect_status 0
    # shellcheck disable=SC2154 # set by run
    printf '# %s\n' "${lines[@]}" >&3
    expect_output " rounds, .* 0 lost, 0 twice$"
}
