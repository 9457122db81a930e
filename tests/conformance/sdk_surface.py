# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of azure-ai-ml who calls all that it has for workspaces and compute targets, on a running simulator.

    python sdk_surface.py RESOURCE_GROUP

runs in any version's own virtual environment, with the variables that the simulator prints, and prints one JSON object: ``version``; ``called``
(operation: number of calls) and ``never`` (operations that nobody called), so that an operation which a later version adds is not overlooked;
``seen``, what the calls showed; ``refused``, what the simulator does not have (the operation, and its answer). The client's pauses are the
simulator's time: nothing waits.
"""

from __future__ import annotations

import functools
import json
import os
import ssl
import sys
import time
import typing as t
import urllib.request
import warnings

warnings.simplefilter("ignore")

from azure.ai.ml import MLClient
from azure.ai.ml import entities as ml
from azure.ai.ml._version import VERSION
from azure.ai.ml.constants._workspace import IsolationMode
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential

ENV = os.environ
SUBSCRIPTION, GROUP = ENV["AZURE_SUBSCRIPTION_ID"], sys.argv[1]
BASE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 someone@example.org"
# Unique in the region.
INSTANCE = "ci" + "".join(item for item in GROUP if item.isalnum())[-16:]
HELD = ("workspaces", "compute", "workspace_outbound_rules", "connections", "feature_stores")
# Other groups of operations, by what lists them: data planes and schedules are not simulated.
OUTSIDE = (
    "models",
    "environments",
    "data",
    "components",
    "schedules",
    "serverless_endpoints",
)

credential = ClientSecretCredential(
    ENV["AZURE_TENANT"],
    ENV["AZURE_CLIENT_ID"],
    ENV["AZURE_SECRET"],
    authority=ENV["AZURE_AUTHORITY_HOST"],
    disable_instance_discovery=True,
)
context = ssl.create_default_context(cafile=ENV["SSL_CERT_FILE"])
called: dict[str, int] = {}
seen: dict[str, t.Any] = {}
refused: dict[str, str] = {}


class Project(ml.Project):
    """1.35.2 takes its hub's public network access as a member of an enum, and writes that member's name into the template's parameter
    (`operations/_workspace_operations.py:274`), which no Resource Manager can take."""

    @property
    def public_network_access(self) -> t.Any:
        return self._access

    @public_network_access.setter
    def public_network_access(self, value: t.Any) -> None:
        self._access = getattr(value, "value", value)


def ask(method: str, path: str, body: t.Any = None) -> t.Any:
    control = path.startswith("/_simulator/")
    token = (
        ENV["AML_SIMULATOR_CONTROL_TOKEN"]
        if control
        else credential.get_token(ENV["AML_SIMULATOR_URL"] + "/.default").token
    )
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(ENV["AML_SIMULATOR_URL"] + path, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, context=context) as answer:
        return json.loads(answer.read() or b"null")


def pass_time(seconds: float) -> None:
    """In place of ``time.sleep``."""
    ask("PUT", "/_simulator/clock", {"advance": max(float(seconds), 0.001)})


time.sleep = pass_time


def keep(kind: str, name: str, version: str, **body: t.Any) -> str:
    """A resource of another provider that something is attached to."""
    identifier = f"{BASE}/providers/{kind}/{name}"
    ask("PUT", f"{identifier}?api-version={version}", {"location": "eastus", **body})
    pass_time(600)
    return identifier


def client(workspace: str | None = None) -> MLClient:
    """One whose calls are counted."""
    made = MLClient(credential, SUBSCRIPTION, GROUP, workspace, enable_telemetry=False)
    for group in HELD:
        operations = getattr(made, group)
        for name in names_of(operations):
            counted(operations, group, name)
    return made


def names_of(operations: t.Any) -> list[str]:
    return [
        name for name in dir(type(operations)) if not name.startswith("_") and callable(getattr(type(operations), name))
    ]


def counted(operations: t.Any, group: str, name: str) -> None:
    function = getattr(operations, name)

    @functools.wraps(function)
    def count(*args: t.Any, **options: t.Any) -> t.Any:
        called[f"{group}.{name}"] = called.get(f"{group}.{name}", 0) + 1
        return function(*args, **options)

    called.setdefault(f"{group}.{name}", 0)
    setattr(operations, name, count)


def names(found: t.Iterable[t.Any]) -> list[str]:
    return sorted(item.name for item in found)


def gone(get: t.Callable[[], t.Any]) -> bool:
    try:
        get()
    except ResourceNotFoundError:
        return True
    return False


def workspaces() -> MLClient:
    """Create, look, change; a hub and its project; keys, diagnosis, managed network, rules, connections, a feature store."""
    subscription = client()
    made = subscription.workspaces.begin_create(
        ml.Workspace(name="ws-one", location="eastus", display_name="One", tags={"a": "b"})
    ).result()
    seen["workspace"] = [
        made.name,
        made.display_name,
        made.tags["a"],
        bool(made.storage_account and made.key_vault and made.application_insights),
    ]
    changed = subscription.workspaces.get("ws-one")
    changed.description, changed.tags = "changed", {"c": "d"}
    changed = subscription.workspaces.begin_update(changed).result()
    seen["changed"] = [changed.description, changed.tags.get("c"), changed.tags.get("a")]
    rule = ml.FqdnDestination(name="pypi", destination="pypi.org")
    network = ml.ManagedNetwork(isolation_mode=IsolationMode.ALLOW_ONLY_APPROVED_OUTBOUND, outbound_rules=[rule])
    subscription.workspaces.begin_create(ml.Hub(name="hub-one", location="eastus", managed_network=network)).result()
    hub = subscription.workspaces.get("hub-one")
    try:
        subscription.workspaces.begin_create(ml.Project(name="project-one", hub_id=hub.id, location="eastus")).result()
    except HttpResponseError as error:
        seen["project as the client sends it"] = error.message.splitlines()[0]
        subscription.workspaces.begin_create(Project(name="project-one", hub_id=hub.id, location="eastus")).result()
    project = subscription.workspaces.get("project-one")
    seen["project"] = [type(hub).__name__, type(project).__name__, project.hub_id == hub.id]
    keys = subscription.workspaces.get_keys("ws-one")
    seen["keys"] = bool(keys.user_storage_key and keys.notebook_access_keys.primary_access_key)
    subscription.workspaces.begin_sync_keys("ws-one").result()
    diagnosis = subscription.workspaces.begin_diagnose("ws-one").result()
    seen["diagnosis"] = [diagnosis.storage_account_results, diagnosis.key_vault_results]
    provisioned = subscription.workspaces.begin_provision_network(workspace_name="hub-one", include_spark=True).result()
    seen["network"] = [provisioned.status, provisioned.spark_ready]
    seen["workspaces"] = names(subscription.workspaces.list())
    rules(client("hub-one"))
    connections(client("ws-one"))
    datastores(client("ws-one"))
    return subscription


def rules(hub: MLClient) -> None:
    group = hub.workspace_outbound_rules
    tag = ml.ServiceTagDestination(name="factory", service_tag="DataFactory", protocol="TCP", port_ranges="80, 8080")
    group.begin_create(workspace_name="hub-one", rule=tag).result()
    tag.port_ranges = "443"
    group.begin_update(workspace_name="hub-one", rule=tag).result()
    shown = group.get(workspace_name="hub-one", outbound_rule_name="factory")
    own = names(item for item in group.list(workspace_name="hub-one") if not item.name.startswith("__SYS_"))
    group.begin_remove(workspace_name="hub-one", outbound_rule_name="factory").result()
    left = names(item for item in group.list(workspace_name="hub-one") if not item.name.startswith("__SYS_"))
    seen["rules"] = [shown.port_ranges, shown.status, own, left]


def connections(workspace: MLClient) -> None:
    group = workspace.connections
    group.create_or_update(ml.APIKeyConnection(name="keyed", api_base="https://example.org/", api_key="planted"))
    shown = group.get("keyed")
    listed = names(group.list())
    secret = group.get("keyed", populate_secrets=True).api_key
    group.delete("keyed")
    seen["connections"] = [shown.api_base, shown.api_key, listed, secret, names(group.list())]


def datastores(workspace: MLClient) -> None:
    """Not counted with the others: one of the operations mounts a datastore on this machine."""
    group = workspace.datastores
    keyed = ml.AzureBlobDatastore(
        name="keyed",
        account_name="stdata",
        container_name="training",
        credentials=ml.AccountKeyConfiguration(account_key="planted"),
    )
    made = group.create_or_update(keyed)
    made.credentials = keyed.credentials
    made.description = "changed"
    changed = group.create_or_update(made)
    secret = group.get("keyed", include_secrets=True)
    default = group.get_default().name
    listed = names(group.list())
    group.delete("keyed")
    left = gone(lambda: group.get("keyed"))
    seen["datastores"] = [
        changed.description,
        changed.container_name,
        type(secret.credentials).__name__,
        default,
        len(listed),
        left,
    ]


def feature_store(subscription: MLClient) -> None:
    group = subscription.feature_stores
    network = ml.ManagedNetwork(isolation_mode=IsolationMode.ALLOW_INTERNET_OUTBOUND)
    group.begin_create(ml.FeatureStore(name="store-one", location="eastus", managed_network=network)).result()
    changed = group.get("store-one")
    changed.description = "changed"
    group.begin_update(changed).result()
    provisioned = group.begin_provision_network(feature_store_name="store-one").result()
    seen["feature store"] = [provisioned.status, group.get("store-one").description, names(group.list())]
    group.begin_delete("store-one").result()


def computes(workspace: MLClient) -> None:
    """Clusters and instances with all that can be done to them; what can be attached; usage and sizes."""
    group = workspace.compute
    cluster = ml.AmlCompute(
        name="cpu",
        size="Standard_DS3_v2",
        min_instances=1,
        max_instances=2,
        idle_time_before_scale_down=300,
        tags={"a": "b"},
    )
    made = group.begin_create_or_update(cluster).result()
    seen["cluster"] = [
        made.provisioning_state,
        made.size,
        made.tier,
        made.min_instances,
        made.max_instances,
        made.idle_time_before_scale_down,
    ]
    made.max_instances, made.tags = 5, {"c": "d"}
    changed = group.begin_update(made).result()
    seen["cluster changed"] = [changed.max_instances, changed.tags]
    pass_time(60)
    nodes = [list_node.__dict__ for list_node in group.list_nodes("cpu")]
    seen["nodes"] = [(node.get("node_state") or node.get("nodeState"), bool(node.get("port"))) for node in nodes]
    seen["user assigned"] = identity(group)
    instance(group)
    attach(group)
    seen["usage"] = sorted(
        {item.unit if isinstance(item.unit, str) else item.unit.value for item in group.list_usage()}
    )
    sizes, fit = names(group.list_sizes()), names(group.list_sizes(compute_type="ComputeInstance"))
    seen["sizes"] = ["Standard_DS3_v2" in sizes, "Standard_DS3_v2" in fit and set(fit) <= set(sizes)]
    seen["listed"] = {
        kind: len(list(group.list(compute_type=kind)))
        for kind in ("AMLCompute", "ComputeInstance", "VirtualMachine", "Kubernetes")
    }
    every = names(group.list())
    for row in every:
        group.begin_delete(row, action="Detach" if row.endswith("-att") else "Delete").result()
    seen["left"] = [len(every), names(group.list()), gone(lambda: group.get("cpu"))]


def identity(group: t.Any) -> list[str]:
    user = keep("Microsoft.ManagedIdentity/userAssignedIdentities", "id-one", "2023-01-31")
    configuration = ml.IdentityConfiguration(
        type="UserAssigned", user_assigned_identities=[ml.ManagedIdentityConfiguration(resource_id=user)]
    )
    made = group.begin_create_or_update(ml.AmlCompute(name="ids", tier="low_priority", identity=configuration)).result()
    return [
        made.tier,
        made.identity.type,
        *(identity.resource_id.rpartition("/")[2] for identity in made.identity.user_assigned_identities),
    ]


def instance(group: t.Any) -> None:
    # On a day that hardly comes: while the actions below run, the schedule would be another operation under way.
    trigger = ml.CronTrigger(expression="0 18 29 2 *", time_zone="Pacific Standard Time")
    schedules = ml.ComputeSchedules(compute_start_stop=[ml.ComputeStartStopSchedule(trigger=trigger, action="stop")])
    settings = ml.ComputeInstanceSshSettings(ssh_key_value=KEY)
    made = group.begin_create_or_update(
        ml.ComputeInstance(
            name=INSTANCE,
            size="Standard_DS3_v2",
            idle_time_before_shutdown_minutes=30,
            schedules=schedules,
            ssh_public_access_enabled=True,
            ssh_settings=settings,
            tags={"a": "b"},
        )
    ).result()
    seen["instance"] = [
        made.state,
        made.size,
        made.idle_time_before_shutdown_minutes,
        made.schedules.compute_start_stop[0].trigger.expression,
    ]
    states = []
    for action in (group.begin_stop, group.begin_start, group.begin_restart):
        action(INSTANCE).result()
        states.append(group.get(INSTANCE).state)
    seen["states"] = states
    group.enable_sso(name=INSTANCE, enable_sso=False)
    try:
        group.begin_start(INSTANCE).result()
    except HttpResponseError as error:
        seen["start of what runs"] = error.error.code if error.error else str(error)


def attach(group: t.Any) -> None:
    machine = keep(
        "Microsoft.Compute/virtualMachines",
        "vm-one",
        "2023-03-01",
        properties={"hardwareProfile": {"vmSize": "Standard_DS3_v2"}},
    )
    pools = [{"name": "np", "count": 3, "vmSize": "Standard_DS3_v2", "mode": "System"}]
    cluster = keep(
        "Microsoft.ContainerService/managedClusters",
        "aks-one",
        "2023-05-01",
        properties={"dnsPrefix": "a", "agentPoolProfiles": pools},
    )
    keep("Microsoft.Synapse/workspaces", "syn-one", "2021-06-01", properties={"defaultDataLakeStorage": {}})
    pool = keep(
        "Microsoft.Synapse/workspaces", "syn-one/bigDataPools/pool-one", "2021-06-01", properties={"nodeCount": 3}
    )
    account = ml.VirtualMachineSshSettings(admin_username="me", admin_password="planted", ssh_port=22)
    made = group.begin_attach(
        ml.VirtualMachineCompute(name="vm-att", resource_id=machine, ssh_settings=account)
    ).result()
    kubernetes = group.begin_attach(ml.KubernetesCompute(name="k8s-att", resource_id=cluster, namespace="ns")).result()
    spark = group.begin_attach(ml.SynapseSparkCompute(name="spark-att", resource_id=pool)).result()
    seen["attached"] = [
        made.ssh_settings.admin_username,
        made.provisioning_state,
        kubernetes.namespace,
        spark.provisioning_state,
    ]


def outside(workspace: MLClient) -> None:
    """What is not simulated says so; it is neither an empty list nor a crash."""
    for group in OUTSIDE:
        try:
            list(getattr(workspace, group).list())
        except HttpResponseError as error:
            refused[f"{group}.list"] = f"{error.status_code} {error.error.code if error.error else ''}"


def main() -> None:
    ask("PUT", f"{BASE}?api-version=2021-04-01", {"location": "eastus"})
    subscription = workspaces()
    feature_store(subscription)
    workspace = client("ws-one")
    computes(workspace)
    seen["jobs"] = [job.name for job in workspace.jobs.list()]
    seen["online endpoints"] = [endpoint.name for endpoint in workspace.online_endpoints.list()]
    seen["batch endpoints"] = [endpoint.name for endpoint in workspace.batch_endpoints.list()]
    outside(workspace)
    for name in ("project-one", "hub-one", "ws-one"):
        subscription.workspaces.begin_delete(name, delete_dependent_resources=True, permanently_delete=True).result()
    seen["no workspaces"] = names(subscription.workspaces.list())
    never = sorted(name for name, count in called.items() if not count)
    some = {name: count for name, count in called.items() if count}
    print(json.dumps({"version": VERSION, "called": some, "never": never, "seen": seen, "refused": refused}))


main()
