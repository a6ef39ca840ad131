#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The units do what an administrator asks of them.

load ../lib/machine

setup_file()
{
    start_guarded_kafka 'user_weatherd="p # = ;p"'
    machine_start
    machine_install
}

@test "instances keep the files of their partitions, their user's own and readable for everybody" {
    given plain
    machine systemctl start weatherd-consumer@0-2 weatherd-consumer@3
    wait_for 20 safe 1000
    topic compare plain "$(state)" --text
    run machine bash -c 'stat --format "%U:%G %a" /var/lib/weatherd/partition-*.json | sort -u'
    expect_output '^_weatherd:_weatherd 644$'
    ((${#lines[@]} == 1))
    run machine setpriv --reuid=nobody --regid=nogroup --clear-groups weatherctl show
    expect_status 0
    expect_output '^StationJ .* 100 '
}

@test "an instance may be a list, and name another topic" {
    given plain2
    fill stations 50
    machine systemctl start weatherd-consumer@0_2 weatherd-consumer@stations:0-1
    wait_for 20 safe 500
    wait_for 20 safe 200 stations
    topic compare plain2 "$(state)" --partitions 0,2
    topic compare stations "$(state stations)" --partitions 0,1
    run ls "$(state)" "$(state stations)"
    (($(grep -c partition <<<"$output") == 4))
}

@test "a stop ends with a checkpoint of all that was read, within 5 seconds" {
    given stopped 'checkpoint_interval = 1h'
    machine systemctl start weatherd-consumer@0-3
    wait_for 20 read_by 0-3 stopped 1000
    fill stopped 100 -o simulator.start=2001-01-01
    wait_for 20 read_by 0-3 stopped 2000
    # nothing since the first contact
    if safe 2000; then return 1; fi
    within 5 machine systemctl stop weatherd-consumer@0-3
    safe 2000
    topic compare stopped "$(state)" --text
    property_is weatherd-consumer@0-3 Result success
    journal_has weatherd-consumer@0-3 'stopped after 2000 records: 2000 counted'
}

@test "the target stops and restarts all instances that run" {
    local one two

    given target
    machine systemctl start weatherd-consumer@0-1 weatherd-consumer@2-3
    wait_for 20 safe 1000
    one=$(main_pid weatherd-consumer@0-1) two=$(main_pid weatherd-consumer@2-3)
    machine systemctl restart weatherd-consumer.target
    wait_for 10 restarted weatherd-consumer@0-1 "$one"
    wait_for 10 restarted weatherd-consumer@2-3 "$two"
    machine systemctl stop weatherd-consumer.target
    wait_for 5 property_is weatherd-consumer@0-1 ActiveState inactive
    wait_for 5 property_is weatherd-consumer@2-3 ActiveState inactive
    topic compare target "$(state)"
}

@test "a reload with a mistake fails, names it and changes nothing; a good one is in force at once" {
    local pid

    given reloaded 'checkpoint_interval = 1h'
    machine systemctl start weatherd-consumer@0-3
    pid=$(main_pid weatherd-consumer@0-3)
    wait_for 20 read_by 0-3 reloaded 1000
    fill reloaded 100 -o simulator.start=2001-01-01
    wait_for 20 read_by 0-3 reloaded 2000

    settings consumer '[consumer]' 'topic = reloaded' 'checkpoint_interval = 10ms' 'late = perhaps'
    run machine systemctl reload weatherd-consumer@0-3
    ((status != 0))
    property_is weatherd-consumer@0-3 ActiveState active
    journal_has weatherd-consumer@0-3 '/etc/weatherd/consumer.d/test.ini:6: "late"'
    if safe 2000; then return 1; fi

    settings consumer '[consumer]' 'topic = reloaded' 'checkpoint_interval = 10ms'
    machine systemctl reload weatherd-consumer@0-3
    wait_for 10 safe 2000
    property_is weatherd-consumer@0-3 MainPID "$pid"
    journal_has weatherd-consumer@0-3 'settings reloaded'
}

@test "a reload with a wrong model fails, names it, and the old one goes on" {
    given_forecasts temperatures
    machine systemctl start weatherd-forecast@0-3
    echo '{"version": 1}' >"$(inside /etc/weatherd)/rain.json"
    run machine systemctl reload weatherd-forecast@0-3
    ((status != 0))
    property_is weatherd-forecast@0-3 ActiveState active
    journal_has weatherd-forecast@0-3 '^/etc/weatherd/rain\.json: .*export the tree again'
    model 2
    machine systemctl reload weatherd-forecast@0-3
    journal_has weatherd-forecast@0-3 'settings reloaded'
}

@test "the journal has the topic, partition, offset and station as fields, and an explanation" {
    given explained
    machine systemctl start weatherd-consumer@0-3
    wait_for 20 safe 1000
    # a station that is called as a key of the file is none
    echo '{"date": "2000-12-01", "station": "partition", "degrees": 7, "partition": 3}' | topic send explained
    journal_has weatherd-consumer@0-3 'offset 400: invalid record'
    run journal --unit=weatherd-consumer@0-3 --output=json WEATHERD_OFFSET=400 WEATHERD_PARTITION=3
    jq -e '.PRIORITY == "4" and .WEATHERD_TOPIC == "explained" and .WEATHERD_STATION == "partition" and
        .SYSLOG_IDENTIFIER == "weatherd-consumer" and (.MESSAGE_ID | test("^[0-9a-f]{32}$"))' <<<"$output"
    run journal --unit=weatherd-consumer@0-3 --catalog WEATHERD_OFFSET=400 WEATHERD_PARTITION=3
    expect_output 'Subject: An invalid record of explained was skipped'
    expect_output 'The record at offset 400 of partition 3'
}

@test "each instance has its figures while it runs, in the one directory" {
    local figures

    given figures
    figures=$(inside /run/weatherd)/weatherd-consumer-figures
    machine systemctl start weatherd-consumer@0-1 weatherd-consumer@2-3
    wait_for 20 read_by 0-1 figures 400
    wait_for 20 read_by 2-3 figures 600
    machine systemctl stop weatherd-consumer@0-1
    [[ ! -e $figures-0-1.prom ]]
    topic compare figures "$(state)" --partitions 2,3 --metrics "$figures-2-3.prom"
    machine systemctl stop weatherd-consumer@2-3
    [[ ! -e $figures-2-3.prom ]]
}

@test "a password is a credential that only systemd can read, and a wrong one is tried until it is right" {
    local credential

    fill guarded 100
    BOOTSTRAP=$GUARDED settings consumer 'security.protocol = SASL_PLAINTEXT' 'sasl.mechanism = PLAIN' \
        'sasl.username = weatherd' 'sasl.password = @kafka-password' '[consumer]' 'topic = guarded'
    drop_in weatherd-consumer@ test 'RestartSec=100ms'
    credential=$(inside /etc/credstore)/weatherd-consumer.kafka-password
    install -D -m 600 /dev/stdin "$credential" <<<wrong
    machine systemctl start weatherd-consumer@0-3
    journal_has weatherd-consumer@0-3 'Authentication failed'
    wait_for 20 property_is weatherd-consumer@0-3 NRestarts 2
    printf 'p # = ;p' >"$credential"
    wait_for 20 safe 1000
    topic compare guarded "$(state)"
    machine systemctl reload weatherd-consumer@0-3
    if machine journalctl --no-pager | grep -F 'p # = ;p'; then return 1; fi
}

@test "the producer's unit sends, and goes on where it was" {
    settings producer '[producer]' 'interval = 10ms' '[topic temperatures]' 'partitions = 4'
    settings consumer
    machine systemctl start weatherd-producer
    wait_for 20 test -e "$(state)/producer.json"
    machine systemctl restart weatherd-producer
    machine systemctl start weatherd-consumer@0-3
    wait_for 20 json_is "$(state)/partition-3.json" 'all(s["count"] > 100 for k, s in d.items() if k != "offset")'
    within 5 machine systemctl stop weatherd-producer
    wait_for 20 topic compare temperatures "$(state)"
    json_is "$(state)/partition-3.json" 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1
        and s["start"] == "2000-01-01" for k, s in d.items() if k != "offset")'
}

@test "forecasts read beside consumers, with files and figures of their own, and take another model by a reload" {
    local pid one two

    given foreseen
    given_forecasts foreseen
    machine systemctl start weatherd-consumer@0-3 weatherd-forecast@0-1 weatherd-forecast@2-3
    wait_for 20 safe 1000
    wait_for 30 foreseen 1000
    run machine bash -c 'stat --format "%U:%G %a" /var/lib/weatherd-forecast/partition-*.json | sort -u'
    expect_output '^_weatherd:_weatherd 644$'
    ((${#lines[@]} == 1))
    wait_for 10 test -e "$(inside /run/weatherd)/weatherd-forecast-foreseen-0-1.prom"
    [[ -e $(inside /run/weatherd)/weatherd-consumer-foreseen-0-3.prom ]]

    pid=$(main_pid weatherd-forecast@0-1)
    settings forecast '[forecast]' 'topic = foreseen' 'mode = /etc/weatherd/rain.json'
    run machine systemctl reload weatherd-forecast@0-1
    ((status != 0))
    journal_has weatherd-forecast@0-1 'unknown key "mode" in \[forecast\]; did you mean "model"'
    given_forecasts foreseen
    model 2
    machine systemctl reload weatherd-forecast@0-1
    journal_has weatherd-forecast@0-1 'settings reloaded'
    fill foreseen 100 -o simulator.start=2001-01-01
    wait_for 30 foreseen 2000
    journal_has weatherd-forecast@0-1 'predicting by the model of /etc/weatherd/rain.json from offset'
    property_is weatherd-forecast@0-1 MainPID "$pid"

    one=$pid two=$(main_pid weatherd-forecast@2-3)
    machine systemctl restart weatherd-forecast.target
    wait_for 10 restarted weatherd-forecast@0-1 "$one"
    wait_for 10 restarted weatherd-forecast@2-3 "$two"
    within 5 machine systemctl stop weatherd-forecast.target
    wait_for 5 property_is weatherd-forecast@0-1 ActiveState inactive
    property_is weatherd-forecast@0-1 Result success
    property_is weatherd-consumer@0-3 ActiveState active
}
