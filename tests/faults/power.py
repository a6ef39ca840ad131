#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Starts a daemon in every state in which a loss of power may have left its directory.

    power.py BUILD WAY

WAY is one of daemons.WAYS. Its calls are recorded in one run with several checkpoints. After each of them disk.Disk
tells what may be on the disk, if no more than what POSIX promises is true. In each such state the checkpoint must be the
one that was durable, or the one that was being written, and a run from there must end as if nothing had happened.

Then the file systems that break their word: a name that holds a file whose data, though synced, is not there, and
directories that went back in time. There, nothing wrong may be counted: the daemon goes on rightly, or it ends with 65,
names the file and leaves everything as it was. The last lines say what was done; exit 1 with the first thing wrong.
"""

import concurrent.futures
import itertools
import json
import os
import re
import sys

from daemons import WAYS, World, parse, record
from disk import Disk, read_trace, torn

JOBS = 24  # most of the time they wait
WENT_ON, WARNED, REFUSED = "went on", "went on with a warning", "refused"
AFTERMATH = {"rename", "fsync", "fdatasync", "close"}  # what a checkpoint still needs after its rename


class Recorded:
    """The calls of a run, and what is to be true after each."""

    def __init__(self, way):
        self.way = way
        self.run, self.disk, self.calls = record(way)
        before = self.disk.names
        self.before = {name: getattr(before.get(way.path_of(name)), "content", None) for name in way.documents}

    def play(self):
        """The disk after none of the calls, after the first, and so on."""
        yield self.disk
        for call in self.calls:
            self.disk.apply(call)
            yield self.disk
        problems = self.way.problems(self.run) + self.disk.wrong + self.disk.differences(self.run.root)
        if problems:
            raise SystemExit(f"without a loss of power: {problems}\n{self.run.log}")

    def versions(self, name):
        """All that the document has been, the first as it was found."""
        return [self.before[name]] + [content for _, content in self.disk.stores[self.way.path_of(name)]]

    def allowed(self, name):
        """Of those, which may be there now: a version is durable once anything else is begun."""
        stores, durable = self.disk.stores[self.way.path_of(name)], 0
        for number, (index, _) in enumerate(stores, 1):
            if any(call.name not in AFTERMATH for call in self.calls[index + 1:self.disk.index + 1]):
                durable = number
        if self.disk.index == len(self.calls) - 1:
            durable = len(stores)
        return self.versions(name)[durable:]


class Trial:
    """States that are tried once each."""

    def __init__(self, way):
        self.way = way
        self.seen = set()

    def fresh(self, states):
        for entry in states:
            if (key := entry[0].key()) not in self.seen:
                self.seen.add(key)
                yield entry

    def run(self, states):
        """How many went on and how many were refused, rightly."""
        verdicts = {}
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            waiting = self.fresh(states)
            while batch := list(itertools.islice(waiting, 8 * JOBS)):
                for verdict in pool.map(lambda entry: judge(self.way, *entry), batch):
                    verdicts[verdict] = verdicts.get(verdict, 0) + 1
        return verdicts


class Wrong(Exception):
    pass


def lost(recorded):
    """Each state that a loss of power may leave, and after which call."""
    documents = [(name, recorded.way.path_of(name)) for name in recorded.way.documents]
    for disk in recorded.play():
        allowed = [(name, path, recorded.allowed(name)) for name, path in documents]
        where = f"after call {disk.index + 1}"
        for state in disk.states():
            for name, path, versions in allowed:
                if state.content(path) not in versions:
                    raise Wrong(f"{where}, {name} may be {state.content(path)!r:.200}, which is neither the one that was "
                                "durable nor the one that was being written")
            yield state, where, WENT_ON


def run_on(way, state):
    """A run from there, and what it did that no run may do."""
    run = way.start(state)
    before, disk = Disk(run.root), Disk(run.root)
    run.live(way.command(run), "record")
    for call in read_trace(run.trace):
        disk.apply(call)
    problems = disk.wrong + disk.differences(run.root)
    if run.status != 0:
        problems += [text for text in before.differences(run.root) if not text.endswith(".lock")]
    return run, problems


def fail(where, state, run, problems):
    listing = "\n".join(f"    {path}: {entry[1]!r:.120}" for path, entry in sorted(state.entries.items()))
    return Wrong(f"{where}, with\n{listing}\n  " + "\n  ".join(problems) + f"\nexit {run.status}:\n{run.log}")


def judge(way, state, where, verdict):
    """From whole files it must go on, and end as if nothing had been; others it must refuse, and leave as they are."""
    run, problems = run_on(way, state)
    if verdict != REFUSED:
        problems += way.problems(run) + way.start_problems(run, state.content(way.path_of(way.checkpoint)))
        if ("is missing, but the source file" in run.log) != (verdict == WARNED):
            problems.append("it does not say that there was a checkpoint" if verdict == WARNED else
                            "it says that there was a checkpoint")
    elif run.status != 65:
        problems.append(f"exit {run.status}, must be 65")
    elif not re.search(r"/(partition-\d\.json|\.partition-\d\.source|producer\.json): .*restore the file", run.log):
        problems.append("it does not name the file and what to do")
    if problems:
        raise fail(where, state, run, problems)
    run.clear()
    return verdict


def broken_data(recorded):
    """Each version of each document with not all of its data, though it was synced before it got its name."""
    way = recorded.way
    for name in way.documents:
        path = way.path_of(name)
        for version in filter(None, recorded.versions(name)):
            size = len(version)
            for content in torn(version, [*range(0, size, 512), size // 2, size - 1]):
                if content != version:
                    verdict = WENT_ON if parse(content) == parse(version) else REFUSED
                    yield recorded.final.replaced(path, content), f"{name} torn", verdict


def older_names(recorded):
    """The versions of the documents in all combinations, as if a directory's sync had been none."""
    way = recorded.way
    for versions in itertools.product(*(recorded.versions(name) for name in way.documents)):
        state = recorded.final
        if versions[-1] is None and way.needs_source:
            continue  # nobody can know it then
        for name, content in zip(way.documents, versions):
            state = state.replaced(way.path_of(name), content)
        if any(versions):
            gone = versions[0] is None and json.loads(versions[-1])["anchors"]
            yield state, "after a sync of the directory that was none", WARNED if gone else WENT_ON


def summary(verdicts):
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items())) or "none"


def main():
    build, name = sys.argv[1:]
    world = World(build)
    try:
        way = WAYS[name](world, int(os.environ.get("WEATHERD_TEST_SIZE", "1")) + 1)
        recorded = Recorded(way)
        world.mock.tell("rtt 1 0")
        trial = Trial(way)
        try:
            verdicts = trial.run(lost(recorded))
            recorded.final = next(recorded.disk.states())
            broken = trial.run(broken_data(recorded))
            older = trial.run(older_names(recorded))
        except Wrong as wrong:
            print(wrong)
            return 1
        stores = {name: len(recorded.versions(name)) - 1 for name in way.documents}
        times = " and ".join(f"{n} times {path}" for path, n in stores.items())
        print(f"{name}: {len(recorded.calls)} calls, {times}: "
              f"{sum(verdicts.values())} states after a loss of power, {summary(verdicts)}")
        print(f"{name}, where a file system breaks its word: {sum(broken.values())} states with data torn, "
              f"{summary(broken)}; {sum(older.values())} with older names, {summary(older)}")
    finally:
        world.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
