#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# weatherctl on a real Kafka: the group of tail, the lag, and that an independent client sees the same.

load ../lib/kit

setup_file()
{
    requires java kcat protoc jq
    start_kafka
    fill temperatures 100
}

has_lines() # NAME COUNT
{
    (($(wc -l <"$(out_of "$1")") == $2))
}

members() # GROUP
{
    kafka tool org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --describe --members --group "$1"
}

free_port()
{
    # shellcheck disable=SC2016,SC2154 # expanded there; the kit's
    bash -c '. "$1" && kafka_free_port' - "$kit_top/scripts/lib/kafka.sh"
}

is_left() # GROUP
{
    members "$1" 2>&1 | grep -E 'no active members|does not exist'
}

# Whether the group has COUNT members that share all four partitions.
shared_by() # GROUP COUNT
{
    members "$1" 2>/dev/null | awk -v group="$1" -v count="$2" \
        '$1 == group { n++; partitions += $NF } END { exit !(n == count && partitions == 4) }'
}

reports_of() # FILE...
{
    jq -c '[.station_id, .date, .degrees, .partition]' "$@" | sort
}

# Sends a day more, and looks whether reports of all partitions are printed: then the ends have been found, from which
# it reads.
is_at_the_end()
{
    fill live 1 -o producer.directory=.
    [[ $(jq .partition "$(out_of tail)" | sort -u | wc -l) == 4 ]]
}

has_all_of() # FILE
{
    [[ -z $(reports_of "$(out_of tail)" | comm -23 "$1" -) ]]
}

@test "tail prints what a producer sends while it runs, from the end and also on the second run, and leaves the group" {
    local run

    new_topic live
    fill live 5 -o producer.directory=.
    for run in 1 2; do
        topic dump live | reports_of >"before$run"
        ctl_start tail tail live
        wait_for 20 shared_by debug 1
        wait_for 30 is_at_the_end
        topic dump live | reports_of >all
        fill live 10 -o producer.directory=.
        topic dump live | reports_of | comm -13 all - >sent
        [[ $(wc -l <sent) == 100 ]]
        wait_for 20 has_all_of sent
        send_signal tail INT
        within 5 await tail 5
        wait_for 10 is_left debug
        # none that had been sent before, and none twice
        topic dump live | reports_of | comm -13 "before$run" - >"after$run"
        reports_of "$(out_of tail)" >"found$run"
        [[ -z $(comm -13 "after$run" "found$run") ]]
        [[ -z $(uniq -d "found$run") ]]
        : >"$(out_of tail)"
    done
    # nothing was committed
    kafka tool consumer-groups --describe --group debug --offsets 2>&1 | tee offsets
    run grep -E '^debug +live +[0-9]+ +[0-9]+ ' offsets
    expect_status 1
}

@test "tail --from-beginning prints every record once, also when a second one joins the group" {
    ctl_start one tail --from-beginning --group=both temperatures
    wait_for 20 has_lines one 1000
    ctl_start two tail --group=both temperatures
    wait_for 30 shared_by both 2
    stop two
    wait_for 30 shared_by both 1
    has_lines one 1000
    stop one
    topic dump temperatures | jq -c '[.station_id, .date, .degrees, .partition]' | sort >expected
    jq -c '[.station_id, .date, .degrees, .partition]' "$(out_of one)" | sort | diff - expected
}

@test "show, status and verify agree with an independent reader" {
    local behind

    new_topic counted
    fill counted 50 -o producer.directory=.
    consumer -o consumer.topic=counted --until-end 0-3
    topic statistics counted >counts
    ctl show --json . >document
    /usr/bin/python3 - <<'PYTHON'
import json
document, expected = json.load(open("document")), json.load(open("counts"))["partitions"]
found = {}
for station in document["stations"]:
    (number,) = station["partitions"]
    found.setdefault(str(number), {})[station["station"]] = station["statistics"]
for file in document["partitions"]:
    assert file["lag"] == 0 and file["topic"] == "counted", file
    assert file["offset"] == expected[str(file["partition"])]["offset"], file
for number in expected.values():
    del number["offset"]
assert found == expected, (found, expected)
PYTHON
    ctl verify partition-{0..3}.json

    # behind by just as many as the broker has more
    fill counted 20 -o producer.directory=.
    run ctl status .
    behind=$(awk '$1 == "counted" { sum += $4 } END { print sum }' <<<"$output")
    ((behind == 200))
    expect_status 2
    consumer_start reader -o consumer.topic=counted 0-3
    wait_for 20 ctl status --max-lag=0 .
    stop reader
}

