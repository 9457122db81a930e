# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a module's result."""

from __future__ import annotations

import typing as t

from .._engine.outcome import Outcome

Result = dict[str, t.Any]


def outcome_result(outcome: Outcome, key: str, shown: t.Any) -> Result:
    """The result of a module that brings one resource to a state; ``shown`` goes under ``key``."""
    plan = outcome.plan
    header = f"{outcome.title} ({plan.action})" if plan.changed else outcome.title
    diff = {**plan.diff(), "before_header": header, "after_header": header}
    if plan.changed and plan.reason and diff["before"] == diff["after"]:
        # Ansible shows nothing of equal sides, and a replacement without a word looks like an error.
        diff["prepared"] = f"{header}: {plan.reason}\n"
    result = {"changed": plan.changed, "plan": plan.to_dict(), "diff": diff, key: shown}
    if outcome.operation is not None:
        result["operation"] = outcome.operation
    result["warnings"] = outcome.warnings
    return result
