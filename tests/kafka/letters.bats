#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# invalid_topic: each record that is no report is there, as it was, before a checkpoint passes it; and what becomes of
# consumption while it can't be. The judge of both topics is tests/lib/topic.py.
#
# WEATHERD_TEST_RECORDS makes it longer or shorter: a million records, of which a tenth is invalid.

# shellcheck disable=SC2154 # kit_command is the kit's

load ../lib/kit

setup_file()
{
    requires java kcat protoc jq
    export RECORDS=${WEATHERD_TEST_RECORDS:-1000000}
    export WEATHERD_TIMEOUT=300
    # a broker that makes any topic that is asked for by its name
    start_kafka auto.create.topics.enable=true
    new_topic mixed 4
    new_topic mixed-invalid 3
    helper mixture.py "$RECORDS" | flood mixed
    new_topic some 4
    helper mixture.py 100000 | flood some
    mkdir "$BATS_FILE_TMPDIR/straight"
    consumer "${keep[@]}" -o consumer.topic=some -o "consumer.directory=$BATS_FILE_TMPDIR/straight" --until-end 0-3
}

setup()
{
    kit_setup
    straight=$BATS_FILE_TMPDIR/straight
}

copies() # TOPIC
{
    kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -f '%o\n' | wc -l
}

copies_are() # TOPIC NUMBER
{
    (($(copies "$1") == $2))
}

# The metrics file is replaced once a second, after the checkpoints or before.
figures_have_reached() # RECORDS
{
    awk -v records="$1" '/^weatherd_consumer_offset/ { offsets += $2 } /^weatherd_consumer_lag/ { lag += $2 }
        END { exit offsets != records || lag != 0 }' metrics/*.prom
}

@test "a million records, a tenth of them invalid in many ways: the good are counted, the bad all are copied as they were" {
    ((20 <= $(helper mixture.py kinds | wc -l)))
    mkdir metrics
    consumer_start one -o consumer.topic=mixed -o consumer.invalid_topic=mixed-invalid \
        -o consumer.metrics_directory=metrics 0-3
    wait_for 240 offsets_are "$RECORDS" partition-{0..3}.json
    wait_for 20 figures_have_reached "$RECORDS"
    cp metrics/weatherd-consumer-mixed-0-3.prom figures
    stop one
    run topic compare mixed . --text --metrics figures
    expect_status 0
    expect_output " $((9 * RECORDS / 10)) counted, 0 duplicate, 0 late, $((RECORDS / 10)) invalid"
    topic letters mixed mixed-invalid
}

@test "killed with -9 at random while copies flow, the consumer has lost none and has the same files" {
    work_in_memory
    new_topic killed-invalid 3
    kit_daemon consumer "${keep[@]}" -o consumer.topic=some -o consumer.invalid_topic=killed-invalid -o consumer.checkpoint_interval=0
    helper killer.py --kills 10 --reference "$straight" -- "${kit_command[@]}" >killer.log
    sed 's/^/# /' killer.log >&3
    (($(sed -n 's/.* \([0-9]*\) of them after progress.*/\1/p' killer.log) >= 7))
    # what a checkpoint has passed is there, whatever became of the process
    topic letters some killed-invalid --again --directory .

    consumer "${keep[@]}" -o consumer.topic=some -o consumer.invalid_topic=killed-invalid --until-end 0-3
    same_files "$straight" .
    topic letters some killed-invalid --again
}

@test "killed while the broker is frozen, the consumer comes to the same files, and no copy is missing" {
    local settings=("${keep[@]}" -o consumer.topic=frozen -o consumer.invalid_topic=frozen-invalid)

    new_topic frozen 4
    new_topic frozen-invalid 3
    helper mixture.py 300000 | flood frozen
    consumer_start one "${settings[@]}" -o consumer.checkpoint_interval=0 0-3
    begun() { [[ -e partition-0.json ]] && (($(offsets partition-0.json) > 1000)); }
    wait_for 60 begun
    kafka freeze
    for _ in {1..20}; do send_signal one USR1; done
    kill9 one
    kafka thaw
    # in the midst, so that there were copies on their way
    (($(offsets partition-{0..3}.json) < 300000))
    topic letters frozen frozen-invalid --again --directory .
    consumer "${settings[@]}" --until-end 0-3
    mkdir straight
    consumer "${keep[@]}" -o consumer.topic=frozen -o consumer.directory=straight --until-end 0-3
    same_files straight .
    topic letters frozen frozen-invalid --again
}

