# SPDX-License-Identifier: MIT
"""From the figures of bench/growth to tables."""

import statistics

from tables import AIMS_HEAD, table

HEADS = {
    "stations": "By stations: 4 partitions, `checkpoint_interval` as it is",
    "partitions": "By partitions, in one process: 10,000 stations",
    "reports": "By the bytes of a report: 1,000 stations, 4 partitions",
    "checkpoints": "By `checkpoint_interval`: a backlog of 1,000 stations, 4 partitions",
}
AXES = {"stations": "stations", "partitions": "partitions", "reports": "bytes, form", "checkpoints": "interval"}


def median(result, value):
    return statistics.median(value(run) for run in result["rounds"])


def cost(run, program="ours"):
    """Seconds of processor."""
    return run[program]["cpu_seconds"]


def nanoseconds(result, program="ours"):
    return median(result, lambda run: cost(run, program)) / result["records"] * 1e9


def rate(result, program="ours"):
    """Million records a second."""
    return result["records"] / 1e6 / median(result, lambda run: run[program]["seconds"])


# What a column has of a topic; those that only some series have are after the others.
COLUMNS = {
    "million records": lambda result: f"{result['records'] / 1e6:g}",
    "million records/s": lambda result: f"{rate(result):.3f}",
    "beside drop": lambda result: f"{median(result, lambda run: run['drop']['seconds'] / run['ours']['seconds']):.2f}",
    "CPU ns a record": lambda result: f"{nanoseconds(result):,.0f}",
    "drop's": lambda result: f"{nanoseconds(result, 'drop'):,.0f}",
    "ratio": lambda result: f"{median(result, lambda run: cost(run) / cost(run, 'drop')):.2f}",
    "peak MB": lambda result: f"{median(result, lambda run: run['ours']['peak_mb']):.0f}",
    "written MB": lambda result: f"{median(result, lambda run: run['ours']['written_mb']):,.1f}",
    "checkpoints": lambda result: f"{median(result, lambda run: run['files']['times']):.0f}",
    "files MB": lambda result: f"{median(result, lambda run: run['files']['mb']):.2f}",
    "last checkpoint ms": lambda result: f"{median(result, lambda run: run['files']['ms']):,.0f}",
}
SETTLED = {
    "resident MB": lambda result: f"{result['resident_mb']:.0f}",
    "started again, ms": lambda result: f"{again(result, 0) * 1000:,.0f}",
    "with a checkpoint, ms": lambda result: f"{again(result, 1) * 1000:,.0f}",
}


def again(result, which):
    return statistics.median(seconds[which] for seconds in result["again"])


def at(results, value):
    """The topic at that point of the axis, or None."""
    return next((result for result in results if result["at"] == value), None)


def aims(document):
    """(what, measured, aim) of all that was measured."""
    stations = [document.get("stations", []), *(at(document.get("stations", []), n) for n in (10, 1000, 100_000, 1_000_000))]
    _, ten, thousand, many, million = stations
    if ten and many:
        growth = statistics.median(cost(b) / cost(a) for a, b in zip(ten["rounds"], many["rounds"]))
        yield "CPU of a record, 100,000 stations beside 10", f"{growth:.2f} times", "at most 1.5 times"
    for result in (many, million):
        if thousand and result:
            size = (result["resident_mb"] - thousand["resident_mb"]) * 2**20 / (result["at"] - thousand["at"])
            yield f"resident of a station beyond 1,000, of {result['label']}", f"{size:.0f} bytes", "at most 250 bytes"
    if thousand:
        yield "from exec to the first record, 1,000 stations on file", f"{again(thousand, 0) * 1000:.0f} ms", "at most 100 ms"
    if million:
        yield "from exec to the first record, a million stations on file", f"{again(million, 0):.2f} s", "at most 3 s"
    for result in document.get("checkpoints", []):
        if result["label"] == "1s":
            yield (f"peak while draining {result['records'] / 1e6:g} million records of 1,000 stations",
                   f"{median(result, lambda run: run['ours']['peak_mb']):.0f} MiB", "at most 64 MiB")
    if idle := document.get("idle"):
        yield (f"files replaced in {idle['seconds']:g} s while one of {idle['partitions']:,} partitions has a report a second",
               str(idle["replaced"]), "1")


def render_idle(idle):
    head = ["program", "CPU %", "wake-ups/s: first thread", "librdkafka's", "resident MB", "peak MB"]
    rows = [[name, f"{found['cpu_percent']:.2f}", f"{found['wakeups']:.1f}", f"{found['others_wakeups']:.1f}",
             f"{found['resident_mb']:.0f}", f"{found['peak_mb']:.0f}"] for name, found in idle["programs"].items()]
    return [f"{idle['partitions']:,} partitions, of which one has a report a second, and all others nothing:", "", *table(head, rows)]


def render_series(name, results):
    columns = COLUMNS | (SETTLED if "again" in results[0] else {})
    rows = [[result["label"], *(value(result) for value in columns.values())] for result in results]
    picture = f"![{HEADS[name].replace('`', '')}](growth-{name}.svg)"
    return [f"{HEADS[name]}; medians of {len(results[0]['rounds'])} rounds:", "", *table([AXES[name], *columns], rows), picture, ""]


def render(document):
    lines = [", ".join(f"{name} {version}" for name, version in document["versions"].items() if version) + ".", ""]
    lines += table(AIMS_HEAD, aims(document))
    for name in HEADS:
        if document.get(name):
            lines += render_series(name, document[name])
    if "idle" in document:
        lines += render_idle(document["idle"])
    return "\n".join(lines)
