# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_workspace on a scripted wire. azure-ai-ml's submission of the deployment is replaced; what follows it is polled on the wire.

Sources: the module's documentation; docs/facts.md d.1 to d.3 (deployment, PATCH, soft delete), b.2 (texts); docs/coverage.md 1.11.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import workspace_sdk
from ansible_collections.azureml.compute.tests.support.bodies import FIRST, SECOND, workspace
from ansible_collections.azureml.compute.tests.support.module_run import (
    GROUP_ID,
    ML,
    SUBSCRIPTION,
    WORKSPACE_ID,
    Printed,
    failed,
    succeeded,
)
from ansible_collections.azureml.compute.tests.support.wire import HOST, Call

MODULE = "aml_workspace"
SCOPE = {"resource_group": "rg", "name": "ws-one"}
OPERATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/locations/eastus/workspaceOperationsStatus/op-1"
UNDER_WAY = {
    "Location": f"{HOST}{OPERATION}?api-version={ML}&type=location",
    "Azure-AsyncOperation": f"{HOST}{OPERATION}?api-version={ML}&type=async",
}
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "The Resource 'ws-one' was not found."}}
DEPLOYMENTS = f"{GROUP_ID}/providers/Microsoft.Resources/deployments"
ALL_WORKSPACES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.MachineLearningServices/workspaces"
STORAGE, VAULT, INSIGHTS = (
    workspace()["properties"][key] for key in ("storageAccount", "keyVault", "applicationInsights")
)
LOGS = f"{GROUP_ID}/providers/Microsoft.OperationalInsights/workspaces/wslogs"
SOFT_DELETED = {
    "code": "DeploymentFailed",
    "message": "At least one resource deployment operation failed.",
    "details": [
        {
            "code": "BadRequest",
            "message": "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete",
        }
    ],
}


@pytest.fixture(autouse=True)
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, t.Any]]:
    """What azure-ai-ml was asked to create, instead of it."""
    asked: list[dict[str, t.Any]] = []
    monkeypatch.setattr(
        workspace_sdk,
        "submit_workspace",
        lambda cloud, credential, target, declared, **options: asked.append(dict(declared)),
    )
    return asked


def get(body: t.Any = None) -> Call:
    return Call(
        "GET",
        WORKSPACE_ID,
        query={"api-version": ML},
        **({"status": 404, "json": NOT_FOUND} if body is None else {"json": body}),
    )


def get_all(body: t.Any) -> Call:
    """The read of all options, before a replacement."""
    return Call(
        "GET",
        WORKSPACE_ID,
        query={"api-version": PREVIEW},
        **({"status": 404, "json": NOT_FOUND} if body is None else {"json": body}),
    )


def get_group() -> Call:
    return Call("GET", GROUP_ID, json={"id": GROUP_ID, "name": "rg", "location": "eastus"})


def deployment(state: str, number: int = 1, error: t.Any = None, **parameters: str) -> dict[str, t.Any]:
    properties = {
        "provisioningState": state,
        "timestamp": f"2026-11-23T12:00:0{number}Z",
        "parameters": {key: {"type": "String", "value": value} for key, value in parameters.items()},
        "error": error,
    }
    return {"id": f"{DEPLOYMENTS}/ws-one-{number}", "name": f"ws-one-{number}", "properties": properties}


def listed(*deployments: dict[str, t.Any]) -> Call:
    other = {
        "id": f"{DEPLOYMENTS}/ws-one-more-7",
        "name": "ws-one-more-7",
        "properties": {"provisioningState": "Running", "timestamp": "2027"},
    }
    return Call("GET", DEPLOYMENTS, json={"value": [other, *deployments]})


def polled(state: str, number: int = 1, error: t.Any = None) -> Call:
    return Call("GET", f"{DEPLOYMENTS}/ws-one-{number}", json=deployment(state, number, error))


def operation(status: str = "Succeeded", **more: t.Any) -> Call:
    return Call("GET", OPERATION, json={"status": status, **more})


def patch(body: t.Any, **more: t.Any) -> Call:
    return Call("PATCH", WORKSPACE_ID, **{"status": 202, "headers": UNDER_WAY, "body": body, **more})


def delete(purge: str = "false", **more: t.Any) -> Call:
    return Call(
        "DELETE", WORKSPACE_ID, **{"status": 202, "headers": UNDER_WAY, "query": {"forceToPurge": purge}, **more}
    )


