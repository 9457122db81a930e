# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of an inference cluster: size of production clusters, network, TLS, load balancer.

docs/facts.md b.2 has the texts of the FastProd errors [ISS azure-docs#55597], c.2 the fields and patterns, c.4 the
checks that the v1 SDK makes itself; that the service makes the same ones, with 400, is a guess, and so are their texts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning.common import Document, mapping, refuse

if TYPE_CHECKING:
    from azureml_simulator.app import App

PURPOSES = ("FastProd", "DenseProd", "DevTest")
BALANCERS = ("PublicIp", "InternalLoadBalancer")
_LEAST_CORES, _LEAST_NODES = 12, 3
_ADDRESS = re.compile(r"^(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$")
_RANGE = re.compile(r"^([0-9]{1,3}\.){3}[0-9]{1,3}(/([0-9]|[1-2][0-9]|3[0-2]))?$")
_NETWORK = {"subnetId": None, "serviceCidr": _RANGE, "dnsServiceIP": _ADDRESS, "dockerBridgeCidr": _RANGE}


def one_of(value: Any, allowed: tuple[str, ...], what: str, location: str) -> str:
    found = next((name for name in allowed if name.lower() == str(value).lower()), None)
    if found is None:
        raise refuse(f"The value '{value}' of '{what}' is not valid; it must be one of {', '.join(allowed)}.", location)
    return found


def check_count(count: Any, location: str) -> None:
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise refuse(f"The agent count '{count}' is not valid; it must be greater than 0.", location)


def network_of(app: App, sent: Any, location: str) -> Document | None:
    """All four values or none (c.2), each of its form, and the subnet exists."""
    network = {key: value for key, value in mapping(sent, "aksNetworkingConfiguration").items() if value is not None}
    if not network:
        return None
    missing = [name for name in _NETWORK if name not in network]
    if missing:
        raise refuse(
            f"'aksNetworkingConfiguration' needs all of {', '.join(_NETWORK)}; {', '.join(missing)} is missing.",
            location,
        )
    for name, form in _NETWORK.items():
        if form is not None and not form.match(str(network[name])):
            raise refuse(f"The value '{network[name]}' of '{name}' is not valid.", location)
    if app.store.get(str(network["subnetId"])) is None:
        text = str(app.config["guesses"]["subnet"]["not_found"]).format(id=network["subnetId"])
        raise ArmError(400, "SubnetNotFound", text, envelope="compute", location=location)
    return network


# What a certificate of the user's consists of.
_OWN = {"cert", "key", "cname"}


def check_balancer(inner: Document, location: str) -> None:
    """A subnet of its own is for the internal load balancer, which needs a custom certificate [D, K8-11]."""
    kind = one_of(inner.get("loadBalancerType") or "PublicIp", BALANCERS, "loadBalancerType", location)
    if inner.get("loadBalancerSubnet") and kind != "InternalLoadBalancer":
        raise refuse("'loadBalancerSubnet' is allowed only with the 'InternalLoadBalancer'.", location)
    if kind == "InternalLoadBalancer" and (inner.get("sslConfiguration") or {}).get("status") == "Auto":
        raise refuse("The 'InternalLoadBalancer' needs a custom certificate; 'Auto' is not supported.", location)


def ssl_of(sent: Any, before: Document | None, location: str) -> Document | None:
    """TLS as a GET shows it: never with certificate and key.

    `before` is what is in force: certificate and key may be left out when nothing about them changes (a guess, for
    clients that PUT what a GET showed). `renew` is the v1 SDK's way to renew a Microsoft certificate (c.4).
    """
    ssl = {key: value for key, value in mapping(sent, "sslConfiguration").items() if value is not None}
    if not ssl:
        return before
    if ssl.get("renew"):
        if not (before or {}).get("leafDomainLabel"):
            raise refuse("'renew' needs a certificate of a leaf domain label.", location)
        return before
    status = one_of(ssl.get("status") or "Disabled", ("Disabled", "Enabled", "Auto"), "status", location)
    if status == "Enabled":
        _check_own_certificate(ssl, before, location)
    if status == "Auto":
        _check_generated_certificate(ssl, before, location)
    return {
        "status": status,
        "cert": None,
        "key": None,
        "cname": ssl.get("cname") if status == "Enabled" else None,
        "leafDomainLabel": ssl.get("leafDomainLabel") if status == "Auto" else None,
        "overwriteExistingDomain": bool(ssl.get("overwriteExistingDomain")),
    }


def _check_own_certificate(ssl: Document, before: Document | None, location: str) -> None:
    own = _OWN & set(ssl)
    same = before is not None and before["status"] == "Enabled" and before["cname"] == ssl.get("cname")
    if own != _OWN and not (same and own == {"cname"}):
        raise refuse("'cert', 'key' and 'cname' are all required when 'status' is 'Enabled'.", location)
    if ssl.get("leafDomainLabel") or ssl.get("overwriteExistingDomain"):
        raise refuse("'leafDomainLabel' and 'overwriteExistingDomain' exclude 'cert', 'key' and 'cname'.", location)


def _check_generated_certificate(ssl: Document, before: Document | None, location: str) -> None:
    if not ssl.get("leafDomainLabel"):
        raise refuse("'leafDomainLabel' is required when 'status' is 'Auto'.", location)
    own = _OWN & set(ssl)
    if own - {"cname"} or (own and before is None):
        raise refuse("'cert', 'key' and 'cname' exclude 'leafDomainLabel'.", location)


def too_small(purpose: str, pools: list[tuple[int, str]]) -> Document | None:
    """FastProd needs 12 cores and 3 machines (b.2); an error in the form of b.1, E4.

    A size that is not in the catalogue has an unknown number of cores, so the rule does not apply to it.
    """
    if purpose != "FastProd" or not pools:
        return None
    sizes = [(count, catalogue.find(size)) for count, size in pools]
    machines = sum(count for count, _size in sizes)
    if machines < _LEAST_NODES:
        return invalid(
            f"At least {_LEAST_NODES} machine(s) are required for cluster with purpose 'FastProd'. Available "
            f"machine(s) : {machines}"
        )
    if all(size is not None for _count, size in sizes):
        if sum(count * size.vcpus for count, size in sizes if size is not None) < _LEAST_CORES:
            return invalid(f"Cluster should have at least {_LEAST_CORES} cores to operate.")
    return None


def invalid(message: str) -> Document:
    """The inner error of an AKS cluster [ISS azure-cli-extensions#515]."""
    return {
        "code": "BadRequest",
        "message": "The request is invalid",
        "details": [{"code": "BadRequestFormat", "message": message}],
        "statusCode": 400,
    }
