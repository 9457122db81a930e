# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the wire that no other test of the simulator looks at, literally; the folder's facts name each test."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import (
    GROUP,
    LOCATION,
    STORAGE,
    SUB,
    SUBNET,
    WORKSPACE,
    World,
    cluster_body,
    refusal,
    workspace_body,
)
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION
from azureml_simulator.http import Principal, Request
from azureml_simulator.server import TlsServer

CPU = f"{WORKSPACE}/computes/cpu"
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm1"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks1"
POOL = f"{GROUP}/providers/Microsoft.Synapse/workspaces/syn1/bigDataPools/pool1"


@pytest.fixture
def world() -> World:
    return World()


def instance(world: World, name: str = "ci-one", **inner: Any) -> dict[str, Any]:
    body = {
        "location": "eastus",
        "properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2", **inner}},
    }
    assert world.final_status(world.call("PUT", f"{WORKSPACE}/computes/{name}", body), 200)["status"] == "Succeeded"
    return world.get(f"{WORKSPACE}/computes/{name}")


# -- a.1 ---------------------------------------------------------------------------------------------------------


def test_reads_answer_200(world: World) -> None:
    assert world.call("GET", f"{WORKSPACE}/computes").body == {"value": []}
    world.cluster()
    assert world.call("GET", CPU).status == 200
    assert [item["name"] for item in world.get(f"{WORKSPACE}/computes")["value"]] == ["cpu"]


def test_nodes_of_an_empty_cluster(world: World) -> None:
    world.cluster()
    answer = world.call("POST", f"{CPU}/listNodes")
    assert (answer.status, answer.body) == (200, {"computeType": "AmlCompute", "nodes": []})


def test_conditional_headers_mean_nothing(world: World) -> None:
    world.cluster()
    for name in ("If-Match", "If-None-Match"):
        for value in ('"abc"', "*"):
            answer = world.call("PUT", CPU, cluster_body(), headers={name: value})
            assert answer.status == 201
            world.require_success(answer)


def test_a_locations_operations_answer_200(world: World) -> None:
    for method, path, body in (
        ("GET", "usages", None),
        ("GET", "vmSizes", None),
        ("GET", "quotas", None),
        ("POST", "updateQuotas", {"value": []}),
    ):
        answer = world.call(method, f"{LOCATION}/{path}", body)
        assert answer.status == 200 and isinstance(answer.body["value"], list), path


# -- a.2 ---------------------------------------------------------------------------------------------------------

LEAST_VERSIONS = """2022-10-01-preview 2023-08-01-preview 2024-04-01 2024-04-01-preview 2024-10-01-preview
2025-01-01-preview 2025-06-01 2025-12-01 2026-03-01 2026-05-01""".split()


@pytest.mark.parametrize("version", LEAST_VERSIONS)
def test_versions_that_have_to_be_taken(world: World, version: str) -> None:
    for path in (WORKSPACE, f"{WORKSPACE}/computes", f"{LOCATION}/usages", f"{LOCATION}/vmSizes"):
        assert world.call("GET", path, version=f"{version}").status == 200


def test_versions_of_other_providers_as_the_sdk_asks_for_them(world: World) -> None:
    assert world.call("GET", GROUP.replace("resourceGroups", "resourcegroups"), version="2020-06-01").status == 200
    kinds = {
        "Microsoft.Insights/components": "2015-05-01",
        "Microsoft.OperationalInsights/workspaces": "2015-03-20",
        "Microsoft.Storage/storageAccounts": "2019-06-01",
        "Microsoft.KeyVault/vaults": "2019-09-01",
        "Microsoft.ContainerRegistry/registries": "2019-05-01",
    }
    for kind, version in kinds.items():
        path = f"{GROUP}/providers/{kind}/todelete"
        world.keep(path)
        assert world.call("DELETE", path, version=f"{version}").status in (200, 202)
        world.app.clock.advance(60)
        assert world.call("GET", path, version=f"{version}").status == 404


def test_an_old_version_shows_newer_properties_too(world: World) -> None:
    world.cluster()
    (old,) = world.call("GET", f"{WORKSPACE}/computes", version="2020-08-01").body["value"]
    assert {"disableLocalAuth", "isAttachedCompute"} <= set(old["properties"]) and "enableNodePublicIp" in old[
        "properties"
    ]["properties"]
    assert old == world.get(CPU)
    # Azure gates some of a workspace's by the age of the version (a LIST at 2023-04-01 beside GETs from 2024-04-01 on, recorded): two answers
    # of a session differ in these alone.
    gated = {
        "ipAllowlist",
        "networkAcls",
        "serverlessComputeSettings",
        "EnableSoftwareBillOfMaterials",
        "systemDatastoresAuthMode",
        "enableServiceSideCMKEncryption",
    }
    older, newer = (
        world.call("GET", WORKSPACE, version=version).body for version in ("2023-08-01-preview", "2024-10-01-preview")
    )
    shown = {name: value for name, value in newer["properties"].items() if name not in gated}
    assert older == {**newer, "properties": shown}


# -- a.3 ---------------------------------------------------------------------------------------------------------


