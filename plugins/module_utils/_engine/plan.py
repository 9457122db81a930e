# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan: a pure function of what was declared, of the current state, and of a kind's table of fields.

Check mode, diff mode, the result and the apply step all use this one plan; nothing computes it twice. Pure: no Ansible, no HTTP.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from .._core import paths, redact
from .._core.errors import AmlError
from .._core.paths import MISSING
from . import fields
from .fields import CREATE_ONLY, WRITE_ONLY, Field

NONE, CREATE, UPDATE, REPLACE, DELETE, DETACH = "none", "create", "update", "replace", "delete", "detach"

SECRET = "VALUE_NOT_SHOWN"

# What is declared, flat: option's dotted name -> value. An option that is not a key is not managed; a None is a declared null.
Declared = dict[str, t.Any]


class ImmutableChange(AmlError):
    """Something was declared that cannot change on the resource that exists."""

    default_code = "ImmutableChange"


@dataclass(frozen=True)
class Change:
    """One field that differs: the values in the user's terms, and whether the field can change in place."""

    field: str
    before: t.Any
    after: t.Any
    mutability: str
    reason: str | None = None

    @property
    def shown(self) -> Change:
        """The change without the values of variables, for results and messages."""
        before, after = (
            redact.without_values_of(self.field, value, redact.SHOWN) for value in (self.before, self.after)
        )
        return replace(self, before=before, after=after)

    def to_dict(self) -> dict[str, t.Any]:
        shown = self.shown
        return {
            "field": self.field,
            "before": shown.before,
            "after": shown.after,
            "mutability": self.mutability,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Plan:
    """What will be done to one resource. ``ignored`` holds differences that the user asked to leave alone."""

    action: str
    changes: tuple[Change, ...] = ()
    reason: str | None = None
    ignored: tuple[Change, ...] = ()
    before: dict[str, t.Any] = field(default_factory=dict)
    after: dict[str, t.Any] = field(default_factory=dict)
    # The write-only values that are due, by option: what is sent, and never shown.
    secrets: Declared = field(default_factory=dict, repr=False)

    @property
    def changed(self) -> bool:
        return self.action != NONE

    @property
    def fixed(self) -> tuple[Change, ...]:
        """The changes that cannot be made in place."""
        return tuple(change for change in self.changes if change.mutability == CREATE_ONLY)

    def values(self) -> Declared:
        """The changed fields with the values that they are to have."""
        return {**{change.field: change.after for change in self.changes}, **self.secrets}

    def to_dict(self) -> dict[str, t.Any]:
        row = {"action": self.action, "changes": [change.to_dict() for change in self.changes], "reason": self.reason}
        if self.ignored:
            row["ignored"] = [change.to_dict() for change in self.ignored]
        return row

    def diff(self) -> dict[str, t.Any]:
        """Before and after in Ansible's form, of the declared fields alone: nothing else is managed."""
        return {"before": self.before, "after": self.after}


def merged_tags(current: t.Any, declared: t.Any, append: bool, caseless: bool) -> dict[str, t.Any]:
    """The tags that the resource will have: with ``append``, undeclared ones stay and a tag declared null goes.

    ``caseless``: a name in another case is that of the same tag, whose spelling stays (Azure Resource Manager, tag-resources#limitations).
    """
    existing = dict(current or {})
    spellings = {name.casefold(): name for name in existing} if caseless else {}
    tags = dict(existing) if append else {}
    for key, value in (declared or {}).items():
        name = key if key in existing else spellings.get(str(key).casefold(), key)
        if value is None:
            tags.pop(name, None)
        else:
            # The service's tags are text; a number in a playbook is none yet.
            tags[name] = str(value)
    return tags


def wanted(
    table: t.Iterable[Field], declared: Declared, current: dict[str, t.Any] | None, append_tags: bool = True
) -> Declared:
    """The complete desired values of the resource: the declared ones, the tags that are kept, and values that only the resource has."""
    full = dict(declared)
    for row in table:
        if row.option == "tags" and "tags" in declared:
            full["tags"] = _target(row, declared, _value(current, row), append_tags)
        elif row.option in declared:
            full[row.option] = row.filled(_value(current, row), declared[row.option])
    return full


def _value(current: dict[str, t.Any] | None, row: Field) -> t.Any:
    """What the resource has there; None also where there is no resource."""
    value = paths.get_path(current, row.option)
    return None if value is MISSING else value


def _target(row: Field, declared: Declared, before: t.Any, append_tags: bool) -> t.Any:
    if row.option == "tags":
        # Of data assets and the like, tags are properties of the provider's own.
        return merged_tags(before, declared["tags"], append_tags, row.path == "tags")
    return row.filled(before, declared[row.option])


def _nested(values: t.Iterable[tuple[str, t.Any]]) -> dict[str, t.Any]:
    tree: dict[str, t.Any] = {}
    for path, value in values:
        paths.set_path(tree, path, value)
    return tree


def _differences(
    table: t.Iterable[Field], declared: Declared, current: dict[str, t.Any] | None, append_tags: bool
) -> tuple[list[Change], dict[str, t.Any], dict[str, t.Any]]:
    changes: list[Change] = []
    befores, afters = [], []
    for row in table:
        if row.option not in declared or row.mutability in (fields.READ_ONLY, WRITE_ONLY):
            continue
        before = _value(current, row)
        after = _target(row, declared, before, append_tags)
        befores.append((row.option, before))
        # Where the two mean the same, the spelling that is there stays: a diff shows differences, not spellings.
        same = row.same(before, after)
        afters.append((row.option, before if same and current is not None else after))
        if not same:
            why = row.why_fixed if row.mutability == CREATE_ONLY and current is not None else None
            changes.append(Change(row.option, before, after, row.mutability, why))
    return changes, _nested(befores), _nested(afters)


def _due_secrets(
    table: t.Iterable[Field], declared: Declared, current: dict[str, t.Any] | None, changes: list[Change], always: bool
) -> list[Change]:
    """The write-only fields to send. Never read back, so never compared, and shown as a fixed text."""
    changing = {change.field for change in changes}
    return [
        Change(row.option, None, SECRET, WRITE_ONLY)
        for row in table
        if row.mutability == WRITE_ONLY
        and declared.get(row.option) is not None
        and (current is None or always or changing.intersection(row.goes_with))
    ]


def plan_present(
    table: t.Iterable[Field],
    declared: Declared,
    current: dict[str, t.Any] | None,
    *,
    on_immutable_change: str = "fail",
    append_tags: bool = True,
    broken: str | None = None,
    update_secrets: bool = False,
) -> Plan:
    """The plan that makes the resource as declared.

    table                the kind's fields
    declared             option -> value, declared options only
    current              the resource in the options' names, or None where there is none
    on_immutable_change  ``recreate`` plans a replacement, ``ignore`` leaves the difference alone, ``fail`` plans the replacement
                         too, and the caller refuses it: a plan says what it would take
    broken               why the resource that is there cannot be used at all (its creation failed), which takes a replacement
    update_secrets       whether declared write-only values are sent although it is unknown whether they differ
    """
    changes, before, after = _differences(table, declared, current, append_tags)
    due = _due_secrets(table, declared, current, changes, update_secrets)
    secrets = {change.field: declared[change.field] for change in due}
    changes += due
    if current is None:
        return Plan(CREATE, tuple(changes), "it does not exist", after=after, secrets=secrets)
    plan = Plan(NONE, tuple(changes), before=before, after=after, secrets=secrets)
    if broken:
        return replace(plan, action=REPLACE, reason=broken)
    if plan.fixed and on_immutable_change == "ignore":
        plan = _without_fixed(plan)
    if plan.fixed:
        names = ", ".join(change.field for change in plan.fixed)
        return replace(plan, action=REPLACE, reason=f"cannot change after creation: {names}")
    return replace(plan, action=UPDATE) if plan.changes else plan


def _without_fixed(plan: Plan) -> Plan:
    """The plan that leaves the differences of immutable fields as they are."""
    for change in plan.fixed:
        paths.set_path(plan.after, change.field, change.before)
    return replace(plan, changes=tuple(c for c in plan.changes if c not in plan.fixed), ignored=plan.fixed)


def plan_absent(current: dict[str, t.Any] | None, *, action: str = DELETE) -> Plan:
    """The plan that removes the resource: ``delete``, or ``detach`` for what outlives its attachment."""
    if current is None:
        return Plan(NONE)
    return Plan(action, reason="it exists and is declared absent", before=dict(current))


def shown(value: t.Any) -> str:
    return "not set" if value is None else repr(value)


def refuse_fixed(plan: Plan, what: str, can_replace: bool = True) -> ImmutableChange:
    """The error for a plan that would need a replacement which no one asked for. ``can_replace``: whether the task could have."""
    hint = "Set these fields to their current values, or "
    if can_replace:
        hint += (
            "set on_immutable_change=recreate to delete and recreate the resource, or on_immutable_change=ignore to keep "
            "them as they are."
        )
    else:
        hint += "remove the resource by a task with state=absent and create it again."
    lines = [
        f"{c.field} is immutable (current {shown(c.before)}, requested {shown(c.after)}): {c.reason}"
        for c in (change.shown for change in plan.fixed)
    ]
    return ImmutableChange(
        f"{what} cannot be updated: " + "; ".join(lines) + ".",
        details=[change.to_dict() for change in plan.fixed],
        hint=hint,
    )
