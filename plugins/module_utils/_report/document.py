# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as data: the results of the modules in one document. Pure: no Ansible, no HTTP, no clock.

The package ``_report`` makes drift reports: data, Markdown, page, charts. It may import ``_kinds`` and
``_core``.

Nothing is compared here: what differs is what the plan of ``aml_fleet`` in check mode says.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.arm_id import OTHER_TYPES, ArmId
from .._kinds.registry import compute_kind, kind_of_type
from .rows import (
    AS_DECLARED,
    DIFFERS,
    FAILED,
    NOT_PROCESSED,
    UNDECLARED,
    Change,
    Cost,
    Json,
    Report,
    Row,
    Ssh,
    Target,
    UnreadUsages,
    Usage,
    Workspace,
    retirements,
)

R = t.TypeVar("R", bound=Row)


def build(facts: Json) -> Report:
    """The report. ``facts``: the results of the modules, as the playbook drift_report registers them.

    generated   the time of the run
    name        of the fleet
    fleet       the result of aml_fleet in check mode, with estimate_cost or without
    found       the result of aml_fleet_info for the same document, with usages
    """
    fleet, existing = facts.get("fleet") or {}, facts.get("found") or {}
    cost = (fleet.get("totals") or {}).get("cost")
    unpriced = _keys((cost or {}).get("unknown"))
    workspaces = [_workspace(workspace) for workspace in existing.get("workspaces") or []]
    return Report(
        facts["generated"],
        facts.get("name"),
        previous=None,
        document=list(fleet.get("document") or []),
        currency=(cost or {}).get("currency"),
        priced=cost is not None,
        workspaces=workspaces,
        targets=[
            replace(target, since=_since(target, {}, facts["generated"]), price_unknown=target.key in unpriced)
            for target in _targets(fleet, existing, workspaces)
        ],
        usages=list(_usages(existing)),
        usages_unread=list(_unread_usages(existing)),
    )


def merge(reports: t.Sequence[Report], previous: Json | None = None) -> Report:
    """One report of those on shares of one document; of two on the same workspace, the later in the list counts.

    reports   at least one
    previous  the previous merged report, or nothing: it shows since when a difference has existed
    """
    previous = previous or {}
    workspaces, targets = _read_workspaces(reports)
    known = {target["id"].casefold(): target for target in previous.get("targets") or []}
    currency = min((report.currency for report in reports if report.currency), default=None)
    return Report(
        generated=max(report.generated for report in reports),
        fleet=reports[0].fleet,
        previous=previous.get("generated"),
        document=list(_whole_document(reports).values()),
        currency=currency,
        priced=any(report.priced for report in reports),
        workspaces=workspaces,
        targets=[_merged(target, known.get(target.key, {}), currency) for target in targets],
        usages=_once((report.usages for report in reports), "subscription_id", "location", "workspace", "name", "tier"),
        usages_unread=_once((report.usages_unread for report in reports), "subscription_id", "location"),
    )


def _merged(target: Target, before: Json, currency: str | None) -> Target:
    # Sums are of one currency: what has another counts as unknown.
    other = target.cost is not None and target.cost.currency != currency
    return replace(target, since=_since(target, before, target.since), price_unknown=target.price_unknown or other)


def _whole_document(reports: t.Iterable[Report]) -> dict[str, str]:
    """The ids of all workspaces, by their keys."""
    return {identifier.casefold(): identifier for report in reports for identifier in report.document}


def _read_workspaces(reports: t.Sequence[Report]) -> tuple[list[Workspace], list[Target]]:
    """The workspaces, those of the document first and in its order, with their targets, the undeclared ones last."""
    document = _whole_document(reports)
    read = {
        workspace.key: (workspace, report.by_workspace.get(workspace.key, []))
        for report in reports
        for workspace in report.workspaces
        if workspace.error != NOT_PROCESSED
    }
    order = [*document, *(key for key in read if key not in document)]
    rows = [read[key] if key in read else (_not_processed(document[key]), []) for key in order]
    targets = [target for _workspace, own in rows for target in own]
    return [workspace for workspace, _own in rows], sorted(targets, key=lambda target: target.status == UNDECLARED)


def _once(groups: t.Iterable[t.Iterable[R]], *names: str) -> list[R]:
    """Of rows that are the same in these fields, the last one."""
    return list({tuple(getattr(row, name) for name in names): row for rows in groups for row in rows}.values())


def _since(target: Target, before: Json, now: str | None) -> str | None:
    """Since when it is not as declared. ``before`` is its row in the report before."""
    if target.status == AS_DECLARED:
        return None
    return str(before.get("since") or now) if before.get("status") == target.status else now


# --- workspaces ---


def _workspace(found: Json) -> Workspace:
    body = found["workspace"] or {}
    return Workspace(
        found["id"],
        found["name"],
        found["resource_group"],
        found["subscription_id"],
        location=body.get("location"),
        public_network_access=body.get("public_network_access"),
        isolation_mode=(body.get("managed_network") or {}).get("isolation_mode"),
        private_link_count=body.get("private_link_count"),
        identity=identity_label(body.get("identity")),
        error=found["failure"]["message"] if found["failure"] else None,
    )


def _not_processed(identifier: str) -> Workspace:
    """A workspace of the document that no run has read."""
    named = ArmId(identifier)
    return Workspace(
        identifier,
        named.name,
        named.resource_group,
        named.subscription_id,
        location=None,
        public_network_access=None,
        isolation_mode=None,
        private_link_count=None,
        identity=identity_label(None),
        error=NOT_PROCESSED,
    )


