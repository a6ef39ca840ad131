# SPDX-License-Identifier: MIT
"""A topic of reports as a stream without duplicates, whose state stays small and which loses nothing to its watermark.

Spark has one watermark for a stream: the latest event it has seen, less a delay; what is older is dropped without a word.
Partitions are not read in step, though. While a producer sends a simulated day in a microsecond, or one partition's leader
is away, others are thousands of days ahead, and a common watermark would throw away what the slow partition brings later.
So each partition is a source with a watermark of its own, and Spark goes by the slowest of them (its multipleWatermarkPolicy
is "min"). Within a partition reports lie in their order, and a delay of days is ample. The price: a partition that stands
still holds the watermark, and state grows until it moves; that costs memory, where the other way costs data.
"""

import functools
import json
import math

from py4j.protocol import Py4JJavaError
from pyspark.sql import functions as F

from weatherd_spark.arguments import Refused

REPORT = "date string, station string, station_id string, degrees double, raining int, damaged string"


def kafka_options(args):
    """For Spark's source and sink alike."""
    options = {"kafka.bootstrap.servers": args.bootstrap_servers}
    options.update({f"kafka.{name}": value for name, value in args.kafka})
    return options


def partitions(spark, args):
    """How many records each of the topic's partitions has, by its number."""
    jvm = spark._jvm
    settings = jvm.java.util.HashMap()
    settings.put("allow.auto.create.topics", "false")
    for name, value in kafka_options(args).items():
        settings.put(name.removeprefix("kafka."), value)
    bytes_reader = jvm.org.apache.kafka.common.serialization.ByteArrayDeserializer
    try:
        consumer = jvm.org.apache.kafka.clients.consumer.KafkaConsumer(settings, bytes_reader(), bytes_reader())
        try:
            found = [jvm.org.apache.kafka.common.TopicPartition(args.topic, entry.partition())
                     for entry in consumer.partitionsFor(args.topic) or ()]
            first, end = (dict(ask(found)) for ask in (consumer.beginningOffsets, consumer.endOffsets))
        finally:
            consumer.close()
    except Py4JJavaError as error:
        raise Refused(f"topic {args.topic} on {args.bootstrap_servers}: {error.java_exception.toString()}") from error
    if not found:
        raise Refused(f"{args.bootstrap_servers} has no topic {args.topic}; start the producer first, or give another --topic")
    return {partition.partition(): end[partition] - first[partition] for partition in found}


def parsed(records):
    """The records that are reports: station, date, degrees, raining (null where not known), timestamp."""
    report = F.from_json(F.col("value").cast("string"), REPORT, {"columnNameOfCorruptRecord": "damaged"})
    station = F.coalesce("report.station", "report.station_id")
    date = F.when(F.col("report.date").rlike(r"^\d{4}-\d\d-\d\d$"), F.expr("try_cast(report.date as date)"))
    return records.select(report.alias("report"), "timestamp").where("report.damaged is null").select(
        station.alias("station"), date.alias("date"), "report.degrees", "report.raining", "timestamp",
    ).where(
        F.col("date").isNotNull() & (F.octet_length("station") <= 255) & F.col("station").rlike(r"^[^\p{Cntrl}]+$")
        & F.col("degrees").between(-1.7976931348623157e308, 1.7976931348623157e308)
        & (F.col("raining").isNull() | F.col("raining").isin(0, 1))
    )


def with_day(reports, later=0):
    """Adds "day": the date, later days on, as a time that a watermark may follow.

    It is counted from the year 1 as if that were 1970, because the first watermark is 1970 and drops what is older.
    """
    shifted = reports.withColumn("date", F.date_add("date", later))
    return shifted.withColumn("day", F.timestamp_seconds((F.unix_date("date") + 719_163) * F.lit(86_400).cast("long")))


class Topic:
    """The topic of a command line."""

    def __init__(self, spark, args):
        self.spark, self.args = spark, args
        self.sizes = partitions(spark, args)

    def empty(self):
        return sorted(partition for partition, size in self.sizes.items() if not size)

    def streams(self):
        """One a partition. Of a backlog each gives the same share a batch, so that they come to its end together."""
        total = max(1, sum(self.sizes.values()))
        for partition, size in sorted(self.sizes.items()):
            limit = max(1, math.ceil(self.args.max_offsets * size / total))
            yield parsed(
                self.spark.readStream.format("kafka")
                .options(**kafka_options(self.args))
                .option("assign", json.dumps({self.args.topic: [partition]}))
                .option("startingOffsets", "earliest")
                .option("maxOffsetsPerTrigger", limit)
                .load()
            )

    def merged(self, column, prepare):
        """All partitions, each prepared and followed by a watermark on the column."""
        delay = f"{self.args.watermark} milliseconds"
        return functools.reduce(lambda one, other: one.union(other),
                                (prepare(stream).withWatermark(column, delay) for stream in self.streams()))
