# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Template deployments from PUT to their end, in process (docs/facts.md d.1 [REC R11])."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azureml_simulator.app import App
from azureml_simulator.entra.directory import SUBSCRIPTIONS
from azureml_simulator.http import Response

SUB, OTHER = list(SUBSCRIPTIONS)
GROUP = f"/subscriptions/{SUB}/resourcegroups/rg"
BASE = f"{GROUP}/providers/Microsoft.Resources/deployments"
VERSION = "api-version=2020-06-01"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
REGISTRY = {
    "type": "Microsoft.ContainerRegistry/registries",
    "apiVersion": "2019-05-01",
    "name": "registry1",
    "location": "eastus",
    "sku": {"name": "Basic"},
    "properties": {},
}
IDENTITY = {
    "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
    "apiVersion": "2018-11-30",
    "name": "identity1",
    "location": "eastus",
}


@pytest.fixture
def app() -> Iterator[App]:
    made = App()
    for subscription, name in ((SUB, "rg"), (OTHER, "far")):
        path = f"/subscriptions/{subscription}/resourcegroups/{name}"
        assert made.call("PUT", f"{path}?{VERSION}", {"location": "eastus"}).status == 201
    yield made
    made.close()


def template(*resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **sections}


def put(app: App, name: str, body: dict[str, Any], parameters: dict[str, Any] | None = None, **more: Any) -> Response:
    properties = {"template": body, "parameters": parameters or {}, "mode": "incremental"}
    token = more.pop("token", None)
    return app.call("PUT", f"{BASE}/{name}?{VERSION}", {"properties": {**properties, **more}}, token=token)


def get(app: App, path: str) -> Any:
    response = app.call("GET", path if "?" in path else f"{path}?{VERSION}")
    assert response.status == 200, response.body
    return response.body


def finish(app: App, response: Response) -> dict[str, Any]:
    """Let time pass until the deployment is over; gives the last status."""
    assert response.status in (200, 201), response.body
    for _time in range(40):
        status = get(app, response.headers["Azure-AsyncOperation"])
        if status["status"] not in ("Accepted", "Running"):
            return status
        app.clock.advance(5)
    raise AssertionError(f"still {status}")


def error(response: Response) -> tuple[int, str, str]:
    return response.status, response.body["error"]["code"], response.body["error"]["message"]


def test_states_headers_and_operations_of_a_deployment(app: App) -> None:
    first = put(app, "d1", template({**REGISTRY, "dependsOn": ["identity1"]}, IDENTITY))
    assert first.status == 201
    assert first.headers["Azure-AsyncOperation"].startswith(f"https://127.0.0.1:443{BASE}/d1/operationStatuses/0858")
    shown = first.body["properties"]
    assert (shown["provisioningState"], shown["mode"]) == ("Accepted", "Incremental")
    assert shown["templateHash"].isdigit() and shown["timestamp"].endswith("Z") and shown["duration"].startswith("PT")
    assert [item["namespace"] for item in shown["providers"]] == [
        "Microsoft.ManagedIdentity",
        "Microsoft.ContainerRegistry",
    ]
    assert shown["dependencies"][0]["dependsOn"][0]["resourceName"] == "identity1"
    odd = f"{GROUP}/deployments/d1/operations"
    assert get(app, odd) == {"value": []}
    assert get(app, first.headers["Azure-AsyncOperation"]) == {"status": "Accepted"}

    app.clock.advance(1)
    assert get(app, first.headers["Azure-AsyncOperation"]) == {"status": "Running"}
    states = {
        item["properties"]["targetResource"]["resourceName"]: item["properties"]["provisioningState"]
        for item in get(app, odd)["value"]
    }
    assert states == {"identity1": "Succeeded", "registry1": "Running"}

    assert finish(app, first) == {"status": "Succeeded"}
    done = get(app, f"{BASE}/d1")["properties"]
    assert done["provisioningState"] == "Succeeded"
    assert [item["id"].rpartition("/")[2] for item in done["outputResources"]] == ["identity1", "registry1"]
    operations = get(app, f"{BASE}/d1/operations")["value"]
    assert operations == get(app, odd)["value"]
    assert {item["properties"]["provisioningOperation"] for item in operations} == {"Create"}
    assert get(app, operations[0]["id"]) == operations[0]
    registry = get(app, f"{GROUP}/providers/{REGISTRY['type']}/registry1?api-version=2019-05-01")
    assert registry["properties"]["provisioningState"] == "Succeeded"


