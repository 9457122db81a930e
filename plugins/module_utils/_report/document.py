# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as data, and as Markdown: what our modules found, put beside each other. Pure: no Ansible, no HTTP, no clock.

The package ``_report`` makes drift reports: data, page, charts. It may import ``_core``.

Nothing is compared here: what differs is what the plan of ``aml_fleet`` in check mode says.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from .._core.arm_id import ArmId

Row = dict[str, t.Any]

AS_DECLARED, DIFFERS, FAILED, UNDECLARED = STATUSES = ("as declared", "differs", "failed", "undeclared")

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_CLUSTER, _INSTANCE = "amlcompute", "computeinstance"
_NOBODY = "Not processed: no host is responsible for it, or the job of its host ended before."
_RUNNING = ("Running", "JobRunning")


def build(facts: Row) -> Row:
    """The report. ``facts``: the results of the modules, as the playbook drift_report registers them.

    generated   the time of the run
    name        of the fleet
    fleet       the result of aml_fleet in check mode, with estimate_cost or without
    found       the result of aml_fleet_info for the same document, with usages
    """
    fleet, found = facts.get("fleet") or {}, facts.get("found") or {}
    planned = {str(one["id"]).casefold(): one for one in fleet.get("targets") or []}
    pruned = {str(one["id"]).casefold() for one in fleet.get("undeclared") or []}
    summed = (fleet.get("totals") or {}).get("cost")
    workspaces = [_workspace(one) for one in found.get("workspaces") or []]
    existing = {str(body["id"]).casefold(): body for one in found.get("workspaces") or [] for body in one["computes"]}
    homes = {one["id"].casefold(): one for one in workspaces}
    targets = [_declared(one, existing.get(key), homes) for key, one in planned.items()]
    targets += [_undeclared(body, key in pruned, homes) for key, body in existing.items() if key not in planned]
    unpriced = {str(one).casefold() for one in (summed or {}).get("unknown") or []}
    for target in targets:
        target["since"] = _since(target, None, facts["generated"])
        target["price_unknown"] = target["id"].casefold() in unpriced
    usages = found.get("usages") or []
    places = [{key: one[key] for key in ("subscription_id", "location")} for one in usages]
    return {
        "generated": facts["generated"],
        "fleet": facts.get("name"),
        "previous": None,
        "document": list(fleet.get("document") or []),
        "currency": (summed or {}).get("currency"),
        "priced": summed is not None,
        **_summed(workspaces, targets),
        "usages": [{**place, **usage} for place, one in zip(places, usages) for usage in one["usages"]],
        "usages_unread": [
            {**place, "error": one["failure"]["message"]} for place, one in zip(places, usages) if one["failure"]
        ],
    }


def merge(reports: t.Sequence[Row], previous: Row | None = None) -> Row:
    """One report of those on shares of one document; of two on the same workspace, the later in the list counts.

    reports   at least one
    previous  the merged report before this one, or nothing: it tells since when a difference is known
    """
    previous = previous or {}
    document = {one.casefold(): one for report in reports for one in report["document"]}
    found = {
        one["id"].casefold(): (one, report)
        for report in reports
        for one in report["workspaces"]
        if one["error"] != _NOBODY
    }
    order = [*document, *(key for key in found if key not in document)]
    workspaces = [found[key][0] if key in found else _nobodys(document[key]) for key in order]
    targets = [
        one for key in order if key in found for one in found[key][1]["targets"] if _home(one["id"]).casefold() == key
    ]
    targets.sort(key=lambda one: one["status"] == UNDECLARED)
    known = {one["id"].casefold(): one for one in previous.get("targets") or []}
    # Sums are of one currency: what has another counts as unknown.
    currency = min((report["currency"] for report in reports if report["currency"]), default=None)
    targets = [
        {
            **one,
            "since": _since(one, known.get(one["id"].casefold()), one["since"]),
            "price_unknown": one["price_unknown"] or bool(one["cost"] and one["cost"]["currency"] != currency),
        }
        for one in targets
    ]
    return {
        "generated": max(one["generated"] for one in reports),
        "fleet": reports[0]["fleet"],
        "previous": previous.get("generated"),
        "document": list(document.values()),
        "currency": currency,
        "priced": any(report["priced"] for report in reports),
        **_summed(workspaces, targets),
        "usages": _once(
            [one for report in reports for one in report["usages"]],
            "subscription_id",
            "location",
            "workspace",
            "name",
            "tier",
        ),
        "usages_unread": _once(
            [one for report in reports for one in report["usages_unread"]], "subscription_id", "location"
        ),
    }


