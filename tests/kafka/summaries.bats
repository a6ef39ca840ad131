#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# summary_topic: after each checkpoint it has the stations that changed, and nothing that a crash could take back; at the
# end it has what the files have. The judge is tests/lib/summaries.py.
#
# WEATHERD_TEST_REPORTS and WEATHERD_TEST_KILLS make it longer: five million reports and twenty kills.

# shellcheck disable=SC2154 # kit_command is the kit's

load ../lib/kit

setup_file()
{
    requires java kcat jq
    export REPORTS=${WEATHERD_TEST_REPORTS:-5000000}
    export KILLS=${WEATHERD_TEST_KILLS:-20}
    export WEATHERD_TIMEOUT=300
    start_kafka
    fill temperatures $((REPORTS / 1000)) -o simulator.stations=1000
    # a station in all partitions
    fill mixed 500 -o 'topic mixed.key=month' -o simulator.stations=20 -o 'topic mixed.format=json'
    mkdir "$BATS_FILE_TMPDIR/straight"
    consumer -o "consumer.directory=$BATS_FILE_TMPDIR/straight" --until-end 0-3
}

summaries() # TOPIC DIRECTORY [OPTION...]
{
    helper summaries.py "$BOOTSTRAP" "$@"
}

summaries_are_behind_at_most() { summaries "$1" "$2" --behind; }

# The reports of a station's first DAYS days of a month.
days() # STATION MONTH DAYS [MEMBER]
{
    local day

    for ((day = 1; day <= $3; day++)); do
        printf '{"date": "2000-%02d-%02d", "station": "%s", "degrees": %d.5%s}\n' "$2" $day "$1" $day "${4:+, $4}"
    done
}

records() # TOPIC
{
    kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -f '%k %s\n'
}

records_are() # TOPIC NUMBER
{
    (($(records "$1" | wc -l) == $2))
}

@test "the topic is made, compacted, and at the end has all members of all stations as the files have them" {
    consumer -o consumer.summary_topic=plain --until-end 0-3
    summaries plain .
    run kafka tool topics --describe --topic plain
    expect_output 'cleanup.policy=compact'
    # what is there need not be sent again, by the files that say so
    before=$(records plain | wc -l)
    consumer -o consumer.summary_topic=plain --until-end 0-3
    records_are plain "$before"
    json_is .partition-0.summary "d['offset'] == $(json partition-0.json 'd["offset"]') and d['topic'] == 'plain'"
}

@test "fields have the order and the names that are asked for" {
    consumer -o consumer.topic=mixed -o consumer.summary_topic=named -o 'consumer.summary_fields=lastSeen=end id=station n=count' \
        --until-end 0-3
    summaries named . --fields 'lastSeen=end id=station n=count'
    before=$(records named | wc -l)
    # others are all sent again
    consumer -o consumer.topic=mixed -o consumer.summary_topic=named -o 'consumer.summary_fields=station max' --until-end 0-3
    records_are named $((before + 20))
    [[ $(records named | tail -n 20 | grep -c '{"station":"Station.","max":') == 20 ]]
}

@test "killed with -9 again and again at full speed, nothing on the topic is ahead of the files, and then it equals them" {
    local good

    work_in_memory
    new_topic killed 3 cleanup.policy=compact
    kit_daemon consumer -o consumer.summary_topic=killed -o consumer.checkpoint_interval=0 -o consumer.summary_interval=0
    helper killer.py --kills "$KILLS" --reference "$BATS_FILE_TMPDIR/straight" \
        --each "/usr/bin/python3 $kit_top/tests/lib/summaries.py $BOOTSTRAP killed . --behind" -- "${kit_command[@]}" >killer.log
    sed 's/^/# /' killer.log >&3
    grep ' stations in the files' killed.log | sed 's/^/# after a kill: /' | tail -n 3 >&3
    good=$(sed -n 's/.* \([0-9]*\) of them after progress.*/\1/p' killer.log)
    ((good * 10 >= KILLS * 7))
    # they had sent something
    (($(grep -c '^[1-9][0-9]* records' killed.log) * 10 >= KILLS * 7))

    consumer -o consumer.summary_topic=killed --until-end 0-3
    same_files "$BATS_FILE_TMPDIR/straight" .
    summaries killed . >found
    sed "s/^/# /" found >&3
}

