# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which user of this machine is at the other end of a connection over the loopback, as the kernel says it.

A node runs commands as the user who started the simulator. A key or a password alone must not be enough for that: who rehearses with a colleague's
public key, or with a password that others know, would give them their own account.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

_TABLES = Path("/proc/self/net")
_ESTABLISHED = "01"


def _words(packed: bytes) -> str:
    """An address as the kernel's tables write it: 32-bit words in the machine's own order of bytes."""
    return "".join(f"{word:08X}" for word in struct.unpack(f"={len(packed) // 4}I", packed))


def _spellings(address: tuple[str, int]) -> set[str]:
    """An IPv4 address and port in the table of IPv4, and of an IPv6 socket that speaks IPv4."""
    packed = socket.inet_aton(address[0])
    mapped = b"\0" * 10 + b"\xff\xff" + packed
    return {f"{_words(data)}:{address[1]:04X}" for data in (packed, mapped)}


def peer_user(peer: tuple[str, int], own: tuple[str, int], tables: Path = _TABLES) -> int | None:
    """The user id that owns the other end; None where this system does not say it.

    Only an established connection counts: one that its process has closed belongs to root in these tables.
    """
    theirs, ours = _spellings(peer), _spellings(own)
    for name in ("tcp", "tcp6"):
        try:
            lines = (tables / name).read_text().splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            if columns[1] in theirs and columns[2] in ours and columns[3] == _ESTABLISHED:
                return int(columns[7])
    return None
