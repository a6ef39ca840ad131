#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Good and bad records in one stream, for flood: every tenth is bad, in each of many ways, among the reports of a hundred
stations in JSON, protobuf and framing. Some of the bad have keys, headers and times of their own.

    mixture.py COUNT [PARTITIONS]               records for flood on stdout
    mixture.py kinds                            the ways of being bad, a line each
"""

import datetime
import itertools
import json
import struct
import sys

STATIONS = 100
FIRST_DAY = datetime.date(2000, 1, 1)
NAN, INFINITY = float("nan"), float("inf")


def field(number, kind, payload):
    return bytes([number << 3 | kind]) + payload


def text(number, value):
    value = value if isinstance(value, bytes) else value.encode()
    length = len(value)
    return field(number, 2, bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])) + value


def report(date="2000-01-01", degrees=1.0, station="Bad"):
    return text(1, date) + field(2, 1, struct.pack("<d", degrees)) + text(3, station)


def framed(value, indexes=b"\0"):
    return b"\0\0\0\0\7" + indexes + value


def json_report(**fields):
    return json.dumps({"date": "2000-01-01", "station": "Bad", "degrees": 1.5, **fields}).encode()


BAD = {
    "protobuf cut in its last field": report()[:-1],
    "protobuf cut in its date": report()[:5],
    "degrees as a varint": text(1, "2000-01-01") + field(2, 0, b"\x05") + text(3, "Bad") + b"\x80",
    "date as a fixed number": field(1, 1, bytes(8)) + text(3, "Bad"),
    "a date in another form": report(date="1.1.2000"),
    "a date that does not exist": report(date="2001-02-29"),
    "no date": text(3, "Bad") + field(2, 1, struct.pack("<d", 1.0)),
    "NaN": report(degrees=NAN),
    "infinite degrees": report(degrees=-INFINITY),
    "no station": text(1, "2000-01-01") + field(2, 1, struct.pack("<d", 1.0)),
    "an id of 256 bytes": report(station="x" * 256),
    "a control character": report(station="a\x1bb"),
    "bad UTF-8": report(station=b"\xff\xfe"),
    "the id offset": report(station="offset"),
    "the id partition": json_report(station="partition"),
    "JSON with more behind it": json_report() + b"x",
    "JSON with a key twice": b'{"date":"2000-01-01","station":"Bad","degrees":1,"degrees":2}',
    "raining 2": json_report(raining=2),
    "both station and station_id": json_report(station_id="Bad"),
    "degrees as text": json_report(degrees="1.5"),
    "NaN in JSON": b'{"date":"2000-01-01","station":"Bad","degrees":NaN}',
    "JSON cut": json_report()[:-1],
    "framing cut": b"\0\0\0\0\7",
    "framing of message 1": framed(report(), b"\2\2"),
    "framing of an inner message": framed(report(), b"\4\0\0"),
    "an empty value": b"",
    "text": b"no report",
    "100 kB of garbage": bytes(range(1, 256)) * 400,
}
RARE = 500  # of the large ones only each 500th is sent


def frame(partition, key, value, timestamp=0, headers=()):
    parts = [struct.pack("<iiiiq", partition, -1 if key is None else len(key), len(value), len(headers), timestamp),
             key or b"", value]
    for name, content in headers:
        parts += [struct.pack("<ii", len(name), -1 if content is None else len(content)), name, content or b""]
    return b"".join(parts)


def bad_frames(partitions):
    """For ever, each kind in turn; the ways in which they are sent are as many as no divisor of the kinds."""
    kinds = [value for value in BAD.values()]
    ways = [
        lambda turn: (b"key-%d" % turn, 0, ()),
        lambda turn: (None, 0, ()),
        lambda turn: (b"", 1000000000000 + turn, ()),
        lambda turn: (b"\0\xff,=key", 0, ((b"trace", b"%d" % turn), (b"bytes", b"\0\1\xfe"), (b"trace", b"again"))),
        lambda turn: (None, 946684800000 + turn, ((b"null", None), (b"empty", b""))),
    ]
    for turn in itertools.count():
        value = kinds[turn % len(kinds)]
        if len(value) > 10000 and turn // len(kinds) % RARE:
            value = value[:turn % 100 + 1]
        key, timestamp, headers = ways[turn % len(ways)](turn)
        yield frame(turn % partitions, key, value, timestamp, headers)


def good_frames(partitions):
    """The days of all stations, in turn; each station has a partition and a form of its own."""
    for day in itertools.count():
        date = str(FIRST_DAY + datetime.timedelta(day % 2900000))
        for number in range(STATIONS):
            station, degrees = f"Station{number}", (day * 7 + number * 3) % 1200 / 10 - 20
            if number % 4 == 0:
                value = b'{"date":"%s","station":"%s","degrees":%.1f,"raining":%d}' % (
                    date.encode(), station.encode(), degrees, day % 2)
            elif number % 4 == 1:
                value = framed(report(date, degrees, station))
            else:
                value = report(date, degrees, station)
            yield frame(number % partitions, station.encode(), value)


def main():
    if sys.argv[1] == "kinds":
        print("\n".join(BAD))
        return
    count, partitions = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4
    good, bad = good_frames(partitions), bad_frames(partitions)
    write = sys.stdout.buffer.write
    for number in range(count):
        write(next(bad if number % 10 == 9 else good))


if __name__ == "__main__":
    main()
