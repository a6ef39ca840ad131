#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The data set of rain, the tree that learns from it, and what the tree predicts.

bats_require_minimum_version 1.5.0
load ../lib/spark

# The rows of state after each batch.
state_of() # LOG
{
    sed -nE 's/.* records read, ([0-9]+) rows of state$/\1/p' "$1"
}

committed() # BATCH
{
    [[ -e checkpoint/commits/$1 ]]
}

@test "a data set killed in the middle and gone on with has the rows that SQLite joins; its tree predicts alike elsewhere" {
    local table=$PWD/table dataset

    fifteen_stations 3000
    topic dump stations-json >reports
    new_topic predictions 1
    dataset="rain_dataset --bootstrap-servers $BOOTSTRAP --until-end --output $table --checkpoint $PWD/checkpoint --max-offsets 8000"

    # shellcheck disable=SC2086,SC2154 # one word an argument; of the kit
    start dataset "$kit_top/scripts/spark" submit $dataset
    wait_for 900 committed 1
    running dataset
    kill9_tree dataset
    spark_jobs 2>log <<END
$dataset
dump $table rows
rain_train --data $table --model $PWD/model --export $PWD/model.json
rain_predict --bootstrap-servers $BOOTSTRAP --until-end --model $PWD/model --to kafka --output predictions --checkpoint $PWD/three
END
    cat log
    # it did not begin anew
    run ! grep 'rain_dataset: batch 0:' log
    oracle dataset reports rows
    values predictions >predicted
    oracle predictions model.json reports predicted
    # and so say all: Spark, and weatherd as the reports come
    forecast -o forecast.topic=stations-json -o "forecast.model=$PWD/model.json" -o forecast.prediction_topic=forecasts --until-end 0-5
    values forecasts >forecast
    [[ $(sort_of predicted raining) == $(sort_of forecast prediction) ]]
    (($(sort_of forecast prediction | wc -l) >= 40000))
    helper schema.py "$kit_top/spark/model.schema.json" model.json
    # on the days that it has not seen
    json_is model.json 'd["tested"]["accuracy"] > d["tested"]["never_rains"] + 0.05'
}

# Stations, dates and what is said of them, each once.
sort_of() # FILE MEMBER
{
    jq -r "[.station, .date, .$2] | @tsv" "$1" | sort -u
}

@test "over 100,000 days the state is as large as after the first, although partitions are of unequal size" {
    producer -o producer.interval=0 -o producer.days=100000 -o simulator.stations=4 -o simulator.station_prefix= \
        -o simulator.duplicate_rate=0.05 -o 'topic long.format=json' -o 'topic long.partitions=2'
    WEATHERD_TIMEOUT=200 topic dump long >reports
    jq -r .partition reports | sort | uniq -c >sizes
    cat sizes
    (($(wc -l <sizes) == 2))
    spark_jobs 2>log <<END
rain_dataset --bootstrap-servers $BOOTSTRAP --topic long --until-end --output $PWD/table --checkpoint $PWD/checkpoint --max-offsets 40000
dump $PWD/table rows
END
    cat log
    run ! grep 'warning' log
    state_of log >state
    (($(wc -l <state) > 8))
    awk 'NR == 2 { second = $1 } NR > 2 && $1 > 1.2 * second { exit 1 }' state
    oracle dataset reports rows
}

@test "what a partition brings thousands of days after the other is not lost, and reports sent anew are no new ones" {
    local dataset="rain_dataset --bootstrap-servers $BOOTSTRAP --topic slow --until-end --output $PWD/table --checkpoint $PWD/checkpoint"

    slow() { producer -o producer.interval=0 -o producer.days=2000 -o simulator.station_prefix= -o 'topic slow.format=json' \
        -o 'topic slow.partitions=2' "$@"; }
    mkdir first second
    # of A to D only the last lies in the other partition
    slow -o producer.directory=first -o simulator.stations=1
    spark_jobs 2>log <<<"$dataset"
    grep 'warning: slow has nothing yet in the partitions \[[01]\]' log
    slow -o producer.directory=second -o simulator.stations=4
    topic dump slow >reports
    spark_jobs <<END
$dataset
dump $PWD/table rows
END
    oracle dataset reports rows
}

@test "on the days that it has not seen, Seattle's tree is five points better than to say that it never rains" {
    # shellcheck disable=SC2154 # of the kit
    (cd "$kit_top" && producer -c examples/seattle.ini -o producer.interval=0 -o "producer.directory=$BATS_TEST_TMPDIR" \
        -o 'topic seattle.format=json' -o 'topic seattle.partitions=1')
    spark_jobs >out <<END
rain_dataset --bootstrap-servers $BOOTSTRAP --topic seattle --until-end --output $PWD/table --checkpoint $PWD/checkpoint
rain_train --data $PWD/table --model $PWD/model --export $PWD/model.json
rain_train --data $PWD/table --model $PWD/random --export $PWD/random.json --split random --seed 3
rain_train --data $PWD/table --model $PWD/again --export $PWD/again.json --split random --seed 3
END
    cat out
    grep 'DecisionTreeClassificationModel: .*numNodes' out
    grep 'as yesterday  *70.3% right' out
    json_is model.json 'd["tested"]["accuracy"] > d["tested"]["never_rains"] + 0.05'
    json_is model.json 'd["trained"]["to"] < d["tested"]["from"] and d["trained"]["rows"] + d["tested"]["rows"] == 1459'
    # never rains is what the observations say themselves
    json_is model.json 'abs(d["tested"]["never_rains"] - (1 - d["tested"]["raining"] / d["tested"]["rows"])) < 1e-12'
    cmp random.json again.json
    run spark_jobs <<END
rain_train --data $PWD/table --model $PWD/few --min-rows 2000
END
    expect_output 'the part to learn from has 1095 rows, must have at least 2000'
}
