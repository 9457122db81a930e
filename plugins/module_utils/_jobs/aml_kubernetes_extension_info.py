# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_kubernetes_extension_info``."""

from __future__ import annotations

from .._core.arm_id import extension_target
from .._core.canon import caseless
from .._core.errors import each
from .._core.findings import refuse
from .._core.paths import get_path
from .._engine import kind_version, rules
from .._kinds.kubernetes_extension import EXTENSION_TYPE, KUBERNETES_EXTENSION, check_cluster
from .._module.result import Result
from .._module.task import Task


def gather(task: Task) -> Result:
    """One extension of a cluster by name, or all for Azure Machine Learning."""
    cluster, name = task.params["cluster_id"], task.params.get("name")
    version = task.params.get("api_version") or kind_version.of_all_options(KUBERNETES_EXTENSION)
    refuse([*(rules.segment(name, "name") if name else ()), *check_cluster(cluster, "cluster_id")])
    if name:
        body = task.client.find(extension_target(cluster, name).id, version)
        bodies = [] if body is None else [body]
    else:
        where = extension_target(cluster, "").id.rstrip("/")
        bodies = task.client.list(where, version, malformed=task.malformed.append)
    own = [body for body in bodies if caseless(get_path(body, "properties.extensionType")) == caseless(EXTENSION_TYPE)]
    return {"changed": False, "extensions": list(each(own, KUBERNETES_EXTENSION.project, task.malformed.append))}
