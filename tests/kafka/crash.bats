#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The promise that the rest is there for: whenever the consumer is killed, each report is counted once. The oracle is one
# straight run over the same topic, whose files must be the same to the byte.
#
# WEATHERD_TEST_REPORTS and WEATHERD_TEST_KILLS make it longer: ten million reports and a hundred kills.

# shellcheck disable=SC2154 # keep is the kit's

load ../lib/kit

setup_file()
{
    requires java
    export REPORTS=${WEATHERD_TEST_REPORTS:-10000000}
    export KILLS=${WEATHERD_TEST_KILLS:-100}
    export WEATHERD_TIMEOUT=1200
    start_kafka
    fill temperatures $((REPORTS / 1000)) -o simulator.stations=1000
    mkdir "$BATS_FILE_TMPDIR/straight"
    consumer "${keep[@]}" -o "consumer.directory=$BATS_FILE_TMPDIR/straight" --until-end 0-3
}

@test "a straight run counts every report of every station" {
    local station

    cd "$BATS_FILE_TMPDIR/straight"
    ((REPORTS == $(offsets partition-{0..3}.json)))
    ((1000 == $(grep -c '"count"' partition-*.json | awk -F : '{ n += $2 } END { print n }')))
    for station in partition-{0..3}.json; do
        json_is "$station" "all(s['count'] == $((REPORTS / 1000)) and
            s['count'] == (date(s['end']) - date(s['start'])).days + 1 for k, s in d.items() if k != 'offset')"
    done
}

@test "killed with -9 a hundred times at full speed, the consumer has the files of an undisturbed run, byte for byte" {
    local good

    work_in_memory
    kit_daemon consumer "${keep[@]}" -o consumer.checkpoint_interval=0
    # shellcheck disable=SC2154 # set by kit_daemon
    helper killer.py --kills "$KILLS" --reference "$BATS_FILE_TMPDIR/straight" \
        -- "${kit_command[@]}" >killer.log
    sed 's/^/# /' killer.log >&3
    good=$(sed -n 's/.* \([0-9]*\) of them after progress.*/\1/p' killer.log)
    ((good * 10 >= KILLS * 9))

    consumer "${keep[@]}" --until-end 0-3
    same_files "$BATS_FILE_TMPDIR/straight" .
}

@test "four consumers of a partition each, all killed at once again and again, have the same files" {
    local partition seed=$RANDOM

    echo "# seed $seed" >&3
    RANDOM=$seed
    for _ in {1..5}; do
        for partition in 0 1 2 3; do
            kit_daemon consumer "${keep[@]}" -o consumer.checkpoint_interval=0 "$partition"
            start "one-$partition" "${kit_command[@]}"
        done
        sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
        for partition in 0 1 2 3; do
            kill9 "one-$partition"
        done
    done
    consumer "${keep[@]}" --until-end 0-3
    same_files "$BATS_FILE_TMPDIR/straight" .
}
