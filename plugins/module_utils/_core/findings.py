# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding is one thing that is wrong, or may go wrong, with what was declared; all of them are collected before one error is raised."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .error_codes import url_of
from .errors import RuleError, in_one_line

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
        row = {name: getattr(self, name) for name in ("code", "severity", "target", "option", "message", "hint")}
        return {**row, "url": url_of(self.code)}


Findings = t.Iterator[Finding]
# What ``Finding.rule`` returns.
Rule = dict[str, str]

_KEYS = {"code", "option", "message"}

# How many findings or failures of one group are shown.
EACH = 10
# So many findings are one paragraph.
_IN_ONE_LINE = 2


def refuse(findings: t.Iterable[Finding]) -> None:
    """Raise one RuleError for all findings; none, and nothing happens."""
    problems = list(findings)
    if problems:
        code = problems[0].code if len(problems) == 1 else RuleError.default_code
        raise rule_error([finding.rule() for finding in problems], code)


def rule_error(rules: list[Rule], code: str = RuleError.default_code) -> RuleError:
    """The error for all of these findings; its message shows at most EACH of a code and an option."""
    options = list(dict.fromkeys(rule["option"] for rule in rules if rule["option"])) or ["the options"]
    more = f" and {len(options) - EACH} more" if len(options) > EACH else ""
    return RuleError(
        _message(rules),
        code=code,
        details=rules,
        hint=f"Nothing was sent. Correct {', '.join(options[:EACH])}{more}.",
    )


def limited(details: t.Any) -> t.Any:
    """The details of an error; of many findings the first EACH of a code and an option, each group with the number of its others."""
    if not isinstance(details, list) or not all(
        isinstance(detail, dict) and _KEYS <= detail.keys() for detail in details
    ):
        return details
    groups = _grouped(details)
    if all(len(group) <= EACH for group in groups):
        return details
    return [rule for group in groups for rule in (*group[:EACH], *_and_more(group))]


def _message(rules: list[Rule]) -> str:
    return _in_lines(rules) if limited(rules) is not rules else " ".join(map(_line, rules))


def readable(message: str, details: t.Any) -> str:
    """The message of an error as people read it: a line for each finding, where there are more than two."""
    is_list = isinstance(details, list) and len(details) > _IN_ONE_LINE and message == " ".join(map(_line, details))
    return _in_lines(details) if is_list else message


def _in_lines(rules: list[Rule]) -> str:
    return "\n".join([f"{len(rules)} problems:", *(f"  {_line(rule)}" for rule in limited(rules))])


def _line(rule: t.Any) -> str:
    return in_one_line(rule["message"]) if isinstance(rule, dict) and "message" in rule else ""


def _and_more(group: t.Sequence[Rule]) -> list[Rule]:
    """In the place of the findings beyond the first EACH."""
    more = len(group) - EACH
    option = _option(group[0]).replace("[]", "")
    about = f" about {option}" if option else ""
    return [{**group[EACH], "message": f"And {more} more{about} ({group[0]['code']})."}] if more > 0 else []


def _grouped(rules: t.Iterable[Rule]) -> list[list[Rule]]:
    """By code and option, whatever the item of a list or the target that it is in."""
    groups: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        groups.setdefault((rule["code"], _option(rule)), []).append(rule)
    return list(groups.values())


def _option(rule: Rule) -> str:
    """The option without the items of lists in it; nothing for the name of a target."""
    return "" if ": " in rule["option"] else re.sub(r"\[[^]]*\]", "[]", rule["option"])
