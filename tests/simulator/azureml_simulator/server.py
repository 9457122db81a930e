# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TLS front: aiohttp reads a request, `App.handle` answers it, and ordered faults happen to the socket here."""
from __future__ import annotations

import asyncio
import contextlib
import gzip
import logging
import os
import signal
import ssl
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from azureml_simulator.app import App
from azureml_simulator.http import SLOW_PIECES, Headers, Request, Response
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
            return web.json_response({"error": {"code": "MisdirectedRequest", "message": "The simulator answers as 127.0.0.1 and localhost only."}}, status=421)
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
        headers = {**response.headers, "Content-Length": str(len(response.payload())), "Content-Type": "application/json"}
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


async def _run(home: StateDirectory, port: int) -> None:
    app = App(home.database, key=home.token_key(), secret=home.secret(), log_path=home.request_log, control_token=home.control_token())
    app.config.add_defaults(DEFAULTS)
    site_app = web.Application(client_max_size=_LIMIT)
    site_app.router.add_route("*", "/{path:.*}", TlsServer(app).handle)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home.server_certificate, home.server_key)
    runner = web.AppRunner(site_app, access_log=None, keepalive_timeout=120, handler_cancellation=True)
    await runner.setup()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    doors = SshListeners(app, home.nodes)
    watcher = loop.create_task(doors.watch())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context, shutdown_timeout=1).start()
        home.pid_file.write_text(str(os.getpid()))
        print(f"Serving https://127.0.0.1:{port}", file=sys.stderr, flush=True)
        await stop.wait()
    finally:
        watcher.cancel()
        doors.close()
        await runner.cleanup()
        app.close()
        home.pid_file.unlink(missing_ok=True)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    log = logging.getLogger("azureml_simulator")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def serve(home: StateDirectory, port: int) -> int:
    """Serve until a signal; one server per directory."""
    deadline = time.monotonic() + 1.0
    held = home.lock("serve.lock")
    while held is None and time.monotonic() < deadline:  # who asks for the state of a server holds it for a moment
        time.sleep(0.01)
        held = home.lock("serve.lock")
    if held is None:
        print(f"A simulator is already serving from {home.path}", file=sys.stderr)
        return 1
    _log_to_stderr()
    with held, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(home, port))
    return 0