def test_headers_that_every_answer_has(world: World) -> None:
    headers = world.call("GET", WORKSPACE).headers
    fixed = {
        "Cache-Control": "no-cache",
        "Pragma": "no-cache",
        "Expires": "-1",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
        "x-ms-response-type": "standard",
    }
    assert {name: headers[name] for name in fixed} == fixed
    assert re.fullmatch(rf"appId=cid-v1:{GUID}", headers["Request-Context"])
    assert re.fullmatch(r"\d+\.\d{3}", headers["x-request-time"])
    guid = headers["x-ms-request-id"]
    assert re.fullmatch(GUID, guid) and headers["x-ms-correlation-request-id"] == guid
    assert re.fullmatch(rf"[A-Z]+:\d{{8}}T\d{{6}}Z:{guid}", headers["x-ms-routing-request-id"])


def test_headers_of_2025(world: World) -> None:
    headers = world.call("GET", WORKSPACE).headers
    assert (
        re.fullmatch(r"vienna-eastus-\d\d", headers["azureml-served-by-cluster"])
        and headers["X-Cache"] == "CONFIG_NOCACHE"
    )
    assert headers["x-ms-operation-identifier"] and headers["X-MSEdge-Ref"] and "x-aml-cluster" not in headers
    group = world.call("GET", GROUP, version="2021-04-01").headers
    assert "azureml-served-by-cluster" not in group


def test_a_get_is_gzip_where_the_client_takes_it(world: World) -> None:
    def sent(method: str, encoding: str) -> Any:
        request = Request(method, WORKSPACE, headers={"Accept-Encoding": encoding})
        return TlsServer._answer(request, world.call("GET", WORKSPACE))

    packed, plain = sent("GET", "gzip, deflate"), sent("GET", "identity")
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body)
    assert plain.headers["Vary"] == "Accept-Encoding" and "Content-Encoding" not in plain.headers
    assert (
        json.loads(plain.body)["name"] == "ws1" and plain.headers["Content-Type"] == "application/json; charset=utf-8"
    )
    assert "Content-Encoding" not in sent("POST", "gzip").headers


def test_limits_of_2025_are_counted_down(world: World) -> None:
    world.cluster()
    world.app.limits.clear()
    prefix = "x-ms-ratelimit-remaining-subscription-"

    def left(method: str, path: str, version: str = "2025-12-01") -> dict[str, str]:
        headers = world.call(method, path, {} if method == "PATCH" else None, version).headers
        return {name.removeprefix(prefix): value for name, value in headers.items() if name.startswith(prefix)}

    assert left("GET", CPU) == {"reads": "249", "global-reads": "3749"}
    assert left("POST", f"{CPU}/listNodes") == {"writes": "199", "global-writes": "2999"}
    removed = left("DELETE", f"{CPU}?underlyingResourceAction=Delete", "2025-12-01")
    assert removed == {"deletes": "199", "global-deletes": "2999"}


def test_what_no_answer_about_computes_has(world: World) -> None:
    delete = f"{CPU}?underlyingResourceAction=Delete"
    answers = [world.call("PUT", CPU, cluster_body())]
    world.require_success(answers[0])
    patch = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 8}}}}
    answers += [
        world.call("GET", CPU),
        world.call("GET", f"{WORKSPACE}/computes"),
        world.call("POST", f"{CPU}/listNodes"),
        world.call("PATCH", CPU, patch),
    ]
    answers.append(world.app.call("GET", answers[-1].headers["Azure-AsyncOperation"]))
    world.app.clock.advance(60)
    answers.append(world.call("DELETE", delete, version="2025-12-01"))
    assert [answer.status for answer in answers] == [201, 200, 200, 200, 202, 200, 202]
    for answer in answers:
        assert not {"retry-after", "location", "x-ms-async-operation-timeout", "etag"} & {
            name.lower() for name in answer.headers
        }


# -- a.4 ---------------------------------------------------------------------------------------------------------


def test_the_address_of_an_operation(world: World) -> None:
    """With the version of the request and the workspace's location; since 2024 signed, before not."""
    version = "2023-08-01-preview"
    address = f"https://127.0.0.1:443{LOCATION}/computeOperationsStatus/{GUID}\\?api-version={version}&service=new"
    signed = world.call("PUT", CPU, cluster_body(), f"{version}").headers["Azure-AsyncOperation"]
    assert re.fullmatch(address + r"&t=\d{18}&c=[\w-]+&s=[\w-]+&h=[\w-]+", signed)
    world.app.configure({"guesses": {"signed_polls": False}})
    plain = world.call("PUT", f"{WORKSPACE}/computes/two", cluster_body(), f"{version}").headers["Azure-AsyncOperation"]
    assert re.fullmatch(address, plain)
    assert "/resourceGroups/" not in signed


def test_rights_on_the_group_are_enough_to_poll(world: World) -> None:
    """The address is the subscription's; whether Azure asks for a right there is not known."""
    who = Principal(
        "eeeeeeee-0000-4000-8000-0000000000e0",
        "eeeeeeee-0000-4000-8000-00000000000e",
        world.app.default_principal().tenant,
    )
    world.app.grant(who.object_id, "Contributor", GROUP)
    token = world.app.token(who)
    answer = world.call("PUT", CPU, cluster_body(), token=token)
    address = answer.headers["Azure-AsyncOperation"]
    assert world.app.call("GET", address, token=token).body == {"status": "InProgress"}
    world.app.configure({"guesses": {"poll_right": "subscription"}})
    refused = world.app.call("GET", address, token=token)
    assert (
        refusal(refused) == (403, "AuthorizationFailed")
        and "/locations/computeOperationsStatus/read' over scope" in refused.body["error"]["message"]
    )
    world.app.grant(who.object_id, "Reader", SUB)
    assert world.app.call("GET", address, token=token).status == 200


