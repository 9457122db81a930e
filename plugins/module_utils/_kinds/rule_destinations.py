# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Destinations of outbound rules: what each type of rule has there, its values, and the way to ARM and back.

The option takes any value, because a destination is text or a mapping, by the type of its rule. Sources: ARM types (PrivateEndpointDestination,
ServiceTagDestination); the CLI's schema of managed networks.
"""

from __future__ import annotations

import re
import typing as t

from .._core.canon import boolean_text
from .._core.findings import Finding, Findings
from .._engine import rules as _rules

Values = dict[str, t.Any]
# What is wrong with a value, in words that follow "must be"; None where nothing is.
Check: t.TypeAlias = "t.Callable[[t.Any], str | None]"

SOURCE = "ARM types, OutboundRule; CLI schema of managed networks"
_PROTOCOLS = ("TCP", "UDP", "ICMP", "*")
_ACTIONS = {"allow": "Allow", "deny": "Deny"}


def _text(value: t.Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "text"


def _flag(value: t.Any) -> str | None:
    return None if isinstance(boolean_text(value), bool) else "true or false"


def _id(value: t.Any) -> str | None:
    return "a full resource id" if list(_rules.resource_id(value, "")) else None


def _protocol(value: t.Any) -> str | None:
    return None if str(value).upper() in _PROTOCOLS else f"one of {', '.join(_PROTOCOLS)}"


def _action(value: t.Any) -> str | None:
    return None if str(value).casefold() in _ACTIONS else "allow or deny"


def _port_ranges(value: t.Any) -> str | None:
    wrong = "ports and ranges of ports from 0 to 65535 with commas between them, such as 80, 8080-8089, or *"
    parts = [part.strip() for part in _joined(value).split(",")]
    return None if parts == ["*"] or all(_is_range(part) for part in parts) else wrong


def _is_range(text: str) -> bool:
    match = re.fullmatch(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?", text)
    if match is None:
        return False
    first, last = int(match[1]), int(match[2] or match[1])
    return first <= last <= 65535


def _prefixes(value: t.Any) -> str | None:
    if isinstance(value, list) and value and None not in map(_rules.network, value):
        return None
    return "a list of addresses and ranges such as 10.1.0.0/16"


# By the type of a rule, each key with its name in ARM and its check.
KEYS: dict[str, dict[str, tuple[str, Check]]] = {
    "private_endpoint": {
        "service_resource_id": ("serviceResourceId", _id),
        "subresource_target": ("subresourceTarget", _text),
        "spark_enabled": ("sparkEnabled", _flag),
    },
    "service_tag": {
        "service_tag": ("serviceTag", _text),
        "protocol": ("protocol", _protocol),
        "port_ranges": ("portRanges", _port_ranges),
        "address_prefixes": ("addressPrefixes", _prefixes),
        "action": ("action", _action),
    },
}
_ARM = {key: arm for keys in KEYS.values() for key, (arm, _check) in keys.items()}
_OPTIONS = {arm: key for key, arm in _ARM.items()}


def check(name: str, kind: str, destination: t.Any, place: str) -> Findings:
    """What is wrong with the destination of a rule whose type has a mapping there."""
    keys = KEYS[kind]
    given = (
        {key: value for key, value in destination.items() if value is not None} if isinstance(destination, dict) else {}
    )
    missing = _missing(kind, given)
    if missing:
        message = f"The outbound rule {name!r} of type {kind} needs destination with {', '.join(missing)}."
        yield Finding("InvalidRule", place, message, SOURCE)
    for key, value in given.items():
        here = f"{place}.destination.{key}"
        if key not in keys:
            message = f"The outbound rule {name!r} of type {kind} has no {key} in its destination, which takes {', '.join(keys)}."
            yield Finding("InvalidRule", here, message, SOURCE)
            continue
        wanted = keys[key][1](value)
        if wanted:
            yield Finding("InvalidRule", here, f"{here} must be {wanted}; {value!r} is not.", SOURCE)


def _missing(kind: str, given: Values) -> list[str]:
    if kind == "private_endpoint":
        return [key for key in ("service_resource_id", "subresource_target") if not given.get(key)]
    missing = [key for key in ("protocol", "port_ranges") if given.get(key) in (None, "", [])]
    if str(given.get("protocol")).upper() in ("ICMP", "*"):
        missing = []
    # Prefixes take the place of a tag, which the service then ignores.
    return missing if given.get("service_tag") or given.get("address_prefixes") else ["service_tag", *missing]


def to_arm(destination: t.Any) -> t.Any:
    """A destination in ARM's names and types; what ``check`` refuses stays as it is."""
    if not isinstance(destination, dict):
        return destination
    return {_ARM.get(key, key): _value(key, value) for key, value in destination.items() if value is not None}


def _value(key: str, value: t.Any) -> t.Any:
    if key == "spark_enabled":
        return boolean_text(value)
    if key == "port_ranges":
        return _joined(value)
    if key == "protocol":
        return str(value).upper()
    return _ACTIONS.get(str(value).casefold(), value) if key == "action" else value


def _joined(value: t.Any) -> str:
    """Ports as text: one number, or a list of them, says the same."""
    return ", ".join(str(port) for port in value) if isinstance(value, list) else str(value)


def from_arm(destination: t.Any) -> t.Any:
    """A destination in the user's names; what only the service writes is not part of it."""
    if not isinstance(destination, dict):
        return destination
    known = {_OPTIONS[key]: value for key, value in destination.items() if key in _OPTIONS and value is not None}
    if isinstance(known.get("action"), str):
        known["action"] = known["action"].casefold()
    return known


def normal(destination: t.Any) -> t.Any:
    """A declared destination as it will be read: a number of a port as text, a flag as one."""
    return from_arm(to_arm(destination))
