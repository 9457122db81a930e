# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedules of a compute instance, as the user and as ARM has them (docs/coverage.md CI9; ARM types of 2025-12-01, ComputeStartStopSchedule)."""

from __future__ import annotations

import datetime
import re
import typing as t

from .._core import shape
from .._core.findings import Finding, Findings
from .._engine.fields import Field
from .instance_values import Values, lower, present, title
from .time_zones import wrong_time_zone

MOST_SCHEDULES = 4
_SCHEDULES_SOURCE = "docs/coverage.md CI9; ARM types, ComputeStartStopSchedule"


# What a user declares.
FREQUENCIES = ("minute", "hour", "day", "week", "month")
_TRIGGER_SPEC: Values = {
    "type": {"type": "str", "required": True, "choices": ["cron", "recurrence"]},
    "expression": {"type": "str"},
    "frequency": {"type": "str", "choices": list(FREQUENCIES)},
    "interval": {"type": "int"},
    "schedule": {
        "type": "dict",
        "options": {
            "hours": {"type": "list", "elements": "int"},
            "minutes": {"type": "list", "elements": "int"},
            "week_days": {"type": "list", "elements": "str"},
            "month_days": {"type": "list", "elements": "int"},
        },
    },
    "start_time": {"type": "str"},
    "time_zone": {"type": "str"},
}
SCHEDULE_SPEC: Values = {
    "action": {"type": "str", "required": True, "choices": ["start", "stop"]},
    "state": {"type": "str", "choices": ["enabled", "disabled"]},
    "trigger": {"type": "dict", "required": True, "options": _TRIGGER_SPEC},
}

# What the service sends for them.
_TEXTS, _NUMBERS = shape.list_of(shape.TEXT), shape.list_of(shape.NUMBER)
_PATTERN = shape.mapping({"hours": _NUMBERS, "minutes": _NUMBERS, "weekDays": _TEXTS, "monthDays": _NUMBERS})
_TRIGGER = {"startTime": shape.TEXT, "timeZone": shape.TEXT}
SCHEDULES = shape.list_of(shape.mapping({
    "action": shape.TEXT, "status": shape.TEXT, "triggerType": shape.TEXT,
    "cron": shape.mapping({**_TRIGGER, "expression": shape.TEXT}),
    "recurrence": shape.mapping({**_TRIGGER, "frequency": shape.TEXT, "interval": shape.NUMBER, "schedule": _PATTERN}),
}))  # fmt: skip


def schedules_to_arm(items: list[Values]) -> list[Values]:
    return [_schedule_to_arm(item) for item in items]


def _schedule_to_arm(item: Values) -> Values:
    trigger = item.get("trigger") or {}
    kind = lower(trigger.get("type"))
    common = {"startTime": trigger.get("start_time"), "timeZone": trigger.get("time_zone")}
    body: Values = {
        "action": title(item.get("action")),
        "triggerType": title(kind),
        "status": title(item.get("state") or "enabled"),
    }
    if kind == "cron":
        body["cron"] = present({"expression": trigger.get("expression"), **common})
        return body
    pattern = trigger.get("schedule") or {}
    schedule = {
        "hours": pattern.get("hours"),
        "minutes": pattern.get("minutes"),
        "weekDays": [title(day) for day in pattern["week_days"]] if pattern.get("week_days") else None,
        "monthDays": pattern.get("month_days"),
    }
    body["recurrence"] = present(
        {
            "frequency": title(trigger.get("frequency")),
            "interval": trigger.get("interval") or 1,
            **common,
            "schedule": present(schedule) or None,
        }
    )
    return body


def schedules_from_arm(items: list[Values]) -> list[Values]:
    return [_schedule_from_arm(item) for item in items or []]


def _schedule_from_arm(item: Values) -> Values:
    kind = lower(item.get("triggerType"))
    inner = item.get(kind) if kind else None
    detail: Values = inner if isinstance(inner, dict) else {}
    trigger: Values = {"type": kind, "start_time": detail.get("startTime"), "time_zone": detail.get("timeZone")}
    if kind == "cron":
        trigger["expression"] = detail.get("expression")
    else:
        pattern = detail.get("schedule") or {}
        days = pattern.get("weekDays")
        schedule = {
            "hours": pattern.get("hours"),
            "minutes": pattern.get("minutes"),
            "week_days": [lower(day) for day in days] if days else None,
            "month_days": pattern.get("monthDays"),
        }
        trigger |= {
            "frequency": lower(detail.get("frequency")),
            "interval": detail.get("interval"),
            "schedule": present(schedule) or None,
        }
    return {"action": lower(item.get("action")), "state": lower(item.get("status")), "trigger": present(trigger)}


def same_schedules(current: t.Any, declared: t.Any) -> bool:
    """Whether the current schedules are the declared ones, in any order; a start time that was not declared is the service's own."""
    unmatched = list(current or [])
    for item in declared or []:
        match = next((schedule for schedule in unmatched if _same_schedule(schedule, item)), None)
        if match is None:
            return False
        unmatched.remove(match)
    return not unmatched


