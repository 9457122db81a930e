# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plain resource types of `arm/resource_types`, and the addresses at which their operations are followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.resource import Resource
from azureml_simulator.arm.resource_types import KINDS
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

DEFAULTS: dict[str, Any] = {
    "generic": {"retry_after": 1},
    "seconds": {
        "Microsoft.Compute/virtualMachines.write": 5.0,
        "Microsoft.ContainerService/managedClusters.write": 10.0,
        "Microsoft.ContainerRegistry/registries.write": 2.0,
    },
}


class OperationAddresses:
    """Status documents and results of the operations that plain resources start."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.app.config["generic"]["retry_after"])}

    def status(self, request: Request, p: dict[str, str]) -> Response:
        operation = self.app.operations.asked(p["operation"])
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"The operation '{p['operation']}' could not be found.")
        body: dict[str, Any] = {"status": operation.status}
        if operation.error:
            body["error"] = operation.error
        return Response(200, body, self._headers() if operation.status == "InProgress" else {})

    def result(self, request: Request, p: dict[str, str]) -> Response:
        operation = self.app.operations.asked(p["operation"])
        if operation is None:
            raise ArmError(404, "OperationNotFound", f"The operation '{p['operation']}' could not be found.")
        if operation.status == "InProgress":
            headers = {**self._headers(), "Location": request.base_url + request.path}
            headers["Location"] += f"?api-version={request.api_version}"
            return Response(202, headers=headers)
        if operation.error:
            status = operation.error.get("statusCode", 409)
            raise ArmError(status, operation.error["code"], operation.error["message"], operation.error.get("details"))
        doc = self.app.store.get(operation.target)
        return Response(204) if doc is None else Response(200, doc)


def routes(app: App) -> list[Route]:
    addresses = OperationAddresses(app)
    place = "/subscriptions/{sub}/providers/{ns}/locations/{loc}"
    found = [
        Route("GET", place + "/operations/{operation}", addresses.status),
        Route("GET", place + "/operationResults/{operation}", addresses.result),
    ]
    for kind in KINDS:
        found += Resource(app, kind).routes()
    return found
