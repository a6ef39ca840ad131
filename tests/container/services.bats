#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Containers that read from, and write to, a real Kafka: what s6 makes of the daemons' lives and deaths.

load ../lib/container

setup_file()
{
    requires java
    start_guarded_kafka 'user_weatherd="secret"'
    six_partitions temperatures 400
}

six_partitions() # TOPIC DAYS ARGUMENT...
{
    fill "$1" "$2" -o "topic $1.partitions=6" "${@:3}"
}

# Two consumers of a topic.
reading() # NAME TOPIC OPTION...
{
    printf '[consumer]\ntopic = %s\n' "$2" >consumer.ini
    container "$1" --volume "$PWD/consumer.ini:/etc/weatherd/consumer.ini:ro" -e WEATHERD_BOOTSTRAP_SERVERS="$BOOTSTRAP" \
        -e 'WEATHERD_PARTITIONS=0-1 2-3' "${@:3}"
    wait_for 20 ready "$1" weatherd-consumer@0-1 weatherd-consumer@2-3
}

pid_inside() # CONTAINER SERVICE
{
    inside "$1" s6-svstat -o pid "$(service "$2")"
}

kill_inside() # CONTAINER SERVICE SIGNAL
{
    inside "$1" sh -c "kill -s $3 $(pid_inside "$1" "$2")"
}

restarted() # CONTAINER SERVICE FORMER-PID
{
    service_is "$1" "$2" up,ready 'true true' && [[ $(pid_inside "$1" "$2") != "$3" ]]
}

# The container's directory is what a consumer makes that nothing happens to.
same_as_straight() # TOPIC DIRECTORY [PARTITIONS]
{
    mkdir -p straight
    consumer -o consumer.directory=straight -o "consumer.topic=$1" --until-end "${3-0-3}"
    same_files straight "$2"
}

# All of it is counted, on disk or not; what is to be on disk then is in straight/.
read_all() # CONTAINER TOPIC
{
    mkdir -p straight
    consumer -o consumer.directory=straight -o "consumer.topic=$2" --until-end 0-3
    (($(inside "$1" cat "/run/weatherd/weatherd-consumer-$2-"{0-1,2-3}.prom |
        awk '/^weatherd_consumer_offset/ { sum += $2 } END { print sum }') == $(offsets straight/partition-*.json)))
}

@test "consumers are ready, files in a named volume are right, commands in it need no options" {
    local volume

    volume=$(container_name state)
    reading one temperatures --volume "$volume:/var/lib/weatherd"
    volume=$(podman volume inspect --format '{{.Mountpoint}}' "$volume")
    wait_for 20 same_as_straight temperatures "$volume"
    [[ $(stat -c %u "$volume"/partition-0.json) == 10001 ]]
    healthy one

    inside one weatherctl status
    inside one weatherctl show | grep -E '^StationA +[0-9] +400 '
    start tail timeout 60 podman exec "$(container_name one)" weatherctl tail -n 1
    told() { fill temperatures 1 -o 'topic temperatures.partitions=6' && [[ -s $(out_of tail) ]]; }
    wait_for 30 told
    await tail
    grep -E '^\{"station_id": "Station[A-J]", "date": "2000-01-01", ' "$(out_of tail)"

    # those that nobody has, which are no concern of the health check's
    inside one weatherd-consumer --until-end 4 5
    [[ -s $volume/partition-4.json && -s $volume/partition-5.json ]]
    healthy one
    # and those that somebody has
    run inside one weatherd-consumer 3
    expect_status 73
    expect_output 'is held by process '
    container_stop one
    same_as_straight temperatures "$volume" 0-5
}

@test "SIGTERM to process 1 writes the last checkpoints, and it ends with 0 within 10 seconds" {
    six_partitions stopped 30
    reading one stopped -e 'WEATHERD_OPTS=-o consumer.checkpoint_interval=1h'
    # the first contact is written at once, what comes then is not
    wait_for 20 test -e state/partition-3.json
    six_partitions stopped 30 -o simulator.start=2001-01-01
    wait_for 20 read_all one stopped
    if same_files straight state; then return 1; fi
    within 10 container_stop one
    same_as_straight stopped state
}

@test "Ctrl-C on its terminal ends it as SIGTERM does" {
    six_partitions typed 30
    reading one typed --tty --interactive -e 'WEATHERD_OPTS=-o consumer.checkpoint_interval=1h'
    wait_for 20 test -e state/partition-1.json
    wait_for 20 test -e state/partition-3.json
    six_partitions typed 30 -o simulator.start=2001-01-01
    wait_for 20 read_all one typed
    if same_files straight state; then return 1; fi
    printf '\003' | timeout 20 podman attach "$(container_name one)" 3>&-
    container_await one
    same_files straight state
}

