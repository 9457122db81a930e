# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What another writer does between a task's read and its deletion, and while it waits for the end of one."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, GROUP_ID, ML, WORKSPACE, WORKSPACE_ID, Azure
from ansible_collections.azureml.compute.tests.support.declarations import aks
from azure.core.exceptions import ServiceResponseError
from azureml_simulator.http import Request, Response

CLUSTER, INSTANCE, FLEET, WORKSPACES, RESOURCE = (
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_fleet",
    "aml_workspace",
    "arm_resource",
)
SIZE = "Standard_DS3_v2"
OWNER = "azureml-compute-fleet"
SHARED = f"{WORKSPACE_ID}/computes/shared"
Act = t.Callable[[Azure], None]


def once(azure: Azure, method: str, path: str, act: Act) -> list[str]:
    """Before the module's first request of that method and path, another writer acts. The list has an item once it has happened."""
    happened: list[str] = []

    def meanwhile(sent: str, to: str) -> None:
        if not happened and sent == method and to.casefold() == path.casefold():
            happened.append(to)
            act(azure)

    azure.meanwhile = meanwhile
    return happened


def remove(azure: Azure, path: str, version: str = ML, wait: float = 120.0) -> None:
    query = (
        f"?underlyingResourceAction=Delete&api-version={version}" if "/computes/" in path else f"?api-version={version}"
    )
    azure.arm("DELETE", path + query, wait=wait)


def gone(azure: Azure, path: str, version: str = ML) -> bool:
    return bool(azure.app.call("GET", f"{path}?api-version={version}").status == 404)


def anew(azure: Azure, path: str, *, version: str = ML, change: dict[str, t.Any] | None = None) -> None:
    """Delete a resource and create another one of that name, later."""
    body = azure.get(path, version)
    remove(azure, path, version)
    assert gone(azure, path, version)
    kept = {
        key: value
        for key, value in {**body, **(change or {})}.items()
        if key in ("location", "properties", "tags", "identity")
    }
    azure.arm("PUT", path, kept, version, wait=120)


def tagged(azure: Azure, path: str, tags: dict[str, str]) -> None:
    body = azure.get(path)
    azure.arm("PUT", path, {**body, "tags": tags}, wait=120)


# --- prune ---