def done(options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return succeeded(MODULE, {**SCOPE, **options}, calls, **more)


def refused(code: str, options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return failed(code, MODULE, {**SCOPE, **options}, calls, **more)


# --- create ---

NEW = {"location": "eastus", "display_name": "Production", "tags": {"team": "vision"}}
NOTHING_THERE = (get(), get_group(), listed(), listed(), get())


def test_create(submitted: list[dict[str, t.Any]]) -> None:
    result = done(
        NEW,
        *NOTHING_THERE,
        listed(deployment("Running")),
        polled("Running"),
        polled("Succeeded"),
        get(workspace()),
        get(workspace()),
    )
    assert submitted == [NEW]
    assert result["changed"] is True
    assert result["plan"]["action"] == "create"
    assert result["workspace"]["display_name"] == "Production"
    assert set(result.methods) == {"GET"}, "the deployment is azure-ai-ml's; nothing else was to be set"


def test_create_sets_what_the_template_does_not_know(submitted: list[dict[str, t.Any]]) -> None:
    """The template takes no firewall and makes a tag of its own."""
    made = workspace(outer={"tags": {"team": "vision", "createdByToolkit": "sdk-v2-1.35.2"}})
    after = workspace(outer={"tags": made["tags"]}, properties={"v1LegacyMode": True})
    result = done(
        {**NEW, "v1_legacy_mode": True},
        *NOTHING_THERE,
        listed(deployment("Succeeded")),
        get(made),
        patch({"properties": {"v1LegacyMode": True}}),
        operation(),
        get(after),
        get(after),
    )
    assert result["plan"]["action"] == "create"
    assert len(submitted) == 1


def test_create_in_check_mode(submitted: list[dict[str, t.Any]]) -> None:
    applied = done(NEW, *NOTHING_THERE, listed(deployment("Succeeded")), get(workspace()), get(workspace()))
    submitted.clear()
    planned = done(NEW, get(), get_group(), check=True)
    assert submitted == []
    assert planned["plan"] == applied["plan"]
    assert planned["diff"] == applied["diff"]
    assert planned["workspace"]["location"] == "eastus"
    assert planned["workspace"]["id"] == WORKSPACE_ID


def test_create_in_a_group_that_is_not_there(submitted: list[dict[str, t.Any]]) -> None:
    missing = Call(
        "GET", GROUP_ID, status=404, json={"error": {"code": "ResourceGroupNotFound", "message": "could not be found"}}
    )
    refused("ParentResourceNotFound", NEW, get(), missing)
    assert submitted == []


def test_create_without_waiting(submitted: list[dict[str, t.Any]]) -> None:
    result = done({**NEW, "wait": False}, *NOTHING_THERE, listed(deployment("Accepted")), get())
    assert result["operation"] == {"url": f"{DEPLOYMENTS}/ws-one-1", "status": "Accepted"}
    assert result["workspace"] is None
    assert len(submitted) == 1


def test_a_running_deployment_is_joined(submitted: list[dict[str, t.Any]]) -> None:
    result = done(
        NEW,
        get(),
        get_group(),
        listed(deployment("Running")),
        listed(deployment("Running")),
        polled("Running"),
        polled("Succeeded"),
        get(workspace()),
        get(workspace()),
    )
    assert submitted == []
    assert result["workspace"]["provisioning_state"] == "Succeeded"


STRANGE_DEPLOYMENTS = (
    [1],
    None,
    "text",
    {},
    {"id": 7},
    {"id": f"{DEPLOYMENTS}/other-1", "name": [1], "properties": "text"},
)


@pytest.mark.parametrize("strange", STRANGE_DEPLOYMENTS, ids=str)
def test_a_deployment_of_others_that_cannot_be_read_stops_nothing(
    submitted: list[dict[str, t.Any]], strange: t.Any
) -> None:
    page = Call("GET", DEPLOYMENTS, json={"value": [strange, deployment("Running")]})
    result = done(NEW, get(), get_group(), page, page, polled("Succeeded"), get(workspace()), get(workspace()))
    assert submitted == [] and result["workspace"], "the running deployment is joined"


def test_a_deployment_of_this_workspace_that_cannot_be_read_is_its_failure(submitted: list[dict[str, t.Any]]) -> None:
    own = {**deployment("Running"), "properties": [1]}
    result = refused("UnexpectedAnswer", NEW, get(), get_group(), listed(own))
    assert result["failure"]["target"] == own["id"]
    assert submitted == [], "whether it runs is not known, so that no second one is begun"


def test_dependents_that_a_failed_deployment_left_are_used_again(submitted: list[dict[str, t.Any]]) -> None:
    left = deployment("Failed", 1, storageAccountName="wsstorage1", keyVaultName="wsvault1")
    storage = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/wsstorage1"
    vault = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/wsvault1"
    made = workspace(properties={"storageAccount": storage})
    done(
        NEW,
        get(),
        get_group(),
        listed(left),
        listed(left),
        Call("GET", storage, json={"id": storage}),
        Call("GET", vault, status=404, json=NOT_FOUND),
        get(),
        listed(left, deployment("Succeeded", 2)),
        get(made),
        get(made),
    )
    assert submitted == [{**NEW, "storage_account": storage}]


def test_dependents_of_a_failed_deployment_before_one_that_succeeded_are_not_used(
    submitted: list[dict[str, t.Any]],
) -> None:
    """They were those of a workspace that does not exist any more."""
    earlier = (deployment("Failed", 1, storageAccountName="wsstorage1"), deployment("Succeeded", 2))
    done(
        NEW,
        get(),
        get_group(),
        listed(*earlier),
        listed(*earlier),
        get(),
        listed(*earlier, deployment("Succeeded", 3)),
        get(workspace()),
        get(workspace()),
    )
    assert submitted == [NEW]


def test_what_is_declared_beats_what_was_left_behind(submitted: list[dict[str, t.Any]]) -> None:
    left = deployment("Failed", 1, storageAccountName="wsstorage1")
    done(
        {**NEW, "storage_account": STORAGE},
        get(),
        get_group(),
        Call("GET", STORAGE, json={"id": STORAGE}),
        listed(left),
        listed(left),
        get(),
        listed(left, deployment("Succeeded", 2)),
        get(workspace()),
        get(workspace()),
    )
    assert submitted[0]["storage_account"] == STORAGE


def test_a_failed_dependent_that_was_left_behind_is_told_and_not_used(submitted: list[dict[str, t.Any]]) -> None:
    left = deployment("Failed", 1, storageAccountName="wsstorage1")
    storage = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/wsstorage1"
    result = done(
        NEW,
        get(),
        get_group(),
        listed(left),
        listed(left),
        Call("GET", storage, json={"id": storage, "properties": {"provisioningState": "Failed"}}),
        get(),
        listed(left, deployment("Succeeded", 2)),
        get(workspace()),
        get(workspace()),
    )
    assert submitted == [NEW]
    assert any("FailedDependent" in str(warning) and storage in str(warning) for warning in result["warnings"])


def test_a_failed_deployment_tells_the_innermost_reason(submitted: list[dict[str, t.Any]]) -> None:
    error = {
        "code": "DeploymentFailed",
        "message": "At least one",
        "details": [{"code": "VaultAlreadyExists", "message": "The vault name is taken."}],
    }
    result = refused("VaultAlreadyExists", NEW, *NOTHING_THERE, listed(deployment("Failed", 1, error)))
    assert "The vault name is taken." in result["msg"]
    assert result["changed"] is True
    assert result["failure"]["details"]["code"] == "DeploymentFailed"


def test_a_deployment_that_takes_too_long(submitted: list[dict[str, t.Any]]) -> None:
    running = deployment("Running")
    result = refused(
        "WaitTimeout",
        {**NEW, "wait_timeout": 2, "wait_interval": 1.0},
        *NOTHING_THERE,
        listed(running),
        polled("Running"),
        polled("Running"),
    )
    assert "ws-one-1" in result["msg"]
    assert "same task again" in result["failure"]["hint"]
    assert result["changed"] is True


def test_a_project_needs_its_hub(submitted: list[dict[str, t.Any]]) -> None:
    result = refused("RequiredForCreation", {"kind": "project"}, get(), get_group())
    assert "hub_id" in result["msg"]
    assert submitted == []


HUB = WORKSPACE_ID.replace("ws-one", "hub")
PROJECT = {"kind": "project", "hub_id": HUB, "tags": {"cost": 42}}
PROJECT_BODY = {
    "location": "westus2",
    "kind": "project",
    "identity": {"type": "SystemAssigned"},
    "tags": {"cost": "42"},
    "properties": {"hubResourceId": HUB, "publicNetworkAccess": "Disabled"},
}


def get_hub() -> Call:
    return Call(
        "GET",
        HUB,
        json=workspace(
            outer={"id": HUB, "kind": "Hub", "location": "westus2"}, properties={"publicNetworkAccess": "Disabled"}
        ),
    )


def project() -> dict[str, t.Any]:
    return workspace(
        outer={"kind": "Project", "location": "westus2", "tags": {"cost": "42"}}, properties={"hubResourceId": HUB}
    )


def put_project() -> Call:
    return Call("PUT", WORKSPACE_ID, status=202, headers=UNDER_WAY, body=PROJECT_BODY)


def test_a_project_is_one_put_with_the_region_of_its_hub(submitted: list[dict[str, t.Any]]) -> None:
    result = done(
        PROJECT,
        get(),
        get_group(),
        get_hub(),
        get_hub(),
        get(),
        put_project(),
        operation(),
        get(project()),
        get(project()),
    )
    assert submitted == []
    assert result["workspace"]["hub_id"] == HUB
    assert result["plan"]["action"] == "create"


def test_a_project_without_its_hub() -> None:
    missing = Call("GET", HUB, status=404, json=NOT_FOUND)
    assert HUB in refused("ParentResourceNotFound", PROJECT, get(), get_group(), missing, missing)["msg"]


def test_a_project_whose_name_is_blocked_is_recognised() -> None:
    error = {"code": "BadRequest", "message": "Soft-deleted workspace exists. Please purge or recover it."}
    calls = [get(), get_group(), get_hub(), get_hub(), get(), put_project(), operation("Failed", error=error)]
    refused("SoftDeletedWorkspace", PROJECT, *calls)
    purge = [
        get(),
        delete("true"),
        operation(),
        get_hub(),
        get(),
        put_project(),
        operation(),
        get(project()),
        get(project()),
    ]
    assert done({**PROJECT, "soft_deleted": "purge"}, *calls, *purge)["changed"] is True


# --- soft delete ---


def blocked() -> list[Call]:
    return [*NOTHING_THERE, listed(deployment("Failed", 1, SOFT_DELETED))]


def test_a_blocked_name_is_recognised(submitted: list[dict[str, t.Any]]) -> None:
    result = refused("SoftDeletedWorkspace", NEW, *blocked())
    assert "recover" in result["failure"]["hint"] and "purge" in result["failure"]["hint"]


def test_recover(submitted: list[dict[str, t.Any]]) -> None:
    recovery = {"location": "eastus", "properties": {"allowRecoverSoftDeletedWorkspace": "True"}}
    result = done(
        {**NEW, "soft_deleted": "recover"},
        *blocked(),
        get(),
        Call("PUT", WORKSPACE_ID, status=202, headers=UNDER_WAY, body=recovery, query={"api-version": "2022-05-01"}),
        operation(),
        get(workspace()),
        get(workspace()),
    )
    assert len(submitted) == 1
    assert any("Recovered" in str(warning) for warning in result["warnings"])


def test_purge(submitted: list[dict[str, t.Any]]) -> None:
    failed_once = deployment("Failed", 1, SOFT_DELETED)
    result = done(
        {**NEW, "soft_deleted": "purge"},
        *blocked(),
        get(),
        delete("true"),
        operation(),
        listed(failed_once),
        listed(failed_once),
        get(),
        listed(failed_once, deployment("Running", 2)),
        polled("Succeeded", 2),
        get(workspace()),
        get(workspace()),
    )
    assert len(submitted) == 2
    assert result["changed"] is True


def test_a_name_that_the_submission_itself_finds_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """ARM may refuse at once, in the answer to the deployment's PUT (preflight)."""
    from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError

    def refuse(*_arguments: t.Any, **_options: t.Any) -> None:
        raise ArmError("Soft-deleted workspace exists. Please purge or recover it.", code="BadRequest", status=400)

    monkeypatch.setattr(workspace_sdk, "submit_workspace", refuse)
    refused("SoftDeletedWorkspace", NEW, *NOTHING_THERE)


# --- no change, updates ---


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"location": "East US", "kind": "default", "display_name": "Production"},
        {"description": None},
        {"description": ""},
        {"storage_account": STORAGE.upper().replace("/SUBSCRIPTIONS", "/subscriptions")},
        {"key_vault": VAULT, "application_insights": INSIGHTS},
        {"public_network_access": "enabled", "hbi_workspace": False, "v1_legacy_mode": False},
        {"identity": {"type": "system_assigned"}},
        {"system_datastores_auth_mode": "accesskey", "image_build_compute": None},
        {"managed_network": {"isolation_mode": "disabled"}},
        {"tags": {"team": "vision"}},
        {"friendly_name": "Production", "workspace_name": "ws-one", "name": ...},
    ],
)
def test_no_change_is_exactly_one_get(options: dict[str, t.Any]) -> None:
    given = {key: value for key, value in {**SCOPE, **options}.items() if value is not ...}
    result = succeeded(MODULE, given, [get(workspace())])
    assert result["changed"] is False
    assert result["plan"]["changes"] == []
    assert result.methods == ["GET"]


