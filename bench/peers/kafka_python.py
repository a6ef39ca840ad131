# SPDX-License-Identifier: MIT
"""kafka-python as it is by default: kafka_python.py ADDRESS TOPIC FORMAT RECORDS"""

import sys
import time

from kafka import KafkaConsumer

from counting import Statistics


def main(address, topic, record_format, records):
    statistics = Statistics(record_format)
    consumer = KafkaConsumer(topic, bootstrap_servers=address, group_id=f"kafka-python-{time.time_ns()}",
                             auto_offset_reset="earliest")
    left = int(records)
    for record in consumer:
        statistics.add(record.value)
        left -= 1
        if left == 0:
            break
    statistics.save()
    consumer.close()


main(*sys.argv[1:])
