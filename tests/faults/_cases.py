# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is run under faults: every module, in each of the ways in which it talks to the service."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.azureml.compute.tests.support import declarations as declared
from ansible_collections.azureml.compute.tests.support.azure import GROUP, GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure

Options = dict[str, t.Any]

CLUSTER, INSTANCE, AKS, ATTACHED, WORKSPACES, RESOURCE, FLEET = (
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_inference_cluster",
    "aml_attached_compute",
    "aml_workspace",
    "arm_resource",
    "aml_fleet",
)
DATASTORE, CONNECTION = "aml_datastore", "aml_private_endpoint_connection"
# Connections of workspaces to other services.
OF_SERVICES = "aml_connection"
SMALL = {"name": "small-cluster", "size": "Standard_DS2_v2", "max_instances": 1}
LAPTOP = {"name": "laptop", "size": "Standard_DS2_v2"}
FEED = {
    "name": "packages",
    "type": "python_feed",
    "target": "https://pkgs.example.org",
    "metadata": {"team": "vision"},
}
BLOB = {
    "name": "data",
    "type": "azure_blob",
    "account_name": "stdata",
    "container_name": "training",
    "credentials": {"account_key": "planted-account-key"},
}
SHARED = {"name": "shared", "location": "eastus"}
DIAGNOSTICS = "aml_diagnostic_setting"
LOGGED = {
    "name": "to-storage",
    "storage_account_id": f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stwstest",
    "log_categories": ["RunEvent"],
}
ASSIGNMENTS = "aml_role_assignment"
ASSIGNED = {
    "role": "AzureML Data Scientist",
    "principal_id": "00000000-0000-0000-0000-0000000000c1",
    "principal_type": "group",
}
EXTENSION = "aml_kubernetes_extension"
ENDPOINT, DEPLOYMENT = "aml_online_endpoint", "aml_online_deployment"
SERVED = {"name": "iris-prod"}
BATCH, BATCH_DEPLOYMENT = "aml_batch_endpoint", "aml_batch_deployment"
QUEUED = {"name": "iris-batch"}
RUN_BY_CLUSTER = {"endpoint_name": "iris-batch", "name": "blue", "model": "azureml:iris:3", "compute": SMALL["name"]}
UNSERVED = {"endpoint_name": SERVED["name"], "name": "blue"}
BLUE: Options = {
    **UNSERVED,
    "model": "azureml:iris:3",
    "instance_type": "Standard_DS3_v2",
    "instance_count": 1,
    "data_collector": {"collections": {"request": {"enabled": True}}, "sampling_rate": 0.5, "rolling_rate": "day"},
}
NETWORK_API = "2024-05-01"


@dataclass(frozen=True)
class Case:
    """A module's run: ``make`` prepares the world and gives the options.

    always   every run changes something (restart), so that a run that follows is not looked at for a change
    leaves   the words in which a failure says what a later run does not mend
    refused  the service refuses it in any case: what is looked at is that it says so, and that nothing changes
    """

    name: str
    module: str
    make: t.Callable[[Azure], Options]
    always: bool = False
    refused: bool = False
    leaves: str = ""


def _job_check(azure: Azure) -> Options:
    azure.run(CLUSTER, **SMALL)
    return {"compute": SMALL["name"]}


def _after(module: str, first: Options, then: Options) -> t.Callable[[Azure], Options]:
    """The options of a run on what another run has made."""

    def make(azure: Azure) -> Options:
        azure.run(module, **first)
        return {**first, **then}

    return make


def _extended(then: Options | None = None) -> t.Callable[[Azure], Options]:
    """The options of a run that installs the extension of a cluster; with ``then`` of one that follows it."""

    def make(azure: Azure) -> Options:
        first = {"cluster_id": declared.aks(azure, "aks"), "name": "azureml", "enable_training": True}
        if then is None:
            return first
        azure.run(EXTENSION, **first)
        return {**first, **then}

    return make


def _extension_looked_at(azure: Azure) -> Options:
    made = _extended({})(azure)
    return {"cluster_id": made["cluster_id"]}


