# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of time and size over one whole exchange with a server: its time-outs restart with each byte that comes.

The sockets of the process's requests session ask, before every read and write, what is left of the exchange of their thread. So status lines, headers,
any number of ``100 Continue``, chunk sizes and bodies all count, at whatever layer they are read; no thread watches. Not covered is the search for the
host's address: the operating system has its own time limit for that.
"""

from __future__ import annotations

import contextlib
import json
import math
import socket
import ssl
import threading
import time
import typing as t
import zlib

# For an exchange whose caller sets no time limit (sign-in, metadata).
EXCHANGE_TIMEOUT = 60.0
# Everything before the body: http.client allows 100 headers of 64 KiB each, any number of times before the last status line.
LARGEST_HEAD = 512 * 1024
# As it comes, and decompressed.
LARGEST_ANSWER = 64 * 1024 * 1024
DEEPEST_ANSWER = 64
_LONGEST_NUMBER = 40

TOO_SLOW, TOO_LARGE = "AnswerTooSlow", "AnswerTooLarge"


class Exchange:
    """What is left of one exchange. ``code`` and ``why`` say which limit ended it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.code: str | None = None
        self.why = ""
        self._deadline = time.monotonic() + seconds
        self._received = 0
        self._limit = LARGEST_HEAD
        self._what = "status and headers"

    def body_begins(self) -> None:
        self._limit, self._what = LARGEST_ANSWER, "answer"

    @property
    def answered(self) -> bool:
        """Whether a part of an answer has come, so that the request was sent."""
        return self._received > 0

    def remaining(self) -> float:
        """Seconds, always more than 0. TimeoutError when none are left."""
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            self.code, self.why = TOO_SLOW, f"the answer was not complete after {round(self.seconds, 1):g} s"
            raise TimeoutError(self.why)
        return seconds

    def received(self, size: int) -> None:
        """Count what came. OSError when it is too much."""
        self._received += size
        if self._received > self._limit:
            self.too_large(f"the {self._what} had more than {self._limit} bytes")

    def too_large(self, why: str) -> t.NoReturn:
        self.code, self.why = TOO_LARGE, why
        raise OSError(why)


class _Thread(threading.local):
    exchange: Exchange | None = None


_here = _Thread()


@contextlib.contextmanager
def exchange(seconds: float) -> t.Iterator[Exchange]:
    """One exchange of this thread. Inside another, that one counts."""
    outer = _here.exchange
    if outer is not None:
        yield outer
        return
    _here.exchange = Exchange(seconds)
    try:
        yield _here.exchange
    finally:
        _here.exchange = None


if t.TYPE_CHECKING:
    _Socket = socket.socket
else:
    # A mixin, in front of the class of plain sockets and of that of TLS.
    _Socket = object


class _Limited(_Socket):
    """A socket that keeps to the exchange of its thread. ``settimeout`` still is the longest time without a byte."""

    _idle: float | None = None

    def settimeout(self, value: float | None) -> None:
        self._idle = value
        super().settimeout(value)

    def _before(self) -> None:
        if _here.exchange is not None:
            remaining = _here.exchange.remaining()
            super().settimeout(remaining if self._idle is None else min(remaining, self._idle))

    def recv_into(self, *arguments: t.Any, **options: t.Any) -> int:
        self._before()
        try:
            size: int = super().recv_into(*arguments, **options)
        except TimeoutError:
            self._before()
            raise
        if _here.exchange is not None:
            _here.exchange.received(size)
        return size

    def recv(self, *arguments: t.Any, **options: t.Any) -> bytes:
        self._before()
        data: bytes = super().recv(*arguments, **options)
        if _here.exchange is not None:
            _here.exchange.received(len(data))
        return data

    def send(self, *arguments: t.Any, **options: t.Any) -> int:
        self._before()
        sent: int = super().send(*arguments, **options)
        return sent

    def sendall(self, *arguments: t.Any, **options: t.Any) -> None:
        self._before()
        super().sendall(*arguments, **options)


class LimitedSocket(_Limited, socket.socket):
    pass


class LimitedTlsSocket(_Limited, ssl.SSLSocket):
    pass


def limited(plain: socket.socket) -> LimitedSocket:
    """The same connection as a socket with limits."""
    timeout = plain.gettimeout()
    new = LimitedSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    new.settimeout(timeout)
    return new


def read_body(chunks: t.Iterable[bytes], encoding: str, limits: Exchange) -> bytes:
    """The body, decompressed, as far as the limits allow. ValueError for an encoding that was not asked for."""
    kind = encoding.strip().lower()
    if kind not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise ValueError("its content encoding was not asked for")
    parts: list[bytes] = []
    size, decoder = 0, None if kind in ("", "identity") else zlib.decompressobj(47)
    for chunk in chunks:
        while chunk:
            limits.remaining()
            if decoder is None:
                part, chunk = chunk, b""
            else:
                part = decoder.decompress(chunk, 1024 * 1024)
                chunk = decoder.unconsumed_tail
                if decoder.eof:
                    # gzip may have several members.
                    chunk, decoder = decoder.unused_data, zlib.decompressobj(47)
            size += len(part)
            if size > LARGEST_ANSWER:
                limits.too_large(f"the decompressed answer had more than {LARGEST_ANSWER} bytes")
            parts.append(part)
    return b"".join(parts)


class BadJson(ValueError):
    """JSON that is complete, and that readers may disagree about or break on."""


def parse_json(content: bytes | str) -> t.Any:
    """The value. BadJson where it is too deep, has a name twice, or a number that JSON does not have; ValueError if it is not JSON."""
    try:
        value = json.loads(
            content, object_pairs_hook=_mapping, parse_int=_integer, parse_float=_number, parse_constant=_constant
        )
    except RecursionError:
        raise BadJson(f"it is nested deeper than {DEEPEST_ANSWER} levels") from None
    level, depth = [value], 0
    while level:
        if depth > DEEPEST_ANSWER:
            raise BadJson(f"it is nested deeper than {DEEPEST_ANSWER} levels")
        level = [
            below
            for item in level
            if isinstance(item, (dict, list))
            for below in (item.values() if isinstance(item, dict) else item)
        ]
        depth += 1
    return value


def _mapping(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise BadJson("an object in it has the same name twice")
    return mapping


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise BadJson(f"it holds a number of {len(text)} digits")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise BadJson("it holds a number that is too large")
    return number


def _constant(text: str) -> t.NoReturn:
    raise BadJson(f"it holds {text}, which is not a number of JSON")
