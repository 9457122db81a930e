# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of the acceptance walk: what each sends, how many minutes it takes on Azure, and what it costs.

Placeholders: {sub} and {group} are paths, {loc} the region, {n} a suffix of the run's own, which makes every name that is created recognizable, {target} the
id of what an attachment attaches. Minutes: docs/facts.md (recorded operations) where known, else generous. Dollars: pay-as-you-go list prices of East US for
the minutes of the step; storage and requests cost less than a cent.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

ML, PREVIEW = "2025-12-01", "2026-03-15-preview"
_WS = "{group}/providers/Microsoft.MachineLearningServices/workspaces/acc-{n}"
# Of a family whose retirement is not announced.
_SIZE, _OTHER_SIZE = "STANDARD_D2S_V3", "STANDARD_D4S_V3"
_NET = "{group}/providers/Microsoft.Network/virtualNetworks/acc-{n}"
POLL, UNSIGNED = "POLL", "UNSIGNED"


@dataclass(frozen=True)
class Call:
    """One request. `follow`: its operation is waited for. POLL waits for the operation of the call named by `path`; UNSIGNED reads that operation without the
    signature of its address. `makes`: the resource did not exist before and is deleted at the end."""

    name: str
    method: str
    path: str
    body: Any = None
    version: str = ML
    follow: bool = True
    makes: bool = False


@dataclass(frozen=True)
class Step:
    """A switch of the walk. `needs`: steps without which it makes no sense. `target`: the kind of resource whose id must be given for it."""

    name: str
    title: str
    minutes: int
    dollars: float
    calls: tuple[Call, ...]
    needs: tuple[str, ...] = ()
    target: str = ""


def cluster(size: str | None = _SIZE, most: int = 1, **inner: Any) -> dict[str, Any]:
    scale = {"minNodeCount": 0, "maxNodeCount": most, "nodeIdleTimeBeforeScaleDown": "PT120S"}
    properties = {"scaleSettings": scale, "vmPriority": "Dedicated", "osType": "Linux", **inner}
    if size:
        properties["vmSize"] = size
    return {"location": "{loc}", "properties": {"computeType": "AmlCompute", "properties": properties}}


def _plain(path: str, body: dict[str, Any], version: str, name: str) -> Call:
    return Call(name, "PUT", path, {"location": "{loc}", **body}, version, makes=True)


_IDS = {
    "storageAccount": "{group}/providers/Microsoft.Storage/storageAccounts/acc{n}",
    "keyVault": "{group}/providers/Microsoft.KeyVault/vaults/acc-{n}",
    "applicationInsights": "{group}/providers/Microsoft.Insights/components/acc-{n}",
}
_WORKSPACE = {
    "location": "{loc}",
    "identity": {"type": "SystemAssigned"},
    "properties": {"friendlyName": "acceptance", **_IDS},
}
_VAULT = {"tenantId": "{tenant}", "sku": {"family": "A", "name": "standard"}, "accessPolicies": []}
_SPACE = {"addressSpace": {"addressPrefixes": ["10.77.0.0/16"]}}
_SUBNETS = [{"name": "one", "properties": {"addressPrefix": "10.77.0.0/24"}}]
_C, _I = f"{_WS}/computes/acc-c-{{n}}", f"{_WS}/computes/acc-i-{{n}}"
_TEMPLATE = {
    "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "contentVersion": "1.0.0.0",
    "resources": [],
}
_DEPLOYMENT = "{group}/providers/Microsoft.Resources/deployments/acc-{n}"
_SCHEDULE = {
    "action": "Stop",
    "status": "Enabled",
    "triggerType": "Cron",
    "cron": {"expression": "0 19 * * *", "timeZone": "UTC"},
}
_INSTANCE = {"location": "{loc}", "properties": {"computeType": "ComputeInstance", "properties": {"vmSize": _SIZE}}}
_WITH_SCHEDULE = {
    "location": "{loc}",
    "properties": {
        "computeType": "ComputeInstance",
        "properties": {"vmSize": _SIZE, "schedules": {"computeStartStop": [_SCHEDULE]}},
    },
}
_DATASTORE = f"{_WS}/datastores/acc_d_{{n}}"
_MACHINE = "{group}/providers/Microsoft.Compute/virtualMachines/acc-none-{n}"


def _blob(**more: Any) -> dict[str, Any]:
    """A datastore with a key that opens nothing; nothing reads it."""
    secrets = {"secretsType": "AccountKey", "key": "YWNjZXB0YW5jZQ=="}
    container = {"accountName": "acc{n}", "containerName": "acceptance"}
    credentials = {"credentialsType": "AccountKey", "secrets": secrets}
    return {"properties": {"datastoreType": "AzureBlob", **container, "credentials": credentials, **more}}