@test "keys, values, headers and times are copied to the byte, null and empty ones too, and tombstones are not" {
    new_topic odd 1
    new_topic odd-invalid 1
    cat >lines <<'EOF'
{"raw": "a", "key": null}
{"raw": "b", "key": "", "timestamp": 1}
{"raw": "", "key": "empty", "headers": [["one", "1"], ["one", "2"], ["", "no name"], ["empty", ""]]}
{"raw": null, "key": "a tombstone"}
{"raw_base64": "AP8KDQ==", "key": "bytes", "timestamp": 978307200123, "headers_base64": [["bytes", "AAr/"]]}
{"raw": "c", "key": "again", "headers": [["__connect.errors.topic", "an earlier one"]]}
EOF
    topic send odd <lines
    # kafka-python sends no header without a value
    /usr/bin/python3 -c 'import struct, sys
sys.stdout.buffer.write(struct.pack("<iiiiq", 0, -1, 1, 2, 0) + b"d" +
    struct.pack("<ii", 4, -1) + b"null" + struct.pack("<ii", 5, 0) + b"empty")' | flood odd
    consumer -o consumer.topic=odd -o consumer.invalid_topic=odd-invalid --until-end 0
    json_is partition-0.json 'd == {"offset": 7}'
    helper same_letters.py "$BOOTSTRAP" odd odd-invalid
}

@test "an invalid_topic that is missing is said so, never made, and waited for, and other topics are read on" {
    new_topic patient 1
    new_topic other 1
    new_topic other-invalid 1
    {
        for day in {01..28}; do echo "{\"date\": \"2000-01-$day\", \"station\": \"A\", \"degrees\": 1.5}"; done
        echo '{"raw": "no report", "key": "A"}'
        for day in {01..28}; do echo "{\"date\": \"2000-02-$day\", \"station\": \"A\", \"degrees\": 1.5}"; done
    } >lines
    topic send patient <lines
    topic send other <lines
    printf '[topic patient]\ninvalid_topic = missing\n[topic other]\ninvalid_topic = other-invalid\n' >consumer.ini
    consumer_start one -c consumer.ini -o consumer.checkpoint_interval=10ms patient:0 other:0
    wait_for 20 log_has one 'warning: topic missing \(invalid_topic\) does not exist; create it'
    wait_for 20 log_has one 'warning: patient partition 0: offset 28 is an invalid record .*: topic missing .invalid_topic. does not exist'
    wait_for 20 json_is other/partition-0.json 'd["offset"] == 57'
    wait_for 20 json_is patient/partition-0.json 'd["offset"] == 28'
    if topic_exists missing; then return 1; fi
    stop one
    json_is patient/partition-0.json 'd["offset"] == 28'

    consumer_start two -c consumer.ini --until-end patient:0 other:0
    wait_for 20 log_has two 'offset 28 is an invalid record'
    running two
    if topic_exists missing; then return 1; fi
    new_topic missing 1
    await two 60
    topic compare patient patient --text
    topic letters patient missing
    topic letters other other-invalid
}

@test "an invalid_topic that is there is not called missing" {
    new_topic prompt 1
    new_topic prompt-invalid 1
    topic send prompt <<<'{"raw": "no report", "key": "A"}'
    run consumer -o consumer.topic=prompt -o consumer.invalid_topic=prompt-invalid --until-end 0
    expect_status 0
    if grep -E 'warning: .*(is not there|does not exist|invalid_topic)' <<<"$output"; then return 1; fi
    topic letters prompt prompt-invalid
}

