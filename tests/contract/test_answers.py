# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every body that the simulator answers with is one that Azure's types describe, or differs in what is listed here with its evidence."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import (  # pylint: disable=unused-import
    GROUP_ID,
    ML,
    SUBSCRIPTION,
    WORKSPACE_ID,
    Azure,
    azure,  # noqa: F401
)
from ansible_collections.azureml.compute.tests.support.declarations import declarations
from ansible_collections.azureml.compute.tests.support.official_types import PREVIEW, SECRET, STABLE, Types
from azureml_simulator.app import App
from azureml_simulator.providers.machine_learning.computes import KINDS as KIND_CLASSES

LOCATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus"
KINDS = [kind.name for kind in KIND_CLASSES]
# Where an answer's body, or each item of its list, has a type.
_ML = "/Microsoft.MachineLearningServices/workspaces"
ANSWERS: list[tuple[str, str, str]] = [
    ("GET", rf"{_ML}(/[^/]+)?$", "workspaces"),
    ("GET PUT PATCH", r"/computes(/[^/]+)?$", "workspaces/computes"),
    ("GET", r"/outboundRules(/[^/]+)?$", "workspaces/outboundRules"),
    ("GET PUT", r"/connections(/[^/]+)?$", "workspaces/connections"),
    ("POST", r"/connections/[^/]+/listsecrets$", "workspaces/connections"),
    ("GET PUT", r"/datastores(/[^/]+)?$", "workspaces/datastores"),
    ("POST", r"/datastores/[^/]+/listSecrets$", "DatastoreSecrets"),
    ("POST", r"/computes/[^/]+/listNodes$", "AmlComputeNodesInformation"),
    ("POST", r"/computes/[^/]+/listKeys$", "ComputeSecrets"),
    ("POST", rf"{_ML}/[^/]+/listKeys$", "ListWorkspaceKeysResult"),
    ("POST", r"/getAllowedVmSizesForResize$", "VirtualMachineSizeListResult"),
    ("GET", r"/vmSizes$", "VirtualMachineSizeListResult"),
    ("POST", r"/updateQuotas$", "UpdateWorkspaceQuotasResult"),
]
SECRETS = ("/listKeys", "/listsecrets", "/listSecrets")

# Where the simulator differs from the types, and why it is right. A kind of compute target, or a type, then the property.
_OUTER = "docs/facts.md a.6 [REC R3, R5]: of 2024 and later; recorded for clusters and instances, the outer properties are all kinds' own"
PATTERN = 'pattern "^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$"'
_WORKSPACE = "docs/facts.md d.2 [REC R10]"
DIFFERENT = {
    **{(f"{kind}: properties.provisioningWarnings", "unknown"): _OUTER for kind in KINDS},
    ("AmlCompute: properties.properties.enableBatchPrivateLink", "unknown"): "docs/facts.md a.6 [REC R5]",
    (
        "AmlCompute: properties.properties.userAccountCredentials.adminUserSshPublicKey",
        SECRET,
    ): "docs/facts.md a.6 [REC R5]: a public key, and shown",
    **{
        (f"ComputeInstance: properties.properties.{name}", "unknown"): "docs/facts.md a.6 [REC R3]"
        for name in ("enableBatchPrivateLink", "imageSku", "imageVersion", "updateStatus")
    },
    **{
        (f"VirtualMachineSizeListResult: value[].{name}", what): "docs/facts.md a.6 [REC R9]"
        for name, what in (
            ("generation", "unknown"),
            ("supportsIB", "unknown"),
            # These types have no number with a fraction.
            ("memoryGB", "float in place of int"),
            ("estimatedVMPrices.values[].retailPrice", "float in place of int"),
        )
    },
    ("AmlComputeNodesInformation: computeType", "unknown"): "docs/facts.md a.1 [REC R7]",
    ("workspaces: etag", "unknown"): _WORKSPACE,
    ("workspaces/datastores: properties.credentials.secrets", "required and not there"): "docs/facts.md g.2 [REC R21]",
    **{
        (f"workspaces: properties.{name}", "unknown"): _WORKSPACE
        for name in (
            "EnableSoftwareBillOfMaterials",
            "creationTime",
            "linkedModelInventoryArmId",
            "managedNetwork.changeableIsolationModes",
            "managedNetwork.enableFirewallLog",
            "sdkTelemetryAppInsightsKey",
            "softDeleteEnabled",
        )
    },
    (
        "workspaces/outboundRules: name",
        PATTERN,
    ): "GUESS: what the service calls its own rules, which nobody may write; the pattern is for ours",
    ("workspaces: properties.systemDatastoresAuthMode", "'accesskey' is none of the values"): _WORKSPACE,
}


