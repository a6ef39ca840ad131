#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What weatherd-consumer does not take: a partition that another process has, files that can't be trusted, records that
# are no reports.

load ../lib/kit

setup_file()
{
    requires java kcat protoc jq
    start_kafka
    fill temperatures 9 -o 'topic temperatures.partitions=1'
    mkdir "$BATS_FILE_TMPDIR/good"
    consumer -o "consumer.directory=$BATS_FILE_TMPDIR/good" --until-end 0
}

@test "a second process on a partition exits 73 and names the first, which goes on" {
    consumer_start first 0
    run consumer --until-end 0
    expect_status 73
    expect_output "partition-0.lock: .*process $(pid_of first) "
    running first
    stop first
    consumer --until-end 0
}

@test "processes on other partitions of the same directory do not disturb each other" {
    fill wide 10
    consumer_start first -o consumer.topic=wide 0 2
    consumer -o consumer.topic=wide --until-end 1 3
    run consumer -o consumer.topic=wide 2-3
    expect_status 73
    expect_output "partition-2.lock: .*process $(pid_of first) "
    wait_for 10 test -e partition-2.json
    stop first
    topic compare wide . --text
}

@test "a lock that a killed process left behind is no obstacle" {
    consumer_start first 0
    kill9 first
    [[ -e .partition-0.lock ]]
    consumer --until-end 0
}

@test "each kind of spoilt file is refused with 65, the file and the field named and the file untouched" {
    local name message failed=0 count=0

    while IFS=$'\t' read -r name message; do
        mkdir "$name"
        cp -a "$BATS_FILE_TMPDIR/good/." "$name"
        spoils "$name"
        helper corrupt.py "$name" "$name/partition-0.json"
        cp "$name/partition-0.json" spoilt
        run consumer -o "consumer.directory=$name" --until-end 0
        if ! { expect_status 65 && expect_output "partition-0.json.*" && expect_output "$message" &&
            expect_output 'restore the file' && cmp spoilt "$name/partition-0.json"; } 2>error; then
            printf '%s: %s\n' "$name" "$(<error)"
            failed=$((failed + 1))
        fi
        count=$((count + 1))
    done < <(helper corrupt.py list)
    ((count > 40))
    ((failed == 0))
}

@test "a spoilt source file is refused with 65, named and untouched" {
    local spoil

    spoils partition-0.json # its source file
    for spoil in ': >S' 'truncate -s 20 S' 'echo x >>S' 'sed -i s/temperatures/other/ S' \
        'sed -i s/\"partition\":.0/\"partition\":1/ S' 'sed -i s/\"crc\":./\"crc\":-/ S'; do
        cp -a "$BATS_FILE_TMPDIR/good/." .
        eval "${spoil//S/.partition-0.source}"
        cp .partition-0.source spoilt
        run consumer --until-end 0
        expect_status 65
        expect_output 'partition-0.source: '
        cmp spoilt .partition-0.source
        cmp partition-0.json "$BATS_FILE_TMPDIR/good/partition-0.json"
    done
}

@test "a symbolic link, a directory or a FIFO in the file's place is refused with 65" {
    cp "$BATS_FILE_TMPDIR/good/partition-0.json" elsewhere
    ln -s elsewhere partition-0.json
    run consumer --until-end 0
    expect_status 65
    expect_output 'partition-0.json: is a symbolic link'
    [[ -L partition-0.json ]]

    rm partition-0.json
    mkdir partition-0.json
    run consumer --until-end 0
    expect_status 65
    expect_output 'partition-0.json: is not a regular file'

    rmdir partition-0.json
    mkfifo partition-0.json
    run consumer --until-end 0
    expect_status 65
    expect_output 'partition-0.json: is not a regular file'
}

@test "one spoilt file keeps the whole process from starting, and none of the others is touched" {
    fill many 10
    consumer -o consumer.topic=many --until-end 0-3
    mkdir before
    cp partition-*.json before
    fill many 10 -o simulator.start=2000-01-11
    : >partition-2.json
    run consumer -o consumer.topic=many --until-end 0-3
    expect_status 65
    expect_output 'partition-2.json'
    rm partition-2.json before/partition-2.json
    same_files before .
}

