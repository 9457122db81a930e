# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.Resources/deployments in a resource group: template deployments, their operations and statuses.

Addresses, states, headers and bodies: docs/facts.md d.1 [REC R11]. Refusals: public issues quote InvalidTemplate,
InvalidTemplateDeployment and DeploymentActive; the code for cancelling an ended deployment is a guess.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import filters
from azureml_simulator.arm.metadata import cloud
from azureml_simulator.arm.rules import check_group_alive, mapping
from azureml_simulator.entra.directory import SUBSCRIPTIONS, TENANT
from azureml_simulator.http import ArmError, Principal, Request, Response, not_simulated
from azureml_simulator.operations import Operation
from azureml_simulator.providers.what_if import WhatIf
from azureml_simulator.routing import Route
from azureml_simulator.templates.context import Scope
from azureml_simulator.templates.engine import Engine, Entry, State, principal_state, utc
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.template import Resource, Template

if TYPE_CHECKING:
    from azureml_simulator.app import App

TYPE = "Microsoft.Resources/deployments"
DEFAULTS: dict[str, Any] = {
    "seconds": {"deployment.accept": 0.5, "deployment.step": 1.0, "deployment.delete": 0.5, "deployment.what_if": 0.5},
    "guesses": {"deployment_not_cancellable_code": "DeploymentCannotBeCancelled"},
}

_DELETE, _WHAT_IF = "deployment.delete", "deployment.what_if"
_NAME = re.compile(r"[-\w._()]{1,64}")
_STATUSES = "deployment.statuses"
_WEEK = 7 * 24 * 3600


