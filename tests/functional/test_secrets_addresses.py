# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses whose query is a secret: in no finding, plan, table, diff, file, export or message, whoever wrote them."""

from __future__ import annotations

import typing as t
import urllib.parse
from pathlib import Path
from unittest import mock

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import redact
from ansible_collections.azureml.compute.plugins.module_utils._core.mask import Masker
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

SIGNATURE = "pLanted%2Bsignature%2F9%3D"
ADDRESS = f"https://store.blob.core.windows.net/scripts/setup.sh?sp=r&sv=2024-11-04&sig={SIGNATURE}"
INSTANCE = {"name": "ci-signed", "type": "computeinstance", "size": "Standard_D4s_v3"}


def declared(address: str) -> dict[str, t.Any]:
    return {**INSTANCE, "setup_scripts": {"creation_script": {"path": address}}}


def fleet(target: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "computes": [target]}]}


def hidden(azure: Azure) -> bool:
    """Whether the run printed the secret in none of its spellings."""
    return not any(secret in azure.text for secret in (SIGNATURE, urllib.parse.unquote(SIGNATURE), "pLanted"))


@pytest.mark.parametrize("address", [ADDRESS, "scripts/setup.sh?word=pLanted-and-more"])
@pytest.mark.parametrize("check", [True, False])
def test_an_address_in_a_declaration(azure: Azure, check: bool, address: str) -> None:
    target = declared(address)
    options = {name: value for name, value in target.items() if name != "type"}
    findings = azure.run("aml_preflight_info", computes=[target])["findings"]
    assert [finding["code"] for finding in findings] == ["ScriptByAddress"] and hidden(azure)
    for module, arguments in (("aml_compute_instance", options), ("aml_fleet", fleet(target))):
        failed = azure.run(module, check=check, diff=True, ok=False, **arguments)
        assert "ScriptByAddress" in str(failed["failure"]) and hidden(azure)


def test_an_address_in_a_value_that_is_refused(azure: Azure) -> None:
    findings = azure.run("aml_preflight_info", computes=[{**INSTANCE, "size": ADDRESS, "colour": ADDRESS}])["findings"]
    assert findings and hidden(azure)
    azure.run("aml_compute_cluster", name="cpu-c", size=ADDRESS, ok=False)
    assert hidden(azure)


def test_an_address_that_the_service_returns(azure: Azure, tmp_path: Path) -> None:
    azure.run("aml_fleet", **fleet(INSTANCE))
    body = azure.compute("ci-signed")
    script = {"scriptSource": "workspaceStorage", "scriptData": ADDRESS}
    body["properties"]["properties"]["setupScripts"] = {"scripts": {"creationScript": script}}
    azure.app.store.put(f"{WORKSPACE_ID}/computes/ci-signed", body)
    for module in ("aml_compute_info", "aml_export_info", "aml_preflight_info"):
        azure.run(module, **({"computes": [INSTANCE]} if module == "aml_preflight_info" else {}))
        assert hidden(azure)
    assert "setup.sh?***" in azure.run("aml_compute_info")["computes"][0]["setup_scripts"]["creation_script"]["path"]
    file = tmp_path / "plan.json"
    changed = {**declared("scripts/setup.sh"), "on_immutable_change": "recreate", "force": True}
    done = azure.run("aml_fleet", check=True, diff=True, full_result=True, plan_file=str(file), **fleet(changed))
    assert done["targets"][0]["action"] == "replace" and "setup.sh?***" in str(done["diff"]) and hidden(azure)
    assert "setup.sh?" in file.read_text() and "pLanted" not in file.read_text()
    azure.run("aml_fleet_info", **fleet({**INSTANCE}))
    assert hidden(azure)
    failed = azure.run("aml_fleet", ok=False, **fleet(declared("scripts/setup.sh")))
    assert "ImmutableChange" in failed["msg"] and hidden(azure)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("https://a/b?sig=x%2Fy", {"x%2Fy", "x/y"}),
        ("see https://a/b?x=1&SIG=abc. and more", {"abc."}),
        ("https://f/api?code=k1-pLanted-k1==&x=2", {"k1-pLanted-k1=="}),
        ("https://wiki/page?key=team&code=eastus", set()),
        ("https://a?access_token=t1#part", {"t1"}),
        ("https://a?api-version=2025-12-01&$skip=3", set()),
        ("what is it?", set()),
        ("Server=tcp:a,1433;User ID=me;Password=p w;Encrypt=True", {"p w"}),
        ("DefaultEndpointsProtocol=https;AccountName=st;AccountKey=a1b2+/==", {"a1b2+/==", "a1b2 /=="}),
        ('Endpoint=sb://a/;SharedAccessKeyName=root;SharedAccessKey="k;1"', {"k;1"}),
        ("pwd=first;Trusted_Connection=False", {"first"}),
        ("Password rules; no password=, please", set()),
    ],
)
def test_the_secrets_of_a_query(text: str, secrets: set[str]) -> None:
    assert redact.in_addresses({"any": [{"where": text}]}) == secrets


def test_an_address_hides_nothing_that_the_result_says_openly() -> None:
    """Who may write a tag could otherwise take a name or a region out of all results."""
    tree = {"name": "main", "location": "eastus", "tags": {"link": "https://a?token=eastus&sig=main&secret=pLanted-1"}}
    with mock.patch.object(redact, "KNOWN", Masker()):
        redact.hide_variables(tree)
        shown = redact.KNOWN.mask_tree(tree)
    assert (shown["name"], shown["location"]) == ("main", "eastus") and "pLanted" not in str(shown)
