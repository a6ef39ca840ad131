# SPDX-License-Identifier: MIT
"""The daemons under test, as they are run again and again: each run with a directory of its own, on one mock cluster.

A Consumer, Forecast or Producer is one way of running: what is in the directory before, what the topic holds, and how
the result is judged. The judge of what is counted is the feed, a CSV file made here, added up here.
"""

import datetime
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from disk import Disk, read_trace

FIRST_DAY = datetime.date(2000, 1, 1)
PATIENCE = 60  # seconds for one run; whoever needs them has failed
DELAYS = [10, 20, 40, 80, 160]  # milliseconds that the broker takes for an answer
QUICK = ["-o", "kafka.fetch.wait.max.ms=10", "-o", "kafka.topic.metadata.refresh.fast.interval.ms=10"]
# A report that is read twice must show: it would else be dropped as one of a date that has been seen.
KEEP = ["-o", "consumer.duplicates=keep", "-o", "consumer.late=keep"]


def parse(content):
    """A document; None for what is none."""
    try:
        return json.loads(content or b"")
    except ValueError:
        return None


class Mock:
    """tests/lib/mock_cluster, which ends with this process."""

    def __init__(self, build):
        self.process = subprocess.Popen([f"{build}/tests/lib/mock_cluster"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.lock = threading.Lock()

    def tell(self, command):
        with self.lock:
            self.process.stdin.write(command + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise SystemExit(f"the mock cluster, asked for \"{command}\", says {answer}")


class World:
    """Where everything is: the build, the mock cluster, and a directory in memory, as fsync is slow elsewhere and what
    a loss of power leaves is made up anyway."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="weatherd-faults.", dir=base))
        self.mock = Mock(self.build)
        self.numbers = itertools.count(1)
        self.settings = f"{self.path}/none.ini"
        with open(self.settings, "w", encoding="utf-8"):
            pass

    def close(self):
        self.mock.process.stdin.close()
        self.mock.process.wait()
        shutil.rmtree(self.path)

    def new_name(self, prefix):
        return f"{prefix}{next(self.numbers):06}"  # all of one length: one may stand in a file for another

    def new_topic(self, partitions=1):
        name = self.new_name("t")
        self.mock.tell(f"topic {name} {partitions}")
        return name

    def program(self, name, *arguments):
        return [f"{self.build}/{name}", "-c", self.settings, "-o", f"kafka.bootstrap.servers={self.mock.address}",
                *arguments]


class Run:
    """A directory, and what the daemon said in its last life there."""

    def __init__(self, world, topic, base=None):
        self.world = world
        self.topic = topic
        self.root = f"{world.path}/{world.new_name('run')}"
        self.trace = self.root + ".trace"
        self.began_at = 0
        self.once = []  # further arguments of its first life
        self.log = ""
        self.status = None
        if base:
            shutil.copytree(base, self.root)
        else:
            os.mkdir(self.root)

    def clear(self):
        shutil.rmtree(self.root)
        if os.path.exists(self.trace):
            os.unlink(self.trace)

    def live(self, command, faults="", nudge=0):
        """One life. With faults, or "record", under the shim; nudge: SIGUSR1 each so many seconds."""
        environment = {name: value for name, value in os.environ.items()
                       if not re.match(r"NOTIFY_SOCKET|WATCHDOG|STATE_|RUNTIME_|CONFIGURATION_|JOURNAL_|FAULTS_", name)}
        if faults:
            environment.update(LD_PRELOAD=f"{self.world.build}/tests/faults/shim.so", FAULTS_DIRECTORY=self.root,
                               FAULTS_TRACE=self.trace)
        if faults not in ("", "record"):
            environment["FAULTS_AT"] = faults
        with open(self.root + ".log", "w+b") as log:
            process = subprocess.Popen(command + self.once, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log)
            self.status = self.wait(process, log, nudge)
            log.seek(0)
            self.log = log.read().decode(errors="replace")
        os.unlink(self.root + ".log")
        self.once = []
        return self.status

    @staticmethod
    def wait(process, log, nudge):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                return process.wait(nudge or PATIENCE)
            except subprocess.TimeoutExpired:
                pass
            if nudge and os.fstat(log.fileno()).st_size:  # before its first word the signal would end it
                process.send_signal(signal.SIGUSR1)
        process.kill()
        process.wait()
        return f"none within {PATIENCE} s"

    def read(self, name):
        try:
            with open(f"{self.root}/{name}", "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def left_over(self):
        return [f"{name} is left over" for _, _, names in os.walk(self.root) for name in names if name.endswith(".tmp")]


def record(way):
    """A run without faults: itself, the directory before, and its calls. The broker is as slow as it must be for a
    checkpoint after each portion, and stays so."""
    for delay in DELAYS:
        way.world.mock.tell(f"rtt 1 {delay}")
        run = way.start()
        before = Disk(run.root)
        run.live(way.command(run), "record", way.nudge)
        calls = read_trace(run.trace)
        if [call.name for call in calls if call.arguments[-1] == way.path_of(way.checkpoint)].count("rename") >= \
                way.checkpoints:
            return run, before, calls
        run.clear()
    raise SystemExit(f"not even with {delay} ms for each answer there are {way.checkpoints} checkpoints:\n{run.log}")


# ---- reports


def make_rows(days, stations, intruder=0):
    """Lines of a feed: (date, station, degrees), of which each sum is exact. intruder: a day on which another station
    reports as well."""
    rows = []
    for day in range(days):
        date = (FIRST_DAY + datetime.timedelta(day)).isoformat()
        if intruder and day == intruder:
            rows.append((date, "Intruder", -100.0))
        rows += [(date, f"Station{number}", (day * 7 + number * 3) % 50 - 9.5) for number in range(stations)]
    return rows


def rains(degrees):
    return int(degrees) % 3 // 2


def write_feed(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write("date,station,degrees,raining\n")
        file.writelines(f"{date},{station},{degrees},{rains(degrees)}\n" for date, station, degrees in rows)


def statistics(rows, name_of=lambda date, station: station):
    """What a consumer must have counted."""
    found = {}
    for date, station, degrees in rows:
        entry = found.setdefault(name_of(date, station), {"count": 0, "sum": 0, "start": date, "min": degrees,
                                                          "min_date": date, "max": degrees, "max_date": date})
        entry["count"] += 1
        entry["sum"] += degrees
        entry["avg"] = entry["sum"] / entry["count"]
        entry["end"] = date
        if degrees < entry["min"]:
            entry["min"], entry["min_date"] = degrees, date
        if degrees > entry["max"]:
            entry["max"], entry["max_date"] = degrees, date
    return found


def months(rows):
    found = {}
    for name, entry in statistics(rows, lambda date, station: date[:7]).items():
        month = datetime.date.fromisoformat(name + "-01").strftime("%B")
        found.setdefault(month, {})[name[:4]] = entry
    return found


def feed_options(path):
    return ["-o", "producer.source=csv", "-o", f"csv.file={path}", "-o", "csv.date_column=date",
            "-o", "csv.degrees_column=degrees", "-o", "csv.station_column=station", "-o", "csv.raining_column=raining"]


def fill(world, topic, rows, batch, partitions):
    """Sends the rows, so that the mock hands them out in portions of so many."""
    run = Run(world, topic)
    feed = run.root + ".csv"
    write_feed(feed, rows)
    status = run.live(world.program("weatherd-producer", *feed_options(feed), "-o", f"producer.directory={run.root}",
                                    "-o", "producer.interval=0", "-o", f"topic {topic}.partitions={partitions}",
                                    "-o", f"kafka.batch.num.messages={batch}", "-o", "kafka.linger.ms=100"))
    if status != 0:
        raise SystemExit(f"the topic could not be filled:\n{run.log}")
    run.clear()


# ---- ways of running a consumer


class Consumer:
    """All runs read one topic, which is handed to them in portions, and write after each."""

    section = "consumer"
    nudge = 0
    partitions = 1
    documents = ["partition-0.json", ".partition-0.source"]
    checkpoint = "partition-0.json"

    def __init__(self, world, layout="flat", existing=False, portions=2, stations=3, own=False):
        self.world = world
        self.layout = layout
        self.needs_source = layout == "monthly"  # which says whose reports they are
        self.own = own  # a directory of the topic's own, which the daemon makes
        self.checkpoints = portions + existing
        batch = 20 * stations
        self.rows = make_rows(20 * (portions + existing), stations, 20 if layout == "monthly" else 0)
        self.topic = world.new_topic(self.partitions)
        self.base = f"{world.path}/{world.new_name('base')}"
        os.mkdir(self.base)
        if existing:
            fill(world, self.topic, self.rows[:batch], batch, self.partitions)
            self.before = self.run_once(self.base, "before")
            fill(world, self.topic, self.rows[batch:], batch, self.partitions)
        else:
            fill(world, self.topic, self.rows, batch, self.partitions)
        self.straight = self.run_once(None, "straight")
        self.oracle = {name: self.straight.read(self.path_of(name)) for name in self.documents}
        self.check_oracle()

    def make_run(self, base=None):
        return Run(self.world, self.topic, base)

    def run_once(self, root, name):
        run = self.make_run()
        if run.live(self.command(run)) != 0:
            raise SystemExit(f"the run {name} failed:\n{run.log}")
        if root:
            shutil.copytree(run.root, root, dirs_exist_ok=True)
        return run

    def path_of(self, name):
        return os.path.normpath(f"{self.topic}/{name}") if self.own else name

    def check_oracle(self):
        document = json.loads(self.oracle[self.checkpoint])
        rows = [row for row in self.rows if self.layout != "monthly" or row[1] != "Intruder"]
        expected = months(rows) if self.layout == "monthly" else statistics(rows)
        expected["offset"] = len(self.rows)
        if self.layout != "flat":
            expected["partition"] = 0
        if document != expected:
            raise SystemExit(f"a straight run has counted {document}, not {expected}")

    def start(self, state=None):
        run = self.make_run(None if state else self.base)
        if state:
            state.make(run.root)
        return run

    def options(self, run):
        return [*KEEP, "-o", f"consumer.layout={self.layout}"]

    def command(self, run):
        partitions = f"0-{self.partitions - 1}" if self.partitions > 1 else "0"
        where = ["-o", f"{self.section}.topic=other", f"{self.topic}:{partitions}"] if self.own else \
            ["-o", f"{self.section}.topic={self.topic}", partitions]
        # The group is this run's own: what it was told must not be known to another.
        return self.world.program(f"weatherd-{self.section}", *QUICK, *self.options(run),
                                  "-o", f"{self.section}.directory={run.root}",
                                  "-o", f"{self.section}.checkpoint_interval=0",
                                  "-o", f"kafka.group.id={os.path.basename(run.root)}", "--until-end", *where)

    def may_send(self, run, content):
        """Whether it may, when the checkpoint on the disk is that."""
        return True

    def meet_again(self, run, content):
        """It goes on from that checkpoint."""

    def problems(self, run):
        """After a life that ended with 0."""
        found = run.left_over()
        if run.status != 0:
            found.append(f"exit {run.status}")
        for number in range(self.partitions):
            name, source_name = f"partition-{number}.json", f".partition-{number}.source"
            content, source = (run.read(self.path_of(name)) for name in (name, source_name))
            if content != self.oracle[name]:
                found.append(f"{name} is not that of a straight run: {content!r:.300}")
            if source is None:
                found.append(f"there is no {source_name}")
            else:
                found += self.anchor_problems(source_name, json.loads(source)["anchors"])
            if f"partition {number}: reading from offset " not in run.log:
                found.append(f"it does not say from where it reads partition {number}")
        return found

    def anchor_problems(self, name, anchors):
        """They need not be those of a straight run, which stopped elsewhere; a record that both know is the same."""
        straight = {anchor["offset"]: anchor for anchor in json.loads(self.oracle[name])["anchors"]}
        return [f"the anchor {anchor} differs from a straight run's" for anchor in anchors
                if anchor["offset"] >= len(self.rows) or straight.get(anchor["offset"], anchor) != anchor]

    def start_problems(self, run, content):
        """Whether it went on from the checkpoint that was there."""
        expected = 0 if content is None else json.loads(content)["offset"]
        said = re.search(r"partition 0: reading from offset (\d+)", run.log)
        if not said or int(said[1]) != expected:
            return [f"it read from {said[1] if said else 'nowhere'}, not from {expected}"]
        if content is None and "the group" in run.log:
            return ["the group was told of a checkpoint that was not durable"]
        return []


class Several(Consumer):
    """Partitions of one process, whose files are replaced together."""

    partitions = 2
    documents = [f"{prefix}partition-{number}.{suffix}" for number in range(partitions)
                 for prefix, suffix in (("", "json"), (".", "source"))]

    def check_oracle(self):
        documents = [json.loads(content) for name, content in self.oracle.items() if name.endswith(".json")]
        offsets = [document.pop("offset") for document in documents]
        if 0 in offsets or sum(offsets) != len(self.rows):
            raise SystemExit(f"a straight run has read as far as {offsets}")
        found = {name: entry for document in documents for name, entry in document.items()}
        if found != statistics(self.rows):
            raise SystemExit(f"a straight run has counted {found}")


# ---- ways of running a forecast


class Forecast(Consumer):
    """Each run has a topic of its own for its predictions. Which they must be trees.py says, of the straight run."""

    section = "forecast"

    def __init__(self, world, existing=False, portions=2):
        self.model = f"{world.path}/{world.new_name('model')}.json"
        self.trees("make", "4", self.model, os.devnull)
        super().__init__(world, existing=existing, portions=portions)
        self.checkpoints = min(self.checkpoints, 3)  # while predictions are on their way all other portions come
        rows = {row[:2]: number for number, row in enumerate(self.rows)}
        self.predictions = {line: rows[self.foretold_on(**json.loads(line))]
                            for line in self.read_predictions(self.straight)}

    @staticmethod
    def foretold_on(station, date, **_):
        """Date and station of the report that leads to a prediction."""
        return str(datetime.date.fromisoformat(date) - datetime.timedelta(1)), station

    def start(self, state=None):
        run = super().start(state)
        run.began_at = (parse(run.read(self.checkpoint)) or {"offset": 0})["offset"]
        return run

    @staticmethod
    def trees(*arguments):
        subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "../lib/trees.py"), *arguments],
                       stdout=subprocess.DEVNULL, check=True)

    def make_run(self, base=None):
        run = super().make_run(base)
        run.predictions = self.world.new_topic()
        return run

    def options(self, run):
        return ["-o", f"forecast.model={self.model}", "-o", f"forecast.prediction_topic={run.predictions}"]

    def read_predictions(self, run):
        # from offset 0: else librdkafka asks where the first record is, half a second later
        return subprocess.run(["kcat", "-b", self.world.mock.address, "-C", "-t", run.predictions, "-p", "0", "-o", "0",
                               "-e", "-q", "-X", "fetch.wait.max.ms=10"], timeout=PATIENCE, check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout.splitlines()

    def check_oracle(self):
        reports, predictions = (f"{self.world.path}/{self.world.new_name(name)}" for name in ("reports", "predictions"))
        with open(reports, "w", encoding="utf-8") as file:
            for date, station, degrees in self.rows:
                report = {"date": date, "station": station, "degrees": degrees, "raining": rains(degrees)}
                file.write(json.dumps(report) + "\n")
        with open(predictions, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in self.read_predictions(self.straight))
        self.trees("judge", self.model, reports, predictions, f"{self.straight.root}/{self.checkpoint}")

    def may_send(self, run, content):
        return b'"model"' in (content or b"")  # by which it predicts

    def has_sent(self, run):
        return bool(self.read_predictions(run))

    def problems(self, run):
        """One of each station and day at least, and no two that differ: the lines are those of a straight run."""
        found = set(self.read_predictions(run))
        expected = {line for line, number in self.predictions.items() if number >= run.began_at}
        wrong = found ^ expected
        return super().problems(run) + [f"{len(found)} different predictions, must be {len(expected)}; not in "
                                        f"both: {sorted(wrong)[:3]}"] * bool(wrong)


# ---- ways of running a producer


class Producer:
    """Each run has a topic of its own. With existing, there is a position after a third of the feed, from which it goes
    on, as if the topic had that; with fresh, it begins anew all the same."""

    documents = ["producer.json"]
    checkpoint = "producer.json"
    checkpoints = 2
    needs_source = False

    def __init__(self, world, existing=False, fresh=False, nudge=0, days=9, stations=3):
        self.world = world
        self.once = ["--fresh"] if fresh else []
        self.nudge = nudge
        self.rows = make_rows(days, stations)
        self.stations = stations
        self.feed = f"{world.path}/{world.new_name('feed')}.csv"
        write_feed(self.feed, self.rows)
        straight = Run(world, world.new_topic())
        if straight.live(self.command(straight)) != 0:
            raise SystemExit(f"the straight run failed:\n{straight.log}")
        self.oracle = straight.read(self.checkpoint).replace(straight.topic.encode(), b"TOPIC")
        self.existing = None
        if existing:
            self.existing = self.oracle.replace(b'"days": %d' % days, b'"days": %d' % (days // 3))

    def path_of(self, name):
        return name

    def start(self, state=None):
        run = Run(self.world, self.world.new_topic())
        if state:
            state.make(run.root, lambda content: re.sub(rb't\d{6}', run.topic.encode(), content))
        elif self.existing:
            with open(f"{run.root}/{self.checkpoint}", "wb") as file:
                file.write(self.existing.replace(b"TOPIC", run.topic.encode()))
        if not state:
            run.once = self.once
        run.began_at = 0 if run.once else self.position(run.read(self.checkpoint))
        return run

    def command(self, run):
        options = ["-o", "producer.interval=10ms", "-o", "kafka.linger.ms=50"] if self.nudge else \
            ["-o", "producer.interval=0"]
        return self.world.program("weatherd-producer", *feed_options(self.feed), *options,
                                  "-o", f"producer.directory={run.root}", "-o", f"topic {run.topic}.partitions=1")

    def is_existing(self, run, content):
        return self.existing and content == self.existing.replace(b"TOPIC", run.topic.encode())

    def may_send(self, run, content):
        """Not while what is to be forgotten is not, or nothing is written."""
        return content is not None and not (self.once and self.is_existing(run, content))

    def has_sent(self, run):
        return bool(self.topic_problems(run, []))

    def meet_again(self, run, content):
        """What was to be forgotten, and is not, it goes on from."""
        if self.is_existing(run, content):
            run.began_at = self.position(content)

    def position(self, content):
        """Of a row of the feed; 0 as well for what is no checkpoint."""
        document = parse(content) or {}
        return document.get("days", 0) * self.stations + document.get("reports", 0)

    def problems(self, run):
        found = run.left_over()
        if run.status != 0:
            found.append(f"exit {run.status}")
        content = run.read(self.checkpoint) or b""
        if content.replace(run.topic.encode(), b"TOPIC") != self.oracle:
            found.append(f"producer.json is not that of a straight run: {content}")
        return found + self.topic_problems(run, self.rows[run.began_at:])

    def topic_problems(self, run, rows):
        """The topic must hold these rows, none missing and none overtaken; some perhaps twice."""
        reader = Run(self.world, run.topic)
        with open(f"{reader.root}/partition-0.json", "w", encoding="utf-8") as file:
            file.write('{"offset": 0}\n')  # else librdkafka asks where the first record is, half a second later
        reader.live(self.world.program("weatherd-consumer", *QUICK, "-o", f"consumer.topic={run.topic}",
                                       "-o", f"consumer.directory={reader.root}", "-o", "consumer.commit=no",
                                       "--until-end", "0"))
        document = json.loads(reader.read("partition-0.json"))
        reader.clear()
        document.pop("offset")
        if document != statistics(rows):
            return [f"the topic holds {document}, not {statistics(rows)}"]
        return []

    def start_problems(self, run, content):
        said = re.search(r"going on after (\d+) days and (\d+) reports", run.log)
        position = int(said[1]) * self.stations + int(said[2]) if said else 0
        return [] if position == self.position(content) else [f"it went on from {position}, not from {content}"]


# By name; size is 1 for the short form, and larger for more checkpoints and stations.
WAYS = {
    "consumer-new": lambda world, size: Consumer(world, portions=1 + size, stations={1: 3, 2: 24}.get(size, 300)),
    "consumer-existing": lambda world, size: Consumer(world, existing=True, portions=1 + size),
    "consumer-several": lambda world, size: Several(world, existing=True, portions=size, stations=3),
    "consumer-tagged": lambda world, size: Consumer(world, "tagged", own=True, portions=1 + size),
    "consumer-monthly": lambda world, size: Consumer(world, "monthly", portions=1 + size, stations=1),
    "forecast-new": lambda world, size: Forecast(world, portions=size),
    "forecast-existing": lambda world, size: Forecast(world, existing=True, portions=1 + size),
    "producer-new": lambda world, size: Producer(world),
    "producer-existing": lambda world, size: Producer(world, existing=True),
    "producer-fresh": lambda world, size: Producer(world, existing=True, fresh=True),
    "producer-flushed": lambda world, size: Producer(world, nudge=0.015, days=15 * size),
}
