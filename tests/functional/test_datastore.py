# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A datastore's life: each field changes alone, fixed ones say why, secrets are sent when they are due and never shown."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import OWN
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE_ID, Azure

MODULE = "aml_datastore"
SAMPLES = sorted((Path(__file__).resolve().parents[1] / "support/official/samples/datastore").glob("*.yml"))
TARGET = {"name": "training_data"}
DOCUMENT = f"{WORKSPACE_ID}/datastores/training_data"
BLOB = {**TARGET, "type": "azure_blob", "account_name": "stdata", "container_name": "training"}
KEY = "planted-account-key-1=="
KEYED = {**BLOB, "credentials": {"account_key": KEY}}
TENANT, CLIENT, OTHER = (f"11111111-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
PRINCIPAL = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "planted-client-secret"}
CERTIFICATE = {"tenant_id": TENANT, "client_id": CLIENT, "certificate": "planted-certificate", "thumbprint": "AB12"}

TYPES: dict[str, dict[str, t.Any]] = {
    "azure_blob": {
        "account_name": "stdata",
        "container_name": "training",
        "credentials": {"sas_token": "?sig=planted-sas"},
    },
    "azure_file": {"account_name": "stdata", "file_share_name": "share", "credentials": {"account_key": KEY}},
    "azure_data_lake_gen1": {"store_name": "lakestore", "credentials": PRINCIPAL},
    "azure_data_lake_gen2": {"account_name": "stlake", "filesystem": "raw", "credentials": CERTIFICATE},
    "one_lake": {"one_lake_workspace_name": "fabric", "artifact": {"name": "house"}, "credentials": PRINCIPAL},
}


def secret_of(azure: Azure, path: str = DOCUMENT) -> t.Any:
    """What the service has as the secret."""
    return azure.app.store.private(path).get("secret")


def current(azure: Azure, name: str = "training_data") -> dict[str, t.Any]:
    (found,) = azure.run("aml_datastore_info", name=name)["datastores"]
    return t.cast("dict[str, t.Any]", found)


def methods(azure: Azure) -> list[str]:
    return [request.method for request in azure.sent]


@pytest.mark.parametrize("type_", TYPES)
def test_the_twelve_steps(azure: Azure, type_: str) -> None:
    """Create, again, modify, again, delete, again: each in check mode and for real. No secret is printed."""

    def no_secret(azure: Azure) -> None:
        assert "planted" not in azure.text

    first = {**TARGET, "type": type_, **TYPES[type_]}
    for options, action in [
        (first, "create"),
        (first, "none"),
        ({**first, "description": "For tests"}, "update"),
        ({**first, "description": "For tests"}, "none"),
        ({**TARGET, "state": "absent"}, "delete"),
        ({**TARGET, "state": "absent"}, "none"),
    ]:
        document = azure.get(DOCUMENT)
        planned = azure.run(MODULE, check=True, **options)
        no_secret(azure)
        assert azure.writes == [] and azure.get(DOCUMENT).get("properties") == document.get("properties")
        done = azure.run(MODULE, **options)
        no_secret(azure)
        assert [planned[key] for key in ("plan", "diff", "changed")] == [
            done[key] for key in ("plan", "diff", "changed")
        ]
        assert done["plan"]["action"] == action and done["changed"] is (action != "none")
        if action == "none":
            assert methods(azure) == ["GET"] and azure.tokens == 1
        if done["datastore"]:
            same = {key for key in done["datastore"] if key not in ("endpoint", "protocol")}
            assert {key: planned["datastore"].get(key) for key in same} == {key: done["datastore"][key] for key in same}
    assert azure.app.call("GET", f"{DOCUMENT}?api-version=2026-05-01").status == 404