def test_a_failed_operation_is_flat_and_200(world: World) -> None:
    """`error` has code, message, details and statusCode, and no second `error` inside."""
    answer = world.call("PUT", CPU, cluster_body("Standard_B2s"))
    world.app.clock.advance(60)
    shown = world.app.call("GET", answer.headers["Azure-AsyncOperation"])
    assert (shown.status, set(shown.body), shown.body["status"]) == (200, {"status", "error"}, "Failed")
    assert set(shown.body["error"]) == {"code", "message", "details", "statusCode"}


# -- a.5, a.6 ----------------------------------------------------------------------------------------------------


def test_a_cluster_that_is_replaced_is_creating_again(world: World) -> None:
    world.cluster()
    world.call("PUT", CPU, cluster_body(most=5))
    assert world.get(CPU)["properties"]["provisioningState"] == "Creating"
    world.app.clock.advance(60)
    patch = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 8}}}}
    world.call("PATCH", CPU, patch)
    assert world.get(CPU)["properties"]["provisioningState"] == "Updating"
    world.app.clock.advance(60)
    assert world.get(CPU)["properties"]["provisioningState"] == "Succeeded"


def test_what_is_echoed_by_a_creation(world: World) -> None:
    """disableLocalAuth, scale settings and tags as they were sent; public SSH is open but in a network."""
    body = cluster_body() | {"tags": {"a": "b"}}
    body["properties"]["disableLocalAuth"] = True
    answer = world.call("PUT", CPU, body)
    assert answer.body["properties"]["disableLocalAuth"] is True and answer.body["tags"] == {"a": "b"}
    assert answer.body["properties"]["properties"]["scaleSettings"] == {"minNodeCount": 0, "maxNodeCount": 4}
    world.require_success(answer)
    inner = world.cluster("netted", subnet={"id": SUBNET})["properties"]["properties"]
    assert inner["remoteLoginPortPublicAccess"] == "Disabled" and inner["subnet"] == {"id": SUBNET}
    assert world.get(CPU)["properties"]["properties"]["remoteLoginPortPublicAccess"] == "Enabled"


def test_an_instances_image_and_runtime(world: World) -> None:
    inner = instance(world)["properties"]["properties"]
    assert set(inner["osImageMetadata"]) == {
        "currentImageVersion",
        "latestImageVersion",
        "isLatestOsImageVersion",
        "osPatchingStatus",
    }
    assert inner["versions"] == {"runtime": "3.0.01915.0001"}
    assert [application["displayName"] for application in inner["applications"]] == ["Jupyter", "Jupyter Lab"]
    assert set(inner["lastOperation"]) == {"operationName", "operationTime", "operationStatus", "operationTrigger"}


def test_usages_and_quotas_of_a_location(world: World) -> None:
    usages = {
        (item["name"]["value"], item["type"].split("/", 1)[1]): item
        for item in world.get(f"{LOCATION}/usages")["value"]
    }
    assert (
        usages["TotalDedicatedCores", "totalDedicatedCores/usages"]["name"]["localizedValue"]
        == "Total Cluster Dedicated Regional vCPUs"
    )
    assert ("TotalLowPriorityCores", "totalLowPriorityCores/usages") in usages
    assert {usage["unit"] for usage in usages.values()} == {"Count"}
    world.call(
        "POST",
        f"{LOCATION}/updateQuotas",
        {"value": [{"id": f"{WORKSPACE}/quotas/standardDSv2Family", "type": "t", "limit": 8, "unit": "Count"}]},
    )
    quotas = world.get(f"{LOCATION}/quotas")["value"]
    assert {frozenset(quota) for quota in quotas} == {frozenset(("unit", "limit", "name", "type", "id", "location"))}
    kinds = {(quota["type"].split("/", 1)[1], quota["location"]) for quota in quotas}
    assert kinds == {("vmFamily/dedicatedCores/quotas", None), ("workspaces/dedicatedCores/quotas", "eastus")}


def test_a_size_of_the_catalogue(world: World) -> None:
    """The recorded one, and that a compute has it in capitals."""
    sizes = {item["name"]: item for item in world.get(f"{LOCATION}/vmSizes")["value"]}
    size = sizes["Standard_A1_v2"]
    assert (size["osVhdSizeMB"], size["memoryGB"], size["generation"]) == (1047552, 2.0, "gen1")
    assert (
        set(size["supportedComputeTypes"]) <= {"AmlCompute", "ComputeInstance", "MIR"}
        and "AmlCompute" in size["supportedComputeTypes"]
    )
    price = size["estimatedVMPrices"]
    assert (price["billingCurrency"], price["unitOfMeasure"]) == ("USD", "OneHour")
    assert {frozenset(value) for value in price["values"]} == {frozenset(("retailPrice", "osType", "vmTier"))}
    assert world.cluster(size="standard_ds3_V2")["properties"]["properties"]["vmSize"] == "STANDARD_DS3_V2"


