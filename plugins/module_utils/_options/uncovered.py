# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of a document that a request could set and that no option covers.

The table of writable properties is that of Azure's types. What the options cover is found by writing the document again from what they say of it.
"""

from __future__ import annotations

import copy
import typing as t

from .._core import paths
from .._engine.exported import Exported
from .._engine.fields import READ_ONLY
from .writable import PROPERTIES

Table = dict[str, t.Any]

# What of any resource the service may fill in by itself although the types let a request set it, and what says nothing.
FILLED = ("kind", "location", "tags", "identity")
_DEFAULTS = {"sku.name": "basic", "sku.tier": "basic"}


class _Places(t.NamedTuple):
    """Places that need no option: those that the service fills in, and those with a value that says nothing."""

    filled: frozenset[str]
    defaults: t.Mapping[str, str]

    def need_none(self, place: str, value: t.Any) -> bool:
        default = place in self.defaults and str(value).casefold() == self.defaults[place]
        return place in self.filled or default or not _says_something(value)


def of(exported: Exported) -> list[str]:
    """The places of a resource's document that no option of its kind covers, without the ``properties`` that they begin with."""
    kind, rows, document = exported.kind, exported.rows, exported.declarable
    covering = copy.copy(kind)
    covering.fields = rows
    rebuilt = covering.with_values({}, {row.option: row.read(document) for row in rows})
    for row in rows:
        if row.mutability == READ_ONLY:
            paths.set_path(rebuilt, row.path, paths.get_path(document, row.path) or None)
    exempt = _Places(frozenset((*FILLED, *kind.filled_by_service)), {**_DEFAULTS, **kind.defaults_of_service})
    tree = _tree(place for table in exported.tables for place in PROPERTIES.get(table, ()))
    return [_short(place) for place in _places(tree, document, rebuilt, "", exempt)] + exported.other_uncovered


def _tree(rows: t.Iterable[str]) -> Table:
    tree: Table = {}
    for row in rows:
        below = tree
        for part in row.replace("[]", ".[]").split("."):
            below = below.setdefault(part, {})
    return tree


def _places(tree: Table, value: t.Any, rebuilt: t.Any, place: str, exempt: _Places) -> t.Iterator[str]:
    """The places below one, the highest of each that the rebuilt document lacks."""
    for key, below, part, other in _parts(tree, value, rebuilt):
        here = f"{place}{key}" if key == "[]" else f"{place}.{key}".lstrip(".")
        if exempt.need_none(here, part):
            continue
        if other is None and (not below or next(_places(below, part, None, here, exempt), None)):
            yield here
        elif other is not None and below:
            yield from _places(below, part, other, here, exempt)


def _parts(tree: Table, value: t.Any, rebuilt: t.Any) -> t.Iterator[tuple[str, Table, t.Any, t.Any]]:
    """The name, the table, the value and the rebuilt value of each part that the table has."""
    if isinstance(value, list) and "[]" in tree:
        items = rebuilt if isinstance(rebuilt, list) else []
        for number, part in enumerate(value):
            yield "[]", tree["[]"], part, items[number] if number < len(items) else None
    elif isinstance(value, dict):
        others = rebuilt if isinstance(rebuilt, dict) else {}
        for name, part in value.items():
            key = name if name in tree else "*"
            if key in tree:
                yield key, tree[key], part, others.get(name)


def _says_something(value: t.Any) -> bool:
    if isinstance(value, (dict, list)):
        return any(_says_something(part) for part in (value.values() if isinstance(value, dict) else value))
    return value not in (None, "", False)


def _short(place: str) -> str:
    return place.removeprefix("properties.").removeprefix("properties.")
