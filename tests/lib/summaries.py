#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares a summary_topic with the files of the partitions that were read, by the words of the manual alone.

    summaries.py ADDRESS TOPIC DIRECTORY [--fields FIELDS] [--behind]

Each value is one line of JSON with the fields in their order, a key lies in one partition, and its counts never decrease.
The last value of each key is that of the files, a station of several put together; with --behind it may be an earlier one,
for a consumer that was killed, but never a later one. What is found is printed; exit 1 when it is not so.
"""

import argparse
import glob
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import topic  # noqa: E402  pylint: disable=wrong-import-position

MEMBERS = "station count sum avg start end min min_date max max_date"


def merge(one, other):
    """Of two partitions, the lower number first, so that sums are equal to the last bit."""
    result = {"count": one["count"] + other["count"], "sum": one["sum"] + other["sum"],
              "start": min(one["start"], other["start"]), "end": max(one["end"], other["end"])}
    result["avg"] = result["sum"] / result["count"]
    for name, best in (("min", min), ("max", max)):
        value = best(one[name], other[name])
        dates = [entry[f"{name}_date"] for entry in (one, other) if entry[name] == value]
        result[name], result[f"{name}_date"] = value, min(dates)
    return result


def read_files(directory):
    stations = {}
    for path in sorted(glob.glob(f"{directory}/partition-*.json"), key=lambda path: int(path.split("-")[-1][:-5])):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for name, entry in document.items():
            if isinstance(entry, dict):
                stations[name] = merge(stations[name], entry) if name in stations else entry
    return stations


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("topic")
    parser.add_argument("directory")
    parser.add_argument("--fields", default=MEMBERS)
    parser.add_argument("--behind", action="store_true")
    arguments = parser.parse_args()
    fields = [word.rpartition("=")[::2] for word in arguments.fields.split()]
    fields = [(name or member, member) for name, member in fields]
    count_name = dict((member, name) for name, member in fields).get("count")

    last, lies, records = {}, {}, 0
    for partition, offset, _, key, value, _ in topic.read(arguments.address, arguments.topic):
        where = f"partition {partition} offset {offset}"
        key, text, records = key.decode(), value.decode(), records + 1
        found = json.loads(text)
        if [*found] != [name for name, _ in fields] or "\n" in text or ": " in text:
            raise SystemExit(f"{where}: {text} has not the fields {arguments.fields}")
        if lies.setdefault(key, partition) != partition:
            raise SystemExit(f"{where}: {key} lies in partition {lies[key]}, too")
        if count_name and key in last and found[count_name] < last[key][count_name]:
            raise SystemExit(f"{where}: the count of {key} was {last[key][count_name]} and is {found[count_name]}")
        last[key] = found

    stations = read_files(arguments.directory)
    for key, found in last.items():
        if key not in stations or (count_name and found[count_name] > stations[key]["count"]):
            raise SystemExit(f"{key} is {found}, ahead of the files, which have {stations.get(key)}")
    if not arguments.behind:
        if missing := stations.keys() - last.keys():
            raise SystemExit(f"{len(missing)} stations are not on the topic, such as {min(missing)}")
        for key, entry in stations.items():
            expected = {name: key if member == "station" else entry[member] for name, member in fields}
            if last[key] != expected:
                raise SystemExit(f"{key} is {last[key]}, the files have {expected}")
    print(f"{records} records of {len(last)} keys, {len(stations)} stations in the files")


if __name__ == "__main__":
    sys.exit(main())
