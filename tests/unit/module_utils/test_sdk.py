# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What azure-ai-ml is asked for when a workspace is created: its own entities, from what was declared and nothing else.

tests/integration/test_provision_workspace.py has the whole way, with azure-ai-ml's own requests.
"""

from __future__ import annotations

import json
import time
import typing as t
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm import transport
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC, US_GOVERNMENT
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import Target
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError, ArmError
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import workspace_sdk
from ansible_collections.azureml.compute.tests.support import hostile
from ansible_collections.azureml.compute.tests.support.certificates import certificate
from ansible_collections.azureml.compute.tests.support.wire import FakeCredential
from azure.core.exceptions import DecodeError, DeserializationError, HttpResponseError

GROUP = "/subscriptions/s/resourceGroups/rg"
TARGET = Target("ws", f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws", GROUP, "s", "rg")
STORE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"
USER = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"


class Workspaces:
    """Stands in for MLClient.workspaces: keeps what was to be created, or raises."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[t.Any] = []
        self.options: dict[str, t.Any] = {}
        self.error = error

    def begin_create(self, entity: t.Any, **options: t.Any) -> None:
        print("azure-ai-ml talks")
        self.asked.append(entity)
        self.options = options
        if self.error:
            raise self.error


def submit(monkeypatch: pytest.MonkeyPatch, declared: dict[str, t.Any], error: Exception | None = None) -> t.Any:
    workspaces = Workspaces(error)
    monkeypatch.setattr(workspace_sdk, "_client", lambda *_: type("Client", (), {"workspaces": workspaces}))
    workspace_sdk.submit_workspace(PUBLIC, None, TARGET, declared)
    [entity] = workspaces.asked
    return entity


def test_a_feature_store_has_connections_that_azure_ai_ml_recognises(monkeypatch: pytest.MonkeyPatch) -> None:
    workspaces = Workspaces()
    monkeypatch.setattr(workspace_sdk, "_client", lambda *_: type("Client", (), {"workspaces": workspaces}))
    container, cache = f"{STORE}/blobServices/default/containers/c", f"{GROUP}/providers/Microsoft.Cache/redis/r"
    given = workspace_sdk.FeatureStore(USER, False, container, cache)
    for stores in (workspace_sdk.NEW_STORE, given, given):
        workspace_sdk.submit_workspace(PUBLIC, None, TARGET, {"kind": "featurestore"}, stores=stores)
    first, second, third = (entity._feature_store_settings for entity in workspaces.asked)
    assert first.offline_store_connection_name.startswith("OfflineStoreConnectionName-")
    assert first.online_store_connection_name is None
    assert second.online_store_connection_name.startswith("OnlineStoreConnectionName-")
    assert vars(second)["online_store_connection_name"] == third.online_store_connection_name, "as in the first attempt"
    identity = workspaces.options.pop("materialization_identity")
    assert identity.resource_id == USER and workspaces.options == {
        "grant_materialization_permissions": False,
        "offline_store_target": container,
        "online_store_target": cache,
    }
    named = {"kind": "featurestore", "feature_store_settings.offline_store_connection_name": "mine"}
    workspace_sdk.submit_workspace(PUBLIC, None, TARGET, named)
    assert workspaces.asked[-1]._feature_store_settings.offline_store_connection_name == "mine"


