# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A real Apache Spark without an installation: fetched once into a cache, its distribution through pip and the connector to
# Kafka through Maven, both by checksum. It runs on this machine alone, small, and as many processors as it is told.
# scripts/spark is the command.

spark_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$spark_lib/packages.sh"
# shellcheck source=scripts/lib/cache.sh
. "$spark_lib/cache.sh"

# Its directory in the cache; the name holds the sum of what was asked for, so an old one is never taken.
spark_home()
{
    local sum

    sum=$(cat "$spark_lib"/spark/* | sha256sum)
    cache_home "spark-${sum:0:12}"
}

# Fills the cache.
spark_fetch()
{
    packages_install spark >&2 || return
    [[ ! -d $(spark_home) ]] || return 0
    cache_fill "$(spark_home)" 'Fetching Apache Spark through pip and Maven (320 MB)' spark_download || {
        echo "spark: it could not be fetched" >&2
        return 1
    }
}

spark_download() # DIRECTORY
{
    cache_pip "$1/python" "$spark_lib/spark/requirements.txt" &&
        cache_maven "$spark_lib/spark/pom.xml" "$1/jars" -DexcludeTransitive=true &&
        (cd "$1/jars" && sha256sum --check --strict "$spark_lib/spark/jars.sha256")
}

# Where Python finds pyspark: for a notebook, or a program that makes its own session.
spark_environment()
{
    local home jars

    home=$(spark_home)
    jars=("$home"/jars/*.jar)
    export PYTHONPATH=$home/python${PYTHONPATH:+:$PYTHONPATH} PYSPARK_PYTHON=/usr/bin/python3 SPARK_LOCAL_IP=127.0.0.1
    export PYTHONDONTWRITEBYTECODE=1
    unset SPARK_HOME
    spark_options=(--master 'local[2]' --driver-memory 1g --jars "$(IFS=, && echo "${jars[*]}")"
        --conf spark.ui.enabled=false --conf spark.ui.showConsoleProgress=false
        --conf spark.sql.shuffle.partitions=2 --conf spark.log.level=ERROR
        --driver-java-options "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile=$spark_lib/spark/log4j2.properties")
}

# Replaces the shell by spark-submit with a job of ours; what stands before -- are options of spark-submit.
spark_submit() # [OPTION... --] JOB ARGUMENT...
{
    local own=()

    if [[ ${1-} == -* && " $* " == *" -- "* ]]; then
        while [[ $1 != -- ]]; do
            own+=("$1")
            shift
        done
        shift
    fi
    spark_environment
    exec "$(spark_home)/python/pyspark/bin/spark-submit" "${spark_options[@]}" "${own[@]}" "$spark_lib/../../spark/submit.py" "$@"
}

# Replaces the shell by Python with the same Spark: its sessions have the options that jobs are started with.
spark_python() # FILE ARGUMENT...
{
    spark_environment
    PYSPARK_SUBMIT_ARGS="$(printf '%q ' "${spark_options[@]}")pyspark-shell" exec /usr/bin/python3 "$@"
}
