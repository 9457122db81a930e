# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pre-flight checks at work: before the creation of one target (``guard``), and over many (``examine``).

The package ``_preflight`` finds what the service would refuse: gathers facts, and checks declared compute targets against them. It may
import ``_options``, ``_capacity``, ``_kinds``, ``_engine`` and ``_core``.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._core import files
from .._core.arm_id import ArmId, Target
from .._core.client import ReadClient
from .._core.findings import ERROR, WARNING, Finding
from .._engine import kind_version, planning, rules, versions
from .._engine.behaviour import Behaviour
from .._engine.kind import Body, Kind
from .._engine.plan import CREATE, REPLACE, Declared, Plan
from .._engine.planning import plan_target
from .._kinds import compute
from .._kinds.registry import COMPUTES
from .._options.declarations import Checker, Declaration, Registry, Validate, declarations
from .capacity import check_quota, check_subnets
from .checks import (
    PreflightFailed,
    check_duplicates,
    check_identity,
    check_kind,
    check_locks,
    check_outbound,
    check_private_endpoint,
    check_retired,
    check_size,
    check_subnet,
    check_unread,
    check_workspace,
    offline,
)
from .facts import DesiredTarget, Facts, Key
from .gather import ML_VERSION, Gatherer

Result = dict[str, t.Any]


def check(desired_targets: t.Sequence[DesiredTarget], facts: Facts, *, workspace_missing: str = ERROR) -> list[Finding]:
    """All findings, errors first, in the order of the targets."""
    findings: list[Finding] = [*check_duplicates(desired_targets), *check_unread(facts, desired_targets)]
    for desired in desired_targets:
        findings += check_workspace(desired, facts, workspace_missing)
        findings += check_kind(desired)
        findings += check_size(desired, facts)
        findings += check_subnet(desired, facts)
        findings += check_identity(desired, facts)
        findings += check_private_endpoint(desired, facts)
        findings += check_outbound(desired, facts)
        findings += check_retired(desired)
    findings += check_quota(desired_targets, facts)
    findings += check_subnets(desired_targets, facts)
    findings += check_locks(desired_targets, facts)
    return in_order(findings)


def in_order(findings: t.Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.severity != ERROR)


def counted(findings: t.Iterable[Finding], fail_on: str) -> list[Finding]:
    """Those that ``fail_on`` (error, warning, never) takes as a failure."""
    severities = {"error": (ERROR,), "warning": (ERROR, WARNING)}.get(fail_on, ())
    return [finding for finding in findings if finding.severity in severities]


def refuse(findings: t.Sequence[Finding], what: str, fail_on: str = ERROR) -> None:
    """Raise PreflightFailed where something counts; ``details`` has every finding."""
    bad = counted(findings, fail_on)
    if not bad:
        return
    lines = " ".join(f"{row.code}: {row.message}" for row in bad[:5])
    more = f" And {len(bad) - 5} more." if len(bad) > 5 else ""
    raise PreflightFailed(
        f"{what} did not pass the pre-flight: {lines}{more}",
        details=[finding.to_dict() for finding in findings],
        hint=f"Nothing was written. {bad[0].hint}" + (" Each of the details has its own hint." if len(bad) > 1 else ""),
    )


# --- one target, before it is written ---

# What a task warns of without the pre-flight.
RETIREMENTS = ("Retired", "Retiring")
# Changes in place that take what a creation takes.
GROWTH = {"min_instances", "max_instances", "identity"}


def guard(
    client: ReadClient, kind: Kind, target: Target, fail_on: str = ERROR
) -> t.Callable[[Plan, Declared, Body | None, Body | None], list[str]]:
    """What a Reconciler calls before it creates, replaces or lets grow: PreflightFailed, or the warnings.

    The offline rules have passed by then. ``fail_on`` says which findings are more than warnings.
    """

    def before_write(plan: Plan, wanted: Declared, existing: Body | None, workspace: Body | None) -> list[str]:
        replaces = plan.action == REPLACE
        if plan.action != CREATE and not replaces and not GROWTH & set(plan.values()):
            return []
        desired = DesiredTarget(kind.type_name, target, wanted, existing, replaces)
        known: dict[Key, t.Any] = (
            {("workspace", target.parent_id.casefold()): workspace} if plan.action in (CREATE, REPLACE) else {}
        )
        facts = Gatherer(client, target.subscription_id, kind.api_version or ML_VERSION, known).gather([desired])
        # In check mode, a play may well create the workspace first.
        known_otherwise = ("NeedsReplacement", *RETIREMENTS)
        findings = [
            fact for fact in check([desired], facts, workspace_missing=WARNING) if fact.code not in known_otherwise
        ]
        refuse(findings, f"The {kind.label} {target.name!r}", fail_on)
        return [f"{finding.code}: {finding.message} {finding.hint}" for finding in findings]

    return before_write


