# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console script `azureml-simulator`.

`start` and `env` print only `export NAME=value` lines on stdout, so that a shell can evaluate them; messages go to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from azureml_simulator import __version__, process
from azureml_simulator.simulator import ControlError, Simulator
from azureml_simulator.state_directory import StateDirectory, default_directory

FORMATS: dict[str, Callable[[dict[str, str]], str]] = {
    "shell": lambda variables: "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items()),
    "dotenv": lambda variables: "\n".join(f"{name}={value}" for name, value in variables.items()),
    "json": lambda variables: json.dumps(variables, indent=2),
}


class UsageError(Exception):
    """An argument cannot be used."""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _require_running(directory: StateDirectory) -> Simulator:
    if not directory.is_served():
        raise ControlError(f"No simulator is running in {directory.path}. Start one with: azureml-simulator start")
    return Simulator(directory.path)


def _start(directory: StateDirectory, options: argparse.Namespace) -> None:
    process.start(directory)
    if options.speed is not None:
        Simulator(directory.path).config({"clock": {"speed": options.speed}})
    _say(f"The simulator answers at {directory.url()} (log: {directory.server_log})")
    print(FORMATS[options.format](directory.environment()))


def _stop(directory: StateDirectory, options: argparse.Namespace) -> None:
    stopped = process.stop(directory)
    _say(
        "The simulator has stopped; its state is kept." if stopped else f"No simulator is running in {directory.path}."
    )


def _env(directory: StateDirectory, options: argparse.Namespace) -> None:
    print(FORMATS[options.format](_require_running(directory).environment))


def _config(directory: StateDirectory, options: argparse.Namespace) -> None:
    changes: dict[str, Any] = {}
    for text in options.changes:
        _merge(changes, parse_change(text))
    simulator = _require_running(directory)
    if changes:
        simulator.config(changes)
    else:
        print(json.dumps(simulator.config(), indent=2, sort_keys=True))


def _reset(directory: StateDirectory, options: argparse.Namespace) -> None:
    _require_running(directory).reset()


def _requests(directory: StateDirectory, options: argparse.Namespace) -> None:
    simulator = _require_running(directory)
    for entry in simulator.requests(options.since, options.path):
        print(json.dumps(entry))
    if options.clear:
        simulator.clear_requests()


def _serve(directory: StateDirectory, options: argparse.Namespace) -> int:
    from azureml_simulator.server import serve

    process.require_own(directory)
    directory.prepare()
    return serve(directory, options.port or directory.choose_port())


def _record(directory: StateDirectory, options: argparse.Namespace) -> int:
    try:
        from azureml_simulator.acceptance import service
    except ImportError as error:
        raise UsageError(f"{error}. Install what the walk needs: pip install azure-identity requests") from error
    try:
        return service.main(options)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _compare(directory: StateDirectory, options: argparse.Namespace) -> int:
    from azureml_simulator.acceptance import compare

    try:
        comparison = compare.compare(compare.read(options.recording))
    except compare.RecordingError as error:
        raise UsageError(str(error)) from error
    if options.format == "json":
        print(json.dumps(compare.as_json(comparison), indent=2))
    else:
        print("\n".join(compare.lines(comparison)))
    return int(bool(comparison.differences))


def parse_change(text: str) -> dict[str, Any]:
    """A change of the configuration: a JSON object, or `clock.speed=60`, where the value is JSON or else text."""
    if text.lstrip().startswith("{"):
        try:
            return dict(json.loads(text))
        except ValueError as error:
            raise UsageError(f"{text!r} is not valid JSON: {error}.") from error
    path, equals, value = text.partition("=")
    if not equals or not all(path.split(".")):
        raise UsageError(f"{text!r} is neither a JSON object nor NAME=VALUE, for example clock.speed=60.")
    try:
        change: Any = json.loads(value)
    except ValueError:
        change = value
    for name in reversed(path.split(".")):
        change = {name: change}
    return dict(change)


def _merge(target: dict[str, Any], change: dict[str, Any]) -> None:
    for name, value in change.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = value


def _add_record_options(parser: argparse.ArgumentParser) -> None:
    """The options of `record`."""
    parser.add_argument("recording", type=Path, nargs="?", metavar="RECORDING", help="the file to write (mode 0600)")
    parser.add_argument("--list", action="store_true", help="print the steps with minutes and cost, and stop")
    parser.add_argument("--resource-group", help="an existing resource group, in which the walk creates and deletes")
    parser.add_argument("--steps", help="only these, separated by commas, with those that they need")
    parser.add_argument("--skip", default="", help="all but these, separated by commas")
    parser.add_argument("--target", action="append", default=[], metavar="TYPE=ID", help="what an attachment attaches")
    parser.add_argument("--keep", action="store_true", help="do not delete at the end")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="azureml-simulator",
        description="Simulates Azure's control plane for Azure Machine Learning on the loopback.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, function: Callable[[StateDirectory, argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=f"{text}.")
        added.set_defaults(function=function)
        added.add_argument(
            "--directory",
            type=Path,
            metavar="DIR",
            help="the state directory (default: $AML_SIMULATOR_HOME, or .simulator in the current directory)",
        )
        return added

    start = command("start", _start, "Start the simulator unless it runs, and print its environment variables")
    start.add_argument(
        "--speed", type=float, metavar="N", help="simulated seconds that pass in a second, as clock.speed"
    )
    env = command("env", _env, "Print the environment variables of the running simulator")
    for printing in (start, env):
        printing.add_argument(
            "--format", choices=FORMATS, default="shell", help="export lines (default), NAME=value lines, or JSON"
        )
    command("stop", _stop, "Stop the simulator; its state is kept")
    command("config", _config, "Print the configuration, or change it").add_argument(
        "changes", nargs="*", metavar="CHANGE", help="NAME.NAME=VALUE, for example clock.speed=60, or a JSON object"
    )
    command("reset", _reset, "Delete all resources, and restore the configuration")
    requests = command("requests", _requests, "Print the logged requests, one JSON object per line")
    requests.add_argument("--since", type=int, default=0, metavar="INDEX", help="only those from this index on")
    requests.add_argument("--path", default="", metavar="TEXT", help="only those whose path contains this text")
    requests.add_argument("--clear", action="store_true", help="empty the log after printing")
    _add_record_options(
        command(
            "record", _record, "Walk through the service on Azure with real credentials, and record what it answers"
        )
    )
    comparison = command(
        "compare", _compare, "Replay a recording of the acceptance walk, and print where the simulator differs"
    )
    comparison.add_argument(
        "recording", type=Path, metavar="RECORDING", help="a file that the acceptance walk has written"
    )
    comparison.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or JSON")
    command("serve", _serve, "Serve in the foreground until interrupted").add_argument(
        "--port", type=int, help="default: the last port, or a free one"
    )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    # The state has what users gave as secrets, and the logs may be in a directory that others can read.
    os.umask(0o077)
    directory = StateDirectory(options.directory.resolve() if options.directory else default_directory())
    try:
        status = options.function(directory, options) or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # The reader has enough, as `head` does; Python must not try again to write when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UsageError as error:
        parser.error(str(error))
    except process.StartError as error:
        _say(f"The simulator could not start. {error}")
    except ControlError as error:
        _say(str(error))
    return 1
