# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes: an AKS or Arc cluster with the AzureML extension, attached by namespace (docs/coverage.md 1.10, CLI schema kubernetesCompute).

One cluster may be attached several times, under other namespaces; ARM types of 2025-12-01: KubernetesProperties, InstanceTypeSchema.
"""

from __future__ import annotations

import re
import typing as t

from .._core import paths, shape
from .._core.arm_id import ArmId, Target
from .._core.findings import Finding, Findings
from .._engine.cli_schema import CliSchema, Tree
from .._engine.kind import Body, fixed
from .._engine.plan import Declared, Plan
from . import compute, rows, sizes
from .attached import Attached
from .attachment import RESOURCE_ID, Other, inner
from .compute import kind_name

_SOURCE = "ARM types of 2025-12-01, InstanceTypeSchema"
_AKS = "kubernetes.azure.com/"


def _resources_to_arm(value: t.Any) -> t.Any:
    return value if value is None else {name: None if amount is None else str(amount) for name, amount in value.items()}


def instance_types_to_arm(value: dict[str, t.Any]) -> Body:
    """Names to node selector and resources; amounts are text there, as in Kubernetes."""
    types: Body = {}
    for name, entry in value.items():
        entry = entry or {}
        resources = entry.get("resources") or {}
        types[name] = {
            "nodeSelector": entry.get("node_selector"),
            "resources": {
                part: _resources_to_arm(resources.get(part)) for part in ("requests", "limits") if part in resources
            },
        }
    return types


def instance_types_from_arm(value: Body) -> dict[str, t.Any]:
    types = {}
    for name, entry in value.items():
        entry = entry or {}
        resources = entry.get("resources") or {}
        limits = {part: _without_nulls(resources.get(part)) for part in ("requests", "limits")}
        types[name] = {"node_selector": _without_nulls(entry.get("nodeSelector")), "resources": limits}
    return types


def _without_nulls(value: t.Any) -> dict[str, str]:
    return {str(key): str(text) for key, text in (value or {}).items() if text is not None}


def _canonical(value: t.Any) -> t.Any:
    """Unset, null and empty are one thing, and 1 is "1"."""
    return None if value is None else instance_types_from_arm(instance_types_to_arm(value))


def check_namespace(value: str, option: str) -> Findings:
    if not re.match(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", value):
        message = f"{option} {value!r} is not a valid name: 1 to 63 lowercase letters, digits and '-', and no '-' at either end."
        yield Finding("InvalidNamespace", option, message, "Kubernetes, namespaces: RFC 1123 label names")


def _check_instance_types(types: dict[str, t.Any], option: str) -> Findings:
    for name, entry in types.items():
        if not re.match(r"^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?\Z", str(name)):
            message = f"{option} has the name {name!r}: letters, digits, '-', '_' and '.', with a letter or digit at both ends."
            yield Finding("InvalidInstanceType", option, message, "Kubernetes, object names")
        yield from _check_instance_type(entry, f"{option}.{name}")


# The parts of an instance type that are mappings.
_PARTS = ("node_selector", "resources", "resources.requests", "resources.limits")


def _check_instance_type(entry: t.Any, place: str) -> Findings:
    if entry is not None and not isinstance(entry, dict):
        message = f"{place} must be a mapping with node_selector and resources."
        yield Finding("InvalidInstanceType", place, message, _SOURCE)
        return
    resources = {part: paths.get_path(entry, part) for part in _PARTS}
    parts = {part: value for part, value in resources.items() if value is not paths.MISSING and value is not None}
    wrong = [part for part, value in parts.items() if not isinstance(value, dict)]
    if wrong:
        yield Finding("InvalidInstanceType", place, f"{place}: {', '.join(wrong)} must be a mapping.", _SOURCE)
        return
    yield from _check_amounts(place, parts)
    unknown = (set(entry or {}) - {"node_selector", "resources"}) | (
        set(parts.get("resources", {})) - {"requests", "limits"}
    )
    if unknown:
        message = f"{place} has unknown keys: {', '.join(sorted(unknown))}. It takes node_selector, and resources with requests and limits."
        yield Finding("InvalidInstanceType", place, message, _SOURCE)


# A number, with a decimal exponent or a suffix.
_QUANTITY = re.compile(r"^\d+(\.\d*)?([eE][+-]?\d+|m|k|[KMGTPE]i?)?\Z")


def _check_amounts(place: str, parts: dict[str, t.Any]) -> Findings:
    for label, value in parts.get("node_selector", {}).items():
        if isinstance(value, (dict, list)):
            message = f"{place}.node_selector.{label} must be text."
            yield Finding("InvalidInstanceType", place, message, "Kubernetes, labels")
    for part in ("resources.requests", "resources.limits"):
        for name, amount in parts.get(part, {}).items():
            if amount is not None and (isinstance(amount, bool) or not _QUANTITY.match(str(amount))):
                message = f"{place}.{part}.{name} must be an amount such as 2, 500m or 8Gi; {amount!r} is not."
                yield Finding("InvalidInstanceType", place, message, "Kubernetes, resource quantities")


_AMOUNTS = shape.mapping(values=shape.SCALAR)
INSTANCE_TYPES = shape.mapping(
    values=shape.mapping(
        {"nodeSelector": _AMOUNTS, "resources": shape.mapping({"requests": _AMOUNTS, "limits": _AMOUNTS})}
    )
)


# --- YAML of the CLI ---


def _from_cli(tree: Tree) -> None:
    """``properties`` is ARM's own object there (azure-ai-ml, KubernetesCompute); the namespace next to it is the one that is sent."""
    properties = tree.pop("properties", None) or {}
    for name, option in (
        ("instanceTypes", "instance_types"),
        ("defaultInstanceType", "default_instance_type"),
        ("namespace", "namespace"),
    ):
        value = properties.pop(name, None)
        if value is not None:
            tree.setdefault(option, instance_types_from_arm(value) if option == "instance_types" else value)
    if properties:
        tree["properties"] = properties


