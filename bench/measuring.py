# SPDX-License-Identifier: MIT
"""One run of a program: how long, how much of the processors, of memory and of the disk."""

import collections
import os
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
    """From exec to exit. A program that fails ends this one."""
    kilobytes = 0
    with tempfile.TemporaryFile() as log:
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