class Deployments:
    """The handlers of deployments at resource group scope."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.engine = Engine(app)
        app.operations.on_done(_DELETE, self._deleted)

    @staticmethod
    def resource_id(p: dict[str, str]) -> str:
        return f"/subscriptions/{p['sub']}/resourceGroups/{p['rg']}/providers/{TYPE}/{p['name']}"

    def put(self, request: Request, p: dict[str, str]) -> Response:
        state, resources = self._evaluated(request, p)
        deployment_id = self.resource_id(p)
        existing = self.app.store.get(deployment_id)
        if existing is not None:
            self._require_inactive(existing)
        operation = self.engine.start(deployment_id, state)
        status_id = f"0858{random.randrange(10**15, 10**16)}"
        self.app.store.kv_put(_STATUSES, status_id, {"operation": operation.id, "deployment": deployment_id})
        document = self._document(p, request, state, resources, "Accepted")
        self.app.store.put(deployment_id, document, private=state)
        path = f"/subscriptions/{p['sub']}/resourcegroups/{p['rg']}/providers/{TYPE}/{p['name']}/operationStatuses/{status_id}"
        headers = {"Azure-AsyncOperation": f"{request.base_url}{path}?api-version={request.api_version}"}
        return Response(201 if existing is None else 200, self.app.store.get(deployment_id), headers)

    def validate(self, request: Request, p: dict[str, str]) -> Response:
        state, resources = self._evaluated(request, p)
        state["started"] = self.app.clock.now()
        document = self._document(p, request, state, resources, "Succeeded")
        document["properties"]["validatedResources"] = [{"id": item.id} for item in resources]
        return Response(200, document)

    def what_if(self, request: Request, p: dict[str, str]) -> Response:
        operation = self.app.operations.start(
            _WHAT_IF,
            provider="Microsoft.Resources",
            target=f"{self.resource_id(p)}/whatIf",
            location=None,
            subscription=p["sub"],
            data={"result": self._predicted(request, p)},
        )
        path = f"/subscriptions/{p['sub']}/operationresults/{operation.id}?api-version={request.api_version}"
        return Response(202, headers={"Location": request.base_url + path, "Retry-After": "1"})

    def _predicted(self, request: Request, p: dict[str, str]) -> dict[str, Any]:
        """The result of what-if. A template that Azure refuses is an error in it, and not one of the request (azure-cli, resource/custom.py)."""
        settings = mapping(self._properties(request, p).get("whatIfSettings"), "whatIfSettings")
        try:
            state, resources = self._evaluated(request, p)
        except _Refused as error:
            return {"status": "Failed", "error": error.to_response(request).body["error"]}
        assert request.principal is not None

        def scope_of(subscription: str, group: str, name: str) -> Scope:
            parts = {"sub": subscription, "rg": group, "name": name}
            return Scope(**self._scope(parts, self.app.resource_group(subscription, group), request))

        nested = ("/".join(item.id.split("/")[:5]).lower() for item in resources if item.nested)
        group = f"/subscriptions/{p['sub']}/resourceGroups/{p['rg']}"
        groups = list(dict.fromkeys([group.lower(), *nested]))
        # Without a runtime: what-if does not evaluate reference() and list*().
        template = Template(state["template"], None, Scope(**state["scope"]), resolved=state["parameters"])
        try:
            return WhatIf(self.app, request.principal, scope_of).result(
                template, groups, str(settings.get("resultFormat") or "")
            )
        except NotSimulatedError as error:
            raise not_simulated(f"The simulator does not have {error.what}.") from error

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._found(p))

    def head(self, request: Request, p: dict[str, str]) -> Response:
        self._found(p)
        return Response(204)

    def list_all(self, request: Request, p: dict[str, str]) -> Response:
        group = self.app.resource_group(p["sub"], p["rg"])
        found = self.app.store.children(group["id"], TYPE)
        wanted = filters.of_request(request, ("provisioningstate",))
        if wanted is not None:
            found = [item for item in found if wanted([{"provisioningstate": _provisioning(item)}])]
        return Response(200, {"value": _first(found, request)})

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        found = self.app.store.get(self.resource_id(p))
        if found is None:
            return Response(204)
        self._require_inactive(found)
        operation = self.app.operations.start(
            _DELETE, provider="Microsoft.Resources", target=found["id"], location=None, subscription=p["sub"]
        )
        path = f"/subscriptions/{p['sub']}/operationresults/{operation.id}?api-version={request.api_version}"
        return Response(202, headers={"Location": request.base_url + path})

    def _deleted(self, operation: Operation) -> None:
        self.app.store.delete(operation.target)

    def cancel(self, request: Request, p: dict[str, str]) -> Response:
        found = self._found(p)
        if not _is_active(found):
            code = self.app.config["guesses"]["deployment_not_cancellable_code"]
            state = _provisioning(found)
            raise ArmError(409, code, f"The deployment '{p['name']}' cannot be cancelled: its state is '{state}'.")
        self.app.operations.cancel(self.app.store.private(found["id"])["operation"])
        found["properties"] |= {"provisioningState": "Canceled", "timestamp": self.engine.stamp()}
        self.app.store.put(found["id"], found)
        return Response(204)

    def export(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, {"template": self.app.store.private(self._found(p)["id"])["template"]})

    def status(self, request: Request, p: dict[str, str]) -> Response:
        known = self.app.store.kv_get(_STATUSES, p["status"])
        operation = self.app.operations.asked(known["operation"]) if known else None
        if known is None or operation is None:
            raise ArmError(404, "DeploymentOperationNotFound", f"The operation '{p['status']}' could not be found.")
        if operation.status == "InProgress":
            document = self.app.store.get(known["deployment"]) or {}
            return Response(200, {"status": _provisioning(document) or "Running"})
        body: dict[str, Any] = {"status": operation.status}
        if operation.error is not None:
            body["error"] = operation.error
        return Response(200, body)

    def operations(self, request: Request, p: dict[str, str]) -> Response:
        value = self._operations(self._found(p))
        return Response(200, {"value": _first(value, request)})

    def operation(self, request: Request, p: dict[str, str]) -> Response:
        wanted = p["operation"].lower()
        for item in self._operations(self._found(p)):
            if item["operationId"].lower() == wanted:
                return Response(200, item)
        raise ArmError(
            404,
            "DeploymentOperationNotFound",
            f"Deployment operation '{p['operation']}' of deployment '{p['name']}' could not be found.",
        )

    # What a deployment is made of

    def _evaluated(self, request: Request, p: dict[str, str]) -> tuple[State, list[Resource]]:
        """The deployment's state and resources, or the refusal that Azure gives before it accepts a deployment."""
        group = check_group_alive(self.app, p["sub"], p["rg"])
        properties = self._properties(request, p)
        assert request.principal is not None
        parameters = mapping(properties.get("parameters"), "parameters")
        state: State = {
            "template": properties["template"],
            "principal": principal_state(request.principal),
            "host": request.headers.get("host", "127.0.0.1"),
            "mode": "Incremental",
            "scope": self._scope(p, group, request),
            "entries": [],
        }
        try:
            template = Template(
                state["template"], parameters, Scope(**state["scope"]), now=lambda: utc(self.app.clock.now())
            )
            resources = template.resources()
            state["parameters"] = template.parameters
            state["shown"] = template.shown_parameters
            state["locations"] = {item.id: template.location(item) for item in resources}
        except TemplateError as error:
            info = {"lineNumber": 0, "linePosition": 0, "path": ""}
            raise _Refused(error, [{"type": "TemplateViolation", "info": info}]) from error
        except NotSimulatedError as error:
            raise not_simulated(f"The simulator does not have {error.what}.") from error
        self._check_rights(request.principal, resources)
        for item in resources:
            if item.nested:
                parts = item.id.split("/")
                self.app.resource_group(parts[2], parts[4])
        return state, resources

    def _properties(self, request: Request, p: dict[str, str]) -> dict[str, Any]:
        body = request.json_object
        if not _NAME.fullmatch(p["name"]):
            raise ArmError(
                400,
                "InvalidDeployment",
                f"The provided deployment name '{p['name']}' is not valid: it has at most 64 letters, digits, '-', '_', '.', "
                "'(' and ')'. Please see https://aka.ms/arm-deploy for usage details.",
            )
        if "location" in body:
            raise ArmError(
                400,
                "InvalidDeployment",
                f"The 'location' property is not allowed for '{p['name']}' at resource "
                "group scope. Please see https://aka.ms/deploy-to-subscription for usage details.",
            )
        properties = mapping(body.get("properties"), "properties")
        mode = str(properties.get("mode") or "")
        if mode.lower() == "complete":
            raise not_simulated("The simulator does not have the deployment mode 'Complete'.")
        if mode.lower() != "incremental":
            raise ArmError(
                400,
                "InvalidDeployment",
                f"The deployment mode '{mode}' is not valid. Please see https://aka.ms/arm-deploy for usage details.",
            )
        for name in ("templateLink", "parametersLink", "onErrorDeployment"):
            if properties.get(name):
                raise not_simulated(f"The simulator does not have '{name}' of deployments.")
        if not isinstance(properties.get("template"), dict):
            raise ArmError(
                400,
                "InvalidDeployment",
                "The deployment has neither a 'template' nor a 'templateLink'. "
                "Please see https://aka.ms/arm-deploy for usage details.",
            )
        return properties

    def _scope(self, p: dict[str, str], group: dict[str, Any], request: Request) -> dict[str, Any]:
        subscription = {
            "id": f"/subscriptions/{p['sub']}",
            "subscriptionId": p["sub"],
            "tenantId": TENANT,
            "displayName": SUBSCRIPTIONS.get(p["sub"].lower(), p["sub"]),
        }
        deployment = {"name": p["name"], "properties": {"mode": "Incremental", "provisioningState": "Accepted"}}
        return {
            "subscription": subscription,
            "resource_group": group,
            "tenant": {"tenantId": TENANT},
            "environment": cloud(request.base_url),
            "deployment": deployment,
            "deployer": {"objectId": request.principal.object_id if request.principal else "", "tenantId": TENANT},
        }

    def _check_rights(self, principal: Principal, resources: list[Resource]) -> None:
        refused = [
            f"Authorization failed for template resource '{item.name}' of type '{item.type}'. The client "
            f"'{principal.app_id}' with object id '{principal.object_id}' does not have permission to perform action "
            f"'{item.type}/write' at scope '{item.id}'."
            for item in resources
            if not item.existing and not self.app.rbac.allowed(principal, f"{item.type}/write", item.id)
        ]
        if refused:
            lead = (
                "The template deployment failed with error"
                if len(refused) == 1
                else "Deployment failed with multiple errors"
            )
            raise ArmError(400, "InvalidTemplateDeployment", f"{lead}: '{':'.join(refused)}'.")

    def _document(
        self, p: dict[str, str], request: Request, state: State, resources: list[Resource], provisioning: str
    ) -> dict[str, Any]:
        document = {
            "id": self.resource_id(p),
            "name": p["name"],
            "type": TYPE,
            "properties": {
                "templateHash": _template_hash(state["template"]),
                "parameters": state["shown"],
                "mode": state["mode"],
                "provisioningState": provisioning,
                "timestamp": self.engine.stamp(),
                "duration": self.engine.elapsed(state["started"]),
                "correlationId": str(uuid.uuid4()),
                "providers": _providers(resources, state["locations"]),
                "dependencies": _dependencies(resources),
            },
        }
        tags = request.json_object.get("tags")
        return {**document, "tags": tags} if tags else document

    def _operations(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        state = self.app.store.private(document["id"])
        found = [self._shown(document, entry) for entry in state["entries"] if entry["state"] != "Waiting"]
        if "outputs_at" in state:
            outputs = self._shown(
                document,
                {
                    "operation_id": "08584000000000000000",
                    "tracking_id": document["properties"]["correlationId"],
                    "state": "Succeeded",
                    "started": state["outputs_at"],
                    "ended": state["outputs_at"],
                    "statusCode": "OK",
                },
            )
            outputs["properties"]["provisioningOperation"] = "EvaluateDeploymentOutput"
            found.append(outputs)
        return found

    def _shown(self, document: dict[str, Any], entry: Entry) -> dict[str, Any]:
        ended = entry.get("ended")
        properties = {
            "provisioningOperation": "Read" if entry.get("existing") else "Create",
            "provisioningState": entry["state"],
            "timestamp": self.engine.stamp(ended if ended is not None else entry["started"]),
            "duration": self.engine.elapsed(entry["started"], ended),
            "trackingId": entry["tracking_id"],
            "statusCode": entry["statusCode"],
        }
        if "error" in entry:
            properties["statusMessage"] = {"status": "Failed", "error": entry["error"]}
        if "id" in entry:
            properties["targetResource"] = {
                "id": entry["id"],
                "resourceType": entry["type"],
                "resourceName": entry["name"],
            }
        operation_id = entry["operation_id"]
        return {
            "id": f"{document['id']}/operations/{operation_id}",
            "operationId": operation_id,
            "properties": properties,
        }

    def _found(self, p: dict[str, str]) -> dict[str, Any]:
        self.app.resource_group(p["sub"], p["rg"])
        found = self.app.store.get(self.resource_id(p))
        if found is None:
            raise ArmError(404, "DeploymentNotFound", f"Deployment '{p['name']}' could not be found.")
        return found

    def _require_inactive(self, document: dict[str, Any]) -> None:
        if not _is_active(document):
            return
        started = self.app.store.private(document["id"])["started"]
        since, until = (f"{utc(moment):%m/%d/%Y %H:%M:%S}" for moment in (started, started + _WEEK))
        raise ArmError(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{document['name']}': previous deployment from '{since}' is still active "
            f"(expiration time is '{until}'). Please see https://aka.ms/arm-deploy for usage details.",
        )


class _Refused(ArmError):
    """An invalid template, with the additionalInfo that Azure adds."""

    def __init__(self, error: TemplateError, additional: list[dict[str, Any]]) -> None:
        super().__init__(400, error.code, f"Deployment template validation failed: '{error.message}'.")
        self._additional = additional

    def to_response(self, request: Request | None = None) -> Response:
        response = super().to_response(request)
        response.body["error"]["additionalInfo"] = self._additional
        return response


def _provisioning(document: dict[str, Any]) -> str:
    return str((document.get("properties") or {}).get("provisioningState", ""))


def _is_active(document: dict[str, Any]) -> bool:
    return _provisioning(document) in ("Accepted", "Running")


def _first(items: list[Any], request: Request) -> list[Any]:
    """As many items as `$top` says."""
    top = request.query.get("$top") or str(len(items))
    if not top.isascii() or not top.isdigit():
        raise ArmError(400, "InvalidTopQueryString", f"The value '{top}' of $top is not valid.")
    return items[: int(top)]


def _template_hash(template: dict[str, Any]) -> str:
    """Digits, as Azure's are, but not by Azure's algorithm, which is not known."""
    digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()
    return str(int.from_bytes(digest[:8], "big"))


def _providers(resources: list[Resource], locations: dict[str, str | None]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, list[str | None]]] = {}
    for item in resources:
        if item.existing:
            continue
        namespace, _slash, kind = item.type.partition("/")
        places = found.setdefault(namespace, {}).setdefault(kind, [])
        if locations[item.id] not in places:
            places.append(locations[item.id])
    return [
        {
            "namespace": namespace,
            "resourceTypes": [{"resourceType": kind, "locations": places} for kind, places in kinds.items()],
        }
        for namespace, kinds in found.items()
    ]