def fleet(*computes: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {
        "name": "first",
        "workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "computes": list(computes)}],
        **more,
    }


TAKEN: dict[str, tuple[Act, str]] = {
    "another owner": (lambda azure: tagged(azure, SHARED, {OWNER: "second"}), "second"),
    "no owner": (lambda azure: tagged(azure, SHARED, {}), "removed"),
    "another resource with the same tag": (lambda azure: anew(azure, SHARED), "createdOn"),
}


@pytest.mark.parametrize("at", ["before the last read", "after the list"])
@pytest.mark.parametrize("how", TAKEN)
def test_what_is_no_longer_the_fleets_is_not_pruned(azure: Azure, how: str, at: str) -> None:
    act, word = TAKEN[how]
    azure.run(
        FLEET,
        **fleet(
            *({"type": "amlcompute", "name": name, "size": SIZE, "max_instances": 1} for name in ("own", "shared")),
            parallelism=1,
        ),
    )
    # The deletion of the other one comes first, so that the list is old by then.
    happened = once(azure, "GET", f"{WORKSPACE_ID}/computes/{'shared' if at == 'before the last read' else 'own'}", act)
    done = azure.run(FLEET, **fleet(prune="delete", parallelism=1))
    assert happened and azure.compute("shared")["properties"]["provisioningState"] == "Succeeded"
    entries = {row["name"]: row for row in done["undeclared"]}
    assert entries["own"]["action"] == "delete" and entries["own"]["changed"]
    assert (
        entries["shared"]["action"] == "none"
        and not entries["shared"]["changed"]
        and word in entries["shared"]["reason"]
    )
    (warning,) = [warning for warning in done["warnings"] if "shared" in warning]
    assert "ChangedMeanwhile" in warning and word in warning
    assert not [write for write in azure.writes if write.path.endswith("/shared")]


def test_a_detached_resource_that_another_fleet_attached_stays(azure: Azure) -> None:
    azure.run(FLEET, **fleet({"type": "kubernetes", "name": "shared", "resource_id": aks(azure, "one")}))
    other = aks(azure, "two")

    def attach_another(azure: Azure) -> None:
        azure.arm("DELETE", f"{SHARED}?underlyingResourceAction=Detach&api-version={ML}", wait=120)
        azure.arm(
            "PUT",
            SHARED,
            {
                "location": "eastus",
                "tags": {OWNER: "first"},
                "properties": {
                    "computeType": "Kubernetes",
                    "resourceId": other,
                    "properties": {"namespace": "default"},
                },
            },
            wait=120,
        )

    happened = once(azure, "GET", SHARED, attach_another)
    done = azure.run(FLEET, **fleet(prune="detach"))
    assert (
        happened
        and not done["changed"]
        and azure.compute("shared")["properties"]["resourceId"].casefold() == other.casefold()
    )


# --- replacements ---


def scaled(azure: Azure) -> None:
    azure.arm(
        "PATCH",
        SHARED,
        {"properties": {"properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 9}}}},
        wait=120,
    )


CHANGED: dict[str, tuple[Act, str]] = {
    "scaled": (scaled, "max_instances"),
    "tagged": (lambda azure: tagged(azure, SHARED, {"kept": "yes"}), "tags"),
    "created again": (lambda azure: anew(azure, SHARED), "another resource"),
    "deleted": (lambda azure: remove(azure, SHARED), "deleted"),
}


@pytest.mark.parametrize("how", CHANGED)
def test_only_what_was_planned_is_replaced(azure: Azure, how: str) -> None:
    act, word = CHANGED[how]
    azure.run(CLUSTER, name="shared", size=SIZE, max_instances=1)
    # The workspace is read between the plan and the deletion.
    happened = once(azure, "GET", WORKSPACE_ID, act)
    failed = azure.run(CLUSTER, name="shared", size="Standard_DS12_v2", on_immutable_change="recreate", ok=False)
    assert happened and failed["failure"]["code"] == "ChangedMeanwhile" and word in failed["msg"]
    assert not failed["changed"] and azure.writes == []
    again = azure.run(
        CLUSTER,
        name="shared",
        size="Standard_DS12_v2",
        on_immutable_change="recreate",
        **({"max_instances": 1} if how == "deleted" else {}),
    )
    assert again["changed"] and (how != "scaled" or again["compute"]["max_instances"] == 9)


def test_what_another_writer_creates_in_place_of_the_old_one_is_not_overwritten(azure: Azure) -> None:
    azure.run(CLUSTER, name="shared", size=SIZE, max_instances=1)
    body = {key: value for key, value in azure.compute("shared").items() if key in ("location", "properties")}
    state = {"deleted": False, "created": False}

    def meanwhile(method: str, path: str) -> None:
        if path == SHARED and method == "GET" and state["deleted"] and not state["created"] and gone(azure, SHARED):
            state["created"] = True
            azure.arm("PUT", SHARED, {**body, "tags": {"theirs": "yes"}}, wait=120)
        state["deleted"] = state["deleted"] or (path == SHARED and method == "DELETE")

    azure.meanwhile = meanwhile
    failed = azure.run(CLUSTER, name="shared", size="Standard_DS12_v2", on_immutable_change="recreate", ok=False)
    assert state["created"] and failed["failure"]["code"] == "ChangedMeanwhile" and failed["changed"]
    assert failed["failure"]["details"]["replaced"]["size"].casefold() == SIZE.casefold()
    assert azure.compute("shared")["tags"] == {"theirs": "yes"} and [write.method for write in azure.writes] == [
        "DELETE"
    ]


def test_a_workspace_with_a_new_compute_target_is_not_replaced(azure: Azure) -> None:
    inner = {"vmSize": SIZE, "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}
    body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": inner}}
    # Between the plan and the deletion, its resource group is read.
    happened = once(azure, "GET", GROUP_ID, lambda azure: azure.arm("PUT", SHARED, body))
    failed = azure.run(WORKSPACES, name=WORKSPACE, kind="hub", on_immutable_change="recreate", ok=False)
    assert happened and failed["failure"]["code"] == "InUse" and "shared" in failed["msg"] and azure.writes == []


# --- deletions ---


def again_after_deletion(azure: Azure, path: str, version: str, body: dict[str, t.Any]) -> dict[str, bool]:
    """As soon as the deletion of the module is done, another writer uses the name again."""
    state = {"deleted": False, "created": False}

    def meanwhile(method: str, to: str) -> None:
        here = to.casefold() == path.casefold()
        if here and method == "GET" and state["deleted"] and not state["created"] and gone(azure, path, version):
            state["created"] = True
            azure.arm("PUT", path, body, version, wait=120)
        state["deleted"] = state["deleted"] or (here and method == "DELETE")

    azure.meanwhile = meanwhile
    return state


NETWORK = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/net"
ADDRESSES = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}


@pytest.mark.parametrize("other", [False, True], ids=["ours", "of another writer"])
def test_a_creation_whose_answer_is_lost_is_looked_at_and_not_repeated(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, other: bool
) -> None:
    """The second attempt is refused by its condition, whoever made the resource: a read tells whether it is as declared."""
    theirs = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}
    handle, lost = azure.app.handle, []

    def losing(request: Request) -> Response:
        if request.method == "PUT" and not lost:
            lost.append(request.path)
            if other:
                azure.arm("PUT", NETWORK, {"location": "eastus", "properties": theirs}, "2024-05-01", wait=0)
            handle(request)
            raise ServiceResponseError("Connection aborted.")
        return handle(request)

    monkeypatch.setattr(azure.app, "handle", losing)
    body = {"location": "eastus", "properties": ADDRESSES}
    done = azure.run(RESOURCE, id=NETWORK, api_version="2024-05-01", body=body, ok=None)
    found = azure.get(NETWORK, "2024-05-01")["properties"]["addressSpace"]
    assert lost == [NETWORK] and found == (theirs if other else ADDRESSES)["addressSpace"]
    assert done["changed"] and bool(done.get("failed")) is other, done
    if other:
        assert done["failure"]["code"] == "NotApplied", (done["msg"], azure.writes)


DELETED: dict[str, tuple[str, dict[str, t.Any], str, str]] = {
    "cluster": (CLUSTER, {"name": "shared"}, SHARED, ML),
    "instance": (INSTANCE, {"name": "shared"}, SHARED, ML),
    "workspace": (WORKSPACES, {"name": "ws-other"}, f"{WORKSPACE_ID.rpartition('/')[0]}/ws-other", ML),
    "resource": (RESOURCE, {"id": NETWORK, "api_version": "2024-05-01"}, NETWORK, "2024-05-01"),
}


def made(azure: Azure, what: str) -> None:
    if what == "cluster":
        azure.run(CLUSTER, name="shared", size=SIZE, max_instances=1)
    elif what == "instance":
        azure.run(INSTANCE, name="shared", size=SIZE)
    elif what == "workspace":
        azure.make_workspace("ws-other")
    else:
        azure.arm("PUT", NETWORK, {"location": "eastus", "properties": ADDRESSES}, "2024-05-01", wait=120)


@pytest.mark.parametrize("what", DELETED)
def test_a_name_that_is_used_again_ends_the_wait(azure: Azure, what: str) -> None:
    module, options, path, version = DELETED[what]
    made(azure, what)
    azure.app.clock.advance(60)
    body = {
        key: value for key, value in azure.get(path, version).items() if key in ("location", "properties", "identity")
    }
    if what == "workspace":
        # Else the name is blocked by the deleted one.
        options = {**options, "permanently_delete": True}
    state = again_after_deletion(azure, path, version, body)
    done = azure.run(module, **options, state="absent", wait_timeout=600)
    assert done["changed"] and azure.app.call("GET", f"{path}?api-version={version}").status == 200
    assert state["created"] and [warning for warning in done["warnings"] if warning.startswith("RecreatedMeanwhile: ")]
    assert len([write for write in azure.writes if write.method == "DELETE"]) == 1


@pytest.mark.parametrize("what", DELETED)
def test_a_deletion_whose_answer_is_lost_is_not_repeated_on_what_has_the_name_since(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    module, options, path, version = DELETED[what]
    made(azure, what)
    azure.app.clock.advance(60)
    body = {
        name: value
        for name, value in azure.get(path, version).items()
        if name in ("location", "properties", "identity")
    }
    if what == "workspace":
        options = {**options, "permanently_delete": True}
    handle, lost = azure.app.handle, []

    def losing(request: Request) -> Response:
        if request.method == "DELETE" and not lost:
            lost.append(request.path)
            handle(request)
            azure.app.clock.advance(600)
            azure.arm("PUT", path, body, version, wait=600)
            raise ServiceResponseError("Connection aborted.")
        return t.cast(Response, handle(request))

    monkeypatch.setattr(azure.app, "handle", losing)
    done = azure.run(module, **options, state="absent", retry_timeout=3600, wait_timeout=3600)
    assert lost == [path] and done["changed"]
    assert azure.app.call("GET", f"{path}?api-version={version}").status == 200
    assert [warning for warning in done["warnings"] if warning.startswith("RecreatedMeanwhile: ")]


def test_the_deletion_of_a_replacement_is_not_repeated_on_what_has_the_name_since(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(azure, "cluster")
    azure.app.clock.advance(60)
    body = {name: value for name, value in azure.get(SHARED).items() if name in ("location", "properties")}
    handle, lost = azure.app.handle, []

    def losing(request: Request) -> Response:
        if request.method == "DELETE":
            lost.append(request.path)
            handle(request)
            azure.app.clock.advance(600)
            azure.arm("PUT", SHARED, {**body, "tags": {"of": "another writer"}}, ML, wait=600)
            raise ServiceResponseError("Connection aborted.")
        return t.cast(Response, handle(request))

    monkeypatch.setattr(azure.app, "handle", losing)
    other = {"size": "Standard_DS2_v2", "on_immutable_change": "recreate", "force": True}
    failed = azure.run(
        CLUSTER, name="shared", max_instances=1, **other, retry_timeout=3600, wait_timeout=7200, ok=False
    )
    assert failed["failure"]["code"] == "ChangedMeanwhile" and failed["changed"] and lost == [SHARED]
    assert azure.get(SHARED)["tags"] == {"of": "another writer"}


def test_a_deletion_under_way_that_makes_room_for_another_one(azure: Azure) -> None:
    """The wait for another writer's deletion ends too; what is there then is compared with the declaration."""
    made(azure, "cluster")
    body = {key: value for key, value in azure.compute("shared").items() if key in ("location", "properties")}
    remove(azure, SHARED, wait=0)
    state = again_after_deletion(azure, SHARED, ML, body)
    state["deleted"] = True
    done = azure.run(CLUSTER, name="shared", max_instances=5, wait_timeout=600)
    assert state["created"] and done["plan"]["action"] == "update" and done["compute"]["max_instances"] == 5


@pytest.mark.parametrize("check", [False, True])
def test_only_expected_compute_targets_go_with_a_workspace(azure: Azure, check: bool) -> None:
    for name in ("known", "other"):
        azure.run(CLUSTER, name=name, size=SIZE, max_instances=1)
    for expected, named in (([], "known, other"), (["KNOWN"], "other")):
        failed = azure.run(
            WORKSPACES, name=WORKSPACE, state="absent", expected_computes=expected, check=check, ok=False
        )
        assert failed["failure"]["code"] == "UnexpectedComputes" and failed["failure"]["details"][
            "computes"
        ] == named.split(", ")
        assert named in failed["msg"] and azure.writes == [] and not failed["changed"]
    remove(azure, f"{WORKSPACE_ID}/computes/other", wait=0)
    assert azure.run(WORKSPACES, name=WORKSPACE, state="absent", expected_computes=["known"], check=check)["changed"]


def test_a_dependent_that_another_workspace_uses_meanwhile_stays(azure: Azure) -> None:
    azure.make_workspace("ws-doomed")
    body = azure.get(f"{WORKSPACE_ID.rpartition('/')[0]}/ws-doomed")
    account, insights = body["properties"]["storageAccount"], body["properties"]["applicationInsights"]
    properties = {key: body["properties"][key] for key in ("storageAccount", "keyVault")}

    def take(azure: Azure) -> None:
        other = azure.resource("Microsoft.Insights/components", "ai-other", {"kind": "web"}, "2020-02-02")
        identity = {"location": "eastus", "identity": {"type": "SystemAssigned"}}
        azure.arm(
            "PUT",
            f"{WORKSPACE_ID.rpartition('/')[0]}/ws-taker",
            {**identity, "properties": {**properties, "applicationInsights": other}},
            wait=120,
        )

    # Between the deletion of the first of its resources and that of the next.
    happened = once(azure, "DELETE", insights, take)
    done = azure.run(
        WORKSPACES, name="ws-doomed", state="absent", permanently_delete=True, delete_dependent_resources=True
    )
    assert happened and azure.app.call("GET", f"{account}?api-version=2023-01-01").status == 200
    assert [
        warning for warning in done["warnings"] if "SharedDependent" in warning and account in warning
    ] and account not in done["deleted_resources"]


def test_dependents_of_a_workspace_that_is_created_again_stay(azure: Azure) -> None:
    made(azure, "workspace")
    _module, options, path, version = DELETED["workspace"]
    azure.app.clock.advance(60)
    body = azure.get(path)
    state = again_after_deletion(
        azure, path, version, {key: body[key] for key in ("location", "properties", "identity")}
    )
    done = azure.run(WORKSPACES, **options, state="absent", permanently_delete=True, delete_dependent_resources=True)
    assert (
        state["created"]
        and done["deleted_resources"] == []
        and len([warning for warning in done["warnings"] if "SharedDependent" in warning]) == 3
    )
