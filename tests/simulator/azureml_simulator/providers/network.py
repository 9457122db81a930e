# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual networks, their subnets (inline and as children, one truth), security groups and their rules, private endpoints.

Rules: Microsoft.Network REST reference; InvalidResourceReference, InUseSubnetCannotBeDeleted, NetcfgSubnetRangesOverlap
and NetcfgSubnetRangeOutsideVnet are the service's documented error codes.
"""

from __future__ import annotations

import copy
import ipaddress
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.arm.resource import Resource
from azureml_simulator.arm.resource_types import Document, Kind
from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import ArmError, Request
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

VNET = "Microsoft.Network/virtualNetworks"
SUBNET = f"{VNET}/subnets"
ENDPOINT = "Microsoft.Network/privateEndpoints"
GROUP = "Microsoft.Network/networkSecurityGroups"
RULE = f"{GROUP}/securityRules"
_STATE = "privateLinkServiceConnectionState"
# The approved ones at first, then those that the owner of the target approves.
_CONNECTIONS = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
DEFAULTS: dict[str, Any] = {"guesses": {"vnet_put_without_subnets": "keep"}}


class Networks:
    """Hooks that keep a network's inline list and its subnet resources the same thing."""

    def __init__(self, app: App) -> None:
        self.app = app
        style = {"style": "async", "delete_style": "async", "busy_state": "Updating"}
        self.vnets = Resource(app, Kind(VNET, **style))  # type: ignore[arg-type]
        self.subnets = Resource(app, Kind(SUBNET, located=False, **style))  # type: ignore[arg-type]
        self.endpoints = Resource(app, Kind(ENDPOINT, derive=_endpoint, **style))  # type: ignore[arg-type]
        groups = f"{ENDPOINT}/privateDnsZoneGroups"
        self.zone_groups = Resource(app, Kind(groups, located=False, **style))  # type: ignore[arg-type]
        self.vnets.show = self._show_vnet
        self.vnets.before_write = self._take_inline
        self.vnets.after_write = self._write_inline
        self.vnets.before_delete = self._vnet_free
        self.subnets.before_write = lambda doc, existing: self._check_subnet(doc)
        self.subnets.before_delete = self._subnet_free
        self.endpoints.before_write = lambda doc, existing: self._check_endpoint(doc)
        self._inline: list[Document] | None = None

    def _show_vnet(self, doc: Document) -> Document:
        shown = copy.deepcopy(doc)
        shown["properties"]["subnets"] = [
            self.subnets.shown(child) for child in self.app.store.children(doc["id"], SUBNET)
        ]
        return shown

    def _take_inline(self, doc: Document, existing: Document | None) -> None:
        properties = doc["properties"]
        space = arm_rules.mapping(properties.get("addressSpace"), "addressSpace").get("addressPrefixes")
        if not space or not isinstance(space, list):
            raise ArmError(400, "MissingAddressSpace", f"Address space is required for virtual network {doc['id']}.")
        # The service's own: one that is created again under the same name has another.
        kept = ((existing or {}).get("properties") or {}).get("resourceGuid")
        properties["resourceGuid"] = kept or stable_guid("guid", doc["id"], self.app.clock.iso())
        properties.setdefault("enableDdosProtection", False)
        properties.setdefault("virtualNetworkPeerings", [])
        subnets = properties.pop("subnets", None)
        self._inline = None if subnets is None else arm_rules.named_entries(subnets, "subnets")
        for prefix in space:
            _network(prefix, doc["id"])
        if self._inline is None and existing and self.app.config["guesses"]["vnet_put_without_subnets"] == "delete":
            self._inline = []

    def _write_inline(self, doc: Document, request: Request) -> None:
        if self._inline is None:
            return
        wanted = {str(entry["name"]).lower() for entry in self._inline}
        for child in self.app.store.children(doc["id"], SUBNET):
            if child["name"].lower() not in wanted:
                self._subnet_free(child)
                self.app.store.delete(child["id"])
        for entry in self._inline:
            resource_id = f"{doc['id']}/subnets/{entry['name']}"
            subnet = {
                "id": resource_id,
                "name": entry["name"],
                "type": SUBNET,
                "properties": copy.deepcopy(entry.get("properties") or {}),
            }
            self._check_subnet(subnet)
            subnet["properties"]["provisioningState"] = "Succeeded"
            self.app.store.put(resource_id, subnet)

    def _check_subnet(self, doc: Document) -> None:
        properties, vnet_id = doc["properties"], doc["id"].rsplit("/subnets/", 1)[0]
        properties.setdefault("privateEndpointNetworkPolicies", "Disabled")
        properties.setdefault("privateLinkServiceNetworkPolicies", "Enabled")
        properties.setdefault("delegations", [])
        for name in ("networkSecurityGroup", "natGateway"):
            wanted = arm_rules.reference(properties.get(name), name)
            if wanted:
                self._must_exist(wanted, doc["id"])
        prefixes = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
        vnet = self.app.store.get(vnet_id)
        if vnet is None or not isinstance(prefixes, list) or not prefixes[0]:
            raise ArmError(400, "InvalidRequestFormat", f"The subnet '{doc['name']}' has no address prefix.")
        space = [ipaddress.ip_network(net) for net in vnet["properties"]["addressSpace"]["addressPrefixes"]]
        for prefix in prefixes:
            self._check_prefix(doc, prefix, vnet, space)

    def _check_prefix(self, doc: Document, prefix: str, vnet: Document, space: list[Any]) -> None:
        mine = _network(prefix, doc["id"])
        if not any(mine.version == net.version and mine.subnet_of(net) for net in space):
            raise ArmError(
                400,
                "NetcfgSubnetRangeOutsideVnet",
                f"Subnet '{doc['name']}' is not valid because its IP address range is outside the IP address range of "
                f"virtual network '{vnet['name']}'.",
            )
        for other in self.app.store.children(vnet["id"], SUBNET):
            same = other["name"].lower() == doc["name"].lower()
            held = other["properties"].get("addressPrefixes") or [other["properties"].get("addressPrefix")]
            if not same and any(mine.overlaps(ipaddress.ip_network(net)) for net in held):
                raise ArmError(
                    400,
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{doc['name']}' is not valid because its IP address range overlaps with that of an "
                    f"existing subnet in virtual network '{vnet['name']}'.",
                )

    def _must_exist(self, wanted: str, by: str) -> None:
        if self.app.store.get(wanted) is None:
            raise ArmError(
                400,
                "InvalidResourceReference",
                f"Resource {wanted} referenced by resource {by} was not found. Please make sure that the referenced "
                "resource exists, and that both resources are in the same region.",
            )

    def _check_endpoint(self, doc: Document) -> None:
        properties = doc["properties"]
        subnet = arm_rules.reference(properties.get("subnet"), "subnet")
        if not subnet:
            raise ArmError(400, "InvalidRequestFormat", f"The private endpoint '{doc['name']}' has no subnet.")
        self._must_exist(subnet, doc["id"])
        for name in _CONNECTIONS:
            for connection in arm_rules.entries(properties.get(name), name):
                inner = arm_rules.mapping(connection.get("properties"), f"{name}.properties")
                target = inner.get("privateLinkServiceId")
                if not isinstance(target, str):
                    raise ArmError(
                        400,
                        "InvalidRequestFormat",
                        f"A connection of the private endpoint '{doc['name']}' has no target.",
                    )
                if name == "privateLinkServiceConnections":
                    self._must_exist(target, doc["id"])

    def _vnet_free(self, doc: Document) -> None:
        for child in self.app.store.children(doc["id"], SUBNET):
            self._subnet_free(child)

    def _subnet_free(self, doc: Document) -> None:
        for endpoint in self.app.store.by_type(None, ENDPOINT):
            used = endpoint["properties"].get("subnet") or {}
            if str(used.get("id", "")).lower() == doc["id"].lower():
                raise ArmError(
                    400,
                    "InUseSubnetCannotBeDeleted",
                    f"Subnet {doc['name']} is in use by {endpoint['id']} and cannot be deleted. In order to delete the "
                    "subnet, delete all the resources within the subnet. See aka.ms/deletesubnet.",
                )