@pytest.mark.parametrize("credentials", [None, {"account_key": KEY}], ids=["none", "key"])
def test_each_updatable_field_alone(azure: Azure, credentials: dict[str, str] | None) -> None:
    """Of what was not declared, nothing changes. A secret goes with each change, because the service takes none without it."""
    declared = {**TARGET, **({"credentials": credentials} if credentials else {})}
    azure.run(MODULE, **{**BLOB, **declared}, description="first", tags={"team": "vision"})
    identity = {"service_data_access_auth_identity": "workspace_system_assigned_identity"}
    cases: list[tuple[dict[str, t.Any], str]] = [
        ({"description": "other"}, "description"),
        ({"description": None}, "description"),
        ({"tags": {"stage": "test"}}, "tags"),
        ({"tags": {"stage": None}}, "tags"),
        (identity, "service_data_access_auth_identity"),
    ]
    before = current(azure)
    for options, name in cases:
        done = azure.run(MODULE, **declared, **options)
        secret = ["credentials.account_key"] if credentials else []
        assert [change["field"] for change in done["plan"]["changes"]] == [name, *secret]
        assert KEY not in azure.text and secret_of(azure) == (KEY if credentials else None)
        assert [write.method for write in azure.writes] == ["PUT"]
        after = current(azure)
        assert {key for key in before if before[key] != after[key]} == {name}
        assert azure.run(MODULE, **TARGET, **options)["changed"] is False
        before = after
    assert before["tags"] == {"team": "vision"}


FIXED = [
    ({"type": "azure_file"}, "type", "decided at creation"),
    ({"account_name": "stother"}, "account_name", "keeps the storage"),
    ({"container_name": "other"}, "container_name", "keeps the storage"),
    ({"endpoint": "core.chinacloudapi.cn"}, "endpoint", "keeps the storage"),
    ({"protocol": "wasbs"}, "protocol", "keeps the storage"),
    ({"storage_resource_group": "rg-other"}, "storage_resource_group", "keeps the storage"),
    ({"is_default": True}, "is_default", "does not set it"),
]


@pytest.mark.parametrize(("options", "name", "reason"), FIXED, ids=[row[1] for row in FIXED])
def test_a_fixed_field_says_why(azure: Azure, options: dict[str, t.Any], name: str, reason: str) -> None:
    azure.run(MODULE, **BLOB)
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **TARGET, **options, ok=False)
        assert failed["failure"]["code"] == "ImmutableChange" and azure.writes == []
        (detail,) = failed["failure"]["details"]
        assert detail["field"] == name and reason in detail["reason"]
    assert not azure.run(MODULE, **TARGET, **options, on_immutable_change="ignore")["changed"]


def test_a_replacement_keeps_what_was_not_declared_and_asks_for_the_secret(azure: Azure) -> None:
    azure.run(MODULE, **KEYED, tags={"team": "vision"})
    moved = {**TARGET, "container_name": "other", "on_immutable_change": "recreate"}
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **moved, ok=False)
        assert failed["failure"]["code"] == "SecretNeeded" and "credentials.account_key" in failed["msg"]
        assert azure.writes == []
    done = azure.run(MODULE, **moved, credentials={"account_key": "planted-other"})
    assert done["plan"]["action"] == "replace" and [write.method for write in azure.writes] == ["DELETE", "PUT"]
    assert secret_of(azure) == "planted-other" and "planted" not in azure.text
    assert (done["datastore"]["tags"], done["datastore"]["account_name"]) == ({"team": "vision"}, "stdata")
    shared = azure.run(
        MODULE, **TARGET, type="azure_file", file_share_name="share", credentials=None, on_immutable_change="recreate"
    )["datastore"]
    assert shared["file_share_name"] == "share" and "container_name" not in shared and shared["credentials"] is None
    lake = {"type": "one_lake", "one_lake_workspace_name": "fabric", "artifact": {"name": "house"}}
    azure.run(MODULE, **TARGET, **lake, on_immutable_change="recreate")
    # That of a storage account is another one.
    assert "endpoint" not in azure.writes[-1].body["properties"]
    failed = azure.run(MODULE, **TARGET, is_default=True, on_immutable_change="recreate", ok=False)
    assert failed["failure"]["code"] == "DefaultNotSettable" and azure.writes == []


# --- secrets ---


