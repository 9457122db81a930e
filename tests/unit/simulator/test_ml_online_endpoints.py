# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online endpoints and deployments of the simulator: docs/facts.md o."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import IDENTITY, WORKSPACE, World, refusal

ENDPOINT = f"{WORKSPACE}/onlineEndpoints/score-it"
BLUE, GREEN = (f"{ENDPOINT}/deployments/{name}" for name in ("blue", "green"))
MODEL = f"{WORKSPACE}/models/iris/versions/3"


@pytest.fixture
def world() -> World:
    return World()


def body(**properties: Any) -> dict[str, Any]:
    return {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "properties": {"authMode": "Key", **properties},
    }


def deployment(count: int = 1, **properties: Any) -> dict[str, Any]:
    named = {"endpointComputeType": "Managed", "model": MODEL, "instanceType": "Standard_F4s_v2", **properties}
    return {"location": "eastus", "sku": {"name": "Default", "capacity": count}, "properties": named}


def serve(world: World, *paths: str) -> None:
    done(world, world.call("PUT", ENDPOINT, body()))
    for path in paths:
        done(world, world.call("PUT", path, deployment()))


def done(world: World, answer: Any) -> Any:
    assert answer.status in (200, 201), answer.body
    world.wait()
    return world.status(answer)


def score(world: World, **headers: str) -> Any:
    address = world.get(ENDPOINT)["properties"]["scoringUri"]
    key = world.call("POST", f"{ENDPOINT}/listKeys").body["primaryKey"]
    return world.app.call("POST", address, {}, headers={"Authorization": f"Bearer {key}", **headers})


def test_an_endpoint_is_written_as_recorded(world: World) -> None:
    """o.1 and o.2 [REC R15 to R18]."""
    answer = world.call("PUT", ENDPOINT, body(description="Iris"))
    assert answer.status == 201 and answer.body["properties"]["provisioningState"] == "Creating"
    assert answer.headers["Location"].partition("?")[0].endswith(ENDPOINT)
    assert answer.headers["x-ms-async-operation-timeout"] == "PT30M" and "Retry-After" not in answer.headers
    running = world.status(answer)
    assert (running["status"], running["percentComplete"]) == ("Creating", 0.0) and running["name"].startswith("oeidp:")
    world.wait()
    over = world.status(answer)
    assert (over["status"], over["percentComplete"]) == ("Succeeded", 100.0) and over["endTime"] >= over["startTime"]
    doc = world.get(ENDPOINT)
    assert doc["kind"] == "Managed" and doc["identity"]["principalId"]
    properties = doc["properties"]
    assert properties["properties"]["azureml.onlineendpointid"] == ENDPOINT.lower()
    assert {name: properties[name] for name in ("authMode", "compute", "traffic", "mirrorTraffic", "publicNetworkAccess")} == {
        "authMode": "Key", "compute": None, "traffic": {}, "mirrorTraffic": {}, "publicNetworkAccess": "Enabled",
    }  # fmt: skip
    gone = world.call("DELETE", ENDPOINT)
    assert (gone.status, gone.payload()) == (202, b"null") and world.status(gone)["status"] == "Updating"
    assert world.call("GET", gone.headers["Location"]).status == 202
    world.wait()
    assert world.status(gone)["status"] == "Succeeded"
    assert [world.call(method, ENDPOINT).status for method in ("GET", "DELETE")] == [404, 204]


def test_a_deployment_shows_what_the_service_adds(world: World) -> None:
    """o.3 [REC R19]."""
    serve(world)
    answer = world.call("PUT", BLUE, deployment(3, environmentVariables={"A": "b"}))
    assert answer.status == 201 and world.status(answer)["name"].startswith("odidp:")
    world.wait()
    doc = world.get(BLUE)
    assert doc["sku"] == {"name": "Default", "tier": "Standard", "capacity": 3}
    assert doc["properties"]["environmentVariables"] == {
        "A": "b",
        "AML_APP_ROOT": "/var/azureml-app",
        "AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/iris/3",
    }
    assert doc["properties"]["requestSettings"]["requestTimeout"] == "PT5S"
    assert (
        world.call("POST", f"{BLUE}/getLogs", {}).body["content"].startswith("Instance status:\nSystemSetup: Succeeded")
    )
    assert world.call("GET", f"{BLUE}/skus").body["value"][0]["capacity"]["maximum"] == 50