def _plain(options: Options) -> t.Callable[[Azure], Options]:
    return lambda azure: dict(options)


def _assignments_looked_at(azure: Azure) -> Options:
    azure.run(ASSIGNMENTS, **ASSIGNED)
    return {"principal_id": ASSIGNED["principal_id"]}


def _row(
    rows: t.Callable[[Azure], dict[str, declared.Declaration]], name: str, then: Options | None = None
) -> t.Callable[[Azure], Options]:
    """The options of a declaration; with ``then`` of a run that follows it."""

    def make(azure: Azure) -> Options:
        row = rows(azure)[name]
        if then is None:
            return row.options
        azure.run(row.module, **row.options)
        return {**row.options, **then}

    return make


def served(then: Options, *deployments: str, traffic: dict[str, int] | None = None) -> t.Callable[[Azure], Options]:
    """The options of a run on an endpoint with deployments."""

    def make(azure: Azure) -> Options:
        azure.run(ENDPOINT, **SERVED)
        for name in deployments:
            azure.run(DEPLOYMENT, **{**BLUE, "name": name})
        if traffic:
            azure.run(ENDPOINT, **SERVED, traffic=traffic)
        return then

    return make


def _queued(then: Options, *, deployed: bool = True) -> t.Callable[[Azure], Options]:
    """The options of a run on a batch endpoint that has a deployment on a cluster, or not yet."""

    def make(azure: Azure) -> Options:
        azure.run(CLUSTER, **SMALL)
        azure.run(BATCH, **QUEUED)
        if deployed:
            azure.run(BATCH_DEPLOYMENT, **RUN_BY_CLUSTER)
        return then

    return make


def _other_identity(azure: Azure) -> Options:
    """What replaces an endpoint, whose identity is fixed."""
    azure.run(ENDPOINT, **SERVED)
    identity = {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-one")]}
    return {**SERVED, "identity": identity, "on_immutable_change": "recreate"}


def _listed(module: str, options: Options) -> t.Callable[[Azure], Options]:
    """The options of a run that reads all of what another run has made."""

    def make(azure: Azure) -> Options:
        azure.run(module, **options)
        return {}

    return make


def _gone(rows: t.Callable[[Azure], dict[str, declared.Declaration]], name: str) -> t.Callable[[Azure], Options]:
    def make(azure: Azure) -> Options:
        options = _row(rows, name, {})(azure)
        return {"name": options["name"], "state": "absent"}

    return make


def _mounted(azure: Azure) -> Options:
    return {**LAPTOP, "data_mounts": [declared.MOUNT], "state": "stopped"}


# --- workspaces ---


def _new_workspace(azure: Azure) -> Options:
    return {"name": "ws-new", "location": "eastus", "display_name": "New", "v1_legacy_mode": True}


def _soft_deleted(what: str) -> t.Callable[[Azure], Options]:
    def make(azure: Azure) -> Options:
        identifier = azure.make_workspace("ws-soft")
        azure.arm("DELETE", identifier, None)
        dependents = {"storage_account": "st", "key_vault": "kv", "application_insights": "ai"}
        types = {
            "st": "Microsoft.Storage/storageAccounts",
            "kv": "Microsoft.KeyVault/vaults",
            "ai": "Microsoft.Insights/components",
        }
        ids = {option: f"{GROUP_ID}/providers/{types[short]}/{short}wssoft" for option, short in dependents.items()}
        return {"name": "ws-soft", "location": "eastus", "soft_deleted": what, **ids}

    return make


def _project(azure: Azure) -> Options:
    azure.make_workspace("hub")
    hub = f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces/hub"
    body = azure.get(hub)
    azure.arm("DELETE", f"{hub}?forceToPurge=true&api-version=2025-12-01", None)
    properties = {key: body["properties"][key] for key in ("storageAccount", "keyVault", "applicationInsights")}
    azure.arm(
        "PUT",
        hub,
        {"location": "eastus", "kind": "Hub", "identity": {"type": "SystemAssigned"}, "properties": properties},
    )
    return {"name": "project", "kind": "project", "hub_id": hub}


def _doomed(azure: Azure) -> Options:
    azure.make_workspace("ws-doomed")
    return {"name": "ws-doomed", "state": "absent", "permanently_delete": True, "delete_dependent_resources": True}


# --- others ---


def _due(azure: Azure) -> Options:
    """An action of a workspace, whose condition is not met yet."""
    azure.arm("PATCH", WORKSPACE_ID, {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}})
    condition = {"properties": {"managedNetwork": {"status": {"status": "Active"}}}}
    action = {"action": "provisionManagedNetwork", "body": {"includeSpark": False}, "unless": {"contains": condition}}
    return {"id": WORKSPACE_ID, "api_version": "2025-12-01", **action}


