#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What is written about the programs is what they say of themselves: options, settings, defaults, examples.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

documents()
{
    /usr/bin/python3 "$top/tests/lib/documents.py" "$@"
}

# The programs under the names that the examples of the manual have.
weatherd-consumer() { consumer "$@"; }
weatherd-forecast() { forecast "$@"; }
weatherd-producer() { producer "$@"; }

page() # NAME.SECTION
{
    echo "$top/man/$1"
}

# The sample files, as they are installed, and the secrets they name.
lay_out_settings()
{
    local name

    mkdir -p etc/weatherd credentials
    cp "$top"/etc/*.ini etc/weatherd
    while read -r name; do
        echo secret >"credentials/$name"
    done < <(sed -n 's/^#[^ ]* = @\([^/ ]*\)$/\1/p' etc/weatherd/*.ini)
    export CREDENTIALS_DIRECTORY=$PWD/credentials
    helper trees.py make 1 etc/weatherd/rain.json /dev/null
}

weatherctl() { ctl "$@"; }

# Each test for all daemons. "set -e" is off in such a FUNCTION, so its commands are joined by &&.
each() # FUNCTION
{
    local program

    for program in consumer forecast producer; do
        "$program" --help >"$program.help"
        "$1" "$program" || {
            echo "of weatherd-$program" >&2
            return 1
        }
    done
}

compare_options() { documents options "$1.help" "$(page "weatherd-$1.8")"; }
compare_keys() { documents keys "$1.help" "$(page "weatherd-$1.ini.5")"; }
compare_sample() { documents sample "$1.help" "$top/etc/$1.ini"; }

compare_exits()
{
    [[ $(documents exits "$(page "weatherd-$1.8")") == '0 64 65 69 70 73 74 78' ]]
}

check_sample()
{
    "$1" -c "etc/weatherd/$1.ini" --check-config &&
        documents uncomment "etc/weatherd/$1.ini" >"$1.ini" &&
        (($(grep -c ' = ' "$1.ini") > 10)) &&
        sed -i "s,^model = /,&${PWD#/}/," "$1.ini" &&
        "$1" -c "$1.ini" --check-config
}

# Nothing that is in effect as shipped differs from what the program does without a file.
compare_shipped()
{
    : >none.ini
    "$1" -c none.ini --print-config >none &&
        "$1" -c "etc/weatherd/$1.ini" --print-config >shipped &&
        diff none shipped
}

run_examples()
{
    local examples example

    mapfile -t examples < <(documents examples "$(page "weatherd-$1.8")")
    ((${#examples[@]} >= 3)) || return
    for example in "${examples[@]}"; do
        echo "$example"
        # what an example says is a file in /etc is the one laid out here
        eval "${example//\/etc\//$PWD/etc/}" >output && [[ -s output ]] || return
    done
}

@test "the manual has the options of --help and no others" {
    each compare_options
}

@test "the manual has the settings of --help, with form and default, and no others" {
    each compare_keys
}

@test "the sample files have the settings of --help, with default and comment, and no others" {
    each compare_sample
}

# Each key of the daemon's own with a value that is not its default: in several files, as not all of them go together.
consumer_changes()
{
    local section=${1:-[consumer]}

    printf '%s\n' "$section" 'topic = other' 'partitions = 7' 'directory = elsewhere' 'format = json' 'schema = station_report' \
        'station_field = a' 'date_field = b' 'degrees_field = c' 'raining_field = d' 'checkpoint_interval = 2h' \
        'on_invalid = stop' 'invalid_topic = letters' 'on_lost_offset = earliest' 'max_stations = 7' 'commit = no' \
        'stall_timeout = 2h' 'metrics_directory = run' >changes-1.ini
    printf '%s\n' "$section" 'schema_ids = 7' >changes-2.ini
    (($#)) || printf '%s\n' 'date_format = rfc3339' 'layout = tagged' 'window = day' 'grace = 2d' 'window_keep = 5d' \
        'duplicates = keep' 'late = keep' 'summary_topic = sums' 'summary_fields = count' 'summary_interval = 2h' >>changes-1.ini
}

forecast_changes()
{
    consumer_changes '[forecast]'
    echo 'prediction_topic = foreseen' >>changes-1.ini
}

producer_changes()
{
    printf '%s\n' '[producer]' 'source = events' 'interval = 2h' 'days = 7' 'directory = elsewhere' 'unit = C' 'retries = 7' \
        'metrics_directory = run' '[simulator]' 'model = uniform' 'stations = 7' 'station_prefix =' 'start = 2001-01-01' \
        'seed = 7' 'rain = no' 'duplicate_rate = 0.5' '[csv]' 'file = a' 'date_column = b' 'degrees_column = c' \
        'station_column = d' 'raining_column = e' 'unit = C' '[orders]' 'start = 2001-01-01' 'seed = 7' '[events]' 'users = 7' \
        'events = 7' 'start = 2001-01-01' 'seed = 7' '[topic temperatures]' 'format = json' 'schema = station_report' \
        'partitions = 7' 'replication_factor = 7' 'config.retention.ms = 7' 'if_exists = recreate' >changes-1.ini
    printf '%s\n' '[csv]' 'station = a' 'columns = *' 'key_column = b' 'now_columns = c' '[topic temperatures]' 'key = month' \
        >changes-2.ini
}

compare_fixed() # PROGRAM
{
    local reloads

    mkdir "$1" && printf '[%s]\ndirectory = %s\n' "$1" "$1" >"$1.ini" && "$1_changes" &&
        "$1_start" "$1" -c "$1.ini" "${@:2}" || return
    for reloads in 1 2; do
        cp "changes-$reloads.ini" "$1.ini"
        send_signal "$1" HUP
        wait_for 10 reloaded "$1" "$reloads" || return
    done
    stop "$1" && sed -n 's/.*: \(\[.*\) is .* now, which takes effect with a restart$/\1/p' "$(log_of "$1")" |
        sed 's/^\[topic temperatures]/[topic]/; s/retention\.ms/*/' | sort -u >named &&
        documents fixed "$(page "weatherd-$1.ini.5")" | sort | diff - named
}

