# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks behind the rows of docs/permissions.md, each on a service that is prepared for it."""

from __future__ import annotations

import io
import threading
import typing as t
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import requests
import urllib3
from ansible_collections.azureml.compute.plugins.module_utils._arm import tokens
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC
from ansible_collections.azureml.compute.plugins.module_utils._module import task
from ansible_collections.azureml.compute.tests.support.azure import (
    GROUP,
    GROUP_ID,
    SUBSCRIPTION,
    WORKSPACE,
    WORKSPACE_ID,
    Azure,
    Credential,
    Headers,
    Request,
)
from azure.core.pipeline.transport import RequestsTransport

Task = tuple[str, dict[str, t.Any]]
Scenario = Callable[[Azure], Task]
SCENARIOS: dict[tuple[str, str], Scenario] = {}

CLUSTER, INSTANCE, ATTACHED, AKS = (
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_attached_compute",
    "aml_inference_cluster",
)
CPU = {"name": "cpu", "size": "Standard_D4s_v3", "max_instances": 2}
BOX = {"name": "box", "size": "Standard_D4s_v3"}
SCORING = {"name": "scoring", "cluster_purpose": "fast_prod", "size": "Standard_D4s_v3", "agent_count": 3}
MACHINE = {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v3"}}}


def row(module: str, what: str) -> Callable[[Scenario], Scenario]:
    def add(scenario: Scenario) -> Scenario:
        SCENARIOS[module, what] = scenario
        return scenario

    return add


def plain(module: str, what: str, before: Task | None = None, **options: t.Any) -> None:
    """A row whose task needs no more than another before it."""

    @row(module, what)
    def scenario(azure: Azure) -> Task:
        if before is not None:
            azure.run(before[0], **before[1])
        return module, options


MADE = (CLUSTER, CPU)
plain(CLUSTER, "create", **CPU)
plain(CLUSTER, "no change", MADE, **CPU)
plain(CLUSTER, "change", MADE, **{**CPU, "max_instances": 3})
plain(CLUSTER, "recreate", MADE, **{**CPU, "size": "Standard_D2s_v3", "on_immutable_change": "recreate"})
plain(CLUSTER, "delete", MADE, name="cpu", state="absent")


@row(CLUSTER, "create in a subnet")
def _in_a_subnet(azure: Azure) -> Task:
    return CLUSTER, {**CPU, "network_settings": {"subnet": azure.subnet()}}


@row(CLUSTER, "create with a user-assigned identity")
def _with_an_identity(azure: Azure) -> Task:
    return CLUSTER, {
        **CPU,
        "identity": {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-one")]},
    }


BOXED = (INSTANCE, BOX)
plain(INSTANCE, "create", **BOX)
plain(INSTANCE, "state: started", (INSTANCE, {**BOX, "state": "stopped"}), name="box", state="started")
plain(INSTANCE, "state: stopped", BOXED, name="box", state="stopped")
plain(INSTANCE, "state: restarted", BOXED, name="box", state="restarted")
plain(INSTANCE, "change idle time", BOXED, name="box", idle_time_before_shutdown_minutes=30)
plain(INSTANCE, "change size", (INSTANCE, {**BOX, "state": "stopped"}), name="box", size="Standard_D2s_v3")
plain(INSTANCE, "change enable_sso", BOXED, name="box", enable_sso=False)
plain(INSTANCE, "delete", BOXED, name="box", state="absent")
EVENING = {
    "action": "stop",
    "trigger": {"type": "cron", "expression": "0 18 * * *", "time_zone": "UTC", "start_time": "2026-01-01T00:00:00"},
}
plain(INSTANCE, "change schedules", BOXED, name="box", schedules={"compute_start_stop": [EVENING]})
APPLICATION = {
    "name": "app",
    "image": {"reference": "rocker/rstudio:latest"},
    "endpoints": [{"target": 8787, "published": 8787}],
}
plain(INSTANCE, "change applications", BOXED, name="box", custom_applications=[APPLICATION])
MOUNT = {
    "mount_name": "data",
    "source": "azureml://datastores/data",
    "source_type": "uri",
    "mount_path": "/mnt/data",
    "mount_mode": "read_only",
}
plain(INSTANCE, "change mounts", BOXED, name="box", data_mounts=[MOUNT])

plain(AKS, "create", **SCORING)
plain(AKS, "delete", (AKS, SCORING), name="scoring", state="absent", delete_underlying=True)


def kubernetes(azure: Azure) -> str:
    pools = [{"name": "agentpool", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}]
    return azure.resource(
        "Microsoft.ContainerService/managedClusters",
        "aks-prod",
        {"properties": {"agentPoolProfiles": pools}},
        "2024-09-01",
    )


@row(AKS, "attach")
def _attach_aks(azure: Azure) -> Task:
    return AKS, {"name": "scoring", "cluster_purpose": "fast_prod", "resource_id": kubernetes(azure)}


@row(AKS, "detach")
def _detach_aks(azure: Azure) -> Task:
    azure.run(*_attach_aks(azure)[:1], **_attach_aks(azure)[1])
    return AKS, {"name": "scoring", "state": "absent"}


EXTENSION = "aml_kubernetes_extension"


def extended(module: str, what: str, made: bool, **options: t.Any) -> None:
    @row(module, what)
    def scenario(azure: Azure) -> Task:
        place = {"cluster_id": kubernetes(azure), "name": "azureml"}
        if made:
            azure.run(EXTENSION, **place, enable_training=True)
        return module, {**place, **options}


extended(EXTENSION, "install", False, enable_training=True)
extended(EXTENSION, "no change", True, enable_training=True)
extended(EXTENSION, "change", True, install_volcano=False)
extended(EXTENSION, "remove", True, state="absent")
extended(f"{EXTENSION}_info", "one", True)
extended(f"{EXTENSION}_info", "all of a cluster", True, name=None)


def attach(azure: Azure, type_: str) -> Task:
    login = {"ssh_settings": {"admin_username": "me", "admin_password": "a-word"}}
    made: dict[str, Callable[[], dict[str, t.Any]]] = {
        "virtualmachine": lambda: {
            "resource_id": azure.resource("Microsoft.Compute/virtualMachines", "vm", MACHINE, "2024-07-01"),
            **login,
        },
        "hdinsight": lambda: {
            "resource_id": azure.resource("Microsoft.HDInsight/clusters", "hdi", {}, "2021-06-01"),
            **login,
        },
        "databricks": lambda: {
            "resource_id": azure.resource("Microsoft.Databricks/workspaces", "dbx", {}, "2024-05-01"),
            "access_token": "a-token",
        },
        "datafactory": lambda: {
            "resource_id": azure.resource("Microsoft.DataFactory/factories", "adf", {}, "2018-06-01")
        },
        "datalakeanalytics": lambda: {
            "resource_id": azure.resource("Microsoft.DataLakeAnalytics/accounts", "adla", {}, "2016-11-01")
        },
        "synapsespark": lambda: {"resource_id": spark(azure)},
        "kubernetes": lambda: {"resource_id": kubernetes(azure), "namespace": "training"},
    }
    return ATTACHED, {"name": "target-a", "type": type_, **made[type_]()}


def spark(azure: Azure) -> str:
    azure.resource("Microsoft.Synapse/workspaces", "syn", {"properties": {"defaultDataLakeStorage": {}}}, "2021-06-01")
    pool = {
        "properties": {"sparkVersion": "3.5", "nodeCount": 3, "nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized"}
    }
    return azure.resource("Microsoft.Synapse/workspaces/syn/bigDataPools", "pool", pool, "2021-06-01")


for _type in (
    "virtualmachine",
    "hdinsight",
    "databricks",
    "datafactory",
    "datalakeanalytics",
    "synapsespark",
    "kubernetes",
):
    SCENARIOS[ATTACHED, f"attach, type: {_type}"] = lambda azure, type_=_type: attach(azure, type_)


@row(ATTACHED, "detach")
def _detach(azure: Azure) -> Task:
    module, options = attach(azure, "databricks")
    azure.run(module, **options)
    return ATTACHED, {"name": "target-a", "type": "databricks", "state": "absent"}


FEED = {
    "name": "packages",
    "type": "python_feed",
    "target": "https://pkgs.example.org",
    "credentials": {"type": "pat", "pat": "a-token"},
}
plain("aml_connection", "create", None, **FEED)
plain("aml_connection", "no change", ("aml_connection", FEED), **FEED)
plain("aml_connection", "change", ("aml_connection", FEED), **FEED, metadata={"team": "vision"})
plain("aml_connection", "delete", ("aml_connection", FEED), name="packages", state="absent")
plain("aml_connection_info", "all of a workspace", ("aml_connection", FEED))
plain("aml_connection_info", "one", ("aml_connection", FEED), name="packages")
BLOB = {"name": "data", "type": "azure_blob", "account_name": "stdata", "container_name": "training"}
KEYED = {**BLOB, "credentials": {"account_key": "a-key"}}
plain("aml_datastore", "create", None, **KEYED)
plain("aml_datastore", "no change", ("aml_datastore", KEYED), **KEYED)
plain("aml_datastore", "change", ("aml_datastore", KEYED), **KEYED, description="other")
plain("aml_datastore", "delete", ("aml_datastore", BLOB), name="data", state="absent")
plain("aml_datastore_info", "all of a workspace")
plain("aml_datastore_info", "one", None, name="workspaceblobstore")
ENDPOINT, DEPLOYMENT = "aml_online_endpoint", "aml_online_deployment"
SERVED = {"name": "iris-prod"}
REGISTERED = {
    "model": "azureml:iris:3",
    "environment": "azureml:sklearn:1",
    "code_configuration": {"code": "azureml:scoring:1", "scoring_script": "score.py"},
}
BLUE = {
    "endpoint_name": "iris-prod",
    "name": "blue",
    **REGISTERED,
    "instance_type": "Standard_DS3_v2",
    "instance_count": 1,
}
ENDED = {"endpoint_name": "iris-prod", "name": "blue", "state": "absent"}
plain(ENDPOINT, "create", None, **SERVED)


@row(ENDPOINT, "create on Kubernetes")
def _on_kubernetes(azure: Azure) -> Task:
    attachment = {"name": "in-cluster", "type": "kubernetes", "resource_id": kubernetes(azure), "namespace": "training"}
    azure.run("aml_attached_compute", **attachment)
    return ENDPOINT, {**SERVED, "compute": "in-cluster"}


plain(ENDPOINT, "no change", (ENDPOINT, SERVED), **SERVED)
plain(ENDPOINT, "change", (ENDPOINT, SERVED), **SERVED, description="other")
plain(ENDPOINT, "regenerate keys", (ENDPOINT, SERVED), **SERVED, regenerate_keys=["primary"])
plain(ENDPOINT, "delete", (ENDPOINT, SERVED), **SERVED, state="absent")
plain(f"{ENDPOINT}_info", "all of a workspace", (ENDPOINT, SERVED))
plain(f"{ENDPOINT}_info", "with keys", (ENDPOINT, SERVED), show_keys=True, _ansible_no_log=True)
plain(DEPLOYMENT, "create", (ENDPOINT, SERVED), **BLUE)


def deployed(module: str, what: str, **options: t.Any) -> None:
    """A task for an endpoint that has a deployment."""

    @row(module, what)
    def scenario(azure: Azure) -> Task:
        azure.run(ENDPOINT, **SERVED)
        azure.run(DEPLOYMENT, **BLUE)
        return module, options


deployed(ENDPOINT, "change the traffic", **SERVED, traffic={"blue": 100})
deployed(f"{ENDPOINT}_info", "with deployments", deployments=True)
deployed(DEPLOYMENT, "no change", **BLUE)
deployed(DEPLOYMENT, "change", **{**BLUE, "instance_count": 2})
deployed(DEPLOYMENT, "delete", **ENDED)


BATCH, BATCH_DEPLOYMENT = "aml_batch_endpoint", "aml_batch_deployment"
QUEUED = {"name": "iris-batch"}
RUN_BY_CPU = {"endpoint_name": "iris-batch", "name": "blue", **REGISTERED, "compute": "cpu"}
plain(BATCH, "create", None, **QUEUED)
plain(BATCH, "no change", (BATCH, QUEUED), **QUEUED)
plain(BATCH, "change", (BATCH, QUEUED), **QUEUED, description="other")
plain(BATCH, "delete", (BATCH, QUEUED), **QUEUED, state="absent")
plain(f"{BATCH}_info", "all of a workspace", (BATCH, QUEUED))


def batched(module: str, what: str, *, deployed: bool = True, **options: t.Any) -> None:
    """A task for a batch endpoint that has a deployment on a cluster."""

    @row(module, what)
    def scenario(azure: Azure) -> Task:
        azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=1)
        azure.run(BATCH, **QUEUED)
        if deployed:
            azure.run(BATCH_DEPLOYMENT, **RUN_BY_CPU)
        return module, options


batched(BATCH, "change the default", **QUEUED, defaults={"deployment_name": "blue"})
batched(f"{BATCH}_info", "with deployments", deployments=True)
batched(BATCH_DEPLOYMENT, "create", deployed=False, **RUN_BY_CPU)
batched(BATCH_DEPLOYMENT, "no change", **RUN_BY_CPU)
batched(BATCH_DEPLOYMENT, "change", **{**RUN_BY_CPU, "description": "other"})


@row(BATCH_DEPLOYMENT, "change the compute target")
def _on_another_cluster(azure: Azure) -> Task:
    for name in ("cpu", "gpu"):
        azure.run("aml_compute_cluster", name=name, size="Standard_DS3_v2", max_instances=1)
    azure.run(BATCH, **QUEUED)
    azure.run(BATCH_DEPLOYMENT, **RUN_BY_CPU)
    return BATCH_DEPLOYMENT, {**RUN_BY_CPU, "compute": "gpu"}


batched(BATCH_DEPLOYMENT, "delete", endpoint_name="iris-batch", name="blue", state="absent")


ANALYTICS, SINK, RULE = (
    f"{GROUP_ID}/providers/{type_}"
    for type_ in (
        "Microsoft.OperationalInsights/workspaces/log-test",
        "Microsoft.Storage/storageAccounts/stwstest",
        "Microsoft.EventHub/namespaces/hubs/authorizationRules/Send",
    )
)
LOGGED: dict[str, t.Any] = {
    "name": "logs",
    "log_analytics_workspace_id": ANALYTICS,
    "log_categories": ["RunEvent"],
}


def logging(what: str, made: bool, **options: t.Any) -> None:
    """A row about diagnostic settings, with a workspace of Log Analytics."""

    @row("aml_diagnostic_setting", what)
    def scenario(azure: Azure) -> Task:
        azure.resource("Microsoft.OperationalInsights/workspaces", "log-test")
        if made:
            azure.run("aml_diagnostic_setting", **LOGGED)
        return "aml_diagnostic_setting", options


_TO = {"name": "logs", "log_categories": ["RunEvent"]}
logging("create", False, **LOGGED)
logging("create with a storage account", False, **_TO, storage_account_id=SINK)
logging("create with an event hub", False, **_TO, event_hub_authorization_rule_id=RULE)
logging("no change", True, **LOGGED)
logging("change", True, **LOGGED, metric_categories=["AllMetrics"])
logging("delete", True, name="logs", state="absent")
plain("aml_diagnostic_setting_info", "all of a workspace")
plain("aml_diagnostic_setting_info", "one", None, name="logs")
ASSIGNED = {"role": "AzureML Data Scientist", "principal_id": "11111111-0000-4000-8000-0000000000ff"}
CUSTOM = "22222222-0000-4000-8000-0000000000ff"
plain("aml_role_assignment", "create", None, **ASSIGNED)
plain("aml_role_assignment", "no change", ("aml_role_assignment", ASSIGNED), **ASSIGNED)
plain("aml_role_assignment", "change", ("aml_role_assignment", ASSIGNED), **ASSIGNED, description="other")
plain("aml_role_assignment", "delete", ("aml_role_assignment", ASSIGNED), **ASSIGNED, state="absent")


def custom_role(azure: Azure) -> dict[str, t.Any]:
    """A custom role that can be assigned in the resource group, assigned by its name."""
    definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{CUSTOM}"
    body = {"roleName": "Our Scientist", "assignableScopes": [GROUP_ID], "permissions": [{"actions": ["*/read"]}]}
    azure.arm("PUT", definition, {"properties": body}, "2022-04-01")
    azure.run("aml_role_assignment", **{**ASSIGNED, "role": CUSTOM})
    return {**ASSIGNED, "role": "Our Scientist"}


@row("aml_role_assignment", "no change, with a custom role by its name")
def _custom_role(azure: Azure) -> Task:
    return "aml_role_assignment", custom_role(azure)


plain("aml_role_assignment_info", "with the names of roles that the collection does not know")
plain("aml_compute_info", "all of a workspace", MADE)
plain("aml_compute_info", "one", MADE, name="cpu")
plain(
    "aml_ssh_facts",
    "nodes of clusters",
    (CLUSTER, {**CPU, "min_instances": 1, "ssh_settings": {"admin_username": "me", "admin_password": "a-word"}}),
)
plain("aml_ssh_facts", "instances", BOXED)


@row("aml_export_info", "a workspace with all that is in it")
def everything_exported(azure: Azure) -> Task:
    azure.run(ENDPOINT, **SERVED)
    azure.run(BATCH, **QUEUED)
    return "aml_export_info", {}


plain("aml_preflight_info", "everything it checks", None, computes=[{"type": "amlcompute", **CPU}])
plain("aml_quota", "no change", None, quotas=[])
plain("aml_quota", "change", None, quotas=[{"family": "standardDSv2Family", "limit": 8}])
plain("aml_quota", "request", None, subscription_quotas=[{"family": "standardDSv2Family", "limit": 300}])
plain("aml_usage_info", "a workspace's region")
plain("aml_vm_size_info", "a workspace's region")
FLEET: list[dict[str, t.Any]] = [
    {"name": WORKSPACE, "resource_group": GROUP, "computes": [{"type": "amlcompute", **CPU}]}
]
plain("aml_fleet", "create", None, workspaces=FLEET, preflight=False)
plain("aml_fleet", "no change", MADE, workspaces=FLEET)
plain(
    "aml_fleet",
    "prune",
    ("aml_fleet", {"name": "prod", "workspaces": FLEET}),
    name="prod",
    workspaces=[{**FLEET[0], "computes": []}],
    prune="delete",
)
STORED: list[dict[str, t.Any]] = [{"name": WORKSPACE, "resource_group": GROUP, "datastores": [BLOB]}]
MADE_STORES = ("aml_fleet", {"name": "prod", "workspaces": STORED})
plain("aml_fleet", "datastores: create", None, workspaces=STORED)
plain("aml_fleet", "datastores: no change", MADE_STORES, workspaces=STORED)
plain(
    "aml_fleet",
    "datastores: prune",
    MADE_STORES,
    name="prod",
    workspaces=[{**STORED[0], "datastores": []}],
    prune="delete",
)
CONNECTED: list[dict[str, t.Any]] = [{"name": WORKSPACE, "resource_group": GROUP, "connections": [FEED]}]
MADE_CONNECTIONS = ("aml_fleet", {"name": "prod", "workspaces": CONNECTED})
plain("aml_fleet", "connections: create", None, workspaces=CONNECTED)
plain("aml_fleet", "connections: no change", MADE_CONNECTIONS, workspaces=CONNECTED)
plain(
    "aml_fleet",
    "connections: prune",
    MADE_CONNECTIONS,
    name="prod",
    workspaces=[{**CONNECTED[0], "connections": []}],
    prune="delete",
)
SERVING: list[t.Any] = [
    {"name": WORKSPACE, "online_endpoints": [{**SERVED, "traffic": {"blue": 100}}], "online_deployments": [BLUE]}
]
MADE_SERVING = ("aml_fleet", {"name": "prod", "workspaces": SERVING})
UNUSED: list[t.Any] = [{"name": WORKSPACE, "online_endpoints": [SERVED], "online_deployments": [BLUE]}]
plain("aml_fleet", "online endpoints and deployments: create", None, workspaces=SERVING)
plain(
    "aml_fleet", "online endpoints: no change", (ENDPOINT, SERVED), workspaces=[{**UNUSED[0], "online_deployments": []}]
)
plain("aml_fleet", "online deployments: no change", MADE_SERVING, workspaces=SERVING)
plain(
    "aml_fleet",
    "online endpoints and deployments: prune",
    ("aml_fleet", {"name": "prod", "workspaces": UNUSED}),
    name="prod",
    prune="delete",
    workspaces=[{"name": WORKSPACE, "online_endpoints": [], "online_deployments": []}],
)
SCORING: list[t.Any] = [
    {"name": WORKSPACE, "batch_endpoints": [{**QUEUED, "defaults": {"deployment_name": "blue"}}], "batch_deployments": [RUN_BY_CPU]}
]  # fmt: skip
batched("aml_fleet", "batch endpoints and deployments: change the default", workspaces=SCORING)
batched("aml_fleet", "batch deployments: no change", workspaces=[{**SCORING[0], "batch_endpoints": [QUEUED]}])
batched("aml_fleet_info", "with their batch endpoints", workspaces=SCORING, batch_endpoints=True)
batched("aml_fleet_info", "with their batch deployments", workspaces=SCORING, batch_deployments=True)
plain("aml_fleet_info", "with their online endpoints", MADE_SERVING, workspaces=SERVING, online_endpoints=True)
plain("aml_fleet_info", "with their online deployments", MADE_SERVING, workspaces=SERVING, online_deployments=True)
plain("aml_fleet_info", "with their connections", MADE_CONNECTIONS, workspaces=CONNECTED, connections=True)
plain("aml_fleet_info", "with their datastores", MADE_STORES, workspaces=STORED, datastores=True)
WATCHED = [{"name": WORKSPACE, "resource_group": GROUP, "diagnostic_settings": [LOGGED]}]


def watching(module: str, what: str, made: bool, **options: t.Any) -> None:
    @row(module, what)
    def scenario(azure: Azure) -> Task:
        azure.resource("Microsoft.OperationalInsights/workspaces", "log-test")
        if made:
            azure.run("aml_fleet", workspaces=WATCHED)
        return module, {"workspaces": WATCHED, **options}


watching("aml_fleet", "diagnostic settings: create", False)
watching("aml_fleet", "diagnostic settings: no change", True)
watching("aml_fleet_info", "with their diagnostic settings", True, diagnostic_settings=True)
PERMITTED: list[dict[str, t.Any]] = [{"name": WORKSPACE, "resource_group": GROUP, "role_assignments": [ASSIGNED]}]
MADE_ASSIGNMENTS = ("aml_fleet", {"workspaces": PERMITTED})
plain("aml_fleet", "role assignments: create", None, workspaces=PERMITTED)
plain("aml_fleet", "role assignments: no change", MADE_ASSIGNMENTS, workspaces=PERMITTED)


@row("aml_fleet", "role assignments: no change, with a custom role by its name")
def _custom_role_of_fleet(azure: Azure) -> Task:
    assigned = custom_role(azure)
    return "aml_fleet", {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "role_assignments": [assigned]}]}


