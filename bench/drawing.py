# SPDX-License-Identifier: MIT
"""The pictures of bench/growth: an SVG for each series, with text as text."""

import matplotlib
import matplotlib.pyplot as plt

import growth_tables as figures

matplotlib.use("svg")
OURS, DROP = "#1f6fb4", "#8a8a8a"
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "weatherd", "font.family": "sans-serif", "font.size": 11, "axes.grid": True,
         "grid.color": "#dddddd", "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True}
X_LABELS = {"stations": "stations", "partitions": "partitions of one process", "reports": "bytes of a report's value",
            "checkpoints": "checkpoint_interval, seconds"}


def peak(result):
    return figures.median(result, lambda run: run["ours"]["peak_mb"])


def written(result):
    return figures.median(result, lambda run: run["ours"]["written_mb"] / run["ours"]["seconds"])


# Beside the cost of a record, on the right: the axis, and lines with their values.
RIGHT = {
    "stations": ("MB", {"resident": lambda result: result["resident_mb"], "peak": peak}),
    "partitions": ("million records a second", {"weatherd-consumer": figures.rate,
                                                "drop": lambda result: figures.rate(result, "drop")}),
    "reports": ("million records a second", {"weatherd-consumer": figures.rate}),
    "checkpoints": ("MB written a second", {"written": written}),
}


def plot(axes, results, lines):
    """A line for each value; where reports have several forms, one for each of these."""
    forms = {result["form"]: [] for result in results}
    for result in results:
        forms[result["form"]].append(result)
    axes.set_xticks(sorted({result["at"] for group in forms.values() if len(group) > 1 for result in group}))
    for marker, (form, group) in zip("os^", forms.items()):
        for colour, (label, value) in zip((OURS, DROP), lines.items()):
            axes.plot([result["at"] for result in group], [value(result) for result in group], color=colour, marker=marker,
                      markersize=5, label=label if len(forms) == 1 else f"{label}, {form}")


def draw_series(name, results, path):
    label, lines = RIGHT[name]
    left = {"weatherd-consumer": figures.nanoseconds, "drop": lambda result: figures.nanoseconds(result, "drop")}
    picture, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axes, y_label, values in zip(panels, ("CPU, ns a record", label), (left, lines)):
        axes.set_xscale("log")
        plot(axes, results, values)
        axes.minorticks_off()
        axes.xaxis.set_major_formatter("{x:,.9g}")
        axes.yaxis.set_major_formatter("{x:,.9g}")
        axes.set_ylim(bottom=0)
        axes.set_xlabel(X_LABELS[name])
        axes.set_ylabel(y_label)
        axes.legend(frameon=False, fontsize=9)
    picture.savefig(path, metadata={"Date": None})
    plt.close(picture)


def draw(document, directory):
    """Replaces the pictures of all series that the document has."""
    with matplotlib.rc_context(STYLE):
        for name in RIGHT:
            if document.get(name):
                draw_series(name, document[name], directory / f"growth-{name}.svg")