# -- a.7 ---------------------------------------------------------------------------------------------------------

CLIENTS_CLUSTER = {
    "location": "eastus",
    "properties": {
        "computeType": "AmlCompute",
        "properties": {
            "vmSize": "STANDARD_DS3_V2",
            "scaleSettings": {"maxNodeCount": 4, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT2M"},
            "remoteLoginPortPublicAccess": "NotSpecified",
            "enableNodePublicIp": True,
            "osType": "Linux",
        },
        "disableLocalAuth": True,
    },
}
CLIENTS_INSTANCE = {
    "location": "eastus",
    "properties": {
        "computeType": "ComputeInstance",
        "properties": {
            "vmSize": "STANDARD_DS3_V2",
            "idleTimeBeforeShutdown": "PT30M",
            "enableNodePublicIp": True,
            "enableSSO": True,
            "enableRootAccess": True,
            "releaseQuotaOnStop": False,
            "enableOSPatching": False,
            "applicationSharingPolicy": "Shared",
            "computeInstanceAuthorizationType": "personal",
        },
        "disableLocalAuth": True,
    },
}


@pytest.mark.parametrize(
    "body",
    [
        CLIENTS_CLUSTER,
        CLIENTS_INSTANCE,
        {
            "location": "eastus",
            "properties": {
                "resourceId": CLUSTER,
                "computeLocation": "eastus",
                "properties": {"namespace": "ns"},
                "computeType": "Kubernetes",
            },
        },
        {
            "location": "eastus",
            "properties": {
                "properties": {"sshPort": 22, "administratorAccount": {"username": "me", "password": "planted"}},
                "resourceId": MACHINE,
                "computeType": "VirtualMachine",
            },
        },
        {"location": "eastus", "properties": {"computeType": "SynapseSpark", "resourceId": POOL}},
    ],
    ids=lambda body: str(body["properties"]["computeType"]),
)
def test_what_the_sdk_sends_is_taken(world: World, body: dict[str, Any]) -> None:
    for target in (CLUSTER, MACHINE, POOL.partition("/bigDataPools")[0], POOL):
        world.keep(target)
    answer = world.call("PUT", f"{WORKSPACE}/computes/sent", body, "2023-08-01-preview")
    world.final_status(answer, 700)
    assert world.get(f"{WORKSPACE}/computes/sent")["properties"]["provisioningState"] == "Succeeded"


# -- b -----------------------------------------------------------------------------------------------------------


def test_the_gateways_envelope(world: World) -> None:
    answer = world.call("GET", f"{WORKSPACE}x")
    assert set(answer.body) == {"error"} and set(answer.body["error"]) == {"code", "message"}
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert not {"x-request-time", "Request-Context"} & set(answer.headers)


def test_the_envelope_of_the_compute_provider(world: World) -> None:
    answer = world.call("PUT", f"{WORKSPACE}/computes/1bad", cluster_body())
    assert set(answer.body) == {"error", "correlation", "environment", "location", "time", "componentName"}
    empty = "severity messageFormat messageParameters referenceCode detailsUri target innerError debugInfo additionalInfo".split()
    error = answer.body["error"]
    assert (
        set(error) == {"code", "message", "details", *empty}
        and {error[name] for name in empty} == {None}
        and error["details"] == []
    )
    assert re.fullmatch("[0-9a-f]{32}", answer.body["correlation"]["operation"]) and re.fullmatch(
        "[0-9a-f]{16}", answer.body["correlation"]["request"]
    )
    assert (answer.body["environment"], answer.body["location"], answer.body["componentName"]) == (
        "eastus",
        "eastus",
        "machinelearningcompute",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00", answer.body["time"])


def test_the_gateways_words(world: World) -> None:
    """Status, code and text, as Resource Manager has them."""
    nobody = SUB.replace(DEFAULT_SUBSCRIPTION, "99999999-0000-4000-8000-000000000009")
    other = GROUP.replace("/rg", "/none")
    told = {
        (nobody, "2025-12-01"): (
            404,
            "SubscriptionNotFound",
            "The subscription '99999999-0000-4000-8000-000000000009' could not be found.",
        ),
        (other, "2025-12-01"): (404, "ResourceGroupNotFound", "Resource group 'none' could not be found."),
        (WORKSPACE, ""): (
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ),
        (f"{WORKSPACE}x", "2025-12-01"): (
            404,
            "ResourceNotFound",
            "The Resource 'Microsoft.MachineLearningServices/workspaces/ws1x' under resource group 'rg' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix",
        ),
    }
    for (path, version), wanted in told.items():
        answer = world.call("GET", path, version=version)
        assert (*refusal(answer), answer.body["error"]["message"]) == wanted
    answer = world.call("PUT", f"{WORKSPACE}x/computes/cpu", cluster_body())
    assert (
        answer.body["error"]["message"]
        == "Can not perform requested operation on nested resource. Parent resource 'ws1x' not found."
    )
    answer = world.call("GET", WORKSPACE, version="2199-01-01")
    assert re.match(
        r"No registered resource provider found for location '.*' and API version '2199-01-01' for type 'workspaces'. The supported api-versions are "
        r"'[^']*2025-12-01[^']*'. The supported locations are '.*'\.$",
        answer.body["error"]["message"],
    )


def test_a_child_of_a_missing_workspace_is_named_in_full(world: World) -> None:
    message = world.call("GET", f"{WORKSPACE}x/computes/cpu").body["error"]["message"]
    assert message.startswith(
        "The Resource 'Microsoft.MachineLearningServices/workspaces/ws1x/computes/cpu' under resource group 'rg' was not found."
    )


def test_without_a_token(world: World) -> None:
    answer = world.app.handle(Request("GET", WORKSPACE, {"api-version": "2025-12-01"}))
    assert refusal(answer) == (401, "AuthenticationFailed")
    assert answer.body["error"]["message"] == "Authentication failed. The 'Authorization' header is missing."
    assert re.fullmatch(
        r'Bearer authorization_uri="https://[^"]+", error="invalid_token", '
        r"error_description=\"The authentication failed because of missing 'Authorization' header\.\"",
        answer.headers["WWW-Authenticate"],
    )


def test_without_a_right(world: World) -> None:
    who = Principal(
        "eeeeeeee-0000-4000-8000-0000000000e0",
        "eeeeeeee-0000-4000-8000-00000000000e",
        world.app.default_principal().tenant,
    )
    answer = world.call("GET", CPU, token=world.app.token(who))
    assert refusal(answer) == (403, "AuthorizationFailed")
    assert re.fullmatch(
        rf"The client '[^']+' with object id '{who.object_id}' does not have authorization to perform action "
        rf"'Microsoft.MachineLearningServices/workspaces/computes/read' over scope '{CPU}' or the scope is invalid\. If access was recently granted, "
        r"please refresh your credentials\.",
        answer.body["error"]["message"],
    )


def test_too_many_requests(world: World) -> None:
    world.app.configure({"ratelimit": {"enforce": True, "reads": {"capacity": 1, "per_second": 0}}})
    world.app.limits.clear()
    world.call("GET", WORKSPACE)
    answer = world.call("GET", WORKSPACE)
    assert refusal(answer) == (429, "SubscriptionRequestsThrottled") and answer.headers["Retry-After"] == "10"
    who = world.app.default_principal().object_id
    assert answer.body["error"]["message"] == (
        f"Number of 'read' requests for subscription '{DEFAULT_SUBSCRIPTION}' actor '{who}' exceeded. Please try again after '10' seconds."
    )


def test_words_of_a_taken_instances_name(world: World) -> None:
    instance(world)
    check = {"Name": "1bad", "Type": "Microsoft.BatchAI/DataScienceInstance"}
    answer = world.call("POST", f"{WORKSPACE}/checkComputeNameAvailability", check)
    assert (answer.status, answer.body["nameAvailable"], answer.body["reason"]) == (200, False, "Invalid")
    assert answer.body["message"].startswith(
        "A name for an Azure ML Compute Instance must be between 3 and 24 characters in length and must use only"
    )
    assert set(answer.body) == {"nameAvailable", "reason", "message"}


def test_an_ordered_failure_says_what_was_ordered(world: World) -> None:
    """What the service was seen to fail with for causes that nobody can rehearse: a full disk, a region, its own deployments."""
    orders = [
        ("ci-one/stop", 400, "BadRequest", "StopCompute is not allowed when ComputeInstance disk is full."),
        (
            "computes/flat",
            400,
            "PropertyNotAllowed",
            "Cluster without public IP is not supported in the compute region.",
        ),
    ]
    instance(world)
    for path, status, code, message in orders:
        world.app.faults.put(
            [{"kind": "status", "match": {"path": path}, "status": status, "code": code, "message": message}]
        )
        answer = (
            world.call("POST", f"{WORKSPACE}/computes/ci-one/stop")
            if "stop" in path
            else world.call("PUT", f"{WORKSPACE}/computes/flat", cluster_body())
        )
        assert (*refusal(answer), answer.body["error"]["message"]) == (status, code, message)
    assert world.get(f"{WORKSPACE}/computes/ci-one")["properties"]["properties"]["state"] == "Running"
    error = {"code": "BadArgument", "message": "InvalidTemplateDeployment: Details: RequestId: 1"}
    world.app.faults.put([{"kind": "failed_operation", "match": {"path": "computes/inference"}, **error}])
    started = world.call(
        "PUT",
        f"{WORKSPACE}/computes/inference",
        {"location": "eastus", "properties": {"computeType": "AKS", "properties": {}}},
    )
    assert world.final_status(started, 700)["error"] == error
    assert world.get(f"{WORKSPACE}/computes/inference")["properties"]["provisioningState"] == "Failed"


# -- c -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, taken",
    [("a1b", True), ("A-a", True), ("a--", True), ("a-1b", True), ("a-1", False), ("1ab", False), ("a.b", False)],
)
def test_names_of_the_schema(world: World, name: str, taken: bool) -> None:
    """A dash at the end, too: the pattern takes it, the service's own words do not."""
    assert (world.call("PUT", f"{WORKSPACE}/computes/{name}", cluster_body()).status == 201) is taken


def test_a_dash_at_the_end_can_be_refused(world: World) -> None:
    world.app.configure({"guesses": {"trailing_dash": "refuse"}})
    for name, body in (
        ("a--", cluster_body()),
        ("ci-", {"location": "eastus", "properties": {"computeType": "ComputeInstance", "properties": {}}}),
    ):
        assert world.call("PUT", f"{WORKSPACE}/computes/{name}", body).status == 400


def test_codes_and_statuses_that_nobody_knows_can_be_set(world: World) -> None:
    """Those of an unknown version and of a PATCH that changes nothing."""
    world.app.configure(
        {"guesses": {"unknown_api_version": "InvalidApiVersionParameter", "patch_without_change_status": 202}}
    )
    answer = world.call("GET", WORKSPACE, version="2199-01-01")
    assert refusal(answer) == (400, "InvalidApiVersionParameter") and "2025-12-01" in answer.body["error"]["message"]
    world.cluster()
    answer = world.call("PATCH", CPU, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 4}}}})
    assert answer.status == 202 and "Azure-AsyncOperation" not in answer.headers


