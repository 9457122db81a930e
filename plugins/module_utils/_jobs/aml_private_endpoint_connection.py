# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_private_endpoint_connection``."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass

from .._core import paths, shape
from .._core.answers import is_absent
from .._core.arm_id import ArmId, Target
from .._core.canon import arm_id, caseless
from .._core.errors import AmlError, ArmError, RuleError
from .._core.findings import Finding, Findings, refuse
from .._engine import rules, versions
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
    "private_endpoint": {"type": "str"},
    "outbound_rule": {"type": "str"},
    "state": {"type": "str", "default": "approved", "choices": ["approved", "rejected", ABSENT]},
    "resource_id": {"type": "str"},
    "resource_group": {"type": "str"},
    "workspace": {"type": "str", "aliases": specs.WORKSPACE_ALIASES},
    **specs.WAIT_SPEC,
    **specs.API_VERSION_SPEC,
}
CONSTRAINTS: dict[str, t.Any] = {
    "required_one_of": [("private_endpoint", "outbound_rule")],
    "mutually_exclusive": [("private_endpoint", "outbound_rule")],
}
_KEY = "private_endpoint_connection"
_TYPE = "Microsoft.Network/privateEndpoints"


class ConnectionMissing(AmlError):
    """The resource has no connection of the private endpoint."""

    default_code = "PrivateEndpointConnectionNotFound"


@dataclass(frozen=True)
class Wanted:
    """Whose connection is managed: the private endpoint by its id or name, and the resource to which it leads.

    ``users``: of an outbound rule, the subscriptions in which its private endpoint, one of the service's, cannot be; ``problem``: why there is none.
    """

    endpoint: str
    resource_id: str
    users: frozenset[str] = frozenset()
    problem: str = ""

    def is_of(self, body: Body) -> bool:
        if self.problem or not _kind.is_of(body, self.endpoint):
            return False
        return ArmId(body["properties"]["privateEndpoint"]["id"]).subscription_id.casefold() not in self.users


def manage_connection(task: Task) -> Result:
    """The job of ``aml_private_endpoint_connection``."""
    state = task.params["state"]
    refuse(_check(task.params))
    wanted = _wanted(task)
    resource_id = wanted.resource_id
    kind = _kind.PrivateEndpointConnection()
    kind.api_version = _version(task, resource_id)
    declared: Declared = {}
    if state != ABSENT:
        declared = {"status": state, **kind.declare(task.given, _target(resource_id, ""))}
        refuse(kind.check(_target(resource_id, ""), declared, task.given))
    malformed: list[AmlError] = []
    bodies = _list(task, kind, resource_id, malformed)
    body = _chosen(bodies or [], wanted)
    if body is None and malformed:
        # One of those may be it.
        raise malformed[0]
    if body is None:
        return _missing(task, kind, wanted, declared, bodies)
    extend = functools.partial(ConnectionExtension, listed=body)
    reconciler = Reconciler(task.client, kind, _target(resource_id, body["name"]), task.behaviour(), extend)
    outcome = reconciler.absent({}) if state == ABSENT else reconciler.present(declared)
    return _result(kind, outcome)


def _result(kind: _kind.PrivateEndpointConnection, outcome: Outcome) -> Result:
    return outcome_result(outcome, _KEY, None if outcome.body is None else kind.project(outcome.body))


# --- the options ---


def _wanted(task: Task) -> Wanted:
    params, named = task.params, str(task.params.get("resource_id") or "").rstrip("/")
    if params["private_endpoint"] is not None:
        return Wanted(params["private_endpoint"], named or _workspace(task))
    return _of_rule(task, _workspace(task), params["outbound_rule"], named)


def _workspace(task: Task) -> str:
    return task.workspace.id


