#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Errors that a healthy broker never makes, injected into librdkafka's mock cluster.

load ../lib/kit

setup()
{
    kit_setup
    # a cluster for each test: injected errors must not reach another
    start_mock temperatures:4
}

# All reports are there, each station's days in order and without a gap. Sending twice is no fault: it is dropped.
all_days() # DAYS
{
    consumer --until-end 0-3
    for partition in 0 1 2 3; do
        json_is "partition-$partition.json" "all(s['count'] == (date(s['end']) - date(s['start'])).days + 1 == $1
            for k, s in d.items() if k != 'offset')"
    done
    ((10 * $1 <= $(offsets partition-{0..3}.json)))
    ((10 == $(cat partition-{0..3}.json | grep -c '"count"')))
}

@test "thirty times NOT_ENOUGH_REPLICAS: nothing lost, nothing out of order" {
    mock error Produce NOT_ENOUGH_REPLICAS 30
    # in small batches, of which later ones are on their way when an earlier one fails
    producer -o 'topic temperatures.partitions=4' -o producer.days=500 -o producer.interval=0 \
        -o kafka.batch.num.messages=10
    json_is producer.json 'd["days"] == 500 and d["reports"] == 0'
    all_days 500
}

@test "leaders that are listed and are none yet: nothing is sent before they are" {
    mock error ListOffsets NOT_LEADER_FOR_PARTITION 100000
    producer_start source -o 'topic temperatures.partitions=4' -o producer.days=50 -o producer.interval=0
    wait_for 90 log_has source "warning: topic temperatures or another can't be written to yet: Broker: Not leader"
    [[ ! -e producer.json ]]
    mock clear ListOffsets
    await source 60
    all_days 50
}

@test "closed connections and leaders that are none any more: nothing lost, nothing out of order" {
    mock error Produce _TRANSPORT 5
    producer_start source -o 'topic temperatures.partitions=4' -o producer.days=300 -o producer.interval=2ms
    wait_for 20 json_is producer.json 'd["days"] > 20'
    mock error Produce NOT_LEADER_FOR_PARTITION 5
    await source 60
    all_days 300
}

@test "a broker that goes and comes back: both go on by themselves" {
    start_ear
    consumer_start sink -o consumer.checkpoint_interval=0 0-3
    unset NOTIFY_SOCKET
    producer_start source -o 'topic temperatures.partitions=4' -o producer.days=600 -o producer.interval=5ms
    wait_for 20 json_is partition-0.json 'd["offset"] > 50'
    mock down -1
    wait_for 20 log_has source 'no broker can be reached'
    wait_for 20 log_has sink 'no broker can be reached'
    pass_beats 4
    mock up -1
    await source 60
    log_has source 'connected again'
    days=$(json producer.json 'd["days"]')
    ((days == 600))
    wait_for 20 offsets_are "$(offsets_at_end)" partition-{0..3}.json
    stop sink
    all_days 600
}

offsets_at_end()
{
    mkdir -p at-end
    consumer -o consumer.directory=at-end --until-end 0-3 2>/dev/null
    offsets at-end/partition-{0..3}.json
}

@test "with retries = 3 a lasting error ends the run with 69, the report named and no position past it" {
    mock error Produce NOT_ENOUGH_REPLICAS 1000
    run producer -o 'topic temperatures.partitions=4' -o producer.days=50 -o producer.interval=0 -o producer.retries=3
    expect_status 69
    expect_output 'the report of station Station[A-J] for 2000-01-01 can.t be delivered'
    if [[ -e producer.json ]]; then
        json_is producer.json 'd["days"] == 0'
    fi

    mock clear Produce
    producer -o 'topic temperatures.partitions=4' -o producer.days=50 -o producer.interval=0 -o producer.retries=3
    all_days 50
}

@test "with retries = 3 in the middle of a run nothing behind the failed report is sent" {
    # a day's reports for a partition are one request
    producer_start source -o 'topic temperatures.partitions=4' -o producer.days=5000 -o producer.interval=2ms \
        -o producer.retries=3 -o kafka.linger.ms=50
    wait_for 20 json_is producer.json 'd["days"] > 20'
    # four for one of the partitions, three for the others: what would be sent behind these arrives
    mock error Produce NOT_ENOUGH_REPLICAS 13
    run await source 30
    expect_status 69
    done=$(json producer.json 'd["days"]')
    mock clear Produce
    (($(offsets_at_end) <= 10 * (done + 1)))
    producer -o 'topic temperatures.partitions=4' -o "producer.days=100" -o producer.interval=0
    all_days $((done + 100))
}

@test "a report that is refused for good ends the run at once, unlimited retries or not" {
    mock error Produce TOPIC_AUTHORIZATION_FAILED 1000
    run producer -o 'topic temperatures.partitions=4' -o producer.days=50 -o producer.interval=0
    expect_status 69
    expect_output 'can.t be delivered: .*[Aa]uthorization'
    if [[ -e producer.json ]]; then
        json_is producer.json 'd["days"] == 0'
    fi
}

@test "errors of Fetch and ListOffsets delay the consumer and lose nothing" {
    producer -o 'topic temperatures.partitions=4' -o producer.days=200 -o producer.interval=0
    mock error Fetch NOT_LEADER_FOR_PARTITION 3
    mock error ListOffsets REQUEST_TIMED_OUT 2
    consumer_start sink 0-3
    wait_for 30 offsets_are 2000 partition-{0..3}.json
    stop sink
    all_days 200
}

@test "SIGTERM while nothing is acknowledged ends within 5 s with 0, and no position is past what was" {
    mock error Produce NOT_ENOUGH_REPLICAS 100000
    producer_start source -o 'topic temperatures.partitions=4' -o producer.interval=1ms
    wait_for 10 running source
    within 5 stop source
    if [[ -e producer.json ]]; then
        json_is producer.json 'd["days"] == 0'
    fi
    mock clear Produce
    producer -o 'topic temperatures.partitions=4' -o producer.days=50 -o producer.interval=0
    all_days 50
}

@test "a slow broker delays and loses nothing" {
    mock rtt 1 300
    producer -o 'topic temperatures.partitions=4' -o producer.days=100 -o producer.interval=0
    all_days 100
}

@test "a full queue of librdkafka's delays the producer and loses nothing" {
    producer -o kafka.queue.buffering.max.messages=100 -o producer.interval=0 -o producer.days=200 \
        -o simulator.duplicate_rate=0.5
    json_is producer.json 'd["days"] == 200 and d["reports"] == 0'
    consumer --until-end 0-3
    ((10 == $(cat partition-*.json | grep -c '"count": 200,')))
}

@test "a position that lies beyond its day is refused with 65" {
    producer -o producer.interval=0 -o producer.days=2
    sed -i 's/"reports": 0/"reports": 123456789/' producer.json
    run producer -o producer.interval=0 -o producer.days=2
    expect_status 65
    expect_output 'producer.json: "reports" is 123456789, but day 2 of the feed has 10.*--fresh'
}
