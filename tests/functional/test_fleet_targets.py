# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a target of a fleet says for itself: time-out, attempts, replacement, tags, secrets; and what has to be done before what."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from ansible_collections.azureml.compute.tests.support.planted import MARK, pem, secret

from .test_fleet import FLEET, cluster

AKS, AKS_VERSION = "Microsoft.ContainerService/managedClusters", "2024-09-01"
Computes = list[dict[str, t.Any]]


def wanted(*computes: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return [{"name": WORKSPACE, "resource_group": GROUP, "computes": list(computes)}]


def failures(result: dict[str, t.Any]) -> dict[str, str | None]:
    return {target["name"]: (target["failure"] or {}).get("code") for target in result["targets"]}


def vm(azure: Azure, name: str = "target-a") -> str:
    return azure.resource(
        "Microsoft.Compute/virtualMachines",
        name,
        {"properties": {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}}},
        "2024-07-01",
    )


def machine(resource_id: str, name: str = "machine", **more: t.Any) -> dict[str, t.Any]:
    settings = {"admin_username": "me", "admin_password": secret("Machine")}
    return {"type": "virtualmachine", "name": name, "resource_id": resource_id, "ssh_settings": settings, **more}


def broken(azure: Azure, path: str, count: int = 1) -> None:
    azure.app.faults.put(
        [
            {
                "kind": "failed_operation",
                "match": {"path": path},
                "count": count,
                "code": "AllocationFailed",
                "message": "No room.",
            }
        ]
    )


def test_a_time_out_of_its_own(azure: Azure) -> None:
    # It needs no wait, which would move the clock for both.
    azure.run(FLEET, workspaces=wanted(cluster("other")))
    azure.app.configure({"seconds": {"cluster.create": 500.0}})
    failed = azure.run(
        FLEET,
        workspaces=wanted(cluster("slow", wait_timeout=5), cluster("other")),
        wait_timeout=5000,
        full_result=True,
        ok=False,
    )
    assert failures(failed) == {"slow": "WaitTimeout", "other": None}
    assert failed["changed"], "a target that was being made when the time was over has changed"
    again = azure.run(FLEET, workspaces=wanted(cluster("slow", wait_timeout=5000), cluster("other")))
    assert azure.writes == [] and again["totals"]["none"] == 2, "the next run joins it"


def test_a_target_that_fails_in_passing_is_tried_again(azure: Azure) -> None:
    broken(azure, "computes/unlucky")
    done = azure.run(FLEET, workspaces=wanted(cluster("unlucky", attempts=2), cluster("lucky")))
    assert {target["name"]: target["attempts"] for target in done["targets"]} == {"unlucky": 2, "lucky": 1}
    assert azure.compute("unlucky")["properties"]["provisioningState"] == "Succeeded" and azure.slept >= 15
    broken(azure, "computes/cursed", count=9)
    failed = azure.run(FLEET, workspaces=wanted(cluster("cursed")), attempts=3, ok=False)
    assert [(target["attempts"], target["failure"]["code"]) for target in failed["targets"]] == [
        (3, "AllocationFailed")
    ]


def test_a_refusal_is_not_tried_again(azure: Azure) -> None:
    azure.app.faults.put(
        [
            {
                "kind": "status",
                "status": 400,
                "match": {"path": "computes/refused"},
                "count": 9,
                "code": "BadArgument",
                "message": "No.",
            }
        ]
    )
    failed = azure.run(FLEET, workspaces=wanted(cluster("refused")), attempts=3, ok=False)
    assert [target["attempts"] for target in failed["targets"]] == [1]


def test_a_replacement_that_only_one_target_allows(azure: Azure) -> None:
    azure.run(FLEET, workspaces=wanted(cluster("one"), cluster("two"), cluster("three")))
    bigger = [cluster(name, size="Standard_DS3_v2") for name in ("one", "two", "three")]
    bigger[0]["on_immutable_change"], bigger[1]["on_immutable_change"] = "recreate", "ignore"
    failed = azure.run(FLEET, workspaces=wanted(*bigger), full_result=True, ok=False)
    assert failures(failed) == {"one": None, "two": None, "three": "ImmutableChange"}
    assert [target["action"] for target in failed["targets"]] == ["replace", "none", "replace"]
    assert [azure.compute(name)["properties"]["properties"]["vmSize"][-5:] for name in ("one", "two")] == [
        "S3_V2",
        "S2_V2",
    ]