def _once(rows: t.Iterable[Row], *keys: str) -> list[Row]:
    return list({tuple(one.get(key) for key in keys): one for one in rows}.values())


def _summed(workspaces: list[Row], targets: list[Row]) -> Row:
    by_home: dict[str, list[Row]] = {}
    for one in targets:
        by_home.setdefault(_home(one["id"]).casefold(), []).append(one)
    return {
        "totals": {
            "workspaces": len(workspaces),
            "unreadable": sum(bool(one["error"]) for one in workspaces),
            **_counts(targets),
        },
        "workspaces": [{**one, **_counts(by_home.get(one["id"].casefold(), []))} for one in workspaces],
        "kinds": [
            {"kind": kind, **_counts([one for one in targets if one["type"] == kind])}
            for kind in sorted({one["type"] for one in targets})
        ],
        "targets": targets,
    }


def _nobodys(identifier: str) -> Row:
    """A workspace of the document that no run has looked at."""
    named = ArmId(identifier)
    place = {
        "id": identifier,
        "name": named.name,
        "resource_group": named.resource_group,
        "subscription_id": named.subscription_id,
    }
    return _workspace({**place, "workspace": None, "failure": {"message": _NOBODY}})


def drifted(report: Row) -> bool:
    """Whether something is not as declared, or could not be looked at. What the fleet never made is none of its business."""
    totals = report["totals"]
    return bool(
        totals[DIFFERS] or totals[FAILED] or totals["unreadable"] or any(one["owned"] for one in report["targets"])
    )


def _home(identifier: str) -> str:
    return ArmId(identifier).workspace


# --- rows ---


def _workspace(found: Row) -> Row:
    body = found["workspace"] or {}
    return {
        **{key: found[key] for key in ("id", "name", "resource_group", "subscription_id")},
        "location": body.get("location"),
        "public_network_access": body.get("public_network_access"),
        "isolation_mode": (body.get("managed_network") or {}).get("isolation_mode"),
        "private_link_count": body.get("private_link_count"),
        "identity": identity_label(body.get("identity")),
        "error": found["failure"]["message"] if found["failure"] else None,
    }


def _declared(one: Row, body: Row | None, homes: dict[str, Row]) -> Row:
    failure = one.get("failure") or {}
    status = FAILED if failure else DIFFERS if one["action"] != "none" else AS_DECLARED
    return {
        **_found(one["id"], one["name"], one["type"], body or {}, homes),
        "status": status,
        "owned": False,
        "action": one["action"],
        "changes": [
            {key: change.get(key) for key in ("field", "before", "after", "reason")}
            for change in one.get("changes") or []
        ],
        "reason": failure.get("message") or one.get("reason"),
        "cost": one.get("cost"),
    }


def _undeclared(body: Row, owned: bool, homes: dict[str, Row]) -> Row:
    reason = (
        "The fleet created it and no longer declares it."
        if owned
        else "Someone else created it; the fleet never changes it."
    )
    row = _found(body["id"], body["name"], body["type"], body, homes)
    return {
        **row,
        "status": UNDECLARED,
        "owned": owned,
        "action": "none",
        "changes": [],
        "reason": reason,
        "cost": None,
    }


