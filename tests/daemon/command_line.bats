#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Command line and settings of the daemons, before anything is contacted.

load ../lib/kit

@test "--help names every option and every setting, and --version the libraries, both on stdout with 0" {
    local daemon option

    for daemon in consumer forecast producer; do
        "$daemon" --help >help 2>error
        [[ ! -s error ]]
        for option in --config --option --verbose --ready-fd --check-config --print-config --help --version; do
            grep -E -- " $option\b" help
        done
        "$daemon" -h | cmp - help
        "$daemon" --version >version
        grep -E "^weatherd-$daemon .*[0-9]+\.[0-9]+" version
        grep -E 'librdkafka [0-9].*protobuf-c [0-9].*json-c [0-9]' version
        "$daemon" -V | cmp - version
    done
    consumer --help | grep -e --until-end
    forecast --help | grep -e --until-end
    producer --help | grep -e --fresh
}

@test "usage errors exit 64 and say what is wrong" {
    run consumer
    expect_status 64
    expect_output 'no partitions to read'
    run forecast
    expect_status 64
    expect_output 'no partitions to read'
    run consumer --no-such-option 0
    expect_status 64
    expect_output 'unknown option --no-such-option; see weatherd-consumer --help'
    run consumer 0 -x
    expect_status 64
    run consumer -o
    expect_status 64
    run consumer --ready-fd=x 0
    expect_status 64
    run consumer --ready-fd=77 0
    expect_status 64
    expect_output 'ready-fd=77'
    run producer 0
    expect_status 64
    expect_output 'unexpected argument 0'
    run producer --until-end
    expect_status 64
    run consumer --fresh 0
    expect_status 64
    run forecast --fresh 0
    expect_status 64
    expect_output 'unknown option --fresh; see weatherd-forecast --help'
}

@test "lists of partitions that are none exit 64 and are quoted" {
    local list

    for list in x -- -1 1-0 0-x 0,,x 99999999999 a:b: 'bad/topic:0' '' :0; do
        run consumer -o consumer.topic=t -- "$list"
        if ! expect_status 64; then
            echo "for \"$list\"" >&2
            return 1
        fi
    done
}

@test "lists of partitions in all their forms" {
    local list

    for list in 0,2 0_2 '0 2' '0-0,2'; do
        consumer_start one -o kafka.bootstrap.servers=127.0.0.1:1 -- "$list"
        log_has one 'reading temperatures:0[, ]2$'
        stop one
        rm "$(log_of one)"
    done
    consumer_start one -o kafka.bootstrap.servers=127.0.0.1:1 '0\x2d2' 5 my_topic:0_2 a.b-c:7
    log_has one 'reading temperatures:0-2,5 my_topic:0,2 a.b-c:7$'
    stop one
    [[ -d my_topic && -d a.b-c ]]
    # without any on the command line: the settings'
    consumer_start two -o kafka.bootstrap.servers=127.0.0.1:1 -o 'consumer.partitions=1 3'
    log_has two 'reading temperatures:1,3$'
    stop two
}

@test "a missing -c file is an error" {
    run consumer -c nowhere.ini 0
    expect_status 78
    expect_output 'nowhere.ini'
    run producer -c nowhere.ini --check-config
    expect_status 78
    expect_output 'nowhere.ini'
}

@test "--check-config says ok, or every mistake with file and line, and contacts nothing" {
    printf '[consumer]\ntopic = fine\n' >good.ini
    [[ $(consumer -c good.ini --check-config) == 'good.ini: ok' ]]

    cat >bad.ini <<'EOF'
# line 1
[consumer]
topic = fine
partition = 0
checkpoint_interval = soon
topic = twice
late = maybe ; really
[kafka]
bootstrap.server = localhost
acks = 1
enable.auto.commit = true
[nonsense]
x = 1
EOF
    run consumer -c bad.ini --check-config
    expect_status 78
    expect_output 'bad.ini:4: unknown key "partition" in \[consumer\]; did you mean "partitions"\?'
    expect_output 'bad.ini:5: .*checkpoint_interval.*soon'
    expect_output 'bad.ini:6: .*topic'
    expect_output 'bad.ini:7: '
    expect_output 'bad.ini:12: .*nonsense'
    run consumer -c bad.ini 0
    expect_status 78

    printf '[kafka]\nbootstrap.server = x\nacks = 1\nenable.auto.commit = true\n' >kafka.ini
    run consumer -c kafka.ini --check-config
    expect_status 78
    expect_output 'kafka.ini:2: .*bootstrap.server'
    expect_output 'kafka.ini:3: .*acks.*in-sync'
    expect_output 'kafka.ini:4: .*enable.auto.commit.*partition-N.json'
    [[ -z $(find . -name '*partition*') ]]
}

@test "every property that would break a promise is refused, whichever name it goes by" {
    local property

    for property in enable.auto.commit=true auto.commit.enable=true enable.auto.offset.store=true auto.offset.reset=latest \
        enable.partition.eof=false acks=1 request.required.acks=1 enable.idempotence=false retries=3 \
        message.send.max.retries=3 message.timeout.ms=1000 delivery.timeout.ms=1000 transactional.id=x \
        partitioner=random queuing.strategy=lifo delivery.report.only.error=true log.queue=false group.instance.id=x \
        test.mock.num.brokers=1 plugin.library.paths=x; do
        for daemon in consumer forecast producer; do
            run "$daemon" -o "kafka.$property" --check-config
            if ! { expect_status 78 && expect_output "-o: \[kafka\] ${property%%=*} can't be set: .*; remove the line\$"; }; then
                echo "$daemon takes $property" >&2
                return 1
            fi
        done
    done
}

@test "--print-config prints what is in force, its origin, and no secret" {
    mkdir etc etc/consumer.ini.d
    printf '[consumer]\ntopic = first\nlate = keep\n[kafka]\nsasl.username = me\nsasl.password = hunter2\n' >etc/consumer.ini
    consumer -c etc/consumer.ini -o consumer.topic=second -o consumer.topic=third --print-config >printed
    grep -E '^ *topic = third' printed
    grep -E '^ *late = keep' printed
    grep -E '^ *checkpoint_interval = 1s' printed
    grep -F 'etc/consumer.ini' printed
    if grep hunter2 printed; then return 1; fi
    grep sasl.password printed
    grep -E 'sasl.username = me' printed
}

@test "-o takes a property of Kafka behind the first dot and any other key behind the last" {
    producer -o kafka.bootstrap.servers=one:1 -o 'topic a.b.partitions=7' -o log.level=err --print-config >printed
    grep -E 'bootstrap.servers = one:1' printed
    grep -F '[topic a.b]' printed
    grep -E 'partitions = 7' printed
    run producer -o nonsense --check-config
    expect_status 78
    run producer -o producer.nonsense=1 --check-config
    expect_status 78
    expect_output 'nonsense'
    run producer -o producer.days=-1 --check-config
    expect_status 78
    run producer -o 'simulator.start=2001-02-29' --check-config
    expect_status 78
}

@test "an empty station_prefix is taken" {
    printf '[simulator]\nstation_prefix =\n' >empty.ini
    producer -c empty.ini --check-config
    producer -o simulator.station_prefix= --check-config
}