def desired_of(declaration: Declaration, existing: Body | None) -> DesiredTarget:
    """The values that the target will have, including current ones, as in a replacement."""
    if existing is None or compute.kind_name(existing) != declaration.type:
        return DesiredTarget(declaration.type, declaration.target, declaration.declared, existing)
    plan = plan_target(declaration.kind, declaration.declared, existing, Behaviour())
    desired = planning.wanted(declaration.kind, declaration.declared, existing, Behaviour())
    return DesiredTarget(
        declaration.type,
        declaration.target,
        {**declaration.kind.kept(existing), **desired},
        existing,
        replaces=plan.action == REPLACE,
    )


def rules_of(declaration: Declaration, desired: DesiredTarget, facts: Facts) -> list[Finding]:
    """The kinds' own rules; those of a creation where there will be one."""
    findings = list(rules.workspace_name(ArmId(declaration.target.parent_id).name))
    findings += declaration.kind.check(declaration.target, declaration.declared, declaration.tree)
    if desired.new or desired.replaces:
        findings += declaration.kind.check_create(desired.wanted, facts.workspace(desired))
    return list(offline(findings, declaration.target.name))


def examine(
    client: ReadClient,
    entries: t.Sequence[dict[str, t.Any]],
    scope: Target,
    kinds: Registry,
    hide: files.Hide,
    validate: Validate,
    api_version: str | None = None,
) -> list[Finding]:
    """All findings over a list of declared compute targets."""
    if api_version:
        kinds = {name: kind_version.asked_for(kind, api_version) for name, kind in kinds.items()}
    collection = dataclasses.replace(COMPUTES, kinds=kinds)
    declared, problems = declarations(entries, scope, collection, hide, Checker(validate, hide))
    gatherer = Gatherer(client, scope.subscription_id, api_version or ML_VERSION)
    desired_targets = [DesiredTarget(desired.type, desired.target, desired.declared) for desired in declared]
    gatherer.workspaces(
        desired_targets, computes=api_version or versions.of_list(desired.kind.api_version for desired in declared)
    )
    existing = _existing(gatherer.facts)
    desired_targets = [desired_of(desired, existing.get(desired.target.id.casefold())) for desired in declared]
    # A target that is declared twice is created once.
    once = list({desired.target.id.casefold(): desired for desired in desired_targets}.values())
    facts = gatherer.gather(once)
    for desired_target, desired in zip(declared, desired_targets, strict=True):
        problems += rules_of(desired_target, desired, facts)
    # A kind may have the same rule for what is declared and for what is created.
    return in_order(dict.fromkeys([*problems, *check_duplicates(desired_targets), *check(once, facts)]))


def _existing(facts: Facts) -> dict[str, Body]:
    """Every compute target of the workspaces that were read, by id."""
    return {
        f"{workspace_id}/computes/{body.get('name')}".casefold(): body
        for (what, workspace_id), computes in facts.read.items()
        if what == "computes"
        for body in computes or []
    }


def summary(findings: t.Sequence[Finding], fail_on: str, count: int) -> Result:
    """The result of ``aml_preflight_info``: it returns, unless ``fail_on`` says otherwise."""
    refuse(findings, f"{count} compute target(s)", fail_on)
    errors = sum(finding.severity == ERROR for finding in findings)
    return {
        "changed": False,
        "passed": not errors,
        "findings": [finding.to_dict() for finding in findings],
        "counts": {"error": errors, "warning": len(findings) - errors},
    }
