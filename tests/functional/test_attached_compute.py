# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attached compute of every type: its whole life, each field alone, secrets that go and never come back, targets that stay."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, SECRET, WORKSPACE_ID, Azure
from azureml_simulator.http import ArmError, Principal

MODULE = "aml_attached_compute"
PASSWORD = "planted-password-7Q"
TOKEN = "planted-token-dapi8Z"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nplanted-key-material-5X\n-----END RSA PRIVATE KEY-----\n"
PLANTED = (PASSWORD, TOKEN, "planted-key-material-5X", SECRET)
LOGIN = {"admin_username": "azureuser", "ssh_private_key": KEY}

# Type -> ARM type of its target, the target's document, what attaching needs beside the id.
TYPES: dict[str, tuple[str, dict[str, t.Any], dict[str, t.Any]]] = {
    "virtualmachine": (
        "Microsoft.Compute/virtualMachines",
        {"properties": {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}}},
        {"ssh_settings": LOGIN},
    ),
    "databricks": (
        "Microsoft.Databricks/workspaces",
        {"properties": {"managedResourceGroupId": GROUP_ID + "-bricks"}},
        {"access_token": TOKEN},
    ),
    "datalakeanalytics": (
        "Microsoft.DataLakeAnalytics/accounts",
        {"properties": {"defaultDataLakeStoreAccount": "store"}},
        {},
    ),
    "hdinsight": ("Microsoft.HDInsight/clusters", {"properties": {}}, {"ssh_settings": LOGIN}),
    "kubernetes": ("Microsoft.ContainerService/managedClusters", {"properties": {}}, {"namespace": "training"}),
    "synapsespark": (
        "Microsoft.Synapse/workspaces/bigDataPools",
        {"properties": {"nodeCount": 3, "sparkVersion": "3.5"}},
        {},
    ),
    "datafactory": ("Microsoft.DataFactory/factories", {"properties": {}}, {}),
}
VERSION = {
    "virtualmachine": "2024-07-01",
    "databricks": "2024-05-01",
    "datalakeanalytics": "2016-11-01",
    "hdinsight": "2021-06-01",
    "kubernetes": "2024-09-01",
    "synapsespark": "2021-06-01",
    "datafactory": "2018-06-01",
}


def make_target(azure: Azure, kind: str, name: str = "target") -> str:
    type_, body, _needed = TYPES[kind]
    if kind == "synapsespark":
        azure.resource("Microsoft.Synapse/workspaces", "synapse", {"properties": {}}, VERSION[kind])
        identifier = f"{GROUP_ID}/providers/Microsoft.Synapse/workspaces/synapse/bigDataPools/{name}"
        azure.arm("PUT", identifier, {"location": "eastus", **body}, VERSION[kind])
        return identifier
    return azure.resource(type_, name, body, VERSION[kind])


