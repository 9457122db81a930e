# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cores and clusters: what is in use in a region, what the limits are, and which creation exceeds them.

Lists: docs/facts.md a.6 [REC R9]. The check of a dedicated cluster counts max(1, minimum) nodes against its family;
that of a low-priority one counts against TotalLowPriorityCores alone (b.2, f.23 [ISS]).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning.common import COMPUTE_TYPE, PROVIDER
from azureml_simulator.store import subscription_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

WORKSPACE_QUOTAS = "ml.quotas"
GRANTED = "ml.granted quotas"
CLUSTERS, DEDICATED, LOW_PRIORITY = "TotalClusters", "TotalDedicatedCores", "TotalLowPriorityCores"
_GUIDE = "https://docs.microsoft.com/azure/machine-learning/how-to-manage-quotas#request-quota-increases"
_QUERY = """SELECT id, json_extract(doc, '$.properties.properties.vmSize'),
  json_extract(doc, '$.properties.properties.vmPriority'),
  json_extract(doc, '$.properties.properties.currentNodeCount'),
  json_extract(doc, '$.properties.properties.scaleSettings.minNodeCount'),
  json_extract(doc, '$.properties.computeType')
  FROM resources WHERE type=? AND subscription=?{first}
  AND json_extract(doc, '$.properties.computeLocation')=?
  AND (json_extract(doc, '$.properties.computeType')='AmlCompute'
  OR json_extract(doc, '$.properties.computeType')='ComputeInstance'
  AND json_extract(doc, '$.properties.provisioningState')<>'Failed'
  AND NOT (json_extract(doc, '$.properties.properties.state')='Stopped'
  AND json_extract(doc, '$.properties.properties.releaseQuotaOnStop')))"""

# Text before JSON: SQLite looks at the terms in their order, and most clusters end here.
_NONE_EMPTY = """
  AND NOT instr(doc, '"currentNodeCount": 0') AND NOT instr(doc, '"currentNodeCount": null')"""


@dataclass(frozen=True)
class Holding:
    """The share of one cluster or instance."""

    id: str
    family: str
    low_priority: bool
    cores: int
    least_cores: int

    def is_in(self, workspace_id: str) -> bool:
        return self.id.lower().startswith(workspace_id.lower() + "/")


def holdings(app: App, subscription: str, location: str, *, busy: bool = False) -> list[Holding]:
    """Every cluster and instance of a region; read by SQLite itself, because a thousand documents are slow to parse.

    They share the cores of a family [D, docs/coverage.md CI1]; a stopped instance gives its core back only with
    releaseQuotaOnStop. `busy` leaves out the clusters without a node by their text alone, so that the check of each of
    a thousand creations does not parse the other ones.
    """
    query = _QUERY.format(first=_NONE_EMPTY if busy else "")
    rows = app.store.db.execute(query, (COMPUTE_TYPE.lower(), subscription.lower(), location))
    found = []
    for resource_id, vm_size, priority, nodes, least, kind in rows:
        if kind == "ComputeInstance":
            nodes = least = 1
        size = catalogue.find(vm_size)
        family, cores = (size.family, size.vcpus) if size else ("", 0)
        low = priority == "LowPriority"
        found.append(Holding(resource_id, family, low, cores * (nodes or 0), cores * (least or 0)))
    return found


def limit(app: App, subscription: str, location: str, name: str) -> int:
    """The subscription's limit in a region: what a request was granted, or `quotas` of the configuration, `*` for the regions not named."""
    granted = app.store.kv_get(GRANTED, f"{subscription}|{location}|{name}".lower())
    if granted is not None:
        return int(granted)
    table = app.config["quotas"]
    for region in (location, "*"):
        entries = {key.lower(): value for key, value in table.get(region, {}).items()}
        if name.lower() in entries:
            return int(entries[name.lower()])
    return 0


def workspace_limit(app: App, workspace_id: str, family: str) -> int | None:
    found = app.store.kv_get(WORKSPACE_QUOTAS, f"{workspace_id}|{family}".lower())
    return None if found is None else int(found)


def _exceeds(what: str, quota: int, nodes: int, cores: int) -> dict[str, Any]:
    return {
        "code": "ClusterMinNodesExceedCoreQuota",
        "message": f"The specified subscription has a {what} vCPU quota of {quota} and cannot accomodate for at least "
        f"{nodes} requested managed compute nodes which maps to {cores} vCPUs. Talk to your Subscription "
        f"Admin or refer to {_GUIDE} to increase the {what} quota",
        "statusCode": 400,
    }


