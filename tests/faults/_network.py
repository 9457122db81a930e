# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's way to the simulator, in process, on which everything can go wrong that goes wrong on a socket.

azure-core's own transport and requests stand in it as in a task; only the socket is replaced. What breaks is raised as urllib3 and requests raise
it, so that azure-core makes of it what it makes of a real one (``tests/integration/test_faults.py`` compares the two).
"""

from __future__ import annotations

import json
import os
import signal
import threading
import typing as t
from dataclasses import dataclass
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import workspace_sdk
from ansible_collections.azureml.compute.tests.support.azure import Azure, Credential, Sent, Token
from azure.core.pipeline.transport import RequestsTransport
from azureml_simulator.http import SLOW_PIECES, Effect, Headers, Request
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

# How a run ends from outside: killed before its request is taken or after it, or asked to end by SIGTERM.
BEFORE, AFTER, TERMINATED = "before", "after", "terminated"


class Killed(BaseException):
    """In place of SIGKILL: nobody catches it, and no further request of any thread is sent."""


@dataclass
class RunEnds:
    """At the request of that number a run ends from outside, which ``how`` says."""

    how: str = ""
    at: int = 0
    dead: bool = False

    def die(self) -> t.NoReturn:
        self.dead = True
        raise Killed


class _Body:
    """A body; on a broken connection some of it, and then the error."""

    def __init__(self, data: bytes, error: Exception | None = None) -> None:
        self.data, self.error = data, error

    def stream(self, *args: t.Any, **options: t.Any) -> t.Iterator[bytes]:
        yield self.data
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """There is no connection."""


class _Socket(BaseAdapter):
    """One request to the simulator, with what happens to its answer on the way."""

    def __init__(self, azure: FaultyAzure) -> None:
        super().__init__()
        self.azure = azure

    def close(self) -> None:
        """Nothing to close."""

    def send(self, request: t.Any, timeout: t.Any = None, **options: t.Any) -> requests.Response:  # type: ignore[override]
        azure, parts = self.azure, urlsplit(request.url)
        data = request.body.encode() if isinstance(request.body, str) else request.body or b""
        path, body = unquote(parts.path), json.loads(data) if data else None
        end = azure.run_ends
        if end.dead or (end.how == BEFORE and len(azure.sent) == end.at):
            end.die()
        if end.how == TERMINATED and len(azure.sent) == end.at:
            if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                end.die()
            os.kill(os.getpid(), signal.SIGTERM)
        if azure.unreachable(len(azure.sent)):
            azure.sent.append(Sent(request.method, path, body, 0))
            refused = NewConnectionError(None, "Failed to establish a new connection: [Errno 111] Connection refused")  # type: ignore[arg-type]
            raise requests.exceptions.ConnectionError(MaxRetryError(None, request.url, refused))  # type: ignore[arg-type]
        azure.meanwhile(request.method, path)
        headers = Headers({"Host": parts.netloc, **request.headers})
        answer = azure.app.handle(
            Request(request.method, path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, data)
        )
        azure.sent.append(Sent(request.method, path, body, answer.status))
        if end.how == AFTER and len(azure.sent) == end.at + 1:
            end.die()
        made = requests.Response()
        made.status_code, made.url, made.request, made.raw = (
            answer.status,
            request.url,
            request,
            _Body(answer.payload()),
        )
        made.headers.update({"Content-Type": "application/json; charset=utf-8", **answer.headers})
        if answer.effect is not None:
            made.raw = self._suffer(answer.effect, answer.payload(), timeout[1]) or made.raw
        return made

    def _suffer(self, effect: Effect, data: bytes, timeout: float) -> _Body | None:
        """Raise, let time pass, or give what comes of the body."""
        if effect.kind == "reset":
            raise requests.exceptions.ConnectionError(
                ProtocolError("Connection aborted.", ConnectionResetError(104, "Connection reset by peer"))
            )
        if effect.kind in ("delay", "hang"):
            self.azure.sleep(min(effect.seconds, timeout))
            if effect.seconds > timeout or effect.kind == "hang":
                raise requests.exceptions.ReadTimeout(
                    ReadTimeoutError(None, None, f"Read timed out. (read timeout={timeout})")
                )  # type: ignore[arg-type]
        if effect.kind == "slow_body":
            late = effect.seconds > timeout
            self.azure.sleep(timeout if late else effect.seconds * SLOW_PIECES)
            return _Body(b"", ReadTimeoutError(None, None, "Read timed out.")) if late else None  # type: ignore[arg-type]
        if effect.kind == "truncate":
            half = len(data) // 2
            return _Body(
                data[:half],
                ProtocolError(
                    f"Connection broken: IncompleteRead({half} bytes read, {len(data) - half} more expected)"
                ),
            )
        return None


class Transport(RequestsTransport):
    """azure-core's, on that socket."""

    def __init__(self, azure: FaultyAzure) -> None:
        session = requests.Session()
        # Proxies and authorities of the environment cost more than the whole run.
        session.trust_env = False
        session.mount("https://", _Socket(azure))
        super().__init__(session=session, session_owner=False)


class _Credential(Credential):
    """One token for thousands of runs. Where the clocks differ by more than a token lasts, it seems to be over at once."""

    azure: FaultyAzure

    def get_token_info(self, *scopes: str, options: t.Any = None) -> Token:
        self.azure.tokens += 1
        return Token(self.azure.token, 1_000_000_000.0 if self.azure.token_skew else 4_000_000_000.0)

    def get_token(self, *scopes: str, **options: t.Any) -> Token:
        """As azure-ai-ml asks."""
        return Token(self.azure.token, 4_000_000_000)


class FaultyAzure(Azure):
    """The simulated Azure of the functional tests, on a network that can break.

    unreachable   whether the request of that number in the run meets a closed port
    run_ends      how and at which request of the run it ends from outside
    token_skew    whether every token seems to have expired when it is issued
    """

    def __init__(self) -> None:
        super().__init__()
        self.unreachable: t.Callable[[int], bool] = lambda number: False
        self.run_ends = RunEnds()
        self.token_skew = False
        self.token = self.app.token()

    def transport(self) -> t.Any:
        return Transport(self)

    def credential(self) -> Credential:
        return _Credential(self)

    def run(self, module: str, /, **options: t.Any) -> dict[str, t.Any]:
        """As in the functional tests; what azure-ai-ml sends takes the same network. A run that is killed gives ``failed`` and ``killed`` only."""
        socket, over = _Socket(self), threading.Event()

        def sleep(transport: t.Any, seconds: float) -> None:
            # azure-ai-ml's own polling in the background, of which a task knows nothing. It ends with the process, which here is the run.
            if threading.current_thread().name.startswith("LROPoller"):
                over.wait()
                raise SystemExit
            self.sleep(seconds)

        with (
            mock.patch.object(workspace_sdk, "_client", self._sdk_client),
            mock.patch.object(HTTPAdapter, "send", lambda adapter, request, **sending: socket.send(request, **sending)),
            mock.patch.object(RequestsTransport, "sleep", sleep),
        ):
            try:
                return super().run(module, **options)
            except Killed:
                return {"failed": True, "killed": True}
            finally:
                over.set()
                for thread in threading.enumerate():
                    if thread.name.startswith("LROPoller"):
                        thread.join()

    def _sdk_client(self, cloud: t.Any, credential: t.Any, target: t.Any) -> t.Any:
        """In place of ``workspace_sdk._client``: signed in as the simulator's own."""
        from azure.ai.ml import MLClient

        return MLClient(_Credential(self), target.subscription_id, target.resource_group, enable_telemetry=False)
