#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# weatherd-forecast: a prediction of each station and day, the one that the model gives and never another one, whatever is
# killed. The judge is tests/lib/trees.py, by what spark/README.md says of the model's file.
#
# WEATHERD_TEST_REPORTS and WEATHERD_TEST_KILLS make it longer: a million reports and a hundred kills.

# shellcheck disable=SC2154 # kit_command is the kit's

load ../lib/kit

setup_file()
{
    requires java kcat jq promtool
    export REPORTS=${WEATHERD_TEST_REPORTS:-1000000}
    export KILLS=${WEATHERD_TEST_KILLS:-100}
    export WEATHERD_TIMEOUT=600
    start_kafka
    cd "$BATS_FILE_TMPDIR" || return
    helper trees.py make 1 one.json /dev/null
    helper trees.py make 2 two.json /dev/null
    fill days $((REPORTS / 100)) -o simulator.stations=100 -o simulator.duplicate_rate=0.05 -o 'topic days.format=json'
    values days >reports
    mkdir straight
    forecast -o forecast.topic=days -o "forecast.model=$PWD/one.json" -o forecast.prediction_topic=straight \
        -o forecast.directory=straight --until-end 0-3
    values straight >straight.predictions
}

# What the topic has of the reports, by one of these models.
matches() # REPORTS TOPIC MODEL...
{
    values "$2" >predictions
    helper trees.py match "$1" predictions "${@:3}" >matched || { cat matched; return 1; }
    sed 's/^/# /' matched >&3
}

# Reports of days of 2000, of station A.
days() # FIRST LAST
{
    local day

    for ((day = $1; day <= $2; day++)); do
        date -d "2000-01-01 + $((day - 1)) days" "+{\"date\": \"%F\", \"station\": \"A\", \"degrees\": $((day % 40)).3, \"raining\": $((day % 3 / 2))}"
    done | jq -c '.raining = (.raining == 1)'
}

counted() # REPORTS PREDICTIONS
{
    json_is partition-0.json "d['offset'] == $1" && (($(values "$3" | wc -l) == $2))
}

