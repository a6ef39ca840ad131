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

    kafka-topics.sh() { kafka tool topics "${@:3}"; }
    weatherd-consumer() { consumer "$@"; }
    kcat() { command kcat -b "$BOOTSTRAP" "${@:3}"; }
    cd "$kit_top"
    while read -r command; do
        command=${command/ -c/ -o consumer.directory=$BATS_TEST_TMPDIR -c}
        eval "${command#\$ }" >"$BATS_TEST_TMPDIR/output"
    done < <(grep -oE '^    \$ .*' examples/events/README.md | sed 's/^ *//')
    cd "$BATS_TEST_TMPDIR"
    helper events.py check "$BOOTSTRAP" input_topic output_topic
    grep -xF '{"userId":"j11288090","firstSeen":1534382478,"lastSeen":1534386588}' output
    (($(sort -u output | wc -l) == 3))
    grep -qF '{"userId":"j11288090","firstSeen":1534382478,"lastSeen":1534386588}' "$kit_top/examples/events/README.md"
}

many() # ARGUMENT...
{
    consumer -c "$kit_top/examples/events/consumer.ini" -o consumer.topic=many "$@"
}

@test "killed again and again while events come, the consumer leaves for each user the first and the last time" {
    local events=${WEATHERD_TEST_EVENTS:-100000} users=${WEATHERD_TEST_USERS:-10000} kills=${WEATHERD_TEST_KILLS:-10}
    local kill before=0 after good=0 seed=$RANDOM

    echo "# seed $seed" >&3
    RANDOM=$seed
    new_topic many 4
    for ((kill = 0; kill < kills; kill++)); do
        helper events.py make $((events / kills)) "$users" $((kill * (events / kills))) | flood many
        consumer_start one -c "$kit_top/examples/events/consumer.ini" -o consumer.topic=many -o consumer.directory=. \
            -o consumer.summary_topic=many-killed -o consumer.checkpoint_interval=0 -o consumer.summary_interval=0
        sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
        kill9 one
        after=$(cat partition-*.json 2>/dev/null | awk '/"offset"/ { sum += $2 } END { print sum + 0 }')
        good=$((good + (after > before)))
        before=$after
    done
    echo "# killed $kills times, $good of them after progress; $before of $events events were safe then" >&3
    ((good * 2 > kills))

    many -o consumer.directory=. -o consumer.summary_topic=many-killed --until-end
    helper events.py check "$BOOTSTRAP" many many-killed | sed 's/^/# killed: /' >&3
    ((PIPESTATUS[0] == 0))
    mkdir straight
    many -o consumer.directory=straight -o consumer.summary_topic=many-straight --until-end
    same_files straight .
    helper events.py check "$BOOTSTRAP" many many-straight | sed 's/^/# undisturbed: /' >&3
    ((PIPESTATUS[0] == 0))
}
