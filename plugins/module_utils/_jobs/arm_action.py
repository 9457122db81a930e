# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``arm_action``."""

from __future__ import annotations

import typing as t

from .._core.arm_id import ArmId, Target
from .._core.errors import AmlError, RuleError
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._engine.plan import SECRET
from .._engine.reconciler import Reconciler
from .._engine.remote import RemoteResource
from .._kinds import resource as _resource
from .._kinds.action import Action
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._options import specs
from .._reconcilers.action import ActionExtension
from .resources import NAMING_SPEC, resource_id

HARMLESS = "harmless"
ACTION_SPEC: specs.Spec = {
    **NAMING_SPEC,
    "action": {"type": "str", "required": True},
    "body": {"type": "dict"},
    "secret_body": {"type": "dict", "no_log": True},
    "unless": {
        "type": "dict",
        "options": {
            "contains": {"type": "dict", "required": True},
            "id": {"type": "str"},
            "list": {"type": "str"},
            "api_version": {"type": "str"},
        },
    },
    "returns": {"type": "str", "default": "secret", "choices": ["secret", HARMLESS]},
    **specs.WAIT_SPEC,
}


def take_action(task: Task) -> Result:
    """The job of ``arm_action``."""
    params = task.params
    identifier = resource_id(task)
    if identifier is None:
        raise RuleError("name is required to take an action of a resource.", code="NotNamed", hint="Nothing was sent.")
    refuse(_resource.check_id(identifier))
    unless = params.get("unless") or {}
    refuse([*_check_nulls(task.raw), *_check_unless(unless)])
    for option in ("body", "secret_body", "unless"):
        refuse(_resource.check_filled_in(params.get(option), option))
    body = _resource.merged(params.get("body") or {}, params.get("secret_body") or {})
    kind = Action(params["api_version"], body or None, unless.get("contains"))
    target = _target(identifier, params["action"])
    declared = kind.declare({}, target)
    refuse(kind.check(target, declared, task.given))
    made: list[ActionExtension] = []

    def extend(remote: RemoteResource) -> ActionExtension:
        place, is_list = _place(identifier, unless)
        version = unless.get("api_version") or kind.api_version
        made.append(ActionExtension(remote, resource=identifier, place=place, is_list=is_list, version=version))
        return made[0]

    outcome = Reconciler(task.client, kind, target, task.behaviour(), extend).present(declared)
    return outcome_result(outcome, "response", _response(task, made[0].reply))


def _target(identifier: str, action: str) -> Target:
    place = ArmId(identifier)
    return Target(action, f"{identifier}/{action}", identifier, place.subscription_id, place.resource_group)


def _check_nulls(raw: t.Mapping[str, t.Any]) -> Findings:
    """A variable without a value must not make the action due in every run, nor the condition one of another resource."""
    unless = raw.get("unless", {})
    parts = (
        {f"unless.{name}": unless[name] for name in ("id", "list") if name in unless}
        if isinstance(unless, dict)
        else {}
    )
    for option, value in {"unless": unless, **parts}.items():
        if value is None:
            yield Finding(
                "EmptyCondition", option, f"{option} must not be null: omit it if there is none.", "this collection"
            )


def _check_unless(unless: t.Mapping[str, t.Any]) -> Findings:
    if unless and not unless["contains"]:
        message = "unless.contains must name at least one property: an empty condition is always met."
        yield Finding("EmptyCondition", "unless.contains", message, "this collection")
    if unless.get("id") and unless.get("list"):
        message = (
            "unless.id and unless.list exclude each other: the condition is in one resource, or in an item of one list."
        )
        yield Finding("NamedTwice", "unless.list", message, "this collection")
    if unless.get("id"):
        yield from _resource.check_id(unless["id"].rstrip("/"), "unless.id")
    if unless.get("list"):
        if unless["list"].startswith("/"):
            yield from _resource.check_id(unless["list"].rstrip("/"), "unless.list")
        else:
            for part in unless["list"].split("/"):
                yield from rules.segment(part, "unless.list")
    if unless.get("api_version"):
        yield from rules.api_version(unless["api_version"], "unless.api_version")


def _place(identifier: str, unless: t.Mapping[str, t.Any]) -> tuple[str | None, bool]:
    """Where the condition is read, and whether that is a list."""
    if not unless:
        return None, False
    if unless.get("list"):
        place = unless["list"].rstrip("/")
        return (place if place.startswith("/") else f"{identifier}/{place}"), True
    return (unless.get("id") or identifier).rstrip("/"), False


def _response(task: Task, reply: t.Any) -> t.Any:
    """What the service answered, which is taken for a secret unless the task says that it is none."""
    if reply is None or (reply.operation is not None and not task.params["wait"]):
        return None
    if task.params["returns"] != HARMLESS:
        # What is not shown is not read.
        return None if reply.operation is None and reply.body is None else SECRET
    if reply.operation is None:
        return reply.body
    try:
        return task.client.result_of(reply.operation)
    except AmlError as error:
        error.changed = True
        error.hint = f"The action was taken, only its answer could not be read. {error.hint or ''}".strip()
        raise
