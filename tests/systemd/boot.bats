#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A machine that boots before its broker does. WEATHERD_TEST_DOWN=120 keeps the broker down for two minutes, with the
# shipped watchdog and pause; otherwise they are shortened with it.

load ../lib/machine

setup_file()
{
    start_kafka
    machine_start
    machine_install
}

# Whether the unit has been active for so long.
active_for() # UNIT SECONDS
{
    local since up

    property_is "$1" ActiveState active || return
    since=$(property "$1" ActiveEnterTimestampMonotonic)
    read -r up _ <"/proc/uptime"
    ((${up%.*} - since / 1000000 > $2))
}

@test "enabled units are active without a broker for long, and work when it comes" {
    local unit down=${WEATHERD_TEST_DOWN:-10}

    fill temperatures 100
    settings consumer
    settings producer '[producer]' 'interval = 10ms' '[topic new]' 'partitions = 4'
    if ((down < 70)); then
        drop_in weatherd- test 'WatchdogSec=3s' 'RestartSec=100ms'
    fi
    machine systemctl enable weatherd-producer weatherd-consumer@0-2 weatherd-consumer@3
    kafka stop
    machine_reboot

    for unit in weatherd-producer weatherd-consumer@{0-2,3}; do
        wait_for $((down + 60)) active_for "$unit" "$down"
        property_is "$unit" NRestarts 0
        run property "$unit" StatusText
        expect_output "^waiting for $BOOTSTRAP since "
    done

    kafka start
    wait_for 60 safe 1000
    topic compare temperatures "$(state)"
    wait_for 60 topic_exists new
    wait_for 60 test -e "$(state)/producer.json"
    for unit in weatherd-producer weatherd-consumer@{0-2,3}; do
        property_is "$unit" NRestarts 0
        property_is "$unit" ActiveState active
    done
}

@test "what is not enabled does not start by a boot" {
    settings consumer
    machine systemctl enable weatherd-consumer@3
    machine systemctl start weatherd-consumer@0-2
    machine_reboot
    property_is weatherd-consumer@3 ActiveState active
    property_is weatherd-consumer@0-2 ActiveState inactive
    property_is weatherd-producer ActiveState inactive
}