def _to_cli(tree: Tree) -> Tree:
    properties = {
        "instanceTypes": tree.pop("instance_types", None),
        "defaultInstanceType": tree.pop("default_instance_type", None),
    }
    properties = {name: value for name, value in properties.items() if value}
    if "instanceTypes" in properties:
        properties["instanceTypes"] = instance_types_to_arm(properties["instanceTypes"])
    return {**tree, **({"properties": properties} if properties else {})}


class Kubernetes(Attached):
    label = "Kubernetes cluster"
    is_in_managed_network = False
    compute_type = "Kubernetes"
    runs_jobs = True
    cli = CliSchema(
        ("kubernetes",),
        "kubernetesCompute.schema.json",
        respell=_from_cli,
        write=_to_cli,
    )
    target_types: t.ClassVar[dict[str, str]] = {
        "Microsoft.ContainerService/managedClusters": "2024-09-01",
        "Microsoft.Kubernetes/connectedClusters": "2024-01-01",
    }
    fields = (
        compute.LOCATION,
        rows.TAGS,
        compute.IDENTITY,
        compute.DESCRIPTION,
        RESOURCE_ID,
        fixed(
            "namespace",
            "properties.properties.namespace",
            "jobs and endpoints live in the namespace that was chosen when the cluster was attached; attach it again "
            "for another one",
            spec={"type": "str"},
            rule=check_namespace,
            examples=("default", "training"),
            wrong=("", "A", "a_b", "a b", "a/b", "-a", "a-", "a\nb", "a" * 64, "ns\u00e4"),
            canon=lambda value: value or "default",
            shape=shape.TEXT,
        ),
        inner(
            "instance_types",
            "instanceTypes",
            spec={"type": "dict"},
            rule=_check_instance_types,
            canon=_canonical,
            to_arm=instance_types_to_arm,
            from_arm=instance_types_from_arm,
            shape=INSTANCE_TYPES,
        ),
        inner(
            "default_instance_type",
            "defaultInstanceType",
            spec={"type": "str"},
            examples=("gpu", "cpu"),
            shape=shape.TEXT,
        ),
    )
    also: t.ClassVar[dict[str, shape.Shape]] = {
        f"properties.properties.{name}": shape.TEXT
        for name in ("extensionPrincipalId", "extensionInstanceReleaseTrain", "vcName")
    }
    permissions = "Owner or Contributor on the cluster, and the role Azure Kubernetes Service Cluster Admin (for Arc: access to the cluster)"
    needs = (
        "The cluster needs the extension Microsoft.AzureML.Kubernetes and the namespace. An identity of the workspace that lacks Reader, Kubernetes "
        "Extension Contributor and Azure Kubernetes Service Cluster Admin on it shows as 'extension not installed' or 'internal server error'."
    )

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from _check_default(declared)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        # Once more, because a replacement keeps the default that was not declared.
        yield from _check_default(declared)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        yield from super().check_update(declared, current)
        yield from _check_default(
            {**{name: current.get(name) for name in ("instance_types", "default_instance_type")}, **declared}
        )

    def check_others(self, declared: Declared, others: list[Other]) -> Findings:
        """Only the same namespace of the same cluster is one thing twice (docs/coverage.md 1.13)."""
        namespace = declared.get("namespace") or "default"
        same = [other for other in others if self.is_own(other.body) and _namespace(other.body) == namespace]
        for finding in super().check_others(declared, same):
            yield Finding(finding.code, "namespace", f"Namespace {namespace!r}: {finding.message}", finding.source)

    def advice_on_others(self, declared: Declared, others: list[Other]) -> list[str]:
        return [
            f"AttachedAgain: the cluster is also attached as {kind_name(other.body)} {other.body.get('name')!r} ({other.place})"
            + (
                f", namespace {_namespace(other.body)!r}"
                if self.is_own(other.body)
                else "; the two front ends get in each other's way"
            )
            + "; its nodes are shared."
            for other in others
        ]

    def advice_on_fit(self, declared: Declared, target: Body) -> list[str]:
        """Instance types that no node pool of an AKS cluster has the labels, or the vCPUs, for. Of Arc clusters, the nodes are not known."""
        pools = (target.get("properties") or {}).get("agentPoolProfiles") or []
        warnings = []
        for name, entry in (declared.get("instance_types") or {}).items() if pools else ():
            fitting = matching_pools(pools, (entry or {}).get("node_selector"))
            if not fitting:
                warnings.append(
                    f"NodeSelectorUnmatched: no node pool of the cluster has the labels of instance type {name!r}. What uses it waits for such a node."
                )
            wanted, largest = _cpus(entry), _largest(fitting)
            if wanted is not None and largest is not None and wanted > largest:
                warnings.append(
                    f"InstanceTypeTooLarge: instance type {name!r} requests {wanted:g} vCPUs, and the largest node that it can use has {largest}. "
                    "What uses it is never started."
                )
        return warnings

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        warnings = super().advice(plan, declared, parent)
        users = (plan.values().get("identity") or {}).get("user_assigned_identities") or []
        if len(users) > 1:
            warnings.append(
                "FirstIdentityOnly: of several user-assigned identities, a Kubernetes compute uses only the first."
            )
        wanted, workspace = declared.get("resource_id"), (parent or {}).get("id")
        if (
            wanted
            and workspace
            and ArmId(wanted).subscription_id.casefold() != ArmId(workspace).subscription_id.casefold()
        ):
            warnings.append(
                "OtherSubscription: clusters of another subscription than the workspace's were refused (Azure/AML-Kubernetes#155)."
            )
        return warnings

    def project(self, body: Body) -> dict[str, t.Any]:
        properties = (body.get("properties") or {}).get("properties") or {}
        return {
            **super().project(body),
            "extension_principal_id": properties.get("extensionPrincipalId"),
            "extension_instance_release_train": properties.get("extensionInstanceReleaseTrain"),
            "vc_name": properties.get("vcName"),
        }