def result(app: App, address: str, body: t.Any) -> t.Any:
    """What the Location of a workspace's operation shows when it is over."""
    started = app.call("POST", f"{address}?api-version={ML}", body)
    assert started.status == 202, started.body
    app.clock.advance(60)
    return app.call("GET", started.headers["Location"]).body


class Answers:
    """Looks at every answer of an app on its way out."""

    def __init__(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        self.types, self.found, self.seen = Types(STABLE, PREVIEW), set[tuple[str, str]](), set[str]()
        handle = app.handle

        def watched(request: t.Any) -> t.Any:
            answer = handle(request)
            if answer.status in (200, 201, 202) and isinstance(answer.body, dict):
                self.look(request.method, request.path, json.loads(answer.payload()))
            return answer

        monkeypatch.setattr(app, "handle", watched)

    def look(self, method: str, path: str, body: dict[str, t.Any]) -> None:
        for methods, pattern, name in ANSWERS:
            if method in methods.split() and re.search(pattern, path):
                # A list of resources has no type of its own.
                for one in body["value"] if name.startswith("workspaces") and "value" in body else [body]:
                    self.hold(method, name, one, secrets=path.endswith(SECRETS))

    def hold(self, method: str, name: str, body: dict[str, t.Any], *, secrets: bool = False) -> None:
        """Compare one resource, or one document that is none."""
        about = str(body["properties"]["computeType"]) if name == "workspaces/computes" else name
        self.seen.add(f"{method} {about}")
        self.found |= {
            (f"{about}: {deviation.path}", deviation.what)
            for deviation in self.types.deviations(name, body, secrets=secrets)
        }


@pytest.fixture
def answers(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> Answers:  # noqa: F811
    return Answers(azure.app, monkeypatch)


def test_answers_about_compute_targets(azure: Azure, answers: Answers) -> None:  # noqa: F811
    """Each kind as full and as small as it comes, while it is created, ready, changed, and in the list; nodes, keys and sizes."""
    for row in declarations(azure).values():
        azure.run(row.module, **row.options)
        for change in row.changes:
            azure.run(row.module, name=row.options["name"], **change)
    azure.app.configure({"load": {"small-cluster": {"running_nodes": 1}}})
    azure.app.clock.advance(60)
    listed = azure.get(f"{WORKSPACE_ID}/computes")["value"]
    for document in listed:
        for action, kinds in (("listNodes", ("AmlCompute",)), ("listKeys", ("AKS", "VirtualMachine", "Databricks"))):
            if document["properties"]["computeType"] in kinds:
                assert azure.app.call("POST", f"{document['id']}/{action}?api-version={ML}").status == 200
    assert {f"{method} {kind}" for method in ("PUT", "GET") for kind in KINDS} <= answers.seen
    assert {"PATCH AmlCompute", "POST AmlComputeNodesInformation", "POST ComputeSecrets"} <= answers.seen
    elsewhere = {
        difference
        for difference in DIFFERENT
        if difference[0].startswith(("VirtualMachineSize", "workspaces/outboundRules", "workspaces/datastores"))
    }
    assert answers.found == set(DIFFERENT) - elsewhere


def test_answers_about_a_failed_compute_target(azure: Azure, answers: Answers) -> None:  # noqa: F811
    """provisioningErrors and the inner errors have the types' own form, but for the recorded one of AKS."""
    bodies = {
        "no-quota": ("AmlCompute", {"vmSize": "Standard_NC6s_v3", "scaleSettings": {"maxNodeCount": 1}}),
        "no-priority": (
            "AmlCompute",
            {"vmSize": "Standard_ND96isr_H100_v5", "vmPriority": "LowPriority", "scaleSettings": {"maxNodeCount": 1}},
        ),
        "no-size": ("ComputeInstance", {"vmSize": "Standard_B2s"}),
        "no-cores": ("AKS", {"agentCount": 1, "agentVmSize": "Standard_DS2_v2"}),
    }
    azure.app.configure({"quotas": {"*": {"TotalLowPriorityCores": 1000}}})
    for name, (kind, inner) in bodies.items():
        body = {"location": "eastus", "properties": {"computeType": kind, "properties": inner}}
        assert azure.app.call("PUT", f"{WORKSPACE_ID}/computes/{name}?api-version={ML}", body).status == 201
    azure.app.clock.advance(700)
    shown = {name: azure.compute(name)["properties"] for name in bodies}
    assert [name for name, item in shown.items() if item["provisioningErrors"] or item["properties"]["errors"]] == list(
        bodies
    )
    aks = {
        (f"AKS: properties.provisioningErrors[].{name}", "unknown") for name in ("code", "message", "error.statusCode")
    }
    assert answers.found - set(DIFFERENT) == aks, "docs/facts.md b.1 [ISS azure-cli-extensions#515]"


def test_answers_about_workspaces(azure: Azure, answers: Answers) -> None:  # noqa: F811
    """Every kind of workspace, a managed network with its rules, connections, keys and what the operations give back."""
    dependents = {
        name: azure.get(WORKSPACE_ID)["properties"][name]
        for name in ("storageAccount", "keyVault", "applicationInsights")
    }
    base = WORKSPACE_ID.rpartition("/")[0]
    kinds: list[tuple[str, dict[str, t.Any]]] = [
        ("hub", dependents),
        ("project", {"hubResourceId": f"{base}/new-hub"}),
        ("featurestore", dependents),
    ]
    for kind, properties in kinds:
        body = {"location": "eastus", "kind": kind, "identity": {"type": "SystemAssigned"}, "properties": properties}
        azure.arm("PUT", f"{base}/new-{kind}", body)
    user = {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {azure.identity("id-one"): {}}}
    fqdn, tag = (
        {"type": "FQDN", "destination": "pypi.org"},
        {"serviceTag": "DataFactory", "protocol": "TCP", "portRanges": "80"},
    )
    network = {
        "isolationMode": "AllowOnlyApprovedOutbound",
        "outboundRules": {"pypi": fqdn, "tag": {"type": "ServiceTag", "destination": tag}},
    }
    serverless = {"serverlessComputeNoPublicIP": False}
    azure.arm(
        "PATCH",
        WORKSPACE_ID,
        {"identity": user, "properties": {"managedNetwork": network, "serverlessComputeSettings": serverless}},
    )
    connection = {"authType": "ApiKey", "category": "OpenAI", "target": "https://x", "credentials": {"key": "planted"}}
    azure.arm("PUT", f"{WORKSPACE_ID}/connections/open", {"properties": connection})
    azure.run(
        "aml_datastore",
        name="keyed",
        type="azure_blob",
        account_name="stdata",
        container_name="training",
        credentials={"account_key": "planted"},
    )
    paths = ("/connections", "/connections/open", "/datastores", "/datastores/keyed")
    for path in ("", "/outboundRules", "/outboundRules/pypi", *paths):
        assert azure.app.call("GET", f"{WORKSPACE_ID}{path}?api-version={ML}").status == 200
    listed = azure.get(f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces")["value"]
    assert {document["kind"] for document in listed} == {"Default", "Hub", "Project", "FeatureStore"}
    for path in ("/listKeys", "/connections/open/listsecrets", "/datastores/keyed/listSecrets"):
        assert azure.app.call("POST", f"{WORKSPACE_ID}{path}?api-version={ML}").status == 200
    answers.hold(
        "result",
        "ManagedNetworkProvisionStatus",
        result(azure.app, f"{WORKSPACE_ID}/provisionManagedNetwork", {"includeSpark": True}),
    )
    azure.app.store.delete(dependents["storageAccount"])
    diagnosis = result(azure.app, f"{WORKSPACE_ID}/diagnose", {})
    assert diagnosis["value"]["storageAccountResults"]
    answers.hold("result", "DiagnoseResponseResult", diagnosis)
    assert {
        "GET workspaces/outboundRules",
        "GET workspaces/connections",
        "GET workspaces/datastores",
        "PUT workspaces/datastores",
        "POST DatastoreSecrets",
        "POST ListWorkspaceKeysResult",
    } <= answers.seen
    assert answers.found == {difference for difference in DIFFERENT if difference[0].startswith("workspaces")}


def test_answers_about_a_location(azure: Azure, answers: Answers) -> None:  # noqa: F811
    """Sizes are a type of previews alone; usages and quotas are none: docs/facts.md a.6 [REC R9] has them."""
    assert azure.app.call("GET", f"{LOCATION}/vmSizes?api-version={ML}").status == 200
    quota = {
        "id": f"{WORKSPACE_ID}/quotas/standardDSv2Family",
        "type": f"{WORKSPACE_ID}/quotas",
        "limit": 8,
        "unit": "Count",
    }
    assert (
        azure.app.call(
            "POST", f"{LOCATION}/updateQuotas?api-version={ML}", {"value": [quota, {**quota, "id": "none"}]}
        ).status
        == 200
    )
    assert answers.seen == {"GET VirtualMachineSizeListResult", "POST UpdateWorkspaceQuotasResult"}
    assert answers.found == {difference for difference in DIFFERENT if difference[0].startswith("VirtualMachineSize")}
    with pytest.raises(KeyError):
        answers.types.deviations("Usage", {})


def test_every_difference_of_the_list_has_its_evidence() -> None:
    assert [
        difference
        for difference, why in DIFFERENT.items()
        if not re.match(r"docs/facts\.md [a-dg]\.\d \[REC R\d|GUESS: ", why)
    ] == []


def test_the_types_are_not_blind() -> None:
    """What is wrong is found: a name, a type, a value, a bound, a kind, a list, a secret, and what has to be there."""
    types = Types(STABLE, PREVIEW)
    inner = {
        "vmsize": "x",
        "vmPriority": "Cheap",
        "currentNodeCount": "1",
        "errors": {},
        "scaleSettings": {"minNodeCount": True},
        "userAccountCredentials": {"adminUserName": "me", "adminUserPassword": "planted"},
    }
    body = {
        "properties": {"computeType": "AmlCompute", "properties": inner},
        "identity": {"type": "SystemAssigned", "tenantId": "t"},
        "tags": {"a": 1},
    }
    told = {
        f"{deviation.path.removeprefix('properties.properties.')}: {deviation.what}"
        for deviation in types.deviations("workspaces/computes", body)
    }
    pattern = next(count for count in told if count.startswith("identity.tenantId: pattern"))
    assert told - {pattern} == {
        "vmsize: unknown",
        "vmPriority: 'Cheap' is none of the values",
        "currentNodeCount: str in place of int",
        "errors: dict in place of a list",
        "scaleSettings.minNodeCount: bool in place of int",
        "scaleSettings.maxNodeCount: required and not there",
        "userAccountCredentials.adminUserPassword: a secret is shown",
        "identity.tenantId: minLength 36",
        "tags.*: int in place of string",
    }
    assert "'Abacus' is no kind" in {
        deviation.what for deviation in types.deviations("Compute", {"computeType": "Abacus"})
    }
    assert {deviation.path for deviation in types.deviations("AKSSchemaProperties", {"agentCount": -1})} == {
        "agentCount"
    }
