# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""arm_resource and arm_resource_info on a scripted wire. Source: the modules' documentation."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.module_run import (
    GROUP_ID,
    SUBSCRIPTION,
    WORKSPACE_ID,
    Printed,
    failed,
    succeeded,
)
from ansible_collections.azureml.compute.tests.support.wire import HOST, Call

VNET = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet"
NAMED = {
    "resource_group": "rg",
    "type": "Microsoft.Network/virtualNetworks",
    "name": "vnet",
    "api_version": "2024-05-01",
}
NOT_FOUND = {"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}}
OPERATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Network/locations/eastus/operations/op-1"
UNDER_WAY = {"Azure-AsyncOperation": f"{HOST}{OPERATION}?api-version=2024-05-01"}

NETWORK: dict[str, t.Any] = {
    "id": VNET,
    "name": "vnet",
    "type": "Microsoft.Network/virtualNetworks",
    "etag": 'W/"1"',
    "location": "eastus",
    "tags": {"team": "vision"},
    "systemData": {"createdAt": "2026"},
    "properties": {
        "provisioningState": "Succeeded",
        "resourceGuid": "guid",
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "enableDdosProtection": False,
        "subnets": [
            {
                "name": "training",
                "id": f"{VNET}/subnets/training",
                "properties": {"addressPrefix": "10.0.1.0/24", "delegations": []},
            },
            {"name": "foreign", "id": f"{VNET}/subnets/foreign", "properties": {"addressPrefix": "10.0.2.0/24"}},
        ],
    },
}
BODY = {
    "location": "East US",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [{"name": "Training", "properties": {"addressPrefix": "10.0.1.0/24"}}],
    },
}


def get(body: t.Any = None, path: str = VNET) -> Call:
    return Call("GET", path, **({"status": 404, "json": NOT_FOUND} if body is None else {"json": body}))


def put(body: t.Any, **more: t.Any) -> Call:
    return Call("PUT", VNET, **{"status": 200, "body": body, "query": {"api-version": "2024-05-01"}, **more})


def done(options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return succeeded("arm_resource", {**NAMED, **options}, calls, **more)


def refused(code: str, options: dict[str, t.Any], *calls: Call, **more: t.Any) -> Printed:
    return failed(code, "arm_resource", {**NAMED, **options}, calls, **more)


def network(**properties: t.Any) -> dict[str, t.Any]:
    body = copy.deepcopy(NETWORK)
    body["properties"].update(properties)
    return body


def writable() -> dict[str, t.Any]:
    body = {key: copy.deepcopy(NETWORK[key]) for key in ("location", "tags", "properties")}
    body["properties"].pop("provisioningState")
    return body


# --- create, no change ---


def test_create_sends_the_body_and_reads_back() -> None:
    result = done(
        {"body": BODY, "tags": {"team": "vision"}}, get(), put({**BODY, "tags": {"team": "vision"}}), get(NETWORK)
    )
    assert result["changed"] is True
    assert result["plan"]["action"] == "create"
    assert result["resource"]["system_data"] == {"createdAt": "2026"}
    planned = done({"body": BODY, "tags": {"team": "vision"}}, get(), check=True)
    assert planned["plan"] == result["plan"]
    assert planned["diff"] == result["diff"]
    assert planned.writes == []


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"body": {}},
        {"body": BODY},
        {"body": {"location": "EastUS", "properties": {"enableDdosProtection": False}}},
        {"body": {"properties": {"enableDdosProtection": "false"}}},
        {"body": {"tags": {"team": "vision"}}},
        {"tags": {"team": "vision"}},
        {"body": {"properties": {"subnets": [{"name": "foreign"}, {"name": "training"}]}}},
        {"body": {"properties": {"dhcpOptions": None, "flowTimeoutInMinutes": {}, "ipAllocations": []}}},
        {"body": {"properties": {"subnets": [{"name": "training", "properties": {"delegations": None}}]}}},
        {"secret_body": {"properties": {"password": "never-compared-value"}}},
    ],
)
def test_no_change_is_exactly_one_get(options: dict[str, t.Any]) -> None:
    result = done(options, get(NETWORK))
    assert result["changed"] is False
    assert result.methods == ["GET"]
    assert result["diff"]["before"] == result["diff"]["after"]


# --- update ---