def declare(azure: Azure, kind: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": "target-a", "type": kind, "resource_id": make_target(azure, kind), **TYPES[kind][2], **more}


def shown(azure: Azure) -> dict[str, t.Any]:
    """What aml_compute_info shows; what is retired of it is of no module that declares it."""
    compute: dict[str, t.Any] = azure.run("aml_compute_info", name="target-a")["computes"][0]
    assert isinstance(compute.pop("retirements"), list)
    return compute


def no_secret(azure: Azure) -> None:
    for secret in PLANTED:
        assert secret not in azure.text, secret


def body_of_put(azure: Azure) -> dict[str, t.Any]:
    (put,) = [write for write in azure.writes if write.method == "PUT"]
    inner: dict[str, t.Any] = put.body["properties"]
    return inner


@pytest.mark.parametrize("kind", TYPES)
def test_the_twelve_steps(azure: Azure, kind: str) -> None:
    """Attach, again, modify, again, detach, again: each in check mode and for real; the target outlives it all."""
    first = declare(azure, kind)
    tagged = {**first, "tags": {"team": "vision"}}
    gone = {"name": "target-a", "type": kind, "state": "absent"}
    for options, action in [
        (first, "create"),
        (first, "none"),
        (tagged, "update"),
        (tagged, "none"),
        (gone, "detach"),
        (gone, "none"),
    ]:
        azure.run_as_planned(MODULE, action, after=no_secret, **options)
        if action == "none" and options is not gone:
            assert [(request.method, request.status) for request in azure.sent] == [("GET", 200)]
    assert azure.compute("target-a")["error"]["code"] == "ResourceNotFound"
    assert azure.get(first["resource_id"], VERSION[kind])["id"] == first["resource_id"]


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_shown_has_the_documented_keys(azure: Azure, kind: str) -> None:
    import yaml
    from ansible_collections.azureml.compute.plugins.modules import aml_attached_compute

    documented = yaml.safe_load(aml_attached_compute.RETURN)["compute"]["contains"]
    done = azure.run(MODULE, **declare(azure, kind))["compute"]
    assert done == shown(azure) and set(done) <= set(documented)
    always = {
        key
        for key, row in documented.items()
        if row["returned"] in ("always", "when it exists") or f"V({kind})" in row["returned"]
    }
    assert set(done) == always
    assert done["type"] == kind and done["is_attached"] is True


EXTRA_SSH: list[tuple[dict[str, t.Any], str]] = [
    ({"ssh_settings": {"ssh_port": 2222}}, "ssh_settings.ssh_port"),
    ({"address": "203.0.113.9"}, "address"),
]
_GPU = {
    "gpu": {
        "node_selector": {"accelerator": "nvidia"},
        "resources": {"requests": {"cpu": 1}, "limits": {"cpu": 2, "nvidia.com/gpu": 1}},
    }
}
UPDATABLE: list[tuple[str, dict[str, t.Any], str]] = [
    *[("virtualmachine", *row) for row in EXTRA_SSH],
    *[("hdinsight", *row) for row in EXTRA_SSH],
    ("kubernetes", {"identity": {"type": "system_assigned"}}, "identity"),
    ("kubernetes", {"instance_types": _GPU, "default_instance_type": "gpu"}, "instance_types"),
    ("synapsespark", {"identity": {"type": "system_assigned"}}, "identity"),
    *[(kind, {"tags": {"stage": "test"}}, "tags") for kind in TYPES],
]


@pytest.mark.parametrize(("kind", "options", "name"), UPDATABLE, ids=[f"{row[0]}-{row[2]}" for row in UPDATABLE])
def test_each_updatable_field_alone(azure: Azure, kind: str, options: dict[str, t.Any], name: str) -> None:
    azure.run(MODULE, **declare(azure, kind, tags={"team": "vision"}))
    before = shown(azure)
    target = {"name": "target-a", "type": kind}
    planned = azure.run(MODULE, check=True, **target, **options)
    done = azure.run(MODULE, **target, **options)
    assert planned["plan"] == done["plan"] and {change["field"] for change in done["plan"]["changes"]} >= {name}
    assert [write.method for write in azure.writes] == ["PUT"]
    body = str(azure.writes[0].body)
    assert not any(secret in body for secret in PLANTED) and "'password': None" not in body
    after = shown(azure)
    changed = {key for key in before if before[key] != after[key]} - {"modified_on"}
    assert changed == {key.split(".")[0] for key in (change["field"] for change in done["plan"]["changes"])}
    assert azure.run(MODULE, **target, **options)["changed"] is False
    assert after["tags"]["team"] == "vision"


@pytest.mark.parametrize(
    ("kind", "read"), [("virtualmachine", "administratorAccount"), ("databricks", "databricksAccessToken")]
)
def test_an_update_of_something_else_leaves_the_secret_alone(azure: Azure, kind: str, read: str) -> None:
    azure.run(MODULE, **declare(azure, kind))
    done = azure.run(MODULE, name="target-a", type=kind, tags={"a": "b"})
    assert any(warning.startswith("SecretNotSent") for warning in done["warnings"])
    keys = azure.arm("POST", f"{WORKSPACE_ID}/computes/target-a/listKeys")
    assert keys[read] == TOKEN or keys[read]["privateKeyData"] == KEY


@pytest.mark.parametrize("kind", TYPES)
def test_another_resource_is_attached_only_when_asked(azure: Azure, kind: str) -> None:
    first = declare(azure, kind, tags={"team": "vision"})
    azure.run(MODULE, **first)
    other = make_target(azure, kind, "other")
    failed = azure.run(MODULE, **{**first, "resource_id": other}, ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and azure.writes == []
    assert "stays with the resource" in failed["failure"]["details"][0]["reason"]
    done = azure.run(MODULE, **{**first, "resource_id": other}, on_immutable_change="recreate")
    assert done["plan"]["action"] == "replace" and [write.method for write in azure.writes] == ["DELETE", "PUT"]
    no_secret(azure)
    assert done["compute"]["resource_id"] == other and done["compute"]["tags"] == {"team": "vision"}
    assert azure.get(first["resource_id"], VERSION[kind])["id"] == first["resource_id"]
    assert azure.run(MODULE, **{**first, "resource_id": other})["changed"] is False


FIXED = [
    ({"description": "other"}, "description", "only at creation"),
    ({"location": "westus2"}, "location", "region"),
    ({"namespace": "other"}, "namespace", "attach it again"),
]


@pytest.mark.parametrize(("options", "name", "reason"), FIXED, ids=[row[1] for row in FIXED])
def test_a_fixed_field_says_why(azure: Azure, options: dict[str, t.Any], name: str, reason: str) -> None:
    azure.run(MODULE, **declare(azure, "kubernetes"))
    failed = azure.run(MODULE, name="target-a", type="kubernetes", **options, ok=False)
    (detail,) = failed["failure"]["details"]
    assert failed["failure"]["code"] == "ImmutableChange" and detail["field"] == name and reason in detail["reason"]
    assert azure.writes == []


def test_a_replacement_needs_the_secret_that_nobody_tells(azure: Azure) -> None:
    azure.run(MODULE, **declare(azure, "virtualmachine"))
    failed = azure.run(
        MODULE, name="target-a", type="virtualmachine", description="x", on_immutable_change="recreate", ok=False
    )
    assert failed["failure"]["code"] == "SecretNeeded" and azure.writes == []
    new = {"ssh_settings": {"admin_password": PASSWORD, "admin_username": "azureuser"}}
    azure.run(MODULE, name="target-a", type="virtualmachine", description="x", on_immutable_change="recreate", **new)
    assert body_of_put(azure)["properties"]["administratorAccount"] == {"username": "azureuser", "password": PASSWORD}
    no_secret(azure)


# --- secrets ---


@pytest.mark.parametrize("kind", ["virtualmachine", "hdinsight", "databricks"])
def test_secrets_go_when_attaching_and_always_when_asked(azure: Azure, kind: str) -> None:
    first = declare(azure, kind)
    azure.run(MODULE, **first)
    sent = body_of_put(azure)["properties"]
    assert sent == (
        {"databricksAccessToken": TOKEN}
        if kind == "databricks"
        else {"administratorAccount": {"username": "azureuser", "privateKeyData": KEY}}
    )
    assert azure.run(MODULE, **first)["changed"] is False
    new = (
        {**first, "access_token": TOKEN + "-new"}
        if kind == "databricks"
        else {**first, "ssh_settings": {**LOGIN, "ssh_private_key": KEY + "new"}}
    )
    assert azure.run(MODULE, **new)["changed"] is False
    planned = azure.run(MODULE, check=True, **new, update_password="always")
    assert planned["changed"] and azure.writes == []
    for _run in range(2):
        done = azure.run(MODULE, **new, update_password="always")
        (change,) = done["plan"]["changes"]
        assert done["changed"] and change["after"] == "VALUE_NOT_SHOWN" and change["mutability"] == "write_only"
        account = body_of_put(azure)["properties"]
        assert account.get("databricksAccessToken") == TOKEN + "-new" or account["administratorAccount"] == {
            "username": "azureuser",
            "privateKeyData": KEY + "new",
        }
        no_secret(azure)


def test_a_key_from_a_file_and_its_failures(azure: Azure, tmp_path: Path) -> None:
    file = tmp_path / "id_rsa"
    file.write_text(KEY)
    options = {
        **declare(azure, "virtualmachine"),
        "ssh_settings": {"admin_username": "azureuser", "ssh_private_key_file": str(file)},
    }
    azure.run(MODULE, **options)
    assert body_of_put(azure)["properties"]["administratorAccount"]["privateKeyData"] == KEY
    no_secret(azure)
    file.unlink()
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "FileNotReadable" and azure.sent == []
    file.write_text("planted-key-material-5X, but no key")
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "InvalidSshKey" and azure.sent == []
    no_secret(azure)


def test_a_password_warns_and_a_key_does_not(azure: Azure) -> None:
    options = declare(azure, "virtualmachine")
    password = azure.run(
        MODULE, check=True, **{**options, "ssh_settings": {"admin_username": "u", "admin_password": PASSWORD}}
    )
    assert any(warning.startswith("PasswordInsteadOfKey") for warning in password["warnings"])
    assert password["compute"]["ssh_settings"] == {"admin_username": "u", "ssh_port": None}
    no_secret(azure)
    assert azure.run(MODULE, check=True, **options)["warnings"] == []


# --- refused before the first request ---

WRONG = [
    ("databricks", {"ssh_settings": {"admin_username": "u"}}, "OptionOfAnotherType", "ssh_settings"),
    ("virtualmachine", {"access_token": TOKEN}, "OptionOfAnotherType", "access_token"),
    ("virtualmachine", {"namespace": "x"}, "OptionOfAnotherType", "namespace"),
    ("datafactory", {"identity": {"type": "system_assigned"}}, "OptionOfAnotherType", "identity"),
    ("synapsespark", {"instance_types": {}}, "OptionOfAnotherType", "instance_types"),
    ("kubernetes", {"address": "x"}, "OptionOfAnotherType", "address"),
    (
        "kubernetes",
        {"instance_types": {"a": {}}, "default_instance_type": "b"},
        "UnknownInstanceType",
        "default_instance_type",
    ),
    ("kubernetes", {"instance_types": {"a": {"cpu": 1}}}, "InvalidInstanceType", "instance_types.a"),
    ("virtualmachine", {"ssh_settings": {"admin_password": PASSWORD}}, "SshUserMissing", "ssh_settings.admin_username"),
    (
        "virtualmachine",
        {"ssh_settings": {"admin_username": "u", "ssh_port": 0, "admin_password": PASSWORD}},
        "OutOfRange",
        "ssh_settings.ssh_port",
    ),
    (
        "kubernetes",
        {"resource_id": f"{GROUP_ID}/providers/Microsoft.Compute/virtualMachines/x"},
        "WrongResourceType",
        "resource_id",
    ),
    ("synapsespark", {"resource_id": "pool"}, "InvalidResourceId", "resource_id"),
    ("datafactory", {"delete_underlying": True, "state": "absent"}, "DeleteNotSupported", None),
    ("kubernetes", {"name": "k-1"}, "InvalidComputeName", "name"),
]


@pytest.mark.parametrize(
    ("kind", "options", "code", "option"), WRONG, ids=[f"{row[0]}-{row[2]}-{index}" for index, row in enumerate(WRONG)]
)
def test_refused_offline(azure: Azure, kind: str, options: dict[str, t.Any], code: str, option: str | None) -> None:
    failed = azure.run(MODULE, **{"name": "target-a", "type": kind, **options}, ok=False)
    assert failed["failure"]["code"] == code and azure.sent == []
    assert option is None or [detail["option"] for detail in failed["failure"]["details"]] == [option]
    no_secret(azure)


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("kubernetes", "resource_id"), ("databricks", "access_token"), ("virtualmachine", "resource_id")],
)
def test_attaching_needs(azure: Azure, kind: str, missing: str) -> None:
    options = {name: value for name, value in declare(azure, kind).items() if name != missing}
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "RequiredForCreation" and failed["failure"]["details"][0]["option"] == missing
    assert azure.writes == []


