# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook modernise does between its tasks: successors from real readings, and the fleet that brings them about.

The playbook itself: tests/integration/test_playbooks.py.
"""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._capacity import sizes as capacity_sizes
from ansible_collections.azureml.compute.plugins.module_utils._fleet.modernise import (
    Choices,
    Reading,
    document,
    new_size,
)
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from azureml_simulator.providers.machine_learning import catalogue

GPU = {"standardNCFamily": 200, "standardNCSv3Family": 200, "Standard NCASv3_T4 Family": 100}
SIZES = [capacity_sizes.size(size.wire()) for size in catalogue.available("eastus")]


def fleet(*computes: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    workspaces = [{"name": WORKSPACE, "resource_group": GROUP, "computes": list(computes)}]
    return {"workspaces": workspaces, "full_result": True, "on_immutable_change": "recreate", **options}


def cluster(name: str, size: str = "Standard_D4s_v3", **more: t.Any) -> dict[str, t.Any]:
    return {"type": "amlcompute", "name": name, "size": size, "max_instances": 2, **more}


def instance(name: str, **more: t.Any) -> dict[str, t.Any]:
    return {"type": "computeinstance", "name": name, "size": "Standard_NC6", **more}


@pytest.fixture
def old(azure: Azure) -> Azure:
    """A workspace with targets of all kinds that matter here."""
    azure.app.configure({"quotas": {"*": {**GPU, "StandardNCADSA100v4Family": 200}}})
    key = {"admin_username": "ada", "admin_password": "planted-Pass-word-7"}
    azure.run(
        "aml_fleet",
        **fleet(
            cluster("spot", tier="low_priority", tags={"team": "vision"}, idle_time_before_scale_down=300),
            cluster("gpu", "Standard_NC6s_v3", identity={"type": "system_assigned"}),
            cluster("busy", "Standard_NC6s_v3", min_instances=1),
            cluster("secret", "Standard_NC6s_v3", ssh_settings=key),
            cluster("fine"),
            instance("ci-runs"),
            instance("ci-rests", state="stopped"),
            {
                "type": "aks",
                "name": "scoring",
                "cluster_purpose": "dev_test",
                "agent_count": 1,
                "size": "Standard_D4s_v3",
            },
        ),
    )
    azure.app.clock.advance(600)
    return azure


def planned(azure: Azure, *earlier: dict[str, t.Any], **choices: t.Any) -> dict[str, t.Any]:
    """The readings of the playbook, and the document that follows from them."""
    computes = azure.run("aml_fleet_info", **{"workspaces": fleet()["workspaces"]})["workspaces"][0]["computes"]
    own = [one["name"] for one in computes if one["retirements"] and one["type"] != "aks"]
    exported = azure.run("aml_export_info", computes=own) if own else {"fleet": {"computes": []}, "missing": []}
    sizes = {"eastus": azure.run("aml_vm_size_info", location="eastus")["sizes"]}
    reading = Reading(computes, exported["fleet"]["computes"], exported["missing"], sizes, earlier)
    return document(reading, Choices(**choices))


def test_what_is_replaced_and_why_others_are_not(old: Azure) -> None:
    found = planned(old)
    assert {row["name"]: (row.get("size"), row.get("tier")) for row in found["computes"]} == {
        "spot": ("STANDARD_D4S_V3", "dedicated"),
        "gpu": ("Standard_NC24ads_A100_v4", "dedicated"),
        "ci-rests": ("Standard_NC8as_T4_v3", None),
    }
    reasons = {row["name"]: row["reason"] for row in found["blocked"]}
    assert set(reasons) == {"busy", "secret", "ci-runs"}
    assert "1 node(s)" in reasons["busy"] and "is Running" in reasons["ci-runs"]
    assert "ssh_settings.admin_password" in reasons["secret"]
    assert [note.partition(":")[0] for note in found["notes"]] == ["gpu", "scoring"] and found["lost"] == []
    (successor,) = found["kubernetes"]
    assert {name: successor[name] for name in ("name", "compute", "location", "node_pools", "extension")} == {
        "name": "scoring",
        "compute": "scoring-k8s",
        "location": "eastus",
        "node_pools": [{"name": "system", "size": "Standard_D4s_v3", "count": 1}],
        "extension": {
            "enable_inference": True,
            "inference_router_service_type": "load_balancer",
            "inference_router_ha": False,
            "allow_insecure_connections": True,
        },
    }
    assert "spot (amlcompute): tier low_priority retired 2026-03-31" in found["retired"] and len(found["retired"]) == 7


def test_deployments_of_retired_sizes_are_named_and_stay(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="iris")
    for name, size in (("blue", "Standard_NC6s_v3"), ("green", "Standard_D4s_v3")):
        azure.run(
            "aml_online_deployment",
            endpoint_name="iris",
            name=name,
            model="azureml:iris:3",
            instance_type=size,
            instance_count=1,
        )
    workspaces = fleet()["workspaces"]
    (home,) = azure.run("aml_fleet_info", workspaces=workspaces, online_deployments=True)["workspaces"]
    found = document(Reading(home["computes"], [], serving=home["online_deployments"]), Choices())
    (line,) = found["retired"]
    assert line.startswith("iris/blue (online_deployment): instance_type Standard_NC6s_v3 retired 2025-09-30"), line
    (note,) = found["notes"]
    assert note.startswith("iris/blue: use deploy_model") and found["computes"] == [] and found["blocked"] == []


def inference(**more: t.Any) -> dict[str, t.Any]:
    row = {"option": "type", "value": "aks", "status": "retired", "date": "2026-06-30", "successor": "a"}
    known = {"name": "scoring", "type": "aks", "location": "eastus", "size": "Standard_D4s_v5", "agent_count": 3}
    return {**known, "retirements": [row], **more}


def test_an_inference_cluster_with_a_certificate_needs_one_again() -> None:
    secret = {"ssl": {"cname": "scoring.example.org", "secret_name": "scoring-tls"}}
    served = inference(ssl={"status": "enabled"}, load_balancer_type="internal_load_balancer")
    without = document(Reading([served]), Choices())
    assert without["kubernetes"] == [] and "aml_modernise_extension" in without["blocked"][0]["reason"]
    (successor,) = document(Reading([served]), Choices(extension=secret))["kubernetes"]
    assert successor["extension"] == {
        "enable_inference": True,
        "inference_router_service_type": "load_balancer",
        "internal_load_balancer_provider": "azure",
        **secret,
    }


def test_an_inference_cluster_whose_successor_is_attached_needs_none() -> None:
    done = document(Reading([inference(), {"name": "Scoring-k8s", "type": "kubernetes", "retirements": []}]), Choices())
    assert (done["kubernetes"], done["blocked"], done["notes"]) == ([], [], [])
    assert "detach" in done["attached"][0]["reason"]


def test_an_attached_inference_cluster_of_unknown_nodes_has_its_steps() -> None:
    (row,) = document(Reading([inference(size=None)]), Choices())["blocked"]
    assert "are not known" in row["reason"] and "role aml_kubernetes" in row["reason"]


def test_the_successor_is_in_the_subnet_of_the_inference_cluster() -> None:
    served = inference(network_settings={"subnet": "/subnets/a"}, ssl={"status": "disabled"})
    (successor,) = document(Reading([served]), Choices())["kubernetes"]
    assert successor["node_pools"] == [
        {"name": "system", "size": "Standard_D4s_v5", "count": 3, "subnet": "/subnets/a"}
    ]
    assert "inference_router_ha" not in successor["extension"]


def test_check_mode_is_the_run_and_a_second_run_finds_nothing(old: Azure) -> None:
    computes = planned(old)["computes"]
    before = {name: old.compute(name) for name in ("spot", "gpu", "ci-rests", "fine", "busy")}
    checked = old.run("aml_fleet", check=True, **fleet(*computes, estimate_cost=True))
    assert old.writes == []
    done = old.run("aml_fleet", **fleet(*computes, estimate_cost=True))
    assert [(row["name"], row["action"], row["changes"]) for row in checked["targets"]] == [
        (row["name"], row["action"], row["changes"]) for row in done["targets"]
    ]
    assert {row["name"]: row["action"] for row in done["targets"]} == {
        "spot": "replace", "gpu": "replace", "ci-rests": "update",
    }  # fmt: skip
    # A stopped instance costs nothing before and after, if it stays stopped.
    (rests,) = [row for row in done["targets"] if row["name"] == "ci-rests"]
    assert rests["cost_difference"]["monthly_minimum"] == 0 > rests["cost_difference"]["monthly_maximum"]
    spot, was = old.compute("spot"), before["spot"]
    assert spot["tags"] == was["tags"] and spot["properties"]["properties"]["vmPriority"] == "Dedicated"
    assert spot["properties"]["properties"]["scaleSettings"] == was["properties"]["properties"]["scaleSettings"]
    assert old.compute("fine") == before["fine"] and old.compute("busy") == before["busy"]
    assert [row["name"] for row in planned(old)["computes"]] == []


def test_force_names_what_is_interrupted(old: Azure) -> None:
    names = [row["name"] for row in planned(old, force=True)["computes"]]
    assert sorted(names) == ["busy", "ci-rests", "ci-runs", "gpu", "spot"]


def test_choices(old: Azure) -> None:
    found = planned(old, sizes={"standard_nc6s_v3": "Standard_NC16as_T4_v3"}, tier="low_priority")
    assert {row["name"]: row["size"] for row in found["computes"]} == {
        "gpu": "Standard_NC16as_T4_v3",
        "ci-rests": "Standard_NC8as_T4_v3",
    }
    assert "keeps low_priority" in next(row["reason"] for row in found["blocked"] if row["name"] == "spot")


def test_an_interrupted_run_is_continued(old: Azure) -> None:
    computes = planned(old)["computes"]
    gpu = next(row for row in computes if row["name"] == "gpu")
    refusal = {"kind": "status", "status": 400, "match": {"method": "PUT", "path": "/computes/gpu"}, "count": 9}
    old.app.faults.put([refusal])
    failed = old.run("aml_fleet", ok=False, **fleet(gpu))
    assert failed["changed"] and old.app.store.get(failed["targets"][0]["id"]) is None
    old.app.faults.put([])
    again = planned(old, *computes)
    # What still exists is planned as it is now, and not as it was.
    assert again["lost"] == ["gpu"] and [row["name"] for row in again["computes"]].count("spot") == 1
    done = old.run("aml_fleet", **fleet(next(row for row in again["computes"] if row["name"] == "gpu")))
    assert done["targets"][0]["action"] == "create"
    assert old.compute("gpu")["properties"]["properties"]["vmSize"].casefold() == "standard_nc24ads_a100_v4"


@pytest.mark.parametrize(
    ("size", "successor"),
    [
        ("Standard_DS3_v2", "Standard_D4s_v3"),
        ("Standard_D14_v2", "Standard_E16s_v3"),
        ("Standard_NC6", "Standard_NC8as_T4_v3"),
        # 24 vCPUs of the first series are four GPUs, whether the region still offers the size or not.
        ("Standard_NC24r_Promo", "Standard_NC64as_T4_v3"),
        ("STANDARD_NC6S_V3", "Standard_NC24ads_A100_v4"),
        ("Standard_NV12s_v3", "Standard_NV18ads_A10_v5"),
        ("Standard_A4", "Standard_D8s_v3"),
        ("Standard_HB60rs", "Standard_HB120rs_v3"),
        ("Standard_H16r", "Standard_HB120rs_v3"),
        # A family of its own: no machine of the region has its enclaves.
        ("Standard_DC2s_v2", None),
        ("Standard_EC4as_cc_v5", None),
        ("Standard_NP10s", None),
        ("Standard_Unheard", None),
    ],
)
def test_the_successor_of_a_size(size: str, successor: str | None) -> None:
    assert new_size(size, "amlcompute", SIZES) == successor


@pytest.mark.parametrize(
    "name", ["Standard_D4ps_v5", "Standard_DC4as_v5", "Standard_EC4as_v5", "Standard_B4ms_v2", "Standard_F4s_v2"]
)
def test_no_successor_is_of_another_kind_of_machine_or_retires_itself(name: str) -> None:
    """Arm, confidential and burstable machines are cheap, and run other images or other loads."""
    base = next(size for size in SIZES if size["name"] == "Standard_D4s_v3")
    cheap = {**base, "name": name, "prices": [{**base["prices"][0], "price": 0.01}]}
    assert new_size("Standard_DS3_v2", "amlcompute", [*SIZES, cheap]) == "Standard_D4s_v3"


def test_a_size_that_the_type_cannot_have_or_of_unknown_price_comes_last() -> None:
    base = next(size for size in SIZES if size["name"] == "Standard_D4s_v3")
    others = [
        {**base, "name": "Standard_D4s_v4", "prices": None},
        {**base, "name": "Standard_D4s_v9", "supported_compute_types": []},
    ]
    assert new_size("Standard_DS3_v2", "amlcompute", [*others, base]) == "Standard_D4s_v3"
    assert new_size("Standard_DS3_v2", "amlcompute", others) == "Standard_D4s_v4"


def test_a_region_has_two_spellings() -> None:
    row = {"option": "size", "value": "STANDARD_NC6S_V3", "status": "retired", "date": "2025-09-30", "successor": "a"}
    compute = {
        "name": "far",
        "type": "amlcompute",
        "location": "West US 2",
        "current_node_count": 0,
        "retirements": [row],
    }
    reading = Reading([compute], [cluster("far", "Standard_NC6s_v3")], sizes={"westus2": SIZES})
    assert document(reading, Choices())["computes"][0]["size"] == "Standard_NC24ads_A100_v4"


@pytest.mark.parametrize("tier", ["low_priority", "dedicated"])
def test_a_tier_that_is_kept_is_one_of_the_successor(tier: str) -> None:
    row = {"option": "size", "value": "Standard_DS3_v2", "status": "retiring", "date": "2028-05-01", "successor": "a"}
    low = {"option": "tier", "value": "low_priority", "status": "retired", "date": "2026-03-31", "successor": "b"}
    compute = {
        "name": "spot",
        "type": "amlcompute",
        "location": "eastus",
        "tier": "low_priority",
        "retirements": [low, row],
    }
    base = next(size for size in SIZES if size["name"] == "Standard_D4s_v3")
    cheap = {
        **base,
        "name": "Standard_D4s_v4",
        "low_priority_capable": False,
        "prices": [{**base["prices"][0], "price": 0.01}],
    }
    reading = Reading([compute], [cluster("spot", "Standard_DS3_v2")], sizes={"eastus": [cheap, base]})
    (successor,) = document(reading, Choices(tier=tier))["computes"]
    assert successor["size"] == ("Standard_D4s_v3" if tier == "low_priority" else "Standard_D4s_v4")


def test_what_has_no_successor_says_what_to_do() -> None:
    row = {"option": "size", "value": "Standard_DC2s_v2", "status": "retired", "date": "2024-08-31", "successor": "a"}
    compute = {"name": "mpi", "type": "amlcompute", "location": "eastus", "retirements": [row]}
    (blocked,) = document(Reading([compute], [cluster("mpi", "Standard_DC2s_v2")], sizes={"eastus": SIZES}), Choices())[
        "blocked"
    ]
    assert "aml_modernise_sizes" in blocked["reason"] and "eastus" in blocked["reason"]
