# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that a mapping must not have where ansible-core reads it: in the results of modules, in caches, inventories and stored reports.

For ansible-core, a mapping with one of them is another object, or an error that takes the whole document along. Whoever can write tags chooses names.
"""

from __future__ import annotations

import typing as t

NAMES = ("__ansible_type", "__ansible_unsafe", "__ansible_vault")


def renamed(tree: t.Any) -> t.Any:
    """The tree with underscores after each reserved name; the same object if there is none."""
    return _renamed(tree) if _is_in(tree) else tree


def _is_in(tree: t.Any) -> bool:
    rest = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, dict):
            if any(name in node for name in NAMES):
                return True
            rest.extend(node.values())
        elif isinstance(node, (list, tuple)):
            rest.extend(node)
    return False


def _renamed(tree: t.Any) -> t.Any:
    if isinstance(tree, dict):
        return {_free(name, tree): _renamed(value) for name, value in tree.items()}
    return [_renamed(value) for value in tree] if isinstance(tree, (list, tuple)) else tree


def _free(name: t.Any, names: t.Container[t.Any]) -> t.Any:
    if name not in NAMES:
        return name
    while name in names:
        name += "_"
    return name