def test_an_account_needs_a_secret(azure: Azure) -> None:
    failed = azure.run(MODULE, **{**declare(azure, "hdinsight"), "ssh_settings": {"admin_username": "u"}}, ok=False)
    assert failed["failure"]["code"] == "SshKeyMissing" and azure.writes == []


def test_a_machine_by_its_address_alone(azure: Azure) -> None:
    done = azure.run(MODULE, name="target-a", type="virtualmachine", address="203.0.113.5", ssh_settings=LOGIN)
    assert done["compute"]["address"] == "203.0.113.5" and done["compute"]["resource_id"] is None


def test_the_retired_type_warns(azure: Azure) -> None:
    assert any(
        warning.startswith("Retired")
        for warning in azure.run(MODULE, **declare(azure, "datalakeanalytics"))["warnings"]
    )


# --- what only the service knows ---


def test_a_missing_target_is_told_before_the_attachment(azure: Azure) -> None:
    options = {
        **declare(azure, "kubernetes"),
        "resource_id": f"{GROUP_ID}/providers/Microsoft.ContainerService/managedClusters/nowhere",
    }
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **options, ok=False)
        assert (
            failed["failure"]["code"] == "TargetNotFound"
            and "Cluster Admin" in failed["failure"]["hint"]
            and azure.writes == []
        )


