#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The daemons never run into the sandbox of their units. All tests of this directory run with
# SystemCallErrorNumber=kill: what the shipped units would refuse as an error ends the daemon.

load ../lib/machine

setup_file()
{
    requires strace
    start_kafka
    machine_start
    machine_install
}

@test "a call of the kernel that the units forbid is a death" {
    # chroot(2), which is in @mount
    drop_in weatherd- test 'ExecStart=' 'Type=oneshot' 'ExecStart=/usr/sbin/chroot / /bin/true'
    run machine systemctl start weatherd-producer
    expect_status 1
    property_is weatherd-producer Result signal
    property_is weatherd-producer ExecMainStatus 31
    run machine systemctl start weatherd-consumer@0
    expect_status 1
    property_is weatherd-consumer@0 Result signal
    property_is weatherd-consumer@0 ExecMainStatus 31
}

# What the threads of all were refused. libsystemd asks for a larger buffer than an ordinary process may have.
refused()
{
    grep -E '^[0-9]+<(weatherd|rdk).*= -1 (EPERM|EACCES|EROFS)' trace | grep -v -E 'setsockopt(\(.*SO_SNDBUFFORCE,| resumed)'
}

@test "nothing that the daemons want in their whole life is refused" {
    settings producer '[producer]' 'interval = 10ms' '[topic temperatures]' 'partitions = 4'
    settings consumer '[consumer]' 'invalid_topic = temperatures-invalid'
    given_forecasts temperatures
    new_topic temperatures-invalid 1
    # from outside, and beginning before the daemons do
    start tracer strace --follow-forks --decode-pids=comm --string-limit=256 --output=trace --attach="$(machine_init)"
    wait_for 10 log_has tracer attached
    machine systemctl start weatherd-producer weatherd-consumer@0-3 weatherd-forecast@0-3
    wait_for 30 test -e "$(state)/producer.json"
    echo '{"raw": "no report", "key": "x", "partition": 0}' | topic send temperatures
    wait_for 30 json_is "$(state)/partition-0.json" 'd["offset"] > 100'
    wait_for 30 json_is "$(inside /var/lib/weatherd-forecast)/partition-0.json" 'd["offset"] > 100'
    machine systemctl reload weatherd-producer weatherd-consumer@0-3 weatherd-forecast@0-3
    machine systemctl kill --kill-who=main --signal=USR1 weatherd-producer weatherd-consumer@0-3 weatherd-forecast@0-3
    kafka kill
    wait_for 60 logged weatherd-consumer@0-3 'no broker can be reached'
    kafka start
    wait_for 60 logged weatherd-consumer@0-3 'connected again'
    machine systemctl stop weatherd-producer weatherd-consumer@0-3 weatherd-forecast@0-3
    send_signal tracer INT
    await tracer || true

    # the trace has them
    grep -E '^[0-9]+<weatherd-consum>.* openat\(.*partition-3.json.tmp.*= [0-9]+' trace
    grep -E '^[0-9]+<weatherd-foreca>.* openat\(.*partition-3.json.tmp.*= [0-9]+' trace
    grep -E '^[0-9]+<weatherd-produc>.* openat\(.*producer.json.tmp.*= [0-9]+' trace
    if refused; then return 1; fi
}