def test_a_workspace_without_a_kind_is_a_default_one() -> None:
    assert done({"kind": "default"}, get(workspace(outer={"kind": None})))["changed"] is False


REGISTRY = f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries/wsregistry"
SYSTEM_AND_USER = {"type": "system_assigned,user_assigned", "user_assigned_identities": [FIRST]}


@pytest.mark.parametrize(
    ("options", "body", "after"),
    [
        (
            {"display_name": "Other"},
            {"properties": {"friendlyName": "Other"}},
            {"properties": {"friendlyName": "Other"}},
        ),
        ({"description": "text"}, {"properties": {"description": "text"}}, {"properties": {"description": "text"}}),
        (
            {"container_registry": REGISTRY},
            {"properties": {"containerRegistry": REGISTRY}},
            {"properties": {"containerRegistry": REGISTRY}},
        ),
        (
            {"application_insights": INSIGHTS + "2"},
            {"properties": {"applicationInsights": INSIGHTS + "2"}},
            {"properties": {"applicationInsights": INSIGHTS + "2"}},
        ),
        (
            {"public_network_access": "disabled"},
            {"properties": {"publicNetworkAccess": "Disabled"}},
            {"properties": {"publicNetworkAccess": "Disabled"}},
        ),
        (
            {"image_build_compute": "builder"},
            {"properties": {"imageBuildCompute": "builder"}},
            {"properties": {"imageBuildCompute": "builder"}},
        ),
        (
            {"system_datastores_auth_mode": "identity"},
            {"properties": {"systemDatastoresAuthMode": "Identity"}},
            {"properties": {"systemDatastoresAuthMode": "identity"}},
        ),
        ({"v1_legacy_mode": True}, {"properties": {"v1LegacyMode": True}}, {"properties": {"v1LegacyMode": True}}),
        (
            {"identity": SYSTEM_AND_USER},
            {"identity": {"type": "SystemAssigned,UserAssigned", "userAssignedIdentities": {FIRST: {}}}},
            {
                "outer": {
                    "identity": {
                        "type": "SystemAssigned, UserAssigned",
                        "userAssignedIdentities": {FIRST: {"clientId": "c"}},
                    }
                }
            },
        ),
    ],
)
def test_each_field_is_patched_alone(options: dict[str, t.Any], body: t.Any, after: t.Any) -> None:
    result = done(options, get(workspace()), patch(body), operation(), get(workspace(**after)))
    assert result["plan"]["action"] == "update"
    assert len(result.fields) == 1
    planned = done(options, get(workspace()), check=True)
    assert planned.writes == []
    assert planned["plan"] == result["plan"]


