# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses under which the provider shows its long-running operations.

Computes: docs/facts.md a.4 [REC R1, R13; the signed query R3, R5]: location scope without a resource group, 200 with
`{"status": ...}`, no Retry-After. Workspaces: d.2 [REC R10, R11]: the same with `type=async`, and a Location with
`type=location` that answers 202 until the operation is over. Registries: as workspaces [REC R25]. Endpoints: o.1 [REC R17]: a
status document with id, name and times, whose status is what the resource does until it is over.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, LOCATION, PROVIDER
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

COMPUTE, WORKSPACE, REGISTRY = "computeOperationsStatus", "workspaceOperationsStatus", "registryOperationsStatus"
ENDPOINT, ENDPOINT_RESULT = "mfeOperationsStatus", "mfeOperationResults"
_KEY = b"signature of the simulated service"
_SIGNED = ("t", "c", "s", "h")


def _token(*parts: str) -> str:
    digest = hmac.new(_KEY, "|".join(parts).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _signature(operation: Operation) -> dict[str, str]:
    """Ticks, certificate, signature and hash: opaque to clients, who must send them back as they are."""
    ticks = str(int(operation.started * 10**7) + 621355968000000000)
    return {
        "t": ticks,
        "c": _token("certificate"),
        "s": _token("signature", operation.id, ticks),
        "h": _token("hash", operation.id),
    }


class Status:
    """Writes the addresses and answers the polls."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._results: dict[str, Callable[[Operation, Request], Any]] = {}

    def on_result(self, kind: str, result: Callable[[Operation, Request], Any]) -> None:
        """What the Location of a finished operation of that kind shows."""
        self._results[kind] = result

    def _address(self, request: Request, operation: Operation, collection: str, name: str, **query: str) -> str:
        path = LOCATION.format(sub=operation.subscription, loc=operation.location)
        terms = {"api-version": request.api_version, **query}
        if self.app.config["guesses"]["signed_polls"]:
            terms |= _signature(operation)
        text = "&".join(f"{key}={quote(value, safe='')}" for key, value in terms.items())
        return f"{self.app.base_url(request)}{path}/{collection}/{name}?{text}"

    def compute_headers(self, request: Request, operation: Operation) -> dict[str, str]:
        address = self._address(request, operation, COMPUTE, operation.id, service="new")
        return {"Azure-AsyncOperation": address}

    def workspace_headers(self, request: Request, operation: Operation, *, plain: bool = False) -> dict[str, str]:
        """`plain`: the id is a guid (DELETE [REC R11], resyncKeys and diagnose [REC R29]), else base64url."""
        encoded = base64.urlsafe_b64encode(operation.id.encode()).decode().rstrip("=")
        name = operation.id if plain else encoded
        return {
            "Location": self._address(request, operation, WORKSPACE, name, type="location"),
            "Azure-AsyncOperation": self._address(request, operation, WORKSPACE, name, type="async"),
        }

    def registry_headers(self, request: Request, operation: Operation) -> dict[str, str]:
        """As of a workspace, under a collection of its own [REC R25]."""
        return {
            "Location": self._address(request, operation, REGISTRY, operation.id, type="location"),
            "Azure-AsyncOperation": self._address(request, operation, REGISTRY, operation.id, type="async"),
        }

    def endpoint_headers(self, request: Request, operation: Operation, *, location: str = "") -> dict[str, str]:
        """Of an endpoint or a deployment; ``location`` is the resource of a PUT, otherwise the result has an address of its own [REC R17]."""
        name = _endpoint_operation(operation)
        return {
            "Azure-AsyncOperation": self._address(request, operation, ENDPOINT, name),
            "Location": location or self._address(request, operation, ENDPOINT_RESULT, name),
            "x-ms-async-operation-timeout": "PT30M",
        }

    def _find(self, request: Request, name: str) -> Operation:
        name = name.rpartition(":")[2]
        operation = self.app.operations.asked(name) or self.app.operations.asked(_decoded(name))
        if operation is None or operation.provider != PROVIDER:
            raise ArmError(404, "OperationNotFound", f"The operation '{name}' could not be found.")
        if self.app.config["guesses"]["poll_right"] == "subscription" and request.principal is not None:
            verb = request.path.split("/")[-2]
            self.app.rbac.require(
                request.principal, f"{PROVIDER}/locations/{verb}/read", f"/subscriptions/{operation.subscription}"
            )
        if self.app.config["guesses"]["signed_polls"]:
            wanted = _signature(operation)
            if any(request.query.get(key) != wanted[key] for key in _SIGNED):
                guess = self.app.config["guesses"]["unsigned_poll"]
                raise ArmError(int(guess["status"]), guess["code"], guess["message"])
        return operation

    @staticmethod
    def _shown(operation: Operation) -> dict[str, Any]:
        if operation.status == "InProgress":
            return {"status": "InProgress"}
        if operation.status == "Succeeded":
            return {"status": "Succeeded", "percentComplete": 100.0}
        return {"status": operation.status, **({"error": operation.error} if operation.error else {})}

    def compute(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._shown(self._find(request, p["operation"])))

    def workspace(self, request: Request, p: dict[str, str]) -> Response:
        operation = self._find(request, p["operation"])
        if request.query.get("type", "async") != "location":
            return Response(200, self._shown(operation))
        if operation.status == "InProgress":
            address = f"{self.app.base_url(request)}{request.path}?"
            address += "&".join(f"{key}={quote(value, safe='')}" for key, value in request.query.items())
            return Response(202, headers={"Location": address})
        if operation.error:
            error = operation.error
            raise ArmError(int(error.get("statusCode", 400)), error["code"], error["message"], error.get("details"))
        result = self._results.get(operation.kind)
        return Response(200, result(operation, request) if result else None)

    def endpoint(self, request: Request, p: dict[str, str]) -> Response:
        operation = self._find(request, p["operation"])
        running = operation.status == "InProgress"
        # What a failed one looks like is a guess.
        shown = {
            "id": request.path,
            "name": p["operation"],
            "startTime": _moment(operation.started),
            "percentComplete": 0.0 if running else 100.0,
            "status": operation.data["doing"] if running else operation.status,
        }
        if not running:
            shown["endTime"] = _moment(operation.due)
        return Response(200, {**shown, **({"error": operation.error} if operation.error and not running else {})})

    def endpoint_result(self, request: Request, p: dict[str, str]) -> Response:
        """202 until it is over, as of a workspace; the recordings do not show it."""
        operation = self._find(request, p["operation"])
        if operation.status == "InProgress":
            address = self._address(request, operation, ENDPOINT_RESULT, p["operation"])
            return Response(202, headers={"Location": address})
        if operation.error:
            raise ArmError(400, operation.error["code"], operation.error["message"])
        return Response(200)

    def routes(self) -> list[Route]:
        """Polls ask for no right beside a token: their scope is the subscription (docs/facts.md a.4); that none is asked for is a guess."""
        return [
            Route("GET", LOCATION + f"/{COMPUTE}/{{operation}}", self.compute, API_VERSIONS),
            Route("GET", LOCATION + f"/{WORKSPACE}/{{operation}}", self.workspace, API_VERSIONS),
            Route("GET", LOCATION + f"/{REGISTRY}/{{operation}}", self.workspace, API_VERSIONS),
            Route("GET", LOCATION + f"/{ENDPOINT}/{{operation}}", self.endpoint, API_VERSIONS),
            Route("GET", LOCATION + f"/{ENDPOINT_RESULT}/{{operation}}", self.endpoint_result, API_VERSIONS),
        ]


def _endpoint_operation(operation: Operation) -> str:
    """The kind of resource, the workspace's guid, and the operation's own [REC R17, R19]."""
    return f"{operation.data['prefix']}:{operation.data['guid']}:{operation.id}"


def _moment(stamp: float) -> str:
    return f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def _decoded(name: str) -> str:
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode("ascii")
    except ValueError:
        return ""


def status_of(app: App) -> Status:
    """The one `Status` of an app; workspaces and computes share it."""
    if not hasattr(app, "_operation_status"):
        app._operation_status = Status(app)  # type: ignore[attr-defined]
    return app._operation_status  # type: ignore[attr-defined,no-any-return]
