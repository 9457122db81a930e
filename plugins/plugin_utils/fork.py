# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fork of Ansible's worker that runs a module's ``main()``, once for each item of a loop.

It is to a task what the process of a module is: it takes JSON and prints JSON, has the task's environment and the playbook's folder, and if it
crashes, hangs or is killed, it fails its own task only. It starts 40 times faster, because everything is imported already.

The worker waits for it in ``recv``, where a task's ``timeout`` finds it. It ends with the worker, as its child; if the worker is killed, at the end
of the module that it runs, as the process of a module does.
"""

from __future__ import annotations

import contextlib
import gc
import io
import logging
import multiprocessing
import os
import signal
import traceback
import typing as t
from multiprocessing.connection import Connection

from ansible.module_utils import _internal, basic
from ansible.module_utils.common import warnings

# The format of a module's arguments and results; ansible-core has no other.
PROFILE = "legacy"
# Seconds that a module has to end after SIGTERM, which a fleet uses to report its targets.
_GRACE = 2.0
# Objects that may be made between two searches for garbage; Python's own number is 700.
_GARBAGE = 20_000

_context = multiprocessing.get_context("fork")


class Printed(t.NamedTuple):
    """What a module printed, and its exit code: a signal's number below zero if it was killed."""

    rc: int
    stdout: str
    stderr: str


class Fork:
    """Runs ``main`` in a child process, which is started at the first run and again after it ended early."""

    def __init__(self, main: t.Callable[[], None]) -> None:
        self._main = main
        # The process, and the worker's end of the pipe to it.
        self._child: tuple[t.Any, Connection] | None = None

    @property
    def process(self) -> t.Any:
        """The child, None where there is none."""
        return self._child[0] if self._child else None

    def run(self, arguments: bytes, environment: t.Mapping[str, str], folder: str) -> Printed:
        """Run it once; ``environment`` is all of it."""
        connection = self._connected()
        try:
            connection.send((arguments, dict(environment), folder))
            return Printed(*connection.recv())
        except (EOFError, OSError):
            code = self.end()
            return Printed(code, "", f"The process of the module ended with exit code {code} before it had a result.\n")
        except BaseException:
            # A task's timeout is not an Exception.
            self.end()
            raise

    def end(self) -> int:
        """End the child, at once if it must be; its exit code, 0 where there is none."""
        child, self._child = self._child, None
        if child is None:
            return 0
        process, connection = child
        for stop in (process.terminate, process.kill):
            stop()
            process.join(_GRACE)
        connection.close()
        return -1 if process.exitcode is None else int(process.exitcode)

    def _connected(self) -> Connection:
        """The pipe to a child that lives."""
        if self._child is not None and self._child[0].is_alive():
            return self._child[1]
        self.end()
        connection, theirs = _context.Pipe()
        # A daemon: ended and waited for when the worker ends.
        process = _context.Process(target=_serve, args=(self._main, theirs, connection), daemon=True)
        process.start()
        theirs.close()
        self._child = process, connection
        return connection


def _serve(main: t.Callable[[], None], connection: Connection, of_the_worker: Connection) -> None:
    """The child: as a module's process in everything that the worker has changed in its own."""
    # With its end of the pipe open here, the worker's death would not be noticed.
    of_the_worker.close()
    gc.freeze()
    # The garbage of an item or of a fleet is little, and each search for it costs as much as a tenth of an item.
    gc.set_threshold(_GARBAGE)
    for number, handler in (
        (signal.SIGTERM, signal.SIG_DFL),
        (signal.SIGALRM, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
    ):
        signal.signal(number, handler)
    # With ANSIBLE_LOG_PATH, the root logger writes what Azure's libraries log to that file.
    logging.getLogger().handlers.clear()
    # Warnings become part of the result instead of being displayed, and JSON is that of modules.
    _internal.is_controller = False
    with contextlib.suppress(EOFError):
        while True:
            arguments, environment, folder = connection.recv()
            os.environ.clear()
            os.environ.update(environment)
            connection.send(tuple(printed(main, arguments, folder)))


def printed(main: t.Callable[[], None], arguments: bytes, folder: str) -> Printed:
    """Run ``main`` in this process. Only an error that is not an Exception is raised."""
    # What one process of a module would not have of another.
    warnings._global_warnings.clear()
    warnings._global_deprecations.clear()
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = arguments, PROFILE
    out, errors, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            os.chdir(folder)
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        except Exception:
            traceback.print_exc()
            code = 1
    return Printed(code, out.getvalue(), errors.getvalue())
