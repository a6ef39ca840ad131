#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What those see who watch the consumer: its file of figures, and its group. Both must agree with the topic, whose judge
# is tests/lib/topic.py, and with the rules of those who read them.

load ../lib/kit

setup_file()
{
    requires java kcat protoc promtool
    start_kafka
}

setup()
{
    kit_setup
    mkdir metrics
}

# A value by its name and labels, as it stands in the file.
figure_is() # FILE NAME{LABELS} VALUE
{
    [[ $(awk -v key="$2" '$1 == key { print $2 }' "$1") == "$3" ]]
}

# All partitions of the file are behind the last record, and nothing follows.
figures_are_at_end() # FILE RECORDS
{
    awk -v records="$2" '/^weatherd_consumer_records_total/ { sum += $2 } /^weatherd_consumer_lag/ { lag += $2; n++ }
        END { exit sum != records || lag != 0 || n == 0 }' "$1"
}

# Duplicates, late ones, invalid ones and tombstones behind each other.
send_medley() # TOPIC
{
    local day

    fill "$1" 50 -o simulator.duplicate_rate=0.1
    fill "$1" 10 -o simulator.start=2000-01-20
    for day in 1 2 3; do
        echo "{\"raw\": \"no report\", \"key\": \"StationA\"}"
        echo "{\"raw\": null, \"key\": \"StationC\"}"
        echo "{\"date\": \"2010-01-0$day\", \"station\": \"StationB\", \"degrees\": 1, \"timestamp\": 1500000000123}"
    done | topic send "$1"
}

@test "Prometheus' own tool takes the file, its figures agree with the topic, and SIGTERM removes it" {
    local file=metrics/weatherd-consumer-medley-0-3.prom records

    new_topic medley
    send_medley medley
    records=$(kcat -b "$BOOTSTRAP" -C -t medley -o beginning -e -q -f '%S\n' | grep -c -v -- -1)
    consumer_start one -o consumer.topic=medley -o consumer.metrics_directory=metrics 0-3
    wait_for 20 figures_are_at_end "$file" "$records"
    promtool_takes "$file"
    cp "$file" figures
    within 5 stop one
    [[ -z $(ls -A metrics) ]]
    topic compare medley . --text --metrics figures
    topic statistics medley >counts
    json_is counts 'all(sum(c[result] for c in d["counts"].values()) >= 3 for result in ("counted", "duplicate", "late", "invalid"))'
    grep -x 'weatherd_config_last_reload_successful{process="weatherd-consumer-medley-0-3"} 1' figures
}

@test "the figures of a process are its own: after a restart they count from 0, and the offset does not" {
    local file=metrics/weatherd-consumer-restart-0-3.prom

    new_topic restart
    fill restart 20
    consumer -o consumer.topic=restart --until-end 0-3
    consumer_start one -o consumer.topic=restart -o consumer.metrics_directory=metrics 0-3
    wait_for 20 figure_is "$file" 'weatherd_consumer_lag{topic="restart",partition="3"}' 0
    figures_are_at_end "$file" 0
    figure_is "$file" 'weatherd_consumer_offset{topic="restart",partition="0"}' "$(json partition-0.json 'd["offset"]')"
    figure_is "$file" 'weatherd_stations{topic="restart",partition="0"}' "$(json partition-0.json 'len(d) - 1')"
    kill9 one
    # what a crash leaves behind is replaced, not mistaken
    consumer_start one -o consumer.topic=restart -o consumer.metrics_directory=metrics 0-3
    fill restart 20 -o simulator.start=2000-01-21
    wait_for 20 figures_are_at_end "$file" 200
    stop one
    [[ -z $(ls -A metrics) ]]
}

