#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The life of the package on a machine. The tests follow one another: it is installed, upgraded, removed and purged.

load ../lib/machine

setup_file()
{
    start_kafka
    machine_start
}

# The machine stays as the test before left it.
teardown()
{
    machine_teardown
}

# By the figures of an instance.
read_to_the_end() # INSTANCE
{
    local figures

    figures=$(inside /run/weatherd)/weatherd-consumer-temperatures-$1.prom
    awk '/^weatherd_consumer_lag/ { n++; lag += $2 } END { exit n == 0 || lag > 0 }' "$figures"
}

# The package as a later version.
later() # VERSION FILE
{
    dpkg-deb --raw-extract "$WEATHERD_PACKAGE" later
    sed -i "s/^Version: .*/Version: $1/" later/DEBIAN/control
    echo '# of a later version' | tee -a later/etc/weatherd/{consumer,producer}.ini >/dev/null
    dpkg-deb --root-owner-group --build later "$2"
}

@test "the installation makes the user and starts nothing" {
    machine_install
    run machine getent passwd _weatherd
    expect_output '^_weatherd:.*:/usr/sbin/nologin$'
    run machine systemctl list-units --no-legend 'weatherd*'
    [[ -z $output ]]
    run machine systemctl list-unit-files --no-legend --state=enabled,enabled-runtime 'weatherd*'
    [[ -z $output ]]
    machine systemctl is-system-running
    # what an administrator may change and an upgrade keeps
    # shellcheck disable=SC2016 # dpkg's
    run machine dpkg-query --show --showformat '${Conffiles}\n' weatherd
    expect_output '^ /etc/weatherd/consumer\.ini '
    expect_output '^ /etc/weatherd/forecast\.ini '
    expect_output '^ /etc/weatherd/producer\.ini '
}

@test "an upgrade restarts what runs, and only that, and nothing is lost" {
    local one two rain producer unit

    settings consumer
    settings producer '[producer]' 'interval = 10ms' '[topic temperatures]' 'partitions = 4'
    given_forecasts temperatures
    machine systemctl enable weatherd-consumer@3 weatherd-forecast@3
    machine systemctl start weatherd-producer weatherd-consumer@0-1 weatherd-consumer@2 weatherd-forecast@0
    wait_for 20 test -e "$(state)/partition-2.json"
    rain=$(main_pid weatherd-forecast@0)
    one=$(main_pid weatherd-consumer@0-1) two=$(main_pid weatherd-consumer@2) producer=$(main_pid weatherd-producer)

    later 99.0 "$(inside /root/later.deb)"
    echo '# of the administrator' >>"$(inside /etc/weatherd)/consumer.ini"
    machine apt-get install --yes --option Dpkg::Options::=--force-confdef --option Dpkg::Options::=--force-confold \
        /root/later.deb
    [[ $(tail -n 1 "$(inside /etc/weatherd)/consumer.ini") == '# of the administrator' ]]
    [[ $(tail -n 1 "$(inside /etc/weatherd)/producer.ini") == '# of a later version' ]]
    run machine dpkg --status weatherd
    expect_output '^Version: 99.0$'
    for unit in weatherd-producer weatherd-consumer@{0-1,2} weatherd-forecast@0; do
        property_is "$unit" NRestarts 0
    done
    restarted weatherd-producer "$producer"
    restarted weatherd-consumer@0-1 "$one"
    restarted weatherd-consumer@2 "$two"
    restarted weatherd-forecast@0 "$rain"
    property_is weatherd-consumer@3 ActiveState inactive
    property_is weatherd-forecast@3 ActiveState inactive
    machine systemctl stop weatherd-producer
    wait_for 30 topic compare temperatures "$(state)" --partitions 0,1,2 --text
}

@test "a removal stops what runs with a checkpoint, and leaves settings and statistics, from which a new one goes on" {
    settings consumer '[consumer]' 'checkpoint_interval = 1h'
    machine systemctl restart weatherd-consumer@0-1 weatherd-consumer@2
    fill temperatures 100 -o simulator.start=2100-01-01
    wait_for 30 read_to_the_end 0-1
    wait_for 30 read_to_the_end 2
    machine apt-get remove --yes weatherd
    property_is weatherd-consumer@0-1 ActiveState inactive
    property_is weatherd-consumer@2 ActiveState inactive
    property_is weatherd-forecast@0 ActiveState inactive
    machine ls /var/lib/weatherd-forecast/partition-0.json
    topic compare temperatures "$(state)" --partitions 0,1,2 --text
    machine ls /etc/weatherd/consumer.ini /etc/weatherd/consumer.d/test.ini

    fill temperatures 100 -o simulator.start=2101-01-01
    machine apt-get install --yes /root/later.deb
    machine systemctl start weatherd-consumer@0-2
    wait_for 30 topic compare temperatures "$(state)" --partitions 0,1,2 --text
}

@test "a purge leaves nothing but the user" {
    machine apt-get purge --yes weatherd
    run machine find /etc /run /usr /lib /var/lib /var/cache -name '*weatherd*' -not -path '/run/systemd/*'
    [[ $output == /etc/systemd/system/weatherd-.service.d ]]
    machine getent passwd _weatherd
}
