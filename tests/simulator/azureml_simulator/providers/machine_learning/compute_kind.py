# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kind of compute has to answer; one class per kind, listed in `KINDS` of `providers/machine_learning/computes`.

The default of an action is the refusal that the service gives for a kind without it
[ISS azure-docs#85756: `ComputeListNodes with computeType ComputeInstance is not supported.`].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning.common import (
    COMPUTE_TYPE,
    CREATING,
    FAILED,
    PROVIDER,
    Document,
    fits_name,
    flag,
    mapping,
    refuse,
    tags_of,
)
from azureml_simulator.providers.machine_learning.operation_status import status_of

if TYPE_CHECKING:
    from azureml_simulator.app import App


_BAD_NAME = (
    "Compute name is invalid. It can include letters, digits and dashes. It must start with a letter, end with a "
    "letter or digit, and be between 3 and 24 characters in length"
)


class ComputeKind:
    """One compute type. `create`, `replace` and `update` answer the request; `remove` prepares a DELETE.

    `defaults` is merged into the configuration's defaults.
    """

    name = ""
    defaults: ClassVar[Document] = {}

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)

    def check_name(self, name: str, workspace: Document, body: Document) -> None:
        """The rule of docs/facts.md c.1 with the service's text of b.2 [ISS]."""
        if not fits_name(self.app, name):
            raise refuse(_BAD_NAME, workspace["location"])

    def create(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """A PUT of a new name. Abstract: each kind answers it in its own way."""
        raise NotImplementedError

    def replace(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """A PUT of a name that exists. Abstract: each kind answers it in its own way."""
        raise NotImplementedError

    def update(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """A PATCH. Abstract: each kind answers it in its own way."""
        raise NotImplementedError

    def _broken(self, operation: Operation, error: Document) -> None:
        """A refused creation leaves the compute in Failed, with the error in envelope E4."""
        doc = self.app.store.get(operation.target)
        if doc is not None:
            kept = {key: error[key] for key in ("code", "message", "details") if key in error}
            doc["properties"] |= {"provisioningState": FAILED, "provisioningErrors": [{"error": kept}]}
            doc["tags"] = doc["tags"] or {}
            self.app.store.put(doc["id"], doc)

    def refresh(self, docs: list[Document]) -> list[Document]:
        """The resources as they are now."""
        return docs

    def remove(self, workspace: Document, doc: Document, action: str) -> None:
        """Refuse a `Delete` or a `Detach`, or change the resource as it is shown from then on."""

    def removed(self, doc: Document, action: str) -> None:
        """The compute is gone by `Delete` or `Detach`."""

    def list_nodes(self, request: Request, workspace: Document, doc: Document) -> Response:
        raise self.unsupported("ComputeListNodes", workspace)

    def list_keys(self, request: Request, workspace: Document, doc: Document) -> Response:
        raise self.unsupported("ComputeListKeys", workspace)

    def start(self, request: Request, workspace: Document, doc: Document) -> Response:
        raise self.unsupported("ComputeStart", workspace)

    def stop(self, request: Request, workspace: Document, doc: Document) -> Response:
        raise self.unsupported("ComputeStop", workspace)

    def restart(self, request: Request, workspace: Document, doc: Document) -> Response:
        raise self.unsupported("ComputeRestart", workspace)

    def unsupported(self, what: str, workspace: Document) -> ArmError:
        return refuse(f"{what} with computeType {self.name} is not supported.", workspace["location"])

    # -- for the kinds ---------------------------------------------------------------------------------------------

    def begin(
        self, operation: str, workspace: Document, doc: Document, *, seconds: float | None = None, **data: Any
    ) -> Operation:
        return self.app.operations.start(
            operation,
            provider=PROVIDER,
            target=doc["id"],
            location=workspace["location"],
            seconds=seconds,
            subscription=doc["id"].split("/")[2],
            data=data,
        )

    @staticmethod
    def backing_id(workspace: Document, doc: Document) -> str:
        """The Batch AI cluster behind a cluster, shown while an update runs (docs/facts.md a.6)."""
        group = workspace["id"].split("/providers/")[0]
        return f"{group}/providers/Microsoft.BatchAI/workspaces/{workspace['name']}/clusters/{doc['name']}"


def as_creating(app: App, kind: str, doc: Document, body: Document, location: str, **properties: Any) -> Document:
    """A compute resource of any kind as a creation shows it (docs/facts.md a.6 [REC R1]); `properties` are the kind's own, or instead of those here."""
    sent = mapping(body.get("properties"), "properties")
    now = app.clock.iso()
    shown: Document = {
        "id": doc["id"],
        "name": doc["name"],
        "type": COMPUTE_TYPE,
        "location": location,
        "tags": tags_of(body),
        "properties": {
            "createdOn": now,
            "modifiedOn": now,
            "computeType": kind,
            "computeLocation": location,
            "description": sent.get("description"),
            "resourceId": None,
            "provisioningState": CREATING,
            "provisioningErrors": None,
            "provisioningWarnings": None,
            "isAttachedCompute": False,
            "disableLocalAuth": flag(sent.get("disableLocalAuth")),
            **properties,
        },
    }
    return shown
