# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a run of a fleet writes at its end. What can be known is known at its start, because reading many workspaces takes long."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from .._core import files
from .._core.errors import AmlError
from .._core.findings import Finding, Findings

# How a file begins that an earlier run has written.
PLAN = re.compile(rb'\{\s*"digest": "sha256:')
TABLE = re.compile(rb"TARGET +ACTION +FIELDS|\d+ targets?: ")
_LONGEST_BEGINNING = 400


@dataclass(frozen=True)
class OutputFile:
    """A file, by the option that names it. ``beginning`` is what the files of earlier runs begin with: no other file is overwritten."""

    option: str
    path: str
    beginning: re.Pattern[bytes]

    def prepare(self) -> Findings:
        """Remove the file of an earlier run, so that it cannot pass for this run's. The findings say why the file cannot be written."""
        problem = self._problem()
        if not problem and os.path.lexists(self.path):
            try:
                os.unlink(self.path)
            except OSError as error:
                problem = str(error.strerror)
        if problem:
            yield Finding("FileNotWritable", self.option, self._message(problem), "this collection")

    def write(self, text: str) -> str:
        """Write the file, which only its owner can read, and return its path."""
        try:
            files.write_private(self.path, text)
        except OSError as error:
            raise AmlError(
                self._message(str(error.strerror)),
                code="FileNotWritable",
                hint=f"Correct {self.option}, or create its directory.",
            ) from error
        return self.path

    def _message(self, problem: str) -> str:
        return f"{self.option}: cannot write {self.path}: {problem}."

    def _problem(self) -> str | None:
        folder = os.path.dirname(self.path)
        if os.path.isdir(self.path):
            return "it is a directory"
        if not os.path.isdir(folder):
            return f"there is no directory {folder}"
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"no permission to write to the directory {folder}"
        return (
            None
            if self._is_own()
            else "it exists, and no run of a fleet has written it. Remove it, or choose another path"
        )

    def _is_own(self) -> bool:
        """Whether the file does not exist, is empty, or was written by an earlier run."""
        if not os.path.exists(self.path):
            return True
        try:
            beginning = os.path.isfile(self.path) and files.read_beginning(self.path, _LONGEST_BEGINNING)
        except OSError:
            return False
        return beginning == b"" or bool(beginning and self.beginning.match(beginning))