plain("aml_fleet_info", "with their role assignments", MADE_ASSIGNMENTS, workspaces=PERMITTED, role_assignments=True)
plain("aml_fleet_info", "workspaces with all their computes", MADE, workspaces=FLEET)
plain("aml_fleet_info", "with the usages of their regions", MADE, workspaces=FLEET, usages=True)
plain("aml_fleet_info", "workspaces with their computes", MADE, workspaces=FLEET)
plain("aml_fleet_info", "usages: true", MADE, workspaces=FLEET, usages=True)


@row("aml_operation_info", "any")
def _operations(azure: Azure) -> Task:
    begun = azure.run("aml_fleet", workspaces=FLEET, wait=False)
    return "aml_operation_info", {"operations": [target["operation"]["url"] for target in begun["targets"]]}


plain("aml_workspace", "no change", None, name=WORKSPACE)
plain("aml_workspace", "change", None, name=WORKSPACE, display_name="Production")
plain(
    "aml_workspace",
    "enable the managed network",
    None,
    name=WORKSPACE,
    managed_network={"isolation_mode": "allow_internet_outbound"},
)
plain(
    "aml_workspace",
    "provision the managed network",
    ("aml_workspace", {"name": WORKSPACE, "managed_network": {"isolation_mode": "allow_internet_outbound"}}),
    name=WORKSPACE,
    provision_network=True,
)
plain("aml_workspace", "delete", None, name=WORKSPACE, state="absent")
plain(
    "aml_workspace",
    "delete with dependent resources",
    None,
    name=WORKSPACE,
    state="absent",
    permanently_delete=True,
    delete_dependent_resources=True,
)
plain("aml_workspace", "create", None, name="ws-new", location="eastus")


