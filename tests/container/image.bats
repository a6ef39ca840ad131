#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The image itself, and what a container makes of its environment before there is anything to read: no broker is needed.

load ../lib/container
# shellcheck disable=SC2154 # the library's
name=$image

# A port that nobody listens on.
export BOOTSTRAP=127.0.0.1:1

# One after the other, in a directory that they find as it was.
ended_with() # CODE REGEX OPTION... [-- COMMAND...]
{
    rm -rf state/.partition-*
    container "run$((++runs))" "${@:3}"
    run container_await "run$runs"
    expect_status "$1"
    expect_output "$2"
}

@test "the image is small, has a user of its own, a volume and a health check, and neither compiler nor manual" {
    local size

    size=$(podman image inspect --format '{{.Size}}' "$name")
    echo "$((size / 1000000)) MB"
    ((size <= 120 * 1000000))
    podman image inspect "$name" >image.json
    json_is image.json 'd[0]["Config"]["User"] == "10001"'
    json_is image.json 'sorted(d[0]["Config"]["Volumes"]) == ["/var/lib/weatherd", "/var/lib/weatherd-forecast"]'
    json_is image.json 'd[0]["Healthcheck"]["Test"][-1].endswith("/healthy")'
    container one -- find /usr -type f '(' -name '*.a' -o -name '*.h' -o -name cc1 -o -path '/usr/share/man/*' ')'
    run container_await one
    expect_status 0
    [[ -z $output ]]
}

@test "a command runs in place of the services, with its exit code" {
    ended_with 0 '^weatherctl \(weatherd\) [0-9.]+$' -- weatherctl --version
    ended_with 0 '^uid=10001\(weatherd\) ' -- id
    ended_with 64 'see weatherd-consumer --help' -- weatherd-consumer --nothing
}

@test "nothing can be written to but /run and the volume, and nothing in /run need be executable" {
    container one --tmpfs /run:rw,noexec,nosuid,nodev -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP -e WEATHERD_PARTITIONS=0
    wait_for 20 ready one weatherd-consumer@0
    run inside one sh -c 'cp /usr/bin/true /run/true && /run/true'
    expect_output '/run/true: Permission denied'
    inside one find / -maxdepth 3 ! -type l -writable ! -path '/proc*' ! -path '/dev*' ! -path '/run/*' >writable || true
    diff <(printf '%s\n' /run /tmp /var/lib/weatherd /var/lib/weatherd-forecast /var/tmp) <(sort writable)
    [[ $(inside one cat /proc/1/comm) == s6-svscan ]]
    [[ $(inside one sh -c 'cat /proc/1/status' | awk '/^Uid:/ { print $2 } /^CapEff:/ { print $2 }') == $'10001\n0000000000000000' ]]
    container_stop one
}

@test "any user of group 0 will do, where the volume is theirs" {
    chown 12345 state
    container one --user 12345:0 -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP -e WEATHERD_PARTITIONS=0
    wait_for 20 ready one weatherd-consumer@0
    container_stop one
    [[ $(stat -c %u state/.partition-0.lock) == 12345 ]]
}

@test "settings with mistakes end it with 78, and name the file or the variable" {
    ended_with 78 '^weatherd-consumer@0: .*-o consumer\.late: ' -e WEATHERD_PARTITIONS=0 -e 'WEATHERD_OPTS=-o consumer.late=perhaps'
    printf '[consumer]\nlate = perhaps\n' >consumer.ini
    ended_with 78 '^weatherd-consumer@0: .*/etc/weatherd/consumer\.ini:2: ' -e WEATHERD_PARTITIONS=0 \
        -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP --volume "$PWD/consumer.ini:/etc/weatherd/consumer.ini"
    # the other service's checkpoint is not what ends it
    ended_with 78 '^weatherd-producer: .*unknown section \[consumer\]' -e WEATHERD_PARTITIONS=0 -e WEATHERD_PRODUCER=yes \
        -e 'WEATHERD_OPTS=-o consumer.late=drop'
}

