#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Hostile records through the whole of a consumer: valid ones in all formats, damaged in a dozen ways (tests/lib/mutate.c).
# What it makes of them must be what an independent reader does, and each must have been dealt with once.
#
# WEATHERD_TEST_SAMPLE is how many are compared one by one, WEATHERD_TEST_MUTATED how many are counted;
# WEATHERD_TEST_SEED repeats a run.

load ../lib/kit

setup_file()
{
    requires java kcat protoc jq
    export SAMPLE=${WEATHERD_TEST_SAMPLE:-100000}
    export RECORDS=${WEATHERD_TEST_MUTATED:-500000}
    export SEED=${WEATHERD_TEST_SEED:-$RANDOM}
    echo "# seed $SEED" >&3
    start_kafka
    new_topic sample
    "$(built mutate)" "$SAMPLE" "$SEED" | flood sample
}

setup()
{
    kit_setup
    mkdir metrics
}

# All have been dealt with, and the figures say so.
figures_have_reached() # RECORDS
{
    awk -v records="$1" '/^weatherd_consumer_offset/ { offsets += $2 } /^weatherd_consumer_lag/ { lag += $2 }
        END { exit offsets != records || lag != 0 }' metrics/*.prom
}

result() # NAME FILE
{
    awk -v result="result=\"$1\"" '/^weatherd_consumer_records_total/ && index($0, result) { sum += $2 }
        END { printf "%d\n", sum }' "$2"
}

@test "damaged records: the files, the figures and the copies of the invalid ones are an independent reader's" {
    new_topic sample-invalid
    consumer_start one -o consumer.topic=sample -o consumer.invalid_topic=sample-invalid \
        -o consumer.metrics_directory=metrics 0-3
    wait_for 120 offsets_are "$SAMPLE" partition-{0..3}.json
    wait_for 20 figures_have_reached "$SAMPLE"
    cp metrics/*.prom figures
    stop one
    run topic compare sample . --text --metrics figures
    echo "# $output" >&3
    expect_status 0
    run topic letters sample sample-invalid
    echo "# $output" >&3
    expect_status 0
    ctl verify partition-{0..3}.json
}

@test "a great many damaged records: each is counted, or a duplicate, or late, or invalid" {
    local name count sum=0 counts=''

    new_topic many
    "$(built mutate)" "$RECORDS" $((SEED + 1)) | flood many
    # each station whose name was damaged is a new one
    consumer_start one -o consumer.topic=many -o consumer.metrics_directory=metrics -o consumer.max_stations=10000000 0-3
    wait_for 600 offsets_are "$RECORDS" partition-{0..3}.json
    wait_for 60 figures_have_reached "$RECORDS"
    cp metrics/*.prom figures
    stop one
    for name in counted duplicate late invalid; do
        count=$(result "$name" figures)
        counts+=" $count $name"
        sum=$((sum + count))
        ((count > 0))
    done
    echo "# $counts" >&3
    ((sum == RECORDS))
    ctl verify partition-{0..3}.json
}

@test "weatherctl tail makes a line of JSON of each damaged record, as a report and raw" {
    local raw

    for raw in '' --raw; do
        # shellcheck disable=SC2086 # none or one
        ctl tail -o consumer.topic=sample --from-beginning $raw -n "$SAMPLE" >lines
        jq -e -n --argjson records "$SAMPLE" 'reduce inputs as $line (0; . + 1) | . == $records' lines
        (($(wc -l <lines) == SAMPLE))
        iconv -f utf-8 -t utf-8 lines >/dev/null
    done
}
