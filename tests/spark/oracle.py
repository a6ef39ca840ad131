#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What Spark must have found, found without it.

    oracle.py stats ROWS FILE...                    whether the rows of station_stats are what the consumer's files say
    oracle.py dataset REPORTS ROWS                  whether the rows of rain_dataset are the join that SQLite makes
    oracle.py predictions MODEL REPORTS ROWS        whether the rows of rain_predict are what the exported tree says
    oracle.py table OUTPUT                          the last table of Spark's console as rows

Rows are JSON lines, one an object; so are REPORTS, as topic.py dump writes them. What differs is printed, exit code 1.
"""

import json
import math
import sqlite3
import struct
import sys


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def demand(condition, text):
    if not condition:
        sys.exit(f"oracle.py: {text}")


def stats(path, *files):
    found = {}
    for row in lines(path):  # of a topic with the stations as keys the last is what holds
        found[row["station"]] = row
    expected = {}
    for name in files:
        with open(name, encoding="utf-8") as file:
            expected.update((station, value) for station, value in json.load(file).items() if isinstance(value, dict))
    demand(expected and found.keys() == expected.keys(), f"stations are {sorted(found)}, must be {sorted(expected)}")
    for station, want in expected.items():
        row = found[station]
        for ours, theirs in (("measurements", "count"), ("start", "start"), ("end", "end"), ("max", "max")):
            demand(str(row[ours]) == str(want[theirs]) or float(row[ours]) == want[theirs],
                   f"{station}: {ours} is {row[ours]}, must be {want[theirs]}")
        total = float(row["avg"]) * int(row["measurements"])
        demand(math.isclose(total, want["sum"], rel_tol=1e-9), f"{station}: the sum is {total}, must be {want['sum']}")


def single(value):
    """The double that a float is which is nearest to the double."""
    return struct.unpack("f", struct.pack("f", value))[0]


def days(path):
    """A database of the first report of each station and date; its time is that of the topic."""
    database = sqlite3.connect(":memory:")
    database.execute("create table report (station, date, degrees, raining, primary key (station, date)) without rowid")
    database.executemany("insert or ignore into report values (?, ?, ?, ?)",
                         ((row["station_id"], row["date"], row["degrees"], row.get("raining")) for row in lines(path)))
    database.execute("delete from report where raining is null")
    return database


FEATURES = """cast(strftime('%m', {day}) as int), one.degrees, one.raining, two.degrees, two.raining"""


def dataset(reports, path):
    expected = sorted((station, date, int(rain), month, single(one), int(rain1), single(two), int(rain2))
                      for station, date, rain, month, one, rain1, two, rain2 in days(reports).execute(f"""
        select today.station, today.date, today.raining, {FEATURES.format(day='today.date')}
        from report today join report one on one.station = today.station and one.date = date(today.date, '-1 day')
        join report two on two.station = today.station and two.date = date(today.date, '-2 days')"""))
    found = sorted((row["station"], row["date"], row["raining"], row["month"], row["sub1degrees"], row["sub1raining"],
                    row["sub2degrees"], row["sub2raining"]) for row in lines(path))
    demand(expected, "no rows to be expected")
    compare(found, expected)


def compare(found, expected):
    twice = len(found) - len(set(found))
    demand(found == expected, f"{len(found)} rows, must be {len(expected)}; {twice} are there twice, "
           f"missing {sorted(set(expected) - set(found))[:3]}, too many {sorted(set(found) - set(expected))[:3]}")


def leaf(model, values):
    """By spark/README.md alone."""
    values = [single(value) if feature["type"] == "float" else float(value)
              for feature, value in zip(model["features"], values)]
    node = model["nodes"][0]
    while "feature" in node:
        node = model["nodes"][node["below" if values[node["feature"]] <= node["threshold"] else "above"]]
    return node


def predict(model, values):
    return leaf(model, values)["raining"]


def predictions(model, reports, path):
    with open(model, encoding="utf-8") as file:
        model = json.load(file)
    demand([feature["name"] for feature in model["features"]] ==
           ["month", "sub1degrees", "sub1raining", "sub2degrees", "sub2raining"], "other features")
    expected = sorted((station, date, predict(model, values)) for station, date, *values in days(reports).execute(f"""
        select one.station, date(one.date, '+1 day'), {FEATURES.format(day="date(one.date, '+1 day')")}
        from report one join report two on two.station = one.station and two.date = date(one.date, '-1 day')"""))
    demand({row[2] for row in expected} == {0, 1}, "a tree that always says the same shows nothing")
    compare(sorted((row["station"], row["date"], row["raining"]) for row in lines(path)), expected)


def table(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")]
            for line in text[text.rindex("\nBatch: "):].splitlines() if line.startswith("|")]
    for row in rows[1:]:
        print(json.dumps(dict(zip(rows[0], row))))


if __name__ == "__main__":
    {"stats": stats, "dataset": dataset, "predictions": predictions, "table": table}[sys.argv[1]](*sys.argv[2:])
