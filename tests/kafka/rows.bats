#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Records that are no reports, on a real Kafka: what the examples send is read back, by clients that are not ours.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
examples=$kit_top/examples

setup_file()
{
    requires java kcat jq
    start_kafka
}

# "PARTITION KEY VALUE" of all records, in the order of each partition.
records() # TOPIC
{
    kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -f '%p %k %s\n'
}

# The rides that lie in a topic are those of rides.csv, those of each zone in order.
compare_rides() # TOPIC ROWS
{
    records "$1" >sent
    /usr/bin/python3 - sent "$2" <<'EOF2'
import csv, json, re, sys

with open("rides.csv", newline="") as file:
    names, *rows = csv.reader(file)
rows = rows[:int(sys.argv[2])]
moved = ("tpep_pickup_datetime", "tpep_dropoff_datetime")


def plain(value):
    return None if value == "" else json.loads(value) if re.fullmatch(r"[0-9.]+", value) else value


left = {}
for row in rows:
    left.setdefault(row[names.index("DOLocationID")], []).append(row)
for line in open(sys.argv[1]):
    partition, key, value = line.split(" ", 2)
    sent, row = json.loads(value), left[key].pop(0)  # those of a zone come in the order of the file
    assert list(sent) == names, line
    for name, cell in zip(names, row):
        if name in moved:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sent[name]) and sent[name] != cell, line
        else:
            assert sent[name] == plain(cell), (name, line, row)
assert not any(left.values()), left
EOF2
}

# "ZONE COUNT" of the first rows of rides.csv, as SQLite counts them.
count_rides() # ROWS
{
    /usr/bin/python3 - "$1" <<'EOF2'
import csv, sqlite3, sys

base = sqlite3.connect(":memory:")
base.execute("CREATE TABLE rides (zone TEXT)")
with open("rides.csv", newline="") as file:
    for number, row in enumerate(csv.DictReader(file)):
        if number < int(sys.argv[1]):
            base.execute("INSERT INTO rides VALUES (?)", (row["DOLocationID"],))
for zone, count in base.execute("SELECT zone, count(*) FROM rides GROUP BY zone ORDER BY zone"):
    print(zone, count)
EOF2
}

@test "rides: what the generator draws is what is sent, two a second, and ends now" {
    "$examples/rides/make-rides" 3000 >rides.csv
    "$examples/rides/make-rides" 3000 | cmp - rides.csv
    "$examples/rides/make-rides" --seed 2 3000 >other.csv
    if cmp -s other.csv rides.csv; then return 1; fi
    producer -c "$examples/rides/producer.ini" -o producer.days=4
    kcat -b "$BOOTSTRAP" -C -t rides -o beginning -e -q -f '%T %s\n' | sort -n >timed
    /usr/bin/python3 - timed <<'EOF2'
import datetime, json, sys

before = 0
for line in open(sys.argv[1]):
    time, value = line.split(" ", 1)
    ride = json.loads(value)
    began, ended = (datetime.datetime.strptime(ride[f"tpep_{name}_datetime"], "%Y-%m-%dT%H:%M:%S%z").timestamp()
                    for name in ("pickup", "dropoff"))
    assert ended - began == 20 * 60, line
    assert abs(ended - int(time) / 1000) < 10, line
    assert int(time) - before >= 490, line
    before = int(time)
EOF2
    compare_rides rides 4
    ctl tail --raw rides --from-beginning -n 4 >shown
    jq -r '.value | fromjson | .DOLocationID' shown | sort >zones
    (($(wc -l <zones) == 4))
    jq -r .key shown | sort | diff zones -

    # and the next run goes on behind them
    producer -c "$examples/rides/producer.ini" -o producer.interval=0
    compare_rides rides 3000
    records rides | awk '{ count[$2]++ } END { for (zone in count) print zone, count[zone] }' | LC_ALL=C sort >counted
    count_rides 3000 | LC_ALL=C sort | diff counted -

    consumer -c "$examples/rides/consumer.ini" --until-end 0-3
    jq -r 'to_entries[] | select(.value | type == "object") | "\(.key) \(.value.count)"' partition-{0..3}.json |
        LC_ALL=C sort | diff counted -
    ctl show --json --offline . | jq -e '.stations | length > 100'
}