def test_names_of_workspaces(world: World) -> None:
    for name, status in (("a-_", 202), ("0ab", 202), ("a" * 33, 202), ("-ab", 400), ("a" * 34, 400), ("ab", 400)):
        assert world.call("PUT", WORKSPACE.replace("ws1", name), workspace_body()).status == status, name


def test_enums_of_kinds_are_the_schemas(world: World) -> None:
    """What is no value of the types is refused: tiers of the load balancer, the certificate, sharing, the trigger."""
    wrong = [
        ("AKS", {"clusterPurpose": "Prod"}),
        ("AKS", {"loadBalancerType": "Both"}),
        ("AKS", {"sslConfiguration": {"status": "On"}}),
        ("ComputeInstance", {"applicationSharingPolicy": "Public"}),
        ("ComputeInstance", {"sshSettings": {"sshPublicAccess": "Maybe"}}),
        ("ComputeInstance", {"schedules": {"computeStartStop": [{"action": "Stop", "triggerType": "Moon"}]}}),
        ("AmlCompute", {"vmPriority": "Cheap", "scaleSettings": {"maxNodeCount": 1}}),
        ("AmlCompute", {"remoteLoginPortPublicAccess": "Maybe", "scaleSettings": {"maxNodeCount": 1}}),
        (
            "AmlCompute",
            {"userAccountCredentials": {"adminUserPassword": "planted"}, "scaleSettings": {"maxNodeCount": 1}},
        ),
    ]
    for number, (kind, inner) in enumerate(wrong):
        body = {"location": "eastus", "properties": {"computeType": kind, "properties": inner}}
        answer = world.call("PUT", f"{WORKSPACE}/computes/wrong{number}x", body)
        assert answer.status == 400, (kind, inner, answer.status)


