# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS server: aiohttp reads a request, `App.handle` answers it, and faults of the connection happen here."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from azureml_simulator.app import App
from azureml_simulator.http import SLOW_PIECES, Headers, Request, Response
from azureml_simulator.process import StartError, require_own
from azureml_simulator.ssh.listeners import SshListeners
from azureml_simulator.state_directory import StateDirectory

_NAMES = ("127.0.0.1", "localhost")
_LIMIT = 32 * 1024 * 1024
# The machine's identity has no secret: whoever can reach its endpoint has it, so the server has none until asked for it.
DEFAULTS: dict[str, Any] = {"managed_identity": {"enabled": False}}


def _names_loopback(host: str) -> bool:
    """A page of a foreign name that leads to the loopback must not be answered, and no address in an answer leads anywhere else."""
    try:
        return urlsplit(f"//{host}").hostname in _NAMES
    except ValueError:
        return False


class TlsServer:
    """Translates between aiohttp and the app."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not _names_loopback(request.headers.get("Host", "")):
            return web.json_response(
                {
                    "error": {
                        "code": "MisdirectedRequest",
                        "message": "The simulator answers as 127.0.0.1 and localhost only.",
                    }
                },
                status=421,
            )
        body = await request.read()
        query = {key: request.rel_url.query[key] for key in reversed(list(request.rel_url.query))}
        wanted = Request(request.method, request.path, query, Headers(request.headers), body)
        response = self._app.handle(wanted)
        effect = response.effect
        if effect is None:
            return self._answer(wanted, response)
        if effect.kind in ("hang", "delay"):
            await asyncio.sleep(effect.seconds)
        if effect.kind == "delay":
            return self._answer(wanted, response)
        if effect.kind == "truncate":
            return await self._truncate(request, response)
        if effect.kind == "slow_body":
            return await self._trickle(request, response, effect.seconds)
        self._drop(request)
        return web.Response(status=500)

    @staticmethod
    def _answer(request: Request, response: Response) -> web.Response:
        headers = dict(response.headers)
        data = response.payload()
        if data and "Content-Type" not in headers:
            headers["Content-Type"] = "application/json; charset=utf-8"
        if data and request.method == "GET":
            # Seen on every GET (docs/facts.md a.3).
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in str(request.headers.get("accept-encoding", "")).lower():
                headers["Content-Encoding"] = "gzip"
                data = gzip.compress(data, compresslevel=1)
        return web.Response(status=response.status, body=None if request.method == "HEAD" else data, headers=headers)

    @staticmethod
    def _drop(request: web.Request) -> None:
        """Close with a reset, as a broken network does."""
        if request.transport is not None:
            request.transport.abort()

    @staticmethod
    async def _begin(request: web.Request, response: Response) -> web.StreamResponse:
        """Status and headers alone, which promise the whole body."""
        headers = {
            **response.headers,
            "Content-Length": str(len(response.payload())),
            "Content-Type": "application/json",
        }
        stream = web.StreamResponse(status=response.status, headers=headers)
        await stream.prepare(request)
        return stream

    async def _truncate(self, request: web.Request, response: Response) -> web.StreamResponse:
        stream = await self._begin(request, response)
        data = response.payload()
        await stream.write(data[: len(data) // 2])
        self._drop(request)
        return stream

    async def _trickle(self, request: web.Request, response: Response, seconds: float) -> web.StreamResponse:
        stream = await self._begin(request, response)
        data = response.payload()
        step = max(1, -(-len(data) // SLOW_PIECES))
        for start in range(0, len(data), step):
            await asyncio.sleep(seconds)
            await stream.write(data[start : start + step])
        return stream


async def _run(directory: StateDirectory, port: int, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Serve until `stop` is set; `ready` is called when connections are accepted."""
    app = App(
        directory.database,
        key=directory.token_key(),
        secret=directory.secret(),
        log_path=directory.request_log,
        control_token=directory.control_token(),
    )
    app.config.add_defaults(DEFAULTS)
    site_app = web.Application(client_max_size=_LIMIT)
    site_app.router.add_route("*", "/{path:.*}", TlsServer(app).handle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory.server_certificate, directory.server_key)
    runner = web.AppRunner(
        site_app, access_log=None, keepalive_timeout=120, shutdown_timeout=1, handler_cancellation=True
    )
    await runner.setup()
    listeners = SshListeners(app, directory.nodes)
    watcher = asyncio.get_running_loop().create_task(listeners.watch())
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
        ready()
        await stop.wait()
    finally:
        watcher.cancel()
        listeners.close()
        await runner.cleanup()
        app.close()


async def _run_as_process(directory: StateDirectory, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready() -> None:
        directory.pid_file.write_text(str(os.getpid()))
        print(f"Serving https://127.0.0.1:{port}", file=sys.stderr, flush=True)

    try:
        await _run(directory, port, stop, ready)
    finally:
        directory.pid_file.unlink(missing_ok=True)


class ServerThread:
    """The server in a thread of the caller's process. It has no process id of its own, so that no command can end the caller."""

    def __init__(self, directory: StateDirectory) -> None:
        self._directory = directory
        self._started = threading.Event()
        self._error: BaseException | None = None
        self._end: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._main, name="azureml-simulator", daemon=True)

    def start(self) -> None:
        """Serve, and return when connections are accepted. Raises `StartError`."""
        require_own(self._directory)
        if self._directory.path.stat().st_mode & 0o077:
            # A process of its own has an umask; that of the caller's process is not ours to change.
            raise StartError(
                f"{self._directory.path} can be read by other users. Set its mode to 0700, or start the simulator as a process of its own."
            )
        self._directory.prepare()
        held = self._directory.lock("serve.lock")
        if held is None:
            raise StartError(f"A simulator is already running in {self._directory.path}.")
        self._lock = held
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join()
            raise StartError(f"The server ended: {self._error}") from self._error

    def stop(self) -> None:
        """Stop serving, and wait until all is closed."""
        self._end()
        self._thread.join()

    def _main(self) -> None:
        try:
            with self._lock:
                asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        self._end = lambda: _call_unless_closed(loop, stop.set)
        await _run(self._directory, self._directory.choose_port(), stop, self._started.set)


def _call_unless_closed(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    log = logging.getLogger("azureml_simulator")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def serve(directory: StateDirectory, port: int) -> int:
    """Serve until a signal; one server per directory."""
    deadline = time.monotonic() + 1.0
    held = directory.lock("serve.lock")
    while (
        held is None and time.monotonic() < deadline
    ):  # a process that checks whether a server runs holds it for a moment
        time.sleep(0.01)
        held = directory.lock("serve.lock")
    if held is None:
        print(f"A simulator is already running in {directory.path}", file=sys.stderr)
        return 1
    _log_to_stderr()
    with held, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run_as_process(directory, port))
    return 0
