# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two documents that were read under one id are of the same resource, or of two that had the name one after the other.

Another writer can delete a resource and create one of the same name between two requests of a task. What was planned for the first must not happen to the
second. No property of ARM distinguishes the resources of all types, so several are compared, each where both documents have it.
"""

from __future__ import annotations

import re
import typing as t

from .._core.canon import arm_id
from .._core.paths import get_path

Body = dict[str, t.Any]

# What the service writes once, when it creates a resource, of compute targets, workspaces (and most newer types), storage accounts, registries,
# application insights, networks, and workspaces again.
_ONCE = (
    "properties.createdOn",
    "systemData.createdAt",
    "properties.creationTime",
    "properties.creationDate",
    "properties.CreationDate",
    "properties.resourceGuid",
    "properties.workspaceId",
)

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def created_at(body: Body) -> str | None:
    """The time of its creation as the service writes it, where the document has one."""
    values = (get_path(body, path) for path in _ONCE[:5])
    return next((str(value) for value in values if isinstance(value, str) and value), None)


def when_created(body: Body) -> str:
    """The time of its creation for the end of a sentence (" at ..."), or nothing."""
    created = created_at(body)
    return f" at {created}" if created else ""


def difference(before: Body, now: Body) -> str | None:
    """What shows that ``now`` is not the resource that ``before`` was, in words; None where nothing shows it."""
    for path, comparable in _COMPARED.items():
        old, new = get_path(before, path), get_path(now, path)
        if not (isinstance(old, str) and isinstance(new, str) and old and new):
            continue
        if comparable(old) != comparable(new):
            return f"{path.rpartition('.')[2]} was {old}, and is {new}"
    return None


def _comparable(value: str) -> str:
    """Times to the second: a list and a GET may show different fractions of it."""
    return value[:19] if _TIME.match(value) else value.casefold()


# What is compared, and in which form.
_COMPARED: dict[str, t.Callable[[str], t.Any]] = {**dict.fromkeys(_ONCE, _comparable), "properties.resourceId": arm_id}