def test_a_managed_network_is_patched_where_there_is_no_compute_target() -> None:
    network = {"properties": {"managedNetwork": {"isolationMode": "AllowInternetOutbound"}}}
    options = {"managed_network": {"isolation_mode": "allow_internet_outbound"}}
    result = done(
        options,
        get(workspace()),
        Call("GET", f"{WORKSPACE_ID}/computes", json={"value": []}),
        Call("GET", f"{WORKSPACE_ID}/onlineEndpoints", json={"value": []}),
        patch(network),
        operation(),
        get(workspace(**network)),
    )
    assert list(result.fields) == ["managed_network.isolation_mode"]


def test_the_primary_identity_is_one_of_those_that_are_assigned() -> None:
    assigned = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}, SECOND: {}}}}
    before = workspace(outer=assigned, properties={"primaryUserAssignedIdentity": SECOND})
    first = {"properties": {"primaryUserAssignedIdentity": FIRST}}
    options = {"primary_user_assigned_identity": FIRST}
    result = done(options, get(before), patch(first), operation(), get(workspace(outer=assigned, **first)))
    assert list(result.fields) == ["primary_user_assigned_identity"]
    refused("PrimaryIdentityNotAssigned", options, get(workspace()))


TAGS = f"{WORKSPACE_ID}/providers/Microsoft.Resources/tags/default"


