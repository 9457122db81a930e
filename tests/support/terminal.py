# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program in a terminal, and what is to be seen there."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import typing as t

import pyte


class Terminal:
    """A terminal of 80 columns with a program in it; ``looks`` are what it showed from one piece of output to the next."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm"},
            start_new_session=True,
        )
        os.close(slave)
        self.screen = pyte.Screen(80, 50)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.looks: list[list[str]] = []

    def until_its_end(self, at: t.Callable[[list[str]], None] = lambda look: None) -> list[str]:
        """All lines that it shows in the end; ``at`` is called at each look."""
        while piece := self._read():
            self.raw += piece
            self.stream.feed(piece)
            self.looks.append([line.rstrip() for line in self.screen.display if line.strip()])
            at(self.looks[-1])
        os.close(self.master)
        assert self.process.wait(timeout=60) == 0, self.looks[-1]
        return self.looks[-1]

    def _read(self) -> bytes:
        try:
            return os.read(self.master, 65536)
        except OSError:  # the program is gone
            return b""
