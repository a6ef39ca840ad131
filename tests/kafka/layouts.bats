#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The layouts tagged and monthly, on what our producer and others write, through crashes of both daemons; and that a file
# of one layout is not taken for one of another.

load ../lib/kit

setup_file()
{
    requires java kcat protoc
    start_kafka
}

# ---- tagged

# Where Java's and Python's clients put the stations.
expected_places="A 4 B 4 C 4 D 3 E 1 F 2 G 3 H 5 I 2 J 2 K 4 L 4 M 3 N 0 O 1"

# The stations that the files of six partitions have, in the same form.
places_in() # DIRECTORY
{
    /usr/bin/python3 -c 'import json, sys
print(*sorted(f"{name} {number}" for number in range(6) for name in json.load(open(f"{sys.argv[1]}/partition-{number}.json"))
    if name not in ("partition", "offset")))' "$1"
}

# The files without their offsets.
same_statistics() # DIRECTORY DIRECTORY
{
    local number

    for number in 0 1 2 3 4 5; do
        diff <(grep -v '"offset"' "$1/partition-$number.json") <(grep -v '"offset"' "$2/partition-$number.json")
    done
}

start_consumers() # INTERVAL
{
    local list topic

    for topic in stations stations-json; do
        for list in 0-1 2-3 4-5; do
            consumer_start "$topic-$list" -c consumer.ini -o "consumer.checkpoint_interval=$1" "$topic:$list"
        done
    done
}

for_each_consumer() # COMMAND
{
    local list topic

    for topic in stations stations-json; do
        for list in 0-1 2-3 4-5; do
            "$1" "$topic-$list" || return
        done
    done
}

# All have begun and none is done.
are_in_the_midst()
{
    local file

    for file in {stations,stations-json}/partition-{0..5}.json; do
        json_is "$file" 'd["offset"] > 50' || return
    done
}

# Reports from a Python client in three forms; they are retries of the newest first, then new ones.
send_from_python()
{
    local station

    for station in A D E F H N; do
        echo "{\"date\": \"2030-01-01\", \"station\": \"$station\", \"degrees\": 1.5, \"raining\": 1}"
    done >reports
    topic send stations <reports
    topic send stations-json --json <reports
    sed -i s/2030/2031/ reports
    topic send stations --framed <reports
    topic send stations-json --framed --json <reports
    # the forms may be mixed as well
    sed -i s/2031/2032/ reports
    topic send stations --json <reports
    topic send stations-json <reports
}

@test "six tagged files for each of two topics, in protobuf and JSON, through kills of the producer and the consumers" {
    cat >producer.ini <<'EOF'
[producer]
interval = 3ms
days = 600
[simulator]
stations = 15
station_prefix =
rain = yes
duplicate_rate = 0.05
[topic stations]
partitions = 6
[topic stations-json]
partitions = 6
format = json
EOF
    cat >consumer.ini <<'EOF'
[consumer]
topic = none
layout = tagged
[topic stations]
directory = stations
[topic stations-json]
directory = stations-json
EOF
    mkdir stations stations-json
    # without an end, so that it is at work when it is killed, however long the consumers take
    producer_start source -c producer.ini -o producer.days=0 -o producer.interval=10ms
    start_consumers 0
    wait_for 60 are_in_the_midst
    kill9 source
    for_each_consumer kill9
    topic compare stations stations --layout tagged --prefix --text

    # what was acknowledged and not yet in producer.json is sent again: duplicates and late ones
    producer_start source -c producer.ini
    start_consumers 10ms
    await source 120
    for topic in stations stations-json; do
        kcat -b "$BOOTSTRAP" -C -t $topic -o beginning -e -q -f '%p\n' >records
        (($(wc -l <records) > 600 * 15))
        wait_for 60 offsets_of_topic_are "$(wc -l <records)" $topic
    done
    for_each_consumer stop
    topic compare stations stations --layout tagged --text --format protobuf
    topic compare stations-json stations-json --layout tagged --text --format json

    [[ $(places_in stations) == "$expected_places" ]]
    [[ $(places_in stations-json) == "$expected_places" ]]
    same_statistics stations stations-json
    # the second producer went on where the first was killed: no day is missing, none is twice
    for number in 0 1 2 3 4 5; do
        json_is "stations/partition-$number.json" "list(d)[:2] == ['partition', 'offset'] and d['partition'] == $number"
        json_is "stations/partition-$number.json" 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1 >= 600
            for k, s in d.items() if k not in ("partition", "offset"))'
    done
    topic statistics stations >counts
    json_is counts 'sum(c["duplicate"] for c in d["counts"].values()) > 100 and all(c["invalid"] == 0 for c in d["counts"].values())'

    send_from_python
    consumer -c consumer.ini --until-end stations:0-5 stations-json:0-5
    topic compare stations stations --layout tagged --text
    topic compare stations-json stations-json --layout tagged --text
    [[ $(places_in stations) == "$expected_places" ]]
    same_statistics stations stations-json
    json_is stations/partition-4.json 'd["A"]["end"] == "2032-01-01" and d["B"]["end"] < "2030"'
    json_is stations-json/partition-0.json 'd["N"]["count"] >= 603'
}

