# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_preflight_info``."""

from __future__ import annotations

from .._kinds.registry import INFO_KINDS
from .._module.result import Result
from .._module.task import Task


def validate_computes(task: Task) -> Result:
    """The job of ``aml_preflight_info``."""
    from .._module import validation
    from .._preflight import run

    workspace = task.workspace
    entries = task.params["computes"]
    findings = run.examine(
        task.client,
        entries,
        workspace,
        INFO_KINDS,
        task.hide,
        validation.validate,
        task.params.get("api_version"),
    )
    return run.summary(findings, task.params["fail_on"], len(entries))