def matching_pools(pools: list[Body], selector: t.Any) -> list[Body]:
    """The pools of an AKS cluster whose nodes have the labels of a node selector. Most labels of Kubernetes and AKS are not known, and count as fitting."""
    labels = [_labels(pool) for pool in pools]
    known = {name for pool in labels for name in pool}
    wanted = {str(name): label_text(text) for name, text in (selector or {}).items()}
    wanted = {name: text for name, text in wanted.items() if name in known or "kubernetes." not in name}
    return [pool for pool, own in zip(pools, labels) if wanted.items() <= own.items()]


def _labels(pool: Body) -> dict[str, str]:
    """The labels of a pool's nodes: its own, and of those that AKS sets its name and its mode."""
    name, mode = str(pool.get("name")), str(pool.get("mode")).casefold()
    own = {label: label_text(text) for label, text in (pool.get("nodeLabels") or {}).items()}
    return {**own, "agentpool": name, f"{_AKS}agentpool": name, f"{_AKS}mode": mode}


def label_text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cpus(entry: t.Any) -> float | None:
    """The vCPUs that an instance type requests, or is limited to where it requests none."""
    for part in ("requests", "limits"):
        amount = paths.get_path(entry or {}, f"resources.{part}.cpu")
        match = re.match(r"(\d+(?:\.\d*)?)(m?)\Z", str(amount))
        if match is not None:
            return float(match[1]) / (1000 if match[2] else 1)
    return None


def _largest(pools: list[Body]) -> int | None:
    """The vCPUs of the largest node of pools; None where there is none, or a size does not say it."""
    counts = [sizes.vcpus(str(pool.get("vmSize"))) for pool in pools]
    known = [count for count in counts if count is not None]
    return max(known) if known and len(known) == len(counts) else None


def _check_default(declared: Declared) -> Findings:
    types, default = declared.get("instance_types"), declared.get("default_instance_type")
    if types and default and default not in types:
        message = f"default_instance_type {default!r} is none of the instance_types: {', '.join(types)}. Declare one of them as the default too."
        yield Finding("UnknownInstanceType", "default_instance_type", message, _SOURCE)


def _namespace(body: Body) -> str:
    properties = (body.get("properties") or {}).get("properties") or {}
    return properties.get("namespace") or "default"
