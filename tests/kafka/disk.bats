#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A disk that is full indeed, or that fails: a small ext4 of its own on a loop device. Needs root for the mount.

load ../lib/kit

setup_file()
{
    requires java kcat protoc mkfs.ext4 fsck.ext4
    start_kafka
}

setup()
{
    kit_setup
    mkdir disk
    truncate -s 4M image
    mkfs.ext4 -q -b 4096 -m 0 -O ^has_journal image
    if ! mount_disk 2>mount.log; then
        cat mount.log >&2
        [[ ${CI-} != true ]] || return 1
        skip "can't mount a loop device here"
    fi
}

# As /etc/fstab has it by default on Debian: after an error nothing is written any more.
mount_disk()
{
    mount -o loop,errors=remount-ro image disk
}

teardown()
{
    kit_teardown
    ! mountpoint -q disk || umount -l disk
    [[ -z ${cgroup-} ]] || rmdir "$cgroup"
}

# What ext4 holds back for blocks that are not yet placed is there again once they are.
fill_disk()
{
    while head -c 4096 /dev/zero >>disk/ballast; do
        cat /dev/zero >>disk/ballast || true
        sync -f disk
    done 2>/dev/null
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

# While it is in the midst of replacing a file there is room for one more.
freeze_between_files() # NAME
{
    send_signal "$1" STOP
    wait_for 5 grep -q '^State:.T' "/proc/$(pid_of "$1")/status"
    [[ -z $(find disk -name '*.tmp') ]] || {
        send_signal "$1" CONT
        return 1
    }
}

@test "a producer on a full disk says so, and no day is missing afterwards" {
    producer_start source -o 'topic sender.partitions=1' -o producer.directory=disk -o producer.interval=5ms
    wait_for 20 json_is disk/producer.json 'd["days"] > 10'
    wait_for 20 freeze_between_files source
    fill_disk
    send_signal source CONT
    wait_for 20 log_has source 'err: disk/producer.json.*No space left on device'
    running source
    rm disk/ballast
    wait_for 20 log_has source 'can be written again'
    stop source
    consumer -o consumer.topic=sender --until-end 0
    json_is partition-0.json 'all(s["count"] == (date(s["end"]) - date(s["start"])).days + 1 for k, s in d.items() if k != "offset")'
    topic compare sender . --text
}

@test "a file system that turns read-only stops the reading; SIGTERM ends with 74, and mounted again it goes on" {
    new_topic readonly
    consumer_start sink -o consumer.topic=readonly -o consumer.directory=disk -o consumer.checkpoint_interval=10ms 0-3
    fill readonly 50 -o simulator.stations=100
    wait_for 20 offsets_are 5000 disk/partition-{0..3}.json
    mkdir before
    cp disk/partition-*.json before

    # the kernel's own way to have it meet an error
    echo 1 >"/sys/fs/ext4/$(basename "$(findmnt -n -o SOURCE disk)")/trigger_fs_error"
    fill readonly 50 -o simulator.stations=100 -o simulator.start=2000-02-20
    wait_for 20 log_has sink 'err: disk/.*partition-.*Read-only file system.*reading stands still'
    running sink
    same_files before disk
    run within 5 stop sink
    expect_status 74

    umount disk
    fsck.ext4 -y image >fsck.log || (($? < 4)) # 1 and 2: mended
    mount_disk
    same_files before disk
    consumer -o consumer.topic=readonly -o consumer.directory=disk --until-end 0-3
    topic compare readonly disk --text
}

# ---- memory

# A cgroup with so much memory and no swap, of either version.
limit_memory() # BYTES
{
    local top=/sys/fs/cgroup

    if [[ -e $top/cgroup.controllers ]]; then
        cgroup=$top/weatherd-test-$$
        mkdir "$cgroup" && echo "$1" >"$cgroup/memory.max" && echo 0 >"$cgroup/memory.swap.max"
    else
        cgroup=$top/memory/weatherd-test-$$
        mkdir "$cgroup" && echo "$1" >"$cgroup/memory.limit_in_bytes" && echo 0 >"$cgroup/memory.swappiness"
    fi
}

# What the kernel killed for lack of memory.
memory_kills()
{
    grep -hs '^oom_kill ' "$cgroup"/memory.{events,oom_control}
}

told_twice()
{
    (($(log_count sink 'No space left on device') >= 2))
}

@test "128 MiB are enough for a backlog of ten million reports, also while the disk is full" {
    local reports=${WEATHERD_TEST_REPORTS:-10000000}

    new_topic bounded
    consumer -o consumer.topic=bounded -o consumer.directory=disk --until-end 0-3
    fill bounded $((reports / 1000)) -o simulator.stations=1000
    fill_disk
    limit_memory $((128 << 20))
    kit_daemon consumer --ready-fd=9 -o consumer.topic=bounded -o consumer.directory=disk 0-3
    # shellcheck disable=SC2016,SC2154 # expanded by the new shell; set by kit_daemon
    kit_start sink ready sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "${kit_command[@]}"
    # the second time is ten seconds after the first: librdkafka has fetched what it wants by then
    wait_for 30 told_twice
    rm disk/ballast
    wait_for 300 offsets_are "$reports" disk/partition-{0..3}.json
    grep -E '^VmHWM' "/proc/$(pid_of sink)/status" | sed 's/^/# /' >&3
    run stop sink
    expect_status 0
    [[ $(memory_kills) == 'oom_kill 0' ]]

    mkdir straight
    consumer -o consumer.topic=bounded -o consumer.directory=straight --until-end 0-3
    same_files straight disk
}