def _of_rule(task: Task, workspace: str, name: str, resource_id: str) -> Wanted:
    """The private endpoint of an outbound rule: the rule, as the workspace has it, says to which resource it leads."""
    body: Body = task.client.get(workspace, versions.STABLE)
    rules_ = paths.get_path(body, "properties.managedNetwork.outboundRules") or {}
    row: Body = next((value for key, value in rules_.items() if key.casefold() == name.casefold()), {})
    target = paths.get_path(row, "destination.serviceResourceId")
    if not isinstance(target, str):
        problem = f"the workspace {ArmId(workspace).name} has no outbound rule {name!r} of type private_endpoint"
        return Wanted(name, resource_id or workspace, problem=problem)
    if resource_id and arm_id(resource_id) != arm_id(target):
        raise RuleError(
            f"The outbound rule {name!r} leads to {target}, and not to resource_id {resource_id}.",
            code="OtherTarget",
            target=resource_id,
            hint="Nothing was changed. Omit resource_id, or correct outbound_rule.",
        )
    status = paths.get_path(body, "properties.managedNetwork.status.status")
    problem = "" if caseless(status) == "active" else "the managed network is not provisioned"
    users = frozenset(ArmId(place).subscription_id.casefold() for place in (workspace, target))
    return Wanted(name, target, users, problem)


def _check(params: t.Mapping[str, t.Any]) -> Findings:
    endpoint, rule = params["private_endpoint"], params["outbound_rule"]
    if params.get("resource_id"):
        yield from rules.resource_id(params["resource_id"].rstrip("/"), "resource_id")
    if not (params.get("workspace") and params.get("resource_group")):
        if endpoint is None:
            message = "workspace and resource_group are required with outbound_rule: whose rule it is."
            yield Finding("NotNamed", "workspace", message, "this collection")
        elif not params.get("resource_id"):
            message = "resource_id is required, or workspace with resource_group: whose connections these are."
            yield Finding("NotNamed", "resource_id", message, "this collection")
    if endpoint is None:
        yield from rules.segment(rule, "outbound_rule")
    elif endpoint.startswith("/"):
        yield from rules.resource_id(endpoint, "private_endpoint", _TYPE)
    else:
        yield from rules.segment(endpoint, "private_endpoint")


def _version(task: Task, resource_id: str) -> str:
    type_ = ArmId(resource_id).type
    version = task.params.get("api_version") or _kind.VERSIONS.get(type_)
    if version is None:
        raise RuleError(
            f"api_version is required: resource_id is of the type {type_}, for whose connections this collection knows no version.",
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


def _chosen(bodies: list[Body], wanted: Wanted) -> Body | None:
    matching = [body for body in bodies if wanted.is_of(body)]
    # An endpoint that was deleted may leave one, next to that of its successor under the same id.
    matching = [body for body in matching if not _kind.is_disconnected(body)] or matching
    if len(matching) > 1:
        ids = sorted(str(body["properties"]["privateEndpoint"]["id"]) for body in matching)
        raise AmlError(
            f"{len(matching)} connections of {wanted.resource_id} are of private endpoints {wanted.endpoint!r}: {', '.join(ids)}.",
            code="AmbiguousPrivateEndpoint",
            details=[body["id"] for body in matching],
            target=wanted.resource_id,
            hint="Nothing was changed. Set private_endpoint to the id of one of them.",
        )
    return matching[0] if matching else None


def _missing(
    task: Task,
    kind: _kind.PrivateEndpointConnection,
    wanted: Wanted,
    declared: Declared,
    bodies: list[Body] | None,
) -> Result:
    """There is no such connection: an error where the task approves or rejects it, unless check mode runs before what creates it."""
    endpoint, resource_id = wanted.endpoint, wanted.resource_id
    title = f"{kind.label} {endpoint}"
    if task.params["state"] == ABSENT:
        return _result(kind, Outcome(title, Plan(NONE)))
    known = sorted(str(kind.project(body)["private_endpoint"]) for body in bodies or [])
    problem = wanted.problem or (
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
            hint="Create the private endpoint first, or correct its name. That of an outbound rule exists when the managed network is provisioned.",
        )
    changes = tuple(Change(option, None, value, UPDATABLE) for option, value in declared.items())
    plan = Plan(UPDATE, changes, "it does not exist yet", after=declared)
    warning = f"PrivateEndpointConnectionNotFound: {problem}. The run fails if this is still so by then."
    return {
        **_result(kind, Outcome(title, plan, None, None, [warning])),
        _KEY: {**kind.project(kind.with_values({}, declared)), "resource_id": resource_id},
    }
