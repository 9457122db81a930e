# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outbound rules of a workspace's managed network: each declared one is a row of the workspace's table (ARM types, OutboundRule)."""

from __future__ import annotations

import re
import typing as t

from .._core import paths
from .._core.findings import Finding, Findings
from .._core.paths import MISSING
from .._engine import rules as _rules
from .._engine.fields import Field
from .._engine.kind import Body, Request
from . import rule_destinations

RULES = "managed_network.outbound_rules"
_PATH = "properties.managedNetwork.outboundRules"

RULE_TYPES = {"fqdn": "FQDN", "private_endpoint": "PrivateEndpoint", "service_tag": "ServiceTag"}
_RULE_OPTIONS = {arm.casefold(): option for option, arm in RULE_TYPES.items()}
# TypeSpec of outbound rules.
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{2,32}\Z")


def check_rules(rules: list[dict[str, t.Any]], option: str) -> Findings:
    yield from _rules.once((rule.get("name") for rule in rules), option, "this collection: rules are matched by name")
    for rule in rules:
        name = rule.get("name") or ""
        place = f"{option}[{name}]"
        if not _NAME.match(name):
            message = f"The outbound rule name {name!r} must have 3 to 33 letters, digits, '-' and '_', and begin with a letter or digit."
            yield Finding("InvalidRuleName", place, message, _RULES_SOURCE)
        if rule.get("state") != "absent":
            yield from _check_host_names(rule, place)
            yield from _check_destination(rule, place)


_RULES_SOURCE = "CLI schema of managed networks"


def _check_host_names(rule: dict[str, t.Any], place: str) -> Findings:
    """``fqdns`` of a rule, which one type has."""
    if rule.get("fqdns") is None:
        return
    for host in rule["fqdns"]:
        yield from _rules.host(host, f"{place}.fqdns", wildcard=True)
    if rule.get("type") != "private_endpoint":
        name, kind = rule.get("name"), rule.get("type")
        message = f"The outbound rule {name!r} has fqdns, which only a rule of type private_endpoint takes; its type is {kind}. Remove fqdns."
        yield Finding("InvalidRule", place, message, "ARM types, PrivateEndpointOutboundRule")


def _check_destination(rule: dict[str, t.Any], place: str) -> Findings:
    name, kind, destination = rule.get("name") or "", rule.get("type"), rule.get("destination")
    if kind == "fqdn" and isinstance(destination, str) and destination.strip(" ,"):
        for host in _listed(destination):
            yield from _rules.host(host, f"{place}.destination", wildcard=True)
    elif kind == "fqdn":
        message = f"The outbound rule {name!r} of type fqdn needs destination as a host name."
        yield Finding("InvalidRule", place, message, _RULES_SOURCE)
    elif kind in rule_destinations.KEYS:
        yield from rule_destinations.check(name, kind, destination, place)
    else:
        message = f"The outbound rule {name!r} needs type: one of {', '.join(RULE_TYPES)}."
        yield Finding("InvalidRule", place, message, _RULES_SOURCE)


# What only the service writes (ARM types, OutboundRule).
_RULE_READ_ONLY = ("parentRuleNames", "errorInformation")


def rule_to_arm(rule: dict[str, t.Any]) -> Body:
    """A rule in CLI YAML's terms as ARM's OutboundRule."""
    destination = rule_destinations.to_arm(rule.get("destination"))
    names = {} if rule.get("fqdns") is None else {"fqdns": rule["fqdns"]}
    return {
        "type": RULE_TYPES.get(rule["type"], rule["type"]),
        "destination": destination,
        "category": "UserDefined",
        **names,
    }


def merged_rule(current: t.Any, rule: dict[str, t.Any]) -> Body:
    """A rule's document with the declared values; host names and other values are preserved."""
    declared = rule_to_arm(rule)
    if not isinstance(current, dict) or str(current.get("type")).casefold() != declared["type"].casefold():
        # Of a rule of another type, nothing fits.
        return declared
    kept = {key: value for key, value in current.items() if value is not None and key not in _RULE_READ_ONLY}
    existing, desired = kept.get("destination"), declared["destination"]
    if isinstance(existing, dict) and isinstance(desired, dict):
        declared["destination"] = {**{key: value for key, value in existing.items() if key != "sparkStatus"}, **desired}
    return {**kept, **declared, "category": kept.get("category") or declared["category"]}


def rule_from_arm(name: str, body: Body) -> dict[str, t.Any]:
    destination = rule_destinations.from_arm(body.get("destination"))
    kind = str(body.get("type"))
    names = {} if body.get("fqdns") is None else {"fqdns": body["fqdns"]}
    return {"name": name, "type": _RULE_OPTIONS.get(kind.casefold(), kind), "destination": destination, **names}


def own_rules(body: Body) -> dict[str, Body]:
    """The outbound rules of the user by their names; the service creates the others."""
    network = (body.get("properties") or {}).get("managedNetwork") or {}
    return {
        name: rule
        for name, rule in (network.get("outboundRules") or {}).items()
        if rule and str(rule.get("category") or "UserDefined").casefold() == "userdefined"
    }


def _listed(text: str) -> list[str]:
    """The parts of a text that names several things, with commas between them."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _as_set(value: t.Any) -> t.Any:
    """Texts of several parts, and lists, which are of address ranges: neither order, case nor space has a meaning, and 10.0.0.1/8 is 10.0.0.0/8."""
    if isinstance(value, str):
        return sorted(part.casefold() for part in _listed(value))
    if isinstance(value, list):
        return sorted(str(_rules.network(item) or item).casefold() for item in value)
    return value or None


def _host_names(rule: dict[str, t.Any]) -> list[str]:
    """The host names of a rule; neither order nor case has a meaning."""
    return sorted(name.casefold() for name in rule.get("fqdns") or [])


def existing_name(body: Body, name: str) -> str:
    """The name of a rule as the workspace spells it: as for all resources, its case has no meaning."""
    rules = paths.get_path(body, _PATH)
    names = rules if isinstance(rules, dict) else ()
    return next((other for other in names if other.casefold() == name.casefold()), name)


class RuleField(Field):
    """An outbound rule: equal if the declared values of its destination are equal. The service adds other keys to it."""

    def read(self, body: Body) -> t.Any:
        name = self.path.rpartition(".")[2]
        rule = paths.get_path(body, f"{_PATH}.{existing_name(body, name)}")
        return None if rule is MISSING or rule is None else rule_from_arm(name, rule)

    def same(self, left: t.Any, right: t.Any) -> bool:
        if not left or not right:
            return not left and not right
        if right.get("fqdns") is not None and _host_names(left) != _host_names(right):
            return False
        existing, desired = left.get("destination"), right.get("destination")
        if left.get("type") != right.get("type") or isinstance(existing, dict) != isinstance(desired, dict):
            return False
        if not isinstance(desired, dict):
            return bool(_as_set(existing) == _as_set(desired))
        return all(_as_set(existing.get(key)) == _as_set(value) for key, value in desired.items())


def rule_field(name: str) -> Field:
    return RuleField(
        f"{RULES}.{name}",
        f"{_PATH}.{name}",
        to_arm=rule_to_arm,
        clearable=True,
    )


def rule_request(body: Body, name: str, rule: t.Any) -> Request:
    """The write of one outbound rule; None removes it."""
    name = existing_name(body, name)
    suffix = f"/outboundRules/{name}"
    if rule is None:
        return Request("DELETE", None, suffix=suffix)
    current = paths.get_path(body, f"{_PATH}.{name}")
    return Request("PUT", {"properties": merged_rule(current, rule)}, suffix=suffix, carries=True)
