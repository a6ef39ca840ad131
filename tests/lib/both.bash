# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A producer "source" and a consumer "sink" at work on the four partitions of a topic while something happens to the
# brokers or to the way there, and what must be true of their files afterwards. Beside the kit.
#
# shellcheck disable=SC2154 # keep is the kit's

# A producer and a consumer at work on four partitions, as fast as they can be watched.
start_both() # TOPIC [INTERVAL]
{
    start_source "$@"
    consumer_start sink "${keep[@]}" -o "consumer.topic=$1" -o consumer.checkpoint_interval=10ms -o consumer.stall_timeout=5s 0-3
}

start_source() # TOPIC [INTERVAL]
{
    producer_start source -o "topic $1.partitions=4" -o "producer.interval=${2:-1ms}" -o simulator.stations=50 \
        -o producer.metrics_directory=.
}

# Each of the partitions gets further.
go_on() # PARTITION...
{
    local partition
    local -A before=()

    for partition in "$@"; do
        before[$partition]=0
        [[ ! -e partition-$partition.json ]] || before[$partition]=$(json "partition-$partition.json" 'd["offset"]')
    done
    for partition in "$@"; do
        wait_for 60 json_is "partition-$partition.json" "d['offset'] > ${before[$partition]} + 1000"
    done
}

# What was on its way when the producer stopped may still arrive between two looks.
a_straight_run_gives_the_same() # TOPIC
{
    rm -rf straight judged && mkdir straight judged &&
        consumer "${keep[@]}" -o "consumer.topic=$1" --until-end 0-3 &&
        consumer "${keep[@]}" -o "consumer.topic=$1" -o consumer.directory=straight --until-end 0-3 &&
        consumer -o "consumer.topic=$1" -o consumer.directory=judged --until-end 0-3 &&
        same_files straight .
}

# Nothing lost, nothing twice, nothing out of order, and no complaint but of brokers.
expect_exact_files() # TOPIC
{
    local partition days

    within 5 stop source
    within 5 stop sink
    days=$(json producer.json 'd["days"]')
    wait_for 60 a_straight_run_gives_the_same "$1"
    topic compare "$1" judged --text
    for partition in 0 1 2 3; do
        json_is "judged/partition-$partition.json" "all(s['count'] == (date(s['end']) - date(s['start'])).days + 1
            and $days <= s['count'] for k, s in d.items() if k != 'offset')"
    done
    ((50 == $(cat judged/partition-{0..3}.json | grep -c '"count"')))
    if log_has sink 'err: |have not come|could not be verified' || log_has source 'err: '; then return 1; fi
}

# How long a fault lasts; nothing becomes true in it.
let_it_last() { sleep "${WEATHERD_TEST_FAULT:-6}"; }

# The fault comes and goes; it comes again, and both end and begin in it. The test file has "the_network_is STATE", of
# which "open" is the sound one.
survive() # TOPIC STATE...
{
    local topic=$1

    shift
    start_both "$topic"
    go_on 0 1 2 3
    the_network_is "$@"
    let_it_last
    the_network_is open
    go_on 0 1 2 3

    the_network_is "$@"
    let_it_last
    within 5 stop source
    within 5 stop sink
    start_both "$topic"
    the_network_is open
    go_on 0 1 2 3
    expect_exact_files "$topic"
}
