#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Partitions that go on elsewhere: what doc/scaling.md says, as somebody would type it on two machines.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

setup_file()
{
    requires java rsync
    start_kafka
    fill temperatures 400
}

# The two machines are two directories; rsync's "b:" is the way from one to the other.
setup()
{
    kit_setup
    mkdir a b straight
}

systemctl() # enable|disable --now weatherd-consumer@PARTITIONS
{
    local name=${PWD##*/}

    case $1 in
    enable) consumer_start "$name" -o consumer.directory="$PWD" "${3#*@}" ;;
    disable) stop "$name" ;;
    esac
}

rsync() { command rsync "${@/#b:\/var\/lib\/weatherd/../b}"; }

weatherctl()
{
    case $1 in
    status) ctl status . ;;
    *) ctl "$@" ;;
    esac
}

# Each line behind a prompt of the block.
commands()
{
    sed -n '/^## Moving a partition/,/^## /s/^    \([ab]\)\$ /\1 /p' "$top/doc/scaling.md"
}

same_as_straight()
{
    consumer -o consumer.directory=straight -o consumer.commit=no --until-end 2-3
    same_files straight "$1"
}

# In b reading goes on with what comes, and has nothing to complain about.
goes_on_in_b()
{
    fill temperatures 30 -o "simulator.start=$1"
    wait_for 20 same_as_straight b
    stop b
    [[ $(log_count b 'reading from offset [1-9]') == 2 ]]
    [[ $(log_count b 'warning|notice|err') == 0 ]]
}

@test "the commands of doc/scaling.md move partitions, and reading goes on as if nothing had happened" {
    local machine command count=0

    (cd a && systemctl enable --now weatherd-consumer@2-3)
    wait_for 20 same_as_straight a
    while read -r machine command; do
        command=${command//cd \/var\/lib\/weatherd/true}
        echo "$machine\$ $command"
        pushd "$machine" >/dev/null
        eval "$command"
        popd >/dev/null
        count=$((count + 1))
    done < <(commands)
    ((count == 6))
    goes_on_in_b 2001-06-01
    # what was left behind is out of the way, and a reader by mistake warns
    [[ ! -e a/partition-2.json && ! -e a/.partition-2.source && -e a/moved/.partition-2.source ]]
    consumer_start mistaken -o consumer.directory=a 2
    wait_for 10 log_has mistaken 'warning: .*there was no .*partition-2\.json, but the group weatherd says that offset [0-9]+ had been reached'
    stop mistaken
}

@test "cp and tar do as well as rsync; without the source file a warning says so" {
    consumer -o consumer.directory=a --until-end 2-3
    cp -p a/partition-[23].json a/.partition-[23].source b
    (cd b && systemctl enable --now weatherd-consumer@2-3)
    goes_on_in_b 2002-06-01

    rm -rf a
    mkdir a
    tar -C b -cf - partition-2.json partition-3.json .partition-2.source .partition-3.source | tar -C a -xf -
    rm -rf b
    mv a b
    : >"$(log_of b)"
    (cd b && systemctl enable --now weatherd-consumer@2-3)
    goes_on_in_b 2003-06-01

    rm b/.partition-*
    (cd b && systemctl enable --now weatherd-consumer@2-3)
    wait_for 10 log_has b 'could not be verified'
    stop b
}

@test "a copy that was cut short is found by verify, and by the consumer" {
    consumer -o consumer.directory=a --until-end 2
    spoils b
    head -c 100 a/partition-2.json >b/partition-2.json
    cp a/.partition-2.source b
    run ctl verify b/partition-2.json
    expect_status 65
    run consumer -o consumer.directory=b 2
    expect_status 65
    [[ $(stat -c %s b/partition-2.json) == 100 ]]
}

@test "an older copy catches up: every report counts once" {
    consumer -o consumer.directory=a --until-end 2-3
    cp -p a/partition-[23].json a/.partition-[23].source b
    fill temperatures 30 -o simulator.start=2004-06-01
    consumer -o consumer.directory=a --until-end 2-3
    (cd b && systemctl enable --now weatherd-consumer@2-3)
    goes_on_in_b 2005-06-01
}
