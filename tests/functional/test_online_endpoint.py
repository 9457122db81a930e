# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An online endpoint's life with its deployments: each change alone, traffic and its refusals, keys only on request, removal in the right order."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.paths import without_nulls
from ansible_collections.azureml.compute.tests.functional.test_second_writer import Gap, changed
from ansible_collections.azureml.compute.tests.support.azure import ML, WORKSPACE_ID, Azure
from azureml_simulator.http import Request, Response

ENDPOINT, DEPLOYMENT, INFO = "aml_online_endpoint", "aml_online_deployment", "aml_online_endpoint_info"
NAMED = {"name": "iris-prod"}
DOCUMENT = f"{WORKSPACE_ID}/onlineEndpoints/iris-prod"
BLUE = {
    "endpoint_name": "iris-prod",
    "name": "blue",
    "model": "azureml:iris:3",
    "instance_type": "Standard_DS3_v2",
    "instance_count": 1,
}
GREEN = {**BLUE, "name": "green", "model": "azureml:iris:4"}
# Steps of a life: module, options, action.
STEPS: list[tuple[str, dict[str, t.Any], str]] = [
    (ENDPOINT, NAMED, "create"),
    (ENDPOINT, NAMED, "none"),
    (DEPLOYMENT, BLUE, "create"),
    (
        DEPLOYMENT,
        {**BLUE, "instance_type": "STANDARD_DS3_V2", "model": f"{WORKSPACE_ID}/models/iris/versions/3"},
        "none",
    ),
    (DEPLOYMENT, GREEN, "create"),
    (ENDPOINT, {**NAMED, "traffic": {"blue": 90, "green": 10}}, "update"),
    (ENDPOINT, {**NAMED, "traffic": {"blue": "90", "green": 10, "none": 0}}, "none"),
    (ENDPOINT, NAMED, "none"),
    (DEPLOYMENT, {**BLUE, "instance_count": 2}, "update"),
    (ENDPOINT, {**NAMED, "traffic": {"green": 100}}, "update"),
    (DEPLOYMENT, {"endpoint_name": "iris-prod", "name": "blue", "state": "absent"}, "delete"),
    (DEPLOYMENT, {"endpoint_name": "iris-prod", "name": "blue", "state": "absent"}, "none"),
    (ENDPOINT, {**NAMED, "traffic": {}}, "update"),
    (ENDPOINT, {**NAMED, "state": "absent"}, "delete"),
    (ENDPOINT, {**NAMED, "state": "absent"}, "none"),
]


def prepare(azure: Azure, *deployments: dict[str, t.Any], traffic: dict[str, int] | None = None) -> None:
    azure.run(ENDPOINT, **NAMED)
    for options in deployments:
        azure.run(DEPLOYMENT, **options)
    if traffic:
        azure.run(ENDPOINT, **NAMED, traffic=traffic)


def only(azure: Azure, **options: t.Any) -> dict[str, t.Any]:
    (row,) = azure.run(INFO, **NAMED, **options)["endpoints"]
    return t.cast("dict[str, t.Any]", row)


def test_a_life_in_check_mode_and_for_real(azure: Azure) -> None:
    for module, options, action in STEPS:
        planned = azure.run(module, check=True, **options)
        assert azure.writes == []
        done = azure.run(module, **options)
        assert [planned[key] for key in ("plan", "diff", "changed")] == [
            done[key] for key in ("plan", "diff", "changed")
        ]
        assert done["plan"]["action"] == action, (module, options)
        if action == "none":
            assert [request.method for request in azure.sent] == ["GET"] and azure.tokens == 1
    assert azure.run(INFO)["endpoints"] == []


