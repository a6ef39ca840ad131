#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Three brokers, of which the first keeps the controller and is never touched: leaders that move, die or are all gone,
# replicas that are too few, and an election that throws records away. The oracle is one straight run over the same
# topic; that the producer lost nothing is seen in the dates, which have no gap.

load ../lib/kit
load ../lib/both

setup_file()
{
    requires java kcat protoc jq
    start_brokers auto.leader.rebalance.enable=false replica.lag.time.max.ms=3000 offsets.topic.replication.factor=3
}

leader_is() # TOPIC PARTITION BROKER
{
    kcat -b "$BOOTSTRAP" -L -J -t "$1" |
        jq -e --argjson p "$2" --argjson b "$3" '.topics[0].partitions[] | select(.partition == $p) | .leader == $b'
}

has_replicas_in_sync() # TOPIC NUMBER
{
    kcat -b "$BOOTSTRAP" -L -J -t "$1" | jq -e --argjson n "$2" 'all(.topics[0].partitions[].isrs; length == $n)'
}

move_leaders() # TOPIC REPLICAS
{
    local partition

    for partition in 0 1 2 3; do
        echo "{\"topic\": \"$1\", \"partition\": $partition, \"replicas\": [$2]}"
    done | jq -s '{version: 1, partitions: .}' >moves.json
    kafka tool reassign-partitions --reassignment-json-file moves.json --execute
    kafka tool leader-election --election-type preferred --all-topic-partitions
    wait_for 20 leader_is "$1" 0 "${2%%,*}"
}

@test "leaders that move while both work at full speed: no report lost, none twice" {
    new_topic moved 1:2:3,1:2:3,1:2:3,1:2:3 min.insync.replicas=2
    start_both moved
    go_on 0 1 2 3
    move_leaders moved 2,3,1
    go_on 0 1 2 3
    move_leaders moved 3,1,2
    go_on 0 1 2 3
    expect_exact_files moved
}

@test "leaders killed with -9 one after the other at full speed: no report lost, none twice" {
    local number

    new_topic killed 2:3:1,3:2:1,2:1:3,3:1:2 min.insync.replicas=2
    start_both killed
    for number in 2 3; do
        go_on 0 1 2 3
        wait_for 60 has_replicas_in_sync killed 3
        broker $number kill
        go_on 0 1 2 3
        broker $number start
    done
    go_on 0 1 2 3
    expect_exact_files killed
}

@test "partitions without a leader: the others go on, both stop and start in that state, and all is there afterwards" {
    new_topic orphaned 2:3,3:2,1:2,1:3
    # The queue of a producer that works faster is full of what has no leader before the others get far.
    start_both orphaned 20ms
    go_on 0 1 2 3
    broker 2 kill
    broker 3 kill
    go_on 2 3
    within 5 stop source
    within 5 stop sink
    start_both orphaned 20ms
    wait_for 20 log_has sink 'reading from offset [1-9]'
    broker 2 start
    broker 3 start
    go_on 0 1 2 3
    expect_exact_files orphaned
}

queue_is_longer() # NUMBER
{
    [[ -n $(awk -v least="$1" '/^weatherd_producer_queue/ && $2 > least' weatherd-producer-*.prom) ]]
}

@test "too few replicas: the producer waits, stops and starts within 5 s, and goes on when they are back" {
    local before

    new_topic few 1:2:3,1:3:2,1:2:3,1:3:2 min.insync.replicas=2
    start_both few
    go_on 0 1 2 3
    broker 2 kill
    broker 3 kill
    wait_for 30 queue_is_longer 2000
    within 5 stop source
    before=$(json producer.json 'd["days"]')
    start_source few
    wait_for 30 queue_is_longer 2000
    json_is producer.json "d['days'] == $before"
    broker 2 start
    broker 3 start
    go_on 0 1 2 3
    expect_exact_files few
}

@test "an election that throws records away ends consumers with 65, whatever was written since, and no file is touched" {
    local name

    for name in shorter grown stopped; do
        new_topic $name 2:3 unclean.leader.election.enable=true
        fill $name 20 -o "topic $name.partitions=1"
        mkdir $name
    done
    # what comes now is on one replica only
    broker 3 stop
    for name in shorter grown stopped; do
        fill $name 20 -o "topic $name.partitions=1" -o simulator.start=2000-01-21
        consumer -o consumer.topic=$name -o consumer.directory=$name --until-end 0
        offsets_are 400 $name/partition-0.json
    done
    for name in shorter grown; do
        consumer_start $name -o consumer.topic=$name -o consumer.directory=$name 0
        wait_for 20 log_has $name 'reading from offset 400'
    done
    cp -r shorter grown stopped "$(mkdir before && echo before)"
    # one does not look before the log is as long again
    send_signal grown STOP
    broker 2 kill
    broker 3 start
    for name in shorter grown stopped; do
        wait_for 60 leader_is $name 0 3
    done
    for name in grown stopped; do
        fill $name 30 -o "topic $name.partitions=1" -o simulator.start=2000-01-21
    done
    send_signal grown CONT

    run await shorter 60
    expect_status 65
    log_has shorter 'shorter partition 0: the log ends at offset 200, .*offset 400'
    run await grown 60
    expect_status 65
    log_has grown 'grown partition 0: the record at offset 399 is not the one that was read before'
    run consumer -o consumer.topic=stopped -o consumer.directory=stopped --until-end 0
    expect_status 65
    expect_output 'stopped partition 0: the record at offset 399 is not the one that was read before'
    for name in shorter grown stopped; do
        cmp before/$name/partition-0.json $name/partition-0.json
    done
    broker 2 start
}
