# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SSH connection to a simulated node: who is let in, and commands, terminals and files on this machine.

A node lets in one user, with the key or password that its cluster or instance was created with (docs/coverage.md
K1 to K7, docs/facts.md a.6 `userAccountCredentials`). What runs there runs as the simulator's own user, in the node's
directory and without the simulator's environment: a node has a home of its own, but not a machine of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import hmac
import logging
import os
import pwd
import re
import shutil
import signal
import struct
import sys
import termios
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

_LOG = logging.getLogger("azureml_simulator.ssh")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHELL = "/bin/sh"
_HANGUP_SECONDS = 2.0


@dataclass(frozen=True)
class Account:
    """The one account of a node; `repr` shows no secret, so that no log can."""

    user: str
    key: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Account({self.user!r})"

    def takes_key(self, user: str, key: asyncssh.SSHKey) -> bool:
        return user == self.user and self._public_data() == key.public_data

    def takes_password(self, user: str, password: str) -> bool:
        known = self.password or ""
        return bool(known) and user == self.user and hmac.compare_digest(known.encode(), password.encode())

    def _public_data(self) -> bytes | None:
        if not self.key:
            return None
        try:
            return bytes(asyncssh.import_public_key(self.key.strip() + "\n").public_data)
        except asyncssh.KeyImportError:
            return None


class SshServer(asyncssh.SSHServer):
    """Authenticate the user of a node. The log has every refused key and password, and every accepted user."""

    def __init__(self, label: str, account: Account) -> None:
        self._label, self._account = label, account
        self._user: str | None = None
        self._peer = self._last = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._peer = "{}:{}".format(*conn.get_extra_info("peername")[:2])

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def public_key_auth_supported(self) -> bool:
        return bool(self._account.key)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._judge(f"{key.get_algorithm()} {key.get_fingerprint()}", self._account.takes_key(username, key))

    def password_auth_supported(self) -> bool:
        return bool(self._account.password)

    def validate_password(self, username: str, password: str) -> bool:
        return self._judge("password", self._account.takes_password(username, password))

    def _judge(self, method: str, accepted: bool) -> bool:
        self._last = method
        if not accepted:
            _LOG.info("%s: refused %r from %s with %s", self._label, self._user, self._peer, method)
        return accepted

    def auth_completed(self) -> None:
        _LOG.info("%s: accepted %r from %s with %s", self._label, self._user, self._peer, self._last)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._user is not None and not self._last:
            _LOG.info("%s: %r from %s had nothing to offer that this node takes", self._label, self._user, self._peer)


class Files(asyncssh.SFTPServer):
    """Files for sftp and scp; relative paths start in the node's home."""

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], *, home: Path) -> None:
        super().__init__(chan)
        self._home = os.fsencode(home)

    def map_path(self, path: bytes) -> bytes:
        return os.path.join(self._home, path)

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """A link holds its text as it was given, as sshd leaves it; the base class would rewrite relative ones."""
        os.symlink(oldpath, self.map_path(newpath))

    def exit(self) -> None:
        """OpenSSH's scp takes a subsystem without an exit status for a failure."""
        with contextlib.suppress(OSError):
            self.channel.exit(0)


def environment(account: Account, home: Path) -> dict[str, str]:
    """What a command starts with: nothing of the simulator's own environment, which holds a sign-in."""
    path = _PATH
    if shutil.which("python3", path=path) is None:
        path += os.pathsep + str(Path(getattr(sys, "_base_executable", sys.executable)).parent)
    user = pwd.getpwuid(os.getuid()).pw_name
    return {
        "HOME": str(home),
        "PATH": path,
        "SHELL": _SHELL,
        "USER": user,
        "LOGNAME": user,
        "LANG": "C.UTF-8",
        "AML_SIMULATOR_NODE_USER": account.user,
    }


def at_home(command: str, user: str, home: Path) -> str:
    """No shell here knows the node's user, so `~user`, which Ansible asks for, is put in before it sees the command."""
    pattern = rf"(?<![\w./~-])~{re.escape(user)}(?![\w.-])"
    return re.sub(pattern, lambda _found: str(home), command)


class Commands:
    """Runs what an authenticated client asks for."""

    def __init__(self, label: str, account: Account, home: Path) -> None:
        self._label, self._account, self._home = label, account, home

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """One command or shell, to its end or to the end of the connection."""
        gone = asyncio.ensure_future(process.wait_closed())
        try:
            start = self._piped if process.term_type is None else self._on_terminal
            status = await _until_the_end(process, await start(process), gone)
        except OSError as error:
            _LOG.warning("%s: a command could not start: %s", self._label, error)
            process.stderr.write(f"{error}\n".encode())
            status = 255
        with contextlib.suppress(OSError, asyncssh.Error):
            if status < 0:
                process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
            else:
                process.exit(status)
        await gone

    def _arguments(self, process: asyncssh.SSHServerProcess[bytes]) -> list[str]:
        if process.command is None:
            return [_SHELL]
        return [_SHELL, "-c", at_home(process.command, self._account.user, self._home)]

    def _environment(self, process: asyncssh.SSHServerProcess[bytes]) -> dict[str, str]:
        peer, own = process.get_extra_info("peername"), process.get_extra_info("sockname")
        variables = environment(self._account, self._home)
        variables["SSH_CONNECTION"] = f"{peer[0]} {peer[1]} {own[0]} {own[1]}"
        locale = {name: value for name, value in process.env.items() if name == "LANG" or name.startswith("LC_")}
        return {**variables, **locale, **({"TERM": process.term_type} if process.term_type else {})}

    async def _piped(self, process: asyncssh.SSHServerProcess[bytes]) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            *self._arguments(process),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=self._home,
            env=self._environment(process),
            start_new_session=True,
        )
        await process.redirect(stdin=child.stdin)
        await process.redirect(stdout=child.stdout, stderr=child.stderr, send_eof=False)
        return child

    async def _on_terminal(self, process: asyncssh.SSHServerProcess[bytes]) -> asyncio.subprocess.Process:
        master, slave = os.openpty()
        try:
            width, height, _wide, _high = process.term_size
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", height or 24, width or 80, 0, 0))
            child = await asyncio.create_subprocess_exec(
                *self._arguments(process),
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=self._home,
                env=self._environment(process),
                start_new_session=True,
                preexec_fn=functools.partial(fcntl.ioctl, 0, termios.TIOCSCTTY, 0),
            )
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        await process.redirect(stdin=os.dup(master), stdout=master, send_eof=False)
        return child


async def _until_the_end(
    process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process, gone: asyncio.Future[None]
) -> int:
    """The child's status, once all of its output has been sent; a child outlives its connection by a hangup."""
    ended = asyncio.ensure_future(child.wait())
    first: set[asyncio.Future[Any]] = {ended, gone}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    for number in (signal.SIGHUP, signal.SIGKILL):
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)
            await asyncio.wait({ended}, timeout=_HANGUP_SECONDS)
    sent = asyncio.gather(process.stdout.drain(), process.stderr.drain(), return_exceptions=True)
    first = {sent, gone}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    return await ended
