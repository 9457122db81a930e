# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding is one thing that is wrong, or may go wrong, with what was declared; all of them are collected before one error is raised."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .error_codes import url_of
from .errors import RuleError

# How bad a finding is: it stops the task, or is a warning.
ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """One broken rule: a stable code, the option, the rule with what was given, and where the rule is written, for those who read the code.

    Pre-flight checks also say how bad it is, for which compute target (or several, joined, where a sum is at fault) and what to do.
    """

    code: str
    option: str
    message: str
    source: str
    severity: str = ERROR
    target: str = ""
    hint: str = ""

    def rule(self) -> dict[str, str]:
        """The broken rule as an error lists it: the reference of error codes names the official source."""
        return {"code": self.code, "option": self.option, "message": self.message, "url": url_of(self.code)}

    def to_dict(self) -> dict[str, str]:
        """The finding of a pre-flight check as results list it."""
        shown = {name: getattr(self, name) for name in ("code", "severity", "target", "option", "message", "hint")}
        return {**shown, "url": url_of(self.code)}


Findings = t.Iterator[Finding]


def refuse(findings: t.Iterable[Finding]) -> None:
    """Raise one RuleError for all findings; none, and nothing happens."""
    found = list(findings)
    if not found:
        return
    raise RuleError(
        " ".join(finding.message for finding in found),
        code=found[0].code if len(found) == 1 else RuleError.default_code,
        details=[finding.rule() for finding in found],
        hint="Nothing was sent. Correct " + ", ".join(dict.fromkeys(finding.option for finding in found)) + ".",
    )
