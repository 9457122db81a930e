# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of declared compute targets or other resources of a workspace: each entry as the module of its kind would take it."""

from __future__ import annotations

import difflib
import typing as t

from .._core import files, findings, redact
from .._core.arm_id import Target, child_target, workspace_target
from .._core.errors import RuleError
from .._core.findings import ERROR, Finding
from .._engine import kind_version, rules
from .._engine.kind import Kind
from .._engine.plan import Declared
from .._kinds.registry import Collection
from . import specs, values
from .kind_specs import FLEET_SPECS

Registry = t.Mapping[str, Kind]

# Checks values by a spec as AnsibleModule does: the values with their types and defaults, and what is wrong with them.
Validate = t.Callable[[specs.Spec, dict[str, t.Any]], tuple[dict[str, t.Any], list[str]]]

# The keys of an entry in addition to the options of its kind: its scope, and the connection.
_NOT_DECLARED = {
    "name", "workspace", "resource_group", "state", *specs.STATE_SPEC, *specs.WAIT_SPEC, *specs.PREFLIGHT_SPEC, *specs.API_VERSION_SPEC,
}  # fmt: skip


class Declaration(t.NamedTuple):
    """One entry: its scope, its kind, and its declared options. ``name`` is that of ``child_target``."""

    kind: Kind
    type: str
    target: Target
    tree: dict[str, t.Any]
    declared: Declared
    name: str = ""


class _Checked(t.NamedTuple):
    """Options that were checked by the spec of their kind: what is wrong with them, or those that were given, with their types."""

    findings: list[Finding]
    mistakes: list[str]
    given: dict[str, t.Any]


class Checker:
    """Checks the options of targets. Those that are the same but for their names, as defaults make them, are checked once.

    ``hide`` is called with their secrets before anything else.
    """

    def __init__(self, validate: Validate, hide: files.Hide) -> None:
        self._validate = validate
        self._hide = hide
        self._known: dict[tuple[str, str], _Checked] = {}

    def check(self, type_: str, own: dict[str, t.Any]) -> _Checked:
        # Compared as texts: as values, 1, True and "1" are equal, or AnsibleModule makes them equal.
        key = (type_, repr(own))
        if key not in self._known:
            self._hide(redact.in_options(FLEET_SPECS[type_], own))
            self._known[key] = self._checked(FLEET_SPECS[type_], own)
        known = self._known[key]
        return known._replace(given=_copied(known.given))

    def _checked(self, spec: specs.Spec, own: dict[str, t.Any]) -> _Checked:
        findings = list(values.findings(spec, own))
        if findings:
            return _Checked(findings, [], {})
        checked, mistakes = self._validate(spec, values.without_null_choices(spec, own))
        return _Checked([], mistakes, {} if mistakes else specs.given(spec, own, checked))


def _copied(value: t.Any) -> t.Any:
    """A copy of options, which are texts, numbers, mappings and lists: `copy.deepcopy` takes several times as long for each of a fleet's targets."""
    if isinstance(value, dict):
        return {key: _copied(below) for key, below in value.items()}
    return [_copied(below) for below in value] if isinstance(value, list) else value


def declarations(
    entries: t.Sequence[dict[str, t.Any]], scope: Target, collection: Collection, hide: files.Hide, checker: Checker
) -> tuple[list[Declaration], list[Finding]]:
    """The entries that can be understood, and what is wrong with the others.

    scope     the defaults of what an entry omits
    hide      called with the secrets of the files that an entry names
    checker   checks an entry's options by its kind's spec; one for all that may have the same
    """
    valid: list[Declaration] = []
    problems: list[Finding] = []
    for number, entry in enumerate(entries):
        type_, place = collection.declared_type(entry), f"{collection.name}[{number}]"
        name = name_in(collection, entry, scope)
        if not name or type_ not in collection.kinds:
            problems.append(_unnamed(entry, place, collection))
            continue
        target = child_target(scope.subscription_id, *_home(entry, scope), collection.name, name)
        options = {key: value for key, value in entry.items() if key != "type"} if collection.typed else entry
        try:
            made = _declaration(options, collection.kinds[type_], type_, target, hide, checker)
            valid.append(made._replace(name=name))
        except RuleError as error:
            problems.append(
                Finding(
                    error.code,
                    collection.name,
                    error.message,
                    "the module's own rules",
                    ERROR,
                    name if "name" in collection.fallback.named_by else place,
                    error.hint or "Correct the entry.",
                )
            )
    return valid, problems


def _home(entry: dict[str, t.Any], scope: Target) -> tuple[str, str]:
    """The resource group and the workspace of an entry."""
    return str(entry.get("resource_group") or scope.resource_group), str(entry.get("workspace") or scope.name)


def name_in(collection: Collection, entry: dict[str, t.Any], scope: Target) -> str:
    """The name of what an entry declares, as ``child_target`` takes it; "" where it does not say."""
    kind = collection.fallback
    if not all(entry.get(option) for option in kind.named_by):
        return ""
    return kind.name_of(entry, workspace_target(scope.subscription_id, *_home(entry, scope)).id)


def _unnamed(entry: dict[str, t.Any], place: str, collection: Collection) -> Finding:
    """An entry of which it is not known what it declares."""
    name = entry.get("name")
    types = f", and type as one of {', '.join(collection.kinds)}" if collection.typed else ""
    options = collection.fallback.named_by
    message, target = f"{place} needs {' and '.join(options)}{types}.", str(name or place)
    if name and collection.typed and entry.get("type"):
        close = difflib.get_close_matches(collection.declared_type(entry), collection.kinds, n=1)
        advice = f"Did you mean {close[0]}?" if close else f"The types are {', '.join(collection.kinds)}."
        message = f"{place} has the unknown type {redact.cut(str(entry['type']), 60)!r}. {advice}"
    return Finding(
        "InvalidEntry", "type" if name else options[0], message, "this collection", ERROR, target, "Correct the entry."
    )


def _declaration(
    entry: dict[str, t.Any], kind: Kind, type_: str, target: Target, hide: files.Hide, checker: Checker
) -> Declaration:
    """The entry as the kind's module would take it. RuleError for what it would not."""
    # Where the name follows from other options, it is not one itself.
    not_declared = _NOT_DECLARED | {*kind.named_by} if "name" in kind.named_by else _NOT_DECLARED - {"name"}
    own = {key: value for key, value in entry.items() if key not in not_declared}
    checked = checker.check(type_, own)
    findings.refuse([*rules.segment(target.name, "name"), *checked.findings])
    if checked.mistakes:
        hint = f"Correct the options of the {kind.label}; ansible-doc azureml.compute.{kind.module} describes them."
        raise RuleError(" ".join(checked.mistakes), code="InvalidOption", hint=hint)
    tree = checked.given
    for settings in tree.values() if entry.get("state") != "absent" else ():
        for option in [name for name in settings if name.endswith("_file")] if isinstance(settings, dict) else ():
            files.put_text(settings, option, hide)
    configured = kind_version.for_options(kind, tree).configured(
        {**tree, "name": target.name, "state": entry.get("state")}
    )
    return Declaration(configured, type_, target, tree, configured.declare(tree, target))
