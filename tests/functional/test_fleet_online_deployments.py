# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online deployments of a fleet: made before they get traffic, removed when they get none, and refused in check mode as in a run."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure

from .test_fleet import FLEET, cluster
from .test_fleet_online_endpoints import ENDPOINTS, workspace

Tree = dict[str, t.Any]


def deployment(name: str, endpoint: str = "iris", **more: t.Any) -> Tree:
    return {
        "endpoint_name": endpoint,
        "name": name,
        "model": "azureml:iris:3",
        "instance_type": "Standard_DS3_v2",
        "instance_count": 1,
        **more,
    }


def served(*deployments: Tree, **endpoint: t.Any) -> list[Tree]:
    """A workspace with the endpoint iris and deployments of it."""
    return [workspace({"name": "iris", **endpoint}, online_deployments=list(deployments))]


BLUE, GREEN = deployment("blue"), deployment("green", model="azureml:iris:4")
BOTH = served(BLUE, GREEN, traffic={"blue": 90, "green": 10})
ABSENT = {"state": "absent"}


def written(azure: Azure) -> list[str]:
    return [f"{write.method} {write.path.rpartition('/')[2]}" for write in azure.writes]


def traffic(azure: Azure) -> Tree:
    return t.cast(Tree, azure.run("aml_online_endpoint_info", name="iris")["endpoints"][0]["traffic"])


def deployments(azure: Azure, endpoint: str = "iris") -> list[str]:
    (row,) = azure.run("aml_online_endpoint_info", name=endpoint, deployments=True)["endpoints"]
    return sorted(found["name"] for found in row["deployments"])


def test_an_endpoint_its_deployments_and_their_traffic_are_one_run(azure: Azure) -> None:
    planned = azure.run(FLEET, check=True, workspaces=BOTH)
    assert azure.writes == [] and planned["totals"] == {"targets": 3, "failed": 0, "create": 3}
    made = azure.run(FLEET, name="prod", workspaces=BOTH)
    assert made["totals"] == {"targets": 3, "failed": 0, "create": 3} and not made.get("warnings")
    assert written(azure)[0] == written(azure)[-1] == "PUT iris"
    assert sorted(written(azure)[1:-1]) == ["PUT blue", "PUT green"]
    assert traffic(azure) == {"blue": 90, "green": 10}
    assert azure.run(FLEET, name="prod", workspaces=BOTH)["changed"] is False
    # One list of deployments, of the endpoint that has declared ones.
    assert sorted((request.method, request.path) for request in azure.sent) == [
        ("GET", ENDPOINTS),
        ("GET", f"{ENDPOINTS}/iris/deployments"),
    ]


def test_without_a_wait_what_other_targets_need_is_waited_for(azure: Azure) -> None:
    made = azure.run(FLEET, workspaces=BOTH, wait=False, full_result=True)
    running = {row["name"]: "operation" in row for row in made["targets"]}
    assert running == {"iris": False, "blue": False, "green": False} and traffic(azure) == {"blue": 90, "green": 10}
    changed = served({**BLUE, "instance_count": 2}, GREEN, traffic={"blue": 90, "green": 10})
    (row,) = azure.run(FLEET, workspaces=changed, wait=False)["targets"]
    assert row["name"] == "blue" and row["operation"]["url"]


def test_endpoints_without_declared_deployments_need_no_list_of_them(azure: Azure) -> None:
    azure.run(FLEET, name="prod", workspaces=BOTH)
    alone = [workspace({"name": "iris", "traffic": {"blue": 90, "green": 10}})]
    assert azure.run(FLEET, name="prod", workspaces=alone, prune="delete")["changed"] is False
    assert [request.path for request in azure.sent if "deployments" in request.path] == []


def test_traffic_moves_before_a_deployment_goes_and_the_endpoint_goes_last(azure: Azure) -> None:
    azure.run(FLEET, name="prod", workspaces=BOTH)
    moved = served(GREEN, traffic={"green": 100})
    azure.run(FLEET, name="prod", workspaces=moved, prune="delete")
    assert written(azure) == ["PUT iris", "DELETE blue"] and traffic(azure) == {"green": 100}
    nothing = [workspace(online_deployments=[])]
    kept = azure.run(FLEET, name="prod", workspaces=nothing, prune="delete")
    assert written(azure) == [] and str(kept["warnings"]).count("InUse") == 2
    rows = [line.split(maxsplit=2) for line in kept["table"][-2:]]
    assert all(len(row) == 3 for row in rows), kept["table"]
    azure.run("aml_online_endpoint", name="iris", traffic={})
    planned = azure.run(FLEET, check=True, name="prod", workspaces=nothing, prune="delete")
    azure.run(FLEET, name="prod", workspaces=nothing, prune="delete")
    assert written(azure) == ["DELETE green", "DELETE iris"] and planned["totals"]["delete"] == 2