@test "a file that another program wrote in the contract's shape is continued" {
    new_topic taken 1
    cat >lines <<'EOF'
{"date": "2000-01-10", "station": "A", "degrees": 40}
{"date": "2000-01-10", "station": "B", "degrees": 10.25}
{"date": "2000-01-11", "station": "B", "degrees": -10.25}
{"date": "2000-01-01", "station": "C", "degrees": 1}
EOF
    topic send taken <<<'{"date": "2000-01-09", "station": "A", "degrees": 99}'
    # other order of keys, no blanks, escapes, integers as sums, no extremes of B
    printf '%s' '{"B":{"end":"2000-01-09","start":"2000-01-09","sum":7,"avg":7,"count":1},' \
        '"\u0041":{"count":9,"sum":270.5,"avg":30.05555555555556,"start":"2000-01-01","end":"2000-01-09",' \
        '"min":21.5,"min_date":"2000-01-03","max":38,"max_date":"2000-01-07"},"offset":1}' >partition-0.json
    topic send taken <lines
    run consumer -o consumer.topic=taken --until-end 0
    expect_status 0
    expect_output 'warning: .*could not be verified'
    cat >expected <<'EOF'
{
  "offset": 5,
  "B": {
    "count": 3,
    "sum": 7,
    "avg": 2.33333333333333,
    "start": "2000-01-09",
    "end": "2000-01-11"
  },
  "A": {
    "count": 10,
    "sum": 310.5,
    "avg": 31.05,
    "start": "2000-01-01",
    "end": "2000-01-10",
    "min": 21.5,
    "min_date": "2000-01-03",
    "max": 40,
    "max_date": "2000-01-10"
  },
  "C": {
    "count": 1,
    "sum": 1,
    "avg": 1,
    "start": "2000-01-01",
    "end": "2000-01-01",
    "min": 1,
    "min_date": "2000-01-01",
    "max": 1,
    "max_date": "2000-01-01"
  }
}
EOF
    sed -i "s/2.33333333333333,/$(/usr/bin/python3 -c 'print(7 / 3)'),/" expected
    diff expected partition-0.json
}

# Good reports with all kinds of bad records between them.
send_mixture() # TOPIC
{
    new_topic "$1" 1
    /usr/bin/python3 - >mixture <<'EOF'
import base64, json, struct

def field(number, kind, payload):
    return bytes([number << 3 | kind]) + payload

def text(number, value):
    value = value if isinstance(value, bytes) else value.encode()
    length = len(value)
    return field(number, 2, bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])) + value

def report(date="2000-01-01", degrees=1.0, station="Bad"):
    return text(1, date) + field(2, 1, struct.pack("<d", degrees)) + text(3, station)

bad = [
    b"", b"\0", b"x", b"garbage", b"\xff" * 100, bytes(1000000), b"\n" + b"\xff" * 9 + b"\x01",
    report()[:-1], report()[:5], report(degrees=float("nan")), report(degrees=float("inf")), report(degrees=-float("inf")),
    report(date="2001-02-29"), report(date="2000-00-01"), report(date="2000-13-01"), report(date="2000-01-32"),
    report(date="0000-01-01"), report(date="2000-1-1"), report(date="2000-01-01\n"), report(date="2000-01-01\0"),
    report(date=" 2000-01-01"), report(date=""), report(date="20000101"), report(date="-200-01-01"),
    report(date="２000-01-01"), text(3, "NoDate") + field(2, 1, struct.pack("<d", 1.0)),
    report(station=""), report(station=b"\xff\xfe"), report(station=b"\xc0\xaf"), report(station=b"\xed\xa0\x80"),
    report(station="x" * 256), report(station="offset"), report(station="partition"), report(station="a\0b"),
    report(station="a\nb"), report(station="\x7f"), report(station="\x1b[2J"), report(station="\x85"),
    text(1, "2000-01-01") + field(2, 1, struct.pack("<d", 1.0)),
    field(1, 0, b"\x05") + field(3, 1, bytes(8)),
]
good = [
    report(station="Good"), report(station="x" * 255), report(station="Good", date="2000-01-02", degrees=-0.0),
    report(station="Offset"), report(station="offset "), report(station="Good", date="2000-02-29"),
    # an unknown field, members in another order, a member twice (the last wins), degrees left out (0)
    report(station="Good", date="2000-03-01") + field(15, 2, b"\x03abc"),
    text(3, "Other") + field(2, 1, struct.pack("<d", 2.5)) + text(1, "2000-01-01"),
    text(1, "2000-01-01") + report(station="Other", date="2000-01-02"),
    text(1, "2000-01-03") + text(3, "Other"),
    report(station="Big", degrees=1.7e308),
    report(station="Big", date="2000-01-02", degrees=-1e308),
]
sums = [report(station="Big", date="2000-01-03", degrees=1.7e308), report(station="Big", date="2000-01-04", degrees=1.7e308)]
mixed = []
for i, record in enumerate(bad):
    mixed += [record] + good[i:i + 1]
