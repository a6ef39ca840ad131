# SPDX-License-Identifier: MIT
"""A directory as the calls of a trace (shim.c) leave it: what processes see, and what a loss of power may leave of it.

POSIX promises no more than this: after a successful fsync of a file its size and its data are on the disk, after one of
a directory its entries are. All else may be there or not, in any order; of data, any part. After a failed fsync what it
was called for may never get there, whatever a second one of that descriptor says.
"""

import collections
import hashlib
import itertools
import json
import os
import re

DOCUMENT = re.compile(r"(.*/)?(partition-\d+\.json|\.partition-\d+\.source|producer\.json)$")
DIRECTORY = "a directory"
CREATED, TRUNCATED = os.O_CREAT, os.O_TRUNC
EINTR = 4

Call = collections.namedtuple("Call", "number name result error kind arguments data")


def read_trace(path):
    calls = []
    with open(path, "rb") as file:
        for line in file:
            number, name, result, error, kind, *arguments = line.decode().split()
            data = b""
            if name in ("write", "pwrite"):
                data = file.read(max(int(result), 0))
                file.read(1)
            calls.append(Call(int(number), name, int(result), int(error), kind, arguments, data))
    return calls


class File:
    def __init__(self, content=b""):
        self.content = content
        self.durable = content
        self.poisoned = False  # an fsync has failed

    def write(self, position, data):
        content = self.content.ljust(position, b"\0")
        self.content = content[:position] + data + content[position + len(data):]

    def variants(self, fine=True):
        """What may be on the disk: the old, the new, and the new torn between two sectors or pages."""
        if self.content == self.durable:
            return [self.durable]
        return [self.durable] + torn(self.content, range(0, len(self.content), 512))


def torn(content, places):
    """The content, and with only the part before or behind each of the places: cut there, or with NUL bytes in place of
    what was not written."""
    size = len(content)
    found = {content: None}
    for place in places:
        found[content[:place]] = None
        found[content[:place].ljust(size, b"\0")] = None
        found[content[place:].rjust(size, b"\0")] = None
    return list(found)


Descriptor = collections.namedtuple("Descriptor", "path file state")  # state: position, failed