def test_a_workspace_that_exists_by_now_is_not_updated(monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-ai-ml reads the workspace, and updates one that exists."""
    workspaces = Workspaces()
    workspaces.begin_create = lambda entity: workspaces.begin_update(entity, update_dependent_resources=False)  # type: ignore[attr-defined, method-assign]
    monkeypatch.setattr(workspace_sdk, "_client", lambda *_: type("Client", (), {"workspaces": workspaces}))
    with pytest.raises(workspace_sdk.WorkspaceExists):
        workspace_sdk.submit_workspace(PUBLIC, None, TARGET, {"location": "eastus"})


def test_what_was_declared_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from azure.ai.ml import entities

    entity = submit(monkeypatch, {"location": "eastus"})
    assert entity.__class__ is entities.Workspace
    assert (entity.name, entity.resource_group, entity.location, entity.tags) == ("ws", "rg", "eastus", {})
    for option in (
        "display_name",
        "description",
        "storage_account",
        "public_network_access",
        "managed_network",
        "customer_managed_key",
        "identity",
    ):
        assert getattr(entity, option) is None, option
    assert capsys.readouterr().out == "", "a module prints its JSON and nothing beside it"


def test_everything_that_a_creation_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {
        "location": "eastus",
        "display_name": "Production",
        "description": "Text",
        "storage_account": STORE,
        "hbi_workspace": True,
        "image_build_compute": "cpu",
        "primary_user_assigned_identity": USER,
        "system_datastores_auth_mode": "identity",
    }
    entity = submit(
        monkeypatch,
        {
            **plain,
            "tags": {"team": "vision", "cost": 7, "gone": None},
            "public_network_access": "disabled",
            "identity": {"type": "system_assigned,user_assigned", "user_assigned_identities": [USER]},
            "managed_network.isolation_mode": "allow_only_approved_outbound",
            "managed_network.firewall_sku": "basic",
            "customer_managed_key.key_vault": f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv",
            "customer_managed_key.key_uri": "https://kv.vault.azure.net/keys/k/1",
        },
    )
    assert {name: getattr(entity, name) for name in plain} == plain
    assert entity.tags == {"team": "vision", "cost": "7"}, "the service's tags are text, and a declared null is no tag"
    assert entity.public_network_access == "Disabled"
    assert entity.identity.type == "SystemAssigned,UserAssigned"
    assert [identity.resource_id for identity in entity.identity.user_assigned_identities] == [USER]
    assert (entity.managed_network.isolation_mode, entity.managed_network.firewall_sku) == (
        "AllowOnlyApprovedOutbound",
        "basic",
    )
    assert entity.customer_managed_key.key_uri == "https://kv.vault.azure.net/keys/k/1"


def test_a_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.ai.ml import entities

    entity = submit(monkeypatch, {"kind": "hub", "location": "eastus", "identity": {"type": "system_assigned"}})
    assert entity.__class__ is entities.Hub
    assert (entity.identity.type, entity.identity.user_assigned_identities) == ("SystemAssigned", None)


class Answer:
    """As much of azure-core's answer as its errors and ours look at."""

    status_code, reason = 403, "Forbidden"
    request = type("Request", (), {"method": "PUT"})

    def __init__(self, content: str) -> None:
        self.content, self.headers = content, {"x-ms-request-id": "r-1"}

    def body(self) -> bytes:
        return self.content.encode()

    def text(self) -> str:
        return self.content


def test_the_services_refusal_keeps_its_code_and_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = f"The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Resources/deployments/write' over scope '{GROUP}'."
    body = json.dumps({"error": {"code": "AuthorizationFailed", "message": refused}})
    with pytest.raises(ArmError) as caught:
        submit(monkeypatch, {}, HttpResponseError(response=t.cast(t.Any, Answer(body))))
    error = caught.value
    assert (error.code, error.status, error.request_id, error.target) == ("AuthorizationFailed", 403, "r-1", TARGET.id)
    assert error.message == refused
    assert error.hint and "Microsoft.Resources/deployments/write" in error.hint


def test_a_refusal_that_is_no_json_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArmError) as caught:
        submit(
            monkeypatch, {}, HttpResponseError(message="The gateway says no.", response=t.cast(t.Any, Answer("<html>")))
        )
    assert (caught.value.code, caught.value.target) == ("UnexpectedAnswer", TARGET.id)
    assert "The gateway says no." in caught.value.message


class Taken(Answer):
    """An answer that was no refusal."""

    status_code, reason = 200, "OK"


