# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cloud is meant, and what its metadata says (docs/facts.md e)."""

from __future__ import annotations

import json
import typing as t

import pytest
import requests
from ansible_collections.azureml.compute.plugins.module_utils._arm import cloud as _cloud
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC, find_cloud
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import CredentialError

SIMULATOR = "https://127.0.0.1:8443"
METADATA = f"{SIMULATOR}/metadata/endpoints?api-version=2019-05-01"


def entry(manager: str = SIMULATOR, **more: t.Any) -> dict[str, t.Any]:
    return {
        "name": "Sim",
        "portal": f"{SIMULATOR}/",
        "resourceManager": f"{manager}/",
        "authentication": {"loginEndpoint": f"{SIMULATOR}/", "audiences": [f"{manager}/"]},
        "suffixes": {"storage": "core.sim"},
        **more,
    }


@pytest.fixture(autouse=True)
def _forget() -> None:
    _cloud._fetched.clear()


class Server:
    def __init__(self, *answers: tuple[int, t.Any]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, bool | str]] = []

    def __call__(self, url: str, verify: bool | str) -> tuple[int, t.Any]:
        self.asked.append((url, verify))
        return self.answers.pop(0)


@pytest.mark.parametrize(
    "name, manager",
    [
        ("AzureCloud", "https://management.azure.com"),
        ("AzurePublicCloud", "https://management.azure.com"),
        ("azureusgovernment", "https://management.usgovcloudapi.net"),
        ("AzureUSGovernmentCloud", "https://management.usgovcloudapi.net"),
        ("AzureChinaCloud", "https://management.chinacloudapi.cn"),
    ],
)
def test_built_in_names(name: str, manager: str) -> None:
    cloud = find_cloud({"cloud_environment": name}, {})
    assert (cloud.resource_manager, cloud.scope, cloud.origin) == (manager, f"{manager}/.default", "name")


def test_order_of_who_says_the_cloud() -> None:
    environ = {"AZURE_CLOUD_ENVIRONMENT": "AzureUSGovernment", "ARM_CLOUD_METADATA_URL": "https://unused"}
    china = {"cloud_environment": "AzureChinaCloud"}
    assert find_cloud(china, environ, fallback="AzureCloud").name == "AzureChinaCloud"
    assert find_cloud({"cloud_environment": None}, environ, fallback="AzureCloud").name == "AzureCloud"
    assert find_cloud({}, environ).name == "AzureUSGovernment"
    assert find_cloud({}, {}) is PUBLIC


def test_an_unknown_name_says_what_is_known() -> None:
    with pytest.raises(CredentialError) as caught:
        find_cloud({"cloud_environment": "AzureMoon"}, {})
    assert caught.value.code == "UnknownCloud"
    assert "AzureUSGovernment" in (caught.value.hint or "")


def test_metadata_is_asked_once_and_its_own_entry_taken() -> None:
    server = Server((200, [entry("https://management.azure.com", name="AzureCloud"), entry()]))
    environ = {"ARM_CLOUD_METADATA_URL": METADATA}
    cloud = find_cloud({}, environ, fetch=server, verify="/ca.pem")
    assert find_cloud({}, environ, fetch=server, verify="/ca.pem") is cloud
    assert server.asked == [(METADATA, "/ca.pem")]
    assert (cloud.name, cloud.origin) == ("Sim", "metadata")
    assert (cloud.resource_manager, cloud.login_endpoint) == (SIMULATOR, SIMULATOR)
    assert cloud.scope == f"{SIMULATOR}/.default"
    assert cloud.suffixes == {"storage": "core.sim"}


def test_a_foreign_audience_keeps_its_slash() -> None:
    document = entry()
    document["authentication"]["audiences"] = ["https://management.stack.onmicrosoft.com/guid/"]
    cloud = find_cloud({"cloud_environment": METADATA}, {}, fetch=Server((200, document)))
    assert cloud.scope == "https://management.stack.onmicrosoft.com/guid//.default"


def test_a_resource_manager_address_and_the_old_document() -> None:
    old = {
        "portalEndpoint": "https://portal",
        "authentication": {"loginEndpoint": "https://login/adfs", "audiences": ["https://aud"]},
    }
    server = Server((404, None), (200, old))
    cloud = find_cloud({"cloud_environment": f"{SIMULATOR}/"}, {}, fetch=server)
    older = f"{SIMULATOR}/metadata/endpoints?api-version=2015-01-01"
    assert [url for url, _verify in server.asked] == [METADATA, older]
    assert (cloud.resource_manager, cloud.scope, cloud.login_endpoint) == (
        SIMULATOR,
        "https://aud/.default",
        "https://login/adfs",
    )