def test_outputs_reference_what_was_made_and_secrets_stay_hidden(app: App) -> None:
    body = template(
        IDENTITY,
        parameters={"secret": {"type": "securestring"}, "plain": {"type": "string", "defaultValue": "x"}},
        outputs={
            "principal": {"type": "string", "value": "[reference('identity1').principalId]"},
            "again": {"type": "securestring", "value": "[parameters('secret')]"},
        },
    )
    response = put(app, "d1", body, {"secret": {"value": "hush-hush"}})
    assert response.body["properties"]["parameters"] == {
        "secret": {"type": "SecureString"},
        "plain": {"type": "String", "value": "x"},
    }
    assert finish(app, response) == {"status": "Succeeded"}
    identity = get(app, f"{GROUP}/providers/{IDENTITY['type']}/identity1?api-version=2018-11-30")
    shown = get(app, f"{BASE}/d1")
    assert shown["properties"]["outputs"] == {
        "principal": {"type": "String", "value": identity["properties"]["principalId"]},
        "again": {"type": "SecureString"},
    }
    operations = get(app, f"{BASE}/d1/operations")["value"]
    assert operations[-1]["properties"]["provisioningOperation"] == "EvaluateDeploymentOutput"
    assert "hush-hush" not in str(shown) + str(operations)


def test_a_failed_resource_fails_the_deployment_and_leaves_what_was_made(app: App) -> None:
    orphan = {
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "apiVersion": "2019-09-01",
        "name": "none/s",
        "dependsOn": ["identity1"],
        "properties": {"addressPrefix": "10.0.0.0/24"},
    }
    after = {**REGISTRY, "dependsOn": ["[resourceId('Microsoft.Network/virtualNetworks/subnets', 'none', 's')]"]}
    response = put(app, "d1", template(IDENTITY, orphan, after))
    status = finish(app, response)
    assert (status["status"], status["error"]["code"]) == ("Failed", "DeploymentFailed")
    assert "https://aka.ms/arm-deployment-operations" in status["error"]["message"]
    (detail,) = status["error"]["details"]
    assert detail["target"].endswith("/virtualNetworks/none/subnets/s")
    assert get(app, f"{BASE}/d1")["properties"]["error"] == status["error"]
    operations = {
        item["properties"]["targetResource"]["resourceName"]: item["properties"]
        for item in get(app, f"{BASE}/d1/operations")["value"]
    }
    assert set(operations) == {"identity1", "none/s"}
    assert operations["none/s"]["statusMessage"]["error"]["code"] == detail["code"]
    assert app.store.get(f"{GROUP}/providers/{IDENTITY['type']}/identity1") is not None
    assert app.store.get(f"{GROUP}/providers/{REGISTRY['type']}/registry1") is None


def nested(*resources: dict[str, Any], **place: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2020-06-01",
        "name": "inner",
        **place,
        "properties": {"mode": "Incremental", "template": template(*resources)},
    }


def test_a_nested_deployment_runs_in_its_own_group_and_is_waited_for(app: App) -> None:
    after = {**IDENTITY, "dependsOn": ["inner"]}
    response = put(app, "d1", template(after, nested(REGISTRY, resourceGroup="far", subscriptionId=OTHER)))
    app.clock.advance(1)
    far = f"/subscriptions/{OTHER}/resourceGroups/far/providers"
    assert get(app, f"{BASE}/d1")["properties"]["provisioningState"] == "Running"
    assert app.store.get(f"{GROUP}/providers/{IDENTITY['type']}/identity1") is None
    assert finish(app, response) == {"status": "Succeeded"}
    assert get(app, f"{far}/Microsoft.Resources/deployments/inner")["properties"]["provisioningState"] == "Succeeded"
    assert app.store.get(f"{far}/{REGISTRY['type']}/registry1") is not None
    assert app.store.get(f"{GROUP}/providers/{IDENTITY['type']}/identity1") is not None


def test_a_nested_failure_is_told_with_its_details(app: App) -> None:
    bad = {**REGISTRY, "type": "Microsoft.Network/virtualNetworks/subnets", "name": "none/s"}
    status = finish(app, put(app, "d1", template(nested(bad))))
    (detail,) = status["error"]["details"]
    assert detail["code"] == "ResourceDeploymentFailure"
    assert detail["details"][0]["code"] == "DeploymentFailed"
    assert detail["details"][0]["details"][0]["target"].endswith("/virtualNetworks/none/subnets/s")


