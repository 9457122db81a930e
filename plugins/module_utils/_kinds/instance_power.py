# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The power state of a compute instance: what it is, what leads to another one, and what that adds to a plan. Pure.

Start, stop and restart are operations of the service (docs/facts.md a.1, b.2).
"""

from __future__ import annotations

from dataclasses import replace

from .._core import paths
from .._engine.fields import UPDATABLE
from .._engine.kind import Body
from .._engine.plan import CREATE, NONE, REPLACE, Change, Plan

STATE = "properties.properties.state"
RUNNING = ("Running", "JobRunning")
STOPPED = ("Stopped",)
# States that end by themselves (ARM types, ComputeInstanceState), and where each leads.
TRANSITIONS = {
    "Creating": "Running",
    "SettingUp": "Running",
    "UserSettingUp": "Running",
    "Starting": "Running",
    "Restarting": "Running",
    "Stopping": "Stopped",
    "Resizing": "Stopped",
    "Deleting": "",
}

START, STOP, RESTART = "start", "stop", "restart"
# The declared states other than present and absent.
POWER_STATES = ("started", "stopped", "restarted")


def power_state(body: Body) -> str | None:
    state = paths.get_path(body, STATE)
    return state if isinstance(state, str) else None


def power_action(body: Body | None, wanted: str, *, created: bool) -> str | None:
    """What brings the instance to the wanted power state; None where it is there, or on its way there."""
    state = power_state(body) if body else None
    state = TRANSITIONS.get(str(state), state) or state
    # A creation that has only been planned ends with a running instance.
    running = state in RUNNING or (created and state is None)
    if wanted == "restarted" and not created:
        return START if state in STOPPED else RESTART
    if wanted == "stopped":
        return None if state in STOPPED else STOP
    return None if running else START


def is_created(plan: Plan) -> bool:
    """Whether the plan makes the instance, or made it: it runs then, and is not restarted."""
    return plan.action in (CREATE, REPLACE)


def with_power(plan: Plan, body: Body | None, wanted: str) -> Plan:
    """The plan with what the wanted power state adds to it; the same plan where that is nothing."""
    created = is_created(plan)
    action = power_action(body, wanted, created=created) if wanted in POWER_STATES else None
    if action is None:
        return plan
    after = "Stopped" if action == STOP else "Running"
    # What is made has no state before, whether it is there already or only planned.
    before = power_state(body) if body and not created else None
    change = Change("state", before, after, UPDATABLE, "asked for at every run" if action == RESTART else None)
    # An instance that has to be made, replaced or changed as well is first of all that.
    main = action if plan.action == NONE else plan.action
    return replace(
        plan,
        action=main,
        changes=(*plan.changes, change),
        before={**plan.before, "state": before},
        after={**plan.after, "state": after},
    )


def in_power_state(body: Body, state: str) -> Body:
    """The document as it would be in the state, for check mode."""
    planned = {
        **body,
        "properties": {**body["properties"], "properties": dict(body["properties"].get("properties") or {})},
    }
    planned["properties"]["properties"]["state"] = state
    return planned
