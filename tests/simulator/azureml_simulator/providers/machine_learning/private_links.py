# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private links of a workspace: its connections, and privateLinkResources.

Group and zones: "Configure a private endpoint for an Azure Machine Learning workspace".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azureml_simulator.http import Request, Response
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE
from azureml_simulator.providers.private_links import Connections
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

_GROUP = "amlworkspace"
_ZONES = ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"]


class PrivateLinks:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.connections = Connections(app, WORKSPACE_TYPE, lambda p: common.find_workspace(app, p))

    def resources(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        resource = {
            "id": f"{workspace['id']}/privateLinkResources/{_GROUP}",
            "name": _GROUP,
            "type": f"{WORKSPACE_TYPE}/privateLinkResources",
            "location": workspace["location"],
            "properties": {"groupId": _GROUP, "requiredMembers": ["default"], "requiredZoneNames": _ZONES},
        }
        return Response(200, {"value": [resource]})

    def routes(self) -> list[Route]:
        links = f"{WORKSPACE}/privateLinkResources"
        return [
            *self.connections.routes(WORKSPACE, API_VERSIONS),
            Route("GET", links, self.resources, API_VERSIONS, f"{WORKSPACE_TYPE}/privateLinkResources/read"),
        ]
