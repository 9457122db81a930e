# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_fleet_info`` does: the workspaces of a fleet's document and all that is in them, many at a time. Compares nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from .._capacity import usages as _usages
from .._capacity.lists import location_path
from .._core.arm_id import ArmId
from .._core.canon import region
from .._core.errors import AmlError, all_foreseen, each
from .._kinds import compute
from .._kinds.registry import kind_of
from .._kinds.workspace import Workspace
from .._module.result import Result
from .._module.task import Task
from .._options import specs
from .aml_fleet import FLEET_SPEC, read_places

FLEET_INFO_SPEC: specs.Spec = {
    **{name: FLEET_SPEC[name] for name in ("workspaces", "folder", "resource_group", "workspace")},
    **specs.SHOW_VARIABLES_SPEC,
    "usages": {"type": "bool", "default": False},
    "parallelism": {"type": "int", "default": 16},
    "fail_on": {"type": "str", "default": "error", "choices": ["error", "never"]},
}


class NotRead(AmlError):
    """Something of the fleet could not be read; all else was."""

    default_code = "NotRead"


def _unread(bad: list[AmlError]) -> AmlError:
    """One error for all items of a list that cannot be read; those that can are in the result."""
    failures = [one.failure() for one in bad]
    return AmlError(
        bad[0].message,
        code=bad[0].code,
        target=bad[0].target,
        hint=bad[0].hint,
        details=failures[0]["details"] if len(bad) == 1 else failures,
    )


class _Look:
    """Each place on its own: a failure of one hides no other."""

    def __init__(self, task: Task) -> None:
        self.client = task.client
        self.kind = Workspace()

    def workspace(self, identifier: str) -> Result:
        place = ArmId(identifier)
        found: Result = {
            "name": place.name,
            "resource_group": place.resource_group,
            "subscription_id": place.subscription_id,
            "id": identifier,
        }
        found |= {"workspace": None, "computes": [], "failure": None}
        try:
            with all_foreseen():
                body = self.client.find(identifier, self.kind.api_version)
                if body is None:
                    raise AmlError(
                        f"The workspace {place.name!r} does not exist.", code="WorkspaceNotFound", target=identifier
                    )
                found["workspace"] = self.kind.project(body)
                bad: list[AmlError] = []
                bodies = self.client.list(
                    f"{identifier}/computes", compute.ComputeKind.api_version, malformed=bad.append
                )
                found["computes"] = list(each(bodies, lambda one: kind_of(one).project(one), bad.append))
                if bad:
                    raise _unread(bad)
        except AmlError as error:
            found["failure"] = error.failure()
        return found

    def usages(self, place: tuple[str, str]) -> Result:
        found: Result = {"subscription_id": place[0], "location": place[1], "usages": [], "failure": None}
        try:
            with all_foreseen():
                bad: list[AmlError] = []
                path = location_path(*place, "usages")
                found["usages"] = _usages.usages(
                    self.client.list(path, compute.ComputeKind.api_version, malformed=bad.append)
                )
                if bad:
                    raise _unread(bad)
        except AmlError as error:
            found["failure"] = error.failure()
        return found


def look_at_fleet(task: Task) -> Result:
    """The job of ``aml_fleet_info``."""
    params = task.params
    identifiers = read_places(task)
    look = _Look(task)
    with ThreadPoolExecutor(params["parallelism"], thread_name_prefix="look") as pool:
        workspaces = list(pool.map(look.workspace, identifiers))
        places = {
            (one["subscription_id"], str(region(one["workspace"]["location"])))
            for one in workspaces
            if one["workspace"]
        }
        usages = list(pool.map(look.usages, sorted(places))) if params["usages"] else []
    result: Result = {"changed": False, "workspaces": workspaces, "usages": usages}
    unread = [one for one in (*workspaces, *usages) if one["failure"]]
    if unread and params["fail_on"] == "error":
        told = "; ".join(
            f"{one.get('name') or one['location']}: {one['failure']['message'].rstrip('.')}" for one in unread[:5]
        )
        failure = NotRead(
            f"{len(unread)} of {len(workspaces) + len(usages)} could not be read: {told}.",
            details=[{"name": one.get("name") or one["location"], "failure": one["failure"]} for one in unread],
            hint="The result has all the others. Set fail_on=never to only report these failures.",
        )
        failure.result = result
        raise failure
    return result