def test_what_is_not_declared_stays(azure: Azure) -> None:
    """Traffic that another tool has set, variables that the service adds, settings of the deployment."""
    prepare(azure, {**BLUE, "environment_variables": {"LEVEL": "info", "MODE": "fast"}}, GREEN, traffic={"blue": 100})
    document = azure.get(DOCUMENT)
    document["properties"]["traffic"] = {"blue": 40, "green": 60}
    azure.app.call("PUT", f"{DOCUMENT}?api-version=2026-05-01", document)
    azure.app.clock.advance(60)
    done = azure.run(ENDPOINT, **NAMED, description="Iris", tags={"team": "vision"})
    assert done["endpoint"]["traffic"] == {"blue": 40, "green": 60}
    changed = azure.run(
        DEPLOYMENT,
        endpoint_name="iris-prod",
        name="blue",
        environment_variables={"LEVEL": "debug", "MODE": None},
        request_settings={"request_timeout_ms": 2500},
        liveness_probe={"period": 20},
        show_variables=["LEVEL", "MODE"],
    )
    held = azure.get(f"{DOCUMENT}/deployments/blue")["properties"]
    assert held["environmentVariables"] == {
        "LEVEL": "debug",
        "AML_APP_ROOT": "/var/azureml-app",
        "AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/iris/3",
    }
    assert held["requestSettings"] == {
        "maxQueueWait": "PT0S",
        "requestTimeout": "PT2.5S",
        "maxConcurrentRequestsPerInstance": 1,
    }
    assert held["livenessProbe"]["period"] == "PT20S" and held["livenessProbe"]["timeout"] == "PT2S"
    assert changed["deployment"]["request_settings"]["request_timeout_ms"] == 2500
    assert changed["deployment"]["instance_count"] == 1 and held["model"].endswith("/models/iris/versions/3")


