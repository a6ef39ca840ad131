#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The units and the user, as "make install" leaves them, before a systemd: what can be seen without one. What they do
# is for tests/systemd.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

setup_file()
{
    local directory

    env -u MAKEFLAGS -u MAKELEVEL make -C "$WEATHERD_BUILD" --silent install DESTDIR="$BATS_FILE_TMPDIR/root" 3>&-
    directory=$(find "$BATS_FILE_TMPDIR/root" -name weatherd-producer.service -printf '%h')
    export UNITS=$directory
}

# The value of a key, on one line. A key that stands twice has two.
value() # UNIT KEY
{
    sed -e ':more' -e '/\\$/{N; s/ *\\\n */ /; b more' -e '}' "$UNITS/$1" | sed -n "s/^$2=//p"
}

@test "systemd has nothing to say against the units" {
    requires systemd-analyze
    cp -r "$UNITS" units
    # it looks whether the programs are there
    sed -i -E "s,(=| )(/[^ ]*/weatherd-),\1$BATS_FILE_TMPDIR/root\2," units/*.service
    run systemd-analyze verify --man=no units/*
    expect_status 0
    [[ -z $output ]]
}

@test "the sandbox of all services leaves an exposure of at most 1.2" {
    local unit

    requires systemd-analyze
    for unit in weatherd-producer.service weatherd-{consumer,forecast}@.service; do
        run systemd-analyze security --no-pager --offline=true --threshold=12 "$UNITS/$unit"
        expect_status 0
        expect_output 'Overall exposure level for weatherd-(producer|(consumer|forecast)@.*)\.service: [01]\.'
    done
}

@test "what a reload checks is what a start reads" {
    local program unit checked

    for program in weatherd-{producer,consumer,forecast}; do
        unit=$(find "$UNITS" -name "$program*.service" -printf '%f')
        checked=$(value "$unit" ExecReload | head -n 1)
        [[ $checked == *" --check-config "* ]]
        [[ ${checked/ --check-config/} == *" $(value "$unit" ExecStart)" ]]
        [[ $(value "$unit" ExecReload | tail -n 1) == *'kill -HUP '* ]]
    done
}

@test "a service that hangs or dies is started again, however often, unless it would end the same way" {
    local unit

    for unit in weatherd-producer.service weatherd-{consumer,forecast}@.service; do
        [[ $(value "$unit" Type) == notify ]]
        [[ $(value "$unit" WatchdogSec) == 1min ]]
        [[ $(value "$unit" Restart) == on-failure ]]
        [[ $(value "$unit" RestartSec) == 5s ]]
        [[ $(value "$unit" StartLimitIntervalSec) == 0 ]]
        [[ $(value "$unit" RestartPreventExitStatus) == '64 65 73 78' ]]
    done
}

@test "forecasts have a directory of their own, because their files are called as the consumer's are" {
    [[ $(value weatherd-consumer@.service StateDirectory) == weatherd ]]
    [[ $(value weatherd-producer.service StateDirectory) == weatherd ]]
    [[ $(value weatherd-forecast@.service StateDirectory) == weatherd-forecast ]]
}

@test "systemd-sysusers makes the user that the units name" {
    local unit

    requires systemd-sysusers
    mkdir -p made/etc
    systemd-sysusers --root="$PWD/made" "$(find "$BATS_FILE_TMPDIR/root" -path '*/sysusers.d/weatherd.conf')"
    grep -E '^_weatherd:.*:/usr/sbin/nologin$' made/etc/passwd
    for unit in "$UNITS"/*.service; do
        [[ $(value "${unit##*/}" User) == _weatherd ]]
    done
}

@test "the package has the version of the programs" {
    [[ $(consumer --version | head -n 1) == "weatherd-consumer (weatherd) $(sed -n '1s/.*(\(.*\)).*/\1/p' "$top/debian/changelog")" ]]
}
