# SPDX-License-Identifier: MIT
"""confluent-kafka-python: batches of 10,000, all else as it is by default: confluent_consume.py ADDRESS TOPIC FORMAT RECORDS"""

import sys
import time

from confluent_kafka import Consumer, KafkaException

from counting import Statistics


def main(address, topic, record_format, records):
    statistics = Statistics(record_format)
    consumer = Consumer({"bootstrap.servers": address, "group.id": f"confluent-{time.time_ns()}",
                         "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    left = int(records)
    while left > 0:
        for message in consumer.consume(10000, 1.0):
            if message.error():
                raise KafkaException(message.error())
            statistics.add(message.value())
            left -= 1
    statistics.save()
    consumer.close()


main(*sys.argv[1:])