@test "behind the marker of a transaction the lag is 0" {
    local file=metrics/weatherd-consumer-transactions-0.prom

    new_topic transactions 1
    for day in {1..9}; do echo "{\"date\":\"2000-01-0$day\",\"station\":\"A\",\"degrees\":$day}"; done >payloads
    kafka tool producer-perf-test --topic transactions --num-records 1000 --throughput -1 --payload-file payloads \
        --transactional-id weather --transaction-duration-ms 10
    consumer_start one -o consumer.topic=transactions -o consumer.metrics_directory=metrics 0
    wait_for 20 figures_are_at_end "$file" 1000
    cp "$file" figures
    stop one
    topic compare transactions . --text --metrics figures
    # there are markers between the records, and behind them
    json_is partition-0.json 'd["offset"] > 1000'
    kafka tool get-offsets --topic transactions | awk -F : -v offset="$(json partition-0.json 'd["offset"]')" \
        '{ exit $3 != offset + 1 }'
    # --until-end sees the end behind the marker, too
    consumer -o consumer.topic=transactions --until-end 0
}

@test "a monthly file has one station" {
    local file=metrics/weatherd-consumer-months-0-3.prom

    fill months 70 -o simulator.stations=1 -o 'topic months.key=month'
    consumer_start one -o consumer.topic=months -o consumer.layout=monthly -o consumer.metrics_directory=metrics 0-3
    wait_for 20 figures_are_at_end "$file" 70
    cp "$file" figures
    stop one
    topic compare months . --layout monthly --text --metrics figures
    ((3 >= $(grep -c 'weatherd_stations.* 1$' figures)))
}

@test "whoever reads the file while it is replaced under load reads it as a whole" {
    new_topic busy
    producer_start source -o 'topic busy.partitions=4' -o producer.interval=1ms -o simulator.stations=100
    consumer_start one -o consumer.topic=busy -o consumer.metrics_directory=metrics -o consumer.checkpoint_interval=10ms 0-3
    helper figures.py watch metrics/weatherd-consumer-busy-0-3.prom 5
    stop source
    stop one
    [[ -z $(ls -A metrics) ]]
}