def connected(azure: Azure) -> Options:
    """A private endpoint whose connection waits for its approval."""
    link = {"name": "pe", "properties": {"privateLinkServiceId": WORKSPACE_ID, "groupIds": ["amlworkspace"]}}
    properties = {"subnet": {"id": azure.subnet()}, "manualPrivateLinkServiceConnections": [link]}
    endpoint = f"{GROUP_ID}/providers/Microsoft.Network/privateEndpoints/pe"
    azure.arm("PUT", endpoint, {"location": "eastus", "properties": properties}, NETWORK_API)
    return {"private_endpoint": endpoint, "description": "for tests"}


def _network(azure: Azure) -> Options:
    body = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    return {"type": "Microsoft.Network/virtualNetworks", "name": "net", "api_version": NETWORK_API, "body": body}


def _network_found(azure: Azure) -> Options:
    options = _network(azure)
    azure.run(RESOURCE, **options)
    return {"resource_group": GROUP, **{name: options[name] for name in ("type", "name", "api_version")}}


def _looked_at(azure: Azure) -> Options:
    azure.run(
        CLUSTER,
        **SMALL,
        min_instances=1,
        ssh_public_access_enabled=True,
        ssh_settings={"admin_username": "me", "ssh_key_value": declared.KEY},
    )
    azure.run(INSTANCE, **LAPTOP)
    azure.app.clock.advance(3600)
    return {}


def _exported(azure: Azure) -> Options:
    rules = [
        {"name": "packages", "type": "fqdn", "destination": "pypi.org"},
        {
            "name": "factory",
            "type": "service_tag",
            "destination": {"service_tag": "DataFactory", "protocol": "TCP", "port_ranges": "443"},
        },
    ]
    network = {"isolation_mode": "allow_only_approved_outbound", "outbound_rules": rules}
    azure.run(WORKSPACES, name=WORKSPACE, managed_network=network)
    return _looked_at(azure)


def _network_later(then: Options) -> t.Callable[[Azure], Options]:
    return lambda azure: _after(RESOURCE, _network(azure), then)(azure)


def _operations(azure: Azure) -> Options:
    azure.app.configure({"seconds": {"cluster.create": 6}})
    begun = [azure.run(CLUSTER, **{**SMALL, "name": name}, wait=False)["operation"]["url"] for name in ("one", "two")]
    return {"operations": begun, "parallelism": 1}


def _fleet(azure: Azure) -> Options:
    rows = {"amlcompute": {"size": "Standard_DS2_v2", "max_instances": 1}}
    for name in ("ws-0", "ws-1"):
        azure.make_workspace(name)
    cluster = {"type": "amlcompute", "name": "cpu-a"}
    computes = [[cluster, {"type": "computeinstance", "name": "ci-a", "size": "Standard_DS2_v2"}], [cluster]]
    workspaces = [
        {"name": f"ws-{number}", "resource_group": GROUP, "computes": two} for number, two in enumerate(computes)
    ]
    return {"name": "fleet", "workspaces": workspaces, "defaults": rows, "parallelism": 1}


