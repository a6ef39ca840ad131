#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# examples/events: the first and the last time of each user, from a topic to a topic. The judge is tests/lib/events.py.
#
# WEATHERD_TEST_EVENTS=1000000 WEATHERD_TEST_USERS=100000 WEATHERD_TEST_KILLS=50 is its long form.

# shellcheck disable=SC2154 # kit_top is the kit's

load ../lib/kit

setup_file()
{
    requires java kcat
    export WEATHERD_TIMEOUT=300
    start_kafka
}

@test "the example's nine events of three users are three summaries" {
    local command

    weatherd-producer() { producer "$@" -o "producer.directory=$BATS_TEST_TMPDIR"; }
    weatherd-consumer() { consumer "$@" -o "consumer.directory=$BATS_TEST_TMPDIR"; }
    kcat() { command kcat -b "$BOOTSTRAP" "${@:3}"; }
    cd "$kit_top"
    while read -r command; do
        eval "${command#\$ }" >"$BATS_TEST_TMPDIR/output"
    done < <(grep -oE '^    \$ .*' examples/events/README.md | sed 's/^ *//')
    cd "$BATS_TEST_TMPDIR"
    helper events.py "$BOOTSTRAP" input_topic output_topic >figures
    grep -x '9 events of 3 users, .*' figures
    # of a user there may be more than one, if records came after the first checkpoint
    (($(jq -r .userId output | sort -u | wc -l) == 3))
}

# As the example's README shows it.
event() # MESSAGE-ID TIMESTAMP
{
    printf '%s\t{"userId":"j11288090","visitorId":"jas8v98171","type":"Event","metadata":{"messageId":"%s","sentAt":%d,"timestamp":%d,"receivedAt":0,"apiKey":"apikey1","spaceId":"space1","version":"v1"},"event":"Played Movie","eventData":{"MovieID":"MIM4ddd4"}}\n' \
        "$1" "$1" "$2" "$2"
}

@test "the user of the example's README was first and last seen when it says" {
    new_topic sample 4
    { event a 1534384000 && event b 1534382478 && event c 1534386588 && event d 1534382500; } |
        kcat -b "$BOOTSTRAP" -P -t sample -K '	'
    consumer -c "$kit_top/examples/events/consumer.ini" -o consumer.topic=sample -o consumer.summary_topic=sample-out --until-end
    kcat -b "$BOOTSTRAP" -C -t sample-out -o beginning -e -q -f '%k %s\n' | tail -n 1 >last
    [[ $(<last) == 'j11288090 {"userId":"j11288090","firstSeen":1534382478,"lastSeen":1534386588}' ]]
    grep -qF "$(cut -d ' ' -f 2 last)" "$kit_top/examples/events/README.md"
}

@test "killed again and again, the consumer leaves for each user the first and the last time" {
    local events=${WEATHERD_TEST_EVENTS:-300000} users=${WEATHERD_TEST_USERS:-6000} kills=${WEATHERD_TEST_KILLS:-20} good
    local many=(-c "$kit_top/examples/events/consumer.ini" -o consumer.topic=many)

    work_in_memory
    producer -c "$kit_top/examples/events/producer.ini" -o producer.interval=0 -o "events.users=$users" \
        -o "events.events=$((events / users))" -o 'topic many.format=json' -o 'topic many.partitions=4'
    mkdir straight
    consumer "${many[@]}" -o consumer.directory=straight -o consumer.summary_topic=many-straight --until-end

    kit_daemon consumer "${many[@]}" -o consumer.summary_topic=many-killed -o consumer.checkpoint_interval=0 \
        -o consumer.summary_interval=0
    # shellcheck disable=SC2154 # set by kit_daemon
    helper killer.py --all --kills "$kills" --reference straight -- "${kit_command[@]}" >killer.log
    sed 's/^/# /' killer.log >&3
    good=$(sed -n 's/.* \([0-9]*\) of them after progress.*/\1/p' killer.log)
    ((good * 10 >= kills * 7))
    consumer "${many[@]}" -o consumer.summary_topic=many-killed --until-end
    same_files straight .
    for topic in many-straight many-killed; do
        helper events.py "$BOOTSTRAP" many $topic >figures
        sed "s/^/# $topic: /" figures >&3
    done
}
