#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Stands between clients and a broker, and holds back what weatherd writes for as long as a file "hold" is there, while
everything else passes: a broker that reads well and does not acknowledge.

    hold.py DIR         the directory of scripts/kafka; prints the port that the broker must advertise

The broker's own port is looked up at each connection, so it may be started later.
"""

import os
import socket
import struct
import sys
import threading
import time

PRODUCE = 0


def is_held(directory, head):
    """Of a request: its kind, version, number, and the client's id."""
    kind, _, _, length = struct.unpack_from(">hhih", head)
    return kind == PRODUCE and head[10:10 + max(length, 0)].startswith(b"weatherd") and os.path.exists(f"{directory}/hold")


def pass_requests(directory, client, broker):
    stream = client.makefile("rb")
    while len(size := stream.read(4)) == 4:
        request = stream.read(struct.unpack(">i", size)[0])
        while is_held(directory, request):
            time.sleep(0.01)
        broker.sendall(size + request)


def pass_answers(client, broker):
    while answer := broker.recv(1 << 18):
        client.sendall(answer)


def guard(function, *arguments):
    """Either end may close at any time; then both are closed."""
    try:
        function(*arguments)
    except OSError:
        pass
    for end in arguments[-2:]:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def main():
    directory = sys.argv[1]
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        try:
            with open(f"{directory}/port", encoding="ascii") as file:
                broker = socket.create_connection(("127.0.0.1", int(file.read())))
        except OSError:
            client.close()
            continue
        for end in (client, broker):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=guard, args=(pass_requests, directory, client, broker), daemon=True).start()
        threading.Thread(target=guard, args=(pass_answers, client, broker), daemon=True).start()


if __name__ == "__main__":
    main()