@test "a daemon that is killed is started again, as often as it takes, and every report counts once" {
    local kills pid

    reading one temperatures -e 'WEATHERD_OPTS=-o consumer.checkpoint_interval=100ms'
    for kills in {1..5}; do
        pid=$(pid_inside one weatherd-consumer@0-1)
        kill_inside one weatherd-consumer@0-1 KILL
        wait_for 20 restarted one weatherd-consumer@0-1 "$pid"
        six_partitions temperatures 10 -o "simulator.start=200$((kills + 1))-06-01"
    done
    wait_for 20 same_as_straight temperatures state
    [[ $(container_log one | grep -cE '^weatherd-consumer@0-1: .*reading temperatures:0-1') == 6 ]]
    container_stop one
}

@test "a spoilt checkpoint ends it with 65, unchanged, and the other service with a last checkpoint" {
    six_partitions spoilt 30
    reading one spoilt -e 'WEATHERD_OPTS=-o consumer.checkpoint_interval=1h'
    wait_for 20 test -e state/partition-1.json
    wait_for 20 test -e state/partition-3.json
    six_partitions spoilt 30 -o simulator.start=2001-01-01
    wait_for 20 read_all one spoilt
    spoils state
    sed 's/"offset": /"offset": -/' state/partition-0.json >spoilt.json
    cp -p spoilt.json state/partition-0.json
    kill_inside one weatherd-consumer@0-1 KILL
    run container_await one
    expect_status 65
    expect_output '^weatherd-consumer@0-1: err: .*partition-0\.json: .*"offset" is -[0-9]+'
    expect_output '^weatherd-consumer@2-3: info: stopped after '
    cmp state/partition-0.json spoilt.json
    cmp state/partition-2.json straight/partition-2.json
    cmp state/partition-3.json straight/partition-3.json
}

@test "a password comes from /run/secrets; a wrong one ends it with 69" {
    printf '[kafka]\nsecurity.protocol = SASL_PLAINTEXT\nsasl.mechanism = PLAIN\nsasl.username = weatherd\nsasl.password = @kafka-password\n' >consumer.ini
    guarded() # NAME PASSWORD
    {
        mkdir -p "$1" && echo "$2" >"$1/kafka-password" && chmod -R a+rX "$1" &&
            container "$1" -e WEATHERD_BOOTSTRAP_SERVERS="$GUARDED" -e WEATHERD_PARTITIONS=0-3 --volume "$PWD/$1:/run/secrets:ro" \
                --volume "$PWD/consumer.ini:/etc/weatherd/consumer.ini:ro"
    }
    guarded right secret
    wait_for 20 same_as_straight temperatures state
    inside right weatherctl status
    container_stop right
    guarded wrong sesame
    run container_await wrong
    expect_status 69
}

@test "the health check fails while a service is not ready, and when a file is spoilt; with --max-age when one hangs" {
    reading one temperatures -e 'WEATHERD_OPTS=-o consumer.checkpoint_interval=100ms'
    wait_for 20 same_as_straight temperatures state
    wait_for 5 healthy one
    inside one /usr/lib/weatherd/s6/healthy --max-age=1s

    kill_inside one weatherd-consumer@2-3 STOP
    six_partitions temperatures 10 -o simulator.start=2010-01-01
    wait_for 20 hangs one
    kill_inside one weatherd-consumer@2-3 CONT
    wait_for 20 same_as_straight temperatures state
    wait_for 5 inside one /usr/lib/weatherd/s6/healthy --max-age=1s

    cp -p state/partition-3.json good
    echo spoilt >state/partition-3.json
    run healthy one
    expect_status 1
    cp -p good state/partition-3.json
    healthy one

    inside one ln -sf /usr/bin/false "$(service weatherd-consumer@0-1)/run"
    kill_inside one weatherd-consumer@0-1 KILL
    sick() { ! healthy one; }
    wait_for 10 sick
    container_stop one || true
}

@test "signals to process 1 reach the daemons: SIGUSR1 writes a checkpoint, SIGHUP reads the settings" {
    reading one temperatures -e 'WEATHERD_OPTS=-o consumer.checkpoint_interval=1h'
    wait_for 20 test -e state/partition-3.json
    six_partitions temperatures 10 -o simulator.start=2011-01-01
    written() { container_signal one USR1 && same_as_straight temperatures state; }
    wait_for 20 written
    container_signal one HUP
    reloaded() { [[ $(container_log one | grep -c 'settings reloaded') == 2 ]]; }
    wait_for 10 reloaded
    container_stop one
}