def test_a_secret_is_sent_when_it_is_due(azure: Azure) -> None:
    azure.run(MODULE, **KEYED)
    other = {**TARGET, "credentials": {"account_key": "planted-other-key"}}
    assert not azure.run(MODULE, **other)["changed"]
    assert not azure.run(MODULE, **other, update_password="on_create")["changed"] and secret_of(azure) == KEY
    planned = azure.run(MODULE, check=True, **other, update_password="always")
    done = azure.run(MODULE, **other, update_password="always")
    assert planned["plan"] == done["plan"] and done["plan"]["action"] == "update"
    assert done["plan"]["changes"] == [
        {
            "field": "credentials.account_key",
            "before": None,
            "after": "VALUE_NOT_SHOWN",
            "mutability": "write_only",
            "reason": None,
        }
    ]
    assert [write.method for write in azure.writes] == ["PUT"]
    assert secret_of(azure) == "planted-other-key" and "planted" not in azure.text


@pytest.mark.parametrize(
    ("credentials", "type_", "arm"),
    [
        ({"account_key": "planted-key"}, "account_key", "planted-key"),
        ({"sas_token": "?sig=planted"}, "sas", "?sig=planted"),
        (PRINCIPAL, "service_principal", "planted-client-secret"),
        (CERTIFICATE, "certificate", "planted-certificate"),
        (None, None, None),
    ],
    ids=["key", "sas", "principal", "certificate", "none"],
)
def test_credentials_change_to_any_other(azure: Azure, credentials: t.Any, type_: str | None, arm: str | None) -> None:
    """What the old ones had is not sent along."""
    before = (
        {"sas_token": "?sig=planted-before"}
        if type_ == "service_principal"
        else PRINCIPAL
        if type_ != "certificate"
        else {"account_key": KEY}
    )
    azure.run(MODULE, **BLOB, credentials=before)
    planned = azure.run(MODULE, check=True, **TARGET, credentials=credentials)
    done = azure.run(MODULE, **TARGET, credentials=credentials)
    assert done["changed"] is (before is not credentials) and planned["datastore"] == done["datastore"]
    assert (done["datastore"]["credentials"] or {"type": None})["type"] == type_ and secret_of(azure) == arm
    assert "planted" not in azure.text
    (write,) = azure.writes
    (sent,) = [write.body["properties"]["credentials"]]
    public = {key for key in credentials or {} if key in ("tenant_id", "client_id", "thumbprint")}
    assert len(sent) == 1 + len(public) + (credentials is not None)
    assert not azure.run(MODULE, **TARGET, credentials=credentials)["changed"]


@pytest.mark.parametrize(
    "options", [{"description": "other"}, {"tags": {"a": "b"}}, {"credentials": {"client_id": OTHER}}], ids=str
)
def test_a_change_without_the_secret_is_refused(azure: Azure, options: dict[str, t.Any]) -> None:
    azure.run(MODULE, **BLOB, credentials=PRINCIPAL)
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **TARGET, **options, ok=False)
        assert failed["failure"]["code"] == "SecretNeeded" and "credentials.client_secret" in failed["msg"]
        assert azure.writes == [] and failed["changed"] is False
    credentials = {"client_secret": "planted-second", **options.get("credentials", {})}
    assert azure.run(MODULE, **TARGET, **{**options, "credentials": credentials})["changed"]
    assert secret_of(azure) == "planted-second" and current(azure)["credentials"]["tenant_id"] == TENANT
    assert not any(request.path.endswith("listSecrets") for request in azure.sent)


# --- other writers ---


def test_what_others_change_meanwhile_is_kept(azure: Azure) -> None:
    """A value that another writer sets between the first read and the write."""
    azure.run(MODULE, **BLOB)
    theirs = {
        "datastoreType": "AzureBlob",
        "accountName": "stdata",
        "containerName": "training",
        "tags": {"whose": "another"},
    }

    def change(method: str, path: str) -> None:
        if reads == 1:
            azure.arm(
                "PUT",
                f"{DOCUMENT}?api-version=2026-05-01&skipValidation=true",
                {"properties": {**theirs, "credentials": {"credentialsType": "None"}}},
            )

    reads = 0

    def count(method: str, path: str) -> None:
        nonlocal reads
        if path == DOCUMENT and method == "GET":
            change(method, path)
            reads += 1

    azure.meanwhile = count
    done = azure.run(MODULE, **TARGET, description="ours")
    assert done["changed"] and done["warnings"] == []
    assert current(azure)["tags"] == {"whose": "another"} and current(azure)["description"] == "ours"


