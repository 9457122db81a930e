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
    diff = {**outcome.plan.diff(), "before_header": outcome.title, "after_header": outcome.title}
    result = {"changed": outcome.plan.changed, "plan": outcome.plan.to_dict(), "diff": diff, key: shown}
    if outcome.operation is not None:
        result["operation"] = outcome.operation
    result["warnings"] = outcome.warnings
    return result
