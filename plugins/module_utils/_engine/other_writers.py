# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other writers: what shows that someone else changed the resource between this task's read and its write, and what is said about it."""

from __future__ import annotations

import typing as t

from .._core import paths
from .._core.errors import ChangedMeanwhile
from . import incarnation
from .fields import READ_ONLY, WRITE_ONLY
from .kind import Body, Kind
from .plan import Plan
from .waiting import is_deleting

if t.TYPE_CHECKING:
    from .remote import RemoteResource


class CreatedMeanwhile(Exception):
    """The service refused to create a resource because another writer has just created the same one, under another name."""


class Overtaken(Exception):
    """The document that a write was made from is no longer the newest one. ``again``: without another writer's doing."""

    def __init__(self, again: bool = False) -> None:
        super().__init__()
        self.again = again


def changed_meanwhile(remote: RemoteResource, what: str, plan: Plan | None = None) -> ChangedMeanwhile:
    """The error for a task that gives way to another writer, who did ``what`` ("it was deleted")."""
    return ChangedMeanwhile(
        f"{remote.title} was changed by another writer while this task ran: {what}.",
        details=None if plan is None else [change.to_dict() for change in plan.changes],
        target=remote.target.id,
        hint="Nothing of the other change was overwritten. Run the same task again; if it fails again, find out what else manages this resource.",
    )


def changed_since(kind: Kind, body: Body, now: Body | None, *, deleting: bool = False) -> str | None:
    """What another writer did to the resource since it was read as ``body``, in words; None for nothing that a plan depends on.

    ``deleting``: this task's own deletion of it is running.
    """
    if now is None:
        return "it was deleted"
    if not deleting and is_deleting(now):
        return "it is being deleted"
    reason = another_resource(kind, body, now, deleting=deleting)
    if reason is not None:
        return reason
    changed = _changed_options(kind, body, now)
    return f"{', '.join(changed)} changed" if changed else None


def another_resource(kind: Kind, body: Body, now: Body, *, deleting: bool = False) -> str | None:
    """As ``changed_since``, of documents that may have been read at different API versions: without their options."""
    other = incarnation.difference(body, now)
    if other is not None:
        return f"it is another resource of that name ({other})"
    if not deleting and kind.broken(body) and not kind.broken(now):
        return "it is no longer in a failed state"
    return None


def _changed_options(kind: Kind, body: Body, now: Body) -> list[str]:
    before, after = kind.read(body), kind.read(now)
    rows = [row.option for row in kind.fields if row.mutability not in (READ_ONLY, WRITE_ONLY)]
    return [option for option in rows if paths.get_path(before, option) != paths.get_path(after, option)]


def warn_of_recreated(remote: RemoteResource, other: Body) -> None:
    """Of a deletion that is done, when another writer has already used the name again."""
    remote.warnings.append(
        f"RecreatedMeanwhile: {remote.title} was deleted, and another writer has created another {remote.kind.label} of that name"
        f"{incarnation.when_created(other)}. That one was not deleted. Run the task again if that one must be deleted too."
    )


def warn_of_differing(remote: RemoteResource, options: list[str]) -> None:
    """Of undeclared values that went along with a whole document, and are others after the write."""
    if options:
        remote.warnings.append(
            f"ChangedMeanwhile: {remote.title} was updated as a whole, and values that were not declared are others afterwards: {', '.join(options)}. "
            "Another writer or the service changed them after the write. Check that they are as intended."
        )
