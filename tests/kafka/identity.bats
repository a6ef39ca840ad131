#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# A checkpoint and its topic belong together: what weatherd-consumer does when the one is not what the other says.

load ../lib/kit

setup_file()
{
    requires java kcat protoc
    # old records go at once, compaction runs all the time
    start_kafka log.cleaner.backoff.ms=100 log.retention.check.interval.ms=300 log.initial.task.delay.ms=100 \
        log.cleaner.min.cleanable.ratio=0.01
}

# One partition, read to its end.
read_topic() # TOPIC DAYS
{
    fill "$1" "$2" -o "topic $1.partitions=1"
    consumer -o "consumer.topic=$1" --until-end 0
    json_is partition-0.json "d['offset'] == $2 * 10"
    cp -a partition-0.json before
}

# The consumer ends with 65, and leaves the file as it was.
refuses() # TOPIC MESSAGE
{
    run consumer -o "consumer.topic=$1" --until-end 0
    expect_status 65
    expect_output "$2"
    cmp before partition-0.json
}

@test "a topic made again with fewer records is refused, and the file is as it was" {
    read_topic shorter 20
    topic remove shorter
    fill shorter 10 -o 'topic shorter.partitions=1'
    refuses shorter 'shorter partition 0: the log ends at offset 100, .*offset 200 .*move .*partition-0.json'
    # and again: nothing was learned by the refusal that makes the next start believe it
    refuses shorter 'offset 200'
}

@test "a topic made again and still empty is refused" {
    read_topic emptied 20
    topic remove emptied
    new_topic emptied 1
    refuses emptied 'the log ends at offset 0, .*offset 200'
}

@test "a topic made again with the very same reports is refused: their times are others" {
    read_topic same 20
    topic remove same
    fill same 20 -o 'topic same.partitions=1'
    refuses same 'the record at offset 199 is not the one that was read before'
    refuses same 'offset 199'
}

@test "a topic made again with more records is refused" {
    read_topic longer 20
    topic remove longer
    fill longer 30 -o 'topic longer.partitions=1'
    refuses longer 'the record at offset 199 is not the one that was read before'
}

@test "all partitions of one process are checked" {
    fill wide 20
    consumer -o consumer.topic=wide --until-end 0-3
    mkdir before-all
    cp partition-*.json before-all
    topic remove wide
    fill wide 20
    run consumer -o consumer.topic=wide --until-end 0-3
    expect_status 65
    same_files before-all .
}

@test "a topic made again shorter while the consumer runs ends it with 65, and the file is not touched" {
    fill live 20 -o 'topic live.partitions=1'
    consumer_start one -o consumer.topic=live -o consumer.checkpoint_interval=0 0
    wait_for 20 json_is partition-0.json 'd["offset"] == 200'
    cp partition-0.json before
    topic remove live
    fill live 10 -o 'topic live.partitions=1'
    run await one 60
    expect_status 65
    log_has one 'live partition 0: .*offset 200'
    cmp before partition-0.json
}

@test "a broker that comes back without the last records, and with others, ends a running consumer with 65" {
    fill cut 20 -o 'topic cut.partitions=1'
    kafka stop
    cp -a "$KIT_KAFKA/data" saved
    kafka start
    fill cut 20 -o 'topic cut.partitions=1' -o simulator.start=2000-01-21
    consumer_start one -o consumer.topic=cut -o consumer.checkpoint_interval=0 0
    wait_for 20 json_is partition-0.json 'd["offset"] == 400'
    cp partition-0.json before
    # what a power failure does to a log that was not flushed; and the consumer does not look before the log is long again
    send_signal one STOP
    kafka kill
    rm -r "$KIT_KAFKA/data"
    mv saved "$KIT_KAFKA/data"
    kafka start
    fill cut 30 -o 'topic cut.partitions=1' -o simulator.start=2000-01-21
    send_signal one CONT
    run await one 60
    expect_status 65
    log_has one 'cut partition 0: the record at offset 399 is not the one that was read before'
    cmp before partition-0.json
}

