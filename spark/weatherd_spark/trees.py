# SPDX-License-Identifier: MIT
"""A decision tree of Spark's as one JSON document, with which another program gives the same predictions. README.md,
"The model's file", says how to read it; model.schema.json beside it is its shape."""

import json

from py4j.protocol import Py4JJavaError

from weatherd_spark.arguments import Refused
from weatherd_spark.weather import FEATURES

VERSION = 1


def nodes(model):
    """The tree's nodes, the root first, each before its children."""
    found = []

    def add(node):
        number = len(found)
        if node.getClass().getSimpleName() == "LeafNode":
            counts = [int(count) for count in node.impurityStats().stats()]
            found.append({"raining": int(node.prediction()), "counts": counts})
            return number
        split = node.split()
        if split.getClass().getSimpleName() != "ContinuousSplit":
            raise Refused(f"feature {split.featureIndex()} is split by categories, which this job never asks for")
        entry = {"feature": split.featureIndex(), "threshold": split.threshold()}
        found.append(entry)
        entry["below"] = add(node.leftChild())
        entry["above"] = add(node.rightChild())
        return number

    add(model._call_java("rootNode"))
    return found


def document(model, trained, tested):
    return {
        "version": VERSION,
        "predicts": "raining",
        "features": [{"name": name, "type": kind} for name, kind in FEATURES],
        "trained": trained,
        "tested": tested,
        "nodes": nodes(model),
    }


def text(contents):
    """Python writes a double as the shortest text that reads back as the same; a node a line."""
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in contents.items() if name != "nodes"]
    tree = ",\n".join(f"    {json.dumps(node, allow_nan=False)}" for node in contents["nodes"])
    return "{\n" + ",\n".join(lines) + ',\n  "nodes": [\n' + tree + "\n  ]\n}\n"


def write(spark, uri, contents):
    """To any file system of Hadoop's, as a whole or not at all where its rename is."""
    jvm = spark._jvm
    path = jvm.org.apache.hadoop.fs.Path(uri)
    beside = jvm.org.apache.hadoop.fs.Path(f"{uri}.tmp")
    try:
        files = path.getFileSystem(spark._jsc.hadoopConfiguration())
        stream = files.create(beside, True)
        stream.write(bytearray(text(contents).encode()))
        stream.close()
        files.delete(path, False)
        if not files.rename(beside, path):
            raise Refused(f"{uri} can't be written: {uri}.tmp could not be renamed")
    except Py4JJavaError as error:
        raise Refused(f"{uri} can't be written: {error.java_exception.toString()}") from error
