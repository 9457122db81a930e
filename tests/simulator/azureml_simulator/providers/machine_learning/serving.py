# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an online endpoint answers: its deployments' shares of the traffic are exact in each hundred requests.

The service is at `https://ENDPOINT.REGION.inference.ml.azure.com/score` [REC R17], the simulator at `/inference/REGION/ENDPOINT/score` of its own host. The
statuses are those of how-to-troubleshoot-online-endpoints [DOC]: 401, 404 without a deployment that gets traffic, 424 for what a model answers with an error.
No model runs: a deployment answers 200 with its name, or what the setting `serving.answers` has for that name. The header `azureml-model-deployment` names
it, in the answer as recorded and in a request to choose it [DOC].
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.authentication import authenticate
from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request, Response, not_simulated
from azureml_simulator.providers.machine_learning.common import Document
from azureml_simulator.providers.machine_learning.online_operations import ENDPOINT_TYPE
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

# `answers`: by a deployment's name, the `status` and the `body` that its model answers with.
DEFAULTS: Document = {"serving": {"answers": {}}}
_HEADER = "azureml-model-deployment"
# A step through all hundredths that spreads the shares: it has no divisor in common with 100.
_STEP = 37


def address(base: str, doc: Document) -> str:
    return f"{base}/inference/{doc['location']}/{doc['name']}"


def token_of(app: App, doc: Document) -> str:
    return stable_guid("token", doc["id"], app.store.private(doc["id"])["primaryKey"])


def _refuse(status: int, message: str) -> Response:
    return Response(status, {"message": message})


class Serving:
    """The handler of scoring requests."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _allowed(self, request: Request, doc: Document) -> bool:
        mode, held = doc["properties"]["authMode"], self.app.store.private(doc["id"])
        kind, _space, text = str(request.headers.get("authorization", "")).partition(" ")
        if kind.lower() != "bearer":
            return False
        if mode == "Key":
            return text in (held["primaryKey"], held["secondaryKey"])
        if mode == "AMLToken":
            return text == token_of(self.app, doc)
        try:
            # The audience of the real service is ml.azure.com; the simulator's tokens are for Resource Manager.
            principal = authenticate(request, self.app.issuer)
        except ArmError:
            return False
        return self.app.rbac.allowed(principal, f"{ENDPOINT_TYPE}/score/action", doc["id"])

    def _choose(self, doc: Document) -> str | None:
        """The deployment of the next request."""
        number = int(self.app.store.kv_get("serving", doc["id"].lower()) or 0)
        self.app.store.kv_put("serving", doc["id"].lower(), number + 1)
        place = number * _STEP % 100
        for name, share in sorted(doc["properties"]["traffic"].items()):
            if place < share:
                return str(name)
            place -= share
        return None

    def score(self, request: Request, p: dict[str, str]) -> Response:
        doc = next(
            (
                one
                for one in self.app.store.by_type(None, ENDPOINT_TYPE)
                if (one["name"].lower(), one["location"]) == (p["endpoint"].lower(), p["location"])
            ),
            None,
        )
        if doc is None or doc["properties"]["scoringUri"] is None:
            return _refuse(404, "There is no such endpoint.")
        if not self._allowed(request, doc):
            return _refuse(401, "You do not have permission to score, or your token or key is wrong.")
        name = request.headers.get(_HEADER) or self._choose(doc)
        deployment = self.app.store.get(f"{doc['id']}/deployments/{name}") if name else None
        if deployment is None or deployment["properties"]["provisioningState"] == "Failed":
            return _refuse(404, "The endpoint does not have any valid deployment with positive weight.")
        return self._answer(str(deployment["name"]))

    def _answer(self, name: str) -> Response:
        answer = self.app.config["serving"]["answers"].get(name) or {"status": 200, "body": {"deployment": name}}
        status, headers = int(answer["status"]), {_HEADER: name}
        if status != 200:
            headers["ms-azureml-model-error-statuscode"] = str(status)
        raw = json.dumps(answer.get("body")).encode()
        return Response(200 if status == 200 else 424, headers={**headers, "Content-Type": "application/json"}, raw=raw)

    def swagger(self, request: Request, p: dict[str, str]) -> Any:
        raise not_simulated("The simulator runs no model, and has no description of its interface.")


def routes(app: App) -> list[Route]:
    handlers = Serving(app)
    base = "/inference/{location}/{endpoint}"
    return [
        Route("POST", f"{base}/score", handlers.score, open=True),
        Route("GET", f"{base}/swagger.json", handlers.swagger, open=True),
    ]
