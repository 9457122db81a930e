# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of ``aml_export_info``: a vars file, and YAML of the Azure ML CLI. A task that copies each costs a process or two for each."""

from __future__ import annotations

import os
import stat
import typing as t

from .._core import files
from .._core.errors import AmlError
from .._module.result import Result
from .._options import vars_file

VARS, CLI = "workspace.yml", "cli"
# In bytes: of a workspace with 10,000 targets.
_LARGEST = 64 * 1024 * 1024


def write(folder: str, exported: Result, *, cli_yaml: bool, check_mode: bool) -> Result:
    """Write the files that differ, which only their owner can read; the part of the result about them. ``exported`` may be shown."""
    folder = os.path.abspath(folder)
    texts = {VARS: vars_file.comments(_comments(exported["missing"])) + vars_file.dump(exported["vars"])}
    if cli_yaml:
        # The name of a resource must not lead elsewhere.
        texts |= {os.path.join(CLI, os.path.basename(name)): text for name, text in exported["cli_yaml"].items()}
    written, diff = [], []
    try:
        if not check_mode:
            _make_private(os.path.join(folder, CLI) if cli_yaml else folder)
        for name, text in texts.items():
            path = os.path.join(folder, name)
            before, is_private = _current(path)
            if before == text and is_private:
                continue
            written.append(path)
            diff.append({"before_header": path, "after_header": path, "before": before, "after": text})
            if not check_mode:
                files.write_private(path, text)
    except OSError as error:
        raise AmlError(
            f"The export cannot be written to {folder}: {error.strerror}.",
            code="FileNotWritable",
            hint="Correct export_folder.",
        ) from error
    return {"changed": bool(written), "written": written, "diff": diff}


def _comments(missing: t.Iterable[t.Mapping[str, str]]) -> list[str]:
    """What the vars file does not have, a line each."""
    return [": ".join(filter(None, (row["name"], row["option"], row["reason"]))) for row in missing]


def _make_private(folder: str) -> None:
    """Make a directory, and those above it, for their owner alone; existing ones stay as they are."""
    if not os.path.isdir(folder):
        _make_private(os.path.dirname(folder))
        os.mkdir(folder, 0o700)


def _current(path: str) -> tuple[str, bool]:
    """The text of a file, and whether only its owner can read it. A file that cannot be read is written again."""
    try:
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        return files.read_text(path, _LARGEST), mode == 0o600 and not os.path.islink(path)
    except OSError:
        return "", False
