# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EXAMPLES of every module run as they stand in its documentation, one play for each module, in a simulated Azure of its own.

Only the subscription's placeholder is replaced. ``WORLDS`` says what the examples of a module presume; a module that is not in it gets a
resource group ml-prod with the workspace ws-prod.
"""

from __future__ import annotations

import ast
import typing as t
from dataclasses import dataclass, field

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.declarations import KEY

from .conftest import ML, ROOT, Player, Simulator

Tasks = list[dict[str, t.Any]]
# Makes what the examples presume, in the given simulator.
Given = t.Callable[[Simulator], t.Any]

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
PLACEHOLDER = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class World:
    """What there is before the first example: resources, variables, files in the home directory, the simulator's settings."""

    given: list[Given] = field(default_factory=list)
    variables: dict[str, t.Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    config: dict[str, t.Any] = field(default_factory=dict)


def resource(type_: str, name: str, version: str, group: str = "ml-prod", **body: t.Any) -> Given:
    namespace, *types = type_.split("/")
    below = "/".join(f"{kind}/{part}" for kind, part in zip(types, name.split("/"), strict=True))
    return lambda azure: azure.arm(
        "PUT", f"{azure.group_id(group)}/providers/{namespace}/{below}", version, {"location": "eastus", **body}
    )


def group(name: str) -> Given:
    return lambda azure: azure.make_group(name)


def workspace(name: str = "ws-prod", in_group: str = "ml-prod") -> list[Given]:
    return [lambda azure: azure.make_workspace(in_group, name)]


def network(in_group: str) -> Given:
    subnets = [{"name": "training", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    return resource("Microsoft.Network/virtualNetworks", "ml-vnet", "2024-05-01", in_group, properties=properties)


def cluster(name: str = "cpu-cluster", minimum: int = 0, **more: t.Any) -> Given:
    inner = {"vmSize": "Standard_DS3_v2", "scaleSettings": {"minNodeCount": minimum, "maxNodeCount": 2}, **more}
    properties = {"computeType": "AmlCompute", "properties": inner}
    return resource(
        "Microsoft.MachineLearningServices/workspaces/computes", f"ws-prod/{name}", ML, properties=properties
    )


def extension(azure: Simulator) -> None:
    """The extension of the cluster aks, installed."""
    place = f"{azure.group_id('ml-prod')}/providers/Microsoft.ContainerService/managedClusters/aks"
    properties = {"extensionType": "Microsoft.AzureML.Kubernetes", "configurationSettings": {"enableTraining": "True"}}
    azure.arm(
        "PUT",
        f"{place}/providers/Microsoft.KubernetesConfiguration/extensions/azureml",
        "2025-03-01",
        {"properties": properties},
    )


def id_of(type_: str, name: str) -> str:
    return f"/subscriptions/{PLACEHOLDER}/resourceGroups/ml-prod/providers/{type_}/{name}"


CLI_CLUSTER = "name: from-the-cli\ntype: amlcompute\nsize: Standard_DS3_v2\nmax_instances: 2\n"
SMALL = {"type": "amlcompute", "name": "small", "size": "Standard_DS3_v2", "max_instances": 1}
APPROVED = {**SMALL, "name": "approved"}
SSH = {
    "remoteLoginPortPublicAccess": "Enabled",
    "userAccountCredentials": {"adminUserName": "azureuser", "adminUserSshPublicKey": KEY},
}
AKS = "Microsoft.ContainerService/managedClusters"
REGION = {
    "location": "eastus",
    "acrDetails": [{"systemCreatedAcrAccount": {"acrAccountSku": "Premium"}}],
    "storageAccountDetails": [{"systemCreatedStorageAccount": {"storageAccountType": "standard_lrs"}}],
}
POOLS = {"agentPoolProfiles": [{"name": "pool", "count": 3, "vmSize": "Standard_DS3_v2"}]}
SYNAPSE = "Microsoft.Synapse/workspaces"
SPARK = {"sparkVersion": "3.5", "nodeCount": 3, "nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized"}
STORAGE = "Microsoft.Storage/storageAccounts"
STORE = id_of(STORAGE, "stprod")
ANALYTICS = "Microsoft.OperationalInsights/workspaces"


def connected(azure: Simulator) -> None:
    """A workspace with a managed network, and a private endpoint of another group whose connection waits for its approval."""
    place = f"{azure.group_id('ml-prod')}/providers/Microsoft.MachineLearningServices/workspaces/ws-prod"
    azure.arm("PATCH", place, ML, {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}})
    provider = f"{azure.group_id('hub')}/providers/Microsoft.Network"
    link = {"name": "pe", "properties": {"privateLinkServiceId": place, "groupIds": ["amlworkspace"]}}
    subnet = {"id": f"{provider}/virtualNetworks/ml-vnet/subnets/training"}
    properties = {"subnet": subnet, "manualPrivateLinkServiceConnections": [link]}
    azure.arm(
        "PUT", f"{provider}/privateEndpoints/pe-ws-prod", "2024-05-01", {"location": "eastus", "properties": properties}
    )


def archived(azure: Simulator) -> None:
    """A diagnostic setting that has the logs of everything."""
    place = f"{azure.group_id('ml-prod')}/providers"
    logs = [{"categoryGroup": "allLogs", "enabled": True}]
    properties = {"storageAccountId": f"{place}/{STORAGE}/stprod", "logs": logs}
    setting = f"{place}/Microsoft.MachineLearningServices/workspaces/ws-prod/providers/Microsoft.Insights/diagnosticSettings/archive"
    azure.arm("PUT", setting, "2021-05-01-preview", {"properties": properties})


def permitted(azure: Simulator) -> None:
    """A group that may read the workspace."""
    home = f"{azure.group_id('ml-prod')}/providers/Microsoft.MachineLearningServices/workspaces/ws-prod"
    reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
    properties = {"roleDefinitionId": reader, "principalId": PLACEHOLDER, "principalType": "Group"}
    path = f"{home}/providers/Microsoft.Authorization/roleAssignments/{PLACEHOLDER}"
    azure.arm("PUT", path, "2022-04-01", {"properties": properties})


CONNECTED = [
    *workspace(),
    group("hub"),
    network("hub"),
    resource(STORAGE, "stprod", "2023-01-01", kind="StorageV2"),
    connected,
]


def served(azure: Simulator) -> None:
    """An online endpoint with two deployments."""
    home = f"{azure.group_id('ml-prod')}/providers/Microsoft.MachineLearningServices/workspaces/ws-prod"
    endpoint = f"{home}/onlineEndpoints/iris-prod"
    azure.arm("PUT", endpoint, ML, {"location": "eastus", "properties": {"authMode": "Key"}})
    for name in ("blue", "green"):
        properties = {"endpointComputeType": "Managed", "model": f"{home}/models/iris/versions/3"}
        body = {"location": "eastus", "sku": {"name": "Default", "capacity": 1}, "properties": properties}
        azure.arm("PUT", f"{endpoint}/deployments/{name}", ML, body)


def batched(azure: Simulator) -> None:
    """A batch endpoint with a deployment on the cluster cpu-cluster."""
    home = f"{azure.group_id('ml-prod')}/providers/Microsoft.MachineLearningServices/workspaces/ws-prod"
    endpoint = f"{home}/batchEndpoints/iris-batch"
    azure.arm("PUT", endpoint, ML, {"location": "eastus", "properties": {"authMode": "AADToken"}})
    model = {"referenceType": "Id", "assetId": f"{home}/models/iris/versions/3"}
    properties = {"compute": f"{home}/computes/cpu-cluster", "model": model}
    azure.arm("PUT", f"{endpoint}/deployments/blue", ML, {"location": "eastus", "properties": properties})


def attached(azure: Simulator) -> None:
    """A Kubernetes compute target."""
    properties = {"namespace": "ml"}
    place = f"{azure.group_id('ml-prod')}/providers"
    body = {"computeType": "Kubernetes", "resourceId": f"{place}/{AKS}/aks", "properties": properties}
    target = f"{place}/Microsoft.MachineLearningServices/workspaces/ws-prod/computes/inference"
    azure.arm("PUT", target, ML, {"location": "eastus", "properties": body})


# So few vCPUs that a small cluster nearly uses them up.
TIGHT = {"quotas": {"*": {"standardDSv2Family": 10, "standardDSv3Family": 10}}}

WORLDS = {
    "aml_attached_compute": World(
        [
            *workspace(),
            resource(
                "Microsoft.Compute/virtualMachines",
                "vm",
                "2024-07-01",
                properties={"hardwareProfile": {"vmSize": "Standard_DS3_v2"}},
            ),
            resource(AKS, "aks", "2024-09-01", properties=POOLS),
            resource("Microsoft.Databricks/workspaces", "dbx", "2024-05-01", properties={}),
            resource(SYNAPSE, "syn", "2021-06-01", properties={"defaultDataLakeStorage": {}}),
            resource(f"{SYNAPSE}/bigDataPools", "syn/pool", "2021-06-01", properties=SPARK),
        ],
        {
            "vm_id": id_of("Microsoft.Compute/virtualMachines", "vm"),
            "aks_id": id_of(AKS, "aks"),
            "databricks_id": id_of("Microsoft.Databricks/workspaces", "dbx"),
            "databricks_token": "planted-token",
            "pool_id": id_of(SYNAPSE, "syn/bigDataPools/pool"),
        },
        {".ssh/id_rsa": "-----BEGIN OPENSSH PRIVATE KEY-----\nplanted\n-----END OPENSSH PRIVATE KEY-----\n"},
    ),
    "aml_connection": World(
        [*workspace(), *workspace("hub-prod")],
        {"feed_token": "planted-token", "sql_password": "planted-word", "new_sql_password": "planted-new-word"},
        {"connection.yml": "name: from_the_cli\ntype: git\ntarget: https://git.example.org\n"},
    ),
    "aml_datastore": World(
        workspace(),
        {
            "storage_key": "planted-key",
            "new_storage_key": "planted-new-key",
            "tenant_id": PLACEHOLDER,
            "client_id": PLACEHOLDER,
            "client_secret": "planted-secret",
        },
        {"blob.yml": "name: from_the_cli\ntype: azure_blob\naccount_name: stmlprod\ncontainer_name: training\n"},
    ),
    "aml_diagnostic_setting": World(
        [
            *workspace(),
            resource(ANALYTICS, "log-prod", "2023-09-01"),
            resource(STORAGE, "stprod", "2023-01-01", kind="StorageV2"),
        ],
        {
            "log_analytics_id": id_of(ANALYTICS, "log-prod"),
            "storage_id": STORE,
            "event_hubs_id": id_of("Microsoft.EventHub/namespaces", "hub"),
        },
    ),
    "aml_diagnostic_setting_info": World(
        [*workspace(), resource(STORAGE, "stprod", "2023-01-01", kind="StorageV2"), archived]
    ),
    "aml_inference_cluster": World(
        [*workspace(), resource(AKS, "aks", "2024-09-01", properties=POOLS)],
        {"aks_id": id_of(AKS, "aks")},
        {"tls/scoring.pem": "a certificate", "tls/scoring.key": "planted-tls-key"},
    ),
    "aml_kubernetes_extension": World(
        [group("ml-prod"), resource(AKS, "aks", "2024-09-01", properties=POOLS)],
        {"aks_id": id_of(AKS, "aks")},
        {
            "tls/scoring.pem": "-----BEGIN CERTIFICATE-----\na\n-----END CERTIFICATE-----\n",
            "tls/scoring.key": "-----BEGIN PRIVATE KEY-----\nplanted-tls-key\n-----END PRIVATE KEY-----\n",
        },
    ),
    "aml_kubernetes_extension_info": World(
        [group("ml-prod"), resource(AKS, "aks", "2024-09-01", properties=POOLS), extension],
        {"aks_id": id_of(AKS, "aks")},
    ),
    "aml_batch_deployment": World([*workspace(), cluster(), batched]),
    "aml_batch_endpoint": World([*workspace(), cluster(), batched]),
    "aml_batch_endpoint_info": World([*workspace(), cluster(), batched]),
    "aml_online_deployment": World([*workspace(), served]),
    "aml_online_endpoint": World(
        [*workspace(), resource(AKS, "aks", "2024-09-01", properties=POOLS), extension, attached, served],
        files={"endpoint.yml": "name: from-the-cli\nauth_mode: key\n"},
    ),
    "aml_online_endpoint_info": World([*workspace(), served]),
    "aml_preflight_info": World(workspace(), config=TIGHT),
    "aml_role_assignment": World(
        [*workspace(), resource(STORAGE, "stprod", "2023-01-01", kind="StorageV2")],
        {
            "storage_account_id": STORE,
            "team_object_id": "cccccccc-0000-4000-8000-0000000000d1",
            "person_object_id": "cccccccc-0000-4000-8000-0000000000d2",
            "aml_identity_ids": {"trainer": {"principal_id": "cccccccc-0000-4000-8000-0000000000d3"}},
        },
    ),
    "aml_role_assignment_info": World([*workspace(), permitted]),
    "aml_usage_info": World([*workspace(), cluster(minimum=2)], config=TIGHT),
    "aml_compute_cluster": World(
        [
            *workspace(),
            group("network-prod"),
            network("network-prod"),
            resource("Microsoft.ManagedIdentity/userAssignedIdentities", "training", "2023-01-31"),
            cluster("old-cluster"),
        ],
        {"training_identity_id": id_of("Microsoft.ManagedIdentity/userAssignedIdentities", "training")},
        {"cluster.yml": CLI_CLUSTER},
    ),
    "aml_compute_info": World([*workspace(), cluster()]),
    "aml_export_info": World([*workspace(), cluster()]),
    "aml_fleet": World(
        [*workspace(), *workspace("ws-far", "ml-far")],
        {
            "aml_fleet_workspaces": [{"name": "ws-prod", "resource_group": "ml-prod", "computes": [APPROVED]}],
            "storage_key": "planted-key",
        },
        {"fleet/ml-prod/ws-prod/from-the-cli.yml": CLI_CLUSTER},
    ),
    "aml_fleet_info": World([*workspace("ws-vision"), *workspace("ws-text")]),
    "aml_job_check": World([*workspace(), cluster(), cluster("gpu-cluster")]),
    "aml_registry": World(
        [group("ml-shared")],
        files={"registry.yml": "name: from-the-cli\nlocation: eastus\nreplication_locations:\n  - location: eastus\n"},
    ),
    "aml_registry_info": World(
        [
            group("ml-prod"),
            resource(
                "Microsoft.MachineLearningServices/registries", "shared", ML, properties={"regionDetails": [REGION]}
            ),
        ]
    ),
    "aml_operation_info": World(
        workspace(),
        {"workspaces": [{"name": "ws-prod", "resource_group": "ml-prod", "computes": [SMALL]}]},
    ),
    "aml_quota": World(workspace("ws-dev", "ml-dev")),
    "aml_ssh_facts": World([*workspace(), cluster(minimum=1, **SSH)]),
    "aml_workspace": World([group("ml-prod"), *workspace("ws-test", "ml-test")]),
    "aml_private_endpoint_connection": World(CONNECTED, {"hub_subscription": PLACEHOLDER, "storage_account_id": STORE}),
    "arm_action": World(
        [group("ml-prod"), resource(STORAGE, "stprod", "2023-01-01", kind="StorageV2")],
        {"subscription": PLACEHOLDER, "storage_account_id": STORE},
    ),
    "arm_resource": World(
        [
            group("ml-prod"),
            resource(
                "Microsoft.Storage/storageAccounts",
                "stdata",
                "2023-01-01",
                sku={"name": "Standard_LRS"},
                kind="StorageV2",
                properties={},
            ),
        ],
        {
            "storage_account_id": id_of("Microsoft.Storage/storageAccounts", "stdata"),
            "principal_id": "cccccccc-0000-4000-8000-0000000000c0",
            "subscription": PLACEHOLDER,
        },
    ),
    "arm_resource_info": World([group("ml-prod"), network("ml-prod")]),
}


def examples(name: str) -> Tasks:
    """The tasks of a module's EXAMPLES, read from its source."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{name}.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "EXAMPLES":
            tasks: Tasks = yaml.safe_load(ast.literal_eval(node.value))
            return tasks
    raise AssertionError(f"{name} has no EXAMPLES")


def names(tasks: Tasks) -> t.Iterator[str]:
    for task in tasks:
        if "block" in task:
            yield from names(task["block"])
        else:
            yield task["name"]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(fresh: Simulator, player: Player, name: str) -> None:
    world, tasks = WORLDS.get(name, World(workspace())), examples(name)
    fresh.control("PUT", "config", world.config)
    for make in world.given:
        make(fresh)
    assert any(f"azureml.compute.{name}" in str(task) for task in tasks), f"no example uses {name}"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": world.variables, "tasks": tasks}
    text = yaml.safe_dump([play], sort_keys=False).replace(PLACEHOLDER, fresh.environment["AZURE_SUBSCRIPTION_ID"])
    for file, content in {
        "play.yml": text,
        ".ssh/id_rsa.pub": KEY,
        ".ssh/id_rsa_ml": "no key: nobody logs in here",
        **world.files,
    }.items():
        path = player.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    run = player.playbook("play.yml", env={"HOME": str(player.folder)})
    skipped = set(names(tasks)) - {title for title, _result in run.tasks}
    assert not skipped, f"these did not run: {skipped}"
