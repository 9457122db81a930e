# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the controller that only their owner may read: key pairs, known hosts, SSH configuration."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import stat
import subprocess
import typing as t
from pathlib import Path


class KeyPair(t.NamedTuple):
    """A key pair; ``private_key_file`` is the path of its private half."""

    private_key_file: str
    public_key: str
    fingerprint: str


class PrivateFile(t.NamedTuple):
    """The text of a file, and whether it has the mode 0600 in a directory to which only its owner can write."""

    text: str
    private: bool


def _is_owners_file(path: str | Path) -> bool:
    """Whether the path exists with the mode 0600."""
    return _mode(path) == 0o600


def _is_owners_directory(path: str | Path) -> bool:
    """Whether the path exists, and only its owner can put another file in the place of one in it."""
    mode = _mode(path)
    return mode is not None and not mode & (stat.S_IWGRP | stat.S_IWOTH)


def _mode(path: str | Path) -> int | None:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return None


def read_private(path: str) -> PrivateFile:
    """Return the text of the file, empty if it does not exist. Raises OSError for one that cannot be read."""
    file = Path(path)
    if not os.path.lexists(path):
        return PrivateFile("", False)
    text = file.read_bytes().decode("utf-8", "surrogateescape")
    return PrivateFile(text, _is_owners_file(file) and _is_owners_directory(file.parent))


def newest_pair(directory: str, name: str) -> KeyPair | None:
    """Return the newest of the RSA pairs NAME, NAME-2, NAME-3 ..., if only the owner can read it and it has no passphrase."""
    if not _is_owners_directory(directory):
        return None
    numbered = re.compile(re.escape(name) + r"(?:-([0-9]+))?")
    matches = [match for match in map(numbered.fullmatch, os.listdir(directory)) if match]
    if not matches:
        return None
    path = os.path.join(directory, max(matches, key=lambda match: int(match[1] or 1))[0])
    public = _public_key(path) if _is_owners_file(path) else ""
    fingerprint = _rsa_fingerprint(public)
    return KeyPair(path, public, fingerprint) if fingerprint else None


def _public_key(path: str) -> str:
    """The public key of a private one; empty if ssh-keygen does not read it."""
    try:
        # Filters run on the controller, without a module's run_command.
        ran = subprocess.run(  # pylint: disable=ansible-bad-function
            ["ssh-keygen", "-y", "-P", "", "-f", path],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _rsa_fingerprint(public_key: str) -> str:
    """As ``ssh-keygen -l -E sha256`` shows it; empty for what is not an RSA key."""
    words = public_key.split()
    if len(words) < 2 or words[0] != "ssh-rsa":
        return ""
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        return ""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