@test "status knows the lag of the partitions that there are, and of a topic that is gone nothing" {
    new_topic first 1
    new_topic further 1
    fill first 10 -o 'topic first.partitions=1'
    fill further 10 -o 'topic further.partitions=1'
    consumer -o consumer.topic=first --until-end 0 further:0
    ctl show --json . >document
    json_is document '[(p["topic"], p["lag"]) for p in d["partitions"]] == [("first", 0), ("further", 0)]'
    topic remove further
    ctl show --json . >document
    json_is document '[(p["topic"], p["lag"]) for p in d["partitions"]] == [("first", 0), ("further", None)]'
}

@test "tail waits for a topic that does not exist, and does not make it" {
    ctl_start tail tail --from-beginning absent
    wait_for 20 log_has tail 'absent: the topic does not exist yet; waiting for it'
    run kafka tool topics --list
    expect_output temperatures
    run grep -x absent <<<"$output"
    expect_status 1
    new_topic absent
    fill absent 3
    wait_for 30 has_lines tail 30
    stop tail
}

@test "status makes no topic, not even the one for groups' offsets" {
    start_kafka
    mkdir state
    printf '{"offset": 5}\n' >state/partition-0.json
    run ctl status state
    expect_status 2
    kafka tool topics --list >listed
    [[ -z $(<listed) ]]
}

@test "a password that is refused ends tail with 69, and so does a topic or a group without rights; status says why" {
    local port client controller secure

    port=$(free_port) client=$(free_port) controller=$(free_port)
    start_kafka --port "$port" "controller.quorum.voters=1@127.0.0.1:$controller" \
        "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller,CLIENT://127.0.0.1:$client" \
        "advertised.listeners=PLAINTEXT://127.0.0.1:$port,CLIENT://127.0.0.1:$client" \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENT:SASL_PLAINTEXT \
        listener.name.client.sasl.enabled.mechanisms=PLAIN \
        'listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_reader="good";' \
        authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer super.users=User:ANONYMOUS
    new_topic temperatures
    new_topic closed
    printf 'good' >good
    printf 'bad' >bad
    secure=(-o "kafka.bootstrap.servers=127.0.0.1:$client" -o kafka.security.protocol=SASL_PLAINTEXT
        -o kafka.sasl.mechanisms=PLAIN -o kafka.sasl.username=reader)

    run within 20 ctl tail "${secure[@]}" -o "kafka.sasl.password=@$PWD/bad"
    expect_status 69
    expect_output 'Kafka refuses this client: .*[Aa]uthentication'
    printf '{"offset": 0}\n' >partition-0.json
    run ctl status "${secure[@]}" -o "kafka.sasl.password=@$PWD/bad" .
    expect_status 2
    expect_output "can't ask Kafka .*[Aa]uthentication"

    kafka tool acls --add --allow-principal User:reader --operation Read --operation Describe --topic temperatures
    run within 20 ctl tail "${secure[@]}" -o "kafka.sasl.password=@$PWD/good"
    expect_status 69
    expect_output 'group: the broker refuses access'
    kafka tool acls --add --allow-principal User:reader --operation Read --group debug
    run within 40 ctl tail "${secure[@]}" -o "kafka.sasl.password=@$PWD/good" closed
    expect_status 69
    expect_output 'closed: the broker refuses access to the topic'
    fill temperatures 3
    ctl tail "${secure[@]}" -o "kafka.sasl.password=@$PWD/good" --from-beginning -n 30
}
