# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated Entra ID's endpoints."""
from __future__ import annotations

from typing import TYPE_CHECKING

from simulator._routing import Route

if TYPE_CHECKING:
    from simulator._app import App


def routes(app: App) -> list[Route]:
    return []