@test "the files of several consumers may lie in one directory" {
    fill shared 5
    fill second 5
    export RUNTIME_DIRECTORY=$PWD/metrics
    consumer_start one -o consumer.topic=shared 0 2
    consumer_start two -o consumer.topic=shared 1
    consumer_start three -o consumer.topic=shared 3 second:0-3
    wait_for 20 offsets_are 50 partition-{0..3}.json
    wait_for 20 figures_are_at_end metrics/weatherd-consumer-shared-1.prom "$(offsets partition-1.json)"
    wait_for 20 figures_are_at_end metrics/weatherd-consumer-shared-3+second-0-3.prom $(($(offsets partition-3.json) + 50))
    ((3 == $(find metrics -name '*.prom' | wc -l)))
    helper figures.py together metrics
    for file in metrics/*.prom; do promtool_takes "$file"; done
    stop two
    ((2 == $(find metrics -name '*.prom' | wc -l)))
    stop one && stop three
}

@test "a topic's name of 249 bytes is none too long, for the consumer, its directory or the figures" {
    local name

    name=$(printf 'x%.0s' {1..249})
    fill "$name" 5
    consumer_start one -o consumer.metrics_directory=metrics "$name:0-1"
    consumer_start two -o consumer.metrics_directory=metrics "$name:2-3"
    wait_for 20 offsets_are 50 "$name"/partition-{0..3}.json
    wait_for 20 two_files_in_metrics
    helper figures.py together metrics
    for file in metrics/*.prom; do promtool_takes "$file"; done
    stop one && stop two
    [[ -z $(ls -A metrics) ]]
    topic compare "$name" "$name" --text
}

two_files_in_metrics()
{
    ((2 == $(find metrics -name 'weatherd-consumer-xxx*.prom' | wc -l)))
}

# ---- the group

# "PARTITION OFFSET LAG" of a topic, a line each.
group_says() # GROUP TOPIC
{
    kafka tool consumer-groups --describe --group "$1" | awk -v topic="$2" '$2 == topic { print $3, $4, $6 }' | sort
}

@test "the group weatherd is told the offsets of the files" {
    local number

    new_topic told
    fill told 20
    consumer -o consumer.topic=told --until-end 0-3
    for number in 0 1 2 3; do
        echo "$number $(json "partition-$number.json" 'd["offset"]') 0"
    done >expected
    group_says weatherd told >said
    diff expected said
}

@test "with commit = no the group hears nothing" {
    fill untold 5
    consumer -o consumer.topic=untold -o consumer.commit=no -o kafka.group.id=silent --until-end 0-3
    [[ -z $(group_says silent untold) ]]
    offsets_are 50 partition-{0..3}.json
}

@test "a group with a member of its own refuses: one warning, no more commits, and the reports are counted" {
    new_topic crowded 1
    start member /usr/bin/python3 -c '
import sys
from kafka import KafkaConsumer
consumer = KafkaConsumer("crowded", bootstrap_servers=sys.argv[1], group_id="taken", enable_auto_commit=False)
while True:
    consumer.poll(timeout_ms=100)
    if consumer.assignment():
        print("joined", flush=True)' "$BOOTSTRAP"
    wait_for 30 test -s .kit/member.out
    consumer_start one -o consumer.topic=crowded -o kafka.group.id=taken -o consumer.checkpoint_interval=0 0
    fill crowded 5 -o 'topic crowded.partitions=1'
    wait_for 20 json_is partition-0.json 'd["offset"] == 50'
    wait_for 20 log_has one 'warning: the group taken does not take offsets: '
    fill crowded 5 -o 'topic crowded.partitions=1' -o simulator.start=2000-01-06
    wait_for 20 json_is partition-0.json 'd["offset"] == 100'
    stop one
    ((1 == $(log_count one 'does not take offsets')))
    topic compare crowded . --text
    [[ $(group_says taken crowded | cut -d ' ' -f 2) == - ]]
    kill9 member
}

@test "a file that is missing is missed when the group knows of an offset" {
    fill missed 5 -o 'topic missed.partitions=1'
    consumer -o consumer.topic=missed -o kafka.group.id=memory --until-end 0
    cp partition-0.json before
    rm partition-0.json .partition-0.source
    run consumer -o consumer.topic=missed -o kafka.group.id=memory --until-end 0
    expect_status 0
    expect_output 'warning: missed partition 0: there was no ./partition-0.json, but the group memory says that offset 50 had been'
    cmp before partition-0.json
    # with the file there it is not asked
    run consumer -o consumer.topic=missed -o kafka.group.id=memory --until-end 0
    if grep warning <<<"$output"; then return 1; fi
    # nor is a group that knows nothing a reason to warn
    rm partition-0.json .partition-0.source
    run consumer -o consumer.topic=missed -o kafka.group.id=nobody --until-end 0
    if grep warning <<<"$output"; then return 1; fi
}

# ---- lost records

@test "records lost to retention end the consumer with 65, or are a gap that is told and counted" {
    local file=metrics/weatherd-consumer-gap-0.prom

    fill gap 20 -o 'topic gap.partitions=1'
    consumer -o consumer.topic=gap --until-end 0
    fill gap 20 -o 'topic gap.partitions=1' -o simulator.start=2000-01-21
    delete_records gap 0 250
    cp partition-0.json before
    run consumer -o consumer.topic=gap --until-end 0
    expect_status 65
    expect_output 'gap partition 0: .*from offset 200 to 249 \(50 of them\).*start once with -o consumer.on_lost_offset=earliest'
    cmp before partition-0.json

    consumer_start one -o consumer.topic=gap -o consumer.on_lost_offset=earliest -o consumer.metrics_directory=metrics 0
    wait_for 20 json_is partition-0.json 'd["offset"] == 400'
    log_has one 'warning: gap partition 0: .*from offset 200 to 249 \(50 of them\), .*going on at offset 250'
    wait_for 20 figure_is "$file" 'weatherd_consumer_lag{topic="gap",partition="0"}' 0
    figure_is "$file" 'weatherd_consumer_lost_records_total{topic="gap",partition="0"}' 50
    promtool_takes "$file"
    stop one
    json_is partition-0.json 'all(s["count"] == 35 for k, s in d.items() if k != "offset")'

    # what comes after it is verified as ever
    run consumer -o consumer.topic=gap --until-end 0
    expect_status 0
    if grep warning <<<"$output"; then return 1; fi
}
