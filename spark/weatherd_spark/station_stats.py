# SPDX-License-Identifier: MIT
"""Statistics of each station, now and as its reports come: first and last date, measurements, average and maximum."""

from pyspark.sql import functions as F

from weatherd_spark import arguments, running
from weatherd_spark.reports import Topic, kafka_options

JOB = "station_stats"
SNAPSHOTS = 10  # of Parquet that are kept: a reader may still be in one that has been followed by others


def parse(argv):
    parser = arguments.parser(JOB, __doc__)
    arguments.add_source(parser, "10min", "how much later, by the records' timestamps, a report may be sent again and is still known")
    arguments.add_run(parser, "5s")
    parser.add_argument("--to", choices=("console", "parquet", "kafka"), default="console")
    parser.add_argument("--output", metavar="URI|TOPIC", help="the directory of --to parquet, the topic of --to kafka")
    args = parser.parse_args(argv)
    if args.to != "console" and not (args.output and args.checkpoint):
        parser.error(f"--to {args.to} needs --output and --checkpoint")
    return args


def stats(topic):
    """A row a station: station, start, end, measurements, avg, max."""
    reports = topic.merged("timestamp", lambda stream: stream).dropDuplicatesWithinWatermark(["station", "date"])
    return reports.groupBy("station").agg(
        F.min("date").alias("start"), F.max("date").alias("end"), F.count("*").alias("measurements"),
        F.avg("degrees").alias("avg"), F.max("degrees").alias("max"),
    )


def snapshots(directory):
    """Each batch writes all stations to DIRECTORY/batch=N, in one file, which appears as a whole or not at all."""
    def write(batch, number):
        batch.coalesce(1).write.mode("overwrite").parquet(f"{directory}/batch={number}")
        jvm = batch.sparkSession._jvm
        old = jvm.org.apache.hadoop.fs.Path(f"{directory}/batch={number - SNAPSHOTS}")
        old.getFileSystem(batch.sparkSession._jsc.hadoopConfiguration()).delete(old, True)
    return write


def writer(table, args):
    if args.to == "kafka":
        # only stations that have changed; a table, for whoever reads the last row of each key
        rows = table.select(F.col("station").alias("key"), F.to_json(F.struct("*")).alias("value"))
        return rows.writeStream.outputMode("update").format("kafka").options(**kafka_options(args)).option("topic", args.output)
    if args.to == "parquet":
        return table.writeStream.outputMode("complete").foreachBatch(snapshots(args.output))
    return table.orderBy("station").writeStream.outputMode("complete").format("console") \
        .option("numRows", 1000).option("truncate", False)


def main(argv):
    args = parse(argv)

    def action():
        spark = running.session(JOB)
        topic = Topic(spark, args)
        running.note_empty(JOB, topic)
        running.run(JOB, writer(stats(topic), args), args)

    return running.guarded(JOB, action)
