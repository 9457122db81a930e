# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of any ARM resource. What is compared is the condition under which it is not due: a part of a document, as ``arm_resource`` compares one."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._core.arm_id import Target
from .._core.findings import Findings
from .._engine import rules
from .._engine.kind import BUSY, READY, Body, Kind, Request, Status, provisioning_status
from .._engine.plan import NONE, UPDATE, Declared, Plan
from .resource import contains, rows_of


class Action(Kind):
    """One POST. ``condition`` is the part of the document that shows that it is not due; without one, it is due once in every run.

    ``taken``: whether the service accepted it in this run.
    """

    label = "action"
    parent_api_version = ""

    def __init__(self, api_version: str, body: Body | None, condition: Body | None) -> None:
        self.api_version = api_version
        self.body = body
        self.condition = condition or {}
        self.fields = tuple(rows_of(self.condition))
        self.taken = False

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        return super().declare(self.condition, target)

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        for part in target.name.split("/"):
            yield from rules.segment(part, "action")

    def shows(self, item: Body) -> bool:
        """Whether an item of a list is what the condition describes."""
        return contains(item, self.condition)

    def refine_plan(self, plan: Plan, body: Body | None, state: str) -> Plan:
        if self.fields or self.taken or plan.action != NONE:
            return plan
        return replace(plan, action=UPDATE, reason="it has no condition")

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        # With a condition, it is taken only if the newest document still lacks it.
        return [Request("POST", self.body, carries=bool(self.fields))]

    def status(self, body: Body, *, settling: bool = False) -> Status:
        """Busy until the condition is met, once the action was taken. A failed resource does not make an action fail: it may be what repairs it."""
        if self.taken and self.fields and not contains(body, self.condition):
            return Status(BUSY, "without what unless.contains names")
        status = provisioning_status(body)
        return Status(BUSY if status.state == BUSY else READY, status.text)
