# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dotted paths in nested dicts, and the value of what is not there at all."""

from __future__ import annotations

import typing as t


class _Missing:
    """The value of what is not there at all: neither null nor empty."""

    def __bool__(self) -> bool:
        return False


MISSING: t.Any = _Missing()


def get_path(tree: t.Any, path: str) -> t.Any:
    """The value at ``a.b.c``, or MISSING."""
    for key in path.split("."):
        if not isinstance(tree, dict) or key not in tree:
            return MISSING
        tree = tree[key]
    return tree


def declared(tree: t.Any, path: str) -> t.Any:
    """The value that a user gave at ``a.b.c``, or MISSING. A group that was declared null declares null for all that is in it."""
    for key in path.split("."):
        if not isinstance(tree, dict) or key not in tree:
            return MISSING
        tree = tree[key]
        if tree is None:
            return None
    return tree


def is_declared(tree: t.Any, path: str) -> bool:
    """Whether a user gave a value at ``a.b.c``, or null for a group that it is in."""
    return declared(tree, path) is not MISSING


def set_path(tree: dict[str, t.Any], path: str, value: t.Any) -> None:
    """Put a value at ``a.b.c``, making (or replacing a null by) the dicts on the way."""
    *parents, last = path.split(".")
    for key in parents:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        tree = below
    tree[last] = value


def remove_path(tree: dict[str, t.Any], path: str) -> None:
    """Take the value at ``a.b.c`` away, and the dicts on the way that it leaves empty."""
    key, _dot, rest = path.partition(".")
    below = tree.get(key)
    if rest and isinstance(below, dict):
        remove_path(below, rest)
    if not rest or below == {}:
        tree.pop(key, None)


def without_nulls(value: t.Any) -> t.Any:
    """The same without keys of mappings that are null, at any depth. A null in a list is an item, and stays."""
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    return [without_nulls(below) for below in value] if isinstance(value, list) else value
