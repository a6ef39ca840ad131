#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The daemons at work on librdkafka's mock cluster, and what a supervisor sees of them.

# shellcheck disable=SC2154 # kit_top and keep are the kit's

load ../lib/kit
top=$kit_top

setup_file()
{
    start_mock
}

topics=(-o 'topic temperatures.partitions=4')

# The mock has one cluster for all tests of the file: each has a topic of its own.
use_topic() # NAME
{
    mock topic "$1" 4
    topics=(-o "topic $1.partitions=4")
    name=(-o "consumer.topic=$1")
}

@test "4,000 reports go through, and each station counts 400 days" {
    use_topic through
    producer "${topics[@]}" -o producer.days=400 -o producer.interval=0
    consumer "${name[@]}" --until-end 0 2
    consumer "${name[@]}" --until-end 1 3
    ((4000 == $(offsets partition-{0..3}.json)))
    for partition in 0 1 2 3; do
        json_is "partition-$partition.json" 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1 == 400
            for k, s in d.items() if k != "offset")'
    done
}

@test "killed and restarted, both have the files of a straight run" {
    local life before

    use_topic straight
    moved() { (($(offsets partition-{0..3}.json 2>/dev/null || echo 0) > before)); }
    for life in {1..5}; do
        producer_start source "${topics[@]}" -o producer.interval=1ms
        consumer_start sink "${name[@]}" "${keep[@]}" -o consumer.checkpoint_interval=0 0-3
        before=$(offsets partition-{0..3}.json 2>/dev/null || echo 0)
        wait_for 20 moved
        kill9 sink
        # the producer's position is written once a second: some lives end before, some after
        ((life % 2)) || wait_for 20 test -e producer.json
        kill9 source
    done
    producer "${topics[@]}" -o producer.interval=0 -o producer.days=10
    consumer "${name[@]}" "${keep[@]}" --until-end 0-3
    mkdir straight dropped
    consumer "${name[@]}" "${keep[@]}" -o consumer.directory=straight --until-end 0-3
    same_files straight .
    consumer "${name[@]}" -o consumer.directory=dropped --until-end 0-3
    for partition in 0 1 2 3; do
        json_is "dropped/partition-$partition.json" "all(s['count'] == (date(s['end']) - date(s['start'])).days + 1
            for k, s in d.items() if k != 'offset')"
    done
}

@test "--ready-fd gets one newline and is closed; without an open descriptor it is a usage error" {
    use_topic ready
    kit_daemon consumer "${name[@]}" --until-end --ready-fd=7 0
    # shellcheck disable=SC2154 # set by kit_daemon
    timeout 20 "${kit_command[@]}" 7>told
    [[ $(od -An -c told | tr -d ' ') == '\n' ]]
    run timeout 20 "${kit_command[@]}" 7>&-
    expect_status 64
}

@test "a supervisor is told READY, STATUS, RELOADING and STOPPING" {
    local daemon

    use_topic told
    start_ear
    for daemon in consumer producer; do
        : >"$(kit_state)/ear.out"
        if [[ $daemon == consumer ]]; then
            consumer_start "$daemon" "${name[@]}" 0-3
        else
            producer_start "$daemon" "${topics[@]}" -o producer.interval=10ms
        fi
        wait_for 10 grep -x READY=1 "$(kit_state)/ear.out"
        wait_for 10 grep -E '^STATUS=.' "$(kit_state)/ear.out"
        send_signal "$daemon" HUP
        wait_for 10 grep -x RELOADING=1 "$(kit_state)/ear.out"
        grep -E '^MONOTONIC_USEC=[0-9]+$' "$(kit_state)/ear.out"
        ready_twice() { ((2 == $(grep -cx READY=1 "$(kit_state)/ear.out"))); }
        wait_for 10 ready_twice
        stop "$daemon"
        wait_for 10 grep -x STOPPING=1 "$(kit_state)/ear.out"
    done
}

@test "a supervisor that watches is told again and again that the loop gets on" {
    local daemon

    use_topic watched
    start_ear
    export WATCHDOG_USEC=400000
    told_often() { ((3 <= $(grep -cx WATCHDOG=1 "$(kit_state)/ear.out"))); }
    for daemon in consumer producer; do
        : >"$(kit_state)/ear.out"
        if [[ $daemon == consumer ]]; then
            consumer_start "$daemon" "${name[@]}" 0
        else
            producer_start "$daemon" "${topics[@]}"
        fi
        wait_for 10 told_often
        stop "$daemon"
    done
}