for record in mixed + sums:
    print(json.dumps({"raw_base64": base64.b64encode(record).decode(), "key": "k"}))
print(json.dumps({"raw": None, "key": "Good"}))
print(json.dumps({"date": "2000-04-01", "station": "Good", "degrees": 7}))
EOF
    topic send "$1" <mixture
}

@test "records that are no reports are skipped and counted, and the good ones between them are right" {
    local invalid

    send_mixture mixed
    run consumer -o consumer.topic=mixed --until-end 0
    expect_status 0
    topic compare mixed . --text
    topic statistics mixed >statistics.json
    invalid=$(json statistics.json 'd["counts"]["0"]["invalid"]')
    ((invalid == 42))
    expect_output 'stopped after .* 42 invalid$'
    expect_output 'warning: mixed partition 0 offset 0: invalid record skipped: '
    /usr/bin/python3 -c 'import json; json.load(open("partition-0.json", encoding="utf-8"))'
}

@test "the last record being invalid, the offset is behind it all the same" {
    new_topic tail 1
    printf '%s\n' '{"date": "2000-01-01", "station": "A", "degrees": 1}' '{"raw": "no report", "key": "A"}' | topic send tail
    consumer -o consumer.topic=tail --until-end 0
    json_is partition-0.json 'd["offset"] == 2 and d["A"]["count"] == 1'
    run consumer -o consumer.topic=tail --until-end 0
    expect_status 0
    if grep 'invalid record' <<<"$output"; then return 1; fi
}

@test "tombstones are passed over without a word" {
    new_topic tombstones 1
    printf '%s\n' '{"raw": null, "key": "A"}' '{"date": "2000-01-01", "station": "A", "degrees": 1}' '{"raw": null, "key": "A"}' |
        topic send tombstones
    run consumer -o consumer.topic=tombstones --until-end 0
    expect_status 0
    if grep -E 'invalid record|warning' <<<"$output"; then return 1; fi
    expect_output 'stopped after 3 records: 1 counted, 0 duplicate, 0 late, 0 invalid'
    topic compare tombstones . --text
    json_is partition-0.json 'd["offset"] == 3'
}

@test "on_invalid = stop ends before the record with 65, and again until the policy is another" {
    new_topic strict 1
    printf '%s\n' '{"date": "2000-01-01", "station": "A", "degrees": 1}' '{"raw": "no report", "key": "A"}' \
        '{"date": "2000-01-02", "station": "A", "degrees": 2}' | topic send strict
    for _ in 1 2; do
        run consumer -o consumer.topic=strict -o consumer.on_invalid=stop --until-end 0
        expect_status 65
        expect_output 'strict partition 0 offset 1: invalid record'
        json_is partition-0.json 'd["offset"] == 1 and d["A"]["count"] == 1'
    done
    consumer -o consumer.topic=strict --until-end 0
    topic compare strict . --text
}

@test "a full table of stations makes records of further ones invalid, and the others are still counted" {
    fill crowd 5 -o 'topic crowd.partitions=1' -o simulator.stations=20
    run consumer -o consumer.topic=crowd -o consumer.max_stations=15 --until-end 0
    expect_status 0
    expect_output 'StationP.*max_stations'
    json_is partition-0.json 'd["offset"] == 100 and len(d) == 16'
    json_is partition-0.json 'all(s["count"] == 5 for k, s in d.items() if k != "offset")'
}

@test "a thousand invalid records make a few lines of log" {
    new_topic noise 1
    for ((i = 0; i < 1000; i++)); do echo '{"raw": "noise", "key": "k"}'; done | topic send noise
    run consumer -o consumer.topic=noise --until-end 0
    expect_status 0
    ((${#lines[@]} < 20))
    json_is partition-0.json 'd == {"offset": 1000}'
}
