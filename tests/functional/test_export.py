# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export, then apply: 0 changes, by our own options and by the CLI's YAML, for every kind that there is a module for."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core import paths, redact
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import COMPUTES, INFO_KINDS, OTHERS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.plugins.module_utils._options import export, vars_file
from ansible_collections.azureml.compute.tests.support.azure import (
    GROUP,
    GROUP_ID,
    SUBSCRIPTION,
    WORKSPACE,
    WORKSPACE_ID,
    Azure,
)
from ansible_collections.azureml.compute.tests.support.declarations import Declaration, declarations
from azureml_simulator import relaxed_json

TEMPLATES = Path(__file__).resolve().parents[1] / "clients" / "templates"
MODULES = {
    "aml_clusters": "aml_compute_cluster",
    "aml_instances": "aml_compute_instance",
    "aml_inference_clusters": "aml_inference_cluster",
    "aml_attached_computes": "aml_attached_compute",
}
# The other lists of a workspace: the module of each, and what is exported of it here.
OTHER_LISTS: dict[str, tuple[str, dict[str, t.Any]]] = {
    "aml_batch_endpoints": ("aml_batch_endpoint", {"name": "iris-batch", "description": "Iris"}),
    "aml_batch_deployments": (
        "aml_batch_deployment",
        {"endpoint_name": "iris-batch", "name": "blue", "model": "azureml:iris:3", "compute": "cpu"},
    ),
    "aml_connections": ("aml_connection", {"name": "packages", "type": "python_feed", "target": "https://example.org"}),
    "aml_datastores": (
        "aml_datastore",
        {"name": "blob", "type": "azure_blob", "account_name": "stdata", "container_name": "training"},
    ),
    "aml_diagnostic_settings": (
        "aml_diagnostic_setting",
        {
            "name": "to-storage",
            "storage_account_id": f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stwstest",
            "log_categories": ["RunEvent"],
        },
    ),
    "aml_online_endpoints": ("aml_online_endpoint", {"name": "iris-prod", "description": "Iris"}),
    "aml_online_deployments": (
        "aml_online_deployment",
        {
            "endpoint_name": "iris-prod",
            "name": "blue",
            "model": "azureml:iris:3",
            "instance_type": "Standard_DS3_v2",
            "instance_count": 1,
        },
    ),
    "aml_role_assignments": (
        "aml_role_assignment",
        {
            "role": "AzureML Data Scientist",
            "principal_id": "00000000-0000-0000-0000-0000000000c1",
            "principal_type": "group",
        },
    ),
}
TYPES = {
    "amlcompute": "aml_compute_cluster",
    "computeinstance": "aml_compute_instance",
    "kubernetes": "aml_attached_compute",
    "synapsespark": "aml_attached_compute",
    "virtualmachine": "aml_attached_compute",
}


@pytest.fixture
def world(azure: Azure) -> dict[str, Declaration]:
    """A workspace with all that can be declared of it, and every compute target of the matrix."""
    made = declarations(azure)
    identity = azure.identity("id-one")
    rules = [
        {"name": "packages", "type": "fqdn", "destination": "pypi.org"},
        {
            "name": "factory",
            "type": "service_tag",
            "destination": {"service_tag": "DataFactory", "protocol": "TCP", "port_ranges": "80, 8080"},
        },
    ]
    for row in made.values():
        azure.run(row.module, **row.options)
    # Subnets, other regions and a managed network do not go together, but an export reads all of them.
    document = azure.app.store.get(WORKSPACE_ID)
    inactive = {"status": "Inactive", "sparkReady": False}
    document["properties"]["managedNetwork"] = {"isolationMode": "AllowOnlyApprovedOutbound", "status": inactive}
    azure.app.store.put(WORKSPACE_ID, document)
    azure.run(
        "aml_workspace",
        name=WORKSPACE,
        display_name="Shown",
        description="For tests",
        tags={"team": "vision"},
        public_network_access="enabled",
        identity={"type": "system_assigned,user_assigned", "user_assigned_identities": [identity]},
        primary_user_assigned_identity=identity,
        image_build_compute="builder",
        serverless_compute={"custom_subnet": azure.subnet(), "no_public_ip": True},
        managed_network={"isolation_mode": "allow_only_approved_outbound", "outbound_rules": rules},
        provision_network=True,
        include_spark=True,
    )
    return made