@pytest.mark.parametrize(
    "answer",
    [
        (500, None),
        (200, None),
        (200, {"a": 1}),
        (200, [entry("https://a"), entry("https://b")]),
        (200, entry("http://127.0.0.1:8443")),
        (200, entry("https://a@127.0.0.1:8443")),
        (200, entry(authentication={"loginEndpoint": "http://127.0.0.1:8443/"})),
        (200, entry(authentication={"loginEndpoint": "https://evil.example\\@127.0.0.1:8443/"})),
    ],
)
def test_bad_metadata(answer: tuple[int, t.Any]) -> None:
    with pytest.raises(CredentialError) as caught:
        find_cloud({"cloud_environment": METADATA}, {}, fetch=Server(answer))
    assert caught.value.code == "CloudMetadataUnavailable"


def test_plain_http_is_refused_before_a_request() -> None:
    with pytest.raises(CredentialError) as caught:
        find_cloud({"cloud_environment": "http://127.0.0.1/metadata/endpoints"}, {}, fetch=Server())
    assert "https" in caught.value.message


def test_trust_is_scheme_host_and_port() -> None:
    assert PUBLIC.trusts("https://MANAGEMENT.azure.com:443/subscriptions?x=1")
    assert not PUBLIC.trusts("https://management.azure.com:8443/")
    assert not PUBLIC.trusts("https://management.azure.com.evil.example/")


# The host that the library connects to is not always the one that urllib reads out of an address.
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example\\@management.azure.com/x",
        "https://me:word@management.azure.com/x",
        "https://management.azure.com@evil.example/x",
        "https://evil.example#@management.azure.com/",
        "https://management.azure.com.evil.example/",
        "https://management.azure.com./x",
        "https://management%2eazure.com/x",
        "https://m\u0430nagement.azure.com/x",
        "https://management\uff0eazure\uff0ecom/x",
        "https://manag\tement.azure.com/x",
        "https://management.azure.com/x\r\nHost: evil.example",
        " https://management.azure.com/x",
        "https:///management.azure.com/x",
        "//management.azure.com/x",
        "http://management.azure.com:443/x",
        "",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_gets_no_token(address: str) -> None:
    assert not PUBLIC.trusts(address)


def test_addresses_as_the_service_gives_them_are_trusted() -> None:
    for rest in ("", "/", "/x?$skiptoken=a%2Fb&api-version=1", "?a=b c", "/x?name=\u00fc'\"[]{}|^`"):
        assert PUBLIC.trusts(f"https://management.azure.com{rest}"), rest
    assert _cloud.is_plain("https://[::1]:8443/metadata/endpoints")


def test_a_password_in_an_address_is_refused_and_not_said_back() -> None:
    with pytest.raises(CredentialError) as caught:
        find_cloud({"cloud_environment": "https://me:pazz@word@127.0.0.1/metadata/endpoints"}, {}, fetch=Server())
    assert caught.value.code == "CloudMetadataUnavailable"
    assert "https://***@127.0.0.1/" in caught.value.message and "pazz" not in caught.value.message


class Connection:
    """Stands in for the shared session: one answer, or what requests raises."""

    def __init__(self, answer: t.Any) -> None:
        self.answer = answer

    def get(self, url: str, **options: t.Any) -> t.Any:
        assert not options["allow_redirects"]
        if isinstance(self.answer, Exception):
            raise self.answer
        answer = requests.Response()
        answer.status_code, answer._content = 200, self.answer
        return answer


@pytest.mark.parametrize(
    ("answer", "why", "hint"),
    [
        (requests.exceptions.SSLError("x"), "its certificate is not trusted", "REQUESTS_CA_BUNDLE"),
        (requests.exceptions.ConnectTimeout("x"), "it cannot be reached (ConnectTimeout)", "ARM_CLOUD_METADATA_URL"),
        (b"<html>", "HTTP status 200 and no metadata document", "cloud_environment"),
    ],
)
def test_an_address_that_gives_no_metadata_says_why(
    answer: t.Any, why: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cloud, "session_for", lambda verify: Connection(answer))
    with pytest.raises(CredentialError) as caught:
        find_cloud({"cloud_environment": METADATA}, {})
    assert caught.value.code == "CloudMetadataUnavailable"
    assert why in caught.value.message and hint in (caught.value.hint or "")


def test_metadata_as_it_comes_over_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cloud, "session_for", lambda verify: Connection(json.dumps([entry()]).encode()))
    assert find_cloud({"cloud_environment": METADATA}, {}).name == "Sim"
