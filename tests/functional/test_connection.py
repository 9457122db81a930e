# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection's life: each field changes alone, credentials are sent when they are due and never shown, what another workspace shares stays its own."""

from __future__ import annotations

import io
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE_ID, Azure

MODULE = "aml_connection"
SAMPLES = sorted((Path(__file__).resolve().parents[1] / "support/official/samples/connection").glob("*.yml"))
TARGET = {"name": "packages"}
DOCUMENT = f"{WORKSPACE_ID}/connections/packages"
FEED = {**TARGET, "type": "python_feed", "target": "https://pkgs.example.org/simple"}
OWNER = {"created_by_workspace_id": WORKSPACE_ID}
PAT = {"type": "pat", "pat": "planted-pat"}
KEYED = {**FEED, "credentials": PAT}
HUB = f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces/hub"
PROJECT = f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces/project"

# By the type of credentials: what is declared, and what the service has then.
CREDENTIALS: dict[str, tuple[dict[str, t.Any], t.Any]] = {
    "none": ({}, None),
    "aad": ({}, None),
    "access_key": (
        {"access_key_id": "an-id", "secret_access_key": "planted-secret"},
        {"accessKeyId": "an-id", "secretAccessKey": "planted-secret"},
    ),
    "account_key": ({"account_key": "planted-key=="}, {"key": "planted-key=="}),
    "api_key": ({"key": "planted-key"}, {"key": "planted-key"}),
    "custom_keys": ({"keys": {"one": "planted-one", "two": 2}}, {"keys": {"one": "planted-one", "two": "2"}}),
    "managed_identity": (
        {"client_id": "client", "resource_id": "resource"},
        {"clientId": "client", "resourceId": "resource"},
    ),
    "oauth2": (
        {"client_id": "client", "client_secret": "planted-secret", "refresh_token": "planted-token"},
        {"clientId": "client", "clientSecret": "planted-secret", "refreshToken": "planted-token"},
    ),
    "pat": ({"pat": "planted-pat"}, {"pat": "planted-pat"}),
    "sas": ({"sas_token": "?sig=planted"}, {"sas": "?sig=planted"}),
    "service_principal": (
        {"tenant_id": "tenant", "client_id": "client", "client_secret": "planted-secret"},
        {"tenantId": "tenant", "clientId": "client", "clientSecret": "planted-secret"},
    ),
    "username_password": (
        {"username": "a-user", "password": "planted-word", "security_token": "planted-token"},
        {"username": "a-user", "password": "planted-word", "securityToken": "planted-token"},
    ),
}


def credentials_of(azure: Azure, path: str = DOCUMENT) -> t.Any:
    """What the service has as the credentials."""
    return azure.app.store.private(path).get("credentials")


def current(azure: Azure, name: str = "packages") -> dict[str, t.Any]:
    (found,) = azure.run("aml_connection_info", name=name)["connections"]
    return t.cast("dict[str, t.Any]", found)


def methods(azure: Azure) -> list[str]:
    return [request.method for request in azure.sent]


def as_planned(planned: t.Any, done: t.Any) -> None:
    """Check mode predicted it, except for what the service adds."""
    assert [planned[key] for key in ("plan", "diff", "changed")] == [done[key] for key in ("plan", "diff", "changed")]
    made = [{**(result["connection"] or {}), **OWNER} for result in (planned, done)]
    assert made[0] == made[1]


