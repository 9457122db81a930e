# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on a workspace: keys, resyncKeys, diagnose, notebooks (types-2025-12-01.md; statuses from the specification, or a recording where one is named).

Recordings: Azure/azure-powershell, MachineLearningServices.Autorest/test. The keys are made up and stable; diagnose looks at what the simulator knows:
dependents and locks.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common, outbound_dependencies
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.providers.machine_learning.operation_status import status_of
from azureml_simulator.providers.names_and_keys import account_keys
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

# What a diagnosis looks at, and where its findings are shown (DiagnoseRequestProperties, DiagnoseResponseResultValue).
_RESULTS = {
    "udr": "userDefinedRouteResults",
    "nsg": "networkSecurityRuleResults",
    "resourceLock": "resourceLockResults",
    "dnsResolution": "dnsResolutionResults",
    "storageAccount": "storageAccountResults",
    "keyVault": "keyVaultResults",
    "containerRegistry": "containerRegistryResults",
    "applicationInsights": "applicationInsightsResults",
    "others": "otherResults",
}
# Of the about 140 entries of the recording those that concern compute targets.
_FEATURES = (
    ("compute_sdk_attachcompute", "Attach compute SDK", "Attach compute targets from SDK"),
    ("compute_sdk_createeditcompute", "Create edit compute SDK", "Create, edit or delete compute targets from SDK"),
    ("compute_sdk_requestquota", "Request quota SDK", "Request compute quota assignment from SDK"),
    ("compute_sdk_viewcomputetarget", "View compute target SDK", "View a list of compute targets from SDK"),
    ("compute_sdk_viewquota", "View quota SDK", "View compute quota assignment from SDK"),
)


def _key(*parts: str) -> str:
    return base64.b64encode(hashlib.sha512("|".join(parts).lower().encode()).digest()).decode()


def _notebook_keys(doc: Document) -> Document:
    return {f"{order}AccessKey": _key("notebook", doc["id"], order) for order in ("primary", "secondary")}


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
            "userStorageKey": self._storage_key(storage) if storage else None,
            "userStorageArmId": storage,
            "appInsightsInstrumentationKey": self._instrumentation_key(properties.get("applicationInsights")),
            "containerRegistryCredentials": None,
            "notebookAccessKeys": _notebook_keys(doc),
        }
        if registry:
            passwords = [{"name": name, "value": _key(registry, name)[:32]} for name in ("password", "password2")]
            body["containerRegistryCredentials"] = {
                "location": doc["location"],
                "username": registry.rsplit("/", 1)[-1],
                "passwords": passwords,
            }
        return Response(200, body)

    def _storage_key(self, storage: str) -> str:
        """The key of the storage account; a made-up one of an account that is gone, whose key the service has kept."""
        account = self.app.store.get(storage)
        return str(account_keys(self.app, account)[0]["value"]) if account else _key("storage", storage)

    def _instrumentation_key(self, insights: str | None) -> str | None:
        if not insights:
            return None
        known = ((self.app.store.get(insights) or {}).get("properties") or {}).get("InstrumentationKey")
        return known or stable_guid(insights, "instrumentation")

    def _start(self, kind: str, p: dict[str, str], **data: Any) -> Operation:
        doc = common.find_workspace(self.app, p)
        return self.app.operations.start(
            kind,
            provider=common.PROVIDER,
            target=f"{doc['id']}/{kind}",
            location=doc["location"],
            subscription=p["sub"],
            data={"workspace": doc["id"], **data},
        )

    def resync_keys(self, request: Request, p: dict[str, str]) -> Response:
        """Both addresses, with a plain guid [REC Sync-AzMLWorkspaceKey, 2025-11-04]."""
        operation = self._start("workspace.resync", p)
        return Response(202, headers=self.status.workspace_headers(request, operation, plain=True))

    def diagnose(self, request: Request, p: dict[str, str]) -> Response:
        """Location alone, where the result is shown: of what was asked for, or of all [REC R29]."""
        asked = common.mapping(request.json_object.get("value"), "value")
        operation = self._start(
            "workspace.diagnose", p, asked=[name for name in _RESULTS if not asked or name in asked]
        )
        headers = self.status.workspace_headers(request, operation, plain=True)
        return Response(202, headers={"Location": headers["Location"]})

    def _diagnosis(self, operation: Operation, request: Request) -> Any:
        value: dict[str, list[Document]] = {_RESULTS[name]: [] for name in operation.data["asked"]}
        doc = self.app.store.get(operation.data["workspace"])
        for code, key, message in self._findings(doc) if doc else ():
            if key in value:
                level = "Error" if code == "ResourceNotFound" else "Warning"
                value[key].append({"code": code, "level": level, "message": message})
        return {"value": value}

    def _findings(self, doc: Document) -> Iterator[tuple[str, str, str]]:
        for name in ("storageAccount", "keyVault", "containerRegistry", "applicationInsights"):
            resource_id = doc["properties"].get(name)
            if resource_id and self.app.store.get(resource_id) is None:
                yield "ResourceNotFound", f"{name}Results", f"The resource '{resource_id}' does not exist."
        if common.scaling_locked(self.app, doc["id"]):
            message = "A lock covers the workspace; computes cannot be scaled or deleted."
            yield "ResourceLock", "resourceLockResults", message

    def notebook_keys(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        return Response(200, _notebook_keys(doc))

    def storage_keys(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        return Response(200, {"userStorageKey": self._storage_key(str(doc["properties"].get("storageAccount")))})

    def notebook_token(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        notebook = doc["properties"]["notebookInfo"]
        body = {
            "notebookResourceId": notebook["resourceId"],
            "hostName": "",
            "publicDns": notebook["fqdn"],
            "accessToken": _key("notebook token", doc["id"]),
            "tokenType": "Bearer",
            "expiresIn": 28800,
            "refreshToken": "",
            "scope": "aznb_identity",
        }
        return Response(200, body)

    def features(self, request: Request, p: dict[str, str]) -> Response:
        common.find_workspace(self.app, p)
        value = [{"id": name, "displayName": title, "description": text} for name, title, text in _FEATURES]
        return Response(200, {"value": value})

    def outbound_dependencies(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": outbound_dependencies.categories(common.find_workspace(self.app, p))})

    def routes(self) -> list[Route]:
        posts = [
            Route("POST", f"{WORKSPACE}/{verb}", handler, API_VERSIONS, f"{WORKSPACE_TYPE}/{verb}/action")
            for verb, handler in (
                ("listKeys", self.list_keys),
                ("resyncKeys", self.resync_keys),
                ("diagnose", self.diagnose),
                ("listNotebookKeys", self.notebook_keys),
                ("listNotebookAccessToken", self.notebook_token),
                ("listStorageAccountKeys", self.storage_keys),
            )
        ]
        gets = [
            Route("GET", f"{WORKSPACE}/{name}", handler, API_VERSIONS, f"{WORKSPACE_TYPE}/{name}/read")
            for name, handler in (
                ("features", self.features),
                ("outboundNetworkDependenciesEndpoints", self.outbound_dependencies),
            )
        ]
        return [*posts, *gets]
