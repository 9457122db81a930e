# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What online endpoints and their deployments share: their operations [REC R15 to R19], and the refusals of their component, envelope E3."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.providers.machine_learning.operation_status import status_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

ENDPOINT_TYPE = f"{WORKSPACE_TYPE}/onlineEndpoints"
ONE = WORKSPACE + "/onlineEndpoints/{endpoint}"


def invalid(name: str, problem: str, location: str, *, status: int = 400) -> ArmError:
    message = f"The property '{name}' is not valid: {problem}."
    return ArmError(status, "UserError", message, envelope="mfe", location=location, inner="BadArgument")


def check_name(name: str, location: str) -> None:
    """The rule for the names of endpoints and of their deployments, of both types."""
    if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]", name):
        problem = f"'{name}' does not start with a letter, or is not 3 to 32 letters, digits and dashes"
        raise invalid("name", problem, location)


def find_endpoint(app: App, p: dict[str, str]) -> Document:
    common.find_workspace(app, p, f"onlineEndpoints/{p['endpoint']}")
    doc = app.store.get(ONE.format(**p))
    if doc is None:
        raise common.not_found(f"workspaces/{p['ws']}/onlineEndpoints/{p['endpoint']}", p["rg"])
    return doc


class Writes:
    """Starts operations of one resource at a time. ``guess``: below which name the configuration says what form they have."""

    def __init__(self, app: App, guess: str = "") -> None:
        self.app, self.status, self._guess = app, status_of(app), guess

    def _headers(self, request: Request, operation: Any, *, location: str = "") -> dict[str, str]:
        if self._guess and self.app.config["guesses"][self._guess]["operations"] == "as_compute":
            return self.status.compute_headers(request, operation)
        return self.status.endpoint_headers(request, operation, location=location)

    def need_idle(self, doc: Document | None, location: str) -> None:
        """One operation at a time (the status and the text are those of compute targets: a guess)."""
        if doc is not None:
            common.need_idle(self.app, doc["id"], location)

    def _begin(self, request: Request, kind: str, prefix: str, workspace: Document, doc: Document, **data: Any) -> Any:
        return self.app.operations.start(
            kind,
            provider=common.PROVIDER,
            target=doc["id"],
            location=workspace["location"],
            subscription=workspace["id"].split("/")[2],
            data={"prefix": prefix, "guid": workspace["properties"]["workspaceId"], **data},
        )

    def start(
        self, request: Request, kind: str, prefix: str, workspace: Document, doc: Document, **data: Any
    ) -> dict[str, str]:
        """The headers of a PUT, whose Location is the resource; the body has the operation's address for ever [REC R15]."""
        doing = doc["properties"]["provisioningState"]
        operation = self._begin(request, kind, prefix, workspace, doc, doing=doing, **data)
        location = f"{self.app.base_url(request)}{doc['id']}?api-version={request.api_version}"
        headers = self._headers(request, operation, location=location)
        bare = headers["Azure-AsyncOperation"].partition("&t=")[0]
        doc["properties"]["properties"]["AzureAsyncOperationUri"] = bare
        return headers

    def deletion(self, request: Request, kind: str, prefix: str, workspace: Document, doc: Document) -> Response:
        """202 with the body `null`; its operation says Updating [REC R17]."""
        operation = self._begin(request, kind, prefix, workspace, doc, doing=common.UPDATING)
        return Response(202, headers=self._headers(request, operation), raw=b"null")

    def action(
        self, request: Request, kind: str, prefix: str, workspace: Document, doc: Document, **data: Any
    ) -> Response:
        """202 with a Location alone [SPEC]."""
        operation = self._begin(request, kind, prefix, workspace, doc, doing=common.UPDATING, **data)
        return Response(202, headers={"Location": self.status.endpoint_headers(request, operation)["Location"]})
