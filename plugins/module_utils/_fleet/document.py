# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of a fleet: places, defaults, and the resources of each collection, read into entries with everything that is wrong in it."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core import files
from .._core.arm_id import Target, workspace_target
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._kinds.registry import COLLECTIONS, COMPUTES, Collection
from .._options import specs
from .._options.declarations import Checker, Declaration, Validate, declarations, name_in
from .._options.kind_specs import FLEET_SPECS
from .entry import Entry, in_file

Options = dict[str, t.Any]

# In a workspace that was read from a folder: by collection, the files of its targets in their order.
FILES = "files"

# The settings of processing that a target may set instead of the task.
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
    defaults: Options,
    scope: Target,
    hide: files.Hide,
    validate: Validate,
) -> list[Entry]:
    """The desired document as entries. Raises RuleError that lists every problem of the whole document, each with its location.

    An option of a target is taken from the target itself, else its workspace's ``defaults`` for the kind, else those for ``all``, else the document's in
    the same order. Mappings (tags too) are taken whole from the nearest place.
    """
    refuse(_check_defaults(defaults, "defaults"))
    entries: list[Entry] = []
    findings: list[Finding] = []
    places: set[str] = set()
    checker = Checker(validate, hide)
    for number, workspace in enumerate(workspaces):
        problems = list(_check_workspace(workspace, f"workspaces[{number}]", scope))
        if not problems:
            place = place_of(workspace, scope)
            places.add(place.id.casefold())
            for collection in COLLECTIONS.values():
                targets = _with_defaults(workspace, defaults, collection)
                desired, wrong = declarations(
                    [_declared_part(target) for target in targets], place, collection, hide, checker
                )
                sources = _sources(workspace, targets, place, collection)
                problems += [_in_workspace(finding, place, collection, sources) for finding in wrong]
                by_name = {name_in(collection, target, place).casefold(): target for target in targets}
                for declaration in desired:
                    name = declaration.name.casefold()
                    entry, broken = _entry(declaration, by_name[name], validate, sources.get(name, ""))
                    problems += broken
                    entries.append(entry)
        findings += problems
    refuse([*findings, *_find_strays(entries, places), *find_duplicates(entries)])
    return entries


# --- workspaces ---


def place_of(workspace: Options, scope: Target) -> Target:
    """Where a workspace of the document is; ``scope`` names what it does not."""
    return workspace_target(
        str(workspace.get("subscription_id") or scope.subscription_id),
        str(workspace.get("resource_group") or scope.resource_group),
        str(workspace["name"]),
    )


def check_place(workspace: Options, scope: Target) -> Findings:
    """Where a workspace of the document is, by the rules of each name."""
    place = place_of(workspace, scope)
    yield from rules.subscription_id(place.subscription_id)
    yield from rules.resource_group(place.resource_group)
    yield from rules.workspace_name(place.name, "name")
    if workspace.get("location") is not None:
        yield from rules.location(workspace["location"])


def _check_workspace(workspace: Options, location: str, scope: Target) -> Findings:
    """Where it is, and the defaults of its targets."""
    if not workspace.get("name"):
        yield Finding("InvalidEntry", location, f"{location} needs name.", "this collection")
        return
    yield from _located(check_place(workspace, scope), location)
    yield from _located(_check_defaults(workspace.get("defaults") or {}, f"{location}.defaults"), location)


# --- defaults ---


def _check_defaults(defaults: Options, option: str) -> Findings:
    for kind, options in defaults.items():
        if kind != "all" and kind not in FLEET_SPECS:
            message = f"{option} has the key {kind!r}; it takes all, {', '.join(FLEET_SPECS)}."
            yield Finding("InvalidDefaults", option, message, "this collection")
        if options is not None and not isinstance(options, dict):
            yield Finding(
                "InvalidDefaults", option, f"{option}.{kind} must be a mapping of options.", "this collection"
            )


def _with_defaults(workspace: Options, defaults: Options, collection: Collection) -> list[Options]:
    """The workspace's targets in a collection, each with the defaults for its kind and for all kinds."""
    layers = (defaults, workspace.get("defaults") or {})
    return [
        {**_merged(layers, collection.declared_type(target), collection), **target}
        for target in workspace.get(collection.name) or []
    ]


def _merged(layers: t.Iterable[Options], kind: str, collection: Collection) -> Options:
    merged: Options = {}
    for layer in layers:
        merged.update(
            {option: value for option, value in (layer.get("all") or {}).items() if _is_for(option, collection)}
        )
        merged.update(layer.get(kind) or {})
    return merged