def test_a_nested_deployment_needs_its_group(app: App) -> None:
    assert error(put(app, "d1", template(nested(resourceGroup="gone"))))[:2] == (404, "ResourceGroupNotFound")


def test_a_name_is_busy_while_its_deployment_is_active(app: App) -> None:
    first = put(app, "d1", template(REGISTRY))
    status, code, message = error(put(app, "d1", template(REGISTRY)))
    assert (status, code) == (409, "DeploymentActive")
    assert message.startswith("Unable to edit or replace deployment 'd1': previous deployment from '")
    assert error(app.call("DELETE", f"{BASE}/d1?{VERSION}"))[:2] == (409, "DeploymentActive")
    finish(app, first)
    again = put(app, "d1", template(REGISTRY))
    assert again.status == 200
    assert again.headers["Azure-AsyncOperation"] != first.headers["Azure-AsyncOperation"]
    assert finish(app, again) == {"status": "Succeeded"}


def test_cancel_stops_what_has_not_begun(app: App) -> None:
    first = put(app, "d1", template(REGISTRY, {**IDENTITY, "dependsOn": ["registry1"]}))
    app.clock.advance(1)
    assert app.call("POST", f"{BASE}/d1/cancel?{VERSION}").status == 204
    assert finish(app, first) == {"status": "Canceled"}
    app.clock.advance(60)
    assert get(app, f"{BASE}/d1")["properties"]["provisioningState"] == "Canceled"
    assert app.store.get(f"{GROUP}/providers/{IDENTITY['type']}/identity1") is None
    assert app.call("POST", f"{BASE}/d1/cancel?{VERSION}").status == 409


def test_list_filters_and_cuts(app: App) -> None:
    finish(app, put(app, "d1", template(IDENTITY)))
    put(app, "d2", template(REGISTRY))
    assert [item["name"] for item in get(app, BASE)["value"]] == ["d1", "d2"]
    query = "$filter=provisioningState%20eq%20'Succeeded'"
    assert [item["name"] for item in get(app, f"{BASE}?{VERSION}&{query}")["value"]] == ["d1"]
    assert [item["name"] for item in get(app, f"{BASE}?{VERSION}&$top=1")["value"]] == ["d1"]
    assert app.call("GET", f"{BASE}?{VERSION}&$filter=name%20eq%20'x'").status == 501


def test_head_delete_and_what_is_missing(app: App) -> None:
    finish(app, put(app, "d1", template(IDENTITY)))
    assert app.call("HEAD", f"{BASE}/d1?{VERSION}").status == 204
    gone = app.call("DELETE", f"{BASE}/d1?{VERSION}")
    assert gone.status == 202 and "/operationresults/" in gone.headers["Location"]
    app.clock.advance(5)
    assert app.call("GET", f"{BASE}/d1?{VERSION}").status == 404
    assert app.call("HEAD", f"{BASE}/d1?{VERSION}").status == 404
    assert app.call("DELETE", f"{BASE}/d1?{VERSION}").status == 204
    assert error(app.call("GET", f"{BASE}/d1?{VERSION}")) == (
        404,
        "DeploymentNotFound",
        "Deployment 'd1' could not be found.",
    )
    assert app.call("GET", f"{BASE}/d1/operationStatuses/1?{VERSION}").status == 404
    assert app.store.get(f"{GROUP}/providers/{IDENTITY['type']}/identity1") is not None


def test_validate_makes_nothing(app: App) -> None:
    body = {"properties": {"template": template(IDENTITY), "mode": "Incremental"}}
    response = app.call("POST", f"{BASE}/d1/validate?{VERSION}", body)
    assert response.status == 200
    assert response.body["properties"]["validatedResources"][0]["id"].endswith("/identity1")
    assert get(app, BASE) == {"value": []}
    body["properties"]["template"] = template({**IDENTITY, "dependsOn": ["x"]})
    status, code, message = error(app.call("POST", f"{BASE}/d1/validate?{VERSION}", body))
    assert (status, code) == (400, "InvalidTemplate")
    assert message.startswith(
        "Deployment template validation failed: 'The resource 'x' is not defined in the template."
    )


