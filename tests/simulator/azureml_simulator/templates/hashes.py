# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two deterministic name functions of ARM's template language, `uniqueString` and `guid`.

Sources: `uniqueString` is a 64-bit reduction of MurmurHash3 x86_128 over the arguments joined with a hyphen, written as
13 base-32 digits. No document of Microsoft states it; several public re-implementations agree, and so do the recorded
value of docs/facts.md d.4 [REC] and the value in microsoft/commercial-marketplace-offer-deploy's own test.
`guid` is RFC 4122 version 5 in ARM's namespace over the arguments joined with a hyphen, as Microsoft's Bicep page
on string functions says.
"""

from __future__ import annotations

import uuid

GUID_NAMESPACE = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")

_MASK = 0xFFFFFFFF
_BLOCK_1 = 0x239B961B
_BLOCK_2 = 0xAB0E9789
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_DIGITS = 13


def unique_string(*values: str) -> str:
    """The 13 characters that Azure gives for the same arguments."""
    digest = _murmur64("-".join(values).encode("utf-8"))
    return "".join(_BASE32[((digest << (5 * position)) >> 59) & 31] for position in range(_DIGITS))


def guid(*values: str) -> str:
    """The name-based GUID that Azure gives for the same arguments."""
    return str(uuid.uuid5(GUID_NAMESPACE, "-".join(values)))


def _murmur64(data: bytes) -> int:
    low = high = 0
    whole = len(data) - len(data) % 8
    for index in range(0, whole, 8):
        low = _rotate(low ^ _scramble_low(data[index : index + 4]), 19)
        low = ((low + high) * 5 + 0x561CCD1B) & _MASK
        high = _rotate(high ^ _scramble_high(data[index + 4 : index + 8]), 13)
        high = ((high + low) * 5 + 0x0BCAA747) & _MASK
    tail = data[whole:]
    if tail:
        low ^= _scramble_low(tail[:4])
    if len(tail) > 4:
        high ^= _scramble_high(tail[4:])
    high ^= len(data)
    low = ((low ^ len(data)) + high) & _MASK
    high = (high + low) & _MASK
    low, high = _finish(low), _finish(high)
    low = (low + high) & _MASK
    high = (high + low) & _MASK
    return high << 32 | low


def _scramble_low(chunk: bytes) -> int:
    return _rotate(int.from_bytes(chunk, "little") * _BLOCK_1, 15) * _BLOCK_2 & _MASK


def _scramble_high(chunk: bytes) -> int:
    return _rotate(int.from_bytes(chunk, "little") * _BLOCK_2, 17) * _BLOCK_1 & _MASK


def _rotate(value: int, bits: int) -> int:
    value &= _MASK
    return (value << bits | value >> (32 - bits)) & _MASK


def _finish(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16