def values(tree: t.Any) -> t.Iterator[t.Any]:
    if isinstance(tree, dict):
        for below in tree.values():
            yield from values(below)
    elif isinstance(tree, list) and tree:
        for below in tree:
            yield from values(below)
    else:
        yield tree


def test_an_export_says_nothing_about_options_that_no_one_set(azure: Azure) -> None:
    azure.run("aml_workspace", name=WORKSPACE, description="Plain")
    azure.run("aml_compute_cluster", name="cpu", size="Standard_DS2_v2", max_instances=2)
    azure.run("aml_compute_instance", name="ci-one", size="Standard_DS2_v2")
    for list_ in (
        "aml_connections",
        "aml_datastores",
        "aml_online_endpoints",
        "aml_online_deployments",
        "aml_batch_endpoints",
        "aml_batch_deployments",
    ):
        module, options = OTHER_LISTS[list_]
        azure.run(module, **options)
    assert azure.run("aml_export_info")["missing"] == []
    azure.run("aml_workspace", name=WORKSPACE, v1_legacy_mode=True)
    (missing,) = azure.run("aml_export_info")["missing"]
    assert (missing["name"], missing["option"], missing["kind"]) == (WORKSPACE, "v1_legacy_mode", "no_counterpart")


def test_an_allow_list_without_addresses_is_in_no_file_of_the_cli(azure: Azure) -> None:
    """Its schema refuses one where others are denied (azure-ai-ml, NetworkAclsSchema): our own options have it, and the file can be applied."""
    azure.run("aml_workspace", name=WORKSPACE, network_acls={"default_action": "deny", "ip_rules": []})
    exported = azure.run("aml_export_info", computes=[])
    assert exported["vars"]["aml_workspace"]["network_acls"]["default_action"] == "deny"
    assert [(row["option"], row["kind"]) for row in exported["missing"]] == [("network_acls", "no_counterpart")]
    (text,) = exported["cli_yaml"].values()
    assert azure.run("aml_workspace", definition=text)["changed"] is False and azure.writes == []


def test_the_hub_of_a_project_has_the_name_that_a_project_needs() -> None:
    """Or ``az ml workspace create -f`` refuses the file, and so does our own ``definition``."""
    hub = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/hub"
    exported = export.Export()
    exported.add_workspace(Workspace(), {"name": "a-project", "kind": "Project", "properties": {"hubResourceId": hub}})
    written = yaml.safe_load(exported.files["workspace.yml"])
    # azure-ai-ml demands this name of a project; workspace_hub is its deprecated one, of other workspaces.
    assert written["hub_id"] == hub == exported.vars["aml_workspace"]["hub_id"]


def test_the_name_in_the_cli_is_one_that_the_module_takes_too() -> None:
    for kind in (*INFO_KINDS.values(), Workspace()):
        for row in (row for row in kind.fields if row.cli_name):
            assert row.spec is not None and row.cli_name in row.spec["aliases"]


def test_export_then_apply_changes_nothing(azure: Azure, world: dict[str, Declaration]) -> None:
    exported = azure.run("aml_export_info")
    assert azure.writes == [] and "planted" not in azure.text
    found = exported["vars"]
    assert (found.pop("aml_subscription_id"), found.pop("aml_resource_group"), found.pop("aml_location")) == (
        SUBSCRIPTION,
        GROUP,
        "eastus",
    )
    assert not [value for value in values(found) if value in (None, [], {}, "")]
    done = azure.run("aml_workspace", **found.pop("aml_workspace"))
    assert done["changed"] is False, done["plan"]
    applied = set()
    for name, rows in found.items():
        for row in rows:
            done = azure.run(MODULES[name], **row)
            assert done["changed"] is False, (row, done["plan"])
            applied.add(row["name"])
    assert applied == {row.options["name"] for row in world.values()}


def test_each_other_list_is_exported_and_applied(azure: Azure) -> None:
    assert {*OTHER_LISTS} == {f"aml_{name}" for name in OTHERS}
    azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=1)
    for module, options in OTHER_LISTS.values():
        azure.run(module, **options)
    found = azure.run("aml_export_info")["vars"]
    assert azure.writes == []
    for variable, (module, options) in OTHER_LISTS.items():
        named = {name: options[name] for name in ("name", "endpoint_name", "role", "principal_id") if name in options}
        (row,) = [row for row in found[variable] if named.items() <= row.items()]
        done = azure.run(module, **row)
        assert done["changed"] is False and azure.writes == [], (row, done["plan"])


