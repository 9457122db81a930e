# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_compute_instance``."""

from __future__ import annotations

import typing as t

from .._core.findings import refuse
from .._engine.reconciler import Reconciler
from .._kinds import instance as _kind
from .._kinds.instance_power import POWER_STATES
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._reconcilers.instance import InstanceReconciler
from .compute_targets import guarded, target_of, with_api_version


def keep_instance(task: Task) -> Result:
    """The job of ``aml_compute_instance``."""
    kind = t.cast(_kind.Instance, with_api_version(_kind.INSTANCE, task))
    target, state = target_of(task), task.params["state"]
    if state == "absent":
        outcome = Reconciler(task.client, kind, target, task.behaviour()).absent(task.params)
    else:
        declared = kind.declare(task.given, target)
        refuse(kind.check(target, declared, task.given))
        reconciler = guarded(InstanceReconciler(task.client, kind, target, task.behaviour()), task)
        outcome = reconciler.power(declared, state) if state in POWER_STATES else reconciler.present(declared)
    return outcome_result(outcome, "compute", None if outcome.body is None else kind.project(outcome.body))
