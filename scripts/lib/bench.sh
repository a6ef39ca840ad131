# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# What bench/run compares weatherd with: programs of ours, built like weatherd, and clients of others in Python, Go and
# Java. Those are built below BUILD/peers; what they stand on comes from Debian, Maven and Go's proxy, by checksum.

bench_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/build.sh
. "$bench_lib/build.sh"
# shellcheck source=scripts/lib/kafka.sh
. "$bench_lib/kafka.sh"

bench_peers=$build_top/bench/peers

# The directory in the cache with Kafka Streams.
bench_streams_home()
{
    local sum

    sum=$(cat "$bench_peers"/streams/{pom.xml,jars.sha256} | sha256sum)
    cache_home "streams-${sum:0:12}"
}

bench_streams_download() # DIRECTORY
{
    cache_maven "$bench_peers/streams/pom.xml" "$1" &&
        (cd "$1" && sha256sum --check --strict "$bench_peers/streams/jars.sha256")
}

bench_build_streams() # DIRECTORY
{
    javac -cp "$(bench_streams_home)/*" -d "$1" "$bench_peers/streams/Statistics.java"
}

bench_build_go() # FILE
{
    (cd "$bench_peers/go" && go build -trimpath -o "$1" .)
}

bench_build_weatherd() # BUILD
{
    [[ -n ${WEATHERD_BUILD-} ]] || build_configure "$1" CC=gcc --enable-werror || return
    build_make "$1" bench-programs
}

# Builds what is ours.
bench_prepare() # BUILD
{
    packages_install build kafka bench || return
    kafka_fetch || return
    mkdir -p "$1"
    step 'Building weatherd' "$1/bench.log" bench_build_weatherd "$1"
}

# The others. Go of Debian 12 is too old for franz-go: bench/run goes on without it, and says so.
bench_prepare_peers() # BUILD
{
    local peers=$1/peers home

    packages_install peers || return
    home=$(bench_streams_home)
    cache_fill "$home" 'Fetching Kafka Streams through Maven (95 MB)' bench_streams_download || return
    mkdir -p "$peers"
    protoc --python_out="$peers" -I"$build_top/proto" report.proto || return
    step 'Building the consumer on Kafka Streams' "$peers/streams.log" bench_build_streams "$peers/streams" || return
    step 'Building the consumer on franz-go' "$peers/go.log" bench_build_go "$peers/franz-go" || rm -f "$peers/franz-go"
}
