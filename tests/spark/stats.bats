#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# Statistics of stations by Spark, beside those of weatherd-consumer.

load ../lib/spark

@test "station_stats has the figures of the consumer's files, on the console, in Parquet and in a topic" {
    fifteen_stations 3000
    consumer -o consumer.topic=stations -o consumer.schema=station_report --until-end 0-5
    # shellcheck disable=SC2154 # of the kit
    (($(offsets partition-{0..5}.json) > 46000)) # 45,000 and the duplicates

    spark_submit station_stats --bootstrap-servers "$BOOTSTRAP" --until-end >console
    oracle table console >rows
    oracle stats rows partition-{0..5}.json

    new_topic stats 1
    spark_jobs <<END
station_stats --bootstrap-servers $BOOTSTRAP --until-end --max-offsets 10000 --to kafka --output stats --checkpoint $PWD/one
station_stats --bootstrap-servers $BOOTSTRAP --until-end --to parquet --output $PWD/table --checkpoint $PWD/two
dump $(printf %q "$PWD")/table/batch=0 parquet.rows
station_stats --bootstrap-servers $BOOTSTRAP --for 3s
END
    values stats >rows
    (($(wc -l <rows) > 30)) # of several batches
    oracle stats rows partition-{0..5}.json
    oracle stats parquet.rows partition-{0..5}.json
}

@test "a topic that is not there is named, and so are mistakes of the command line" {
    run spark_submit station_stats --bootstrap-servers "$BOOTSTRAP" --topic nowhere
    expect_status 69
    expect_output 'station_stats: .* has no topic nowhere; '
    # shellcheck disable=SC2154 # of the kit
    mistaken() { "$kit_top/scripts/spark" python "$kit_top/spark/submit.py" station_stats "$@"; } # needs no JVM
    run mistaken --to kafka --output stats
    expect_status 64
    expect_output '--to kafka needs --output and --checkpoint'
    run mistaken --watermark 10minutes
    expect_status 64
    expect_output '"10minutes" is no duration'
}