def test_a_datastore_that_another_writer_creates_first_is_not_overwritten(azure: Azure) -> None:
    def create(method: str, path: str) -> None:
        # The read of the workspace precedes the second read of the datastore.
        if method == "GET" and path == WORKSPACE_ID:
            azure.meanwhile = lambda method, path: None
            theirs = {
                "datastoreType": "AzureBlob",
                "accountName": "sttheirs",
                "credentials": {"credentialsType": "None"},
            }
            azure.arm("PUT", f"{DOCUMENT}?api-version=2026-05-01&skipValidation=true", {"properties": theirs})

    azure.meanwhile = create
    failed = azure.run(MODULE, **BLOB, ok=False)
    assert failed["failure"]["code"] == "ChangedMeanwhile" and current(azure)["account_name"] == "sttheirs"


# --- YAML of the CLI ---


@pytest.mark.parametrize("path", SAMPLES, ids=[path.name for path in SAMPLES])
def test_a_sample_of_the_cli(azure: Azure, path: Path) -> None:
    """As it lies, and again, and as ``az ml datastore show`` prints it afterwards."""
    text = path.read_text().replace("XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX", TENANT)
    done = azure.run(MODULE, definition=text)
    assert done["plan"]["action"] == "create" and [write.method for write in azure.writes] == ["PUT"]
    assert azure.run(MODULE, definition=text)["changed"] is False
    shown = {**yaml.safe_load(text), "credentials": {}, "id": done["datastore"]["id"], "resourceGroup": "rg-test"}
    assert azure.run(MODULE, definition=shown)["changed"] is False


def test_what_the_cli_takes_and_what_not(azure: Azure) -> None:
    yaml_of = {"name": "lake", "type": "azure_data_lake_gen2", "account_name": "stlake", "filesystem": "raw"}
    credentials = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "planted-secret"}
    login = "https://login.microsoftonline.com"
    done = azure.run(MODULE, definition={**yaml_of, "credentials": {**credentials, "authority_uri": login}})
    assert done["datastore"]["type"] == "azure_data_lake_gen2"
    assert done["datastore"]["credentials"]["authority_url"] == login and "planted" not in azure.text
    house = {
        "type": "one_lake",
        "one_lake_workspace_name": "w",
        "endpoint": "x",
        "artifact": {"name": "h", "type": "lake_house"},
    }
    assert azure.run(MODULE, definition={"name": "house", **house})["datastore"]["artifact"]["type"] == "lake_house"
    failed = azure.run(MODULE, definition={**yaml_of, "container_name": "x"}, ok=False)
    assert failed["failure"]["code"] == "InvalidDefinition" and "container_name" in failed["msg"]
    failed = azure.run("aml_compute_cluster", definition=yaml_of, ok=False)
    assert failed["failure"]["code"] == "WrongDefinitionType" and "azureml.compute.aml_datastore" in failed["msg"]


# --- the workspace's own ---


@pytest.mark.parametrize("name", OWN)
def test_the_workspaces_own_datastores_stay(azure: Azure, name: str) -> None:
    for check in (True, False):
        failed = azure.run(MODULE, check=check, name=name, state="absent", ok=False)
        assert failed["failure"]["code"] == "DatastoreNotRemovable" and azure.writes == []
    failed = azure.run(MODULE, name=name, account_name="stother", on_immutable_change="recreate", ok=False)
    assert failed["failure"]["code"] in ("DatastoreNotRemovable", "SecretNeeded") and azure.writes == []
    assert azure.run(MODULE, name=name, description="described", credentials={"account_key": KEY})["changed"]
    assert current(azure, name)["description"] == "described"


def test_the_list_has_all_and_filters(azure: Azure) -> None:
    azure.run(MODULE, **KEYED)
    found = azure.run("aml_datastore_info")["datastores"]
    assert [row["name"] for row in found] == [*OWN, "training_data"]
    assert [row["name"] for row in found if row["is_default"]] == ["workspaceblobstore"]
    files = azure.run("aml_datastore_info", type=["azure_file"])["datastores"]
    assert {row["type"] for row in files} == {"azure_file"} and len(files) == 2
    assert azure.run("aml_datastore_info", name="nothing")["datastores"] == []
    assert methods(azure) == ["GET"] and not any(request.path.endswith("listSecrets") for request in azure.sent)


