# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_job_check``: one small command job on a compute target, as the proof that jobs run there."""

from __future__ import annotations

from .._core.arm_id import compute_target
from .._core.errors import AmlError
from .._core.findings import refuse
from .._engine import rules
from .._kinds.command_job import JOB_TIMEOUT, CommandJob, check_values
from .._module.result import Result
from .._module.task import Task
from .._reconcilers.job_check import JobCheck


def check(task: Task) -> Result:
    """The job of ``aml_job_check``."""
    params = task.params
    refuse([*rules.segment(params["compute"], "compute"), *check_values(params)])
    target = compute_target(task.subscription_id, params["resource_group"], params["workspace"], params["compute"])
    timeout = (params["limits"] or {}).get("timeout") or JOB_TIMEOUT
    job = CommandJob(target, params["command"], params["environment"], params["experiment_name"], timeout)
    malformed, max_age = task.malformed.append, params["max_age"]
    checker = JobCheck(task.client, job, task.api_version, task.behaviour(), max_age=max_age, malformed=malformed)
    body, name = checker.find(checker.require_usable())
    started = body is None
    if body is None and task.check_mode:
        return {"changed": True, "job": job.project(job.planned(name)), "diff": job.diff(name)}
    body = body or checker.start(name)
    try:
        if params["wait"] and not task.check_mode:
            body = checker.wait(body, seen=not started)
        return {"changed": started, "job": job.project(body), "diff": job.diff(body["name"] if started else None)}
    except AmlError as error:
        error.changed = started
        raise
