#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The producer's promise: whenever it is killed and whatever becomes of the broker, consumers count each report once.

load ../lib/kit

setup_file()
{
    requires java kcat protoc
    start_kafka
}

# The settings of both runs but for the faults.
DAYS=4000
weather=(-o simulator.stations=20 -o simulator.seed=7)

# The stations of all files without their offsets, which count what was sent twice as well.
stations_of() # DIRECTORY
{
    jq -s 'map(del(.offset)) | add' -S "$1"/partition-{0..3}.json
}

days_done()
{
    if [[ -e producer.json ]]; then json producer.json 'd["days"]'; else echo 0; fi
}

start_producer()
{
    producer_start source "${weather[@]}" -o 'topic disturbed.partitions=4' -o producer.interval=8ms \
        -o "simulator.duplicate_rate=0.05" -o "producer.days=$((DAYS - $(days_done)))"
}

@test "a producer killed ten times, a broker stopped and started twice, and retries leave the statistics as they are" {
    local seed=$RANDOM life before

    echo "# seed $seed" >&3
    RANDOM=$seed
    mkdir straight
    fill straight "$DAYS" "${weather[@]}"
    consumer -o consumer.topic=straight -o consumer.directory=straight --until-end 0-3

    consumer_start sink -o consumer.topic=disturbed -o consumer.checkpoint_interval=100ms 0-3
    for life in {1..10}; do
        before=$(days_done)
        start_producer
        wait_for 60 json_is producer.json "d['days'] > $before + $((RANDOM % 30))"
        if ((life == 3 || life == 7)); then
            # two of the kills happen while there is no broker
            kafka stop
            kill9 source
            start_producer
            kafka start
            before=$(days_done)
            wait_for 60 json_is producer.json "d['days'] > $before"
        fi
        running source
        kill9 source
    done
    (($(days_done) < DAYS))
    producer "${weather[@]}" -o 'topic disturbed.partitions=4' -o producer.interval=0 -o simulator.duplicate_rate=0.05 \
        -o "producer.days=$((DAYS - $(days_done)))"
    json_is producer.json "d['days'] == $DAYS and d['reports'] == 0"

    running sink
    stop sink
    consumer -o consumer.topic=disturbed --until-end 0-3
    topic compare disturbed . --text
    # it was disturbed indeed: one report in twenty at least is there twice
    (($(offsets partition-{0..3}.json) > DAYS * 20 * 104 / 100))
    diff <(stations_of straight) <(stations_of .)
    for partition in 0 1 2 3; do
        json_is "partition-$partition.json" "all(s['count'] == $DAYS == (date(s['end']) - date(s['start'])).days + 1
            for k, s in d.items() if k != 'offset')"
    done
}

@test "a producer that is stopped instead of killed sends nothing twice" {
    local before

    for _ in 1 2 3; do
        before=$(days_done)
        producer_start source -o 'topic stopped.partitions=4' -o producer.interval=1ms
        wait_for 30 json_is producer.json "d['days'] > $before + 20"
        within 5 stop source
    done
    consumer -o consumer.topic=stopped --until-end 0-3
    topic statistics stopped >statistics.json
    json_is statistics.json 'all(c["duplicate"] == c["late"] == c["invalid"] == 0 for c in d["counts"].values())'
    ((10 * $(json producer.json 'd["days"]') + $(json producer.json 'd["reports"]') == $(offsets partition-{0..3}.json)))
}
