# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a value must be like before a kind or a job uses it: text that is text, and the forms of options that several modules share.

AnsibleModule makes text of whatever it is given: ``name: no`` becomes "False", a list its Python spelling, a null of a list an empty text. It takes a
null for a required option, and true for 1. All that is refused here, on the arguments as they came in.
"""

from __future__ import annotations

import math
import typing as t

from .._core.arm_id import COLLECTION_PATHS
from .._core.findings import Finding, Findings
from .._engine import rules

Spec = t.Mapping[str, dict[str, t.Any]]
Check = t.Callable[[t.Any, str], Findings]

_SOURCE = "this collection: a value is taken as it is, or not at all"

# Text of any lines, which may be empty: prose, scripts, certificates, keys and passwords.
FREE_TEXT = frozenset(
    {
        "description", "display_name", "inline", "command", "cert", "key", "ssh_private_key", "ssh_key_value", "secret", "password", "oidc_token",
        "admin_password", "certificate",
    }
)  # fmt: skip

# Where an empty text says something: nothing given, as lookup('env', ...) gives it, or none of it.
EMPTY = frozenset(
    {
        "profile", "subscription_id", "tenant", "client_id", "x509_certificate_path", "thumbprint", "oidc_token_file_path", "ad_user", "cloud_environment",
        "adfs_authority_url", "host_prefix", "image_build_compute", "load_balancer_subnet",
    }
)  # fmt: skip

# Lists that select resources: all, where they are not set. An empty one is a variable without a value, and does not mean all.
SELECTIONS = frozenset({"family", "kind", "limit", "node_state", "type"})

# Whose reader itself separates each text at its commas, with blanks around them.
SEPARATED = frozenset({"limit"})


def findings(spec: Spec, raw: t.Mapping[str, t.Any], prefix: str = "") -> Findings:
    """All that is wrong with the arguments of a task, or with a mapping inside them, whose options have the dotted ``prefix``.

    spec   an argument spec
    raw    the arguments before AnsibleModule has seen them
    """
    for name, row in spec.items():
        given = next((key for key in (name, *row.get("aliases", ())) if key in raw), None)
        if given is not None:
            yield from _value(f"{prefix}{name}", f"{prefix}{name}", row, raw[given])


def _value(option: str, place: str, row: dict[str, t.Any], value: t.Any) -> Findings:
    """``option`` is the dotted name, ``place`` the same with the numbers of list items, for people."""
    kind = row.get("type", "str")
    if value is None:
        if row.get("required"):
            yield Finding("NullNotAllowed", place, f"{place} is required and cannot be null.", _SOURCE)
        return
    wrong = _misfit(kind, value, bool(row.get("options")))
    if wrong:
        yield Finding("WrongType", place, f"{place} {wrong}.", _SOURCE)
    elif kind == "list" and option in SELECTIONS and is_blank(value):
        yield from selection(value, place)
    elif kind in ("list", "dict"):
        yield from _inside(option, place, row, value)
    else:
        problems = list(_text(option, place, value, "choices" in row))
        yield from problems or _form(option, place, value)


def selection(value: t.Any, option: str) -> Findings:
    """Refuse a list that selects resources, and is set, but has no item or a blank one. None is not set."""
    if value is not None and is_blank(value):
        message = f"{option} is set, but {'empty' if not value else 'has an empty item'}. Omit it to select everything, or set what to select."
        yield Finding("EmptySelection", option, message, _SOURCE)


def is_blank(value: t.Any) -> bool:
    """Whether a list, or text that is read as one, has no item or a blank one."""
    items = value.split(",") if isinstance(value, str) else value
    return isinstance(items, (list, tuple)) and (
        not items or any(isinstance(one, str) and not one.strip() for one in items)
    )


_IN_WORDS = {"str": "text", "path": "a path", "int": "a whole number", "float": "a number", "list": "a list"}


def _misfit(kind: str, value: t.Any, has_options: bool) -> str | None:
    """Why AnsibleModule would make something else of a value than was meant; None where it would not, or refuses it itself."""
    if isinstance(value, bool) and kind not in ("bool", "raw"):
        expected = _IN_WORDS.get(kind, "a mapping")
        return (
            f"must be {expected}, and is a boolean: YAML reads yes, no, on, off, true and false without quotes as one"
        )
    if kind in ("str", "path") and isinstance(value, (dict, list)):
        return f"must be text, and is a {'mapping' if isinstance(value, dict) else 'list'}"
    # AnsibleModule's own message does not say which option; a number it does not even expect.
    if kind == "dict" and has_options and not _reads_as_mapping(value):
        return f"must be a mapping, and is a {type(value).__name__}"
    if kind == "float" and isinstance(value, (str, float)) and not _finite(value):
        return f"must be a number that ends somewhere, and is {value}"
    return None


def _reads_as_mapping(value: t.Any) -> bool:
    """Whether AnsibleModule takes it for a mapping: one, or text in JSON or as key=value."""
    return isinstance(value, dict) or (isinstance(value, str) and ("=" in value or value.lstrip().startswith("{")))


def _finite(value: str | float) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        # AnsibleModule reports that it is not a number.
        return True


def _inside(option: str, place: str, row: dict[str, t.Any], value: t.Any) -> Findings:
    """A list or a mapping: each item by the row's own spec; what has none must at least be text that can be sent."""
    items = _items(option, row, value)
    if isinstance(items, list):
        for number, item in enumerate(items):
            if item is None:
                yield Finding(
                    "NullNotAllowed",
                    place,
                    f"{place}[{number}] is null, and an item of a list cannot be that.",
                    _SOURCE,
                )
            else:
                yield from _value(
                    option,
                    f"{place}[{number}]",
                    {"type": row.get("elements", "raw"), "options": row.get("options")},
                    item,
                )
    elif isinstance(value, dict) and row.get("options"):
        for name, below in row["options"].items():
            given = next((key for key in (name, *below.get("aliases", ())) if key in value), None)
            if given is not None:
                yield from _value(f"{option}.{name}", f"{place}.{name}", below, value[given])
    elif not _sendable(value):
        yield _unsendable(place)


