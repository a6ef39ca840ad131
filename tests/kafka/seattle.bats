#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Real observations, from the file to the statistics.

load ../lib/kit

setup_file()
{
    requires java
    start_kafka
}

@test "four years of Seattle's weather have the averages that the file itself gives" {
    # shellcheck disable=SC2154 # of the kit
    cd "$kit_top"
    producer -c examples/seattle.ini -o producer.interval=0 -o "producer.directory=$BATS_TEST_TMPDIR"
    cd "$BATS_TEST_TMPDIR"
    json_is producer.json 'd["days"] == 1461 and d["reports"] == 0'
    consumer --until-end 0-3
    ((1461 == $(offsets partition-{0..3}.json)))
    ((1 == $(grep -l Seattle partition-*.json | wc -l)))

    /usr/bin/python3 - "$kit_top/examples/seattle-weather.csv" "$(grep -l Seattle partition-*.json)" <<'EOF'
import csv, json, sys
from fractions import Fraction

days = []
with open(sys.argv[1], newline="") as file:
    for row in csv.DictReader(file):
        # exactly, then to four decimals: no arithmetic in common with weatherd's
        exact = Fraction(row["temp_max"]) * 9 / 5 + 32
        days.append((row["date"], float(round(exact, 4))))
total = 0.0
for _, degrees in days:
    total += degrees
low, high = min(degrees for _, degrees in days), max(degrees for _, degrees in days)
expected = {
    "count": 1461, "sum": total, "avg": total / 1461, "start": "2012-01-01", "end": "2015-12-31",
    "min": low, "min_date": next(date for date, degrees in days if degrees == low),
    "max": high, "max_date": next(date for date, degrees in days if degrees == high),
}
found = json.load(open(sys.argv[2]))["Seattle"]
assert found == expected, f"{found}\nis not\n{expected}"
exact = sum(Fraction(str(degrees)) for _, degrees in days) / 1461
assert abs(found["avg"] - float(exact)) < 1e-9
EOF
}

@test "in Celsius the averages are those of the file" {
    # shellcheck disable=SC2154 # of the kit
    cd "$kit_top"
    producer -c examples/seattle.ini -o producer.interval=0 -o "producer.directory=$BATS_TEST_TMPDIR" -o producer.unit=C \
        -o 'topic celsius.partitions=1'
    cd "$BATS_TEST_TMPDIR"
    consumer -o consumer.topic=celsius --until-end 0
    /usr/bin/python3 - "$kit_top/examples/seattle-weather.csv" <<'EOF'
import csv, json, sys

total = 0.0
for row in csv.DictReader(open(sys.argv[1], newline="")):
    total += float(row["temp_max"])
found = json.load(open("partition-0.json"))["Seattle"]
assert found["sum"] == total and found["count"] == 1461, (found, total)
EOF
}

@test "rain is what the file says" {
    requires kcat protoc jq
    # shellcheck disable=SC2154 # of the kit
    cd "$kit_top"
    producer -c examples/seattle.ini -o producer.interval=0 -o "producer.directory=$BATS_TEST_TMPDIR" -o 'topic rain.partitions=1'
    topic dump rain | jq -es '(map(select(.raining)) | length) == 623 and (map(has("raining")) | all)'
}

@test "a replay that is killed goes on with the day after" {
    # shellcheck disable=SC2154 # of the kit
    cd "$kit_top"
    producer_start source -c examples/seattle.ini -o producer.interval=1ms -o "producer.directory=$BATS_TEST_TMPDIR" -o 'topic killed.partitions=1'
    wait_for 30 json_is "$BATS_TEST_TMPDIR/producer.json" 'd["days"] > 100'
    kill9 source
    producer -c examples/seattle.ini -o producer.interval=0 -o "producer.directory=$BATS_TEST_TMPDIR" -o 'topic killed.partitions=1'
    cd "$BATS_TEST_TMPDIR"
    consumer -o consumer.topic=killed --until-end 0
    json_is partition-0.json 'd["Seattle"]["count"] == 1461'
}
