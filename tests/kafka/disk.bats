#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A disk that is full indeed: a small tmpfs. Needs root for the mount.

load ../lib/kit

setup_file()
{
    requires java kcat protoc mount
    start_kafka
}

setup()
{
    kit_setup
    mkdir disk
    if ! mount -t tmpfs -o size=256k weatherd-test disk 2>/dev/null; then
        [[ ${CI-} != true ]] || return 1
        skip "can't mount a tmpfs here"
    fi
}

teardown()
{
    kit_teardown
    ! mountpoint -q disk || umount -l disk
}

fill_disk()
{
    cat /dev/zero >disk/ballast 2>/dev/null || true
    (($(stat -f -c %a disk) == 0))
}

@test "a full disk stops the reading and is named; with room again it goes on by itself, and the result is right" {
    new_topic paused
    consumer_start sink -o consumer.topic=paused -o consumer.directory=disk -o consumer.checkpoint_interval=10ms 0-3
    fill paused 50 -o simulator.stations=100
    wait_for 20 offsets_are 5000 disk/partition-{0..3}.json
    mkdir before
    cp disk/partition-*.json before

    fill_disk
    fill paused 50 -o simulator.stations=100 -o simulator.start=2000-02-20
    wait_for 20 log_has sink 'err: disk/.*partition-.*No space left on device.*reading stands still'
    running sink
    same_files before disk
    rm disk/ballast
    wait_for 20 offsets_are 10000 disk/partition-{0..3}.json
    log_has sink 'the files can be written again; reading goes on'
    stop sink
    topic compare paused disk --text
    [[ -z $(find disk -name '*.tmp') ]]
}

@test "SIGTERM with a full disk: exit 74 within 5 s, the files as they were, and a later run completes them" {
    new_topic stopped
    consumer_start sink -o consumer.topic=stopped -o consumer.directory=disk -o consumer.checkpoint_interval=10ms 0-3
    fill stopped 50 -o simulator.stations=100
    wait_for 20 offsets_are 5000 disk/partition-{0..3}.json
    mkdir before
    cp disk/partition-*.json before
    fill_disk
    fill stopped 50 -o simulator.stations=100 -o simulator.start=2000-02-20
    wait_for 20 log_has sink 'No space left on device'
    run within 5 stop sink
    expect_status 74
    same_files before disk

    rm disk/ballast
    consumer -o consumer.topic=stopped -o consumer.directory=disk --until-end 0-3
    topic compare stopped disk --text
}

@test "a consumer killed while the disk is full loses nothing" {
    new_topic killed 1
    consumer_start sink -o consumer.topic=killed -o consumer.directory=disk -o consumer.checkpoint_interval=0 0
    fill killed 50 -o 'topic killed.partitions=1'
    wait_for 20 offsets_are 500 disk/partition-0.json
    fill_disk
    fill killed 50 -o 'topic killed.partitions=1' -o simulator.start=2000-02-20
    wait_for 20 log_has sink 'No space left on device'
    kill9 sink
    rm disk/ballast
    consumer -o consumer.topic=killed -o consumer.directory=disk --until-end 0
    topic compare killed disk --text
    [[ -z $(find disk -name '*.tmp') ]]
}

@test "a producer on a full disk says so, and no day is missing afterwards" {
    producer_start source -o 'topic sender.partitions=1' -o producer.directory=disk -o producer.interval=5ms
    wait_for 20 json_is disk/producer.json 'd["days"] > 10'
    fill_disk
    wait_for 20 log_has source 'err: disk/producer.json.*No space left on device'
    running source
    rm disk/ballast
    wait_for 20 log_has source 'can be written again'
    stop source
    consumer -o consumer.topic=sender --until-end 0
    json_is partition-0.json 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1 for k, s in d.items() if k != "offset")'
    topic compare sender . --text
}
