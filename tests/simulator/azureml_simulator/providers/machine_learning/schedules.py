# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop schedules of compute instances: what is accepted, and when one is due next.

Shapes: types-2025-12-01.md ComputeStartStopSchedule, Cron (NCronTab, five fields) and Recurrence; at most four
[D, docs/coverage.md CI9]. The texts of the refusals are guesses. Missing parts of a recurrence are those of its
start, as in the Logic Apps syntax that the documentation names.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError
from azureml_simulator.providers.machine_learning.common import Document, mapping, refuse
from azureml_simulator.providers.machine_learning.time_zones import zone_of

MOST = 4
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_ABBREVIATIONS = {day[:3]: (number + 1) % 7 for number, day in enumerate(_DAYS)}
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_STEPS |= {"week": timedelta(weeks=1)}
# Two years reach the 29th of February of most cron expressions; beyond it a schedule counts as never due.
_HORIZON = timedelta(days=366 * 2)


def _choice(value: Any, allowed: tuple[str, ...], what: str, location: str) -> str:
    found = next((name for name in allowed if name.lower() == str(value).lower()), None)
    if found is None:
        raise refuse(f"The value '{value}' of '{what}' is not valid; it must be one of {', '.join(allowed)}.", location)
    return found


def accept(sent: Any, owner_id: str, location: str) -> Document:
    """Schedules as a GET shows them: `{"computeStartStop": [...]}`, each with its id and status."""
    entries = mapping(sent, "schedules").get("computeStartStop") or []
    if not isinstance(entries, list):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: 'computeStartStop' is no list.")
    if len(entries) > MOST:
        raise refuse(f"A compute instance can have at most {MOST} schedules; {len(entries)} were given.", location)
    return {"computeStartStop": [_accept_one(entry, owner_id, n, location) for n, entry in enumerate(entries)]}


def _accept_one(sent: Any, owner_id: str, number: int, location: str) -> Document:
    entry = copy.deepcopy(mapping(sent, "computeStartStop"))
    trigger = _choice(entry.get("triggerType"), ("Cron", "Recurrence"), "triggerType", location)
    body = mapping(entry.get(trigger.lower()), trigger.lower())
    if not body:
        raise refuse(f"The schedule's triggerType is '{trigger}', but '{trigger.lower()}' is missing.", location)
    try:
        if trigger == "Cron":
            _Cron(str(body.get("expression")))
        else:
            _check_recurrence(body)
        _start_of(body, UTC)
    except ValueError as error:
        raise refuse(f"The schedule is not valid: {error}.", location) from error
    if zone_of(body.get("timeZone")) is None:
        raise refuse(f"The time zone '{body['timeZone']}' is not known.", location)
    return {
        "id": str(entry.get("id") or stable_guid(owner_id, "schedule", str(number))),
        "provisioningStatus": "Completed",
        "status": _choice(entry.get("status") or "Enabled", ("Enabled", "Disabled"), "status", location),
        "action": _choice(entry.get("action"), ("Start", "Stop"), "action", location),
        "triggerType": trigger,
        "recurrence": body if trigger == "Recurrence" else None,
        "cron": body if trigger == "Cron" else None,
        "schedule": None,
    }


def _start_of(body: Document, zone: Any) -> datetime | None:
    """`startTime`, yyyy-MM-ddTHH:mm:ss in the schedule's zone."""
    text = body.get("startTime")
    return datetime.fromisoformat(str(text).removesuffix("Z")).replace(tzinfo=zone) if text else None


def next_due(entry: Document, after: float) -> float | None:
    """The first moment after `after` (seconds since the epoch) at which an enabled schedule acts."""
    if entry["status"] != "Enabled":
        return None
    cron = entry["triggerType"] == "Cron"
    body = entry["cron"] if cron else entry["recurrence"]
    zone = zone_of(body.get("timeZone"))
    assert zone is not None
    now = datetime.fromtimestamp(after, UTC).astimezone(zone)
    start = _start_of(body, zone)
    if start is not None and start > now:
        now = start - timedelta(minutes=1)
    found = _Cron(body["expression"]).after(now) if cron else _after(body, now, start, zone)
    return None if found is None else found.timestamp()


