#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Records of other programs, and what weatherd-consumer must make of them by field mapping.

    fields.py make KIND COUNT                          lines of KEY, tab, VALUE for kcat; one in a hundred is invalid
    fields.py compare KIND ADDRESS TOPIC DIRECTORY     whether DIRECTORY/partition-N.json are just that; else exit 1

Kinds: events (nested, seconds, only counted), rides (ids are numbers, RFC 3339, only counted) and payments
(milliseconds, with amounts). Shares no code with weatherd.
"""

import datetime
import glob
import json
import random
import re
import subprocess
import sys

INVALID = (
    "{}",
    "not JSON",
    '{"userId":"u1","metadata":{"timestamp":"1"},"zone":1.5,"at":"2000-01-01T00:00:00Z","who":"u1","ms":1,"amount":"1"}',
    '{"userId":null,"metadata":{"timestamp":1},"zone":1,"at":"2000-01-01 00:00:60Z","ms":1,"amount":1}',
    '{"userId":"u1","metadata":7,"zone":1,"who":"u1","ms":1e3,"amount":1}',
)


def when(kind, random):
    second = random.randrange(1_500_000_000, 1_500_100_000)
    if kind == "events":
        return second
    if kind == "payments":
        return second * 1000 + random.randrange(1000)
    minutes = random.choice((0, 0, 60, -90, 330, 1439, -1439))
    local = datetime.datetime.fromtimestamp(second + minutes * 60, datetime.timezone.utc)
    digits = random.choice((0, 0, 1, 3, 6, 9))
    zone = random.choice("Zz") if minutes == 0 else f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    fraction = "." + "".join(random.choice("0123456789") for _ in range(digits)) if digits else ""
    return local.strftime("%Y-%m-%d") + random.choice("Tt ") + local.strftime("%H:%M:%S") + fraction + zone


def make(kind, count):
    generator = random.Random(7)
    for i in range(count):
        who, at = generator.randrange(300), when(kind, generator)
        record = {
            "events": {"userId": f"u{who}", "metadata": {"messageId": f"m{i}", "timestamp": at}, "event": "Played"},
            "rides": {"zone": who, "at": at},
            "payments": {"amount": generator.randrange(-10**9, 10**9) / 1000, "ms": at, "who": f"ü{who}", "paid": i % 2 == 0},
        }[kind]
        value = json.dumps(record, ensure_ascii=i % 3 == 0, separators=(", ", ": ") if i % 5 == 0 else (",", ":"))
        if generator.randrange(100) == 0:
            value = generator.choice(INVALID)
        sys.stdout.write(f"{who}\t{value}\n")


def instant(kind, text):
    """In nanoseconds; Python's own times have none."""
    if kind != "rides":
        if type(text) is not int:
            raise ValueError
        return text * (10**9 if kind == "events" else 10**6)
    date, separator, clock, fraction, zone = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)([Tt ])(\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", text
    ).groups()
    moment = datetime.datetime.fromisoformat(f"{date}T{clock}{zone.upper().replace('Z', '+00:00')}")
    return int(moment.timestamp()) * 10**9 + int((fraction or ".0")[1:].ljust(9, "0"))


def decode(kind, value):
    record = json.loads(value)
    if kind == "events":
        who, at, amount = record["userId"], record["metadata"]["timestamp"], None
    elif kind == "rides":
        who, at, amount = record["zone"], record["at"], None
    else:
        who, at, amount = record["who"], record["ms"], record["amount"]
        if type(amount) not in (int, float):
            raise ValueError
    if type(who) not in (int, str):
        raise ValueError
    return str(who), at, instant(kind, at), amount


def expect(kind, address, topic):
    """{partition: {id: statistics}}, and the end of each partition."""
    command = ["kcat", "-b", address, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%p\t%o\t%s\n"]
    result, ends, counts = {}, {}, {"counted": 0, "invalid": 0}
    for line in subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().splitlines():
        partition, offset, value = line.split("\t", 2)
        ends[int(partition)] = int(offset) + 1
        try:
            who, at, nanoseconds, amount = decode(kind, value)
        except (ValueError, KeyError, TypeError, AttributeError):
            counts["invalid"] += 1
            continue
        counts["counted"] += 1
        stats = result.setdefault(int(partition), {}).setdefault(who, {"count": 0, "sum": 0.0})
        stats["count"] += 1
        if amount is not None:
            stats["sum"] += amount
            if "min" not in stats or amount < stats["min"]:
                stats.update(min=amount, min_date=at)
            if "max" not in stats or amount > stats["max"]:
                stats.update(max=amount, max_date=at)
        if "from" not in stats or nanoseconds < stats["from"]:
            stats.update({"from": nanoseconds, "start": at})
        if "to" not in stats or nanoseconds > stats["to"]:
            stats.update({"to": nanoseconds, "end": at})
    return result, ends, counts


def compare(kind, address, topic, directory):
    result, ends, counts = expect(kind, address, topic)
    files = glob.glob(f"{directory}/partition-*.json")
    for path in files:
        number = int(re.search(r"partition-(\d+)\.json", path).group(1))
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        wanted = {"offset": ends[number]}
        for who, stats in result[number].items():
            del stats["from"], stats["to"]
            if kind == "payments":
                stats["avg"] = stats["sum"] / stats["count"]
            else:
                del stats["sum"]
            wanted[who] = stats
        if found != wanted or list(found) != list(wanted):
            differing = [who for who in wanted if found.get(who) != wanted[who]]
            sys.exit(f"{path}: {len(differing)} differ: {[(who, found.get(who), wanted[who]) for who in differing[:2]]}")
    if len(files) != len(result):
        sys.exit(f"{len(files)} files for {len(result)} partitions")
    print(f"{len(files)} files are as they must be, {counts['counted']} counted, {counts['invalid']} invalid")


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]))
else:
    compare(*sys.argv[2:])