def _fleet_later(azure: Azure) -> Options:
    """A change, a stop, something to be made and something to be pruned."""
    options = _fleet(azure)
    azure.run(FLEET, **options)
    first = {"type": "amlcompute", "name": "cpu-a", "max_instances": 3}
    instance = {"type": "computeinstance", "name": "ci-a", "size": "Standard_DS2_v2", "state": "stopped"}
    # The second workspace's cpu-a is not declared any more.
    wanted = [[first, instance], [{"type": "amlcompute", "name": "cpu-b"}]]
    workspaces = [
        {"name": f"ws-{number}", "resource_group": GROUP, "computes": computes}
        for number, computes in enumerate(wanted)
    ]
    return {**options, "workspaces": workspaces, "prune": "delete"}


def _fleet_stores(azure: Azure) -> Options:
    """Datastores of a workspace: a change, something to be made and something to be pruned."""
    place = {"name": "ws-test", "resource_group": GROUP}
    stores = [{**BLOB, "name": name} for name in ("kept", "gone")]
    azure.run(FLEET, name="fleet", workspaces=[{**place, "datastores": stores}])
    datastores = [{**BLOB, "name": "kept", "description": "other"}, {**BLOB, "name": "new"}]
    return {"name": "fleet", "workspaces": [{**place, "datastores": datastores}], "prune": "delete", "parallelism": 1}


def _fleet_looked_at(azure: Azure) -> Options:
    options = _fleet(azure)
    azure.run(FLEET, **options)
    return {
        "workspaces": [
            {name: workspace[name] for name in ("name", "resource_group")} for workspace in options["workspaces"]
        ],
        "usages": True,
        "parallelism": 1,
    }


