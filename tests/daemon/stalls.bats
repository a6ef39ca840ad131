#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A partition that gives no records although the broker has some, and what only looks like one. The fault is an error of
# Fetch, after which librdkafka tries again in silence, while all other questions are answered.

load ../lib/kit

setup()
{
    kit_setup
    # a cluster for each test: injected errors must not reach another
    start_mock temperatures:4
}

fill_days() # DAYS ARGUMENT...
{
    producer -o producer.days="$1" -o producer.interval=0 -o producer.directory=. "${@:2}"
}

hold_fetches() { mock error Fetch NOT_LEADER_FOR_PARTITION 100000; }

@test "records that do not come have the consumer go on with a new client, as the same process, and once an hour at most" {
    local pid

    start_ear
    consumer_start sink -o consumer.stall_timeout=2s -o consumer.checkpoint_interval=0 0-3
    pid=$(pid_of sink)
    fill_days 20
    wait_for 20 offsets_are 200 partition-{0..3}.json
    hold_fetches
    fill_days 20
    : >"$(kit_state)/ear.out"
    wait_for 30 log_has sink 'warning: temperatures partition [0-3]: the records from offset [0-9]+ to [0-9]+ have not come for 2 s \(stall_timeout\); going on with a new client'
    wait_for 10 grep -x RELOADING=1 "$(kit_state)/ear.out"
    wait_for 10 grep -x READY=1 "$(kit_state)/ear.out"
    if grep -x STOPPING=1 "$(kit_state)/ear.out"; then return 1; fi
    [[ $(pid_of sink) == "$pid" ]]
    running sink
    (($(log_count sink 'reading 0-3|reading temperatures:0-3') == 2))

    # the new one fares no better, and there is no third
    wait_for 30 log_has sink 'have not come for 2 s .*a new client was tried within the last hour'
    pass_beats 6
    (($(log_count sink 'going on with a new client') == 1))
    (($(log_count sink 'reading temperatures:0-3') == 2))
    (($(log_count sink 'a new client was tried') <= 4))
    offsets_are 200 partition-{0..3}.json

    mock clear Fetch
    wait_for 30 offsets_are 400 partition-{0..3}.json
    within 5 stop sink
    mkdir straight
    consumer -o consumer.directory=straight --until-end 0-3
    same_files straight .
}

@test "a standstill is noticed beside a partition without a leader" {
    requires kcat
    # before anybody fetches from it: of a leader that is gone the mock of librdkafka 2.8 dies
    mock leader temperatures 0 -1
    consumer_start sink -o consumer.stall_timeout=2s 0-3
    wait_for 20 offsets_are 0 partition-{1..3}.json
    hold_fetches
    echo '{"date": "2000-01-01", "station": "A", "degrees": 1}' | kcat -P -b "$BOOTSTRAP" -t temperatures -p 1
    wait_for 30 log_has sink 'warning: temperatures partition 1: the records from offset 0 to 0 have not come'
    within 5 stop sink
}

@test "stall_timeout = 0 waits for ever, and a reload sets another" {
    start_ear
    printf '[consumer]\nstall_timeout = 0\n' >consumer.ini
    consumer_start sink -c consumer.ini 0-3
    wait_for 20 offsets_are 0 partition-{0..3}.json
    hold_fetches
    fill_days 20
    pass_beats 6
    if log_has sink 'have not come'; then return 1; fi
    printf '[consumer]\nstall_timeout = 1s\n' >consumer.ini
    send_signal sink HUP
    wait_for 20 log_has sink 'have not come for 1 s .*going on with a new client'
    within 5 stop sink
}

@test "settings that have mistakes by now end nothing: the process stays as it is" {
    printf '[consumer]\nstall_timeout = 2s\n' >consumer.ini
    consumer_start sink -c consumer.ini 0-3
    wait_for 20 offsets_are 0 partition-{0..3}.json
    hold_fetches
    fill_days 20
    echo nonsense >>consumer.ini
    wait_for 30 log_has sink 'have not come for 2 s'
    wait_for 10 log_has sink 'err: consumer.ini:3: '
    wait_for 10 log_has sink 'err: no new client with these settings'
    running sink
    mock clear Fetch
    wait_for 30 offsets_are 200 partition-{0..3}.json
    (($(log_count sink 'reading temperatures:0-3') == 1))
    stop sink
}

# No stall is seen in a time that is enough for several.
no_stall_of()
{
    pass_beats 7
    if log_has "$1" 'have not come'; then return 1; fi
    running "$1"
}

@test "a backlog that takes long is no stall" {
    start_ear
    # in one partition, so that the others are silent; a fetch brings a few small batches
    fill_days 20000 -o simulator.stations=1 -o kafka.batch.num.messages=5
    mock rtt 1 200
    consumer_start sink -o consumer.stall_timeout=1s -o kafka.fetch.message.max.bytes=1000 0-3
    begun() { (($(offsets partition-{0..3}.json) > 0)); }
    wait_for 20 begun
    no_stall_of sink
    (($(offsets partition-{0..3}.json) < 20000))
    within 5 stop sink
}

@test "an idle topic is no stall" {
    start_ear
    fill_days 20
    consumer_start sink -o consumer.stall_timeout=1s 0-3
    wait_for 20 offsets_are 200 partition-{0..3}.json
    no_stall_of sink
    within 5 stop sink
}

@test "a file that can't be written is no stall" {
    start_ear
    consumer_start sink -o consumer.stall_timeout=1s -o consumer.checkpoint_interval=10ms 0-3
    wait_for 20 offsets_are 0 partition-{0..3}.json
    mkdir .partition-{0..3}.json.tmp
    fill_days 20
    wait_for 20 log_has sink 'reading stands still'
    fill_days 20
    no_stall_of sink
    rmdir .partition-{0..3}.json.tmp
    wait_for 20 offsets_are 400 partition-{0..3}.json
    within 5 stop sink
}

@test "an invalid_topic that is waited for is no stall, for its partition or another" {
    requires kcat
    start_ear
    mock topic guilty 1
    consumer_start sink -o consumer.stall_timeout=1s -o consumer.topic=guilty -o consumer.invalid_topic=guilty-bad guilty:0
    wait_for 20 json_is partition-0.json 'd["offset"] == 0'
    echo nonsense | kcat -P -b "$BOOTSTRAP" -t guilty -p 0
    wait_for 20 log_has sink 'guilty-bad .*does not exist'
    no_stall_of sink
    within 5 stop sink
}

@test "brokers that are down, and partitions without a leader, are no stall" {
    start_ear
    for partition in 0 1 2 3; do mock leader temperatures $partition -1; done
    consumer_start sink -o consumer.stall_timeout=1s 0-3
    no_stall_of sink
    for partition in 0 1 2 3; do mock leader temperatures $partition 1; done
    wait_for 20 offsets_are 0 partition-{0..3}.json
    fill_days 20
    mock down -1
    wait_for 20 log_has sink 'no broker can be reached'
    no_stall_of sink
    mock up -1
    wait_for 30 offsets_are 200 partition-{0..3}.json
    if log_has sink 'have not come'; then return 1; fi
    within 5 stop sink
}
