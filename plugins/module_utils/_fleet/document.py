# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a fleet: places, defaults and compute targets, read into entries with everything that is wrong in it."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import files
from .._core.arm_id import ArmId, Target, workspace_target
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._options import specs
from .._options.declarations import Declaration, Registry, Validate, declarations
from .entry import Entry

# What a target may say for itself of how it is brought about, in place of the task.
OWN_SPEC: specs.Spec = {
    name: {key: value for key, value in row.items() if key != "default"}
    for name, row in {
        **specs.WAIT_SPEC,
        **specs.STATE_SPEC,
        "append_tags": {"type": "bool"},
        "attempts": {"type": "int"},
    }.items()
}


def read_document(
    workspaces: t.Sequence[dict[str, t.Any]],
    defaults: dict[str, t.Any],
    scope: Target,
    kinds: Registry,
    hide: files.Hide,
    validate: Validate,
) -> list[Entry]:
    """The desired document as entries. Raises RuleError that lists every problem of the whole document.

    An option of a target is taken from the target itself, else its workspace's ``defaults`` for the kind, else those for ``all``, else the document's in
    the same order. Mappings (tags too) are taken whole from the nearest place.
    """
    entries: list[Entry] = []
    problems: list[Finding] = []
    refuse(_check_defaults(defaults, "defaults", kinds))
    for number, workspace in enumerate(workspaces):
        if not workspace.get("name"):
            problems.append(
                Finding("InvalidEntry", f"workspaces[{number}]", f"workspaces[{number}] needs name.", "this collection")
            )
            continue
        place = workspace_target(
            str(workspace.get("subscription_id") or scope.subscription_id),
            str(workspace.get("resource_group") or scope.resource_group),
            str(workspace["name"]),
        )
        wrong_place = [
            *check_place(place),
            *_check_defaults(workspace.get("defaults") or {}, f"workspaces[{number}].defaults", kinds),
        ]
        if wrong_place:
            problems += [replace(one, message=f"workspaces[{number}]: {one.message}") for one in wrong_place]
            continue
        layers = (workspace.get("defaults") or {}, defaults)
        computes = [_with_defaults(compute, layers) for compute in workspace.get("computes") or []]
        found, wrong = declarations(
            [{key: value for key, value in one.items() if key not in OWN_SPEC} for one in computes],
            place,
            kinds,
            hide,
            validate,
        )
        problems += [
            Finding(one.code, f"{place.name}: {one.target}", f"{place.name}/{one.target}: {one.message}", one.source)
            for one in wrong
        ]
        by_name = {str(one.get("name")).casefold(): one for one in computes}
        for declared in found:
            given = by_name[declared.target.name.casefold()]
            state = str(given.get("state") or "present")
            # What is to go need not keep the rules for what is to be.
            problems += _broken_rules(declared, place) if state != "absent" else ()
            own, mistakes = _own_words(given, validate)
            shown = f"{place.name}/{declared.target.name}"
            problems += [Finding("InvalidOption", shown, f"{shown}: {one}", "this collection") for one in mistakes]
            entries.append(Entry(declared.target, declared.kind, declared.type, state, declared, own))
    problems += _twice(entries)
    refuse(problems)
    return entries


def check_place(place: Target) -> Findings:
    """Where a workspace is, by the rules of each name."""
    yield from rules.subscription_id(place.subscription_id)
    yield from rules.resource_group(place.resource_group)
    yield from rules.workspace_name(place.name, "name")


def _check_defaults(defaults: dict[str, t.Any], option: str, kinds: Registry) -> Findings:
    for kind, options in defaults.items():
        if kind != "all" and kind not in kinds:
            message = f"{option} has the key {kind!r}; it takes all, {', '.join(kinds)}."
            yield Finding("InvalidDefaults", option, message, "this collection")
        if options is not None and not isinstance(options, dict):
            yield Finding(
                "InvalidDefaults", option, f"{option}.{kind} must be a mapping of options.", "this collection"
            )


def _with_defaults(compute: dict[str, t.Any], layers: t.Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    kind = str(compute.get("type") or "").casefold()
    merged: dict[str, t.Any] = {}
    for layer in reversed(layers):
        merged.update(layer.get("all") or {})
        merged.update(layer.get(kind) or {})
    return {**merged, **compute}


def _own_words(compute: dict[str, t.Any], validate: Validate) -> tuple[dict[str, t.Any], list[str]]:
    """How this target is brought about, where it says so itself, and what is wrong with that."""
    given = {key: value for key, value in compute.items() if key in OWN_SPEC and value is not None}
    if not given:
        return {}, []
    checked, mistakes = validate(OWN_SPEC, given)
    if not mistakes and "attempts" in given and checked["attempts"] < 1:
        mistakes = ["attempts must not be below 1."]
    return {key: checked[key] for key in given}, mistakes


def _broken_rules(declared: Declaration, place: Target) -> Findings:
    for one in declared.kind.check(declared.target, declared.declared, declared.tree):
        yield replace(one, message=f"{place.name}/{declared.target.name}: {one.message}")


def _twice(entries: t.Sequence[Entry]) -> Findings:
    seen: set[str] = set()
    for entry in entries:
        identifier = entry.target.id.casefold()
        if identifier in seen:
            place = f"{ArmId(entry.workspace).name}/{entry.target.name}"
            yield Finding("DeclaredTwice", place, f"{place} is declared twice.", "this collection")
        seen.add(identifier)
