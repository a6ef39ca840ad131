#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The examples of the manual, page after page, as somebody would type them with a broker at hand.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

setup_file()
{
    start_kafka
}

# An endless one is stopped after a while, and has nothing to complain about.
stopped() # COMMAND ARGUMENT...
{
    local status=0

    WEATHERD_TIMEOUT=5 "$@" || status=$?
    ((status == 0 || status == 124))
}

weatherd-consumer() { stopped consumer "$@"; }
weatherd-forecast() { stopped forecast "$@"; }
weatherd-producer() { stopped producer "$@"; }
weatherctl() { stopped ctl "$@"; }
inotifywait() { timeout 2 inotifywait "$@" || (($? == 124)); }

# Runs them all; there must be so many at least.
run_examples() # PAGE COUNT
{
    local count=0 example

    while read -r example; do
        example=${example//broker:9092/$BOOTSTRAP}
        example=${example//PID-OF-THE-CONSUMER/$nobody}
        example=${example//\/var\/lib\/weatherd-forecast/rain}
        echo "\$ ${example//\/etc\//$PWD/etc/}"
        eval "${example//\/etc\//$PWD/etc/}" || return
        count=$((count + 1))
    done < <(/usr/bin/python3 "$top/tests/lib/documents.py" shell "$top/man/$1")
    ((count >= $2))
}

# Each block of settings passes the check of the program.
check_settings() # PROGRAM COUNT
{
    local count=0

    mkdir -p credentials etc/weatherd
    echo secret >credentials/kafka-password
    helper trees.py make 1 etc/weatherd/rain.json /dev/null
    while /usr/bin/python3 "$top/tests/lib/documents.py" settings "$top/man/weatherd-$1.ini.5" $((count + 1)) >example.ini; do
        sed -i "s,/etc/weatherd/rain.json,$PWD&," example.ini
        CREDENTIALS_DIRECTORY=$PWD/credentials "$1" -c example.ini --check-config || return
        count=$((count + 1))
    done
    ((count >= $2))
}

@test "the settings in the manual's examples have no mistakes" {
    check_settings consumer 1
    check_settings forecast 1
    check_settings producer 2
}

@test "the commands in the manual's examples do what it says, one page after the other" {
    requires jq inotifywait
    local nobody

    mkdir -p etc/weatherd state/stations elsewhere
    cp "$top"/etc/*.ini etc/weatherd
    sleep 300 3>&- &
    nobody=$!
    run_examples weatherd-producer.8 6
    rm producer.json # of another feed than that of the next page
    run_examples weatherd.7 3
    run_examples weatherd-consumer.8 6
    helper trees.py make 1 rain.json reports.json
    run_examples weatherd-forecast.8 7
    cp partition-*.json state
    run_examples weatherd-checkpoint.5 5
    if kill -0 "$nobody"; then return 1; fi
    # as under a service manager, which says where the files are
    mkdir live
    export STATE_DIRECTORY=$PWD/live
    consumer_start one 0-3
    wait_for 10 test -e live/partition-3.json
    run_examples weatherctl.1 9
    grep -q '<svg' averages.svg
}