@pytest.mark.parametrize("type_", CREDENTIALS)
def test_the_twelve_steps(azure: Azure, type_: str) -> None:
    """Create, again, modify, again, delete, again: each in check mode and for real. No secret is printed, and none is read."""
    parts, held = CREDENTIALS[type_]
    first = {**FEED, "credentials": {"type": type_, **parts}}
    for options, action in [
        (first, "create"),
        (first, "none"),
        ({**first, "target": "https://other.example.org/"}, "update"),
        ({**first, "target": "https://other.example.org/"}, "none"),
        ({**TARGET, "state": "absent"}, "delete"),
        ({**TARGET, "state": "absent"}, "none"),
    ]:
        document = azure.get(DOCUMENT)
        planned = azure.run(MODULE, check=True, **options)
        assert "planted" not in azure.text
        assert azure.writes == [] and azure.get(DOCUMENT).get("properties") == document.get("properties")
        done = azure.run(MODULE, **options)
        assert "planted" not in azure.text
        as_planned(planned, done)
        assert done["plan"]["action"] == action and done["changed"] is (action != "none")
        assert "POST" not in methods(azure)
        if action == "none":
            assert methods(azure) == ["GET"] and azure.tokens == 1
        if done["connection"]:
            assert credentials_of(azure) == held and done["connection"]["credentials"] == {"type": type_}
    assert azure.app.call("GET", f"{DOCUMENT}?api-version=2026-05-01").status == 404


def test_what_a_new_connection_has_without_options(azure: Azure) -> None:
    """As the CLI: shared, and used with Microsoft Entra ID where the type has that."""
    azure.run(MODULE, **FEED)
    assert (current(azure)["is_shared"], current(azure)["credentials"]) == (True, {"type": "none"})
    azure.run(MODULE, name="models", type="azure_open_ai", target="https://oai.example.org/", is_shared=False)
    made = current(azure, "models")
    assert (made["is_shared"], made["credentials"], made["type"]) == (False, {"type": "aad"}, "azure_open_ai")
    assert azure.get(f"{WORKSPACE_ID}/connections/models")["properties"]["category"] == "AzureOpenAI"


@pytest.mark.parametrize("credentials", [{"type": "none"}, PAT], ids=["none", "pat"])
def test_each_updatable_field_alone(azure: Azure, credentials: dict[str, str]) -> None:
    """Of what was not declared, nothing changes. Credentials go with each change, because a PUT is of the whole."""
    azure.run(MODULE, **FEED, credentials=credentials, metadata={"team": "vision", "stage": "test"})
    declared = {**TARGET, "credentials": credentials}
    cases: list[tuple[dict[str, t.Any], str]] = [
        ({"target": "https://other.example.org/"}, "target"),
        ({"is_shared": False}, "is_shared"),
        ({"metadata": {"stage": "production", "number": 7}}, "metadata"),
        ({"metadata": {"stage": None}}, "metadata"),
        ({"expiry_time": "2030-01-01T00:00:00Z"}, "expiry_time"),
        ({"expiry_time": None}, "expiry_time"),
        ({"shared_user_list": ["one", "two"]}, "shared_user_list"),
        ({"shared_user_list": None}, "shared_user_list"),
        ({"use_workspace_managed_identity": True}, "use_workspace_managed_identity"),
        ({"pe_requirement": "required"}, "pe_requirement"),
    ]
    before = current(azure)
    for options, name in cases:
        done = azure.run(MODULE, **declared, **options)
        secret = ["credentials.pat"] if "pat" in credentials else []
        assert [change["field"] for change in done["plan"]["changes"]] == [name, *secret]
        assert "planted" not in azure.text and credentials_of(azure) == ({"pat": "planted-pat"} if secret else None)
        assert [write.method for write in azure.writes] == ["PUT"]
        after = current(azure)
        assert {key for key in before if before[key] != after[key]} == {name}
        if options.get("shared_user_list"):
            assert not azure.run(MODULE, **TARGET, shared_user_list=["TWO", "one"])["changed"], "ids have no case"
        assert azure.run(MODULE, **TARGET, **options)["changed"] is False
        before = after
    assert before["metadata"] == {"team": "vision", "number": "7"}
    assert azure.run(MODULE, **declared, metadata=None)["connection"]["metadata"] == {}


def test_a_time_in_another_spelling_is_no_difference(azure: Azure) -> None:
    azure.run(MODULE, **FEED, expiry_time="2030-01-01T00:00:00Z")
    for spelled in ("2030-01-01T00:00:00+00:00", "2030-01-01T01:00:00.0000000+01:00", "2030-01-01 00:00"):
        assert azure.run(MODULE, **TARGET, expiry_time=spelled)["changed"] is False
    assert azure.run(MODULE, check=True, **TARGET, expiry_time="2030-01-01T00:00:00+01:00")["changed"]
    assert azure.run(MODULE, check=True, **TARGET, expiry_time="next year")["changed"]