def _is_for(option: str, collection: Collection) -> bool:
    """Whether a default for all kinds is for those of a collection: unless only kinds of others have it, as regions are of compute targets alone.

    What no kind has is a mistake, which each target reports.
    """
    if option == "type":
        return collection.typed
    having = {kind for kind, spec in FLEET_SPECS.items() if option in spec}
    return not having or not having.isdisjoint(collection.kinds)


# --- targets ---


def _declared_part(target: Options) -> Options:
    """The options of the target itself, as the module of its kind takes them."""
    return {key: value for key, value in target.items() if key not in OWN_SPEC}


def _entry(declaration: Declaration, target: Options, validate: Validate, source: str) -> tuple[Entry, Findings]:
    """A target with all that is wrong with it. ``target`` is what was declared for it, with defaults; ``source`` are its files, if it has any."""
    state = str(target.get("state") or "present")
    own, mistakes = _overrides(target, validate)
    entry = Entry(declaration.target, declaration.kind, declaration.type, state, declaration, own, source)
    # A target that is removed need not follow the rules for creation, unless its options say which it is.
    checked = state != "absent" or "name" not in declaration.kind.named_by
    broken = declaration.kind.check(entry.target, declaration.declared, declaration.tree) if checked else ()
    invalid = (Finding("InvalidOption", entry.location, mistake, "this collection") for mistake in mistakes)
    return entry, _located((*broken, *invalid), entry.declared_at)


def _overrides(target: Options, validate: Validate) -> tuple[Options, list[str]]:
    """The options of the task that the target overrides, and what is wrong with them."""
    given = {key: value for key, value in target.items() if key in OWN_SPEC and value is not None}
    if not given:
        return {}, []
    checked, mistakes = validate(OWN_SPEC, given)
    if not mistakes and "attempts" in given and checked["attempts"] < 1:
        mistakes = ["attempts must not be below 1."]
    return {key: checked[key] for key in given}, mistakes


def _find_strays(entries: t.Iterable[Entry], places: t.Collection[str]) -> Findings:
    """Targets that name another workspace than the one they are listed in, which the document does not have: it is never read."""
    for entry in entries:
        if entry.workspace.casefold() not in places:
            message = f"{entry.declared_at}: {entry.workspace} is not a workspace of the document."
            yield Finding("WorkspaceNotDeclared", entry.location, message, "this collection")


def find_duplicates(entries: t.Sequence[Entry]) -> Findings:
    """Targets that are declared more than once."""
    seen: set[str] = set()
    for entry in entries:
        identifier = entry.target.id.casefold()
        if identifier in seen:
            message = f"{entry.declared_at} is declared twice."
            yield Finding("DeclaredTwice", entry.location, message, "this collection")
        seen.add(identifier)


# --- locations ---


def _located(findings: t.Iterable[Finding], location: str) -> Findings:
    """The findings with the place in the document in front of each message."""
    return (replace(finding, message=f"{location}: {finding.message}") for finding in findings)


def _sources(workspace: Options, targets: t.Sequence[Options], place: Target, collection: Collection) -> dict[str, str]:
    """The files of a workspace's targets in a collection, by their names in lower case and by their places in the list."""
    sources: dict[str, str] = {}
    files = (workspace.get(FILES) or {}).get(collection.name, ())
    for number, file in enumerate(files):
        name = name_in(collection, targets[number], place).casefold()
        sources[f"{collection.name}[{number}]"] = file
        sources[name] = f"{sources[name]}, {file}" if name in sources else file
    return sources


def _in_workspace(finding: Finding, place: Target, collection: Collection, sources: t.Mapping[str, str]) -> Finding:
    """A finding about a target that could not be read, under the names of the workspace and the target."""
    nameless = f"{finding.target}".startswith(f"{collection.name}[")
    target = f"{finding.target}" if collection is COMPUTES or nameless else f"{collection.name}/{finding.target}"
    # With a suggestion, it says what to do already.
    hint = f" {finding.hint}" if finding.message.startswith("Unsupported") and finding.message.endswith(".") else ""
    message = (
        f"{in_file(f'{place.name}/{target}', sources.get(f'{finding.target}'.casefold(), ''))}: {finding.message}{hint}"
    )
    return replace(finding, option=f"{place.name}: {target}", message=message)
