# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options a hint names, and whether the module that shows it has them."""

from __future__ import annotations

import functools
import importlib
import re
import typing as t
from pathlib import Path
from unittest import mock

from ansible_collections.azureml.compute.plugins.module_utils._auth import options
from ansible_collections.azureml.compute.plugins.module_utils._kinds import registry
from ansible_collections.azureml.compute.plugins.module_utils._module import entry
from ansible_collections.azureml.compute.plugins.module_utils._options import kind_specs

_PACKAGE = "ansible_collections.azureml.compute.plugins.modules."
MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[2] / "plugins" / "modules").glob("a*_*.py"))
# Words with an underscore, and those before an equals sign. What a definition has, the CLI knows.
_OPTION = re.compile(r"(?<!definition\.)\b([a-z]+(?:_[a-z]+)+)\b|\b([a-z]+)=")
# Keywords of Ansible's tasks.
_OF_TASKS = {"no_log"}
# Modules whose options hold declarations of compute targets and others.
_OF_LISTS = ("aml_fleet", "aml_preflight_info")


def _names(spec: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    for name, row in spec.items():
        yield from (name, *row.get("aliases", ()))
        yield from _names(row.get("options") or {})


@functools.cache
def options_of(module: str) -> frozenset[str]:
    """The names of a module's options, also of those in others."""
    found: dict[str, t.Any] = {}
    imported = importlib.import_module(_PACKAGE + module)
    with mock.patch.object(imported, "run", lambda _job, spec, **more: found.update(spec, **_definition(more))):
        imported.main()
    specs = [found, options.AUTH_SPEC, options.CLIENT_SPEC]
    if module in _OF_LISTS:
        specs += list(kind_specs.FLEET_SPECS.values())
        specs += [{name: {} for name in collection.fallback.named_by} for collection in registry.COLLECTIONS.values()]
    return frozenset(name for spec in specs for name in _names(spec))


def _definition(more: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return entry.specs.DEFINITION_SPEC if more.get("definition") else {}


@functools.cache
def _all_options() -> frozenset[str]:
    return frozenset().union(*(options_of(module) for module in MODULES))


def strange_options(module: str, hint: str | None) -> list[str]:
    """The options of other modules that a hint of this one names, without the name of the module."""
    named = {one or other for one, other in _OPTION.findall(hint or "")}
    known = frozenset().union(*(options_of(name) for name in {module, *named.intersection(MODULES)}))
    return sorted((named & _all_options()) - known - _OF_TASKS)