def test_the_type_is_fixed_and_says_why(azure: Azure) -> None:
    azure.run(MODULE, **KEYED, metadata={"team": "vision"})
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **TARGET, type="git", ok=False)
        assert failed["failure"]["code"] == "ImmutableChange" and azure.writes == []
        assert "belong to its type" in failed["failure"]["details"][0]["reason"]
    assert not azure.run(MODULE, **TARGET, type="git", on_immutable_change="ignore")["changed"]
    recreate = {**TARGET, "type": "git", "on_immutable_change": "recreate"}
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **recreate, ok=False)
        assert failed["failure"]["code"] == "SecretNeeded" and "credentials.pat" in failed["msg"]
    done = azure.run(MODULE, **recreate, credentials={"pat": "planted-other"})
    assert done["plan"]["action"] == "replace" and [write.method for write in azure.writes] == ["DELETE", "PUT"]
    assert credentials_of(azure) == {"pat": "planted-other"} and "planted" not in azure.text
    assert (done["connection"]["metadata"], done["connection"]["target"]) == ({"team": "vision"}, FEED["target"])


# --- credentials ---


def test_credentials_are_sent_when_they_are_due(azure: Azure) -> None:
    azure.run(MODULE, **KEYED)
    other = {**TARGET, "credentials": {"pat": "planted-other"}}
    assert not azure.run(MODULE, **other)["changed"] and credentials_of(azure) == {"pat": "planted-pat"}
    planned = azure.run(MODULE, check=True, **other, update_password="always")
    done = azure.run(MODULE, **other, update_password="always")
    assert planned["plan"] == done["plan"] and done["plan"]["action"] == "update"
    assert [change["after"] for change in done["plan"]["changes"]] == ["VALUE_NOT_SHOWN"]
    assert credentials_of(azure) == {"pat": "planted-other"} and "planted" not in azure.text


@pytest.mark.parametrize("type_", CREDENTIALS)
def test_credentials_change_to_any_other(azure: Azure, type_: str) -> None:
    """What the old ones had is not sent along."""
    before = "username_password" if type_ == "pat" else "pat"
    azure.run(MODULE, **FEED, credentials={"type": before, **CREDENTIALS[before][0]})
    parts, held = CREDENTIALS[type_]
    wanted = {"type": type_, **parts}
    planned = azure.run(MODULE, check=True, **TARGET, credentials=wanted)
    done = azure.run(MODULE, **TARGET, credentials=wanted)
    assert planned["connection"] == done["connection"] and planned["plan"] == done["plan"]
    assert done["connection"]["credentials"] == {"type": type_} and credentials_of(azure) == held
    (write,) = azure.writes
    assert write.body["properties"].get("credentials") == held
    assert not azure.run(MODULE, **TARGET, credentials=wanted)["changed"]
    if type_ == "none":
        assert not azure.run(MODULE, **TARGET, credentials=None)["changed"]


