# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-core must not read as it is: in the results of modules, in caches, inventories and stored reports.

For ansible-core, a mapping with one of some names is another object, or an error that takes the whole document along; and so is half of a surrogate pair in
a text. Whoever can write tags chooses names and texts.
"""

from __future__ import annotations

import re
import typing as t

NAMES = ("__ansible_type", "__ansible_unsafe", "__ansible_vault")

_HALF = re.compile("[\ud800-\udfff]")


def readable(tree: t.Any) -> t.Any:
    """The tree with an underscore after each reserved name, and halves of surrogate pairs spelled out; the same object if there are none."""
    return _readable(tree) if _is_needed(tree) else tree


def _is_needed(tree: t.Any) -> bool:
    rest = [tree]
    while rest:
        node = rest.pop()
        if isinstance(node, dict):
            if any(name in node for name in NAMES):
                return True
            rest.extend(node)
            rest.extend(node.values())
        elif isinstance(node, (list, tuple)):
            rest.extend(node)
        elif isinstance(node, str) and not node.isascii() and _HALF.search(node):
            return True
    return False


def _readable(tree: t.Any) -> t.Any:
    if isinstance(tree, dict):
        return {_free(name, tree): _readable(value) for name, value in tree.items()}
    return [_readable(value) for value in tree] if isinstance(tree, (list, tuple)) else _text(tree)


def _free(name: t.Any, names: t.Container[t.Any]) -> t.Any:
    if name not in NAMES:
        return _text(name)
    while name in names:
        name += "_"
    return name


def _text(value: t.Any) -> t.Any:
    return _HALF.sub(lambda half: ascii(half.group())[1:-1], value) if isinstance(value, str) else value