def test_a_clusters_sku_and_place_are_kept(world: World) -> None:
    """Terraform sends the workspace's location and sku outside, the cluster's location inside."""
    body = cluster_body() | {"location": "eastus", "sku": {"name": "Basic", "tier": "Basic"}}
    body["properties"]["computeLocation"] = "westus2"
    world.require_success(world.call("PUT", CPU, body))
    shown = world.get(CPU)
    assert (shown["location"], shown["properties"]["computeLocation"], shown["sku"]["name"]) == (
        "eastus",
        "westus2",
        "Basic",
    )


def test_identities_of_a_patch(world: World) -> None:
    """The v1 client's: one is added, one is taken away by null, all by the type None."""
    ids = [f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in ("one", "two")]
    for one in ids:
        world.keep(one, principalId="p", clientId="c")
    world.cluster()

    def patched(identity: dict[str, Any]) -> Any:
        world.require_success(world.call("PATCH", CPU, {"location": "eastus", "properties": {}, "identity": identity}))
        return world.get(CPU).get("identity")

    for one in ids:
        shown = patched({"type": "UserAssigned", "userAssignedIdentities": {one: {}}})
    assert set(shown["userAssignedIdentities"]) == set(ids)
    assert set(
        patched({"type": "UserAssigned", "userAssignedIdentities": {ids[0]: None}})["userAssignedIdentities"]
    ) == {ids[1]}
    assert (patched({"type": "None"}) or {"type": "None"})["type"] == "None"


def test_an_aks_without_options_is_taken(world: World) -> None:
    """The v1 client removes the inner properties when no option is set, and the resource id when it creates."""
    answer = world.call(
        "PUT", f"{WORKSPACE}/computes/bare", {"location": "eastus", "properties": {"computeType": "AKS"}}
    )
    assert answer.status == 201
    assert world.final_status(answer, 700)["status"] == "Succeeded"


# -- d, e, f -----------------------------------------------------------------------------------------------------