def test_a_missing_target_that_an_earlier_task_creates_is_a_warning_of_the_check(azure: Azure) -> None:
    """In the run, the earlier task has created it, or there is none. Another one that is missing is refused as ever."""
    resource_id = f"{GROUP_ID}/providers/Microsoft.ContainerService/managedClusters/to-come"
    options = {**declare(azure, "kubernetes"), "resource_id": resource_id}
    created = [resource_id.upper() + "/"]
    planned = azure.run(MODULE, check=True, **options, resources_created_earlier=created)
    assert planned["plan"]["action"] == "create" and azure.writes == []
    (warning,) = (warning for warning in planned["warnings"] if warning.startswith("TargetNotFound"))
    assert f"{resource_id} does not exist yet, an earlier task creates it." in warning
    for check, ids in ((False, created), (True, [f"{resource_id}2"]), (True, None)):
        failed = azure.run(MODULE, check=check, **options, resources_created_earlier=ids, ok=False)
        assert failed["failure"]["code"] == "TargetNotFound" and azure.writes == []


def test_a_missing_target_of_a_missing_workspace_is_a_warning_of_the_check(azure: Azure) -> None:
    """What creates the workspace, as provision_workspace does, may create the target too."""
    options = {**declare(azure, "kubernetes"), "workspace": "to-come"}
    options["resource_id"] = f"{GROUP_ID}/providers/Microsoft.ContainerService/managedClusters/to-come"
    planned = azure.run(MODULE, check=True, **options)
    assert planned["plan"]["action"] == "create" and azure.writes == []
    assert [warning for warning in planned["warnings"] if warning.startswith("TargetNotFound")]