# --- targets ---


def _targets(fleet: Json, found: Json, workspaces: t.Iterable[Workspace]) -> t.Iterator[Target]:
    """The declared targets, followed by undeclared existing ones."""
    homes = {workspace.key: workspace for workspace in workspaces}
    planned = {str(target["id"]).casefold(): target for target in fleet.get("targets") or []}
    pruned = _keys(row["id"] for row in fleet.get("undeclared") or [])
    existing = {str(body["id"]).casefold(): body for body in _bodies(found)}
    for key, target in planned.items():
        yield _declared(target, _existing(target, existing.get(key, {}), homes))
    for key, body in existing.items():
        if key not in planned:
            yield _undeclared(_existing(body, body, homes), key in pruned)


def _bodies(found: Json) -> t.Iterator[Json]:
    """What the workspaces have, with the types that results have: a datastore's own is that of its storage."""
    for workspace in found.get("workspaces") or []:
        yield from workspace["computes"]
        for collection, type_ in OTHER_TYPES.items():
            yield from ({**body, "type": type_} for body in workspace.get(collection) or [])


def _keys(identifiers: t.Iterable[t.Any] | None) -> set[str]:
    return {str(identifier).casefold() for identifier in identifiers or ()}


def _declared(entry: Json, target: Target) -> Target:
    failure = entry.get("failure") or {}
    return replace(
        target,
        # What check mode would refuse to do is still a difference.
        status=DIFFERS if entry["action"] != "none" else FAILED if failure else AS_DECLARED,
        action=entry["action"],
        changes=[Change.from_dict(change) for change in entry.get("changes") or []],
        reason=failure.get("message") or entry.get("reason"),
        cost=Cost.from_dict(entry["cost"]) if entry.get("cost") else None,
        retirements=retirements(target.to_dict(), entry),
    )


def _undeclared(target: Target, owned: bool) -> Target:
    reason = (
        "The fleet created it and no longer declares it."
        if owned
        else "Someone else created it; the fleet never changes it."
    )
    return replace(target, status=UNDECLARED, owned=owned, reason=reason)


def _existing(named: Json, body: Json, homes: t.Mapping[str, Workspace]) -> Target:
    """What the service says of a target, whether declared or not: ``body`` is as the modules return it, empty where there is none."""
    place, type_ = ArmId(named["id"]), named["type"]
    kind = kind_of_type(type_)
    nodes, max_nodes = kind.machines(body)
    open_port, ssh = _ssh(type_, body)
    home = homes.get(place.workspace.casefold())
    return Target(
        named["id"],
        kind.report_name(named, body),
        type_,
        place.named("workspaces"),
        place.resource_group,
        place.subscription_id,
        location=body.get("location"),
        exists=bool(body),
        state=body.get("state") or body.get("allocation_state") or body.get("provisioning_state"),
        size=body.get("size"),
        nodes=nodes,
        max_nodes=max_nodes,
        open_port=open_port,
        public_ssh=ssh is not None,
        ssh=ssh,
        network=network_label(kind.summary(body), body, home.isolation_mode if home else None) if body else "not there",
        identity=identity_label(body.get("identity")) if body and type_ not in OTHER_TYPES.values() else "",
        status=AS_DECLARED,
        owned=False,
        action="none",
        changes=[],
        reason=None,
        cost=None,
        retirements=retirements(body),
    )


def _ssh(type_: str, body: Json) -> tuple[bool, Ssh | None]:
    """Whether the port is open on a public address, and where a user can log in there."""
    settings = body.get("ssh_settings") or {}
    access = compute_kind(type_).ssh
    user = settings.get("admin_username") or (access and access.user)
    port = bool(body.get("ssh_public_access_enabled")) and body.get("enable_node_public_ip") is not False
    # The service opens the port of clusters that no one asked it to; without a user, no one can log in there.
    if not port or not user:
        return port, None
    return port, Ssh(user, body.get("public_ip_address"), settings.get("ssh_port"))


def network_label(summary: str | None, body: Json, isolation_mode: str | None) -> str:
    """The network in which a compute target's machines are, in a few words, or the ``summary`` of its kind. ``isolation_mode`` is of its workspace."""
    subnet = str((body.get("network_settings") or {}).get("subnet") or "")
    if subnet:
        network, name = (ArmId(subnet).named(type_) for type_ in ("virtualNetworks", "subnets"))
        return f"{network}/{name}" if network and name else subnet
    if summary is not None:
        return summary
    if not isolation_mode or isolation_mode == "disabled":
        return "no virtual network"
    return f"managed network ({str(isolation_mode).replace('_', ' ')})"


def identity_label(identity: Json | None) -> str:
    if not identity or not identity.get("type"):
        return "no identity"
    names = [ArmId(identity).name for identity in identity.get("user_assigned_identities") or []]
    return " + ".join([*(["system-assigned"] if "system" in identity["type"] else []), *names])


# --- quotas ---


def _usages(found: Json) -> t.Iterator[Usage]:
    for region in found.get("usages") or []:
        for usage in region["usages"]:
            yield Usage.from_dict(
                {"subscription_id": region["subscription_id"], "location": region["location"], **usage}
            )


def _unread_usages(found: Json) -> t.Iterator[UnreadUsages]:
    for region in found.get("usages") or []:
        if region["failure"]:
            yield UnreadUsages(region["subscription_id"], region["location"], region["failure"]["message"])