@row("aml_workspace", "create a project")
def _project(azure: Azure) -> Task:
    hub = azure.make_workspace("hub-test", group="rg-hub").replace("hub-test", "hub-a")
    dependents = {key: azure.get(WORKSPACE_ID)["properties"][key] for key in ("storageAccount", "keyVault")}
    azure.arm(
        "PUT",
        hub,
        {"location": "eastus", "kind": "Hub", "identity": {"type": "SystemAssigned"}, "properties": dependents},
    )
    return "aml_workspace", {"name": "project-a", "kind": "project", "hub_id": hub}


plain("aml_workspace_info", "of a resource group")
plain("aml_workspace_info", "of the subscription", None, resource_group=None)
plain("aml_workspace_info", "one", None, name=WORKSPACE)
plain("aml_workspace_diagnose_info", "any")
plain("aml_workspace_resync_keys", "any")
plain("aml_job_check", "new job", MADE, compute="cpu")


@row("aml_job_check", "no change")
def _checked(azure: Azure) -> Task:
    azure.run(CLUSTER, **CPU)
    azure.run("aml_job_check", compute="cpu")
    return "aml_job_check", {"compute": "cpu"}


SHARED = {"name": "shared"}
plain("aml_registry", "create", None, **SHARED)
plain("aml_registry", "no change", ("aml_registry", SHARED), **SHARED)
plain("aml_registry", "change", ("aml_registry", SHARED), **SHARED, public_network_access="disabled")
plain("aml_registry", "delete", ("aml_registry", SHARED), **SHARED, state="absent")
plain("aml_registry_info", "of a resource group", ("aml_registry", SHARED))
plain("aml_registry_info", "of the subscription", ("aml_registry", SHARED), resource_group=None)
plain("aml_registry_info", "one", ("aml_registry", SHARED), **SHARED)

