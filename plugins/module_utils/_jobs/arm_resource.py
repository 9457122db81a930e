# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``arm_resource``."""

from __future__ import annotations

from .._core.arm_id import ArmId, Target
from .._core.errors import RuleError
from .._core.findings import refuse
from .._engine.plan import ImmutableChange
from .._engine.planning import ABSENT
from .._engine.reconciler import Reconciler
from .._kinds import resource as _kind
from .._module.result import Result, outcome_result
from .._module.task import Task
from .resources import resource_id


def manage_resource(task: Task) -> Result:
    """The job of ``arm_resource``."""
    params = task.params
    identifier = resource_id(task)
    if identifier is None:
        raise RuleError("name is required to manage a resource.", code="NotNamed", hint="Nothing was sent.")
    refuse(_kind.check_id(identifier))
    place = ArmId(identifier)
    target = Target(place.name, identifier, place.parent, place.subscription_id, place.resource_group)
    body = task.given.get("body") or {}
    if "tags" in body:
        if "tags" in task.given:
            raise RuleError(
                "The tags are given twice, in body.tags and in tags: remove one of them.",
                code="TagsGivenTwice",
                hint="Nothing was sent.",
            )
        task.given["tags"] = body["tags"]
    kind = _kind.Resource(params["api_version"], body, params.get("secret_body"), params["update_method"].upper())
    kind.place(identifier)
    parts = identifier.split("/")
    kind.label = "/".join(parts[parts.index("providers") + 1 :][:2]) if "providers" in parts else "resource group"
    declared = kind.declare(task.given, target)
    if params["state"] != ABSENT:
        refuse(kind.check(target, declared, task.given))
    reconciler = Reconciler(task.client, kind, target, task.behaviour())
    try:
        outcome = reconciler.reconcile(declared, params["state"], params)
    except ImmutableChange as error:
        # Only that of a resource group, which should not be deleted for this, with all that is in it.
        error.hint = "Set location to its current value: the resources in a group can have other locations."
        raise
    return outcome_result(outcome, "resource", None if outcome.body is None else kind.project(outcome.body))
