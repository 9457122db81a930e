# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read back: a change is reported as done when a fresh GET shows the declared values."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import replace

from .._core.errors import ArmError
from .kind import Body, Kind
from .outcome import NotApplied
from .plan import NONE, Declared, Plan
from .planning import plan_target
from .remote import RemoteResource

# Seconds between two reads that may show the old values.
_BETWEEN_READS = 2.0


def read_back(remote: RemoteResource, declared: Declared, *, settling: bool) -> Body:
    """A fresh GET must show what was declared; anything else is a failure that says so."""
    # Whether a secret was taken shows nowhere.
    behaviour = replace(remote.behaviour, update_secrets=False)

    def remaining(body: Body) -> Plan | None:
        plan = plan_target(remote.kind, declared, body, behaviour)
        return None if plan.action == NONE else plan

    deadline = remote.wait.stale_read_deadline()
    while True:
        body = remote.wait.until_settled(remote.read(), settling=settling)
        difference = None if body is None else remaining(body)
        if body is not None and difference is None:
            return body
        if not deadline.remaining:
            raise _not_applied(remote, difference)
        remote.wait.sleep(min(_BETWEEN_READS, deadline.remaining))


@contextlib.contextmanager
def explained(kind: Kind, *, created: bool) -> t.Iterator[None]:
    """Inside it, a refusal of the service has the kind's explanation."""
    try:
        yield
    except ArmError as error:
        kind.explain_refusal(error, created=created)
        raise


def _not_applied(remote: RemoteResource, left: Plan | None) -> NotApplied:
    if left is None:
        problem = "the service said that it was done, but the resource is not there"
        details: t.Any = None
    else:
        shown = [change.shown for change in left.changes]
        differences = "; ".join(f"{c.field} is {c.before!r} instead of {c.after!r}" for c in shown)
        problem = f"the service said that it was done, but a fresh GET shows other values: {differences or left.reason}"
        details = [change.to_dict() for change in left.changes]
    return NotApplied(
        f"{remote.title} is not as declared: {problem}.",
        details=details,
        target=remote.target.id,
        hint="Run the same task again; if the old values stay after a replacement, use another name "
        "(azure-rest-api-specs#18889).",
    )