CONNECTION = "aml_private_endpoint_connection"


def pending(azure: Azure, target: str = WORKSPACE_ID) -> Task:
    """A private endpoint whose connection waits for its approval."""
    link = {"name": "pe", "properties": {"privateLinkServiceId": target, "groupIds": ["any"]}}
    endpoint = f"{GROUP_ID}/providers/Microsoft.Network/privateEndpoints/pe"
    properties = {"subnet": {"id": azure.subnet()}, "manualPrivateLinkServiceConnections": [link]}
    azure.arm("PUT", endpoint, {"location": "eastus", "properties": properties}, "2024-05-01")
    return CONNECTION, {"private_endpoint": "pe"}


@row(CONNECTION, "no change")
def _approved(azure: Azure) -> Task:
    module, options = pending(azure)
    azure.run(module, **options)
    return module, options


SCENARIOS[CONNECTION, "approve"] = pending


@row(CONNECTION, "approve, of a storage account")
def _approve_elsewhere(azure: Azure) -> Task:
    storage = azure.get(WORKSPACE_ID)["properties"]["storageAccount"]
    module, options = pending(azure, storage)
    return module, {**options, "resource_id": storage}


@row(CONNECTION, "approve, of an outbound rule")
def _approve_of_rule(azure: Azure) -> Task:
    storage = azure.get(WORKSPACE_ID)["properties"]["storageAccount"]
    destination = {"service_resource_id": storage, "subresource_target": "file"}
    rule = {"name": "files", "type": "private_endpoint", "destination": destination}
    mode = {"isolation_mode": "allow_internet_outbound", "outbound_rules": [rule]}
    azure.run("aml_workspace", name=WORKSPACE, managed_network=mode, provision_network=True)
    azure.run(CONNECTION, outbound_rule="files", state="rejected")
    return CONNECTION, {"outbound_rule": "files", "resource_id": storage}


