# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the run of a fleet refuses, its check mode refuses, in the same words: a plan that was approved must not end as a refusal."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, Azure

from .test_fleet import FLEET, cluster
from .test_fleet_targets import machine, vm, wanted

Compute = dict[str, t.Any]
RECREATE = {"on_immutable_change": "recreate"}
RUNNING = {"type": "computeinstance", "name": "ci-fleet-one", "size": "Standard_DS2_v2"}
AKS = {"type": "aks", "name": "aks-one", "size": "Standard_DS3_v2", "agent_count": 3}
NO_VM = f"/subscriptions/{{subscription}}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines/none"
LOGIN = {"admin_username": "me", "admin_password": "Wordlike-9"}


def failed(azure: Azure) -> list[Compute]:
    """A cluster whose creation broke, and an instance that the service reports as failed although it is as declared."""
    azure.run(FLEET, workspaces=wanted(RUNNING))
    body = azure.compute("ci-fleet-one")
    body["properties"]["properties"]["state"] = "Unusable"
    body["properties"]["properties"]["errors"] = [{"error": {"code": "Broken", "message": "No."}}]
    azure.app.store.put(body["id"], body)
    return []


def nodes(azure: Azure) -> list[Compute]:
    """A cluster with a node."""
    return [cluster("cpu", min_instances=1)]


class Case(t.NamedTuple):
    """The code of the refusal, what exists, what is declared then, and the code without the pre-flight checks where that is another."""

    code: str
    existing: list[Compute] | t.Callable[[Azure], list[Compute]]
    declared: Compute
    code_of_run: str = ""


def existing_machine(azure: Azure) -> list[Compute]:
    return [machine(vm(azure), "machine")]


CASES = {
    "an immutable option": Case("ImmutableChange", [cluster("cpu")], cluster("cpu", size="Standard_DS3_v2")),
    "another type": Case("KindMismatch", [cluster("ci-fleet-one")], RUNNING),
    "a running instance would be replaced": Case("InUse", [RUNNING], {**RUNNING, "description": "other", **RECREATE}),
    "and started": Case("InUse", [RUNNING], {**RUNNING, "description": "other", "state": "started", **RECREATE}),
    "a running instance would be resized": Case("InUse", [RUNNING], {**RUNNING, "size": "Standard_DS3_v2"}),
    "and stopped": Case("InUse", [RUNNING], {**RUNNING, "size": "Standard_DS3_v2", "state": "stopped"}),
    "a cluster with nodes would be replaced": Case(
        "InUse", nodes, cluster("cpu", min_instances=1, size="Standard_DS3_v2", **RECREATE)
    ),
    "a secret would be lost": Case(
        "SecretNeeded", existing_machine, {"type": "virtualmachine", "name": "machine", "description": "other", **RECREATE}
    ),
    "an AKS would be left behind": Case("DeleteUnderlyingNeeded", [AKS], {**AKS, "location": "westus", **RECREATE}),
    "more nodes at least than at most": Case("MinimumAboveMaximum", [cluster("cpu")], {"type": "amlcompute", "name": "cpu", "min_instances": 5}),
    "it failed, and nothing differs": Case("Broken", failed, RUNNING),
    "a new cluster without a size": Case("RequiredForCreation", [], {"type": "amlcompute", "name": "cpu", "max_instances": 1}),
    "a new one that should be started": Case(
        "RequiredForCreation", [], {"type": "computeinstance", "name": "ci-fleet-one", "state": "started"}, "ComputeNotFound"
    ),
    "an attachment without a resource": Case("RequiredForCreation", [], {"type": "kubernetes", "name": "k8s"}),
    "no public address and no subnet": Case("SubnetMissing", [], cluster("cpu", enable_node_public_ip=False)),
    "a resource that does not exist": Case(
        "TargetNotFound", [], {"type": "virtualmachine", "name": "machine", "resource_id": NO_VM, "ssh_settings": LOGIN}
    ),
    "a size that does not exist": Case("SizeNotOffered", [], cluster("cpu", size="Standard_NC4as_T4_v9")),
}  # fmt: skip


def refusal(result: dict[str, t.Any]) -> dict[str, t.Any]:
    """What a user sees of it."""
    failure = result["failure"]
    rows = [target["failure"] for target in result["targets"] if target["failure"]] or failure["details"]
    return {
        "msg": result["msg"],
        "codes": {row["code"] for row in rows},
        "rows": [(row["message"], row.get("hint")) for row in rows],
    }


@pytest.mark.parametrize("preflight", [True, False], ids=["preflight", "no preflight"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_check_mode_refuses_what_the_run_refuses(azure: Azure, case: Case, preflight: bool) -> None:
    if case.code == "SizeNotOffered" and not preflight:
        # Of the service, which only the write asks: the checks are there to know it before.
        assert not azure.make_workspace() or not azure.run(
            FLEET, check=True, workspaces=wanted(case.declared), preflight=False
        ).get("failed")
        return
    azure.make_workspace()
    existing = case.existing(azure) if callable(case.existing) else case.existing
    if existing:
        azure.run(FLEET, workspaces=wanted(*existing), preflight=False)
    declared = dict(case.declared)
    if "resource_id" in declared:
        declared["resource_id"] = declared["resource_id"].format(subscription="11111111-0000-4000-8000-000000000001")
    options = {"workspaces": wanted(declared, cluster("other")), "preflight": preflight}
    checked = azure.run(FLEET, check=True, ok=False, **options)
    assert azure.writes == []
    done = azure.run(FLEET, ok=False, **options)
    assert refusal(checked) == refusal(done)
    # A power state of what does not exist has a sentence of its own, unless the checks before it have spoken.
    assert refusal(checked)["codes"] == {case.code if preflight else case.code_of_run or case.code}
    assert not [write for write in azure.writes if write.path.endswith(f"/{declared['name']}")]


def test_a_target_that_fails_before_the_first_write_stops_the_others_too(azure: Azure) -> None:
    azure.make_workspace()
    azure.run(FLEET, workspaces=wanted(cluster("cpu")))
    moved = wanted(cluster("cpu", size="Standard_DS3_v2"), cluster("other"))
    done = azure.run(FLEET, workspaces=moved, on_error="stop", full_result=True, ok=False)
    assert [(target["failure"] or {}).get("code") for target in done["targets"]] == ["ImmutableChange", "NotStarted"]
    assert azure.writes == []


def test_a_missing_resource_that_an_earlier_task_creates_is_a_warning_of_the_check(azure: Azure) -> None:
    """As in provision_workspace, where the workspace may exist and the machine to attach may not."""
    azure.make_workspace()
    machines = {
        name: NO_VM.format(subscription="11111111-0000-4000-8000-000000000001") + name for name in ("coming", "missing")
    }
    declared = [
        {"type": "virtualmachine", "name": name, "resource_id": resource_id, "ssh_settings": LOGIN}
        for name, resource_id in machines.items()
    ]
    options = {"workspaces": wanted(*declared), "resources_created_earlier": [machines["coming"]]}
    checked = azure.run(FLEET, check=True, ok=False, **options)
    assert {target["name"]: (target["failure"] or {}).get("code") for target in checked["targets"]} == {
        "missing": "TargetNotFound"
    }
    assert checked["totals"] == {"targets": 2, "failed": 1, "create": 1} and azure.writes == []
    assert any(
        f"{machines['coming']} does not exist yet, an earlier task creates it" in text for text in checked["warnings"]
    )
    assert azure.run(FLEET, ok=False, **options)["totals"] == {"targets": 2, "failed": 2}
