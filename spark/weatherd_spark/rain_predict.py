# SPDX-License-Identifier: MIT
"""Whether it will rain: the model of rain_train over the weather of the last two days, as it comes."""

from pyspark.ml import PipelineModel
from pyspark.sql import functions as F

from weatherd_spark import arguments, running, weather
from weatherd_spark.reports import Topic, kafka_options

JOB = "rain_predict"


def parse(argv):
    parser = arguments.parser(JOB, __doc__)
    arguments.add_source(parser, *weather.WATERMARK)
    arguments.add_run(parser, "5s")
    parser.add_argument("--model", required=True, metavar="URI", help="Spark's model, as rain_train saved it")
    parser.add_argument("--station", action="append", default=[], metavar="ID", help="only of this one; may be repeated")
    parser.add_argument("--to", choices=("console", "kafka"), default="console")
    parser.add_argument("--output", metavar="TOPIC", help="the topic of --to kafka")
    args = parser.parse_args(argv)
    if args.to == "kafka" and not (args.output and args.checkpoint):
        parser.error("--to kafka needs --output and --checkpoint")
    return args


def predictions(model, features, stations=()):
    """station, date and raining, 0 or 1, with the features that it follows from."""
    if stations:
        features = features.where(F.col("station").isin(list(stations)))
    return model.transform(features).select(
        "station", "date", F.col("prediction").cast("int").alias("raining"), *(name for name, _ in weather.FEATURES))


def writer(table, args):
    stream = table.writeStream.outputMode("append")
    if args.to == "console":
        return stream.format("console").option("numRows", 1000).option("truncate", False)
    rows = table.select(F.col("station").alias("key"), F.to_json(F.struct("station", "date", "raining")).alias("value"))
    return rows.writeStream.outputMode("append").format("kafka").options(**kafka_options(args)).option("topic", args.output)


def main(argv):
    args = parse(argv)

    def action():
        spark = running.session(JOB)
        model = PipelineModel.load(args.model)
        topic = Topic(spark, args)
        running.note_empty(JOB, topic)
        running.run(JOB, writer(predictions(model, weather.features(topic), args.station), args), args)

    return running.guarded(JOB, action)