def operator(azure: Azure, monkeypatch: pytest.MonkeyPatch, *scopes: str) -> None:
    """From here on, the modules run as somebody who may write computes, and read what is named."""
    azure.app.grant("operator-object", "AzureML Compute Operator", WORKSPACE_ID)
    for scope in (WORKSPACE_ID, *scopes):
        azure.app.grant("operator-object", "Reader", scope)
    who = Principal(
        "operator-object", "operator-app", azure.app.default_principal().tenant, "operator", "ServicePrincipal"
    )
    token = azure.app.token(who)
    monkeypatch.setattr(azure.app, "token", lambda *_arguments, **_options: token)


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize(
    ("kind", "right"),
    [("kubernetes", "Cluster Admin"), ("databricks", "Contributor on the Databricks"), ("synapsespark", "Owner of")],
)
def test_a_missing_right_is_explained(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, kind: str, right: str, readable: bool
) -> None:
    options = declare(azure, kind)
    operator(azure, monkeypatch, *([options["resource_id"]] if readable else []))
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "LinkedAuthorizationFailed" and failed["failure"]["status"] == 403
    assert right in failed["failure"]["hint"]
    assert any("TargetNotReadable" in warning for warning in failed.get("warnings", [])) is not readable
    no_secret(azure)


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind != "kubernetes"])
def test_one_resource_is_attached_once(azure: Azure, kind: str) -> None:
    options = declare(azure, kind)
    azure.run(MODULE, **options)
    failed = azure.run(MODULE, **{**options, "name": "target-b"}, ok=False)
    assert (
        failed["failure"]["code"] == "AlreadyAttached"
        and f"{WORKSPACE_ID}/computes/target-a" in failed["msg"]
        and azure.writes == []
    )