def test_update_puts_what_was_read_with_what_was_declared() -> None:
    body = writable()
    body["properties"]["enableDdosProtection"] = True
    result = done(
        {"body": {"properties": {"enableDdosProtection": True}}},
        get(NETWORK),
        put(body),
        get(network(enableDdosProtection=True)),
    )
    assert result.fields == {"properties.enableDdosProtection": (False, True)}


def test_items_with_a_name_are_matched_and_others_stay() -> None:
    wanted = [
        {"name": "training", "properties": {"addressPrefix": "10.0.9.0/24"}},
        {"name": "new", "properties": {"addressPrefix": "10.0.3.0/24"}},
    ]
    body = writable()
    body["properties"]["subnets"][0]["properties"]["addressPrefix"] = "10.0.9.0/24"
    body["properties"]["subnets"].append(wanted[1])
    after = network(subnets=body["properties"]["subnets"])
    result = done({"body": {"properties": {"subnets": wanted}}}, get(NETWORK), put(body), get(after))
    assert result["changed"] is True
    assert len(result["resource"]["properties"]["subnets"]) == 3


def test_another_list_is_one_value() -> None:
    body = writable()
    body["properties"]["addressSpace"] = {"addressPrefixes": ["10.0.0.0/16", "10.1.0.0/16"]}
    done(
        {"body": {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16", "10.1.0.0/16"]}}}},
        get(NETWORK),
        put(body),
        get(network(addressSpace=body["properties"]["addressSpace"])),
    )


def test_patch_sends_the_changed_properties_alone() -> None:
    result = done(
        {"body": {"location": "eastus", "properties": {"enableDdosProtection": True}}, "update_method": "patch"},
        get(NETWORK),
        Call("PATCH", VNET, body={"properties": {"enableDdosProtection": True}}),
        get(network(enableDdosProtection=True)),
    )
    assert result["plan"]["action"] == "update"


def test_patch_of_a_named_list_keeps_the_others() -> None:
    """A list in a PATCH replaces the whole list (RFC 7396), so the undeclared items go along."""
    wanted = [{"name": "new", "properties": {"addressPrefix": "10.0.3.0/24"}}]
    subnets = [*NETWORK["properties"]["subnets"], *wanted]
    done(
        {"body": {"properties": {"subnets": wanted}}, "update_method": "patch"},
        get(NETWORK),
        Call("PATCH", VNET, body={"properties": {"subnets": subnets}}),
        get(network(subnets=subnets)),
    )


def test_secrets_go_along_when_something_else_is_due() -> None:
    body = writable()
    body["properties"].update(enableDdosProtection=True, password="never-shown-value")
    result = done(
        {
            "body": {"properties": {"enableDdosProtection": True}},
            "secret_body": {"properties": {"password": "never-shown-value"}},
        },
        get(NETWORK),
        put(body),
        get(network(enableDdosProtection=True)),
    )
    assert "never-shown-value" not in result.text


@pytest.mark.parametrize("check", [True, False])
def test_secrets_are_not_shown_when_created(check: bool) -> None:
    calls = (
        [get()]
        if check
        else [get(), put({"location": "eastus", "properties": {"password": "never-shown-value"}}), get(NETWORK)]
    )
    result = done(
        {"body": {"location": "eastus"}, "secret_body": {"properties": {"password": "never-shown-value"}}},
        *calls,
        check=check,
    )
    assert "never-shown-value" not in result.text


def test_tags_null_and_replace() -> None:
    body = {**writable(), "tags": {"cost": "42"}}
    done(
        {"tags": {"cost": 42}, "append_tags": False}, get(NETWORK), put(body), get({**NETWORK, "tags": {"cost": "42"}})
    )


def test_a_property_declared_null_is_taken_away() -> None:
    body = writable()
    body["properties"]["addressSpace"] = None
    done({"body": {"properties": {"addressSpace": None}}}, get(NETWORK), put(body), get(network(addressSpace=None)))


# --- other writers ---

CHANGED = {"error": {"code": "PreconditionFailed", "message": "Precondition failed."}}


def headers(result: Printed, name: str) -> list[str | None]:
    return [write.headers.get(name) for write in result.writes]


def plain(**outer: t.Any) -> dict[str, t.Any]:
    """As a service without ETags answers it."""
    body = {**copy.deepcopy(NETWORK), **outer}
    del body["etag"]
    return body


@pytest.mark.parametrize("where", ["header", "document", "properties"])
def test_a_write_is_on_the_condition_of_the_etag(where: str) -> None:
    body, wanted, written = plain(), plain(), writable()
    if where == "properties":
        for one in (body, wanted, written):
            one["properties"]["etag"] = "tag-1"
    elif where == "document":
        body["etag"] = "tag-1"
    read = Call("GET", VNET, json=body, headers={"ETag": "tag-1"} if where == "header" else {})
    written["properties"]["enableDdosProtection"] = wanted["properties"]["enableDdosProtection"] = True
    result = done({"body": {"properties": {"enableDdosProtection": True}}}, read, put(written), get(wanted))
    assert headers(result, "If-Match") == ["tag-1"]


def test_what_was_changed_meanwhile_is_read_and_planned_again() -> None:
    theirs = network(dhcpOptions={"dnsServers": ["10.0.0.4"]})
    theirs["etag"] = 'W/"2"'
    first, second = writable(), writable()
    second["properties"]["dhcpOptions"] = {"dnsServers": ["10.0.0.4"]}
    for one in (first, second):
        one["properties"]["enableDdosProtection"] = True
    after = network(enableDdosProtection=True)
    result = done(
        {"body": {"properties": {"enableDdosProtection": True}}},
        get(NETWORK),
        put(first, status=412, json=CHANGED),
        get(theirs),
        put(second),
        get(after),
    )
    assert headers(result, "If-Match") == ['W/"1"', 'W/"2"'] and result["changed"] is True


def test_what_is_changed_again_and_again_fails() -> None:
    body = writable()
    body["properties"]["enableDdosProtection"] = True
    rounds = [call for _round in range(5) for call in (get(NETWORK), put(body, status=412, json=CHANGED))]
    result = refused("ChangedMeanwhile", {"body": {"properties": {"enableDdosProtection": True}}}, *rounds)
    assert result["changed"] is False and "5 times" in result["msg"]


def test_what_another_writer_made_as_declared_is_no_change_of_ours() -> None:
    body = writable()
    body["properties"]["enableDdosProtection"] = True
    options = {"body": {"properties": {"enableDdosProtection": True}}}
    result = done(options, get(NETWORK), put(body, status=412, json=CHANGED), get(network(enableDdosProtection=True)))
    assert result["changed"] is False and result["plan"]["action"] == "none"


def test_what_was_deleted_meanwhile_fails() -> None:
    body = writable()
    body["properties"]["enableDdosProtection"] = True
    result = refused(
        "ChangedMeanwhile",
        {"body": {"properties": {"enableDdosProtection": True}}},
        get(NETWORK),
        put(body, status=412, json=CHANGED),
        get(),
    )
    assert "deleted" in result["msg"] and result["changed"] is False


def test_what_was_created_meanwhile_is_not_overwritten() -> None:
    result = refused("ChangedMeanwhile", {"body": BODY}, get(), put(BODY, status=412, json=CHANGED))
    assert headers(result, "If-None-Match") == ["*"] and result["changed"] is False


def test_a_deletion_is_on_the_condition_of_the_etag() -> None:
    newer = {**NETWORK, "etag": 'W/"2"'}
    calls = [Call("DELETE", VNET, status=412, json=CHANGED), get(newer), Call("DELETE", VNET, status=200), get()]
    result = done({"state": "absent"}, get(NETWORK), *calls)
    assert headers(result, "If-Match") == ['W/"1"', 'W/"2"']


def test_without_an_etag_the_newest_document_is_written() -> None:
    theirs = plain(tags={"team": "vision", "theirs": "1"})
    body = writable()
    body["tags"] = theirs["tags"]
    body["properties"]["enableDdosProtection"] = True
    after = {**theirs, "properties": body["properties"]}
    result = done(
        {"body": {"properties": {"enableDdosProtection": True}}}, get(plain()), get(theirs), put(body), get(after)
    )
    assert headers(result, "If-Match") == [None]


def test_a_write_that_is_sent_again_is_made_from_the_newest_document() -> None:
    """A retry comes seconds or minutes after the document was read."""
    theirs = plain(tags={"theirs": "1"})
    first, second = writable(), {**writable(), "tags": {"theirs": "1"}}
    for one in (first, second):
        one["properties"]["enableDdosProtection"] = True
    throttled = put(first, status=429, headers={"Retry-After": "5"}, json={"error": {"code": "TooManyRequests"}})
    after = {**theirs, "properties": first["properties"]}
    done(
        {"body": {"properties": {"enableDdosProtection": True}}},
        get(plain()),
        get(plain()),
        throttled,
        get(theirs),
        get(theirs),
        put(second),
        get(after),
    )


def test_tags_of_what_has_no_etag_are_merged() -> None:
    body = {"operation": "Merge", "properties": {"tags": {"cost": "42"}}}
    call = Call(
        "PATCH",
        f"{VNET}/providers/Microsoft.Resources/tags/default",
        query={"api-version": "2021-04-01"},
        body=body,
        json={},
    )
    done({"tags": {"cost": 42}}, get(plain()), call, get(plain(tags={"team": "vision", "cost": "42"})))


# --- operations and failures ---


def test_an_operation_is_waited_for_and_then_the_resource() -> None:
    result = done(
        {"body": BODY, "wait_interval": 1.0},
        get(),
        put(BODY, status=201, headers=UNDER_WAY),
        Call("GET", OPERATION, json={"status": "InProgress"}),
        Call("GET", OPERATION, json={"status": "Succeeded"}),
        get(network(provisioningState="Updating")),
        get(NETWORK),
    )
    assert result.waited == 2


def test_an_operation_that_fails() -> None:
    error = {"code": "SubnetInUse", "message": "is in use"}
    call = Call("GET", OPERATION, json={"status": "Failed", "error": error})
    result = refused("SubnetInUse", {"body": BODY}, get(), put(BODY, status=201, headers=UNDER_WAY), call)
    assert result["changed"] is True


def test_a_put_that_is_ignored_is_a_failure() -> None:
    body = writable()
    body["properties"]["enableDdosProtection"] = True
    stale = [get(NETWORK) for _look in range(16)]
    result = refused(
        "NotApplied", {"body": {"properties": {"enableDdosProtection": True}}}, get(NETWORK), put(body), *stale
    )
    assert "properties.enableDdosProtection" in result["msg"]


def test_conflict_that_is_no_running_operation_is_told() -> None:
    error = {"error": {"code": "NameTaken", "message": "The name is taken"}}
    assert refused("NameTaken", {"body": BODY}, get(), put(BODY, status=409, json=error))["failure"]["status"] == 409


def test_throttled_then_done() -> None:
    throttled = Call("PUT", VNET, status=429, headers={"Retry-After": "5"}, json={"error": {"code": "TooManyRequests"}})
    assert done({"body": BODY}, get(), throttled, put(BODY), get(NETWORK)).waited >= 5


def test_the_service_is_slow() -> None:
    running = [Call("GET", OPERATION, json={"status": "InProgress"}) for _look in range(3)]
    options = {"body": BODY, "wait_timeout": 2, "wait_interval": 1.0}
    refused("WaitTimeout", options, get(), put(BODY, status=201, headers=UNDER_WAY), *running)


def test_without_waiting() -> None:
    result = done(
        {"body": BODY, "wait": False},
        get(),
        put(BODY, status=201, headers=UNDER_WAY),
        get(network(provisioningState="Updating")),
    )
    assert result["operation"]["url"].startswith(HOST + OPERATION)


# --- delete ---


def test_delete() -> None:
    delete = Call("DELETE", VNET, status=202, headers={"Location": f"{HOST}{OPERATION}?api-version=2024-05-01"})
    result = done(
        {"state": "absent"},
        get(NETWORK),
        delete,
        Call("GET", OPERATION, status=202),
        Call("GET", OPERATION, status=204),
        get(),
    )
    assert result["changed"] is True
    assert result["resource"] is None


def test_delete_of_what_is_not_there() -> None:
    assert done({"state": "absent"}, get())["changed"] is False


def test_delete_in_check_mode() -> None:
    result = done({"state": "absent"}, get(NETWORK), check=True)
    assert result["changed"] is True and result.writes == [] and result["resource"] is None


# --- names ---

GROUP = {
    "id": GROUP_ID,
    "name": "rg",
    "type": "Microsoft.Resources/resourceGroups",
    "location": "eastus",
    "properties": {"provisioningState": "Succeeded"},
}


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"type": "Microsoft.Resources/resourceGroups", "name": "rg"}, GROUP_ID),
        ({"type": "microsoft.resources/resourcegroups", "name": "rg"}, GROUP_ID),
        ({"id": VNET}, VNET),
        ({"id": VNET + "/"}, VNET),
        ({"id": GROUP_ID}, GROUP_ID),
        (
            {"resource_group": "rg", "type": "Microsoft.Network/virtualNetworks/subnets", "name": "vnet/training"},
            f"{VNET}/subnets/training",
        ),
        (
            {"scope": VNET, "type": "Microsoft.Authorization/locks", "name": "keep"},
            f"{VNET}/providers/Microsoft.Authorization/locks/keep",
        ),
        (
            {"type": "Microsoft.Authorization/roleAssignments", "name": "guid"},
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/guid",
        ),
        (
            {
                "resource_group": "rg",
                "workspace": "ws-one",
                "type": "Microsoft.MachineLearningServices/workspaces/schedules",
                "name": "mine",
            },
            f"{WORKSPACE_ID}/schedules/mine",
        ),
    ],
)
def test_how_a_resource_is_named(options: dict[str, t.Any], path: str) -> None:
    found = {**GROUP, "id": path}
    result = succeeded("arm_resource_info", {**options, "api_version": "2024-01-01"}, [get(found, path)])
    assert result["resources"] == [
        {"id": path, "name": "rg", "type": GROUP["type"], "location": "eastus", "properties": GROUP["properties"]}
    ]
    kept = succeeded("arm_resource", {**options, "api_version": "2024-01-01"}, [get(found, path)])
    assert kept["changed"] is False


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "NotNamed"),
        ({"id": VNET, "name": "vnet"}, "NamedTwice"),
        ({"type": "Microsoft.Network/virtualNetworks"}, "NotNamed"),
        (
            {"type": "Microsoft.Network/virtualNetworks/subnets", "name": "training", "resource_group": "rg"},
            "NameDoesNotFitType",
        ),
        ({"id": "vnet"}, "InvalidResourceId"),
        ({"id": VNET, "body": {"name": "vnet"}}, "ReadOnlyProperty"),
        ({"id": VNET, "body": {"tags": {"a/b": "x"}}}, "InvalidTag"),
    ],
)
def test_names_that_cannot_be(options: dict[str, t.Any], code: str) -> None:
    assert failed(code, "arm_resource", {**options, "api_version": "2024-01-01"}).sent == []


