#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Rides with times, some of them late, and what SQLite makes of them by GROUP BY.

    windows.py make COUNT [LATENESS]                     JSON lines: zone and at, which is up to LATENESS seconds late
    windows.py compare ADDRESS TOPIC WINDOW DIRECTORY    whether DIRECTORY/partition-N.json have just those windows
    windows.py closed ADDRESS TOPIC SPAN GRACE KEEP DIRECTORY

compare takes it that no window was closed; closed, of spans in seconds, that they are as the manual says. Shares no
code with weatherd.
"""

import datetime
import glob
import json
import random
import re
import sqlite3
import subprocess
import sys

UTC = datetime.timezone.utc
FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y", "1h": "%Y-%m-%dT%H:00:00Z"}


def make(count, lateness):
    generator = random.Random(11)
    second = 946_684_800 - 40 * 86400
    for _ in range(count):
        second += generator.randrange(600)
        late = generator.randrange(lateness) if lateness and generator.randrange(5) == 0 else 0
        at = datetime.datetime.fromtimestamp(second - late, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        print(json.dumps({"zone": generator.randrange(20), "at": at}))


def rides(address, topic):
    command = ["kcat", "-b", address, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p\t%s\n"]
    for line in subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().splitlines():
        partition, value = line.split("\t")
        yield int(partition), json.loads(value)


def files(directory):
    for path in glob.glob(f"{directory}/partition-*.json"):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        del document["offset"]
        yield int(re.search(r"(\d+)\.json", path).group(1)), document


def expect(database, query, found):
    wanted = sorted(database.execute(query))
    if sorted(found) != wanted:
        differing = set(found) ^ set(wanted)
        sys.exit(f"{len(differing)} of {len(wanted)} differ: {sorted(differing)[:6]}")
    return len(wanted)


def compare(address, topic, window, directory):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE rides (partition INTEGER, zone TEXT, at TEXT)")
    database.executemany("INSERT INTO rides VALUES (?, ?, ?)", [(p, str(r["zone"]), r["at"]) for p, r in rides(address, topic)])
    documents = list(files(directory))
    stations = expect(
        database,
        "SELECT partition, zone, count(*), min(at), max(at) FROM rides GROUP BY partition, zone",
        [(p, zone, s["count"], s["start"], s["end"]) for p, d in documents for zone, s in d.items()],
    )
    windows = expect(
        database,
        f"SELECT partition, zone, strftime('{FORMATS[window]}', at) AS name, count(*), min(at), max(at) "
        "FROM rides GROUP BY partition, zone, name",
        [(p, zone, name, w["count"], w["start"], w["end"]) for p, d in documents for zone, s in d.items() for name, w in s["windows"].items()],
    )
    print(f"{windows} windows of {stations} zones are as SQLite has them")


def closed(address, topic, span, grace, keep, directory):
    latest, counts, late = {}, {}, 0
    for partition, ride in rides(address, topic):
        key = partition, str(ride["zone"])
        second = int(datetime.datetime.fromisoformat(ride["at"].replace("Z", "+00:00")).timestamp())
        begin = second - second % span
        if key in latest and begin + span + grace <= latest[key]:
            late += 1
        else:
            counts.setdefault(key, {}).setdefault(begin, 0)
            counts[key][begin] += 1
        if second > latest.get(key, second - 1):
            latest[key] = second
    n_windows = n_dropped = 0
    for partition, document in files(directory):
        for zone, stats in document.items():
            key = partition, zone
            names = {datetime.datetime.fromtimestamp(b, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"): b for b in counts[key]}
            for name, window in stats["windows"].items():
                if window["count"] != counts[key][names[name]]:
                    sys.exit(f"{key} {name}: {window['count']}, must be {counts[key][names[name]]}")
            missing = [n for n, b in names.items() if n not in stats["windows"] and b + span + grace + keep > latest[key]]
            if missing:
                sys.exit(f"{key}: {missing} are missing")
            if len(stats["windows"]) > (grace + keep) / span + 2:
                sys.exit(f"{key}: there are {len(stats['windows'])} windows")
            n_windows += len(stats["windows"])
            n_dropped += len(names) - len(stats["windows"])
    if not late or not n_dropped:
        sys.exit("nothing was too late, or nothing was dropped: that shows nothing")
    print(late)
    print(f"{n_windows} windows are as they must be, {n_dropped} dropped, {late} rides too late", file=sys.stderr)


if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
elif sys.argv[1] == "compare":
    compare(*sys.argv[2:])
else:
    closed(*sys.argv[2:4], *map(int, sys.argv[4:7]), sys.argv[7])
