# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_role_assignment_info``."""

from __future__ import annotations

import typing as t

from .._core import canon
from .._core.errors import ArmError, each
from .._core.findings import refuse
from .._engine import rules
from .._engine.kind import Body
from .._kinds import resource
from .._kinds.role_assignment import ROLE_ASSIGNMENT, guid_of, list_path, unknown_definitions
from .._module.result import Result
from .._module.task import Task
from .aml_role_assignment import scope_of


def gather(task: Task) -> Result:
    """The role assignments that are effective at a scope."""
    scope, principal, kind = scope_of(task), task.params.get("principal_id"), ROLE_ASSIGNMENT
    wrong = () if principal is None else rules.guid(principal, "principal_id")
    refuse([*resource.check_id(scope, "scope"), *wrong])
    query = kind.list_params if principal is None else {"$filter": f"principalId eq '{principal}'"}
    listed = task.client.list(list_path(scope), kind.api_version, params=query, malformed=task.malformed.append)
    # A list for a principal has also what is assigned to it at narrower scopes.
    bodies = [body for body in listed if not _scope(body).startswith(f"{canon.arm_id(scope)}/")]
    names = dict(_names(task, scope, bodies)) if task.params["role_names"] else {}

    def row(body: Body) -> dict[str, t.Any]:
        definition, shown = body["properties"]["roleDefinitionId"], kind.project(body)
        about = {"role_definition_id": definition, "inherited": not kind.belongs(body, scope)}
        return {**shown, "role": names.get(guid_of(definition), shown["role"]), **about}

    return {"changed": False, "role_assignments": list(each(bodies, row, task.malformed.append))}


def _scope(body: Body) -> str:
    return str(canon.arm_id(body["properties"]["scope"]))


def _names(task: Task, scope: str, bodies: list[Body]) -> t.Iterator[tuple[str, str]]:
    """The GUID and the name of each role that is not known here: of those that the identity may read."""
    for path in unknown_definitions(scope, bodies):
        try:
            found = task.client.find(path, ROLE_ASSIGNMENT.api_version)
        except ArmError as error:
            if error.status != 403:
                raise
            return
        name = ((found or {}).get("properties") or {}).get("roleName")
        if isinstance(name, str):
            yield guid_of(path), name
