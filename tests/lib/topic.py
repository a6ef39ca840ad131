#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A client of the topic that shares no code with weatherd: the tests' second opinion.

Records are read by kcat (kafka-python needs minutes for a million), decoded by the class that protoc generates from
proto/report.proto, and counted by the rules of the contract, in the order of their offsets and with the
same additions, so that sums are equal to the last bit. Reports are sent by kafka-python with its own partitioner.

    topic.py dump ADDRESS TOPIC                 a JSON line a record
    topic.py statistics ADDRESS TOPIC           what the consumer must have, and how many were counted
    topic.py compare ADDRESS TOPIC DIRECTORY    whether DIRECTORY/partition-N.json are just that; else exit 1
    topic.py send ADDRESS TOPIC <LINES          JSON lines in; see send()
    topic.py place COUNT KEY...                 the partition of COUNT in which kafka-python puts each key
    topic.py make ADDRESS TOPIC PARTITIONS [PROPERTY=VALUE...]
    topic.py remove ADDRESS TOPIC               returns when the broker no longer knows it
"""

import argparse
import base64
import datetime
import glob
import importlib
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata

sys.dont_write_bytecode = True

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATISTICS = ("count", "sum", "avg", "start", "end", "min", "min_date", "max", "max_date")


class Invalid(Exception):
    """A record that is not a report; the consumer must say so too."""


def load_report_class():
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["protoc", f"--python_out={directory}", f"-I{TOP}/proto", "report.proto"], check=True)
        sys.path.insert(0, directory)
        try:
            return importlib.import_module("report_pb2").Report
        finally:
            sys.path.remove(directory)


Report = load_report_class() if __name__ == "__main__" and sys.argv[1:2] not in (["place"], ["make"], ["remove"]) else None


def read(address, topic):
    """Yields (partition, offset, timestamp, key, value) of all that is there now; key and value bytes or None.

    The lengths come before the bytes, so that these may be anything.
    """
    command = ["kcat", "-b", address, "-C", "-t", topic, "-o", "beginning", "-e", "-q",
               "-X", "check.crcs=true", "-X", "queued.min.messages=1000000", "-f", r"%p %o %T %K %S\n%k%s\n"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as kcat:
        readline, read_bytes = kcat.stdout.readline, kcat.stdout.read
        while head := readline():
            partition, offset, timestamp, key_length, value_length = map(int, head.split())
            key = read_bytes(key_length) if key_length >= 0 else None
            value = read_bytes(value_length) if value_length >= 0 else None
            if read_bytes(1) != b"\n":
                raise SystemExit(f"topic.py: kcat's output is out of step after {head!r}")
            yield partition, offset, timestamp, key, value
    if kcat.returncode:
        raise SystemExit(f"topic.py: kcat exited with {kcat.returncode}")


def first_offsets(address, topic):
    """The first offset that the broker has of each partition, in order."""
    listing = subprocess.run(["kcat", "-b", address, "-L", "-J", "-t", topic], check=True, capture_output=True)
    (described,) = json.loads(listing.stdout)["topics"]
    partitions = sorted(entry["partition"] for entry in described["partitions"])
    if not partitions:
        raise SystemExit(f"topic.py: no topic {topic}")
    query = ["kcat", "-b", address, "-Q"]
    for partition in partitions:
        query += ["-t", f"{topic}:{partition}:-2"]
    answer = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    found = {int(p): int(offset) for p, offset in re.findall(r"\[(\d+)\] offset (-?\d+)", answer)}
    return {partition: found[partition] for partition in partitions}


def decode_json(value):
    try:
        fields = json.loads(value.decode())
        report = Report(date=fields["date"], degrees=fields["degrees"],
                        station_id=fields["station_id"] if "station_id" in fields else fields["station"])
        if "raining" in fields:
            report.raining = fields["raining"]
        return report
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"JSON: {error}") from error


known_dates = {}
known_stations = {}


def date_exists(text):
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        datetime.date.fromisoformat(text)
        return True
    except ValueError:
        return False


def station_is_good(text):
    return (1 <= len(text.encode()) <= 255 and text not in ("offset", "partition") and
            not any(unicodedata.category(character) == "Cc" for character in text))


def decode(value):
    """The Report in the bytes; raises Invalid."""
    if value is None:
        raise Invalid("no value")
    if value[:1] == b"{":
        report = decode_json(value)
    else:
        try:
            report = Report.FromString(value)
        except Exception as error:  # google.protobuf.message.DecodeError; bad UTF-8 is one too
            raise Invalid(f"protobuf: {error}") from error
    if (good := known_dates.get(report.date)) is None:
        good = known_dates[report.date] = date_exists(report.date)
    if not good:
        raise Invalid(f"date {report.date!r}")
    if (good := known_stations.get(report.station_id)) is None:
        good = known_stations[report.station_id] = station_is_good(report.station_id)
    if not good:
        raise Invalid(f"station {report.station_id!r}")
    if not math.isfinite(report.degrees):
        raise Invalid(f"degrees {report.degrees}")
    return report


class Partition:
    """The statistics of one partition, by the contract: flat, duplicates and late reports dropped."""

    def __init__(self, offset):
        self.offset = offset
        self.stations = {}  # in order of first appearance
        self.counts = {"counted": 0, "duplicate": 0, "late": 0, "invalid": 0}

    def apply(self, offset, value):
        self.offset = offset + 1
        if value is None:
            return  # a tombstone says nothing about the weather
        try:
            report = decode(value)
            self.counts[self.count(report)] += 1
        except Invalid:
            self.counts["invalid"] += 1

    def count(self, report):
        date, degrees = report.date, report.degrees
        entry = self.stations.get(report.station_id)
        if entry is None:
            self.stations[report.station_id] = [1, degrees, date, date, degrees, date, degrees, date]
            return "counted"
        if date == entry[3]:
            return "duplicate"
        if date < entry[3]:
            return "late"
        total = entry[1] + degrees
        if not math.isfinite(total):
            raise Invalid("sum")
        entry[0] += 1
        entry[1] = total
        entry[3] = date
        if degrees < entry[4]:
            entry[4], entry[5] = degrees, date
        if degrees > entry[6]:
            entry[6], entry[7] = degrees, date
        return "counted"

    def document(self):
        """What partition-N.json must say."""
        document = {"offset": self.offset}
        for station, (count, total, *rest) in self.stations.items():
            document[station] = dict(zip(STATISTICS, (count, total, total / count, *rest)))
        return document


def compute(address, topic, limits=None):
    """A Partition for each of the topic, up to its limit where it has one."""
    partitions = {number: Partition(offset) for number, offset in first_offsets(address, topic).items()}
    limits = limits or {}
    for number, offset, _, _, value in read(address, topic):
        if offset < limits.get(number, math.inf):
            partitions[number].apply(offset, value)
    return partitions


def number_text(number):
    """The first of 15, 16 or 17 significant digits that reads back as the same double; -0 is 0."""
    number += 0.0
    for digits in (15, 16, 17):
        text = f"{number:.{digits}g}"
        if float(text) == number:
            break
    return text


def render(document):
    """The file, byte for byte (for names that JSON writes as they are)."""
    lines = [f'  "offset": {document["offset"]}']
    for station, values in document.items():
        if station == "offset":
            continue
        inner = ",\n".join(
            f'    "{key}": ' + (json.dumps(value) if isinstance(value, str) else number_text(value)
                                if isinstance(value, float) else str(value))
            for key, value in values.items())
        lines.append(f"  {json.dumps(station, ensure_ascii=False)}: {{\n{inner}\n  }}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key stands twice: {keys}")
    return dict(pairs)


def refuse(text):
    raise ValueError(f"{text} is not JSON")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=unique, parse_constant=refuse)


def differences(name, found, expected):
    """Sentences on what differs; numbers are compared as the doubles they are."""
    if not isinstance(found, dict):
        yield f"{name}: is no object"
        return
    for key in expected:
        if key not in found:
            yield f"{name}: {key!r} is missing"
        elif isinstance(expected[key], dict):
            yield from differences(f"{name}: {key}", found[key], expected[key])
        elif found[key] != expected[key]:
            yield f"{name}: {key!r} is {found[key]!r}, must be {expected[key]!r}"
    for key in found:
        if key not in expected:
            yield f"{name}: {key!r} must not be there"
    if set(found) == set(expected) and list(found) != list(expected):
        yield f"{name}: order is {list(found)[:20]}, must be {list(expected)[:20]}"


def files_of(directory):
    pattern = re.compile(r"partition-(\d+)\.json$")
    return {int(pattern.search(path)[1]): path
            for path in sorted(glob.glob(f"{directory}/partition-*.json")) if pattern.search(path)}


def dump(arguments):
    for partition, offset, timestamp, key, value in read(arguments.address, arguments.topic):
        line = {"partition": partition, "offset": offset, "timestamp": timestamp,
                "key": None if key is None else key.decode(errors="backslashreplace")}
        try:
            report = decode(value)
            line.update(date=report.date, station_id=report.station_id, degrees=report.degrees)
            if report.HasField("raining"):
                line["raining"] = report.raining
        except Invalid as error:
            line["error"] = str(error)
            line["value_base64"] = None if value is None else base64.b64encode(value).decode()
        print(json.dumps(line, ensure_ascii=False))


def statistics(arguments):
    partitions = compute(arguments.address, arguments.topic)
    json.dump({"partitions": {number: partition.document() for number, partition in partitions.items()},
               "counts": {number: partition.counts for number, partition in partitions.items()}},
              sys.stdout, indent=2, ensure_ascii=False)
    print()


def compare(arguments):
    """Differences on stdout and exit 1; with --prefix, of what the topic had at the file's offset."""
    files = files_of(arguments.directory)
    documents = {number: load(path) for number, path in files.items()}
    limits = {}
    if arguments.prefix:
        limits = {number: document["offset"] for number, document in documents.items()}
    partitions = compute(arguments.address, arguments.topic, limits)
    wanted = arguments.partitions if arguments.partitions is not None else list(partitions)
    found = []
    for number in wanted:
        name = f"partition-{number}.json"
        if number not in files:
            found.append(f"{name}: is missing")
            continue
        expected = partitions[number].document()
        different = list(differences(name, documents[number], expected))
        if not different and arguments.text:
            with open(files[number], encoding="utf-8") as file:
                if file.read() != render(expected):
                    different = [f"{name}: the values are right, the text is not:\n{render(expected)}"]
        found += different
    for difference in found[:50]:
        print(difference)
    if len(found) > 50:
        print(f"… and {len(found) - 50} more")
    if not found:
        print(f"{len(wanted)} files are as they must be, "
              f"{sum(partitions[number].counts['counted'] for number in wanted)} reports counted")
    return 1 if found else 0