reloaded() # PROGRAM TIMES
{
    (($(log_count "$1" 'settings reloaded') == $2))
}

@test "a reload names each key that needs a restart, which are those of which the manual does not say that it is enough" {
    start_mock temperatures:4
    helper trees.py make 1 rain.json /dev/null
    compare_fixed producer
    compare_fixed consumer 0
    compare_fixed forecast -o forecast.model=rain.json 0
}

@test "the manual has all exit codes" {
    each compare_exits
}

@test "the sample files pass --check-config, as they are and with every key in effect" {
    lay_out_settings
    each check_sample
}

@test "the sample files change nothing" {
    lay_out_settings
    each compare_shipped
}

@test "the examples of the manual that need no broker run" {
    lay_out_settings
    each run_examples
}

@test "the manual of weatherctl has the options of each command's --help and no others, and all exit codes" {
    local command

    for command in show status verify plot tail; do
        ctl "$command" --help >help
        documents command help "$(page weatherctl.1)"
    done
    sed '/^\.It Fl -max-age/d' "$(page weatherctl.1)" >changed
    ctl status --help >help
    run documents command help changed
    expect_status 1
    expect_output "lacks .*'max-age', 'DURATION'"
    [[ $(documents exits "$(page weatherctl.1)") == '0 1 2 3 64 65 69 70 71 73 74 78' ]]
}

