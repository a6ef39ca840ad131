#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Validates documents by a JSON Schema, with Debian's python3-jsonschema: schema.py SCHEMA DOCUMENT...

What does not fit is printed, and the exit code is 1.
"""

import json
import sys

from jsonschema import Draft202012Validator, FormatChecker


def main(schema_path, *paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    status = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for error in validator.iter_errors(document):
            where = "/".join(map(str, error.absolute_path))
            print(f"{path}: {where}: {error.message[:300]}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
