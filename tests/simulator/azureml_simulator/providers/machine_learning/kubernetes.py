# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes: an AKS or Arc cluster with the extension, by namespace (docs/facts.md a.6 [SPEC], a.4 [REC R13]).

Several attachments of one cluster are allowed [D, docs/coverage.md 1.10]; whether two of the same namespace are is
a guess. The extension must be installed before [D how-to-attach-kubernetes-to-workspace]; how an attachment without it ends
is a guess: in a failure without a cause, as one was seen to end [ISS AML-Kubernetes#155]. The namespace inside the cluster is
not simulated: it counts as present. Only the first user identity is used [D]; all are shown.
"""

from __future__ import annotations

from typing import ClassVar

from azureml_simulator.providers.machine_learning import attached_kind
from azureml_simulator.providers.machine_learning.attached_kind import AttachedKind
from azureml_simulator.providers.machine_learning.common import SUCCEEDED, Document, mapping, refuse

# Of Microsoft.ContainerService and Microsoft.Kubernetes (Arc).
TARGETS = ("Microsoft.ContainerService/managedClusters", "Microsoft.Kubernetes/connectedClusters")
_DEFAULT_TYPE = "defaultinstancetype"
EXTENSION_TYPE = "Microsoft.KubernetesConfiguration/extensions"
_NO_EXTENSION = {
    "code": "InternalServerError",
    "message": "An internal server error occurred. If the problem persists, contact support",
}


class Kubernetes(AttachedKind):
    """The current way to attach a cluster."""

    name = "Kubernetes"
    targets: ClassVar[tuple[str, ...]] = TARGETS
    operation = "kubernetes.attach"
    changes: ClassVar[tuple[str, ...]] = ("instanceTypes", "defaultInstanceType")
    # R13 was still in progress after two and a half minutes.
    defaults: ClassVar[Document] = {
        "seconds": {"kubernetes.attach": 150.0, **attached_kind.DEFAULTS["seconds"]},
        "guesses": {"kubernetes": {"same_namespace": "refuse", "without_extension": "accept"}},
    }

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        types = self._instance_types(workspace, sent)
        default = sent.get("defaultInstanceType") or next(iter(types), _DEFAULT_TYPE)
        if types and default not in types:
            raise refuse(
                f"The default instance type '{default}' is not one of the instance types {', '.join(types)}.",
                workspace["location"],
            )
        return {
            "relayConnectionString": None,
            "serviceBusConnectionString": None,
            "extensionPrincipalId": None,
            "extensionInstanceReleaseTrain": sent.get("extensionInstanceReleaseTrain") or "stable",
            "vcName": sent.get("vcName"),
            "namespace": sent.get("namespace") or "default",
            "defaultInstanceType": default,
            "instanceTypes": types or {_DEFAULT_TYPE: _default_type()},
        }

    @staticmethod
    def _instance_types(workspace: Document, sent: Document) -> Document:
        """Names to node selector and resources (types-2025-12-01.md InstanceTypeSchema)."""
        types = mapping(sent.get("instanceTypes"), "instanceTypes")
        for name, entry in types.items():
            resources = mapping(mapping(entry, name).get("resources"), "resources")
            unknown = set(entry) - {"nodeSelector", "resources"} | set(resources) - {"requests", "limits"}
            if unknown:
                raise refuse(
                    f"The instance type '{name}' has unknown properties: {', '.join(sorted(unknown))}.",
                    workspace["location"],
                )
        return types

    def finish(self, doc: Document, private: Document) -> Document | None:
        if self.app.config["guesses"]["kubernetes"]["without_extension"] != "fail":
            return None
        extensions = self.app.store.children(doc["properties"]["resourceId"], EXTENSION_TYPE)
        installed = (one["properties"].get("provisioningState") for one in extensions)
        return None if SUCCEEDED in installed else dict(_NO_EXTENSION)

    def check_single(self, workspace: Document, doc: Document, resource_id: str, inner: Document) -> None:
        if self.app.config["guesses"]["kubernetes"]["same_namespace"] != "refuse":
            return
        for other in self.others(doc, resource_id):
            properties = mapping(other["properties"].get("properties"), "properties")
            if other["properties"]["computeType"] == self.name and properties["namespace"] == inner["namespace"]:
                raise refuse(
                    f"The namespace '{inner['namespace']}' of the cluster '{resource_id}' is already attached as "
                    f"'{other['name']}'.",
                    workspace["location"],
                )


def _default_type() -> Document:
    limits = {"cpu": "2", "memory": "2Gi", "nvidia.com/gpu": None}
    requests = {"cpu": "100m", "memory": "2Gi", "nvidia.com/gpu": None}
    return {"nodeSelector": None, "resources": {"requests": requests, "limits": limits}}
