# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster's life: each field changes alone, fixed ones say why and are recreated when asked, what was not declared survives."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import STABLE
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.declarations import KEY

CLUSTER = "aml_compute_cluster"
TARGET = {"name": "cpu-cluster"}


@pytest.fixture
def cluster(azure: Azure) -> dict[str, t.Any]:
    """A cluster with all that others might have set."""
    azure.subnet()
    declared = {
        **TARGET,
        "size": "Standard_DS3_v2",
        "tier": "dedicated",
        "max_instances": 4,
        "idle_time_before_scale_down": 120,
        "ssh_public_access_enabled": True,
        "ssh_settings": {"admin_username": "azureuser", "ssh_key_value": KEY},
        "network_settings": {"vnet_name": "vnet", "subnet": "training"},
        "identity": {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-one")]},
        "tags": {"team": "vision"},
    }
    made: dict[str, t.Any] = azure.run(CLUSTER, **declared)["compute"]
    assert azure.run(CLUSTER, **declared)["changed"] is False
    assert [(request.method, request.status) for request in azure.sent] == [("GET", 200)]
    return made


def current(azure: Azure) -> dict[str, t.Any]:
    found: dict[str, t.Any] = azure.run("aml_compute_info", **TARGET)["computes"][0]
    return found


# What the service changes by itself while nodes come and go.
VOLATILE = {
    "modified_on",
    "allocation_state",
    "allocation_state_transition_time",
    "node_state_counts",
    "current_node_count",
    "target_node_count",
}


def scale(**settings: t.Any) -> dict[str, t.Any]:
    return {"properties": {"properties": {"scaleSettings": settings}}}


def test_each_updatable_field_alone(azure: Azure, cluster: dict[str, t.Any]) -> None:
    """Of what was not declared, nothing changes: not in the request's body, and not on the resource."""
    identity = {"type": "user_assigned", "user_assigned_identities": [azure.identity("id-two")]}
    cases: list[tuple[dict[str, t.Any], str, t.Any]] = [
        ({"max_instances": 6}, "max_instances", scale(maxNodeCount=6)),
        # The service's schema demands maxNodeCount in scaleSettings: it goes along with its present value.
        ({"min_instances": 1}, "min_instances", scale(maxNodeCount=6, minNodeCount=1)),
        (
            {"idle_time_before_scale_down": 0},
            "idle_time_before_scale_down",
            scale(maxNodeCount=6, nodeIdleTimeBeforeScaleDown="PT0S"),
        ),
        ({"tags": {"stage": "test"}}, "tags", None),
        ({"tags": {"stage": None}}, "tags", None),
        ({"identity": identity}, "identity", None),
        ({"identity": {"type": "system_assigned"}}, "identity", None),
        ({"identity": None}, "identity", None),
    ]
    before = current(azure)
    for options, name, body in cases:
        planned = azure.run(CLUSTER, check=True, **TARGET, **options)
        assert azure.writes == []
        done = azure.run(CLUSTER, **TARGET, **options)
        assert done["changed"] and [change["field"] for change in done["plan"]["changes"]] == [name]
        assert planned["plan"] == done["plan"] and planned["diff"] == done["diff"]
        (write,) = azure.writes
        assert (write.method, write.body) == ("PATCH", body) if body else write.method == "PUT"
        after = current(azure)
        assert {key for key in before if before[key] != after[key]} - VOLATILE == {name}, options
        assert azure.run(CLUSTER, **TARGET, **options)["changed"] is False
        before = after
    assert before["tags"] == {"team": "vision"}
    assert before["network_settings"] == cluster["network_settings"] and before["network_settings"]["subnet"]
    assert before["ssh_settings"] == {"admin_username": "azureuser", "ssh_key_value": KEY}


FIXED = [
    ({"size": "Standard_DS2_v2"}, "size", "cannot be changed after creation"),
    ({"tier": "low_priority"}, "tier", "cannot be changed after creation"),
    ({"location": "westus2"}, "location", "region it was created in"),
    ({"description": "other"}, "description", "only at creation"),
    ({"ssh_public_access_enabled": False}, "ssh_public_access_enabled", "SSH access cannot be changed"),
    (
        {"ssh_settings": {"admin_username": "root2", "ssh_key_value": KEY}},
        "ssh_settings.admin_username",
        "SSH access cannot be changed",
    ),
    ({"network_settings": None}, "network_settings.subnet", "subnet it was created in"),
    ({"enable_node_public_ip": False}, "enable_node_public_ip", "decided at creation"),
]


@pytest.mark.parametrize(("options", "name", "reason"), FIXED, ids=[row[1] for row in FIXED])
def test_a_fixed_field_says_why_and_is_recreated_when_asked(
    azure: Azure, cluster: dict[str, t.Any], options: dict[str, t.Any], name: str, reason: str
) -> None:
    failed = azure.run(CLUSTER, **TARGET, **options, ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and failed["changed"] is False
    (detail,) = failed["failure"]["details"]
    assert detail["field"] == name and reason in detail["reason"]
    assert azure.writes == []

    ignored = azure.run(CLUSTER, **TARGET, **options, on_immutable_change="ignore")
    assert not ignored["changed"] and name in " ".join(ignored["warnings"]) and azure.writes == []

    if name in ("enable_node_public_ip", "location"):
        return  # Not such a cluster: one without public addresses needs a private endpoint, one in another region another network.
    planned = azure.run(CLUSTER, check=True, **TARGET, **options, on_immutable_change="recreate")
    done = azure.run(CLUSTER, **TARGET, **options, on_immutable_change="recreate")
    assert done["plan"] == planned["plan"] and done["plan"]["action"] == "replace"
    assert [write.method for write in azure.writes] == ["DELETE", "PUT"]
    kept = current(azure)
    ours = {
        "size",
        "tier",
        "location",
        "description",
        "max_instances",
        "idle_time_before_scale_down",
        "ssh_settings",
        "network_settings",
        "tags",
    }
    assert {key: kept[key] for key in ours - {name.split(".")[0]}} == {
        key: cluster[key] for key in ours - {name.split(".")[0]}
    }
    assert kept["identity"]["user_assigned_identities"] == cluster["identity"]["user_assigned_identities"]
    assert azure.run(CLUSTER, **TARGET, **options)["changed"] is False


def test_another_region_needs_a_new_cluster(azure: Azure) -> None:
    azure.run(CLUSTER, **TARGET, size="Standard_DS3_v2", max_instances=1)
    done = azure.run(CLUSTER, **TARGET, location="West US 2", on_immutable_change="recreate")
    assert done["plan"]["action"] == "replace"
    assert [one.partition(":")[0] for one in done["warnings"]] == ["CrossRegionCluster"]
    assert current(azure)["location"] == "westus2" and current(azure)["size"] == "STANDARD_DS3_V2"


def test_a_replacement_never_interrupts_nodes_unasked(azure: Azure, cluster: dict[str, t.Any]) -> None:
    azure.run(CLUSTER, **TARGET, min_instances=2)
    azure.app.clock.advance(600)
    assert current(azure)["current_node_count"] == 2
    failed = azure.run(CLUSTER, **TARGET, size="Standard_DS2_v2", on_immutable_change="recreate", ok=False)
    assert failed["failure"]["code"] == "InUse" and "2 node(s)" in failed["msg"] and azure.writes == []
    assert azure.run(CLUSTER, **TARGET, size="Standard_DS2_v2", on_immutable_change="recreate", force=True)["changed"]


def test_a_replacement_that_keeps_the_old_size_is_a_failure(azure: Azure, cluster: dict[str, t.Any]) -> None:
    """azure-rest-api-specs#18889: delete and create under the same name may revive the old size."""
    azure.app.configure({"guesses": {"recreate_keeps_old_size": True}})
    failed = azure.run(CLUSTER, **TARGET, size="Standard_DS2_v2", on_immutable_change="recreate", ok=False)
    assert failed["failure"]["code"] == "NotApplied" and failed["changed"] is True
    assert "STANDARD_DS3_V2" in failed["msg"] and "another name" in failed["msg"]


def test_the_twelve_steps(azure: Azure) -> None:
    """Create, again, modify, again, delete, again: each in check mode and for real."""
    first = {**TARGET, "size": "Standard_DS3_v2", "max_instances": 2}
    steps = [
        (first, "create"),
        (first, "none"),
        ({**first, "max_instances": 3}, "update"),
        ({**first, "max_instances": 3}, "none"),
    ]
    gone = {**TARGET, "state": "absent"}
    for options, action in [*steps, (gone, "delete"), (gone, "none")]:
        azure.run_as_planned(CLUSTER, action, **options)
    assert azure.compute("cpu-cluster")["error"]["code"] == "ResourceNotFound"


def test_a_refused_write_changed_nothing_and_a_broken_one_may_have(azure: Azure) -> None:
    options = {**TARGET, "size": "Standard_DS3_v2", "max_instances": 2}
    refusal = {
        "kind": "status",
        "status": 403,
        "code": "RequestDisallowedByPolicy",
        "message": "A policy.",
        "match": {"method": "PUT"},
    }
    azure.app.faults.put([refusal])
    failed = azure.run(CLUSTER, **options, ok=False)
    assert failed["failure"]["code"] == "RequestDisallowedByPolicy" and failed["changed"] is False
    azure.app.faults.put([{"kind": "status", "status": 500, "count": 50, "match": {"method": "PUT"}}])
    broken = azure.run(CLUSTER, **options, retries=1, ok=False)
    assert broken["failure"]["status"] == 500 and broken["changed"] is True


@pytest.mark.parametrize(
    ("module", "options"),
    [
        (CLUSTER, {"name": "cpu-c", "size": "Standard_DS3_v2", "max_instances": 1}),
        ("aml_compute_instance", {"name": "ci-one", "size": "Standard_DS3_v2"}),
        ("aml_attached_compute", {"name": "adla", "type": "datafactory"}),
    ],
    ids=["cluster", "instance", "attached"],
)
def test_another_api_version_is_spoken_by_this_task_alone(azure: Azure, module: str, options: dict[str, t.Any]) -> None:
    for version in ("2025-09-01", None):
        before = len(azure.app.log.entries())
        azure.run(module, **options, **({"api_version": version} if version else {}))
        spoken = {
            entry["query"]["api-version"]
            for entry in azure.app.log.entries(before)
            if f"/computes/{options['name']}" in entry["path"]
        }
        assert spoken == {version or STABLE}
