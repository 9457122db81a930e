# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_registry_info``."""

from __future__ import annotations

from .._core.arm_id import group_id, registry_target
from .._core.errors import RuleError, each
from .._core.findings import refuse
from .._engine import kind_version, rules
from .._kinds.ml_registry import REGISTRY
from .._module.result import Result
from .._module.task import Task


def gather(task: Task) -> Result:
    """One registry by name, all of a resource group, or all of a subscription."""
    group, name = task.params.get("resource_group"), task.params.get("name")
    version = task.params.get("api_version") or kind_version.of_all_options(REGISTRY)
    if name:
        if not group:
            raise RuleError("name needs resource_group.", code="NotNamed", hint="Nothing was sent. Set resource_group.")
        refuse(rules.segment(name, "name"))
        body = task.client.find(registry_target(task.subscription_id, group, name).id, version)
        bodies = [] if body is None else [body]
    else:
        scope = group_id(task.subscription_id, group) if group else f"/subscriptions/{task.subscription_id}"
        where = f"{scope}/providers/Microsoft.MachineLearningServices/registries"
        bodies = task.client.list(where, version, malformed=task.malformed.append)
    return {"changed": False, "registries": list(each(bodies, REGISTRY.project, task.malformed.append))}