def _dependencies(resources: list[Resource]) -> list[dict[str, Any]]:
    by_id = {item.id: item for item in resources}

    def basic(item: Resource) -> dict[str, Any]:
        return {"id": item.id, "resourceType": item.type, "resourceName": item.name}

    return [
        {"dependsOn": [basic(by_id[key]) for key in item.depends_on], **basic(item)}
        for item in resources
        if item.depends_on
    ]


def routes(app: App) -> list[Route]:
    deployments = Deployments(app)
    group = "/subscriptions/{sub}/resourceGroups/{rg}"
    found: list[Route] = []

    def add(method: str, pattern: str, handler: Callable[[Request, dict[str, str]], Response], right: str) -> None:
        found.append(Route(method, pattern, handler, action=f"{TYPE}/{right}"))

    add("GET", f"{group}/providers/{TYPE}", deployments.list_all, "read")
    one = f"{group}/providers/{TYPE}/{{name}}"
    add("GET", one, deployments.get, "read")
    add("HEAD", one, deployments.head, "read")
    add("PUT", one, deployments.put, "write")
    add("DELETE", one, deployments.delete, "delete")
    add("POST", f"{one}/cancel", deployments.cancel, "cancel/action")
    add("POST", f"{one}/exportTemplate", deployments.export, "exportTemplate/action")
    add("POST", f"{one}/validate", deployments.validate, "validate/action")
    add("POST", f"{one}/whatIf", deployments.what_if, "whatIf/action")
    add("GET", f"{one}/operationStatuses/{{status}}", deployments.status, "operationStatuses/read")
    for base in (one, f"{group}/deployments/{{name}}"):
        add("GET", f"{base}/operations", deployments.operations, "operations/read")
        add("GET", f"{base}/operations/{{operation}}", deployments.operation, "operations/read")
    return found
