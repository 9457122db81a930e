# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AKS: inference clusters, created by the service or attached by id.

docs/facts.md a.6 (listKeys), b.2 (FastProd, E4, the same cluster twice), c.2 and c.4 (payloads, updatable fields); the
times: docs/coverage.md K8-14 [D]. No recording exists: bodies follow the official examples and the v1 SDK.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, ClassVar

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import aks_rules as rules
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning.attached_kind import AttachedKind
from azureml_simulator.providers.machine_learning.common import (
    COMPUTE_TYPE,
    FAILED,
    SUCCEEDED,
    Document,
    mapping,
    refuse,
    region,
)
from azureml_simulator.providers.private_links import approved_links

if TYPE_CHECKING:
    from azureml_simulator.app import App

CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"
_UPDATED = ("sslConfiguration", "loadBalancerType", "loadBalancerSubnet")
# Defaults of the v1 SDK: three machines of four cores, for production.
_COUNT, _SIZE, _PURPOSE = 3, "Standard_D3_v2", "FastProd"


class Aks(AttachedKind):
    """Inference clusters."""

    name = "AKS"
    targets: ClassVar[tuple[str, ...]] = (CLUSTER_TYPE,)
    needs_target = False
    operation = "aks.attach"
    update_operation = "aks.update"
    changes: ClassVar[tuple[str, ...]] = _UPDATED
    defaults: ClassVar[Document] = {
        "seconds": {"aks.create": 600.0, "aks.attach": 300.0, "aks.update": 60.0},
        "guesses": {
            "aks": {
                "attached_twice": "refuse",
                # Least and most characters: the studio's rule for new clusters, the wider one of both for attached.
                "name_length_created": [2, 16],
                "name_length_attached": [2, 24],
            },
        },
    }

    def __init__(self, app: App) -> None:
        super().__init__(app)
        app.operations.on_done("aks.create", self._created)
        app.operations.on_failed("aks.create", self._not_created)

    def check_name(self, name: str, workspace: Document, body: Document) -> None:
        """Letter first, letter or digit last, no dash before a figure [D, docs/coverage.md A3, K8-1]."""
        attached = mapping(body.get("properties"), "properties").get("resourceId")
        known = self.app.store.get(f"{workspace['id']}/computes/{name}") is not None
        guesses = self.app.config["guesses"]["aks"]
        least, most = guesses["name_length_attached" if attached or known else "name_length_created"]
        parts = name.split("-")
        fits = name.isascii() and all(part.isalnum() for part in parts) and name[0].isalpha()
        if not (fits and least <= len(name) <= most and all(part[0].isalpha() for part in parts[1:])):
            raise refuse(
                "Compute name is invalid. It can include letters, digits and dashes. It must start with a letter, end "
                f"with a letter or digit, and be between {least} and {most} characters in length",
                workspace["location"],
            )

    # -- bodies ------------------------------------------------------------------------------------------------------

    def _check_region(self, workspace: Document, target: Document | None) -> None:
        """how-to-configure-private-link, limitations; the text is a guess."""
        where = workspace["location"]
        if target is not None and target["location"] != where and approved_links(self.app, workspace["id"]):
            raise refuse("The cluster must be in the region of a workspace with a private endpoint.", where)

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        location = workspace["location"]
        self._check_region(workspace, target)
        present = doc.get("properties", {}).get("properties") or {}
        pools = _pools(target)
        shown = {
            "clusterFqdn": None,
            "systemServices": None,
            "agentCount": sent.get("agentCount") or sum(count for count, _size in pools) or _COUNT,
            "agentVmSize": sent.get("agentVmSize") or (pools[0][1] if pools else _SIZE),
            "clusterPurpose": rules.one_of(
                sent.get("clusterPurpose") or _PURPOSE, rules.PURPOSES, "clusterPurpose", location
            ),
            "sslConfiguration": rules.ssl_of(sent.get("sslConfiguration"), present.get("sslConfiguration"), location),
            "aksNetworkingConfiguration": rules.network_of(self.app, sent.get("aksNetworkingConfiguration"), location),
            "loadBalancerType": sent.get("loadBalancerType") or "PublicIp",
            "loadBalancerSubnet": sent.get("loadBalancerSubnet"),
        }
        if sent.get("agentCount") is not None:
            rules.check_count(sent["agentCount"], location)
        rules.check_balancer(shown, location)
        return shown

    def secrets(self, sent: Document) -> Document:
        ssl = mapping(sent.get("sslConfiguration"), "sslConfiguration")
        kept = {name: ssl[name] for name in ("cert", "key") if ssl.get(name)}
        return {"ssl": kept} if kept else {}

    # -- creation ----------------------------------------------------------------------------------------------------

    def create(self, request: Request, workspace: Document, doc: Document, body: Document) -> Response:
        sent = mapping(body.get("properties"), "properties")
        if sent.get("resourceId"):
            return super().create(request, workspace, doc, body)
        shown, private = self._declared(workspace, doc, body, None)
        properties = shown["properties"]
        properties["isAttachedCompute"] = False
        properties["computeLocation"] = region(sent.get("computeLocation"), workspace["location"])
        # The name of the cluster is formed as in the official example createOrUpdate/AKSCompute.json.
        serial = stable_guid(doc["id"], shown["properties"]["createdOn"]).replace("-", "")
        group = workspace["id"].split("/providers/")[0]
        made = f"{group}/providers/{CLUSTER_TYPE}/{doc['name']}-{int(serial[:8], 16) % 90000 + 10000}-{serial[8:21]}"
        self.app.store.put(made, self._cluster(made, shown, workspace))
        self.app.store.put(doc["id"], shown, private={**private, "made": made})
        operation = self.begin("aks.create", workspace, doc)
        return Response(201, shown, self.status.compute_headers(request, operation))

    @staticmethod
    def _cluster(resource_id: str, shown: Document, workspace: Document) -> Document:
        inner, name = shown["properties"]["properties"], resource_id.rsplit("/", 1)[1]
        location, group = shown["properties"]["computeLocation"], resource_id.split("/")[4]
        network = inner["aksNetworkingConfiguration"]
        pool = {
            "name": "agentpool",
            "count": inner["agentCount"],
            "vmSize": inner["agentVmSize"],
            "mode": "System",
            "vnetSubnetID": network["subnetId"] if network else None,
        }
        return {
            "id": resource_id,
            "name": name,
            "type": CLUSTER_TYPE,
            "location": location,
            "tags": {"createdBy": workspace["name"]},
            "properties": {
                "provisioningState": "Creating",
                "dnsPrefix": name,
                "fqdn": f"{name}.hcp.{location}.azmk8s.io",
                "agentPoolProfiles": [pool],
                "nodeResourceGroup": f"MC_{group}_{name}_{location}",
            },
        }

    def _created(self, operation: Operation) -> Document | None:
        doc = self.app.store.get(operation.target)
        if doc is None:
            return None
        inner = doc["properties"]["properties"]
        error = self._unknown_size(inner) or rules.too_small(
            inner["clusterPurpose"], [(inner["agentCount"], inner["agentVmSize"])]
        )
        if error:
            self._not_created(operation, error)
            return error
        made = self.app.store.private(doc["id"])["made"]
        cluster = self.app.store.get(made)
        if cluster is not None:
            cluster["properties"]["provisioningState"] = SUCCEEDED
            self.app.store.put(made, cluster)
        doc["properties"]["resourceId"] = made
        self._complete(doc)
        self._settle(doc, operation.due)
        self.app.store.put(doc["id"], doc)
        return None

    @staticmethod
    def _unknown_size(inner: Document) -> Document | None:
        if catalogue.find(inner["agentVmSize"]) is not None:
            return None
        return rules.invalid(f"The VM size '{inner['agentVmSize']}' is not available.")

    def _not_created(self, operation: Operation, error: Document) -> None:
        """What was begun is taken away again (a guess)."""
        made = self.app.store.private(operation.target).get("made")
        if made:
            self.app.store.delete(made)
        self._broken(operation, error)

    def _broken(self, operation: Operation, error: Document) -> None:
        """The AKS form of E4: code and message outside too (docs/facts.md b.1)."""
        super()._broken(operation, error)
        doc = self.app.store.get(operation.target)
        if doc is not None:
            kept = {key: error[key] for key in ("code", "details", "message", "statusCode") if key in error}
            entry = {"code": error.get("code"), "error": kept, "message": error.get("message")}
            doc["properties"]["provisioningErrors"] = [entry]
            self.app.store.put(doc["id"], doc)

    # -- attachment --------------------------------------------------------------------------------------------------

    def others(self, doc: Document, resource_id: str) -> list[Document]:
        """In any workspace: the second breaks the first [ISS azure-docs#41778; D, K8-8]."""
        return [
            other
            for other in self.app.store.by_type(None, COMPUTE_TYPE)
            if other["properties"]["computeType"] == self.name
            and str(other["properties"].get("resourceId") or "").lower() == resource_id.lower()
            and other["id"].lower() != doc["id"].lower()
        ]

    def check_single(self, workspace: Document, doc: Document, resource_id: str, inner: Document) -> None:
        others = self.others(doc, resource_id)
        if others and self.app.config["guesses"]["aks"]["attached_twice"] == "refuse":
            where = others[0]["id"].split("/workspaces/", 1)[1].split("/")[0]
            raise refuse(
                f"The cluster '{resource_id}' is already attached as '{others[0]['name']}' to the workspace '{where}'.",
                workspace["location"],
            )

    def finish(self, doc: Document, private: Document) -> Document | None:
        resource_id = str(doc["properties"]["resourceId"])
        others = self.others(doc, resource_id)
        if others:
            for other in others:
                self._corrupt(other)
            return rules.invalid(f"The cluster '{resource_id}' is already attached.")
        target = self.app.store.get(resource_id)
        error = rules.too_small(doc["properties"]["properties"]["clusterPurpose"], _pools(target))
        if error is None:
            self._complete(doc)
        return error

    def _corrupt(self, other: Document) -> None:
        """The earlier attachment no longer works [ISS azure-docs#41778]; how it shows is a guess."""
        error = rules.invalid("The cluster was attached a second time.")
        entry = {"code": error["code"], "error": error, "message": error["message"]}
        other["properties"] |= {"provisioningState": FAILED, "provisioningErrors": [entry]}
        self.app.store.put(other["id"], other)

    def _complete(self, doc: Document) -> None:
        inner, location = doc["properties"]["properties"], doc["properties"]["computeLocation"]
        cluster = self.app.store.get(doc["properties"]["resourceId"]) or {}
        inner["clusterFqdn"] = (cluster.get("properties") or {}).get("fqdn")
        public = inner["loadBalancerType"] == "PublicIp"
        # The name of the service and its version are guesses.
        service = {
            "systemServiceType": "ScoringFrontEnd",
            "publicIpAddress": str(self.app.config["nodes"]["public_ip_address"]) if public else None,
            "version": "1",
        }
        inner["systemServices"] = [service]
        self._name_domain(doc, inner, location)

    @staticmethod
    def _name_domain(doc: Document, inner: Document, location: str) -> None:
        """A leaf domain label becomes `label######.region.cloudapp.azure.com`."""
        ssl = inner["sslConfiguration"]
        if ssl and ssl["status"] == "Auto" and not ssl["cname"]:
            ssl["cname"] = f"{ssl['leafDomainLabel']}{stable_guid(doc['id'])[:6]}.{location}.cloudapp.azure.com"

    def _updated(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            self._complete(doc)
            self.app.store.put(doc["id"], doc)
        super()._updated(operation)

    # -- the end -----------------------------------------------------------------------------------------------------

    def removed(self, doc: Document, action: str) -> None:
        """Delete takes the cluster that the service made with it; Detach leaves it [D, K8-9]."""
        made = self.app.store.private(doc["id"]).get("made")
        if made and action == "Delete":
            self.app.store.delete(made)

    def list_keys(self, request: Request, workspace: Document, doc: Document) -> Response:
        return Response(
            200,
            {
                "computeType": self.name,
                "userKubeConfig": _kube_config(doc, "clusterUser"),
                "adminKubeConfig": _kube_config(doc, "clusterAdmin"),
                "imagePullSecretName": f"{doc['name'].lower()}-pull-secret",
            },
        )


def _pools(target: Document | None) -> list[tuple[int, str]]:
    """Count and size of a cluster's node pools; none when its document does not say."""
    profiles: Any = ((target or {}).get("properties") or {}).get("agentPoolProfiles") or []
    return [(int(pool.get("count") or 0), str(pool.get("vmSize"))) for pool in profiles]


def _kube_config(doc: Document, user: str) -> str:
    host = doc["properties"]["properties"].get("clusterFqdn")
    token = base64.b64encode(stable_guid(doc["id"], user).encode()).decode()
    return (
        "apiVersion: v1\nkind: Config\nclusters:\n"
        f"- cluster: {{server: 'https://{host}:443'}}\n  name: {doc['name']}\n"
        f"users:\n- name: {user}\n  user: {{token: {token}}}\n"
    )
