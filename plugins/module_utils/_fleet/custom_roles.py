# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles that role assignments of a fleet declare by names that only the service knows: they get their GUIDs before anything is planned."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._core.arm_id import ArmId
from .._core.client import ReadClient
from .._core.errors import AmlError, ArmError, CredentialError, RuleError, all_foreseen
from .._core.findings import Finding, Findings, rule_error
from .._core.shape import Malformed
from .._kinds.registry import ROLE_ASSIGNMENTS
from .._kinds.role_assignment import RoleAssignment, may_be_custom, target_of
from .._reconcilers import custom_roles
from .document import find_duplicates
from .entry import Entry

# The resource group in lower case and the name of the role. A role is assignable in whole resource groups, so that each name is looked up once in each.
_Key = tuple[str, str]


def identify(client: ReadClient, entries: t.Sequence[Entry], parallelism: int, malformed: Malformed) -> None:
    """Give the entries of custom roles the GUIDs of their roles. Raises RuleError that lists every name that is not one of a single role.

    Entries whose roles cannot be read fail. All others of the fleet are processed.
    """
    assignments = [entry for entry in entries if entry.kind.collection == ROLE_ASSIGNMENTS.name]
    named = [entry for entry in assignments if may_be_custom(_kind(entry).role)]
    first = {_key(entry): entry for entry in reversed(named)}
    if not first:
        return

    def look_up(entry: Entry) -> str | AmlError:
        try:
            with all_foreseen():
                return _guid_of(client, entry, malformed)
        except CredentialError:
            # All is read with one credential.
            raise
        except AmlError as error:
            return error

    with ThreadPoolExecutor(max(1, min(parallelism, len(first))), "fleet") as pool:
        found = dict(zip(first, pool.map(look_up, first.values())))
    _refuse(_unknown(named, found))
    for entry in named:
        role = found[_key(entry)]
        if isinstance(role, AmlError):
            entry.fail(role)
        else:
            _set_role(entry, role)
    # The same role can be declared by its GUID too.
    _refuse(find_duplicates(entries))


def _refuse(findings: Findings) -> None:
    """As ``findings.refuse``, after reads."""
    problems = list(findings)
    if problems:
        error = rule_error([finding.rule() for finding in problems], problems[0].code)
        error.hint = (error.hint or "").replace("Nothing was sent.", "Nothing was changed.")
        raise error


def _unknown(named: t.Iterable[Entry], found: t.Mapping[_Key, str | AmlError]) -> Findings:
    for entry in named:
        error = found[_key(entry)]
        if isinstance(error, RuleError):
            message = f"{entry.declared_at}: {error.message}"
            yield Finding("UnknownRole", entry.location, message, "Azure role-based access control")


def _guid_of(client: ReadClient, entry: Entry, malformed: Malformed) -> str:
    """What is assignable at the workspace. In check mode, that may be still to come."""
    name, workspace = _kind(entry).role, ArmId(entry.workspace)
    try:
        return custom_roles.guid_of(client, workspace, name, malformed)
    except ArmError as error:
        if error.status != 404:
            raise
        return custom_roles.guid_of(client, f"/subscriptions/{workspace.subscription_id}", name, malformed)


def _kind(entry: Entry) -> RoleAssignment:
    return t.cast(RoleAssignment, entry.kind)


def _key(entry: Entry) -> _Key:
    return ArmId(entry.workspace).scope.casefold(), _kind(entry).role.strip().casefold()


def _set_role(entry: Entry, guid: str) -> None:
    kind, declaration = _kind(entry).known_as(guid), entry.declaration
    target = target_of(entry.workspace, guid, kind.principal_id)
    if declaration is not None:
        tree = {**declaration.tree, "role": guid}
        declared = {**declaration.declared, "role": guid}
        entry.declaration = declaration._replace(
            kind=kind, target=target, tree=tree, declared=declared, name=target.name
        )
    entry.kind, entry.target = kind, target