def attachment(kind: str, resource_id: str, **inner: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {"computeType": kind, "resourceId": resource_id}
    if inner:
        properties["properties"] = inner
    return {"location": "{loc}", "properties": properties}


def _attach(kind: str, name: str, **inner: Any) -> Step:
    one, two = f"{_WS}/computes/acc-{name}-{{n}}", f"{_WS}/computes/acc-{name}2-{{n}}"
    body = attachment(kind, "{target}", **inner)
    return Step(
        name,
        f"attach the given {kind}, once more under another name, detach",
        6,
        0.0,
        (
            Call(f"{name}.attach", "PUT", one, body, makes=True),
            Call(f"{name}.get", "GET", one),
            Call(f"{name}.attach-twice", "PUT", two, body, makes=True),
            # Never Delete: no recording shows that the service leaves alone what is attached, and that is the user's.
            Call(f"{name}.detach", "DELETE", f"{one}?underlyingResourceAction=Detach"),
        ),
        ("workspace",),
        kind,
    )


STEPS: tuple[Step, ...] = (
    Step(
        "reading",
        "read the region's sizes, usages and quotas, and what does not exist",
        1,
        0.0,
        (
            Call("reading.group", "GET", "{group}", version="2021-04-01"),
            Call("reading.sizes", "GET", "{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}/vmSizes"),
            Call("reading.usages", "GET", "{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}/usages"),
            Call("reading.quotas", "GET", "{sub}/providers/Microsoft.MachineLearningServices/locations/{loc}/quotas"),
            Call("reading.no-workspace", "GET", _WS),
            Call("reading.unknown-version", "GET", _WS, version="2199-01-01"),
        ),
    ),
    Step(
        "deployment",
        "deploy an empty template and cancel it when it is over",
        1,
        0.0,
        (
            Call(
                "deployment.create",
                "PUT",
                _DEPLOYMENT,
                {"properties": {"mode": "Incremental", "template": _TEMPLATE}},
                "2021-04-01",
                makes=True,
            ),
            Call("deployment.get", "GET", _DEPLOYMENT, version="2021-04-01"),
            Call("deployment.cancel", "POST", f"{_DEPLOYMENT}/cancel", version="2021-04-01"),
        ),
    ),
    Step(
        "network",
        "create a network with a subnet, and send it again without",
        1,
        0.0,
        (
            Call(
                "network.create",
                "PUT",
                _NET,
                {"location": "{loc}", "properties": {**_SPACE, "subnets": _SUBNETS}},
                "2024-05-01",
                makes=True,
            ),
            Call("network.put-without-subnets", "PUT", _NET, {"location": "{loc}", "properties": _SPACE}, "2024-05-01"),
            Call("network.get", "GET", _NET, version="2024-05-01"),
        ),
    ),
    Step(
        "workspace",
        "create a workspace with storage, vault and insights; change what can and what cannot be changed",
        6,
        0.0,
        (
            _plain(
                _IDS["storageAccount"],
                {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"},
                "2023-01-01",
                "workspace.storage",
            ),
            _plain(_IDS["keyVault"], {"properties": _VAULT}, "2023-07-01", "workspace.vault"),
            _plain(
                _IDS["applicationInsights"],
                {"kind": "web", "properties": {"Application_Type": "web"}},
                "2020-02-02",
                "workspace.insights",
            ),
            Call("workspace.create", "PUT", _WS, _WORKSPACE, makes=True),
            Call("workspace.get", "GET", _WS),
            Call("workspace.patch", "PATCH", _WS, {"properties": {"description": "changed"}, "tags": {"a": "1"}}),
            Call("workspace.patch-immutable", "PATCH", _WS, {"properties": {"hbiWorkspace": True}}),
            Call("workspace.after", "GET", _WS),
            Call("workspace.at-an-old-version", "GET", _WS, version="2023-04-01"),
            Call("workspace.keys", "POST", f"{_WS}/listKeys"),
            Call("workspace.resync", "POST", f"{_WS}/resyncKeys"),
            Call("workspace.diagnose", "POST", f"{_WS}/diagnose", {"value": {"storageAccount": {}, "keyVault": {}}}),
            Call("workspace.features", "GET", f"{_WS}/features"),
            Call("workspace.prepare-notebook", "POST", f"{_WS}/prepareNotebook"),
            Call("workspace.private-links", "GET", f"{_WS}/privateLinkResources"),
            Call("workspace.no-compute", "GET", f"{_WS}/computes/acc-none"),
            Call("workspace.list", "GET", f"{_WS}/computes"),
        ),
    ),
    Step(
        "cluster",
        "create a cluster without nodes, change it, send what is refused, delete it and create it with another size",
        12,
        0.0,
        (
            Call("cluster.create", "PUT", _C, cluster(), follow=False, makes=True),
            Call("cluster.put-while-busy", "PUT", _C, cluster(most=2), follow=False),
            Call("cluster.unsigned-poll", UNSIGNED, "cluster.create"),
            Call("cluster.created", POLL, "cluster.create"),
            Call("cluster.get", "GET", _C),
            Call(
                "cluster.patch",
                "PATCH",
                _C,
                {"properties": {"properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 3}}}},
            ),
            Call(
                "cluster.patch-without-change",
                "PATCH",
                _C,
                {"properties": {"properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 3}}}},
            ),
            Call("cluster.nodes", "POST", f"{_C}/listNodes"),
            Call("cluster.trailing-dash", "PUT", f"{_WS}/computes/acc-d-{{n}}-", cluster(), makes=True),
            Call("cluster.without-a-size", "PUT", f"{_WS}/computes/acc-s-{{n}}", cluster(None), makes=True),
            Call("cluster.without-a-size-get", "GET", f"{_WS}/computes/acc-s-{{n}}"),
            Call(
                "cluster.no-subnet",
                "PUT",
                f"{_WS}/computes/acc-n-{{n}}",
                cluster(subnet={"id": f"{_NET}/subnets/none"}),
                makes=True,
            ),
            Call("cluster.delete", "DELETE", f"{_C}?underlyingResourceAction=Delete"),
            Call("cluster.create-again", "PUT", _C, cluster(_OTHER_SIZE)),
            Call("cluster.created-again", "GET", _C),
        ),
        ("workspace", "network"),
    ),
    Step(
        "datastore",
        "create a datastore, replace it, list its secrets and delete it",
        1,
        0.0,
        (
            Call("datastore.own", "GET", f"{_WS}/datastores"),
            Call("datastore.none", "GET", f"{_WS}/datastores/acc_none"),
            Call("datastore.create", "PUT", f"{_DATASTORE}?skipValidation=true", _blob(), makes=True),
            Call("datastore.get", "GET", _DATASTORE),
            Call("datastore.replace", "PUT", f"{_DATASTORE}?skipValidation=true", _blob(description="changed")),
            Call("datastore.secrets", "POST", f"{_DATASTORE}/listSecrets", {}),
            Call("datastore.delete", "DELETE", _DATASTORE),
            Call("datastore.delete-again", "DELETE", _DATASTORE),
        ),
        ("workspace",),
    ),
    Step(
        "attaching",
        "attach what does not exist",
        1,
        0.0,
        (
            Call(
                "attaching.missing",
                "PUT",
                f"{_WS}/computes/acc-v-{{n}}",
                attachment(
                    "VirtualMachine",
                    _MACHINE,
                    sshPort=22,
                    administratorAccount={"username": "azureuser", "password": "Acceptance-1"},
                ),
                makes=True,
            ),
        ),
        ("workspace",),
    ),
    Step(
        "versions",
        "send an option that a stable version lacks, and read it at both",
        6,
        0.01,
        (
            Call(
                "versions.create",
                "PUT",
                f"{_WS}/computes/acc-p-{{n}}",
                {
                    **_INSTANCE,
                    "properties": {
                        "computeType": "ComputeInstance",
                        "properties": {"vmSize": _SIZE, "enableOSPatching": True},
                    },
                },
                makes=True,
            ),
            Call("versions.get", "GET", f"{_WS}/computes/acc-p-{{n}}"),
            Call("versions.get-preview", "GET", f"{_WS}/computes/acc-p-{{n}}", version=PREVIEW),
            Call("versions.delete", "DELETE", f"{_WS}/computes/acc-p-{{n}}?underlyingResourceAction=Delete"),
        ),
        ("workspace",),
    ),
    Step(
        "instance",
        "create an instance, stop, start and restart it in each state, send schedules, detach and delete it",
        30,
        0.05,
        (
            Call("instance.create", "PUT", _I, _INSTANCE, makes=True),
            Call("instance.get", "GET", _I),
            Call("instance.start-when-running", "POST", f"{_I}/start"),
            Call("instance.put-schedules", "PUT", _I, _WITH_SCHEDULE),
            Call("instance.after-schedules", "GET", _I),
            Call(
                "instance.update-schedules", "POST", f"{_I}/updateSchedules", {"computeStartStop": [_SCHEDULE]}, PREVIEW
            ),
            Call(
                "instance.update-schedules-again",
                "POST",
                f"{_I}/updateSchedules",
                {"computeStartStop": [{**_SCHEDULE, "cron": {"expression": "0 7 * * *", "timeZone": "UTC"}}]},
                PREVIEW,
            ),
            Call("instance.schedules", "GET", _I),
            Call("instance.stop", "POST", f"{_I}/stop"),
            Call("instance.stop-when-stopped", "POST", f"{_I}/stop"),
            Call("instance.restart-when-stopped", "POST", f"{_I}/restart"),
            Call("instance.start", "POST", f"{_I}/start"),
            Call("instance.detach", "DELETE", f"{_I}?underlyingResourceAction=Detach"),
            Call("instance.after-detach", "GET", _I),
            Call("instance.delete", "DELETE", f"{_I}?underlyingResourceAction=Delete"),
        ),
        ("workspace",),
    ),
    Step(
        "hub",
        "create a hub and a project of it",
        6,
        0.0,
        (
            Call(
                "hub.create",
                "PUT",
                "{group}/providers/Microsoft.MachineLearningServices/workspaces/acc-h-{n}",
                {**_WORKSPACE, "kind": "Hub"},
                makes=True,
            ),
            Call(
                "hub.project",
                "PUT",
                "{group}/providers/Microsoft.MachineLearningServices/workspaces/acc-j-{n}",
                {
                    "location": "{loc}",
                    "kind": "Project",
                    "identity": {"type": "SystemAssigned"},
                    "properties": {
                        "hubResourceId": "{group}/providers/Microsoft.MachineLearningServices/workspaces/acc-h-{n}"
                    },
                },
                makes=True,
            ),
            Call("hub.project-get", "GET", "{group}/providers/Microsoft.MachineLearningServices/workspaces/acc-j-{n}"),
            Call(
                "hub.delete-with-project",
                "DELETE",
                "{group}/providers/Microsoft.MachineLearningServices/workspaces/acc-h-{n}",
            ),
        ),
        ("workspace",),
    ),
    _attach("Kubernetes", "kubernetes", namespace="default", defaultInstanceType="defaultinstancetype"),
    _attach("Databricks", "databricks", databricksAccessToken="dapi00000000000000000000000000000000"),
    _attach("DataFactory", "datafactory"),
    _attach("DataLakeAnalytics", "datalake"),
)
BY_NAME = {step.name: step for step in STEPS}
# Those that cost next to nothing and need no id.
DEFAULT = tuple(step.name for step in STEPS if not step.target)


def chosen(names: list[str] | None, targets: dict[str, str], skipped: Collection[str] = ()) -> list[Step]:
    """The steps of these names with those that they need, in the order of the walk. Raises ValueError for unknown ones, for what is both needed and
    skipped, and for missing and unknown ids."""
    _check_targets(targets)
    if names is None:
        names = [*DEFAULT, *(step.name for step in STEPS if step.target in targets)]
    _check_names([*names, *skipped])
    needed = _with_needs([name for name in names if name not in skipped])
    steps = [step for step in STEPS if step.name in needed]
    _check_skipped(steps, skipped)
    missing = {step.target for step in steps if step.target and not targets.get(step.target)}
    if missing:
        raise ValueError(f"Give the id of a {', '.join(sorted(missing))} that is to be attached.")
    return steps


def _with_needs(names: list[str]) -> list[str]:
    complete = [*names]
    for name in complete:
        complete += [need for need in BY_NAME[name].needs if need not in complete]
    return complete


def _check_targets(targets: dict[str, str]) -> None:
    kinds = [step.target for step in STEPS if step.target]
    wrong = [kind for kind in targets if kind not in kinds]
    if wrong:
        raise ValueError(f"Nothing attaches a {', '.join(wrong)}. The types of targets are {', '.join(kinds)}.")


def _check_names(names: Collection[str]) -> None:
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise ValueError(f"There is no step {', '.join(unknown)}. The steps are {', '.join(BY_NAME)}.")


def _check_skipped(steps: list[Step], skipped: Collection[str]) -> None:
    needed = [step.name for step in steps if step.name in skipped]
    if needed:
        users = [step.name for step in steps if set(step.needs) & set(needed)]
        raise ValueError(f"The step {', '.join(needed)} cannot be skipped, because {', '.join(users)} need it.")