def test_kubernetes_may_be_attached_again_under_another_namespace(azure: Azure) -> None:
    options = declare(azure, "kubernetes")
    azure.run(MODULE, **options)
    failed = azure.run(MODULE, **{**options, "name": "target-b"}, ok=False)
    assert failed["failure"]["code"] == "AlreadyAttached" and failed["failure"]["details"][0]["option"] == "namespace"
    done = azure.run(MODULE, **{**options, "name": "target-b", "namespace": "inference"})
    assert done["changed"] and any("AttachedAgain" in warning and "target-a" in warning for warning in done["warnings"])


def test_other_workspaces_are_searched_when_asked(azure: Azure) -> None:
    other = azure.make_workspace("ws-other", "rg-other")
    options = declare(azure, "kubernetes")
    azure.run(MODULE, **options, workspace="ws-other", resource_group="rg-other")
    failed = azure.run(MODULE, **options, check_other_workspaces=True, ok=False)
    assert failed["failure"]["code"] == "AlreadyAttached" and f"{other}/computes/target-a" in failed["msg"]
    done = azure.run(MODULE, **options)
    assert done["changed"]


def test_another_target_that_cannot_be_read_does_not_stop_an_attachment(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = declare(azure, "databricks")
    listing = azure.app.dispatch

    def add(request: t.Any) -> t.Any:
        answer = listing(request)
        if request.path == f"{WORKSPACE_ID}/computes":
            answer.body["value"].append({"id": f"{request.path}/odd", "name": "odd", "properties": 7})
        return answer

    monkeypatch.setattr(azure.app, "dispatch", add)
    done = azure.run(MODULE, **options)
    assert done["changed"] and [warning.split(":")[0] for warning in done["warnings"]] == ["UnexpectedAnswer"]


def test_a_workspace_that_may_not_be_read_is_named(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    other = azure.make_workspace("ws-other", "rg-other")
    options = declare(azure, "datafactory")
    listing = azure.app.dispatch

    def refuse(request: t.Any) -> t.Any:
        if request.path == f"{other}/computes":
            raise ArmError(403, "AuthorizationFailed", "no")
        return listing(request)

    monkeypatch.setattr(azure.app, "dispatch", refuse)
    done = azure.run(MODULE, **options, check_other_workspaces=True)
    assert done["changed"] and [warning.split(":")[0] for warning in done["warnings"]] == ["WorkspaceNotReadable"]


def test_a_cluster_of_another_subscription_warns(azure: Azure) -> None:
    far = "/subscriptions/22222222-0000-4000-8000-000000000002/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/far"
    azure.arm("PUT", far.split("/providers/", maxsplit=1)[0], {"location": "eastus"}, "2021-04-01")
    azure.arm("PUT", far, {"location": "eastus", "properties": {}}, VERSION["kubernetes"])
    done = azure.run(MODULE, check=True, name="target-a", type="kubernetes", resource_id=far)
    assert any(warning.startswith("OtherSubscription") for warning in done["warnings"])


def test_of_several_identities_kubernetes_uses_the_first(azure: Azure) -> None:
    users = [azure.identity("id-one"), azure.identity("id-two")]
    options = {**declare(azure, "kubernetes"), "identity": {"type": "user_assigned", "user_assigned_identities": users}}
    done = azure.run(MODULE, **options)
    assert (
        any(warning.startswith("FirstIdentityOnly") for warning in done["warnings"])
        and azure.run(MODULE, **options)["changed"] is False
    )


def test_an_attachment_that_failed_is_made_anew(azure: Azure) -> None:
    options = declare(azure, "kubernetes")
    azure.run(MODULE, **options)
    doc = azure.compute("target-a")
    doc["properties"] |= {
        "provisioningState": "Failed",
        "provisioningErrors": [{"error": {"code": "InternalServerError", "message": "extension"}}],
    }
    azure.app.store.put(doc["id"], doc)
    done = azure.run(MODULE, **options)
    assert done["plan"]["action"] == "replace" and "InternalServerError" in done["plan"]["reason"]
    assert done["compute"]["provisioning_state"] == "Succeeded" and [write.method for write in azure.writes] == [
        "DELETE",
        "PUT",
    ]


# --- across kinds ---


def test_a_name_that_exists_as_another_kind(azure: Azure) -> None:
    azure.run(MODULE, **declare(azure, "datafactory"))
    for module, options in [
        (MODULE, {"type": "kubernetes", "resource_id": make_target(azure, "kubernetes")}),
        (MODULE, {"type": "kubernetes", "state": "absent"}),
        ("aml_compute_cluster", {"size": "Standard_DS3_v2", "max_instances": 1}),
        ("aml_inference_cluster", {"state": "absent"}),
    ]:
        failed = azure.run(module, name="target-a", **options, ok=False)
        assert failed["failure"]["code"] == "KindMismatch" and "datafactory" in failed["msg"] and azure.writes == []


def test_a_removal_without_a_type_leaves_what_is_not_attached(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="target-a", size="Standard_DS3_v2", max_instances=1)
    failed = azure.run(MODULE, name="target-a", state="absent", ok=False)
    assert (
        failed["failure"]["code"] == "KindMismatch"
        and "aml_compute_cluster" in failed["failure"]["hint"]
        and azure.writes == []
    )
    assert "type" in azure.run(MODULE, name="target-a", ok=None)["msg"]


@pytest.mark.parametrize("type_", [{"type": "virtualmachine"}, {}])
def test_delete_underlying_is_for_what_the_service_made(azure: Azure, type_: dict[str, str]) -> None:
    options = declare(azure, "virtualmachine")
    azure.run(MODULE, **options)
    failed = azure.run(MODULE, name="target-a", state="absent", delete_underlying=True, **type_, ok=False)
    assert failed["failure"]["code"] == "UnderlyingNotDeletable" and azure.writes == []
    azure.run(MODULE, name="target-a", state="absent", **type_)
    assert azure.get(options["resource_id"], "2024-07-01")["name"] == "target"


def test_the_yaml_of_the_cli(azure: Azure) -> None:
    definition = {"name": "target-a", "type": "synapsespark", "resource_id": make_target(azure, "synapsespark")}
    assert azure.run(MODULE, definition=definition)["changed"]
    assert azure.run(MODULE, definition=definition)["changed"] is False


def test_the_studios_tab(azure: Azure) -> None:
    azure.run(MODULE, **declare(azure, "databricks"))
    found = azure.run("aml_compute_info")
    assert [item["name"] for item in found["by_kind"]["attached"]] == ["target-a"] and "workspace_url" in found[
        "computes"
    ][0]
    no_secret(azure)