@test "on_invalid = stop sends nothing" {
    new_topic strict 1
    new_topic strict-invalid 1
    printf '%s\n' '{"date": "2000-01-01", "station": "A", "degrees": 1}' '{"raw": "no report", "key": "A"}' | topic send strict
    run consumer -o consumer.topic=strict -o consumer.invalid_topic=strict-invalid -o consumer.on_invalid=stop --until-end 0
    expect_status 65
    json_is partition-0.json 'd["offset"] == 1'
    copies_are strict-invalid 0
}

@test "a record that is too large for the invalid_topic ends the consumer with 69 before it, and the topic is named" {
    new_topic large 1
    new_topic narrow 1 max.message.bytes=1000
    {
        echo '{"date": "2000-01-01", "station": "A", "degrees": 1}'
        echo '{"raw": "short", "key": "A"}'
        printf '{"raw": "%05000d", "key": "A"}\n' 0
        echo '{"date": "2000-01-02", "station": "A", "degrees": 1}'
    } | topic send large
    for _ in 1 2; do
        run consumer -o consumer.topic=large -o consumer.invalid_topic=narrow --until-end 0
        expect_status 69
        expect_output 'err: .*topic narrow .invalid_topic. does not take an invalid record: .*too large'
        # nothing on disk passes it
        [[ ! -e partition-0.json ]] || json_is partition-0.json 'd["offset"] <= 2'
    done
    kafka tool configs --alter --topic narrow --add-config max.message.bytes=100000
    consumer -o consumer.topic=large -o consumer.invalid_topic=narrow --until-end 0
    topic compare large . --text
    topic letters large narrow --again
}

@test "a record as large as a broker takes by default is copied" {
    new_topic huge 1
    new_topic huge-invalid 1
    printf '{"raw": "%01045000d", "key": "A"}\n' 0 | topic send huge
    consumer -o consumer.topic=huge -o consumer.invalid_topic=huge-invalid --until-end 0
    topic letters huge huge-invalid
}

@test "an invalid_topic that is the topic itself is a mistake" {
    run consumer -o consumer.topic=mixed -o consumer.invalid_topic=mixed --check-config 0
    expect_status 78
    expect_output 'invalid_topic is mixed, the topic that is read'
    run consumer -o consumer.invalid_topic=mixed mixed:0
    expect_status 78
}

# A broker of its own, which lets everything through but what the consumer writes, while held.
start_held_kafka()
{
    start_network "$PWD/kafka"
    start_kafka "advertised.listeners=PLAINTEXT://$(<"$(out_of network)")"
}

@test "while copies are not acknowledged nothing passes them, SIGTERM ends within 5 s, and later they are sent" {
    start_held_kafka
    new_topic held 1
    new_topic held-invalid 1
    mkdir metrics
    consumer_start one -o consumer.topic=held -o consumer.invalid_topic=held-invalid -o consumer.checkpoint_interval=10ms \
        -o consumer.metrics_directory=metrics 0
    for day in 01 02 03; do echo "{\"date\": \"2000-01-$day\", \"station\": \"A\", \"degrees\": 1}"; done | topic send held
    wait_for 20 json_is partition-0.json 'd["offset"] == 3'

    the_network_is held
    {
        echo '{"raw": "no report", "key": "A"}'
        for day in 01 02 03; do echo "{\"date\": \"2000-02-$day\", \"station\": \"A\", \"degrees\": 1}"; done
    } | topic send held
    # it has been read, and sent
    wait_for 30 grep -x 'weatherd_consumer_records_total{topic="held",partition="0",result="invalid"} 1' \
        metrics/weatherd-consumer-held-0.prom
    send_signal one USR1
    within 5 stop one
    log_has one 'invalid_topic: 1 not acknowledged, so the file stays at offset 3'
    json_is partition-0.json 'd["offset"] == 3'

    # with the whole broker frozen, too
    consumer_start one -o consumer.topic=held -o consumer.invalid_topic=held-invalid 0
    wait_for 20 log_has one 'reading from offset 3'
    kafka freeze
    within 5 stop one
    kafka thaw
    json_is partition-0.json 'd["offset"] == 3'

    the_network_is open
    consumer -o consumer.topic=held -o consumer.invalid_topic=held-invalid --until-end 0
    topic compare held . --text
    topic letters held held-invalid --again
}
