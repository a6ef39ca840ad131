#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes each call of a daemon on its files fail, or the daemon die there, and looks whether its promises hold.

    points.py BUILD WAY TABLE

WAY is one of daemons.WAYS, TABLE one of TABLES. How many calls there are is counted in a run without faults. The last
line says what was done; exit 1 with what was wrong at the first point at which anything was.

A daemon that died must go on, with nothing lost and nothing twice. One whose call failed must name the file and the
cause; then it waits and goes on by itself, or, at the start and at the end, ends with 73 or 74. Whatever happens, the
file under its name is the old one or the new one, whole, at every moment. What is only interrupted is no failure.
"""

import collections
import concurrent.futures
import os
import re
import sys

from daemons import WAYS, World, record
from disk import Disk, read_trace

JOBS = 40  # most of the time they wait
TRIES = 10
FAILING = ("eio", "eio-after", "enospc")
WORDS = {"eio": "Input/output error", "eio-after": "Input/output error", "enospc": "No space left on device"}

# What each call may meet; those that only look are in no row but those of all.
CHANGING = {"open", "write", "pwrite", "fsync", "fdatasync", "close", "ftruncate", "rename", "unlink", "mkdir"}
INTERRUPTIBLE = {"open", "read", "pread", "write", "pwrite", "fsync", "fdatasync", "close", "ftruncate", "flock"}
ALL = CHANGING | INTERRUPTIBLE | {"fstat", "access"}
KINDS = {"kill": ALL, "kill-after": ALL, "eio": ALL, "eio-after": CHANGING, "enospc": CHANGING, "eintr": INTERRUPTIBLE,
         "short": {"read", "pread", "write", "pwrite"}}

# Each entry is what becomes of the calls from the Nth on; the first decides at which it can be. After three calls the
# next attempt has begun.
TABLES = {
    "kill": ["kill", "kill-after"],
    "fail": ["eio", "eio-after", "enospc"],
    "interrupt": ["eintr", "short", "eintr,eintr,short", "short,eintr,short"],
    "pair": ["eio,eio", "eio,eio,eio", "enospc,eio,eio", "short,enospc", "eintr,eio", "eio,kill", "eio,eio,kill",
             "eio,-,-,kill", "short,kill"],
}


class Points:
    def __init__(self, world, way):
        self.world = world
        self.way = way
        run, before, self.calls = record(way)
        problems = way.problems(run) + self.replay(before, self.calls, run)
        if problems:
            raise SystemExit(f"without faults: {problems}\n{run.log}")
        self.enough = False

    @staticmethod
    def replay(disk, calls, run):
        for call in calls:
            disk.apply(call)
        return disk.wrong + disk.differences(run.root)

    def plan(self, table):
        return [(call.number, row) for row in TABLES[table] for call in self.calls
                if call.name in KINDS[row.split(",")[0]]]

    def attempt(self, point):
        """What is wrong there, as text; "" when nothing is."""
        if self.enough:
            return ""
        number, row = point
        faults = ",".join(f"{number + i}:{kind}" for i, kind in enumerate(row.split(",")) if kind != "-")
        for _ in range(TRIES):
            run = self.way.start()
            before = Disk(run.root)
            run.live(self.way.command(run), faults, self.way.nudge)
            calls = read_trace(run.trace)
            if any(call.kind != "-" for call in calls):
                break
            run.clear()
        else:
            return f"{row} at call {number}: that call was never made"
        first = f"exit {run.status}:\n{run.log}"
        problems = self.replay(before, calls, run) + self.judge(run, calls)
        if run.status != 0:
            content = run.read(self.way.path_of(self.way.checkpoint))
            problems += self.check_sent(run, before)
            self.way.meet_again(run, content)
            run.live(self.way.command(run))
            problems += self.way.problems(run) + self.way.start_problems(run, content)
        text = self.describe(point, calls, problems, first, run)
        run.clear()
        return text

    def check_sent(self, run, disk):
        """Not before a loss of power can take away that it may be: then other things would be sent the next time."""
        path = self.way.path_of(self.way.checkpoint)
        unready = [content for content in {state.content(path) for state in disk.states()}
                   if not self.way.may_send(run, content)]
        return [f"it has sent, although there may be {unready[0]!r:.200}"] if unready and self.way.has_sent(run) else []

    def describe(self, point, calls, problems, first, run):
        if not problems:
            return ""
        self.enough = True
        hit = ", ".join(f"{call.number} {call.name} {' '.join(call.arguments)}: {call.kind}"
                        for call in calls if call.kind != "-")
        again = f"\nthen exit {run.status}:\n{run.log}" if run.status is not None else ""
        return f"{point[1]} at call {point[0]} ({hit}):\n  " + "\n  ".join(problems) + f"\n{first}{again}"

    def judge(self, run, calls):
        """A life in which calls failed, or were interrupted."""
        if run.status == -9:  # as it was meant to
            return []
        failed = self.failures(calls)
        if not failed:
            return self.way.problems(run) + self.complaints(run)
        problems = self.check_words(run, failed[0])
        if run.status == 0:
            problems += self.way.problems(run)
            if not re.search(r"can be written again; (reading|sending) goes on", run.log):
                problems.append("it did not wait until the file could be written")
        elif run.status not in (73, 74):
            problems.append(f"exit {run.status}")
        else:
            problems += self.check_end(run, calls, failed)
        return problems

    @staticmethod
    def failures(calls):
        """Those that mean anything: that a file cannot be closed which was only read does not."""
        found, paths, read_only = [], {}, {}
        for call in calls:
            path = call.arguments[0]
            if call.name == "open":
                paths[str(call.result)] = path
                read_only[str(call.result)] = int(call.arguments[1]) & os.O_ACCMODE == os.O_RDONLY
            path = paths.get(path, path)
            harmless = call.name == "close" and read_only.get(call.arguments[0])
            if call.kind in FAILING and not (call.kind == "eio-after" and call.result < 0) and not harmless:
                found.append((call, path))
        return found

    @staticmethod
    def complaints(run):
        """About its files; what it says of the brokers is another matter."""
        return [f"it complains: {line}" for line in run.log.splitlines()
                if ": err: " in line or (": warning: " in line and run.root in line)]

    def check_words(self, run, failure):
        """Which file it is, not how the temporary one is called; of the directory, its own name."""
        call, path = failure
        name = re.sub(r"^(.*/)?\.(partition-\d+\.json|producer\.json)\.tmp$", r"\2", path)
        name = os.path.basename(re.sub(r"\.tmp$", "", name)) if name != "." else run.root
        if call.name in ("fsync", "fdatasync") and path == self.way.path_of("."):
            name = ""  # the message is about the file whose name it holds
        for line in run.log.splitlines():
            if ": err: " in line and name in line and WORDS[call.kind] in line:
                return []
        return [f"no message names {name} and says \"{WORDS[call.kind]}\""]

    def check_end(self, run, calls, failed):
        """73 and 74 are for the start and for the end: before the first attempt to write, and after the last."""
        problems = []
        forgotten = self.way.path_of(self.way.checkpoint)  # by --fresh, at the start
        writes = any(call.name == "unlink" and call.arguments[0] != forgotten for call in calls)
        if writes and "which now it will not" not in run.log:
            problems.append(f"exit {run.status}, where it should have waited")
        # what it cannot remove, or cannot know to be there, is for the next to remove
        if not any(call.name in ("unlink", "open") for call, _ in failed):
            problems += run.left_over()
        return problems


def main():
    build, name, table = sys.argv[1:]
    world = World(build)
    try:
        points = Points(world, WAYS[name](world, int(os.environ.get("WEATHERD_TEST_SIZE", "1"))))
        plan = points.plan(table)
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            wrong = [text for text in pool.map(points.attempt, plan) if text]
        print("\n".join(wrong[:1]))
        counts = collections.Counter(row for _, row in plan)
        print(f"{name}: {len(points.calls)} calls; " + ", ".join(f"{row} at {n}" for row, n in counts.items()))
    finally:
        world.close()
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
