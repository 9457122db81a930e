# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_private_endpoint_connection``."""

from __future__ import annotations

import functools
import typing as t

from .._core import shape
from .._core.answers import is_absent
from .._core.arm_id import ArmId, Target, workspace_target
from .._core.errors import AmlError, ArmError, RuleError
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._engine.fields import UPDATABLE
from .._engine.kind import Body
from .._engine.outcome import Outcome
from .._engine.plan import NONE, UPDATE, Change, Declared, Plan
from .._engine.planning import ABSENT
from .._engine.reconciler import Reconciler
from .._kinds import private_endpoint_connection as _kind
from .._module.result import Result, outcome_result
from .._module.task import Task
from .._options import specs
from .._reconcilers.private_endpoint_connection import ConnectionExtension

CONNECTION_SPEC: specs.Spec = {
    "private_endpoint": {"type": "str", "required": True},
    "state": {"type": "str", "default": "approved", "choices": ["approved", "rejected", ABSENT]},
    "resource_id": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    **specs.WAIT_SPEC,
    **specs.API_VERSION_SPEC,
}
_KEY = "private_endpoint_connection"
_TYPE = "Microsoft.Network/privateEndpoints"


class ConnectionMissing(AmlError):
    """The resource has no connection of the private endpoint."""

    default_code = "PrivateEndpointConnectionNotFound"


def manage_connection(task: Task) -> Result:
    """The job of ``aml_private_endpoint_connection``."""
    endpoint, state = task.params["private_endpoint"], task.params["state"]
    resource_id = _resource_id(task)
    kind = _kind.PrivateEndpointConnection()
    kind.api_version = _version(task, resource_id)
    declared: Declared = {}
    if state != ABSENT:
        declared = {"status": state, **kind.declare(task.given, _target(resource_id, ""))}
        refuse(kind.check(_target(resource_id, ""), declared, task.given))
    malformed: list[AmlError] = []
    bodies = _list(task, kind, resource_id, malformed)
    body = _chosen(bodies or [], endpoint, resource_id)
    if body is None and malformed:
        # One of those may be it.
        raise malformed[0]
    if body is None:
        return _missing(task, kind, resource_id, declared, bodies)
    extend = functools.partial(ConnectionExtension, listed=body)
    reconciler = Reconciler(task.client, kind, _target(resource_id, body["name"]), task.behaviour(), extend)
    outcome = reconciler.absent({}) if state == ABSENT else reconciler.present(declared)
    return _result(kind, outcome)


def _result(kind: _kind.PrivateEndpointConnection, outcome: Outcome) -> Result:
    return outcome_result(outcome, _KEY, None if outcome.body is None else kind.project(outcome.body))


# --- the options ---


def _resource_id(task: Task) -> str:
    """The resource whose connections these are; all that is wrong with how it and the private endpoint are named is refused at once."""
    refuse(_check(task.params))
    if task.params.get("resource_id"):
        return str(task.params["resource_id"]).rstrip("/")
    return workspace_target(task.subscription_id, task.params["resource_group"], task.params["workspace"]).id


def _check(params: t.Mapping[str, t.Any]) -> Findings:
    if params.get("resource_id"):
        yield from rules.resource_id(params["resource_id"].rstrip("/"), "resource_id")
    elif not (params.get("workspace") and params.get("resource_group")):
        message = "resource_id is required, or workspace with resource_group: whose connections these are."
        yield Finding("NotNamed", "resource_id", message, "this collection")
    endpoint = params["private_endpoint"]
    if endpoint.startswith("/"):
        yield from rules.resource_id(endpoint, "private_endpoint", _TYPE)
    else:
        yield from rules.segment(endpoint, "private_endpoint")


def _version(task: Task, resource_id: str) -> str:
    type_ = _kind.type_of(resource_id)
    version = task.params.get("api_version") or _kind.VERSIONS.get(type_)
    if version is None:
        raise RuleError(
            f"api_version is required for the connections of a {type_}: it has none that this collection knows.",
            code="ApiVersionRequired",
            hint="Nothing was sent. Set api_version to one of the provider's that has privateEndpointConnections.",
        )
    return str(version)


def _target(resource_id: str, name: str) -> Target:
    place = ArmId(resource_id)
    identifier = f"{resource_id}/{_kind.COLLECTION}/{name}"
    return Target(name, identifier, resource_id, place.subscription_id, place.resource_group)


# --- the connection ---


def _list(
    task: Task, kind: _kind.PrivateEndpointConnection, resource_id: str, malformed: list[AmlError]
) -> list[Body] | None:
    """The connections of the resource; None where it does not exist. Those that cannot be read are added to ``malformed``."""
    path = f"{resource_id}/{_kind.COLLECTION}"
    try:
        bodies: list[Body] = task.client.list(path, kind.api_version, malformed=malformed.append)
    except ArmError as error:
        if is_absent(error):
            return None
        raise
    good = []
    for number, body in enumerate(bodies):
        try:
            good.append(shape.check(body, _kind.SHAPE, f"{path}[{number}]"))
        except ArmError as error:
            malformed.append(error)
    return good


def _chosen(bodies: list[Body], endpoint: str, resource_id: str) -> Body | None:
    matching = [body for body in bodies if _kind.is_of(body, endpoint)]
    # An endpoint that was deleted may leave one, next to that of its successor under the same id.
    matching = [body for body in matching if not _kind.is_disconnected(body)] or matching
    if len(matching) > 1:
        ids = sorted(str(body["properties"]["privateEndpoint"]["id"]) for body in matching)
        raise AmlError(
            f"{len(matching)} connections of {resource_id} are of private endpoints {endpoint!r}: {', '.join(ids)}.",
            code="AmbiguousPrivateEndpoint",
            details=[body["id"] for body in matching],
            target=resource_id,
            hint="Nothing was changed. Set private_endpoint to the id of one of them.",
        )
    return matching[0] if matching else None


def _missing(
    task: Task,
    kind: _kind.PrivateEndpointConnection,
    resource_id: str,
    declared: Declared,
    bodies: list[Body] | None,
) -> Result:
    """There is no such connection: an error where the task approves or rejects it, unless check mode runs before what creates it."""
    endpoint = task.params["private_endpoint"]
    title = f"{kind.label} {endpoint}"
    if task.params["state"] == ABSENT:
        return _result(kind, Outcome(title, Plan(NONE)))
    known = sorted(str(kind.project(body)["private_endpoint"]) for body in bodies or [])
    problem = (
        f"{resource_id} does not exist"
        if bodies is None
        else f"{resource_id} has no connection of the private endpoint {endpoint!r}; "
        + (f"it has connections of {', '.join(known)}" if known else "it has no connections")
    )
    if not task.check_mode:
        raise ConnectionMissing(
            f"The {kind.label} cannot be {task.params['state']}: {problem}.",
            target=resource_id,
            details=known,
            hint="Create the private endpoint first, or correct private_endpoint. That of an outbound rule has the rule's name, and exists when "
            "the managed network is provisioned.",
        )
    changes = tuple(Change(option, None, value, UPDATABLE) for option, value in declared.items())
    plan = Plan(UPDATE, changes, "it does not exist yet", after=declared)
    warning = f"PrivateEndpointConnectionNotFound: {problem}. The run fails if this is still so by then."
    return {
        **_result(kind, Outcome(title, plan, None, None, [warning])),
        _KEY: {**kind.project(kind.with_values({}, declared)), "resource_id": resource_id},
    }
