# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What the system tests (*.bats) stand on: brokers, the daemons just built, and waiting for what shall become
# true instead of sleeping. A test file says "load ../lib/kit"; each test runs in a directory of its own, and
# whatever was started is ended afterwards, with the logs printed when the test failed.
#
#     setup_file() { start_mock temperatures:4; }      or: start_kafka, start_brokers [PROPERTY=VALUE...]
#     @test "a consumer counts" {
#         consumer_start one -o consumer.directory=. 0-3
#         producer -o producer.days=10 -o producer.interval=0
#         wait_for 5 json_is partition-0.json 'd["offset"] > 0'
#         stop one
#     }

kit_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [[ -z ${WEATHERD_BUILD-} ]]; then
    # "make check" runs in its build directory; by hand, scripts/check's is taken
    WEATHERD_BUILD=$kit_top/build/gcc
    [[ ! -e config.status ]] || WEATHERD_BUILD=$PWD
fi
export WEATHERD_BUILD
kit_under=()

# What the machine or the caller has set must not reach the daemons.
unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID STATE_DIRECTORY RUNTIME_DIRECTORY CONFIGURATION_DIRECTORY \
    CREDENTIALS_DIRECTORY JOURNAL_STREAM INVOCATION_ID COLUMNS

kit_spoilt=()

# ---- a test's frame; a file that needs its own calls the kit_ function from it

kit_setup()
{
    cd "$BATS_TEST_TMPDIR" || return
}

kit_teardown()
{
    [[ -n ${BATS_TEST_COMPLETED-} || -n ${BATS_TEST_SKIPPED-} ]] || kit_print_logs "$BATS_TEST_TMPDIR"
    kit_end_all "$BATS_TEST_TMPDIR"
    [[ -z ${BATS_TEST_COMPLETED-} ]] || kit_check_files "$BATS_TEST_TMPDIR"
    [[ -z $kit_memory ]] || rm -rf "$kit_memory"
}

# Goes to a directory in memory until the test ends: checkpoints take no time there, whatever else the disk has to do, so
# there are many of them to be killed in. What a process has written survives it there as well.
kit_memory=
work_in_memory()
{
    [[ -w /dev/shm ]] || return 0
    kit_memory=$(mktemp -d /dev/shm/weatherd-test.XXXXXX) && cd "$kit_memory" || return
}

kit_teardown_file()
{
    kit_end_all "$BATS_FILE_TMPDIR"
    kit_check_files "$BATS_FILE_TMPDIR"
}

setup() { kit_setup; }
teardown() { kit_teardown; }
teardown_file() { kit_teardown_file; }