@pytest.mark.parametrize(
    ("before", "credentials", "needed"),
    [
        ("pat", {}, "credentials.pat"),
        ("pat", {"credentials": {"type": "pat"}}, "credentials.pat"),
        ("pat", {"credentials": {"pat": "VALUE_NOT_SHOWN"}}, "credentials.pat"),
        ("username_password", {"credentials": {"username": "other"}}, "credentials.password"),
        ("managed_identity", {}, "credentials.client_id"),
    ],
    ids=str,
)
def test_a_change_without_the_credentials_is_refused(
    azure: Azure, before: str, credentials: dict[str, t.Any], needed: str
) -> None:
    azure.run(MODULE, **FEED, credentials={"type": before, **CREDENTIALS[before][0]})
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **TARGET, **credentials, target="https://other.example.org/", ok=False)
        assert failed["failure"]["code"] == "SecretNeeded" and needed in failed["msg"]
        assert azure.writes == [] and failed["changed"] is False
    assert credentials_of(azure) == CREDENTIALS[before][1]
    assert not azure.run(MODULE, **TARGET, **credentials)["changed"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"credentials": {"type": "pat"}}, "RequiredForCreation"),
        ({"credentials": {"pat": "planted"}}, "CredentialsIncomplete"),
        ({"credentials": {"type": "pat", "key": "planted"}}, "OptionOfAnotherType"),
        ({"credentials": {"type": "pat", "pat": "VALUE_NOT_SHOWN"}}, "SecretNeeded"),
        ({"credentials": {"type": "custom_keys", "keys": {"a": "VALUE_NOT_SHOWN"}}}, "SecretNeeded"),
        ({"credentials": {"type": "apikeys"}}, "InvalidCredentialsType"),
        ({"type": "python_fed"}, "InvalidConnectionType"),
        ({"target": None}, "NullNotAllowed"),
        ({"metadata": {"a": ["b"]}}, "InvalidMetadata"),
        ({"name": "a/b"}, "InvalidName"),
        ({"name": "-abc"}, "InvalidConnectionName"),
    ],
    ids=str,
)
def test_what_is_refused_before_a_write(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **{**FEED, **options}, ok=False)
        assert code in (failed["failure"]["code"], *(row["code"] for row in failed["failure"]["details"] or []))
        assert azure.writes == [] and "planted" not in azure.text


def test_other_credentials_need_all_their_parts(azure: Azure) -> None:
    azure.run(MODULE, **KEYED)
    failed = azure.run(MODULE, **TARGET, credentials={"type": "username_password", "username": "me"}, ok=False)
    assert failed["failure"]["code"] == "CredentialsIncomplete" and "credentials.password" in failed["msg"]
    failed = azure.run(MODULE, **TARGET, target="https://x", credentials={"key": "planted"}, ok=False)
    assert failed["failure"]["code"] == "OptionOfAnotherType" and azure.writes == []


# --- words that the service adds ---


def test_types_that_are_not_known_are_read_and_kept(azure: Azure) -> None:
    azure.run(MODULE, **FEED)
    document = azure.app.store.get(DOCUMENT)
    document["properties"] |= {"category": "QuantumFeed", "authType": "TelepathicToken", "unknown": {"a": 1}}
    azure.app.store.put(DOCUMENT, document)
    found = current(azure)
    assert (found["type"], found["credentials"]) == ("QuantumFeed", {"type": "TelepathicToken"})
    same = {**TARGET, "type": "QuantumFeed", "credentials": {"type": "TelepathicToken"}}
    assert not azure.run(MODULE, **same)["changed"]
    failed = azure.run(MODULE, **TARGET, target="https://other", ok=False)
    assert failed["failure"]["code"] == "SecretNeeded" and azure.writes == []


@pytest.mark.parametrize("spelled", ["azure_sql_db", "AzureSqlDb", "azuresqldb", "AZURE_SQL_DB"])
def test_a_type_in_any_spelling(azure: Azure, spelled: str) -> None:
    azure.run(MODULE, **{**FEED, "type": "azure_sql_db"})
    assert not azure.run(MODULE, **TARGET, type=spelled)["changed"]
    assert [row["name"] for row in azure.run("aml_connection_info", type=[spelled])["connections"]] == ["packages"]
    assert azure.run("aml_connection_info", type=["git"])["connections"] == []


# --- hubs and projects ---


def with_hub(azure: Azure) -> Azure:
    """A hub that shares one of its two connections, and a project of it."""
    own = azure.get(WORKSPACE_ID)["properties"]
    dependents = {name: own[name] for name in ("storageAccount", "keyVault", "applicationInsights")}
    for path, kind, properties in ((HUB, "Hub", dependents), (PROJECT, "Project", {"hubResourceId": HUB})):
        body = {"location": "eastus", "kind": kind, "identity": {"type": "SystemAssigned"}, "properties": properties}
        azure.arm("PUT", path, body)
    for name, shared in (("shared", True), ("hidden", False)):
        azure.run(MODULE, workspace="hub", **{**FEED, "name": name}, is_shared=shared)
    return azure