def send(arguments):
    """Each line is {"date", "station", "degrees", "raining"}, of which all may be left out, or {"raw": TEXT},
    {"raw_base64": …}, {"raw": null} for a value that is no report; "key" (default: the station), "partition" and
    "timestamp" may be added."""
    from kafka import KafkaProducer  # pylint: disable=import-outside-toplevel

    producer = KafkaProducer(bootstrap_servers=arguments.address, acks="all", linger_ms=20, retries=10,
                             max_in_flight_requests_per_connection=1)
    futures = []
    for line in sys.stdin:
        if not line.strip():
            continue
        fields = json.loads(line)
        station = fields.get("station", fields.get("station_id"))
        key = fields.get("key", station)
        if "raw" in fields:
            value = None if fields["raw"] is None else fields["raw"].encode()
        elif "raw_base64" in fields:
            value = base64.b64decode(fields["raw_base64"])
        elif arguments.json:
            value = json.dumps(fields).encode()
        else:
            report = Report(date=fields.get("date"), degrees=fields.get("degrees"), station_id=station)
            if "raining" in fields:
                report.raining = bool(fields["raining"])
            value = report.SerializeToString()
        futures.append(producer.send(arguments.topic, value, None if key is None else key.encode(),
                                     partition=fields.get("partition"), timestamp_ms=fields.get("timestamp")))
    producer.flush()
    for future in futures:
        future.get(timeout=60)
    print(f"{len(futures)} records sent")


