#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Kills a consumer again and again while it reads, then lets it finish.

Each life is started with the directory that the last one left behind, watched through its files, and killed with
SIGKILL at a random instant: most once the files have moved since the life before, every twelfth at any time, which may
be before it has read a record. How far a life may come adapts to what is left, so that the kills fit before the end
on a fast machine and on a slow one.

    killer.py --kills 100 --reference DIR --partitions 0-3 -- PROGRAM ARGUMENT...

The partitions to read are added to the command line.

The last line says what was done: "killed 100 times, 92 of them after progress and before the end". Exit 1 when the
consumer failed by itself.
"""

import argparse
import random
import shlex
import signal
import subprocess
import sys
import time

POLL = 0.0003  # seconds
PATIENCE = 60  # seconds a life may stand still
RESERVE = 0.3  # of the records: partitions come to their ends at different times, and then lives get longer


class Files:
    """The offsets in partition-N.json, which may be replaced at any time."""

    def __init__(self, directory, partitions):
        self.paths = {number: f"{directory}/partition-{number}.json" for number in partitions}

    def offset(self, partitions=None):
        """The sum of them, or of some; a file that is not there yet counts as 0."""
        total = 0
        for number in partitions or self.paths:
            try:
                with open(self.paths[number], "rb", buffering=0) as file:
                    head = file.read(64)
            except FileNotFoundError:
                continue
            total += int(head.split(b"\n")[1].split(b":")[1].rstrip(b","))
        return total


class Life:
    def __init__(self, command, files, log):
        self.files = files
        self.began_at = files.offset()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def watch(self, wanted):
        """Returns the records that are safe since the beginning, once there are as many as wanted."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            progress = self.files.offset() - self.began_at
            if progress >= wanted:
                return progress
            if time.monotonic() > deadline:
                self.kill()
                raise SystemExit(f"killer.py: no progress beyond {progress} of {wanted} records for {PATIENCE} s")
            time.sleep(POLL)
        raise SystemExit(f"killer.py: the consumer ended by itself with {self.process.returncode}")

    def kill(self):
        """Whether it was still there to be killed."""
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait() == -signal.SIGKILL


def expand(partitions):
    first, _, last = partitions.partition("-")
    return range(int(first), int(last or first) + 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--reference", required=True, metavar="DIR", help="has the files of a run to the end")
    parser.add_argument("--directory", default=".")
    parser.add_argument("--each", metavar="COMMAND", help="run after each kill; when it fails, that is the end")
    parser.add_argument("--partitions", type=expand, default="0-3", metavar="FIRST-LAST")
    parser.add_argument("--all", action="store_true", help="read all partitions in each life, also those at their ends")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1000000))
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()

    draw = random.Random(arguments.seed)
    partitions = arguments.partitions
    files = Files(arguments.directory, partitions)
    ends = Files(arguments.reference, partitions)
    end = ends.offset()
    print(f"seed {arguments.seed}", flush=True)
    kills = good = 0
    with open(f"{arguments.directory}/killed.log", "ab") as log:
        while kills < arguments.kills and files.offset() < end:
            # A partition at its end has its file replaced at once, and the others then wait for their turn.
            rest = [number for number in partitions if arguments.all or files.offset([number]) < ends.offset([number])]
            life = Life(arguments.command + [str(number) for number in rest], files, log)
            if kills % 12 == 11:
                time.sleep(draw.uniform(0, 0.08))
            else:
                share = max((1 - RESERVE) * end - life.began_at, 0) / (arguments.kills - kills)
                if life.watch(max(1, draw.uniform(0, share))) < share / 2:
                    time.sleep(draw.uniform(0, 0.003))
            if not life.kill():
                raise SystemExit("killer.py: the consumer ended by itself")
            if arguments.each:
                subprocess.run(shlex.split(arguments.each), stdout=log, check=True)
            kills += 1
            good += life.began_at < files.offset() < end
    if kills < arguments.kills:
        print("the end came before the kills were done: give it more reports")
    print(f"killed {kills} times, {good} of them after progress and before the end, "
          f"the last at offset {files.offset()}")


if __name__ == "__main__":
    sys.exit(main())
