# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.MachineLearningServices/locations: usages, vmSizes, quotas, updateQuotas.

Shapes: docs/facts.md a.6 [REC R9]; the statuses of updateQuotas: types-2025-12-01.md, UpdateWorkspaceQuotas. Which
status comes when is read from their names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.locations import LOCATIONS, normalise
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning import nodes as node_states
from azureml_simulator.providers.machine_learning import quota as quotas
from azureml_simulator.providers.machine_learning.common import (
    API_VERSIONS,
    COMPUTE_TYPE,
    LOCATION,
    PROVIDER,
    WORKSPACE_TYPE,
    mapping,
)
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

# Limits of a subscription, generous (a real one was seen with 200 clusters). Of the GPU sizes only the T4 family
# has cores by default [D: the N series starts at 0].
DEFAULTS: dict[str, Any] = {
    "quotas": {
        "*": {
            quotas.CLUSTERS: 2500,
            quotas.DEDICATED: 1000,
            quotas.LOW_PRIORITY: 100,
            "standardAv2Family": 100,
            "standardDv2Family": 100,
            "standardDSv2Family": 200,
            "standardDSv3Family": 100,
            "standardDDSv4Family": 100,
            "standardDSv5Family": 100,
            "standardDDSv5Family": 100,
            "standardEv3Family": 100,
            "standardESv3Family": 100,
            "standardESv5Family": 100,
            "standardFSv2Family": 100,
            "Standard NCASv3_T4 Family": 64,
        },
    },
    "sizes": {"removed": {}},
}
_WORKSPACE_QUOTA = re.compile(
    r"^(?P<ws>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+)"
    r"/quotas/(?P<family>[^/]+)$",
    re.IGNORECASE,
)


def location_of(p: dict[str, str]) -> str:
    """The region of an address, or the refusal of one that does not exist."""
    location = normalise(p["loc"])
    if location not in LOCATIONS:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{p['loc']}' is not available for resource type '{PROVIDER}/locations'. List "
            f"of available regions for the resource type is '{','.join(sorted(LOCATIONS))}'.",
        )
    return location


class Locations:
    """The handlers of the location scope."""

    def __init__(self, app: App) -> None:
        self.app = app

    def usages(self, request: Request, p: dict[str, str]) -> Response:
        location = location_of(p)
        node_states.refresh(self.app, self.app.store.by_type(p["sub"], COMPUTE_TYPE))
        return Response(200, {"value": quotas.usages(self.app, p["sub"], location)})

    def vm_sizes(self, request: Request, p: dict[str, str]) -> Response:
        location = location_of(p)
        removed = self.app.config["sizes"]["removed"].get(location)
        # The name of the list until 2021-04-01 and in 2021-07-01 (azure-rest-api-specs, VirtualMachineSizeListResult).
        key = "amlCompute" if request.api_version[:10] < "2021-07-01" else "value"
        return Response(200, {key: [size.wire() for size in catalogue.available(location, removed)]})

    def quotas(self, request: Request, p: dict[str, str]) -> Response:
        location = location_of(p)
        prefix = f"/subscriptions/{p['sub']}/providers/{PROVIDER}/locations/{location}/quotas"
        value = [
            self._quota(
                f"{prefix}/{family}",
                family,
                quotas.limit(self.app, p["sub"], location, family),
                "vmFamily/dedicatedCores",
                None,
            )
            for family in catalogue.FAMILIES
        ]
        for workspace in self.app.store.by_type(p["sub"], WORKSPACE_TYPE):
            if workspace["location"] != location:
                continue
            for family in catalogue.FAMILIES:
                own = quotas.workspace_limit(self.app, workspace["id"], family)
                if own is not None:
                    quota_id = f"{workspace['id']}/quotas/{family}"
                    value.append(self._quota(quota_id, family, own, "workspaces/dedicatedCores", location))
        return Response(200, {"value": value})

    @staticmethod
    def _quota(quota_id: str, family: str, most: int, kind: str, location: str | None) -> dict[str, Any]:
        name = {"value": family, "localizedValue": f"{catalogue.localised(family)} Cluster Dedicated vCPUs"}
        return {
            "unit": "Count",
            "limit": most,
            "name": name,
            "type": f"{PROVIDER}/{kind}/quotas",
            "id": quota_id,
            "location": location,
        }

    def update_quotas(self, request: Request, p: dict[str, str]) -> Response:
        location = location_of(p)
        entries = request.json_object.get("value")
        if not isinstance(entries, list):
            raise ArmError(400, "InvalidRequestContent", "The request content was invalid: 'value' must be a list.")
        value = []
        for sent in entries:
            entry = mapping(sent, "value")
            status = self._update(p["sub"], location, str(entry.get("id", "")), entry.get("limit"))
            value.append({key: entry.get(key) for key in ("id", "type", "limit", "unit")} | {"status": status})
        return Response(200, {"value": value})

    def _update(self, subscription: str, location: str, quota_id: str, most: Any) -> str:
        match = _WORKSPACE_QUOTA.match(quota_id)
        workspace = self.app.store.get(match["ws"]) if match else None
        if match is None or workspace is None or not isinstance(most, int):
            return "Failure"
        if workspace["location"] != location:
            return "OperationNotEnabledForRegion"
        family = {name.lower(): name for name in catalogue.FAMILIES}.get(match["family"].lower())
        if family is None:
            return "InvalidVMFamilyName"
        if most > quotas.limit(self.app, subscription, location, family):
            return "InvalidQuotaExceedsSubscriptionLimit"
        if 0 <= most < self._least_cores(subscription, location, workspace["id"], family):
            return "InvalidQuotaBelowClusterMinimum"
        key = f"{workspace['id']}|{family}".lower()
        if most < 0:
            self.app.store.kv_delete(quotas.WORKSPACE_QUOTAS, key)
        else:
            self.app.store.kv_put(quotas.WORKSPACE_QUOTAS, key, most)
        return "Success"

    def _least_cores(self, subscription: str, location: str, workspace_id: str, family: str) -> int:
        """The dedicated cores of a family that the targets of a workspace hold at their minimum."""
        held = quotas.holdings(self.app, subscription, location)
        mine = [
            vm_size
            for vm_size in held
            if vm_size.family == family and not vm_size.low_priority and vm_size.is_in(workspace_id)
        ]
        return sum(vm_size.least_cores for vm_size in mine)


def routes(app: App) -> list[Route]:
    handlers = Locations(app)
    actions = f"{PROVIDER}/locations"
    return [
        Route("GET", LOCATION + "/usages", handlers.usages, API_VERSIONS, f"{actions}/usages/read"),
        Route("GET", LOCATION + "/vmSizes", handlers.vm_sizes, API_VERSIONS, f"{actions}/vmSizes/read"),
        Route("GET", LOCATION + "/quotas", handlers.quotas, API_VERSIONS, f"{actions}/quotas/read"),
        Route(
            "POST", LOCATION + "/updateQuotas", handlers.update_quotas, API_VERSIONS, f"{actions}/updateQuotas/action"
        ),
    ]
