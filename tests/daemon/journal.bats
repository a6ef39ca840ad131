#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What the journal gets: fields, ids, and no more lines than it should.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

setup_file()
{
    start_mock
}

setup()
{
    kit_setup
    mkdir journal
    start journal /usr/bin/python3 "$top/tests/lib/journal.py" "$PWD/journal/socket"
    wait_for 10 test -S journal/socket
}

# The daemons, with that journal instead of a stderr.
journaled() # consumer|producer ARGUMENT...
{
    kit_daemon "$@"
    # shellcheck disable=SC2154 # set by kit_daemon
    timeout 60 "$top/tests/lib/journaled.sh" "$PWD/journal" "${kit_command[@]}" </dev/null 3>&-
}

journaled_start() # NAME consumer|producer ARGUMENT...
{
    kit_daemon "$2" --ready-fd=9 "${@:3}"
    kit_start "$1" ready "$top/tests/lib/journaled.sh" "$PWD/journal" "${kit_command[@]}"
}

id_of() # MESSAGE
{
    sed -n "s/.*\[MESSAGE_$1\] = {.*\"\(.*\)\"}.*/\1/p" "$top/src/common/message.c" | grep .
}

# How many entries there are of that message, of which the jq expression is true.
entries() # MESSAGE EXPRESSION
{
    jq -s --arg id "$(id_of "$1")" "map(select(.MESSAGE_ID == \$id and ($2))) | length" "$(out_of journal)"
}

entry_is() # MESSAGE EXPRESSION
{
    if (($(entries "$@") == 0)); then
        echo "there is no entry $1 with $2 in:" >&2
        cat "$(out_of journal)" >&2
        return 1
    fi
}

# The mock has one cluster for all tests of the file: each has a topic of its own.
use_topic() # NAME
{
    mock topic "$1" 2
    name=(-o "consumer.topic=$1")
}

# Each line is a record.
send() # TOPIC PARTITION
{
    kcat -P -b "$BOOTSTRAP" -t "$1" -p "$2" 3>&-
}

@test "ready and stop have their ids, and nothing but an empty line goes to stderr" {
    use_topic plain
    journaled_start sink consumer "${name[@]}" 0-1
    wait_for 10 entry_is READING '.WEATHERD_TOPIC == "plain" and .WEATHERD_PARTITION == "1" and .WEATHERD_OFFSET == "0"'
    stop sink
    entry_is READY '.MESSAGE == "reading plain:0-1" and .PRIORITY == "6" and .SYSLOG_IDENTIFIER == "weatherd-consumer"
        and (keys - ["MESSAGE", "MESSAGE_ID", "PRIORITY", "SYSLOG_IDENTIFIER"] == [])'
    entry_is STOPPED '.MESSAGE | startswith("stopped after 0 records")'
    echo | cmp - "$(log_of sink)"

    journaled producer -o 'topic plain.partitions=2' -o producer.days=3 -o producer.interval=0 2>stderr
    entry_is READY '.SYSLOG_IDENTIFIER == "weatherd-producer" and (.MESSAGE | startswith("sending "))'
    entry_is STOPPED '.MESSAGE == "stopped after 30 reports"'
    journaled producer -o 'topic plain.partitions=2' -o producer.days=3 -o producer.interval=0 2>>stderr
    entry_is POSITION_RECOVERED '.MESSAGE == "going on after 3 days and 0 reports"'
    printf '\n\n' | cmp - stderr
}

@test "without a journal, or with its socket out of reach, the lines are plain" {
    use_topic unheard
    run consumer "${name[@]}" --until-end 0
    expect_output '^weatherd-consumer: info: reading unheard:0$'
    expect_output '^weatherd-consumer: info: unheard partition 0: reading from offset 0, the end is 0$'
    rm journal/socket
    run journaled consumer "${name[@]}" --until-end 0
    expect_status 0
    expect_output '^weatherd-consumer: info: reading unheard:0$'
}

