# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions of Kubernetes clusters, of which the simulator has one: Azure Machine Learning (docs/facts.md n).

Statuses, headers and the document: a recording of azure-cli (2022-03, api 2021-09-01) and the ARM types of 2025-03-01; which settings the extension takes:
azure-cli's `AzureMLKubernetes.py`. Nothing runs in the cluster. Of the health checks of the installation, those that follow from the settings and from the
node pools are simulated; which of them failed is in the cluster only, and no answer of Resource Manager has it [ISS terraform#24547].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.arm.rules import mapping
from azureml_simulator.entra.directory import TENANT, stable_guid
from azureml_simulator.http import ArmError, Request, Response, not_known
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning.kubernetes import EXTENSION_TYPE, TARGETS
from azureml_simulator.providers.machine_learning.workspace_body import system_data, touch
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]

PROVIDER = "Microsoft.KubernetesConfiguration"
AML_EXTENSION = "Microsoft.AzureML.Kubernetes"
_VERSIONS = ("2022-11-01", "2023-05-01", "2024-11-01", "2025-03-01")
_COMPUTE_TYPE = "Microsoft.MachineLearningServices/workspaces/computes"
_INSTALLED = "1.1.73"
_LEAST_NODES = 3
# What a client decides, and what it may send back of what it read.
_SETTINGS, _PROTECTED = "configurationSettings", "configurationProtectedSettings"
_PATCHED = {"autoUpgradeMinorVersion", "autoUpgradeMode", "releaseTrain", "version", _SETTINGS, _PROTECTED}
_SENT = {*_PATCHED, "extensionType", "scope"}
_READ_ONLY = {
    *("provisioningState", "currentVersion", "statuses", "errorInfo", "extensionState", "isSystemExtension", "packageUri"),
    *("aksAssignedIdentity", "customLocationSettings", "additionalDetails", "managementDetails"),
}  # fmt: skip

DEFAULTS: Document = {
    "seconds": {"kubernetes_extension.write": 60.0, "kubernetes_extension.delete": 30.0},
    "guesses": {"kubernetes_extension": {"protected_settings": "empty_texts"}},
}


def _shown(request: Request, doc: Document) -> Document:
    """A document without what the API version of the request lacks."""
    properties = {
        name: value
        for name, value in doc["properties"].items()
        if name != "autoUpgradeMode" or request.api_version == _VERSIONS[-1]
    }
    return {**doc, "properties": properties}


