# SPDX-License-Identifier: MIT
"""What is built to be measured, and the Kafka on which that is done."""

import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

from measuring import SCRATCH

TOP = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("WEATHERD_BUILD", TOP / "build" / "gcc")).resolve()


def prepare(peers=False):
    """Installs, fetches and builds what is needed; returns the directory of Kafka, or with the peers that of Kafka Streams."""
    rest = 'bench_prepare_peers "$1" >&2 && bench_streams_home' if peers else "kafka_home"
    script = f'. {TOP}/scripts/lib/bench.sh && bench_prepare "$1" >&2 && {rest}'
    run = subprocess.run(["bash", "-c", script, "-", BUILD], check=False, stdout=subprocess.PIPE, text=True)
    if run.returncode:
        sys.exit(run.returncode)  # it has said why
    return run.stdout.strip()


def words(command, **values):
    return [word.format(top=TOP, build=BUILD, **values) for word in shlex.split(command)]


class Kafka:
    """A broker and what is on it, below a directory that goes with it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="weatherd-kafka.", dir=SCRATCH)
        self.address = ""

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
        # what is deleted makes room for the next topic
        self.address = self.script("start", self.directory, "log.segment.delete.delay.ms=1000").strip()
        return self

    def __exit__(self, *_):
        self.script("kill", self.directory)
        shutil.rmtree(self.directory)

    def script(self, *arguments):
        return subprocess.run([TOP / "scripts/kafka", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

    def tool(self, *arguments):
        return self.script("tool", self.directory, *arguments)

    def make(self, topic, partitions=4):
        self.tool("topics", "--create", "--topic", topic, "--partitions", str(partitions))

    def remove(self, topic):
        self.tool("topics", "--delete", "--topic", topic)

    def count(self, topic):
        return sum(int(line.split(":")[2]) for line in self.tool("get-offsets", "--topic", topic).split())
