# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting: what is declared absent, and what a replacement deletes first. Neither deletes what another writer has changed meanwhile."""

from __future__ import annotations

import contextlib
import functools
import typing as t

from .._core.client import Reply
from .._core.errors import ChangedMeanwhile
from . import incarnation
from .extensions import BeforeReplace, Checks
from .kind import Body, Request
from .other_writers import Overtaken, another_resource, changed_meanwhile, changed_since, warn_of_recreated
from .outcome import InUse
from .remote import RemoteResource
from .waiting import is_deleting

# How often a deletion is tried because another writer was faster, before the task fails.
_ROUNDS = 5


class _CreatedAgainError(Exception):
    """An attempt whose answer was lost has deleted the resource, and another writer has used its name since."""


def remove(remote: RemoteResource, request: Request, body: Body, checks: Checks) -> tuple[Body | None, t.Any]:
    """Delete the resource that ``body`` shows. Return what has its name then; without a wait, the resource and the operation."""
    operation = _send_removal(remote, request, body, checks)
    if checks.after_removal is not None:
        checks.after_removal(remote.read())
    if not remote.behaviour.wait:
        return body, operation
    if operation is not None:
        remote.wait.for_operation(operation, "removed")
    return wait_until_removed(remote, body), None


def wait_until_removed(remote: RemoteResource, body: Body) -> Body | None:
    """Wait until the resource that ``body`` shows is gone; warn of another one that has its name by then, and return it."""
    other = remote.wait.wait_until_deleted(body)
    if other is not None:
        warn_of_recreated(remote, other)
    return other


def _send_removal(remote: RemoteResource, request: Request, body: Body, checks: Checks) -> t.Any:
    """Delete what is still what the kind may delete, also where the service refuses the first attempt for a time."""
    check = functools.partial(_check_removable, remote, body, checks)
    for _round in range(_ROUNDS):
        try:
            return remote.send(request, before_retry=check).operation
        except _CreatedAgainError:
            return None
        except Overtaken:
            now = remote.read()
            if now is not None:
                remote.kind.guard(now, remote.target)
                checks.before_removal(now)
    raise changed_meanwhile(remote, f"it was changed {_ROUNDS} times between the read and the deletion")


def _check_removable(remote: RemoteResource, body: Body, checks: Checks, unclear: bool) -> None:
    """Before a deletion is sent again: time has passed, in which others may have begun to use the resource, or have replaced it."""
    now = _still_there(remote, body, unclear)
    if now is not None:
        remote.kind.guard(now, remote.target)
        checks.before_removal(now)


def _still_there(remote: RemoteResource, body: Body, unclear: bool) -> Body | None:
    """The resource before a deletion is sent again; None where it is gone or being deleted. ``unclear``: an earlier attempt may have been accepted."""
    remote.wrote = remote.wrote or unclear
    now = remote.read()
    if now is None or is_deleting(now):
        return None
    if unclear and incarnation.difference(body, now) is not None:
        raise _CreatedAgainError
    return now


def require_as_planned(remote: RemoteResource, extension: object, body: Body) -> None:
    """Directly before the deletion that a replacement begins with: what is deleted must be what the plan was made for."""
    now = remote.read()
    reason = changed_since(remote.kind, body, now)
    if now is None or reason is not None:
        raise _not_replaced(remote, reason)
    _require_unused(remote, body, now)
    if isinstance(extension, BeforeReplace):
        extension.before_replace()


def require_same(remote: RemoteResource, body: Body, complete: Body) -> None:
    """The document of another API version, which is kept for a replacement, must be that of what the plan was made for."""
    reason = another_resource(remote.kind, body, complete)
    if reason is not None:
        raise _not_replaced(remote, reason)
    _require_unused(remote, body, complete)


def _require_unused(remote: RemoteResource, body: Body, now: Body) -> None:
    """Raise InUse for work that began after the resource was read as ``body``."""
    use = remote.kind.in_use(now)
    if use and not remote.behaviour.force and not remote.kind.in_use(body):
        raise InUse(
            f"{remote.title} was not replaced, because {use}.",
            hint=f"Nothing was deleted. {remote.kind.release}, or set force=true to interrupt it.",
        )


def _not_replaced(remote: RemoteResource, reason: str | None) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"{remote.title} was not replaced, because another writer changed it after this task had read it: {reason}.",
        target=remote.target.id,
        hint="Nothing was deleted. Run the same task again: it plans with the resource as it is now.",
    )


def _send_first_deletion(remote: RemoteResource, body: Body) -> Reply:
    """Send the deletion that a replacement begins with. Raise ChangedMeanwhile where another writer was faster."""
    wrote, repeated = remote.wrote, False

    def check(may_be_accepted: bool) -> None:
        """Before it is sent again: it must still be what the plan was made for."""
        nonlocal repeated
        repeated = repeated or may_be_accepted
        now = _still_there(remote, body, may_be_accepted)
        reason = None if now is None else changed_since(remote.kind, body, now)
        if reason is not None:
            raise _not_replaced(remote, reason)
        if now is not None:
            _require_unused(remote, body, now)

    try:
        reply: Reply = remote.send(remote.kind.removal({"permanently_delete": True}), before_retry=check)
    except Overtaken as overtaken:
        raise changed_meanwhile(remote, "it was changed before it could be deleted for its replacement") from overtaken
    if reply.status in remote.kind.absent_statuses and not repeated:
        remote.wrote = wrote
        raise _not_replaced(remote, "it was deleted")
    return reply


def delete_for_replacement(remote: RemoteResource, body: Body, deleted: t.Callable[[Body], None]) -> None:
    """Delete the resource that will be replaced, and wait in any case, since nothing can be created in its place before it is gone.

    ``deleted`` is called with what was deleted, as soon as it is gone.
    """
    operation, going = None, None
    with contextlib.suppress(_CreatedAgainError):
        operation = _send_first_deletion(remote, body).operation
        # Most services take no condition for a deletion: a change since the last read shows while the deletion is running.
        going = remote.read()
    changed = None if going is None else changed_since(remote.kind, body, going, deleting=True)
    if operation is not None:
        remote.wait.for_operation(operation, "deleted for its replacement")
    if going is not None and changed is not None:
        remote.wait.wait_until_deleted(going)
        deleted(going)
        raise ChangedMeanwhile(
            f"{remote.title} was deleted for its replacement, but another writer had changed it directly before: {changed}.",
            target=remote.target.id,
            hint="Nothing was created in its place. Check who uses it, then run the same task again with all options of the new one.",
        )
    other = remote.wait.wait_until_deleted(body)
    deleted(body)
    if other is not None:
        raise ChangedMeanwhile(
            f"{remote.title} was deleted for its replacement, and another writer has created another {remote.kind.label} of that name"
            f"{incarnation.when_created(other)}, which was not changed.",
            target=remote.target.id,
            hint="Run the same task again: it compares the new one with the declaration.",
        )
