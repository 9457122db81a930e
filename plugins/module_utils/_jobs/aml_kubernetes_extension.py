# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_kubernetes_extension``."""

from __future__ import annotations

from .._core.arm_id import extension_target
from .._core.findings import refuse
from .._engine import rules
from .._engine.planning import ABSENT
from .._kinds.kubernetes_extension import KUBERNETES_EXTENSION, check_cluster
from .._module.result import Result
from .._module.task import Task
from .._options import specs
from .workspace_resources import manage, read_files

# The cluster's id says where it is.
IGNORED_SPEC: specs.Spec = {**specs.IGNORED_GROUP_SPEC, **specs.IGNORED_WORKSPACE_SPEC}
EXTENSION_SPEC: specs.Spec = {
    **IGNORED_SPEC,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
    **specs.WAIT_SPEC,
    **specs.STATE_SPEC,
    **specs.API_VERSION_SPEC,
}


def kubernetes_extension(task: Task) -> Result:
    """The job of ``aml_kubernetes_extension``."""
    params = task.params
    read_files(task, "ssl", "cert_file", "key_file")
    if params["state"] == ABSENT:
        refuse([*rules.segment(params["name"], "name"), *check_cluster(params["cluster_id"], "cluster_id")])
    target = extension_target(params["cluster_id"], params["name"])
    return manage(task, KUBERNETES_EXTENSION, key="extension", target=target)