def test_properties_of_an_endpoint_are_added_and_stay(azure: Azure) -> None:
    azure.run(ENDPOINT, **NAMED, properties={"stage": "test"})
    azure.run(ENDPOINT, **NAMED, properties={"level": 2})
    assert only(azure)["properties"] == {"stage": "test", "level": "2"}
    held = azure.get(DOCUMENT)["properties"]["properties"]
    assert {"stage", "level", "azureml.onlineendpointid", "AzureAsyncOperationUri"} == set(held)
    assert not azure.run(ENDPOINT, **NAMED, properties={"stage": "test", "level": 2})["changed"]
    for check in (True, False):
        failed = azure.run(ENDPOINT, check=check, **NAMED, properties={"stage": "live"}, ok=False)
        assert failed["failure"]["code"] == "PropertyIsFinal" and azure.writes == []
        assert "properties.stage cannot become 'live', because it is 'test'" in failed["msg"]
    user = {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-one")]}
    azure.run(ENDPOINT, **NAMED, identity=user, on_immutable_change="recreate")
    assert only(azure)["properties"] == {"stage": "test", "level": "2"}


def test_a_data_collector_is_changed_in_parts_and_removed(azure: Azure) -> None:
    """The share of the requests is one option, and of each collection in ARM."""
    collections = {"request": {"enabled": True}, "seen": {"enabled": "false", "data": "azureml:seen:1"}}
    prepare(azure, {**BLUE, "data_collector": {"collections": collections, "sampling_rate": 0.5}})
    place = f"{DOCUMENT}/deployments/blue"
    seen = {"dataCollectionMode": "Disabled", "dataId": f"{WORKSPACE_ID}/data/seen/versions/1", "samplingRate": 0.5}
    request = {"dataCollectionMode": "Enabled", "samplingRate": 0.5}
    assert azure.get(place)["properties"]["dataCollector"] == {"collections": {"request": request, "seen": seen}}
    steps: list[tuple[dict[str, t.Any], t.Any]] = [
        ({"collections": {"request": {"enabled": True}, "seen": {"enabled": False, "data": seen["dataId"].upper()}}}, None),
        ({"sampling_rate": 0.5, "request_logging": {"capture_headers": []}}, None),
        ({"rolling_rate": "day", "request_logging": {"capture_headers": ["X-Id"]}}, {"request": request, "seen": seen}),
        ({"request_logging": {"capture_headers": ["x-id"]}}, None),
        ({"collections": {"request": {"enabled": True}, "response": {"enabled": True}}}, {"request": request, "response": request}),
        ({"sampling_rate": 1}, dict.fromkeys(("request", "response"), {**request, "samplingRate": 1})),
    ]  # fmt: skip
    for options, after in steps:
        planned = azure.run(DEPLOYMENT, check=True, **BLUE, data_collector=options)
        done = azure.run(DEPLOYMENT, **BLUE, data_collector=options)
        assert planned["plan"] == done["plan"] and done["changed"] is (after is not None), options
        held = azure.get(place)["properties"]["dataCollector"]
        assert after is None or held["collections"] == after
    assert (held["rollingRate"], held["requestLogging"]) == ("Day", {"captureHeaders": ["X-Id"]})
    shown = azure.run(DEPLOYMENT, **BLUE)["deployment"]["data_collector"]
    assert shown["sampling_rate"] == 1 and shown["rolling_rate"] == "day"
    azure.run(DEPLOYMENT, **BLUE, data_collector={"collections": None})
    assert azure.get(place)["properties"]["dataCollector"] is None
    assert not azure.run(DEPLOYMENT, **BLUE, data_collector={"collections": {}})["changed"]
    # A replacement takes nothing over for a collector that is to collect nothing.
    azure.run(DEPLOYMENT, **BLUE, data_collector={"collections": collections, "rolling_rate": "day"})
    other = {"egress_public_network_access": "disabled", "on_immutable_change": "recreate", "force": True}
    azure.run(DEPLOYMENT, **BLUE, code_configuration={"code": "azureml:scoring:1", "scoring_script": "score.py"})
    without = {"data_collector": {"collections": None}, "code_configuration": {"scoring_script": None}}
    done = azure.run(DEPLOYMENT, **BLUE, **other, **without)
    assert done["plan"]["action"] == "replace"
    assert not {"dataCollector", "codeConfiguration"} & {*without_nulls(azure.get(place)["properties"])}
    azure.run(DEPLOYMENT, **BLUE, startup_probe={"failure_threshold": 60})
    assert azure.get(place)["properties"]["startupProbe"] == {"failureThreshold": 60}


COLLECTOR = """
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: iris-prod
model: azureml:iris:3
instance_type: Standard_DS3_v2
instance_count: 1
data_collector:
  collections:
    model_inputs: {enabled: 'True'}
    model_outputs: {enabled: "false", data: "azureml:answers:2"}
  rolling_rate: Hour
  sampling_rate: 0.1
  request_logging: {capture_headers: [x-id]}
"""


def test_a_data_collector_in_yaml_of_the_cli(azure: Azure) -> None:
    """As how-to-collect-production-data writes it; also with the properties that ``az ml online-endpoint show`` prints."""
    properties = "properties: {azureml.onlineendpointid: x, AzureAsyncOperationUri: y, stage: test}"
    endpoint = f"name: iris-prod\nauth_mode: key\n{properties}\n"
    assert azure.run(ENDPOINT, definition=endpoint)["endpoint"]["properties"] == {"stage": "test"}
    assert not azure.run(ENDPOINT, definition=endpoint)["changed"]
    azure.run(DEPLOYMENT, definition=COLLECTOR)
    collector = azure.get(f"{DOCUMENT}/deployments/blue")["properties"]["dataCollector"]
    assert collector["rollingRate"] == "Hour" and collector["requestLogging"] == {"captureHeaders": ["x-id"]}
    modes = {name: row["dataCollectionMode"] for name, row in collector["collections"].items()}
    assert modes == {"model_inputs": "Enabled", "model_outputs": "Disabled"}
    assert not azure.run(DEPLOYMENT, definition=COLLECTOR)["changed"]


def test_variables_are_hidden(azure: Azure) -> None:
    secret = "planted-value-of-a-variable"
    prepare(azure)
    for _round in range(2):
        azure.run(DEPLOYMENT, **BLUE, environment_variables={"ANYTHING": secret})
        assert secret not in azure.text
    azure.run(INFO, deployments=True)
    assert secret not in azure.text


def test_keys_are_shown_only_with_no_log_and_regenerated_on_request(azure: Azure) -> None:
    prepare(azure)
    failed = azure.run(INFO, **NAMED, show_keys=True, ok=False)
    assert failed["failure"]["code"] == "NoLogNeeded" and azure.sent == []
    before = only(azure, show_keys=True, _ansible_no_log=True)
    keys = [before["primary_key"], before["secondary_key"]]
    assert all(len(key) == 32 for key in keys)
    for check in (True, False):
        done = azure.run(ENDPOINT, check=check, **NAMED, regenerate_keys=["secondary"])
        assert done["changed"] and done["regenerated_keys"] == ["secondary"] and done["plan"]["action"] == "update"
        assert [(row["field"], row["after"]) for row in done["plan"]["changes"]] == [
            ("secondary_key", "VALUE_NOT_SHOWN")
        ]
        assert done["diff"]["before"] == {} and done["diff"]["after"] == {"secondary_key": "VALUE_NOT_SHOWN"}
        assert not any(key in azure.text for key in keys)
        assert len(azure.writes) == (0 if check else 1)
    after = only(azure, show_keys=True, _ansible_no_log=True)
    assert after["primary_key"] == before["primary_key"] and after["secondary_key"] != before["secondary_key"]
    azure.run(ENDPOINT, **NAMED, auth_mode="aml_token")
    row = only(azure, show_keys=True, _ansible_no_log=True)
    assert row["primary_key"] is None and row["secondary_key"] is None and row["token"]


def test_keys_that_were_regenerated_before_a_failure_are_a_change(azure: Azure) -> None:
    prepare(azure)
    refused = {"kind": "status", "status": 400, "match": {"method": "POST", "path": "regenerateKeys"}, "count": 1}
    azure.app.faults.put([{**refused, "skip": 1}])
    failed = azure.run(ENDPOINT, **NAMED, regenerate_keys=["primary", "secondary"], ok=False)
    assert failed["changed"] and failed["regenerated_keys"] == ["primary"]
    azure.app.faults.put([refused])
    failed = azure.run(ENDPOINT, **NAMED, regenerate_keys=["primary"], ok=False)
    assert not failed["changed"] and failed["regenerated_keys"] == []
    assert [row["field"] for row in failed["plan"]["changes"]] == ["primary_key"]


def test_all_keys_have_the_time_of_one_task_and_the_last_is_not_waited_for(azure: Azure) -> None:
    """The update and each key take 30 s here: wait_timeout is for all of them together."""
    prepare(azure)
    azure.app.configure({"seconds": {"online_endpoint.write": 30.0, "online_endpoint.keys": 30.0}})
    both = {**NAMED, "regenerate_keys": ["primary", "secondary"], "wait_interval": 1}
    start = azure.app.clock.now()
    failed = azure.run(ENDPOINT, **both, description="a", wait_timeout=75, ok=False)
    assert failed["failure"]["code"] == "WaitTimeout" and failed["changed"]
    assert failed["regenerated_keys"] == ["primary"]
    assert azure.app.clock.now() - start <= 76
    azure.app.clock.advance(60)
    start = azure.app.clock.now()
    done = azure.run(ENDPOINT, **both, description="b", wait=False)
    assert done["regenerated_keys"] == ["primary", "secondary"] and done["operation"]["status"] == "InProgress"
    assert 60 <= azure.app.clock.now() - start < 90
    assert [row["field"] for row in done["plan"]["changes"]] == ["description", "primary_key", "secondary_key"]


def test_a_deployment_refers_to_what_is_registered(azure: Azure) -> None:
    """What is not registered is refused when it is named anew, without a write; what already runs is not asked for again."""
    prepare(azure, BLUE)
    azure.app.configure({"assets": ["models/iris/3", "environments/sklearn/*"]})
    assert not azure.run(DEPLOYMENT, **BLUE)["changed"]
    assert azure.run(DEPLOYMENT, **{**BLUE, "instance_count": 2})["changed"]
    for check in (True, False):
        failed = azure.run(DEPLOYMENT, check=check, **GREEN, ok=False)
        assert failed["failure"]["code"] == "AssetMissing" and azure.writes == []
        assert failed["failure"]["details"] == {"option": "model", "id": f"{WORKSPACE_ID}/models/iris/versions/4"}
    shared = {"model": "azureml://registries/shared/models/iris/versions/4", "environment": "azureml:sklearn:2"}
    assert azure.run(DEPLOYMENT, **{**GREEN, **shared})["changed"]


def test_a_workspace_that_an_earlier_task_creates_may_have_models_later(azure: Azure) -> None:
    azure.app.configure({"assets": []})
    planned = azure.run(DEPLOYMENT, check=True, **BLUE, workspace="ws-later")
    assert planned["plan"]["action"] == "create"


def test_who_may_not_read_models_may_deploy_them(azure: Azure) -> None:
    prepare(azure)
    azure.app.configure({"assets": []})
    azure.app.faults.put([{"kind": "status", "status": 403, "match": {"method": "GET", "path": "/models/"}}])
    failed = azure.run(DEPLOYMENT, **BLUE, ok=False)
    assert failed["failure"]["status"] == 404, "the service refuses it"


REFUSED: list[tuple[str, dict[str, t.Any], str, str]] = [
    (ENDPOINT, {**NAMED, "traffic": {"yellow": 100}}, "DeploymentMissing", "It has blue, green"),
    (ENDPOINT, {**NAMED, "identity": {"type": "user_assigned", "user_assigned_identities": [f"{WORKSPACE_ID}/x"]}}, "", ""),
    (ENDPOINT, {**NAMED, "location": "northeurope"}, "ImmutableChange", "stays in the region"),
    (ENDPOINT, {**NAMED, "compute": "k8s"}, "ImmutableChange", "stays on the compute"),
    (ENDPOINT, {**NAMED, "location": "northeurope", "on_immutable_change": "recreate"}, "InUse", "get traffic"),
    (ENDPOINT, {**NAMED, "state": "absent"}, "InUse", "blue 100 %"),
    (ENDPOINT, {**NAMED, "mirror_traffic": {"blue": 10}}, "InvalidTraffic", "at once"),
    (ENDPOINT, {"name": "other", "traffic": {"blue": 100}}, "DeploymentMissing", "does not exist"),
    (DEPLOYMENT, {"endpoint_name": "iris-prod", "name": "blue", "state": "absent"}, "InUse", "100 % of the traffic"),
    (DEPLOYMENT, {**BLUE, "egress_public_network_access": "disabled"}, "ImmutableChange", "made with it"),
    (DEPLOYMENT, {**BLUE, "resources": {"limits": {"cpu": "2"}}}, "OptionOfAnotherType", "type managed"),
    (DEPLOYMENT, {**BLUE, "scale_settings": {"type": "target_utilization"}}, "OptionOfAnotherType", "Azure Monitor"),
    (DEPLOYMENT, {**BLUE, "name": "pink", "type": "kubernetes"}, "EndpointOfAnotherType", "type managed"),
    (DEPLOYMENT, {"endpoint_name": "iris-prod", "name": "pink", "instance_count": 1}, "RequiredForCreation", "instance_type"),
    (DEPLOYMENT, {**BLUE, "endpoint_name": "none"}, "ParentResourceNotFound", "does not exist"),
    (DEPLOYMENT, {**BLUE, "name": "pink", "data_collector": {"sampling_rate": 0.5}}, "CollectionsMissing", "needs data_collector.collections"),
    (DEPLOYMENT, {**BLUE, "data_collector": {"rolling_rate": "day"}}, "CollectionsMissing", "data_collector.rolling_rate needs"),
]  # fmt: skip


def test_refusals_in_check_mode_and_for_real(azure: Azure) -> None:
    prepare(azure, BLUE, GREEN, traffic={"blue": 100})
    for module, options, code, text in REFUSED:
        for check in (True, False):
            if check and code == "ParentResourceNotFound":
                continue
            failed = azure.run(module, check=check, **options, ok=False)
            assert (not code or failed["failure"]["code"] == code) and text in failed["msg"], (
                options,
                failed["failure"],
            )
            assert azure.writes == []


def test_a_compute_target_that_an_earlier_task_creates_may_be_missing_in_check_mode(azure: Azure) -> None:
    on_kubernetes = {**NAMED, "compute": "to-come"}
    created = [f"{WORKSPACE_ID}/computes/TO-COME"]
    planned = azure.run(ENDPOINT, check=True, **on_kubernetes, resources_created_earlier=created)
    assert planned["plan"]["action"] == "create" and azure.writes == []
    failed = azure.run(ENDPOINT, **on_kubernetes, resources_created_earlier=created, ok=False)
    assert failed["failure"]["code"] == "ComputeMissing" and azure.writes == []
    azure.run(ENDPOINT, check=True, **on_kubernetes, workspace="to-come")


OFFLINE: list[tuple[str, dict[str, t.Any], str]] = [
    (ENDPOINT, {**NAMED, "traffic": {"blue": 90, "green": 20}}, "InvalidTraffic"),
    (ENDPOINT, {**NAMED, "mirror_traffic": {"green": 60}}, "InvalidTraffic"),
    (ENDPOINT, {**NAMED, "traffic": {"blue": 100}, "mirror_traffic": {"blue": 10}}, "InvalidTraffic"),
    (ENDPOINT, {**NAMED, "compute": "k8s", "mirror_traffic": {"blue": 10}}, "InvalidTraffic"),
    (ENDPOINT, {"name": "1st"}, "InvalidEndpointName"),
    (DEPLOYMENT, {**BLUE, "model": "azureml:iris@latest"}, "InvalidAsset"),
    (DEPLOYMENT, {**BLUE, "environment": "azureml:sklearn"}, "InvalidAsset"),
    (DEPLOYMENT, {**BLUE, "code_configuration": {"code": "azureml:scoring:1"}}, "ScriptMissing"),
    (DEPLOYMENT, {**BLUE, "instance_count": 0}, "OutOfRange"),
    (DEPLOYMENT, {**BLUE, "data_collector": {"collections": {"request": {"enabled": "maybe"}}}}, "InvalidCollection"),
    (DEPLOYMENT, {**BLUE, "data_collector": {"collections": {"request": {"rate": 1}}}}, "InvalidCollection"),
    (
        DEPLOYMENT,
        {**BLUE, "data_collector": {"collections": {"request": {"enabled": True, "data": "seen"}}}},
        "InvalidAsset",
    ),
    (DEPLOYMENT, {**BLUE, "data_collector": {"sampling_rate": 2}}, "OutOfRange"),
    (ENDPOINT, {**NAMED, "properties": {"azureml.owner": "me"}}, "InvalidProperty"),
    (ENDPOINT, {**NAMED, "properties": {"stage": None}}, "InvalidProperty"),
]


@pytest.mark.parametrize(("module", "options", "code"), OFFLINE, ids=[row[2] for row in OFFLINE])
def test_wrong_values_are_refused_without_a_request(
    azure: Azure, module: str, options: dict[str, t.Any], code: str
) -> None:
    failed = azure.run(module, **options, ok=False)
    assert failed["failure"]["code"] == code and azure.sent == []


def test_a_failed_deployment_says_why_and_is_written_again(azure: Azure) -> None:
    prepare(azure, BLUE, traffic={"blue": 100})
    error = {"code": "ResourceNotReady", "message": "User container has crashed."}
    azure.app.faults.put([{"kind": "failed_operation", "match": {"path": "deployments/green"}, **error}])
    failed = azure.run(DEPLOYMENT, **GREEN, ok=False)
    assert failed["failure"]["code"] == "ResourceNotReady" and "User container has crashed." in failed["msg"]
    assert "User container has crashed." in failed["failure"]["details"]["logs"]
    refused = azure.run(ENDPOINT, **NAMED, traffic={"green": 100}, ok=False)
    assert refused["failure"]["code"] == "DeploymentMissing" and "has failed" in refused["msg"]
    states = {row["name"]: row["provisioning_state"] for row in only(azure, deployments=True)["deployments"]}
    assert states == {"blue": "Succeeded", "green": "Failed"} and only(azure)["traffic"] == {"blue": 100}
    assert azure.run(DEPLOYMENT, **GREEN)["plan"]["action"] == "update"
    assert not azure.run(DEPLOYMENT, **GREEN)["changed"]


def test_an_expected_traffic_without_a_value_is_refused(azure: Azure) -> None:
    refused = azure.run(ENDPOINT, **NAMED, traffic={}, expected_traffic=None, ok=False)
    assert refused["failure"]["code"] == "NullNotAllowed" and azure.sent == []


def test_shares_that_are_no_percentages_are_traffic_too(azure: Azure) -> None:
    """Of what the service shows: a deployment that may get requests is not deleted."""
    prepare(azure, BLUE, traffic={"blue": 100})
    handle, shown = azure.app.handle, [12.5]

    def strange(request: Request) -> Response:
        answer = t.cast(Response, handle(request))
        if request.method == "GET" and request.path == DOCUMENT:
            traffic = {"blue": shown[0]}
            answer.body = {**answer.body, "properties": {**answer.body["properties"], "traffic": traffic}}
        return answer

    azure.app.handle = strange  # type: ignore[method-assign]
    for share in (12.5, 150, -1):
        shown[0] = share
        for module, options in ((ENDPOINT, NAMED), (DEPLOYMENT, {"endpoint_name": "iris-prod", "name": "blue"})):
            refused = azure.run(module, **options, state="absent", ok=False)
            assert refused["failure"]["code"] == "InUse" and azure.writes == [] and f"{share} %" in refused["msg"]
    shown[0] = 100.0
    assert not azure.run(ENDPOINT, **NAMED, traffic={"blue": 100})["changed"]


def test_traffic_that_another_writer_moved_is_not_overwritten(azure: Azure) -> None:
    prepare(azure, BLUE, GREEN, traffic={"blue": 100})
    options = {**NAMED, "traffic": {"blue": 90, "green": 10}, "expected_traffic": {"blue": 100}}

    def theirs(body: t.Any) -> None:
        body["properties"]["traffic"] = {"blue": 40, "green": 60}

    with Gap(azure, DOCUMENT, changed(azure, DOCUMENT, ML, theirs), 1) as gap:
        failed = azure.run(ENDPOINT, **options, ok=False)
    assert gap.acted and failed["failure"]["code"] == "ChangedMeanwhile" and not failed["changed"]
    assert "the endpoint has blue 40 %, green 60 %" in failed["msg"] and azure.writes == []
    assert azure.run(ENDPOINT, check=True, **options, ok=False)["msg"] == failed["msg"]
    assert azure.run(ENDPOINT, **{**options, "expected_traffic": {"green": 60, "BLUE": "40"}})["changed"]
    assert not azure.run(ENDPOINT, **options)["changed"]


def test_traffic_that_another_writer_moved_before_a_write_is_repeated_is_not_overwritten(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(azure, BLUE, GREEN, traffic={"blue": 100})
    handle, refused = azure.app.handle, []

    def moved(request: Request) -> Response:
        """A writer who leaves no other trace than the traffic."""
        if request.method == "PUT" and not refused:
            refused.append(request.path)
            return Response(429, {"error": {"code": "TooManyRequests", "message": "x"}}, {"Retry-After": "5"})
        answer: Response = handle(request)
        if refused and request.method == "GET" and request.path == DOCUMENT:
            traffic = {"blue": 40, "green": 60}
            answer.body = {**answer.body, "properties": {**answer.body["properties"], "traffic": traffic}}
        return answer

    monkeypatch.setattr(azure.app, "handle", moved)
    options = {**NAMED, "traffic": {"blue": 90, "green": 10}, "expected_traffic": {"blue": 100}}
    failed = azure.run(ENDPOINT, **options, ok=False)
    assert failed["failure"]["code"] == "ChangedMeanwhile" and not failed["changed"]
    assert refused == [DOCUMENT] and [write.status for write in azure.writes] == [429]


def test_traffic_that_the_task_moved_itself_is_no_change_of_another_writer(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write was accepted, and its answer was lost."""
    prepare(azure, BLUE, GREEN, traffic={"blue": 100})
    handle, lost = azure.app.handle, []

    def unclear(request: Request) -> Response:
        answer = t.cast(Response, handle(request))
        if request.method == "PUT" and not lost:
            lost.append(request.path)
            return Response(503, {"error": {"code": "ServerBusy", "message": "Try again."}}, {"Retry-After": "1"})
        return answer

    monkeypatch.setattr(azure.app, "handle", unclear)
    options = {**NAMED, "traffic": {"blue": 90, "green": 10}, "expected_traffic": {"blue": 100}}
    moved = azure.run(ENDPOINT, **options)
    assert moved["changed"] and moved["endpoint"]["traffic"] == {"blue": 90, "green": 10}
    assert lost == [DOCUMENT] and len(azure.writes) == 1


def test_a_deployment_that_gets_traffic_before_its_deletion_is_repeated_is_not_deleted(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service may refuse a deletion for a time, in which another tool makes use of what was unused."""
    prepare(azure, BLUE, GREEN, traffic={"blue": 100})
    handle, refused = azure.app.handle, []

    def theirs(body: t.Any) -> None:
        body["properties"]["traffic"] = {"green": 100}

    def throttled(request: Request) -> Response:
        if request.method == "DELETE" and not refused:
            refused.append(request.path)
            changed(azure, DOCUMENT, ML, theirs)()
            return Response(429, {"error": {"code": "TooManyRequests", "message": "x"}}, {"Retry-After": "5"})
        return t.cast(Response, handle(request))

    monkeypatch.setattr(azure.app, "handle", throttled)
    options = {"endpoint_name": "iris-prod", "name": "green", "state": "absent", "retry_timeout": 600}
    failed = azure.run(DEPLOYMENT, **options, ok=False)
    assert failed["failure"]["code"] == "InUse" and "100 % of the traffic" in failed["msg"] and not failed["changed"]
    assert refused == [f"{DOCUMENT}/deployments/green"] and [write.status for write in azure.writes] == [429]


def test_an_endpoint_is_deleted_with_its_deployments(azure: Azure) -> None:
    prepare(azure, BLUE, GREEN, traffic={"blue": 100})
    done = azure.run(ENDPOINT, **NAMED, state="absent", force=True)
    assert "the deployments blue, green are deleted" in done["warnings"][0]
    assert azure.run(INFO)["endpoints"] == []