class Disk:
    def __init__(self, root):
        self.names = {".": DIRECTORY}
        for directory, names, files in os.walk(root):
            for name in names:
                self.names[os.path.relpath(os.path.join(directory, name), root)] = DIRECTORY
            for name in files:
                path = os.path.join(directory, name)
                with open(path, "rb") as file:
                    self.names[os.path.relpath(path, root)] = File(file.read())
        self.durable = dict(self.names)
        self.pending = []  # (path, File, DIRECTORY or None) that no sync of the directory has covered
        self.descriptors = {}
        self.wrong = []  # what no daemon may do
        self.stores = collections.defaultdict(list)  # of each document: (index of the call, content or None)
        self.index = -1

    def set_name(self, path, value):
        if value is None:
            self.names.pop(path, None)
        else:
            self.names[path] = value
        self.pending.append((path, value))

    def apply(self, call):
        self.index += 1
        if call.kind == "kill" or call.name in ("read", "pread", "fstat", "access", "flock"):
            return
        if call.result >= 0 or call.name in ("fsync", "fdatasync", "close"):
            getattr(self, "do_" + call.name)(call)

    def do_open(self, call):
        path, flags = call.arguments[0], int(call.arguments[1])
        file = self.names.get(path)
        if file is None:
            file = File()
            file.durable = b""
            self.set_name(path, file)
        elif file is not DIRECTORY and flags & TRUNCATED:
            self.check_untouched(file, "cut by open")
            file.content = b""
        if call.error == 0:
            self.descriptors[call.result] = Descriptor(path, file, {"position": 0, "failed": False})

    def do_close(self, call):
        self.descriptors.pop(int(call.arguments[0]), None)

    def do_write(self, call):
        descriptor = self.descriptors[int(call.arguments[0])]
        self.check_untouched(descriptor.file, "written to")
        descriptor.file.write(descriptor.state["position"], call.data)
        descriptor.state["position"] += len(call.data)

    def do_pwrite(self, call):
        file = self.descriptors[int(call.arguments[0])].file
        self.check_untouched(file, "written to")
        file.write(int(call.arguments[1]), call.data)

    def do_ftruncate(self, call):
        file, size = self.descriptors[int(call.arguments[0])].file, int(call.arguments[1])
        self.check_untouched(file, "cut")
        file.content = file.content[:size].ljust(size, b"\0")

    def do_fsync(self, call):
        descriptor = self.descriptors[int(call.arguments[0])]
        if call.error == EINTR:
            return
        if descriptor.state["failed"]:
            self.wrong.append(f"call {call.number}: fsync of {descriptor.path} again after it had failed")
        descriptor.state["failed"] = call.error != 0
        if call.result < 0:
            if descriptor.file is not DIRECTORY:
                descriptor.file.poisoned = True
        elif descriptor.file is DIRECTORY:
            self.settle(descriptor.path)
        elif not descriptor.file.poisoned:
            descriptor.file.durable = descriptor.file.content

    do_fdatasync = do_fsync

    def settle(self, directory):
        rest = []
        for path, value in self.pending:
            if (os.path.dirname(path) or ".") != directory:
                rest.append((path, value))
            elif value is None:
                self.durable.pop(path, None)
            else:
                self.durable[path] = value
        self.pending = rest

    def do_rename(self, call):
        old, new = call.arguments
        file = self.names[old]
        self.set_name(new, file)
        self.set_name(old, None)
        self.note_store(new, file.content)
        # All is done anew: nothing depends any more on what a sync of the directory failed to write.
        for descriptor in self.descriptors.values():
            if descriptor.file is DIRECTORY and descriptor.path == (os.path.dirname(new) or "."):
                descriptor.state["failed"] = False

    def do_link(self, call):
        self.set_name(call.arguments[1], self.names[call.arguments[0]])

    def do_unlink(self, call):
        self.set_name(call.arguments[0], None)
        self.note_store(call.arguments[0], None)

    def do_mkdir(self, call):
        self.set_name(call.arguments[0], DIRECTORY)

    do_rmdir = do_unlink

    def note_store(self, path, content):
        if not DOCUMENT.match(path):
            return
        self.stores[path].append((self.index, content))
        try:
            if content is not None and (not content.endswith(b"\n") or not json.loads(content)):
                raise ValueError
        except ValueError:
            self.wrong.append(f"call {self.index + 1}: {path} is replaced by what is no whole document")

    def check_untouched(self, file, what):
        self.wrong += [f"call {self.index + 1}: {path} is {what} in place"
                       for path, other in self.names.items() if other is file and DOCUMENT.match(path)]

    def differences(self, root):
        """Where a directory is not what the calls have left: then the trace lacks some."""
        found, seen = [], Disk(root).names
        for path in sorted(set(seen) | set(self.names)):
            here, there = self.names.get(path), seen.get(path)
            if (here is DIRECTORY) != (there is DIRECTORY) or getattr(here, "content", 0) != getattr(there, "content", 0):
                found.append(f"the calls seen do not explain {path}")
        return found

    def states(self):
        """Each State that a loss of power may leave now."""
        choices = {path: [value] for path, value in self.durable.items()}
        for path, value in self.pending:
            values = choices.setdefault(path, [None])
            if value not in values:
                values.append(value)
        for values in itertools.product(*choices.values()):
            names = {path: value for path, value in zip(choices, values) if value is not None}
            for path in sorted(names):
                if path != "." and names.get(os.path.dirname(path) or ".") is not DIRECTORY:
                    del names[path]
            files = list({id(value): value for value in names.values() if value is not DIRECTORY}.values())
            for contents in itertools.product(*(file.variants() for file in files)):
                content_of = dict(zip(map(id, files), contents))
                yield State({path: value if value is DIRECTORY else (id(value), content_of[id(value)])
                             for path, value in names.items()})


class State:
    """A directory's content: of each path DIRECTORY, or (which file it is, its content)."""

    def __init__(self, entries):
        self.entries = entries

    def content(self, path):
        entry = self.entries.get(path)
        return None if entry is None else entry[1]

    def replaced(self, path, content):
        """The same with another content of one file, or without it (None)."""
        entries = {name: entry for name, entry in self.entries.items() if name != path}
        return State(entries if content is None else {**entries, path: (path, content)})

    def key(self):
        digest, numbers = hashlib.sha256(), {}
        for path, entry in sorted(self.entries.items()):
            which = "" if entry is DIRECTORY else numbers.setdefault(entry[0], len(numbers))
            content = b"" if entry is DIRECTORY else entry[1]
            digest.update(f"{path}\0{which}\0{len(content)}\0".encode() + content)
        return digest.digest()

    def make(self, root, adapt=lambda content: content):
        first = {}
        for path, entry in sorted(self.entries.items()):
            target = os.path.join(root, path)
            if entry is DIRECTORY:
                os.makedirs(target, exist_ok=True)
            elif entry[0] in first:
                os.link(first[entry[0]], target)
            else:
                first[entry[0]] = target
                with open(target, "wb") as file:
                    file.write(adapt(entry[1]))