def test_what_templates_of_other_people_created_is_exported_and_applied(azure: Azure) -> None:
    """A template as people write them, and one with what Bicep makes of a module: the templates of `make clients`."""
    module = relaxed_json.loads((TEMPLATES / "module.parameters.json").read_bytes())["parameters"]
    for name, parameters in (
        ("workspace.json", {"name": {"value": "ws-clients"}}),
        ("module.json", {"workspace": {"value": "ws-clients"}, **module}),
    ):
        template = relaxed_json.loads((TEMPLATES / name).read_bytes())
        body = {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}
        address = f"{GROUP_ID}/providers/Microsoft.Resources/deployments/{name.partition('.')[0]}"
        azure.arm("PUT", address, body, "2024-03-01")
        done = azure.get(address, "2024-03-01")["properties"]
        assert done["provisioningState"] == "Succeeded", done.get("error")
    exported = azure.run("aml_export_info", workspace="ws-clients")
    assert not [row for row in exported["missing"] if "no option" in row["reason"]]
    found = exported["vars"]
    assert {row["name"] for row in found["aml_clusters"]} == {"cpu-clients", "cpu-second"}
    done = azure.run("aml_workspace", **found["aml_workspace"])
    assert done["changed"] is False, done["plan"]
    for row in found["aml_clusters"]:
        done = azure.run("aml_compute_cluster", **{**row, "workspace": "ws-clients"})
        assert done["changed"] is False, (row, done["plan"])


# As terraform-provider-azurerm creates a workspace (machine_learning_workspace_resource.go), and as the workspace module of Azure Verified Modules does: with
# null for what is not set. The service's spelling of each value may be another one.
AZURERM = {
    "kind": "Default",
    "sku": {"name": "Basic", "tier": "Basic"},
    "tags": {"made": "by azurerm"},
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "managedNetwork": {"isolationMode": "AllowInternetOutbound"},
        "publicNetworkAccess": "Enabled",
        "enableServiceSideCMKEncryption": False,
        "systemDatastoresAuthMode": "AccessKey",
        "v1LegacyMode": False,
        "friendlyName": "Shown",
        "hbiWorkspace": True,
        "serverlessComputeSettings": {"serverlessComputeNoPublicIP": True},
    },
}
_UNSET = """containerRegistry description discoveryUrl encryption imageBuildCompute primaryUserAssignedIdentity
serviceManagedResourcesSettings featureStoreSettings hubResourceId serverlessComputeSettings workspaceHubConfig""".split()
AVM = {
    "kind": "Default",
    "sku": {"name": "Standard", "tier": "Standard"},
    "tags": {"hidden-title": "This is visible in the resource name", "Environment": "Non-Prod"},
    "identity": {"type": "SystemAssigned", "userAssignedIdentities": None},
    "properties": {
        **dict.fromkeys(_UNSET),
        "friendlyName": "ws-others",
        "hbiWorkspace": False,
        "publicNetworkAccess": "Disabled",
        "systemDatastoresAuthMode": "identity",
        "managedNetwork": {
            "isolationMode": "AllowOnlyApprovedOutbound",
            "outboundRules": {
                "rule2": {"type": "FQDN", "destination": "pypi.org", "category": "UserDefined"},
                "rule3": {
                    "type": "ServiceTag",
                    "destination": {"serviceTag": "AppService", "portRanges": "80,443", "protocol": "TCP"},
                    "category": "UserDefined",
                },
            },
        },
    },
}


