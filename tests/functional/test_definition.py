# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML of the CLI v2 given as ``definition``: what it declares, what wins over it, and how it is refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import SUBSCRIPTION, Azure

CLUSTER = "aml_compute_cluster"
BASIC = """
$schema: https://azuremlschemas.azureedge.net/latest/amlCompute.schema.json
name: basic-example
type: AmlCompute
size: STANDARD_DS3_v2
tier: Low_Priority
max_instances: 2
"""


def inner(azure: Azure) -> dict[str, t.Any]:
    return azure.compute("basic-example")["properties"]["properties"]


def test_only_what_the_yaml_says_is_declared(azure: Azure) -> None:
    """azure-ai-ml's object has 4 nodes at most and 120 s (docs/facts.md f.8); the YAML has neither."""
    done = azure.run(CLUSTER, definition=BASIC)
    assert done["changed"] and done["compute"]["name"] == "basic-example"
    (write,) = azure.writes
    assert write.body["properties"]["properties"] == {
        "osType": "Linux",
        "vmSize": "STANDARD_DS3_v2",
        "vmPriority": "LowPriority",
        "scaleSettings": {"maxNodeCount": 2},
    }
    azure.run(CLUSTER, name="basic-example", idle_time_before_scale_down=300, min_instances=1, tags={"team": "vision"})
    assert azure.run(CLUSTER, definition=BASIC)["changed"] is False
    assert inner(azure)["scaleSettings"] == {
        "maxNodeCount": 2,
        "minNodeCount": 1,
        "nodeIdleTimeBeforeScaleDown": "PT300S",
    }


