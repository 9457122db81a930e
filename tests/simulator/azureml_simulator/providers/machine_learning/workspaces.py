# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.MachineLearningServices/workspaces: create, update, read, delete, recover and purge.

docs/facts.md d.2 and d.3 [REC R10, R11, ISS]: writes answer 202 without a body, with Location and
Azure-AsyncOperation; soft delete keeps the name blocked. What a failed creation leaves behind is not established;
here it leaves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import amlcompute, common, datastores, managed_endpoints, versions
from azureml_simulator.providers.machine_learning import identity as identities
from azureml_simulator.providers.machine_learning import quota as quotas
from azureml_simulator.providers.machine_learning import workspace_rules as rules
from azureml_simulator.providers.machine_learning.common import (
    API_VERSIONS,
    CREATING,
    DELETING,
    SUBSCRIPTION,
    SUCCEEDED,
    UPDATING,
    WORKSPACE,
    WORKSPACE_TYPE,
    WORKSPACES,
    Document,
    flag,
)
from azureml_simulator.providers.machine_learning.connections import Connections
from azureml_simulator.providers.machine_learning.managed_network import OFF, ManagedNetwork, activate, mode_of
from azureml_simulator.providers.machine_learning.operation_status import status_of
from azureml_simulator.providers.machine_learning.private_links import PrivateLinks
from azureml_simulator.providers.machine_learning.soft_delete import MESSAGE, SoftDeleted
from azureml_simulator.providers.machine_learning.workspace_actions import Actions
from azureml_simulator.providers.machine_learning.workspace_body import DEPENDENTS, fresh, merge, touch
from azureml_simulator.providers.private_links import approved_links
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

# The seconds are short for rehearsals; the service was seen to take about 90 for a creation and 30 for a PATCH.
DEFAULTS: dict[str, Any] = {
    "seconds": {
        "workspace.create": 5.0,
        "workspace.update": 2.0,
        "workspace.delete": 3.0,
        "workspace.purge": 2.0,
        "workspace.refused": 1.0,
        "workspace.resync": 1.0,
        "workspace.diagnose": 1.0,
        "outbound_rule.write": 2.0,
        "outbound_rule.delete": 2.0,
        "managed_network.provision": 5.0,
    },
    "page_sizes": {"workspaces": 100, "datastores": 30},
    "soft_delete": {"retention_days": 14},
    "guesses": {"workspace_immutable": "error", "datastore": {"replaced_status": 200, "other_kinds": "as_default"}},
}


