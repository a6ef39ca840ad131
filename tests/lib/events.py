#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The judge of examples/events.

    events.py ADDRESS INPUT OUTPUT

Exit 1 unless the last value of each key of OUTPUT is the user with MIN and MAX of the timestamps in INPUT, with these
fields in this order.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import topic  # noqa: E402  pylint: disable=wrong-import-position


def check(address, source, sink):
    seen, last, summaries = {}, {}, 0
    events = 0
    for _, _, _, _, value, _ in topic.read(address, source):
        event = json.loads(value)
        moment, events = event["metadata"]["timestamp"], events + 1
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


if __name__ == "__main__":
    check(*sys.argv[1:])