@test "variables with mistakes end it with 64, and say so" {
    ended_with 64 'no partitions to read: ' -e NOTHING=
    ended_with 64 'WEATHERD_PARTITIONS is not set' -e NOTHING=
    ended_with 64 'WEATHERD_PRODUCER is "maybe", must be yes or no' -e WEATHERD_PRODUCER=maybe
    ended_with 64 'the partitions 0-1 are given twice' -e 'WEATHERD_PARTITIONS=0-1 2 0-1'
    ended_with 64 '"0/1" can.t be partitions; give lists' -e 'WEATHERD_PARTITIONS=0/1'
    ended_with 64 '^weatherd-consumer@-1: .*"-1"' -e 'WEATHERD_PARTITIONS=-1'
    ended_with 64 '" is too long; give ranges' -e "WEATHERD_PARTITIONS=$(printf '%d,' {100..200})1"
    ended_with 64 'the host name weatherd does not end with the number of a pod' -e HOSTNAME=weatherd -e WEATHERD_PARTITIONS_PER_POD=2
    ended_with 64 '"two" must be a number above 0' -e HOSTNAME=weatherd-1 -e WEATHERD_PARTITIONS_PER_POD=two
}

@test "a directory that can't be written to ends it with 73, and says which" {
    chown 0 state
    ended_with 73 'directory .*/var/lib/weatherd.* of topic temperatures: Permission denied' -e WEATHERD_PARTITIONS=0
    ended_with 73 '/run/weatherd can.t be written to: mount a tmpfs on /run' --read-only-tmpfs=false -e WEATHERD_PARTITIONS=0
}

@test "a partition that another service has ends it with 73" {
    ended_with 73 '/\.partition-1\.lock: is held by process ' -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP -e 'WEATHERD_PARTITIONS=0-1 1-2'
}

@test "a mounted /etc/weatherd has all settings, the environment's broker not being among them" {
    mkdir weatherd
    printf '[kafka]\nbootstrap.servers = 127.0.0.1:2\n[consumer]\npartitions = 3\n' >weatherd/consumer.ini
    container one --volume "$PWD/weatherd:/etc/weatherd:ro"
    wait_for 20 ready one weatherd-consumer
    wait_for 20 test -e state/.partition-3.lock
    [[ $(inside one weatherd-consumer --print-config) == *'bootstrap.servers = 127.0.0.1:2'* ]]
    container_stop one
    ended_with 78 'WEATHERD_BOOTSTRAP_SERVERS is set, but /etc/weatherd/consumer.d is not the image.s: leave the variable out' \
        -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP --volume "$PWD/weatherd:/etc/weatherd:ro"
}

@test "the environment's broker wins over a mounted file, for commands, too" {
    printf '[kafka]\nbootstrap.servers = 127.0.0.1:2\nclient.id = mine\n' >consumer.ini
    container one --volume "$PWD/consumer.ini:/etc/weatherd/consumer.ini:ro" \
        -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP -e WEATHERD_PARTITIONS=0
    wait_for 20 ready one weatherd-consumer@0
    inside one weatherd-consumer --print-config >config
    grep -F "bootstrap.servers = $BOOTSTRAP" config
    grep -F 'client.id = mine' config
    container_stop one
}

@test "a pod takes the partitions that its number says, of each topic" {
    container one -e HOSTNAME=weatherd-3 -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP -e 'WEATHERD_PARTITIONS_PER_POD=2 stations:1'
    wait_for 20 ready one weatherd-consumer@6-7 weatherd-consumer@stations:3-3
    container_stop one
    [[ -e state/.partition-6.lock && -e state/.partition-7.lock && -e state/stations/.partition-3.lock ]]
}

@test "without a broker it is ready and healthy, and says what it waits for" {
    container one -e WEATHERD_BOOTSTRAP_SERVERS=$BOOTSTRAP -e 'WEATHERD_PARTITIONS=0 1-2'
    wait_for 20 ready one weatherd-consumer@0 weatherd-consumer@1-2
    healthy one
    says() { container_log one | grep -E '^weatherd-consumer@1-2: .*waiting'; }
    wait_for 30 says
    within 10 container_stop one
}