def tag_patch(operation: str, tags: dict[str, str], **more: t.Any) -> Call:
    body = {"operation": operation, "properties": {"tags": tags}}
    return Call(
        "PATCH", TAGS, **{"status": 200, "query": {"api-version": "2021-04-01"}, "body": body, "json": {}, **more}
    )


@pytest.mark.parametrize(
    ("options", "writes", "after"),
    [
        ({"tags": {"cost": 42}}, [tag_patch("Merge", {"cost": "42"})], {"team": "vision", "cost": "42"}),
        ({"tags": {"team": None}}, [tag_patch("Delete", {"team": "vision"})], {}),
        (
            {"tags": {"cost": "1"}, "append_tags": False},
            [tag_patch("Delete", {"team": "vision"}), tag_patch("Merge", {"cost": "1"})],
            {"cost": "1"},
        ),
    ],
)
def test_tags_are_changed_without_the_others(
    options: dict[str, t.Any], writes: list[Call], after: dict[str, str]
) -> None:
    result = done(options, get(workspace()), *writes, get(workspace(outer={"tags": after})))
    assert list(result.fields) == ["tags"] and result["workspace"]["tags"] == after


@pytest.mark.parametrize("status", [400, 403, 405])
def test_without_the_tags_api_the_newest_tags_are_written(status: int) -> None:
    """Not every principal may use Microsoft.Resources/tags. The PATCH of the workspace replaces all tags, so they are read directly before."""
    refusal = tag_patch(
        "Merge", {"cost": "42"}, status=status, json={"error": {"code": "AuthorizationFailed", "message": "no"}}
    )
    theirs = {"team": "vision", "theirs": "1"}
    result = done(
        {"tags": {"cost": 42}},
        get(workspace()),
        refusal,
        get(workspace(outer={"tags": theirs})),
        patch({"tags": {**theirs, "cost": "42"}}),
        operation(),
        get(workspace(outer={"tags": {**theirs, "cost": "42"}})),
    )
    assert result["changed"] is True and result["workspace"]["tags"] == {**theirs, "cost": "42"}


def test_a_user_assigned_identity_is_taken_away_by_a_null() -> None:
    before = {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}, SECOND: {}}}
    after, primary = (
        {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}}},
        {"primaryUserAssignedIdentity": FIRST},
    )
    done(
        {"identity": {"type": "user_assigned", "user_assigned_identities": [FIRST]}},
        get(workspace(outer={"identity": before}, properties=primary)),
        patch({"identity": {"type": "UserAssigned", "userAssignedIdentities": {FIRST: {}, SECOND: None}}}),
        operation(),
        get(workspace(outer={"identity": after}, properties=primary)),
    )


