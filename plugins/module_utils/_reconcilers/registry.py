# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What extends the engine for a kind: the one place that maps kinds to extensions.

The package ``_reconcilers`` implements the extension points of the engine for single kinds, and says which kind
has which. It may import ``_capacity``, ``_kinds``, ``_engine``, ``_arm`` and ``_core``.

Kinds are named by their classes, and extensions are imported when they are needed: a task pays for its own alone. Extensions that take more than the
resource are made by the job that has it: of workspaces, quotas, private endpoint connections and actions, and a role assignment's with options.
"""

from __future__ import annotations

import typing as t

from .._engine.extensions import Extend, no_extension
from .._engine.kind import Kind


def _attachment() -> Extend:
    from .attached import AttachmentExtension

    return AttachmentExtension


def _batch_deployment() -> Extend:
    from .batch_endpoint import BatchDeploymentExtension

    return BatchDeploymentExtension


def _batch_endpoint() -> Extend:
    from .batch_endpoint import BatchEndpointExtension

    return BatchEndpointExtension


def _instance() -> Extend:
    from .instance import InstanceExtension

    return InstanceExtension


def _online_deployment() -> Extend:
    from .online_endpoint import OnlineDeploymentExtension

    return OnlineDeploymentExtension


def _online_endpoint() -> Extend:
    from .online_endpoint import OnlineEndpointExtension

    return OnlineEndpointExtension


def _role_assignment() -> Extend:
    from .role_assignment import RoleAssignmentExtension

    return RoleAssignmentExtension


# By the name of a kind's class; it holds for the classes that extend it too.
EXTENSIONS: dict[str, t.Callable[[], Extend]] = {
    "AttachedKind": _attachment,
    "BatchDeployment": _batch_deployment,
    "BatchEndpoint": _batch_endpoint,
    "Instance": _instance,
    "OnlineDeployment": _online_deployment,
    "OnlineEndpoint": _online_endpoint,
    "RoleAssignment": _role_assignment,
}


def extension_of(kind: Kind) -> Extend:
    """The extension of a kind; most need none."""
    names = (cls.__name__ for cls in type(kind).__mro__)
    found = next((EXTENSIONS[name] for name in names if name in EXTENSIONS), None)
    return no_extension if found is None else found()