# What Terraform then puts into its workspace: resources of azurerm, with their defaults, and a connection by azapi.
_ML, _STORAGE = "2025-06-01", f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stwstest"
_SKU = {"name": "Basic", "tier": "Basic"}
TERRAFORM: dict[str, tuple[str, dict[str, t.Any]]] = {
    "/computes/cpu": (
        _ML,
        {
            "location": "eastus",
            "sku": _SKU,
            "tags": {"made": "by azurerm"},
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "computeType": "AmlCompute",
                "computeLocation": "eastus",
                "description": "",
                "disableLocalAuth": False,
                "properties": {
                    "vmSize": "Standard_DS2_v2",
                    "vmPriority": "LowPriority",
                    "scaleSettings": {"maxNodeCount": 1, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT30S"},
                    "remoteLoginPortPublicAccess": "Disabled",
                    "enableNodePublicIp": True,
                },
            },
        },
    ),
    "/computes/box": (
        _ML,
        {
            "location": "eastus",
            "tags": {},
            "properties": {
                "computeType": "ComputeInstance",
                "description": "",
                "disableLocalAuth": False,
                "properties": {
                    "vmSize": "Standard_DS2_v2",
                    "sshSettings": {"sshPublicAccess": "Disabled"},
                    "enableNodePublicIp": True,
                    "computeInstanceAuthorizationType": "personal",
                },
            },
        },
    ),
    "/datastores/raw": (
        f"{_ML}&skipValidation=true",
        {
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": "stwstest",
                "containerName": "raw",
                "endpoint": "core.windows.net",
                "description": "",
                "isDefault": False,
                "serviceDataAccessAuthIdentity": "None",
                "tags": {},
                "credentials": {
                    "credentialsType": "AccountKey",
                    "secrets": {"secretsType": "AccountKey", "key": "planted-key"},
                },
            }
        },
    ),
    "/connections/packages": (
        _ML,
        {"properties": {"category": "PythonFeed", "target": "https://example.org", "authType": "None"}},
    ),
    "/outboundRules/data": (
        _ML,
        {
            "properties": {
                "type": "PrivateEndpoint",
                "category": "UserDefined",
                "destination": {"serviceResourceId": _STORAGE, "subresourceTarget": "blob", "sparkEnabled": False},
            }
        },
    ),
    "/providers/Microsoft.Insights/diagnosticSettings/to-storage": (
        "2021-05-01-preview",
        {
            "properties": {
                "storageAccountId": _STORAGE,
                "logs": [{"categoryGroup": "allLogs", "enabled": True}],
                "metrics": [{"category": "AllMetrics", "enabled": True}],
            }
        },
    ),
    "/providers/Microsoft.Authorization/roleAssignments/5eed5eed-0000-4000-8000-000000000001": (
        "2022-04-01",
        {
            "properties": {
                "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
                "/f6c7c914-8db3-469d-8ca1-694a8f32e121",
                "principalId": "11111111-0000-4000-8000-0000000000ff",
                "principalType": "Group",
            }
        },
    ),
}


@pytest.mark.parametrize(("body", "version"), [(AZURERM, _ML), (AVM, "2024-04-01-preview")], ids=["azurerm", "avm"])
def test_a_workspace_of_another_tool_is_exported_and_applied(
    azure: Azure, body: dict[str, t.Any], version: str
) -> None:
    """With all that is in it: alone, as a fleet, and as YAML of the CLI, each with reads alone."""
    resources = azure.app.store.get(WORKSPACE_ID)["properties"]
    used = {name: resources[name] for name in ("storageAccount", "keyVault", "applicationInsights")}
    sent = {**body, "location": "eastus", "properties": {**body["properties"], **used}}
    place = WORKSPACE_ID.replace(WORKSPACE, "ws-others")
    azure.arm("PUT", place, sent, version)
    for path, (spoken, document) in TERRAFORM.items():
        azure.arm("PUT", place + path, document, spoken)
    exported = azure.run("aml_export_info", workspace="ws-others")
    assert {row["option"] for row in exported["missing"] if "no option" in row["reason"]} <= {"sku"}
    fleet = exported["fleet"]
    in_fleet = [name for name, rows in fleet.items() if isinstance(rows, list) and rows]
    assert sorted(in_fleet) == ["computes", "connections", "datastores", "diagnostic_settings", "role_assignments"]
    assert {rule["name"] for rule in exported["vars"]["aml_workspace"]["managed_network"]["outbound_rules"]} >= {"data"}
    assert azure.writes == [] and "planted" not in azure.text
    for module, options in (
        ("aml_workspace", exported["vars"]["aml_workspace"]),
        ("aml_workspace", {"definition": exported["cli_yaml"]["workspace.yml"]}),
        ("aml_fleet", {"workspaces": [fleet]}),
    ):
        done = azure.run(module, **options)
        assert done["changed"] is False, done.get("plan", done.get("table"))
        assert {request.method for request in azure.sent} == {"GET"}