@test "a station of several partitions is put together by the process that reads them all" {
    consumer -o consumer.topic=mixed -o consumer.summary_topic=together --until-end 0-3
    json_is partition-0.json "len(d) > 20 and d['StationA']['count'] < 500"
    [[ $(records together | tail -n 20 | grep -c '"count":500,') == 20 ]]
    summaries together .

    # and goes on to be, where one comes to a further partition while it runs
    new_topic roaming 2
    mkdir roaming
    days A 1 5 '"partition": 0' | topic send roaming
    consumer_start one -o consumer.topic=roaming -o consumer.directory=roaming -o consumer.summary_topic=roamed \
        -o consumer.summary_interval=10ms -o consumer.checkpoint_interval=10ms 0-1
    wait_for 20 grep -q '"count":5' <(wait_for 20 summaries roamed roaming && records roamed)
    days A 2 5 '"partition": 1' | topic send roaming
    wait_for 20 json_is roaming/partition-1.json 'd["offset"] == 5'
    wait_for 20 summaries roamed roaming
    days A 3 5 '"partition": 0' | topic send roaming
    wait_for 20 json_is roaming/partition-0.json 'd["offset"] == 10'
    wait_for 20 summaries roamed roaming
    [[ $(records roamed | tail -n 1) == *'"count":15,'* ]]
    stop one
}

@test "who reads only some partitions ends with 78 at the first record whose key is not its station, and counts none beyond" {
    run consumer -o consumer.topic=mixed -o consumer.summary_topic=parts --until-end 0-2
    expect_status 78
    expect_output "err: mixed partition [0-2]: the record's key \"[A-Z][a-z]*\" is not its station, \"Station.*of the topic's 4 only 3 are read here"
    if grep -q count partition-*.json; then return 1; fi
    if topic_exists parts; then [[ -z $(records parts) ]]; fi
    # behind what is right
    new_topic later 2
    mkdir later
    {
        days A 1 9 '"partition": 0, "key": "A"'
        days B 1 1 '"partition": 0, "key": "A"'
        days A 2 9 '"partition": 0, "key": "A"'
    } | topic send later
    for _ in 1 2; do
        run consumer -o consumer.topic=later -o consumer.directory=later -o consumer.summary_topic=later-parts --until-end 0
        expect_status 78
        expect_output 'later partition 0: the record.s key "A" is not its station, "B"'
        json_is later/partition-0.json 'd["offset"] == 9 and [*d] == ["offset", "A"]'
    done
    # all of them may have any key
    consumer -o consumer.topic=later -o consumer.directory=later -o consumer.summary_topic=later-parts --until-end 0-1
    summaries later-parts later
}

@test "who reads only some partitions sends what they have, where the keys are the stations" {
    consumer -o consumer.summary_topic=halves --until-end 0-1
    summaries halves . --behind
    consumer -o consumer.summary_topic=halves --until-end 2-3
    summaries halves .
}

@test "when the topic gets more partitions they are no longer all" {
    new_topic growing 1
    days A 1 5 '"key": "x"' | topic send growing
    consumer_start one -o consumer.topic=growing -o consumer.summary_topic=grown -o consumer.checkpoint_interval=10ms \
        -o consumer.stall_timeout=5s 0
    wait_for 20 json_is partition-0.json 'd["offset"] == 5'
    kafka tool topics --alter --topic growing --partitions 2
    wait_for 20 log_has one 'the topic had 1 partitions and has 2 now'
    days A 2 5 '"key": "x", "partition": 0' | topic send growing
    status=0
    await one || status=$?
    output=$(<"$(log_of one)")
    expect_status 78
    expect_output "growing partition 0: the record's key \"x\" is not its station, \"A\".*of the topic's 2 only 1"
    json_is partition-0.json 'd["offset"] == 5'
}

@test "a station is sent no more often than summary_interval says, and at the stop once more" {
    new_topic seldom 1
    days A 1 1 | topic send seldom
    consumer_start one -o consumer.topic=seldom -o consumer.summary_topic=seldom-sums -o consumer.summary_interval=1h \
        -o consumer.checkpoint_interval=10ms 0
    wait_for 20 summaries seldom-sums .
    for month in 2 3 4; do
        days A $month 1 | topic send seldom
        wait_for 20 json_is partition-0.json "d['A']['count'] == $month"
    done
    records_are seldom-sums 1
    stop one
    records_are seldom-sums 2
    summaries seldom-sums .

    # without checkpoints, it has them made; a reload takes it over
    printf '[consumer]\ntopic = seldom\nsummary_topic = seldom-sums\nsummary_interval = 1h\ncheckpoint_interval = 1h\n' >consumer.ini
    consumer_start two -c consumer.ini 0
    wait_for 20 log_has two 'reading from offset 4'
    days A 5 1 | topic send seldom
    sed -i 's/summary_interval = 1h/summary_interval = 10ms/' consumer.ini
    send_signal two HUP
    wait_for 20 log_has two 'settings'
    days A 6 1 | topic send seldom
    wait_for 20 summaries seldom-sums .
    json_is partition-0.json 'd["A"]["count"] == 6'
    kill9 two
}

