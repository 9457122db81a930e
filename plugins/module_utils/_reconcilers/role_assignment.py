# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments: found by what they say and not by their names, and created again until the directory knows the principal."""

from __future__ import annotations

import typing as t

from .._core.answers import is_absent
from .._core.errors import ArmError
from .._engine.creation import send_creation
from .._engine.kind import Body, Request
from .._engine.other_writers import CreatedMeanwhile
from .._engine.plan import Declared
from .._engine.remote import RemoteResource
from .._kinds.role_assignment import RoleAssignment, key_of, key_of_body, list_path

# Seconds between two tries of an assignment to a principal that the directory does not know yet: at first, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 10.0


class RoleAssignmentExtension:
    """Finds an assignment by its scope, role and principal, and creates it again until the directory knows the principal.

    ``keep_others``: to a removal, one that has not the name of a new one does not exist.
    """

    def __init__(self, remote: RemoteResource, *, keep_others: bool = False) -> None:
        self._remote, self._keep_others = remote, keep_others
        kind = self._kind = t.cast(RoleAssignment, remote.kind)
        self._key = key_of(remote.target.parent_id, kind.role, kind.principal_id)

    def read(self) -> Body | None:
        """The assignment of this scope, role and principal, under any name: that of an existing one is the target's from then on."""
        remote = self._remote
        body = next((body for body in self._listed() if key_of_body(body) == self._key), None)
        if body is not None and self._keep_others and str(body["name"]).casefold() != remote.target.name:
            warning = f"RoleAssignmentKept: {remote.title} was made in another way, as {body['name']}, and was kept."
            remote.warnings += [] if warning in remote.warnings else [warning]
            return None
        if body is not None:
            remote.target = self._kind.found(remote.target, body)
        return body

    def _listed(self) -> list[Body]:
        """The assignments of the principal at the scope; none where the scope, or its resource group, does not exist, as in check mode."""
        remote, (_scope, _role, principal) = self._remote, self._key
        try:
            bodies: list[Body] = remote.client.list(
                list_path(remote.target.parent_id),
                self._kind.api_version,
                params={"$filter": f"principalId eq '{principal}'"},
                malformed=remote.warn_of_malformed,
            )
        except ArmError as error:
            if is_absent(error):
                return []
            raise
        return bodies

    def create(self, complete: Declared) -> t.Any:
        remote = self._remote
        body = self._kind.create_body(remote.target, complete, None)
        deadline, pause = remote.wait.deadline.within(self._kind.propagation_timeout), _FIRST_PAUSE
        while True:
            try:
                return send_creation(remote, Request("PUT", {"properties": _without_scope(body["properties"])}))
            except ArmError as error:
                if error.code == "RoleAssignmentExists":
                    raise CreatedMeanwhile from error
                self._kind.explain_refusal(error, created=True)
                if error.code != "PrincipalNotFound" or not deadline.remaining:
                    raise
            remote.behaviour.events.state("waiting for the principal")
            remote.wait.sleep(min(pause, deadline.remaining))
            pause = min(2 * pause, _LONGEST_PAUSE)


def _without_scope(properties: dict[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in properties.items() if name != "scope"}
