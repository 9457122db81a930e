# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator says of itself leads nowhere but to itself: a token of a rehearsal, or a body, must not go to a service of Microsoft's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from azureml_simulator.app import App
from azureml_simulator.entra.directory import TENANT

BASE = "https://127.0.0.1:4443"
DOCUMENTS = {
    **{
        f"metadata {version}": f"/metadata/endpoints?api-version={version}"
        for version in (
            "2015-01-01",
            "2015-11-01",
            "1.0",
            "2018-05-01",
            "2019-05-01",
            "2020-06-01",
            "2022-09-01",
            "2023-11-01",
        )
    },
    "metadata without a version": "/metadata/endpoints",
    **{
        f"openid configuration of {tenant}": f"/{tenant}/v2.0/.well-known/openid-configuration"
        for tenant in (TENANT, "common", "organizations")
    },
    "openid configuration, v1": f"/{TENANT}/.well-known/openid-configuration",
    "keys": f"/{TENANT}/discovery/v2.0/keys",
    "instance discovery": "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
    "realm": "/common/userrealm/someone@example.org?api-version=1.0",
}
# What the answer repeats of the question.
REPEATED = {"example.org"}


def texts(document: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(document, dict):
        for key, value in document.items():
            yield from texts(value, f"{name}.{key}")
    elif isinstance(document, list):
        for value in document:
            yield from texts(value, name)
    elif isinstance(document, str):
        yield name, document


def hosts(text: str) -> list[str]:
    """The hosts of an address, or a bare name that a client puts a name before (suffixes)."""
    if "://" in text:
        return [str(urlsplit(found).hostname) for found in re.findall(r"[a-z]+://[^\s\"]*", text)]
    return [text.split(":")[0]] if re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?", text) else []


def on_loopback(host: str) -> bool:
    return host in ("127.0.0.1", "localhost") or host.endswith(".localhost")


@pytest.mark.parametrize("path", DOCUMENTS.values(), ids=DOCUMENTS)
def test_no_address_leads_off_the_loopback(path: str) -> None:
    answer = App().call("GET", BASE + path, headers={"Authorization": ""})
    assert answer.status == 200
    found = [(name, host) for name, text in texts(answer.body) for host in hosts(text)]
    assert found or "keys" in path
    assert [
        pair for pair in found if not on_loopback(pair[1]) and pair[1] not in REPEATED and not _is_version(pair[1])
    ] == []


def _is_version(text: str) -> bool:
    return re.fullmatch(r"\d+\.\d+", text) is not None


def test_what_the_check_finds() -> None:
    document = {
        "a": "https://graph.microsoft.com/",
        "b": ["core.windows.net"],
        "c": {"d": BASE},
        "e": "login.example:443",
    }
    assert [(name, host) for name, text in texts(document) for host in hosts(text) if not on_loopback(host)] == [
        (".a", "graph.microsoft.com"),
        (".b", "core.windows.net"),
        (".e", "login.example"),
    ]


def test_a_challenge_leads_back_to_the_simulator() -> None:
    answer = App().call("GET", f"{BASE}/subscriptions?api-version=2021-04-01", headers={"Authorization": ""})
    assert answer.status == 401 and re.findall(r"https://[^/\"]+", answer.headers["WWW-Authenticate"]) == [BASE]
