# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Methods of simulated addresses that the service has and no recording shows (specification: Update of connections, endpoints and deployments).

Without these routes the answer would be 405: that the service has no such method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azureml_simulator.http import Request, Response, not_simulated
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, PROVIDER, WORKSPACE
from azureml_simulator.routing import Route
from azureml_simulator.store import type_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

_TYPES = (
    "connections",
    "onlineEndpoints",
    "onlineEndpoints/deployments",
    "batchEndpoints",
    "batchEndpoints/deployments",
)


def _refuse(request: Request, p: dict[str, str]) -> Response:
    operation = f"{request.method} of '{type_of(request.path)}' with api-version '{request.api_version}'"
    raise not_simulated(f"The simulator does not have {operation} (path {request.path}).")


def _pattern(type_: str) -> str:
    names = "".join(f"/{name}/{{{name}}}" for name in type_.split("/"))
    return WORKSPACE + names


def routes(app: App) -> list[Route]:
    return [
        Route("PATCH", _pattern(type_), _refuse, API_VERSIONS, f"{PROVIDER}/workspaces/{type_}/write")
        for type_ in _TYPES
    ]
