#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Events of users for examples/events, and the judge of what comes out.

    events.py make EVENTS USERS FIRST      for tests/lib/flood: as many events, the FIRST of them and those after it, none
                                           keyed, in no order of time
    events.py check ADDRESS INPUT OUTPUT   whether the last value of each key of OUTPUT is the user with MIN and MAX of the
                                           timestamps in INPUT, with these fields in this order; else exit 1
"""

import json
import os
import random
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import topic  # noqa: E402  pylint: disable=wrong-import-position

PARTITIONS = 4


def make(events, users, first):
    draw = random.Random(first)
    write = sys.stdout.buffer.write
    for number in range(first, first + events):
        # each user at least once
        user = number if number < users else draw.randrange(users)
        value = b'{"userId":"u%d","type":"load","timestamp":%d}' % (user, draw.randrange(1534000000, 1540000000))
        write(struct.pack("<iiiiq", draw.randrange(PARTITIONS), -1, len(value), 0, 0) + value)


def check(address, source, sink):
    seen, last, summaries = {}, {}, 0
    events = 0
    for _, _, _, _, value, _ in topic.read(address, source):
        event = json.loads(value)
        moment, events = event["timestamp"], events + 1
        first, latest = seen.get(event["userId"], (moment, moment))
        seen[event["userId"]] = (min(first, moment), max(latest, moment))
    for _, _, _, key, value, _ in topic.read(address, sink):
        last[key.decode()] = value.decode()
        summaries += 1
    expected = {user: json.dumps({"userId": user, "firstSeen": first, "lastSeen": latest}, ensure_ascii=False,
                                 separators=(",", ":")) for user, (first, latest) in seen.items()}
    wrong = [user for user in expected.keys() | last.keys() if expected.get(user) != last.get(user)]
    if wrong:
        raise SystemExit(f"{len(wrong)} users are wrong, such as {wrong[0]}: {last.get(wrong[0])}, must be {expected.get(wrong[0])}")
    print(f"{events} events of {len(expected)} users, {summaries} summaries, the last of each user right")


def main():
    command, *arguments = sys.argv[1:]
    if command == "make":
        make(*map(int, arguments))
    else:
        check(*arguments)


if __name__ == "__main__":
    sys.exit(main())