offsets_of_topic_are() # NUMBER DIRECTORY
{
    (($(cat "$2"/partition-{0..5}.json | awk '/"offset"/ { sum += $2 } END { print sum + 0 }') == $1))
}

# ---- monthly

monthly_producer="[producer]
interval = 2ms
[simulator]
stations = 1
station_prefix = Only
start = 1999-11-01"

# The days of each month and year that the files have, those of a year that is not complete left out.
every_month_is_complete() # FIRST-YEAR LAST-YEAR FILE...
{
    /usr/bin/python3 -c 'import calendar, json, sys
first, last = map(int, sys.argv[1:3])
found = {}
for path in sys.argv[3:]:
    document = json.load(open(path))
    assert list(document)[:2] == ["partition", "offset"], path
    for month, years in list(document.items())[2:]:
        assert month not in found, month
        found[month] = {int(year): statistics["count"] for year, statistics in years.items()}
assert set(found) == set(list(calendar.month_name)[1:]), found
for number, month in enumerate(calendar.month_name):
    for year in range(first, last + 1) if month else ():
        assert found[month][year] == calendar.monthrange(year, number)[1], (month, year, found[month])
assert found["February"][2000] == 29 and found["February"][2001] == 28' "$@"
}

@test "a month's reports lie in one partition; monthly files are right through SIGINT, and complete at the end" {
    local file

    printf '%s\n[topic months]\npartitions = 3\nkey = month\n' "$monthly_producer" >producer.ini
    # 1999-11-01 to 2002-12-31
    producer_start source -c producer.ini -o producer.days=1157 -o producer.interval=10ms
    consumer_start sink -o consumer.topic=months -o consumer.layout=monthly -o consumer.checkpoint_interval=0 0-2
    wait_for 60 json_is partition-0.json 'd["offset"] > 30'
    send_signal sink INT
    within 5 await sink
    log_has sink 'Interrupt: stopping'
    topic compare months . --layout monthly --prefix --text
    (($(offsets_from_third_line partition-{0..2}.json) < 1157))

    consumer_start sink -o consumer.topic=months -o consumer.layout=monthly 0-2
    await source 60
    wait_for 60 offsets_of_three_are 1157
    send_signal sink INT
    within 5 await sink
    topic compare months . --layout monthly --text
    every_month_is_complete 2000 2002 partition-{0..2}.json
    # where other clients put a month's name
    topic place 3 January February March April May June July August September October November December |
        while read -r month number; do json_is "partition-$number.json" "'$month' in d"; done
    json_is .partition-0.source 'd["station"] == "OnlyA"'
}

offsets_from_third_line() # FILE...
{
    awk 'FNR == 3 { sum += $2 } END { print sum + 0 }' "$@"
}

offsets_of_three_are() # NUMBER
{
    (($(offsets_from_third_line partition-{0..2}.json) == $1))
}

