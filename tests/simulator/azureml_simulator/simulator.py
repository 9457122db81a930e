# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public API: start and stop a simulator, and use its control API, from Python."""

from __future__ import annotations

import json
import ssl
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from azureml_simulator import process
from azureml_simulator.state_directory import StateDirectory

if TYPE_CHECKING:
    from azureml_simulator.server import ServerThread


class ControlError(Exception):
    """The control API refused a request, or no simulator answers."""


class Simulator:
    """A simulator with a state directory of its own.

    with Simulator() as simulator:
        simulator.config({"clock": {"speed": 60}})
        subprocess.run(["ansible-playbook", "site.yml"], env={**os.environ, **simulator.environment})
        assert simulator.requests(path="/computes/")
    """

    def __init__(self, directory: str | Path | None = None, *, in_thread: bool = False) -> None:
        """`directory`: where the state is kept; without it, a temporary directory that is deleted when the simulator stops.

        `in_thread`: serve from a thread of this process, which starts faster, instead of a process of its own.
        """
        self._temporary = (
            tempfile.TemporaryDirectory(prefix="azureml-simulator-", ignore_cleanup_errors=True)
            if directory is None
            else None
        )
        self._directory = StateDirectory(Path(self._temporary.name if self._temporary else str(directory)).resolve())
        self._in_thread = in_thread
        self._thread: ServerThread | None = None

    def start(self) -> Simulator:
        """Start the server unless it runs, and wait until it answers. Raises `StartError`."""
        if not self._in_thread:
            process.start(self._directory)
        elif self._thread is None:
            from azureml_simulator.server import ServerThread

            thread = ServerThread(self._directory)
            thread.start()
            self._thread = thread
        return self

    def stop(self) -> None:
        """Stop the server. The state stays, unless the directory is temporary."""
        if self._thread is not None:
            self._thread.stop()
            self._thread = None
        elif not self._in_thread:
            process.stop(self._directory)
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- what a client needs -------------------------------------------------------------------------------------

    @property
    def directory(self) -> Path:
        """The state directory."""
        return self._directory.path

    @property
    def url(self) -> str:
        """The address of Resource Manager, the token endpoint and the control API: https://127.0.0.1:PORT."""
        return self._directory.url()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that Azure's clients need to use the simulator."""
        return self._directory.environment()

    # -- the control API -----------------------------------------------------------------------------------------

    def config(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the configuration, after merging `changes` into it if there are any."""
        answer: dict[str, Any] = (
            self.control("GET", "config") if changes is None else self.control("PUT", "config", changes)
        )
        return answer

    def requests(self, since: int = 0, path: str = "") -> list[dict[str, Any]]:
        """Return the logged requests from index `since` on whose path contains `path`."""
        query = urllib.parse.urlencode({"since": since, "path": path})
        answer: list[dict[str, Any]] = self.control("GET", f"requests?{query}")
        return answer

    def clear_requests(self) -> None:
        """Empty the request log."""
        self.control("DELETE", "requests")

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once, so that operations that take that long are complete."""
        self.control("PUT", "clock", {"advance": seconds})

    def set_faults(self, *faults: dict[str, Any]) -> None:
        """Replace the list of faults that the next requests meet (see the README); without arguments, clear it."""
        self.control("PUT", "faults", list(faults))

    def reset(self) -> None:
        """Return to the state, configuration and principals of the first start."""
        self.control("POST", "reset")

    def state(self) -> dict[str, Any]:
        """Return all resource documents and the running operations."""
        answer: dict[str, Any] = self.control("GET", "state")
        return answer

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the control API, `path` below `/_simulator/`, and return its answer. Raises `ControlError`."""
        headers = {"Authorization": f"Bearer {self._directory.control_token()}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{path}", data, headers, method=method)
        context = ssl.create_default_context(cafile=str(self._directory.ca))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise ControlError(f"{method} {path}: {error.code} {_message(error.read())}") from error
        except (urllib.error.URLError, OSError) as error:
            raise ControlError(f"No simulator answers at {self.url}: {error}") from error


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace")
