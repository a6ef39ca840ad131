#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What weatherd-producer writes to a real Kafka, looked at by clients that are not ours.

load ../lib/kit

setup_file()
{
    requires java kcat protoc jq
    start_kafka
}

# Reports of the topic as "partition station date degrees raining" in the order of stations and dates.
reports() # TOPIC
{
    topic dump "$1" | jq -r '[.partition, .station_id, .date, .degrees, .raining] | @tsv' | sort -k 2,3 -s
}

@test "a new topic temperatures gets 4 partitions, one replica and a report a day of each station" {
    producer -o producer.days=400 -o producer.interval=0
    kafka tool topics --describe --topic temperatures >described
    grep -E 'PartitionCount: 4[[:space:]]+ReplicationFactor: 1' described

    topic dump temperatures >dumped
    ((4000 == $(wc -l <dumped)))
    jq -es 'any(has("error"))' dumped && return 1
    # in each partition a station's dates follow each other without a gap
    jq -rs 'group_by(.station_id)[] | "\(.[0].station_id) \(length) \(map(.key) | unique | join(",")) \(map(.partition) | unique | length)"' \
        dumped >stations
    printf 'Station%s\n' A B C D E F G H I J | sed 's/.*/& 400 & 1/' >expected
    diff expected stations
    jq -rs 'group_by(.station_id)[] | map(.date) | join(" ")' dumped | uniq >dates
    for ((day = 0; day < 400; day++)); do
        echo "2000-01-01 + $day days"
    done | date -f - +%F | paste -sd ' ' >expected
    diff expected dates
    json_is producer.json 'd["days"] == 400 and d["reports"] == 0'
}

@test "each station lies where the clients in Python and in Java put its key" {
    local key

    fill here 3 -o simulator.stations=100
    topic dump here | jq -r '"\(.key) \(.partition)"' | sort -u >ours
    mapfile -t keys < <(cut -d ' ' -f 1 ours)
    ((${#keys[@]} == 100))

    topic place 4 "${keys[@]}" | sort >python
    diff ours python

    new_topic there
    for key in "${keys[@]}"; do
        echo "$key:x"
    done | kafka tool console-producer --topic there --property parse.key=true --property key.separator=:
    kcat -b "$BOOTSTRAP" -C -t there -o beginning -e -q -f '%k %p\n' | sort >java
    diff ours java
}

@test "stations A to O lie on 6 partitions where the contract says" {
    fill few 1 -o simulator.stations=15 -o simulator.station_prefix= -o 'topic few.partitions=6'
    topic dump few | jq -r '"\(.partition) \(.key)"' | sort | awk '{ s[$1] = s[$1] " " $2 } END { for (p in s) print p s[p] }' |
        sort >found
    printf '%s\n' '0 N' '1 E O' '2 F I J' '3 D G M' '4 A B C K L' '5 H' >expected
    diff expected found
}

@test "an existing topic with another number of partitions is refused, both numbers named" {
    new_topic other 3
    run producer -o 'topic other.partitions=4' -o producer.days=1
    expect_status 78
    expect_output 'topic other has 3 partitions.* 4'
    [[ ! -e producer.json ]]
    [[ -z $(topic dump other) ]]
}

@test "a replication that the cluster can't give is refused" {
    run producer -o 'topic three.replication_factor=3' -o producer.days=1
    expect_status 69
    expect_output 'topic three'
}

@test "a second run goes on where the first ended, and --fresh begins again" {
    producer -o 'topic runs.partitions=1' -o producer.days=10 -o producer.interval=0 -o simulator.stations=2
    producer -o 'topic runs.partitions=1' -o producer.days=5 -o producer.interval=0 -o simulator.stations=2
    topic dump runs | jq -r 'select(.station_id == "StationB").date' >dates
    printf '2000-01-%02d\n' {1..15} | diff - dates
    json_is producer.json 'd["days"] == 15 and d["reports"] == 0'

    producer -o 'topic runs.partitions=1' -o producer.days=1 -o producer.interval=0 -o simulator.stations=2 --fresh
    topic dump runs | jq -r 'select(.station_id == "StationB").date' | tail -n 1 | grep -x 2000-01-01
}

@test "the settings of another feed are refused beside a position of this one, and the position is kept" {
    producer -o 'topic feeds.partitions=1' -o producer.days=2 -o producer.interval=0
    cp producer.json before
    run producer -o 'topic feeds.partitions=1' -o producer.days=2 -o simulator.seed=2
    expect_status 65
    expect_output 'producer.json: "feed".*--fresh'
    cmp before producer.json
}

@test "the same seed gives the same reports, another seed others" {
    fill seed-a 200
    fill seed-b 200
    fill seed-c 200 -o simulator.seed=2
    reports seed-a >a
    reports seed-b >b
    reports seed-c >c
    ((2000 == $(wc -l <a)))
    cmp a b
    if cmp -s a c; then return 1; fi
}

@test "a run with kills in between sends the same reports, some of them twice, and no first one out of order" {
    local days

    fill whole 300 -o simulator.stations=20
    for _ in 1 2 3 4; do
        producer_start source -o 'topic parts.partitions=4' -o simulator.stations=20 -o producer.interval=1ms
        days=$(if [[ -e producer.json ]]; then json producer.json 'd["days"]'; else echo 0; fi)
        wait_for 20 json_is producer.json "d['days'] > $days + 10"
        kill9 source
    done
    days=$(json producer.json 'd["days"]')
    if ((days < 300)); then
        producer -o 'topic parts.partitions=4' -o simulator.stations=20 -o producer.interval=0 -o "producer.days=$((300 - days))"
    fi
    # the first of each, in the order of the topic, up to the last day of the run that was not disturbed
    topic dump parts | jq -r 'select(.date <= "2000-10-26") | [.partition, .station_id, .date, .degrees, .raining] | @tsv' |
        awk '!seen[$0]++' >parts.tsv
    topic dump whole | jq -r '[.partition, .station_id, .date, .degrees, .raining] | @tsv' >whole.tsv
    ((6000 == $(wc -l <whole.tsv)))
    diff <(sort -s -k 1,2 parts.tsv) <(sort -s -k 1,2 whole.tsv)
}

@test "reports of several topics go to each of them" {
    producer -o 'topic one.partitions=2' -o 'topic two.partitions=3' -o producer.days=20 -o producer.interval=0
    topic dump one | jq -r '[.station_id, .date, .degrees] | @tsv' | sort >one.tsv
    topic dump two | jq -r '[.station_id, .date, .degrees] | @tsv' | sort >two.tsv
    ((200 == $(wc -l <one.tsv)))
    cmp one.tsv two.tsv
}

@test "the interval is kept: a day's reports, then a pause" {
    producer_start source -o 'topic slow.partitions=1' -o producer.interval=1h -o simulator.stations=3
    wait_for 10 json_is producer.json 'd["days"] == 1'
    within 5 stop source
    ((3 == $(topic dump slow | wc -l)))
}

@test "rain says yes on some days, never in frost, and is left out when asked" {
    fill rainy 365 -o simulator.model=seasonal
    topic dump rainy >dumped
    jq -es 'map(select(.raining)) | length > 100' dumped
    jq -es 'map(select(.raining and .degrees < 32)) | length == 0' dumped
    jq -es 'map(has("raining")) | all' dumped
    fill dry 10 -o simulator.rain=no
    topic dump dry | jq -es 'map(has("raining")) | any | not'
}
