# SPDX-License-Identifier: MIT
"""The data set that a model of rain learns from: a Parquet table of each day with the weather of the two days before."""

from weatherd_spark import arguments, running, weather
from weatherd_spark.reports import Topic

JOB = "rain_dataset"


def parse(argv):
    parser = arguments.parser(JOB, __doc__)
    arguments.add_source(parser, *weather.WATERMARK)
    arguments.add_run(parser, "1min")
    parser.add_argument("--output", required=True, metavar="URI", help="the table's directory; a file a batch")
    args = parser.parse_args(argv)
    if not args.checkpoint:
        parser.error("--checkpoint is needed: with it the table has each row once, whatever is killed")
    return args


def writer(table, args):
    return table.repartition(1).writeStream.outputMode("append").format("parquet").option("path", args.output)


def main(argv):
    args = parse(argv)

    def action():
        spark = running.session(JOB)
        topic = Topic(spark, args)
        running.note_empty(JOB, topic)
        running.run(JOB, writer(weather.dataset(topic), args), args)

    return running.guarded(JOB, action)
