# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnostic settings of workspaces (docs/facts.md i): read, written and deleted in one request. They outlive their workspace.

Shape and refusals: azure-rest-api-specs#22400 and #22719, terraform#20534, terraform-azurerm-avm-ptn-aiml-landing-zone#19. Settings of other resources are not
simulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.rules import entries, mapping
from azureml_simulator.http import ArmError, Request, Response, not_known
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.routing import Route
from azureml_simulator.store import type_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]

SETTING_TYPE = "Microsoft.Insights/diagnosticSettings"
# The older ones have no category groups.
_VERSIONS = ("2015-07-01", "2016-09-01", "2017-05-01-preview", "2021-05-01-preview")
_SPACE = "diagnostic settings"
# azure-monitor/reference/supported-logs, Microsoft.MachineLearningServices/workspaces.
LOGS = """AmlComputeClusterEvent AmlComputeClusterNodeEvent AmlComputeJobEvent AmlComputeCpuGpuUtilization AmlRunStatusChangedEvent ModelsChangeEvent
ModelsReadEvent ModelsActionEvent DeploymentReadEvent DeploymentEventACI DeploymentEventAKS InferencingOperationAKS InferencingOperationACI DataLabelChangeEvent
DataLabelReadEvent ComputeInstanceEvent DataStoreChangeEvent DataStoreReadEvent DataSetChangeEvent DataSetReadEvent PipelineChangeEvent PipelineReadEvent
RunEvent RunReadEvent EnvironmentChangeEvent EnvironmentReadEvent""".split()
GROUPS, METRICS = ("allLogs",), ("AllMetrics",)
# The destinations, with the types that the simulator has, and the permission on each that the caller needs (azure-docs#80159).
SINKS = {
    "workspaceId": "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
    "storageAccountId": "Microsoft.Storage/storageAccounts/listKeys/action",
    "eventHubAuthorizationRuleId": "Microsoft.EventHub/namespaces/authorizationRules/listKeys/action",
}
_KNOWN_TYPES = ("microsoft.operationalinsights/workspaces", "microsoft.storage/storageaccounts")
_PROPERTIES = (*SINKS, "eventHubName", "logAnalyticsDestinationType", "logs", "metrics")
_NOTHING = ("serviceBusRuleId", "marketplacePartnerId")
_MOST = 5

DEFAULTS: Document = {"guesses": {"diagnostic_setting": {"destination_type": "kept"}}}


class DiagnosticSettings:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app

    # -- reading -----------------------------------------------------------------------------------------------------

    def _of_workspace(self, p: dict[str, str]) -> dict[str, Document]:
        """The settings of a workspace by their names in lower case."""
        prefix = _prefix(common.find_workspace(self.app, p)["id"])
        found = self.app.store.kv_items(_SPACE)
        return {key.lower().removeprefix(prefix): doc for key, doc in found if key.lower().startswith(prefix)}

    def get(self, request: Request, p: dict[str, str]) -> Response:
        doc = self._of_workspace(p).get(p["name"].lower())
        if doc is None:
            raise _refuse("ResourceNotFound", f"The diagnostic setting '{p['name']}' doesn't exist.", 404)
        return Response(200, doc)

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"value": list(self._of_workspace(p).values())})

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        sent = mapping(request.json_object.get("properties"), "properties")
        self._check_linked(request, sent)
        existing = self._of_workspace(p)
        others = {name: doc for name, doc in existing.items() if name != p["name"].lower()}
        if len(others) >= _MOST:
            raise not_known(f"how more than {_MOST} diagnostic settings of one resource are refused")
        properties = self._checked(sent)
        _check_sinks(properties, others.values())
        workspace = common.find_workspace(self.app, p)
        place = f"{workspace['id'].lower()}/providers/microsoft.insights/diagnosticSettings"
        name = existing.get(p["name"].lower(), p)["name"]
        doc: Document = {
            "id": f"{place}/{name}",
            "type": SETTING_TYPE,
            "name": name,
            **dict.fromkeys(("location", "kind", "tags")),
            "properties": properties,
            "identity": None,
        }
        self.app.store.kv_put(_SPACE, _prefix(workspace["id"]) + name, doc)
        return Response(200, doc)

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        return Response(200 if self.app.store.kv_delete(_SPACE, _prefix(workspace["id"]) + p["name"]) else 204)

    def _check_linked(self, request: Request, sent: Document) -> None:
        """Who sends logs to a destination, must be allowed to read its keys [ISS prime-reportstream#7678, AzurePolicy#17]."""
        for sink, action in SINKS.items():
            if request.principal is not None and isinstance(sent.get(sink), str):
                own = f"{SETTING_TYPE}/write"
                self.app.rbac.require_linked(request.principal, own, request.path, action, sent[sink])

    def _checked(self, sent: Document) -> Document:
        """The properties of a PUT's body as a GET shows them."""
        for name, value in sent.items():
            if name not in (*_PROPERTIES, *_NOTHING) or (name in _NOTHING and value is not None):
                raise not_known(f"'{name}' of a diagnostic setting")
        if not any(sent.get(sink) for sink in SINKS):
            raise _refuse("BadRequest", "At least one data sink needs to be specified.")
        for sink in SINKS:
            self._check_exists(sent.get(sink))
        logs = _logs(entries(sent.get("logs"), "logs"))
        metrics = _items(entries(sent.get("metrics"), "metrics"), "category", METRICS)
        if not any(item["enabled"] for item in (*logs, *metrics)):
            raise not_known("a diagnostic setting without an enabled category")
        kept = self.app.config["guesses"]["diagnostic_setting"]["destination_type"] == "kept"
        return {
            "storageAccountId": sent.get("storageAccountId"),
            "serviceBusRuleId": None,
            "workspaceId": sent.get("workspaceId"),
            "eventHubAuthorizationRuleId": sent.get("eventHubAuthorizationRuleId"),
            "eventHubName": sent.get("eventHubName"),
            "metrics": _completed(metrics, "category", METRICS),
            "logs": logs,
            "logAnalyticsDestinationType": sent.get("logAnalyticsDestinationType") if kept else None,
        }

    def _check_exists(self, resource_id: Any) -> None:
        if not resource_id:
            return
        type_ = type_of(str(resource_id)).lower()
        if type_ in _KNOWN_TYPES and self.app.store.get(str(resource_id)) is None:
            raise not_known(f"how the destination '{resource_id}', which does not exist, is refused")

    def routes(self) -> list[Route]:
        many = f"{common.WORKSPACE}/providers/{SETTING_TYPE}"
        one = many + "/{name}"
        since = _VERSIONS[-1][:10]
        return [
            Route("GET", many, self.list_all, _VERSIONS, f"{SETTING_TYPE}/read", since=since),
            Route("GET", one, self.get, _VERSIONS, f"{SETTING_TYPE}/read", since=since),
            Route("PUT", one, self.put, _VERSIONS, f"{SETTING_TYPE}/write", since=since),
            Route("DELETE", one, self.delete, _VERSIONS, f"{SETTING_TYPE}/delete", since=since),
        ]


