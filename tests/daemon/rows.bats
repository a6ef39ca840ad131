#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Records that are no reports: rows of CSV files, orders and events, from the settings to the topic.

load ../lib/kit

setup_file()
{
    start_mock rides:1 copies:1 killed:1 orders:2 events:4
}

# A file of N rows, numbered in the column n, and settings that send them as fast as possible to a topic.
lay_out_rows() # N TOPIC
{
    {
        echo n,zone,began,ended
        seq "$1" | awk '{ print $1 ",Z" $1 % 5 ",2024-01-01T00:00:00Z,2024-01-01 00:20:00.000" }'
    } >rides.csv
    cat >producer.ini <<EOF2
[producer]
source = csv
interval = 0
[csv]
file = rides.csv
columns = *
key_column = zone
now_columns = began -20min, ended
[topic $2]
format = json
partitions = 1
EOF2
}

# "KEY VALUE" of all records, in the order of a partition.
records() # TOPIC
{
    kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -f '%k %s\n'
}

numbers() # TOPIC
{
    kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q | jq .n
}

@test "each row is a record, in the order of the file, and a run goes on with the row behind the last one" {
    requires kcat jq
    lay_out_rows 3000 rides
    producer -c producer.ini -o producer.days=1000
    json_is producer.json 'd["days"] == 1000 and d["reports"] == 0'
    numbers rides | diff - <(seq 1000)
    run producer -c producer.ini
    expect_status 0
    expect_output 'going on after 1000 rows$'
    expect_output 'the feed ends after 3000 rows$'
    expect_output 'stopped after 2000 rows$'
    json_is producer.json 'd["days"] == 3000'
    numbers rides | diff - <(seq 3000)
    records rides | head -n 1 | grep -E '^Z1 \{"n":1,"zone":"Z1","began":"[^"]*Z","ended":"[^"]*\.[0-9]{3}"\}$'
    records rides | awk '{ print $1 }' | diff - <(seq 3000 | awk '{ print "Z" $1 % 5 }')
    # nothing is left to be sent, and --fresh begins again
    producer -c producer.ini
    (($(numbers rides | wc -l) == 3000))
    producer -c producer.ini --fresh -o producer.days=1
    numbers rides | diff - <(seq 3000; echo 1)
}

# The file's last column is the time of the record itself, the other 20 minutes before, in all topics.
@test "times are moved to when the row is sent" {
    requires kcat jq
    lay_out_rows 20 copies
    producer -c producer.ini -o producer.interval=10ms -o 'topic events.format=json' -o 'topic events.partitions=4'
    kcat -b "$BOOTSTRAP" -C -t copies -o beginning -e -q -f '%T %s\n' >timed
    /usr/bin/python3 - timed <<'EOF2'
import datetime, json, sys

before = None
for line in open(sys.argv[1]):
    sent, value = line.split(" ", 1)
    row = json.loads(value)
    began = datetime.datetime.strptime(row["began"], "%Y-%m-%dT%H:%M:%S%z")
    ended = datetime.datetime.strptime(row["ended"] + "+0000", "%Y-%m-%d %H:%M:%S.%f%z")
    assert abs(ended.timestamp() * 1000 - int(sent)) < 1000, line
    assert (ended.replace(microsecond=0) - began) == datetime.timedelta(minutes=20), line
    assert before is None or ended >= before + datetime.timedelta(milliseconds=9), line
    before = ended
EOF2
    kcat -b "$BOOTSTRAP" -C -t copies -o beginning -e -q | sort >sorted
    kcat -b "$BOOTSTRAP" -C -t events -o beginning -e -q | sort | diff sorted -
}

@test "killed with -9 it repeats rows, and leaves none out" {
    requires kcat jq
    local position=0

    lay_out_rows 6000 killed
    for _ in 1 2 3; do
        producer_start source -c producer.ini -o producer.interval=1ms
        wait_for 20 json_is producer.json "d['days'] > $position"
        position=$(json producer.json 'd["days"]')
        kill9 source
    done
    producer -c producer.ini
    json_is producer.json 'd["days"] == 6000'
    # each row comes for the first time behind the one before it, and what died had not told of some
    numbers killed | awk '$1 > last + 1 { exit 1 } $1 <= before { again++ } $1 > last { last = $1 } { before = $1 }
        END { if (last != 6000 || !again) exit 1 }'
}

