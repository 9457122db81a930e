# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating a resource without overwriting what another writer created meanwhile."""

from __future__ import annotations

import contextlib
import functools
import typing as t

from .._core.errors import AmlError
from . import kind_version
from .extensions import Create
from .kind import Body, Request
from .other_writers import CreatedMeanwhile, Overtaken, changed_meanwhile
from .outcome import Outcome, ParentMissing
from .plan import CREATE, NONE, UPDATE, Declared, Plan
from .planning import plan_target
from .read_back import explained, read_back
from .remote import RemoteResource
from .update import Update


class Creation:
    """One creation, of a new resource or in the place of one that was deleted for it."""

    def __init__(self, remote: RemoteResource, extension: object, declared: Declared) -> None:
        self._remote = remote
        self._kind = remote.kind
        self._extension = extension
        self._declared = declared

    def run(self, plan: Plan, complete: Declared, body: Body) -> Outcome:
        """Create the resource. ``complete`` is all that it is to have; for a replacement that is more than what was declared."""
        with only_if_absent(self._remote):
            if isinstance(self._extension, Create):
                try:
                    operation = self._extension.create(complete)
                except CreatedMeanwhile:
                    operation, plan = None, Plan(NONE, reason="another writer created it at the same time")
            else:
                # A replacement has just seen the old one go; another read is as old as the checks after it.
                operation = self._put(body, check=plan.action == CREATE and not self._kind.has_etags)
        with explained(self._kind, created=True):
            if not self._remote.behaviour.wait:
                return self._remote.outcome(plan, self._remote.read(), operation)
            later = self._kind.set_after_creation(plan, self._declared, complete)
            if later:
                self._set_later(later)
            return self._remote.outcome(plan, read_back(self._remote, self._declared, settling=True))

    def _put(self, body: Body, *, check: bool) -> t.Any:
        if check:
            require_absent(self._remote)
        with explained(self._kind, created=True):
            request = Request(
                "PUT",
                body,
                params=dict(self._kind.write_params),
                api_version=kind_version.of_document(self._kind, body),
            )
            operation = send_creation(self._remote, request)
            if operation is not None and self._remote.behaviour.wait:
                self._remote.wait.for_operation(operation, "created")
        return operation

    def _set_later(self, later: Declared) -> None:
        """Set by an update what the creation could not."""
        created = {option: value for option, value in self._declared.items() if option not in later}
        body = read_back(self._remote, created, settling=True)
        everything = {**self._declared, **later}
        plan = plan_target(self._kind, everything, body, self._remote.behaviour)
        if plan.action == UPDATE:
            Update(self._remote, self._extension, everything).run(plan, body)


def require_parent(remote: RemoteResource) -> Body | None:
    """What the resource lives in; None where it lives in nothing, and in check mode where that is still to come. Else ParentMissing."""
    if not remote.kind.parent_api_version:
        return None
    target = remote.target
    parent: Body | None = remote.client.find(target.parent_id, remote.kind.parent_api_version)
    if parent is None and not remote.behaviour.check_mode:
        raise ParentMissing(
            f"{remote.title} cannot be created, because {target.parent_id} does not exist.",
            target=target.parent_id,
            hint=f"Create the {remote.kind.parent_label} first, or correct its name, the resource group or the subscription.",
        )
    return parent


@contextlib.contextmanager
def only_if_absent(remote: RemoteResource) -> t.Iterator[None]:
    """Fail where another writer creates the resource before this task does."""
    try:
        yield
    except Overtaken as overtaken:
        raise changed_meanwhile(remote, "it did not exist at the read, and was created before the write") from overtaken


def require_absent(remote: RemoteResource) -> None:
    """Directly before a creation: Overtaken for what another writer created meanwhile.

    The service takes no condition for compute targets and workspaces, so that the time of one request remains.
    """
    if remote.read() is not None:
        raise Overtaken


def send_creation(remote: RemoteResource, request: Request) -> t.Any:
    """Send the PUT of a new resource and return its operation; it is not sent again over what another writer created."""
    if not remote.kind.has_etags:
        return remote.send(request, headers={}, before_retry=functools.partial(_check_absent, remote)).operation
    try:
        return remote.send(request, headers={"If-None-Match": "*"}).operation
    except Overtaken as overtaken:
        # An earlier attempt whose answer was lost may have created it. Whether it is as declared, the read after it shows.
        if isinstance(overtaken.__cause__, AmlError) and overtaken.__cause__.may_be_accepted:
            return None
        raise


def _check_absent(remote: RemoteResource, unclear: bool) -> None:
    # If this task's request may have been accepted, the resource may be this task's.
    if not unclear:
        require_absent(remote)