@test "each prediction is the model's, on the topic once, keyed by station, and the file has the score" {
    cp "$BATS_FILE_TMPDIR"/{one.json,reports} .
    matches reports straight one.json
    grep ' 0 of them again' matched
    kcat -b "$BOOTSTRAP" -C -t straight -o beginning -e -q -f '%k %s\n' | awk '$2 !~ "\"station\":\"" $1 "\"" { exit 1 }'
    helper schema.py "$kit_top/share/forecast.schema.json" "$BATS_FILE_TMPDIR"/straight/partition-*.json
    json_is "$BATS_FILE_TMPDIR/straight/partition-0.json" "d['score']['hits'] + d['score']['misses'] > 0 and
        sum(v for k, v in d['score'].items() if type(v) == int) == len(d['stations']) * ($REPORTS // 100 - 2)"
}

@test "killed with -9 a hundred times at full speed, none is missing, and none is another one" {
    local good

    work_in_memory
    cp "$BATS_FILE_TMPDIR"/{one.json,reports} .
    kit_daemon forecast -o forecast.topic=days -o forecast.model=one.json -o forecast.prediction_topic=killed \
        -o forecast.checkpoint_interval=0
    helper killer.py --kills "$KILLS" --reference "$BATS_FILE_TMPDIR/straight" -- "${kit_command[@]}" >killer.log
    sed 's/^/# /' killer.log >&3
    good=$(sed -n 's/.* \([0-9]*\) of them after progress.*/\1/p' killer.log)
    ((good * 10 >= KILLS * 7))
    forecast -o forecast.topic=days -o forecast.model=one.json -o forecast.prediction_topic=killed --until-end 0-3
    same_files "$BATS_FILE_TMPDIR/straight" .
    matches reports killed one.json
    # kills did fall between a prediction and the file
    grep -v ' 0 of them again' matched
}

@test "killed, and started again with another model, it still never says anything else of the same day" {
    local model=two.json

    cp "$BATS_FILE_TMPDIR"/{one.json,two.json,reports} .
    # of what is in the log at a start nothing goes to the new model, so there must be more to come
    new_topic changing 4
    new_topic changed 4
    producer_start sender -o 'topic changing.format=json' -o producer.interval=2ms -o simulator.stations=20
    wait_for 30 more_than 0 changing
    forecast_start one -o forecast.topic=changing -o forecast.model=one.json -o forecast.prediction_topic=changed \
        -o forecast.checkpoint_interval=300ms 0-3
    for ((i = 0; i < KILLS / 10; i++)); do
        before=$(length changed)
        wait_for 30 more_than "$before" changed
        kill9 one
        forecast_start one -o forecast.topic=changing -o "forecast.model=$model" -o forecast.prediction_topic=changed \
            -o forecast.checkpoint_interval=300ms 0-3
        [[ $model == one.json ]] && model=two.json || model=one.json
    done
    kill9 one
    forecast_start one -o forecast.topic=changing -o forecast.model=two.json -o forecast.prediction_topic=changed \
        -o forecast.checkpoint_interval=300ms 0-3
    wait_for 30 all_have two.json
    before=$(length changed)
    wait_for 30 more_than $((before + 200)) changed
    stop sender
    stop one
    forecast -o forecast.topic=changing -o forecast.model=one.json -o forecast.prediction_topic=changed --until-end 0-3
    values changing >reports
    matches reports changed one.json two.json
    # both have been asked
    awk '{ exit !($7 < $1 && $9 < $1) }' matched
}

all_have() # MODEL
{
    jq --slurp --exit-status --slurpfile wanted "$1" 'all(.model == $wanted[0])' partition-{0..3}.json >/dev/null
}

more_than() # NUMBER TOPIC
{
    (($(length "$2") > $1))
}

@test "a reload takes a new model, and refuses a wrong one without a gap" {
    cp "$BATS_FILE_TMPDIR"/{one.json,two.json} .
    cp one.json rain.json
    printf '[forecast]\ntopic = reloaded\nmodel = rain.json\nprediction_topic = reloading\ncheckpoint_interval = 10ms\n' >forecast.ini
    new_topic reloaded 1
    forecast_start one -c forecast.ini -o forecast.metrics_directory=. 0
    days 1 50 | topic send reloaded
    wait_for 30 counted 50 49 reloading

    # nothing is taken over beside it, either
    printf '{"version": 1}' >rain.json
    printf '[log]\nlevel = err\n' >>forecast.ini
    send_signal one HUP
    wait_for 20 log_has one 'err: rain.json: .*export the tree again'
    wait_for 20 grep -x 'weatherd_config_last_reload_successful.* 0' weatherd-forecast-reloaded-0.prom
    { days 51 100 && echo '{"raw": "no report", "key": "A"}'; } | topic send reloaded
    wait_for 30 counted 101 99 reloading
    log_has one 'warning: reloaded partition 0 offset 100: invalid record skipped'
    json_is partition-0.json "d['model'] == $(jq -c . one.json | sed 's/true/True/g')"

    cp two.json rain.json
    sed -i '/log/,$d' forecast.ini
    send_signal one HUP
    wait_for 20 grep -x 'weatherd_config_last_reload_successful.* 1' weatherd-forecast-reloaded-0.prom
    days 101 150 | topic send reloaded
    wait_for 30 counted 151 149 reloading
    json_is partition-0.json "d['model'] == $(jq -c . two.json | sed 's/true/True/g')"
    log_has one 'notice: reloaded partition 0: predicting by the model of rain.json from offset 101 on'
    promtool_takes weatherd-forecast-reloaded-0.prom
    stop one
    days 1 150 >reports
    matches reports reloading one.json two.json

    # at a start there is no old one
    printf '{"version": 1}' >rain.json
    run forecast -c forecast.ini --until-end 0
    expect_status 78
    expect_output 'rain.json: .*export the tree again'
    run forecast -o forecast.topic=reloaded --until-end 0
    expect_status 78
    expect_output 'no model: name the file that rain_train exported by \[forecast\] model'
}

@test "what is no report, or does not say whether it rained, is passed over and counted" {
    cp "$BATS_FILE_TMPDIR/one.json" .
    new_topic mixed 1
    new_topic mixed-invalid 1
    {
        days 1 3
        echo '{"raw": "no report", "key": "A"}'
        days 4 4 | jq -c 'del(.raining)'
        days 3 3
        days 1 1
        days 5 7
    } | topic send mixed
    forecast -o forecast.topic=mixed -o forecast.model=one.json -o forecast.prediction_topic=mixed-predictions \
        -o forecast.invalid_topic=mixed-invalid --until-end 0 2>log
    cat log
    grep 'stopped after 10 records: 6 counted, 1 duplicate, 1 late, 1 incomplete, 1 invalid' log
    # of 3, 4, 7 and 8
    (($(values mixed-predictions | wc -l) == 4))
    (($(values mixed-invalid | wc -l) == 1))
}

@test "while predictions are not acknowledged nothing passes them, SIGTERM ends within 5 s, and later they are sent" {
    cp "$BATS_FILE_TMPDIR/one.json" .
    start_network "$PWD/kafka"
    start_kafka "advertised.listeners=PLAINTEXT://$(<"$(out_of network)")"
    new_topic held 1
    new_topic held-predictions 1
    forecast_start one -o forecast.topic=held -o forecast.model=one.json -o forecast.prediction_topic=held-predictions \
        -o forecast.checkpoint_interval=10ms -o forecast.metrics_directory=. 0
    days 1 10 | topic send held
    wait_for 30 counted 10 9 held-predictions
    the_network_is held
    days 11 20 | topic send held
    wait_for 30 grep -x 'weatherd_forecast_predictions_total{topic="held",partition="0"} [1-9][0-9]' weatherd-forecast-held-0.prom
    within 5 stop one
    log_has one 'prediction_topic: [0-9]* not acknowledged, so the file stays at offset 10'
    json_is partition-0.json 'd["offset"] == 10'
    the_network_is open
    forecast -o forecast.topic=held -o forecast.model=one.json -o forecast.prediction_topic=held-predictions --until-end 0
    days 1 20 >reports
    matches reports held-predictions one.json
}

@test "at 10,000 reports a second a prediction is on its topic within a few milliseconds" {
    cp "$BATS_FILE_TMPDIR/one.json" .
    new_topic quick 4 message.timestamp.type=LogAppendTime
    new_topic quick-predictions 4 message.timestamp.type=LogAppendTime
    forecast_start one -o forecast.topic=quick -o forecast.model=one.json -o forecast.prediction_topic=quick-predictions 0-3
    # the first prediction of all waits for the file that has the model
    producer -o 'topic quick.format=json' -o simulator.stations=100 -o producer.interval=10ms -o producer.days=10
    wait_for 30 more_than 899 quick-predictions
    producer -o 'topic quick.format=json' -o simulator.stations=100 -o producer.interval=10ms -o producer.days=1010
    wait_for 30 more_than 100899 quick-predictions
    stop one
    timed quick >came
    timed quick-predictions | tail -n +1000 >went
    helper delays.py came went >delays
    sed 's/^/# /' delays >&3
    json_is delays 'd["n"] > 99000 and d["p99"] < 500'
}