@pytest.fixture
def hub(azure: Azure) -> Azure:
    return with_hub(azure)


def test_what_a_hub_shares_is_read_in_its_projects_and_not_touched(hub: Azure) -> None:
    found = hub.run("aml_connection_info", workspace="project")["connections"]
    assert [(row["name"], row["is_inherited"]) for row in found] == [("shared", True)]
    assert found[0]["created_by_workspace_id"] == HUB
    for options in ({"target": "https://other"}, {}, {"state": "absent"}):
        for check in (True, False):
            failed = hub.run(MODULE, check=check, workspace="project", name="shared", **options, ok=False)
            assert failed["failure"]["code"] == "ConnectionInherited" and hub.writes == []
            assert "'hub'" in failed["failure"]["hint"]
    done = hub.run(MODULE, workspace="project", **{**FEED, "name": "hidden"})
    assert done["plan"]["action"] == "create" and done["connection"]["created_by_workspace_id"] == PROJECT
    assert hub.run(MODULE, workspace="hub", name="shared", state="absent")["changed"]


# --- YAML of the CLI ---


@pytest.mark.parametrize("path", SAMPLES, ids=[path.name for path in SAMPLES])
def test_a_sample_of_the_cli(azure: Azure, path: Path) -> None:
    """As it is, and again, and with what ``az ml connection show`` adds."""
    text = path.read_text()
    done = azure.run(MODULE, definition=text)
    assert done["plan"]["action"] == "create" and [write.method for write in azure.writes] == ["PUT"]
    assert azure.run(MODULE, definition=text)["changed"] is False
    shown = {**yaml.safe_load(text), "id": done["connection"]["id"], "resourceGroup": "rg-test", "is_shared": True}
    assert azure.run(MODULE, definition=shown)["changed"] is False


KEY = {"type": "api_key", "key": "planted-key"}
OF_THE_CLI: list[tuple[dict[str, t.Any], dict[str, t.Any]]] = [
    (
        {
            "type": "azure_open_ai",
            "azure_endpoint": "https://x",
            "api_version": "1",
            "open_ai_resource_id": "/r",
            "api_key": "planted-key",
        },
        {
            "type": "azure_open_ai",
            "target": "https://x",
            "metadata": {"ApiType": "Azure", "ApiVersion": "1", "ResourceId": "/r"},
            "credentials": KEY,
        },
    ),
    (
        {"type": "azure_blob", "url": "https://x", "account_name": "st", "container_name": "c"},
        {"type": "azure_blob", "target": "https://x", "metadata": {"AccountName": "st", "ContainerName": "c"}},
    ),
    (
        {"type": "azure_ai_services", "endpoint": "https://x", "ai_services_resource_id": "/r"},
        {"type": "azure_ai_services", "target": "https://x", "metadata": {"ResourceId": "/r"}},
    ),
    (
        {"type": "azure_content_safety", "endpoint": "https://x", "api_key": "planted-key"},
        {
            "type": "cognitive_service",
            "target": "https://x",
            "metadata": {"Kind": "Content Safety"},
            "credentials": KEY,
        },
    ),
    (
        {
            "type": "azure_one_lake",
            "endpoint": "onelake",
            "one_lake_workspace_name": "w",
            "artifact": {"name": "house", "type": "lake_house"},
        },
        {"type": "azure_one_lake", "target": "https://onelake/w/house.Lakehouse"},
    ),
    ({"type": "serp", "api_key": "planted-key"}, {"type": "serp", "credentials": KEY}),
    (
        {"type": "custom", "target": "https://x", "metadata": {"a": "b"}, "is_shared": False},
        {"type": "custom", "target": "https://x", "metadata": {"a": "b"}, "is_shared": False},
    ),
]


