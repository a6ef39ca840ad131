# SPDX-License-Identifier: MIT
"""A job's life: session, query, what it says of its batches, its end and exit code."""

import math
import sys
import time

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from weatherd_spark.arguments import Refused

CANNOT = 69


class Progress:
    """A line a batch on stderr: what was read, how much state there is, and what was too old."""

    def __init__(self, job, query):
        self.job, self.query, self.told = job, query, -1

    def tell(self):
        for progress in self.query.recentProgress:
            if progress["batchId"] > self.told:
                self.told = progress["batchId"]
                self.tell_batch(progress)

    def tell_batch(self, progress):
        number, records = progress["batchId"], progress["numInputRows"]
        state, dropped = (sum(operator[name] for operator in progress["stateOperators"])
                          for name in ("numRowsTotal", "numRowsDroppedByWatermark"))
        if records or dropped:
            self.say(f"batch {number}: {records} records read, {state} rows of state")
        if dropped:
            self.say(f"warning: batch {number} left out {dropped} rows older than the watermark; if they are no reports sent "
                     "again, give a longer --watermark and a new --checkpoint")

    def say(self, text):
        print(f"{self.job}: {text}", file=sys.stderr, flush=True)


def session(job):
    spark = SparkSession.builder.appName(f"weatherd {job}").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    return spark


def trigger(writer, args):
    return writer.trigger(availableNow=True) if args.until_end else writer.trigger(processingTime=f"{args.every} milliseconds")


def run(job, writer, args):
    """Runs the query until the end that the command line asks for; one that fails raises."""
    if args.checkpoint:
        writer = writer.option("checkpointLocation", args.checkpoint)
    query = trigger(writer, args).start()
    progress = Progress(job, query)
    deadline = math.inf if args.length is None else time.monotonic() + args.length / 1000
    while not query.awaitTermination(max(0.001, min(1, deadline - time.monotonic()))):
        progress.tell()
        if time.monotonic() >= deadline:
            query.stop()
            break
    progress.tell()


def note_empty(job, topic):
    empty = topic.empty()
    if empty:
        print(f"{job}: warning: {topic.args.topic} has nothing yet in the partitions {empty}: until they have reports, no "
              "state is given up; see README.md, \"Watermarks\"", file=sys.stderr, flush=True)


def guarded(job, action):
    """The exit code; what goes wrong is said in one line."""
    try:
        action()
        return 0
    except (Refused, PySparkException) as error:
        print(f"{job}: {error}", file=sys.stderr, flush=True)
        return CANNOT
