# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a user's SSH configuration has entries for, and where the home directory is that OpenSSH means by ``~``.

Source: ssh_config(5): ``Host`` takes patterns with ``*`` and ``?``, and ``!`` before those that are excluded; ``Include`` takes glob patterns, relative to
``~/.ssh``.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import pwd
import re
import shlex
import typing as t
from pathlib import Path

_LINE = re.compile(r"\s*(?P<keyword>[A-Za-z]+)(?:\s*=\s*|\s+)(?P<rest>.*)")
_MARK = re.compile(r"# (?P<edge>BEGIN|END) azureml\.compute (?P<label>\S+)\s*")
_DEPTH = 16


def home_path(path: str) -> str:
    """Return the path with a leading ``~`` replaced by the home directory of the user database, which OpenSSH takes whatever HOME is."""
    if path != "~" and not path.startswith("~/"):
        return os.path.expanduser(path)
    return pwd.getpwuid(os.getuid()).pw_dir.rstrip("/") + path[1:]


def patterns(path: str, own: str | None = None, depth: int = _DEPTH) -> list[str]:
    """Return the patterns of the ``Host`` lines of the file and of what it includes, without the block labelled ``own`` and without those for all hosts."""
    patterns_: list[str] = []
    for keyword, rest in _settings(path, own):
        if keyword == "host":
            patterns_ += [word for word in _words(rest) if not word.startswith("!") and set(word) != {"*"}]
        elif keyword == "include" and depth:
            for file in (file for name in _words(rest) for file in _included(name)):
                patterns_ += patterns(file, own, depth - 1)
    return patterns_


def _settings(path: str, own: str | None) -> t.Iterator[tuple[str, str]]:
    """Keyword in lower case and value of each line of the file, but for the block labelled ``own``. A file that does not exist has none."""
    if not os.path.lexists(path):
        return
    ours = False
    for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
        mark = _MARK.fullmatch(line)
        if mark and mark["label"] == own:
            ours = mark["edge"] == "BEGIN"
        row = None if ours else _LINE.fullmatch(line)
        if row:
            yield row["keyword"].casefold(), row["rest"]


def entry_of(name: str, entries: t.Iterable[str]) -> str | None:
    """Return the first pattern that the name matches, without regard to case."""
    return next(
        (entry for entry in entries if fnmatch.fnmatchcase(name.casefold(), entry.casefold().replace("[", "[[]"))), None
    )


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest, comments=True)
    except ValueError:
        return rest.split()


def _included(name: str) -> list[str]:
    path = home_path(name)
    return sorted(glob.glob(path if os.path.isabs(path) else os.path.join(home_path("~/.ssh"), path)))
