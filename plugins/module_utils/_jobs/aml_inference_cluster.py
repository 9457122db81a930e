# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_inference_cluster``."""

from __future__ import annotations

from .._kinds.aks import AKS
from .._module.result import Result
from .._module.task import Task
from .workspace_resources import manage, read_files


def inference_cluster(task: Task) -> Result:
    """The job of ``aml_inference_cluster``."""
    read_files(task, "ssl", "cert_file", "key_file")
    return manage(task, AKS)
