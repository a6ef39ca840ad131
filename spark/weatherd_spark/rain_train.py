# SPDX-License-Identifier: MIT
"""A decision tree that says from the weather of two days whether it rains on the next, and how good it is at that."""

from pyspark.ml import Pipeline
from pyspark.ml.classification import DecisionTreeClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import functions as F

from weatherd_spark import arguments, running, trees
from weatherd_spark.arguments import Refused
from weatherd_spark.weather import FEATURES

JOB = "rain_train"
NAMES = [name for name, _ in FEATURES]


def parse(argv):
    parser = arguments.parser(JOB, __doc__)
    parser.add_argument("--data", required=True, metavar="URI", help="the table of rain_dataset")
    parser.add_argument("--model", required=True, metavar="URI", help="where Spark's model is saved, in place of one that is there")
    parser.add_argument("--export", metavar="URI", help="where the tree goes as a JSON file")
    parser.add_argument("--station", action="append", default=[], metavar="ID", help="learn from this station; may be repeated")
    parser.add_argument("--split", choices=("date", "random"), default="date",
                        help="what the tree is tested on: the last days, or days at random (default: date)")
    parser.add_argument("--test", type=arguments.fraction, default=0.25, metavar="FRACTION", help="how much (default: 0.25)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of what is random (default: 1)")
    parser.add_argument("--depth", type=int, choices=range(1, 31), default=5, metavar="1..30", help="of the tree (default: 5)")
    parser.add_argument("--min-rows", type=arguments.natural, default=200, metavar="N",
                        help="refuse to learn from, or test with, fewer rows than N and N/10 (default: 200)")
    return parser.parse_args(argv)


def load(spark, args):
    rows = spark.read.parquet(args.data)
    if args.station:
        rows = rows.where(F.col("station").isin(args.station))
    return rows.dropDuplicates(["station", "date"])


def split(rows, args):
    """The rows to learn from, and those to test with."""
    if args.split == "random":
        return rows.randomSplit([1 - args.test, args.test], args.seed)
    day = F.unix_date("date")
    found = rows.select(day.cast("double").alias("day")).approxQuantile("day", [1 - args.test], 0)
    last = found[0] if found else 0
    return rows.where(day <= last), rows.where(day > last)


def describe(rows):
    """What a part is: {"from", "to", "rows", "raining"}, the last a count."""
    found = rows.agg(F.min("date").cast("string"), F.max("date").cast("string"), F.count("*"), F.sum("raining")).first()
    return dict(zip(("from", "to", "rows", "raining"), found))


def check(part, name, least):
    if part["rows"] < least:
        raise Refused(f"the part to {name} has {part['rows']} rows, must have at least {least}; let rain_dataset read more days, "
                      "or give another --test or --min-rows")
    if name == "learn from" and part["raining"] in (0, part["rows"]):
        raise Refused(f"in the part to {name} it rains on {part['raining']} of {part['rows']} days: there is nothing to tell "
                      "apart; take more days or other stations")


def train(rows, args):
    tree = DecisionTreeClassifier(labelCol="raining", featuresCol="features", maxDepth=args.depth, seed=args.seed)
    return Pipeline(stages=[VectorAssembler(inputCols=NAMES, outputCol="features"), tree]).fit(rows)


def test(model, rows):
    """How often it is right, and how often they are who say the simplest things."""
    right = {"accuracy": F.col("prediction") == F.col("raining"), "never_rains": F.col("raining") == 0,
             "as_yesterday": F.col("raining") == F.col("sub1raining")}
    found = model.transform(rows).agg(*(F.avg(answer.cast("int")).alias(name) for name, answer in right.items())).first()
    return found.asDict()


def report(tree, trained, tested):
    print(tree.toDebugString)
    for name, part in (("learnt from", trained), ("tested with", tested)):
        print(f"{name:<13}{part['rows']:>9} days, {part['from']} to {part['to']}; it rains on {part['raining'] / part['rows']:.1%}")
    for name, key in (("the tree", "accuracy"), ("never rains", "never_rains"), ("as yesterday", "as_yesterday")):
        print(f"{name:<13}{tested[key]:>9.1%} right")


def learn(spark, args):
    """All of it, for a notebook as well: the model, and what the file says of it."""
    rows = load(spark, args).cache()
    learnt, kept = split(rows, args)
    trained, tested = describe(learnt), describe(kept)
    check(trained, "learn from", args.min_rows)
    check(tested, "test with", max(1, args.min_rows // 10))
    model = train(learnt, args)
    tested |= test(model, kept)
    report(model.stages[-1], trained, tested)
    model.write().overwrite().save(args.model)
    contents = trees.document(model.stages[-1], trained, tested)
    if args.export:
        trees.write(spark, args.export, contents)
    return model, contents


def main(argv):
    args = parse(argv)
    return running.guarded(JOB, lambda: learn(running.session(JOB), args))
