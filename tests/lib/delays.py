#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How long after a report its prediction was on its topic, by the broker's clock: both topics are to have
message.timestamp.type=LogAppendTime, and the reports their keys.

    delays.py REPORTS PREDICTIONS       lines of "MILLISECONDS VALUE", as kcat -f '%T %s\\n' has them

The report of a day leads to the prediction for the next. Prints JSON: {"n", "p50", "p99", "max"}, in milliseconds.
"""

import datetime
import json
import sys


def rows(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            time, _, value = line.partition(" ")
            yield int(time), json.loads(value)


def main():
    came = {}
    for time, report in rows(sys.argv[1]):
        following = datetime.date.fromisoformat(report["date"]) + datetime.timedelta(1)
        came.setdefault((report["station"], str(following)), time)
    delays = sorted(time - came[row["station"], row["date"]] for time, row in rows(sys.argv[2]))
    print(json.dumps({"n": len(delays), "p50": delays[len(delays) // 2], "p99": delays[len(delays) * 99 // 100],
                      "max": delays[-1]}))


main()