def test_deletions_that_are_declared_have_the_same_order(azure: Azure) -> None:
    azure.run(FLEET, workspaces=BOTH)
    azure.run(FLEET, workspaces=served(*GONE, traffic={}))
    assert written(azure)[0] == "PUT iris" and sorted(written(azure)[1:]) == ["DELETE blue", "DELETE green"]
    azure.run(FLEET, workspaces=BOTH)
    forced = azure.run(FLEET, workspaces=served(*GONE, **ABSENT), force=True)
    assert written(azure) == ["DELETE iris"] and "deployments blue, green are deleted" in str(forced["warnings"])
    assert azure.run(FLEET, workspaces=served(*GONE, **ABSENT))["changed"] is False


GONE = [{**row, **ABSENT} for row in (BLUE, GREEN)]
ALONE = [workspace({"name": "iris", **ABSENT})]
# What exists, the document that deletes the endpoint, the options, and which deployments go with it.
DELETED: list[tuple[str, list[Tree], list[Tree], Tree, list[str]]] = [
    ("with all", served(BLUE, GREEN), ALONE, {}, ["blue", "foreign", "green"]),
    ("some before it", served(BLUE, GREEN), served(*GONE, **ABSENT), {}, ["foreign"]),
    ("all by force", BOTH, served(*GONE, **ABSENT), {"force": True}, ["blue", "foreign", "green"]),
    ("pruned", served(BLUE), [workspace()], {"prune": "delete"}, ["blue", "foreign"]),
    ("pruned with some", served(BLUE), [workspace(online_deployments=[])], {"prune": "delete"}, ["foreign"]),
    ("kept", served(BLUE), [workspace(online_deployments=[])], {"prune": "report"}, []),
    ("refused", BOTH, ALONE, {"ok": False}, []),
]


@pytest.mark.parametrize(
    ("before", "wanted", "options", "names"), [row[1:] for row in DELETED], ids=[row[0] for row in DELETED]
)
def test_check_mode_names_the_deployments_that_go_with_their_endpoint(
    azure: Azure, before: list[Tree], wanted: list[Tree], options: Tree, names: list[str]
) -> None:
    azure.run(FLEET, name="prod", workspaces=before)
    azure.run("aml_online_deployment", **deployment("foreign"))
    planned = azure.run(FLEET, check=True, name="prod", workspaces=wanted, full_result=True, **options)
    assert azure.writes == []
    done = azure.run(FLEET, name="prod", workspaces=wanted, full_result=True, **options)
    warning = f"iris: DeploymentsDeleted: the deployments {', '.join(names)} are deleted with the endpoint."
    for result in (planned, done):
        found = [text.rpartition("/")[2] for text in result.get("warnings", []) if "DeploymentsDeleted" in text]
        assert found == ([warning] if names else []), result.get("warnings")
    actions = [
        [(row["action"], row["reason"]) for row in result["targets"] if row["name"] == "iris"]
        for result in (planned, done)
    ]
    assert actions[0] == actions[1]


def test_check_mode_asks_for_deployments_only_where_no_list_has_them(azure: Azure) -> None:
    azure.run(FLEET, name="prod", workspaces=served(BLUE))
    azure.run(FLEET, check=True, name="prod", workspaces=served({**BLUE, **ABSENT}, **ABSENT))
    assert [request.path for request in azure.sent] == [ENDPOINTS, f"{ENDPOINTS}/iris/deployments"]
    for check in (True, False):
        azure.app.faults.put([{"kind": "status", "status": 403, "match": {"path": "iris/deployments"}}])
        failed = azure.run(FLEET, check=check, workspaces=ALONE, ok=False)
        assert failed["totals"]["failed"] == 1 and azure.writes == []