@test "reports without an id are of the one station; late ones and duplicates are judged within their month" {
    new_topic nameless 1
    cat >lines <<'EOF'
{"date": "2000-01-30", "degrees": 1, "key": "January"}
{"date": "2000-01-31", "degrees": 2.5, "key": "January"}
{"date": "2000-02-01", "degrees": 3, "key": "February"}
{"date": "2000-01-31", "degrees": 9, "key": "January"}
{"date": "2000-01-29", "degrees": 9, "key": "January"}
{"date": "2000-02-02", "degrees": -3, "key": "February"}
{"date": "1999-12-31", "degrees": 4, "key": "December"}
{"date": "2001-01-01", "degrees": 5, "key": "January"}
{"date": "2000-02-02", "station": "A", "degrees": 5, "key": "February"}
{"date": "2000-02-03", "station": "A", "degrees": 5, "key": "February"}
{"date": "2000-02-04", "station": "B", "degrees": 5, "key": "February"}
{"date": "2000-02-05", "degrees": 5, "key": "February"}
EOF
    topic send nameless --json <lines
    run consumer -o consumer.topic=nameless -o consumer.layout=monthly --until-end 0
    expect_status 0
    expect_output 'stopped after 12 records: 8 counted, 2 duplicate, 1 late, 1 invalid'
    expect_output 'offset 10: invalid record skipped: .*"B" beside those of "A": layout = monthly is for one station'
    topic compare nameless . --layout monthly --text
    # in other layouts an id is needed
    mkdir flat
    run consumer -o consumer.topic=nameless -o consumer.directory=flat --until-end 0
    expect_output 'stopped after 12 records: .* 9 invalid'
    topic compare nameless flat --text

    mkdir keep
    consumer -o consumer.topic=nameless -o consumer.layout=monthly -o consumer.directory=keep -o consumer.duplicates=keep \
        -o consumer.late=keep --until-end 0
    json_is keep/partition-0.json 'd["January"]["2000"]["count"] == 4 and d["January"]["2000"]["start"] == "2000-01-29"'
}

@test "the one station is remembered beside the file: a second one's record is invalid after a kill, too" {
    new_topic single 1
    consumer_start one -o consumer.topic=single -o consumer.layout=monthly 0
    for day in 01 02; do echo "{\"date\": \"2000-01-$day\", \"station\": \"A\", \"degrees\": 1}"; done | topic send single
    wait_for 20 json_is partition-0.json 'd["offset"] == 2'
    kill9 one
    json_is .partition-0.source 'd["station"] == "A"'
    printf '%s\n' '{"date": "2000-02-01", "station": "B", "degrees": 2}' '{"date": "2000-02-01", "station": "A", "degrees": 3}' |
        topic send single
    run consumer -o consumer.topic=single -o consumer.layout=monthly --until-end 0
    expect_output 'offset 2: invalid record skipped: .*"B" beside those of "A"'
    expect_output '1 counted, 0 duplicate, 0 late, 1 invalid'
    topic compare single . --layout monthly --text
}

@test "a station called offset or partition is no station in any layout" {
    local layout

    new_topic reserved 1
    printf '%s\n' '{"date": "2000-01-01", "station": "offset", "degrees": 2}' \
        '{"date": "2000-01-01", "station": "partition", "degrees": 3}' | topic send reserved
    for layout in flat tagged monthly; do
        mkdir "$layout"
        run consumer -o consumer.topic=reserved -o "consumer.layout=$layout" -o "consumer.directory=$layout" --until-end 0
        expect_output 'stopped after 2 records: 0 counted, 0 duplicate, 0 late, 2 invalid'
        topic compare reserved "$layout" --layout "$layout" --text
    done
}

@test "a monthly file that is moved away lets another station begin" {
    new_topic first 1
    topic send first <<<'{"date": "2000-01-01", "station": "A", "degrees": 1}'
    consumer -o consumer.topic=first -o consumer.layout=monthly --until-end 0
    topic send first <<<'{"date": "2000-01-02", "station": "B", "degrees": 1}'
    rm partition-0.json
    # retention has taken the one's reports, and only the other's are there
    delete_records first 0 1
    consumer -o consumer.topic=first -o consumer.layout=monthly --until-end 0
    json_is partition-0.json 'd["January"]["2000"]["count"] == 1'
    topic compare first . --layout monthly --text
}

