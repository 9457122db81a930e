# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_workspace_diagnose_info``.

Sources: ARM types of 2025-12-01 (DiagnoseResponseResultValue, DiagnoseResult). The findings are at the Location of the answer.
"""

from __future__ import annotations

import typing as t

from .._core import shape
from .._core.errors import AmlError
from .._module.result import Result
from .._module.task import Task
from .workspace_actions import act

ERROR, WARNING, INFORMATION = "error", "warning", "information"

# The service's lists, and what they are called here.
CATEGORIES = {
    "userDefinedRouteResults": "user_defined_routes",
    "networkSecurityRuleResults": "network_security_rules",
    "resourceLockResults": "resource_locks",
    "dnsResolutionResults": "dns_resolution",
    "storageAccountResults": "storage_account",
    "keyVaultResults": "key_vault",
    "containerRegistryResults": "container_registry",
    "applicationInsightsResults": "application_insights",
    "otherResults": "other",
}
_FATAL = {"never": (), "error": (ERROR,), "warning": (ERROR, WARNING)}


class DiagnosisFailed(AmlError):
    """The diagnosis found what ``fail_on`` does not let pass."""

    default_code = "DiagnosisFailed"


def diagnose(task: Task) -> Result:
    """The job of ``aml_workspace_diagnose_info``."""
    target = task.workspace
    # An empty value asks for all categories.
    answer = act(task, target, "diagnose", {"value": {}}, "its diagnosis", changes=False)
    findings = read_findings(answer)
    counts = {level: sum(finding["level"] == level for finding in findings) for level in (ERROR, WARNING, INFORMATION)}
    fatal = [finding for finding in findings if finding["level"] in _FATAL[task.params["fail_on"]]]
    if fatal:
        problems = "; ".join(f"{finding['category']} {finding['code']}: {finding['message']}" for finding in fatal)
        raise DiagnosisFailed(
            f"The diagnosis of workspace {target.name!r} found {len(fatal)} problem(s): {problems}",
            details=findings,
            target=target.id,
            hint="Fix these problems, or set fail_on=never to only report them.",
        )
    by_category: dict[str, list[Result]] = {name: [] for name in CATEGORIES.values()}
    for finding in findings:
        by_category.setdefault(finding["category"], []).append(finding)
    return {
        "changed": False,
        "passed": not counts[ERROR],
        "findings": findings,
        "by_category": by_category,
        "counts": counts,
    }


# The findings by category.
_FINDING = shape.mapping({"level": shape.TEXT, "code": shape.TEXT, "message": shape.TEXT})
_OF_CATEGORY = shape.list_of(_FINDING)
_FINDINGS = shape.mapping({"value": shape.mapping(dict.fromkeys(CATEGORIES, _OF_CATEGORY))})


def read_findings(answer: dict[str, t.Any] | None) -> list[Result]:
    """The findings of all categories, the gravest first; a category that is not known here keeps the service's name."""
    value = shape.check(answer or {}, _FINDINGS, "the diagnosis").get("value") or {}
    order = (ERROR, WARNING, INFORMATION)
    findings = [
        {
            "category": CATEGORIES.get(name, name),
            "level": str(row.get("level") or INFORMATION).casefold(),
            "code": row.get("code"),
            "message": row.get("message"),
        }
        for name, rows in value.items()
        # Of what is not known here, only what has findings.
        if shape.fits(rows, _OF_CATEGORY)
        for row in rows or []
    ]
    return sorted(findings, key=lambda one: order.index(one["level"]) if one["level"] in order else len(order))
