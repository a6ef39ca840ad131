#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Validates documents by JSON Schemas, with Debian's python3-jsonschema.

    schema.py SCHEMA DOCUMENT... [-- SCHEMA DOCUMENT...]...

What does not fit is printed, and the exit code is 1. Of objects and arrays with many members the first and the last
are looked at: a hundred thousand stations would take a minute.
"""

import itertools
import json
import sys

from jsonschema import Draft202012Validator, FormatChecker

ENOUGH = 50


def ends(members):
    return members[:ENOUGH] + members[ENOUGH:][-ENOUGH:]


def sample(document):
    if isinstance(document, dict):
        return {key: sample(value) for key, value in ends(list(document.items()))}
    if isinstance(document, list):
        return [sample(value) for value in ends(document)]
    return document


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def innermost(error):
    """Of one that fits no alternative: why not the one that it came furthest with."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error


def validate(schema_path, *paths):
    schema = load(schema_path)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    status = 0
    for path in paths:
        for error in map(innermost, validator.iter_errors(sample(load(path)))):
            where = "/".join(map(str, error.absolute_path))
            print(f"{path}: {where}: {error.message[:300]}")
            status = 1
    return status


def main(*arguments):
    groups = itertools.groupby(arguments, lambda argument: argument == "--")
    return max(validate(*group) for between, group in groups if not between)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
