# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of any resource: taken unless their condition is met, awaited, continued, and silent about what they answer."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import ML, WORKSPACE_ID, Azure

MODULE = "arm_action"
PROVISION = {
    "id": WORKSPACE_ID,
    "api_version": ML,
    "action": "provisionManagedNetwork",
    "body": {"includeSpark": False},
}
ACTIVE = {"contains": {"properties": {"managedNetwork": {"status": {"status": "Active"}}}}}


def managed_network(azure: Azure) -> None:
    mode = {"properties": {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}}
    azure.arm("PATCH", WORKSPACE_ID, mode)


def regenerate(azure: Azure, key: str = "key1") -> dict[str, t.Any]:
    storage = azure.get(WORKSPACE_ID)["properties"]["storageAccount"]
    return {"id": storage, "api_version": "2023-04-01", "action": "regenerateKey", "body": {"keyName": key}}


def test_an_action_is_taken_until_its_condition_is_met(azure: Azure) -> None:
    managed_network(azure)
    planned = azure.run(MODULE, check=True, diff=True, **PROVISION, unless=ACTIVE)
    assert planned["changed"] and azure.writes == [] and planned["response"] is None
    done = azure.run(MODULE, diff=True, **PROVISION, unless=ACTIVE, returns="harmless")
    assert [(write.method, write.body) for write in azure.writes] == [("POST", {"includeSpark": False})]
    assert done["response"] == {"status": "Active", "sparkReady": False}
    assert done["plan"] == planned["plan"] and done["diff"]["before"] == planned["diff"]["before"]
    (change,) = done["plan"]["changes"]
    assert (change["before"], change["after"]) == ("Inactive", "Active")
    again = azure.run(MODULE, **PROVISION, unless=ACTIVE)
    assert not again["changed"] and again["response"] is None and len(azure.sent) == 1 and azure.tokens == 1


def test_the_condition_can_be_in_a_list_or_in_another_resource(azure: Azure) -> None:
    managed_network(azure)
    in_list = {"list": "outboundRules", "contains": {"properties": {"status": "Active"}}}
    assert azure.run(MODULE, **PROVISION, unless=in_list)["changed"]
    for condition in (in_list, {**in_list, "list": f"{WORKSPACE_ID}/outboundRules"}, {**ACTIVE, "id": WORKSPACE_ID}):
        assert not azure.run(MODULE, **PROVISION, unless=condition)["changed"] and azure.writes == []
    missing = {"id": f"{WORKSPACE_ID}/outboundRules/none", "contains": {"properties": {"status": "Active"}}}
    assert azure.run(MODULE, check=True, **PROVISION, unless=missing)["changed"]


def test_without_a_condition_it_is_taken_in_every_run(azure: Azure) -> None:
    options = regenerate(azure)
    assert azure.run(MODULE, check=True, **options)["changed"] and azure.sent == []
    for _run in range(2):
        done = azure.run(MODULE, **options)
        assert done["changed"] and len(azure.sent) == 1 and done["response"] == "VALUE_NOT_SHOWN"
        key = azure.app.call("POST", f"{options['id']}/listKeys?api-version=2023-04-01").body["keys"][0]["value"]
        assert key not in azure.text
    shown = azure.run(MODULE, **regenerate(azure, "key2"), returns="harmless")["response"]
    assert [one["keyName"] for one in shown["keys"]] == ["key1", "key2"]


@pytest.mark.parametrize("wait", [{"wait_timeout": 60}, {"wait": False}])
def test_the_next_run_waits_for_the_action_of_an_earlier_one(azure: Azure, wait: dict[str, t.Any]) -> None:
    managed_network(azure)
    azure.app.config["seconds"]["managed_network.provision"] = 150
    first = azure.run(MODULE, **PROVISION, unless=ACTIVE, **wait, ok="wait" in wait)
    assert first["changed"] and ("operation" in first or first["failure"]["code"] == "WaitTimeout")
    azure.run(MODULE, **PROVISION, unless=ACTIVE)
    assert {write.status for write in azure.writes} == {409}


