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
        '0,/"raining": true/s//"raining": 1/' 's/"StationA": /"offset": /'; do
        sed "$change" forecast.json >changed.json
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
