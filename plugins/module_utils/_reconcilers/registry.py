# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What extends the engine for a kind of compute target: the one place that maps kinds to extensions.

The package ``_reconcilers`` implements the extension points of the engine for single kinds, and says which kind
has which. It may import ``_capacity``, ``_kinds``, ``_engine``, ``_arm`` and ``_core``.
"""

from __future__ import annotations

from .._engine.extensions import Extend, no_extension
from .._kinds.attached_types import ATTACHED
from .attached import AttachmentExtension
from .instance import InstanceExtension
from .online_endpoint import OnlineDeploymentExtension, OnlineEndpointExtension
from .role_assignment import RoleAssignmentExtension

_EXTENSIONS: dict[str, Extend] = {
    "computeinstance": InstanceExtension,
    "aks": AttachmentExtension,
    "online_endpoint": OnlineEndpointExtension,
    "online_deployment": OnlineDeploymentExtension,
    **dict.fromkeys(ATTACHED, AttachmentExtension),
    "role_assignment": RoleAssignmentExtension,
}


def extension_of(type_: str) -> Extend:
    """The extension of a type in the CLI's spelling; most kinds need none."""
    return _EXTENSIONS.get(type_, no_extension)