def test_traffic_is_answered_by_its_shares(world: World) -> None:
    serve(world, BLUE, GREEN)
    assert score(world).status == 404
    changed = world.call("PUT", ENDPOINT, body(traffic={"blue": 90, "green": 10}))
    assert changed.body["properties"]["traffic"] == {} and changed.body["properties"]["provisioningState"] == "Updating"
    world.wait()
    answers = Counter(score(world).headers["azureml-model-deployment"] for _request in range(100))
    assert answers == {"blue": 90, "green": 10}
    chosen = score(world, **{"azureml-model-deployment": "green"})
    assert json.loads(chosen.payload()) == {"deployment": "green"}
    world.app.configure({"serving": {"answers": {"green": {"status": 500, "body": "no"}}}})
    assert score(world, **{"azureml-model-deployment": "green"}).status == 424
    assert score(world, Authorization="Bearer wrong").status == 401
    assert refusal(world.call("DELETE", BLUE))[0] == 400


def test_keys_and_tokens_follow_the_mode(world: World) -> None:
    serve(world)
    before = world.call("POST", f"{ENDPOINT}/listKeys").body
    renewed = world.call("POST", f"{ENDPOINT}/regenerateKeys", {"keyType": "Secondary"})
    assert renewed.status == 202
    world.wait()
    after = world.call("POST", f"{ENDPOINT}/listKeys").body
    assert after["primaryKey"] == before["primaryKey"] and after["secondaryKey"] != before["secondaryKey"]
    done(world, world.call("PUT", ENDPOINT, body(authMode="AMLToken")))
    assert world.call("POST", f"{ENDPOINT}/listKeys").body == {"primaryKey": None, "secondaryKey": None}
    token = world.call("POST", f"{ENDPOINT}/token").body
    assert token["expiryTimeUtc"] - token["refreshAfterTimeUtc"] == 12 * 3600


def test_a_failed_deployment_stays_and_has_logs(world: World) -> None:
    serve(world)
    error = {"code": "ResourceNotReady", "message": "User container has crashed or terminated."}
    world.app.faults.put([{"kind": "failed_operation", "match": {"path": "deployments/green"}, **error}])
    answer = world.call("PUT", GREEN, deployment())
    world.wait()
    assert world.status(answer)["error"]["code"] == "ResourceNotReady"
    assert world.get(GREEN)["properties"]["provisioningState"] == "Failed"
    assert "has crashed" in world.call("POST", f"{GREEN}/getLogs", {}).body["content"]