def _found(identifier: str, name: str, kind: str, body: Row, homes: dict[str, Row]) -> Row:
    """What of a compute target the service tells, whether declared or not."""
    home = homes.get(_home(identifier).casefold(), {})
    place = ArmId(identifier)
    running = int(body.get("state") in _RUNNING) if kind == _INSTANCE else None
    ssh = body.get("ssh_settings") or {}
    port = bool(body.get("ssh_public_access_enabled")) and body.get("enable_node_public_ip") is not False
    # The service opens the port of clusters that no one asked it to; without a user, no one can log in there.
    open_ = port and (kind != _CLUSTER or bool(ssh.get("admin_username")))
    return {
        "id": identifier,
        "name": name,
        "type": kind,
        "workspace": place.named("workspaces"),
        "resource_group": place.resource_group,
        "subscription_id": place.subscription_id,
        "location": body.get("location"),
        "exists": bool(body),
        "state": body.get("state") or body.get("allocation_state") or body.get("provisioning_state"),
        "size": body.get("size"),
        "nodes": body.get("current_node_count") if kind == _CLUSTER else running,
        "max_nodes": body.get("max_instances") if kind == _CLUSTER else None if running is None else 1,
        "open_port": port,
        "public_ssh": open_,
        "ssh": {
            "user": ssh.get("admin_username"),
            "address": body.get("public_ip_address"),
            "port": ssh.get("ssh_port"),
        }
        if open_
        else None,
        "network": network_label(kind, body, home) if body else "not there",
        "identity": identity_label(body.get("identity")) if body else "",
    }


def network_label(kind: str, body: Row, home: Row) -> str:
    """The network in which a compute target's machines are, in a few words."""
    subnet = str((body.get("network_settings") or {}).get("subnet") or "")
    if subnet:
        network, name = (ArmId(subnet).named(type_) for type_ in ("virtualNetworks", "subnets"))
        return f"{network}/{name}" if network and name else subnet
    if kind not in (_CLUSTER, _INSTANCE):
        return "attached resource"
    mode = home.get("isolation_mode")
    return f"managed network ({str(mode).replace('_', ' ')})" if mode and mode != "disabled" else "no virtual network"


def identity_label(identity: Row | None) -> str:
    if not identity or not identity.get("type"):
        return "no identity"
    names = [ArmId(one).name for one in identity.get("user_assigned_identities") or []]
    return " + ".join([*(["system-assigned"] if "system" in identity["type"] else []), *names])


def _since(target: Row, before: Row | None, now: str) -> str | None:
    if target["status"] == AS_DECLARED:
        return None
    same = before is not None and before.get("status") == target["status"]
    return str(before.get("since") or now) if same and before else now


def _counts(targets: t.Sequence[Row]) -> Row:
    of = Counter(one["status"] for one in targets)
    return {
        "targets": sum(one["status"] != UNDECLARED for one in targets),
        **{status: of[status] for status in STATUSES},
        "nodes": sum(one["nodes"] or 0 for one in targets),
        "max_nodes": sum(one["max_nodes"] or 0 for one in targets),
        "public_ssh": sum(one["public_ssh"] for one in targets),
        **_costs(targets),
    }


def _costs(targets: t.Sequence[Row]) -> Row:
    """What is declared costs in a month. What is not known is counted, and no part of the sums."""
    known = [one["cost"] for one in targets if one["cost"] and not one["price_unknown"]]
    sums = {
        name: round(sum(one[name] for one in known), 2) if known else None
        for name in ("monthly_minimum", "monthly_maximum")
    }
    return {**sums, "price_unknown": sum(one["price_unknown"] for one in targets)}


def cost_text(row: Row, currency: str | None) -> str:
    """Fewest to most nodes, of a target or of a sum; empty where nothing is paid for."""
    cost = row.get("cost") or row
    least, most, unknown = cost.get("monthly_minimum"), cost.get("monthly_maximum"), row["price_unknown"]
    if most is None or unknown is True:
        return "unknown" if unknown else ""
    told = f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"
    return f"{told} {currency}" + (f", {unknown} unknown" if unknown else "")


def change_text(change: Row) -> str:
    before, after, field = change["before"], change["after"], change["field"]
    if isinstance(before, dict) and isinstance(after, dict):
        different = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        return "; ".join(f"{field}.{key}: {_value(before.get(key))} → {_value(after.get(key))}" for key in different)
    return f"{field}: {_value(before)} → {_value(after)}"


def _value(value: t.Any) -> str:
    return "unset" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def action(target: Row) -> str:
    return "" if target["action"] == "none" else str(target["action"])


def without_user(report: Row) -> str:
    number = sum(one["open_port"] and not one["public_ssh"] for one in report["targets"])
    return f"On {number} more clusters the port is open, but they have no user to log in as." if number else ""


