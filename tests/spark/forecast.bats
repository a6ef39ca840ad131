#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The same tree on the same stream, by Spark and by weatherd-forecast: how long after a report its prediction is there.

bats_require_minimum_version 1.5.0
load ../lib/spark

seasons() # DAYS
{
    producer -o producer.directory=seasons -o 'topic seasons.format=json' -o 'topic seasons.partitions=1' -o simulator.stations=100 -o producer.interval=10ms \
        -o "producer.days=$1"
}

has() # NUMBER TOPIC
{
    (($(length "$2" 1) >= $1))
}

@test "at 10,000 reports a second weatherd's predictions are there before Spark's" {
    local name

    mkdir seasons one
    fifteen_stations 400
    new_topic seasons 1 message.timestamp.type=LogAppendTime
    new_topic by-spark 1 message.timestamp.type=LogAppendTime
    new_topic by-weatherd 1 message.timestamp.type=LogAppendTime
    spark_jobs 2>log <<END
rain_dataset --bootstrap-servers $BOOTSTRAP --until-end --output $PWD/table --checkpoint $PWD/checkpoint
rain_train --data $PWD/table --model $PWD/model --export $PWD/model.json
END
    # shellcheck disable=SC2154 # of the kit
    start spark "$kit_top/scripts/spark" submit rain_predict --bootstrap-servers "$BOOTSTRAP" --topic seasons --model "$PWD/model" \
        --to kafka --output by-spark --checkpoint "$PWD/predicting" --every 1s
    forecast_start one -o forecast.topic=seasons -o "forecast.model=$PWD/model.json" -o forecast.prediction_topic=by-weatherd \
        -o forecast.directory=one 0
    # both have begun, and weatherd's file has the model
    seasons 20
    wait_for 300 has 1800 by-spark
    wait_for 60 has 1900 by-weatherd
    seasons 2020
    wait_for 300 has 201900 by-spark
    wait_for 60 has 201900 by-weatherd
    timed seasons >came
    for name in by-spark by-weatherd; do
        timed $name | tail -n +5000 >"$name.went"
        helper delays.py came "$name.went" >"$name.delays"
        sed "s/^/# $name: /" "$name.delays" >&3
    done
    stop one
    kill9_tree spark
    (($(json by-weatherd.delays 'd["p99"]') < $(json by-spark.delays 'd["p50"]')))
}
