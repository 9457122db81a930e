# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator of Azure's control plane for Azure Machine Learning, on the loopback.

The public API: `Simulator` (a server in a process or a thread of its own), `App` (the same rules in process, without a socket), `StartError` and
`ControlError`. Everything else may change from one version to the next.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azureml_simulator.app import App
    from azureml_simulator.process import StartError
    from azureml_simulator.simulator import ControlError, Simulator

__version__ = "0.1.0"
__all__ = ["App", "ControlError", "Simulator", "StartError", "__version__"]

_MODULES = {"App": "app", "ControlError": "simulator", "Simulator": "simulator", "StartError": "process"}


def __getattr__(name: str) -> Any:
    """Import on first use: pytest imports this package in every run, because of the fixtures."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