def test_the_file_of_a_feature_store_is_one_of_its_own_schema(azure: Azure) -> None:
    """``az ml workspace create -f`` refuses the kind."""
    resources = azure.app.store.get(WORKSPACE_ID)["properties"]
    used = {name: resources[name] for name in ("storageAccount", "keyVault", "applicationInsights")}
    settings = {"computeRuntime": {"sparkRuntimeVersion": "3.4"}, "offlineStoreConnectionName": "offline"}
    body = {"location": "eastus", "kind": "FeatureStore", "identity": {"type": "SystemAssigned"}}
    azure.arm(
        "PUT",
        WORKSPACE_ID.replace(WORKSPACE, "ws-store"),
        {**body, "properties": {**used, "featureStoreSettings": settings}},
        _ML,
    )
    exported = azure.run("aml_export_info", workspace="ws-store")
    text = exported["cli_yaml"]["workspace.yml"]
    written = yaml.safe_load(text)
    assert written["$schema"].endswith("FeatureStore.json") and "kind" not in written
    assert written["compute_runtime"] == {"spark_runtime_version": "3.4"}
    omitted = {row["option"] for row in exported["missing"]}
    assert omitted == {"feature_store_settings.offline_store_connection_name", "system_datastores_auth_mode"}
    for options in ({"definition": text}, exported["vars"]["aml_workspace"]):
        done = azure.run("aml_workspace", **options)
        assert done["changed"] is False and azure.writes == [], done["plan"]
    planned = azure.run("aml_workspace", definition=text.replace("3.4", "3.5"), check=True)
    assert [row["field"] for row in planned["plan"]["changes"]] == ["feature_store_settings.spark_runtime_version"]


def test_every_option_is_exported_or_named_as_missing(azure: Azure, world: dict[str, Declaration]) -> None:
    """A target that is deleted and declared from its export has all that it had, but for what the service never tells."""
    exported = azure.run("aml_export_info")
    wanted = {row.options["name"]: row.options for row in world.values()}
    for rows in (exported["vars"][name] for name in MODULES):
        for row in rows:
            told = {item["option"].partition(".")[0] for item in exported["missing"] if item["name"] == row["name"]}
            assert set(wanted[row["name"]]) - set(row) <= told, row["name"]


def test_export_to_the_cli_and_back_changes_nothing(azure: Azure, world: dict[str, Declaration]) -> None:
    exported = azure.run("aml_export_info")
    files = exported["cli_yaml"]
    done = azure.run("aml_workspace", definition=files.pop("workspace.yml"))
    assert done["changed"] is False, done["plan"]
    for text in files.values():
        done = azure.run(TYPES[yaml.safe_load(text)["type"]], definition=text)
        assert done["changed"] is False, (text, done["plan"])
    in_cli = {
        row.options["name"]
        for row in world.values()
        if row.options.get("type") in TYPES or row.module in ("aml_compute_cluster", "aml_compute_instance")
    }
    assert {yaml.safe_load(text)["name"] for text in files.values()} == in_cli


def test_what_no_option_covers_is_named_at_its_place(azure: Azure, world: dict[str, Declaration]) -> None:
    def missing() -> set[tuple[str, str]]:
        rows = azure.run("aml_export_info")["missing"]
        return {(row["name"], row["option"]) for row in rows if "no option" in row["reason"]}

    assert missing() == set(), "the options cover what they have made"
    planted: dict[str, dict[str, t.Any]] = {
        WORKSPACE_ID: {"properties.serviceManagedResourcesSettings": {"cosmosDb": {"collectionsThroughput": 400}}, "sku.tier": "Premium"},
        f"{WORKSPACE_ID}/computes/low-cluster": {"properties.properties.virtualMachineImage": {"id": "image"}},
        f"{WORKSPACE_ID}/computes/small-instance": {
            "properties.properties.customServices": [{"name": "app", "image": {"reference": "a"}, "kernel": {"language": "python"}}]
        },
    }  # fmt: skip
    for path, values_by_place in planted.items():
        document = azure.app.store.get(path)
        for place, value in values_by_place.items():
            paths.set_path(document, place, value)
        azure.app.store.put(path, document)
    assert missing() == {
        (WORKSPACE, "serviceManagedResourcesSettings"),
        (WORKSPACE, "sku"),
        ("low-cluster", "virtualMachineImage"),
        ("small-instance", "customServices[].kernel"),
    }


def test_secrets_are_named_and_not_told(azure: Azure, world: dict[str, Declaration]) -> None:
    exported = azure.run("aml_export_info", computes=["pass-cluster"])
    (secret,) = [row for row in exported["missing"] if row["name"] == "pass-cluster"]
    assert secret["option"] == "ssh_settings.admin_password"
    assert exported["cli_yaml"]["pass-cluster.yml"].startswith("# ssh_settings.admin_password: not exported\n")
    assert [row["name"] for row in exported["vars"]["aml_clusters"]] == ["pass-cluster"]