def test_tags_that_one_target_does_not_keep(azure: Azure) -> None:
    azure.run(FLEET, workspaces=wanted(cluster("one", tags={"a": "1"}), cluster("two", tags={"a": "1"})))
    azure.run(
        FLEET, workspaces=wanted(cluster("one", tags={"b": "2"}, append_tags=False), cluster("two", tags={"b": "2"}))
    )
    assert [azure.compute(name)["tags"] for name in ("one", "two")] == [{"b": "2"}, {"a": "1", "b": "2"}]


def test_the_tag_of_the_fleet_alone_removes_no_tag(azure: Azure) -> None:
    """What declares no tags has them unmanaged, whatever ``append_tags`` says."""
    azure.run(FLEET, workspaces=wanted(cluster("one", tags={"a": "1"}), cluster("two", tags={"a": "1"})))
    both = wanted(cluster("one"), cluster("two", tags={"b": "2"}))
    azure.run(FLEET, name="prod", append_tags=False, workspaces=both)
    own = {"azureml-compute-fleet": "prod"}
    assert [azure.compute(name)["tags"] for name in ("one", "two")] == [{"a": "1", **own}, {"b": "2", **own}]


@pytest.mark.parametrize(
    "own",
    [{"wait_timeout": "soon"}, {"attempts": 0}, {"on_immutable_change": "perhaps"}],
    ids=["time-out", "attempts", "change"],
)
def test_what_it_says_wrongly_is_refused_before_the_first_request(azure: Azure, own: dict[str, t.Any]) -> None:
    failed = azure.run(FLEET, workspaces=wanted(cluster("one", **own)), ok=False)
    assert failed["failure"]["code"] == "InvalidOption" and f"{WORKSPACE}/one" in failed["msg"] and azure.sent == []


# --- secrets that the service never tells ---


def test_a_password_is_sent_at_creation_and_when_it_is_asked_for(azure: Azure) -> None:
    target = machine(vm(azure))
    azure.run(FLEET, workspaces=wanted(target))
    assert azure.run(FLEET, workspaces=wanted(target))["changed"] is False
    always = {**target, "update_password": "always"}
    planned = azure.run(FLEET, check=True, workspaces=wanted(always))
    done = azure.run(FLEET, workspaces=wanted(always))
    single = azure.run("aml_attached_compute", check=True, **always)
    assert [result["targets"][0]["changes"] for result in (planned, done)] == [single["plan"]["changes"]] * 2
    azure.run(FLEET, workspaces=wanted(always))
    (write,) = azure.writes
    assert write.body["properties"]["properties"]["administratorAccount"]["password"] == secret("Machine")


def kubernetes(azure: Azure) -> str:
    pools = [{"name": "agentpool", "count": 3, "vmSize": "Standard_DS3_v2", "mode": "System"}]
    return azure.resource(AKS, "target", {"properties": {"dnsPrefix": "aks", "agentPoolProfiles": pools}}, AKS_VERSION)


def test_a_certificate_as_well(azure: Azure) -> None:
    ssl = {
        "cert": "-----BEGIN CERTIFICATE-----\npublic\n-----END CERTIFICATE-----\n",
        "key": pem("Tls"),
        "cname": "scoring.example.org",
    }
    target = {
        "type": "aks",
        "name": "inference",
        "resource_id": kubernetes(azure),
        "cluster_purpose": "fast_prod",
        "ssl": ssl,
    }
    azure.run(FLEET, workspaces=wanted(target))
    assert azure.run(FLEET, workspaces=wanted(target))["changed"] is False
    done = azure.run(FLEET, workspaces=wanted({**target, "update_certificate": "always"}))
    assert done["totals"]["update"] == 1 and MARK not in azure.text


