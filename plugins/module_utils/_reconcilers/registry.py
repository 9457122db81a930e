# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which reconciler brings a kind of compute target to its declared state: the one place that maps kinds to classes.

The package ``_reconcilers`` has what single kinds need beside the engine's own, and says which kind is brought about by which class. It may
import ``_kinds``, ``_engine``, ``_arm`` and ``_core``.
"""

from __future__ import annotations

from .._engine.reconciler import Reconciler
from .attached import AttachReconciler
from .instance import InstanceReconciler

_RECONCILERS: dict[str, type[Reconciler]] = {"amlcompute": Reconciler, "computeinstance": InstanceReconciler}


def reconciler_of(type_: str) -> type[Reconciler]:
    """The reconciler of a type in the CLI's spelling; every other type is attached."""
    return _RECONCILERS.get(type_, AttachReconciler)
