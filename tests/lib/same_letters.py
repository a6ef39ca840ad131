#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether the copies of a topic's invalid records are the same to the byte: by kafka-python, which unlike kcat tells a
header without a value from an empty one. All records but tombstones must be invalid ones, of one partition.

    same_letters.py ADDRESS TOPIC COPIES        exit 1, and what differs
"""

import sys

from kafka import KafkaConsumer, TopicPartition

ERRORS = "__connect.errors."


def read(address, topic):
    consumer = KafkaConsumer(bootstrap_servers=address)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning()
    end = consumer.end_offsets([partition])[partition]
    records = []
    while consumer.position(partition) < end:
        for batch in consumer.poll(timeout_ms=1000).values():
            records += batch
    consumer.close()
    return records


def main():
    address, topic, copies = sys.argv[1:]
    originals = [record for record in read(address, topic) if record.value is not None]
    found = read(address, copies)
    if len(found) != len(originals):
        raise SystemExit(f"{len(found)} copies of {len(originals)} records")
    for original, copy in zip(originals, found):
        wanted = (original.key, original.value, original.timestamp, original.headers)
        own = copy.headers[:len(original.headers)]
        if (copy.key, copy.value, copy.timestamp, own) != wanted:
            raise SystemExit(f"{(copy.key, copy.value, copy.timestamp, own)}\nmust be\n{wanted}")
        added = copy.headers[len(own):]
        if [name for name, _ in added] != [ERRORS + name for name in (
                "topic", "partition", "offset", "stage", "exception.class.name", "exception.message")]:
            raise SystemExit(f"headers {added}")
        values = [value.decode() for _, value in added]
        if values[:5] != [topic, "0", str(original.offset), "VALUE_CONVERTER",
                          "org.apache.kafka.connect.errors.DataException"] or not values[5]:
            raise SystemExit(f"headers {added}, of offset {original.offset}")
    print(f"{len(found)} copies are the same")


if __name__ == "__main__":
    main()
