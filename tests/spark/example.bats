#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# examples/rain: the script, the notebooks, and what of compose.yaml can be tried without an engine.

load ../lib/spark
# shellcheck disable=SC2154 # kit_top is the kit's
example=$kit_top/examples/rain

@test "the example's script goes from nothing to predictions, and leaves no broker" {
    timeout -k 10 1500 "$example/run" "$PWD/rain" 800 >out 3>&-
    cat out
    grep -E '^the tree .* right$' out
    grep -E '^\|A +\|2002-03-11\|[01] ' out # the day after the last
    helper schema.py "$kit_top/spark/model.schema.json" rain/tree.json
    # twenty days later
    (($(grep -cE '^[A-O]        2002-03-30  (rain|dry ) +(rain|dry ) +2002-03-31  ' out) == 15))
    grep -E "^accuracy [0-9.]+ % of $((15 * 818)) predictions, \"never rains\" [0-9.]+ %$" out
    grep -x "$PWD/rain/forecast.svg has it by partition" out
    grep '<path class="mark"' rain/forecast.svg >/dev/null
    [[ ! -e rain/kafka/pid ]]
    run "$example/run" "$PWD/rain"
    expect_status 73
}

@test "the notebooks run from their first cell to their last" {
    fifteen_stations 400
    KAFKA=$BOOTSTRAP DATA=$PWD/data SPARK_JOBS=$kit_top/spark spark_jobs >out <<END
notebook $example/statistics.ipynb
notebook $example/rain.ipynb
END
    cat out
    grep -E '^\| +A\|2000-01-01\|2001-02-03\| +400\|' out
    grep -E '^\|2001\|' out
    helper schema.py "$kit_top/spark/model.schema.json" data/tree.json
}

@test "docker-compose accepts the example's compose.yaml, and Kafka the properties that it sets" {
    requires docker-compose
    local property

    docker-compose -f "$example/compose.yaml" config -q
    sed 's/cap_drop:/cap_dropp:/' "$example/compose.yaml" >mistaken.yaml
    run docker-compose -f mistaken.yaml config -q
    ((status != 0))
    helper manifests.py properties "$example/compose.yaml" kafka >found
    (($(wc -l <found) == 11))
    while read -r property; do
        grep -E "^[[:space:]]${property%%=*} = " "$KIT_KAFKA/log" >/dev/null || {
            echo "not known: $property"
            return 1
        }
    done <found
    # the producer's settings are those that it is given there
    "$(built weatherd-producer)" -c "$example/producer.ini" -o kafka.bootstrap.servers=kafka:9092 --check-config
}