# --- refused before the first request ---

REFUSED: list[tuple[dict[str, t.Any], str, str]] = [
    ({**BLOB, "name": "-bad"}, "InvalidDatastoreName", "name"),
    ({**BLOB, "account_name": "Not_An_Account"}, "InvalidStorageName", "account_name"),
    ({**BLOB, "container_name": "a--b"}, "InvalidStorageName", "container_name"),
    ({**BLOB, "filesystem": "raw"}, "OptionOfAnotherType", "filesystem"),
    ({**BLOB, "artifact": {"name": "x"}}, "OptionOfAnotherType", "artifact.name"),
    (
        {**BLOB, "credentials": {"account_key": "planted-a", "sas_token": "planted-b"}},
        "CredentialsAmbiguous",
        "credentials",
    ),
    (
        {**BLOB, "credentials": {"account_key": "planted-a", "tenant_id": TENANT}},
        "OptionOfAnotherType",
        "credentials.tenant_id",
    ),
    ({**BLOB, "credentials": {**PRINCIPAL, "tenant_id": "contoso"}}, "InvalidGuid", "credentials.tenant_id"),
    (
        {**BLOB, "credentials": {**PRINCIPAL, "authority_url": "http://x"}},
        "InvalidAddress",
        "credentials.authority_url",
    ),
]


@pytest.mark.parametrize(("options", "code", "option"), REFUSED, ids=[f"{row[1]}-{row[2]}" for row in REFUSED])
def test_refused_offline(azure: Azure, options: dict[str, t.Any], code: str, option: str) -> None:
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == code and option in failed["msg"] and azure.sent == []


NOT_CREATABLE: list[tuple[dict[str, t.Any], str, str]] = [
    (TARGET, "RequiredForCreation", "type"),
    ({**TARGET, "type": "azure_blob", "account_name": "stdata"}, "RequiredForCreation", "container_name"),
    ({**BLOB, "credentials": {"client_secret": "planted"}}, "RequiredForCreation", "credentials.tenant_id"),
    ({**BLOB, "credentials": {"tenant_id": TENANT, "client_id": CLIENT}}, "CredentialsIncomplete", "credentials"),
    ({**BLOB, "is_default": True}, "DefaultNotSettable", "is_default"),
]


@pytest.mark.parametrize(("options", "code", "option"), NOT_CREATABLE, ids=[row[2] for row in NOT_CREATABLE])
def test_what_a_creation_needs(azure: Azure, options: dict[str, t.Any], code: str, option: str) -> None:
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **options, ok=False)
        assert failed["failure"]["code"] == code and option in failed["msg"] and azure.writes == []


NOT_UPDATABLE: list[tuple[dict[str, t.Any], str, str]] = [
    ({"filesystem": "raw"}, "ImmutableChange", "filesystem"),
    (
        {"filesystem": "raw", "on_immutable_change": "recreate", "credentials": None},
        "OptionOfAnotherType",
        "filesystem",
    ),
    ({"credentials": {"client_secret": "planted"}}, "CredentialsIncomplete", "credentials.tenant_id"),
    ({"credentials": {"tenant_id": TENANT}}, "OptionOfAnotherType", "credentials.tenant_id"),
]


@pytest.mark.parametrize(("options", "code", "option"), NOT_UPDATABLE, ids=[row[1] for row in NOT_UPDATABLE])
def test_what_an_update_needs(azure: Azure, options: dict[str, t.Any], code: str, option: str) -> None:
    azure.run(MODULE, **KEYED)
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **TARGET, **options, ok=False)
        assert failed["failure"]["code"] == code and option in failed["msg"] and azure.writes == []


def test_the_retired_type_warns(azure: Azure) -> None:
    done = azure.run(MODULE, **TARGET, type="azure_data_lake_gen1", store_name="lakestore")
    assert any(warning.startswith("Retired: type azure_data_lake_gen1") for warning in done["warnings"])
