# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Jobs of spark/ on a real Spark and a real Kafka. A test file of tests/spark says "load ../lib/spark"; it has all of kit.bash.
# Spark takes half a minute to start where others work, so a test runs what it can in one, by tests/spark/jobs.py.

# shellcheck source=tests/lib/kit.bash
. "$(dirname "${BASH_SOURCE[0]}")/kit.bash"

spark_patience=1200 # seconds after which a Spark is stuck

setup_file()
{
    requires java kcat
    "$kit_top/scripts/spark" fetch >/dev/null 3>&-
    start_kafka
}

# A job as spark-submit runs it: spark_submit station_stats --until-end
spark_submit()
{
    timeout -k 10 "$spark_patience" "$kit_top/scripts/spark" submit "$1" "${@:2}" </dev/null 3>&-
}

# Jobs of stdin, a line each, one after the other.
spark_jobs()
{
    timeout -k 10 "$spark_patience" "$kit_top/scripts/spark" python "$kit_top/tests/spark/jobs.py" "$kit_top/spark" 3>&-
}

# Fifteen stations, of whose reports one in twenty comes twice, in both of their topics.
fifteen_stations() # DAYS
{
    mkdir -p producer
    producer -o producer.directory=producer -o producer.interval=0 -o "producer.days=$1" -o simulator.stations=15 \
        -o simulator.station_prefix= -o simulator.duplicate_rate=0.05 -o 'topic stations.schema=station_report' \
        -o 'topic stations.partitions=6' -o 'topic stations-json.format=json' -o 'topic stations-json.partitions=6'
}

oracle()
{
    /usr/bin/python3 "$kit_top/tests/spark/oracle.py" "$@"
}

# A JVM and the Python that it runs.
kill9_tree() # NAME
{
    local pid

    pid=$(pid_of "$1")
    # shellcheck disable=SC2046 # one word a process
    kill -s KILL "$pid" $(pgrep -P "$pid")
    await "$1" 10 || (($? == 137))
}
