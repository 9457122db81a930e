# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft.Compute tells of the sizes of virtual machines: sizes and usages of a region, and SKUs.

Shapes: REST reference of Microsoft.Compute, "Virtual Machine Sizes - List", "Usage - List" and "Resource Skus - List". Limits: Microsoft's "Azure subscription
and service limits" for a new subscription. Clusters and instances of Azure Machine Learning use a quota of their own, so only virtual machines of the
simulator count. Which zone has a size, and how many data disks it takes, is not simulated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import filters
from azureml_simulator.arm.locations import LOCATIONS, normalise
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning.catalogue import VmSize
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

_PROVIDER = "Microsoft.Compute"
_CORES = 20
_COUNTS = {
    "availabilitySets": ("Availability Sets", 2500),
    "cores": ("Total Regional vCPUs", _CORES),
    "virtualMachines": ("Virtual Machines", 25000),
    "virtualMachineScaleSets": ("Virtual Machine Scale Sets", 2500),
    "lowPriorityCores": ("Total Regional Spot vCPUs", _CORES),
}


class Compute:
    """The handlers."""

    def __init__(self, app: App) -> None:
        self.app = app

    @staticmethod
    def _location(request: Request, p: dict[str, str], kind: str) -> str:
        location = normalise(p["loc"])
        if location not in LOCATIONS:
            raise ArmError(
                400,
                "NoRegisteredProviderFound",
                f"No registered resource provider found for location '{p['loc']}' and API version '{request.api_version}' for type "
                f"'locations/{kind}'. The supported locations are '{', '.join(LOCATIONS)}'.",
            )
        return location

    def vm_sizes(self, request: Request, p: dict[str, str]) -> Response:
        value = [
            {
                "name": size.name,
                "numberOfCores": size.vcpus,
                "osDiskSizeInMB": size.wire()["osVhdSizeMB"],
                "resourceDiskSizeInMB": size.disk_mb,
                "memoryInMB": int(size.memory_gb * 1024),
            }
            for size in catalogue.available(self._location(request, p, "vmSizes"))
        ]
        return Response(200, {"value": value})

    def usages(self, request: Request, p: dict[str, str]) -> Response:
        location = self._location(request, p, "usages")
        families = dict.fromkeys(size.family for size in catalogue.available(location))
        rows = _COUNTS | {family: (f"{catalogue.localised(family)} vCPUs", _CORES) for family in families}
        held = self._held(p["sub"], location)
        value = [
            {
                "limit": limit,
                "unit": "Count",
                "currentValue": held.get(name, 0),
                "name": {"value": name, "localizedValue": text},
            }
            for name, (text, limit) in rows.items()
        ]
        return Response(200, {"value": value})

    def _held(self, subscription: str, location: str) -> dict[str, int]:
        """The virtual machines of a region, and their cores, by the names of usages."""
        held: dict[str, int] = {}
        for machine in self.app.store.by_type(subscription, f"{_PROVIDER}/virtualMachines"):
            if normalise(machine.get("location", "")) != location:
                continue
            hardware = (machine.get("properties") or {}).get("hardwareProfile") or {}
            size = catalogue.find(hardware.get("vmSize", ""))
            cores = [] if size is None else [("cores", size.vcpus), (size.family, size.vcpus)]
            for name, more in [("virtualMachines", 1), *cores]:
                held[name] = held.get(name, 0) + more
        return held

    def skus(self, request: Request, p: dict[str, str]) -> Response:
        wanted = filters.of_request(request, ("location",))
        locations = [name for name in LOCATIONS if wanted is None or wanted([{"location": name}])]
        return Response(
            200, {"value": [_sku(size, location) for location in locations for size in catalogue.available(location)]}
        )


def _sku(size: VmSize, location: str) -> dict[str, Any]:
    """The entry of a size in one region; the values of capabilities are text."""
    capabilities = {
        "MaxResourceVolumeMB": size.disk_mb,
        "OSVhdSizeMB": size.wire()["osVhdSizeMB"],
        "vCPUs": size.vcpus,
        "MemoryGB": f"{size.memory_gb:g}",
        "HyperVGenerations": {"gen1": "V1", "gen2": "V2"}.get(size.generation, size.generation),
        "PremiumIO": size.premium,
        "LowPriorityCapable": size.low_priority,
        "RdmaEnabled": size.infiniband,
    }
    if size.gpus:
        capabilities["GPUs"] = size.gpus
    return {
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.removeprefix("Standard_"),
        "family": size.family,
        "locations": [location],
        "locationInfo": [{"location": location, "zones": [], "zoneDetails": []}],
        "capabilities": [{"name": name, "value": str(value)} for name, value in capabilities.items()],
        "restrictions": [],
    }


def routes(app: App) -> list[Route]:
    compute, base = Compute(app), f"/subscriptions/{{sub}}/providers/{_PROVIDER}"
    return [
        Route(
            "GET", f"{base}/locations/{{loc}}/vmSizes", compute.vm_sizes, action=f"{_PROVIDER}/locations/vmSizes/read"
        ),
        Route("GET", f"{base}/locations/{{loc}}/usages", compute.usages, action=f"{_PROVIDER}/locations/usages/read"),
        Route("GET", f"{base}/skus", compute.skus, action=f"{_PROVIDER}/skus/read"),
    ]