def what(target: Row) -> str:
    """What there is to say of a target that is not as declared."""
    texts = (
        [change_text(change) for change in target["changes"]]
        if target["action"] not in ("create", "delete", "detach")
        else []
    )
    return "; ".join([*texts, *([target["reason"]] if target["reason"] else [])]) or target["action"]


def cost_note() -> str:
    return "What is declared costs in a month of 730 hours, at its fewest and at its most nodes: list prices of the machines alone."


def usage_name(usage: Row) -> str:
    return str(usage.get("localized_name") or usage["name"])


def used(report: Row) -> list[Row]:
    """The quotas of which something is used, the fullest first."""
    rows = [one for one in report["usages"] if one.get("current") and one.get("limit")]
    return sorted(rows, key=lambda one: (-one["percent"], usage_name(one)))


def unread_quotas(report: Row) -> list[str]:
    return [f"The quotas of {one['location']} could not be read: {one['error']}" for one in report["usages_unread"]]


_COUNTED = ("targets", *STATUSES, "nodes", "max_nodes", "public_ssh")


def count_heads(report: Row) -> tuple[str, ...]:
    """The heads of ``counted``."""
    heads = ("Targets", *(status.capitalize() for status in STATUSES), "Nodes", "Of", "Public SSH")
    return (*heads, "Monthly cost") if report["priced"] else heads


def counted(row: Row, report: Row) -> list[t.Any]:
    """What is counted of a workspace or a kind."""
    return [*(row[key] for key in _COUNTED), *([cost_text(row, report["currency"])] if report["priced"] else [])]


# --- Markdown ---


def escape(text: t.Any) -> str:
    """A text of someone else's in a cell: it stays text."""
    return (
        _SPECIAL.sub(r"\\\1", " ".join(("" if text is None else str(text)).split()))
        .replace("\\<", "&lt;")
        .replace("\\>", "&gt;")
    )


def _table(heads: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> list[str]:
    body = ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *body] if body else ["None."]


def markdown(report: Row) -> str:
    totals = report["totals"]
    lines = [f"# Drift report{': ' + escape(report['fleet']) if report['fleet'] else ''}", "", headline(report), ""]
    for title, status in (("What differs", DIFFERS), ("Failed", FAILED), ("Not declared", UNDECLARED)):
        own = [one for one in report["targets"] if one["status"] == status]
        rows = [(one["workspace"], one["name"], one["type"], action(one), what(one), one["since"]) for one in own]
        lines += [
            f"## {title} ({len(own)})",
            "",
            *_table(("Workspace", "Target", "Kind", "Action", "What", "Known since"), rows),
            "",
        ]
    heads = count_heads(report)
    rows = [(one["name"], *counted(one, report), one["error"]) for one in report["workspaces"]]
    lines += ["## Workspaces", "", *_table(("Workspace", *heads, "Error"), rows)]
    lines += [
        "",
        "## Kinds",
        "",
        *_table(("Kind", *heads), ([one["kind"], *counted(one, report)] for one in report["kinds"])),
    ]
    lines += ["", cost_note()] if report["priced"] else []
    exposed = [
        (one["workspace"], one["name"], one["type"], one["network"]) for one in report["targets"] if one["public_ssh"]
    ]
    lines += [
        "",
        f"## SSH open on a public address ({totals['public_ssh']})",
        "",
        *_table(("Workspace", "Target", "Kind", "Network"), exposed),
    ]
    lines += ["", without_user(report)] if without_user(report) else []
    quota = [
        (one["location"], usage_name(one), one["current"], one["limit"], f"{one['percent']:g} %")
        for one in used(report)
    ]
    lines += ["", "## Quota in use", "", *_table(("Region", "Quota", "Used", "Limit", "Share"), quota), ""]
    lines += [f"{escape(text)}\n" for text in unread_quotas(report)]
    return "\n".join(lines)


def headline(report: Row) -> str:
    """The report in one sentence; numbers only."""
    totals = report["totals"]
    told = f"{totals[DIFFERS]} differ, {totals[FAILED]} failed, {totals[UNDECLARED]} are not declared"
    told += f", {totals['unreadable']} of the workspaces could not be read" if totals["unreadable"] else ""
    return f"{totals[AS_DECLARED]} of {totals['targets']} compute targets in {totals['workspaces']} workspaces are as declared; {told}. {report['generated']}"
