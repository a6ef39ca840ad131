#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs jobs one after the other in one Spark, which takes long to start: a line of stdin is a job and its arguments, as for
spark-submit. "dump TABLE FILE" writes a Parquet table as JSON lines, so that those who judge it need no Spark; floats become
the doubles that they are. "notebook FILE" runs the cells of one.
"""

import importlib
import json
import shlex
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])


def dump(table, path):
    from weatherd_spark import running

    rows = running.session("dump").read.parquet(table)
    columns = [f"double({name}) {name}" if kind == "float" else name for name, kind in rows.dtypes]
    with open(path, "w", encoding="utf-8") as file:
        for line in rows.selectExpr(*columns).toJSON().toLocalIterator():
            print(line, file=file)
    return 0


def notebook(path):
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), path, "exec"), names)  # pylint: disable=exec-used
    return 0


TOOLS = {"dump": dump, "notebook": notebook}
for line in sys.stdin:
    name, *arguments = shlex.split(line)
    print(f"---- {line.strip()}", file=sys.stderr, flush=True)
    code = TOOLS[name](*arguments) if name in TOOLS else importlib.import_module(f"weatherd_spark.{name}").main(arguments)
    if code:
        sys.exit(f"{name} ended with {code}")