@row(CONNECTION, "remove")
def _remove_connection(azure: Azure) -> Task:
    module, options = pending(azure)
    return module, {**options, "state": "absent"}


def rotate(azure: Azure, **more: t.Any) -> Task:
    where = {"type": "Microsoft.Storage/storageAccounts", "name": "account", "api_version": "2023-01-01"}
    azure.run(
        "arm_resource", **where, body={"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    )
    return "arm_action", {**where, "action": "regenerateKey", "body": {"keyName": "key1"}, **more}


SCENARIOS["arm_action", "without a condition"] = rotate
SCENARIOS["arm_action", "with a condition, not due"] = lambda azure: rotate(
    azure, unless={"contains": {"kind": "StorageV2"}}
)
STORAGE = {"type": "Microsoft.Storage/storageAccounts", "name": "account", "api_version": "2023-01-01"}
ACCOUNT = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
plain("arm_resource", "create", None, **STORAGE, body=ACCOUNT)
plain("arm_resource", "change", ("arm_resource", {**STORAGE, "body": ACCOUNT}), **STORAGE, tags={"a": "b"})
plain("arm_resource", "delete", ("arm_resource", {**STORAGE, "body": ACCOUNT}), **STORAGE, state="absent")
plain("arm_resource_info", "one", ("arm_resource", {**STORAGE, "body": ACCOUNT}), **STORAGE, resource_group=GROUP)
plain(
    "arm_resource_info",
    "all of a resource group",
    None,
    type=STORAGE["type"],
    api_version=STORAGE["api_version"],
    resource_group=GROUP,
)


# --- where a right is held ---


def _first_setting(options: dict[str, t.Any]) -> dict[str, t.Any]:
    """The diagnostic setting of a fleet."""
    return next((row for home in options.get("workspaces") or [] for row in home.get("diagnostic_settings") or []), {})


_DESTINATIONS = ("log_analytics_workspace_id", "storage_account_id", "event_hub_authorization_rule_id")


def places(azure: Azure, options: dict[str, t.Any]) -> dict[str, str]:
    """The scopes at which the permissions of a task can be assigned, named as in docs/permissions.md; the narrowest first."""
    by_name = {"api_version", "name"} <= set(options)
    found: dict[str, t.Any] = {
        "identity": ((options.get("identity") or {}).get("user_assigned_identities") or [None])[0],
        "subnet": (options.get("network_settings") or {}).get("subnet"),
        "target": options.get("resource_id")
        or options.get("cluster_id")
        or (f"{GROUP_ID}/providers/{options['type']}/{options['name']}" if by_name else None),
        "hub": options.get("hub_id"),
        "destination": next(
            (value for name, value in {**_first_setting(options), **options}.items() if name in _DESTINATIONS), None
        ),
        "workspace": WORKSPACE_ID,
        "group": GROUP_ID,
        "subscription": f"/subscriptions/{SUBSCRIPTION}",
    }
    # A role that is held at a resource goes with it, and it is still looked whether it is gone.
    if options.get("state") == "absent" and "name" in options:
        found.update(
            {"target": options.get("cluster_id"), **({"workspace": None} if options.get("name") == WORKSPACE else {})}
        )
    return {place: str(scope) for place, scope in found.items() if scope}


def within(scope: str, held: str) -> bool:
    return scope.lower() == held.lower() or scope.lower().startswith(held.lower() + "/")


# --- azure-ai-ml without a socket ---


class InProcess(requests.adapters.BaseAdapter):
    """requests' way to the simulator: for clients that make their own connections."""

    def __init__(self, azure: Azure) -> None:
        super().__init__()
        self.azure = azure

    def send(self, request: t.Any, *_args: t.Any, **_options: t.Any) -> t.Any:
        parts, data = urlsplit(request.url), request.body or b""
        data = data.encode() if isinstance(data, str) else data
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        answer = self.azure.app.handle(
            Request(
                request.method, unquote(parts.path), query, Headers({**request.headers, "Host": parts.netloc}), data
            )
        )
        raw = urllib3.HTTPResponse(
            io.BytesIO(answer.payload()),
            {"Content-Type": "application/json", **answer.headers},
            answer.status,
            preload_content=False,
        )
        return requests.adapters.HTTPAdapter().build_response(request, raw)

    def close(self) -> None:
        """Nothing to close."""


def without_sockets(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let azure-ai-ml talk to the simulator too, as the principal that the modules are."""
    source = property(lambda _task: tokens.TokenSource(lambda: Credential(azure), PUBLIC.scope, source="test"))
    monkeypatch.setattr(task.Task, "credential", source)
    monkeypatch.setattr(requests.Session, "get_adapter", lambda _session, url=None: InProcess(azure))
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")
    slept = RequestsTransport.sleep

    def sleep(transport: RequestsTransport, seconds: float) -> None:
        # azure-ai-ml polls a deployment in the background too, until its process ends: the next test must not be asked for it.
        if threading.current_thread().name.startswith("LROPoller"):
            raise SystemExit
        slept(transport, seconds)

    monkeypatch.setattr(RequestsTransport, "sleep", sleep)