class SecurityGroups:
    """A security group's inline list of rules and its rule resources are the same thing."""

    def __init__(self, app: App) -> None:
        self.app = app
        style = {"style": "async", "delete_style": "async", "busy_state": "Updating"}
        self.groups = Resource(app, Kind(GROUP, **style))  # type: ignore[arg-type]
        self.rules = Resource(app, Kind(RULE, located=False, **style))  # type: ignore[arg-type]
        self.groups.show = self._show
        self.groups.before_write = self._take_inline
        self.groups.after_write = self._write_inline
        self._inline: list[Document] = []

    def _show(self, doc: Document) -> Document:
        rules = [self.rules.shown(child) for child in self.app.store.children(doc["id"], RULE)]
        return {**doc, "properties": {**doc["properties"], "securityRules": rules}}

    def _take_inline(self, doc: Document, existing: Document | None) -> None:
        doc["properties"].setdefault("resourceGuid", stable_guid("guid", doc["id"]))
        self._inline = arm_rules.named_entries(doc["properties"].pop("securityRules", None), "securityRules")

    def _write_inline(self, doc: Document, request: Request) -> None:
        if request.method == "PATCH":
            return
        for child in self.app.store.children(doc["id"], RULE):
            self.app.store.delete(child["id"])
        for entry in self._inline:
            resource_id = f"{doc['id']}/securityRules/{entry['name']}"
            properties = {**(entry.get("properties") or {}), "provisioningState": "Succeeded"}
            rule = {"id": resource_id, "name": entry["name"], "type": RULE, "properties": properties}
            self.app.store.put(resource_id, rule)


