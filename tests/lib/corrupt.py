#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Spoils a partition-N.json in the ways that disks, editors and other programs do.

    corrupt.py list              a line a way: its name, a tab, what the refusal must say (extended regex)
    corrupt.py NAME FILE         spoils the file, which has a good station "StationA" with 9 reports
"""

import json
import sys


def edit(change):
    """A way that changes values and leaves the rest as our own writer would have it."""

    def spoil(data):
        document = json.loads(data)
        change(document, document["StationA"])
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()

    return spoil


def put(key, value):
    return edit(lambda document, station: station.__setitem__(key, value))


def text(old, new):
    def spoil(data):
        assert old in data
        return data.replace(old, new, 1)

    return spoil


WAYS = {
    "empty": (lambda data: b"", "partition-0.json"),
    "blank": (lambda data: b"\n", "partition-0.json"),
    "cut": (lambda data: data[:len(data) // 2], "partition-0.json"),
    "cut-by-a-brace": (lambda data: data.rstrip()[:-1], "partition-0.json"),
    "nuls": (lambda data: bytes(len(data)), "partition-0.json"),
    "nuls-behind": (lambda data: data + bytes(512), "partition-0.json"),
    "nul-inside": (text(b"StationA", b"Statio\0A"), "partition-0.json"),
    "trailing-text": (lambda data: data + b"{}", "partition-0.json"),
    "twice": (lambda data: data + data, "partition-0.json"),
    "not-json": (lambda data: b"offset = 7\n", "partition-0.json"),
    "array": (lambda data: b"[" + data + b"]", "partition-0.json"),
    "bad-utf8": (text(b"StationA", b"Station\xff"), "partition-0.json"),
    "comment": (lambda data: b"/* ours */ " + data, "partition-0.json"),
    "offset-gone": (edit(lambda document, station: document.pop("offset")), '"offset"'),
    "offset-negative": (edit(lambda document, station: document.update(offset=-1)), '"offset"'),
    "offset-fraction": (edit(lambda document, station: document.update(offset=1.5)), '"offset"'),
    "offset-text": (edit(lambda document, station: document.update(offset="7")), '"offset"'),
    "offset-beyond-64-bits": (edit(lambda document, station: document.update(offset=2 ** 64)), '"offset"|beyond'),
    "offset-twice": (text(b"{", b'{"offset": 3,'), "stands twice"),
    "station-twice": (text(b'"StationA"', b'"StationA": {}, "StationA"'), "stands twice"),
    "unknown-key": (edit(lambda document, station: document.update(version=2)), '"version"'),
    "unknown-field": (put("median", 1.0), "StationA.*median"),
    "another-layout": (edit(lambda document, station: document.update(partition=0)), '"partition"'),
    "station-no-object": (edit(lambda document, station: document.update(StationA=9)), "StationA"),
    "station-without-name": (edit(lambda document, station: document.update({"": station})), "partition-0.json.*station"),
    "station-too-long": (edit(lambda document, station: document.update({"x" * 256: station})), "partition-0.json.*station"),
    "count-negative": (put("count", -3), 'StationA.*"count".*-3'),
    "count-zero": (put("count", 0), 'StationA.*"count"'),
    "count-fraction": (put("count", 9.5), 'StationA.*"count"'),
    "count-gone": (edit(lambda document, station: station.pop("count")), 'StationA.*"count"'),
    "sum-text": (put("sum", "270.5"), 'StationA.*"sum"'),
    "sum-null": (put("sum", None), 'StationA.*"sum"'),
    "sum-nan": (put("sum", float("nan")), "partition-0.json"),
    "sum-infinite": (put("sum", float("inf")), "partition-0.json"),
    "sum-twice": (text(b'"sum": ', b'"sum": 1, "sum": '), "stands twice"),
    "sum-overflow": (text(b'"sum": ', b'"sum": 1e999, "was": '), 'StationA.*"sum"|partition-0.json.*1e999'),
    "avg-does-not-fit": (put("avg", 1.0), 'StationA.*"avg"'),
    "date-impossible": (put("end", "2001-02-29"), 'StationA.*"end".*2001-02-29'),
    "date-short": (put("start", "2000-1-1"), 'StationA.*"start"'),
    "date-number": (put("start", 20000101), 'StationA.*"(start|end)"'),
    "start-after-end": (put("start", "2010-01-01"), 'StationA.*"start"'),
    "min-above-max": (put("min", 1e9), 'StationA.*"min"'),
    "min-date-outside": (put("min_date", "1999-12-31"), 'StationA.*"min_date"'),
    "max-gone": (edit(lambda document, station: station.pop("max")), 'StationA.*"max"'),
}


def main():
    if sys.argv[1:] == ["list"]:
        for name, (_, message) in WAYS.items():
            print(f"{name}\t{message}")
        return 0
    name, path = sys.argv[1:]
    with open(path, "rb") as file:
        good = file.read()
    bad = WAYS[name][0](good)
    assert bad != good
    with open(path, "wb") as file:
        file.write(bad)
    return 0


if __name__ == "__main__":
    sys.exit(main())
