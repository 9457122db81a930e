# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of azure-mgmt-machinelearningservices, in an environment of its own: prints a JSON object for each (call, error)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from azure.identity import ClientSecretCredential
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient
from azure.mgmt.machinelearningservices import models as m

URL, SUB = os.environ["AML_SIMULATOR_URL"], os.environ["AZURE_SUBSCRIPTION_ID"]
GROUP, NAME = "rg-python", "ws-python"
credential = ClientSecretCredential(
    os.environ["AZURE_TENANT_ID"],
    os.environ["AZURE_CLIENT_ID"],
    os.environ["AZURE_CLIENT_SECRET"],
    authority=URL,
    disable_instance_discovery=True,
)
client = MachineLearningServicesMgmtClient(
    credential, SUB, base_url=URL, credential_scopes=[f"{URL}/.default"], polling_interval=0
)
ids = json.loads(os.environ["DEPENDENTS"])
cluster = m.ComputeResource(
    location="eastus",
    properties=m.AmlCompute(
        properties=m.AmlComputeProperties(
            vm_size="Standard_D4s_v3", scale_settings=m.ScaleSettings(min_node_count=0, max_node_count=1)
        )
    ),
)
instance = m.ComputeResource(
    location="eastus", properties=m.ComputeInstance(properties=m.ComputeInstanceProperties(vm_size="Standard_D4s_v3"))
)
workspace = m.Workspace(location="eastus", identity=m.ManagedServiceIdentity(type="SystemAssigned"), **ids)
update = m.ClusterUpdateParameters(
    properties=m.ScaleSettingsInformation(scale_settings=m.ScaleSettings(max_node_count=2))
)
at = (GROUP, NAME)
CALLS: dict[str, Callable[[], Any]] = {
    "workspaces.begin_create_or_update": lambda: client.workspaces.begin_create_or_update(*at, workspace).result(),
    "workspaces.begin_update": lambda: client.workspaces.begin_update(
        *at, m.WorkspaceUpdateParameters(description="new")
    ).result(),
    "workspaces.get": lambda: client.workspaces.get(*at),
    "workspaces.list_by_resource_group": lambda: list(client.workspaces.list_by_resource_group(GROUP)),
    "workspaces.list_keys": lambda: client.workspaces.list_keys(*at),
    "workspaces.begin_resync_keys": lambda: client.workspaces.begin_resync_keys(*at).result(),
    "workspaces.begin_diagnose": lambda: client.workspaces.begin_diagnose(*at).result(),
    "workspaces.begin_prepare_notebook": lambda: client.workspaces.begin_prepare_notebook(*at).result(),
    "workspaces.list_notebook_keys": lambda: client.workspaces.list_notebook_keys(*at),
    "workspaces.list_notebook_access_token": lambda: client.workspaces.list_notebook_access_token(*at),
    "workspaces.list_storage_account_keys": lambda: client.workspaces.list_storage_account_keys(*at),
    "workspaces.list_outbound_network_dependencies_endpoints": (
        lambda: client.workspaces.list_outbound_network_dependencies_endpoints(*at)
    ),
    "workspace_features.list": lambda: list(client.workspace_features.list(*at)),
    "private_endpoint_connections.list": lambda: list(client.private_endpoint_connections.list(*at)),
    "private_link_resources.list": lambda: list(client.private_link_resources.list(*at).value or []),
    "usages.list": lambda: list(client.usages.list("eastus")),
    "virtual_machine_sizes.list": lambda: client.virtual_machine_sizes.list("eastus"),
    "quotas.list": lambda: list(client.quotas.list("eastus")),
    "compute.begin_create_or_update": lambda: client.compute.begin_create_or_update(
        *at, "cpu-python", cluster
    ).result(),
    "compute.begin_update": lambda: client.compute.begin_update(*at, "cpu-python", update).result(),
    "compute.get": lambda: client.compute.get(*at, "cpu-python"),
    "compute.list": lambda: list(client.compute.list(*at)),
    "compute.list_nodes": lambda: list(client.compute.list_nodes(*at, "cpu-python")),
    "compute.begin_create_or_update (instance)": (
        lambda: client.compute.begin_create_or_update(*at, "ci-python", instance).result()
    ),
    "compute.begin_stop": lambda: client.compute.begin_stop(*at, "ci-python").result(),
    "compute.begin_start": lambda: client.compute.begin_start(*at, "ci-python").result(),
    "compute.begin_restart": lambda: client.compute.begin_restart(*at, "ci-python").result(),
    "workspace_connections.list": lambda: list(client.workspace_connections.list(*at)),
    "datastores.list": lambda: list(client.datastores.list(*at)),
    "compute.begin_delete": lambda: client.compute.begin_delete(*at, "cpu-python", "Delete").result(),
    "workspaces.begin_delete": lambda: client.workspaces.begin_delete(*at).result(),
}
for name, call in CALLS.items():
    error = ""
    try:
        call()
    except Exception as problem:  # noqa: BLE001  whatever a client makes of an answer is the result
        error = str(problem).splitlines()[0]
    print(json.dumps({"call": name, "error": error}), flush=True)
