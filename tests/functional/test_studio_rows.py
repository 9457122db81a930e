# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single statements of the studio and its documentation that no other test shows, each by its row of docs/coverage.md."""

from __future__ import annotations

import typing as t
from base64 import b64encode

import pytest
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE_ID, Azure
from azureml_simulator.http import Principal

from .test_cluster import KEY

CLUSTER, INSTANCE, AKS, ATTACHED = (
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_inference_cluster",
    "aml_attached_compute",
)
SIZE = {"size": "Standard_DS3_v2"}
KUBERNETES = "Microsoft.ContainerService/managedClusters"
ELSEWHERE = "22222222-0000-4000-8000-000000000002"


def put(azure: Azure) -> dict[str, t.Any]:
    """The body of the one PUT that was sent."""
    (sent,) = [write for write in azure.writes if write.method == "PUT"]
    body: dict[str, t.Any] = sent.body
    return body


# --- clusters: C10, C12, CC4, K5 ---


def test_a_name_that_is_taken_in_the_region(azure: Azure) -> None:
    """C10: instances of two workspaces of a region cannot have one name."""
    azure.make_workspace("ws-other", "rg-other")
    azure.run(INSTANCE, name="ci-alice", **SIZE, workspace="ws-other", resource_group="rg-other")
    failed = azure.run(INSTANCE, name="ci-alice", **SIZE, ok=False)
    assert failed["failure"]["code"] == "AlreadyExists" and "already in use" in failed["msg"]
    assert "whole region" in failed["failure"]["hint"]
    assert azure.compute("ci-alice")["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(("minimum", "warned"), [(0, False), (1, True)])
def test_minimum_nodes_warn(azure: Azure, minimum: int, warned: bool) -> None:
    """C12: nodes below the minimum are billed when no job runs."""
    done = azure.run(CLUSTER, name="cpu-cluster", **SIZE, min_instances=minimum, max_instances=2)
    assert any("MinimumNodes" in text for text in done["warnings"]) is warned


@pytest.mark.parametrize(
    ("settings", "warned"), [({"admin_password": "Planted-1234"}, True), ({"ssh_key_value": KEY}, False)]
)
def test_a_password_for_the_nodes_warns(azure: Azure, settings: dict[str, str], warned: bool) -> None:
    """T6, K6: keys are recommended."""
    done = azure.run(
        CLUSTER, name="cpu-cluster", **SIZE, max_instances=1, ssh_settings={"admin_username": "azureuser", **settings}
    )
    assert (
        any("PasswordInsteadOfKey" in text for text in done["warnings"]) is warned and "Planted-1234" not in azure.text
    )


@pytest.mark.parametrize(("most", "warned"), [(100, False), (101, True)])
def test_many_nodes_warn(azure: Azure, most: int, warned: bool) -> None:
    """CC4: more than 100 nodes take a ticket."""
    found = azure.run(
        "aml_preflight_info", computes=[{"type": "amlcompute", "name": "cpu-cluster", **SIZE, "max_instances": most}]
    )
    assert ("ManyNodes" in [finding["code"] for finding in found["findings"]]) is warned


def test_a_key_that_is_stored_in_azure(azure: Azure) -> None:
    """K5: the studio's "stored key", by two tasks."""
    key = azure.resource("Microsoft.Compute/sshPublicKeys", "nodes", {"properties": {"publicKey": KEY}}, "2024-07-01")
    (stored,) = azure.run("arm_resource_info", id=key, api_version="2024-07-01")["resources"]
    settings = {"admin_username": "azureuser", "ssh_key_value": stored["properties"]["publicKey"]}
    made = azure.run(CLUSTER, name="cpu-cluster", **SIZE, max_instances=1, ssh_settings=settings)
    assert made["compute"]["ssh_settings"]["ssh_key_value"] == KEY


# --- instances: CI2 to CI16 ---


def test_an_instance_needs_a_size(azure: Azure) -> None:
    """CI3: no default decides what is billed."""
    failed = azure.run(INSTANCE, name="ci-alice", ok=False)
    assert failed["failure"]["code"] == "RequiredForCreation" and "size" in failed["msg"] and azure.writes == []


def test_a_failed_setup_says_why_and_is_made_anew(azure: Azure) -> None:
    """CI2, CI11: storage that cannot be mounted, or a script that fails, leaves an instance that only goes away."""
    options = {"name": "ci-alice", **SIZE, "setup_scripts": {"creation_script": {"path": "Users/alice/setup.sh"}}}
    order = {
        "kind": "failed_operation",
        "match": {"path": "computes/ci-alice"},
        "code": "StorageMountError",
        "message": "Failed to mount storage.",
    }
    azure.app.faults.put([order])
    failed = azure.run(INSTANCE, **options, ok=False)
    assert failed["failure"]["code"] == "StorageMountError" and "Failed to mount storage." in failed["msg"]
    done = azure.run(INSTANCE, **options)
    assert [write.method for write in azure.writes] == ["DELETE", "PUT"] and done["compute"]["state"] == "Running"


SCRIPT = "#!/bin/bash\necho '\u00e9' > /tmp/here\n"


def test_a_script_may_be_given_in_place(azure: Azure) -> None:
    """CI11: inline scripts are base64 for the service, and text for people; the CLI's YAML has no field for them."""
    options = {
        "name": "ci-alice",
        **SIZE,
        "setup_scripts": {
            "creation_script": {"inline": SCRIPT, "timeout_minutes": 5},
            "startup_script": {"path": "s.sh"},
        },
    }
    made = azure.run(INSTANCE, **options)
    scripts = put(azure)["properties"]["properties"]["setupScripts"]["scripts"]
    assert scripts["creationScript"] == {
        "scriptSource": "inline",
        "scriptData": b64encode(SCRIPT.encode()).decode(),
        "timeout": "5m",
    }
    assert scripts["startupScript"] == {"scriptSource": "workspaceStorage", "scriptData": "s.sh"}
    assert made["compute"]["setup_scripts"]["creation_script"]["inline"] == SCRIPT
    assert azure.run(INSTANCE, **options)["changed"] is False
    other = azure.run(INSTANCE, name="ci-alice", setup_scripts={"creation_script": {"inline": "true"}}, ok=False)
    assert (
        other["failure"]["code"] == "ImmutableChange"
        and other["failure"]["details"][0]["field"] == "setup_scripts.creation_script"
    )
    exported = azure.run("aml_export_info")
    (row,) = exported["vars"]["aml_instances"]
    assert row["setup_scripts"]["creation_script"]["inline"] == SCRIPT
    assert "inline" not in exported["cli_yaml"]["ci-alice.yml"] and "s.sh" in exported["cli_yaml"]["ci-alice.yml"]
    assert "setup_scripts.creation_script" in [row["option"] for row in exported["missing"]]


@pytest.mark.parametrize("script", [{}, {"command": "--fast"}, {"path": "a.sh", "inline": "true"}])
def test_a_script_is_one_of_two(azure: Azure, script: dict[str, str]) -> None:
    """CI11: a path, or the text."""
    failed = azure.run(INSTANCE, name="ci-alice", **SIZE, setup_scripts={"startup_script": script}, ok=False)
    assert failed["failure"]["code"] == "InvalidScript" and azure.sent == []


def test_an_instance_in_a_subnet(azure: Azure) -> None:
    """CI5: a network of the workspace's subscription, by names."""
    subnet = azure.subnet()
    made = azure.run(INSTANCE, name="ci-alice", **SIZE, network_settings={"vnet_name": "vnet", "subnet": "training"})
    assert put(azure)["properties"]["properties"]["subnet"] == {"id": subnet}
    assert made["compute"]["network_settings"] == {"subnet": subnet}


def test_an_instance_without_a_public_address(azure: Azure) -> None:
    """CI6: a subnet and a private endpoint, or a managed network."""
    hidden = {"name": "ci-alice", **SIZE, "enable_node_public_ip": False}
    failed = azure.run(INSTANCE, **hidden, ok=False)
    assert failed["failure"]["code"] == "SubnetMissing" and azure.writes == []
    failed = azure.run(INSTANCE, **hidden, network_settings={"subnet": azure.subnet()}, preflight=True, ok=False)
    assert [detail["code"] for detail in failed["failure"]["details"]] == [
        "PrivateEndpointMissing"
    ] and azure.writes == []
    azure.make_workspace("ws-managed", managedNetwork={"isolationMode": "AllowInternetOutbound"})
    made = azure.run(INSTANCE, **hidden, workspace="ws-managed", preflight=True)
    assert made["compute"]["enable_node_public_ip"] is False and made["compute"]["public_ip_address"] is None


def test_an_assigned_user_and_a_personal_policy_are_sent(azure: Azure) -> None:
    """CI7, CI8: an instance for somebody else, whose applications are that user's alone."""
    user = {
        "user_object_id": "00000000-0000-0000-0000-0000000000a1",
        "user_tenant_id": "aaaaaaaa-0000-4000-8000-00000000000a",
    }
    made = azure.run(INSTANCE, name="ci-alice", **SIZE, create_on_behalf_of=user, application_sharing_policy="personal")
    inner = put(azure)["properties"]["properties"]
    assert inner["personalComputeInstanceSettings"] == {
        "assignedUser": {"objectId": user["user_object_id"], "tenantId": user["user_tenant_id"]}
    }
    assert inner["applicationSharingPolicy"] == "Personal"
    assert (
        made["compute"]["create_on_behalf_of"] == user and made["compute"]["application_sharing_policy"] == "personal"
    )


@pytest.mark.parametrize("type_", ["none", "system_assigned", "user_assigned"])
def test_idle_shutdown_with_an_identity_warns(azure: Azure, type_: str) -> None:
    """CI10, CI13: with a managed identity, an instance stops by itself only if that is a Contributor."""
    identity: dict[str, t.Any] = {"type": type_}
    if type_ == "user_assigned":
        identity["user_assigned_identities"] = [azure.identity("id-alice")]
    made = azure.run(INSTANCE, name="ci-alice", **SIZE, idle_time_before_shutdown_minutes=30, identity=identity)
    assert any("IdleShutdownNeedsPermission" in text for text in made["warnings"]) is (type_ != "none")
    shown = made["compute"]["identity"]
    assert shown is None if type_ == "none" else shown["type"] == type_ and shown["default"]["principal_id"]


def test_the_age_of_an_instances_image(azure: Azure) -> None:
    """CI16: only a new instance has a new image, so that one must see how old it is."""
    azure.run(INSTANCE, name="ci-alice", **SIZE)
    document = azure.compute("ci-alice")
    inner = document["properties"]["properties"]
    inner["osImageMetadata"] = {
        "currentImageVersion": "24.01.01",
        "latestImageVersion": "24.02.01",
        "isLatestOsImageVersion": False,
    }
    azure.app.store.put(document["id"], document)
    (found,) = azure.run("aml_compute_info", name="ci-alice")["computes"]
    assert found["os_image"] == {"current": "24.01.01", "latest": "24.02.01", "is_latest": False}


# --- AKS and Kubernetes: K8-3, K8-10, K8-12, T7, 1.10 ---


def make_aks(azure: Azure) -> str:
    pools = [{"name": "agentpool", "count": 3, "vmSize": "Standard_DS3_v2", "mode": "System"}]
    return azure.resource(
        KUBERNETES, "aks-prod", {"properties": {"dnsPrefix": "aks", "agentPoolProfiles": pools}}, "2024-09-01"
    )


def fail_operation(azure: Azure, name: str, code: str, message: str) -> None:
    azure.app.faults.put(
        [{"kind": "failed_operation", "match": {"path": f"computes/{name}"}, "code": code, "message": message}]
    )


def test_a_policy_that_forbids_it(azure: Azure) -> None:
    """K8-3: what Azure Policy forbids is told with its code."""
    fail_operation(
        azure, "scoring", "RequestDisallowedByPolicy", "Resource 'pip' was disallowed by policy 'no-public-ip'."
    )
    failed = azure.run(AKS, name="scoring", **SIZE, agent_count=3, ok=False)
    assert failed["failure"]["code"] == "RequestDisallowedByPolicy" and "no-public-ip" in failed["msg"]
    assert failed["failure"]["hint"]


def test_a_missing_right_on_aks_is_explained(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """K8-10: who may write compute targets may still not attach an AKS."""
    resource = make_aks(azure)
    azure.app.grant("operator-object", "AzureML Compute Operator", WORKSPACE_ID)
    for scope in (WORKSPACE_ID, resource):
        azure.app.grant("operator-object", "Reader", scope)
    who = Principal(
        "operator-object", "operator-app", azure.app.default_principal().tenant, "operator", "ServicePrincipal"
    )
    token = azure.app.token(who)
    monkeypatch.setattr(azure.app, "token", lambda *_arguments, **_options: token)
    failed = azure.run(AKS, name="scoring", resource_id=resource, ok=False)
    assert failed["failure"]["status"] == 403
    assert "Owner or Contributor" in failed["failure"]["hint"] and "Cluster Admin" in failed["failure"]["hint"]


def test_a_failed_attachment_of_aks_tells_what_to_clean_up(azure: Azure) -> None:
    """K8-12: an earlier attachment leaves objects in the cluster."""
    resource = make_aks(azure)
    fail_operation(azure, "scoring", "BadRequest", "azureml-fe could not be deployed.")
    failed = azure.run(AKS, name="scoring", resource_id=resource, ok=False)
    assert failed["failure"]["code"] == "BadRequest" and "azureml-fe*" in failed["failure"]["hint"]


def test_arc_is_attached_like_aks(azure: Azure) -> None:
    """T7: a connected cluster, by its own type of id."""
    arc = azure.resource("Microsoft.Kubernetes/connectedClusters", "arc", {}, "2024-01-01")
    options = {"name": "k8s-arc", "type": "kubernetes", "resource_id": arc, "namespace": "training"}
    made = azure.run(ATTACHED, **options)
    assert made["compute"]["resource_id"] == arc and made["compute"]["is_attached"] is True
    assert azure.run(ATTACHED, **options)["changed"] is False


@pytest.mark.parametrize(("count", "warned"), [(1, False), (2, True)])
def test_of_several_identities_kubernetes_uses_the_first(azure: Azure, count: int, warned: bool) -> None:
    """1.10: the others would be declared for nothing."""
    identity = {
        "type": "user_assigned",
        "user_assigned_identities": [azure.identity(f"id-{number}") for number in range(count)],
    }
    done = azure.run(ATTACHED, name="k8s", type="kubernetes", resource_id=make_aks(azure), identity=identity)
    assert any("FirstIdentityOnly" in text for text in done["warnings"]) is warned


def test_kubernetes_of_another_subscription_warns(azure: Azure) -> None:
    """1.10: such clusters were refused."""
    group = f"/subscriptions/{ELSEWHERE}/resourceGroups/rg-far"
    azure.arm("PUT", group, {"location": "eastus"}, "2021-04-01")
    far = f"{group}/providers/{KUBERNETES}/aks-far"
    azure.arm(
        "PUT", far, {"location": "eastus", "properties": {"dnsPrefix": "far", "agentPoolProfiles": []}}, "2024-09-01"
    )
    for resource, warned in ((make_aks(azure), False), (far, True)):
        done = azure.run(ATTACHED, check=True, name="k8s", type="kubernetes", resource_id=resource)
        assert any("OtherSubscription" in text for text in done["warnings"]) is warned