@test "a file that has changed is refused, and begun anew with --fresh" {
    lay_out_rows 5 rides
    producer -c producer.ini -o producer.days=2
    sed -i 's/^2,Z2/2,Z3/' rides.csv
    run producer -c producer.ini
    expect_status 65
    expect_output 'producer\.json: "feed" is "csv rides\.csv, 5 rows, .* but the settings say "csv rides\.csv, 5 rows, .* --fresh'
    json_is producer.json 'd["days"] == 2'
    producer -c producer.ini --fresh
    json_is producer.json 'd["days"] == 5'
}

@test "a mistake in line 900 is told before anything is sent" {
    lay_out_rows 1000 rides
    sed -i '900s/2024-01-01T/2024-01-32T/' rides.csv
    run producer -c producer.ini
    expect_status 78
    expect_output 'rides\.csv:900: column "began": "2024-01-32T00:00:00Z" is not a time that exists'
    [[ ! -e producer.json ]]
}

@test "settings that do not go together are told with their line" {
    lay_out_rows 1 rides
    producer -c producer.ini --check-config
    tell() # EXPRESSION MESSAGE
    {
        sed "$1" producer.ini >wrong.ini
        run producer -c wrong.ini --check-config
        expect_status 78
        expect_output "$2"
    }
    tell 's/format = json/format = protobuf/' 'wrong\.ini:10: rows are sent as JSON: set format = json in \[topic rides\]$'
    tell '/format = json/d' 'weatherd-producer: err: rows are sent as JSON: set format = json in \[topic rides\]$'
    tell 's/partitions = 1/key = month/' 'wrong\.ini:11: rows have a key of their own: remove key from \[topic rides\]$'
    tell 's/^columns.*/station = x/' 'wrong\.ini:7: \[csv\] key_column is for whole rows; remove it, or set columns = \*$'
    tell 's/^key_column.*/station = x/' 'wrong\.ini:7: \[csv\] station is for reports, but columns = \* sends whole rows'
    tell '/^file/d' 'wrong\.ini:2: \[producer\] source = csv needs \[csv\] file$'
    tell 's/= csv/= orders/; /format/d' 'orders are sent as JSON: set format = json in \[topic rides\]$'
    tell 's/-20min/-20/' 'wrong\.ini:8: "now_columns" in \[csv\]: "began -20": "20" is not a duration'
}

@test "a reload changes the pace" {
    lay_out_rows 500 rides
    sed -i 's/^interval.*/interval = 1h/' producer.ini
    producer_start source -c producer.ini
    wait_for 10 json_is producer.json 'd["days"] == 1'
    sed -i 's/^interval.*/interval = 1ms/' producer.ini
    send_signal source HUP
    await source
    json_is producer.json 'd["days"] == 500'
}

@test "with a bound on retries each row is acknowledged before the next, and all arrive" {
    lay_out_rows 200 rides
    producer -c producer.ini -o producer.retries=3
    json_is producer.json 'd["days"] == 200'
}

@test "the same seed gives the same orders, and another one others" {
    requires kcat jq
    local seed

    for seed in 1 1 2; do
        rm -f producer.json
        producer -o producer.source=orders -o "orders.seed=$seed" -o producer.days=50 -o producer.interval=0 \
            -o 'topic orders.format=json' -o 'topic orders.partitions=2'
    done
    records orders | sort -s -n -k 1,1 >sent
    (($(wc -l <sent) == 150))
    (($(sort -u sent | wc -l) == 100))
}

@test "events end by themselves" {
    run producer -o producer.source=events -o events.users=4 -o events.events=5 -o producer.interval=0 \
        -o 'topic events.format=json'
    expect_status 0
    expect_output 'the feed ends after 20 events$'
    json_is producer.json 'd["days"] == 20'
}
