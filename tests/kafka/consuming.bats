#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What weatherd-consumer makes of a topic on a real Kafka, and that an independent client makes the same of it.

load ../lib/kit

setup_file()
{
    requires java kcat protoc
    start_kafka
    # what most tests read and none adds to
    fill temperatures 400
}

# The contract's shape, with the simulator's ten stations from 2000-01-01 to 2001-02-03.
have_the_shape() # FILE...
{
    local file

    for file in "$@"; do
        json_is "$file" 'list(d)[0] == "offset" and type(d["offset"]) is int'
        json_is "$file" 'all(list(s) == ["count", "sum", "avg", "start", "end", "min", "min_date", "max", "max_date"]
            for k, s in d.items() if k != "offset")'
        json_is "$file" 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1 == 400
            for k, s in d.items() if k != "offset")'
        json_is "$file" 'all(s["start"] == "2000-01-01" and s["end"] == "2001-02-03"
            for k, s in d.items() if k != "offset")'
        json_is "$file" 'd["offset"] == sum(s["count"] for k, s in d.items() if k != "offset")'
    done
}

@test "two consumers with two partitions each keep four files that an independent client agrees with to the last bit" {
    consumer --until-end 0 2
    have_the_shape partition-0.json partition-2.json
    [[ ! -e partition-1.json && ! -e partition-3.json ]]

    consumer --until-end 1 3
    have_the_shape partition-{0..3}.json
    ((4000 == $(offsets partition-*.json)))
    topic compare temperatures . --text
}

@test "each station is in one file" {
    consumer --until-end 0-3
    jq -r 'keys[] | select(. != "offset")' partition-*.json | sort >found
    printf 'Station%s\n' A B C D E F G H I J >expected
    diff expected found
}

@test "a run without new records leaves the files as they are" {
    consumer --until-end 0-3
    mkdir before
    cp partition-*.json before
    consumer --until-end 0-3
    same_files before .
}

@test "a second run adds the records that have come meanwhile and no others" {
    fill growing 30 -o producer.directory=.
    consumer -o consumer.topic=growing --until-end 0-3
    ((300 == $(offsets partition-*.json)))
    fill growing 30 -o producer.directory=.
    consumer -o consumer.topic=growing --until-end 0-3
    ((600 == $(offsets partition-*.json)))
    topic compare growing . --text
}

@test "at the end of the topic everything is on disk, however long the checkpoint interval is" {
    consumer -o consumer.checkpoint_interval=1h --until-end 0-3
    topic compare temperatures . --text
}

@test "the files are the same whether partitions are read together, apart, by one process or by four" {
    mkdir together apart
    consumer -o consumer.directory=together --until-end 0-3
    consumer_start zero -o consumer.directory=apart 0
    consumer_start one -o consumer.directory=apart 1
    consumer_start two -o consumer.directory=apart 2
    consumer_start three -o consumer.directory=apart 3
    wait_for 20 same_files together apart
    stop zero && stop one && stop two && stop three
    same_files together apart
}

@test "a topic that is read while it is written ends up the same as one read afterwards" {
    new_topic live
    consumer_start first -o consumer.topic=live -o consumer.checkpoint_interval=0 0-1
    consumer_start second -o consumer.topic=live 2 3
    fill live 400 -o producer.interval=2ms -o simulator.stations=50
    wait_for 20 offsets_are 20000 partition-{0..3}.json
    stop first
    stop second
    topic compare live . --text
}

@test "SIGTERM in the middle of a topic ends within 5 s with a checkpoint that is true of all before its offset" {
    new_topic middle
    producer_start source -o 'topic middle.partitions=4' -o producer.interval=1ms -o simulator.stations=100
    consumer_start sink -o consumer.topic=middle -o consumer.checkpoint_interval=1h 0-3
    wait_for 20 json_is producer.json 'd["days"] > 200'
    wait_for 20 log_has sink 'reading from offset 0'
    within 5 stop sink
    ((0 < $(offsets partition-*.json)))
    topic compare middle . --prefix --text

    within 5 stop source
    consumer -o consumer.topic=middle --until-end 0-3
    topic compare middle . --text
}

@test "the files are written at first contact, however long the checkpoint interval is" {
    new_topic empty 2
    consumer_start one -o consumer.topic=empty -o consumer.checkpoint_interval=8000h 0-1
    wait_for 10 json_is partition-0.json 'd == {"offset": 0}'
    wait_for 10 json_is partition-1.json 'd == {"offset": 0}'
    stop one
}

