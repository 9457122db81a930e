# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What attached computes share: the target, the right on it, one attachment at a time, Detach only, secrets.

docs/facts.md a.6 (Kubernetes, secrets), c.2 to c.4 [SPEC, SDK]; docs/coverage.md T8 and 1.10 [D]. No recording of
an attachment but one of Kubernetes exists [REC R13: 201, in progress for minutes], so statuses and texts of refusals
are guesses and stand in `guesses.attach`. The text of the 403 is Resource Manager's own for linked scopes [ARM].
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, ClassVar

from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import identity as identities
from azureml_simulator.providers.machine_learning.common import (
    COMPUTE_TYPE,
    CREATING,
    FAILED,
    SUCCEEDED,
    Document,
    mapping,
    refuse,
    region,
)
from azureml_simulator.providers.machine_learning.compute_kind import ComputeKind, as_creating

if TYPE_CHECKING:
    from azureml_simulator.app import App

_ID = re.compile(
    r"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/(?P<namespace>[^/]+)(?P<rest>(/[^/]+/[^/]+)+)$",
    re.IGNORECASE,
)
DEFAULTS: Document = {
    "seconds": {"attach": 30.0, "attach.update": 10.0},
    "guesses": {
        "attach": {
            "missing": {"status": 400, "code": "UserError", "message": "The resource '{id}' was not found."},
            # The right asked for on the target: the type's `write`.
            "verb": "write",
            "twice": "refuse",
            "delete_attached": 400,
            "change_target": 400,
            "retired": "accept",
        },
    },
}


def type_of_id(resource_id: str) -> str | None:
    """`Microsoft.X/y/z` of a resource id, or None when it is not one."""
    match = _ID.match(resource_id)
    if match is None:
        return None
    return "/".join([match["namespace"], *match["rest"].strip("/").split("/")[::2]])