def test_a_virtual_machine_whose_user_is_not_told_has_a_file_that_the_cli_takes(azure: Azure) -> None:
    machine = azure.resource(
        "Microsoft.Compute/virtualMachines",
        "vm",
        {"properties": {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}}},
        "2024-07-01",
    )
    azure.run("aml_attached_compute", name="machine", type="virtualmachine", resource_id=machine)
    exported = azure.run("aml_export_info", computes=["machine"])
    text = exported["cli_yaml"]["machine.yml"]
    assert "ssh_settings" not in yaml.safe_load(text) and [
        row["option"] for row in exported["missing"] if row["name"] == "machine"
    ] == ["ssh_settings"]
    assert azure.run("aml_attached_compute", definition=text)["changed"] is False
    # What the CLI's schema lets pass and its classes break on.
    failed = azure.run("aml_attached_compute", definition=f"{text}ssh_settings: {{ssh_port: 22}}\n", ok=False)
    assert failed["failure"]["code"] == "InvalidDefinition" and "admin_username" in failed["msg"] and azure.sent == []


def test_what_is_not_there(azure: Azure) -> None:
    assert azure.run("aml_export_info", computes=["nobody"], ok=False)["failure"]["details"] == ["nobody"]
    assert azure.run("aml_export_info", workspace="ws-nowhere", ok=False)["failure"]["code"] == "ResourceNotFound"
    assert set(azure.run("aml_export_info", computes=[])["cli_yaml"]) == {"workspace.yml"}


def test_who_may_not_read_the_resource_group_gets_the_workspaces_region(azure: Azure) -> None:
    group = f"/resourceGroups/{GROUP}$"
    azure.app.faults.put([{"kind": "status", "status": 403, "match": {"method": "GET", "path": group}}])
    assert azure.run("aml_export_info")["vars"]["aml_location"] == "eastus"
    azure.app.faults.put(
        [{"kind": "status", "status": 400, "code": "BadRequest", "match": {"method": "GET", "path": group}}]
    )
    assert azure.run("aml_export_info", ok=False)["failure"]["code"] == "BadRequest"


def test_what_no_module_keeps_is_named_and_not_exported() -> None:
    made = export.Export()
    made.add(COMPUTES, {"name": "future", "properties": {"computeType": "QuantumMachine", "properties": {"qubits": 7}}})
    assert made.files == {} and made.vars == {}
    [missing] = made.missing
    assert (missing["name"], missing["reason"]) == ("future", "no module of this collection keeps a quantummachine")


