# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A soft-deleted workspace that blocks its name: recover it, or purge it (docs/facts.md d.2, d.3)."""

from __future__ import annotations

from .._core.errors import AmlError, ArmError
from .._engine.creation import send_creation
from .._engine.kind import Request
from .._engine.remote import RemoteResource

_BLOCKED = "soft-deleted workspace exists"

# The version that has allowRecoverSoftDeletedWorkspace (ARM types of workspaces 2022-05-01).
_RECOVERY_VERSION = "2022-05-01"


class SoftDeleted(AmlError):
    """The name is blocked by a workspace of that name which was deleted and can still be recovered."""

    default_code = "SoftDeletedWorkspace"


def is_blocked(error: ArmError) -> bool:
    """Whether the service refused a creation because of a soft-deleted workspace."""
    return _BLOCKED in f"{error.message} {error.details}".casefold()


def refusal(remote: RemoteResource, error: ArmError) -> SoftDeleted:
    return SoftDeleted(
        f"{remote.title} cannot be created, because a soft-deleted workspace of that name blocks it.",
        details=error.failure(),
        target=remote.target.id,
        hint="Set soft_deleted=recover to recover it with its history, or soft_deleted=purge to delete it permanently.",
    )


def purge(remote: RemoteResource) -> None:
    """Delete it permanently."""
    operation = remote.send(remote.kind.removal({"permanently_delete": True})).operation
    if operation is not None:
        remote.wait.for_operation(operation, "purged")


def recover(remote: RemoteResource, location: str | None) -> None:
    """Recover it. ``location`` is the declared region; None takes the resource group's."""
    group = None if location else remote.client.get(remote.target.parent_id, remote.kind.parent_api_version)
    body = {
        "location": location or (group or {}).get("location"),
        "properties": {"allowRecoverSoftDeletedWorkspace": "True"},
    }
    operation = send_creation(remote, Request("PUT", body, api_version=_RECOVERY_VERSION))
    if operation is not None:
        remote.wait.for_operation(operation, "recovered")
    remote.warnings.append(
        f"Recovered: {remote.target.name!r} was soft-deleted; its compute targets are gone and must be created again."
    )
