# SPDX-License-Identifier: MIT
"""From the figures of bench/run to tables, and tables into doc/performance.md between two lines that mark their place."""

import glob
import os
import platform
import re
import statistics
import subprocess
import sys

BEGIN, END = "<!-- bench/{} --write: from here -->", "<!-- to here -->"
HEAD = ["program", "million records", "million records/s", "ratio", "CPU ns a record", "ratio", "peak MB", "ratio", "written MB"]


def output(*command):
    """The first lines of what it prints, wherever it prints it; "" when there is no such program."""
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except OSError:
        return ""
    return run.stdout.strip()


def found(pattern, text):
    match = re.search(pattern, text)
    return match[1] if match else ""


def jar(directory, name):
    return found(rf"{name}-([\d.]+)\.jar", " ".join(glob.glob(f"{directory}/{name}-*.jar")))


def versions(build, streams):
    """Of all that takes part."""
    daemon = output(f"{build}/weatherd-consumer", "--version")
    go = output("go", "version", "-m", f"{build}/peers/franz-go")
    python = output("/usr/bin/python3", "-c", "import confluent_kafka as c, kafka, google.protobuf as p; "
                    "print(c.version()[0], c.libversion()[0], kafka.__version__, p.__version__)").split()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = found(r"model name\s*: (.*)", file.read())
    return {
        "weatherd": found(r"\) (\S+)", daemon),
        "librdkafka": found(r"librdkafka ([\d.]+)", daemon),
        "allocator": found(r"allocator (\w+)", daemon),
        "Apache Kafka and Kafka Streams": jar(streams, "kafka-streams"),
        "Java": found(r'version "(.*?)"', output("java", "-version")),
        "franz-go": found(r"franz-go\s+v([\d.]+)", go),
        "Go": found(r": go([\d.]+)", go),
        "kcat": found(r"Version ([\d.]+)", output("kcat", "-V")),
        **dict(zip(("confluent-kafka-python", "its librdkafka", "kafka-python", "protobuf of Python"), python)),
        "Python": found(r"Python ([\d.]+)", output("/usr/bin/python3", "--version")),
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "kernel": platform.release(),
        "processors": f"{os.cpu_count()} × {model}",
    }


def row(name, entry, ceiling):
    """Medians; ratios are of each round to the ceiling's, then the median."""
    def ratio(value):
        pairs = [(value(run, entry), value(first, ceiling)) for run, first in zip(entry["rounds"], ceiling["rounds"])]
        return f"{statistics.median(a / b if b else 0 for a, b in pairs):.2f}"

    def median(value, digits):
        return f"{statistics.median(value(run, entry) for run in entry['rounds']):,.{digits}f}"

    def rate(run, of):
        return of["records"] / run["seconds"] / 1e6

    def cost(run, of):
        return run["cpu_seconds"] / of["records"] * 1e9

    def peak(run, _):
        return run["peak_mb"]

    return [name, f"{entry['records'] / 1e6:g}", median(rate, 3), ratio(rate), median(cost, 0), ratio(cost), median(peak, 0),
            ratio(peak), median(lambda run, _: run["written_mb"], 1)]


def render_table(topic, results):
    rows = [HEAD, ["---"] * len(HEAD)]
    ceiling = next(iter(results.values()))  # it runs first
    rows += [row(name, entry, ceiling) for name, entry in results.items()]
    rounds = sorted({len(entry["rounds"]) for entry in results.values()})
    return [f"{topic}, medians of {' or '.join(map(str, rounds))} rounds:", "", *(f"| {' | '.join(cells)} |" for cells in rows), ""]


def render(document):
    lines = [", ".join(f"{name} {version}" for name, version in document["versions"].items() if version) + ".", ""]
    for topic, results in document["topics"].items():
        lines += render_table(topic, results)
    return "\n".join(lines)


def insert(text, path, name="run"):
    """Between the two lines that mark the place of bench/NAME."""
    page, begin = path.read_text(encoding="utf-8"), BEGIN.format(name)
    before, _, rest = page.partition(begin)
    if page.count(begin) != 1 or END not in rest:
        sys.exit(f"{path}: the line {begin!r} must be there once, and {END!r} after it")
    path.write_text(f"{before}{begin}\n\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
