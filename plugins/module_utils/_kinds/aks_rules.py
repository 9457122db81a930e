# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Offline rules of AKS as an inference cluster: cores, network, TLS, load balancer.

Sources: docs/coverage.md 1.5 (A3, A8 to A10), 1.9 (K8-6, K8-11), 1.13; docs/facts.md b.2 (AKS too small), c.2 (all or none, TLS),
c.4 (what the service's first client checked).
"""

from __future__ import annotations

import ipaddress
import typing as t

from .._core.findings import Finding, Findings
from .._engine import rules
from .._engine.plan import Declared

PRODUCTION = ("fast_prod", "dense_prod")
PRODUCTION_CORES = 12
PRODUCTION_NODES = 3
DEV_TEST_CORES = 2
NETWORK = ("subnet", "service_cidr", "dns_service_ip", "docker_bridge_cidr")


def cores(purpose: str, nodes: int, size: str, vcpus: int) -> Findings:
    """Row A8: nodes times vCPUs; the service says it only after minutes (``Cluster should have at least 12 cores to operate.``)."""
    lowest = PRODUCTION_CORES if purpose in PRODUCTION else DEV_TEST_CORES
    if nodes * vcpus >= lowest:
        return
    needed = -(-lowest // vcpus)
    yield Finding(
        "NotEnoughCores",
        "agent_count",
        f"A cluster for {purpose} needs at least {lowest} vCPUs; {nodes} node(s) of {size} with {vcpus} vCPU(s) each have {nodes * vcpus}. "
        f"Take agent_count {needed} or more, or a larger size"
        + ("." if purpose not in PRODUCTION else ", or cluster_purpose dev_test."),
        "docs/coverage.md A8, 1.13; docs/facts.md b.2 (azure-docs#55597)",
    )


def network(settings: dict[str, t.Any] | None) -> Findings:
    """All four values or none, and each in its place (ARM types of 2025-12-01, AksNetworkingConfiguration)."""
    if not settings:
        return
    missing = [name for name in NETWORK if not settings.get(name)]
    if missing:
        yield Finding(
            "NetworkIncomplete",
            f"network_settings.{missing[0]}",
            f"network_settings of AKS needs all of {', '.join(NETWORK)}, or none; {', '.join(missing)} is missing.",
            "docs/facts.md c.2",
        )
    service = yield from _cidr(settings, "service_cidr")
    bridge = yield from _cidr(settings, "docker_bridge_cidr")
    dns = None
    if settings.get("dns_service_ip"):
        try:
            dns = ipaddress.IPv4Address(settings["dns_service_ip"])
        except ValueError:
            message = f"network_settings.dns_service_ip {settings['dns_service_ip']!r} is not an IPv4 address."
            yield Finding("InvalidAddress", "network_settings.dns_service_ip", message, _TYPES)
    if dns is not None and service is not None and dns not in service:
        message = f"network_settings.dns_service_ip {dns} must lie within network_settings.service_cidr {service}."
        yield Finding("AddressOutside", "network_settings.dns_service_ip", message, _TYPES)
    if service is not None and bridge is not None and service.overlaps(bridge):
        message = (
            f"network_settings.docker_bridge_cidr {bridge} must not overlap network_settings.service_cidr {service}."
        )
        yield Finding("RangesOverlap", "network_settings.docker_bridge_cidr", message, _TYPES)


_TYPES = "ARM types of 2025-12-01, AksNetworkingConfiguration"


def _cidr(settings: dict[str, t.Any], name: str) -> t.Generator[Finding, None, ipaddress.IPv4Network | None]:
    value = settings.get(name)
    if not value:
        return None
    try:
        # The bridge's own address is given with its range: 172.17.0.1/16.
        return ipaddress.IPv4Network(value, strict=False)
    except ValueError:
        message = f"network_settings.{name} {value!r} is not an IPv4 range such as 10.0.0.0/16."
        yield Finding("InvalidRange", f"network_settings.{name}", message, _TYPES)
        return None


def tls(declared: Declared, load_balancer: t.Any) -> Findings:
    """Row A10, K8-11: own certificate with key and host name, or a Microsoft domain label; the two exclude each other."""
    given = {
        name: declared.get(f"ssl.{name}")
        for name in ("status", "cert", "key", "cname", "leaf_domain_label", "overwrite_existing_domain")
    }
    if given["cname"] is not None:
        yield from rules.host(given["cname"], "ssl.cname", wildcard=True)
    if given["leaf_domain_label"] is not None:
        yield from rules.dns_label(given["leaf_domain_label"], "ssl.leaf_domain_label")
    own = [name for name in ("cert", "key", "cname") if given[name]]
    source = "docs/facts.md c.2, c.4 (aks.py)"
    if bool(given["cert"]) != bool(given["key"]) or (given["cert"] and not given["cname"]):
        message = (
            "ssl with a certificate of your own needs cert (or cert_file), key (or key_file) and cname, all three."
        )
        yield Finding("CertificateIncomplete", "ssl", message, source)
    if own and (given["leaf_domain_label"] or given["overwrite_existing_domain"]):
        message = f"ssl takes leaf_domain_label (a certificate from Microsoft) or cert, key and cname (your own), not both; {', '.join(own)} was given too."
        yield Finding("CertificateGivenTwice", "ssl.leaf_domain_label", message, source)
    if given["status"] == "disabled" and (own or given["leaf_domain_label"]):
        yield Finding(
            "TlsDisabled", "ssl.status", "ssl.status is disabled, so that nothing else in ssl has a meaning.", source
        )
    if given["status"] == "auto" and own or given["status"] == "enabled" and given["leaf_domain_label"]:
        message = "ssl.status auto goes with leaf_domain_label, and enabled with cert, key and cname."
        yield Finding("TlsContradiction", "ssl.status", message, source)
    if given["status"] == "auto" and not given["leaf_domain_label"]:
        yield Finding(
            "DomainLabelMissing", "ssl.leaf_domain_label", "ssl.status auto needs ssl.leaf_domain_label.", source
        )
    if given["leaf_domain_label"] and load_balancer == "internal_load_balancer":
        message = "A certificate from Microsoft (ssl.leaf_domain_label) needs a public address: with internal_load_balancer, give cert, key and cname."
        yield Finding("CertificateNeedsPublicAddress", "ssl.leaf_domain_label", message, "docs/coverage.md K8-11")


def load_balancer(kind: t.Any, subnet: t.Any) -> Findings:
    if subnet:
        yield from rules.network_name(subnet, "load_balancer_subnet", 80)
    if subnet and kind == "public_ip":
        message = "load_balancer_subnet goes with load_balancer_type internal_load_balancer alone."
        yield Finding("SubnetWithoutLoadBalancer", "load_balancer_subnet", message, "docs/facts.md c.2")
