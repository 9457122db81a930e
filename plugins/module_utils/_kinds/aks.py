# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inference cluster: AKS that the service creates, or that is attached by its id (docs/coverage.md 1.5, 1.9).

What can change in place is TLS and the load balancer, by a PUT of the document that was read, and tags with it (docs/facts.md c.4: the service's
first client did just that, and offered no other change). Certificate and key are sent with a change of TLS, and never read back (c.2).
"""

from __future__ import annotations

import functools
import typing as t

from .._core import canon, paths, shape
from .._core.arm_id import Target
from .._core.canon import caseless
from .._core.errors import AmlError
from .._core.findings import Finding, Findings
from .._engine import fields as _fields
from .._engine import rules
from .._engine.fields import Field, Option, choice
from .._engine.kind import Body, fixed
from .._engine.plan import CREATE, REPLACE, Declared, Plan
from . import aks_rules, attachment, compute, rows, sizes
from .attachment import RESOURCE_ID, AttachedKind, Other, inner
from .cluster import private_link_count
from .compute import kind_name

_INNER = "properties.properties."
_SSL = "sslConfiguration."
_NET = _INNER + "aksNetworkingConfiguration."

_WHY_NETWORK = "AKS stays in the network that it was created with"
_NOT_WHEN_ATTACHED = ("agent_count", "size", "location", *(f"network_settings.{name}" for name in aks_rules.NETWORK))


def _same_purpose(value: t.Any) -> t.Any:
    # The service's own default (ARM types; docs/coverage.md K8-6).
    return caseless(value) or "fast_prod"


def _same_status(value: t.Any) -> t.Any:
    return None if value in (None, "disabled") else value


FIELDS = (
    compute.LOCATION,
    rows.TAGS,
    compute.DESCRIPTION,
    RESOURCE_ID,
    fixed(
        "cluster_purpose",
        _INNER + "clusterPurpose",
        "the purpose is decided when the cluster is created or attached",
        spec={"type": "str", "choices": ["fast_prod", "dense_prod", "dev_test", "production"]},
        canon=_same_purpose,
        shape=shape.TEXT,
        **choice(fast_prod="FastProd", dense_prod="DenseProd", dev_test="DevTest"),
    ),
    fixed(
        "size",
        _INNER + "agentVmSize",
        "the virtual machine size cannot be changed after creation",
        spec={"type": "str", "aliases": ["vm_size", "agent_vm_size"]},
        canon=caseless,
    ),
    fixed(
        "agent_count",
        _INNER + "agentCount",
        "the service does not scale AKS: change the number of nodes at the AKS resource itself",
        spec={"type": "int", "aliases": ["node_count"]},
        rule=rules.at_least(1, "docs/facts.md c.4 (aks.py)"),
        shape=shape.NUMBER,
    ),
    fixed(
        "network_settings.subnet",
        _NET + "subnetId",
        _WHY_NETWORK,
        clearable=True,
        spec={"type": "str"},
        canon=canon.arm_id,
        to_arm=canon.full_id,
    ),
    fixed("network_settings.service_cidr", _NET + "serviceCidr", _WHY_NETWORK, clearable=True, spec={"type": "str"}),
    fixed("network_settings.dns_service_ip", _NET + "dnsServiceIP", _WHY_NETWORK, clearable=True, spec={"type": "str"}),
    fixed(
        "network_settings.docker_bridge_cidr",
        _NET + "dockerBridgeCidr",
        _WHY_NETWORK,
        clearable=True,
        spec={"type": "str"},
    ),
    inner(
        "load_balancer_type",
        "loadBalancerType",
        spec={"type": "str", "choices": ["public_ip", "internal_load_balancer"]},
        canon=lambda value: caseless(value) or "public_ip",
        shape=shape.TEXT,
        clearable=True,
        cleared="PublicIp",
        **choice(public_ip="PublicIp", internal_load_balancer="InternalLoadBalancer"),
    ),
    inner("load_balancer_subnet", "loadBalancerSubnet", spec={"type": "str"}, canon=canon.text, clearable=True),
    inner(
        "ssl.status",
        _SSL + "status",
        spec={"type": "str", "choices": ["disabled", "enabled", "auto"]},
        canon=_same_status,
        shape=shape.TEXT,
        clearable=True,
        cleared="Disabled",
        **choice(disabled="Disabled", enabled="Enabled", auto="Auto"),
    ),
    inner(
        "ssl.cname",
        _SSL + "cname",
        spec={"type": "str"},
        rule=functools.partial(rules.host, wildcard=True),
        canon=caseless,
        clearable=True,
    ),
    inner(
        "ssl.leaf_domain_label",
        _SSL + "leafDomainLabel",
        spec={"type": "str"},
        rule=rules.dns_label,
        canon=caseless,
        clearable=True,
    ),
    inner(
        "ssl.overwrite_existing_domain",
        _SSL + "overwriteExistingDomain",
        spec={"type": "bool"},
        canon=bool,
        shape=shape.FLAG,
        clearable=True,
    ),
    Field(
        "ssl.cert",
        _INNER + _SSL + "cert",
        _fields.WRITE_ONLY,
        spec={"type": "str"},
        clearable=True,
        goes_with=("ssl.status", "ssl.cname"),
    ),
    Field(
        "ssl.key",
        _INNER + _SSL + "key",
        _fields.WRITE_ONLY,
        spec={"type": "str", "no_log": True},
        clearable=True,
        goes_with=("ssl.status", "ssl.cname"),
    ),
)

OPTIONS = (
    *compute.NETWORK_NAMES,
    Option("validate_name", spec={"type": "str", "default": "lenient", "choices": ["strict", "lenient", "off"]}),
    attachment.CHECK_OTHER_WORKSPACES,
    Option("ssl", spec={"type": "dict", "mutually_exclusive": [("cert", "cert_file"), ("key", "key_file")]}),
    Option("ssl.cert_file", spec={"type": "path"}),
    Option("ssl.key_file", spec={"type": "path", "no_log": False}),
    Option("update_certificate", spec={"type": "str", "default": "on_change", "choices": ["on_change", "always"]}),
    attachment.DELETE_UNDERLYING,
)

# What each kind of TLS has in ARM's document: the rest of an earlier kind must go.
_TLS_PARTS = {
    "disabled": ("status",),
    "enabled": ("status", "cname", "cert", "key"),
    "auto": ("status", "leafDomainLabel", "overwriteExistingDomain"),
}


class AksBilling(compute.ComputeBilling):
    def includes(self, declared: Declared) -> bool:
        """Not one that is attached, which is billed separately."""
        return not declared.get("resource_id")


class Aks(AttachedKind):
    label = "inference cluster"
    compute_type = "AKS"
    tab, module = "inference_clusters", "aml_inference_cluster"
    billing = AksBilling()
    fields = FIELDS
    options = OPTIONS
    target_types: t.ClassVar[dict[str, str]] = {"Microsoft.ContainerService/managedClusters": "2024-09-01"}
    creates_underlying = True
    successor = compute.Successor(
        compute.BESIDE,
        "Create an AKS cluster with the Azure Machine Learning extension and attach it with the role aml_kubernetes under a new name, "
        "deploy the models to online endpoints there, switch the clients, and detach this one with aml_inference_cluster (state absent).",
    )
    update_option = "update_certificate"
    read_only_inner = ("systemServices",)
    of_target = _NOT_WHEN_ATTACHED
    also: t.ClassVar[dict[str, shape.Shape]] = {
        _INNER + "clusterFqdn": shape.TEXT,
        _INNER + "systemServices": shape.list_of(
            shape.mapping(dict.fromkeys(("systemServiceType", "publicIpAddress", "version"), shape.SCALAR))
        ),
    }
    check_attachment_source = "docs/coverage.md K8-8 (azure-docs#41778)"
    permissions = "Owner or Contributor on the resource group of the AKS, and the role Azure Kubernetes Service Cluster Admin on it"
    needs = (
        "Before AKS is attached again, remove what an earlier attachment left in it (kubectl delete of azureml-fe*)."
    )
    validate_name = "lenient"
    name = ""

    def subnet_of(self, declared: Declared) -> str | None:
        return str(declared.get("network_settings.subnet") or "") or None

    def configured(self, options: t.Mapping[str, t.Any]) -> Aks:
        kind = t.cast(Aks, super().configured(options))
        kind.validate_name = options.get("validate_name") or self.validate_name
        kind.name = options.get("name") or ""
        return kind

    # --- what was declared ---

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if tree.get("network_settings"):
            flat["network_settings.subnet"] = compute.subnet_id(tree["network_settings"], target)
        if flat.get("cluster_purpose") == "production":
            flat["cluster_purpose"] = "fast_prod"
        if tree.get("ssl") and not flat.get("ssl.status"):
            # The CLI has no such option, and people write what they have: a certificate, or a label.
            if any(flat.get(f"ssl.{name}") for name in ("cert", "key", "cname")):
                flat["ssl.status"] = "enabled"
            elif flat.get("ssl.leaf_domain_label"):
                flat["ssl.status"] = "auto"
        return flat

    # --- rules ---

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        settings = tree.get("network_settings")
        yield from compute.check_network(
            {name: settings.get(name) for name in ("subnet", "vnet_name", "resource_group")} if settings else None
        )
        yield from aks_rules.network(settings)
        yield from aks_rules.tls(declared, declared.get("load_balancer_type"))
        yield from aks_rules.load_balancer(declared.get("load_balancer_type"), declared.get("load_balancer_subnet"))
        if self.validate_name != "off":
            # The studio's form says 2 to 16, the AKS page up to 24 (docs/coverage.md A3, K8-1, 1.13).
            longest = 16 if self.validate_name == "strict" else 24
            yield from rules.compute_name(target.name, shortest=2, longest=longest)
        if not declared.get("resource_id") and declared.get("cluster_purpose"):
            yield from self._check_cores(declared)

    def _check_cores(self, declared: Declared) -> Findings:
        vcpus = sizes.vcpus(declared.get("size") or "")
        if vcpus is not None:
            yield from self.check_cores(declared, vcpus)

    def needs_vcpus(self, declared: Declared) -> bool:
        return bool(declared.get("size")) and sizes.vcpus(declared["size"]) is None

    def check_cores(self, declared: Declared, vcpus: int) -> Findings:
        if declared.get("agent_count") and declared["agent_count"] > 0:
            yield from aks_rules.cores(
                _same_purpose(declared.get("cluster_purpose")), declared["agent_count"], declared["size"], vcpus
            )

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        if declared.get("ssl.status") == "auto":
            # Once more, because a replacement keeps the load balancer that was not declared.
            label = {option: declared.get(option) for option in ("ssl.status", "ssl.leaf_domain_label")}
            yield from aks_rules.tls(label, declared.get("load_balancer_type"))
        yield from self._tls_complete(declared)
        if declared.get("resource_id"):
            given = [option for option in _NOT_WHEN_ATTACHED if declared.get(option) is not None]
            if given:
                message = f"With resource_id, an existing AKS is attached as it is: {', '.join(given)} can only be given for one that is created."
                yield Finding("OnlyWhenCreated", given[0], message, "docs/coverage.md A4; docs/facts.md c.4")
            return
        missing = [option for option in ("size", "agent_count") if declared.get(option) is None]
        if missing:
            message = (
                f"The inference cluster does not exist. Give resource_id to attach an AKS, or {' and '.join(missing)} to create one: "
                "no default decides what is billed."
            )
            yield Finding("RequiredForCreation", missing[0], message, "docs/coverage.md A4, A6, A8")
            return
        if self.validate_name == "lenient" and len(self.name) > 16:
            message = f"name {self.name!r} has {len(self.name)} characters; a cluster that the service creates has 2 to 16 (validate_name=off to try it)."
            yield Finding("InvalidComputeName", "name", message, "docs/coverage.md A3, 1.13")
        yield from self._check_cores(declared)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        full = {
            option: declared.get(option, paths.get_path(current, option))
            for option in ("load_balancer_type", "load_balancer_subnet")
        }
        if "load_balancer_subnet" in declared and full["load_balancer_type"] != "internal_load_balancer":
            yield from aks_rules.load_balancer("public_ip", full["load_balancer_subnet"])
        label = declared.get("ssl.leaf_domain_label") or (
            "ssl.status" not in declared and paths.get_path(current, "ssl.leaf_domain_label")
        )
        if (
            full["load_balancer_type"] == "internal_load_balancer"
            and label
            and ("load_balancer_type" in declared or "ssl.status" in declared)
        ):
            yield from aks_rules.tls({"ssl.leaf_domain_label": label}, "internal_load_balancer")
        before = (
            _same_status(paths.get_path(current, "ssl.status")),
            caseless(paths.get_path(current, "ssl.cname")),
        )
        after = (_same_status(declared.get("ssl.status")), caseless(declared.get("ssl.cname")))
        if "ssl.status" in declared and before != after:
            yield from self._tls_complete(declared)

    @staticmethod
    def _tls_complete(declared: Declared) -> Findings:
        missing = [name for name in ("cert", "key", "cname") if not declared.get(f"ssl.{name}")]
        if declared.get("ssl.status") == "enabled" and missing:
            message = (
                f"ssl with your own certificate needs cert, key and cname together; {', '.join(missing)} is missing."
            )
            yield Finding("CertificateIncomplete", f"ssl.{missing[0]}", message, "docs/facts.md c.2")

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        warnings = super().advice(plan, declared, parent)
        if plan.action not in (CREATE, REPLACE):
            return warnings
        attached = bool(declared.get("resource_id"))
        if attached and self.validate_name == "lenient" and len(self.name) > 16:
            warnings.append(
                f"LongName: {self.name!r} has more than the 16 characters of the studio's form; the AKS page allows up to 24."
            )
        production = _same_purpose(declared.get("cluster_purpose")) in aks_rules.PRODUCTION
        nodes = declared.get("agent_count")
        if not attached and production and nodes and nodes < aks_rules.PRODUCTION_NODES:
            warnings.append(
                f"FewNodes: {nodes} node(s) for production; the service may ask for at least {aks_rules.PRODUCTION_NODES} "
                "('At least 3 machine(s) are required for cluster with purpose FastProd')."
            )
        return warnings

    def check_attached(self, target: Body, workspace: Body | None) -> Findings:
        where = (workspace or {}).get("location")
        if (
            where
            and private_link_count(workspace or {})
            and canon.region(target.get("location")) != canon.region(where)
        ):
            message = f"The AKS is in {target.get('location')}, and not in the workspace's region ({where}), which a workspace with a private endpoint needs."
            yield Finding(
                "CrossRegionPrivateLink", "resource_id", message, "how-to-configure-private-link, limitations"
            )

    def check_others(self, declared: Declared, others: list[Other]) -> Findings:
        yield from super().check_others(declared, [other for other in others if self.is_own(other.body)])

    def advice_on_others(self, declared: Declared, others: list[Other]) -> list[str]:
        return [
            f"AttachedAgain: the AKS is also attached as {kind_name(other.body)} {other.body.get('name')!r} ({other.place}); "
            "the two front ends get in each other's way."
            for other in others
            if not self.is_own(other.body)
        ]

    def check_replacement(self, body: Body) -> None:
        """A cluster that the service made is not left behind, and not deleted, unless that was said."""
        # A creation that failed has no AKS yet.
        if body["properties"].get("resourceId") and not attachment.is_attached(body) and not self.delete_underlying:
            raise AmlError(
                "The AKS was created by the service. Replacing it would leave the old one running, and billed, or delete it.",
                code="DeleteUnderlyingNeeded",
                hint="Set delete_underlying=true to delete it for its replacement, or detach it with state=absent first.",
                details={"resource_id": body["properties"].get("resourceId")},
            )

    # --- documents ---

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        properties = paths.get_path(changed, "properties.properties")
        if isinstance(properties, dict) and caseless(properties.get("loadBalancerType")) != "internalloadbalancer":
            # It goes with the internal load balancer (docs/facts.md c.2), also where that was not declared. A null removes the existing value.
            properties.pop("loadBalancerSubnet", None)
            if paths.get_path(body, _INNER + "loadBalancerSubnet") not in (None, paths.MISSING):
                properties["loadBalancerSubnet"] = None
        if isinstance(properties, dict) and isinstance(properties.get("sslConfiguration"), dict):
            ssl = properties["sslConfiguration"]
            parts = _TLS_PARTS.get(caseless(ssl.get("status") or "Disabled"), tuple(ssl))
            properties["sslConfiguration"] = {
                key: value for key, value in ssl.items() if key in parts and value is not None
            }
        return changed

    def kept(self, body: Body) -> Declared:
        kept = super().kept(body)
        if not attachment.is_attached(body):
            # The id is that of the AKS that goes with it.
            kept.pop("resource_id", None)
        else:
            kept = {option: value for option, value in kept.items() if option not in _NOT_WHEN_ATTACHED}
        if kept.get("ssl.status") == "auto":
            # The name that goes with Microsoft's label; only the label can be declared.
            kept.pop("ssl.cname", None)
        return kept

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        # The inner document of an AKS has its names and addresses, so only what people declare goes over.
        kept = self.kept(body)
        if "resource_id" in plan.values():
            kept = {option: value for option, value in kept.items() if option not in self.of_target}
        return self._with_all(self.skeleton(target, declared, parent), {**kept, **declared, **plan.values()})

    def held_secrets(self, body: Body) -> list[str]:
        status = paths.get_path(body, _INNER + _SSL + "status")
        return ["ssl.cert", "ssl.key"] if caseless(status) == "enabled" else []

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        if "ssl.status" in declared and declared["ssl.status"] != "enabled":
            return []
        return super().lost_on_recreate(body, declared)

    def project(self, body: Body) -> dict[str, t.Any]:
        properties = (body.get("properties") or {}).get("properties") or {}
        return {
            **super().project(body),
            "cluster_fqdn": properties.get("clusterFqdn"),
            "system_services": [
                {
                    "type": service.get("systemServiceType"),
                    "public_ip_address": service.get("publicIpAddress"),
                    "version": service.get("version"),
                }
                for service in properties.get("systemServices") or []
            ],
        }


AKS = Aks()
