#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Records of other programs, read by field mapping through crashes: nested paths, ids that are numbers, times of each
# kind, records that are only counted.

load ../lib/kit

setup_file()
{
    requires java kcat
    start_kafka
}

settings_of()
{
    case $1 in
        events) echo 'station_field = userId' 'date_field = metadata.timestamp' 'date_format = epoch' 'degrees_field =' ;;
        rides) echo 'station_field = zone' 'date_field = at' 'date_format = rfc3339' 'degrees_field =' ;;
        payments) echo 'station_field = who' 'date_field = ms' 'date_format = epoch_ms' 'degrees_field = amount' \
            'raining_field = paid' ;;
    esac | sed 's/ \([a-z]*_f\)/\n\1/g'
}

write_settings() # KIND
{
    {
        printf '[kafka]\nbootstrap.servers = %s\n[consumer]\ntopic = %s\nformat = json\n' "$BOOTSTRAP" "$1"
        settings_of "$1"
    } >consumer.ini
}

send() # KIND COUNT
{
    helper fields.py make "$1" "$2" | kcat -b "$BOOTSTRAP" -P -t "$1" -K '	' -z lz4
}

is_counted() # KIND
{
    local kind=$1

    new_topic "$kind" 4
    send "$kind" 20000
    write_settings "$kind"
    for _ in 1 2 3; do
        consumer_start reader -c consumer.ini -o consumer.checkpoint_interval=10ms 0-3
        wait_for 20 test -s partition-0.json
        kill9 reader
        send "$kind" 2000
    done
    consumer -c consumer.ini --until-end 0-3
    helper fields.py compare "$kind" "$BOOTSTRAP" "$kind" . >figures
    sed 's/^/# /' figures >&3
    ctl verify partition-{0..3}.json
}

@test "nested events by user, only counted: seconds since 1970" {
    is_counted events
}

@test "rides by zone, only counted: times of any zone and precision" {
    is_counted rides
}

@test "payments with amounts: milliseconds since 1970" {
    is_counted payments
}

@test "what reads along shows times as they were read, and counts where there are no degrees" {
    new_topic rides-shown 1
    printf '%s\n' '{"zone":7,"at":"2000-01-02 12:00:00.50+01:00"}' '{"zone":7,"at":"2000-01-01T12:00:00Z"}' |
        kcat -b "$BOOTSTRAP" -P -t rides-shown
    write_settings rides
    sed -i 's/^topic = .*/topic = rides-shown/' consumer.ini
    consumer -c consumer.ini --until-end 0
    ctl tail -c consumer.ini --from-beginning -n 2 >lines
    diff lines - <<'LINES'
{"station_id": "7", "date": "2000-01-02 12:00:00.50+01:00", "partition": 0}
{"station_id": "7", "date": "2000-01-01T12:00:00Z", "partition": 0}
LINES
    ctl show >table
    grep -E '^7 +0 +2 +2000-01-01T12:00:00Z +2000-01-02 12:00:00.50\+01:00 +- +- +-$' table
    ctl show --json | jq -e '.stations[0].statistics == {count: 2, start: "2000-01-01T12:00:00Z", end: "2000-01-02 12:00:00.50+01:00"}'
    ctl plot -o counts.svg
    grep -F 'Reports by station' counts.svg
}

@test "a record that lacks a field is invalid, and the message names the path" {
    local message passed=0

    new_topic events-spoilt 1
    printf '%s\n' '{"userId":"u1","metadata":{"messageId":"x"}}' '{"metadata":{"timestamp":1}}' \
        '{"userId":"u1","metadata":{"timestamp":1.5}}' | kcat -b "$BOOTSTRAP" -P -t events-spoilt
    write_settings events
    sed -i 's/^topic = .*/topic = events-spoilt/' consumer.ini
    for message in '"metadata.timestamp" is missing' '"userId" is missing' '"metadata.timestamp" is 1.5, must be an integer'; do
        run consumer -c consumer.ini -o consumer.on_invalid=stop --until-end 0
        expect_status 65
        expect_output "$message"
        rm -f partition-0.json .partition-0.source
        delete_records events-spoilt 0 $((++passed))
    done
}

@test "a file of one kind of time, or with degrees, is not taken for one of another" {
    local setting

    new_topic payments-kept 1
    echo '{"who":"a","ms":1500000000000,"amount":1}' | kcat -b "$BOOTSTRAP" -P -t payments-kept
    write_settings payments
    sed -i 's/^topic = .*/topic = payments-kept/' consumer.ini
    consumer -c consumer.ini --until-end 0
    cp partition-0.json before.json
    for setting in 'date_format=date' 'date_format=rfc3339' 'date_format=epoch' 'degrees_field='; do
        run consumer -c consumer.ini -o "consumer.$setting" --until-end 0
        expect_status 65
        expect_output 'partition-0.json: station "a": '
    done
    expect_output 'degrees_field is empty'
    cmp partition-0.json before.json
}

@test "fields of JSON records and format = protobuf do not go together" {
    write_settings rides
    sed -i 's/^format = .*/format = protobuf/' consumer.ini
    run consumer -c consumer.ini --check-config
    expect_status 78
    expect_output 'consumer.ini:5: format = protobuf leaves nothing for the fields of JSON records'
}