def test_a_workspaces_operation_has_its_own_address(world: World) -> None:
    """base64url of PUT and PATCH, a guid of DELETE; signed; polled like computes; no Retry-After."""
    answer = world.call("PATCH", WORKSPACE, {"tags": {"a": "b"}}, version="2025-12-01")
    assert answer.status == 202 and answer.body is None and "Retry-After" not in answer.headers
    for name, kind in (("Location", "location"), ("Azure-AsyncOperation", "async")):
        pattern = rf"{LOCATION}/workspaceOperationsStatus/[\w-]+\?api-version=2025-12-01&type={kind}&t=\d+&c=[\w-]+&s=[\w-]+&h=[\w-]+$"
        assert re.search(pattern, answer.headers[name])
    world.require_success(answer)
    gone = world.call("DELETE", f"{WORKSPACE}?forceToPurge=true", version="2025-12-01")
    assert gone.status == 202 and re.search(
        rf"/workspaceOperationsStatus/{GUID}\?", gone.headers["Azure-AsyncOperation"]
    )


def test_a_long_workspace_name_is_cut_in_its_notebooks_address(world: World) -> None:
    path = WORKSPACE.replace("ws1", "a-very-long-workspace-name")
    world.require_success(world.call("PUT", path, workspace_body()))
    properties = world.get(path)["properties"]
    assert (
        properties["notebookInfo"]["fqdn"]
        == f"ml-a-very-long-wor-eastus-{properties['workspaceId']}.notebooks.azure.net"
    )
    assert (
        re.fullmatch("[0-9a-f]{32}", properties["notebookInfo"]["resourceId"])
        and properties["notebookInfo"]["notebookPreparationError"] is None
    )


def test_insights_name_their_log_analytics(world: World) -> None:
    """What the client deletes with a workspace is read from there."""
    logs = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
    insights = f"{GROUP}/providers/Microsoft.Insights/components/named"
    world.keep(logs)
    body = {"location": "eastus", "kind": "web", "properties": {"Application_Type": "web", "WorkspaceResourceId": logs}}
    assert world.call("PUT", insights, body, "2020-02-02-preview").status in (200, 201, 202)
    world.app.clock.advance(60)
    assert world.call("GET", insights, version="2015-05-01").body["properties"]["WorkspaceResourceId"] == logs
    assert world.call("DELETE", STORAGE, version="2019-06-01").status == 200


def test_one_cloud_of_the_metadata_is_the_simulator(world: World) -> None:
    """As azure-ai-ml reads it: resourceManager is a part of the address that it was asked at, and the portal has three parts."""
    url = "https://127.0.0.1:4443/metadata/endpoints?api-version=2019-05-01"
    clouds = world.app.call("GET", url).body
    (one,) = [cloud for cloud in clouds if cloud["resourceManager"].rstrip("/") in url]
    assert one["name"] and one["authentication"]["loginEndpoint"] and one["suffixes"]["storage"]
    assert len(one["portal"].split("/")[2].split(".")) >= 3


def test_actions_of_previews_are_none_of_stable_versions(world: World) -> None:
    instance(world)
    for verb in (
        "updateIdleShutdownSetting",
        "resize",
        "getAllowedVmSizesForResize",
        "updateDataMounts",
        "customServices",
    ):
        answer = world.call("POST", f"{WORKSPACE}/computes/ci-one/{verb}", {}, "2025-12-01")
        assert refusal(answer) == (400, "NoRegisteredProviderFound"), verb
    idle = {"idleTimeBeforeShutdown": "PT120M"}
    assert (
        world.call("POST", f"{WORKSPACE}/computes/ci-one/updateIdleShutdownSetting", idle, "2023-08-01-preview").status
        == 200
    )


def test_an_empty_subnet_fails_the_operation(world: World) -> None:
    """As Terraform sent it for an empty text; which words the service has for it is not known."""
    world.require_failure(world.call("PUT", CPU, cluster_body(subnet={"id": ""})))
    assert world.get(CPU)["properties"]["provisioningState"] == "Failed"


def test_an_empty_subnet_object_is_taken(world: World) -> None:
    """azure-ai-ml's update of a cluster in a network; the cluster stays where it is."""
    world.cluster(subnet={"id": SUBNET})
    world.require_success(world.call("PUT", CPU, cluster_body(subnet={}, most=5)))
    inner = world.get(CPU)["properties"]["properties"]
    assert inner["subnet"] == {"id": SUBNET} and inner["scaleSettings"]["maxNodeCount"] == 5


def test_words_of_a_purge_of_nothing(world: World) -> None:
    answer = world.call("DELETE", f"{WORKSPACE}none?forceToPurge=true", version="2025-12-01")
    assert answer.body["error"]["code"] == "UserError"
    assert answer.body["error"]["message"] == f"Unable to find workspace: {WORKSPACE}none"


def test_a_synapse_pool_with_null_properties(world: World) -> None:
    for target in (POOL.partition("/bigDataPools")[0], POOL):
        world.keep(target)
    properties = {"computeType": "SynapseSpark", "resourceId": POOL, "properties": None, "isAttachedCompute": True}
    world.require_success(
        world.call("PUT", f"{WORKSPACE}/computes/spark", {"location": "eastus", "properties": properties})
    )
    made = world.get(f"{WORKSPACE}/computes/spark")
    properties["properties"] = {"nodeCount": 99, "sparkVersion": "9.9"}
    world.require_success(
        world.call("PUT", f"{WORKSPACE}/computes/spark", {"location": "eastus", "properties": properties})
    )
    assert world.get(f"{WORKSPACE}/computes/spark")["properties"]["properties"] == made["properties"]["properties"]


