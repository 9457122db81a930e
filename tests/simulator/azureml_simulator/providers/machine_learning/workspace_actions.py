# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on a workspace: listKeys, resyncKeys, diagnose (types-2025-12-01.md; statuses from the specification).

The keys are made up and stable; diagnose looks at what the simulator knows: dependents and locks.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.providers.machine_learning.operation_status import status_of
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

_RESULTS = (
    "userDefinedRouteResults",
    "networkSecurityRuleResults",
    "resourceLockResults",
    "dnsResolutionResults",
    "storageAccountResults",
    "keyVaultResults",
    "containerRegistryResults",
    "applicationInsightsResults",
    "otherResults",
)


def _key(*parts: str) -> str:
    return base64.b64encode(hashlib.sha512("|".join(parts).lower().encode()).digest()).decode()


class Actions:
    """The handlers of the actions."""

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)
        self.status.on_result("workspace.diagnose", self._diagnosis)

    def list_keys(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        properties = doc["properties"]
        storage, registry = properties.get("storageAccount"), properties.get("containerRegistry")
        body: Document = {
            "userStorageKey": _key("storage", storage) if storage else None,
            "userStorageArmId": storage,
            "appInsightsInstrumentationKey": self._instrumentation_key(properties.get("applicationInsights")),
            "containerRegistryCredentials": None,
            "notebookAccessKeys": {
                "primaryAccessKey": _key("notebook", doc["id"], "1"),
                "secondaryAccessKey": _key("notebook", doc["id"], "2"),
            },
        }
        if registry:
            passwords = [{"name": name, "value": _key(registry, name)[:32]} for name in ("password", "password2")]
            body["containerRegistryCredentials"] = {
                "location": doc["location"],
                "username": registry.rsplit("/", 1)[-1],
                "passwords": passwords,
            }
        return Response(200, body)

    def _instrumentation_key(self, insights: str | None) -> str | None:
        if not insights:
            return None
        known = ((self.app.store.get(insights) or {}).get("properties") or {}).get("InstrumentationKey")
        return known or stable_guid(insights, "instrumentation")

    def _begin(self, kind: str, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        operation = self.app.operations.start(
            kind,
            provider=common.PROVIDER,
            target=f"{doc['id']}/{kind}",
            location=doc["location"],
            subscription=p["sub"],
            data={"workspace": doc["id"]},
        )
        return Response(202, headers=self.status.workspace_headers(request, operation))

    def resync_keys(self, request: Request, p: dict[str, str]) -> Response:
        return self._begin("workspace.resync", request, p)

    def diagnose(self, request: Request, p: dict[str, str]) -> Response:
        return self._begin("workspace.diagnose", request, p)

    def _diagnosis(self, operation: Operation, request: Request) -> Any:
        value: dict[str, list[Document]] = {name: [] for name in _RESULTS}
        doc = self.app.store.get(operation.data["workspace"])
        if doc is None:
            return {"value": value}
        for name in ("storageAccount", "keyVault", "containerRegistry", "applicationInsights"):
            resource_id = doc["properties"].get(name)
            if resource_id and self.app.store.get(resource_id) is None:
                message = f"The resource '{resource_id}' does not exist."
                value[f"{name}Results"].append({"code": "ResourceNotFound", "level": "Error", "message": message})
        if common.scaling_locked(self.app, doc["id"]):
            message = "A lock covers the workspace; computes cannot be scaled or deleted."
            value["resourceLockResults"].append({"code": "ResourceLock", "level": "Warning", "message": message})
        return {"value": value}

    def routes(self) -> list[Route]:
        return [
            Route("POST", f"{WORKSPACE}/{verb}", handler, API_VERSIONS, f"{WORKSPACE_TYPE}/{verb}/action")
            for verb, handler in (
                ("listKeys", self.list_keys),
                ("resyncKeys", self.resync_keys),
                ("diagnose", self.diagnose),
            )
        ]
