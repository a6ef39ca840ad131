#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Windows by day, month, year and hour over rides of which some come late, through crashes, against SQLite's GROUP BY.

load ../lib/kit

setup_file()
{
    requires java kcat
    start_kafka
    new_topic rides 3
    helper windows.py make 30000 7200 >"$BATS_FILE_TMPDIR/rides"
    kcat -b "$BOOTSTRAP" -P -t rides "$BATS_FILE_TMPDIR/rides" -l
}

of_rides=(-o consumer.topic=rides -o consumer.format=json -o consumer.station_field=zone -o consumer.date_field=at
    -o consumer.date_format=rfc3339 -o consumer.degrees_field=)

count_once() # ARGUMENT...
{
    consumer "${of_rides[@]}" "$@" --until-end 0-2
}

# Through three lives that end with -9.
count_rides() # ARGUMENT...
{
    for _ in 1 2 3; do
        consumer_start reader "${of_rides[@]}" "$@" -o consumer.checkpoint_interval=10ms 0-2
        wait_for 20 test -s partition-0.json
        kill9 reader
    done
    count_once "$@"
    ctl verify partition-{0..2}.json
}

is_as_in_sqlite() # WINDOW ARGUMENT...
{
    count_rides -o "consumer.window=$1" "${@:2}"
    helper windows.py compare "$BOOTSTRAP" rides "$1" . >figures
    sed 's/^/# /' figures >&3
}

@test "windows of a day" {
    is_as_in_sqlite day -o consumer.window_keep=400d
}

@test "windows of a month" {
    is_as_in_sqlite month
}

@test "windows of a year" {
    is_as_in_sqlite year
}

@test "windows of an hour, with late rides" {
    is_as_in_sqlite 1h -o consumer.grace=3h -o consumer.window_keep=400d
}

@test "windows close, are dropped, and what comes too late is told" {
    count_rides -o consumer.window=1h -o consumer.grace=10min -o consumer.window_keep=1d
    helper windows.py closed "$BOOTSTRAP" rides 3600 600 86400 . 2>figures >late
    sed 's/^/# /' figures >&3
    mkdir counted
    consumer_start reader "${of_rides[@]}" -o consumer.directory=counted -o consumer.window=1h -o consumer.grace=10min \
        -o consumer.window_keep=1d -o consumer.metrics_directory=. 0-2
    wait_for 20 all_are_too_late "$(<late)"
    stop reader
    same_files counted .
}

all_are_too_late() # NUMBER
{
    (($1 == $(awk '/^weatherd_consumer_window_late_total/ { sum += $2 } END { print sum + 0 }' weatherd-consumer-*.prom)))
}

@test "a file with windows is refused with others or none, and one without goes on with them" {
    local setting

    count_rides -o consumer.window=month
    cp partition-0.json before.json
    for setting in none day year 1h; do
        run count_once -o "consumer.window=$setting"
        expect_status 65
        expect_output 'set window as it was when the file was written'
    done
    cmp partition-0.json before.json
    run count_once -o consumer.window=1s -o consumer.window_keep=1d
    expect_status 78
    expect_output '-o: window, grace and window_keep come to 86401 windows of each station in the file, at most 10000'
    run count_once -o consumer.window=day -o consumer.layout=monthly
    expect_status 78
    expect_output 'layout = monthly has windows of its own'

    mkdir none
    count_once -o consumer.directory=none
    helper windows.py make 50 | kcat -b "$BOOTSTRAP" -P -t rides -p 0
    count_once -o consumer.directory=none -o consumer.window=year
    json_is none/partition-0.json "sum(w['count'] for k, s in d.items() if k != 'offset' for w in s['windows'].values()) == 50"
}