@test "the examples of weatherctl's manual that need no broker run" {
    local examples example

    requires jq
    mkdir state
    printf '%s\n' '{"offset": 5, "StationD":' \
        '{"count": 1, "sum": 1, "avg": 1, "start": "2000-01-01", "end": "2000-01-01"}}' >state/partition-0.json
    mapfile -t examples < <(documents examples "$(page weatherctl.1)")
    ((${#examples[@]} >= 4))
    for example in "${examples[@]}"; do
        echo "$example"
        eval "$example" >output
        [[ -s output || -s averages.svg ]]
    done
}

# Settings for the daemons that make them use every file that they know, on the broker there is.
lay_out_everything()
{
    mkdir -p etc/weatherd/{consumer,forecast,producer}.d credentials state rain run trace
    export CREDENTIALS_DIRECTORY=$PWD/credentials
    echo secret >credentials/kafka-password
    printf '%s\n' date,degrees 2000-01-01,5 2000-01-02,6 >observations.csv
    printf '%s\n' '[log]' 'level = notice' | tee etc/weatherd/{consumer,forecast,producer}.d/more.ini >/dev/null
    printf '%s\n' '[kafka]' "bootstrap.servers = $BOOTSTRAP" 'sasl.password = @kafka-password' |
        tee etc/weatherd/{consumer,forecast,producer}.ini >/dev/null
    cat >>etc/weatherd/producer.ini <<'EOF'
[producer]
source = csv
directory = state
metrics_directory = run
[csv]
file = observations.csv
station = Seattle
[topic temperatures]
partitions = 2
[topic further]
partitions = 1
EOF
    cat >>etc/weatherd/consumer.ini <<'EOF'
[consumer]
directory = state
partitions = 0-1
metrics_directory = run
[topic further]
partitions = 0
layout = monthly
EOF
    helper trees.py make 1 etc/weatherd/rain.json reports.json
    cat >>etc/weatherd/forecast.ini <<EOF
[forecast]
directory = rain
partitions = 0-1
metrics_directory = run
model = $PWD/etc/weatherd/rain.json
[topic further]
partitions = 0
EOF
}

# Starts a program whose files are told in trace/NAME.*; it has the process id that it is known by.
trace() # NAME PROGRAM ARGUMENT...
{
    start "$1" strace -D -ff -y -z -qq -e trace=%file -e signal=none -o "trace/$1" "$(built "$2")" "${@:3}"
}

@test "the manual has all files that the programs read and write, and no others" {
    requires strace
    start_mock temperatures:2 further:1
    lay_out_everything
    trace producer weatherd-producer -c etc/weatherd/producer.ini
    await producer
    documents files "$(page weatherd-producer.8)" trace/producer.*
    trace consumer weatherd-consumer -c etc/weatherd/consumer.ini
    wait_for 20 test -e state/further/.partition-0.source
    wait_for 20 compgen -G 'run/weatherd-consumer-*.prom'
    stop consumer
    documents files "$(page weatherd-consumer.8)" trace/consumer.*
    trace forecast weatherd-forecast -c etc/weatherd/forecast.ini
    wait_for 20 test -e rain/further/.partition-0.source
    wait_for 20 compgen -G 'run/weatherd-forecast-*.prom'
    stop forecast
    documents files "$(page weatherd-forecast.8)" trace/forecast.*
    trace show weatherctl show --json -c etc/weatherd/consumer.ini
    await show
    trace plot weatherctl plot -c etc/weatherd/consumer.ini -o averages.svg
    await plot
    documents files "$(page weatherctl.1)" trace/{show,plot}.*
    sed -e '/^\.It Pa \.producer\.lock/d' -e 's/^\.It Pa producer\.json/&l/' "$(page weatherd-producer.8)" >changed
    run documents files changed trace/producer.*
    expect_status 1
    expect_output 'lacks .*/state/\.producer\.lock'
    expect_output 'lacks .*/state/producer\.json'
    expect_output 'has producer\.jsonl, which was not opened'
}

compare_messages() # CATALOG [PAGE]
{
    documents messages "$top/src/common/message.c" "${2-$(page weatherd.7)}" "$1"
}

@test "each message is in the manual and in the journal's catalog, and no others" {
    local catalog=$top/systemd/weatherd.catalog change

    compare_messages "$catalog"
    mkdir man
    cp "$top"/man/* man
    for change in '/^# lock-held/,/^$/d' 's/^# ready$/# steady/' 's/^-- 6/-- 7/' s/@WEATHERD_OFFSET@/@OFFSET@/ \
        's/man:weatherd(7)/man:weather(7)/' s/^Subject:/Topic:/; do
        sed "$change" "$catalog" >changed
        run compare_messages changed
        expect_status 1
    done
    for change in '/^\.It Sy lock-held/,+1d' 's/^\.It Sy ready /.It Sy steady /' 's/, Li 6/, Li 7/'; do
        sed "$change" "$(page weatherd.7)" >man/weatherd.7
        run compare_messages "$catalog" man/weatherd.7
        expect_status 1
    done
}

# The names that a page has as items: of variables, and of properties that are refused.
page_variables() { sed -n 's/^\.It Ev //p' "$1" | sed 's/ , Ev /\n/g' | sort; }
page_refused()
{
    sed -n '/^These are refused/,/^\.El/s/^\.It Ic //p' "$1" | sed 's/ , /\n/g' | sort
}

# Those that the sources ask for by name or by a macro, and what a service manager says by libsystemd.
source_variables() # DIRECTORY...
{
    local name directories=("${@/#/$top/src/}")

    {
        grep -rhoE 'getenv\([A-Z_"]+' "${directories[@]}" | sed 's/.*(//' | while read -r name; do
            if [[ $name == '"'* ]]; then
                echo "${name//\"/}"
            else
                grep -rhE "^#define $name " "${directories[@]}" | sed 's/[^"]*"//; s/".*//'
            fi
        done
        printf '%s\n' NOTIFY_SOCKET WATCHDOG_PID WATCHDOG_USEC
    } | sort -u
}

@test "the manual has all environment variables that the programs look at, and no others" {
    source_variables common record stream reader consumer | diff - <(page_variables "$(page weatherd-consumer.8)")
    source_variables common record stream reader forecast | diff - <(page_variables "$(page weatherd-forecast.8)")
    source_variables common record stream producer | diff - <(page_variables "$(page weatherd-producer.8)")
    source_variables common ctl | grep -v '^WEATHERD_\|^NOTIFY_\|^WATCHDOG_' |
        diff - <(page_variables "$(page weatherctl.1)")
}

@test "the manual has all properties that are refused, and no others" {
    local page

    sed -n '/refusals\[\] = {/,/^}/s/^    {"\([a-z.*]*\)",.*/\1/p' "$top/src/common/kafka_conf.c" | sort >refused
    (($(wc -l <refused) > 15))
    for page in weatherd-{consumer,forecast,producer}.ini.5; do
        page_refused "$(page "$page")" | diff refused -
    done
}

@test "the messages in the manual are those of the programs" {
    documents recovery "$(page weatherd.7)" "$(built weatherd-consumer)" "$(built weatherd-forecast)" "$(built weatherd-producer)"
    sed 's/the log ends at offset/the log stops at offset/' "$(page weatherd.7)" >changed
    run documents recovery changed "$(built weatherd-consumer)"
    expect_status 1
    expect_output "has 'the log stops at offset '"
}

# What README shows is what comes out, station by station, of Seattle's observations and the simulator as long.
@test "the table in README is what weatherctl shows" {
    local row count=0

    start_mock temperatures:4
    (cd "$top" && producer -c examples/seattle.ini -o "producer.directory=$BATS_TEST_TMPDIR" -o producer.interval=0)
    fill temperatures 1461 -o simulator.start=2012-01-01
    consumer --until-end 0-3
    ctl show . >shown
    while read -r row; do
        grep -qxF "$row" shown || {
            echo "weatherctl does not show: $row"
            return 1
        }
        count=$((count + 1))
    done < <(sed -n '/^    station  /,/…/{/…/!s/^    //p}' "$top/README.md")
    ((count >= 3))
}

@test "README names the packages that the scripts install" {
    # shellcheck disable=SC2016 # expanded there
    bash -c '. "$1" && packages_of build' - "$top/scripts/lib/packages.sh" | tr ' ' '\n' | sed 's/:.*//' | sort |
        diff - <(sed -n '/^    apt install /,/[^\]$/p' "$top/README.md" |
            grep -oE '[a-z][a-z0-9-]+' | grep -vx 'apt\|install' | sort)
}

# Those of settings are as long as they need to be.
@test "what --help says of options fits 80 columns" {
    local command

    for command in show status verify plot tail; do
        ctl "$command" --help
    done | grep -v "^/.*/consumer.ini" >help # which is wherever it was built for
    ctl --help >>help
    for command in consumer forecast producer; do
        "$command" --help | sed '/^Settings, in /,$d'
    done >>help
    (($(grep -c -e '--help' help) > 8))
    run grep -E '.{81}' help
    expect_status 1
}

@test "the pages fit 80 columns, and no example is wrapped" {
    local page

    requires mandoc
    for page in "$top"/man/*.[0-9]; do
        mandoc -T utf8 -O width=80 "$page" | sed 's/.\x08//g' >rendered
        run env LC_ALL=C.UTF-8 grep -E '.{81}' rendered
        expect_status 1
        # an indented line has 69 columns
        sed -n 's/^\.Dl //p' "$page" | sed -e 's/\\[-e]/-/g' -e 's/\\(.q/"/g' -e 's/\\&//g' >examples
        run env LC_ALL=C.UTF-8 grep -E '.{70}' examples
        expect_status 1
    done
}

@test "the journal takes the catalog, with an entry for each message" {
    requires journalctl
    mkdir -p usr/lib/systemd/catalog
    cp "$top/systemd/weatherd.catalog" usr/lib/systemd/catalog
    journalctl --update-catalog "--root=$PWD"
    journalctl --list-catalog "--root=$PWD" >list
    ((40 < $(wc -l <list)))
    diff <(sed -n 's/.* = {LOG_LEVEL_.*"\(.*\)"}.*/\1/p' "$top/src/common/message.c" | sort) <(sed 's/ weatherd: .*//' list | sort)
}

@test "the tests that doc/reliability.md names are there" {
    documents tests "$top/doc/reliability.md" "$top"
    sed 's/"killed with -9 a hundred/"killed with -9 a thousand/' "$top/doc/reliability.md" >changed
    run documents tests changed "$top"
    expect_status 1
    expect_output "^0 tests of tests/kafka/crash.bats begin with 'killed with -9 a thousand"
}

@test "each row of doc/reliability.md names mutants, which apply and whose tests are there" {
    local page=$top/doc/reliability.md

    requires patch
    documents mutants "$page" "$top"
    sed "s/.lock-not-taken./\`lock-not-token\`/; s/.clock-of-the-day.//" "$page" >changed
    run documents mutants changed "$top"
    expect_status 1
    expect_output '^there is no mutant lock-not-token$'
    expect_output '^the mutant lock-not-taken is in no row$'
    expect_output '^no mutant is named for: a clock that is set$'
    cp -r --no-preserve=mode "$top"/{spark,src,systemd,tests} .
    sed -i s/LOCK_EX/LOCK_UN/ src/stream/lock.c
    sed -i 's/set back and forth/set/' tests/kafka/clock.bats
    run documents mutants "$page" .
    expect_status 1
    expect_output 'lock-not-taken.patch no longer applies'
    expect_output 'clock-of-the-day.patch: tests/kafka/clock.bats has no test set back and forth$'
    ((2 == $(grep -c '\.patch' <<<"$output")))
}

@test "the pages refer to pages that there are" {
    documents references "$top"/man/*.[0-9]
}

@test "the alerts fire when they should, on figures that the manual has" {
    local name

    requires promtool
    cd "$top/examples/prometheus"
    promtool check rules rules.yml
    promtool test rules rules_test.yml
    while read -r name; do
        grep -q "^\.It Va $name\$" "$(page weatherd-consumer.ini.5)" "$(page weatherd-forecast.ini.5)" || {
            echo "rules.yml has $name, which the manual has not"
            return 1
        }
    done < <(grep -oE 'weatherd_[a-z_]+' rules.yml | sort -u)
}

@test "the pages have no warnings" {
    requires mandoc
    # pages of ours may not be installed here
    run bash -c 'mandoc -T lint -W style "$@" | grep -v "referenced manual not found: Xr weather"' lint "$top"/man/*.[0-9]
    [[ -z $output ]]
}

@test "a page or a sample that lacks something is noticed" {
    consumer --help >help
    grep -v '^\.It Fl -until-end' "$(page weatherd-consumer.8)" >changed
    run documents options help changed
    expect_status 1
    expect_output "lacks .*'until-end'"
    sed 's/^\.Cm 100000 \./.Cm 100 ./' "$(page weatherd-consumer.ini.5)" >changed
    run documents keys help changed
    expect_status 1
    expect_output "lacks .*'max_stations', '1..10000000', '100000'"
    sed 's/^#late = drop/#lately = drop/' "$top/etc/consumer.ini" >changed
    run documents sample help changed
    expect_status 1
    expect_output "lacks .*'late'"
    expect_output 'lately, which is in no row'
    sed 's/^#level = info/#level = debug/' "$top/etc/consumer.ini" >changed
    run documents sample help changed
    expect_status 1
    expect_output 'the default is info'
}
