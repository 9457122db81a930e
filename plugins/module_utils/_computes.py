# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What looks at compute targets of all kinds: the table of kinds, the list of a workspace, and the pre-flight of many."""
from __future__ import annotations

from ._compute import target_of
from ._errors import each
from ._kinds import _compute
from ._kinds._base import Body, Kind, workspace_target
from ._kinds.aks import AKS
from ._kinds.attached_types import ATTACHED
from ._kinds.cluster import CLUSTER
from ._kinds.instance import INSTANCE
from ._module import Result, Task

# Every kind that a workspace lists, in the CLI's spelling.
INFO_KINDS: dict[str, Kind] = {
    "amlcompute": CLUSTER,
    "computeinstance": INSTANCE,
    "aks": AKS,
    **ATTACHED,
}


def look(task: Task) -> Result:
    """The job of ``aml_compute_info``: one target or all, filtered, flat and by the studio's tabs."""
    api_version = task.params.get("api_version") or _compute.ComputeKind.api_version
    if task.params.get("name"):
        body = task.client.find(target_of(task).id, api_version)
        bodies = [] if body is None else [body]
    else:
        workspace = workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])
        bodies = task.client.list(f"{workspace.id}/computes", api_version, malformed=task.malformed.append)
    wanted = task.params.get("type")
    computes = []
    by_tab: dict[str, list[Result]] = {name: [] for name in _compute.TAB_NAMES}
    bodies = [body for body in bodies if not wanted or _compute.kind_name(body) in wanted]
    for tab, shown in each(bodies, lambda body: (_compute.tab(body), kind_of(body).project(body)), task.malformed.append):
        computes.append(shown)
        by_tab[tab].append(shown)
    return {"changed": False, "computes": computes, "by_kind": by_tab}


def kind_of(body: Body) -> Kind:
    """The kind of a compute target that was read; one without a table of its own shows what all have."""
    return INFO_KINDS.get(_compute.kind_name(body), _compute.ANY)


def look_ahead(task: Task) -> Result:
    """The job of ``aml_preflight_info``."""
    from . import _preflight_job

    workspace = workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"])
    entries = task.params["computes"]
    findings = _preflight_job.examine(task.client, entries, workspace, INFO_KINDS, task.module.hide, task.params.get("api_version"))
    return _preflight_job.summary(findings, task.params["fail_on"], len(entries))