# What a broker finds in its sockets when it thaws it takes, so only one that was killed has nothing of it.
@test "when the brokers are away the stop takes no more than 5 s, and what is missing is sent at the next start" {
    local back month=1

    new_topic away 1
    new_topic away-sums 1 cleanup.policy=compact
    days A 1 1 | topic send away
    consumer -o consumer.topic=away -o consumer.summary_topic=away-sums --until-end 0
    for back in thaw start; do
        consumer_start one -o consumer.topic=away -o consumer.summary_topic=away-sums -o consumer.summary_interval=1h \
            -o consumer.checkpoint_interval=10ms 0
        wait_for 20 log_has one 'reading from offset'
        # the first ones are sent at once, the others are left for the stop
        for _ in 1 2; do
            month=$((month + 1))
            days A $month 1 | topic send away
            wait_for 20 json_is partition-0.json "d['offset'] == $month"
            ((month % 2 == 1)) || wait_for 20 summaries away-sums .
        done
        if [[ $back == thaw ]]; then kafka freeze; else kafka kill; fi
        within 5 stop one
        log_has one 'away-sums .summary_topic. has not acknowledged 1 summaries; they are sent again at the next start'
        kafka "$back"
        wait_for 30 topic_exists away-sums
        consumer -o consumer.topic=away -o consumer.summary_topic=away-sums --until-end 0
        summaries away-sums .
    done
}

@test "a topic that is gone is made again, and a file that is spoilt means that all is sent again" {
    new_topic again 1
    days A 1 2 | topic send again
    consumer -o consumer.topic=again -o consumer.summary_topic=again-sums --until-end 0
    records_are again-sums 1
    topic remove again-sums
    consumer -o consumer.topic=again -o consumer.summary_topic=again-sums --until-end 0
    records_are again-sums 1
    for text in '' '{' '{"offset": 2}'; do
        echo "$text" >.partition-0.summary
        consumer -o consumer.topic=again -o consumer.summary_topic=again-sums --until-end 0
    done
    records_are again-sums 4
    rm .partition-0.summary
    consumer -o consumer.topic=again -o consumer.summary_topic=again-sums --until-end 0
    records_are again-sums 5
    consumer -o consumer.topic=again -o consumer.summary_topic=again-sums --until-end 0
    records_are again-sums 5
}

@test "a summary that is too large for the topic ends the consumer with 69, and the topic is named" {
    new_topic wide 1
    new_topic narrow 1 max.message.bytes=100
    days A 1 2 | topic send wide
    run consumer -o consumer.topic=wide -o consumer.summary_topic=narrow --until-end 0
    expect_status 69
    expect_output 'err: topic narrow .summary_topic. does not take a summary: .*too large'
    kafka tool configs --alter --topic narrow --add-config max.message.bytes=1000
    consumer -o consumer.topic=wide -o consumer.summary_topic=narrow --until-end 0
    summaries narrow .
}

@test "the metrics count what was acknowledged" {
    new_topic counted 1
    mkdir metrics
    days A 1 2 | topic send counted
    consumer_start one -o consumer.topic=counted -o consumer.summary_topic=counted-sums -o consumer.metrics_directory=metrics 0
    wait_for 20 grep -x 'weatherd_consumer_summaries_total{topic="counted",summary_topic="counted-sums",result="acknowledged"} 1' \
        metrics/weatherd-consumer-counted-0.prom
    stop one
}

@test "what can't be a summary_topic is a mistake" {
    run consumer -o consumer.topic=mixed -o consumer.summary_topic=mixed --check-config 0
    expect_status 78
    expect_output 'summary_topic is mixed, the topic that is read'
    run consumer -o consumer.summary_topic=mixed mixed:0
    expect_status 78
    run consumer -o consumer.summary_topic=sums -o consumer.invalid_topic=sums --check-config 0
    expect_status 78
    expect_output 'summary_topic is sums, the invalid_topic'
    run consumer -o consumer.summary_topic=sums -o consumer.layout=monthly --check-config 0
    expect_status 78
    expect_output 'summary_topic = sums goes with layout = flat or tagged'
    run consumer -o consumer.summary_topic=sums mixed:0 temperatures:0
    expect_status 78
    expect_output 'summary_topic of topic mixed is sums, as is that of topic temperatures; give it one of its own in \[topic mixed\]'
    run consumer -o 'topic mixed.summary_topic=temperatures' mixed:0 temperatures:0
    expect_status 78
    expect_output 'summary_topic of topic mixed is temperatures, which is read as well'
    run consumer -o consumer.summary_fields=average --check-config 0
    expect_status 78
    expect_output '"average" is none of station count'
}
