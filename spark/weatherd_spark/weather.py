# SPDX-License-Identifier: MIT
"""What is known of a day's rain, as streams: today, and the features that the two days before give."""

from pyspark.sql import functions as F

from weatherd_spark.reports import with_day

# In the order in which the model takes them, with the types that the columns have.
FEATURES = (("month", "int"), ("sub1degrees", "float"), ("sub1raining", "int"), ("sub2degrees", "float"), ("sub2raining", "int"))

WATERMARK = ("30d", "how many days of its partition's calendar a report may come late")


def reports_of(topic, later, **columns):
    """The reports that matter for the date so many days later, one for each station and date, with these columns of them.

    Reports that do not say whether it rained are left out. All streams that meet here have the same keys, station and day,
    of which day has the watermark; that is what lets Spark forget a row.
    """
    def prepare(stream):
        return with_day(stream.where("raining is not null"), later).select(
            "station", "day", "date", *(F.expr(expression).alias(name) for name, expression in columns.items()))

    return topic.merged("day", prepare).dropDuplicates(["station", "day"])


def today(topic):
    return reports_of(topic, 0, raining="raining").drop("date")


def features(topic):
    """station, day, date and FEATURES: of a date whose own report need not be there yet."""
    before = reports_of(topic, 1, sub1degrees="float(degrees)", sub1raining="raining")
    two_before = reports_of(topic, 2, sub2degrees="float(degrees)", sub2raining="raining").drop("date")
    return before.join(two_before, ["station", "day"]).select(
        "station", "day", "date", F.month("date").alias("month"), *(name for name, _ in FEATURES[1:]))


def dataset(topic):
    """station, date, raining and FEATURES: what there is to learn from."""
    return today(topic).join(features(topic), ["station", "day"]).select(
        "station", "date", "raining", *(name for name, _ in FEATURES))