def _network(prefix: Any, resource_id: str) -> Any:
    """The network of an address prefix; a text that is none is refused."""
    try:
        return ipaddress.ip_network(prefix if isinstance(prefix, str) else "")
    except ValueError as error:
        raise ArmError(
            400,
            "InvalidCIDRNotation",
            f"The address prefix {prefix} in resource {resource_id} has an invalid CIDR "
            "notation. For the given prefix length, the address prefix should be a network address.",
        ) from error


def _endpoint(app: App, doc: Document) -> None:
    properties = doc["properties"]
    group = doc["id"].rsplit("/providers/", 1)[0]
    interface = f"{doc['name']}.nic.{stable_guid('nic', doc['id'])}"
    properties["networkInterfaces"] = [{"id": f"{group}/providers/Microsoft.Network/networkInterfaces/{interface}"}]
    properties.setdefault("manualPrivateLinkServiceConnections", [])
    properties.setdefault("customDnsConfigs", [])
    before = (app.store.get(doc["id"]) or {}).get("properties") or {}
    states = (("Approved", "Auto-Approved"), ("Pending", "Awaiting Approval"))
    for collection, (status, text) in zip(_CONNECTIONS, states, strict=True):
        kept = {connection["id"]: connection["properties"][_STATE] for connection in before.get(collection) or []}
        for connection in properties.get(collection) or []:
            connection["id"] = f"{doc['id']}/{collection}/{connection.get('name', doc['name'])}"
            first = {"status": status, "description": text, "actionsRequired": "None"}
            connection["properties"][_STATE] = kept.get(connection["id"], first)


def routes(app: App) -> list[Route]:
    networks = Networks(app)
    security = SecurityGroups(app)
    parts = (
        networks.vnets,
        networks.subnets,
        networks.endpoints,
        networks.zone_groups,
        security.groups,
        security.rules,
    )
    return [route for part in parts for route in part.routes()]
