#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random trees and reports for foresee, and what it must make of them, by spark/README.md and tests/spark/oracle.py.

    trees.py make SEED MODEL REPORTS                    writes both
    trees.py match REPORTS PREDICTIONS MODEL...         of a topic: prints how many, or what differs
    trees.py judge MODEL REPORTS PREDICTIONS DOCUMENT   prints "PREDICTIONS RAINY AT_A_THRESHOLD", or what differs

Many degrees lie on a threshold, or so near to one that rounding to single precision decides.
"""

import datetime
import json
import math
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../spark"))
from oracle import demand, leaf, lines, single  # noqa: E402  pylint: disable=wrong-import-position

FEATURES = {"month": "int", "sub1degrees": "float", "sub1raining": "int", "sub2degrees": "float", "sub2raining": "int"}
STATIONS = [f"Station{letter}" for letter in "ABCDEFGH"] + ['a "b" \\']
DAYS = 300
FIRST = datetime.date(2011, 12, 1)


def thresholds(draw):
    """Numbers that trees ask for: floats, what lies half way between two of them, and any."""
    for _ in range(12):
        near = single(draw.uniform(-20, 110))
        following = single(near * (1 + 2**-23))
        yield draw.choice([near, (near + following) / 2, round(near, 1), near + 1e-9, float(round(near))])


def tree(draw, pool, names):
    nodes = []

    def grow(depth):
        number = len(nodes)
        if depth == 0 or draw.random() < 0.1 and number:
            counts = [draw.randrange(0, 200), draw.randrange(1, 200)]
            nodes.append({"raining": int(counts[1] > counts[0]), "counts": counts})
            return number
        name = draw.choice(names)
        threshold = (draw.choice(pool) if FEATURES[name] == "float" else draw.choice([0.5, 0, 1]) if name != "month"
                     else draw.choice([0.5 + draw.randrange(1, 12), draw.randrange(1, 13)]))
        nodes.append({"feature": names.index(name), "threshold": threshold})
        nodes[number]["below"] = grow(depth - 1)
        nodes[number]["above"] = grow(depth - 1)
        return number

    grow(7)
    return nodes


def degrees(draw, pool):
    at = draw.choice(pool)
    return draw.choice([at, single(at), round(at, 1), math.nextafter(at, math.inf), math.nextafter(at, -math.inf),
                        at + draw.uniform(-1e-5, 1e-5), draw.uniform(-20, 110)])


def reports(draw, pool):
    """Day after day of each station; some are missing, late, sent again as they were or otherwise, or lack the rain."""
    late = []
    for day in range(DAYS):
        for station in STATIONS:
            report = {"date": str(FIRST + datetime.timedelta(day)), "station": station, "degrees": degrees(draw, pool),
                      "raining": draw.randrange(2)}
            fate = draw.random()
            if fate < 0.03:
                late.append(report)
                continue
            if fate < 0.05:
                del report["raining"]
            yield report
            if fate > 0.97:
                yield report | {"degrees": degrees(draw, pool), "raining": draw.randrange(2)}
        while late and draw.random() < 0.5:
            yield late.pop(draw.randrange(len(late)))


def make(seed, model, path):
    draw = random.Random(int(seed))
    pool = list(thresholds(draw))
    names = draw.sample(list(FEATURES), draw.randrange(2, 6))
    part = {"from": str(FIRST), "to": str(FIRST), "rows": 10, "raining": 3}
    with open(model, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "predicts": "raining", "features": [{"name": name, "type": FEATURES[name]} for name in names],
                   "trained": part, "tested": part | {"accuracy": 0.7, "never_rains": 0.7, "as_yesterday": 0.7},
                   "nodes": tree(draw, pool, names)}, file)
    with open(path, "w", encoding="utf-8") as file:
        for report in reports(draw, pool):
            file.write(json.dumps(report) + "\n" + "#\n" * (draw.random() < 0.02))


def expected(model, path):
    """The predictions in their order, the score, what was said of each day that came, and how many values were at a threshold once they were rounded."""
    names = [feature["name"] for feature in model["features"]]
    asked = {single(node["threshold"]) for node in model["nodes"] if "threshold" in node}
    known, pending, made, was = {}, {}, [], {}
    score = {"hits": 0, "false_alarms": 0, "misses": 0, "correct_negatives": 0}
    at_threshold = 0
    with open(path, encoding="utf-8") as file:
        for report in (json.loads(line) for line in file if line != "#\n"):
            days = known.setdefault(report["station"], {})
            day = datetime.date.fromisoformat(report["date"])
            latest = max(days, default=datetime.date.min)
            if "raining" not in report or day in days or day < latest and (latest - day).days > 1:
                continue
            days[day] = (report["degrees"], report["raining"])
            if len(days) > 2:
                del days[min(days)]
            if day > latest and report["station"] in pending:
                date, said = pending.pop(report["station"])
                if date == day:
                    was[report["station"], str(day)] = said
                    score[("correct_negatives", "misses", "false_alarms", "hits")[2 * said + report["raining"]]] += 1
            latest = max(days)
            before, date = (latest + datetime.timedelta(step) for step in (-1, 1))
            if before not in days:
                continue
            values = dict(zip(FEATURES, (date.month, *days[latest], *days[before])))
            at_threshold += any(single(values[name]) in asked for name in names if FEATURES[name] == "float")
            node = leaf(model, [values[name] for name in names])
            made.append({"station": report["station"], "date": str(date), "prediction": node["raining"],
                         "probability": node["counts"][1] / sum(node["counts"])})
            pending[report["station"]] = date, node["raining"]
    scored = sum(score.values())
    if scored:
        score["accuracy"] = (score["hits"] + score["correct_negatives"]) / scored
        score["base_rate"] = (score["hits"] + score["misses"]) / scored
    return made, score, was, at_threshold


def judge(model, path, predictions, document):
    with open(model, encoding="utf-8") as file:
        model = json.load(file)
    with open(document, encoding="utf-8") as file:
        document = json.load(file)
    made, score, was, at_threshold = expected(model, path)
    found = lines(predictions)
    for number, (one, other) in enumerate(zip(found, made)):
        demand(one == other, f"prediction {number} is {one}, must be {other}")
    demand(len(found) == len(made), f"{len(found)} predictions, must be {len(made)}")
    demand(document["score"] == score, f"the score is {document['score']}, must be {score}")
    for name, station in document["stations"].items():
        for day in station["days"]:
            demand(day.get("predicted") == was.get((name, day["date"])), f"{name}: {day}, must be {was.get((name, day['date']))}")
    demand(document["model"] == model, "the model in the document is another")
    print(len(made), sum(prediction["prediction"] for prediction in made), at_threshold)


def match(reports, predictions, *models):
    """Of a station and date a topic may have a prediction again, but no other one, and it is that of one of the models."""
    found = {}
    again = 0
    for row in lines(predictions):
        key = row["station"], row["date"]
        demand(found.setdefault(key, row) == row, f"{row} after {found[key]}")
    again = len(lines(predictions)) - len(found)
    made = []
    for path in models:
        with open(path, encoding="utf-8") as file:
            made.append({(row["station"], row["date"]): row for row in expected(json.load(file), reports)[0]})
    demand(found.keys() == made[0].keys(), f"{len(found)} predictions, must be {len(made[0])}, missing "
           f"{sorted(made[0].keys() - found.keys())[:3]}, too many {sorted(found.keys() - made[0].keys())[:3]}")
    for key, row in found.items():
        demand(any(row == one[key] for one in made), f"{row}, must be {[one[key] for one in made]}")
    shares = [sum(row == one[key] for key, row in found.items()) for one in made]
    print(f"{len(found)} predictions, {again} of them again, {' and '.join(map(str, shares))} as the models say")


{"make": make, "judge": judge, "match": match}[sys.argv[1]](*sys.argv[2:])
