# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that an option names: keys, certificates, declarations. Read whole and once; a pipe without a writer does not block a task."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
import typing as t

from .errors import RuleError

# In bytes. A key has a few thousand, a declaration of a compute target seldom more.
LARGEST = 1024 * 1024

Hide = t.Callable[[t.Iterable[str | None]], None]


def read_text(path: str | os.PathLike[str], largest: int = LARGEST) -> str:
    """The text of a regular file of at most ``largest`` bytes; OSError says in ``strerror`` why there is none."""
    # Without waiting: opening a pipe would, until someone writes to it.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        with open(handle, "rb", closefd=False) as file:
            content = file.read(largest + 1)
    finally:
        os.close(handle)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, "it is not text") from error


def read_beginning(path: str, length: int) -> bytes:
    """The first bytes of a regular file, at most ``length``."""
    with open(path, "rb") as file:
        return file.read(length)


def write_private(path: str, text: str) -> None:
    """Write a file that only its owner can read, in the place of an existing one. OSError says in ``strerror`` why that is not possible."""
    write(path, text, mode=0o600)


def write(path: str, text: str, *, mode: int) -> None:
    """Write a file of this mode, in the place of an existing one: whole, or not at all."""
    handle, name = tempfile.mkstemp(prefix=".", dir=os.path.dirname(path) or ".")
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            os.fchmod(handle, mode)
            file.write(text)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise


def put_text(settings: dict[str, t.Any], file_option: str, hide: Hide, group: str = "") -> None:
    """Put a file's text where the text itself could have been given. What a key file holds is as secret as the option."""
    path, option = settings.get(file_option), file_option.removesuffix("_file")
    if not path:
        return
    name = f"{group}.{file_option}" if group else file_option
    try:
        content = read_text(path)
    except OSError as error:
        raise RuleError(
            f"{name} {path!r} cannot be read: {error.strerror}.",
            code="FileNotReadable",
            hint=f"Nothing was sent. Correct {name}.",
        ) from error
    if option != "cert":
        hide([content])
    settings[option] = content