def test_a_key_is_rotated_with_its_vault() -> None:
    """A PATCH takes the key's address alone (ARM types, EncryptionKeyVaultUpdateProperties)."""
    vault = f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/keys"

    def encrypted(uri: str) -> dict[str, t.Any]:
        return workspace(
            properties={
                "encryption": {
                    "status": "Enabled",
                    "keyVaultProperties": {"keyVaultArmId": vault, "keyIdentifier": uri},
                }
            }
        )

    done(
        {"customer_managed_key": {"key_vault": vault, "key_uri": "https://keys/2"}},
        get(encrypted("https://keys/1")),
        patch({"properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": "https://keys/2"}}}}),
        operation(),
        get(encrypted("https://keys/2")),
    )


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"location": "westus2"}, "location"),
        ({"kind": "hub"}, "kind"),
        ({"storage_account": STORAGE + "2"}, "storage_account"),
        ({"key_vault": VAULT + "2"}, "key_vault"),
        ({"hbi_workspace": True}, "hbi_workspace"),
        ({"enable_data_isolation": True}, "enable_data_isolation"),
        ({"kind": "project", "hub_id": WORKSPACE_ID + "2"}, "hub_id"),
        (
            {
                "customer_managed_key": {
                    "key_vault": f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/keys",
                    "key_uri": "https://keys/1",
                }
            },
            "customer_managed_key.key_vault",
        ),
    ],
)
def test_fixed_fields_fail_with_their_reason(options: dict[str, t.Any], field: str) -> None:
    result = refused("ImmutableChange", options, get(workspace()))
    assert field in result["msg"]
    assert all(detail["reason"] for detail in result["failure"]["details"])


def test_a_managed_network_stays_on() -> None:
    on = workspace(properties={"managedNetwork": {"isolationMode": "AllowInternetOutbound"}})
    result = refused("ManagedNetworkStaysOn", {"managed_network": {"isolation_mode": "disabled"}}, get(on))
    assert result.writes == []


# --- outbound rules ---


def ruled(**rules: t.Any) -> dict[str, t.Any]:
    network = {"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": rules, "status": {"status": "Active"}}
    return workspace(properties={"managedNetwork": network})


def fqdn(host: str) -> dict[str, t.Any]:
    return {"type": "FQDN", "destination": host, "category": "UserDefined", "status": "Active"}


def test_outbound_rules_are_put_and_deleted_one_by_one() -> None:
    rules = [
        {"name": "packages", "type": "fqdn", "destination": "pypi.org"},
        {"name": "kept", "type": "fqdn", "destination": "kept.org"},
        {"name": "old-rule", "state": "absent"},
        {"name": "never-there", "state": "absent"},
    ]
    after = ruled(packages=fqdn("pypi.org"), kept=fqdn("kept.org"), undeclared=fqdn("undeclared.org"))
    result = done(
        {"managed_network": {"outbound_rules": rules}},
        # Once more directly before the rule is written: nothing of it that others set may be lost.
        *[
            get(ruled(**{"old-rule": fqdn("old.org")}, kept=fqdn("kept.org"), undeclared=fqdn("undeclared.org")))
            for _read in range(2)
        ],
        Call(
            "PUT",
            f"{WORKSPACE_ID}/outboundRules/packages",
            status=202,
            headers=UNDER_WAY,
            body={"properties": {"type": "FQDN", "destination": "pypi.org", "category": "UserDefined"}},
        ),
        operation(),
        Call("DELETE", f"{WORKSPACE_ID}/outboundRules/old-rule", status=202, headers=UNDER_WAY),
        operation(),
        get(after),
    )
    assert set(result.fields) == {"managed_network.outbound_rules.packages", "managed_network.outbound_rules.old-rule"}
    assert {outbound_rule["name"] for outbound_rule in result["workspace"]["managed_network"]["outbound_rules"]} == {
        "packages",
        "kept",
        "undeclared",
    }


def test_a_private_endpoint_rule_that_is_there_is_no_change() -> None:
    there = {
        "type": "PrivateEndpoint",
        "destination": {
            "serviceResourceId": STORAGE.upper(),
            "subresourceTarget": "blob",
            "sparkEnabled": False,
            "sparkStatus": "Inactive",
        },
        "category": "UserDefined",
    }
    rule = {
        "name": "blob",
        "type": "private_endpoint",
        "destination": {"service_resource_id": STORAGE, "subresource_target": "blob"},
    }
    assert done({"managed_network": {"outbound_rules": [rule]}}, get(ruled(blob=there)))["changed"] is False