@test "without a broker the status says for whom it waits and since when" {
    start_ear
    consumer_start one -o kafka.bootstrap.servers=127.0.0.1:1 0
    wait_for 15 grep -E '^STATUS=waiting for 127.0.0.1:1 since 2[0-9]{3}-' "$(kit_state)/ear.out"
    within 5 stop one
    NOTIFY_SOCKET=$PWD/socket producer_start one -o kafka.bootstrap.servers=127.0.0.1:2
    wait_for 15 grep -E '^STATUS=waiting for 127.0.0.1:2 since 2[0-9]{3}-' "$(kit_state)/ear.out"
    within 5 stop one
}

@test "a second process on a directory exits 73 and names the first" {
    use_topic held
    consumer_start one "${name[@]}" 0-1
    run consumer "${name[@]}" --until-end 1
    expect_status 73
    expect_output "partition-1.lock: is held by process $(pid_of one) "
    producer_start two "${topics[@]}" -o producer.interval=1s
    run producer "${topics[@]}"
    expect_status 73
    expect_output "producer.lock: is held by process $(pid_of two) "
    stop one
    stop two
}

@test "a directory that is missing, a file or read-only: 73, named" {
    local daemon arguments

    touch file
    for daemon in consumer producer; do
        arguments=(0)
        [[ $daemon == consumer ]] || arguments=()
        run "$daemon" -o "$daemon.directory=nowhere" "${arguments[@]}"
        expect_status 73
        expect_output 'directory nowhere'
        run "$daemon" -o "$daemon.directory=file" "${arguments[@]}"
        expect_status 73
        expect_output 'directory file'
    done
    # root may write anywhere but where the kernel says no
    mkdir locked
    chmod 555 locked
    ((EUID)) || { rmdir locked && ln -s /proc/self locked; }
    for daemon in consumer producer; do
        arguments=(0)
        [[ $daemon == consumer ]] || arguments=()
        run "$daemon" -o "$daemon.directory=locked" "${arguments[@]}"
        expect_status 73
        expect_output 'locked'
    done
}

@test "a directory that is deleted under a daemon ends it with 74, named, and is not made again" {
    use_topic deleted
    mkdir gone
    consumer_start sink "${name[@]}" -o consumer.directory=gone -o consumer.checkpoint_interval=10ms 0-3
    wait_for 10 test -e gone/.partition-3.source
    wait_for 10 rm -r gone # which may find a new file while it is at work
    producer "${topics[@]}" -o producer.days=3 -o producer.interval=0
    run await sink
    expect_status 74
    log_has sink 'err: gone/\.?partition-.*the directory has been deleted; restore it from a copy'
    [[ ! -e gone ]]

    mkdir gone
    producer_start source "${topics[@]}" -o producer.directory=gone -o producer.interval=10ms
    wait_for 10 test -e gone/producer.json
    wait_for 10 rm -r gone
    run await source
    expect_status 74
    log_has source 'err: gone/producer.json: .*the directory has been deleted; restore it from a copy'
    [[ ! -e gone ]]
}

@test "STATE_DIRECTORY is where the files go, unless the settings say otherwise" {
    use_topic state
    mkdir state
    STATE_DIRECTORY=$PWD/state producer "${topics[@]}" -o producer.days=3 -o producer.interval=0
    STATE_DIRECTORY=$PWD/state consumer "${name[@]}" --until-end 0
    [[ -e state/producer.json && -e state/partition-0.json && ! -e partition-0.json ]]
}

@test "a second SIGTERM ends at once, and what was on disk stays good" {
    use_topic impatient
    consumer_start one "${name[@]}" 0-3
    wait_for 10 test -e partition-0.json
    send_signal one TERM
    send_signal one TERM || true
    run within 5 await one
    ((status == 0 || status == 143 || status == 130))
    consumer "${name[@]}" --until-end 0-3
}

@test "SIGINT ends with 0 as SIGTERM does" {
    use_topic interrupted
    consumer_start one "${name[@]}" 0-3
    producer_start two "${topics[@]}" -o producer.interval=10ms
    send_signal one INT
    within 5 await one
    send_signal two INT
    within 5 await two
}

@test "each kind of spoilt file is refused with 65, the file and the field named and the file untouched" {
    local name_ message failed=0 count=0

    spoils partition-0.json
    while IFS=$'\t' read -r name_ message; do
        cat >partition-0.json <<'EOF'
{
  "offset": 9,
  "StationA": {
    "count": 9,
    "sum": 270.5,
    "avg": 30.055555555555557,
    "start": "2000-01-01",
    "end": "2000-01-09",
    "min": 21.5,
    "min_date": "2000-01-03",
    "max": 38,
    "max_date": "2000-01-07"
  }
}
EOF
        helper corrupt.py "$name_" partition-0.json
        cp partition-0.json spoilt
        run consumer --until-end 0
        if ! { expect_status 65 && expect_output partition-0.json && expect_output "$message" &&
            expect_output 'restore the file' && cmp spoilt partition-0.json; } 2>error; then
            printf '%s: %s\n' "$name_" "$(<error)"
            failed=$((failed + 1))
        fi
        count=$((count + 1))
    done < <(helper corrupt.py list)
    ((count > 40))
    ((failed == 0))
}

