#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Brokers and topics that are not there yet, or not any more for a while; and signals at any time.

load ../lib/kit

setup()
{
    kit_setup
    requires java kcat protoc
}

# The broker is known and not there; tests start it when they please.
setup_file()
{
    requires java
    start_kafka
    kafka stop
}

@test "without a broker both daemons are ready, say so, and end within 5 s of SIGTERM with 0" {
    consumer_start sink 0-3
    producer_start source -o producer.days=10
    wait_for 10 log_has sink 'no broker can be reached'
    wait_for 10 log_has source 'no broker can be reached'
    within 5 stop sink
    within 5 stop source
    [[ ! -e partition-0.json ]]
}

@test "work begins when the broker comes, and goes on when it comes back" {
    consumer_start sink -o consumer.topic=waited -o consumer.checkpoint_interval=0 0-3
    producer_start source -o 'topic waited.partitions=4' -o producer.interval=5ms
    wait_for 10 log_has sink 'no broker can be reached'
    kafka start
    wait_for 60 json_is partition-0.json 'd["offset"] > 20'
    log_has sink 'connected again'

    kafka stop
    before=$(json partition-0.json 'd["offset"]')
    kafka start
    wait_for 60 json_is partition-0.json "d['offset'] > $before + 20"
    # and a broker that dies without a word
    kafka kill
    before=$(json partition-0.json 'd["offset"]')
    kafka start
    wait_for 60 json_is partition-0.json "d['offset'] > $before + 20"

    within 5 stop source
    within 5 stop sink
    consumer -o consumer.topic=waited --until-end 0-3
    topic compare waited . --text
    days=$(json producer.json 'd["days"]')
    json_is partition-0.json "all(s['count'] in ($days, $days + 1) and s['count'] == (date(s['end']) - date(s['start'])).days + 1
        for k, s in d.items() if k != 'offset')"
}

@test "with a frozen broker both daemons end within 5 s of SIGTERM with 0" {
    kafka start
    consumer_start sink -o consumer.topic=frozen -o consumer.checkpoint_interval=0 0-3
    producer_start source -o 'topic frozen.partitions=4' -o producer.interval=1ms
    wait_for 60 json_is partition-0.json 'd["offset"] > 20'
    kafka freeze
    within 5 stop sink
    within 5 stop source
    kafka thaw
    # what was on its way is sent again or was never acknowledged: no day is missing
    producer -o 'topic frozen.partitions=4' -o producer.interval=0 -o producer.days=10
    consumer -o consumer.topic=frozen --until-end 0-3
    topic compare frozen . --text
    json_is partition-0.json 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1 for k, s in d.items() if k != "offset")'
}

@test "an unknown topic is waited for, reported, never made, and read when it appears" {
    kafka start
    consumer_start sink -o consumer.topic=later 0-3
    wait_for 15 log_has sink 'warning: .*topic later does not exist yet; waiting for it'
    ((1 == $(log_count sink 'waiting for it')))
    kcat -b "$BOOTSTRAP" -L -J | jq -e '[.topics[].topic] | index("later") == null'
    within 5 stop sink
    [[ ! -e partition-0.json ]]

    consumer_start sink -o consumer.topic=later -o consumer.checkpoint_interval=0 0-3
    fill later 10
    wait_for 30 offsets_are 100 partition-{0..3}.json
    stop sink
    topic compare later . --text
}

@test "SIGUSR1 writes a checkpoint now" {
    kafka start
    new_topic usr1 1
    consumer_start sink -o consumer.topic=usr1 -o consumer.checkpoint_interval=1h 0
    fill usr1 10 -o 'topic usr1.partitions=1'
    wait_for 20 log_has sink 'reading from offset 0'
    checkpoint() { send_signal sink USR1 && json_is partition-0.json 'd["offset"] == 100'; }
    wait_for 20 checkpoint
    kill9 sink
    topic compare usr1 . --text
}

@test "SIGHUP puts new settings in force, names those that need a restart, and a broken file changes nothing" {
    kafka start
    new_topic hup 1
    cat >consumer.ini <<EOF
[consumer]
topic = hup
checkpoint_interval = 1h
EOF
    consumer_start sink -c consumer.ini 0
    wait_for 20 log_has sink 'reading from offset 0'

    echo 'checkpoint_intervall = 1s' >>consumer.ini
    send_signal sink HUP
    wait_for 5 log_has sink 'consumer.ini:4: .*checkpoint_intervall.*did you mean "checkpoint_interval"'
    wait_for 5 log_has sink 'the settings stay as they were'
    running sink

    cat >consumer.ini <<EOF
[consumer]
topic = elsewhere
checkpoint_interval = 10ms
[log]
level = debug
EOF
    send_signal sink HUP
    wait_for 5 log_has sink 'settings reloaded from consumer.ini'
    log_has sink '\[consumer\] topic is elsewhere now, which takes effect with a restart'
    fill hup 10 -o 'topic hup.partitions=1'
    wait_for 20 json_is partition-0.json 'd["offset"] == 100'
    within 5 stop sink
    topic compare hup . --text
}

@test "the producer takes SIGHUP, and the new interval is in force at once, also amid a pause" {
    kafka start
    printf '[producer]\ninterval = 1h\n[topic pace]\npartitions = 1\n' >producer.ini
    producer_start source -c producer.ini
    wait_for 20 json_is producer.json 'd["days"] == 1'
    printf '[producer]\ninterval = 1ms\n[topic pace]\npartitions = 1\n' >producer.ini
    send_signal source HUP
    wait_for 5 log_has source 'settings reloaded'
    wait_for 20 json_is producer.json 'd["days"] > 50'
    within 5 stop source
}