class Workspaces:
    """The handlers of workspaces."""

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)
        self.network, self.bin, self.links = ManagedNetwork(app), SoftDeleted(app), PrivateLinks(app)
        app.operations.on_done("workspace.create", self._written)
        app.operations.on_done("workspace.update", self._written)
        for kind in ("workspace.create", "workspace.update"):
            self.status.on_result(kind, self._result)
        app.operations.on_done("workspace.refused", lambda operation: operation.data["error"])
        app.operations.on_done("workspace.delete", self._deleted)
        app.operations.on_done("workspace.purge", lambda operation: self.bin.purge(operation.target))

    # -- reading -----------------------------------------------------------------------------------------------------

    def _shown(self, doc: Document, request: Request) -> Document:
        """What depends on other resources is filled in when it is looked at."""
        self.network.show(doc)
        if doc["kind"] == "Hub":
            doc["properties"]["associatedWorkspaces"] = rules.projects_of(self.app, doc)
        connections = self.links.connections.of(doc)
        if connections:  # absent without one [REC R10]
            doc["properties"]["privateEndpointConnections"] = connections
        approved = approved_links(self.app, doc["id"])
        doc["properties"]["privateLinkCount"] = len(approved)
        doc["properties"]["notebookInfo"]["isPrivateLinkEnabled"] = bool(approved)
        return versions.shown_workspace(self.app, doc, request.api_version)

    def _result(self, operation: Operation, request: Request) -> Document | None:
        """What the synchronous answer would have been (Resource Manager, asynchronous operations: Location)."""
        doc = self.app.store.get(operation.target)
        return None if doc is None else self._shown(doc, request)

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._shown(common.find_workspace(self.app, p), request))

    def prepare_notebook(self, request: Request, p: dict[str, str]) -> Response:
        """200 with the workspace [REC Invoke-AzMLWorkspaceNotebook, 2025-11-04]; the notebook is always prepared."""
        return self.get(request, p)

    def operations(self, request: Request, p: dict[str, str]) -> Response:
        """The actions of the provider, as far as routes of the simulator ask for them."""
        actions = {route.action for route in self.app.routes if str(route.action).startswith(common.PROVIDER)}
        value = []
        for action in sorted(str(action) for action in actions):
            kind, _slash, verb = action.removeprefix(f"{common.PROVIDER}/").rpartition("/")
            display = {"provider": "Microsoft Machine Learning Services", "resource": kind, "operation": verb}
            value.append({"name": action, "isDataAction": False, "display": display})
        return Response(200, {"value": value})

    def _list(self, request: Request, docs: list[Document]) -> Response:
        kinds = request.query.get("kind", "").lower()
        if kinds:
            wanted = {kind.strip() for kind in kinds.split(",")}
            docs = [doc for doc in docs if doc["kind"].lower() in wanted]
        body = common.page(self.app, request, docs, "workspaces")
        body["value"] = [self._shown(doc, request) for doc in body["value"]]
        return Response(200, body)

    def list_group(self, request: Request, p: dict[str, str]) -> Response:
        group = self.app.resource_group(p["sub"], p["rg"])
        return self._list(request, self.app.store.children(group["id"], WORKSPACE_TYPE))

    def list_subscription(self, request: Request, p: dict[str, str]) -> Response:
        return self._list(request, self.app.store.by_type(p["sub"], WORKSPACE_TYPE))

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        self.app.resource_group(p["sub"], p["rg"])
        rules.check_name(p["ws"])
        body = rules.body_of(self.app, request)
        location, resource_id = rules.location_of(body, p["ws"]), common.workspace_id(p)
        doc = self.app.store.get(resource_id)
        if doc is not None:
            doc["tags"] = common.tags_of(body) or {}
            return self._update(request, doc, body)
        common.need_idle(self.app, resource_id, location)
        sent = common.mapping(body.get("properties"), "properties")
        if self.bin.find(resource_id) is not None:
            if flag(sent.get("allowRecoverSoftDeletedWorkspace")):
                return self._recover(request, resource_id, body)
            return self._refused(request, resource_id, location, rules.failure(MESSAGE))
        return self._create(request, resource_id, location, body, sent)

    def _create(self, request: Request, resource_id: str, location: str, body: Document, sent: Document) -> Response:
        kind = rules.kind_of(body)
        hub = rules.hub_of(self.app, sent) if kind == "Project" else None
        doc = fresh(self.app, resource_id, kind, location, request.principal)
        self.network.check(doc, sent.get("managedNetwork"), new=True)
        merge(doc, sent)
        if hub is not None:
            doc["properties"] |= {name: hub["properties"][name] for name in DEPENDENTS}
        error = rules.dependents(self.app, doc["properties"], kind)
        if error:
            return self._refused(request, resource_id, location, error)
        storage = doc["properties"]["storageAccount"]
        doc["properties"]["storageHnsEnabled"] = rules.has_hns(self.app.store.get(storage) if storage else None)
        doc["tags"] = common.tags_of(body) or {}
        doc["sku"] |= {key: value for key, value in (body.get("sku") or {}).items() if value}
        doc["identity"] = identities.resolve(self.app, resource_id, body.get("identity") or {"type": "SystemAssigned"})
        rules.check_primary(doc)
        self.network.apply(doc, sent.get("managedNetwork"))
        self.app.store.put(resource_id, doc)
        return self._begin(request, "workspace.create", doc, now=flag(sent.get("provisionNetworkNow")))

    def _recover(self, request: Request, resource_id: str, body: Document) -> Response:
        doc = self.bin.recover(resource_id)
        doc["properties"]["provisioningState"] = SUCCEEDED
        return self._update(request, doc, body)

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        body = rules.body_of(self.app, request)
        tags = common.tags_of(body)
        if tags is not None:
            doc["tags"] = tags
        return self._update(request, doc, body)

    def _update(self, request: Request, doc: Document, body: Document) -> Response:
        """Lay over the workspace what was sent; what was not sent stays."""
        common.need_idle(self.app, doc["id"], doc["location"])
        sent = dict(common.mapping(body.get("properties"), "properties"))
        rules.unchangeable(self.app, doc, body, sent)
        self.network.check(doc, sent.get("managedNetwork"), new=False)
        merge(doc, sent)
        if any(name in sent for name in DEPENDENTS):
            error = rules.dependents(self.app, doc["properties"], doc["kind"])
            if error:
                return self._refused(request, doc["id"], doc["location"], error)
        if body.get("identity"):
            rules.check_identity_type(doc, body["identity"])
            doc["identity"] = identities.resolve(self.app, doc["id"], body["identity"], merge_into=doc["identity"])
        if body.get("identity") or "primaryUserAssignedIdentity" in sent:
            rules.check_primary(doc)
        self.network.apply(doc, sent.get("managedNetwork"))
        touch(self.app, doc, request.principal)
        doc["properties"]["provisioningState"] = UPDATING
        self.app.store.put(doc["id"], doc)
        return self._begin(request, "workspace.update", doc, now=flag(sent.get("provisionNetworkNow")))

    def _begin(self, request: Request, kind: str, doc: Document, **data: Any) -> Response:
        operation = self.app.operations.start(
            kind,
            provider=common.PROVIDER,
            target=doc["id"],
            location=doc["location"],
            subscription=doc["id"].split("/")[2],
            data=data,
        )
        plain = kind in ("workspace.delete", "workspace.purge")
        return Response(202, headers=self.status.workspace_headers(request, operation, plain=plain))

    def _refused(self, request: Request, resource_id: str, location: str, error: Document) -> Response:
        """The operation is accepted and fails."""
        return self._begin(request, "workspace.refused", {"id": resource_id, "location": location}, error=error)

    def _written(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        if doc["properties"]["provisioningState"] in (CREATING, UPDATING):
            doc["properties"]["provisioningState"] = SUCCEEDED
        self.app.store.put(doc["id"], doc)
        if operation.data["now"] and mode_of(doc) != OFF:
            activate(self.app, doc)

    # -- deleting ----------------------------------------------------------------------------------------------------

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        group = self.app.resource_group(p["sub"], p["rg"])
        purge = flag(request.query.get("forceToPurge"))
        resource_id = common.workspace_id(p)
        doc = self.app.store.get(resource_id)
        if doc is None:
            return self._purge(request, resource_id, group) if purge else Response(204)
        common.need_idle(self.app, doc["id"], doc["location"])
        projects = rules.projects_of(self.app, doc)
        if projects:
            raise common.refuse_workspace(
                f"The hub '{doc['name']}' cannot be deleted while it has projects: {', '.join(projects)}.",
                doc["location"],
                status=409,
                code="Conflict",
            )
        doc["properties"]["provisioningState"] = DELETING
        self.app.store.put(doc["id"], doc)
        return self._begin(request, "workspace.delete", doc, purge=purge)

    def _purge(self, request: Request, resource_id: str, group: Document) -> Response:
        """Of a soft-deleted workspace, or of none [ISS azure-cli#33756; the status is a guess]."""
        record = self.bin.find(resource_id)
        if record is None:
            raise common.refuse_workspace(f"Unable to find workspace: {resource_id}", group["location"])
        return self._begin(request, "workspace.purge", record["doc"])

    def _deleted(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return
        doc["properties"]["provisioningState"] = SUCCEEDED
        if not operation.data["purge"] and "encryption" not in doc["properties"]:
            self.bin.keep(doc)
        self.app.store.delete(doc["id"])
        managed_endpoints.disconnect(self.app, doc)
        prefix = doc["id"].lower()
        for space in (amlcompute.LEFT_BEHIND, quotas.WORKSPACE_QUOTAS):
            for key, _value in self.app.store.kv_items(space):
                if key.lower().startswith((prefix + "/", prefix + "|")):
                    self.app.store.kv_delete(space, key)


def routes(app: App) -> list[Route]:
    handlers = Workspaces(app)
    read = f"{WORKSPACE_TYPE}/read"
    everywhere = f"{SUBSCRIPTION}/providers/{WORKSPACE_TYPE}"
    return [
        Route("GET", everywhere, handlers.list_subscription, API_VERSIONS, read),
        Route("GET", WORKSPACES, handlers.list_group, API_VERSIONS, read),
        Route("GET", WORKSPACE, handlers.get, API_VERSIONS, read),
        Route("PUT", WORKSPACE, handlers.put, API_VERSIONS, f"{WORKSPACE_TYPE}/write"),
        Route("PATCH", WORKSPACE, handlers.patch, API_VERSIONS, f"{WORKSPACE_TYPE}/write"),
        Route("GET", f"/providers/{common.PROVIDER}/operations", handlers.operations, API_VERSIONS),
        Route(
            "POST",
            f"{WORKSPACE}/prepareNotebook",
            handlers.prepare_notebook,
            API_VERSIONS,
            f"{WORKSPACE_TYPE}/prepareNotebook/action",
        ),
        Route("DELETE", WORKSPACE, handlers.delete, API_VERSIONS, f"{WORKSPACE_TYPE}/delete"),
        *handlers.network.routes(),
        *Connections(app).routes(),
        *datastores.Datastores(app).routes(),
        *Actions(app).routes(),
        *handlers.links.routes(),
        *status_of(app).routes(),
    ]