class Extensions:
    """The handlers of extensions."""

    def __init__(self, app: App) -> None:
        self.app = app
        app.operations.on_done("kubernetes_extension.write", self._written)
        app.operations.on_failed("kubernetes_extension.write", self._failed)
        app.operations.on_done("kubernetes_extension.delete", self._deleted)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _cluster(self, request: Request, p: dict[str, str]) -> Document:
        self.app.resource_group(p["sub"], p["rg"])
        cluster_id = request.path[: request.path.lower().rindex(f"/providers/{PROVIDER}/".lower())]
        cluster = self.app.store.get(cluster_id)
        if cluster is None:
            raise arm_rules.not_found(cluster_id)
        return cluster

    def _find(self, request: Request, p: dict[str, str]) -> Document:
        resource_id = _id(self._cluster(request, p), p)
        doc = self.app.store.get(resource_id)
        if doc is None:
            raise ArmError(404, "ResourceNotFound", f"The extension '{p['name']}' could not be found.")
        return doc

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, _shown(request, self._find(request, p)))

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        cluster = self._cluster(request, p)
        found = [_shown(request, doc) for doc in self.app.store.children(cluster["id"], EXTENSION_TYPE)]
        return Response(200, {"value": found, "nextLink": None})

    def operation(self, request: Request, p: dict[str, str]) -> Response:
        """The status has the words of the resource's own state while it runs [ISS azure_arc#1213]."""
        operation = self.app.operations.asked(p["operation"])
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"The operation '{p['operation']}' could not be found.")
        running = operation.status == "InProgress"
        body: Document = {
            "id": f"{operation.target}/operations/{operation.id}",
            "name": operation.id,
            "status": operation.data["state"] if running else operation.status,
        }
        if operation.error:
            body["error"] = {name: operation.error.get(name) for name in ("code", "message")}
        return Response(200, body)

    # -- writing -----------------------------------------------------------------------------------------------------

    def put(self, request: Request, p: dict[str, str]) -> Response:
        cluster, body = self._cluster(request, p), request.json_object
        sent = mapping(body.get("properties"), "properties")
        self._check_sent(request, sent, _SENT | _READ_ONLY)
        if str(sent.get("extensionType")).lower() != AML_EXTENSION.lower():
            raise not_known(f"extensions of the type '{sent.get('extensionType')}'")
        before = self.app.store.get(_id(cluster, p))
        self._need_idle(_id(cluster, p))
        self._need_only_one(cluster, p)
        scope = _scope(mapping(sent.get("scope"), "scope"))
        if before is not None and before["properties"]["scope"] != scope:
            raise not_known("how another scope of an existing extension is refused")
        doc = before or self._fresh(request, cluster, p)
        if before is not None:
            touch(self.app, doc, request.principal)
        doc["identity"] = _identity(doc["id"], mapping(body.get("identity"), "identity"))
        properties = doc["properties"]
        properties |= {
            "extensionType": sent["extensionType"],
            "autoUpgradeMinorVersion": sent.get("autoUpgradeMinorVersion") is not False,
            "releaseTrain": sent.get("releaseTrain") or "Stable",
            "version": sent.get("version"),
            "scope": scope,
            _SETTINGS: mapping(sent.get(_SETTINGS), _SETTINGS),
        }
        if request.api_version == _VERSIONS[-1]:
            properties["autoUpgradeMode"] = sent.get("autoUpgradeMode") or "compatible"
        return self._write(request, doc, mapping(sent.get(_PROTECTED), _PROTECTED), 201 if before is None else 200)

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        """Settings are added to the others; protected ones replace all of them (azure-cli: 'considered obsolete and deleted')."""
        doc = self._find(request, p)
        sent = mapping(request.json_object.get("properties"), "properties")
        self._check_sent(request, sent, _PATCHED)
        self._need_idle(doc["id"])
        properties = doc["properties"]
        properties |= {name: value for name, value in sent.items() if name not in (_SETTINGS, _PROTECTED)}
        properties[_SETTINGS] |= mapping(sent.get(_SETTINGS), _SETTINGS)
        touch(self.app, doc, request.principal)
        secret = mapping(sent[_PROTECTED], _PROTECTED) if _PROTECTED in sent else None
        return self._write(request, doc, secret, 202)

    def _write(self, request: Request, doc: Document, secret: Document | None, status: int) -> Response:
        properties = doc["properties"]
        if properties["autoUpgradeMinorVersion"] and properties.get("version"):
            raise _bad("To use 'version', 'autoUpgradeMinorVersion' must be 'false'.")
        private = self.app.store.private(doc["id"]) if secret is None else {"protected": secret}
        shown = self.app.config["guesses"]["kubernetes_extension"]["protected_settings"] == "empty_texts"
        properties[_PROTECTED] = {name: "" if shown else None for name in private.get("protected", {})}
        self._check_known({**properties[_SETTINGS], **private.get("protected", {})})
        state = "Creating" if status == 201 else "Updating"
        properties |= {"provisioningState": state, "errorInfo": None, "statuses": []}
        self.app.store.put(doc["id"], doc, private=private)
        return Response(status, _shown(request, doc), self._start(request, doc, "write", state))

    def _fresh(self, request: Request, cluster: Document, p: dict[str, str]) -> Document:
        aks = cluster["type"].lower() == TARGETS[0].lower()
        principal = {"principalId": stable_guid("extension", cluster["id"], p["name"]), "tenantId": None, "type": None}
        return {
            "id": _id(cluster, p),
            "name": p["name"],
            "type": EXTENSION_TYPE,
            "properties": {
                "currentVersion": None,
                "packageUri": None,
                "extensionState": None,
                "isSystemExtension": False,
                "customLocationSettings": None,
                "aksAssignedIdentity": principal if aks else None,
            },
            "systemData": system_data(self.app, request.principal),
        }

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        cluster = self._cluster(request, p)
        doc = self.app.store.get(_id(cluster, p))
        if doc is None:
            # A guess, as of other resources.
            return Response(204)
        if request.query.get("forceDelete", "false").lower() == "true":
            # As recorded: the body is an answer of the service's own client, of which only these are told.
            self.app.store.delete(doc["id"])
            return Response(200, {"content": None, "statusCode": 200, "isSuccessStatusCode": True})
        self._need_idle(doc["id"])
        doc["properties"]["provisioningState"] = "Deleting"
        self.app.store.put(doc["id"], doc)
        return Response(202, headers=self._start(request, doc, "delete", "Deleting"))

    # -- rules -------------------------------------------------------------------------------------------------------

    def _check_sent(self, request: Request, sent: Document, known: set[str]) -> None:
        unknown = sorted({*sent} - known)
        if request.api_version != _VERSIONS[-1] and sent.get("autoUpgradeMode") is not None:
            unknown.append("autoUpgradeMode")
        if unknown:
            raise not_known(f"'{unknown[0]}' of an extension at this API version")
        for name in (_SETTINGS, _PROTECTED):
            wrong = [key for key, value in mapping(sent.get(name), name).items() if not isinstance(value, str)]
            if wrong:
                raise _bad(f"The value of '{wrong[0]}' in {name} must be a text.")
        for name in ("releaseTrain", "version", "autoUpgradeMode", "extensionType"):
            if sent.get(name) is not None and not isinstance(sent[name], str):
                raise _bad(f"'{name}' must be a text.")
        if sent.get("autoUpgradeMinorVersion") not in (None, True, False):
            raise _bad("'autoUpgradeMinorVersion' must be a boolean.")

    @staticmethod
    def _check_known(settings: Document) -> None:
        """azure-cli refuses what follows, so that no answer of the service to it is known."""
        if not (_on(settings, "enableTraining") or _on(settings, "enableInference")):
            raise not_known("the extension without enableTraining and without enableInference")
        service = settings.get("inferenceRouterServiceType", "").lower()
        if _on(settings, "enableInference") and service not in ("loadbalancer", "nodeport", "clusterip"):
            raise not_known(f"inference with the inferenceRouterServiceType '{service}'")

    def _need_idle(self, resource_id: str) -> None:
        """What a write during another one answers is a guess."""
        if self.app.operations.active_for(resource_id) is not None:
            raise ArmError(
                409, "Conflict", f"Another operation on the extension '{resource_id}' is in progress. Try again later."
            )

    def _need_only_one(self, cluster: Document, p: dict[str, str]) -> None:
        others = self.app.store.children(cluster["id"], EXTENSION_TYPE)
        if any(other["name"].lower() != p["name"].lower() for other in others):
            raise not_known("a second Azure Machine Learning extension in one cluster")

    # -- operations --------------------------------------------------------------------------------------------------

    def _start(self, request: Request, doc: Document, what: str, state: str) -> dict[str, str]:
        """Addresses below the extension, without Retry-After; `api-Version` as recorded."""
        operation = self.app.operations.start(
            f"kubernetes_extension.{what}",
            provider=PROVIDER,
            target=doc["id"],
            location=None,
            subscription=doc["id"].split("/")[2],
            data={"state": state},
        )
        address = f"{request.base_url}{doc['id']}/operations/{operation.id}?api-version={request.api_version}"
        return {"Azure-AsyncOperation": address}

    def _written(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        if self._unhealthy(doc):
            error = _health_error(doc["name"], operation.data["state"])
            self._fail(doc, error)
            return error
        properties = doc["properties"]
        pinned = properties.get("version")
        properties |= {"provisioningState": "Succeeded", "currentVersion": pinned or _INSTALLED, "statuses": []}
        self.app.store.put(doc["id"], doc)
        return None

    def _unhealthy(self, doc: Document) -> bool:
        """Whether one of the health checks E40002, E40003, E40007 and E45005 [DOC] fails."""
        cluster = self.app.store.get(doc["id"].rsplit(f"/providers/{PROVIDER}/", 1)[0]) or {}
        settings = {**doc["properties"][_SETTINGS], **self.app.store.private(doc["id"]).get("protected", {})}
        if not _on(settings, "enableInference"):
            return False
        internal = (
            bool(settings.get("internalLoadBalancerProvider")) and cluster.get("type", "").lower() != TARGETS[0].lower()
        )
        nodes = _nodes(cluster)
        few = (
            settings.get("inferenceRouterHA", "true").lower() != "false" and nodes is not None and nodes < _LEAST_NODES
        )
        return internal or few or not _has_tls(settings) or self._has_legacy_router(cluster)

    def _has_legacy_router(self, cluster: Document) -> bool:
        """An attachment of version 1 has a router of the same kind [ISS AML-Kubernetes#293]."""
        return any(
            doc["properties"]["computeType"] == "AKS"
            and str(doc["properties"].get("resourceId")).lower() == str(cluster.get("id")).lower()
            for doc in self.app.store.by_type(None, _COMPUTE_TYPE)
        )

    def _failed(self, operation: Operation, error: Document) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            self._fail(doc, error)

    def _fail(self, doc: Document, error: Document) -> None:
        shown = {"code": error.get("code"), "message": error.get("message")}
        status = {
            "code": "InstallationFailed",
            "displayStatus": None,
            "level": "Error",
            "message": error.get("message"),
        }
        doc["properties"] |= {
            "provisioningState": "Failed",
            "errorInfo": shown,
            "statuses": [{**status, "time": self.app.clock.iso()}],
        }
        self.app.store.put(doc["id"], doc)

    def _deleted(self, operation: Operation) -> None:
        self.app.store.delete(operation.target)

    def routes(self) -> list[Route]:
        read, write = f"{EXTENSION_TYPE}/read", f"{EXTENSION_TYPE}/write"
        found = []
        for target in TARGETS:
            many = f"/subscriptions/{{sub}}/resourceGroups/{{rg}}/providers/{target}/{{cluster}}/providers/{EXTENSION_TYPE}"
            one = f"{many}/{{name}}"
            status = f"{one}/operations/{{operation}}"
            found += [
                Route("GET", many, self.list_all, _VERSIONS, read, since=_VERSIONS[0]),
                Route("GET", one, self.get, _VERSIONS, read, since=_VERSIONS[0]),
                Route("PUT", one, self.put, _VERSIONS, write, since=_VERSIONS[0]),
                Route("PATCH", one, self.patch, _VERSIONS, write, since=_VERSIONS[0]),
                Route("DELETE", one, self.delete, _VERSIONS, f"{EXTENSION_TYPE}/delete", since=_VERSIONS[0]),
                Route(
                    "GET", status, self.operation, _VERSIONS, f"{EXTENSION_TYPE}/operations/read", since=_VERSIONS[0]
                ),
            ]
        return found


def _id(cluster: Document, p: dict[str, str]) -> str:
    return f"{cluster['id']}/providers/{EXTENSION_TYPE}/{p['name']}"


def _on(settings: Document, name: str) -> bool:
    return str(settings.get(name)).lower() == "true"


def _has_tls(settings: Document) -> bool:
    """Whether connections are insecure by declaration, or there is a certificate with its name."""
    pair = settings.get("scoringFe.sslCert") and settings.get("scoringFe.sslKey")
    return _on(settings, "allowInsecureConnections") or bool(
        settings.get("sslCname") and (settings.get("scoringFe.sslSecret") or pair)
    )


def _nodes(cluster: Document) -> int | None:
    """The nodes of an AKS cluster that declares its pools, and of an Arc cluster that reports them; None where neither does."""
    properties = mapping(cluster.get("properties"), "properties")
    pools = properties.get("agentPoolProfiles")
    if pools:
        return sum(int(pool.get("count") or 0) for pool in pools)
    count = properties.get("totalNodeCount")
    return count if isinstance(count, int) else None


def _scope(sent: Document) -> Document:
    if sent.get("namespace"):
        raise not_known("the extension in the scope of a namespace")
    release = mapping(sent.get("cluster"), "scope.cluster").get("releaseNamespace") or "azureml"
    if not isinstance(release, str):
        raise _bad("'releaseNamespace' must be a text.")
    return {"cluster": {"releaseNamespace": release}}


def _identity(resource_id: str, sent: Document) -> Document | None:
    if not sent.get("type"):
        return None
    if sent["type"] != "SystemAssigned":
        raise _bad(f"The identity type '{sent['type']}' is not supported.")
    return {"type": "SystemAssigned", "principalId": stable_guid("extension identity", resource_id), "tenantId": TENANT}


def _health_error(name: str, state: str) -> Document:
    """The text of terraform-provider-azurerm#24547; of an upgrade: AML-Kubernetes#293."""
    if state == "Creating":
        inner = f"release {name} failed, and has been uninstalled due to atomic being set: failed pre-install: pod healthcheck failed"
        what, verb = "Helm installation failed", "Create"
    else:
        inner = f"release {name} failed, and has been rolled back due to atomic being set: pre-upgrade hooks failed: pod healthcheck failed"
        what, verb = "Helm Upgrade Failed", "Update"
    return {
        "code": "ExtensionOperationFailed",
        "message": f"The extension operation failed with the following error:  Error: [ InnerError: [{what} : Unable to create/update Kubernetes resources "
        "for the extension : Recommendation Please check that there are no policies blocking the resource creation/update for the extension. : InnerError "
        f"[{inner}]]] occurred while doing the operation : [{verb}] on the config, For general troubleshooting visit: "
        "https://aka.ms/k8s-extensions-TSG, For more application specific troubleshooting visit: Troubleshooting: https://aka.ms/arcmltsg.",
    }


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)


def routes(app: App) -> list[Route]:
    return Extensions(app).routes()