def _same_schedule(current: Values, declared: Values) -> bool:
    desired = _schedule_from_arm(_schedule_to_arm(declared))
    if (current.get("action"), current.get("state") or "enabled") != (desired["action"], desired["state"]):
        return False
    existing = {"time_zone": "UTC", **(current.get("trigger") or {})}
    for key, value in desired["trigger"].items():
        if _canon_part(key, existing.get(key)) != _canon_part(key, value):
            return False
    return True


def _canon_part(key: str, value: t.Any) -> t.Any:
    if key == "expression" and isinstance(value, str):
        return " ".join(value.split())
    if key == "start_time" and isinstance(value, str):
        return re.sub(r"(\.0+)?(Z|\+00:00)?$", "", value)
    if key == "time_zone":
        return str(value or "UTC").casefold()
    if key == "schedule" and isinstance(value, dict):
        return {name: sorted(part) for name, part in value.items() if part}
    return lower(value)


def check_schedules(items: list[Values], option: str) -> Findings:
    if len(items) > MOST_SCHEDULES:
        message = f"{option} holds {len(items)} schedules; an instance can have at most {MOST_SCHEDULES}."
        yield Finding("TooManySchedules", option, message, _SCHEDULES_SOURCE)
    for number, item in enumerate(items):
        place = f"{option}[{number}].trigger"
        for problem in _wrong_trigger(item.get("trigger") or {}):
            yield Finding("InvalidSchedule", place, f"{place}.{problem}", _SCHEDULES_SOURCE)


def _wrong_trigger(trigger: Values) -> t.Iterator[str]:
    """What is wrong with the trigger of a schedule, each from the name of the part on."""
    kind = lower(trigger.get("type"))
    if kind == "cron" and not _is_cron(str(trigger.get("expression") or "")):
        yield (
            "expression must be a cron expression of five fields in their ranges (minute hour day month weekday), "
            f"such as '0 19 * * *' for every day at 19:00; {trigger.get('expression')!r} is not."
        )
    if trigger.get("start_time") is not None and not _is_time(trigger["start_time"]):
        yield f"start_time must be a time such as 2026-01-31T18:00:00; {trigger['start_time']!r} is not."
    wrong_zone = None if trigger.get("time_zone") is None else wrong_time_zone(trigger["time_zone"])
    if wrong_zone:
        yield f"time_zone {wrong_zone}"
    if kind == "recurrence":
        yield from _wrong_recurrence(trigger)
    if kind not in ("cron", "recurrence"):
        yield "type must be cron or recurrence."


# The fields of a cron expression: lowest, highest, and whether names (MON, JAN) are allowed. 0 and 7 are both Sunday.
_CRON = ((0, 59, False), (0, 23, False), (1, 31, False), (1, 12, True), (0, 7, True))
_CRON_PART = re.compile(r"^(?:\*|(?P<first>\d+|[A-Za-z]{3})(?:-(?P<last>\d+|[A-Za-z]{3}))?)(?:/(?P<step>[1-9]\d*))?\Z")


def _is_cron(expression: str) -> bool:
    fields = expression.split()
    return len(fields) == len(_CRON) and all(_is_cron_field(text, *limits) for text, limits in zip(fields, _CRON))


def _is_cron_field(text: str, lowest: int, highest: int, names: bool) -> bool:
    for part in text.split(","):
        match = _CRON_PART.match(part)
        ends = [end for end in (match["first"], match["last"]) if end] if match else ["none"]
        if any(not lowest <= int(end) <= highest if end.isdigit() else not (names and match) for end in ends):
            return False
    return True


def _is_time(value: t.Any) -> bool:
    """A date with a time, as the CLI's schema has it; the zone is in time_zone, but is accepted here too."""
    text = str(value)
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return False
    return re.match(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:", text) is not None


_WEEK_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# By the part of a recurrence's pattern: whether an item of its list fits, and what an item must be.
_PATTERN_PARTS: dict[str, tuple[t.Callable[[t.Any], bool], str]] = {
    "hours": (lambda hour: 0 <= hour <= 23, "from 0 to 23"),
    "minutes": (lambda minute: 0 <= minute <= 59, "from 0 to 59"),
    "week_days": (lambda day: lower(day) in _WEEK_DAYS, f"of {', '.join(_WEEK_DAYS)}"),
    # Whether days can be counted from the month's end, by negative numbers, no document says.
    "month_days": (lambda day: 1 <= abs(day) <= 31, "from 1 to 31"),
}


def _wrong_recurrence(trigger: Values) -> t.Iterator[str]:
    if lower(trigger.get("frequency")) not in FREQUENCIES:
        yield f"frequency must be one of {', '.join(FREQUENCIES)}."
    if trigger.get("interval") is not None and trigger["interval"] < 1:
        yield "interval must be at least 1."
    pattern = trigger.get("schedule") or {}
    for part, (fits, what) in _PATTERN_PARTS.items():
        if not all(fits(item) for item in pattern.get(part) or []):
            yield f"schedule.{part} must be {what}."


class ScheduleField(Field):
    def same(self, left: t.Any, right: t.Any) -> bool:
        return same_schedules(left, right)