@pytest.mark.parametrize(
    ("body", "more", "status", "word"),
    [
        (template(), {"mode": "Complete"}, 501, "Complete"),
        (template(), {"mode": "other"}, 400, "other"),
        (template(variables={"v": "[managementGroup()]"}), {}, 501, "managementGroup()"),
        (template(languageVersion="3.0"), {}, 501, "languageVersion"),
        (template(), {"templateLink": {"uri": "https://x"}}, 501, "templateLink"),
        (template(), {"template": None}, 400, "template"),
        (template({**IDENTITY, "location": "[reference('identity1').x]"}), {}, 400, "'reference' is not expected"),
    ],
)
def test_refused_at_once(app: App, body: dict[str, Any], more: dict[str, Any], status: int, word: str) -> None:
    response = put(app, "d1", body, **more)
    assert response.status == status
    assert word in response.body["error"]["message"]
    assert get(app, BASE) == {"value": []}


def test_the_deployers_rights_count_for_each_resource(app: App) -> None:
    entry = app.directory.put({"name": "reader"})
    app.grant(entry["object_id"], "Contributor", f"/subscriptions/{SUB}")
    token = app.token(app.directory.principal(entry))
    assignment = {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": "2022-04-01",
        "name": "[guid('a')]",
        "properties": {},
    }
    status, code, message = error(put(app, "d1", template(assignment), token=token))
    assert (status, code) == (400, "InvalidTemplateDeployment")
    assert message.startswith(
        "The template deployment failed with error: 'Authorization failed for template resource '"
    )
    assert "'Microsoft.Authorization/roleAssignments/write'" in message
    assert finish(app, put(app, "d2", template(IDENTITY), token=token)) == {"status": "Succeeded"}


def test_a_type_that_is_not_simulated_is_named(app: App) -> None:
    unknown = {"type": "Microsoft.Unknown/things", "apiVersion": "2024-01-01", "name": "t"}
    status = finish(app, put(app, "d1", template(unknown)))
    assert status["error"]["details"][0]["code"] == "NotSimulated"
    assert "Microsoft.Unknown/things" in status["error"]["details"][0]["message"]


def test_time_passes_as_if_somebody_had_looked_all_the_while(app: App) -> None:
    """One look after a long time: two registries of two seconds, one after the other."""
    second = {**REGISTRY, "name": "registry2", "dependsOn": ["registry1"]}
    response = put(app, "d1", template(REGISTRY, second))
    app.clock.advance(3600)
    assert get(app, response.headers["Azure-AsyncOperation"]) == {"status": "Succeeded"}
    durations = [item["properties"]["duration"] for item in get(app, f"{BASE}/d1/operations")["value"]]
    assert [2 <= float(text[2:-1]) < 60 for text in durations] == [True, True], durations
    assert 4 <= float(get(app, f"{BASE}/d1")["properties"]["duration"][2:-1]) < 60


