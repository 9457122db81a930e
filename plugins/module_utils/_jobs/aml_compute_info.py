# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_compute_info``."""

from __future__ import annotations

from .._core.errors import each
from .._engine import versions
from .._kinds import compute
from .._kinds.registry import kind_of
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import target_of


def gather(task: Task) -> Result:
    """The job of ``aml_compute_info``: one target or all, filtered, flat and by the studio's tabs."""
    api_version = task.params.get("api_version") or versions.PREVIEW
    if task.params.get("name"):
        body = task.client.find(target_of(task).id, api_version)
        bodies = [] if body is None else [body]
    else:
        workspace = task.workspace
        bodies = task.client.list(f"{workspace.id}/computes", api_version, malformed=task.malformed.append)
    type_ = task.params.get("type")
    computes = []
    by_tab: dict[str, list[Result]] = {name: [] for name in compute.TAB_NAMES}
    bodies = [body for body in bodies if not type_ or compute.kind_name(body) in type_]
    for tab, projected in each(
        bodies, lambda body: (kind_of(body).tab, kind_of(body).listed(body)), task.malformed.append
    ):
        computes.append(projected)
        by_tab[tab].append(projected)
    return {"changed": False, "computes": computes, "by_kind": by_tab}