@test "an invalid record has topic, partition, offset, and its station if it could be decoded" {
    requires kcat
    use_topic bad
    printf '%s\n' '{"date":"2000-01-01","station":"A","degrees":20}' nonsense | send bad 1
    journaled consumer "${name[@]}" --until-end 0-1
    entry_is RECORD_INVALID '.WEATHERD_TOPIC == "bad" and .WEATHERD_PARTITION == "1" and .WEATHERD_OFFSET == "1"
        and .PRIORITY == "4" and (has("WEATHERD_STATION") | not)
        and (.MESSAGE | startswith("bad partition 1 offset 1: invalid record skipped: "))'

    # lines are left out by each process by itself
    echo '{"date":"2000-01-02","station":"partition","degrees":20}' | send bad 1
    journaled consumer "${name[@]}" --until-end 0-1
    entry_is RECORD_INVALID '.WEATHERD_OFFSET == "2" and .WEATHERD_STATION == "partition"'
    printf '%s\n' '{"date":"2000-01-02","station":"A\nPRIORITY=0","degrees":20}' | send bad 1
    journaled consumer "${name[@]}" --until-end 0-1
    entry_is RECORD_INVALID '.WEATHERD_OFFSET == "3" and .PRIORITY == "4" and (has("WEATHERD_STATION") | not)'
    echo '{"date":"2000-01-02","station":"Zürich \"MESSAGE=x\" 雨","degrees":20}' | send bad 1
    journaled consumer "${name[@]}" -o consumer.max_stations=1 --until-end 0-1
    entry_is STATIONS_FULL '.WEATHERD_OFFSET == "4" and .WEATHERD_STATION == "Zürich \"MESSAGE=x\" 雨"
        and (.MESSAGE | startswith("bad partition 1 offset 4: "))'

    echo nonsense | send bad 1
    run journaled consumer "${name[@]}" -o consumer.on_invalid=stop --until-end 0-1
    expect_status 65
    entry_is RECORD_REFUSED '.PRIORITY == "3" and .WEATHERD_OFFSET == "5"'
}

@test "what ends a program has an id" {
    use_topic fatal
    echo '{"offset": -1}' >partition-0.json
    spoils partition-0.json
    run journaled consumer "${name[@]}" 0-1
    expect_status 65
    entry_is FILE_REFUSED '.WEATHERD_TOPIC == "fatal" and .WEATHERD_PARTITION == "0" and .PRIORITY == "3"
        and (.MESSAGE | startswith("./partition-0.json: \"offset\" is -1"))'
    [[ $(<partition-0.json) == '{"offset": -1}' ]]
    echo '{}' >producer.json
    run journaled producer
    expect_status 65
    entry_is FILE_REFUSED '.SYSLOG_IDENTIFIER == "weatherd-producer" and (.MESSAGE | startswith("./producer.json"))'

    consumer_start first "${name[@]}" 1
    run journaled consumer "${name[@]}" 1
    expect_status 73
    entry_is LOCK_HELD '.WEATHERD_PARTITION == "1"'
    run journaled consumer -o consumer.directory=nowhere 1
    expect_status 73
    entry_is DIRECTORY_UNUSABLE '.MESSAGE | startswith("directory nowhere")'
    run journaled consumer -o consumer.late=perhaps 1
    expect_status 78
    entry_is SETTINGS_WRONG '.MESSAGE | contains("perhaps")'
    mock error Produce TOPIC_AUTHORIZATION_FAILED 1000
    run journaled producer -o 'topic fatal.partitions=2' -o producer.directory=journal -o simulator.stations=1 \
        -o simulator.station_prefix=雨
    mock clear Produce
    expect_status 69
    entry_is REPORT_FAILED '.WEATHERD_STATION == "雨A"'
}

