#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The network between clients and brokers, with the faults that networks have.

    network.py STATE DIR...     directories of scripts/kafka; prints the address that each broker must advertise

The file STATE says how it is, and is looked at all the time:

    open        everything passes; so it is without the file
    frozen      nothing passes, and no connection ends
    refused     connections are reset, and new ones are refused
    reset       connections are reset, once; new ones are as good as ever
    lost        nothing passes over the connections there are, and no end of them is told; new ones are good
    mute        of the connections there are, only answers to Fetch are lost
    held        what weatherd writes is held back; everything else passes: a broker that does not acknowledge
    slow BYTES  that many bytes pass in a second, of all connections and both directions

A broker's own port is looked up at each connection, so it may be started later.
"""

import asyncio
import os
import socket
import struct
import sys
import time

PRODUCE, FETCH = 0, 1
PIECE = 8192


class Connection:
    """One of a client's, and what belongs to it on the side of the broker."""

    def __init__(self, *writers):
        self.writers = writers
        self.lost = self.mute = False
        self.fetches = set()  # numbers of requests that are to be answered

    def reset(self):
        for writer in self.writers:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Network:
    def __init__(self, path, directories):
        self.path = path
        self.brokers = {}  # its directory by the port
        self.directories = directories
        self.servers = []
        self.connections = set()
        self.state = ""
        self.rate = 0
        self.free_at = 0.0  # when as much has passed as may

    async def listen(self):
        """Also again: then on the ports that it had."""
        ports = list(self.brokers) or [0] * len(self.directories)
        for directory, port in zip(self.directories, ports):
            server = await asyncio.start_server(self.accept, "127.0.0.1", port, limit=1 << 24)
            self.brokers[server.sockets[0].getsockname()[1]] = directory
            self.servers.append(server)

    async def watch(self):
        while True:
            try:
                with open(self.path, encoding="ascii") as file:
                    wanted = file.read().strip() or self.state
            except FileNotFoundError:
                wanted = "open"
            if wanted != self.state:
                await self.change(wanted)
            await asyncio.sleep(0.01)

    async def change(self, wanted):
        """Tells when it is done, by a file beside the other."""
        word, _, rate = wanted.partition(" ")
        self.rate = int(rate or 0)
        if word == "refused":
            for server in self.servers:
                server.close()
            self.servers = []
        elif not self.servers:
            await self.listen()
        for connection in list(self.connections):
            if word in ("refused", "reset"):
                connection.reset()
            connection.lost |= word == "lost"
            connection.mute |= word == "mute"
        self.state = wanted
        with open(f"{self.path}.new", "w", encoding="ascii") as file:
            file.write(wanted)
        os.rename(f"{self.path}.new", f"{self.path}.done")

    async def allow(self, connection, size):
        """Returns when so many bytes may pass."""
        while self.state == "frozen" or connection.lost:
            await asyncio.sleep(0.01)
        if self.rate:
            self.free_at = max(self.free_at, time.monotonic()) + size / self.rate
            await asyncio.sleep(self.free_at - time.monotonic())

    async def send(self, connection, writer, data):
        for start in range(0, len(data), PIECE):
            piece = data[start:start + PIECE]
            await self.allow(connection, len(piece))
            writer.write(piece)
            await writer.drain()

    async def pass_requests(self, connection, reader, writer):
        while True:
            await self.allow(connection, 0)
            size = await reader.readexactly(4)
            request = await reader.readexactly(*struct.unpack(">i", size))
            kind, _, number, name = struct.unpack_from(">hhih", request)
            if kind == FETCH:
                connection.fetches.add(number)
            while self.state == "held" and kind == PRODUCE and request[10:10 + max(name, 0)].startswith(b"weatherd"):
                await asyncio.sleep(0.01)
            await self.send(connection, writer, size + request)

    async def pass_answers(self, connection, reader, writer):
        while True:
            await self.allow(connection, 0)
            size = await reader.readexactly(4)
            answer = await reader.readexactly(*struct.unpack(">i", size))
            (number,) = struct.unpack_from(">i", answer)
            if number in connection.fetches:
                connection.fetches.remove(number)
                if connection.mute:
                    continue
            await self.send(connection, writer, size + answer)

    async def accept(self, client_reader, client_writer):
        port = client_writer.get_extra_info("sockname")[1]
        try:
            with open(f"{self.brokers[port]}/port", encoding="ascii") as file:
                broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", int(file.read()), limit=1 << 24)
        except OSError:
            client_writer.transport.abort()
            return
        connection = Connection(client_writer, broker_writer)
        self.connections.add(connection)
        ways = [asyncio.ensure_future(self.pass_requests(connection, client_reader, broker_writer)),
                asyncio.ensure_future(self.pass_answers(connection, broker_reader, client_writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for writer in connection.writers:
            writer.close()
        self.connections.remove(connection)


async def main():
    network = Network(sys.argv[1], sys.argv[2:])
    await network.listen()
    print(*(f"127.0.0.1:{port}" for port in network.brokers), flush=True)
    await network.watch()


if __name__ == "__main__":
    asyncio.run(main())
