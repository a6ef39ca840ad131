#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a network does to clients at full speed: tests/lib/network.py stands between them and two brokers. Whatever it
# was, both daemons go on by themselves when it is over, end within 5 s as long as it lasts, and no report is lost or
# counted twice.
#
# WEATHERD_TEST_FAULT=30 makes the faults last longer.

# shellcheck disable=SC2154 # keep is the kit's

load ../lib/kit
load ../lib/both

setup_file()
{
    local doors

    requires java kcat protoc jq
    start_network "$BATS_FILE_TMPDIR"/kafka{,-2}
    read -ra doors <"$(out_of network)"
    start_kafka "advertised.listeners=PLAINTEXT://${doors[0]}"
    # shellcheck disable=SC2154 # the kit's
    "$kit_top/scripts/kafka" start "$KIT_KAFKA-2" --join "$KIT_KAFKA" 2 "advertised.listeners=PLAINTEXT://${doors[1]}"
    export BOOTSTRAP=${doors[0]},${doors[1]}
}

setup()
{
    kit_setup
    the_network_is open
}

# Both partitions of each broker: so that each of the faults is met by both.
make_topic() { new_topic "$1" 1,2,1,2; }

@test "connections reset and refused" {
    make_topic refused
    survive refused refused
}

@test "a network that is frozen, with no end of a connection told" {
    make_topic frozen
    survive frozen frozen
}

@test "a network of 100 kB/s, which is no stall" {
    make_topic slow
    survive slow slow 100000
}

@test "connections reset in the midst of everything, again and again" {
    make_topic resets
    start_both resets
    for _ in 1 2 3 4 5 6; do
        go_on 0 1 2 3
        the_network_is reset
        the_network_is open
    done
    go_on 0 1 2 3
    expect_exact_files resets
}

@test "connections that are forgotten on the way are replaced after socket.timeout.ms, and both end within 5 s before" {
    local timeout=(-o kafka.socket.timeout.ms=3000)

    make_topic lost
    # librdkafka's default is a minute
    producer_start source -o 'topic lost.partitions=4' -o producer.interval=1ms -o simulator.stations=50 "${timeout[@]}"
    consumer_start sink "${keep[@]}" -o consumer.topic=lost -o consumer.checkpoint_interval=10ms "${timeout[@]}" 0-3
    go_on 0 1 2 3
    the_network_is lost
    wait_for 60 log_has sink 'timed out'
    go_on 0 1 2 3
    the_network_is open
    the_network_is lost
    within 5 stop source
    within 5 stop sink
    the_network_is open
    start_both lost
    go_on 0 1 2 3
    expect_exact_files lost
}

@test "a broker that answers all but one connection's fetches: a new client reads on, from all partitions" {
    make_topic mute
    consumer_start sink -o consumer.topic=mute -o consumer.stall_timeout=3s 0-3
    fill mute 20
    wait_for 30 offsets_are 200 partition-{0..3}.json
    the_network_is mute
    fill mute 20 -o simulator.start=2000-01-21
    wait_for 60 log_has sink 'mute partition [0-3]: the records from offset [0-9]+ to [0-9]+ have not come for 3 s .*going on with a new client'
    wait_for 30 offsets_are 400 partition-{0..3}.json
    within 5 stop sink
    (($(log_count sink 'going on with a new client') == 1))
    topic compare mute . --text
}
