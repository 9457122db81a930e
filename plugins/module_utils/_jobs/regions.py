# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the jobs for a region share: the region that the options name, or a workspace's."""

from __future__ import annotations

from .._core import canon
from .._core.errors import RuleError
from .._engine.outcome import ParentMissing
from .._module.task import Task
from .._options import specs

# A region: said outright, or a workspace's.
PLACE_SPEC: specs.Spec = {
    "location": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    **specs.API_VERSION_SPEC,
}


def region_of_task(task: Task) -> str:
    """The region in the service's spelling; the workspace is only read where the region was not said."""
    if task.params.get("location"):
        return str(canon.region(task.params["location"]))
    if not task.params.get("workspace") or not task.params.get("resource_group"):
        # Not left to AnsibleModule's required_one_of: to that, a null is as good as a value.
        raise RuleError(
            "Set location, or workspace and resource_group to use the workspace's region.",
            code="LocationMissing",
            hint="Nothing was sent.",
        )
    target = task.workspace
    body = task.client.find(target.id, task.api_version)
    if body is None:
        raise ParentMissing(
            f"The workspace {target.name!r} does not exist, so its region is not known.",
            target=target.id,
            hint="Correct workspace and resource_group, or give location.",
        )
    return str(canon.region(body.get("location")))
