# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates that azure-ai-ml packages, with the parameters that it makes for a workspace, a hub and a project.

docs/facts.md d.1 and d.4: null parameters, conditions on nearly every resource, dependsOn on resources that are off.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from azureml_simulator.templates.context import Runtime, Scope
from azureml_simulator.templates.template import Template

GROUP = "/subscriptions/s1/resourceGroups/rg"
HUB = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/hub"


class Credential:
    def get_token(self, *_scopes: str, **_options: Any) -> Any:
        raise AssertionError("no request may be sent")


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`deployed(workspace)` gives what begin_create would deploy."""
    pytest.importorskip("azure.ai.ml")
    from ansible_collections.azureml.compute.tests.support import sdk
    from azure.ai.ml._arm_deployments import ArmDeploymentExecutor
    from azure.core.exceptions import ResourceNotFoundError

    captured: list[tuple[dict[str, Any], dict[str, Any]]] = []

    class Captured(Exception):
        pass

    def deploy(
        _self: Any, template: dict[str, Any], resources_being_deployed: Any, parameters: Any = None, **_: Any
    ) -> None:
        # Older versions hand over objects, which become JSON on the way to the wire.
        captured.append((template, json.loads(json.dumps(parameters, default=lambda item: item.serialize()))))
        raise Captured

    def missing(*_args: Any, **_options: Any) -> None:
        raise ResourceNotFoundError("not there")

    monkeypatch.setattr(ArmDeploymentExecutor, "deploy_resource", deploy)
    monkeypatch.setenv("AZUREML_CURRENT_CLOUD", "AzureCloud")
    client = sdk.client("s1", None, Credential())
    monkeypatch.setattr(client.workspaces._operation, "get", missing)

    monkeypatch.setattr(client.feature_stores._operation, "get", missing)

    def begin(workspace: Any, group: str = "workspaces") -> Template:
        with pytest.raises(Captured):
            getattr(client, group).begin_create(workspace)
        template, parameters = captured[-1]
        scope = Scope({"subscriptionId": "s1", "tenantId": "t1"}, {"id": GROUP, "name": "rg", "location": "eastus"})
        runtime = Runtime(
            lambda *_: {"properties": {"clientId": "client", "principalId": "principal"}}, lambda *_: None
        )
        return Template(template, parameters, scope, runtime=runtime)

    return begin


def kinds(template: Template) -> list[str]:
    return [item.type.rpartition("/")[2] for item in template.resources()]


def test_default_workspace(deployed: Any) -> None:
    from azure.ai.ml.entities import Workspace

    template = deployed(Workspace(name="ws", location="eastus", tags={"a": "b"}))
    assert kinds(template) == ["storageAccounts", "vaults", "workspaces", "components", "workspaces"]
    workspace = template.resources()[-1]
    assert {item.rpartition("/")[0].rpartition("/")[2] for item in workspace.depends_on} == {
        "storageAccounts",
        "vaults",
        "components",
    }
    body = template.body(workspace)
    assert body["tags"]["a"] == "b"
    assert body["properties"]["storageAccount"] == template.resources()[0].id
    assert body["properties"]["containerRegistry"] is None
    assert body["properties"]["hbiWorkspace"] == "false"
    insights = template.body(template.resources()[3])
    assert insights["properties"]["WorkspaceResourceId"] == template.resources()[2].id


def test_hub_has_no_insights(deployed: Any) -> None:
    from azure.ai.ml.entities import Hub

    template = deployed(Hub(name="hub", location="eastus"))
    assert kinds(template) == ["storageAccounts", "vaults", "workspaces"]
    assert template.body(template.resources()[-1])["kind"] == "hub"


def test_project_is_one_resource_that_names_its_hub(deployed: Any) -> None:
    from azure.ai.ml.entities import Project

    template = deployed(Project(name="proj", hub_id=HUB, location="eastus"))
    (project,) = template.resources()
    assert template.body(project)["properties"]["hubResourceId"] == HUB


def test_feature_store_has_its_connection_and_role_assignments_in_other_scopes(deployed: Any) -> None:
    from azure.ai.ml.entities import FeatureStore

    template = deployed(FeatureStore(name="fs1", location="eastus"), "feature_stores")
    found = {item.name.split("-")[0]: item for item in template.resources() if item.nested}
    assert set(found) == {"fs1", "workspace", "offline", "ws"}
    (connection,) = (item for item in template.resources() if item.type.endswith("/connections"))
    assert connection.id in found["fs1"].depends_on
    (assigned,) = template.body(found["offline"])["properties"]["template"]["resources"]
    assert assigned["properties"]["principalId"] == "principal"
    assert "/blobServices/default/containers/" in assigned["scope"]


@pytest.mark.parametrize("way", ["AutoApproval", "ManualApproval"])
def test_base_template_with_a_private_endpoint(way: str, deployed: Any) -> None:
    """The branch that begin_create reaches with a private endpoint: network, and a nested deployment of outer scope."""
    from azure.ai.ml._arm_deployments.arm_helper import get_template

    values = {
        "workspaceName": "ws",
        "description": "",
        "friendlyName": "",
        "location": "westcentralus",
        "resourceGroupName": "rg",
        "tagValues": {},
        "privateEndpointType": way,
    }
    template = Template(
        get_template("workspace_base"),
        {name: {"value": value} for name, value in values.items()},
        Scope({"subscriptionId": "s1", "tenantId": "t1"}, {"name": "rg"}),
    )
    resources = template.resources()
    assert kinds(template)[:2] == ["virtualNetworks", "subnets"]
    assert kinds(template)[-1] == "deployments"
    (endpoint,) = template.body(resources[-1])["properties"]["template"]["resources"]
    connections = endpoint["properties"]["privateLinkServiceConnections"]
    assert (connections is None) == (way == "ManualApproval")
    assert endpoint["properties"]["subnet"]["id"] == resources[1].id
    logs = next(item for item in resources if item.type == "Microsoft.OperationalInsights/workspaces")
    assert template.body(logs)["location"] == "southcentralus"