# --- arm_resource_info ---


def test_info_of_what_is_not_there() -> None:
    result = succeeded("arm_resource_info", NAMED, [get()])
    assert result["resources"] == [] and result["changed"] is False


def test_info_lists_all_pages() -> None:
    place = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks"
    link = f"{HOST}{place}?api-version=2024-05-01&$skipToken=2"
    options = {key: value for key, value in NAMED.items() if key != "name"}
    pages = [
        Call("GET", place, json={"value": [NETWORK], "nextLink": link}),
        Call("GET", place, query={"$skipToken": "2"}, json={"value": [{**NETWORK, "name": "second"}]}),
    ]
    for check in (False, True):
        result = succeeded("arm_resource_info", options, pages, check=check)
        assert [resource["name"] for resource in result["resources"]] == ["vnet", "second"]


def test_info_lists_resource_groups() -> None:
    options = {"type": "Microsoft.Resources/resourceGroups", "api_version": "2021-04-01"}
    call = Call("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups", json={"value": [GROUP]})
    assert succeeded("arm_resource_info", options, [call])["resources"][0]["name"] == "rg"


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_location_of_a_resource_group_is_immutable(check_mode: bool) -> None:
    """Azure refuses the write with InvalidResourceGroupLocation, so that check mode must not plan it."""
    options = {"type": GROUP["type"], "name": "rg", "resource_group": None}
    moved = {**options, "body": {"location": "West Europe"}}
    result = refused("ImmutableChange", moved, get(GROUP, GROUP_ID), check=check_mode)
    assert "location is immutable (current 'eastus', requested 'West Europe')" in result["msg"]
    assert result["msg"].endswith(
        "Set location to its current value: the resources in a group can have other locations."
    )
    same = done({**options, "body": {"location": "East US"}}, get(GROUP, GROUP_ID), check=check_mode)
    assert same["changed"] is False


def test_the_diff_names_the_action() -> None:
    result = done({"body": BODY}, get(), check=True)
    assert result["diff"]["before_header"] == result["diff"]["after_header"]
    assert result["diff"]["after_header"] == "Microsoft.Network/virtualNetworks vnet (create)"
