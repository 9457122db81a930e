# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AmlCompute: clusters, as docs/facts.md a.1 to a.7 and b.2 [REC R1, R5; ISS] describe them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.locations import normalise
from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning import identity as identities
from azureml_simulator.providers.machine_learning import nodes as node_states
from azureml_simulator.providers.machine_learning import quota as quotas
from azureml_simulator.providers.machine_learning.amlcompute_rules import (
    check_inner,
    check_scale,
    check_subnet,
    managed_network_on,
    need_private_way,
    scale_of,
    unsupported_size,
)
from azureml_simulator.providers.machine_learning.common import (
    CREATING,
    FAILED,
    SUCCEEDED,
    UPDATING,
    Document,
    flag,
    mapping,
    page,
    refuse,
    region,
)
from azureml_simulator.providers.machine_learning.compute_kind import ComputeKind, as_creating
from azureml_simulator.providers.machine_learning.managed_network import activate

if TYPE_CHECKING:
    from azureml_simulator.app import App

LEFT_BEHIND = "ml.batchai"
# What a PUT on a living cluster cannot change, though its 201 echoes it (docs/facts.md b.2; the list: c.3).
_KEPT_INNER = (
    "vmSize",
    "vmPriority",
    "osType",
    "virtualMachineImage",
    "isolatedNetwork",
    "remoteLoginPortPublicAccess",
    "subnet",
    "enableNodePublicIp",
    "enableBatchPrivateLink",
)
_UNKNOWN_YET = ("subnet", "currentNodeCount", "targetNodeCount", "nodeStateCounts", "allocationState", "errors")

# The last version whose PATCH has the scale settings right below `properties` (azure-mgmt-machinelearningservices 1.0.1, ClusterUpdateParameters;
# azure-rest-api-specs, 2021-07-01, Compute/patch.json). SDK v1 sends the later form at 2020-02-02 too.
_FLAT = "2021-07-01"