@test "a topic deleted while the consumer runs is said to be gone, and nothing is touched" {
    fill gone 20 -o 'topic gone.partitions=1'
    consumer_start one -o consumer.topic=gone -o consumer.checkpoint_interval=0 0
    wait_for 20 json_is partition-0.json 'd["offset"] == 200'
    cp partition-0.json before
    topic remove gone
    wait_for 60 log_has one 'warning: .*gone.*(does not exist|[Uu]nknown)'
    running one
    within 5 stop one
    cmp before partition-0.json
}

@test "a directory that was copied elsewhere is continued there, and still verified" {
    mkdir here there
    fill moved 20 -o 'topic moved.partitions=1'
    consumer -o consumer.topic=moved -o consumer.directory=here --until-end 0
    tar -C here -c . | tar -C there -x
    rm -r here
    fill moved 20 -o 'topic moved.partitions=1' -o simulator.start=2000-01-21
    run consumer -o consumer.topic=moved -o consumer.directory=there --until-end 0
    expect_status 0
    if grep 'warning' <<<"$output"; then return 1; fi
    topic compare moved there --text

    cp there/partition-0.json before
    topic remove moved
    fill moved 40 -o 'topic moved.partitions=1'
    run consumer -o consumer.topic=moved -o consumer.directory=there --until-end 0
    expect_status 65
    cmp before there/partition-0.json
}

@test "a checkpoint without its source file is continued, with a warning, and verified from then on" {
    read_topic sourceless 20
    rm .partition-0.source
    fill sourceless 20 -o 'topic sourceless.partitions=1' -o simulator.start=2000-01-21
    run consumer -o consumer.topic=sourceless --until-end 0
    expect_status 0
    expect_output 'warning: .*could not be verified.*offset 200'
    topic compare sourceless . --text

    cp partition-0.json before
    topic remove sourceless
    fill sourceless 40 -o 'topic sourceless.partitions=1'
    refuses sourceless 'offset 399'
}

@test "a checkpoint beyond the end of its topic is refused without a source file as well" {
    read_topic beyond 20
    rm .partition-0.source
    topic remove beyond
    fill beyond 10 -o 'topic beyond.partitions=1'
    refuses beyond 'the log ends at offset 100'
}

@test "a lost checkpoint is missed when its source file is still there" {
    read_topic lost 20
    rm partition-0.json
    run consumer -o consumer.topic=lost --until-end 0
    expect_status 0
    expect_output 'warning: .*partition-0.json is missing.*offset 200'
    cmp before partition-0.json
}

@test "a source file of another topic is refused: one directory, one topic" {
    read_topic first 20
    fill second 20 -o 'topic second.partitions=1'
    refuses second '.partition-0.source: "topic" .*first'
}

@test "records deleted beyond the offset are named as lost, and the file is not touched" {
    read_topic trimmed 20
    fill trimmed 20 -o 'topic trimmed.partitions=1' -o simulator.start=2000-01-21
    delete_records trimmed 0 250
    refuses trimmed 'from offset 200 to 249 \(50 of them\)'
}

@test "records deleted up to the offset are no loss" {
    read_topic exactly 20
    fill exactly 20 -o 'topic exactly.partitions=1' -o simulator.start=2000-01-21
    delete_records exactly 0 200
    run consumer -o consumer.topic=exactly --until-end 0
    expect_status 0
    # none of those remembered is left
    expect_output 'warning: .*could not be verified'
    json_is partition-0.json 'd["offset"] == 400'
    json_is partition-0.json 'all(s["count"] == 40 for k, s in d.items() if k != "offset")'
}

@test "records deleted below the offset do not keep it from being verified" {
    read_topic below 20
    fill below 20 -o 'topic below.partitions=1' -o simulator.start=2000-01-21
    delete_records below 0 150
    run consumer -o consumer.topic=below --until-end 0
    expect_status 0
    if grep 'warning' <<<"$output"; then return 1; fi
    json_is partition-0.json 'all(s["count"] == 40 for k, s in d.items() if k != "offset")'
}

@test "all records deleted after they were read: the consumer waits for the next" {
    read_topic over 20
    delete_records over 0 200
    consumer -o consumer.topic=over --until-end 0
    cmp before partition-0.json
    fill over 5 -o 'topic over.partitions=1' -o simulator.start=2000-01-21
    consumer -o consumer.topic=over --until-end 0
    json_is partition-0.json 'all(s["count"] == 25 for k, s in d.items() if k != "offset")'
}

