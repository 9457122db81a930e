# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's life on the simulator: each field changes alone, fixed ones say why, what was not declared survives."""
from __future__ import annotations

import typing as t

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .conftest import Player, module

WORKSPACE = "ws-it"
KEY = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    .decode()
)


def network(player: Player) -> list[dict[str, t.Any]]:
    return [
        module(
            "arm_resource",
            type="Microsoft.Network/virtualNetworks",
            name="vnet",
            api_version="2024-05-01",
            body={
                "location": "eastus",
                "properties": {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                    "subnets": [{"name": "training", "properties": {"addressPrefix": "10.0.1.0/24"}}],
                },
            },
        ),
        *(
            module(
                "arm_resource",
                f"identity {name}",
                type="Microsoft.ManagedIdentity/userAssignedIdentities",
                name=name,
                api_version="2023-01-31",
                body={"location": "eastus"},
            )
            for name in ("id-one", "id-two")
        ),
    ]


def identity_id(player: Player, name: str) -> str:
    subscription = player.simulator.environment["AZURE_SUBSCRIPTION_ID"]
    return f"/subscriptions/{subscription}/resourceGroups/{player.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"


def declared(player: Player, **more: t.Any) -> dict[str, t.Any]:
    return {
        "workspace": WORKSPACE,
        "name": "cpu-cluster",
        "size": "Standard_DS3_v2",
        "tier": "dedicated",
        "max_instances": 4,
        "idle_time_before_scale_down": 120,
        "ssh_public_access_enabled": True,
        "ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY},
        "network_settings": {"vnet_name": "vnet", "subnet": "training"},
        "identity": {"type": "user_assigned", "user_assigned_identities": [identity_id(player, "id-one")]},
        "tags": {"team": "vision"},
        **more,
    }


@pytest.fixture
def cluster(player: Player, group_task: dict[str, t.Any]) -> dict[str, t.Any]:
    """A cluster with all that others might have set, and its result."""
    workspace = module("aml_workspace", name=WORKSPACE, location="eastus")
    run = player.play(group_task, *network(player), workspace, module("aml_compute_cluster", **declared(player)))
    made: dict[str, t.Any] = run["aml_compute_cluster"]["compute"]
    return made


def current(player: Player) -> dict[str, t.Any]:
    found: dict[str, t.Any] = player.play(module("aml_compute_info", workspace=WORKSPACE, name="cpu-cluster"))["aml_compute_info"]["computes"][0]
    return found


VOLATILE = {"modified_on", "allocation_state", "allocation_state_transition_time", "node_state_counts", "current_node_count", "target_node_count"}


def test_each_updatable_field_alone(player: Player, cluster: dict[str, t.Any]) -> None:
    """Of what was not declared, nothing changes: not in the request's body, and not on the resource."""
    target = {"workspace": WORKSPACE, "name": "cpu-cluster"}
    scale = {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 6}}}}
    cases: list[tuple[dict[str, t.Any], str, t.Any]] = [
        ({"max_instances": 6}, "max_instances", scale),
        # The service's schema demands maxNodeCount in scaleSettings: it goes along with its present value.
        ({"min_instances": 1}, "min_instances", {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 6, "minNodeCount": 1}}}}),
        (
            {"idle_time_before_scale_down": 0},
            "idle_time_before_scale_down",
            {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 6, "nodeIdleTimeBeforeScaleDown": "PT0S"}}}},
        ),
        ({"tags": {"stage": "test"}}, "tags", None),
        ({"identity": {"type": "user_assigned", "user_assigned_identities": [identity_id(player, "id-two")]}}, "identity", None),
        ({"identity": {"type": "system_assigned"}}, "identity", None),
        ({"identity": None}, "identity", None),
    ]
    before = current(player)
    for options, name, body in cases:
        mark = player.simulator.mark()
        done = player.play(module("aml_compute_cluster", **target, **options))["aml_compute_cluster"]
        assert done["changed"] and [change["field"] for change in done["plan"]["changes"]] == [name]
        (write,) = player.simulator.writes(mark)
        assert body is None or write["body"] == body
        after = current(player)
        assert {key for key in before if before[key] != after[key]} - VOLATILE == {name}, options
        before = after
    assert before["tags"] == {"team": "vision", "stage": "test"}
    assert before["network_settings"]["subnet"].endswith("/virtualNetworks/vnet/subnets/training")
    assert before["ssh_settings"] == {"admin_username": "azureuser", "ssh_key_value": KEY}


FIXED = [
    ({"size": "Standard_DS2_v2"}, "size", "cannot be changed after creation"),
    ({"tier": "low_priority"}, "tier", "cannot be changed after creation"),
    ({"location": "westus2"}, "location", "region it was created in"),
    ({"description": "other"}, "description", "only at creation"),
    ({"ssh_public_access_enabled": False}, "ssh_public_access_enabled", "SSH access cannot be changed"),
    ({"ssh_settings": {"admin_username": "root2", "ssh_key_value": KEY}}, "ssh_settings.admin_username", "SSH access cannot be changed"),
    ({"network_settings": None}, "network_settings.subnet", "subnet it was created in"),
    ({"enable_node_public_ip": False}, "enable_node_public_ip", "decided at creation"),
]


def test_each_fixed_field_fails_with_its_reason_and_is_recreated_when_asked(player: Player, cluster: dict[str, t.Any]) -> None:
    target = {"workspace": WORKSPACE, "name": "cpu-cluster"}
    for options, name, reason in FIXED:
        mark = player.simulator.mark()
        failed = player.play(module("aml_compute_cluster", **target, **options), ok=False)
        assert failed.code != 0
        failure = failed["aml_compute_cluster"]["failure"]
        assert failure["code"] == "ImmutableChange"
        (detail,) = failure["details"]
        assert detail["field"] == name and reason in detail["reason"]
        assert player.simulator.writes(mark) == []
    ignored = player.play(module("aml_compute_cluster", **target, size="Standard_DS2_v2", on_immutable_change="ignore"))
    assert not ignored["aml_compute_cluster"]["changed"] and "size" in ignored.text
    planned = player.play(module("aml_compute_cluster", **target, size="Standard_DS2_v2", on_immutable_change="recreate"), check=True)
    mark = player.simulator.mark()
    done = player.play(module("aml_compute_cluster", **target, size="Standard_DS2_v2", on_immutable_change="recreate"))["aml_compute_cluster"]
    assert done["plan"] == planned["aml_compute_cluster"]["plan"] and done["plan"]["action"] == "replace"
    assert [row["method"] for row in player.simulator.writes(mark)] == ["DELETE", "PUT"]
    kept = current(player)
    assert kept["size"] == "STANDARD_DS2_V2"
    same = ("tier", "max_instances", "idle_time_before_scale_down", "ssh_settings", "network_settings", "tags")
    assert {key: kept[key] for key in same} == {key: cluster[key] for key in same}
    assert kept["identity"]["user_assigned_identities"] == cluster["identity"]["user_assigned_identities"]


def test_absent_twice(player: Player, cluster: dict[str, t.Any]) -> None:
    gone = module("aml_compute_cluster", workspace=WORKSPACE, name="cpu-cluster", state="absent")
    planned = player.play(gone, check=True)
    assert planned.changed == 1 and current(player)["name"] == "cpu-cluster"
    assert player.play(gone).changed == 1
    mark = player.simulator.mark()
    assert player.play(gone).changed == 0
    assert player.simulator.writes(mark) == []