def test_a_condition_that_is_never_met_ends_with_the_time(azure: Azure) -> None:
    never = {"contains": {"properties": {"creationTime": "never"}}}
    failed = azure.run(MODULE, **regenerate(azure), unless=never, wait_timeout=120, ok=False)
    assert failed["changed"] and failed["failure"]["code"] == "WaitTimeout" and "unless.contains" in failed["msg"]
    assert len(azure.writes) == 1 and 100 < azure.slept < 200


def test_a_resource_that_does_not_exist_has_no_actions(azure: Azure) -> None:
    options = {**PROVISION, "id": WORKSPACE_ID + "-none"}
    checked = azure.run(MODULE, check=True, **options, unless=ACTIVE, ok=False)
    failed = azure.run(MODULE, **options, unless=ACTIVE, ok=False)
    assert checked["msg"] == failed["msg"] and failed["failure"]["code"] == "ResourceNotFound" and azure.writes == []
    refused = azure.run(MODULE, **options, ok=False)
    assert refused["failure"]["code"] == "ResourceNotFound" and not refused["changed"]


def test_secrets_of_the_body_are_sent_and_not_shown(azure: Azure) -> None:
    options = {**regenerate(azure), "body": {"note": "shown"}, "secret_body": {"keyName": "planted-word"}}
    failed = azure.run(MODULE, **options, ok=False)
    assert azure.writes[0].body == {"note": "shown", "keyName": "planted-word"}
    assert failed["failure"]["code"] == "InvalidArgument" and "planted-word" not in azure.text


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"unless": {"contains": {}}}, "EmptyCondition"),
        ({"unless": None}, "EmptyCondition"),
        ({"unless": {**ACTIVE, "id": None}}, "EmptyCondition"),
        ({"unless": {**ACTIVE, "id": WORKSPACE_ID, "list": "computes"}}, "NamedTwice"),
        ({"unless": {**ACTIVE, "id": "ws"}}, "InvalidResourceId"),
        ({"unless": {**ACTIVE, "list": "../x"}}, "InvalidName"),
        ({"unless": {**ACTIVE, "api_version": "new"}}, "InvalidApiVersion"),
        ({"action": "../delete"}, "InvalidName"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_request(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    failed = azure.run(MODULE, **{**PROVISION, **options}, ok=False)
    assert failed["failure"]["code"] == code and azure.sent == []


SHOWN = "VALUE_NOT_SHOWN (0123456789ab)"
FED_BACK: dict[str, tuple[str, dict[str, t.Any], str]] = {
    "body": (MODULE, {"body": {"settings": [{"value": SHOWN}]}}, "body.settings[0].value"),
    "secret body": (MODULE, {"secret_body": {"key": SHOWN}}, "secret_body.key"),
    "condition": (MODULE, {"unless": {"contains": {"properties": {"key": SHOWN}}}}, "unless.contains.properties.key"),
    "resource": ("arm_resource", {"body": {"properties": {"secrets": {"a": SHOWN}}}}, "body.properties.secrets.a"),
    "secret of a resource": ("arm_resource", {"secret_body": {"properties": {"a": SHOWN}}}, "secret_body.properties.a"),
}


@pytest.mark.parametrize("case", FED_BACK)
def test_a_result_that_is_sent_back_does_not_make_a_placeholder_the_value(azure: Azure, case: str) -> None:
    module, options, place = FED_BACK[case]
    named = {"id": WORKSPACE_ID, "api_version": ML, **({"action": "resyncKeys"} if module == MODULE else {})}
    refused = azure.run(module, **named, **options, ok=False)
    assert refused["failure"]["code"] == "PlaceholderNotReplaced" and azure.sent == []
    assert f"{place} has the placeholder" in refused["msg"]