REFUSED: list[tuple[str, dict[str, Any]]] = [
    (ENDPOINT, body(authMode="Password")),
    (ENDPOINT, body(compute=f"{WORKSPACE}/computes/missing")),
    (ENDPOINT, body(traffic={"yellow": 100})),
    (ENDPOINT, body(traffic={"blue": 60})),
    (ENDPOINT, body(traffic={"blue": 100}, mirrorTraffic={"blue": 10})),
    (ENDPOINT, body(traffic={"blue": 100}, mirrorTraffic={"green": 60})),
    (ENDPOINT, {**body(), "location": "westus"}),
    (ENDPOINT, {**body(), "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}}}),
    (f"{WORKSPACE}/onlineEndpoints/1st", body()),
    (BLUE, deployment(0)),
    (BLUE, deployment(endpointComputeType="Kubernetes")),
    (BLUE, deployment(egressPublicNetworkAccess="Disabled")),
    (BLUE, deployment(scaleSettings={"scaleType": "TargetUtilization"})),
    (BLUE, deployment(codeConfiguration={"codeId": "c"})),
    (BLUE, deployment(dataCollector={"rollingRate": "Hour"})),
]  # fmt: skip


def test_names_on_kubernetes_have_a_length_together(world: World) -> None:
    """o.2 [DOC how-to-manage-quotas], o.5 [GUESS]."""
    compute = f"{WORKSPACE}/computes/k8s"
    world.keep(compute, computeType="Kubernetes", provisioningState="Succeeded")
    path = f"{WORKSPACE}/onlineEndpoints/{'e' * 32}"
    done(world, world.call("PUT", path, body(compute=compute)))
    sent = deployment(endpointComputeType="Kubernetes", instanceType="small")
    answer = world.call("PUT", f"{path}/deployments/{'d' * 31}", sent)
    assert refusal(answer) == (400, "UserError") and "more than 62 characters" in str(answer.body)
    done(world, world.call("PUT", f"{path}/deployments/{'d' * 30}", sent))


def test_a_deployment_on_kubernetes_always_shows_its_resources(world: World) -> None:
    """o.3 [SDK]."""
    compute = f"{WORKSPACE}/computes/k8s"
    world.keep(compute, computeType="Kubernetes", provisioningState="Succeeded")
    done(world, world.call("PUT", ENDPOINT, body(compute=compute)))
    sent = deployment(endpointComputeType="Kubernetes", instanceType="small")
    done(world, world.call("PUT", BLUE, sent))
    shown = world.get(BLUE)["properties"]["containerResourceRequirements"]
    assert shown == {"containerResourceLimits": None, "containerResourceRequests": None}
    requests = {"containerResourceRequests": {"cpu": "500m", "memory": "1Gi"}}
    done(world, world.call("PUT", BLUE, deployment(**sent["properties"] | {"containerResourceRequirements": requests})))
    assert world.get(BLUE)["properties"]["containerResourceRequirements"]["containerResourceRequests"]["cpu"] == "500m"


def test_a_data_collector_is_shown_as_it_was_sent(world: World) -> None:
    """o.5 [GUESS]."""
    serve(world, BLUE)
    assert world.get(BLUE)["properties"]["dataCollector"] is None
    collector = {
        "collections": {"request": {"dataCollectionMode": "Enabled", "samplingRate": 0.5}},
        "rollingRate": "Day",
    }
    done(world, world.call("PUT", BLUE, deployment(dataCollector=collector)))
    assert world.get(BLUE)["properties"]["dataCollector"] == collector


def test_what_is_not_registered_is_not_found(world: World) -> None:
    """o.8 [ISS], o.9: everything is registered until the configuration says what is."""
    serve(world)
    paths = {
        name: f"{WORKSPACE}/{name}/versions/1" for name in ("models/iris", "environments/sklearn", "codes/scoring")
    }
    assert [world.get(path)["name"] for path in paths.values()] == ["1", "1", "1"]
    world.app.configure({"assets": ["models/IRIS/3", "environments/*"]})
    missing = world.call("GET", paths["models/iris"])
    assert refusal(missing) == (404, "UserError")
    reason = {"code": "ModelNotFound", "message": "Model container with name: iris not found."}
    assert missing.body["error"]["details"] == [reason]
    assert refusal(world.call("GET", paths["codes/scoring"])) == (404, "UserError")
    assert world.get(paths["environments/sklearn"])["properties"]["osType"] == "Linux"
    code = {"codeId": paths["codes/scoring"], "scoringScript": "score.py"}
    for sent in ({"model": paths["models/iris"]}, {"codeConfiguration": code}):
        assert refusal(world.call("PUT", BLUE, deployment(**sent))) == (404, "UserError")
    world.app.configure({"guesses": {"missing_asset": "accept"}})
    assert world.call("PUT", BLUE, deployment(model=paths["models/iris"])).status == 201


def test_refusals(world: World) -> None:
    serve(world, BLUE, GREEN)
    for path, sent in REFUSED:
        assert refusal(world.call("PUT", path, sent)) == (400, "UserError"), sent
    for path, sent in ((ENDPOINT, body(fairness=1)), (BLUE, deployment(dataCollector={"storage": {}}))):
        assert refusal(world.call("PUT", path, sent)) == (501, "NotSimulated")
    assert refusal(world.call("PUT", f"{WORKSPACE}/onlineEndpoints/none/deployments/blue", deployment()))[0] == 404
    answer = world.call("PUT", ENDPOINT, body())
    assert answer.status == 200
    assert refusal(world.call("PUT", BLUE, deployment()))[0] == 409
