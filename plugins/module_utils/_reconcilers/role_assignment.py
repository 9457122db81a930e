# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments: found by what they say and not by their names, and created again until the directory knows the principal."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.errors import ArmError
from .._engine.creation import send_creation
from .._engine.kind import Body, Request
from .._engine.plan import Declared
from .._engine.remote import RemoteResource
from .._kinds.role_assignment import TYPE, Key, key_of_body

# Seconds between two tries of an assignment to a principal that the directory does not know yet.
_BETWEEN_TRIES = 10.0


class RoleAssignmentExtension:
    """``key``: what the assignment says. ``propagation_timeout``: seconds in which the directory has to know the principal."""

    def __init__(self, remote: RemoteResource, *, key: Key, propagation_timeout: float) -> None:
        self._remote = remote
        self._key = key
        self._timeout = propagation_timeout

    def read(self) -> Body | None:
        """The assignment of this scope, role and principal, under any name: that of an existing one is the target's from then on."""
        scope, _role, principal = self._key
        path = f"{self._remote.target.parent_id}/providers/{TYPE}"
        bodies: list[Body] = self._remote.client.list(
            path,
            self._remote.kind.api_version,
            params={"$filter": f"principalId eq '{principal}'"},
            malformed=self._remote.warn_of_malformed,
        )
        body = next((body for body in bodies if key_of_body(body) == self._key), None)
        if body is not None:
            # By its name at its scope: the id of an answer could be that of anything.
            name = str(body["name"])
            self._remote.target = replace(self._remote.target, name=name, id=f"{path}/{name}")
        return body

    def create(self, complete: Declared) -> t.Any:
        remote = self._remote
        body = remote.kind.create_body(remote.target, complete, None)
        deadline = remote.wait.deadline.within(self._timeout)
        while True:
            try:
                return send_creation(remote, Request("PUT", {"properties": _without_scope(body["properties"])}))
            except ArmError as error:
                if error.code == "RoleAssignmentExists":
                    # Another writer was faster: the read after it shows the assignment.
                    return None
                remote.kind.explain_refusal(error, created=True)
                if error.code != "PrincipalNotFound" or not deadline.remaining:
                    raise
            remote.behaviour.events.state("waiting for the principal")
            remote.wait.sleep(_BETWEEN_TRIES)


def _without_scope(properties: dict[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in properties.items() if name != "scope"}