@test "a file of one layout is refused under another with 65, untouched, and the way out is named" {
    local from to

    fill shapes 40 -o 'topic shapes.partitions=1' -o simulator.stations=1
    for from in flat tagged monthly; do
        mkdir "$from"
        consumer -o consumer.topic=shapes -o "consumer.layout=$from" -o "consumer.directory=$from" --until-end 0
        topic compare shapes "$from" --layout "$from" --text
    done
    for from in flat tagged monthly; do
        for to in flat tagged monthly; do
            [[ $from != "$to" ]] || continue
            cp "$from/partition-0.json" before
            run consumer -o consumer.topic=shapes -o "consumer.layout=$to" -o "consumer.directory=$from" --until-end 0
            expect_status 65
            expect_output "$from/partition-0.json: "
            expect_output 'set that; restore the file, or move it away'
            cmp before "$from/partition-0.json"
        done
    done
    run consumer -o consumer.topic=shapes -o consumer.layout=flat -o consumer.directory=tagged --until-end 0
    expect_output 'written with layout = tagged or monthly; set that'
    run consumer -o consumer.topic=shapes -o consumer.layout=tagged -o consumer.directory=flat --until-end 0
    expect_output 'written with layout = flat; set that'
    run consumer -o consumer.topic=shapes -o consumer.layout=monthly -o consumer.directory=tagged --until-end 0
    expect_output 'written with layout = flat or tagged, set that'
    run consumer -o consumer.topic=shapes -o consumer.layout=tagged -o consumer.directory=monthly --until-end 0
    expect_output 'written with layout = monthly, set that'
}

@test "StationReport is read as other clients write it, and not taken for a Report" {
    new_topic other 2
    cat >lines <<'EOF'
{"date": "2000-01-01", "station": "A", "degrees": 1.5, "raining": 1}
{"date": "2000-01-02", "station": "A", "degrees": -2.25}
{"date": "2000-01-01", "station": "Nürnberg", "degrees": 0}
EOF
    topic send other --schema station_report <lines
    sed -i s/2000/2001/ lines
    topic send other --schema station_report --framed <lines
    consumer -o consumer.topic=other -o consumer.schema=station_report --until-end 0-1
    topic compare other . --schema station_report --text
    topic statistics other --schema station_report >counts
    json_is counts 'sum(c["counted"] for c in d["counts"].values()) == 6'

    mkdir report
    consumer -o consumer.topic=other -o consumer.directory=report --until-end 0-1
    topic compare other report --text
    topic statistics other >counts
    json_is counts 'sum(c["counted"] for c in d["counts"].values()) == 0'
}

@test "of framed records those of pinned schemas are taken, and the message names the other" {
    new_topic pinned 1
    topic send pinned --framed <<<'{"date": "2000-01-01", "station": "A", "degrees": 1}'
    topic send pinned --framed --json <<<'{"date": "2000-01-02", "station": "A", "degrees": 1}'
    topic send pinned --json <<<'{"date": "2000-01-03", "station": "A", "degrees": 1}'
    consumer -o consumer.topic=pinned -o 'consumer.schema_ids=8 7' --until-end 0
    json_is partition-0.json 'd["A"]["count"] == 3'
    mkdir other
    run consumer -o consumer.topic=pinned -o consumer.schema_ids=8 -o consumer.directory=other --until-end 0
    expect_status 0
    expect_output 'offset 0: invalid record skipped: in Confluent framing, schema id 7 is none of schema_ids'
    json_is other/partition-0.json 'd["A"]["count"] == 1 and d["A"]["start"] == "2000-01-03"'
    run consumer -o consumer.topic=pinned -o consumer.schema_ids=8 -o consumer.format=json --until-end 0
    expect_status 78
    expect_output '-o: format = json reads no framing, which schema_ids is for; set format = auto'
}

@test "with format = json or protobuf the other form and framing are invalid" {
    new_topic forms 1
    echo '{"date": "2000-01-01", "station": "A", "degrees": 1}' >line
    topic send forms <line
    topic send forms --json <<<'{"date": "2000-01-02", "station": "A", "degrees": 1}'
    topic send forms --framed <<<'{"date": "2000-01-03", "station": "A", "degrees": 1}'
    topic send forms --framed --json <<<'{"date": "2000-01-04", "station": "A", "degrees": 1}'
    for form in auto protobuf json; do
        mkdir "$form"
        consumer -o consumer.topic=forms -o "consumer.format=$form" -o "consumer.directory=$form" --until-end 0
        topic compare forms "$form" --format "$form" --text
    done
    json_is auto/partition-0.json 'd["A"]["count"] == 4'
    json_is protobuf/partition-0.json 'd["A"]["count"] == 1 and d["A"]["end"] == "2000-01-01"'
    json_is json/partition-0.json 'd["A"]["count"] == 1 and d["A"]["end"] == "2000-01-02"'
}
