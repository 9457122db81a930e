# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop the server of a state directory as a process of its own."""

from __future__ import annotations

import os
import signal
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

from azureml_simulator.state_directory import StateDirectory

START_SECONDS = 60.0
STOP_SECONDS = 10.0


class StartError(Exception):
    """The server did not start."""


def is_healthy(directory: StateDirectory) -> bool:
    """Whether a server answers at the address of the directory, with its certificate."""
    context = ssl.create_default_context(cafile=str(directory.ca))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(f"{directory.url()}/_simulator/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _log_tail(directory: StateDirectory) -> str:
    lines = directory.server_log.read_text(errors="replace").splitlines() if directory.server_log.exists() else []
    return "\n".join(lines[-25:])


def _spawn(directory: StateDirectory) -> subprocess.Popen[bytes]:
    port = directory.choose_port()
    package_root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    environment = {**os.environ, "AML_SIMULATOR_HOME": str(directory.path), "PYTHONPATH": package_root}
    with directory.open_server_log() as log:
        return subprocess.Popen(
            [sys.executable, "-m", "azureml_simulator", "serve", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=environment,
            cwd=directory.path,
        )


def require_own(directory: StateDirectory) -> None:
    """Make the directory, or refuse one in which another user could place a secret, a key or an authority."""
    directory.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.path.stat()
    if status.st_uid not in (os.getuid(), 0) or status.st_mode & stat.S_IWOTH:
        raise StartError(
            f"{directory.path} belongs to another user or is writable by all users. Set AML_SIMULATOR_HOME to a directory of your own."
        )


def start(directory: StateDirectory) -> None:
    """Start the server unless it runs, and wait until it answers."""
    require_own(directory)
    deadline = time.monotonic() + START_SECONDS
    starting = directory.lock("start.lock")
    while starting is None and time.monotonic() < deadline:
        time.sleep(0.05)
        starting = directory.lock("start.lock")
    if starting is None:
        raise StartError(f"Another start has held {directory.path} for {START_SECONDS:.0f} seconds.")
    with starting:
        directory.prepare()
        process = None if directory.is_served() else _spawn(directory)
        while not is_healthy(directory):
            if process is not None and process.poll() is not None:
                raise StartError(f"The server ended with status {process.returncode}:\n{_log_tail(directory)}")
            if time.monotonic() > deadline:
                raise StartError(
                    f"The server did not answer within {START_SECONDS:.0f} seconds:\n{_log_tail(directory)}"
                )
            time.sleep(0.05)


def stop(directory: StateDirectory) -> bool:
    """Stop the server and wait until it has ended; False if none runs as a process of its own."""
    pid = directory.running_pid()
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while directory.running_pid() is not None:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += STOP_SECONDS
        time.sleep(0.02)
    return True
