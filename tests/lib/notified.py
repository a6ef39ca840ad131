#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A supervisor's ear: listens on a datagram socket, as systemd does at $NOTIFY_SOCKET, and prints each line it is told.

    notified.py PATH
"""

import os
import socket
import sys


def main():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(sys.argv[1] + ".new")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        while True:
            print(ear.recv(65536).decode(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
