# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS server on the loopback whose answers do not end, or are too large, and a client of the collection at it.

A form is a function of a connection and the number of the request; what it sends is limited by the client, or by the end of the server.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import ssl
import threading
import typing as t
from pathlib import Path

from ansible_collections.azureml.compute.plugins.module_utils._arm.client import ArmClient
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import Cloud
from ansible_collections.azureml.compute.plugins.module_utils._arm.retry import Clock, RetryPolicy
from ansible_collections.azureml.compute.plugins.module_utils._arm.tokens import TokenSource
from ansible_collections.azureml.compute.plugins.module_utils._arm.transport import Transport
from ansible_collections.azureml.compute.plugins.module_utils._core.client import Operation
from ansible_collections.azureml.compute.tests.support.wire import FakeCredential

VERSION = "2024-10-01"
PATH = "/subscriptions/s/resourceGroups/g"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Form = t.Callable[["Server", t.Any, int], None]


class Server:
    """One form of hostile answers. ``requests`` counts what came; leaving the context ends every connection."""

    def __init__(self, form: Form, certificate: tuple[Path, Path]) -> None:
        self.form, self.ca = form, str(certificate[0])
        self.requests = 0
        self.ended = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._connections: list[ssl.SSLSocket] = []

    def __enter__(self) -> Server:
        self._start(self._accept)
        return self

    def __exit__(self, *_error: object) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def client(self, retries: int = 1, retry_timeout: float = 1.0) -> ArmClient:
        cloud = Cloud("test", self.base, self.base, "")
        return ArmClient(
            cloud,
            TokenSource(FakeCredential, cloud.scope),
            Transport("tests/1.0", self.ca),
            RetryPolicy(retries, retry_timeout, Clock(rand=lambda: 0.0)),
        )

    def _start(self, job: t.Callable[..., None], *arguments: t.Any) -> None:
        thread = threading.Thread(target=job, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.ended.is_set():
            try:
                plain, _address = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, plain)

    def _serve(self, plain: socket.socket) -> None:
        plain.settimeout(10)
        with (
            contextlib.suppress(OSError),
            self._context.wrap_socket(plain, server_side=True) as connection,
            connection.makefile("rb") as stream,
        ):
            self._connections.append(connection)
            while stream.readline():
                length = 0
                while (line := stream.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                stream.read(length)
                self.requests += 1
                self.form(self, connection, self.requests)


def _answer(connection: t.Any, body: bytes, headers: str = "", status: str = "200 OK") -> None:
    connection.sendall(
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
        + body
    )


def _forever(server: Server, connection: t.Any, piece: bytes, every: float = 0.0) -> None:
    while not server.ended.wait(every) if every else not server.ended.is_set():
        connection.sendall(piece)


def _drip_head(server: Server, connection: t.Any, _number: int) -> None:
    connection.sendall(OK + b"X-Slow: ")
    _forever(server, connection, b"x", 0.1)


def _drip_body(server: Server, connection: t.Any, _number: int) -> None:
    connection.sendall(OK + b"Content-Length: 100000\r\n\r\n")
    _forever(server, connection, b" ", 0.1)


def _drip_chunks(server: Server, connection: t.Any, _number: int) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    _forever(server, connection, b"1\r\n \r\n", 0.1)


def _silence(server: Server, connection: t.Any, _number: int) -> None:
    server.ended.wait()


def _slow_continues(server: Server, connection: t.Any, _number: int) -> None:
    _forever(server, connection, b"HTTP/1.1 100 Continue\r\n\r\n", 0.1)


def _continues(server: Server, connection: t.Any, _number: int) -> None:
    _forever(server, connection, b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _large_headers(server: Server, connection: t.Any, _number: int) -> None:
    connection.sendall(OK)
    _forever(server, connection, b"X-Large: " + b"x" * 60_000 + b"\r\n")


def _chunk_line(server: Server, connection: t.Any, _number: int) -> None:
    connection.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    _forever(server, connection, b"0" * 65536)


def _large_body(server: Server, connection: t.Any, _number: int) -> None:
    connection.sendall(OK + b"\r\n")
    _forever(server, connection, b" " * 65536)


def _bomb(server: Server, connection: t.Any, _number: int) -> None:
    _answer(connection, BOMB, "Content-Encoding: gzip\r\n")


def _other_encoding(server: Server, connection: t.Any, _number: int) -> None:
    _answer(connection, BOMB, "Content-Encoding: gzip, gzip\r\n")


def _new_pages(items: int) -> Form:
    def form(server: Server, connection: t.Any, number: int) -> None:
        _answer(
            connection,
            json.dumps(
                {"value": [{"id": str(number)}] * items, "nextLink": f"{server.base}{PATH}?page={number}"}
            ).encode(),
        )

    return form


def _same_page(server: Server, connection: t.Any, _number: int) -> None:
    _answer(connection, json.dumps({"value": [{"id": "x"}], "nextLink": f"{server.base}{PATH}?page=1"}).encode())


def _json(text: str) -> Form:
    def form(server: Server, connection: t.Any, _number: int) -> None:
        _answer(connection, text.encode())

    return form


def _throttled(server: Server, connection: t.Any, _number: int) -> None:
    _answer(connection, b"{}", "Retry-After: 0\r\n", "429 Too Many Requests")


def answering(status: str, headers: str = "", body: bytes = b"{}") -> Form:
    def form(server: Server, connection: t.Any, _number: int) -> None:
        _answer(connection, body, headers, status)

    return form


def _running(asked: str) -> Form:
    def form(server: Server, connection: t.Any, _number: int) -> None:
        _answer(connection, b'{"status": "InProgress"}', f"Retry-After: {asked}\r\n")

    return form


# 65 MiB of spaces in 66 kB.
BOMB = gzip.compress(b" " * (65 * 1024 * 1024), 9)

# Form, whether a list, a document or an operation is read, and the code that must come. urllib3 has a limit for chunk sizes in its newer versions only.
FORMS: dict[str, tuple[Form, str, str]] = {
    "no answer at all": (_silence, "document", "AnswerTooSlow"),
    "a header, byte by byte": (_drip_head, "document", "AnswerTooSlow"),
    "a body, byte by byte": (_drip_body, "document", "AnswerTooSlow"),
    "chunks of a byte": (_drip_chunks, "document", "AnswerTooSlow"),
    "100 Continue, again and again": (_slow_continues, "document", "AnswerTooSlow"),
    "a flood of 100 Continue": (_continues, "document", "AnswerTooLarge"),
    "megabytes of headers": (_large_headers, "document", "AnswerTooLarge"),
    "a chunk size without end": (_chunk_line, "document", "AnswerTooLarge or ConnectionFailed"),
    "a body without end": (_large_body, "document", "AnswerTooLarge"),
    "gzip of 65 MiB in 66 kB": (_bomb, "document", "AnswerTooLarge"),
    "gzip in gzip": (_other_encoding, "document", "ConnectionFailed"),
    "empty pages, each with a new link": (_new_pages(0), "list", "EndlessList"),
    "pages with items, each with a new link": (_new_pages(1), "list", "EndlessList"),
    "a page that leads to itself": (_same_page, "list", "PagingLoop"),
    "lists in lists, 100,000 deep": (_json('{"a": ' + "[" * 100_000), "document", "UnexpectedAnswer"),
    "lists in lists, 70 deep": (_json('{"a": ' + "[" * 70 + "]" * 70 + "}"), "document", "UnexpectedAnswer"),
    "a number of 5,000 digits": (_json('{"a": ' + "9" * 5_000 + "}"), "document", "UnexpectedAnswer"),
    "a number that is infinite": (_json('{"a": 1e999}'), "document", "UnexpectedAnswer"),
    "NaN": (_json('{"a": NaN}'), "document", "UnexpectedAnswer"),
    "a name twice": (_json('{"a": 1, "a": 2}'), "document", "UnexpectedAnswer"),
    "throttled with Retry-After: 0": (_throttled, "document", "TooManyRequests"),
    "an operation with Retry-After: 0": (_running("0"), "operation", "WaitTimeout"),
    "an operation with Retry-After: -1": (_running("-1"), "operation", "WaitTimeout"),
    "an operation with Retry-After: nan": (_running("nan"), "operation", "WaitTimeout"),
    "an operation with Retry-After: 1e400": (_running("1e400"), "operation", "WaitTimeout"),
    "an operation that drips": (_drip_body, "operation", "WaitTimeout"),
}


def ask(server: Server, what: str, *, wait_timeout: float = 2.0, **options: t.Any) -> t.Any:
    """What a module would ask for."""
    client = server.client(**options)
    if what == "list":
        return client.list(PATH, VERSION)
    if what == "operation":
        return client.wait(
            Operation(f"{server.base}{PATH}?operation=1", method="PUT", target=PATH), timeout=wait_timeout
        )
    return client.get(PATH, VERSION)
