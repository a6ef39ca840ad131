#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# That the consumer keeps up with librdkafka, and is at work soon after its start. Only what ran alternately is compared;
# the one absolute time has a tenfold margin over what is measured (doc/performance.md).

# shellcheck disable=SC2154 # kit_top and kit_command are the kit's

load ../lib/kit

setup_file()
{
    requires java
    export REPORTS=${WEATHERD_TEST_REPORTS:-4000000}
    start_kafka
    fill temperatures $((REPORTS / 1000)) -o simulator.stations=1000
}

# Whoever else is at work on the machine takes more of the rate from a program that keeps two processors busy than from
# one that keeps one and a half; of the processor time it takes little from either.
@test "a record costs at most 1.6 times what it costs a program that drops it, at no less than 0.4 of the rate" {
    local status=0

    kit_daemon consumer --until-end 0-3
    "$kit_top/bench/compare" --records "$REPORTS" --runs 7 --minimum 0.4 --dearest 1.6 \
        "drop=$(built bench/drop) ${kit_command[*]:1}" "weatherd=${kit_command[*]}" >figures || status=$?
    sed 's/^/# /' figures >&3
    ((status == 0))
}

# librdkafka before 2.2 would fetch once a second.
@test "a queue that is full again and again is filled again at once" {
    consumer -o kafka.queued.max.messages.kbytes=64 -o kafka.fetch.message.max.bytes=65536 --until-end 0-3
    ((REPORTS == $(offsets partition-*.json)))
}

@test "records of other programs cost at most a tenth more than our own, where they are flat" {
    local status=0

    "$(built bench/decode)" mapped json 1.1 >figures || status=$?
    sed 's/^/# /' figures >&3
    ((status == 0))
}

@test "the first record is applied soon after exec, with a thousand stations on file" {
    # far enough to have met all stations, with more to read
    consumer_start reader -o consumer.checkpoint_interval=10ms 0-3
    wait_for 30 all_stations_on_file
    kill9 reader
    kit_daemon consumer 0-3
    "$kit_top/bench/start" --maximum 400 . "${kit_command[*]}" >figures
    sed 's/^/# /' figures >&3
}

all_stations_on_file()
{
    ((1000 == $(cat partition-*.json 2>/dev/null | grep -c '"count"')))
}

# It has no figures to keep, but that a checkpoint replaces the files of those partitions alone that have changed.
@test "bench/growth measures what it says, in a small way" {
    TMPDIR=$BATS_TEST_TMPDIR "$kit_top/bench/growth" --records 16000 --rounds 1 --seconds 5 --json figures.json \
        --only stations,reports,checkpoints,idle >log
    jq -e '[.stations[].at] == [10, 1000] and (.reports | length) == 8 and (.checkpoints | length) == 4' figures.json
    jq -e 'all(.stations[]; .resident_mb > 1 and .again[0][0] > 0.001)' figures.json
    jq -e '.idle.replaced == 1' figures.json
}