@test "rides: through deaths of producer and broker none is lost, and none overtaken" {
    "$examples/rides/make-rides" 20000 >rides.csv
    # the number of each row, which stands in no column of the example
    awk 'NR == 1 { print "row," $0 } NR > 1 { print NR - 1 "," $0 }' rides.csv >numbered.csv
    local options=(-c "$examples/rides/producer.ini" -o csv.file=numbered.csv -o 'topic faults.format=json'
        -o 'topic faults.partitions=1' -o producer.interval=2ms) position=0 death

    for death in producer broker producer broker; do
        producer_start source "${options[@]}"
        wait_for 30 json_is producer.json "d['days'] > $position"
        if [[ $death == broker ]]; then
            kafka kill
            kafka start
            wait_for 60 json_is producer.json "d['days'] > $position + 500"
            stop source
        else
            kill9 source
        fi
        position=$(json producer.json 'd["days"]')
    done
    producer "${options[@]}" -o producer.interval=0
    kcat -b "$BOOTSTRAP" -C -t faults -o beginning -e -q -f '%o %T %s\n' >lying
    cut -d ' ' -f 3- lying | jq .row |
        awk '$1 > last + 1 { print "behind " last " comes " $1; exit 1 } $1 > last { last = $1 } END { if (last != 20000) exit 1 }'
}

@test "a row that is too large for the broker ends the run, is named, and has nothing behind it" {
    {
        echo id,text
        printf '1,a\n2,%02000000d\n3,c\n' 0
    } >large.csv
    run producer -o producer.source=csv -o producer.interval=0 -o csv.file=large.csv -o 'csv.columns=*' \
        -o csv.key_column=id -o 'topic large.format=json' -o 'topic large.partitions=1'
    expect_status 69
    expect_output 'number 2 of the rows, with key 2, can.t be delivered: .*nothing behind it is sent'
    json_is producer.json 'd["days"] == 1'
    records large
    [[ $(records large) == '0 1 {"id":1,"text":"a"}' ]]
}

@test "orders: the topic is as the example says, and each order lies there as it was sent" {
    producer -c "$examples/orders/producer.ini" -o producer.days=300 -o producer.interval=0
    kafka tool topics --describe --topic orders >described
    grep -E 'PartitionCount: 2[[:space:]].*retention\.ms=86400000' described
    records orders >sent
    /usr/bin/python3 - sent <<'EOF2'
import json, re, sys

orders, last = {}, {}
for line in open(sys.argv[1]):
    partition, key, value = line.rstrip("\n").split(" ", 2)
    order = json.loads(value)
    assert value == json.dumps(order, separators=(",", ":")), value
    assert list(order) == ["ordertime", "orderid", "itemid", "address"], value
    assert list(order["address"]) == ["city", "state", "zipcode"], value
    assert key == str(order["orderid"]) and type(order["ordertime"]) is int, line
    assert re.fullmatch(r"Item_\d{1,3}", order["itemid"]) and re.fullmatch("[A-Z]{2}", order["address"]["state"]), line
    assert type(order["address"]["zipcode"]) is int and order["address"]["city"], line
    assert last.get(partition, -1) < order["orderid"], line
    last[partition] = order["orderid"]
    orders[order["orderid"]] = order
assert sorted(orders) == list(range(300)) and len(last) == 2
times = [orders[number]["ordertime"] for number in range(300)]
assert times == sorted(set(times))
EOF2
    # another run sends the same
    mkdir again
    producer -c "$examples/orders/producer.ini" -o producer.days=300 -o producer.interval=0 -o producer.directory=again \
        -o 'topic again.format=json' -o 'topic again.partitions=2'
    records again | diff sent -
}

@test "events: the 9 of the example lie there, three of each user, each with its id" {
    producer -c "$examples/events/producer.ini"
    kafka tool topics --describe --topic input_topic >described
    grep 'PartitionCount: 4' described
    records input_topic >sent
    /usr/bin/python3 - sent <<'EOF2'
import collections, json, sys, uuid

events = []
for line in open(sys.argv[1]):
    partition, key, value = line.split(" ", 2)
    event = json.loads(value)
    assert list(event) == ["userId", "visitorId", "type", "metadata", "event", "eventData"], line
    meta = event["metadata"]
    assert list(meta) == ["messageId", "sentAt", "timestamp", "receivedAt", "apiKey", "spaceId", "version"], line
    assert meta["messageId"] == key == str(uuid.UUID(key)) and uuid.UUID(key).version == 4, line
    assert meta["sentAt"] == meta["timestamp"] and meta["receivedAt"] == 0, line
    assert (meta["apiKey"], meta["spaceId"], meta["version"]) == ("apikey1", "space1", "v1"), line
    assert (event["type"], event["event"], list(event["eventData"])) == ("Event", "Played Movie", ["MovieID"]), line
    events.append((meta["timestamp"], key, event["userId"]))
events.sort()
assert len(events) == len({time for time, _, _ in events}) == len({key for _, key, _ in events}) == 9, events
users = [user for _, _, user in events]
assert sorted(collections.Counter(users).values()) == [3, 3, 3] and users[:3] == users[3:6] == users[6:], users
EOF2
}