def test_a_service_tag_rule_that_is_there_is_no_change() -> None:
    there = {
        "type": "ServiceTag",
        "destination": {
            "serviceTag": "DataFactory",
            "protocol": "TCP",
            "portRanges": "80, 8080-8089",
            "addressPrefixes": None,
            "action": "Allow",
        },
        "category": "UserDefined",
    }
    rule = {
        "name": "tag",
        "type": "service_tag",
        "destination": {"service_tag": "DataFactory", "protocol": "TCP", "port_ranges": "80,8080-8089"},
    }
    assert done({"managed_network": {"outbound_rules": [rule]}}, get(ruled(tag=there)))["changed"] is False


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"name": "a.b", "type": "fqdn", "destination": "pypi.org"}, "InvalidRuleName"),
        ({"name": "rule-x", "type": "fqdn"}, "InvalidRule"),
        ({"name": "rule-x"}, "InvalidRule"),
        ({"name": "rule-x", "type": "private_endpoint", "destination": {"subresource_target": "blob"}}, "InvalidRule"),
        ({"name": "rule-x", "type": "service_tag", "destination": "DataFactory"}, "InvalidRule"),
    ],
)
def test_outbound_rules_that_cannot_be(rule: dict[str, t.Any], code: str) -> None:
    assert refused(code, {"managed_network": {"outbound_rules": [rule]}}).sent == []


# --- recreate ---


def test_recreate_refuses_while_there_are_compute_targets() -> None:
    options = {"location": "westus2", "on_immutable_change": "recreate"}
    computes = Call(
        "GET",
        f"{WORKSPACE_ID}/computes",
        json={"value": [{"id": f"{WORKSPACE_ID}/computes/cpu", "name": "cpu", "properties": {}}]},
    )
    result = refused("InUse", options, get(workspace()), computes)
    assert "cpu" in result["msg"]


def test_recreate_keeps_what_was_there(submitted: list[dict[str, t.Any]]) -> None:
    options = {
        "display_name": "Production",
        "hbi_workspace": True,
        "on_immutable_change": "recreate",
        "tags": {"cost": 1},
    }
    after = workspace(outer={"tags": {"team": "vision", "cost": "1"}}, properties={"hbiWorkspace": True})
    result = done(
        options,
        get(workspace()),
        Call("GET", f"{WORKSPACE_ID}/computes", json={"value": []}),
        get_all(workspace()),
        get_group(),
        Call("GET", STORAGE, json={"id": STORAGE}),
        get_all(workspace()),
        Call("GET", f"{WORKSPACE_ID}/computes", json={"value": []}),
        delete("true"),
        get_all(None),
        operation(),
        get_all(None),
        listed(),
        listed(),
        get_all(None),
        listed(deployment("Succeeded")),
        get_all(after),
        get_all(after),
    )
    assert result["plan"]["action"] == "replace"
    assert submitted[0]["location"] == "eastus"
    assert submitted[0]["storage_account"] == STORAGE
    assert submitted[0]["tags"] == {"team": "vision", "cost": "1"}
    assert submitted[0]["hbi_workspace"] is True


# --- delete ---


def test_delete() -> None:
    result = done({"state": "absent"}, get(workspace()), delete(), operation(), get())
    assert result["changed"] is True
    assert result["workspace"] is None
    assert result["deleted_resources"] == []


def test_delete_for_good() -> None:
    done({"state": "absent", "permanently_delete": True}, get(workspace()), delete("true"), operation(), get())


def test_delete_of_what_is_not_there() -> None:
    result = done({"state": "absent"}, get())
    assert result["changed"] is False
    assert result["deleted_resources"] == []


ABSENT = {"state": "absent", "delete_dependent_resources": True, "permanently_delete": True}


def gone(identifier: str) -> Call:
    return Call("DELETE", identifier, status=200)


def all_insights(*bodies: dict[str, t.Any]) -> Call:
    own = {"id": INSIGHTS, "properties": {"WorkspaceResourceId": LOGS}}
    return Call(
        "GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Insights/components", json={"value": [own, *bodies]}
    )


def others(*bodies: dict[str, t.Any]) -> Call:
    return Call("GET", ALL_WORKSPACES, json={"value": list(bodies)})


def test_delete_with_the_dependents() -> None:
    insights = Call("GET", INSIGHTS, json={"id": INSIGHTS, "properties": {"WorkspaceResourceId": LOGS}})
    result = done(
        ABSENT,
        *(
            get(workspace()),
            delete("true"),
            operation(),
            get(),
            others(),
            insights,
            all_insights(),
            gone(INSIGHTS),
            gone(LOGS),
        ),
        # Before each of them it is asked again who uses it.
        *(others(), gone(STORAGE), others(), gone(VAULT)),
    )
    assert result["deleted_resources"] == [INSIGHTS, LOGS, STORAGE, VAULT]


def test_what_another_workspace_uses_stays() -> None:
    neighbour = workspace(
        outer={"id": WORKSPACE_ID + "2", "name": "ws-two"}, properties={"storageAccount": STORAGE.upper()}
    )
    result = done(
        ABSENT, get(workspace()), delete("true"), operation(), get(), *(others(neighbour) for _each in range(3))
    )
    assert result["deleted_resources"] == []
    assert len([warning for warning in result["warnings"] if "SharedDependent" in str(warning)]) == 3


