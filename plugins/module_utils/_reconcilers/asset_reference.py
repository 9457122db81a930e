# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment refers to: whether the version of a model, an environment or code is registered in the workspace."""

from __future__ import annotations

import typing as t

from .._core.arm_id import ArmId
from .._core.errors import AmlError, ArmError
from .._engine.remote import RemoteResource
from .._kinds.online_deployment import ASSETS


class AssetMissing(AmlError):
    """A version that a deployment refers to is not registered."""

    default_code = "AssetMissing"


def require_assets(remote: RemoteResource, values: t.Mapping[str, t.Any]) -> None:
    """Refuse references to what is not registered in a workspace: one read for each. ``values`` are by options.

    What a registry has is not read: another service answers for it.
    """
    for option in ASSETS:
        reference = ArmId(values.get(option) or "")
        asset = reference.parent
        if reference.startswith("/") and not _may_exist(remote, reference):
            raise AssetMissing(
                f"{remote.title} cannot use azureml:{asset.name}:{reference.name} as its {option}, because the workspace "
                f"{asset.parent.name!r} has no such version.",
                target=remote.target.id,
                details={"option": option, "id": str(reference)},
                hint=f"Nothing was sent. Register it first, or correct {option}.",
            )


def _may_exist(remote: RemoteResource, reference: ArmId) -> bool:
    """Also where that cannot be known: who may write deployments need not be allowed to read models, and the service says it then."""
    try:
        found = remote.client.find(reference, remote.kind.api_version) is not None
    except ArmError as error:
        if error.status != 403:
            raise
        return True
    # In check mode, an earlier task may create the workspace; before the next one, something may be registered in it.
    workspace = reference.parent.parent
    return found or (remote.behaviour.check_mode and remote.client.find(workspace, remote.kind.api_version) is None)
