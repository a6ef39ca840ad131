# SPDX-License-Identifier: MIT
"""Command lines of the jobs: what several of them take, and how values are read."""

import argparse
import re

UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


class Refused(Exception):
    """What a person must mend; the message says what and how."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(64, f"{self.prog}: {message}; --help has all arguments\n")


def duration(text):
    """Milliseconds of "30s"."""
    match = re.fullmatch(r"(\d+)(ms|s|min|h|d)", text)
    if not match:
        raise argparse.ArgumentTypeError(f'"{text}" is no duration: a number with ms, s, min, h or d, as 30s')
    return int(match[1]) * UNITS[match[2]]


def natural(text):
    if not re.fullmatch(r"[1-9]\d{0,17}", text):
        raise argparse.ArgumentTypeError(f'"{text}" must be a whole number from 1')
    return int(text)


def fraction(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f'"{text}" must be between 0 and 1')
    return value


def kafka_property(text):
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f'"{text}" must be PROPERTY=VALUE')
    return name, value


def parser(job, description):
    return Parser(prog=job, description=description, allow_abbrev=False)


def add_source(arguments, watermark, watermark_help):
    """What each job that reads a topic takes."""
    arguments.add_argument("--bootstrap-servers", default="localhost:9092", metavar="HOST:PORT,…")
    arguments.add_argument("--topic", default="stations-json", help="its records are weatherd's in JSON")
    arguments.add_argument("--kafka", type=kafka_property, action="append", default=[], metavar="PROPERTY=VALUE",
                           help="a property of Kafka's Java clients, such as security.protocol=SASL_SSL; may be repeated")
    arguments.add_argument("--watermark", type=duration, default=duration(watermark), metavar="DURATION",
                           help=f"{watermark_help} (default: {watermark})")
    arguments.add_argument("--max-offsets", type=natural, default=1_000_000, metavar="N",
                           help="at most so many records a batch, from all partitions together (default: 1000000)")


def add_run(arguments, every):
    """What each job that goes on and on takes."""
    arguments.add_argument("--checkpoint", metavar="URI", help="where the job's progress is kept; needed to go on from there")
    arguments.add_argument("--every", type=duration, default=duration(every), metavar="DURATION",
                           help=f"from a batch to the next (default: {every})")
    length = arguments.add_mutually_exclusive_group()
    length.add_argument("--for", type=duration, dest="length", metavar="DURATION", help="end after that time")
    length.add_argument("--until-end", action="store_true",
                        help="end when all that was in the topic at the start has been read")