def test_only_deployments_of_the_fleet_are_pruned_and_only_where_the_document_lists_some(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="iris")
    azure.run("aml_online_deployment", **deployment("foreign"))
    azure.run(FLEET, name="prod", workspaces=[{**workspace(), "online_deployments": [BLUE, GREEN]}])
    azure.run(FLEET, name="prod", workspaces=[workspace()], prune="delete")
    assert deployments(azure) == ["blue", "foreign", "green"]
    rest = {"name": WORKSPACE, "resource_group": GROUP, "online_deployments": [BLUE]}
    assert azure.run(FLEET, name="prod", workspaces=[rest], prune="report")["totals"]["undeclared"] == 1
    azure.run(FLEET, name="prod", workspaces=[rest], prune="delete")
    assert deployments(azure) == ["blue", "foreign"]


# What the run refuses: what exists before, the document, the code and a part of the message.
REFUSED: list[tuple[str, list[Tree], list[Tree], str, str]] = [
    ("traffic to none", [], served(traffic={"blue": 100}), "DeploymentMissing", "has no such deployment"),
    ("a name", BOTH, served(traffic={"bleu": 100}), "DeploymentMissing", "It has blue, green."),
    ("one that goes", BOTH, served(BLUE, {**GREEN, **ABSENT}), "InUse", "gets 10 % of the traffic"),
    (
        "traffic to one that goes",
        served(BLUE, GREEN),
        served({**GREEN, **ABSENT}, traffic={"green": 100}),
        "InUse",
        "gets 100 % of the traffic",
    ),
    ("no endpoint", [], [workspace(online_deployments=[BLUE])], "ParentResourceNotFound", "neither exists nor is"),
    (
        "an endpoint that goes",
        served(BLUE),
        served(BLUE, **ABSENT),
        "ParentResourceNotFound",
        "its online endpoint is declared absent",
    ),
    ("an endpoint in use", BOTH, served(**ABSENT), "InUse", "its deployments get traffic"),
    ("a type", [], served({**BLUE, "type": "kubernetes"}), "EndpointOfAnotherType", "the endpoint is of type managed"),
]