CASES = [
    Case("cluster: create", CLUSTER, _row(declared.clusters, "cluster-full")),
    Case("cluster: no change", CLUSTER, _after(CLUSTER, SMALL, {})),
    Case(
        "cluster: update",
        CLUSTER,
        _after(CLUSTER, SMALL, {"max_instances": 3, "identity": {"type": "system_assigned"}, "tags": {"a": "b"}}),
    ),
    Case(
        "cluster: replace",
        CLUSTER,
        _after(CLUSTER, SMALL, {"size": "Standard_DS3_v2", "on_immutable_change": "recreate"}),
    ),
    Case("cluster: delete", CLUSTER, _after(CLUSTER, SMALL, {"state": "absent"})),
    Case("instance: create, mount, stop", INSTANCE, _mounted),
    Case(
        "instance: update",
        INSTANCE,
        _row(declared.instances, "instance-small", {"enable_sso": False, "idle_time_before_shutdown_minutes": 30}),
    ),
    Case(
        "instance: resize",
        INSTANCE,
        _after(INSTANCE, LAPTOP, {"size": "Standard_DS3_v2", "force": True}),
        leaves="may be stopped still",
    ),
    Case("instance: stop", INSTANCE, _after(INSTANCE, LAPTOP, {"state": "stopped"})),
    Case("instance: start", INSTANCE, _after(INSTANCE, {**LAPTOP, "state": "stopped"}, {"state": "started"})),
    Case("instance: restart", INSTANCE, _after(INSTANCE, LAPTOP, {"state": "restarted"}), always=True),
    Case("instance: delete", INSTANCE, _after(INSTANCE, LAPTOP, {"state": "absent"})),
    # A made AKS that failed runs and is billed, so that it is not replaced unasked.
    Case("inference cluster: create", AKS, _row(declared.inference_clusters, "aks-made"), leaves="delete_underlying"),
    Case("inference cluster: attach", AKS, _row(declared.inference_clusters, "aks-certificate")),
    Case("inference cluster: update", AKS, _row(declared.inference_clusters, "aks-certificate", {"tags": {"a": "b"}})),
    Case("inference cluster: remove", AKS, _gone(declared.inference_clusters, "aks-certificate")),
    *(
        Case(f"attached {kind}: attach", ATTACHED, _row(declared.attached, f"attached-{kind}"))
        # The other types differ from databricks in the body alone.
        for kind in ("virtualmachine", "databricks", "kubernetes")
    ),
    Case(
        "attached virtualmachine: update",
        ATTACHED,
        _row(declared.attached, "attached-virtualmachine", {"tags": {"a": "b"}}),
    ),
    Case("attached kubernetes: detach", ATTACHED, _gone(declared.attached, "attached-kubernetes")),
    Case("extension: install", EXTENSION, _extended()),
    Case("extension: update", EXTENSION, _extended({"install_volcano": False})),
    Case("extension: remove", EXTENSION, _extended({"state": "absent"})),
    Case("extensions looked at", f"{EXTENSION}_info", _extension_looked_at),
    Case("online endpoint: create", ENDPOINT, _plain({**SERVED, "description": "Iris", "tags": {"a": "b"}})),
    Case(
        "online endpoint: update",
        ENDPOINT,
        _after(ENDPOINT, SERVED, {"description": "other", "public_network_access": "disabled"}),
    ),
    Case(
        "online endpoint: traffic",
        ENDPOINT,
        served({**SERVED, "traffic": {"blue": 90, "green": 10}}, "blue", "green", traffic={"blue": 100}),
    ),
    Case("online endpoint: replace", ENDPOINT, _other_identity),
    Case(
        "online endpoint: regenerate the keys",
        ENDPOINT,
        _after(ENDPOINT, SERVED, {"regenerate_keys": ["primary", "secondary"]}),
        always=True,
    ),
    Case("online endpoint: delete", ENDPOINT, served({**SERVED, "state": "absent"}, "blue")),
    Case("online endpoints looked at", f"{ENDPOINT}_info", served({"deployments": True}, "blue")),
    Case("online deployment: create", DEPLOYMENT, served({**BLUE, "environment_variables": {"LEVEL": "info"}})),
    Case(
        "online deployment: update",
        DEPLOYMENT,
        served({**BLUE, "instance_count": 2, "environment_variables": {"LEVEL": "info"}}, "blue"),
    ),
    Case(
        "online deployment: replace",
        DEPLOYMENT,
        served({**BLUE, "egress_public_network_access": "disabled", "on_immutable_change": "recreate"}, "blue"),
    ),
    Case("online deployment: delete", DEPLOYMENT, served({**UNSERVED, "state": "absent"}, "blue", "green")),
    Case("batch endpoint: create", BATCH, _plain(QUEUED)),
    Case("batch endpoint: update", BATCH, _queued({**QUEUED, "defaults": {"deployment_name": "blue"}})),
    Case("batch endpoint: delete", BATCH, _queued({**QUEUED, "state": "absent"})),
    Case("batch endpoints looked at", f"{BATCH}_info", _queued({"deployments": True})),
    Case("batch deployment: create", BATCH_DEPLOYMENT, _queued(RUN_BY_CLUSTER, deployed=False)),
    Case("batch deployment: update", BATCH_DEPLOYMENT, _queued({**RUN_BY_CLUSTER, "description": "other"})),
    Case(
        "batch deployment: delete",
        BATCH_DEPLOYMENT,
        _queued({"endpoint_name": "iris-batch", "name": "blue", "state": "absent"}),
    ),
    Case("connections looked at", f"{OF_SERVICES}_info", _listed(OF_SERVICES, FEED)),
    Case("datastores looked at", f"{DATASTORE}_info", _listed(DATASTORE, BLOB)),
    Case("diagnostic settings looked at", f"{DIAGNOSTICS}_info", _listed(DIAGNOSTICS, LOGGED)),
    Case("connection: create", OF_SERVICES, _plain(FEED)),
    Case("connection: update", OF_SERVICES, _after(OF_SERVICES, FEED, {"target": "https://other.example.org"})),
    Case("connection: delete", OF_SERVICES, _after(OF_SERVICES, FEED, {"state": "absent"})),
    Case("datastore: create", DATASTORE, _plain(BLOB)),
    Case("datastore: update", DATASTORE, _after(DATASTORE, BLOB, {"description": "other"})),
    Case("datastore: delete", DATASTORE, _after(DATASTORE, BLOB, {"state": "absent"})),
    Case("registry: create", "aml_registry", _plain(SHARED)),
    Case("registry: update", "aml_registry", _after("aml_registry", SHARED, {"public_network_access": "disabled"})),
    Case("registry: delete", "aml_registry", _after("aml_registry", SHARED, {"state": "absent"})),
    Case("registries looked at", "aml_registry_info", _plain({})),
    Case("diagnostic setting: create", DIAGNOSTICS, _plain(LOGGED)),
    Case("diagnostic setting: update", DIAGNOSTICS, _after(DIAGNOSTICS, LOGGED, {"metric_categories": ["AllMetrics"]})),
    Case("diagnostic setting: delete", DIAGNOSTICS, _after(DIAGNOSTICS, LOGGED, {"state": "absent"})),
    Case("role assignments looked at", "aml_role_assignment_info", _assignments_looked_at),
    Case("role assignment: create", ASSIGNMENTS, _plain(ASSIGNED)),
    Case("role assignment: update", ASSIGNMENTS, _after(ASSIGNMENTS, ASSIGNED, {"description": "other"})),
    Case("role assignment: delete", ASSIGNMENTS, _after(ASSIGNMENTS, ASSIGNED, {"state": "absent"})),
    Case("workspace: create", WORKSPACES, _new_workspace),
    Case("workspace: create project", WORKSPACES, _project),
    Case(
        "workspace: update",
        WORKSPACES,
        _plain({"name": WORKSPACE, "display_name": "Shown", "public_network_access": "disabled"}),
    ),
    Case(
        "workspace: provision the network",
        WORKSPACES,
        _after(
            WORKSPACES,
            {"name": WORKSPACE, "managed_network": {"isolation_mode": "allow_internet_outbound"}},
            {"provision_network": True, "include_spark": True},
        ),
    ),
    Case("workspace: delete with dependents", WORKSPACES, _doomed, leaves="cannot determine its dependent resources"),
    Case("workspace: a soft-deleted name", WORKSPACES, _soft_deleted("fail"), refused=True),
    Case("workspace: recover", WORKSPACES, _soft_deleted("recover")),
    Case("workspace: purge, create", WORKSPACES, _soft_deleted("purge")),
    Case("resource: create", RESOURCE, _network),
    Case("resource: update", RESOURCE, _network_later({"tags": {"a": "b"}})),
    Case("resource: delete", RESOURCE, _network_later({"state": "absent"})),
    Case(
        "quotas",
        "aml_quota",
        _plain(
            {"quotas": [{"family": "standardDSv2Family", "limit": 20}, {"family": "standardDSv3Family", "limit": 8}]}
        ),
    ),
    Case(
        "quotas: request",
        "aml_quota",
        _plain({"location": "eastus", "subscription_quotas": [{"family": "standardDSv2Family", "limit": 300}]}),
    ),
    Case("private endpoint connection: approve", CONNECTION, connected),
    Case("private endpoint connection: remove", CONNECTION, lambda azure: {**connected(azure), "state": "absent"}),
    Case("action: provision the network", "arm_action", _due),
    Case("keys read again", "aml_workspace_resync_keys", _plain({}), always=True),
    Case("diagnosis", "aml_workspace_diagnose_info", _plain({})),
    Case("job check", "aml_job_check", _job_check),
    Case("fleet: create", FLEET, _fleet),
    Case("fleet: change, prune", FLEET, _fleet_later),
    Case("fleet: datastores", FLEET, _fleet_stores),
    Case("fleet looked at", "aml_fleet_info", _fleet_looked_at),
    Case("operations", "aml_operation_info", _operations),
    Case("workspaces looked at", "aml_workspace_info", _plain({})),
    Case("computes looked at", "aml_compute_info", _looked_at),
    Case("machines looked at", "aml_ssh_facts", _looked_at),
    Case("export", "aml_export_info", _exported),
    Case(
        "look ahead",
        "aml_preflight_info",
        _plain({"computes": [{"type": "amlcompute", **SMALL}, {"type": "computeinstance", **LAPTOP}]}),
    ),
    Case("sizes", "aml_vm_size_info", _plain({})),
    Case("usages", "aml_usage_info", _plain({})),
    Case("resource looked at", "arm_resource_info", _network_found),
]
