#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Types at an interactive bash, on a terminal of its own: typed.py RCFILE LINE...

Prints what each line has become when it is complete, a line each. A ^I in it is the Tab key.
"""

import os
import pty
import select
import sys

PROMPT = b"typed> "
PATIENCE = 30


class Terminal:
    def __init__(self, fd):
        self.fd = fd
        self.seen = b""

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, mark):
        """What came before the mark."""
        while mark not in self.seen:
            if not select.select([self.fd], [], [], PATIENCE)[0]:
                sys.exit(f"{mark!r} did not come, but {self.seen!r}")
            self.seen += os.read(self.fd, 4096)
        before, self.seen = self.seen.split(mark, 1)
        return before


def main(rcfile, *lines):
    pid, fd = pty.fork()
    if pid == 0:
        # the system's own files set PS1
        environment = dict(os.environ, TERM="dumb", INPUTRC="/dev/null", HISTFILE="", PROMPT_COMMAND=f"PS1='{PROMPT.decode()}'")
        os.execvpe("bash", ["bash", "--noprofile", "--rcfile", rcfile, "-i"], environment)
    terminal = Terminal(fd)
    terminal.read_until(PROMPT)
    for line in lines:
        # ^A goes to its beginning, and what is put there prints it; what is echoed meanwhile has no such line
        terminal.type(line.replace("^I", "\t") + "'\x01printf 'became:%s:\\n' '\r")
        terminal.read_until(b"\nbecame:")
        print(terminal.read_until(b":\r\n").decode())
        terminal.read_until(PROMPT)
    terminal.type("exit\r")
    os.waitpid(pid, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
