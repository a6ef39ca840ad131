# SPDX-License-Identifier: MIT
"""From the figures of bench/run to tables, and tables into doc/performance.md between two lines that mark the place of those of one
command."""

import glob
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

BEGIN, END = "<!-- bench/{} --write: from here -->", "<!-- to here -->"
PAGE = pathlib.Path(__file__).resolve().parent.parent / "doc" / "performance.md"
AIMS_HEAD = ["what", "measured", "aim"]
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


def rate(run, of):
    """Million records a second."""
    return of["records"] / run["seconds"] / 1e6


def cost(run, of):
    """Nanoseconds of processor a record."""
    return run["cpu_seconds"] / of["records"] * 1e9


def peak(run, _):
    return run["peak_mb"]


def ratio(value, entry, other):
    """The median of the ratios to the other program's in the same round."""
    pairs = [(value(run, entry), value(first, other)) for run, first in zip(entry["rounds"], other["rounds"])]
    return statistics.median(a / b if b else 0 for a, b in pairs)


def median(value, entry):
    return statistics.median(value(run, entry) for run in entry["rounds"])


def row(name, entry, ceiling):
    return [name, f"{entry['records'] / 1e6:g}", f"{median(rate, entry):.3f}", f"{ratio(rate, entry, ceiling):.2f}",
            f"{median(cost, entry):,.0f}", f"{ratio(cost, entry, ceiling):.2f}", f"{median(peak, entry):,.0f}",
            f"{ratio(peak, entry, ceiling):.2f}", f"{median(lambda run, _: run['written_mb'], entry):,.1f}"]


# (of which program, beside which, what of it, the aim in words, for all topics or those that begin so)
AIMS = [
    ("weatherd-consumer", "drop", rate, "at least 0.95 times", "protobuf"),
    ("weatherd-consumer", "drop", rate, "at least 0.5 times", "json"),
    ("weatherd-consumer", "drop", cost, "at most 1.2 times", "protobuf"),
    ("weatherd-consumer", "franz-go", rate, "at least 1.2 times", ""),
    ("weatherd-consumer", "kafka-streams", rate, "at least 8 times", ""),
    ("weatherd-consumer", "poll", rate, "at least 40 times", ""),
    ("weatherd-producer", "produce", rate, "at least 0.9 times", ""),
    ("weatherd-producer", "confluent-kafka-python", rate, "at least 3 times", ""),
]
NAMES = {rate: "records/s", cost: "CPU of a record"}


def aims(topics):
    """(what, measured, aim) of all that was measured."""
    for topic, results in topics.items():
        for ours, other, value, aim, beginning in AIMS:
            if ours in results and other in results and topic.startswith(beginning):
                yield f"{topic}: {NAMES[value]} of {ours} beside {other}", f"{ratio(value, results[ours], results[other]):.2f} times", aim
        if "simulate" in results:
            yield "the simulator alone", f"{median(rate, results['simulate']):.1f} million reports/s", "at least 10 million"


def table(head, rows):
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)] + [""]


def render_table(topic, results):
    ceiling = next(iter(results.values()))  # it runs first
    rounds = sorted({len(entry["rounds"]) for entry in results.values()})
    return [f"{topic}, medians of {' or '.join(map(str, rounds))} rounds:", "",
            *table(HEAD, (row(name, entry, ceiling) for name, entry in results.items()))]


def render(document):
    lines = [", ".join(f"{name} {version}" for name, version in document["versions"].items() if version) + ".", ""]
    lines += table(AIMS_HEAD, aims(document["topics"]))
    for topic, results in document["topics"].items():
        lines += render_table(topic, results)
    return "\n".join(lines)


def insert(text, name):
    """Into the page, between the two lines that mark the place of bench/NAME."""
    page, begin = PAGE.read_text(encoding="utf-8"), BEGIN.format(name)
    before, _, rest = page.partition(begin)
    if page.count(begin) != 1 or END not in rest:
        sys.exit(f"{PAGE}: the line {begin!r} must be there once, and {END!r} after it")
    PAGE.write_text(f"{before}{begin}\n\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
