# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Offline rules of AKS as an inference cluster: cores, network, TLS, load balancer.

Sources: docs/coverage.md 1.5 (A3, A8 to A10), 1.9 (K8-6, K8-11), 1.13; docs/facts.md b.2 (AKS too small), c.2 (all or none, TLS),
c.4 (what the service's first client checked).
"""

from __future__ import annotations

import dataclasses
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
    service = yield from _range(settings, "service_cidr")
    bridge = yield from _range(settings, "docker_bridge_cidr")
    dns = yield from _address(settings, "dns_service_ip")
    if dns is not None and service is not None and dns not in service:
        message = f"network_settings.dns_service_ip {dns} must be in network_settings.service_cidr {service}."
        yield Finding("AddressOutside", "network_settings.dns_service_ip", message, _TYPES)
    if service is not None and bridge is not None and service.overlaps(bridge):
        message = (
            f"network_settings.docker_bridge_cidr {bridge} must not overlap network_settings.service_cidr {service}."
        )
        yield Finding("RangesOverlap", "network_settings.docker_bridge_cidr", message, _TYPES)


_TYPES = "ARM types of 2025-12-01, AksNetworkingConfiguration"


def _range(settings: dict[str, t.Any], name: str) -> t.Generator[Finding, None, ipaddress.IPv4Network | None]:
    """The IPv4 range of an option; what is none is a finding, and counts as not given."""
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


def _address(settings: dict[str, t.Any], name: str) -> t.Generator[Finding, None, ipaddress.IPv4Address | None]:
    """As ``_range``, for one address."""
    value = settings.get(name)
    if not value:
        return None
    try:
        return ipaddress.IPv4Address(value)
    except ValueError:
        yield Finding(
            "InvalidAddress",
            f"network_settings.{name}",
            f"network_settings.{name} {value!r} is not an IPv4 address.",
            _TYPES,
        )
        return None


_TLS_SOURCE = "docs/facts.md c.2, c.4 (aks.py)"
_OWN = ("cert", "key", "cname")
# Whether the settings, with what was given of a certificate of the user's own, are wrong, and the finding.
_TlsRule = tuple[t.Callable[[dict[str, t.Any], list[str]], t.Any], Finding]
_TLS_RULES: tuple[_TlsRule, ...] = (
    (
        lambda ssl, own: bool(ssl["cert"]) != bool(ssl["key"]) or (ssl["cert"] and not ssl["cname"]),
        Finding(
            "CertificateIncomplete",
            "ssl",
            "ssl with your own certificate needs cert (or cert_file), key (or key_file) and cname, all three.",
            _TLS_SOURCE,
        ),
    ),
    (
        lambda ssl, own: own and (ssl["leaf_domain_label"] or ssl["overwrite_existing_domain"]),
        Finding(
            "CertificateGivenTwice",
            "ssl.leaf_domain_label",
            "ssl takes leaf_domain_label (a certificate from Microsoft) or cert, key and cname (your own), not both; {own} was given too.",
            _TLS_SOURCE,
        ),
    ),
    (
        lambda ssl, own: ssl["status"] == "disabled" and (own or ssl["leaf_domain_label"]),
        Finding(
            "TlsDisabled",
            "ssl.status",
            "ssl.status is disabled, so that nothing else in ssl has a meaning.",
            _TLS_SOURCE,
        ),
    ),
    (
        lambda ssl, own: (ssl["status"] == "auto" and own) or (ssl["status"] == "enabled" and ssl["leaf_domain_label"]),
        Finding(
            "TlsContradiction",
            "ssl.status",
            "ssl.status auto goes with leaf_domain_label, and enabled with cert, key and cname.",
            _TLS_SOURCE,
        ),
    ),
    (
        lambda ssl, own: ssl["status"] == "auto" and not ssl["leaf_domain_label"],
        Finding(
            "DomainLabelMissing", "ssl.leaf_domain_label", "ssl.status auto needs ssl.leaf_domain_label.", _TLS_SOURCE
        ),
    ),
)


def tls(declared: Declared, load_balancer: t.Any) -> Findings:
    """Row A10, K8-11: own certificate with key and host name, or a Microsoft domain label; the two exclude each other."""
    names = ("status", *_OWN, "leaf_domain_label", "overwrite_existing_domain")
    ssl = {name: declared.get(f"ssl.{name}") for name in names}
    own = [name for name in _OWN if ssl[name]]
    for is_wrong, finding in _TLS_RULES:
        if is_wrong(ssl, own):
            yield dataclasses.replace(finding, message=finding.message.format(own=", ".join(own)))
    if ssl["leaf_domain_label"] and load_balancer == "internal_load_balancer":
        message = "A certificate from Microsoft (ssl.leaf_domain_label) needs a public address: with internal_load_balancer, give cert, key and cname."
        yield Finding("CertificateNeedsPublicAddress", "ssl.leaf_domain_label", message, "docs/coverage.md K8-11")


def load_balancer(kind: t.Any, subnet: t.Any) -> Findings:
    if subnet:
        yield from rules.network_name(subnet, "load_balancer_subnet", 80)
    if subnet and kind == "public_ip":
        message = "load_balancer_subnet goes with load_balancer_type internal_load_balancer alone."
        yield Finding("SubnetWithoutLoadBalancer", "load_balancer_subnet", message, "docs/facts.md c.2")
