# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The compute target that an endpoint or a deployment names: whether it exists, and whether it can be used for that."""

from __future__ import annotations

from .._core import canon
from .._core.arm_id import ArmId
from .._core.errors import AmlError
from .._engine.kind import FAILED, Kind
from .._engine.remote import RemoteResource
from .._engine.waiting import is_deleting
from .._kinds.compute import ANY, kind_name


class ComputeMissing(AmlError):
    """The compute target of an endpoint or a deployment does not exist."""

    default_code = "ComputeMissing"


class ComputeUnsuitable(AmlError):
    """The compute target of an endpoint or a deployment is of another type, or has failed."""

    default_code = "ComputeUnsuitable"


# --- rules of the service, for single targets and for fleets ---


def missing(title: str, target: str, compute: str, why: str = "it does not exist") -> ComputeMissing:
    return ComputeMissing(
        f"{title} cannot use the compute target {ArmId(compute).name!r}, because {why}.",
        target=target,
        hint="Nothing was sent. Create the compute target first, or correct compute.",
    )


def check_type(kind: Kind, title: str, target: str, compute: str, type_: str) -> None:
    """``type_`` is the type of the compute target, in the CLI's spelling."""
    if type_ in kind.runs_on:
        return
    raise ComputeUnsuitable(
        f"{title} cannot use the compute target {ArmId(compute).name!r}, because it is of type {type_}.",
        target=target,
        hint=f"Nothing was sent. Name a compute target of type {' or '.join(kind.runs_on)}.",
    )


def require_compute(remote: RemoteResource, compute: str | None, *, working: bool = False) -> None:
    """Refuse a compute target that an endpoint or a deployment cannot be written with. One read.

    working  whether it must not have failed: what starts at once needs one that works, what is for later jobs does not
    """
    if not compute or _is_written_earlier(remote, compute):
        return
    title, target = remote.title, remote.target.id
    body = remote.client.find(compute, remote.kind.api_version)
    if body is None:
        if _is_expected(remote, compute):
            return
        raise missing(title, target, compute)
    if is_deleting(body):
        raise missing(title, target, compute, "it is being deleted")
    check_type(remote.kind, title, target, compute, kind_name(body))
    status = ANY.status(body)
    if working and status.state == FAILED:
        raise ComputeUnsuitable(
            f"{title} cannot use the compute target {ArmId(compute).name!r}, because that has failed: {status.message}",
            target=target,
            hint="Nothing was sent. Fix the compute target first, with the module that manages it, or name another one.",
        )


def _is_written_earlier(remote: RemoteResource, compute: str) -> bool:
    """In check mode, what an earlier task or target of the run writes is read as it was before."""
    return remote.behaviour.check_mode and canon.arm_id(compute) in remote.behaviour.created_earlier


def _is_expected(remote: RemoteResource, compute: str) -> bool:
    """Whether a missing compute target may exist in the run: in check mode, what creates the workspace may create it too."""
    if not remote.behaviour.check_mode:
        return False
    workspace = ArmId(compute).workspace
    if canon.arm_id(workspace) in remote.behaviour.created_earlier:
        return True
    return remote.client.find(workspace, remote.kind.api_version) is None