# Every partition-N.json that is left must fit its daemon's schema, and what weatherctl shows of the first directory of them
# must fit the other one, but for those that the test spoils on purpose.
kit_check_files() # DIRECTORY
{
    local good=() statistics=() forecasts=() file name document schemas=() share=$kit_top/share

    while read -r file; do
        for name in "${kit_spoilt[@]}"; do
            [[ $file != "$1/$name" && $file != "$1/$name"/* ]] || continue 2
        done
        good+=("$file")
        if grep -F '"false_alarms": ' "$file" >/dev/null; then
            forecasts+=("$file")
        else
            statistics+=("$file")
        fi
    done < <(find "$1" -path "$1/kafka" -prune -o -type f -regex '.*/partition-[0-9]+\.json' -print | sort)
    ((${#good[@]})) || return 0
    ((${#statistics[@]} == 0)) || schemas+=(-- "$share/partition.schema.json" "${statistics[@]}")
    ((${#forecasts[@]} == 0)) || schemas+=(-- "$share/forecast.schema.json" "${forecasts[@]}")
    if ((${#kit_spoilt[@]})); then
        helper schema.py "${schemas[@]:1}"
        return
    fi
    document=$(kit_state)/shown
    (cd "$1" && ctl show --json --offline "${good[0]%/*}") >"$document" &&
        helper schema.py "$share/show.schema.json" "$document" "${schemas[@]}"
}

# Says that these files, or those in these directories of the test's, are no good any more.
spoils() # NAME...
{
    kit_spoilt+=("$@")
}

# Where this test's, or in setup_file this file's, processes keep their state.
kit_state()
{
    local state=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/.kit

    mkdir -p "$state" && echo "$state"
}

# The state of a process by its name: the test's own first, then the file's.
kit_find() # NAME
{
    local directory

    for directory in "${BATS_TEST_TMPDIR-}" "$BATS_FILE_TMPDIR"; do
        if [[ -n $directory && -e $directory/.kit/$1.pid ]]; then
            echo "$directory/.kit/$1"
            return
        fi
    done
    echo "nothing called $1 was started" >&2
    return 1
}

kit_print_logs() # DIRECTORY
{
    local log

    for log in "$1"/.kit/*.log "$1"/*.log "$BATS_FILE_TMPDIR"/.kit/*.log; do
        [[ -s $log ]] || continue
        echo "---- ${log##*/}"
        tail -n 40 "$log"
    done
}

kit_end_all() # DIRECTORY
{
    local file

    for file in "$1"/.kit/*.pid; do
        [[ -e $file && ! -e ${file%.pid}.status ]] || continue
        kill -s KILL "$(<"$file")" 2>/dev/null || true
        kill -s CONT "$(<"$file")" 2>/dev/null || true
        wait_for 10 test -e "${file%.pid}.status"
    done
    [[ ! -e $1/.kit/mock-pid ]] || kill -s KILL "$(<"$1/.kit/mock-pid")" 2>/dev/null || true
    for file in "$1"/kafka{,-*}/pid; do
        [[ ! -e $file ]] || "$kit_top/scripts/kafka" kill "${file%/pid}"
    done
}

# Skips the test when a command is not there. In CI everything is there: its absence is a failure.
requires() # COMMAND...
{
    local command

    for command in "$@"; do
        command -v "$command" >/dev/null && continue
        if [[ ${CI-} == true ]]; then
            echo "$command is missing, and nothing is skipped in CI" >&2
            return 1
        fi
        skip "needs $command"
    done
}

# ---- waiting

# Polls until the command succeeds. Its output is dropped until the last time.
wait_for() # SECONDS COMMAND...
{
    local seconds=$1 deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))

    shift
    until "$@" >/dev/null 2>&1; do
        if ((${EPOCHREALTIME/./} > deadline)); then
            "$@" && return
            echo "waited $seconds s in vain for: $*" >&2
            return 1
        fi
        sleep 0.02
    done
}

# Evaluates a Python expression with the document as d: json partition-0.json 'd["StationA"]["count"]'
json() # FILE EXPRESSION
{
    /usr/bin/python3 -c 'import datetime, json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
date = datetime.date.fromisoformat
value = eval(sys.argv[2])
print(value if isinstance(value, str) else json.dumps(value))' "$1" "$2"
}

# Whether the expression is true of the file; a file that is not there yet is no error.
json_is() # FILE EXPRESSION
{
    [[ -e $1 && $(json "$1" "bool($2)") == true ]]
}

# The files' sum of offsets: how many records of the topic are behind them (of one without gaps).
offsets() # FILE...
{
    awk 'FNR == 2 { sum += $2 } END { print sum + 0 }' "$@"
}

offsets_are() # NUMBER FILE...
{
    (($(offsets "${@:2}") == $1))
}

log_has() # NAME EXTENDED-REGEX
{
    grep -E -e "$2" "$(log_of "$1")"
}

# How often a line of NAME's log matches.
log_count() # NAME EXTENDED-REGEX
{
    grep -E -c -e "$2" "$(log_of "$1")"
}

# Both directories have the same partition-*.json, byte for byte.
same_files() # DIRECTORY DIRECTORY
{
    local file count=0

    for file in "$1"/partition-*.json; do
        cmp "$file" "$2/${file##*/}" || return
        count=$((count + 1))
    done
    ((count > 0 && count == $(find "$2" -maxdepth 1 -name 'partition-*.json' | wc -l)))
}

# Runs the command and fails when it took longer; for the contract's 5 s.
within() # SECONDS COMMAND...
{
    local seconds=$1 started=${EPOCHREALTIME/./} result=0

    shift
    "$@" || result=$?
    if ((${EPOCHREALTIME/./} - started > seconds * 1000000)); then
        echo "it took $(((${EPOCHREALTIME/./} - started) / 1000)) ms: $*" >&2
        return 1
    fi
    return "$result"
}

# A program of tests/lib: helper corrupt.py list
helper() # NAME ARGUMENT...
{
    /usr/bin/python3 "$kit_top/tests/lib/$1" "${@:2}"
}

# ---- what "run" left in $status and $output

expect_status() # NUMBER
{
    # shellcheck disable=SC2154 # set by run
    if ((status != $1)); then
        printf 'the exit status is %s, must be %s; the output:\n%s\n' "$status" "$1" "$output" >&2
        return 1
    fi
}

expect_output() # EXTENDED-REGEX
{
    if ! grep -E -e "$1" <<<"$output" >/dev/null; then
        printf 'the output does not match %s:\n%s\n' "$1" "$output" >&2
        return 1
    fi
}

# Whether Prometheus' own tool takes a file of figures, without any advice of its linter.
promtool_takes() # FILE
{
    run promtool check metrics <"$1"
    expect_status 0 && [[ -z $output ]]
}

# ---- processes in the background

# Starts a program, waiting for the newline on --ready-fd when READY is "ready". The program's stdout is in
# NAME.out, its stderr in NAME.log (added to, when NAME is started again), its exit status in NAME.status.
kit_start() # NAME READY PROGRAM ARGUMENT...
{
    local state ready=$2

    state=$(kit_state)/$1
    shift 2
    rm -f "$state".{pid,status,ready}
    (
        # a shell's background jobs ignore SIGINT, which a daemon would inherit
        env --default-signal=INT,QUIT "$@" </dev/null >>"$state.out" 2>>"$state.log" 9>"$state.ready" &
        echo $! >"$state.pid.new"
        mv "$state.pid.new" "$state.pid"
        result=0
        wait $! || result=$?
        echo "$result" >"$state.status.new"
        mv "$state.status.new" "$state.status"
    ) 2>/dev/null 3>&- &
    wait_for 10 test -e "$state.pid"
    [[ $ready == ready ]] || return 0
    wait_for 30 kit_settled "$state" || return
    if [[ ! -s $state.ready ]]; then
        echo "$1 ended with $(<"$state.status") before it was ready" >&2
        tail -n 40 "$state.log" >&2
        return 1
    fi
}

kit_settled() # STATE
{
    [[ -s $1.ready || -e $1.status ]]
}

# Any program: start NAME PROGRAM ARGUMENT...
start()
{
    kit_start "$1" now "${@:2}"
}

pid_of() # NAME
{
    local state

    state=$(kit_find "$1") && cat "$state.pid"
}

# The file with what NAME wrote to stderr.
log_of() # NAME
{
    local state

    state=$(kit_find "$1") && echo "$state.log"
}

running() # NAME
{
    local state

    state=$(kit_find "$1") && [[ ! -e $state.status ]]
}

send_signal() # NAME SIGNAL
{
    kill -s "$2" "$(pid_of "$1")"
}

# Waits until NAME ends by itself and returns its exit status; 124 when it does not (it is killed then).
await() # NAME [SECONDS]
{
    local state

    state=$(kit_find "$1") || return 125
    if ! wait_for "${2:-30}" test -e "$state.status"; then
        echo "$1 still runs" >&2
        tail -n 20 "$state.log" >&2
        kill -s KILL "$(<"$state.pid")" 2>/dev/null || true
        return 124
    fi
    return "$(<"$state.status")"
}

# SIGTERM, and the exit status.
stop() # NAME [SECONDS]
{
    running "$1" && send_signal "$1" TERM 2>/dev/null
    await "$1" "${2:-10}"
}

# SIGKILL; returns when the process is gone.
kill9() # NAME
{
    running "$1" && send_signal "$1" KILL 2>/dev/null
    await "$1" 10 || (($? == 137))
}

# ---- the daemons, on the broker in $BOOTSTRAP and without the machine's own settings

# Prints the program just built.
built() # NAME
{
    local path

    for path in "$WEATHERD_BUILD"/{,src/,src/*/,tests/lib/}"$1"; do
        if [[ -f $path && -x $path ]]; then
            echo "$path"
            return
        fi
    done
    echo "$1 is not built in $WEATHERD_BUILD" >&2
    return 1
}

# The command line goes to the array kit_command. Own options come first, so that the test's win. What a test has in the
# array kit_under, such as valgrind, runs the program.
kit_daemon() # consumer|forecast|producer ARGUMENT...
{
    local program ini

    program=$(built "weatherd-$1") || return
    kit_command=("${kit_under[@]}" "$program")
    if [[ " $* " != *" -c "* ]]; then
        ini=$(kit_state)/none.ini
        : >"$ini"
        kit_command+=(-c "$ini")
    fi
    [[ -z ${BOOTSTRAP-} ]] || kit_command+=(-o "kafka.bootstrap.servers=$BOOTSTRAP")
    kit_command+=("${@:2}")
}

# For consumers that are disturbed: a record that is counted twice must show, and not be dropped as a report sent again.
# shellcheck disable=SC2034 # the tests' own
keep=(-o consumer.duplicates=keep -o consumer.late=keep)

# In the foreground, for at most $WEATHERD_TIMEOUT seconds (60): "run consumer --until-end 0-3".
consumer() { kit_daemon consumer "$@" && timeout -k 10 "${WEATHERD_TIMEOUT:-60}" "${kit_command[@]}" </dev/null 3>&-; }
forecast() { kit_daemon forecast "$@" && timeout -k 10 "${WEATHERD_TIMEOUT:-60}" "${kit_command[@]}" </dev/null 3>&-; }
producer() { kit_daemon producer "$@" && timeout -k 10 "${WEATHERD_TIMEOUT:-60}" "${kit_command[@]}" </dev/null 3>&-; }

# In the background; returns when it is ready.
consumer_start() { kit_daemon consumer --ready-fd=9 "${@:2}" && kit_start "$1" ready "${kit_command[@]}"; } # NAME ARGUMENT...
forecast_start() { kit_daemon forecast --ready-fd=9 "${@:2}" && kit_start "$1" ready "${kit_command[@]}"; } # NAME ARGUMENT...
producer_start() { kit_daemon producer --ready-fd=9 "${@:2}" && kit_start "$1" ready "${kit_command[@]}"; } # NAME ARGUMENT...

# weatherctl on the same terms: ctl show, run ctl tail --raw
kit_ctl() # COMMAND ARGUMENT...
{
    local program ini option=-o

    program=$(built weatherctl) || return
    kit_command=("$program" "${@:1:1}")
    [[ ${1-} == plot ]] && option=--option
    if [[ ${1-} =~ ^(show|status|plot|tail)$ ]]; then
        if [[ " $* " != *" -c "* ]]; then
            ini=$(kit_state)/none.ini
            : >"$ini"
            kit_command+=(-c "$ini")
        fi
        [[ -z ${BOOTSTRAP-} ]] || kit_command+=("$option" "kafka.bootstrap.servers=$BOOTSTRAP")
    fi
    kit_command+=("${@:2}")
}

ctl() { kit_ctl "$@" && timeout -k 10 "${WEATHERD_TIMEOUT:-60}" "${kit_command[@]}" </dev/null 3>&-; }
ctl_start() { kit_ctl "${@:2}" && kit_start "$1" now "${kit_command[@]}"; } # NAME COMMAND ARGUMENT...

# The file with what NAME wrote to stdout.
out_of() # NAME
{
    local state

    state=$(kit_find "$1") && echo "$state.out"
}

# A supervisor whose log is what it is told, once a second among others how things stand: a clock for tests.
start_ear()
{
    start ear /usr/bin/python3 "$kit_top/tests/lib/notified.py" "$PWD/socket"
    wait_for 10 test -S socket
    export NOTIFY_SOCKET=$PWD/socket
}

# The daemon that reports to it has said so often again how things stand.
pass_beats() # NUMBER
{
    local wanted=$1

    wanted=$((wanted + $(kit_beats)))
    wait_for $(($1 + 30)) kit_has_beaten $wanted
}

kit_beats() { grep -c '^STATUS=' "$(out_of ear)" || true; }
kit_has_beaten() { (($(kit_beats) >= $1)); } # NUMBER

# ---- brokers; each sets and exports $BOOTSTRAP

# The mock cluster, with the topics NAME:PARTITIONS or other options of tests/lib/mock_cluster.
start_mock() # [OPTION | NAME:PARTITIONS]...
{
    local state arguments=() argument program

    program=$(built mock_cluster) || return
    state=$(kit_state)/mock
    for argument in "$@"; do
        [[ $argument == -* || $argument != *:* ]] || arguments+=(--topic)
        arguments+=("$argument")
    done
    mkfifo "$state.in"
    export KIT_MOCK=$state
    # its parent must be this shell, with which it ends; its stdin, opened for both directions, never does
    "$program" "${arguments[@]}" <>"$state.in" >"$state.out" 2>"$state.log" 3>&- &
    echo $! >"${state%/*}/mock-pid"
    disown
    wait_for 10 test -s "$state.out"
    BOOTSTRAP=$(head -n 1 "$state.out")
    export BOOTSTRAP
}

# A command to the mock ("mock down 1"), done when this returns.
mock() # COMMAND...
{
    local before

    before=$(wc -l <"$KIT_MOCK.out")
    # opened for both directions, which does not wait for a mock that has died
    echo "$*" 1<>"$KIT_MOCK.in"
    wait_for 5 kit_mock_answered "$before"
    [[ $(tail -n 1 "$KIT_MOCK.out") == ok ]] || {
        echo "mock $*: $(tail -n 1 "$KIT_MOCK.out")" >&2
        return 1
    }
}

kit_mock_answered() # LINES-BEFORE
{
    (($(wc -l <"$KIT_MOCK.out") > $1))
}

# A real broker, for this file (in setup_file) or this test.
start_kafka() # [PROPERTY=VALUE...]
{
    export KIT_KAFKA=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/kafka
    BOOTSTRAP=$("$kit_top/scripts/kafka" start "$KIT_KAFKA" "$@") || return
    export BOOTSTRAP
}

# Three real brokers of one cluster. The first keeps the controller, and is the one of "kafka".
start_brokers() # [PROPERTY=VALUE...]
{
    local number address addresses

    start_kafka "$@" || return
    addresses=$BOOTSTRAP
    for number in 2 3; do
        address=$("$kit_top/scripts/kafka" start "$KIT_KAFKA-$number" --join "$KIT_KAFKA" $number "$@") || return
        addresses+=,$address
    done
    export BOOTSTRAP=$addresses
}

# scripts/kafka on one of them: broker 2 kill
broker() # NUMBER COMMAND ARGUMENT...
{
    local dir=$KIT_KAFKA

    (($1 == 1)) || dir=$KIT_KAFKA-$1
    "$kit_top/scripts/kafka" "$2" "$dir" "${@:3}" 3>&-
}

# What clients go through to brokers that advertise the addresses it prints, one for each directory of scripts/kafka.
start_network() # DIR...
{
    export KIT_NETWORK=${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/network
    start network /usr/bin/python3 "$kit_top/tests/lib/network.py" "$KIT_NETWORK" "$@"
    wait_for 10 test -s "$(out_of network)"
}

# As tests/lib/network.py says.
the_network_is() # STATE...
{
    echo "$*" >"$KIT_NETWORK.next"
    mv "$KIT_NETWORK.next" "$KIT_NETWORK"
    wait_for 10 grep -x "$*" "$KIT_NETWORK.done"
}

# A real broker with two doors: OPEN, for the tests, and GUARDED, which asks for a user's password.
start_guarded_kafka() # JAAS-USERS [PROPERTY=VALUE...]
{
    local controller doors

    controller=$((RANDOM % 6000 + 23000))
    export OPEN=127.0.0.1:$((controller + 1)) GUARDED=127.0.0.1:$((controller + 2))
    doors=PLAINTEXT://$OPEN,SASL_PLAINTEXT://$GUARDED
    start_kafka "listeners=$doors,CONTROLLER://127.0.0.1:$controller" "advertised.listeners=$doors" \
        "controller.quorum.voters=1@127.0.0.1:$controller" inter.broker.listener.name=PLAINTEXT \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT \
        sasl.enabled.mechanisms=PLAIN \
        "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule \
required $1;" "${@:2}" || return
    export BOOTSTRAP=$OPEN
}

# scripts/kafka on that broker: kafka stop, kafka kill, kafka start, kafka tool topics --list
kafka() # COMMAND ARGUMENT...
{
    "$kit_top/scripts/kafka" "$1" "$KIT_KAFKA" "${@:2}" 3>&-
}

# On several brokers PARTITIONS may be their replicas, the leader first: 1:2:3,2:3:1
new_topic() # NAME [PARTITIONS [PROPERTY=VALUE...]]
{
    topic make "$1" "${2:-4}" "${@:3}"
}

# Records of any kind, as tests/lib/flood.c wants them.
flood() # TOPIC [commit|abort] <RECORDS
{
    local program

    program=$(built flood) && "$program" "$BOOTSTRAP" "$@" 3>&-
}

# Whether the broker has the topic; asking for one by its name could make it.
topic_exists() # NAME
{
    kcat -b "$BOOTSTRAP" -L -J | jq -e --arg name "$1" '[.topics[].topic] | index($name) != null' >/dev/null
}

# Reports of DAYS days, beginning with the first whatever was sent before.
fill() # TOPIC DAYS ARGUMENT...
{
    local directory

    directory=$(mktemp -d "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/fill.XXXXXX")
    producer -o "producer.directory=$directory" -o "topic $1.partitions=4" -o "producer.days=$2" \
        -o producer.interval=0 "${@:3}"
}

# Deletes a partition's records before an offset, as retention would.
delete_records() # TOPIC PARTITION OFFSET
{
    local file

    file=$(mktemp "$BATS_TEST_TMPDIR/delete.XXXXXX")
    echo "{\"version\": 1, \"partitions\": [{\"topic\": \"$1\", \"partition\": $2, \"offset\": $3}]}" >"$file"
    kafka tool delete-records --offset-json-file "$file"
}

# The values of a topic's records, in their order within each partition; and each after its time, in milliseconds.
values() { timeout 60 kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q; } # TOPIC
timed() { timeout 60 kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -f '%T %s\n'; } # TOPIC

# How many records a topic of so many partitions has, or had before they were deleted. It may be growing: nobody can read that
# to its end.
length() # TOPIC [PARTITIONS]
{
    local partition at=()

    for ((partition = 0; partition < ${2:-4}; partition++)); do
        at+=(-t "$1:$partition:-1")
    done
    kcat -Q -b "$BOOTSTRAP" "${at[@]}" | awk '{ sum += $NF } END { print sum }'
}

# The independent client: topic statistics temperatures
topic() # COMMAND ARGUMENT...
{
    local address=("$BOOTSTRAP")

    [[ $1 != place ]] || address=()
    /usr/bin/python3 "$kit_top/tests/lib/topic.py" "$1" "${address[@]}" "${@:2}" 3>&-
}