@test "ids of any script, quotes and backslashes come out as valid JSON" {
    new_topic names 1
    cat >lines <<'EOF'
{"date": "2000-01-01", "station": "München-Süd", "degrees": 1.5}
{"date": "2000-01-01", "station": "東京", "degrees": -0.1}
{"date": "2000-01-01", "station": "\"quoted\" \\ back", "degrees": 1e300}
{"date": "2000-01-01", "station": "🌦", "degrees": 4.9e-324}
{"date": "2000-02-29", "station": "{\"offset\": 7}", "degrees": 0}
EOF
    topic send names <lines
    consumer -o consumer.topic=names --until-end 0
    topic compare names . --text
}

@test "a retry's report is dropped, and so is one of an earlier date; with keep both are counted" {
    new_topic again 1
    cat >lines <<'EOF'
{"date": "2000-01-01", "station": "A", "degrees": 1}
{"date": "2000-01-02", "station": "A", "degrees": 2}
{"date": "2000-01-02", "station": "A", "degrees": 2}
{"date": "2000-01-01", "station": "A", "degrees": 1}
{"date": "2000-01-01", "station": "B", "degrees": 8}
{"date": "2000-01-03", "station": "A", "degrees": 3}
EOF
    topic send again <lines
    consumer -o consumer.topic=again --until-end 0
    topic compare again . --text
    json_is partition-0.json 'd["A"]["count"] == 3 and d["B"]["count"] == 1'

    mkdir keep
    consumer -o consumer.topic=again -o consumer.directory=keep -o consumer.duplicates=keep -o consumer.late=keep --until-end 0
    json_is keep/partition-0.json 'd["A"]["count"] == 5 and d["A"]["sum"] == 9'
}

@test "a partition that is not there keeps --until-end waiting, and the others are read" {
    consumer_start all --until-end 0 4
    wait_for 20 json_is partition-0.json 'd["offset"] > 0'
    wait_for 20 log_has all 'topic temperatures has 4 partitions, so there is no partition 4'
    running all
    within 5 stop all
    [[ ! -e partition-4.json ]]
    topic compare temperatures . --partitions 0 --text
}

@test "several topics are read by one process, each in its own directory" {
    fill second 50
    consumer --until-end 0-3 second:0-3
    topic compare temperatures . --text
    topic compare second second --text
}

# Reports of station A for days of January 2000, as tests/lib/flood.c wants them.
january() # FIRST LAST
{
    /usr/bin/python3 -c '
import struct, sys
for day in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
    value = b"{\"date\":\"2000-01-%02d\",\"station\":\"A\",\"degrees\":%d}" % (day, day)
    sys.stdout.buffer.write(struct.pack("<iiiiq", 0, 1, len(value), 0, 0) + b"A" + value)' "$@"
}

ends_at() # TOPIC OFFSET
{
    [[ $(kcat -b "$BOOTSTRAP" -Q -X isolation.level=read_uncommitted -t "$1:0:-1") == *" offset $2" ]]
}

@test "records of aborted transactions are none, those of an open one are not yet, and neither is a stall" {
    new_topic ledger 1
    january 1 5 | flood ledger commit
    january 6 9 | flood ledger abort
    consumer -o consumer.topic=ledger --until-end 0
    json_is partition-0.json 'd["A"]["count"] == 5 and d["offset"] == 5'

    start_ear
    consumer_start sink -o consumer.topic=ledger -o consumer.stall_timeout=1s -o consumer.checkpoint_interval=0 0
    january 6 9 | flood ledger abort
    pass_beats 7
    # 5 records and 4 and 4, and three markers
    ends_at ledger 16
    mkfifo open
    flood ledger commit <open >written &
    exec 7>open
    january 6 8 >&7
    wait_for 20 ends_at ledger 19
    pass_beats 7
    json_is partition-0.json 'd["A"]["count"] == 5 and d["offset"] == 5'
    exec 7>&-
    wait_for 20 json_is partition-0.json 'd["A"]["count"] == 8 and d["offset"] == 19'
    if log_has sink 'have not come|warning'; then return 1; fi
    within 5 stop sink
    topic compare ledger . --text
}
