# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line for each item of a long list in a diff: the security rules of a network would be a hundred lines. Pure."""

from __future__ import annotations

import collections.abc as c
import json
import re
import typing as t

from .._core.redact import printable

# A list with at most so many items is shown in full.
_SHORT = 3
# Text that needs no quotes in YAML.
_PLAIN = re.compile(r'"(?!(?:true|false|yes|no|on|off|null)")([A-Za-z][A-Za-z0-9_.-]*)"', re.IGNORECASE)


def shortened(value: t.Any, other: t.Any, placeholder: t.Callable[[str], str]) -> t.Any:
    """``value`` with ``placeholder(line)`` in place of the named items of long lists. ``other`` is the same place on the other side of the diff.

    An item that both sides have, with differences, stays as it is, so that the diff shows which of its lines differ.
    """
    if isinstance(value, c.Mapping):
        others = other if isinstance(other, c.Mapping) else {}
        return {key: shortened(part, others.get(key), placeholder) for key, part in value.items()}
    items = _by_name(value)
    if len(items) <= _SHORT:
        return value
    counterparts = _by_name(other)
    return [
        item if counterparts.get(name, item) != item else placeholder(_line(name, item)) for name, item in items.items()
    ]


def _by_name(value: t.Any) -> dict[str, t.Any]:
    """The items of a list by their names; nothing unless each item is a mapping with a distinct name."""
    if not isinstance(value, list) or not all(isinstance(item, c.Mapping) for item in value):
        return {}
    items = {item["name"]: item for item in value if isinstance(item.get("name"), str)}
    return items if len(items) == len(value) else {}


def _line(name: str, item: t.Any) -> str:
    """An item as YAML in one line, with its name first; equal items have the same line."""
    rest = json.loads(json.dumps(item, sort_keys=True, default=str))
    return printable(_PLAIN.sub(r"\1", json.dumps({"name": name, **rest}, ensure_ascii=False)))
