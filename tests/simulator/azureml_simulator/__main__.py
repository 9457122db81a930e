# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m simulator start|stop|serve|env`: the simulator as a process.

On stdout stand only `export NAME=value` lines, so that a shell can evaluate them.
"""
from __future__ import annotations

import argparse
import os
import shlex
import signal
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

from azureml_simulator.state_directory import StateDirectory, default_home

START_SECONDS = 60.0
STOP_SECONDS = 10.0


class StartError(Exception):
    """The server did not come up."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _healthy(home: StateDirectory) -> bool:
    context = ssl.create_default_context(cafile=str(home.ca))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(f"{home.url()}/_simulator/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _log_tail(home: StateDirectory) -> str:
    lines = home.server_log.read_text(errors="replace").splitlines() if home.server_log.exists() else []
    return "\n".join(lines[-25:])


def _spawn(home: StateDirectory) -> subprocess.Popen[bytes]:
    port = home.choose_port()
    package_root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    environment = {**os.environ, "AML_SIMULATOR_HOME": str(home.path), "PYTHONPATH": package_root}
    with home.server_log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "azureml_simulator", "serve", "--port", str(port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment, cwd=home.path,
        )


def own(home: StateDirectory) -> None:
    """Make the directory, or refuse one in which somebody else could put a secret, a key or an authority of theirs."""
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = home.path.stat()
    if status.st_uid not in (os.getuid(), 0) or status.st_mode & stat.S_IWOTH:
        raise StartError(f"{home.path} belongs to somebody else or can be written by all. Set AML_SIMULATOR_HOME to a directory of your own.")


def start(home: StateDirectory) -> None:
    """Start the server unless it runs, and wait until it answers."""
    own(home)
    deadline = time.monotonic() + START_SECONDS
    starting = home.lock("start.lock")
    while starting is None and time.monotonic() < deadline:
        time.sleep(0.05)
        starting = home.lock("start.lock")
    if starting is None:
        raise StartError(f"another start has held {home.path} for {START_SECONDS:.0f} s")
    with starting:
        home.prepare()
        process = None if home.running_pid() is not None else _spawn(home)
        while not _healthy(home):
            if process is not None and process.poll() is not None:
                raise StartError(f"the server ended with status {process.returncode}:\n{_log_tail(home)}")
            if time.monotonic() > deadline:
                raise StartError(f"the server did not answer within {START_SECONDS:.0f} s:\n{_log_tail(home)}")
            time.sleep(0.05)
    _say(f"The simulator answers at {home.url()} (log: {home.server_log})")


def stop(home: StateDirectory) -> None:
    """Stop the server, if one runs."""
    pid = home.running_pid()
    if pid is None:
        _say("No simulator is running.")
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while home.running_pid() is not None:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline += STOP_SECONDS
        time.sleep(0.02)
    _say("The simulator has stopped; its state is kept.")


def print_environment(home: StateDirectory) -> None:
    for name, value in home.environment().items():
        print(f"export {name}={shlex.quote(value)}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="simulator", description="Azure's control plane on the loopback.")
    parser.add_argument("command", choices=("start", "stop", "serve", "env"))
    parser.add_argument("--port", type=int, help="for serve: the port (default: the remembered or a free one)")
    options = parser.parse_args(arguments)
    # The state has what users gave as secrets, and the logs may be in a directory that others can read.
    os.umask(0o077)
    home = StateDirectory(default_home())
    try:
        if options.command == "start":
            start(home)
            print_environment(home)
        elif options.command == "stop":
            stop(home)
        elif options.command == "serve":
            from azureml_simulator.server import serve

            own(home)
            home.prepare()
            return serve(home, options.port or home.choose_port())
        elif home.running_pid() is None:
            _say("No simulator is running; `start` starts one.")
            return 1
        else:
            print_environment(home)
    except StartError as error:
        _say(f"The simulator could not start: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