def _prefix(workspace_id: str) -> str:
    return f"{workspace_id.lower()}|"


def _logs(sent: list[Document]) -> list[Document]:
    """All categories, those that were not sent disabled; or groups, as they were sent (a guess)."""
    groups = [item for item in sent if item.get("categoryGroup")]
    if not groups:
        return _completed(_items(sent, "category", LOGS, categoryGroup=None), "category", LOGS, categoryGroup=None)
    if len(groups) < len(sent):
        raise _refuse("BadRequest", "Diagnostic setting does not support mix of log category and log category group.")
    unknown = [item["categoryGroup"] for item in groups if item["categoryGroup"] not in GROUPS]
    if unknown:
        raise not_known(f"the category group '{unknown[0]}' of workspaces")
    return _items(groups, "categoryGroup", GROUPS, category=None)


def _items(sent: list[Document], key: str, names: Any, **more: None) -> list[Document]:
    # Templates of Azure Verified Modules send null for what they do not set.
    sent = [{name: value for name, value in item.items() if value is not None} for item in sent]
    for item in sent:
        if set(item) - {"category", "categoryGroup", "enabled", "retentionPolicy"}:
            raise not_known("a category of a diagnostic setting with other properties")
        if not isinstance(item.get("enabled"), bool) or not isinstance(item.get(key), str):
            raise not_known(f"a category of a diagnostic setting without '{key}' or 'enabled'")
    unknown = [item[key] for item in sent if item[key] not in names]
    if unknown:
        raise _refuse("BadRequest", f"Category '{','.join(unknown)}' is not supported.")
    return [_item(key, item[key], item["enabled"], item.get("retentionPolicy"), **more) for item in sent]


def _completed(items: list[Document], key: str, names: Any, **more: None) -> list[Document]:
    given = {item[key] for item in items}
    return [*items, *(_item(key, name, False, None, **more) for name in names if name not in given)]


def _item(key: str, name: str, enabled: bool, retention: Any, **more: None) -> Document:
    return {key: name, **more, "enabled": enabled, "retentionPolicy": retention or {"enabled": False, "days": 0}}


def _enabled(properties: Document) -> set[str]:
    items = (*properties["logs"], *properties["metrics"])
    return {item.get("category") or item["categoryGroup"] for item in items if item["enabled"]}


def _check_sinks(properties: Document, others: Any) -> None:
    """One destination takes each category of a resource from one setting."""
    mine = _enabled(properties)
    for doc in others:
        for sink in SINKS:
            theirs, same = doc["properties"][sink], properties[sink]
            if not same or str(theirs).lower() != str(same).lower():
                continue
            if doc["properties"]["eventHubName"] != properties["eventHubName"] and sink.startswith("eventHub"):
                continue
            _check_categories(mine, _enabled(doc["properties"]), same, doc["name"])


def _check_categories(mine: set[str], theirs: set[str], sink: str, name: str) -> None:
    both = sorted(mine & theirs)
    if both:
        raise _refuse(
            "Conflict",
            f"Data sink '{sink}' is already used in diagnostic setting '{name}' for category '{both[0]}'. "
            "Data sinks can't be reused in different settings on the same category for the same resource.",
            409,
        )
    if ("allLogs" in mine and theirs & set(LOGS)) or ("allLogs" in theirs and mine & set(LOGS)):
        raise not_known("whether a category and the group that has it can go to one destination by two settings")


def _refuse(code: str, message: str, status: int = 400) -> ArmError:
    """A refusal of Microsoft.Insights, whose errors have no envelope."""
    return ArmError(status, code, message, envelope="none")


def routes(app: App) -> list[Route]:
    return DiagnosticSettings(app).routes()
