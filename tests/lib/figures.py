#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is asked of the files that node_exporter's textfile collector reads, beside what promtool asks of each.

    figures.py together DIRECTORY       whether they may lie in one directory: no value twice, no family with two texts
    figures.py watch FILE COUNT         reads the file until it has been replaced that often: each time it must be
                                        whole, and each partition's offset the sum of its records, as it is in a topic
                                        without gaps that was read from offset 0
"""

import glob
import re
import sys
import time

PATIENCE = 60  # seconds without another content


def parse(text):
    """Values by name and labels, and the comments, HELP and TYPE, by what they are about."""
    values, comments = {}, {}
    if not text.endswith("\n"):
        raise SystemExit(f"it ends in the middle of a line: {text[-80:]!r}")
    for line in text.splitlines():
        if comment := re.fullmatch(r"# (HELP|TYPE) (\w+) (.+)", line):
            comments[comment[1], comment[2]] = comment[3]
            continue
        name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
        key = (name, tuple(sorted(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels or ""))))
        if key in values:
            raise SystemExit(f"{key} stands there twice")
        values[key] = float(value)
    return values, comments


def together(directory):
    owners, texts = {}, {}
    paths = sorted(glob.glob(f"{directory}/*.prom"))
    for path in paths:
        with open(path, encoding="utf-8") as file:
            values, comments = parse(file.read())
        for key in values:
            if key in owners:
                raise SystemExit(f"{key} is in {owners[key]} and in {path}")
            owners[key] = path
        for key, text in comments.items():
            if texts.setdefault(key, text) != text:
                raise SystemExit(f"{key} is {text!r} in {path}, and elsewhere {texts[key]!r}")
    print(f"{len(paths)} files, {len(owners)} values")


def check_sums(values):
    sums, offsets = {}, {}
    for (name, labels), value in values.items():
        place = tuple(pair for pair in labels if pair[0] != "result")
        if name == "weatherd_consumer_records_total":
            sums[place] = sums.get(place, 0) + value
        elif name == "weatherd_consumer_offset":
            offsets[place] = value
    if sums != offsets or not sums:
        raise SystemExit(f"records are {sums}, offsets {offsets}")


def watch(path, count):
    seen, families, reads = [], None, 0
    deadline = time.monotonic() + PATIENCE
    while len(seen) < int(count):
        if time.monotonic() > deadline:
            raise SystemExit(f"{path} was replaced {len(seen)} times in {PATIENCE} s")
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            if seen:
                raise
            continue
        reads += 1
        if seen and text == seen[-1]:
            continue
        values, comments = parse(text)
        check_sums(values)
        if families and families != set(comments):
            raise SystemExit(f"families {families ^ set(comments)} come and go")
        families = set(comments)
        seen.append(text)
        deadline = time.monotonic() + PATIENCE
    print(f"{reads} reads of {len(seen)} contents")


if __name__ == "__main__":
    {"together": together, "watch": watch}[sys.argv[1]](*sys.argv[2:])
