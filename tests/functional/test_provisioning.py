# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed network of a workspace is provisioned once: awaited, continued by the next run, and seen in what was read."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import WORKSPACE, Azure

WS = "aml_workspace"
ON = {"name": WORKSPACE, "managed_network": {"isolation_mode": "allow_only_approved_outbound"}}
PROVISIONED: dict[str, t.Any] = {"name": WORKSPACE, "provision_network": True}
SPARK = {**PROVISIONED, "include_spark": True}
RULE = {"name": "pypi", "type": "fqdn", "destination": "pypi.org"}


def posts(azure: Azure) -> list[t.Any]:
    """The bodies of the actions since the last task began."""
    return [write.body for write in azure.writes if write.path.endswith("/provisionManagedNetwork")]


def network(result: dict[str, t.Any]) -> tuple[t.Any, t.Any]:
    shown = result["workspace"]["managed_network"]
    return shown["status"], shown["spark_ready"]


def test_it_is_provisioned_once_and_spark_can_be_added(azure: Azure) -> None:
    azure.run(WS, **ON)
    planned = azure.run(WS, check=True, diff=True, **PROVISIONED)
    assert planned["changed"] and azure.writes == [] and network(planned)[0] == "Active"
    assert planned["diff"]["before"] == {"provision_network": None} and planned["diff"]["after"] == {
        "provision_network": True
    }
    done = azure.run(WS, diff=True, **PROVISIONED)
    assert posts(azure) == [{"includeSpark": False}] and network(done) == ("Active", False)
    assert (done["plan"], done["diff"]) == (planned["plan"], planned["diff"])
    again = azure.run(WS, **PROVISIONED)
    assert not again["changed"] and azure.writes == [] and len(azure.reads) == 1
    assert azure.run(WS, **SPARK)["plan"]["changes"][0]["field"] == "include_spark"
    assert posts(azure) == [{"includeSpark": True}]
    for options in (
        SPARK,
        PROVISIONED,
        {**PROVISIONED, "include_spark": False},
        {"name": WORKSPACE, "provision_network": False},
    ):
        assert not azure.run(WS, **options)["changed"] and azure.writes == []
    assert azure.run("aml_workspace_info", name=WORKSPACE)["workspaces"][0]["managed_network"]["spark_ready"] is True


def test_it_comes_after_what_it_provisions(azure: Azure) -> None:
    options = {
        **SPARK,
        "managed_network": {**ON["managed_network"], "outbound_rules": [RULE]},
        "display_name": "Closed",
    }
    done = azure.run(WS, **options)
    assert [(write.method, write.path.rpartition("/")[2]) for write in azure.writes] == [
        ("PATCH", WORKSPACE),
        ("PUT", "pypi"),
        ("POST", "provisionManagedNetwork"),
    ]
    assert network(done) == ("Active", True)
    assert {rule["status"] for rule in done["workspace"]["managed_network"]["outbound_rules"]} == {"Active"}
    assert not azure.run(WS, **options)["changed"] and azure.writes == []


@pytest.mark.parametrize("wait", [{"wait_timeout": 60}, {"wait": False}])
def test_the_next_run_continues(azure: Azure, wait: dict[str, t.Any]) -> None:
    azure.run(WS, **ON)
    azure.app.config["seconds"]["managed_network.provision"] = 150
    first = azure.run(WS, **PROVISIONED, **wait, ok="wait" in wait)
    assert first["changed"] and len(posts(azure)) == 1
    if "wait" in wait:
        assert first["operation"]["status"] == "InProgress"
    else:
        assert first["failure"]["code"] == "WaitTimeout" and "same task again" in first["failure"]["hint"]
    assert network(azure.run(WS, **PROVISIONED))[0] == "Active"
    # The service refuses a second one while the first is running, and then it is done.
    assert {write.status for write in azure.writes} == {409}
    assert not azure.run(WS, **PROVISIONED)["changed"]


def test_a_replacement_provisions_what_was_provisioned(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import workspace_sdk

    def submit(_cloud: t.Any, _credential: t.Any, target: t.Any, complete: dict[str, t.Any], **_more: t.Any) -> None:
        stores = {"storageAccount": complete["storage_account"], "keyVault": complete["key_vault"]}
        properties = {**stores, "hbiWorkspace": True, "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}
        body = {"location": "eastus", "identity": {"type": "SystemAssigned"}, "properties": properties}
        azure.arm("PUT", target.id, body, wait=60)

    monkeypatch.setattr(workspace_sdk, "submit_workspace", submit)
    azure.run(WS, **{**SPARK, **ON})
    done = azure.run(WS, name=WORKSPACE, hbi_workspace=True, on_immutable_change="recreate")
    assert posts(azure) == [{"includeSpark": True}] and network(done) == ("Active", True)


def test_what_another_run_provisions_meanwhile_is_not_provisioned_again(azure: Azure) -> None:
    azure.run(WS, **ON)
    seen: list[str] = []

    def other(method: str, path: str) -> None:
        seen.append(method)
        if len(seen) == 2:
            azure.arm("POST", f"{path}/provisionManagedNetwork", {"includeSpark": False})

    azure.meanwhile = other
    done = azure.run(WS, **PROVISIONED)
    assert not done["changed"] and azure.writes == [] and network(done)[0] == "Active"
