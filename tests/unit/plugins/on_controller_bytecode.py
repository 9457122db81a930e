# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from bytecode. Not collected by itself: test_on_a_controller.py runs it in a process of its own."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader

init_plugin_loader()

from ansible_collections.azureml.compute.plugins.plugin_utils import bytecode

PLUGINS = "ansible_collections.azureml.compute.plugins"
FOLDER = Path(bytecode.__file__).parents[1]


def test_a_module_is_compiled_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = f"{PLUGINS}.module_utils._core.paths"
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path))
    importlib.import_module(name)
    bytecode.use()
    modified = []
    for _process in range(2):
        monkeypatch.delitem(sys.modules, name)
        module = importlib.import_module(name)
        assert module.__spec__ is not None and isinstance(module.__spec__.loader, SourceFileLoader)
        assert module.__file__ == str(FOLDER / "module_utils" / "_core" / "paths.py")
        (kept,) = tmp_path.rglob("*.pyc")
        modified.append(kept.stat().st_mtime_ns)
    assert modified[0] == modified[1]


@pytest.mark.parametrize(
    "name",
    [
        # Without __init__.py.
        f"{PLUGINS}.action",
        f"{PLUGINS}.no_such_package",
        "ansible_collections.azureml.compute.tests",
        "ansible_collections.azureml.other.plugins.module_utils",
        "ansible.plugins",
    ],
)
def test_everything_else_is_left_to_ansible(name: str) -> None:
    assert bytecode.Finder().find_spec(name, [str(FOLDER)]) is None
    package = bytecode.Finder().find_spec(f"{PLUGINS}.module_utils._core", [str(FOLDER / "module_utils")])
    assert package is not None and package.submodule_search_locations == [str(FOLDER / "module_utils" / "_core")]


def test_one_finder_stands_before_that_of_ansible_and_none_where_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = [finder for finder in sys.meta_path if not isinstance(finder, bytecode.Finder)]
    core = next(finder for finder in others if type(finder).__name__ == "_AnsibleCollectionFinder")
    monkeypatch.setattr(sys, "meta_path", list(others))
    bytecode.use()
    bytecode.use()
    assert [finder for finder in sys.meta_path if finder in others] == others
    assert [type(finder) for finder in sys.meta_path].count(bytecode.Finder) == 1
    assert isinstance(sys.meta_path[sys.meta_path.index(core) - 1], bytecode.Finder)
    without = [finder for finder in others if finder is not core]
    monkeypatch.setattr(sys, "meta_path", list(without))
    bytecode.use()
    assert sys.meta_path == without
