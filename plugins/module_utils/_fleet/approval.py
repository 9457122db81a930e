# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that are written to a file in check mode, and that a later run applies exactly, or refuses. Pure, but for the file of ``read``.

A plan has no secrets. Whether values that it does not show have changed is known by its seal: an scrypt digest of the whole plan with all values,
which takes long to compute, so that values cannot be guessed from it. The same plan has the same file.

Who can write the file can also compute its digest again. Still only what this file says is applied, since the run compares the targets with its own
plan; and what was read is the same, since the table must be the one of the targets. Only the estimated cost is compared with nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from collections import Counter

from .._core import files, redact, shape
from .._core.arm_id import ArmId, short_names
from .._core.errors import AmlError, ChangedMeanwhile
from .._core.findings import EACH, Finding
from .._engine import incarnation
from .._engine.plan import CREATE, NONE, REPLACE, UPDATE, Plan, shown
from . import overview
from .cost import Total
from .entry import Entry

VERSION = 1
# In bytes. A target has a few hundred.
LARGEST = 64 * 1024 * 1024
_REMEDY = (
    "Set approved_plan (for the roles and playbooks: aml_fleet_approved_plan) to the file that check mode wrote to plan_file, "
    "or create the plan again."
)
# What a run compares with its own plan.
_APPLIED = ("version", "fleet", "targets", "seal")

Json = dict[str, t.Any]
Row = dict[str, t.Any]
Mask = t.Callable[[t.Any], t.Any]


class PlanChanged(AmlError):
    """The plan of this run is not the approved one. Nothing was written."""

    default_code = "PlanChanged"
    has_lines = True


def document(entries: t.Sequence[Entry], fleet: str | None, cost: Total | None, mask: Mask) -> Json:
    """The plan as it is written to a file. ``mask`` hides secrets in a tree."""
    rows = _rows(entries)
    content = {"version": VERSION, "fleet": fleet, "targets": _masked(rows, mask)}
    plan: Json = {**content, "seal": _seal(rows, _canonical(content))}
    if cost is not None:
        changed = [entry for entry in entries if entry.plan.changed and not entry.failed]
        costs = {entry.target.id: overview.cost_text(entry) for entry in changed}
        plan["cost"] = {"targets": costs, "total": overview.cost_lines(changed, cost)}
    return {"digest": digest(plan), **plan, "table": table(plan)}


def digest(plan: Json) -> str:
    """The SHA-256 of the plan, for comparisons by people and programs. The table follows from the rest."""
    content = {name: plan.get(name) for name in (*_APPLIED, "cost")}
    return f"sha256:{hashlib.sha256(_canonical(content)).hexdigest()}"


def table(plan: Json) -> list[str]:
    """The lines that people read, from what is applied."""
    costs = plan.get("cost") or {"targets": {}, "total": []}
    names = short_names([ArmId(row["id"]).workspace for row in plan["targets"]])
    lines = [_line(row, names, costs["targets"].get(row["id"])) for row in plan["targets"]]
    counts = Counter(line.action for line in lines)
    totals = overview.totals_line({**counts, "targets": len(lines), "failed": 0}, check_mode=True)
    return [*overview.aligned(sorted(lines, key=lambda line: line.rank)), totals, *costs["total"]]


def _line(row: Row, names: t.Mapping[str, str], cost: str | None) -> overview.Line:
    changes = [(change["field"], change["before"], change["after"]) for change in row["changes"]]
    return overview.Line(_location(ArmId(row["id"]), names), row["action"], changes, row["reason"] or "", cost)


def _location(identifier: ArmId, names: t.Mapping[str, str]) -> str:
    return identifier.labelled(names[identifier.workspace.casefold()])


def read(given: t.Any) -> tuple[Json | None, list[Finding]]:
    """The approved plan of the option, which is its path or its content, and what is wrong with it. None where none is given."""
    if given is None:
        return None, []
    name = "approved_plan"
    try:
        if isinstance(given, str) and not given.lstrip().startswith("{"):
            name = os.path.abspath(os.path.expanduser(given))
            given = files.read_text(name, LARGEST)
        content = json.loads(given) if isinstance(given, str) else given
        problem = _problem(content)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        problem = f"is not valid JSON ({error})"
    if not problem:
        return t.cast(Json, content), []
    message = f"{name} {problem}. {_REMEDY}"
    return None, [Finding("PlanNotReadable", "approved_plan", message, "this collection")]