def test_an_id_of_another_type_is_no_aks(world: World) -> None:
    for wrong in (STORAGE, CLUSTER.rpartition("/")[0], "aks1"):
        properties = {"computeType": "AKS", "resourceId": wrong, "properties": {}}
        assert (
            world.call(
                "PUT", f"{WORKSPACE}/computes/inference", {"location": "eastus", "properties": properties}
            ).status
            == 400
        )


def test_the_form_of_a_deployments_operation(world: World) -> None:
    path = f"{GROUP.replace('resourceGroups', 'resourcegroups')}/providers/Microsoft.Resources/deployments/one"
    identity = {
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "apiVersion": "2018-11-30",
        "name": "made",
        "location": "eastus",
    }
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    template = {
        "$schema": schema,
        "contentVersion": "1.0.0.0",
        "resources": [identity],
        "outputs": {
            "id": {
                "type": "string",
                "value": "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'made')]",
            }
        },
    }
    body = {"properties": {"template": template, "parameters": {}, "mode": "incremental"}}
    assert world.call("PUT", path, body, "2020-06-01").status == 201
    for _each in range(3):
        world.app.clock.advance(5)
        world.call("GET", path, version="2020-06-01")
    shown = world.call("GET", path, version="2020-06-01").body["properties"]
    assert re.fullmatch(r"PT[\d.]+S", shown["duration"]) and re.fullmatch(GUID, shown["correlationId"])
    operations = world.call(
        "GET", path.replace("/providers/Microsoft.Resources", "") + "/operations", version="2020-06-01"
    ).body["value"]
    made, evaluated = operations
    assert set(made) == {"id", "operationId", "properties"}
    properties = made["properties"]
    assert set(properties) - {"serviceRequestId"} == {
        "provisioningOperation",
        "provisioningState",
        "timestamp",
        "duration",
        "trackingId",
        "statusCode",
        "targetResource",
    }
    assert (properties["provisioningOperation"], properties["provisioningState"]) == ("Create", "Succeeded")
    assert properties["statusCode"] in ("Accepted", "OK", "Created") and set(properties["targetResource"]) == {
        "id",
        "resourceType",
        "resourceName",
    }
    assert properties["targetResource"]["resourceType"] == identity["type"]
    assert evaluated["properties"]["provisioningOperation"] == "EvaluateDeploymentOutput"


def test_the_first_values_of_a_workspace(world: World) -> None:
    """Values, where a GET was seen to have one whatever was sent."""
    world.require_success(world.call("PUT", WORKSPACE.replace("ws1", "bare"), workspace_body()))
    properties = world.get(WORKSPACE.replace("ws1", "bare"))["properties"]
    seen = {
        "description": "",
        "imageBuildCompute": None,
        "linkedModelInventoryArmId": None,
        "privateLinkCount": 0,
        "ipAllowlist": [],
        "serverlessComputeSettings": None,
        "systemDatastoresAuthMode": "accesskey",
        "provisioningState": "Succeeded",
    }
    assert {name: properties[name] for name in seen} == seen


def test_roles_by_their_ids(world: World) -> None:
    roles = {
        "f6c7c914-8db3-469d-8ca1-694a8f32e121": "AzureML Data Scientist",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
        "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    }
    for guid, name in roles.items():
        answer = world.call(
            "GET", f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/{guid}", version="2022-04-01"
        )
        assert answer.status == 200 and answer.body["properties"]["roleName"] == name


def test_an_instance_that_could_not_be_made(world: World) -> None:
    world.app.configure({"quotas": {"*": {"standardDSv2Family": 0}}})
    body = {
        "location": "eastus",
        "properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS3_v2"}},
    }
    assert world.final_status(world.call("PUT", f"{WORKSPACE}/computes/ci-one", body), 200)["status"] == "Failed"
    inner = world.get(f"{WORKSPACE}/computes/ci-one")["properties"]["properties"]
    assert (inner["state"], inner["lastOperation"]["operationStatus"]) == ("CreateFailed", "CreateFailed")


def test_what_a_cluster_keeps(world: World) -> None:
    """Terraform makes a new cluster for each of these; a PUT that has them all is answered 201, and the cluster is what it was."""
    before = world.cluster(userAccountCredentials={"adminUserName": "me", "adminUserPassword": "planted"})
    other = cluster_body(
        "Standard_DS4_v2",
        vmPriority="LowPriority",
        subnet={"id": SUBNET},
        enableNodePublicIp=False,
        remoteLoginPortPublicAccess="Disabled",
        osType="Windows",
        isolatedNetwork=True,
        userAccountCredentials={"adminUserName": "you", "adminUserPassword": "planted"},
    )
    other["properties"] |= {"disableLocalAuth": True, "description": "another"}
    world.require_success(world.call("PUT", CPU, other))
    after = world.get(CPU)
    changing = ("modifiedOn", "properties")
    assert {key: value for key, value in after["properties"].items() if key not in changing} == {
        key: value for key, value in before["properties"].items() if key not in changing
    }
    moving = ("allocationState", "allocationStateTransitionTime")
    assert {key: value for key, value in after["properties"]["properties"].items() if key not in moving} == {
        key: value for key, value in before["properties"]["properties"].items() if key not in moving
    }