class AmlCompute(ComputeKind):
    """Compute clusters."""

    name = "AmlCompute"

    def __init__(self, app: App) -> None:
        super().__init__(app)
        app.operations.on_done("cluster.create", self._created)
        app.operations.on_done("cluster.update", self._updated)
        app.operations.on_failed("cluster.create", self._broken)
        app.operations.on_failed("cluster.update", self._broken)

    # -- writing -----------------------------------------------------------------------------------------------------

    def create(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        shown, private = self._declared(workspace, doc, body)
        need_private_way(self.app, workspace, shown["properties"])
        stored = copy.deepcopy(shown)
        self._revive(stored)
        self.app.store.put(doc["id"], stored, private=private)
        operation = self.begin("cluster.create", workspace, doc)
        shown["properties"].pop("computeLocation")
        return Response(201, shown, self.status.compute_headers(request, operation))

    def replace(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """201 again; scale settings, identity and tags are taken, the rest is echoed and kept as it was."""
        self._need_sound(workspace, doc)
        shown, _private = self._declared(workspace, doc, body)
        before = doc["properties"]["properties"]["scaleSettings"]
        doc["properties"] |= {"provisioningState": CREATING, "modifiedOn": shown["properties"]["modifiedOn"]}
        sent_inner = body["properties"].get("properties") or {}
        if sent_inner.get("scaleSettings") is not None:
            doc["properties"]["properties"]["scaleSettings"] = scale_of(sent_inner["scaleSettings"])
        doc["tags"] = shown["tags"] or {}
        doc["location"] = shown["location"]
        doc.pop("identity", None)
        if "identity" in shown:
            doc["identity"] = shown["identity"]
        self.app.store.put(doc["id"], doc)
        operation = self.begin("cluster.update", workspace, doc, before=before)
        shown["properties"]["createdOn"] = doc["properties"]["createdOn"]
        shown["properties"]["resourceId"] = self.backing_id(workspace, doc)
        shown["properties"].pop("computeLocation")
        return Response(201, shown, self.status.compute_headers(request, operation))

    def update(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        """PATCH: scale settings merge [REC R5], identities merge (c.4); nothing else is taken."""
        self._need_sound(workspace, doc)
        outer_sent = mapping(body.get("properties"), "properties")
        inner_sent = mapping(outer_sent.get("properties"), "properties.properties")
        if not inner_sent and request.api_version[:10] <= _FLAT:
            inner_sent = outer_sent
        sent = mapping(inner_sent.get("scaleSettings"), "scaleSettings")
        before = doc["properties"]["properties"]["scaleSettings"]
        merged = {**before, **{key: value for key, value in sent.items() if value is not None}}
        check_scale(merged)
        identity = doc.get("identity")
        if "identity" in body:
            identity = self._identity(workspace, doc["id"], body["identity"], merge_into=doc.get("identity"))
        if merged == before and identity == doc.get("identity"):
            # No operation when nothing changed [v1 SDK comment, c.4]; the status is a guess.
            return Response(int(self.app.config["guesses"]["patch_without_change_status"]), doc)
        doc["properties"] |= {"provisioningState": UPDATING, "modifiedOn": self.app.clock.iso()}
        doc["properties"]["properties"]["scaleSettings"] = merged
        doc.pop("identity", None)
        if identity:
            doc["identity"] = identity
        self.app.store.put(doc["id"], doc)
        operation = self.begin("cluster.update", workspace, doc, before=before)
        shown = copy.deepcopy(doc)
        shown["properties"]["resourceId"] = self.backing_id(workspace, doc)
        shown["properties"]["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"] = sent.get(
            "nodeIdleTimeBeforeScaleDown"
        )
        return Response(202, shown, self.status.compute_headers(request, operation))

    @staticmethod
    def _need_sound(workspace: Document, doc: Document) -> None:
        """A failed compute must be deleted (docs/facts.md a.5 [ISS]; the text is a guess)."""
        if doc["properties"]["provisioningState"] == FAILED:
            raise refuse(
                f"The compute '{doc['name']}' is in a failed state. Delete it before you create it again.",
                workspace["location"],
            )

    def _identity(self, workspace: Document, resource_id: str, sent: Any, **options: Any) -> Document | None:
        identity = identities.resolve(self.app, resource_id, sent, **options)
        if identity and identity["type"] == identities.BOTH:
            raise refuse(
                "A compute cluster supports one system-assigned identity or several user-assigned ones, not both.",
                workspace["location"],
            )
        return identity

    def _declared(self, workspace: Document, doc: Document, body: Document) -> tuple[Document, Document]:
        """The 201's body and what is never shown, from what was sent."""
        sent = mapping(body.get("properties"), "properties")
        inner = check_inner(mapping(sent.get("properties"), "properties.properties"))
        scale = mapping(inner.get("scaleSettings"), "scaleSettings") or {"maxNodeCount": 1, "minNodeCount": 0}
        check_scale(scale)
        account = mapping(inner.get("userAccountCredentials"), "userAccountCredentials")
        location = region(body.get("location"), workspace["location"])
        subnet = mapping(inner.get("subnet"), "subnet")
        own = {
            **dict.fromkeys(_UNKNOWN_YET),
            "vmSize": str(inner.get("vmSize") or self.app.config["guesses"]["default_vm_size"]).upper(),
            "vmPriority": inner.get("vmPriority"),
            "scaleSettings": copy.deepcopy(scale),
            "subnet": subnet if "id" in subnet else None,
            "osType": inner.get("osType") or "Linux",
            "virtualMachineImage": inner.get("virtualMachineImage"),
            "isolatedNetwork": flag(inner.get("isolatedNetwork")),
            "remoteLoginPortPublicAccess": inner.get("remoteLoginPortPublicAccess") or "NotSpecified",
            "enableNodePublicIp": flag(inner.get("enableNodePublicIp"), True),
            "enableBatchPrivateLink": flag(inner.get("enableBatchPrivateLink")),
        }
        place = normalise(sent.get("computeLocation") or location)
        shown = as_creating(self.app, self.name, doc, body, location, computeLocation=place, properties=own)
        if body.get("sku"):
            shown["sku"] = body["sku"]
        identity = self._identity(workspace, doc["id"], body.get("identity"))
        if identity:
            shown["identity"] = identity
        return shown, {"account": account}

    def _revive(self, doc: Document) -> None:
        """A cluster that Detach left behind comes back with what it was (docs/facts.md b.2, f.22)."""
        kept = self.app.store.kv_get(LEFT_BEHIND, doc["id"])
        if kept:
            doc["properties"]["properties"] |= kept

    # -- the end of the operations -----------------------------------------------------------------------------------

    def _created(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        error = (
            unsupported_size(self.app, doc)
            or check_subnet(self.app, doc)
            or quotas.too_many(self.app, doc, operation.subscription)
            or quotas.check(self.app, doc, operation.subscription)
        )
        if error:
            self._broken(operation, error)
            return error
        self._settled(doc, operation.due)
        return None

    def _settled(self, doc: Document, now: float) -> None:
        """What a GET shows that the 201 did not (docs/facts.md a.6)."""
        private = self.app.store.private(doc["id"])
        properties, inner = doc["properties"], doc["properties"]["properties"]
        properties |= {"provisioningState": SUCCEEDED, "provisioningWarnings": {}}
        properties["modifiedOn"] = self.app.clock.iso(now)
        doc["tags"] = doc["tags"] or {}
        account = private["account"]
        public = "Disabled" if inner["subnet"] else "Enabled"
        asked = inner["remoteLoginPortPublicAccess"]
        inner |= {
            "vmPriority": inner["vmPriority"] or "Dedicated",
            "scaleSettings": scale_of(inner["scaleSettings"]),
            "remoteLoginPortPublicAccess": public if asked == "NotSpecified" else asked,
            "userAccountCredentials": {
                "adminUserName": account.get("adminUserName"),
                "adminUserPassword": None,
                "adminUserSshPublicKey": account.get("adminUserSshPublicKey"),
            }
            if account
            else None,
            "propertyBag": {},
            "errors": self._priority_errors(inner),
        }
        node_states.begin(self.app, doc, private, now)
        self.app.store.put(doc["id"], doc, private=private)
        self.app.store.kv_delete(LEFT_BEHIND, doc["id"])
        workspace = self.app.store.get(doc["id"].rsplit("/computes/", 1)[0])
        if workspace is not None and managed_network_on(workspace):
            activate(self.app, workspace)

    @staticmethod
    def _priority_errors(inner: Document) -> list[Document] | None:
        """The creation succeeds and the failure stands in `errors` (docs/facts.md a.5, b.2 [ISS])."""
        size = catalogue.find(inner["vmSize"])
        if inner["vmPriority"] != "LowPriority" or size is None or size.low_priority:
            return None
        message = (
            f"The VM size {inner['vmSize']} is not allowed for LowPriority. Please convert to Dedicated or use a "
            "different VM size."
        )
        return [{"error": {"code": "UnsupportedVMSizeForLowPriority", "message": message}}]

    def _updated(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        before = operation.data["before"]
        grows = (doc["properties"]["properties"]["scaleSettings"].get("minNodeCount") or 0) > (
            before.get("minNodeCount") or 0
        )
        error = quotas.check(self.app, doc, operation.subscription) if grows else None
        if error:
            # Guess: the cluster lives on with its old scale settings.
            doc["properties"]["properties"]["scaleSettings"] = before
        doc["properties"] |= {"provisioningState": SUCCEEDED, "modifiedOn": self.app.clock.iso(operation.due)}
        private = self.app.store.private(doc["id"])
        if doc["properties"]["properties"]["scaleSettings"] != before:
            node_states.begin(self.app, doc, private, operation.due)
        self.app.store.put(doc["id"], doc, private=private)
        return error

    def removed(self, doc: Document, action: str) -> None:
        node_states.forget(self.app, doc["id"])
        inner = doc["properties"]["properties"]
        stays = action == "Detach" or self.app.config["guesses"]["recreate_keeps_old_size"]
        if stays and doc["properties"]["provisioningState"] != FAILED:
            self.app.store.kv_put(LEFT_BEHIND, doc["id"], {key: inner.get(key) for key in _KEPT_INNER})

    # -- reading -----------------------------------------------------------------------------------------------------

    def refresh(self, docs: list[Document]) -> list[Document]:
        return node_states.refresh(self.app, docs)

    def list_nodes(self, request: Request, workspace: Document, doc: Document) -> Response:
        self.refresh([doc])
        nodes = node_states.listed(self.app, doc)
        return Response(200, page(self.app, request, nodes, "nodes", key="nodes", first=self.name))
