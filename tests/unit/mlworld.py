# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated workspace for tests of computes: in process, on a clock that only the test moves."""
from __future__ import annotations

from typing import Any

from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
from azureml_simulator.http import Response

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws1"
PREVIEW, STABLE = "2024-04-01-preview", "2024-04-01"
PUBLIC_KEY = "ssh-rsa AAAAB3NzaC1yc2E test@example.org"
_DEPENDENTS = {
    "storageAccount": ("Microsoft.Storage/storageAccounts", "aml0store", "2023-04-01"),
    "keyVault": ("Microsoft.KeyVault/vaults", "aml-vault", "2023-07-01"),
    "applicationInsights": ("Microsoft.Insights/components", "aml-insights", "2020-02-02"),
}


class World:
    """One app with a resource group and a workspace that is ready."""

    def __init__(self) -> None:
        self.app = App()
        # Far from the evenings at which schedules of tests stop something, whatever the time is here.
        self.app.clock.advance_to(3)
        # A clock that stands still makes times of tests exact; `wait` moves it.
        self.app.configure({"clock": {"speed": 0.0}})
        assert self.call("PUT", GROUP, {"location": "eastus"}, "2021-04-01").status == 201
        properties: dict[str, Any] = {}
        for name, (kind, resource, version) in _DEPENDENTS.items():
            properties[name] = f"{GROUP}/providers/{kind}/{resource}"
            self.resource(properties[name], version=version)
        body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties}
        assert self.call("PUT", WORKSPACE, body).status == 202
        self.wait()

    def call(self, method: str, url: str, body: Any = None, version: str = STABLE, **more: Any) -> Response:
        mark = "&" if "?" in url else "?"
        full = url if "api-version=" in url else f"{url}{mark}api-version={version}"
        return self.app.call(method, full, body, **more)

    def wait(self, seconds: float = 60) -> None:
        self.app.clock.advance(seconds)

    def resource(self, resource_id: str, properties: Any = None, version: str = "2023-05-01") -> str:
        """Create a plain resource and let its operation end."""
        sku = {"family": "A", "name": "standard"}
        vault = {"tenantId": "t", "sku": sku} if "/vaults/" in resource_id else {}
        answer = self.call("PUT", resource_id, {"location": "eastus", "properties": properties or vault}, version)
        assert answer.status in (200, 201, 202), answer.body
        self.wait()
        return resource_id

    # -- computes ----------------------------------------------------------------------------------------------------

    def put(self, name: str, properties: dict[str, Any], version: str = STABLE, **top: Any) -> Response:
        body = {"location": "eastus", "properties": properties, **top}
        return self.call("PUT", f"{WORKSPACE}/computes/{name}", body, version)

    def get(self, name: str) -> dict[str, Any]:
        answer = self.call("GET", f"{WORKSPACE}/computes/{name}")
        assert answer.status == 200, answer.body
        return dict(answer.body)

    def inner(self, name: str) -> dict[str, Any]:
        return dict(self.get(name)["properties"]["properties"])

    def post(self, name: str, action: str, body: Any = None, version: str = STABLE) -> Response:
        return self.call("POST", f"{WORKSPACE}/computes/{name}/{action}", body, version)

    def delete(self, name: str, action: str) -> Response:
        return self.call("DELETE", f"{WORKSPACE}/computes/{name}?underlyingResourceAction={action}")

    def status(self, answer: Response) -> dict[str, Any]:
        """The status document of the operation that an answer started."""
        return dict(self.call("GET", answer.headers["Azure-AsyncOperation"]).body)


def code(answer: Response) -> tuple[int, str]:
    return answer.status, answer.body["error"]["code"]


def message(answer: Response) -> str:
    return str(answer.body["error"]["message"])