def check(app: App, doc: dict[str, Any], subscription: str) -> dict[str, Any] | None:
    """The error of a cluster whose minimum does not fit, or None."""
    outer = doc["properties"]
    inner, location = outer["properties"], outer["computeLocation"]
    size = catalogue.find(inner["vmSize"])
    if size is None:
        return None
    nodes = max(1, int(inner["scaleSettings"].get("minNodeCount") or 0))
    cores = nodes * size.vcpus
    others = others_of(app, doc, subscription, busy=True)
    if inner.get("vmPriority") == "LowPriority":
        quota = limit(app, subscription, location, LOW_PRIORITY)
        used = sum(held.cores for held in others if held.low_priority)
        return _exceeds("total", quota, nodes, cores) if used + cores > quota else None
    broken = broken_limit(app, doc, others, size.family, cores)
    return None if broken is None else _exceeds(family_text(size.family), broken, nodes, cores)


def others_of(app: App, doc: dict[str, Any], subscription: str, *, busy: bool) -> list[Holding]:
    found = holdings(app, subscription, doc["properties"]["computeLocation"], busy=busy)
    return [held for held in found if held.id.lower() != doc["id"].lower()]


def broken_limit(app: App, doc: dict[str, Any], others: list[Holding], family: str, cores: int) -> int | None:
    """The limit of a family, in the region or in the workspace, that so many dedicated cores more would break."""
    mine = [held for held in others if held.family == family and not held.low_priority]
    quota = limit(app, subscription_of(doc["id"]), doc["properties"]["computeLocation"], family)
    if sum(held.cores for held in mine) + cores > quota:
        return quota
    workspace = doc["id"].rsplit("/computes/", 1)[0]
    own = workspace_limit(app, workspace, family)
    inside = sum(held.cores for held in mine if held.is_in(workspace))
    return own if own is not None and inside + cores > own else None


def family_text(family: str) -> str:
    """A family as messages have it."""
    return f"{catalogue.localised(family).removesuffix(' Family')} family"


def too_many(app: App, doc: dict[str, Any], subscription: str) -> dict[str, Any] | None:
    """The number of clusters [ISS MachineLearningNotebooks#613; the code is a guess]."""
    location = doc["properties"]["computeLocation"]
    most = limit(app, subscription, location, CLUSTERS)
    scope = (COMPUTE_TYPE.lower(), subscription.lower())
    counted = "SELECT COUNT(*) FROM resources WHERE type=? AND subscription=?"
    if app.store.db.execute(counted, scope).fetchone()[0] <= most or len(holdings(app, subscription, location)) <= most:
        return None
    return {
        "code": "BadRequest",
        "message": "Operation results in exceeding quota limits of Microsoft.Batchlusters",
        "statusCode": 400,
    }


def usages(app: App, subscription: str, location: str) -> list[dict[str, Any]]:
    held = holdings(app, subscription, location)
    prefix = f"/subscriptions/{subscription}"
    own = f"{prefix}/providers/{PROVIDER}/locations/{location}/usages"

    def entry(value: str, text: str, current: int, most: int, kind: str, resource_id: str) -> dict[str, Any]:
        return {
            "unit": "Count",
            "currentValue": current,
            "limit": most,
            "name": {"value": value, "localizedValue": text},
            "type": f"{PROVIDER}/{kind}/usages",
            "id": resource_id,
        }

    dedicated = sum(entry_.cores for entry_ in held if not entry_.low_priority)
    low = sum(entry_.cores for entry_ in held if entry_.low_priority)
    found = [
        entry(
            CLUSTERS, "Total Clusters", len(held), limit(app, subscription, location, CLUSTERS), "totalClusters", prefix
        ),
        entry(
            DEDICATED,
            "Total Cluster Dedicated Regional vCPUs",
            dedicated,
            limit(app, subscription, location, DEDICATED),
            "totalDedicatedCores",
            prefix,
        ),
        entry(
            LOW_PRIORITY,
            "Total Cluster LowPriority Regional vCPUs",
            low,
            limit(app, subscription, location, LOW_PRIORITY),
            "totalLowPriorityCores",
            prefix,
        ),
    ]
    for family in catalogue.FAMILIES:
        text = f"{catalogue.localised(family)} Cluster"
        of_family = [entry_ for entry_ in held if entry_.family == family]
        cores = sum(entry_.cores for entry_ in of_family if not entry_.low_priority)
        found.append(
            entry(
                family,
                f"{text} Dedicated vCPUs",
                cores,
                limit(app, subscription, location, family),
                "vmFamily/dedicatedCores",
                f"{own}/{family}",
            )
        )
        cores = sum(entry_.cores for entry_ in of_family if entry_.low_priority)
        found.append(
            entry(family, f"{text} LowPriority vCPUs", cores, -1, "vmFamily/lowPriorityCores", f"{own}/{family}")
        )
    return found