@test "a broker that goes and comes back, and a reload, have ids" {
    start_mock flapping:1
    echo '[log]' >sink.ini
    journaled_start sink consumer -c sink.ini -o consumer.topic=flapping 0
    wait_for 10 entry_is READING true
    mock down -1
    wait_for 20 entry_is BROKER_UNREACHABLE '.PRIORITY == "4"'
    mock up -1
    wait_for 20 entry_is BROKER_REACHABLE '.PRIORITY == "5"'
    printf '[consumer]\nlayout = tagged\n' >sink.ini
    send_signal sink HUP
    wait_for 10 entry_is RESTART_NEEDED '.MESSAGE | startswith("[consumer] layout is tagged now")'
    wait_for 10 entry_is RELOAD_TAKEN '.PRIORITY == "5"'
    echo '[nowhere]' >sink.ini
    send_signal sink HUP
    wait_for 10 entry_is SETTINGS_WRONG '.MESSAGE | startswith("sink.ini:1: ")'
    wait_for 10 entry_is RELOAD_REFUSED '.PRIORITY == "3"'
    stop sink
}

@test "lines that repeat are left out, and counted" {
    requires kcat
    use_topic blocked
    mock topic noisy 1
    mkdir noisy
    journaled_start sink consumer "${name[@]}" 0
    journaled_start other consumer -o consumer.directory=noisy -o consumer.topic=noisy 0
    wait_for 10 test -e partition-0.json
    # in the way of the temporary file
    mkdir .partition-0.json.tmp
    echo '{"date":"2000-01-01","station":"A","degrees":20}' | send blocked 0
    wait_for 10 entry_is CHECKPOINT_FAILED '.WEATHERD_TOPIC == "blocked" and .WEATHERD_OFFSET == "1"
        and (.MESSAGE | startswith("./partition-0.json: can") and endswith("reading stands still until it can be"))'
    seq 100 | send noisy 0
    wait_for 10 entry_is RECORD_INVALID '.MESSAGE | endswith("(1 in all, 1 since the last such line)")'
    wait_for 30 entry_is CHECKPOINT_FAILED '.MESSAGE | test("until it can be \\([0-9]+ more since the last such line\\)$")'
    counted()
    {
        echo 101 | send noisy 0
        entry_is RECORD_INVALID '.MESSAGE | test("\\([0-9]{3,} in all, [0-9]{3,} since the last such line\\)$")'
    }
    wait_for 30 counted
    rmdir .partition-0.json.tmp
    wait_for 10 entry_is CHECKPOINT_RESUMED true
    (($(entries CHECKPOINT_FAILED true) <= 3 && $(entries RECORD_INVALID true) <= 3))
    stop sink
    stop other
}

@test "at level debug there are the client's own lines, connections and checkpoints, and no line a record" {
    use_topic seen
    producer -o 'topic seen.partitions=2' -o producer.days=500 -o producer.interval=0
    run consumer -v "${name[@]}" --until-end 0-1
    expect_output '^weatherd-consumer: debug: librdkafka: CONNECTED: .*Connected'
    expect_output '^weatherd-consumer: debug: seen partition 1: checkpoint at offset [0-9]+: [0-9]+ stations, [0-9.]+ ms$'
    (($(wc -l <<<"$output") < 200))
    run consumer -v "${name[@]}" -o kafka.debug=conf --until-end 0-1
    expect_output 'librdkafka: CONF'
    run grep 'librdkafka: CONNECTED' <<<"$output"
    expect_status 1
    # two thousand lines of this kind in four seconds, were they not left out
    WEATHERD_TIMEOUT=4 run consumer -v "${name[@]}" -o consumer.directory=journal -o kafka.bootstrap.servers=127.0.0.1:1 0
    expect_output 'librdkafka: CONNECT: .*Not selecting any broker'
    (($(wc -l <<<"$output") < 200))
    run producer -v -o 'topic seen.partitions=2' -o producer.days=600 -o producer.interval=0 --fresh
    expect_output '^weatherd-producer: debug: librdkafka: CONNECTED: '
    expect_output '^weatherd-producer: debug: producer.json: [0-9]+ days and [0-9]+ reports, [0-9.]+ ms$'
    (($(wc -l <<<"$output") < 200))
}
