#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A client of the topic that shares no code with weatherd: the tests' second opinion.

Records are read by kcat (kafka-python needs minutes for a million), decoded by json or by the classes that protoc
generates from proto/*.proto, and counted by the rules of the contract, in the order of their offsets and with the
same additions, so that sums are equal to the last bit. Reports are sent by kafka-python with its own partitioner.

    topic.py dump ADDRESS TOPIC                 a JSON line a record
    topic.py statistics ADDRESS TOPIC           what the consumer must have, and how many were counted
    topic.py compare ADDRESS TOPIC DIRECTORY    whether DIRECTORY/partition-N.json are just that; else exit 1
    topic.py letters ADDRESS TOPIC COPIES       whether the topic COPIES has the invalid records of TOPIC; else exit 1
    topic.py send ADDRESS TOPIC <LINES          JSON lines in; see send()
    topic.py place COUNT KEY...                 the partition of COUNT in which kafka-python puts each key
    topic.py make ADDRESS TOPIC PARTITIONS [PROPERTY=VALUE...]
    topic.py remove ADDRESS TOPIC               returns when the broker no longer knows it

dump, statistics, compare and letters take --schema station_report for records of the other message, and --format;
statistics and compare --layout.
"""

import argparse
import base64
import calendar
import collections
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
import warnings

sys.dont_write_bytecode = True

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATISTICS = ("count", "sum", "avg", "start", "end", "min", "min_date", "max", "max_date")


class Invalid(Exception):
    """A record that is not a report; the consumer must say so too."""


class Undecodable(Invalid):
    """One that can't even be read."""


Fields = collections.namedtuple("Fields", "date station degrees raining")  # raining None: not known


def load_class(name, old="", new=""):
    """Of proto/NAME.proto, in which the message has that name in CamelCase, with some of its text replaced."""
    with open(f"{TOP}/proto/{name}.proto", encoding="utf-8") as file:
        source = file.read().replace(old, new)
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/{name}.proto", "w", encoding="utf-8") as file:
            file.write(source)
        subprocess.run(["protoc", f"--python_out={directory}", f"-I{directory}", f"{name}.proto"], check=True)
        sys.path.insert(0, directory)
        try:
            module = importlib.import_module(f"{name}_pb2")
            return getattr(module, name.title().replace("_", ""))
        finally:
            sys.path.remove(directory)


def read(address, topic):
    """Yields (partition, offset, timestamp, key, value, headers) of all that is there now: key and value bytes or None,
    headers "NAME=VALUE,…" as bytes.

    The lengths come before the bytes, so that these may be anything; headers may hold no line feed.
    """
    command = ["kcat", "-b", address, "-C", "-t", topic, "-o", "beginning", "-e", "-q",
               "-X", "check.crcs=true", "-X", "queued.min.messages=1000000", "-f", r"%p %o %T %K %S\n%k%s%h\n"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as kcat:
        readline, read_bytes = kcat.stdout.readline, kcat.stdout.read
        while head := readline():
            partition, offset, timestamp, key_length, value_length = map(int, head.split())
            key = read_bytes(key_length) if key_length >= 0 else None
            value = read_bytes(value_length) if value_length >= 0 else None
            headers = readline()
            if headers[-1:] != b"\n":
                raise SystemExit(f"topic.py: kcat's output is out of step after {head!r}")
            yield partition, offset, timestamp, key, value, headers[:-1]
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


def unique(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a key stands twice: {keys}")
    return dict(pairs)


def refuse(text):
    raise ValueError(f"{text} is not JSON")


def integer(text):
    """Beyond 64 bits they are refused, rather than rounded."""
    value = int(text)
    return value if abs(value) < 2 ** 63 else refuse(text)


JSON = json.JSONDecoder(object_pairs_hook=unique, parse_constant=refuse, parse_int=integer)


def is_number(value):
    return type(value) in (int, float)


def decode_json(value):
    try:
        fields = JSON.decode(value.decode())
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Undecodable("JSON: no object")
    if "station" in fields and "station_id" in fields:
        raise Undecodable("JSON: station and station_id")
    station = fields.get("station", fields.get("station_id", ""))
    raining = fields.get("raining")
    if not isinstance(fields.get("date"), str) or not isinstance(station, str) or not is_number(fields.get("degrees")):
        raise Undecodable("JSON: a member is missing or of another type")
    if raining is not None and (type(raining) is not int or raining not in (0, 1)):
        raise Undecodable("JSON: raining")
    try:
        station.encode()
    except UnicodeEncodeError as error:
        raise Undecodable("JSON: half a surrogate pair") from error
    return Fields(fields["date"], station, float(fields["degrees"]), None if raining is None else bool(raining))


class Decoder:
    """From a record's bytes to Fields, by the contract's rules for [consumer] format and schema."""

    def __init__(self, record_format="auto", schema="report"):
        self.format = record_format
        # on the wire they are one, and of strings that are no UTF-8 the library would complain on stderr
        self.message = load_class(schema, " string ", " bytes ")
        self.station = "station" if schema == "station_report" else "station_id"
        # "Unexpected end-group tag: Not all data was converted"
        warnings.simplefilter("error", RuntimeWarning)

    def protobuf(self, value):
        """The library ends at a field of number 0, there or behind what it takes for the end; it ignores fields of
        another type and groups, which weatherd refuses."""
        found = self.message()
        try:
            end = found.MergeFromString(value)
            if value[-1:] == b"\0":
                end = self.message().MergeFromString(value + b"\x28\1") - 2
        except Exception as error:  # google.protobuf.message.DecodeError
            raise Undecodable(f"protobuf: {error}") from error
        if end != len(value):
            raise Undecodable("protobuf: a field of number 0")
        for field in found.UnknownFields():
            if field.wire_type == 3 or field.field_number <= 3:
                raise Undecodable(f"protobuf: field {field.field_number} of type {field.wire_type}")
        try:
            return Fields(found.date.decode(), getattr(found, self.station).decode(), found.degrees,
                          found.raining if found.HasField("raining") else None)
        except UnicodeDecodeError as error:
            raise Invalid(f"protobuf: {error}") from error

    def framed(self, value):
        """A zero, four bytes of the schema's id; JSON, or the list of message indexes and protobuf. The list that names
        the first message is a count of 0, or a count of 1 (as zigzag, 2) and the index 0, which may be longer than they
        need be."""
        payload = value[5:]
        if payload[:1] == b"{":
            return decode_json(payload)
        if found := re.match(rb"(?s)(?:\x82\x80{0,3}\0|\x02)?(?:\x80{0,4}\0)", payload):
            return self.protobuf(payload[found.end():])
        raise Undecodable("framing")

    def fields(self, value):
        if not value:
            raise Undecodable("no value")
        if self.format == "json" or (self.format == "auto" and value[:1] == b"{"):
            return decode_json(value)
        if value[:1] == b"\0":
            if self.format != "auto":
                raise Undecodable("framing")
            return self.framed(value)
        return self.protobuf(value)

    def __call__(self, value):
        """The Fields of a report that may be counted but for its station; raises Invalid."""
        fields = self.fields(value)
        if (good := known_dates.get(fields.date)) is None:
            good = known_dates[fields.date] = date_exists(fields.date)
        if not good:
            raise Invalid(f"date {fields.date!r}")
        if not math.isfinite(fields.degrees):
            raise Invalid(f"degrees {fields.degrees}")
        return fields


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


def check_station(text):
    if (good := known_stations.get(text)) is None:
        good = known_stations[text] = station_is_good(text)
    if not good:
        raise Invalid(f"station {text!r}")


class Partition:
    """The statistics of one partition, by the contract: duplicates and late reports dropped."""

    def __init__(self, number, offset, decoder, layout):
        self.number = number
        self.offset = offset
        self.decode = decoder
        self.layout = layout
        self.entries = {}  # a station's, or in a monthly file a month's, in order of first appearance
        self.station = ""  # the one of a monthly file
        self.counts = {"counted": 0, "duplicate": 0, "late": 0, "invalid": 0}
        self.last_timestamp = None

    def apply(self, offset, timestamp, value):
        """Raises Invalid, having counted it."""
        self.offset = offset + 1
        self.last_timestamp = timestamp
        if value is None:
            return  # a tombstone says nothing about the weather
        try:
            report = self.decode(value)
            self.counts[self.count(report, self.name_entry(report))] += 1
        except Invalid:
            self.counts["invalid"] += 1
            raise

    def name_entry(self, report):
        if self.layout != "monthly":
            check_station(report.station)
            return report.station
        if report.station:
            check_station(report.station)
            self.station = self.station or report.station
            if report.station != self.station:
                raise Invalid("a second station")
        return report.date[:7]

    def count(self, report, name):
        date, degrees = report.date, report.degrees
        entry = self.entries.get(name)
        if entry is None:
            self.entries[name] = [1, degrees, date, date, degrees, date, degrees, date]
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
        document = {} if self.layout == "flat" else {"partition": self.number}
        document["offset"] = self.offset
        for name, (count, total, *rest) in self.entries.items():
            statistics_of = dict(zip(STATISTICS, (count, total, total / count, *rest)))
            if self.layout == "monthly":
                document.setdefault(calendar.month_name[int(name[5:])], {})[name[:4]] = statistics_of
            else:
                document[name] = statistics_of
        return document


def compute(arguments, limits=None, invalid=None):
    """A Partition for each of the topic, up to its limit where it has one. invalid is called with each such record's
    partition, offset, timestamp, key, value, headers and whether it could be decoded."""
    decoder = Decoder(arguments.format, arguments.schema)
    layout = getattr(arguments, "layout", "flat")
    partitions = {number: Partition(number, offset, decoder, layout)
                  for number, offset in first_offsets(arguments.address, arguments.topic).items()}
    limits = limits or {}
    for number, offset, timestamp, key, value, headers in read(arguments.address, arguments.topic):
        if offset >= limits.get(number, math.inf):
            continue
        try:
            partitions[number].apply(offset, timestamp, value)
        except Invalid as error:
            if invalid:
                invalid(number, offset, timestamp, key, value, headers, not isinstance(error, Undecodable))
    return partitions


def number_text(number):
    """The first of 15, 16 or 17 significant digits that reads back as the same double; -0 is 0."""
    number += 0.0
    for digits in (15, 16, 17):
        text = f"{number:.{digits}g}"
        if float(text) == number:
            break
    return text


def render_value(value, indent):
    if isinstance(value, dict):
        inner = ",\n".join(f"{indent}  {json.dumps(key, ensure_ascii=False)}: {render_value(member, indent + '  ')}"
                           for key, member in value.items())
        return f"{{\n{inner}\n{indent}}}"
    if isinstance(value, str):
        return json.dumps(value)
    return number_text(value) if isinstance(value, float) else str(value)


def render(document):
    """The file, byte for byte (for names that JSON writes as they are)."""
    return render_value(document, "") + "\n"


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


def load_metrics(path):
    """The values of a file for Prometheus: {(name, labels as a sorted tuple of pairs): value}."""
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)\n", line).groups()
            key = (name, tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels or ""))))
            if key in values:
                raise SystemExit(f"topic.py: {path} has {key} twice")
            values[key] = float(value)
    return values


def metrics_differences(arguments, partitions):
    """The figures of a consumer that has read the whole topic since its start."""
    found = load_metrics(arguments.metrics)
    for number, partition in partitions.items():
        labels = (("partition", str(number)), ("topic", arguments.topic))
        stations = bool(partition.entries) if partition.layout == "monthly" else len(partition.entries)
        expected = {("weatherd_consumer_records_total", (*labels[:1], ("result", result), *labels[1:])): count
                    for result, count in partition.counts.items()}
        expected[("weatherd_consumer_offset", labels)] = partition.offset
        expected[("weatherd_consumer_lag", labels)] = 0
        expected[("weatherd_consumer_lost_records_total", labels)] = 0
        expected[("weatherd_consumer_window_late_total", labels)] = 0
        expected[("weatherd_stations", labels)] = stations
        if partition.last_timestamp is not None:
            expected[("weatherd_consumer_last_record_timestamp_seconds", labels)] = partition.last_timestamp / 1000
        for key, value in expected.items():
            if found.get(key) != value:
                yield f"{key[0]}{dict(key[1])} is {found.get(key)}, must be {value}"


def dump(arguments):
    decoder = Decoder(arguments.format, arguments.schema)
    for partition, offset, timestamp, key, value, _ in read(arguments.address, arguments.topic):
        line = {"partition": partition, "offset": offset, "timestamp": timestamp,
                "key": None if key is None else key.decode(errors="backslashreplace")}
        try:
            report = decoder(value)
            check_station(report.station)
            line.update(date=report.date, station_id=report.station, degrees=report.degrees)
            if report.raining is not None:
                line["raining"] = report.raining
        except Invalid as error:
            line["error"] = str(error)
            line["value_base64"] = None if value is None else base64.b64encode(value).decode()
        print(json.dumps(line, ensure_ascii=False))


def statistics(arguments):
    partitions = compute(arguments)
    json.dump({"partitions": {number: partition.document() for number, partition in partitions.items()},
               "counts": {number: partition.counts for number, partition in partitions.items()}},
              sys.stdout, indent=2, ensure_ascii=False)
    print()


def report_findings(found):
    for finding in found[:50]:
        print(finding)
    if len(found) > 50:
        print(f"… and {len(found) - 50} more")
    return 1 if found else 0


def compare(arguments):
    """Differences on stdout and exit 1; with --prefix, of what the topic had at the file's offset."""
    files = files_of(arguments.directory)
    documents = {number: load(path) for number, path in files.items()}
    limits = {}
    if arguments.prefix:
        limits = {number: document["offset"] for number, document in documents.items()}
    partitions = compute(arguments, limits)
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
    if arguments.metrics:
        found += metrics_differences(arguments, {number: partitions[number] for number in wanted})
    if not found:
        sums = {result: sum(partitions[number].counts[result] for number in wanted)
                for result in ("counted", "duplicate", "late", "invalid")}
        print(f"{len(wanted)} files are as they must be, " + ", ".join(f"{n} {result}" for result, n in sums.items()))
    return report_findings(found)


ERRORS = b"__connect.errors."
DATA_EXCEPTION = b"org.apache.kafka.connect.errors.DataException"


class Letters:
    """The copies of invalid records, by the partition and offset that their headers say."""

    def __init__(self, address, topic, copies):
        self.source = topic.encode()
        self.found = []
        self.copies = {}
        self.sent = 0
        for _, _, timestamp, key, value, headers in read(address, copies):
            self.sent += 1
            own, *added = (b"," + headers).split(b"," + ERRORS, 6)
            names = [text.split(b"=", 1)[0] for text in added]
            if names != [b"topic", b"partition", b"offset", b"stage", b"exception.class.name", b"exception.message"]:
                self.found.append(f"headers {headers[:200]!r}")
                continue
            origin, partition, offset, stage, exception, message = (text.split(b"=", 1)[1] for text in added)
            if origin != self.source or exception != DATA_EXCEPTION or not message:
                self.found.append(f"headers {headers[:200]!r}")
                continue
            place = (int(partition), int(offset))
            letter = (timestamp, key, value, own[1:], stage)
            if self.copies.setdefault(place, letter) != letter:
                self.found.append(f"{place}: two copies differ")

    def check(self, place, timestamp, key, value, headers, stages):
        copy = self.copies.pop(place, None)
        if copy is None:
            self.found.append(f"{place}: no copy")
        elif copy[:4] != (timestamp, key, value, headers):
            self.found.append(f"{place}: is {copy!r:.300}, must be {(timestamp, key, value, headers)!r:.300}")
        elif copy[4] not in stages:
            self.found.append(f"{place}: the stage is {copy[4]!r}")


def letters(arguments):
    """Differences on stdout and exit 1: each invalid record has a copy, no other has one. With --directory only of
    those before the offsets of the files there (a missing file's is 0); with --again copies may have been sent twice."""
    documents = {number: load(path) for number, path in files_of(arguments.directory or "/nowhere").items()}
    found = Letters(arguments.address, arguments.topic, arguments.copies)
    beyond = {}
    count = 0

    def invalid(partition, offset, timestamp, key, value, headers, decoded):
        nonlocal count
        if arguments.directory and offset >= documents.get(partition, {"offset": 0})["offset"]:
            beyond[(partition, offset)] = True
            return
        count += 1
        # which of the two bad dates and degrees are is nowhere said
        found.check((partition, offset), timestamp, key, value, headers,
                    (b"TASK_PUT", b"VALUE_CONVERTER") if decoded else (b"VALUE_CONVERTER",))

    compute(arguments, invalid=invalid)
    found.found += [f"{place}: a copy of no invalid record" for place in found.copies if place not in beyond]
    if not arguments.again and not arguments.directory and found.sent != count:
        found.found.append(f"{found.sent} copies of {count} records")
    if not found.found:
        print(f"{count} invalid records have their copies, {found.sent} were sent")
    return report_findings(found.found)


def encode(arguments, fields, report_class, station):
    """The value of a line of send()."""
    if "raw" in fields:
        return None if fields["raw"] is None else fields["raw"].encode()
    if "raw_base64" in fields:
        return base64.b64decode(fields["raw_base64"])
    framing = b"\0\0\0\0\7" if arguments.framed else b""
    if arguments.json:
        return framing + json.dumps(fields).encode()
    report = report_class(date=fields.get("date"), degrees=fields.get("degrees"),
                          **{station: fields.get("station", fields.get("station_id"))})
    if "raining" in fields:
        report.raining = bool(fields["raining"])
    return (framing and framing + b"\0") + report.SerializeToString()


def send(arguments):
    """Each line is {"date", "station", "degrees", "raining"}, of which all may be left out, or {"raw": TEXT},
    {"raw_base64": …}, {"raw": null} for a value that is no report; "key" (default: the station), "partition",
    "timestamp" and "headers" ([[NAME, VALUE or null], …], in base64 with "headers_base64") may be added."""
    from kafka import KafkaProducer  # pylint: disable=import-outside-toplevel

    producer = KafkaProducer(bootstrap_servers=arguments.address, acks="all", linger_ms=20, retries=10,
                             max_in_flight_requests_per_connection=1, max_request_size=2000000)
    report_class = None if arguments.json else load_class(arguments.schema)
    station = "station" if arguments.schema == "station_report" else "station_id"
    futures = []
    for line in sys.stdin:
        if not line.strip():
            continue
        fields = json.loads(line)
        place = {name: fields.pop(name, None) for name in ("partition", "timestamp")}
        headers = [(name, None if value is None else value.encode()) for name, value in fields.pop("headers", [])]
        headers += [(name, base64.b64decode(value)) for name, value in fields.pop("headers_base64", [])]
        key = fields.pop("key", fields.get("station", fields.get("station_id")))
        futures.append(producer.send(arguments.topic, encode(arguments, fields, report_class, station),
                                     None if key is None else key.encode(), partition=place["partition"],
                                     timestamp_ms=place["timestamp"], headers=headers))
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
    replicas = {}
    if not arguments.partitions.isdigit():
        replicas = {number: [int(broker) for broker in brokers.split(":")]
                    for number, brokers in enumerate(arguments.partitions.split(","))}
    topic = NewTopic(arguments.topic, -1 if replicas else int(arguments.partitions), -1 if replicas else 1,
                     replica_assignments=replicas or None, topic_configs=properties)
    administer(arguments.address, lambda client: client.create_topics([topic]))


def remove(arguments):
    administer(arguments.address, lambda client: client.delete_topics([arguments.topic]))
    deadline = time.monotonic() + 30
    while arguments.topic in administer(arguments.address, lambda client: client.list_topics()):
        if time.monotonic() > deadline:
            raise SystemExit(f"topic.py: {arguments.topic} is still there")
        time.sleep(0.02)


def add_arguments(function, command):
    command.add_argument("address")
    command.add_argument("topic")
    if function in (dump, statistics, compare, letters, send):
        command.add_argument("--schema", choices=("report", "station_report"), default="report",
                             help="the message of protobuf")
    if function in (dump, statistics, compare, letters):
        command.add_argument("--format", choices=("auto", "protobuf", "json"), default="auto")
    if function in (statistics, compare):
        command.add_argument("--layout", choices=("flat", "tagged", "monthly"), default="flat")
    if function is compare:
        command.add_argument("directory")
        command.add_argument("--partitions", type=lambda text: [int(part) for part in text.split(",")],
                             help="only these, as 0,2 (default: all of the topic)")
        command.add_argument("--prefix", action="store_true",
                             help="the file need not have reached the end of the topic")
        command.add_argument("--text", action="store_true", help="the files' bytes must be right as well")
        command.add_argument("--metrics", metavar="FILE",
                             help="and these figures of a consumer that has read all since its start")
    if function is letters:
        command.add_argument("copies")
        command.add_argument("--directory", help="has the files that say how far copies must be there")
        command.add_argument("--again", action="store_true", help="a copy may have been sent more than once")
    if function is make:
        command.add_argument("partitions", help="how many, or the brokers of each, the leader first: 1:2:3,2:3:1")
        command.add_argument("properties", nargs="*", metavar="PROPERTY=VALUE")
    if function is send:
        command.add_argument("--json", action="store_true", help="send the lines as they are, not as protobuf")
        command.add_argument("--framed", action="store_true", help="in Confluent's framing")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for function in (dump, statistics, compare, letters, send, make, remove):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        add_arguments(function, command)
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
