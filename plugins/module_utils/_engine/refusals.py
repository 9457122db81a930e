# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which plans an existing resource is left as it is, by what was read of it. Pure: no Ansible, no HTTP.

Single targets and fleets ask here, in check mode and otherwise, so that no run refuses what its check has planned. What needs further requests are the
extension points of ``extensions``.
"""

from __future__ import annotations

from .._core.arm_id import Target
from .._core.errors import AmlError, ArmError
from .._core.findings import refuse
from . import planning
from .behaviour import Behaviour
from .kind import FAILED, Body, Kind, Status
from .outcome import InUse, NotThere
from .plan import NONE, REPLACE, UPDATE, Declared, Plan, refuse_fixed


def title(kind: Kind, name: str) -> str:
    """The resource as the user knows it, at the beginning of a sentence."""
    return f"The {kind.label} {kind.about or name!r}"


def check_plan(kind: Kind, name: str, plan: Plan, declared: Declared, body: Body, behaviour: Behaviour) -> None:
    """Raise where the run would not carry out the plan, which was made for ``body``."""
    if plan.action == REPLACE:
        _check_replacement(kind, title(kind, name), plan, declared, body, behaviour)
    elif plan.action == UPDATE:
        refuse(kind.check_existing(declared, kind.read(body)))
        check_stopped(kind, name, plan, body, behaviour)
    elif plan.action == NONE:
        # What the service itself reports as failed is not a success, also where nothing differs.
        check_success(title(kind, name), kind.status(body), str(body.get("id")))


def _check_replacement(
    kind: Kind, resource: str, plan: Plan, declared: Declared, body: Body, behaviour: Behaviour
) -> None:
    """Raise where the resource must not be replaced: no one asked for it, it is in use, or something would be lost."""
    if planning.is_refused(kind, plan, body, behaviour):
        raise refuse_fixed(plan, resource, behaviour.can_replace)
    use = kind.in_use(body)
    if use and not behaviour.force:
        raise InUse(
            f"{resource} was not replaced, because {use}.",
            details={"plan": plan.to_dict()},
            hint=f"{kind.release}, or set force=true to interrupt it.",
        )
    lost = [] if kind.broken(body) else kind.lost_on_recreate(body, declared)
    if lost:
        raise AmlError(
            f"{resource} was not replaced, because the service does not return {', '.join(lost)}, which the new one would lack.",
            code="SecretNeeded",
            hint=f"Declare {', '.join(lost)} as well.",
        )
    kind.check_replacement(body)


def check_stopped(kind: Kind, name: str, plan: Plan, body: Body | None, behaviour: Behaviour) -> str | None:
    """Why the resource is in use, where the plan needs it stopped. InUse if that was not allowed."""
    use = kind.in_use(body) if body is not None and kind.needs_stop(plan) else None
    if use and not behaviour.force:
        raise InUse(
            f"{title(kind, name)} was not resized, because {use}, and a resize needs it stopped.",
            details={"plan": plan.to_dict()},
            hint="Stop it first, by a task with state=stopped and without size, or set force=true to have it stopped, resized and started again.",
        )
    return use


def require_creatable(kind: Kind, target: Target, declared: Declared, state: str) -> None:
    """NotThere for a resource that does not exist, is declared in a power state, and cannot be created with what was declared."""
    missing = [option for option in kind.required_on_create if not declared.get(option)]
    if missing:
        raise NotThere(
            f"{title(kind, target.name)} does not exist, so it cannot be {state}.",
            target=target.id,
            hint=f"Create it with state=present, or give its {' and '.join(missing)} and other options here too.",
        )


def check_success(resource: str, status: Status, identifier: str) -> None:
    """Raise for what the service reports as failed."""
    if status.state == FAILED:
        raise ArmError(
            f"{resource} is in the state {status.text}: {status.message or 'the service gives no reason.'}",
            code=status.code or "ProvisioningFailed",
            details=status.details,
            target=identifier,
            hint="The service refused it after it had accepted the request. Fix the cause and run the same task again.",
        )
