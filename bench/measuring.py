# SPDX-License-Identifier: MIT
"""One run of a program: how long, how much of the processors, of memory and of the disk."""

import collections
import contextlib
import os
import pathlib
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

SCRATCH = os.environ.get("TMPDIR", "/var/tmp")  # /tmp may be no disk
LIMIT = 900  # seconds that a program may take
SAMPLE = 50  # milliseconds from one look at the memory to the next

Run = collections.namedtuple("Run", "seconds cpu_seconds peak_mb written_mb")


def peak(pid):
    """In kB, so far. What wait() tells as the peak of a child is never less than what the parent has."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(next((line.split()[1] for line in file if line.startswith("VmHWM:")), 0))
    except OSError:
        return 0


def run(command, directory):
    """From exec to exit; what it says is in the file "log". A program that fails ends this one."""
    kilobytes = 0
    with open(os.path.join(directory, "log"), "w+b") as log:
        begin = time.monotonic()
        process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        try:
            ended = select.poll()
            ended.register(os.pidfd_open(process.pid), select.POLLIN)
            while not (events := ended.poll(SAMPLE)):
                kilobytes = max(kilobytes, peak(process.pid))
                if time.monotonic() - begin > LIMIT:
                    sys.exit(f"{shlex.join(command)}: not at its end after {LIMIT} s")
        except BaseException:
            process.kill()
            raise
        seconds = time.monotonic() - begin
        os.close(events[0][0])
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            log.seek(0)
            sys.exit(f"{shlex.join(command)}: status {process.returncode}\n{log.read().decode(errors='replace')}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, kilobytes / 1024, usage.ru_oublock / 2048)


def run_anywhere(command, look=None):
    """In an empty directory, into which look is given a look afterwards; returns the run, and what look returned."""
    directory = tempfile.mkdtemp(prefix="weatherd-bench.", dir=SCRATCH)
    try:
        result = run(command, directory)
        return result, look(directory) if look else None
    finally:
        shutil.rmtree(directory)


def field(path, name):
    """The number behind a name in a file of /proc."""
    lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@contextlib.contextmanager
def running(commands):
    """Starts them, each in an empty directory, where "log" is what it says: {name: (process, directory)}; and ends them."""
    with tempfile.TemporaryDirectory(prefix="weatherd-bench.", dir=SCRATCH) as top:
        programs = {}
        try:
            for name, command in commands.items():
                directory = pathlib.Path(top, name)
                directory.mkdir()
                with open(directory / "log", "wb") as log:
                    programs[name] = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log,
                                                      stderr=log), directory
            yield programs
        finally:
            for process, _ in programs.values():
                process.kill()
                process.wait()


def activity(pid):
    """Seconds of processor; how often the first thread, and all others, have gone to sleep by themselves, which is as often as
    they were woken."""
    statistics = pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")
    seconds = sum(int(path.read_text(encoding="ascii").split()[0]) for path in statistics) / 1e9
    switches = {int(task): field(f"/proc/{pid}/task/{task}/status", "voluntary_ctxt_switches")
                for task in os.listdir(f"/proc/{pid}/task")}
    return seconds, switches.pop(pid), sum(switches.values())


Idleness = collections.namedtuple("Idleness", "cpu_percent wakeups others_wakeups resident_mb peak_mb")


def watch(programs, seconds):
    """What programs that are running() do in that time: {name: Idleness}, wake-ups a second."""
    before = {name: activity(process.pid) for name, (process, _) in programs.items()}
    time.sleep(seconds)
    found = {}
    for name, (process, _) in programs.items():
        cpu, ours, others = (b - a for a, b in zip(before[name], activity(process.pid)))
        status = f"/proc/{process.pid}/status"
        found[name] = Idleness(100 * cpu / seconds, ours / seconds, others / seconds, field(status, "VmRSS") / 1024,
                               field(status, "VmHWM") / 1024)
    return found


def offset_in(file):
    """Of one of weatherd-consumer's files, opened without a buffer, of which not all is read."""
    return int(file.read(64).split(b"\n")[1].split(b":")[1].rstrip(b","))


def offsets(directory):
    """{file: offset} of weatherd-consumer's files."""
    found = {}
    for path in pathlib.Path(directory).glob("partition-*.json"):
        with open(path, "rb", buffering=0) as file:
            found[path.name] = offset_in(file)
    return found


def first_record(command, source):
    """weatherd-consumer, with checkpoint_interval = 0, on a copy of a directory whose partitions have more to read: seconds from
    exec until it reads on, and until a file has a later offset."""
    with tempfile.TemporaryDirectory(prefix="weatherd-bench.", dir=SCRATCH) as directory:
        work = shutil.copytree(source, os.path.join(directory, "work"))
        before, reading = offsets(work), None
        with open(os.path.join(directory, "log"), "w+b") as log:
            begin = time.monotonic()
            process = subprocess.Popen(command, cwd=work, stdin=subprocess.DEVNULL, stderr=log)
            try:
                while offsets(work) == before:
                    log.seek(0)
                    if reading is None and b"reading from offset" in log.read():
                        reading = time.monotonic() - begin
                    if time.monotonic() - begin > 60 or process.poll() is not None:
                        sys.exit("no partition moved: the directory must have more to read")
                    time.sleep(0.0005)
                moved = time.monotonic() - begin
            finally:
                process.kill()
                process.wait()
        return reading or moved, moved
