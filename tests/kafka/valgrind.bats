#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The daemons among librdkafka's threads, under a tool that knows of every byte whether it was set and may be read:
# also of those that librdkafka hands over, which the sanitizers don't see.

load ../lib/kit

setup_file()
{
    requires java valgrind kcat
    start_kafka
}

# With the C library in front of mimalloc, so that all malloc() is the one that valgrind replaces.
setup()
{
    kit_setup
    # shellcheck disable=SC2034 # the kit's
    kit_under=(env LD_PRELOAD=libc.so.6 valgrind --quiet --error-exitcode=99)
    export WEATHERD_TIMEOUT=300
}

# Nothing but the daemon's own lines.
is_clean() # NAME
{
    ! log_has "$1" '^==[0-9]+=='
}

@test "through reports of both forms, bad ones, a reload, a checkpoint on demand and a stop" {
    new_topic stations 3
    new_topic bad 1
    cat >producer.ini <<EOF_INI
[producer]
interval = 5ms
[topic stations]
partitions = 3
EOF_INI
    producer_start source -c producer.ini
    printf '[topic stations]\ninvalid_topic = bad\n' >consumer.ini
    consumer_start sink -c consumer.ini -o consumer.topic=stations -o consumer.checkpoint_interval=0 0-2
    printf '{"date":"2000-01-01","station":"J","degrees":31.5}\n{"date":"2000-02-30"}\nnonsense\n' |
        kcat -P -b "$BOOTSTRAP" -t stations -p 1
    wait_for 120 log_has sink 'invalid'
    wait_for 120 json_is partition-1.json '"J" in d and d["offset"] > 50'
    send_signal source HUP
    send_signal sink HUP
    send_signal sink USR1
    wait_for 60 log_has sink 'reload'
    stop source 60
    stop sink 60
    is_clean source
    is_clean sink
}

@test "through a start on spoilt files, and on good ones" {
    new_topic again 1
    producer -o 'topic again.partitions=1' -o producer.days=20 -o producer.interval=0 2>first.log
    consumer -o consumer.topic=again --until-end 0 2>second.log
    consumer -o consumer.topic=again --until-end 0 2>third.log
    spoils partition-0.json
    sed -i 's/"count": 20/"count": -3/' partition-0.json
    run consumer -o consumer.topic=again 0
    expect_status 65
    run grep -E '^==[0-9]+==' first.log second.log third.log
    expect_status 1
}
