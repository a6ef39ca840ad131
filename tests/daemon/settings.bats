#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Every mistake that a settings file can have, key by key, and values that look like mistakes and are none.

load ../lib/kit

long=$(printf 'x%.0s' {1..249})

@test "consumer.ini: every mistake of every key is told with its line, and nothing else happens" {
    helper settings.py "$(built weatherd-consumer)" 0 >said || {
        cat said >&2
        return 1
    }
    cat said
    grep -E '^[0-9]{4} mistakes, [0-9]{3,} runs, 0 wrong' said
}

@test "forecast.ini: every mistake of every key is told with its line, and nothing else happens" {
    # without a model it ends before it does anything else
    helper trees.py make 1 model.json /dev/null
    helper settings.py "$(built weatherd-forecast)" -o "forecast.model=$PWD/model.json" 0 >said || {
        cat said >&2
        return 1
    }
    grep -E '^[0-9]{4} mistakes, [0-9]{3,} runs, 0 wrong' said
}

@test "producer.ini: every mistake of every key is told with its line, and nothing else happens" {
    helper settings.py "$(built weatherd-producer)" >said || {
        cat said >&2
        return 1
    }
    grep -E '^[0-9]{4} mistakes, [0-9]{3,} runs, 0 wrong' said
}

@test "a form or a pattern that the list of mistakes does not know is noticed" {
    local script

    for script in 's/= LIST /= COLOUR /' 's/= DURATION/= 1-2/'; do
        consumer --help | sed -e "$script" >help
        printf '#!/bin/sh\ncat %s/help\n' "$PWD" >program
        chmod +x program
        run helper settings.py "$PWD/program"
        expect_status 1
        expect_output 'the form (COLOUR|1-2) is not known'
    done
    consumer --help | sed -e 's/^    \*secret\* =/    *token* =/' >help
    run helper settings.py "$PWD/program"
    expect_status 1
    expect_output 'the key \*token\* in \[kafka\] is not known'
}

@test "a mistake that is told wrongly, with another line, or not at all is noticed" {
    local program

    program=$(built weatherd-consumer)
    # says what the consumer does, but for three things
    cat >weatherd-consumer <<EOF
#!/bin/bash
{ "$program" "\$@" 2>&1 >&3 3>&- |
    sed -e 's/"late" in \[consumer\]: stands twice/"late" stands twice/' \
        -e 's/:4: "max_stations" in \[consumer/:5: "max_stations" in [consumer/' \
        -e '/did you mean \[consumer\]/d' >&2; exit "\${PIPESTATUS[0]}"; } 3>&1
EOF
    chmod +x weatherd-consumer
    run helper settings.py "$PWD/weatherd-consumer" 0
    expect_status 1
    expect_output '^    weatherd-consumer: err: .*: "late" stands twice'
    expect_output '^    weatherd-consumer: err: .*:5: "max_stations" in'
    expect_output '^    nothing'
}

