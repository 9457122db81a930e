# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world of the simulator's own tests: a resource group with a workspace, in process, on a clock that only the test moves."""

from __future__ import annotations

from typing import Any

from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
from azureml_simulator.http import Response

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP = f"{SUB}/resourceGroups/rg"
PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE = f"{GROUP}/providers/{PROVIDER}/workspaces/ws1"
LOCATION = f"{SUB}/providers/{PROVIDER}/locations/eastus"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/sa"
HNS = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/lake"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/ai"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/uai"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
SUBNET = f"{VNET}/subnets/a"
ML, STABLE, PREVIEW = "2026-05-01", "2024-04-01", "2024-04-01-preview"
PUBLIC_KEY = "ssh-rsa AAAAB3NzaC1yc2E test@example.org"


def workspace_body(**properties: Any) -> dict[str, Any]:
    return {"location": "eastus", "properties": {"storageAccount": STORAGE, "keyVault": VAULT, **properties}}


def cluster_body(size: str = "Standard_DS3_v2", least: int = 0, most: int = 4, **inner: Any) -> dict[str, Any]:
    scale = {"minNodeCount": least, "maxNodeCount": most}
    properties = {"vmSize": size, "scaleSettings": scale, **inner}
    return {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": properties}}


class World:
    """One app, and the time that passes between its answers."""

    def __init__(self) -> None:
        self.app = App()
        # Far from the evenings at which schedules of tests stop something, whatever the time is here.
        self.app.clock.advance_to(3)
        # A clock that stands still makes times of tests exact; `wait` moves it.
        self.app.configure({"clock": {"speed": 0.0}})
        assert self.call("PUT", GROUP, {"location": "eastus"}, "2021-04-01").status == 201
        self.keep(STORAGE, isHnsEnabled=False)
        self.keep(HNS, isHnsEnabled=True)
        for resource_id in (VAULT, INSIGHTS, IDENTITY, VNET, SUBNET):
            self.keep(resource_id)
        self.require_success(self.call("PUT", WORKSPACE, workspace_body()))

    # -- requests ----------------------------------------------------------------------------------------------------

    def call(self, method: str, url: str, body: Any = None, version: str = ML, **more: Any) -> Response:
        """Send a request; the API version is added unless the address has one."""
        mark = "&" if "?" in url else "?"
        return self.app.call(
            method, url if "api-version=" in url else f"{url}{mark}api-version={version}", body, **more
        )

    def wait(self, seconds: float = 60) -> None:
        self.app.clock.advance(seconds)

    def get(self, path: str) -> dict[str, Any]:
        """The document of a compute target by its name, with all that any version shows, or of a resource by its id."""
        if path.startswith("/"):
            answer = self.call("GET", path)
        else:
            answer = self.call("GET", f"{WORKSPACE}/computes/{path}", version=PREVIEW)
        assert answer.status == 200, answer.body
        return dict(answer.body)

    def status(self, answer: Response) -> dict[str, Any]:
        """The status document of the operation that an answer started, at its address as it was given."""
        shown = self.app.call("GET", answer.headers["Azure-AsyncOperation"])
        assert shown.status == 200, shown.body
        return dict(shown.body)

    def final_status(self, answer: Response, seconds: float = 60) -> dict[str, Any]:
        """The status document of the operation when it is over."""
        assert answer.status in (201, 202), answer.body
        self.wait(seconds)
        return self.status(answer)

    def require_success(self, answer: Response) -> None:
        assert self.final_status(answer) == {"status": "Succeeded", "percentComplete": 100.0}

    def require_failure(self, answer: Response) -> dict[str, Any]:
        """Wait for an operation that fails; its error."""
        status = self.final_status(answer)
        assert status["status"] == "Failed", status
        return dict(status["error"])

    # -- resources ---------------------------------------------------------------------------------------------------

    def keep(self, resource_id: str, location: str = "eastus", **properties: Any) -> None:
        """A plain resource of another provider, put straight into the store."""
        parts = resource_id.split("/providers/")[1].split("/")
        kind = "/".join([parts[0], *parts[1::2]])
        doc = {"id": resource_id, "name": parts[-1], "type": kind, "location": location, "properties": properties}
        self.app.store.put(resource_id, doc)

    def resource(self, resource_id: str, properties: Any = None, version: str = "2023-05-01") -> str:
        """Create a plain resource by a request, and let its operation end."""
        sku = {"family": "A", "name": "standard"}
        vault = {"tenantId": "t", "sku": sku} if "/vaults/" in resource_id else {}
        answer = self.call("PUT", resource_id, {"location": "eastus", "properties": properties or vault}, version)
        assert answer.status in (200, 201, 202), answer.body
        self.wait()
        return resource_id

    # -- compute targets ---------------------------------------------------------------------------------------------

    def put(self, name: str, properties: dict[str, Any], version: str = PREVIEW, **top: Any) -> Response:
        return self.call(
            "PUT", f"{WORKSPACE}/computes/{name}", {"location": "eastus", "properties": properties, **top}, version
        )

    def inner(self, name: str) -> dict[str, Any]:
        return dict(self.get(name)["properties"]["properties"])

    def post(self, name: str, action: str, body: Any = None, version: str = STABLE) -> Response:
        return self.call("POST", f"{WORKSPACE}/computes/{name}/{action}", body, version)

    def delete(self, name: str, action: str) -> Response:
        return self.call("DELETE", f"{WORKSPACE}/computes/{name}?underlyingResourceAction={action}", version=STABLE)

    def cluster(self, name: str = "cpu", **body: Any) -> dict[str, Any]:
        """A cluster that is ready and steady."""
        self.require_success(self.call("PUT", f"{WORKSPACE}/computes/{name}", cluster_body(**body)))
        return self.get(name)


def refusal(answer: Response) -> tuple[int, str]:
    """The status and the code of an error."""
    return answer.status, answer.body["error"]["code"]


def message(answer: Response) -> str:
    return str(answer.body["error"]["message"])
