# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of one target, from its kind, what was declared and the document that was read. Pure: no Ansible, no HTTP.

Single targets and fleets are planned here and nowhere else; ``plan.py`` has the comparison itself.
"""

from __future__ import annotations

from dataclasses import replace

from .._core import paths
from . import plan as _plan
from .behaviour import Behaviour
from .fields import UPDATABLE
from .kind import FAILED, Body, Kind
from .plan import NONE, REPLACE, UPDATE, Change, Declared, Plan

PRESENT, ABSENT = "present", "absent"


def plan_target(
    kind: Kind, declared: Declared, document: Body | None, behaviour: Behaviour, state: str = PRESENT
) -> Plan:
    """The plan that brings a target to a state.

    document  the resource as ARM has it, or None where there is none
    state     ``present``, ``absent``, or one of the kind's own
    """
    plan = _plan_target(kind, declared, document, behaviour, state)
    return replace(plan, reason=kind.about) if plan.changed and kind.about else plan


def _plan_target(kind: Kind, declared: Declared, document: Body | None, behaviour: Behaviour, state: str) -> Plan:
    if state == ABSENT:
        return _plan.plan_absent(None if document is None else kind.project(document), action=kind.remove_action)
    plan = _plan.plan_present(
        kind.fields,
        declared,
        None if document is None else kind.read(document),
        on_immutable_change=behaviour.on_immutable_change,
        append_tags=behaviour.append_tags,
        broken=None if document is None else kind.broken(document),
        update_secrets=behaviour.update_secrets,
    )
    if document is None:
        return kind.refine_plan(plan, None, state)
    says_something = bool(declared) or kind.name_is_enough
    if plan.action == NONE and says_something and kind.rewrite_fixes_failed and kind.status(document).state == FAILED:
        plan = _plan_rewrite(kind, plan, declared, document, behaviour)
    # A replacement that is refused is not followed by anything.
    return plan if is_refused(kind, plan, document, behaviour) else kind.refine_plan(plan, document, state)


def is_refused(kind: Kind, plan: Plan, document: Body, behaviour: Behaviour) -> bool:
    """Whether the plan needs a replacement that no one asked for."""
    return plan.action == REPLACE and behaviour.on_immutable_change != "recreate" and not kind.broken(document)


def wanted(kind: Kind, declared: Declared, document: Body | None, behaviour: Behaviour) -> Declared:
    """What was declared, with the tags in full."""
    return _plan.wanted(kind.fields, declared, None if document is None else kind.read(document), behaviour.append_tags)


def _plan_rewrite(kind: Kind, plan: Plan, declared: Declared, document: Body, behaviour: Behaviour) -> Plan:
    """A write that failed may have left its values behind. Nothing differs then, and only the same write once more fixes it."""
    full, current = wanted(kind, declared, document, behaviour), kind.read(document)
    rows = [row for row in kind.fields if row.option in declared and row.mutability == UPDATABLE]
    # Where nothing that was declared can be written, the tags can, as they are.
    rows = rows or [row for row in kind.fields if row.option == "tags"]
    values = [(row.option, paths.get_path(current, row.option)) for row in rows]
    changes = tuple(
        Change(option, value, full.get(option, value), UPDATABLE, "written again") for option, value in values
    )
    if not changes:
        return plan
    return replace(plan, action=UPDATE, changes=changes, reason="it is as declared, but its last write failed")
