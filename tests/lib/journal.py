#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A journal's ear: listens on a datagram socket, as systemd-journald does, and prints each entry as a line of JSON.

    journal.py PATH

What is not UTF-8 comes out as a list of bytes, as "journalctl -o json" has it.
"""

import json
import os
import socket
import struct
import sys


def fields(entry):
    """The native protocol: "NAME=value\\n", or "NAME\\n", the value's length in eight bytes, the value and "\\n"."""
    while entry:
        line, rest = entry.split(b"\n", 1)
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8:8 + length], rest[8 + length + 1:]
        yield name.decode("ascii"), value
        entry = rest


def show(value):
    try:
        return value.decode()
    except UnicodeDecodeError:
        return list(value)


def main():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(sys.argv[1] + ".new")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        while True:
            print(json.dumps({name: show(value) for name, value in fields(ear.recv(1 << 20))}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
