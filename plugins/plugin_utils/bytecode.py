# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports of this collection's modules from the bytecode that Python keeps of them.

ansible-core's loader of collections compiles the source of each module in each process that imports it, which takes as long as a task. Python's own
loader reads what it has compiled before if the source is the same, and compiles where it cannot keep anything. Plugins themselves are loaded by it, too.
"""

from __future__ import annotations

import sys
import typing as t
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader

_OF_CORE = "_AnsibleCollectionFinder"
_COLLECTION = ".".join(__name__.split(".")[:3])


class Finder:
    """Finds the modules below ``plugins/`` of this collection; everything else is left to the finders after it."""

    def __init__(self) -> None:
        self._folders: dict[str, FileFinder] = {}

    def find_spec(self, name: str, path: t.Sequence[str] | None = None, _target: t.Any = None) -> ModuleSpec | None:
        if not name.startswith(f"{_COLLECTION}.plugins."):
            return None
        for folder in path or ():
            found = self._folder(folder).find_spec(name)
            # A package without __init__.py is ansible-core's.
            if found is not None and found.loader is not None:
                return found
        return None

    def _folder(self, folder: str) -> FileFinder:
        if folder not in self._folders:
            self._folders[folder] = FileFinder(folder, (SourceFileLoader, [".py"]))
        return self._folders[folder]


def use() -> None:
    """Put a finder before ansible-core's, once. Where that is missing, Python imports the modules itself."""
    names = [type(finder).__name__ for finder in sys.meta_path]
    if _OF_CORE in names and not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(names.index(_OF_CORE), Finder())
