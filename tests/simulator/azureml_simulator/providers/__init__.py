# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated resource providers, in the order in which their routes are collected.

Each module has `routes(app)` and, if it has anything to turn, `DEFAULTS`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

NAMES = (
    "resources",
    "tags",
    "authorization",
    "network",
    "generic",
    "names_and_keys",
    "compute",
    "private_links",
    "deployments",
    "diagnostic_settings",
    "kubernetes_extensions",
    "machine_learning.workspaces",
    "machine_learning.computes",
    "machine_learning.assets",
    "machine_learning.jobs",
    "machine_learning.batch_endpoints",
    "machine_learning.not_simulated",
    "machine_learning.online_endpoints",
    "machine_learning.registries",
    "machine_learning.locations",
    "machine_learning.quota_requests",
)


def load() -> list[ModuleType]:
    """All providers; one that fails to import fails the start."""
    return [importlib.import_module(f"{__name__}.{name}") for name in NAMES]
