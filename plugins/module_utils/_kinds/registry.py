# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind that a workspace lists.

The package ``_kinds`` has one file for each kind of resource: its table of fields, its rules, its bodies, its states. It knows no HTTP. It
may import ``_engine`` and ``_core``.
"""

from __future__ import annotations

from .._engine.kind import Body
from . import compute
from .aks import AKS
from .attached_types import ATTACHED
from .cluster import CLUSTER
from .instance import INSTANCE

# Every kind that a workspace lists, in the CLI's spelling.
INFO_KINDS: dict[str, compute.ComputeKind] = {
    "amlcompute": CLUSTER,
    "computeinstance": INSTANCE,
    "aks": AKS,
    **ATTACHED,
}


def kind_of(body: Body) -> compute.ComputeKind:
    """The kind of a compute target that was read; one without a specific table shows the fields that all kinds have."""
    return INFO_KINDS.get(compute.kind_name(body), compute.ANY)