def test_secrets_of_files_and_of_applications_are_hidden(azure: Azure, tmp_path: Path) -> None:
    (tmp_path / "id").write_text(pem("MachineKeyFile"))
    settings = {"admin_username": "me", "ssh_private_key_file": str(tmp_path / "id")}
    license_ = secret("License")
    variables = {"APP_PASSWORD": license_, "ROOT": "true"}
    application = {
        "name": "app",
        "image": {"reference": "a/b"},
        "endpoints": [{"target": 8787, "published": 8787}],
        "environment_variables": variables,
    }
    instance = {
        "type": "computeinstance",
        "name": "ci-app",
        "size": "Standard_DS2_v2",
        "custom_applications": [application],
    }
    told = {"computes/machine": pem("MachineKeyFile"), "computes/ci-app": license_}
    refusal = {"kind": "status", "status": 400, "count": 1, "code": "BadArgument"}
    azure.app.faults.put(
        [{**refusal, "match": {"path": path}, "message": f"Refused: {text}"} for path, text in told.items()]
    )
    failed = azure.run(FLEET, workspaces=wanted(machine(vm(azure), ssh_settings=settings), instance), ok=False)
    assert set(failures(failed).values()) == {"BadArgument"}
    assert MARK not in azure.text


# --- removals ---


def test_what_somebody_else_made_is_not_deleted_with_its_attachment(azure: Azure) -> None:
    aks = kubernetes(azure)
    target = {"type": "aks", "name": "inference", "resource_id": aks}
    azure.run(FLEET, workspaces=wanted(target))
    for check in (True, False):
        failed = azure.run(
            FLEET, check=check, workspaces=wanted({**target, "state": "absent", "delete_underlying": True}), ok=False
        )
        assert failures(failed) == {"inference": "UnderlyingNotDeletable"} and azure.writes == []
    assert azure.get(aks, AKS_VERSION)["id"] == aks


def test_what_is_to_go_needs_no_more_than_its_name(azure: Azure) -> None:
    azure.run(FLEET, workspaces=wanted(machine(vm(azure)), cluster("small")))
    gone = {
        "type": "virtualmachine",
        "name": "machine",
        "state": "absent",
        "ssh_settings": {"ssh_private_key_file": "/nowhere"},
    }
    done = azure.run(FLEET, workspaces=wanted(gone, {"type": "amlcompute", "name": "small", "state": "absent"}))
    assert [target["action"] for target in done["targets"]] == ["detach", "delete"]


# --- what before what ---


@pytest.mark.parametrize("prune", ["none", "detach"])
def test_a_resource_under_a_new_name_is_detached_first(azure: Azure, prune: str) -> None:
    resource = vm(azure)
    azure.run(FLEET, name="prod", workspaces=wanted(machine(resource, "before")))
    gone: Computes = [] if prune == "detach" else [{"type": "virtualmachine", "name": "before", "state": "absent"}]
    done = azure.run(FLEET, name="prod", workspaces=wanted(machine(resource, "after"), *gone), prune=prune)
    assert done["totals"] == {
        "targets": 1 + len(gone),
        "failed": 0,
        **({} if gone else {"undeclared": 1}),
        "create": 1,
        "detach": 1,
    }
    assert [write.method for write in azure.writes] == ["DELETE", "PUT"]


def test_an_attached_target_is_detached_and_its_resource_stays(azure: Azure) -> None:
    resource = vm(azure)
    azure.run(FLEET, name="prod", workspaces=wanted(machine(resource), cluster("small")))
    done = azure.run(FLEET, name="prod", workspaces=wanted(), prune="detach")
    assert {row["name"]: row["action"] for row in done["undeclared"]} == {"machine": "detach", "small": "none"}
    assert [compute["name"] for compute in azure.run("aml_compute_info")["computes"]] == ["small"]
    assert azure.get(resource, "2024-07-01")["name"] == "target-a"


def test_what_is_pruned_comes_last(azure: Azure) -> None:
    azure.run(FLEET, name="prod", workspaces=wanted(cluster("old")))
    azure.run(FLEET, name="prod", workspaces=wanted(cluster("new")), prune="delete")
    assert [write.method for write in azure.writes] == ["PUT", "DELETE"]