def place(arguments):
    from kafka.partitioner import DefaultPartitioner  # pylint: disable=import-outside-toplevel

    partitions = list(range(arguments.count))
    for key in arguments.keys:
        print(key, DefaultPartitioner()(key.encode(), partitions, partitions))


def administer(address, work):
    from kafka.admin import KafkaAdminClient  # pylint: disable=import-outside-toplevel

    client = KafkaAdminClient(bootstrap_servers=address)
    try:
        return work(client)
    finally:
        client.close()


def make(arguments):
    from kafka.admin import NewTopic  # pylint: disable=import-outside-toplevel

    properties = dict(text.split("=", 1) for text in arguments.properties)
    topic = NewTopic(arguments.topic, arguments.partitions, 1, topic_configs=properties)
    administer(arguments.address, lambda client: client.create_topics([topic]))


def remove(arguments):
    administer(arguments.address, lambda client: client.delete_topics([arguments.topic]))
    deadline = time.monotonic() + 30
    while arguments.topic in administer(arguments.address, lambda client: client.list_topics()):
        if time.monotonic() > deadline:
            raise SystemExit(f"topic.py: {arguments.topic} is still there")
        time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for function in (dump, statistics, compare, send, make, remove):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        command.add_argument("address")
        command.add_argument("topic")
        if function is compare:
            command.add_argument("directory")
            command.add_argument("--partitions", type=lambda text: [int(part) for part in text.split(",")],
                                 help="only these, as 0,2 (default: all of the topic)")
            command.add_argument("--prefix", action="store_true",
                                 help="the file need not have reached the end of the topic")
            command.add_argument("--text", action="store_true", help="the files' bytes must be right as well")
        if function is make:
            command.add_argument("partitions", type=int)
            command.add_argument("properties", nargs="*", metavar="PROPERTY=VALUE")
        if function is send:
            command.add_argument("--json", action="store_true", help="send the lines as they are, not as protobuf")
    command = commands.add_parser("place")
    command.set_defaults(function=place)
    command.add_argument("count", type=int)
    command.add_argument("keys", nargs="+", metavar="KEY")
    arguments = parser.parse_args()
    return arguments.function(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(141)
