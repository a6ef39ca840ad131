#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A disk that takes its time, once: two seconds for one of a checkpoint's calls (shim.c).

# shellcheck disable=SC2154 # kit_command is the kit's

load ../lib/kit

@test "a checkpoint that was slow for once does not have the next one wait for ten times as long" {
    start_mock temperatures:4
    producer_start sender -o producer.interval=20ms
    kit_daemon consumer --ready-fd=9 -o log.level=debug -o consumer.checkpoint_interval=100ms 0
    kit_start reader ready env LD_PRELOAD="$(built tests/faults/shim.so)" FAULTS_DIRECTORY="$PWD" FAULTS_AT=100:slow \
        "${kit_command[@]}"
    wait_for 30 were_behind_the_slow_one 0
    # twenty seconds would be ten times as long
    wait_for 10 were_behind_the_slow_one 1
    log_has reader 'notice: a checkpoint takes [0-9]+ ms on average, so there is one every [0-9]+ ms rather than every 100 ms'
    stop sender
    stop reader
}

# How many checkpoints followed the one that took seconds.
were_behind_the_slow_one() # NUMBER
{
    sed -n '/checkpoint at offset.* [0-9]\{4,\}\.[0-9] ms/,$p' "$(log_of reader)" >"$BATS_TEST_TMPDIR/behind"
    (($(grep -c 'checkpoint at offset' "$BATS_TEST_TMPDIR/behind") > $1))
}
