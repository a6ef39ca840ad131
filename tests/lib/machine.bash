# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A machine with systemd and the package, for a file of tests; a broker outside is reached on its loopback. A test
# file of tests/systemd says "load ../lib/machine"; it has all of kit.bash as well.
#
#     setup_file() { start_kafka && machine_start && machine_install; }
#     @test "an instance reads" {
#         given plain
#         machine systemctl start weatherd-consumer@0-3
#         wait_for 20 safe 1000
#     }

# shellcheck source=tests/lib/kit.bash
. "$(dirname "${BASH_SOURCE[0]}")/kit.bash"

setup()
{
    kit_setup
    test_began=@$EPOCHREALTIME
}

teardown()
{
    machine_teardown
    machine_clean
}

machine_teardown()
{
    [[ -n ${BATS_TEST_COMPLETED-} ]] || journal --no-hostname --unit='weatherd*' || true
    kit_teardown
}

teardown_file()
{
    kit_teardown_file
    [[ -z ${KIT_MACHINE-} ]] || machine_end
}

# ---- the machine

# Boots one without the package and returns when it is up.
machine_start()
{
    export KIT_MACHINE=$BATS_FILE_TMPDIR/machine
    mkdir "$KIT_MACHINE"
    bash "$kit_top/tests/lib/keeper.bash" "$WEATHERD_TREE" "$KIT_MACHINE" </dev/null >"$KIT_MACHINE/console" 2>&1 3>&- &
    echo $! >"$KIT_MACHINE/keeper"
    disown
    machine_await
}

machine_await()
{
    wait_for 60 machine_up || {
        tail -n 40 "$KIT_MACHINE/console"
        return 1
    }
}

machine_up()
{
    [[ $(machine systemctl is-system-running) =~ ^(running|degraded)$ ]]
}

# Shuts it down and boots it again.
machine_reboot()
{
    local before

    before=$(machine_init)
    machine systemctl reboot
    wait_for 60 machine_init_is_not "$before" && machine_await
}

machine_end()
{
    kill -s TERM "$(<"$KIT_MACHINE/keeper")" && wait_for 20 machine_gone
}

machine_gone()
{
    ! kill -0 "$(<"$KIT_MACHINE/keeper")"
}

# Process number 1 of inside, as it is called outside.
machine_init()
{
    pgrep --parent "$(<"$KIT_MACHINE/nspawn")" --exact systemd
}

machine_init_is_not() # PID
{
    local init

    init=$(machine_init) && ((init != $1))
}

# Runs a command inside.
machine() # COMMAND ARGUMENT...
{
    local init

    init=$(machine_init) || return
    nsenter --all --target "$init" env -i HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@" 3>&-
}

# A file of the machine's, as it is called outside: until the next boot.
inside() # PATH
{
    echo "/proc/$(machine_init)/root$1"
}

# ---- weatherd in it

# Installs the package. What its sandbox would refuse as an error is a death here, so that none goes unnoticed.
machine_install()
{
    cp "$WEATHERD_PACKAGE" "$(inside /root)/weatherd.deb" && machine apt-get install --yes /root/weatherd.deb &&
        drop_in weatherd- always 'SystemCallErrorNumber=kill'
}

# The state in which a test finds the machine: nothing runs, there are no statistics and only the settings shipped.
machine_clean()
{
    machine bash -c "systemctl stop 'weatherd-*'
        rm -rf /var/lib/weatherd{,-forecast}/{*,.[!.]*} /etc/weatherd/*.d/* /etc/credstore \
            /etc/weatherd/rain.json /etc/systemd/system/{weatherd-*.d/test.conf,*.wants/weatherd-*}
        systemctl daemon-reload; systemctl reset-failed"
}

# Sets in [Service] what a test wants of units; FILE "test" is removed when it ends.
drop_in() # UNIT-PREFIX FILE LINE...
{
    local directory

    directory=$(inside /etc/systemd/system)/$1.service.d
    mkdir -p "$directory" && printf '%s\n' '[Service]' "${@:3}" >"$directory/$2.conf" && machine systemctl daemon-reload
}

# Settings on top of those shipped, and the broker.
settings() # consumer|forecast|producer LINE...
{
    printf '%s\n' '[kafka]' "bootstrap.servers = $BOOTSTRAP" "${@:2}" >"$(inside /etc/weatherd)/$1.d/test.ini"
}

# A topic with a thousand reports, and consumers that read it.
given() # TOPIC SETTING...
{
    fill "$1" 100
    settings consumer '[consumer]' "topic = $1" "${@:2}"
}

# A model where the machine's forecasts look for it.
model() # SEED
{
    helper trees.py make "$1" "$(inside /etc/weatherd)/rain.json" "$BATS_TEST_TMPDIR/reports.json"
}

# A model, and forecasts that read the topic.
given_forecasts() # TOPIC SETTING...
{
    model 1
    settings forecast '[forecast]' "topic = $1" "prediction_topic = $1-predicted" 'model = /etc/weatherd/rain.json' "${@:2}"
}

# A directory of state, as it is called outside.
state() # [TOPIC]
{
    inside "/var/lib/weatherd/${1-}"
}

# Whether the checkpoints there cover this many records.
safe() # RECORDS [TOPIC]
{
    (($(offsets "$(state "${2-}")"/partition-*.json) == $1))
}

# Whether the instance has read this many records of the topic in all, by its figures.
read_by() # INSTANCE TOPIC RECORDS
{
    (($(awk '/^weatherd_consumer_offset/ { sum += $2 } END { print sum + 0 }' \
        "$(inside /run/weatherd)/weatherd-consumer-$2-$1.prom") == $3))
}

# Whether the forecasts' checkpoints cover this many records.
foreseen() # RECORDS
{
    (($(offsets "$(inside /var/lib/weatherd-forecast)"/partition-*.json) == $1))
}

# What systemd knows of a unit.
property() # UNIT NAME
{
    machine systemctl show --property "$2" --value -- "$1"
}

property_is() # UNIT NAME VALUE
{
    [[ $(property "$1" "$2") == "$3" ]]
}

# What was logged in this test.
journal() # ARGUMENT...
{
    machine journalctl --quiet --no-pager --since="$test_began" "$@"
}

# Whether the unit has logged this, or systemd of the unit. It may take a moment until it can be read.
logged() # UNIT EXTENDED-REGEX
{
    journal --unit="$1" --output=cat | grep -E -e "$2"
}

# Waits for that.
journal_has() # UNIT EXTENDED-REGEX
{
    wait_for 10 logged "$@"
}

main_pid() # UNIT
{
    property "$1" MainPID
}

# Whether it runs as another process than before.
restarted() # UNIT PID-BEFORE
{
    property_is "$1" ActiveState active && (($(main_pid "$1") != $2))
}