def test_a_document_without_its_name_is_an_unexpected_answer_and_costs_a_named_target_alone(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cpu-a", "cpu-b"):
        azure.run("aml_compute_cluster", name=name, size="Standard_DS2_v2", max_instances=1)
    handle = azure.app.handle
    strange = "/computes/cpu-b"

    def changed(request: t.Any) -> t.Any:
        answer = handle(request)
        if request.path.endswith(strange):
            answer.raw = b'{"a": 1}'
        return answer

    monkeypatch.setattr(azure.app, "handle", changed)
    found = azure.run("aml_export_info", computes=["cpu-a", "cpu-b"])
    assert [compute["name"] for compute in found["fleet"]["computes"]] == ["cpu-a"]
    assert [failure["code"] for failure in found["failures"]] == ["UnexpectedAnswer"] and found["failures"][0][
        "target"
    ].endswith(strange)
    strange = f"/workspaces/{WORKSPACE}"
    assert azure.run("aml_export_info", ok=False)["failure"]["code"] == "UnexpectedAnswer"


def test_what_is_missing_says_what_to_do_with_it(azure: Azure) -> None:
    """What a user fills in is apart from what a file has no place for, what exists separately, and what failed."""
    identity = azure.resource("Microsoft.ManagedIdentity/userAssignedIdentities", "id-a", {}, "2023-01-31")
    used = {"type": "user_assigned", "user_assigned_identities": [identity]}
    azure.run("aml_compute_cluster", name="cpu-id", size="Standard_DS2_v2", max_instances=1, identity=used)
    order = {
        "kind": "failed_operation",
        "match": {"path": "cpu-bad"},
        "count": 1,
        "code": "Broken",
        "message": "It broke.",
    }
    azure.app.faults.put([order])
    azure.run("aml_compute_cluster", name="cpu-bad", size="Standard_DS2_v2", max_instances=1, ok=False)
    azure.arm("PATCH", WORKSPACE_ID, {"properties": {"ipAllowlist": ["203.0.113.0/24"]}}, "2024-10-01-preview")
    found = {(item["name"], item["option"], item["kind"]) for item in azure.run("aml_export_info")["missing"]}
    assert {
        ("cpu-id", "identity.user_assigned_identities", "separate"),
        ("cpu-bad", "", "not_succeeded"),
        (WORKSPACE, "ipAllowlist", "no_counterpart"),
    } <= found


# --- datastores ---

PRINCIPAL = {
    "tenant_id": "11111111-0000-4000-8000-000000000001",
    "client_id": "11111111-0000-4000-8000-000000000002",
    "client_secret": "planted-secret",
}
STORES: list[dict[str, t.Any]] = [
    {"name": "blob", "type": "azure_blob", "account_name": "stdata", "container_name": "training", "tags": {"a": "b"}},
    {"name": "keyed", "type": "azure_file", "account_name": "stdata", "file_share_name": "share", "credentials": {"account_key": "planted-key-1=="}},
    {"name": "lake", "type": "azure_data_lake_gen2", "account_name": "stlake", "filesystem": "raw", "credentials": PRINCIPAL, "description": "x"},
    {"name": "house", "type": "one_lake", "one_lake_workspace_name": "fabric", "artifact": {"name": "house"}, "endpoint": "onelake.example.org"},
    {"name": "read_by_service", "type": "azure_blob", "account_name": "stdata", "container_name": "raw",
     "service_data_access_auth_identity": "workspace_system_assigned_identity"},
]  # fmt: skip


@pytest.fixture
def stores(azure: Azure) -> dict[str, t.Any]:
    """What is exported of a workspace with datastores, one of which has the name of a compute target."""
    for row in STORES:
        azure.run("aml_datastore", **row)
    azure.run("aml_compute_cluster", name="blob", size="Standard_DS2_v2", max_instances=1)
    exported = azure.run("aml_export_info")
    assert azure.writes == [] and "planted" not in azure.text
    return exported


def test_datastores_are_exported_and_then_unchanged(azure: Azure, stores: dict[str, t.Any]) -> None:
    rows = stores["vars"]["aml_datastores"]
    # The service's own are no one's declaration.
    assert [row["name"] for row in rows] == sorted(row["name"] for row in STORES)
    assert stores["fleet"]["datastores"] == rows and not [
        value for value in values(rows) if value in (None, [], {}, "")
    ]
    for row in rows:
        assert azure.run("aml_datastore", **row)["changed"] is False
    done = azure.run("aml_fleet", workspaces=[stores["fleet"]])
    assert done["totals"] == {"targets": len(STORES) + 1, "failed": 0, "none": len(STORES) + 1}


def test_files_of_datastores_are_the_clis(azure: Azure, stores: dict[str, t.Any]) -> None:
    files = {name: text for name, text in stores["cli_yaml"].items() if name not in ("workspace.yml", "blob.yml")}
    assert set(files) == {"blob.datastore.yml", "keyed.yml", "lake.yml", "house.yml", "read_by_service.yml"}
    for text in files.values():
        assert azure.run("aml_datastore", definition=text)["changed"] is False
    assert files["keyed.yml"].startswith("# credentials.account_key: not exported\n")
    assert "credentials" not in yaml.safe_load(files["keyed.yml"])


def test_a_secret_has_a_placeholder_that_is_never_sent(azure: Azure, stores: dict[str, t.Any]) -> None:
    rows = {row["name"]: row for row in stores["vars"]["aml_datastores"]}
    assert rows["keyed"]["credentials"] == {"account_key": redact.PLACEHOLDER}
    assert rows["lake"]["credentials"] == {**PRINCIPAL, "client_secret": redact.PLACEHOLDER}
    assert {(row["name"], row["option"]) for row in stores["missing"] if row["kind"] == "fill_in"} == {
        ("keyed", "credentials.account_key"),
        ("lake", "credentials.client_secret"),
    }
    azure.run("aml_datastore", name="keyed", state="absent")
    failed = azure.run("aml_datastore", **rows["keyed"], ok=False)
    assert failed["failure"]["code"] == "SecretNeeded" and "placeholder" in failed["msg"] and azure.writes == []
    azure.run("aml_datastore", **{**rows["keyed"], "credentials": {"account_key": "filled-in-key=="}})


def test_one_datastore_by_name(azure: Azure, stores: dict[str, t.Any]) -> None:
    exported = azure.run("aml_export_info", datastores=["lake"])
    assert set(exported["cli_yaml"]) == {"workspace.yml", "lake.yml"}
    assert set(azure.run("aml_export_info", computes=["blob"])["cli_yaml"]) == {"workspace.yml", "blob.yml"}
    assert azure.run("aml_export_info", datastores=["nobody"], ok=False)["failure"]["details"] == ["nobody"]


def test_the_default_datastore_and_what_has_no_option_are_named(azure: Azure) -> None:
    azure.run("aml_datastore", **STORES[0])
    document = azure.app.store.get(f"{WORKSPACE_ID}/datastores/blob")
    document["properties"].update(isDefault=True, properties={"kept": "by someone"})
    azure.app.store.put(f"{WORKSPACE_ID}/datastores/blob", document)
    exported = azure.run("aml_export_info")
    assert "is_default" not in exported["vars"]["aml_datastores"][0]
    named = {(row["option"], row["kind"]) for row in exported["missing"] if row["name"] == "blob"}
    assert named == {("is_default", "no_counterpart"), ("properties", "no_counterpart")}


def test_who_may_not_read_datastores_gets_an_export_without_them(azure: Azure) -> None:
    azure.run("aml_datastore", **STORES[0])
    match = {"method": "GET", "path": "/datastores"}
    refusal = {"kind": "status", "status": 403, "code": "AuthorizationFailed", "match": match}
    azure.app.faults.put([refusal])
    exported = azure.run("aml_export_info")
    assert "aml_datastores" not in exported["vars"] and "without datastores" in str(exported["warnings"])
    azure.app.faults.put([refusal])
    assert azure.run("aml_export_info", datastores=["blob"], ok=False)["failure"]["code"] == "AuthorizationFailed"


def test_a_subscription_without_the_provider_of_diagnostic_settings_gets_an_export(azure: Azure) -> None:
    match = {"method": "GET", "path": "/diagnosticSettings"}
    code = "MissingSubscriptionRegistration"
    azure.app.faults.put([{"kind": "status", "status": 409, "code": code, "match": match}])
    exported = azure.run("aml_export_info")
    assert "aml_diagnostic_settings" not in exported["vars"] and code in str(exported["warnings"])


def test_its_files_are_private_and_written_where_they_differ(azure: Azure, tmp_path: Path) -> None:
    azure.run("aml_compute_cluster", name="cpu-a", size="Standard_DS3_v2", max_instances=1)
    folder = tmp_path / "new" / "ws"
    planned = azure.run("aml_export_info", check=True, export_folder=str(folder))
    assert planned["changed"] and not folder.exists()
    exported = azure.run("aml_export_info", export_folder=str(folder), diff=True)
    assert exported["written"] == planned["written"] == [row["after_header"] for row in exported["diff"]]
    texts = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert texts.pop("workspace.yml").endswith(vars_file.dump(exported["vars"]))
    assert texts == {f"cli/{name}": text for name, text in exported["cli_yaml"].items()}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (folder.parent, folder, folder / "cli")} == {0o700}

    again = azure.run("aml_export_info", export_folder=str(folder))
    assert (again["changed"], again["written"]) == (False, [])
    (folder / "own.yml").write_text("mine")
    (folder / "workspace.yml").chmod(0o644)
    (folder / "cli" / "cpu-a.yml").write_text("of someone else")
    one = azure.run("aml_export_info", export_folder=str(folder), write_cli_yaml=False)
    assert one["written"] == [str(folder / "workspace.yml")]
    assert (folder / "workspace.yml").stat().st_mode & 0o777 == 0o600
    assert (folder / "own.yml").read_text() == "mine"
    assert (folder / "cli" / "cpu-a.yml").read_text() == "of someone else"


def test_what_it_does_not_export_is_a_comment_of_its_vars_file(azure: Azure, tmp_path: Path) -> None:
    settings = {"admin_username": "azureuser", "admin_password": "Sup3r-Secret-Passw0rd"}
    azure.run("aml_compute_cluster", name="cpu-a", size="Standard_DS3_v2", max_instances=1, ssh_settings=settings)
    missing = azure.run("aml_export_info", export_folder=str(tmp_path))["missing"]
    text = (tmp_path / "workspace.yml").read_text()
    assert missing and all(f"# {row['name']}: {row['option']}: {row['reason']}\n" in text for row in missing)


def test_a_folder_that_cannot_be_written_is_said(azure: Azure, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failure = azure.run("aml_export_info", export_folder=str(tmp_path / "file"), ok=False)["failure"]
    assert failure["code"] == "FileNotWritable" and failure["hint"] == "Correct export_folder."
