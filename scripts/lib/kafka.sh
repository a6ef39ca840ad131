# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# A real Apache Kafka without an installation: fetched once through Maven into a cache, run as a single
# KRaft broker whose data, log and address live below one directory. The directory is the broker: it
# can be stopped or killed and started again with its data and on its port, which is what tests of
# restarts and crashes need. Further brokers, each with a directory of its own, join the cluster of the first, which
# keeps the controller. scripts/kafka is the command.

kafka_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/packages.sh
. "$kafka_lib/packages.sh"
# shellcheck source=scripts/lib/cache.sh
. "$kafka_lib/cache.sh"

# The broker's directory in the cache; its name holds the sum of what was asked of Maven, so an old one is never taken.
kafka_home()
{
    local sum

    sum=$(sha256sum <"$kafka_lib/kafka/pom.xml")
    cache_home "kafka-${sum:0:12}"
}

# Fills the cache.
kafka_fetch()
{
    local home

    home=$(kafka_home)
    if [[ ! -d $home ]] || ! command -v java >/dev/null; then
        packages_install kafka >&2 || return
        cache_fill "$home" 'Fetching Apache Kafka through Maven (60 MB)' kafka_run_maven || {
            echo "kafka: Maven could not fetch it" >&2
            return 1
        }
    fi
    home=$(kafka_classes "$home")
    [[ -d $home || -n $kafka_recording ]] ||
        cache_fill "$home" 'Noting which classes Kafka loads' kafka_record ||
        echo "kafka: going on without, so that each start takes three times as long" >&2
}

kafka_run_maven() # DIRECTORY
{
    cache_maven "$kafka_lib/kafka/pom.xml" "$1"
}

# Where the classes lie that a broker and a tool load, as this machine's JVM wants them: it starts in a third of the time then.
kafka_classes() # HOME
{
    echo "$1-$(stat --dereference --format %Y-%s "$(command -v java)")"
}

# Runs a broker and a tool once. A JVM leaves its archive when it ends by itself, or by SIGTERM.
kafka_recording=
kafka_record() # DIRECTORY
{
    local kafka_recording=$1

    kafka_start "$1/broker" >/dev/null && kafka_tool "$1/broker" topics --list && kafka_signal "$1/broker" TERM &&
        rm -r "$1/broker" && [[ -e $1/broker.jsa && -e $1/tool.jsa ]]
}

# Replaces the shell by a class of Kafka, its log at the level. An archive that the JVM can't use is none.
kafka_java() # LEVEL JVM-FLAG... CLASS ARGUMENT...
{
    local level=$1 kind=tool home archive

    shift
    home=$(kafka_home)
    [[ " $* " != *' kafka.Kafka '* ]] || kind=broker
    archive=-XX:SharedArchiveFile=$(kafka_classes "$home")/$kind.jsa
    [[ -z $kafka_recording ]] || archive=-XX:ArchiveClassesAtExit=$kafka_recording/$kind.jsa
    exec java -cp "$home/*" -Dweatherd.log="$level" -Djava.awt.headless=true \
        -Dlog4j2.configurationFile="$kafka_lib/kafka/log4j2.properties" -XX:+UseSerialGC -Xshare:auto "$archive" \
        -Xlog:disable -Xlog:all=error:stderr "$@"
}

# Whether the directory's broker runs. A process that has the number now but is another one does not count.
kafka_running() # DIR
{
    local pid

    pid=$(cat "$1/pid" 2>/dev/null) && [[ -n $pid ]] &&
        tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -xF "$1/server.properties" >/dev/null
}