def test_a_providers_fault_fails_its_resource_alone(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch = app.dispatch

    def broken(request: Any) -> Response:
        if request.method == "PUT" and request.path.endswith("/registry1"):
            raise ZeroDivisionError
        return dispatch(request)

    monkeypatch.setattr(app, "dispatch", broken)
    status = finish(app, put(app, "d1", template(REGISTRY, IDENTITY)))
    assert [item["code"] for item in status["error"]["details"]] == ["InternalServerError"]
    assert app.store.get(f"{GROUP}/providers/{IDENTITY['type']}/identity1") is not None


def test_a_deployment_survives_a_restart(tmp_path: Any) -> None:
    first = App(tmp_path / "state.db")
    first.call("PUT", f"{GROUP}?{VERSION}", {"location": "eastus"})
    body = template(
        REGISTRY,
        {**IDENTITY, "dependsOn": ["registry1"], "name": "[parameters('n')]"},
        parameters={"n": {"type": "string", "defaultValue": "[concat('i', newGuid())]"}},
    )
    response = put(first, "d1", body)
    first.clock.advance(1)
    get(first, BASE)
    first.close()
    second = App(tmp_path / "state.db")
    assert finish(second, response) == {"status": "Succeeded"}
    shown = get(second, f"{BASE}/d1")["properties"]
    assert shown["outputResources"][1]["id"].endswith(shown["parameters"]["n"]["value"])
    second.close()


def predict(app: App, body: dict[str, Any], result_format: str = "FullResourcePayloads") -> dict[str, Any]:
    """The result of what-if."""
    properties = {"template": body, "mode": "Incremental", "whatIfSettings": {"resultFormat": result_format}}
    accepted = app.call("POST", f"{BASE}/predicted/whatIf?{VERSION}", {"properties": properties})
    assert accepted.status == 202, accepted.body
    assert app.call("GET", accepted.headers["Location"]).status == 202
    app.clock.advance(5)
    result: dict[str, Any] = get(app, accepted.headers["Location"])
    return result


def types_of_change(result: dict[str, Any]) -> dict[str, str]:
    return {change["resourceId"].rpartition("/")[2]: change["changeType"] for change in result["properties"]["changes"]}


def test_what_if_says_what_a_deployment_would_change_and_changes_nothing(app: App) -> None:
    """Types of change: "ARM template deployment what-if operation"."""
    finish(app, put(app, "d1", template(REGISTRY)))
    tagged = {**REGISTRY, "tags": {"a": "b"}, "sku": {"name": "Premium"}}
    result = predict(app, template(tagged, IDENTITY))
    assert types_of_change(result) == {"registry1": "Modify", "identity1": "Create"}
    registry, identity = result["properties"]["changes"]
    assert registry["delta"] == [
        {"path": "sku.name", "propertyChangeType": "Modify", "before": "Basic", "after": "Premium"},
        {"path": "tags.a", "propertyChangeType": "Create", "after": "b"},
    ]
    assert (registry["before"]["sku"]["name"], registry["after"]["sku"]["name"]) == ("Basic", "Premium")
    assert identity["after"]["apiVersion"] == "2018-11-30" and "before" not in identity
    assert types_of_change(predict(app, template(REGISTRY))) == {"registry1": "NoChange"}
    only_ids = predict(app, template(tagged, IDENTITY), "ResourceIdOnly")
    assert types_of_change(only_ids) == {"registry1": "Deploy", "identity1": "Create"}
    assert set(only_ids["properties"]["changes"][0]) == {"resourceId", "changeType"}
    assert types_of_change(predict(app, template(IDENTITY))) == {"identity1": "Create", "registry1": "Ignore"}
    assert app.call("GET", f"{BASE}/predicted?{VERSION}").status == 404


def test_what_if_shows_what_only_a_run_evaluates_as_it_is_written(app: App) -> None:
    expression = "[reference('registry1').loginServer]"
    referring = {**IDENTITY, "tags": {"server": expression}}
    created = {change["resourceId"].rpartition("/")[2]: change["after"] for change in
               predict(app, template(REGISTRY, referring))["properties"]["changes"]}  # fmt: skip
    assert created["identity1"]["tags"] == {"server": expression}


def test_what_if_expands_nested_deployments_or_names_those_that_it_does_not(app: App) -> None:
    def nested(value: str) -> dict[str, Any]:
        named = {**IDENTITY, "name": "[parameters('name')]"}
        inner = template(named, parameters={"name": {"type": "string"}})
        options = {"expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"name": {"value": value}}}
        properties = {"mode": "Incremental", "template": inner, **options}
        head = {"type": "Microsoft.Resources/deployments", "apiVersion": "2020-06-01", "name": "inner"}
        return template({**head, "properties": properties})

    assert types_of_change(predict(app, nested("identity2"))) == {"identity2": "Create"}
    result = predict(app, nested("[reference('/subscriptions/x', '2020-01-01').name]"))
    assert result["properties"]["changes"] == []
    [diagnostic] = result["properties"]["diagnostics"]
    assert (diagnostic["level"], diagnostic["code"]) == ("Warning", "NestedDeploymentShortCircuited")


def test_what_if_shows_no_secure_value(app: App) -> None:
    tags = {"part": "[concat('a-', parameters('pin'))]", "login": "[parameters('login').pin]"}
    login = {"type": "secureObject", "defaultValue": {"pin": "hush-2"}}
    parameters = {"pin": {"type": "securestring", "defaultValue": "hush-1"}, "login": login}
    [change] = predict(app, template({**IDENTITY, "tags": tags}, parameters=parameters))["properties"]["changes"]
    assert change["after"]["tags"] == {"part": "a-*******", "login": "*******"}


def test_what_if_of_a_template_that_is_refused_is_a_failed_result(app: App) -> None:
    result = predict(app, template({**IDENTITY, "name": "[parameters('none')]"}))
    assert (result["status"], result["error"]["code"]) == ("Failed", "InvalidTemplate")