@test "a topic whose first records are gone is read from the first that is there" {
    fill late 20 -o 'topic late.partitions=1'
    delete_records late 0 50
    consumer -o consumer.topic=late --until-end 0
    json_is partition-0.json 'd["offset"] == 200 and all(s["count"] == 15 for k, s in d.items() if k != "offset")'
    topic compare late . --text
}

@test "an emptied topic that never was read begins at its first offset, not at 0" {
    fill hollow 20 -o 'topic hollow.partitions=1'
    delete_records hollow 0 200
    consumer -o consumer.topic=hollow --until-end 0
    json_is partition-0.json 'd == {"offset": 200}'
    fill hollow 5 -o 'topic hollow.partitions=1'
    consumer -o consumer.topic=hollow --until-end 0
    topic compare hollow . --text
}

@test "an empty topic gets its file at first contact, with offset 0" {
    new_topic empty 2
    consumer_start one -o consumer.topic=empty 0 1
    wait_for 10 json_is partition-0.json 'd == {"offset": 0}'
    wait_for 10 json_is partition-1.json 'd == {"offset": 0}'
    stop one
    consumer -o consumer.topic=empty --until-end 0-1
}

# Whether compaction has left no more records than that.
compacted() # TOPIC RECORDS
{
    (($(kcat -b "$BOOTSTRAP" -C -t "$1" -o beginning -e -q -f '%o\n' | wc -l) <= $2))
}

@test "gaps that compaction makes are read over, and a checkpoint whose last records are compacted away continues" {
    new_topic compact 1 cleanup.policy=compact segment.ms=200 min.cleanable.dirty.ratio=0.01 max.compaction.lag.ms=300
    fill compact 20 -o 'topic compact.partitions=1' -o simulator.stations=2
    consumer -o consumer.topic=compact --until-end 0
    json_is partition-0.json 'd["offset"] == 40'
    # the key is the station: of each only the newest remains, behind the active segment
    fill compact 3 -o 'topic compact.partitions=1' -o simulator.stations=2 -o simulator.start=2000-01-21 -o producer.interval=500ms
    wait_for 60 compacted compact 6
    run consumer -o consumer.topic=compact --until-end 0
    expect_status 0
    json_is partition-0.json 'd["offset"] == 46 and d["StationA"]["end"] == "2000-01-23"'
    json_is partition-0.json '20 < d["StationA"]["count"] <= 23 and d["StationB"]["count"] == d["StationA"]["count"]'

    mkdir fresh
    consumer -o consumer.topic=compact -o consumer.directory=fresh --until-end 0
    topic compare compact fresh --text
}

@test "more partitions than before are noticed and no obstacle" {
    read_topic grown 20
    consumer_start one -o consumer.topic=grown 0
    wait_for 20 json_is .partition-0.source 'd["partitions"] == 1 and d["topic"] == "grown" and d["cluster"]'
    stop one
    kafka tool topics --alter --topic grown --partitions 3
    consumer_start one -o consumer.topic=grown 0
    wait_for 20 log_has one 'the topic had 1 partitions and has 3 now'
    stop one
    cmp before partition-0.json
}

@test "partitions that are added while it runs are warned about, once, and it goes on" {
    fill widened 20 -o 'topic widened.partitions=1'
    consumer_start one -o consumer.topic=widened -o consumer.checkpoint_interval=0 -o consumer.stall_timeout=1s 0
    wait_for 20 json_is partition-0.json 'd["offset"] == 200'
    wait_for 20 json_is .partition-0.source 'd["partitions"] == 1'
    kafka tool topics --alter --topic widened --partitions 3
    wait_for 30 log_has one 'warning: widened partition 0: the topic had 1 partitions and has 3 now: stations move'
    wait_for 20 json_is .partition-0.source 'd["partitions"] == 3'
    fill widened 20 -o 'topic widened.partitions=3' -o simulator.start=2000-01-21
    wait_for 20 json_is partition-0.json 'd["offset"] > 200'
    stop one
    ((1 == $(log_count one 'stations move')))
    run consumer -o consumer.topic=widened --until-end 0
    if grep 'stations move' <<<"$output"; then return 1; fi
    topic compare widened . --partitions 0 --text
}