# A port nobody listens on, below the range from which the kernel takes those of outgoing connections.
kafka_free_port()
{
    local port

    while :; do
        port=$((20000 + RANDOM % 12000))
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

kafka_configure() # DIR PORT
{
    local dir=$1 port=$2 controller

    controller=$(kafka_free_port)
    while [[ $controller == "$port" ]]; do
        controller=$(kafka_free_port)
    done
    cat >"$dir/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/data
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
EOF
}

# What makes it a broker of another one's cluster; of a property that stands twice, the last wins.
kafka_join() # DIR PORT FIRST-DIR NUMBER
{
    cp "$3/cluster" "$1/cluster"
    cat >>"$1/server.properties" <<EOF
process.roles=broker
node.id=$4
$(grep '^controller.quorum.voters=' "$3/server.properties" | tail -n 1)
listeners=PLAINTEXT://127.0.0.1:$2
EOF
}

kafka_format() # DIR
{
    local id

    [[ -e $1/cluster ]] || echo "W$(head -c 16 /dev/urandom | basenc --base64url | cut -c 2-22)" >"$1/cluster"
    id=$(<"$1/cluster")
    if ! (kafka_java WARN -Xmx128m -XX:TieredStopAtLevel=1 kafka.tools.StorageTool format \
        -t "$id" -c "$1/server.properties") >"$1/format.log" 2>&1; then
        cat "$1/format.log" >&2
        # so that the next start writes its properties anew
        rm -rf "$1/data" "$1/server.properties" "$1/port" "$1/cluster"
        return 1
    fi
}

# Starts the broker, or does nothing where it runs, and prints its address once it answers.
kafka_start() # DIR [--port N] [--join DIR NUMBER] [PROPERTY=VALUE...]
{
    local dir port='' first='' number='' pid seen=0 tries

    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    shift
    if [[ ${1-} == --port ]]; then
        port=$2
        shift 2
    fi
    if [[ ${1-} == --join ]]; then
        first=$2 number=$3
        shift 3
    fi
    if kafka_running "$dir"; then
        kafka_address "$dir"
        return
    fi

    kafka_fetch
    if [[ ! -e $dir/server.properties ]]; then
        port=${port:-$(kafka_free_port)}
        kafka_configure "$dir" "$port"
        [[ -z $first ]] || kafka_join "$dir" "$port" "$first" "$number"
        ((!$#)) || printf '%s\n' "$@" >>"$dir/server.properties"
        echo "$port" >"$dir/port"
    elif [[ -n $port && $port != "$(cat "$dir/port")" ]]; then
        echo "kafka: $dir has the port $(cat "$dir/port") and keeps it" >&2
        return 1
    elif (($#)); then
        # of a property that stands twice, the last wins
        printf '%s\n' "$@" >>"$dir/server.properties"
    fi
    [[ -d $dir/data ]] || kafka_format "$dir"

    [[ ! -e $dir/log ]] || seen=$(stat -c %s "$dir/log")
    # not a descriptor of the caller's may be kept: bats waits until its own are closed
    (
        for fd in /proc/self/fd/*; do
            fd=${fd##*/}
            ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
        done
        cd "$dir" || exit
        # shellcheck disable=SC2016 # expanded by the new shell
        exec setsid bash -c '. "$1"; kafka_recording=$3; echo $$ >"$2/pid"
            kafka_java INFO -Xms256m -Xmx512m kafka.Kafka "$2/server.properties"' - "$kafka_lib/kafka.sh" "$dir" "$kafka_recording"
    ) </dev/null >>"$dir/log" 2>&1 &
    pid=$!

    for ((tries = 0; tries < 600; tries++)); do
        if tail -c "+$((seen + 1))" "$dir/log" 2>/dev/null | grep -F 'Kafka Server started' >/dev/null; then
            kafka_address "$dir"
            return
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 20 "$dir/log" >&2
    echo "kafka: the broker did not start; its log is $dir/log" >&2
    kafka_signal "$dir" KILL || true
    return 1
}

# Sends the signal and waits until the process is gone.
kafka_signal() # DIR SIGNAL
{
    local dir tries

    dir=$(cd "$1" && pwd) || return 1
    kafka_running "$dir" || {
        rm -f "$dir/pid"
        return 0
    }
    kill -s "$2" "$(cat "$dir/pid")" 2>/dev/null || true
    for ((tries = 0; tries < 600; tries++)); do
        kafka_running "$dir" || {
            rm -f "$dir/pid"
            return 0
        }
        sleep 0.05
    done
    echo "kafka: process $(cat "$dir/pid") did not end within 30 s of SIG$2" >&2
    return 1
}

# Freezes the broker, or lets it go on: its connections stay open, and nothing answers.
kafka_freeze() # DIR STOP|CONT
{
    kafka_running "$(cd "$1" && pwd)" || {
        echo "kafka: no broker runs in $1" >&2
        return 1
    }
    kill -s "$2" "$(cat "$1/pid")"
}

kafka_address() # DIR
{
    local port

    port=$(cat "$1/port" 2>/dev/null) || {
        echo "kafka: no broker was ever started in $1" >&2
        return 1
    }
    echo "127.0.0.1:$port"
}

# The class behind the name of one of Kafka's bin/kafka-NAME.sh.
kafka_tool_class() # NAME
{
    local tools=org.apache.kafka.tools

    case $1 in
    *.*) echo "$1" ;;
    acls) echo $tools.AclCommand ;;
    broker-api-versions) echo $tools.BrokerApiVersionsCommand ;;
    cluster) echo $tools.ClusterTool ;;
    configs) echo kafka.admin.ConfigCommand ;;
    console-consumer) echo $tools.consumer.ConsoleConsumer ;;
    console-producer) echo $tools.ConsoleProducer ;;
    consumer-groups) echo $tools.consumer.group.ConsumerGroupCommand ;;
    consumer-perf-test) echo $tools.ConsumerPerformance ;;
    delete-records) echo $tools.DeleteRecordsCommand ;;
    dump-log) echo kafka.tools.DumpLogSegments ;;
    get-offsets) echo $tools.GetOffsetShell ;;
    groups) echo $tools.GroupsCommand ;;
    leader-election) echo $tools.LeaderElectionCommand ;;
    log-dirs) echo $tools.LogDirsCommand ;;
    metadata-quorum) echo $tools.MetadataQuorumCommand ;;
    producer-perf-test) echo $tools.ProducerPerformance ;;
    reassign-partitions) echo $tools.reassign.ReassignPartitionsCommand ;;
    topics) echo $tools.TopicCommand ;;
    transactions) echo $tools.TransactionsCommand ;;
    *)
        echo "kafka: no tool \"$1\"; give the name of its class" >&2
        return 1
        ;;
    esac
}

# Runs a tool of Kafka against the broker; its address is put in where the tool takes one.
kafka_tool() # DIR NAME ARGUMENT...
{
    local class address server=()

    address=$(kafka_address "$1")
    class=$(kafka_tool_class "$2")
    kafka_fetch
    case $class in
    *.ProducerPerformance) server=(--producer-props "bootstrap.servers=$address") ;;
    *.DumpLogSegments | *.ClusterTool) ;;
    *) server=(--bootstrap-server "$address") ;;
    esac
    shift 2
    [[ " $* " != *" ${server[0]-} "* ]] || server=()
    (kafka_java WARN -Xmx256m -XX:TieredStopAtLevel=1 "$class" "${server[@]}" "$@")
}