def test_logs_that_other_insights_write_to_stay() -> None:
    insights = Call("GET", INSIGHTS, json={"id": INSIGHTS, "properties": {"WorkspaceResourceId": LOGS}})
    foreign = {"id": INSIGHTS + "2", "properties": {"WorkspaceResourceId": LOGS.upper()}}
    result = done(
        ABSENT,
        *(
            get(workspace()),
            delete("true"),
            operation(),
            get(),
            others(),
            insights,
            all_insights(foreign),
            gone(INSIGHTS),
        ),
        *(others(), gone(STORAGE), others(), gone(VAULT)),
    )
    assert LOGS not in result["deleted_resources"]
    assert any(LOGS in str(warning) for warning in result["warnings"])


def test_a_deletion_that_is_under_way_is_joined_before_the_dependents_go() -> None:
    deleting = workspace(properties={"provisioningState": "Deleting", "applicationInsights": None, "keyVault": None})
    result = done({**ABSENT, "wait_interval": 1.0}, get(deleting), get(deleting), get(), others(), gone(STORAGE))
    assert result["deleted_resources"] == [STORAGE]
    assert result["changed"] is True


def test_a_dependent_that_cannot_be_deleted() -> None:
    bare = workspace(properties={"applicationInsights": None, "keyVault": None})
    locked = Call("DELETE", STORAGE, status=409, json={"error": {"code": "ScopeLocked", "message": "a lock"}})
    result = refused("ScopeLocked", ABSENT, get(bare), delete("true"), operation(), get(), others(), locked)
    assert result["changed"] is True
    assert result["plan"]["action"] == "delete"


def test_insights_without_logs() -> None:
    insights = Call("GET", INSIGHTS, json={"id": INSIGHTS, "properties": {}})
    calls = (
        get(workspace()),
        delete("true"),
        operation(),
        get(),
        others(),
        insights,
        gone(INSIGHTS),
        others(),
        gone(STORAGE),
        others(),
        gone(VAULT),
    )
    result = done(ABSENT, *calls)
    assert LOGS not in result["deleted_resources"]


def test_delete_in_check_mode_deletes_nothing() -> None:
    result = done(ABSENT, get(workspace()), check=True)
    assert result["changed"] is True
    assert result["workspace"] is None


def test_dependents_go_only_with_a_permanent_deletion() -> None:
    """docs/coverage.md 1.11: a soft-deleted workspace could not be recovered without what it stands on."""
    result = refused("DependentsNeedPermanentDelete", {"state": "absent", "delete_dependent_resources": True})
    assert result.sent == []


def test_a_wait_for_a_deletion_that_runs_out() -> None:
    forever = [operation("InProgress") for _look in range(3)]
    result = refused(
        "WaitTimeout",
        {"state": "absent", "wait_timeout": 2, "wait_interval": 1.0},
        get(workspace()),
        delete(),
        *forever,
    )
    assert result["changed"] is True


# --- what the service answers ---


def test_an_update_that_fails() -> None:
    error = {"code": "BadRequest", "message": "Cannot use storage with HNS enabled."}
    result = refused(
        "BadRequest",
        {"display_name": "Other"},
        get(workspace()),
        patch({"properties": {"friendlyName": "Other"}}),
        operation("Failed", error=error),
    )
    assert "HNS" in result["msg"]


def test_a_workspace_that_failed() -> None:
    refused("ProvisioningFailed", {}, get(workspace(properties={"provisioningState": "Failed"})))


def test_an_update_that_is_under_way_is_joined() -> None:
    updating = workspace(properties={"provisioningState": "Updating"})
    result = done({"display_name": "Production", "wait_interval": 1.0}, get(updating), get(workspace()))
    assert result["changed"] is False
    assert result.waited == 1


@pytest.mark.parametrize(
    ("options", "code", "named"),
    [
        ({"name": "-x"}, "InvalidWorkspaceName", "name"),
        ({"storage_account": "mine"}, "InvalidResourceId", "storage_account"),
        ({"key_vault": STORAGE}, "WrongResourceType", "key_vault"),
        ({"hub_id": STORAGE}, "WrongResourceType", "hub_id"),
        ({"hub_id": WORKSPACE_ID, "kind": "hub"}, "HubOfProject", "hub"),
        ({"kind": "project", "hub_id": WORKSPACE_ID, "storage_account": STORAGE}, "TakenFromHub", "storage_account"),
        ({"identity": {"type": "user_assigned"}}, "IdentityMissing", "identity"),
        ({"location": None}, "NullNotAllowed", "location"),
    ],
)
def test_what_can_be_known_offline_sends_nothing(options: dict[str, t.Any], code: str, named: str) -> None:
    result = refused(code, options)
    assert named in result["msg"]
    assert result.sent == []