def _items(option: str, row: dict[str, t.Any], value: t.Any) -> t.Any:
    """The items of a list. AnsibleModule splits text at each comma, and keeps the blanks: of an empty one, it makes a list with an empty item."""
    is_split = isinstance(value, str) and row.get("elements") in ("str", "path") and option not in SEPARATED
    return value.split(",") if is_split else value


def _text(option: str, place: str, value: t.Any, has_choices: bool) -> Findings:
    if not _sendable(value):
        yield _unsendable(place)
        return
    name = option.rpartition(".")[2]
    if not isinstance(value, str) or has_choices or name in FREE_TEXT:
        return
    if not value:
        if option not in EMPTY:
            message = f"{place} must not be empty; omit it if it has no value."
            yield Finding("EmptyText", place, message, _SOURCE)
    elif value != value.strip() or any(ord(character) < 32 or ord(character) == 127 for character in value):
        message = f"{place} must be one line without blanks at its ends, without tabs and other control characters; {value!r} is not."
        yield Finding("InvalidText", place, message, _SOURCE)


def _sendable(value: t.Any) -> bool:
    """Whether UTF-8 can hold it, and no NUL is in it: what no service and no file name takes."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "\0" in item or not _is_unicode(item):
                return False
        elif isinstance(item, dict):
            stack += item
            stack += item.values()
        elif isinstance(item, (list, tuple)):
            stack += item
    return True


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unsendable(place: str) -> Finding:
    return Finding(
        "InvalidText",
        place,
        f"{place} holds a NUL, or half of a character that is not Unicode text.",
        "RFC 8259, 8.1 and 8.2",
    )


def without_null_choices(spec: Spec, params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The arguments without the nulls of options that have choices, at any depth."""
    rows = {key: row for name, row in spec.items() for key in (name, *row.get("aliases", ()))}
    return {
        name: _below(rows.get(name, {}), value)
        for name, value in params.items()
        if value is not None or "choices" not in rows.get(name, {})
    }


def _below(row: dict[str, t.Any], value: t.Any) -> t.Any:
    if not row.get("options"):
        return value
    if isinstance(value, dict):
        return without_null_choices(row["options"], value)
    return [_below(row, item) for item in value] if isinstance(value, list) else value


# --- forms ---


def _number(lowest: float, *, above: bool = False) -> Check:
    def check(value: t.Any, option: str) -> Findings:
        try:
            number = float(value)
        except (TypeError, ValueError):
            # AnsibleModule's to say.
            return
        if number < lowest or (above and number == lowest):
            rule = f"above {lowest:g}" if above else f"at least {lowest:g}"
            yield Finding("OutOfRange", option, f"{option} must be {rule}; {value} is not.", "this collection")

    return check


def _cloud_address(value: t.Any, option: str) -> Findings:
    """Which names there are says ``_arm.cloud``."""
    if "://" in str(value):
        yield from rules.https_address(value, option)


# By the option's dotted name. Options of one kind only are with the other rules of the kind.
FORMS: dict[str, Check] = {
    "resource_group": rules.resource_group,
    "workspace": rules.workspace_name,
    "subscription_id": rules.subscription_id,
    "location": rules.location,
    "api_version": rules.api_version,
    "tenant": rules.tenant,
    "client_id": rules.without_blanks,
    "thumbprint": rules.without_blanks,
    "adfs_authority_url": rules.https_address,
    "cloud_environment": _cloud_address,
    "wait_timeout": _number(0),
    "wait_interval": _number(0, above=True),
    "propagation_timeout": _number(0),
    "retries": _number(0),
    "retry_timeout": _number(0),
    "parallelism": _number(1),
    "parallelism_per_workspace": _number(1),
    "attempts": _number(1),
    "max_monthly_cost": _number(0),
    "log_lines": _number(0),
    "only_exceeded_percent": _number(0),
    "min_vcpus": _number(0),
    "max_vcpus": _number(1),
    "min_memory_gb": _number(0),
    "gpus": _number(0),
    "size": rules.vm_size,
    "network_settings.resource_group": rules.resource_group,
    "ssh_settings.admin_username": rules.account,
    "quotas.family": rules.vm_family,
    "subscription_quotas.family": rules.vm_family,
    **dict.fromkeys(COLLECTION_PATHS, rules.segment),
}


def _form(option: str, place: str, value: t.Any) -> Findings:
    check = FORMS.get(option)
    if check is not None and value != "":
        yield from check(value, place)