@test "a spoilt producer.json is refused with 65 and untouched" {
    local spoil

    use_topic position
    for spoil in ': >P' 'truncate -s 20 P' 'echo x >>P' 'sed -i s/\"days\"/\"dais\"/ P' 'sed -i /days/d P' 'sed -i s/10/-1/ P'; do
        producer "${topics[@]}" -o producer.days=10 -o producer.interval=0 --fresh
        eval "${spoil//P/producer.json}"
        cp producer.json spoilt
        run producer "${topics[@]}" -o producer.days=1 -o producer.interval=0
        expect_status 65
        expect_output 'producer.json'
        cmp spoilt producer.json
    done
}

descriptors() { find "/proc/$(pid_of "$1")/fd" -mindepth 1 | wc -l; }

@test "a program that executes itself again keeps its name, and leaves no descriptors to itself" {
    local turn first

    use_topic again
    none_left() { (($(descriptors sink) <= first)); }
    told() { (($(log_count sink 'going on with a new client') == turn)) && (($(log_count sink "reading again:0") > turn)); }
    echo '[kafka]' >sink.ini
    consumer_start sink -c sink.ini "${name[@]}" 0
    wait_for 10 test -e partition-0.json
    first=$(descriptors sink)
    for turn in 1 2 3; do
        printf '[kafka]\nsasl.username = %s\n' "$turn" >sink.ini
        send_signal sink HUP
        wait_for 10 told
    done
    wait_for 10 none_left
    [[ $(<"/proc/$(pid_of sink)/comm") == weatherd-consum ]]
    stop sink
}

@test "an invalid_topic that is missing holds back the topics that name it, and no others" {
    requires kcat
    for name_ in guilty innocent innocent-bad; do mock topic "$name_" 1; done
    for name_ in guilty innocent; do echo nonsense | kcat -P -b "$BOOTSTRAP" -t "$name_" -p 0; done
    consumer_start sink -o consumer.topic=guilty -o consumer.invalid_topic=guilty-bad \
        -o 'topic innocent.invalid_topic=innocent-bad' guilty:0 innocent:0
    wait_for 10 offsets_are 1 innocent/partition-0.json
    wait_for 10 log_has sink 'guilty partition 0: .*topic guilty-bad \(invalid_topic\) does not exist'
    wait_for 10 offsets_are 0 partition-0.json
    mock topic guilty-bad 1
    wait_for 10 offsets_are 1 partition-0.json
    stop sink
}

@test "an invalid record goes to invalid_topic whatever its size, if the brokers take it" {
    requires kcat
    mock topic large 1
    mock topic large-bad 1
    head -c 1000100 /dev/zero | tr '\0' x >record
    kcat -P -b "$BOOTSTRAP" -X message.max.bytes=2000000 -t large -p 0 record
    consumer -o consumer.topic=large -o consumer.invalid_topic=large-bad --until-end 0
    offsets_are 1 partition-0.json
}

@test "the manual has the figures of all daemons, and no others" {
    use_topic figures
    mkdir figures
    consumer_start sink "${name[@]}" -o consumer.metrics_directory=figures 0
    producer_start source "${topics[@]}" -o producer.metrics_directory=figures
    mkdir -p other/rain
    helper trees.py make 1 rain.json reports.json
    forecast_start rain -o forecast.topic=figures -o forecast.model=rain.json -o forecast.directory=other/rain \
        -o forecast.metrics_directory=figures 0
    wait_for 10 eval 'ls figures/weatherd-{consumer,forecast,producer}-*.prom'
    compare() # PAGE FILE
    {
        diff <(sed -n 's/^\.It Va \(weatherd_[a-z_]*\)$/\1/p' "$top/man/$1" | sort) \
            <(sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$2" | sort)
    }
    compare weatherd-consumer.ini.5 figures/weatherd-consumer-figures-0.prom
    if log_has rain ': $'; then return 1; fi # no complaint without a reason, while its topic is made
    compare weatherd-forecast.ini.5 figures/weatherd-forecast-figures-0.prom
    compare weatherd-producer.8 figures/weatherd-producer-figures.prom
    # of two files in one directory a collector takes a value once
    wait_for 10 grep '^weatherd_checkpoint_last_success.*program="weatherd-forecast"' figures/weatherd-forecast-figures-0.prom
    [[ -z $(sed -n 's/^\([a-z_]*{.*}\) .*/\1/p' figures/weatherd-*.prom | sort | uniq -d) ]]
    run compare weatherd-producer.8 figures/weatherd-consumer-figures-0.prom
    expect_status 1
}