def test_options_beside_it_win(azure: Azure) -> None:
    text = BASIC + "tags:\n  from: yaml\n"
    azure.run(
        CLUSTER, definition=text, name="other-name", max_nodes=3, vm_size="Standard_DS2_v2", tags={"from": "option"}
    )
    body = azure.compute("other-name")
    assert body["properties"]["properties"]["vmSize"] == "STANDARD_DS2_V2" and body["tags"] == {"from": "option"}
    assert body["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 3
    assert azure.run(CLUSTER, definition=text, name="other-name", state="absent")["changed"]


def test_a_mapping_is_as_good_as_text(azure: Azure) -> None:
    identity = azure.identity("id-one")
    azure.subnet()
    definition = {
        "name": "full",
        "type": "amlcompute",
        "size": "Standard_DS3_v2",
        "min_instances": 0,
        "max_instances": 1,
        "idle_time_before_scale_down": 0,
        "description": "all",
        "ssh_public_access_enabled": True,
        "ssh_settings": {"admin_username": "someone", "admin_password": "planted-pass-word-1"},
        "network_settings": {"vnet_name": "vnet", "subnet": "training"},
        "identity": {
            "type": "UserAssigned",
            "user_assigned_identities": [{"resource_id": identity, "client_id": "of-the-service"}],
        },
        "provisioning_state": "Succeeded",
        "created_on": "2026-01-01",
        "tags": {"a": "b"},
    }
    done = azure.run(CLUSTER, definition=definition)
    assert "planted-pass-word-1" not in azure.text
    (write,) = azure.writes
    assert (
        write.body["properties"]["properties"]["userAccountCredentials"]["adminUserPassword"] == "planted-pass-word-1"
    )
    assert done["compute"]["identity"]["user_assigned_identities"] == [identity]
    assert azure.run(CLUSTER, definition=definition)["changed"] is False
    # What 'az ml compute show' prints: the subnet's id beside the network's name.
    definition["network_settings"] = {
        "vnet_name": "vnet",
        "subnet": done["compute"]["network_settings"]["subnet"],
        "public_ip_address": "1.2.3.4",
    }
    assert azure.run(CLUSTER, definition=definition)["changed"] is False


REFUSED = [
    (BASIC.replace("max_instances: 2", "max_instances: many"), "definition.max_instances", "Not a valid integer"),
    (BASIC + "siz: 3\n", "definition.siz", "Unknown field. Did you mean size?"),
    (
        BASIC + "ssh_settings: {admin_usernam: a}\n",
        "definition.ssh_settings.admin_usernam",
        "Did you mean ssh_settings.admin_username?",
    ),
    (BASIC + "wait_timeot: 3\n", "definition.wait_timeot", "Unknown field. Nothing was sent"),
    (BASIC.replace("type:", "typ:"), "definition.typ", "Unknown field. Did you mean type?"),
    (BASIC + "tags:\n  a: 1\n", "definition.tags.a", "Not a valid string"),
    (BASIC + "resource_id: /subscriptions/x\n", "definition.resource_id", "no option for it"),
    (BASIC.replace("AmlCompute", "computeinstance"), "definition.type", "Use azureml.compute.aml_compute_instance"),
    (BASIC.replace("AmlCompute", "nonsense"), "definition.type", "takes amlcompute"),
    ("- 1\n- 2\n", "definition", "not a list"),
    ("a: [planted-pass-word-2", "definition", "line 1"),
    ("", "definition", "not a NoneType"),
]


@pytest.mark.parametrize(("text", "field", "message"), REFUSED, ids=[row[1] for row in REFUSED])
def test_a_refusal_names_the_field(azure: Azure, text: str, field: str, message: str) -> None:
    failed = azure.run(CLUSTER, definition=text, ok=False)
    assert field in failed["msg"] and message in failed["msg"] and azure.sent == []
    assert failed["failure"]["code"] in ("InvalidDefinition", "WrongDefinitionType", "NotManaged")
    assert "planted-pass-word-2" not in azure.text


def test_what_is_required_is_asked_for_after_the_merge(azure: Azure) -> None:
    with pytest.raises(AssertionError, match="missing required arguments: name"):
        azure.run(CLUSTER, definition="type: amlcompute\nsize: Standard_DS3_v2\n")
    failed = azure.run(CLUSTER, definition="type: amlcompute\nname: no-size\n", ok=False)
    assert failed["failure"]["code"] == "RequiredForCreation"


def test_a_secret_of_an_overridden_value_is_not_shown(azure: Azure) -> None:
    text = BASIC + "ssh_settings:\n  admin_username: a\n  admin_password: 'planted-''quoted''-pass'\n"
    failed = azure.run(CLUSTER, definition=text, ssh_settings=None, min_instances=9, ok=False)
    assert failed["failure"]["code"] == "MinimumAboveMaximum"
    assert failed["invocation"]["module_args"]["definition"]["ssh_settings"]["admin_password"].startswith(
        "VALUE_SPECIFIED"
    )
    assert "quoted" not in azure.text


def test_a_workspace(azure: Azure) -> None:
    """Its creation needs a deployment, which is tested over the real server; here, an update."""
    ids = [azure.identity("id-one"), azure.identity("id-two")]
    text = f"""
name: ws-test
resource_group: rg-test
display_name: From YAML
public_network_access: Disabled
identity:
  type: user_assigned
  tenant_id: aaaaaaaa-0000-4000-8000-00000000000a
  user_assigned_identities:
    '{ids[0]}': {{principal_id: p, client_id: c}}
    '{ids[1]}': {{}}
primary_user_assigned_identity: {ids[0]}
managed_network:
  isolation_mode: AllowOnlyApprovedOutbound
  outbound_rules:
    - {{name: ours, type: fqdn, destination: test2.com}}
    - {{name: theirs, type: fqdn, destination: test3.com, category: required}}
"""
    network = "managed_network: {isolation_mode: AllowOnlyApprovedOutbound, colour: green}"
    done = azure.run("aml_workspace", definition=text, subscription_id=SUBSCRIPTION)
    fields = {change["field"] for change in done["plan"]["changes"]}
    assert fields == {
        "display_name",
        "public_network_access",
        "identity",
        "primary_user_assigned_identity",
        "managed_network.isolation_mode",
        "managed_network.outbound_rules.ours",
    }
    assert azure.run("aml_workspace", definition=text)["changed"] is False
    failed = azure.run("aml_workspace", definition=text + "container_registry: nonsense\n", ok=False)
    assert "definition.container_registry" in failed["msg"] and "not formatted correctly" in failed["msg"]
    # azure-ai-ml ignores what it does not know of a network.
    failed = azure.run("aml_workspace", definition=f"name: ws-test\n{network}", ok=False)
    assert failed["failure"]["code"] == "NotManaged"


def test_serverless_compute_of_a_workspace(azure: Azure) -> None:
    text = "name: ws-test\nserverless_compute: {custom_subnet: %s, no_public_ip: %s}\n"
    subnet = azure.subnet()
    for value, flag in ((subnet, "true"), (subnet, "false"), ("None", "false")):
        done = azure.run("aml_workspace", definition=text % (value, flag))
        (write,) = azure.writes
        sent = {
            "serverlessComputeCustomSubnet": None if value == "None" else value,
            "serverlessComputeNoPublicIP": flag == "true",
        }
        assert done["changed"] and write.body == {"properties": {"serverlessComputeSettings": sent}}
        assert azure.run("aml_workspace", definition=text % (value, flag))["changed"] is False


@pytest.mark.parametrize(
    ("added", "why"),
    [
        ("max_instances: 100\n", "the key 'max_instances' is set twice, in line 7 and in line 8"),
        ("tags: {a: &a {x: y}, b: [*a" + ", *a" * 100 + "]}\n", "more than 100 aliases"),
        ("created: 2026-01-01\n", "a date; write it in quotes (line 8)"),
        ("description: " + "[" * 3000 + "\n", "deeper than 50 levels"),
    ],
)
def test_hostile_yaml_is_refused_before_the_first_request(azure: Azure, added: str, why: str) -> None:
    failed = azure.run(CLUSTER, definition=BASIC + added, ok=False)
    assert failed["failure"]["code"] == "InvalidDefinition" and why in failed["msg"] and azure.sent == []