@pytest.mark.parametrize(("cli", "options"), OF_THE_CLI, ids=[row[0]["type"] for row in OF_THE_CLI])
def test_the_clis_own_fields(azure: Azure, cli: dict[str, t.Any], options: dict[str, t.Any]) -> None:
    """They say what our options say, azure-ai-ml sends what we send, and each reads what the other has made."""
    models = pytest.importorskip(
        "azure.ai.ml._restclient.arm_ml_service.models", reason="azure-ai-ml 1.31 has other classes of documents"
    )
    from azure.ai.ml import load_connection
    from azure.ai.ml.entities import WorkspaceConnection

    definition = {"name": "packages", **cli}
    made = azure.run(MODULE, definition=definition)
    assert made["plan"]["action"] == "create" and "planted" not in azure.text
    sent = azure.writes[0].body["properties"]
    entity = load_connection(io.StringIO(yaml.safe_dump(definition)))
    theirs = entity._to_rest_object().as_dict()["properties"]
    theirs["metadata"] = {name: value for name, value in (theirs.get("metadata") or {}).items() if value is not None}
    spelled = {"category": sent["category"], "authType": sent["authType"]}
    words = {name: value.casefold() for name, value in spelled.items()}
    assert words == {name: theirs[name].casefold() for name in spelled}
    assert {"metadata": {}, **sent, **spelled} == {**theirs, **spelled}
    assert not azure.run(MODULE, **TARGET, **options)["changed"]
    shown = WorkspaceConnection._from_rest_object(
        models.WorkspaceConnectionPropertiesV2BasicResource(azure.get(DOCUMENT))
    )
    assert (shown.type, shown.target, shown.is_shared) == (entity.type, entity.target, entity.is_shared)
    azure.arm("PUT", DOCUMENT, {"properties": theirs})
    assert not azure.run(MODULE, definition=definition)["changed"]


def test_what_the_cli_does_not_take(azure: Azure) -> None:
    for definition, code in [
        ({"name": "packages", "type": "azure_blobs", "target": "x"}, "InvalidDefinition"),
        ({"name": "packages", "type": "git"}, "InvalidDefinition"),
        ({"name": "packages", "type": "git", "target": "x", "description": "no option"}, "NotManaged"),
    ]:
        failed = azure.run(MODULE, definition=definition, ok=False)
        assert code in (failed["failure"]["code"], *(row["code"] for row in failed["failure"]["details"] or []))
        assert azure.sent == []


# --- other writers ---


def test_what_others_change_meanwhile_is_kept(azure: Azure) -> None:
    """A value that another writer sets between the first read and the write."""
    azure.run(MODULE, **FEED)
    reads = 0

    def meanwhile(method: str, path: str) -> None:
        nonlocal reads
        if path == DOCUMENT and method == "GET":
            if reads == 1:
                theirs = {
                    "category": "PythonFeed",
                    "authType": "None",
                    "target": FEED["target"],
                    "metadata": {"whose": "x"},
                }
                azure.arm("PUT", f"{DOCUMENT}?api-version=2026-05-01", {"properties": theirs})
            reads += 1

    azure.meanwhile = meanwhile
    done = azure.run(MODULE, **TARGET, use_workspace_managed_identity=True)
    assert done["changed"] and current(azure)["metadata"] == {"whose": "x"}
    assert current(azure)["use_workspace_managed_identity"] is True


def test_a_connection_that_another_writer_creates_first_is_not_overwritten(azure: Azure) -> None:
    def create(method: str, path: str) -> None:
        # The read of the workspace precedes the second read of the connection.
        if method == "GET" and path == WORKSPACE_ID:
            azure.meanwhile = lambda method, path: None
            theirs = {"category": "PythonFeed", "authType": "None", "target": "https://theirs"}
            azure.arm("PUT", f"{DOCUMENT}?api-version=2026-05-01", {"properties": theirs})

    azure.meanwhile = create
    failed = azure.run(MODULE, **KEYED, ok=False)
    assert failed["failure"]["code"] == "ChangedMeanwhile" and current(azure)["target"] == "https://theirs"