@test "what librdkafka refuses is told together with the other mistakes, and nothing that only follows from them" {
    cat >consumer.ini <<'EOF'
[kafka]
bootstrap.server = a:1
acks = 1
[consumer]
topic = a b
invalid_topic = temperatures
late = soon
EOF
    cat >producer.ini <<'EOF'
[csv]
file =
station = s
[producer]
source = csv
retries = many
[kafka]
security.protocol = none
EOF
    run consumer -c consumer.ini --check-config
    expect_status 78
    # the topic that is refused is not taken for the default one
    [[ ${#lines[@]} == 4 ]]
    [[ ${lines[0]} == *'consumer.ini:5: "topic" in [consumer]: '* ]]
    [[ ${lines[1]} == *'consumer.ini:7: "late" in [consumer]: '* ]]
    [[ ${lines[2]} == *'consumer.ini:2: [kafka] bootstrap.server: '* ]]
    [[ ${lines[3]} == *'consumer.ini:3: [kafka] acks '* ]]
    run producer -c producer.ini --check-config
    expect_status 78
    # nor is it said that a file is needed
    [[ ${#lines[@]} == 3 ]]
    [[ ${lines[0]} == *'producer.ini:2: "file" in [csv]: '* ]]
    [[ ${lines[1]} == *'producer.ini:6: "retries" in [producer]: '* ]]
    [[ ${lines[2]} == *'producer.ini:8: [kafka] security.protocol: '* ]]
    # by -o as well
    run consumer -o consumer.late=soon -o kafka.acks=1 --check-config
    expect_status 78
    [[ ${#lines[@]} == 2 ]]
}

@test "what no single key can say is told with the line of one of them" {
    printf '[consumer]\ntopic = t\n[topic t]\ninvalid_topic = t\n' >own.ini
    run consumer -c own.ini --check-config
    expect_status 78
    expect_output 'err: own.ini:4: invalid_topic is t, the topic that is read'
    printf '[forecast]\nprediction_topic = temperatures\n' >predictions.ini
    run forecast -c predictions.ini --check-config
    expect_status 78
    expect_output 'err: predictions.ini:2: prediction_topic is temperatures, the topic that is read; name another one'
    printf '[forecast]\nprediction_topic = p\ninvalid_topic = p\n' >predictions.ini
    run forecast -c predictions.ini --check-config
    expect_status 78
    expect_output 'err: predictions.ini:2: prediction_topic is p, the invalid_topic; name another one'
    printf '[consumer]\ninvalid_topic = temperatures\n' >common.ini
    run consumer -c common.ini --check-config
    expect_status 78
    expect_output 'err: common.ini:2: invalid_topic is temperatures'
    printf '[topic a]\ndirectory = /d\n[topic b]\ndirectory = /d\n' >shared.ini
    run consumer -c shared.ini --check-config
    expect_status 78
    expect_output 'err: shared.ini:4: \[topic b\] directory is that of \[topic a\], /d'
    printf '[producer]\nsource = csv\n' >file.ini
    run producer -c file.ini --check-config
    expect_status 78
    expect_output 'err: file.ini:2: \[producer\] source = csv needs \[csv\] file$'
    run producer -c file.ini -o csv.file=x --check-config
    expect_status 78
    expect_output 'err: file.ini:2: \[producer\] source = csv needs \[csv\] station_column, or station '
    printf '[producer]\nsource = csv\n[csv]\nfile = x\nstation = s\nstation_column = c\n' >both.ini
    run producer -c both.ini --check-config
    expect_status 78
    expect_output 'err: both.ini:5: \[csv\] has both station_column and station'
}

# Each takes the name of a topic and says in which file or command it stands.
as_topic() { consumer -o "consumer.topic=$1" --check-config; }
as_topic_in_file()
{
    printf '[consumer]\ntopic = %s\n' "$1" >topic.ini
    consumer -c topic.ini --check-config
}
as_section_of_consumer()
{
    printf '[topic %s]\nlayout = tagged\ninvalid_topic = bad.%s\n' "$1" "${1:4}" >section.ini
    consumer -c section.ini --check-config
}
as_section_of_producer()
{
    printf '[topic %s]\npartitions = 2\n' "$1" >section.ini
    producer -c section.ini --check-config
}
as_section_by_option() { producer -o "topic $1.partitions=2" --check-config; }
as_invalid_topic() { consumer -o "consumer.invalid_topic=$1" --check-config; }
as_prediction_topic() { forecast -o "forecast.prediction_topic=$1" --check-config; }
as_invalid_topic_of_one() { consumer -o "topic t.invalid_topic=$1" --check-config; }

@test "a topic's name of 249 bytes is taken in every place, one of 250 in none" {
    local place

    for place in as_topic as_topic_in_file as_section_of_consumer as_section_of_producer as_section_by_option \
        as_invalid_topic as_invalid_topic_of_one as_prediction_topic; do
        run "$place" "$long"
        if ! { expect_status 0 && expect_output ': ok$'; }; then
            echo "$place refuses 249 bytes" >&2
            return 1
        fi
        run "$place" "${long}y"
        if ! { expect_status 78 && expect_output 'is too long for a topic: 250 characters, at most 249$'; }; then
            echo "$place takes 250 bytes" >&2
            return 1
        fi
    done
}

@test "a topic of 249 bytes is read, with its section, its directory and its invalid_topic" {
    local file="$PWD/long.ini"

    printf '[topic %s]\nlayout = tagged\ninvalid_topic = i%s\n' "$long" "${long:1}" >"$file"
    mkdir state metrics
    start_mock "$long:1" "i${long:1}:1"
    consumer_start one -c "$file" -o consumer.directory=state -o "consumer.metrics_directory=$PWD/metrics" "$long:0"
    wait_for 10 json_is "state/$long/partition-0.json" 'd["partition"] == 0 and d["offset"] == 0'
    stop one
    run consumer -c "$file" -o consumer.directory=state "${long}y:0"
    expect_status 64
    expect_output 'is too long for a topic'
}

@test "a password of any characters is taken from a file and from the settings, and never shown" {
    local password='p#1=2;3"4'\''5 6@7ä8\9%s' name

    mkdir credentials
    export CREDENTIALS_DIRECTORY=$PWD/credentials
    printf '@ ; %s\n' "$password" >credentials/secret
    for name in consumer forecast producer; do
        printf '[kafka]\nsecurity.protocol = SASL_PLAINTEXT\nsasl.mechanism = PLAIN\nsasl.username = me\nsasl.password = @@%s\n' \
            "$password" >"$name.ini"
        "$name" -c "$name.ini" --check-config
        "$name" -c "$name.ini" --print-config >printed 2>&1
        grep -Fx 'sasl.password = ********' printed
        if grep -F -e 'p#1' printed; then return 1; fi
        # where the secret is may be seen
        sed -i 's/^sasl.password.*/sasl.password = @secret/' "$name.ini"
        "$name" -c "$name.ini" --check-config
        "$name" -c "$name.ini" --print-config >printed 2>&1
        grep -Fx 'sasl.password = @secret' printed
        if grep -F -e 'p#1' printed; then return 1; fi
        # by -o it is taken as well, masked, and warned about
        "$name" -o "kafka.sasl.password=@@$password" --print-config >printed 2>&1
        grep -F 'everybody on this machine can read the secret' printed
        grep -Fx 'sasl.password = ********' printed
        if grep -F -e 'p#1' printed; then return 1; fi
    done
}

@test "a misspelt password is no secret told" {
    run consumer -o kafka.sasl.pasword=hunter2 --check-config
    expect_status 78
    expect_output 'sasl.pasword: No such configuration property.*did you mean "sasl.password"\?'
    [[ $output != *hunter2* ]]
}