@test "a container that is started again goes on where it was, also without a tmpfs on /run" {
    reading one temperatures --read-only=false
    wait_for 20 same_as_straight temperatures state
    container_stop one >before
    six_partitions temperatures 10 -o simulator.start=2012-01-01
    podman start "$(container_name one)" 3>&-
    wait_for 20 ready one weatherd-consumer@0-1 weatherd-consumer@2-3
    wait_for 20 same_as_straight temperatures state
    container_stop one >after
    (($(grep -c warning after) == $(grep -c warning before)))
}

@test "a producer that has sent its days ends it with 0" {
    printf '[producer]\ninterval = 0\n[topic produced]\n' >producer.ini
    container one -e WEATHERD_BOOTSTRAP_SERVERS="$BOOTSTRAP" -e WEATHERD_PRODUCER=yes -e 'WEATHERD_OPTS=-o producer.days=30' \
        --volume "$PWD/producer.ini:/etc/weatherd/producer.ini:ro"
    run container_await one
    expect_status 0
    expect_output '^weatherd-producer: info: stopped after 300 reports$'
    [[ -s state/producer.json ]]
    consumer -o consumer.topic=produced --until-end 0-3
    offsets_are 300 partition-*.json
}

@test "consumers that have reached the end end it with 0 when all have, and not before" {
    six_partitions ended 30
    container one -e WEATHERD_BOOTSTRAP_SERVERS="$BOOTSTRAP" -e 'WEATHERD_PARTITIONS=ended:0-1 ended:2-3 missing:0' \
        -e WEATHERD_OPTS=--until-end
    # those of the topic that exists
    done_with() { service_is one "weatherd-consumer@$1" up,wantedup 'false false'; }
    wait_for 20 done_with ended:0-1
    wait_for 20 done_with ended:2-3
    service_is one weatherd-consumer@missing:0 up 'true'
    healthy one
    new_topic missing 1
    run container_await one
    expect_status 0
    same_as_straight ended state/ended
}

# One of them is behind its topic, and stays there.
hangs() # CONTAINER
{
    ! inside "$1" /usr/lib/weatherd/s6/healthy --max-age=1s
}

@test "forecasts have services and a volume of their own, and go on after a death" {
    local pid

    fill foreseen 100
    state_directory rain
    helper trees.py make 1 rain.json reports.json
    printf '[forecast]\ntopic = foreseen\nmodel = /etc/weatherd/rain.json\n' >forecast.ini
    # the consumer's directory is not to be taken for theirs
    printf '[consumer]\ntopic = foreseen\n[topic foreseen]\ndirectory = /var/lib/weatherd\n' >consumer.ini
    container one --volume "$PWD/forecast.ini:/etc/weatherd/forecast.ini:ro" --volume "$PWD/rain.json:/etc/weatherd/rain.json:ro" \
        --volume "$PWD/consumer.ini:/etc/weatherd/consumer.ini:ro" --volume "$PWD/rain:/var/lib/weatherd-forecast" \
        -e WEATHERD_BOOTSTRAP_SERVERS="$BOOTSTRAP" -e WEATHERD_PARTITIONS=0-1 -e WEATHERD_FORECAST_PARTITIONS='0-1 2-3'
    wait_for 20 ready one weatherd-consumer@0-1 weatherd-forecast@0-1 weatherd-forecast@2-3
    wait_for 30 offsets_are 1000 rain/partition-{0..3}.json
    inside one /usr/lib/weatherd/s6/healthy
    # as it is with a consumer's
    cp -p rain/partition-3.json good
    echo spoilt >rain/partition-3.json
    run inside one /usr/lib/weatherd/s6/healthy
    expect_status 1
    expect_output 'partition-3\.json'
    cp -p good rain/partition-3.json
    kill_inside one weatherd-forecast@2-3 STOP
    fill foreseen 10 -o simulator.start=2000-06-01
    wait_for 20 hangs one
    kill_inside one weatherd-forecast@2-3 CONT
    wait_for 30 offsets_are 1100 rain/partition-{0..3}.json
    wait_for 5 inside one /usr/lib/weatherd/s6/healthy
    # by a command, too, and not beside the consumer's
    run inside one weatherd-forecast --until-end 2
    expect_status 73
    expect_output '/var/lib/weatherd-forecast/\.partition-2\.lock: is held by process '
    pid=$(pid_inside one weatherd-forecast@0-1)
    kill_inside one weatherd-forecast@0-1 KILL
    wait_for 20 restarted one weatherd-forecast@0-1 "$pid"
    fill foreseen 100 -o simulator.start=2001-01-01
    wait_for 30 offsets_are 2100 rain/partition-*.json
    container_stop one
    mkdir straight
    forecast -o forecast.directory=straight -o forecast.topic=foreseen -o forecast.prediction_topic=again \
        -o forecast.model=rain.json --until-end 0-3
    same_files straight rain
}
