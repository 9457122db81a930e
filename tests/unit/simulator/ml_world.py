# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A workspace to test in: an app with a group, dependents and a workspace, and short ways to ask it things."""
from __future__ import annotations

from typing import Any

from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
from azureml_simulator.http import Response

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
PROVIDER = "Microsoft.MachineLearningServices"
WS = f"{GROUP}/providers/{PROVIDER}/workspaces/ws1"
LOC = f"{SUB}/providers/{PROVIDER}/locations/eastus"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa"
HNS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/lake"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/ai"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
SUBNET = f"{VNET}/subnets/a"
VERSION = "?api-version=2025-12-01"


def workspace_body(**properties: Any) -> dict[str, Any]:
    return {"location": "eastus", "properties": {"storageAccount": STORAGE, "keyVault": VAULT, **properties}}


def cluster_body(size: str = "Standard_DS3_v2", least: int = 0, most: int = 4, **inner: Any) -> dict[str, Any]:
    scale = {"minNodeCount": least, "maxNodeCount": most}
    properties = {"vmSize": size, "scaleSettings": scale, **inner}
    return {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": properties}}


class World:
    """The app, and the time that passes between its answers."""

    def __init__(self) -> None:
        self.app = App()
        assert self.app.call("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "eastus"}).status == 201
        self.keep(STORAGE, isHnsEnabled=False)
        self.keep(HNS, isHnsEnabled=True)
        for resource_id in (VAULT, INSIGHTS, IDENTITY, VNET, SUBNET):
            self.keep(resource_id)
        self.done(self.ask("PUT", WS, workspace_body()))

    def keep(self, resource_id: str, location: str = "eastus", **properties: Any) -> None:
        """A plain resource of another provider, put straight into the store."""
        parts = resource_id.split("/providers/")[1].split("/")
        kind = "/".join([parts[0], *parts[1::2]])
        doc = {"id": resource_id, "name": parts[-1], "type": kind, "location": location, "properties": properties}
        self.app.store.put(resource_id, doc)

    def ask(self, method: str, path: str, body: Any = None, version: str = VERSION, **more: Any) -> Response:
        return self.app.call(method, path + version, body, **more)

    def poll(self, response: Response) -> dict[str, Any]:
        """One look at the operation, at its address as it was given."""
        answer = self.app.call("GET", response.headers["Azure-AsyncOperation"])
        assert answer.status == 200, answer.body
        return dict(answer.body)

    def end(self, response: Response, seconds: float = 60) -> dict[str, Any]:
        """The operation's state when it is over."""
        assert response.status in (201, 202), response.body
        self.app.clock.advance(seconds)
        return self.poll(response)

    def done(self, response: Response) -> None:
        assert self.end(response) == {"status": "Succeeded", "percentComplete": 100.0}

    def failed(self, response: Response) -> dict[str, Any]:
        status = self.end(response)
        assert status["status"] == "Failed", status
        return dict(status["error"])

    def get(self, path: str) -> dict[str, Any]:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    def cluster(self, name: str = "cpu", **body: Any) -> dict[str, Any]:
        """A cluster that is ready and steady."""
        self.done(self.ask("PUT", f"{WS}/computes/{name}", cluster_body(**body)))
        return self.get(f"{WS}/computes/{name}")


def refusal(response: Response) -> tuple[int, str]:
    return response.status, response.body["error"]["code"]
