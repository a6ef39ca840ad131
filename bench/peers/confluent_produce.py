# SPDX-License-Identifier: MIT
"""confluent-kafka-python sending ready-made reports, idempotent: confluent_produce.py ADDRESS TOPIC RECORDS"""

import sys

from confluent_kafka import KafkaException, Producer

from report_pb2 import Report  # by protoc

STATIONS = 1000


def main(address, topic, records):
    failed = []
    producer = Producer({"bootstrap.servers": address, "acks": "all", "enable.idempotence": True, "linger.ms": 5})
    reports = [(name, Report(station_id=name, date="2000-01-01", degrees=31.5, raining=True).SerializeToString())
               for name in (f"Station{number}" for number in range(STATIONS))]

    def delivered(error, _):
        if error:
            failed.append(error)

    for number in range(int(records)):
        key, value = reports[number % STATIONS]
        while True:
            try:
                producer.produce(topic, value, key, on_delivery=delivered)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    producer.flush()
    if failed:
        raise KafkaException(failed[0])


main(*sys.argv[1:])
