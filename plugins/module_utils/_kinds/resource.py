# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any ARM resource: its table of fields is made from what was declared of its body.

Compared is what was declared, and nothing else: ARM adds properties to what it is given. Items of a list that have a ``name`` are matched by
it, and items that were not declared stay; any other list is one value.
"""

from __future__ import annotations

import copy
import re
import typing as t

from .._core import canon, paths, redact
from .._core.arm_id import Target
from .._core.findings import Finding, Findings
from .._core.words import snake_case
from .._engine import rules
from .._engine.fields import Field
from .._engine.kind import Body, Kind, Request, frozen
from .._engine.plan import Declared, Plan

_ID = re.compile(r"^/(subscriptions/[^/\s]+|providers/[^/\s]+)(/[^/\s]+)*\Z", re.IGNORECASE)

# Microsoft.Resources, resources.json, ResourceGroup.location: "It cannot be changed after the resource group has been created."
_WHY_LOCATION = "Azure Resource Manager does not move a resource group"

# What the service writes into every document, and answers if it is sent back.
_READ_ONLY = ("id", "name", "type", "etag", "systemData")


def contains(current: t.Any, declared: t.Any, key: str = "") -> bool:
    """Whether what ARM has (``current``) shows what was declared."""
    if declared is None or declared == "":
        return current in (None, "", {}, [])
    if isinstance(declared, dict):
        current = {} if current is None else current
        return isinstance(current, dict) and all(contains(current.get(k), v, k) for k, v in declared.items())
    if isinstance(declared, list):
        return _contains_list(current, declared)
    same = _canon_of(current, declared, key)
    return bool(same(current) == same(declared))


def _canon_of(current: t.Any, declared: t.Any, key: str) -> t.Callable[[t.Any], t.Any]:
    """How two single values without a documented type are compared."""
    texts = isinstance(declared, str) and isinstance(current, str)
    if texts and key.casefold() == "location":
        return canon.region
    if texts and declared.startswith("/subscriptions/"):
        return canon.arm_id
    # True is 1 for Python.
    return canon.exact if isinstance(current, bool) == isinstance(declared, bool) else _exact_boolean


def _exact_boolean(value: t.Any) -> t.Any:
    text = canon.boolean_text(value)
    return (isinstance(text, bool), text)


def _contains_list(current: t.Any, declared: list[t.Any]) -> bool:
    items = current if isinstance(current, list) else []
    if _named(declared):
        by_name = _by_name(items)
        return all(_contains_item(by_name.get(item["name"].casefold()), item) for item in declared)
    return len(items) == len(declared) and all(contains(item, other) for item, other in zip(items, declared))


def _contains_item(current: t.Any, declared: Body) -> bool:
    # They were matched by the name, whose case ARM does not keep.
    return current is not None and contains(current, {key: value for key, value in declared.items() if key != "name"})


def merged(current: t.Any, declared: t.Any) -> t.Any:
    """What ARM has, with what was declared put over it; the counterpart of ``contains``."""
    if isinstance(current, dict) and isinstance(declared, dict):
        result = dict(current)
        for key, value in declared.items():
            result[key] = merged(current.get(key), value)
        return result
    if isinstance(current, list) and isinstance(declared, list) and declared and _named(declared):
        desired = {item["name"].casefold(): item for item in declared}
        kept = [
            merged(item, desired.pop(str(item.get("name")).casefold(), {}))
            for item in current
            if isinstance(item, dict)
        ]
        return kept + list(desired.values())
    return copy.deepcopy(declared)


def _named(items: list[t.Any]) -> bool:
    return all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in items) and bool(items)


def _by_name(items: list[t.Any]) -> dict[str, t.Any]:
    return {str(item.get("name")).casefold(): item for item in items if isinstance(item, dict)}


# A value that looks like a time is set by the service: it changes with every write.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def _differing(sent: t.Any, after: t.Any, path: str = "") -> t.Iterator[str]:
    """The places of values that were sent and are not there; a list is one value."""
    if isinstance(sent, dict) and isinstance(after, dict):
        for key, value in sent.items():
            yield from _differing(value, after.get(key), f"{path}.{key}" if path else key)
    elif (
        sent not in (None, "", [], {})
        and not contains(after, sent, path.rpartition(".")[2])
        and not (isinstance(sent, str) and _TIME.match(sent))
    ):
        yield path


class _BodyField(Field):
    """A part of the declared body: the same when the current value contains it."""

    def same(self, left: t.Any, right: t.Any) -> bool:
        return contains(left, right, self.path.rpartition(".")[2])


def rows_of(body: Body, prefix: str = "") -> t.Iterator[_BodyField]:
    for key, value in body.items():
        path = f"{prefix}{key}"
        # A key with a dot (an id in a map of identities) cannot be part of a dotted path: the map is then one value.
        if isinstance(value, dict) and value and not any("." in str(below) for below in value):
            yield from rows_of(value, path + ".")
        else:
            yield _BodyField(path, path, clearable=True)


class Resource(Kind):
    """One resource of any type, at one API version. ``declared_body`` is what the user gave; ``secret_body`` is never compared or shown."""

    label = "resource"
    rewrite_fixes_failed = True
    parent_api_version = ""

    def __init__(
        self, api_version: str, declared_body: Body, secret_body: Body | None = None, update_method: str = "PUT"
    ) -> None:
        self.api_version = api_version
        self.declared_body = {key: value for key, value in declared_body.items() if key != "tags"}
        self.secret_body = secret_body or {}
        self.update_method = update_method
        self.tags_api = "alone" if update_method == "PUT" else "always"
        self.fields = (*rows_of(self.declared_body), Field("tags", "tags", canon=canon.mapping, clearable=True))

    def place(self, identifier: str) -> None:
        """What follows from the id about the type: whether it has ETags, and whether Microsoft.Resources/tags can change its tags."""
        provider, *rest = re.split("/providers/", identifier, flags=re.IGNORECASE)[-1].casefold().split("/")
        if "/providers/" not in identifier.casefold():
            self.fields = tuple(frozen(row, _WHY_LOCATION) if row.option == "location" else row for row in self.fields)
        self.has_etags = provider == "microsoft.network"
        # MicrosoftDocs/azure-docs#70692: compute targets are not supported.
        if provider == "microsoft.machinelearningservices" and rest[::2] == ["workspaces", "computes"]:
            self.tags_api = "never"

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(self.declared_body, target)
        if "tags" in tree:
            flat["tags"] = tree["tags"]
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from check_id(target.id)
        yield from rules.tags(declared.get("tags"))
        for name in _READ_ONLY:
            if name in self.declared_body:
                message = f"body.{name} is the service's own: name the resource by id, or by scope, type and name."
                yield Finding("ReadOnlyProperty", f"body.{name}", message, "Azure Resource Manager")
        yield from check_filled_in(self.declared_body, "body")
        yield from check_filled_in(self.secret_body, "secret_body")

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = copy.deepcopy(body)
        for option, value in values.items():
            before = paths.get_path(body, option)
            paths.set_path(changed, option, value if option == "tags" else merged(before, value))
        return changed

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return t.cast(Body, merged(self.with_values({}, declared), self.secret_body))

    def writable(self, body: Body) -> Body:
        writable = {key: copy.deepcopy(value) for key, value in body.items() if key not in _READ_ONLY}
        if isinstance(writable.get("properties"), dict):
            writable["properties"].pop("provisioningState", None)
        return writable

    def differing(self, sent: Body, after: Body, declared: Declared) -> list[str]:
        tags = [f"tags.{name}" for name in declared.get("tags") or {}]
        own = [
            *(option for option in declared if option != "tags"),
            *tags,
            *(row.path for row in rows_of(self.secret_body)),
        ]
        return [
            path for path in _differing(sent, after) if not any(f"{path}.".startswith(f"{target}.") for target in own)
        ]

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        carries = True
        if self.update_method == "PUT":
            changed = self.with_values(self.writable(body), plan.values())
        else:
            # A list in a PATCH replaces the whole list (RFC 7396): the items that were not declared go along.
            lists = {
                key: merged(paths.get_path(body, key), value)
                for key, value in plan.values().items()
                if isinstance(value, list)
            }
            changed = self.with_values({}, {**plan.values(), **lists})
            carries = bool(lists) or "tags" in plan.values()
        return [Request(self.update_method, t.cast(Body, merged(changed, self.secret_body)), carries=carries)]

    def project(self, body: Body) -> dict[str, t.Any]:
        return project(body)


def check_id(value: str, option: str = "id") -> Findings:
    if not _ID.match(value) or not rules.is_path(value):
        message = (
            f"{option} must be a full resource id that starts with /subscriptions/ or /providers/; {value!r} is not."
        )
        yield Finding("InvalidResourceId", option, message, "Azure Resource Manager")


def check_filled_in(value: t.Any, place: str) -> Findings:
    """What results show in place of a secret must not become the secret, where a result is changed and sent back."""
    stack = [(place, value)]
    while stack:
        where, item = stack.pop()
        if redact.is_placeholder(item):
            message = f"{where} has the placeholder that a result has in place of a value ({redact.PLACEHOLDER}): replace it with the value, or omit it."
            yield Finding("PlaceholderNotReplaced", where, message, "this collection")
        elif isinstance(item, dict):
            stack += [(f"{where}.{key}", below) for key, below in item.items()]
        elif isinstance(item, list):
            stack += [(f"{where}[{number}]", below) for number, below in enumerate(item)]


def project(body: Body) -> dict[str, t.Any]:
    """The document with its outer keys in snake case; what is inside ``properties`` keeps the service's spelling."""
    return {snake_case(key): value for key, value in body.items()}