def _problem(content: t.Any) -> str | None:
    """Why what was given as an approved plan is none, or its table not the one of its targets."""
    if not isinstance(content, dict):
        return f"is {shape.with_article(shape.type_of(content))}, and not the content of a plan"
    try:
        readable = (
            content["version"] == VERSION
            and content["digest"] == digest(content)
            and content["table"] == table(content)
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # Of another shape than any plan.
        readable = False
    return None if readable else "is not a plan of this version of the collection, or it was edited"


def check(approved: Json, entries: t.Sequence[Entry], fleet: str | None, mask: Mask) -> None:
    """Raise PlanChanged if the plans of the entries are not exactly those that were approved; from then on, no entry does more."""
    now = document(entries, fleet, None, mask)
    if any(now[name] != approved[name] for name in _APPLIED):
        differences = list(_differences(approved, now))
        lines = [difference["message"] for difference in differences[:EACH]]
        if len(differences) > EACH:
            lines.append(f"and {len(differences) - EACH} more")
        raise PlanChanged(
            "\n  ".join(["The plan of this run is not the approved one:", *lines]),
            details=differences,
            hint="Nothing was written. Create the plan again in check mode, with the same document and options, and have it approved.",
        )
    for entry in entries:
        entry.approved = entry.plan


def check_step(entry: Entry, plan: Plan) -> None:
    """Raise ChangedMeanwhile if a plan that was made directly before a write does more than the approved one."""
    approved = entry.approved
    if approved is None or plan.action == NONE:
        return
    actions = {approved.action}
    if entry.attempts > 1 and approved.action in (CREATE, REPLACE):
        if plan.action == CREATE:
            # What this run has deleted for the approved replacement is created, with all that is declared.
            return
        # A creation of this run that failed is replaced.
        actions |= {CREATE, REPLACE}
    if entry.begun:
        # The second step of a creation, from what the first one has made.
        actions |= {UPDATE}
    known = [_change(change, entry.begun) for change in _raw(approved)]
    if plan.action in actions and all(_change(change, entry.begun) in known for change in _raw(plan)):
        return
    raise ChangedMeanwhile(
        f"It was not processed, because it changed after the plan of this run was made, which was {_shown(approved)}; "
        f"now it would be {_shown(plan)}.",
        target=entry.target.id,
        hint="Create the plan again in check mode, and have it approved.",
    )


def _shown(plan: Plan) -> str:
    row = _row("", plan)
    return _text({**row, "changes": [_without_values(change) for change in row["changes"]]})


def _raw(plan: Plan) -> list[Row]:
    return t.cast(list[Row], _row("", plan)["changes"])


def _change(change: Row, only_after: bool) -> bytes:
    return _canonical([change["field"], None if only_after else change["before"], change["after"]])


def _rows(entries: t.Iterable[Entry]) -> list[Row]:
    """What is planned, with all values, by the ids of the targets."""
    planned = [entry for entry in entries if entry.plan.changed and not entry.failed]
    rows = [
        {
            **_row(entry.target.id, entry.plan),
            "created": incarnation.created_at(entry.existing or {}),
            "secrets": {name: str(value) for name, value in entry.plan.secrets.items()},
        }
        for entry in planned
    ]
    return sorted(rows, key=lambda row: str(row["id"]).casefold())


def _row(identifier: str, plan: Plan) -> Row:
    changes = [{"field": change.field, "before": change.before, "after": change.after} for change in plan.changes]
    return {"id": identifier, "action": plan.action, "changes": changes, "reason": plan.reason}


def _masked(rows: t.Iterable[Row], mask: Mask) -> list[Row]:
    masked = [{name: value for name, value in row.items() if name != "secrets"} for row in rows]
    # The same in each run, unlike what results show in the place of values.
    nested = [{**row, "changes": [_without_values(change) for change in row["changes"]]} for row in masked]
    return t.cast(list[Row], mask(nested))


def _without_values(change: Row) -> Row:
    """A change without the values of variables, which are below the name of their field too."""
    sides = {
        side: redact.without_values_of(change["field"], change[side], redact.SHOWN, lambda _value: redact.PLACEHOLDER)
        for side in ("before", "after")
    }
    return {**change, **sides}


def _seal(rows: list[Row], salt: bytes) -> str:
    """A digest of all values. The salt is the plan itself, so that no two plans have the same."""
    return hashlib.scrypt(_canonical(rows), salt=hashlib.sha256(salt).digest(), n=2**14, r=8, p=1).hex()


def _canonical(value: t.Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode("utf-8", "surrogatepass")


def _differences(approved: Json, now: Json) -> t.Iterator[Json]:
    """Each target whose plan is another one, with both plans."""
    before, after = (_by_id(plan) for plan in (approved, now))
    names = short_names([ArmId(str(row.get("id"))).workspace for row in (*before.values(), *after.values())])
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old != new:
            identifier = ArmId(str((old or new or {}).get("id")))
            message = f"{_location(identifier, names)}: {_difference(old, new)}"
            yield {"target": str(identifier), "approved": old, "now": new, "message": message}
    if approved.get("fleet") != now.get("fleet"):
        message = f"the name of the fleet was {shown(approved.get('fleet'))}, and now it is {shown(now.get('fleet'))}"
        yield {"target": None, "approved": None, "now": None, "message": message}
    if before == after and approved.get("fleet") == now.get("fleet"):
        yield {
            "target": None,
            "approved": None,
            "now": None,
            "message": "values that the plan does not show are different",
        }


def _difference(old: Row | None, new: Row | None) -> str:
    before, now = ((row or {}).get("created") for row in (old, new))
    if before and now and before != now:
        return f"approved is {_text(old)} of the one that was created at {before!r}, and now there is another one, of {now}"
    return f"approved is {_text(old)}, and now it is {_text(new)}"


def _by_id(plan: Json) -> dict[str, Row]:
    return {str(row.get("id")).casefold(): row for row in plan.get("targets") or [] if isinstance(row, dict)}


def _text(row: Row | None) -> str:
    if row is None:
        return "no change"
    changes = ", ".join(
        f"{change['field']}: {shown(change['before'])} -> {shown(change['after'])}" for change in row["changes"]
    )
    return f"{row['action']} ({changes})" if changes else str(row["action"])
