#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# What a decision tree says of tomorrow, judged by who reads it by its description alone.

load ../lib/kit

# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

# Predictions of a tree and reports drawn with a seed; "PREDICTIONS RAINY AT_A_THRESHOLD" is in figures.
foresee() # SEED
{
    helper trees.py make "$1" rain.json reports.json
    "$WEATHERD_BUILD/tests/lib/foresee" rain.json forecast.json <reports.json >predictions.json
    helper trees.py judge rain.json reports.json predictions.json forecast.json >figures
}

@test "predictions of random trees, over days that are missing, late and sent again, are those of an independent reader" {
    local seed=${SEED:-$RANDOM} n one two three predictions=0 rainy=0 at_threshold=0

    echo "SEED=$seed repeats it"
    for n in {1..10}; do
        foresee "$((seed + n))"
        read -r one two three <figures
        predictions=$((predictions + one)) rainy=$((rainy + two)) at_threshold=$((at_threshold + three))
    done
    echo "$predictions predictions, $rainy of rain, $at_threshold with a value at a threshold"
    ((predictions > 10000 && rainy > 1000 && rainy < predictions - 1000 && at_threshold > 1000))
}

@test "the document fits its schema, in which the model's is that of spark/" {
    local schema=$top/share/forecast.schema.json change

    foresee 1
    helper schema.py "$schema" forecast.json
    for change in 's/"hits": [0-9]/"hits": -1/' 's/"version": 1/"version": 2/' 's/"threshold": /"limit": /' \
        '0,/"raining": true/s//"raining": 1/' 's/"StationA": /"offset": /' \
        's/("score".*"accuracy": )0/\11/' 's/"predicted": [01]/"predicted": true/'; do
        sed -E "$change" forecast.json >changed.json
        if cmp -s forecast.json changed.json; then
            echo "$change changes nothing"
            return 1
        fi
        run helper schema.py "$schema" changed.json
        expect_status 1
    done
    json "$schema" "{k: v for k, v in d['\$defs']['model'].items() if k != '\$id'}" >embedded
    json "$top/spark/model.schema.json" "{k: v for k, v in d.items() if k != '\$schema'}" >exported
    diff embedded exported
}

@test "--check-config finds with a model what a start finds, and that there is none for partitions that are named" {
    local model said

    helper trees.py make 1 rain.json /dev/null
    printf '{"version": 1}' >wrong.json
    printf '[forecast]\nmodel = rain.json\n' >forecast.ini
    [[ $(forecast -c forecast.ini --check-config) == 'forecast.ini: ok' ]]
    [[ $(forecast -c forecast.ini --check-config 0-3 other:1) == 'forecast.ini: ok' ]]
    for model in wrong.json nowhere.json .; do
        run forecast -o "forecast.model=$model" --until-end 0
        expect_status 78
        said=$output
        expect_output "^weatherd-forecast: err: $model: .*[a-z]"
        run forecast -o "forecast.model=$model" --check-config
        expect_status 78
        [[ $output == "$said" ]]
    done
    # a topic's own
    printf '[topic other]\nmodel = wrong.json\n[topic third]\nmodel = rain.json\n' >>forecast.ini
    run forecast -c forecast.ini --check-config 0
    expect_status 78
    expect_output 'err: wrong\.json: .*export the tree again'
    # none
    printf '[topic other]\nmodel = rain.json\n' >other.ini
    forecast -c other.ini --check-config
    forecast -c other.ini --check-config other:0
    run forecast -c other.ini --check-config other:0 1
    expect_status 78
    expect_output 'err: no model: name the file that rain_train exported by \[forecast\] model$'
    run forecast -c other.ini -o forecast.partitions=1 --check-config
    expect_status 78
    # what is in force can be looked at all the same
    forecast -o forecast.model=wrong.json --print-config | grep '^model = wrong.json'
}

# examples/rain/live after examples/rain/run, but for Spark: a tree that is drawn.
lay_out_the_example() # DIRECTORY
{
    start_mock stations:6 stations-json:6 predictions:6
    mkdir -p "$1/producer"
    helper trees.py make 1 "$1/tree.json" reports.json
    producer -c "$top/examples/rain/producer.ini" -o "producer.directory=$1/producer" -o producer.interval=0 -o producer.days=60
}

@test "the example's live table ends with the last day of each station, the accuracy and a picture" {
    lay_out_the_example rain
    timeout -k 10 100 "$top/examples/rain/live" "$BOOTSTRAP" rain 8 >out 3>&-
    cat out
    head -n 1 out | grep '^station  last day    predicted  happened  next day    prediction  probability$'
    (($(grep -cE '^[A-O]        2000-03-08  (rain|dry ) +(rain|dry ) +2000-03-09  (rain|dry ) +[01]\.[0-9]{2}$' out) == 15))
    # of 68 days the third to the last were predicted
    grep -E "^accuracy [0-9.]+ % of $((15 * 66)) predictions, \"never rains\" [0-9.]+ %$" out
    [[ $(tail -n 1 out) == 'rain/forecast.svg has it by partition' ]]
    grep '<path class="mark"' rain/forecast.svg >/dev/null
    ctl verify rain/forecast/partition-{0..5}.json
    run ctl status --offline rain/forecast
    expect_status 2 # it has ended
}

# What the example shows on a terminal, without control sequences but "up" for those that go back; the last line is its exit
# code. KEY is typed when what matches REGEX is there: on a slow disk the table may skip days.
on_terminal() # REGEX KEY COMMAND...
{
    /usr/bin/python3 - "$@" <<'PYTHON'
import fcntl, os, pty, re, signal, struct, sys, termios
text, key, *command = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background ignore it
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
    os.execvp(command[0], command)
seen, typed = b"", not key
while True:
    try:
        seen += os.read(fd, 65536)
    except OSError:
        break
    if not typed and re.search(text.encode(), seen):
        os.write(fd, key.encode())
        typed = True
print(re.sub(r"\033\[[0-9?]*[a-zA-Z]", "", re.sub(r"\033\[[0-9]+A", "up\n", seen.decode().replace("\r", ""))))
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
}

@test "the example's live table on a terminal is drawn in place, and Ctrl-C ends all of it" {
    lay_out_the_example rain
    timeout -k 10 60 cat <(on_terminal '' '' "$top/examples/rain/live" "$BOOTSTRAP" rain 8) >out 3>&-
    cat out
    (($(grep -cx up out) > 2))
    grep -E '^A +2000-03-0[1-7] +(rain|dry)' out
    tail -n 4 out | grep -E '^accuracy [0-9.]+ % of 990 predictions'
    [[ $(tail -n 1 out) == 0 ]]
    timeout -k 10 60 cat <(on_terminal '2000-(03-[1-3]|0[4-9]|1)' $'\003' "$top/examples/rain/live" "$BOOTSTRAP" rain 1000) >out 3>&-
    tail -n 3 out
    [[ $(tail -n 1 out) == 130 ]]
    [[ $(ctl status --offline rain/forecast) == *'stations 0 is read by no daemon; '*'and 3 more' ]]
}

@test "the example's live table tells why there is none" {
    lay_out_the_example rain
    echo '{}' >rain/tree.json
    run timeout -k 10 100 "$top/examples/rain/live" "$BOOTSTRAP" rain 1
    expect_status 1
    expect_output 'live: weatherd-forecast ended; rain/weatherd-forecast.log says why:'
    expect_output 'tree.json: '
    run "$top/examples/rain/live"
    expect_status 64
}