@pytest.mark.parametrize(
    "error",
    [
        HttpResponseError(message="unreadable", response=t.cast(t.Any, Taken('{"value": [1]}'))),
        DecodeError(message="unreadable", response=t.cast(t.Any, Taken('{"value"'))),
        DeserializationError(
            "Unable to deserialize to object: type, AttributeError: 'int' object has no attribute 'get'"
        ),
        AttributeError("'NoneType' object has no attribute 'properties'"),
        KeyError("principalId"),
        TypeError("'int' object is not iterable"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_answer_that_azure_ai_ml_cannot_read_is_one_unexpected_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    with pytest.raises(ArmError) as caught:
        submit(monkeypatch, {}, error)
    assert (caught.value.code, caught.value.target) == ("UnexpectedAnswer", TARGET.id)
    assert caught.value.may_be_accepted, "the deployment may have been accepted"
    assert "Run the same task again" in (caught.value.hint or "")


def test_what_azure_ai_ml_itself_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.ai.ml.exceptions import ErrorCategory, ErrorTarget, ValidationException

    refused = ValidationException(
        message="It takes no such thing.",
        no_personal_data_message="",
        target=ErrorTarget.WORKSPACE,
        error_category=ErrorCategory.USER_ERROR,
    )
    with pytest.raises(AmlError) as caught:
        submit(monkeypatch, {}, refused)
    assert (caught.value.code, caught.value.message, caught.value.target) == (
        "SdkRefused",
        "It takes no such thing.",
        TARGET.id,
    )


def test_the_client_talks_to_the_cloud_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud known by its name goes by that; one that was read from an address brings its addresses, under a name of its own each time."""
    made: list[tuple[tuple[t.Any, ...], dict[str, t.Any]]] = []
    monkeypatch.setattr("azure.ai.ml.MLClient", lambda *args, **options: made.append((args, options)))
    workspace_sdk._client(US_GOVERNMENT, "credential", TARGET)
    assert made == [(("credential", "s", "rg"), {"enable_telemetry": False, "cloud": "AzureUSGovernment"})]
    own = replace(
        PUBLIC,
        name="Sim",
        resource_manager="https://sim:1",
        login_endpoint="https://login:1",
        suffixes={"storage": "core.sim"},
        origin="metadata",
    )
    made.clear()
    workspace_sdk._client(own, "credential", TARGET)
    workspace_sdk._client(own, "credential", TARGET)
    (_args, first), (_more, second) = made
    assert first["cloud"].startswith("Sim-") and first["cloud"] != second["cloud"]
    assert first["cloud_metadata"] == {
        "azure_portal": PUBLIC.portal,
        "resource_manager": "https://sim:1/",
        "active_directory": "https://login:1",
        "aml_resource_id": "https://sim:1",
        "storage_endpoint": "core.sim",
        "registry_discovery_endpoint": "https://sim:1/",
    }
    assert first["enable_telemetry"] is False


# --- the limits of what azure-ai-ml sends ---


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


def submitted(monkeypatch: pytest.MonkeyPatch, server: hostile.Server, retry_timeout: float = 1.0) -> AmlError:
    """The failure of a submission by azure-ai-ml itself, with all its requests, to a server whose answers are hostile."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transport, "SHORTEST_EXCHANGE", 0.3)
    cloud = replace(
        PUBLIC,
        name="Hostile",
        resource_manager=server.base,
        login_endpoint=server.base,
        audience="",
        extra_hosts=(),
        origin="metadata",
    )
    with server, pytest.raises(AmlError) as caught:
        workspace_sdk.submit_workspace(
            cloud, FakeCredential(), TARGET, {"location": "eastus"}, verify=server.ca, retry_timeout=retry_timeout
        )
    return caught.value


@pytest.mark.parametrize(
    ("name", "code", "most"),
    [
        ("a body, byte by byte", "AnswerTooSlow", 30),
        ("a flood of 100 Continue", "AnswerTooLarge", 2),
        ("gzip of 65 MiB in 66 kB", "AnswerTooLarge", 2),
        ("throttled for a day", "TooManyRequests", 2),
        ("unavailable for a day", "ServiceUnavailable", 2),
    ],
)
def test_what_does_not_end_ends_for_azure_ai_ml_too(
    monkeypatch: pytest.MonkeyPatch, tls: tuple[Path, Path], name: str, code: str, most: int
) -> None:
    """The read of the workspace, whose failure azure-ai-ml ignores, and the deployment: a second each, the rest is for a machine that is busy."""
    forms = {item: form for item, (form, _what, _code) in hostile.FORMS.items()} | {
        "throttled for a day": hostile.answering("429 Too Many Requests", "Retry-After: 86400\r\n"),
        "unavailable for a day": hostile.answering("503 Service Unavailable", "Retry-After: 86400\r\n"),
    }
    server = hostile.Server(forms[name], tls)
    started = time.monotonic()
    # 64 MiB take longer than a second where the machine is busy.
    error = submitted(monkeypatch, server, retry_timeout=15.0 if "TooLarge" in code else 1.0)
    assert time.monotonic() - started < 30
    assert (error.code, error.target) == (code, TARGET.id)
    # The deployment was sent: that it was taken can be ruled out only where the service says so.
    assert error.may_be_accepted == (name != "throttled for a day")
    assert 2 <= server.requests <= most


def test_azure_ai_ml_takes_the_token_to_no_other_host(monkeypatch: pytest.MonkeyPatch, tls: tuple[Path, Path]) -> None:
    other = hostile.Server(hostile.answering("200 OK"), tls)
    with other:
        error = submitted(
            monkeypatch,
            hostile.Server(
                hostile.answering("307 Temporary Redirect", f"Location: {other.base}/elsewhere?sig=secret\r\n"), tls
            ),
        )
    assert other.requests == 0
    assert (
        error.code == "UntrustedAddress"
        and error.target == TARGET.id
        and f"{other.base}/elsewhere" in error.message
        and "sig=secret" not in str(error)
    )


def test_transports_of_others_keep_their_sessions(monkeypatch: pytest.MonkeyPatch, tls: tuple[Path, Path]) -> None:
    from azure.core.pipeline.transport import RequestsTransport

    before = RequestsTransport.open, RequestsTransport.sleep
    submitted(monkeypatch, hostile.Server(hostile.answering("403 Forbidden"), tls))
    assert (RequestsTransport.open, RequestsTransport.sleep) == before
    with RequestsTransport() as transport:
        assert not isinstance(transport.session, workspace_sdk._Sender)
