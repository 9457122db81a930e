# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_registry``."""

from __future__ import annotations

from .._core.arm_id import registry_target
from .._core.findings import refuse
from .._engine import rules
from .._kinds.ml_registry import REGISTRY
from .._module.result import Result
from .._module.task import Task
from .._options import specs
from .workspace_resources import manage

REGISTRY_SPEC: specs.Spec = {
    "resource_group": {"type": "str", "required": True},
    **specs.IGNORED_WORKSPACE_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    **specs.TAGS_SPEC,
    **specs.WAIT_SPEC,
    **specs.STATE_SPEC,
    **specs.API_VERSION_SPEC,
}


def registry(task: Task) -> Result:
    """The job of ``aml_registry``."""
    params = task.params
    refuse(rules.segment(params["name"], "name"))
    target = registry_target(task.subscription_id, params["resource_group"], params["name"])
    return manage(task, REGISTRY, key="registry", target=target)
