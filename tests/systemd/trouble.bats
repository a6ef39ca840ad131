#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What systemd makes of daemons that hang, die or refuse to go on: those that a restart can help are restarted, and no
# report is lost or counted twice; the others stay where they are and say why.

load ../lib/machine

setup_file()
{
    start_kafka
    machine_start
    machine_install
}

safe_beyond() # RECORDS
{
    (($(offsets "$(state)"/partition-*.json) > $1))
}

# That the unit was started, ended with the code at once and is left alone.
expect_refusal() # UNIT CODE
{
    run machine systemctl start "$1"
    expect_status 1
    property_is "$1" ActiveState failed
    property_is "$1" ExecMainStatus "$2"
    property_is "$1" NRestarts 0
}

@test "a daemon that hangs is restarted by the watchdog" {
    given hanging
    machine systemctl start weatherd-consumer@0-3
    property_is weatherd-consumer@0-3 WatchdogUSec 1min
    # as long as a test can wait
    drop_in weatherd-consumer@ test 'WatchdogSec=2s' 'RestartSec=100ms'
    machine systemctl restart weatherd-consumer@0-3
    wait_for 20 safe 1000
    machine systemctl kill --kill-who=main --signal=STOP weatherd-consumer@0-3
    wait_for 30 property_is weatherd-consumer@0-3 NRestarts 1
    journal_has weatherd-consumer@0-3 'Watchdog timeout'
    fill hanging 100 -o simulator.start=2001-01-01
    wait_for 20 safe 2000
    topic compare hanging "$(state)" --text
    # nor is one that does not
    property_is weatherd-consumer@0-3 NRestarts 1
}

@test "a daemon that is killed is restarted, and nothing is lost or counted twice" {
    local kills

    settings consumer '[consumer]' 'topic = killed' 'checkpoint_interval = 10ms'
    drop_in weatherd-consumer@ test 'RestartSec=100ms'
    producer_start source -o 'topic killed.partitions=4' -o producer.interval=1ms -o simulator.stations=20
    machine systemctl start weatherd-consumer@0-3
    wait_for 20 test -e "$(state)/partition-3.json"
    for kills in {1..5}; do
        wait_for 20 safe_beyond "$(offsets "$(state)"/partition-*.json)"
        machine systemctl kill --kill-who=main --signal=KILL weatherd-consumer@0-3
        wait_for 20 property_is weatherd-consumer@0-3 NRestarts "$kills"
        wait_for 20 property_is weatherd-consumer@0-3 ActiveState active
    done
    stop source
    wait_for 30 topic compare killed "$(state)" --text
}

@test "a forecast that is killed is restarted, and what it predicts is what one predicts that is left alone" {
    fill predicted 100
    given_forecasts predicted 'checkpoint_interval = 10ms'
    drop_in weatherd-forecast@ test 'RestartSec=100ms'
    machine systemctl start weatherd-forecast@0-3
    wait_for 30 foreseen 1000
    machine systemctl kill --kill-who=main --signal=KILL weatherd-forecast@0-3
    wait_for 20 property_is weatherd-forecast@0-3 NRestarts 1
    wait_for 20 property_is weatherd-forecast@0-3 ActiveState active
    fill predicted 100 -o simulator.start=2001-01-01
    wait_for 30 foreseen 2000
    machine systemctl stop weatherd-forecast@0-3
    mkdir straight
    forecast -o forecast.directory=straight -o forecast.topic=predicted -o forecast.prediction_topic=again \
        -o "forecast.model=$(inside /etc/weatherd)/rain.json" --until-end 0-3
    same_files straight "$(inside /var/lib/weatherd-forecast)"
}

@test "a forecast without a model is refused, and not tried again" {
    settings forecast
    expect_refusal weatherd-forecast@0 78
    journal_has weatherd-forecast@0 'no model: name the file that rain_train exported by \[forecast\] model'
}

@test "a damaged file stops its instance, without a restart, until it is taken away" {
    given damaged
    machine systemctl start weatherd-consumer@0-3
    wait_for 20 safe 1000
    machine systemctl stop weatherd-consumer@0-3
    cp "$(state)/partition-2.json" good.json
    helper corrupt.py cut "$(state)/partition-2.json"
    cp "$(state)/partition-2.json" bad.json

    expect_refusal weatherd-consumer@0-3 65
    journal_has weatherd-consumer@0-3 'partition-2.json'
    cmp bad.json "$(state)/partition-2.json"

    cp good.json "$(state)/partition-2.json"
    machine systemctl start weatherd-consumer@0-3
    property_is weatherd-consumer@0-3 ActiveState active
}

@test "a second instance on a partition is refused, names the first and is not tried again" {
    local pid

    given shared
    machine systemctl start weatherd-consumer@0-2
    pid=$(main_pid weatherd-consumer@0-2)
    expect_refusal weatherd-consumer@0-1 73
    journal_has weatherd-consumer@0-1 "is held by process $pid shared:0-2; stop it first"
    wait_for 20 safe 600
    property_is weatherd-consumer@0-2 MainPID "$pid"
    property_is weatherd-consumer@0-2 ActiveState active
}
