#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What weatherd-producer makes of its topics: formats, keys, properties, and when it deletes one.

load ../lib/kit

setup_file()
{
    requires java kcat protoc jq promtool
    start_kafka
}

# 'STATION DATE DEGREES RAINING' of each record, whatever its format and partition.
reports() # TOPIC [OPTION...]
{
    topic dump "$@" | jq -r '[.station_id, .date, .degrees, .raining] | @tsv' | sort
}

describe() # TOPIC
{
    kafka tool topics --describe --topic "$1"
}

topic_id() # TOPIC
{
    describe "$1" | grep -oE 'TopicId: [^[:space:]]+'
}

# Something that is not the producer's, to be seen again or not.
send_foreign() # TOPIC
{
    topic send "$1" <<<'{"date": "1999-01-01", "station": "Foreign", "degrees": 1}'
}

has_foreign() # TOPIC
{
    topic dump "$1" | jq -r .station_id | grep -x Foreign
}

fast=(-o producer.interval=0 -o producer.days=10)

@test "each topic has the same reports in its own format under its own key" {
    local month

    producer -o producer.interval=0 -o producer.days=366 -o simulator.stations=12 -o 'topic plain.partitions=4' \
        -o 'topic swapped.schema=station_report' -o 'topic swapped.key=month' -o 'topic swapped.partitions=5' \
        -o 'topic text.format=json' -o 'topic text.key=partition' -o 'topic text.partitions=6'
    reports plain >plain.tsv
    reports swapped --schema station_report >swapped.tsv
    reports text >text.tsv
    ((12 * 366 == $(wc -l <plain.tsv)))
    cmp plain.tsv swapped.tsv
    cmp plain.tsv text.tsv

    # a station's id, and it lies where the client in Python puts it
    topic dump plain | jq -e 'select(.key != .station_id)' && return 1
    topic dump plain | jq -r '"\(.key) \(.partition)"' | sort -u >found
    mapfile -t keys < <(cut -d ' ' -f 1 found)
    ((${#keys[@]} == 12))
    topic place 4 "${keys[@]}" | sort | diff - found

    # the month's name, likewise
    topic dump swapped --schema station_report >dumped
    jq -e 'select(.key != (.date | strptime("%Y-%m-%d") | strftime("%B")))' dumped && return 1
    jq -r '"\(.key) \(.partition)"' dumped | sort -u >found
    mapfile -t keys < <(for month in {1..12}; do LC_ALL=C date -d "2000-$month-01" +%B; done)
    topic place 5 "${keys[@]}" | sort | diff - found

    # the partition's number, where the station's id would lie
    topic dump text >dumped
    jq -e 'select(.key != (.partition | tostring))' dumped && return 1
    jq -r '"\(.station_id) \(.partition)"' dumped | sort -u >found
    mapfile -t keys < <(cut -d ' ' -f 1 found)
    ((${#keys[@]} == 12))
    topic place 6 "${keys[@]}" | sort | diff - found
}

@test "records of protobuf are not those of the other schema, and JSON has only one" {
    producer "${fast[@]}" -o 'topic first.format=protobuf' -o 'topic second.schema=station_report' \
        -o 'topic third.format=json' -o 'topic third.schema=station_report'
    topic dump first --schema station_report | jq -e 'select(has("error") | not)' && return 1
    topic dump second | jq -e 'select(has("error") | not)' && return 1
    [[ $(reports third) == "$(reports first)" ]]
}

@test "JSON has exactly the contract's form" {
    local rain

    # shellcheck disable=SC1003 # a backslash is meant
    for rain in yes no; do
        producer "${fast[@]}" --fresh -o producer.days=100 -o "simulator.rain=$rain" -o 'simulator.station_prefix=Zü"r\' \
            -o "topic proto-$rain.partitions=1" -o "topic json-$rain.partitions=1" -o "topic json-$rain.format=json"
        topic dump "proto-$rain" >dumped
        # shellcheck disable=SC2016 # Python's
        /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    report = json.loads(line)
    station = report["station_id"].replace("\\", "\\\\").replace("\"", "\\\"")
    raining = ",\"raining\":%d" % report["raining"] if "raining" in report else ""
    print("{\"date\":\"%s\",\"station\":\"%s\",\"degrees\":%.15g%s}" % (report["date"], station, report["degrees"], raining))
' <dumped >expected
        ((1000 == $(wc -l <expected)))
        kcat -b "$BOOTSTRAP" -C -t "json-$rain" -o beginning -e -q -f '%s\n' | diff expected -
    done
    grep -F '{"date":"2000-01-01","station":"Zü\"r\\A","degrees":' expected
}

@test "properties arrive when a topic is made, and those of one that exists are never changed" {
    producer "${fast[@]}" -o 'topic tuned.config.retention.ms=3600000' -o 'topic tuned.config.cleanup.policy=compact,delete'
    kafka tool configs --describe --entity-type topics --entity-name tuned >described
    grep -F 'retention.ms=3600000 ' described
    grep -F 'cleanup.policy=compact,delete ' described
    producer "${fast[@]}" -o 'topic tuned.config.retention.ms=7200000' -o 'topic tuned.config.segment.bytes=1048576'
    kafka tool configs --describe --entity-type topics --entity-name tuned | diff described -
}

@test "a property that the broker does not take ends the run with 78, topic and reason named, and nothing is deleted" {
    run producer "${fast[@]}" -o 'topic odd.config.nonsense=1'
    expect_status 78
    expect_output 'err: topic odd can.t be made: .*nonsense.*\[topic odd\] config'

    new_topic precious
    send_foreign precious
    run producer "${fast[@]}" -o 'topic precious.if_exists=recreate' -o 'topic precious.config.retention.ms=soon'
    expect_status 78
    expect_output 'err: topic precious can.t be made: .*soon'
    run producer "${fast[@]}" -o 'topic precious.if_exists=recreate' -o 'topic odd.config.retention.ms=soon'
    expect_status 78
    expect_output 'err: topic odd can.t be made: .*soon'
    has_foreign precious
    [[ ! -e producer.json ]]
    kafka tool topics --list | grep -E 'odd|never-made' && return 1

    run producer --check-config -o 'topic odd.config.=1'
    expect_status 78
    expect_output '"config." in \[topic odd\]'
}

@test "an existing topic with another number of partitions is refused before another is deleted" {
    new_topic three 3
    new_topic emptied
    send_foreign emptied
    run producer "${fast[@]}" -o 'topic emptied.if_exists=recreate' -o 'topic three.partitions=4'
    expect_status 78
    expect_output 'topic three has 3 partitions.* 4'
    has_foreign emptied
    [[ ! -e producer.json ]]
}

@test "recreate deletes what was there, whatever its partitions, and a restart goes on" {
    new_topic again 3
    send_foreign again
    run producer "${fast[@]}" -o 'topic again.if_exists=recreate'
    expect_status 0
    expect_output 'notice: topic again is deleted'
    describe again | grep 'PartitionCount: 4'
    topic_id again >id
    ((100 == $(reports again | wc -l)))
    json_is producer.json 'd["topics"] == ["again"] and d["days"] == 10'

    run producer "${fast[@]}" -o 'topic again.if_exists=recreate'
    expect_status 0
    [[ $output != *deleted* ]]
    topic_id again | diff id -
    ((200 == $(reports again | wc -l)))
    json_is producer.json 'd["topics"] == ["again"] and d["days"] == 20'
}

@test "recreate of a topic that is not there makes it, and says nothing of a deletion" {
    run producer "${fast[@]}" -o 'topic newest.if_exists=recreate'
    expect_status 0
    [[ $output != *deleted* ]]
    ((100 == $(reports newest | wc -l)))
}

@test "a producer killed in the midst keeps its topic and goes on, and --fresh begins again" {
    local days

    new_topic kept
    send_foreign kept
    producer_start source -o 'topic kept.if_exists=recreate' -o producer.interval=2ms
    wait_for 20 json_is producer.json 'd["days"] > 20'
    kill9 source
    topic_id kept >id
    topic dump kept >before
    days=$(json producer.json 'd["days"]')

    producer_start source -o 'topic kept.if_exists=recreate' -o producer.interval=2ms
    wait_for 20 json_is producer.json "d['days'] > $days + 20"
    kill9 source
    topic_id kept | diff id -
    topic dump kept >after
    # what was there is there, in its place
    ((20 < $(wc -l <before)))
    jq -r '"\(.partition) \(.offset) \(.key) \(.date) \(.timestamp)"' before | sort >before.tsv
    jq -r '"\(.partition) \(.offset) \(.key) \(.date) \(.timestamp)"' after | sort >after.tsv
    [[ -z $(comm -23 before.tsv after.tsv) ]]
    log_has source 'going on after'
    (($(log_count source 'is deleted') == 1))

    run producer "${fast[@]}" -o 'topic kept.if_exists=recreate' --fresh
    expect_status 0
    expect_output 'topic kept is deleted'
    reports kept | cut -f 2 | sort -u >dates
    printf '2000-01-%02d\n' {1..10} | diff - dates
    json_is producer.json 'd["days"] == 10'
}

# A life of the producer in $command, killed after so many milliseconds.
live() # MILLISECONDS
{
    timeout -s KILL "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))" "${command[@]}" >>lives.log 2>&1 ||
        (($? == 137))
}

@test "killed at any moment until the first report it is never stuck, and never deletes one of its own" {
    local life command

    kit_daemon producer -o 'topic hunted.if_exists=recreate' -o 'topic hunted.partitions=2' -o producer.interval=10ms
    # shellcheck disable=SC2154 # the kit's
    command=("${kit_command[@]}")
    for ((life = 0; life < 60; life++)); do
        # each life finds a topic that is not its own, and may come further than the one before
        new_topic hunted 2 2>/dev/null || true
        send_foreign hunted
        live $((life * 80 + RANDOM % 80))
        [[ ! -e producer.json ]] || break
        # nothing was sent that no position covers
        if reports hunted 2>/dev/null | grep -v '^Foreign'; then return 1; fi
    done
    ((life > 3))
    (($(grep -c 'topic hunted is deleted' lives.log) > 3))
    topic_id hunted >id
    for _ in 1 2 3 4 5 6 7 8; do
        live $((RANDOM % 300))
    done
    producer "${fast[@]}" -o 'topic hunted.if_exists=recreate' -o 'topic hunted.partitions=2'
    topic_id hunted | diff id -
    has_foreign hunted && return 1
    # each station's dates, the first of each, without a gap
    topic dump hunted | jq -r 'select(.station_id == "StationC").date' | awk '!seen[$0]++' >dates
    (($(wc -l <dates) >= $(json producer.json 'd["days"]')))
    seq -f '2000-01-01 + %g days' 0 "$(($(wc -l <dates) - 1))" | date -f - +%F | diff - dates
}

@test "a new client after a change of credentials takes --fresh for done" {
    local pid

    echo first >password
    printf '[producer]\ninterval = 2ms\n[topic renewed]\nif_exists = recreate\n[kafka]\nsasl.password = @%s/password\n' \
        "$PWD" >own.ini
    producer "${fast[@]}" -o 'topic renewed.partitions=4'
    producer_start source -c own.ini --fresh
    wait_for 20 json_is producer.json 'd["days"] > 50'
    topic_id renewed >id
    pid=$(pid_of source)
    echo second >password
    send_signal source HUP
    wait_for 10 log_has source 'credentials .*going on with a new client'
    wait_for 10 log_has source 'going on after [1-9]'
    wait_for 20 json_is producer.json 'd["days"] > 800'
    [[ $(pid_of source) == "$pid" ]]
    stop source
    topic_id renewed | diff id -
    (($(log_count source 'topic renewed is deleted') == 1))
    (($(log_count source 'is forgotten') == 1))
    topic dump renewed | jq -r 'select(.station_id == "StationC").date' | awk '!seen[$0]++' >dates
    seq -f '2000-01-01 + %g days' 0 "$(($(wc -l <dates) - 1))" | date -f - +%F | diff - dates
    (($(wc -l <dates) > 800))
}

@test "a topic that is added later is deleted if its settings say so, those that are covered are not" {
    producer "${fast[@]}" -o 'topic old.if_exists=recreate'
    topic_id old >id
    new_topic late
    send_foreign late
    run producer "${fast[@]}" -o 'topic old.if_exists=recreate' -o 'topic late.if_exists=recreate'
    expect_status 0
    expect_output 'topic late is deleted'
    [[ $output != *'topic old is deleted'* ]]
    topic_id old | diff id -
    ((200 == $(reports old | wc -l)))
    ((100 == $(reports late | wc -l)))
    json_is producer.json 'd["topics"] == ["old", "late"]'

    # one that is taken out of the settings and comes back is still covered
    producer "${fast[@]}" -o 'topic old.if_exists=recreate'
    json_is producer.json 'd["topics"] == ["old", "late"]'
    run producer "${fast[@]}" -o 'topic old.if_exists=recreate' -o 'topic late.if_exists=recreate'
    expect_status 0
    [[ $output != *'is deleted'* ]]
    ((200 == $(reports late | wc -l)))
}

@test "a producer.json of an earlier version, without a list, covers all topics" {
    producer "${fast[@]}" -o 'topic legacy.partitions=4'
    json producer.json '{k: d[k] for k in ("feed", "days", "reports")}' >without
    mv without producer.json
    run producer "${fast[@]}" -o 'topic legacy.if_exists=recreate'
    expect_status 0
    [[ $output != *'is deleted'* ]]
    ((200 == $(reports legacy | wc -l)))
    json_is producer.json 'd["topics"] == ["legacy"]'
}

@test "as long as producer.json can't be written, nothing is sent to a new topic" {
    mkdir .producer.json.tmp
    producer_start source -o 'topic unwritten.if_exists=recreate' -o producer.interval=0 -o producer.days=10
    wait_for 10 log_has source "producer.json: can't be replaced.*sending stands still"
    [[ -z $(reports unwritten) ]]
    rmdir .producer.json.tmp
    await source
    log_has source 'producer.json can be written again'
    ((100 == $(reports unwritten | wc -l)))
}

@test "a producer.json that --fresh can't remove ends the run with 74, and nothing is deleted" {
    new_topic spared
    send_foreign spared
    mkdir producer.json
    run producer "${fast[@]}" -o 'topic spared.if_exists=recreate' --fresh
    expect_status 74
    expect_output "producer.json: can't be removed"
    has_foreign spared
}

@test "a cluster that deletes no topics ends the run with 69, topic and reason named" {
    start_kafka delete.topic.enable=false
    new_topic lasting
    run producer "${fast[@]}" -o 'topic lasting.if_exists=recreate'
    expect_status 69
    expect_output "err: topic lasting can't be deleted: .*if_exists = keep"
    [[ ! -e producer.json ]]
    kafka stop
}

@test "a topic may have a name of 249 bytes" {
    local long

    long=$(printf 'x%.0s' {1..249})
    mkdir run
    producer_start source -o "topic $long.if_exists=recreate" -o "topic $long.key=partition" \
        -o "topic $long.format=json" -o producer.interval=1ms -o producer.metrics_directory=run
    wait_for 20 json_is producer.json 'd["days"] > 20'
    wait_for 5 grep -E "^weatherd_producer_reports_total\{topic=\"$long\",result=\"acknowledged\"\} [1-9]" -r run
    stop source
    json_is producer.json "d['topics'] == ['$long']"
    topic dump "$long" | jq -e 'select(has("error"))' && return 1
    ((200 < $(reports "$long" | wc -l)))

    run producer "${fast[@]}" -o "topic $long.partitions=3"
    expect_status 78
    expect_output "topic $long has 4 partitions, \[topic $long\] partitions says 3"
    run producer "${fast[@]}" -o "topic x$long.partitions=3"
    expect_status 78
}

@test "the metrics say what was acknowledged, and are gone when it has stopped" {
    local prom='run/weatherd-producer-measured+other.prom'

    mkdir run
    printf '[producer]\ninterval = 1h\nmetrics_directory = run\n[topic measured]\n[topic other]\n' >own.ini
    producer_start source -c own.ini
    wait_for 10 grep -xF 'weatherd_producer_reports_total{topic="measured",result="acknowledged"} 10' "$prom"
    grep -xF 'weatherd_producer_reports_total{topic="other",result="acknowledged"} 10' "$prom"
    grep -xF 'weatherd_producer_reports_total{topic="other",result="failed"} 0' "$prom"
    grep -xE 'weatherd_producer_queue\{process="weatherd-producer-measured\+other"\} [0-9]+' "$prom"
    grep -xE 'weatherd_build_info\{.*\} 1' "$prom"
    grep -E '^weatherd_kafka_throttle_seconds_total.* 0$' "$prom"
    grep -E '^weatherd_config_last_reload_successful.* 1$' "$prom"
    promtool_takes "$prom"

    echo nonsense >>own.ini
    send_signal source HUP
    wait_for 10 grep -E '^weatherd_config_last_reload_successful.* 0$' "$prom"
    sed -i '/nonsense/d' own.ini
    send_signal source HUP
    wait_for 10 grep -E '^weatherd_config_last_reload_successful.* 1$' "$prom"
    stop source
    [[ -z $(ls -A run) ]]
}

@test "a directory of the metrics that is not there ends the run with 73, and without one there are none" {
    run producer "${fast[@]}" -o producer.metrics_directory=nowhere -o 'topic unmeasured.partitions=1'
    expect_status 73
    expect_output 'nowhere'
    mkdir run
    RUNTIME_DIRECTORY=$PWD/run producer_start source -o 'topic unmeasured.partitions=1'
    wait_for 10 test -e run/weatherd-producer-unmeasured.prom
    stop source
    producer "${fast[@]}" -o 'topic unmeasured.partitions=1'
    [[ -z $(find . -name '*.prom') ]]
}
