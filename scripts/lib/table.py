#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Prints the statistics in DIRECTORY/partition-*.json as a table of at most 80 columns.

It shows that anyone may read these files at any time; weatherd itself is not involved.
"""

import glob
import json
import re
import sys

LINE = "{:<12} {:>4} {:>7}  {:<10} {:<10} {:>9} {:>9} {:>9}"


def rows(directory):
    for path in glob.glob(f"{directory}/partition-*.json"):
        partition = int(re.search(r"partition-(\d+)\.json$", path)[1])
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for station, values in document.items():
            if isinstance(values, dict):
                yield station, partition, values


def shown(values, key):
    return f"{round(values[key], 1) + 0.0:.1f} °F" if key in values else ""


def main():
    counted = 0
    print(LINE.format("station", "part", "reports", "from", "to", "average", "lowest", "highest"))
    for station, partition, values in sorted(rows(sys.argv[1])):
        counted += values["count"]
        print(LINE.format(station[:12], partition, values["count"], values["start"], values["end"],
                          shown(values, "avg"), shown(values, "min"), shown(values, "max")))
    print(f"{counted} reports counted")


main()