class _Cron:
    """Minute, hour, day of month, month, day of week; `*`, lists, ranges, steps and English names."""

    def __init__(self, expression: str) -> None:
        fields = expression.split()
        if len(fields) != 5:
            raise ValueError(f"the cron expression '{expression}' has not five fields")
        self.minutes = _field(fields[0], 0, 59)
        self.hours = _field(fields[1], 0, 23)
        self.days = _field(fields[2], 1, 31)
        self.months = _field(fields[3], 1, 12, _MONTHS)
        self.weekdays = {number % 7 for number in _field(fields[4], 0, 7, _DAY_ABBREVIATIONS)}

    def after(self, now: datetime) -> datetime | None:
        # NCrontab lets a day pass when both day fields match, unlike Vixie cron.
        moment = now.replace(second=0, microsecond=0, fold=0) + timedelta(minutes=1)
        last = now + _HORIZON
        while moment <= last:
            if (
                moment.month not in self.months
                or moment.day not in self.days
                or ((moment.weekday() + 1) % 7 not in self.weekdays)
            ):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minutes or moment <= now:
                moment += timedelta(minutes=1)
            else:
                return moment
        return None


def _field(text: str, low: int, high: int, names: dict[str, int] | None = None) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _slash, step = part.partition("/")
        first, _dash, last = span.partition("-")
        if first == "*":
            bottom, top = low, high
        else:
            bottom = _number(first, names)
            top = _number(last, names) if last else (high if step else bottom)
        width = _number(step, None) if step else 1
        if not (low <= bottom <= top <= high) or width < 1:
            raise ValueError(f"the cron field '{text}' is out of its range {low} to {high}")
        found |= set(range(bottom, top + 1, width))
    return found


def _number(text: str, names: dict[str, int] | None) -> int:
    value = (names or {}).get(text.lower()[:3])
    if value is not None and not text.isdigit():
        return value
    if not text.isdigit():
        raise ValueError(f"'{text}' is no number of a cron field")
    return int(text)


def _check_recurrence(body: Document) -> None:
    frequency = str(body.get("frequency", "")).lower()
    if frequency not in (*_STEPS, "month"):
        raise ValueError(f"the frequency '{body.get('frequency')}' is not one of Minute, Hour, Day, Week, Month")
    if not isinstance(body.get("interval"), int) or body["interval"] < 1:
        raise ValueError("the interval must be a number from 1 on")
    pattern = mapping(body.get("schedule"), "schedule")
    for name, low, high in (("minutes", 0, 59), ("hours", 0, 23), ("monthDays", 1, 31)):
        if any(not isinstance(value, int) or not low <= value <= high for value in pattern.get(name) or []):
            raise ValueError(f"'{name}' must be numbers from {low} to {high}")
    if any(str(day).lower() not in _DAYS for day in pattern.get("weekDays") or []):
        raise ValueError("'weekDays' must be English names of days")


def _after(body: Document, now: datetime, start: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The next moment of a recurrence; intervals count from its start."""
    frequency, interval = str(body["frequency"]).lower(), int(body["interval"])
    origin = start or datetime(2021, 1, 1, tzinfo=zone)
    if frequency in ("minute", "hour"):
        span = _STEPS[frequency] * interval
        return origin if origin > now else origin + span * ((now - origin) // span + 1)
    for moment in _moments(body, now, origin, zone):
        if moment > now and (start is None or moment >= start):
            return moment
    return None


def _moments(body: Document, now: datetime, origin: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The moments of a recurrence by days or longer, from the day of ``now`` on."""
    frequency, interval = str(body["frequency"]).lower(), int(body["interval"])
    pattern = mapping(body.get("schedule"), "schedule")
    times = [
        time(hour, minute, tzinfo=zone)
        for hour in sorted(pattern.get("hours") or [origin.hour])
        for minute in sorted(pattern.get("minutes") or [origin.minute])
    ]
    for offset in range(_HORIZON.days):
        date = now.date() + timedelta(days=offset)
        if _day_fits(date, origin.date(), frequency, interval, pattern):
            yield from (datetime.combine(date, moment) for moment in times)


def _day_fits(date: Any, origin: Any, frequency: str, interval: int, pattern: Document) -> bool:
    weekdays = [_DAYS.index(str(name).lower()) for name in pattern.get("weekDays") or []]
    if weekdays and date.weekday() not in weekdays:
        return False
    if frequency == "day":
        return bool((date - origin).days % interval == 0)
    if frequency == "week":
        monday, first = (moment - timedelta(days=moment.weekday()) for moment in (date, origin))
        fits = (monday - first).days // 7 % interval == 0
        return bool(fits and (weekdays or date.weekday() == origin.weekday()))
    months = (date.year - origin.year) * 12 + date.month - origin.month
    return bool(months % interval == 0 and date.day in (pattern.get("monthDays") or [origin.day]))
