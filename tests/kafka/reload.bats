#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# SIGHUP while records come in, and settings that concern several topics at once. The broker has a second door that asks
# for a password, and knows two users.

# shellcheck disable=SC2154 # kit_top is the kit's

load ../lib/kit

setup_file()
{
    requires java kcat protoc
    start_guarded_kafka 'user_old="first" user_new="second"'
}

reload() # NAME LINE...
{
    printf '%s\n' "${@:2}" >consumer.ini
    send_signal "$1" HUP
}

figure_is() # NAME{LABELS} VALUE
{
    [[ $(awk -v key="$1" '$1 == key { print $2 }' metrics/*.prom) == "$2" ]]
}

logged_times() # NUMBER EXTENDED-REGEX
{
    (($(log_count sink "$2") == $1))
}

# The records that the process has read, by its figures.
records_read()
{
    awk '/^weatherd_consumer_offset/ { sum += $2 } END { printf "%d\n", sum }' metrics/*.prom
}

have_read() # RECORDS
{
    (($(records_read) >= $1))
}

safe_records_exceed() # RECORDS
{
    [[ -e partition-0.json && -e partition-1.json && -e partition-2.json && -e partition-3.json ]] &&
        (($(offsets partition-{0..3}.json) > $1))
}

@test "under load a new interval and level are in force at once and without a gap, and a broken file changes nothing" {
    local read safe process=weatherd-consumer-load-0-3

    mkdir metrics
    new_topic load
    printf '[consumer]\ncheckpoint_interval = 8000h\n' >consumer.ini
    consumer_start sink -c consumer.ini -o consumer.topic=load -o consumer.metrics_directory=metrics 0-3
    producer_start source -o 'topic load.partitions=4' -o producer.interval=1ms -o simulator.stations=100
    wait_for 30 safe_records_exceed -1
    wait_for 30 have_read 20000
    # but for the checkpoint at first contact there is none
    safe=$(offsets partition-{0..3}.json)
    figure_is "weatherd_config_last_reload_successful{process=\"$process\"}" 1

    # mistakes: nothing of it is taken over, not even what is right
    reload sink '[log]' 'level = err' '[consumer]' 'checkpoint_interval = 10ms' 'late = perhaps'
    wait_for 10 log_has sink 'consumer.ini:5: .*late'
    wait_for 10 log_has sink 'the settings stay as they were'
    wait_for 10 figure_is "weatherd_config_last_reload_successful{process=\"$process\"}" 0
    read=$(records_read)
    wait_for 30 have_read $((read + 20000))
    offsets_are "$safe" partition-{0..3}.json
    topic send load <<<'{"raw": "no report", "key": "A"}'
    wait_for 10 log_has sink 'warning: load partition [0-3] offset [0-9]*: invalid record skipped'

    # a level that hides the reload itself, and one that shows what hardly anybody wants to know
    reload sink '[log]' 'level = err' '[consumer]' 'checkpoint_interval = 8000h'
    wait_for 10 figure_is "weatherd_config_last_reload_successful{process=\"$process\"}" 1
    if log_has sink 'settings reloaded'; then return 1; fi
    read=$(records_read)
    reload sink '[log]' 'level = debug' '[consumer]' 'checkpoint_interval = 10ms'
    wait_for 30 safe_records_exceed "$read"
    log_has sink 'notice: settings reloaded from consumer.ini'
    wait_for 10 log_has sink 'debug: load partition [0-3]: checkpoint at offset'
    stop source
    stop sink
    log_has sink 'info: stopped after'

    consumer -o consumer.topic=load --until-end 0-3
    topic compare load . --text
}

@test "a topic's policies change with a reload" {
    new_topic policy 1
    printf '[topic policy]\ndirectory = .\nmax_stations = 1\n' >consumer.ini
    consumer_start sink -c consumer.ini -o consumer.checkpoint_interval=0 policy:0
    printf '%s\n' '{"date": "2000-01-02", "station": "A", "degrees": 1}' '{"date": "2000-01-02", "station": "A", "degrees": 1}' \
        '{"date": "2000-01-01", "station": "A", "degrees": 1}' '{"date": "2000-01-01", "station": "B", "degrees": 1}' >lines
    topic send policy <lines
    wait_for 20 json_is partition-0.json 'd["offset"] == 4 and d["A"]["count"] == 1 and "B" not in d'

    reload sink '[topic policy]' 'directory = .' 'duplicates = keep' 'max_stations = 2'
    wait_for 10 log_has sink 'settings reloaded'
    topic send policy <lines
    wait_for 20 json_is partition-0.json 'd["offset"] == 8 and d["A"]["count"] == 3 and d["B"]["count"] == 1'

    reload sink '[topic policy]' 'directory = .' 'late = keep'
    wait_for 10 logged_times 2 'settings reloaded'
    topic send policy <lines
    wait_for 20 json_is partition-0.json 'd["offset"] == 12 and d["A"]["count"] == 4 and d["A"]["start"] == "2000-01-01"'

    # what is set for all holds for the topic, too
    reload sink '[consumer]' 'on_invalid = stop' '[topic policy]' 'directory = .'
    wait_for 10 logged_times 3 'settings reloaded'
    topic send policy <<<'{"raw": "no report", "key": "A"}'
    run await sink 20
    expect_status 65
    log_has sink 'policy partition 0 offset 12: invalid record: .*on_invalid = stop'
    json_is partition-0.json 'd["offset"] == 12'
}

@test "each key of the consumer that needs a restart is named by a reload, and keeps its value" {
    local key

    new_topic fixed 1
    new_topic other 1
    mkdir metrics elsewhere
    printf '[consumer]\ntopic = fixed\n' >consumer.ini
    consumer_start sink -c consumer.ini -o consumer.checkpoint_interval=0 0
    wait_for 20 json_is partition-0.json 'd == {"offset": 0}'
    reload sink '[consumer]' 'topic = other' 'partitions = 7' 'directory = elsewhere' 'format = json' 'schema = station_report' \
        'layout = tagged' 'invalid_topic = letters' 'metrics_directory = metrics' '[kafka]' 'client.id = another'
    wait_for 10 log_has sink 'settings reloaded'
    for key in topic partitions directory format schema layout invalid_topic metrics_directory; do
        log_has sink "\[consumer\] $key is .*, which takes effect with a restart"
    done
    log_has sink '\[kafka\] client.id is .*restart'
    printf '%s\n' '{"date": "2000-01-01", "station": "A", "degrees": 1}' '{"raw": "no report", "key": "A"}' | topic send fixed
    wait_for 20 json_is partition-0.json 'd["offset"] == 2 and d["A"]["count"] == 1'
    stop sink
    [[ -z $(find metrics elsewhere -type f) ]]
    topic compare fixed . --text
}

write_credentials() # USER PASSWORD
{
    printf '[kafka]\nbootstrap.servers = %s\nsecurity.protocol = SASL_PLAINTEXT\nsasl.mechanism = PLAIN\n' "$GUARDED" >consumer.ini
    printf 'sasl.username = %s\nsasl.password = @%s\n' "$1" "$PWD/password" >>consumer.ini
    printf %s "$2" >password
}

# The broker's door is in the file.
guarded_consumer_start() # NAME ARGUMENT...
{
    BOOTSTRAP='' consumer_start "$1" -c consumer.ini "${@:2}"
}

@test "changed credentials under load: the same process goes on with a new client, exactly, and still stops at the end" {
    local pid

    new_topic secret
    write_credentials old first
    producer_start source -o 'topic secret.partitions=4' -o producer.interval=1ms -o simulator.stations=100
    # the last partition is not there yet, so that the end is not reached before
    guarded_consumer_start sink -o consumer.topic=secret -o consumer.checkpoint_interval=10ms --until-end 0-4
    pid=$(pid_of sink)
    wait_for 30 safe_records_exceed 10000
    write_credentials new second
    send_signal sink HUP
    wait_for 10 log_has sink 'credentials in \[kafka\] have changed: going on with a new client'
    wait_for 10 logged_times 2 'reading secret:0-4'
    [[ $pid == "$(pid_of sink)" ]]
    running sink
    wait_for 30 safe_records_exceed "$(offsets partition-{0..3}.json)"

    # the content of a file that is named is a credential as well
    write_credentials old first
    send_signal sink HUP
    wait_for 10 logged_times 3 'reading secret:0-4'
    # and what stays the same is none
    send_signal sink HUP
    wait_for 10 logged_times 3 'settings reloaded'
    stop source
    ((3 == $(log_count sink 'reading secret:0-4')))
    running sink

    kafka tool topics --bootstrap-server "$OPEN" --alter --topic secret --partitions 5
    await sink 60
    topic compare secret . --text
    if log_has sink 'could not be verified|refuses|err: '; then return 1; fi
}

@test "a reload to a wrong password does not end daemons that worked: they say so, and take the right one with the next" {
    write_credentials old first
    new_topic typo 1
    guarded_consumer_start sink -o consumer.topic=typo -o consumer.checkpoint_interval=0 0
    BOOTSTRAP='' producer_start source -c consumer.ini -o 'topic typo.partitions=1'
    wait_for 20 json_is partition-0.json 'd["offset"] > 0'
    wait_for 20 json_is producer.json 'd["days"] > 0'
    write_credentials old wrong
    send_signal sink HUP
    send_signal source HUP
    wait_for 20 log_has sink 'warning: .*[Aa]uthentication'
    wait_for 20 log_has source 'warning: .*[Aa]uthentication'
    write_credentials old first
    send_signal sink HUP
    send_signal source HUP
    before=$(json producer.json 'd["days"]')
    wait_for 30 json_is producer.json "d['days'] > $before"
    before=$(json partition-0.json 'd["offset"]')
    wait_for 30 json_is partition-0.json "d['offset'] > $before"
    stop source
    stop sink
    consumer -o consumer.topic=typo --until-end 0
    topic compare typo . --text
}

@test "a password that is wrong from the start ends both daemons with 69" {
    write_credentials old wrong
    BOOTSTRAP='' run consumer -c consumer.ini 0
    expect_status 69
    BOOTSTRAP='' run producer -c consumer.ini
    expect_status 69
}

@test "two topics in one directory are a mistake" {
    mkdir one
    ln -s one link
    printf '[topic a]\ndirectory = one\n[topic b]\ndirectory = one\n' >consumer.ini
    run consumer -c consumer.ini a:0 b:1
    expect_status 78
    expect_output 'one; each topic needs one of its own'
    run consumer -c consumer.ini --check-config
    expect_status 78

    # under two names it is one all the same
    printf '[topic a]\ndirectory = one\n[topic b]\ndirectory = link\n' >consumer.ini
    run consumer -c consumer.ini a:0 b:1
    expect_status 78
    [[ -z $(ls one) ]]
}

@test "the installed sample file serves a topic's partitions and another topic's side by side" {
    fill temperatures 20
    fill stations 20 -o 'topic stations.partitions=2'
    mkdir state run
    export STATE_DIRECTORY=$PWD/state RUNTIME_DIRECTORY=$PWD/run
    consumer_start one -c "$kit_top/etc/consumer.ini" 0-2
    consumer_start two -c "$kit_top/etc/consumer.ini" stations:0-1
    wait_for 20 offsets_are 200 state/stations/partition-{0,1}.json
    wait_for 20 test -e state/partition-2.json
    wait_for 20 test -e run/weatherd-consumer-temperatures-0-2.prom
    wait_for 20 test -e run/weatherd-consumer-stations-0-1.prom
    helper figures.py together run
    # each again what it is, with the other running
    run consumer -c "$kit_top/etc/consumer.ini" stations:1
    expect_status 73
    stop one && stop two
    topic compare temperatures state --partitions 0,1,2 --text
    topic compare stations state/stations --text
    [[ ! -e state/partition-3.json ]]
}
