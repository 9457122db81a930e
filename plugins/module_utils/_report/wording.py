# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of a drift report, which Markdown and page share."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime
from html import escape as escape_markup

from .._core import redact
from .._core.arm_id import ArmId
from .rows import AS_DECLARED, DIFFERS, FAILED, STATUSES, UNDECLARED, Change, Counts, Report, Retirement, Target, Usage

COST_NOTE = "Cost of the declared targets for 730 hours, with their minimum and maximum number of nodes: list prices of the virtual machines only."


def headline(report: Report) -> str:
    """The report in one sentence; numbers only."""
    totals, statuses = report.totals, report.totals.by_status
    whole, declared = totals.targets, statuses[AS_DECLARED]
    parts = [
        f"{statuses[DIFFERS]} {_verb(statuses[DIFFERS], 'differs', 'differ')}",
        f"{statuses[FAILED]} failed",
        f"{statuses[UNDECLARED]} {_verb(statuses[UNDECLARED], 'is', 'are')} not declared",
        *([f"{report.unreadable} of the workspaces could not be read"] if report.unreadable else []),
    ]
    targets = f"{declared} of {whole} {report.noun}{_verb(whole, 'target', 'targets')}"
    workspaces = f"{len(report.workspaces)} {_verb(len(report.workspaces), 'workspace', 'workspaces')}"
    match = _verb(declared, "matches its", "match their")
    return f"{targets} in {workspaces} {match} declaration; {', '.join(parts)}. {moment(report.generated)}"


def _verb(number: int, one: str, several: str) -> str:
    return one if number == 1 else several


def escape(text: str) -> str:
    """A text of someone else's in a page: no markup, and nothing that reverses or hides the text around it."""
    return escape_markup(redact.printable(text))


# --- times ---


def moment(text: str) -> str:
    """A time without its seconds; a text that is none as it is."""
    time = _time(text)
    return text if time is None else f"{time:%Y-%m-%d %H:%M} UTC"


def seconds(since: str | None, now: str) -> int | None:
    start, end = _time(since), _time(now)
    return None if start is None or end is None else max(0, int((end - start).total_seconds()))


def age(passed: int | None) -> str:
    """How long something has been so, in one unit; a difference that is in no earlier report is new."""
    if passed is None:
        return ""
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if passed >= length:
            number = passed // length
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "new"


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


# --- counts and costs ---


def count_heads(report: Report) -> tuple[str, ...]:
    """The heads of ``counted``."""
    heads = ("Targets", *(status.capitalize() for status in STATUSES), "Nodes", "Most nodes", "Public SSH")
    return (*heads, "Monthly cost") if report.priced else heads


def counted(counts: Counts, report: Report) -> list[t.Any]:
    """What is counted of a workspace or a kind."""
    numbers = [counts.targets, *counts.by_status.values(), counts.nodes, counts.max_nodes, counts.public_ssh]
    return [*numbers, cost_text(counts, report.currency)] if report.priced else numbers


def cost_text(priced: Target | Counts, currency: str | None) -> str:
    """Fewest to most nodes, of a target or of a sum; empty where nothing is paid for."""
    least, most, unknown = priced.monthly_minimum, priced.monthly_maximum, priced.price_unknown
    if most is None or unknown is True:
        return "unknown" if unknown else ""
    amount = f"{least:,.0f}" if least == most else f"{least:,.0f} to {most:,.0f}"
    return f"{amount} {currency}" + (f", {unknown} unknown" if unknown else "")


# --- one target ---


def what(target: Target) -> str:
    """The description of a target that is not as declared."""
    texts = (
        [change_text(change) for change in target.changes]
        if target.action not in ("create", "delete", "detach")
        else []
    )
    return "; ".join([*texts, *([target.reason] if target.reason else [])]) or target.action


def action(target: Target) -> str:
    return "" if target.action == "none" else str(target.action)


def change_text(change: Change) -> str:
    before, after, field = change.before, change.after, change.field
    if isinstance(before, dict) and isinstance(after, dict):
        different = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
        return "; ".join(f"{field}.{key}: {_difference(before.get(key), after.get(key))}" for key in different)
    return f"{field}: {_difference(before, after)}"


def _difference(before: t.Any, after: t.Any) -> str:
    """Both values, with the names of resources where these distinguish them. Their ids are in the JSON form."""
    names = [_value(_named(value)) for value in (before, after)]
    return " → ".join(names if names[0] != names[1] else map(_value, (before, after)))


def _named(value: t.Any) -> t.Any:
    if isinstance(value, list):
        return [_named(item) for item in value]
    return ArmId(value).name if isinstance(value, str) and value.startswith("/subscriptions/") else value


def _value(value: t.Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value)) or "none"
    return "unset" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


# --- retirements ---

RETIREMENT_HEADS = ("Date", "Retirement", "Targets", "Used by", "Successor")
# More rows are in the data alone.
_MOST_RETIREMENTS = 10
_MOST_USERS = 5


def retirements(report: Report) -> tuple[list[tuple[str, str, int, str, str]], str]:
    """The rows of the table, the earliest date first, and a sentence about those that it does not show."""
    rows = [
        (retirement.date, retired(retirement), len(users), _users(users), retirement.successor)
        for retirement, users in report.retirements[:_MOST_RETIREMENTS]
    ]
    more = len(report.retirements) - len(rows)
    return rows, f"And {more} more with later dates, in the JSON and the CSV form of this report." if more > 0 else ""


def retired(retirement: Retirement) -> str:
    return f"{retirement.status}: {retirement.option} {retirement.value}"


def retirements_text(target: Target) -> str:
    """All of one target, with their dates."""
    return "; ".join(f"{retired(retirement)}, {retirement.date}" for retirement in target.retirements)


def _users(targets: t.Sequence[Target]) -> str:
    names = ", ".join(f"{target.workspace}/{target.label}" for target in targets[:_MOST_USERS])
    more = len(targets) - _MOST_USERS
    return f"{names} and {more} more" if more > 0 else names


# --- SSH and quotas ---


def without_user(report: Report) -> str:
    number = sum(target.open_port and not target.public_ssh for target in report.targets)
    clusters = f"{number} {'more ' if report.exposed else ''}{_verb(number, 'cluster', 'clusters')}"
    return f"On {clusters} the SSH port is open, but no user can log in." if number else ""


def usage_name(usage: Usage) -> str:
    return str(usage.localized_name or usage.name)


def used(report: Report) -> list[Usage]:
    """The quotas that are in use, the fullest first."""
    rows = [usage for usage in report.usages if usage.current and usage.limit]
    return sorted(rows, key=lambda usage: (-(usage.percent or 0), usage_name(usage)))


def unread_quotas(report: Report) -> list[str]:
    return [f"The quotas of {unread.location} could not be read: {unread.error}" for unread in report.usages_unread]
