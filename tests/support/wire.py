# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted wire for unit tests: the exact requests that must come, in order, and their answers; no socket, no real
time.

    wire = Wire([Call("GET", "/subscriptions/s", json={"id": "/subscriptions/s"})])
    client = wire.client()
    ...
    wire.done()

A request that is missing, additional or different fails the test.
"""

from __future__ import annotations

import json as _json
import threading
import typing as t
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.azureml.compute.plugins.module_utils._arm.client import ArmClient
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC, Cloud
from ansible_collections.azureml.compute.plugins.module_utils._arm.retry import Clock, RetryPolicy
from ansible_collections.azureml.compute.plugins.module_utils._arm.tokens import TokenSource
from ansible_collections.azureml.compute.plugins.module_utils._arm.transport import Transport
from azure.core.pipeline.transport import HttpTransport

ANY: t.Any = object()
HOST = "https://management.azure.com"


@dataclass
class Call:
    """One request that must come, and its answer. ``path`` is decoded; ``query`` may be a part of the real one."""

    method: str
    path: str
    status: int = 200
    json: t.Any = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: t.Any = ANY
    content: bytes | None = None
    raises: BaseException | None = None
    host: str = HOST


@dataclass
class Sent:
    """One request that came."""

    method: str
    url: str
    headers: dict[str, str]
    body: t.Any

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.url).path)

    @property
    def query(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.url).query, keep_blank_values=True).items()}


class _Response:
    """As much of azure.core.rest.HttpResponse as a client and azure-core's policies look at."""

    def __init__(self, request: t.Any, call: Call) -> None:
        self.request = request
        self.status_code = call.status
        self.headers = dict(call.headers)
        self.reason = ""
        if call.content is not None:
            self.content = call.content
        else:
            self.content = b"" if call.json is None else _json.dumps(call.json).encode()


class ScriptedTransport(HttpTransport):
    """An azure-core transport that plays a script."""

    def __init__(self, calls: t.Iterable[Call]) -> None:
        self.calls = list(calls)
        self.sent: list[Sent] = []
        self._lock = threading.Lock()

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        body = _json.loads(request.content) if request.content else None
        sent = Sent(request.method, request.url, dict(request.headers), body)
        with self._lock:
            assert self.calls, f"an additional request came: {sent.method} {sent.url}"
            call = self.calls.pop(0)
            self.sent.append(sent)
        _compare(call, sent)
        if call.raises is not None:
            raise call.raises
        return _Response(request, call)


def _compare(call: Call, sent: Sent) -> None:
    parts = urlsplit(sent.url)
    real = (sent.method, f"{parts.scheme}://{parts.netloc}", sent.path)
    assert real == (call.method, call.host, call.path)
    assert call.query.items() <= sent.query.items(), f"query {sent.query} lacks {call.query}"
    if call.body is not ANY:
        assert sent.body == call.body


class FakeClock:
    """A clock that only sleeping moves."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Token:
    token: str
    expires_on: float = 4_000_000_000.0


class FakeCredential:
    """Counts how often it was asked, and with which claims."""

    def __init__(self, name: str = "token", error: BaseException | None = None) -> None:
        self.name = name
        self.error = error
        self.asked: list[dict[str, t.Any]] = []

    def get_token_info(self, *scopes: str, options: dict[str, t.Any] | None = None) -> Token:
        self.asked.append({"scopes": scopes, **(options or {})})
        if self.error is not None:
            raise self.error
        return Token(f"{self.name}-{len(self.asked)}")


class Wire:
    """A client on a scripted transport, a fake clock and a credential that counts."""

    def __init__(self, calls: t.Iterable[Call], cloud: Cloud = PUBLIC) -> None:
        self.transport = ScriptedTransport(calls)
        self.clock = FakeClock()
        self.cloud = cloud
        self.credentials: list[FakeCredential] = []
        self.events: list[tuple[str, dict[str, t.Any]]] = []

    def client(self, retries: int = 10, retry_timeout: float = 120.0) -> ArmClient:
        return ArmClient(
            self.cloud,
            TokenSource(self._credential, self.cloud.scope, source="test"),
            Transport("tests/1.0", wire=self.transport),
            RetryPolicy(retries, retry_timeout, Clock(self.clock, self.clock.sleep, lambda: 0.0)),
            lambda event, facts: self.events.append((event, facts)),
        )

    @property
    def sent(self) -> list[Sent]:
        return self.transport.sent

    def done(self) -> None:
        """The script must have been played to its end."""
        assert not self.transport.calls, f"requests that never came: {self.transport.calls}"

    def _credential(self) -> FakeCredential:
        self.credentials.append(FakeCredential(f"credential-{len(self.credentials) + 1}"))
        return self.credentials[-1]