class AttachedKind(ComputeKind):
    """A compute that exists before and after its attachment."""

    targets: ClassVar[tuple[str, ...]] = ()
    operation = "attach"
    update_operation = "attach.update"
    needs_target = True
    # Inner fields that a PUT on an attached compute changes; the others are kept.
    changes: ClassVar[tuple[str, ...]] = ()
    defaults: ClassVar[Document] = DEFAULTS

    def __init__(self, app: App) -> None:
        super().__init__(app)
        app.operations.on_done(self._named(self.operation), self._attached)
        app.operations.on_failed(self._named(self.operation), self._broken)
        app.operations.on_done(self._named(self.update_operation), self._updated)

    def _named(self, operation: str) -> str:
        """Each kind has operations of its own, of the same length."""
        return f"{operation}.{self.name}"

    def _begin(self, operation: str, workspace: Document, doc: Document, **data: Any) -> Operation:
        seconds = self.app.config.seconds(operation)
        return self.begin(self._named(operation), workspace, doc, seconds=seconds, **data)

    # -- what a kind says of itself ----------------------------------------------------------------------------------

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document | None:
        """The inner properties as they are shown, None where a kind has none; refuses what is not valid. Abstract."""
        raise NotImplementedError

    def secrets(self, sent: Document) -> Document:
        """The inner properties that are never shown."""
        return {}

    def finish(self, doc: Document, private: Document) -> Document | None:
        """The error of an attachment that fails, or None; may complete the shown properties."""
        return None

    # -- the target --------------------------------------------------------------------------------------------------

    def _target(self, request: Request, workspace: Document, doc: Document, resource_id: Any) -> Document | None:
        if not resource_id:
            if self.needs_target:
                raise refuse(f"'resourceId' is required for the computeType '{self.name}'.", workspace["location"])
            return None
        kind = type_of_id(str(resource_id))
        if kind is None or kind.lower() not in {name.lower() for name in self.targets}:
            raise refuse(
                f"The resource id '{resource_id}' is not valid for the computeType '{self.name}'; it must be one of "
                f"{', '.join(self.targets)}.",
                workspace["location"],
            )
        self._need_right(request, doc, str(resource_id), kind)
        target = self.app.store.get(str(resource_id))
        if target is None:
            guess = self.app.config["guesses"]["attach"]["missing"]
            text = guess["message"].format(id=resource_id)
            raise refuse(text, workspace["location"], status=int(guess["status"]), code=guess["code"])
        return target

    def _need_right(self, request: Request, doc: Document, target_id: str, kind: str) -> None:
        """The caller needs access to the target [D, docs/coverage.md T8]; which right is a guess."""
        who = request.principal
        assert who is not None
        action = f"{kind}/{self.app.config['guesses']['attach']['verb']}"
        self.app.rbac.require_linked(who, f"{COMPUTE_TYPE}/write", doc["id"], action, target_id)

    def others(self, doc: Document, resource_id: str) -> list[Document]:
        """The attachments of the same target in the same workspace."""
        workspace = doc["id"].rsplit("/computes/", 1)[0]
        return [
            other
            for other in self.app.store.children(workspace, COMPUTE_TYPE)
            if str(other["properties"].get("resourceId") or "").lower() == resource_id.lower()
            and other["id"].lower() != doc["id"].lower()
        ]

    def check_single(self, workspace: Document, doc: Document, resource_id: str, inner: Document) -> None:
        """Never two attachments of one resource in a workspace [D, docs/coverage.md 1.10]."""
        others = self.others(doc, resource_id)
        if others and self.app.config["guesses"]["attach"]["twice"] == "refuse":
            raise refuse(
                f"The resource '{resource_id}' is already attached to the workspace as '{others[0]['name']}'.",
                workspace["location"],
            )

    # -- writing -----------------------------------------------------------------------------------------------------

    def create(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        sent = mapping(body.get("properties"), "properties")
        target = self._target(request, workspace, doc, sent.get("resourceId"))
        shown, private = self._declared(workspace, doc, body, target)
        if target is not None:
            self.check_single(
                workspace, doc, target["id"], mapping(shown["properties"].get("properties"), "properties")
            )
        self.app.store.put(doc["id"], shown, private=private)
        operation = self._begin(self.operation, workspace, doc)
        return Response(201, shown, self.status.compute_headers(request, operation))

    def replace(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """201; tags, identity and what `changes` names are taken (1.10 [D] for Synapse and Kubernetes)."""
        sent = mapping(body.get("properties"), "properties")
        if doc["properties"]["provisioningState"] == FAILED:
            raise refuse(
                f"The compute '{doc['name']}' is in a failed state. Detach it before you attach it again.",
                workspace["location"],
            )
        self._same_target(workspace, doc, sent.get("resourceId"))
        target_id = doc["properties"]["resourceId"]
        if doc["properties"]["isAttachedCompute"]:
            target = self._target(request, workspace, doc, target_id)
        else:
            target = self.app.store.get(target_id)
        shown, private = self._declared(workspace, doc, self._for_update(doc, body), target)
        kept, fresh = (item["properties"].get("properties") for item in (doc, shown))
        if isinstance(kept, dict) and isinstance(fresh, dict):
            inner = mapping(sent.get("properties"), "properties.properties")
            kept |= {name: fresh[name] for name in self.changes if name in inner}
        doc["properties"] |= {"provisioningState": CREATING, "modifiedOn": shown["properties"]["modifiedOn"]}
        doc["tags"] = shown["tags"] or {}
        doc.pop("identity", None)
        if "identity" in shown:
            doc["identity"] = shown["identity"]
        self.app.store.put(doc["id"], doc, private={**self.app.store.private(doc["id"]), **private})
        operation = self._begin(self.update_operation, workspace, doc)
        shown["properties"]["createdOn"] = doc["properties"]["createdOn"]
        shown["properties"]["isAttachedCompute"] = doc["properties"]["isAttachedCompute"]
        return Response(201, shown, self.status.compute_headers(request, operation))

    def _for_update(self, doc: Document, body: Document) -> Document:
        """The body of an update, completed where a kind lets it be incomplete."""
        return body

    def _same_target(self, workspace: Document, doc: Document, resource_id: Any) -> None:
        before = doc["properties"]["resourceId"]
        if resource_id and str(resource_id).lower() != str(before).lower():
            raise refuse(
                f"The resource id of the compute '{doc['name']}' cannot be changed from '{before}'. Detach it first.",
                workspace["location"],
                status=int(self.app.config["guesses"]["attach"]["change_target"]),
            )

    def update(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """PATCH is for clusters (docs/coverage.md 1.12)."""
        raise self.unsupported("ComputeUpdate", workspace)

    def _declared(
        self, workspace: Document, doc: Document, body: Document, target: Document | None
    ) -> tuple[Document, Document]:
        sent = mapping(body.get("properties"), "properties")
        inner = mapping(sent.get("properties"), "properties.properties")
        location = region(body.get("location"), workspace["location"])
        own = self.accept(workspace, doc, copy.deepcopy(inner), target)
        shown = as_creating(
            self.app,
            self.name,
            doc,
            body,
            location,
            computeLocation=region(sent.get("computeLocation"), (target or {}).get("location") or location),
            resourceId=sent.get("resourceId") or doc.get("properties", {}).get("resourceId"),
            isAttachedCompute=True,
            **({} if own is None else {"properties": own}),
        )
        identity = identities.resolve(self.app, doc["id"], body.get("identity"))
        if identity:
            shown["identity"] = identity
        return shown, self.secrets(inner)

    def remove(self, workspace: Document, doc: Document, action: str) -> None:
        """Only a Detach [v1 SDK, docs/facts.md c.2, c.4]; status and text of the refusal are guesses."""
        if action == "Delete" and doc["properties"]["isAttachedCompute"]:
            raise refuse(
                f"The compute '{doc['name']}' of computeType {self.name} was attached and cannot be deleted. Detach "
                "it instead.",
                workspace["location"],
                status=int(self.app.config["guesses"]["attach"]["delete_attached"]),
            )

    # -- the end of the operations -----------------------------------------------------------------------------------

    def _attached(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        private = self.app.store.private(doc["id"])
        error = self.finish(doc, private)
        if error:
            self._broken(operation, error)
            return error
        self._settle(doc, operation.due)
        self.app.store.put(doc["id"], doc, private=private)
        return None

    def _updated(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            self._settle(doc, operation.due)
            self.app.store.put(doc["id"], doc)

    def _settle(self, doc: Document, now: float) -> None:
        doc["properties"] |= {"provisioningState": SUCCEEDED, "provisioningWarnings": {}}
        doc["properties"]["modifiedOn"] = self.app.clock.iso(now)
        doc["tags"] = doc["tags"] or {}