@pytest.mark.parametrize(
    ("before", "wanted", "code", "text"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_check_mode_refuses_what_the_run_refuses(
    azure: Azure, before: list[Tree], wanted: list[Tree], code: str, text: str
) -> None:
    if before:
        azure.run(FLEET, workspaces=before)
    for check in (True, False):
        for preflight in (True, False):
            failed = azure.run(FLEET, check=check, workspaces=wanted, preflight=preflight, ok=False)
            assert code in str(failed["failure"]) and text in failed["msg"], failed["msg"]
            assert [write for write in azure.writes if not write.path.endswith("onlineEndpoints/iris")] == []


def test_a_limit_has_the_rules_of_what_it_has(azure: Azure) -> None:
    only_blue = {"limit": [f"{WORKSPACE}/online_deployments/iris/blue"]}
    for check in (True, False):
        failed = azure.run(FLEET, check=check, workspaces=BOTH, **only_blue, ok=False)
        assert "neither exists nor is declared among the targets of this run" in failed["msg"] and azure.writes == []
    azure.run("aml_online_endpoint", name="iris")
    azure.run(FLEET, workspaces=BOTH, **only_blue)
    assert written(azure) == ["PUT blue"]
    failed = azure.run(FLEET, workspaces=BOTH, limit=["online_endpoint"], ok=False)
    assert "cannot send traffic to green" in failed["msg"] and azure.writes == []


def test_an_approved_plan_has_both_steps(azure: Azure, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    azure.run(FLEET, check=True, name="prod", workspaces=BOTH, plan_file=str(plan))
    approved = json.loads(plan.read_text())
    assert f"{WORKSPACE}/online_deployments/iris/blue" in str(approved["table"])
    other = served(BLUE, GREEN, traffic={"blue": 100})
    failed = azure.run(FLEET, name="prod", workspaces=other, approved_plan=approved, ok=False)
    assert failed["failure"]["code"] == "PlanChanged" and azure.writes == []
    assert azure.run(FLEET, name="prod", workspaces=BOTH, approved_plan=approved)["totals"]["create"] == 3
    assert traffic(azure) == {"blue": 90, "green": 10}


def test_a_green_deployment_that_fails_leaves_all_traffic_with_blue(azure: Azure) -> None:
    azure.run(FLEET, workspaces=served(BLUE, traffic={"blue": 100}))
    error = {"code": "BadArgument", "message": "User container has crashed."}
    azure.app.faults.put([{"kind": "failed_operation", "match": {"path": "deployments/green"}, **error}])
    failed = azure.run(FLEET, workspaces=BOTH, ok=False)
    assert "User container has crashed." in failed["msg"] and "which is to get traffic, has failed" in failed["msg"]
    assert traffic(azure) == {"blue": 100}
    azure.app.faults.clear()
    azure.run(FLEET, workspaces=BOTH)
    assert traffic(azure) == {"blue": 90, "green": 10}


def test_what_is_in_an_endpoint_that_failed_is_not_started(azure: Azure) -> None:
    error = {"code": "QuotaExceeded", "message": "No more endpoints."}
    azure.app.faults.put([{"kind": "failed_operation", "match": {"path": "onlineEndpoints/iris"}, **error}])
    failed = azure.run(FLEET, workspaces=BOTH, full_result=True, ok=False)
    assert written(azure) == ["PUT iris"] and failed["totals"]["not_started"] == 2
    assert "its online endpoint failed" in str(failed["targets"])


def test_an_endpoint_is_only_replaced_with_its_deployments_by_force(azure: Azure) -> None:
    azure.run(FLEET, workspaces=BOTH)
    wanted = served(
        BLUE,
        GREEN,
        traffic={},
        identity={"type": "user_assigned", "user_assigned_identities": [azure.identity("serving")]},
    )
    replacing: Tree = {"workspaces": wanted, "on_immutable_change": "recreate"}
    for check in (True, False):
        failed = azure.run(FLEET, check=check, **replacing, ok=False)
        assert "InUse" in str(failed["failure"]) and azure.writes == []
    azure.run("aml_online_endpoint", name="iris", traffic={})
    for check in (True, False):
        failed = azure.run(FLEET, check=check, **replacing, ok=False)
        assert "its deployments would be deleted with it: blue, green" in failed["msg"] and azure.writes == []
    wanted[0]["online_endpoints"][0]["traffic"] = {"blue": 90, "green": 10}
    azure.run(FLEET, **replacing, force=True)
    assert written(azure)[:2] == ["DELETE iris", "PUT iris"] and written(azure)[-1] == "PUT iris"
    assert deployments(azure) == ["blue", "green"] and traffic(azure) == {"blue": 90, "green": 10}


class Killed(BaseException):
    """The end of a process, as far as its requests show it."""


@pytest.mark.parametrize("last", range(6))
def test_a_run_that_is_killed_is_completed_by_the_next_one(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """Killed after its write number ``last``: the first runs create, the others move the traffic and prune."""
    wanted, prune = BOTH, "none"
    if last >= 4:
        azure.run(FLEET, name="prod", workspaces=BOTH)
        wanted, prune = served(GREEN, traffic={"green": 100}), "delete"
    handle, taken = azure.app.handle, [last % 4 + 1]

    def until_killed(request: t.Any) -> t.Any:
        if not taken[0]:
            raise Killed
        if request.method in ("PUT", "DELETE"):
            taken[0] -= 1
        return handle(request)

    with monkeypatch.context() as patch:
        patch.setattr(azure.app, "handle", until_killed)
        with pytest.raises(Killed):
            azure.run(FLEET, name="prod", workspaces=wanted, prune=prune)
    azure.run(FLEET, name="prod", workspaces=wanted, prune=prune)
    assert traffic(azure) == wanted[0]["online_endpoints"][0]["traffic"]
    assert deployments(azure) == sorted(traffic(azure))
    assert azure.run(FLEET, name="prod", workspaces=wanted, prune=prune)["changed"] is False


def test_kubernetes_deployments_follow_their_endpoint_and_it_its_compute_target(azure: Azure) -> None:
    pool = {"name": "a", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}
    cluster_id = azure.resource(
        "Microsoft.ContainerService/managedClusters", "aks", {"properties": {"agentPoolProfiles": [pool]}}, "2024-09-01"
    )
    compute = {"type": "kubernetes", "name": "k8s", "resource_id": cluster_id, "namespace": "ml"}
    small = {key: value for key, value in BLUE.items() if key != "instance_type"}
    wanted = served(small, compute="k8s", traffic={"blue": 100})
    wanted[0]["computes"] = [compute, cluster("cpu-c")]
    managed = served({**small, "egress_public_network_access": "disabled"}, compute="k8s")
    failed = azure.run(FLEET, check=True, workspaces=managed, ok=False)
    assert "egress_public_network_access is not an option of deployments of type kubernetes" in failed["msg"]
    azure.run(FLEET, name="prod", workspaces=wanted)
    names = [name for name in written(azure) if name != "PUT cpu-c"]
    assert names == ["PUT k8s", "PUT iris", "PUT blue", "PUT iris"]
    assert azure.run(FLEET, name="prod", workspaces=wanted)["changed"] is False
    gone = served({**BLUE, **ABSENT}, **ABSENT)
    gone[0]["computes"] = [{**compute, **ABSENT}, {**cluster("cpu-c"), **ABSENT}]
    azure.run(FLEET, name="prod", workspaces=gone, force=True)
    removals = [name for name in written(azure) if name not in ("DELETE cpu-c", "DELETE blue")]
    assert removals == ["DELETE iris", "DELETE k8s"]


def test_other_settings_of_the_task_hold(azure: Azure) -> None:
    """Defaults by type, the states of a target, and duplicates."""
    wanted = served(BLUE, GREEN)
    wanted[0]["defaults"] = {"online_deployment": {"description": "Iris"}, "all": {"tags": {"team": "vision"}}}
    azure.run(FLEET, workspaces=wanted)
    (row,) = azure.run("aml_online_endpoint_info", name="iris", deployments=True)["endpoints"]
    assert [(one["description"], one["tags"]) for one in row["deployments"]] == [("Iris", {"team": "vision"})] * 2
    for broken, text in (
        ([BLUE, {**BLUE, "name": "BLUE"}], "is declared twice"),
        ([{"name": "blue"}], "online_deployments[0] needs endpoint_name and name"),
        ([{**BLUE, "endpoint_name": "i"}], "endpoint_name 'i' is not a valid name"),
        ([{**BLUE, "sizes": 1}], "Unsupported parameters"),
        ([{**BLUE, "name": "b/c"}], "is not a valid name"),
    ):
        failed = azure.run(FLEET, workspaces=served(*broken), ok=False)
        assert text in failed["msg"] and azure.sent == [], failed["msg"]


def test_what_cannot_be_listed_fails_alone(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="iris")
    azure.app.faults.put([{"kind": "status", "status": 403, "match": {"path": "iris/deployments"}}])
    failed = azure.run(FLEET, workspaces=served(BLUE), full_result=True, ok=False)
    actions = {row["name"]: (row["action"], bool(row["failure"])) for row in failed["targets"]}
    assert actions == {"iris": ("none", False), "blue": ("none", True)} and azure.writes == []


def test_the_drift_report_names_deployments_with_their_endpoints(azure: Azure) -> None:
    azure.run(FLEET, name="prod", workspaces=BOTH)
    azure.run("aml_online_deployment", **deployment("foreign"))
    wanted = served({**BLUE, "instance_count": 3}, traffic={"blue": 90, "green": 10})
    reported = azure.run(FLEET, check=True, name="prod", workspaces=wanted, prune="report", report=True)
    text = "\n".join(reported["drift"]["text"])
    rows = {row["name"]: row["status"] for row in reported["report"]["targets"]}
    assert rows == {
        "iris": "as declared",
        "iris/blue": "differs",
        "iris/green": "undeclared",
        "iris/foreign": "undeclared",
    }
    assert (
        "instance_count" in text
        and [request.path for request in azure.sent].count(f"{ENDPOINTS}/iris/deployments") == 1
    )


def test_their_info_lists_all_of_them(azure: Azure) -> None:
    azure.run(FLEET, workspaces=BOTH)
    azure.run("aml_online_endpoint", name="empty")
    (row,) = azure.run("aml_fleet_info", workspaces=[workspace()], online_deployments=True)["workspaces"]
    assert sorted((one["endpoint_name"], one["name"]) for one in row["online_deployments"]) == [
        ("iris", "blue"),
        ("iris", "green"),
    ]
    assert "online_endpoints" not in row
    assert [request.path.rpartition("/")[2] for request in azure.sent].count("deployments") == 2


FULL = deployment(
    "blue",
    description="Iris",
    tags={"team": "vision"},
    environment="azureml:sklearn:1",
    code_configuration={"code": "azureml:scoring:1", "scoring_script": "score.py"},
    environment_variables={"LEVEL": "info"},
    request_settings={"request_timeout_ms": 3000, "max_concurrent_requests_per_instance": 2},
    liveness_probe={"initial_delay": 20, "period": 5},
    egress_public_network_access="disabled",
    startup_probe={"initial_delay": 5},
    data_collector={
        "collections": {"request": {"enabled": True}, "drift": {"enabled": False, "data": "azureml:seen:1"}},
        "rolling_rate": "day",
        "sampling_rate": 0.25,
        "request_logging": {"capture_headers": ["X-Request-Id"]},
    },
)


def test_an_export_has_them_as_variables_as_a_fleet_and_as_files_of_the_cli(azure: Azure, tmp_path: Path) -> None:
    azure.run(FLEET, workspaces=served(FULL, GREEN, traffic={"blue": 90, "green": 10}, properties={"stage": "test"}))
    exported = azure.run("aml_export_info")
    assert azure.writes == []
    assert [row["name"] for row in exported["vars"]["aml_online_deployments"]] == ["blue", "green"]
    assert exported["vars"]["aml_online_endpoints"][0]["traffic"] == {"blue": 90, "green": 10}
    missing = {row["option"] for row in exported["missing"] if row["name"] == "iris/blue"}
    # The schema of the CLI has no startup probe.
    assert missing == {"environment_variables.LEVEL", "startup_probe.initial_delay"} and "info" not in str(
        exported["vars"]
    )
    assert exported["vars"]["aml_online_endpoints"][0]["properties"] == {"stage": "test"}
    for row in exported["vars"]["aml_online_deployments"]:
        assert azure.run("aml_online_deployment", **row)["changed"] is False
        # Read by azure-ai-ml's own loader.
        text = exported["cli_yaml"][f"iris.{row['name']}.yml"]
        assert azure.run("aml_online_deployment", definition=text)["changed"] is False
    assert azure.run(FLEET, workspaces=[exported["fleet"]])["changed"] is False
    home = tmp_path / GROUP / WORKSPACE
    home.mkdir(parents=True)
    for name in ("iris.yml", "iris.blue.yml", "iris.green.yml"):
        (home / name).write_text(exported["cli_yaml"][name])
    folder = azure.run(FLEET, folder=str(tmp_path), full_result=True)
    assert folder["changed"] is False and [row["type"] for row in folder["targets"]].count("online_deployment") == 2


def test_an_export_of_some(azure: Azure) -> None:
    azure.run(FLEET, workspaces=BOTH)
    some = azure.run("aml_export_info", online_endpoints=["iris"], online_deployments=["iris/blue"])
    assert [row["name"] for row in some["vars"]["aml_online_deployments"]] == ["blue"]
    assert "traffic" not in some["vars"]["aml_online_endpoints"][0]
    assert [row["reason"] for row in some["missing"] if row["option"] == "traffic"] == [
        "it needs the deployment green, which is not exported"
    ]
    failed = azure.run("aml_export_info", online_deployments=["iris/red"], ok=False)
    assert "has no online deployment iris/red" in failed["msg"]


def test_a_placeholder_of_an_export_is_no_value(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="iris")
    hidden = deployment("blue", environment_variables={"LEVEL": "VALUE_NOT_SHOWN"})
    for check in (True, False):
        failed = azure.run("aml_online_deployment", **hidden, check=check, ok=False)
        assert failed["failure"]["code"] == "PlaceholderNotReplaced" and azure.writes == []


def test_kubernetes_deployments_are_exported_as_the_cli_reads_them(azure: Azure) -> None:
    pool = {"name": "a", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}
    cluster_id = azure.resource(
        "Microsoft.ContainerService/managedClusters", "aks", {"properties": {"agentPoolProfiles": [pool]}}, "2024-09-01"
    )
    compute = {"type": "kubernetes", "name": "k8s", "resource_id": cluster_id, "namespace": "ml"}
    options = {"resources": {"requests": {"cpu": "1", "memory": "1Gi", "gpu": "1"}, "limits": {"gpu": "1"}}}
    small = {
        **deployment("blue", **options),
        "scale_settings": {"type": "target_utilization", "min_instances": 1, "max_instances": 3},
    }
    wanted = served(small, compute="k8s", traffic={"blue": 100})
    wanted[0]["computes"] = [compute]
    azure.run(FLEET, workspaces=wanted)
    text = azure.run("aml_export_info")["cli_yaml"]["iris.blue.yml"]
    assert "kubernetesOnlineDeployment.schema.json" in text and "nvidia.com/gpu" in text
    assert azure.run("aml_online_deployment", definition=text)["changed"] is False
