# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read, what of it becomes a host, and under which name: over a client that holds its answers in a table.

Sources: docs/facts.md a.1, a.3, a.6; docs/coverage.md CI18 (private addresses).
"""

from __future__ import annotations

import json
import re
import shlex
import threading
import typing as t
from dataclasses import asdict

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError, ArmError
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._machines import inventory
from ansible_collections.azureml.compute.plugins.module_utils._machines import nodes as _nodes
from ansible_collections.azureml.compute.plugins.module_utils._machines.inventory import (
    ALL,
    HostFilter,
    JumpHost,
    Reader,
    Scope,
    has_tags,
    hosts_of,
    make_names_unique,
)

Body = dict[str, t.Any]
S1, S2 = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"
API = "2025-12-01"
ALL_GROUPINGS = ("workspace", "cluster", "type", "state", "size", "location", "resource_group", "subscription")


def workspace_id(name: str, group: str = "rg", subscription: str = S1) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/{PROVIDER}/{name}"


def workspace(name: str, group: str = "rg", subscription: str = S1, **more: t.Any) -> Body:
    return {
        "id": workspace_id(name, group, subscription),
        "name": name,
        "location": "eastus",
        "kind": "Default",
        "tags": None,
        **more,
    }


def node(number: int, state: str = "idle") -> Body:
    return {
        "nodeId": f"tvm-{number}",
        "publicIpAddress": "20.1.2.3",
        "privateIpAddress": f"10.0.0.{number}",
        "port": 50000 + number,
        "nodeState": state,
    }


def cluster(name: str = "cpu", nodes: int = 1, **more: t.Any) -> Body:
    account = {"adminUserName": "boss"}
    inner = {
        "userAccountCredentials": account,
        "remoteLoginPortPublicAccess": "Enabled",
        "currentNodeCount": nodes,
        "vmSize": "STANDARD_DS3_V2",
    }
    return {
        "name": name,
        "location": "eastus",
        "tags": {},
        **more,
        "properties": {"computeType": "AmlCompute", "properties": inner},
    }


def instance(name: str, state: str = "Running") -> Body:
    settings = {"sshPublicAccess": "Enabled", "adminUserName": "azureuser", "sshPort": 4001}
    inner = {
        "state": state,
        "sshSettings": settings,
        "connectivityEndpoints": {"publicIpAddress": "20.9.9.9"},
        "vmSize": "STANDARD_DS3_V2",
    }
    return {
        "name": name,
        "location": "eastus",
        "tags": None,
        "properties": {"computeType": "ComputeInstance", "properties": inner},
    }


def absent() -> ArmError:
    return ArmError("It is not there.", code="ResourceNotFound", status=404)


class Client:
    """Answers by path; an exception is raised, a list of answers is given one after the other."""

    def __init__(self, answers: dict[str, t.Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.lock = threading.Lock()

    def _answer(self, path: str) -> t.Any:
        with self.lock:
            self.asked.append(path)
            found = self.answers.get(path, absent())
            if isinstance(found, tuple):
                found, self.answers[path] = found[0], found[1:] if len(found) > 2 else found[1]
        if isinstance(found, Exception):
            raise found
        return found

    def list(self, path: str, api_version: str, *, malformed: t.Any = None) -> t.Any:
        return self._answer(path)

    def post_list(self, path: str, api_version: str, items: str = "nodes", *, malformed: t.Any = None) -> t.Any:
        return self._answer(path)

    def find(self, path: str, api_version: str) -> Body | None:
        try:
            return t.cast(Body, self._answer(path))
        except ArmError as error:
            if error.status == 404:
                return None
            raise


def world(**more: t.Any) -> Client:
    """Two workspaces; ``a`` has a cluster with two nodes and two instances, ``b`` has nothing."""
    nodes = [node(1), node(2, "leaving")]
    return Client({
        f"/subscriptions/{S1}/{PROVIDER}": [workspace("b"), workspace("a", tags={"Stage": "prod"})],
        f"{workspace_id('a')}/computes": [cluster(nodes=2), instance("on"), instance("off", "Stopped")],
        f"{workspace_id('a')}/computes/cpu/listNodes": nodes,
        f"{workspace_id('b')}/computes": [],
        **more,
    })  # fmt: skip


def reader(client: Client, **scope: t.Any) -> Reader:
    return Reader(client, Scope(**{"subscriptions": (S1,), "api_version": API, **scope}), 4, ONLINE_ENDPOINT.project)


def names(records: list[Body], host_filter: HostFilter | None = None) -> list[str]:
    return [
        host.name
        for host in hosts_of(records, "nodes", host_filter or HostFilter(), _nodes.SshPreferences(), JumpHost())
    ]


def test_what_runs_becomes_a_host() -> None:
    found = reader(world())
    records = found.read()
    assert found.problems == [] and [record["workspace"]["workspace"] for record in records] == ["a", "b"]
    assert names(records) == ["a-cpu-tvm-1", "a-on"]
    assert names(records, HostFilter(include_stopped=True)) == ["a-cpu-tvm-1", "a-cpu-tvm-2", "a-on", "a-off"]
    assert names(records, HostFilter(states=("leaving", "stopped"))) == ["a-cpu-tvm-2", "a-off"]
    assert json.loads(json.dumps(records)) == records, "it goes into a cache"


def test_only_what_is_wanted_is_read() -> None:
    client = world()
    assert names(reader(client, workspaces=("A*",), types=("computeinstance",)).read()) == ["a-on"]
    assert client.asked == [f"/subscriptions/{S1}/{PROVIDER}", f"{workspace_id('a')}/computes"]
    client = world()
    assert len(reader(client, hosts="workspaces").read()) == 2 and len(client.asked) == 1
    assert [item["workspace"]["workspace"] for item in reader(world(), workspace_tags={"stage": "prod"}).read()] == [
        "a"
    ]


def test_tags_that_no_workspace_has_are_told_from_a_place_without_workspaces() -> None:
    for scope, excluded in (
        ({"workspace_tags": {"stage": "test"}}, 2),
        ({"workspace_tags": {"stage": "test"}, "workspaces": ("a",)}, 1),
        ({"workspace_tags": {"stage": "prod"}}, 0),
        ({"workspaces": ("none-*",)}, 0),
    ):
        found = reader(world(), **scope)
        assert (found.read() == []) is (found.excluded > 0 or scope == {"workspaces": ("none-*",)})
        assert found.excluded == excluded, scope


def test_resource_groups_are_listed_by_themselves() -> None:
    """Who may read a group only cannot list the subscription; and a group need not be in each of the subscriptions."""
    client = world(**{f"/subscriptions/{S1}/resourceGroups/rg/{PROVIDER}": [workspace("a")]})
    found = reader(client, subscriptions=(S1, S2), resource_groups=("rg",))
    assert names(found.read()) == ["a-cpu-tvm-1", "a-on"] and found.problems == []
    found = reader(client, resource_groups=("rg", "gr"))
    found.read()
    assert [str(problem) for problem in found.problems] == [
        "resource group gr: ResourceGroupNotFound: The resource group does not exist, or it cannot be read."
    ]


def test_all_subscriptions_that_are_open() -> None:
    subscriptions = [{"subscriptionId": S1, "state": "Enabled"}, {"subscriptionId": S2, "state": "Disabled"}]
    client = world(**{"/subscriptions": subscriptions})
    found = reader(client, subscriptions=(ALL,))
    assert len(found.read()) == 2 and found.problems == []
    assert not [path for path in client.asked if S2 in path]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (f"/subscriptions/{S1}/{PROVIDER}", f"subscriptions/{S1}"),
        (f"{workspace_id('a')}/computes", "workspace a"),
        (f"{workspace_id('a')}/computes/cpu/listNodes", "workspace a"),
    ],
)
@pytest.mark.parametrize(
    "error", [ArmError("No.", code="AuthorizationFailed", status=403), AmlError("Lost.", code="ConnectionLost")]
)
def test_an_error_is_a_problem_with_a_name(path: str, where: str, error: AmlError) -> None:
    found = reader(world(**{path: error}))
    assert "a-on" not in names(found.read())
    (problem,) = found.problems
    assert str(problem).startswith(where) and error.code in str(problem) and error.message in str(problem)


def test_a_misspelt_workspace_is_a_problem_and_a_pattern_is_none() -> None:
    found = reader(world(), workspaces=("a", "aa", "zz*"))
    assert len(found.read()) == 1
    assert [problem.where for problem in found.problems] == ["workspace aa"]


def test_what_is_deleted_meanwhile_has_no_hosts() -> None:
    path = f"{workspace_id('a')}/computes"
    answers = {path: [cluster(nodes=2), instance("on")], f"{path}/cpu/listNodes": absent()}
    gone = reader(world(**answers, **{workspace_id("a"): workspace("a")}))
    assert names(gone.read()) == ["a-on"] and gone.problems == []
    all_gone = reader(world(**{path: absent()}))
    assert names(all_gone.read()) == [] and all_gone.problems == []


def test_a_404_that_stays_is_a_problem() -> None:
    path = f"{workspace_id('a')}/computes/cpu"
    answers = {path: cluster(nodes=2), f"{path}/listNodes": absent()}
    found = reader(world(**answers, **{workspace_id("a"): workspace("a")}))
    found.read()
    assert [problem.where.split(" (")[0] for problem in found.problems] == ["workspace a"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, True),
        ({"TEAM": "vision"}, True),
        ({"team": "Vision"}, False),
        ({"team": None}, True),
        ({"team": ["speech", "vision"]}, True),
        ({"team": []}, False),
        ({"team": "vision", "size": 4}, True),
        ({"on": True}, True),
        ({"off": None}, False),
    ],
)
def test_tags(wanted: Body | None, expected: bool) -> None:
    assert has_tags({"team": "vision", "size": "4", "on": "true"}, wanted) is expected


def test_variables_and_groups_of_a_node() -> None:
    records = reader(world()).read()
    host = hosts_of(records, "nodes", HostFilter(), _nodes.SshPreferences(private_key_file="~/k"), JumpHost("jump"))[0]
    place = {"subscription_id": S1, "resource_group": "rg", "workspace": "a", "location": "eastus"}
    assert {**host.variables, **place} == host.variables
    connect = {name: value for name, value in host.variables.items() if name.startswith("ansible_")}
    assert connect == {
        "ansible_host": "20.1.2.3",
        "ansible_port": 50001,
        "ansible_user": "boss",
        "ansible_ssh_private_key_file": "~/k",
    }
    assert host.all_groups(ALL_GROUPINGS) == [
        "aml_nodes", "aml_reachable", "workspace_a", "cluster_cpu", "type_amlcompute", "state_idle", "size_standard_ds3_v2", "location_eastus",
        "resource_group_rg", f"subscription_{S1}",
    ]  # fmt: skip
    assert host.all_groups([]) == ["aml_nodes", "aml_reachable"]


def test_an_unreachable_machine_is_a_host_with_a_reason() -> None:
    records = reader(world()).read()
    off = hosts_of(records, "nodes", HostFilter(states=("stopped",)), _nodes.SshPreferences(), JumpHost())[0]
    assert off.variables["aml_reachable"] is False and off.variables["aml_reason"] == "The instance is stopped."
    assert off.all_groups(["cluster", "state"]) == ["aml_nodes", "state_stopped"]


def test_the_jump_host_is_for_private_addresses() -> None:
    records = reader(world()).read()
    jump_host = JumpHost("fe80::1", "ops", 2222)
    inside = hosts_of(records, "nodes", HostFilter(), _nodes.SshPreferences("private"), jump_host)[0]
    assert inside.variables["ansible_host"] == "10.0.0.1" and inside.variables["ansible_port"] == 22
    assert shlex.split(inside.variables["ansible_ssh_common_args"]) == ["-o", "ProxyJump=ops@[fe80::1]:2222"]
    outside = hosts_of(records, "nodes", HostFilter(), _nodes.SshPreferences("public"), jump_host)[0]
    assert "ansible_ssh_common_args" not in outside.variables


def test_names_are_told_apart_as_far_as_needed() -> None:
    groups = [("ws", "rg", S1), ("ws", "rg2", S1), ("ws", "rg", S2), ("other", "rg", S1), ("alone", "rg", S1)]
    made = [inventory.Host("alone" if place[0] == "alone" else "laptop", place, {}, {}, ()) for place in groups]
    make_names_unique(made)
    assert [host.name for host in made] == [
        f"{S1}-rg-ws-laptop",
        "rg2-ws-laptop",
        f"{S2}-rg-ws-laptop",
        "other-laptop",
        "alone",
    ]


def machine_host(name: str, workspace_name: str, named: int = 1) -> inventory.Host:
    return inventory.Host(name, (workspace_name, "rg", S1), {}, {}, (), named)


def test_no_host_takes_a_name_that_is_taken_or_reserved_and_it_is_told() -> None:
    taken = {"ws-db": "the host 'ws-db' of the inventory", "ws-web": "w", "rg-ws-web": "w", f"{S1}-rg-ws-web": "w"}
    hosts = [
        machine_host(*item)
        for item in (
            ("ws-DB", "ws"),
            ("ws-web", "ws"),
            ("localhost", "ws", 0),
            ("all", "all"),
            ("ws-free", "ws"),
            ("a b", "ws"),
        )
    ]
    named, messages = make_names_unique(hosts, taken)
    assert [host.name for host in named] == [
        "rg-ws-DB",
        _nodes.longer_name("ws-web", f"{S1}/rg/ws/ws-web"),
        "ws-localhost",
        "rg-all",
        "ws-free",
    ]
    assert [message.split()[0] for message in messages] == ["'ws-DB'", "'ws-web'", "'localhost'", "'all'", "'a"]
    assert "called 'rg-ws-DB', because that is the name of the host 'ws-db' of the inventory" in messages[0]
    assert (
        "because that is the name of w" in messages[1]
        and "is not a host" in messages[4]
        and "machine that runs Ansible" in messages[2]
    )


def test_names_that_differ_in_case_only_are_one_name() -> None:
    other = inventory.Host("ws-one", ("WS", "rg2", S1), {}, {}, (), 1)
    named, messages = make_names_unique([machine_host("ws-One", "ws"), other])
    assert [host.name for host in named] == [
        "rg-ws-One",
        "rg2-ws-one",
    ] and "another machine has that name too" in messages[0]


def clash(number: int, name: str = "a-b-c", **variables: str) -> inventory.Host:
    """A machine of one resource group that is called like others."""
    return inventory.Host(name, (f"ws{number}", "rg", S1), {"aml_machine_id": f"/ids/{number}", **variables}, {}, (), 1)


@pytest.mark.parametrize("order", [1, -1])
def test_names_that_no_place_separates_get_digits_of_the_id_in_any_order(order: int) -> None:
    """``c`` of the workspace ``a-b`` and ``b-c`` of ``a``; and expressions that are the same for the nodes of a cluster."""
    records = [
        {
            "workspace": inventory.workspace_facts(workspace(name)),
            "machines": [asdict(_nodes.instance(instance(target)))],
        }
        for name, target in (("a-b", "c"), ("a", "b-c"), ("alone", "c"))
    ]
    nodes = [
        inventory.Host("node", ("ws", "rg", S1), {"aml_machine_id": f"/ids/{number}"}, {}, ()) for number in range(2)
    ]
    made = [*hosts_of(records, "nodes", HostFilter(), _nodes.SshPreferences(), JumpHost()), *nodes][::order]
    named, messages = make_names_unique(made)
    names = {host.id: host.name for host in named}
    assert [host.id for host in named] == [host.id for host in made] and len(set(names.values())) == 5
    for host_id, prefix in (
        (f"{workspace_id('a-b')}/computes/c", "a-b-c"),
        (f"{workspace_id('a')}/computes/b-c", "a-b-c"),
        ("/ids/0", "node"),
    ):
        assert names[host_id.casefold()] == _nodes.longer_name(prefix, host_id) and re.fullmatch(
            f"{prefix}-[0-9a-f]{{8}}", names[host_id.casefold()]
        )
        assert [names[host_id.casefold()] in message for message in messages].count(True) == 1
    assert names[f"{workspace_id('alone')}/computes/c".casefold()] == "alone-c"
    assert len(messages) == 4 and any(
        f"another machine has that name too: {workspace_id('a')}/computes/b-c".casefold() in message
        for message in messages
    )


def test_whoever_guesses_the_longer_name_takes_away_at_most_that_host() -> None:
    guessed = [_nodes.longer_name("a-b-c", "/ids/1", digits) for digits in (8, 16, 64)]
    made = [clash(1), clash(2), clash(3, guessed[0]), clash(9, "free")]
    named, messages = make_names_unique(made)
    assert [host.name.startswith(prefix) for host, prefix in zip(named, ("a-b-c-", "a-b-c-", "", "free"))] == [
        True
    ] * 4 and len(named) == 4
    assert len({host.name for host in named}) == 4 and len(messages) == 3
    named, messages = make_names_unique(
        [clash(1), clash(2)],
        {name: "the host of another" for name in guessed} | {"rg-a-b-c": "x", f"{S1}-rg-a-b-c": "x"},
    )
    assert [host.id for host in named] == ["/ids/2"] and "is not a host" in messages[0] and "/ids/2" in messages[0]


def test_a_machine_that_is_listed_twice_is_one_host() -> None:
    named, messages = make_names_unique([clash(1), clash(1), clash(2, "other")])
    assert [host.name for host in named] == ["a-b-c", "other"] and messages == []


def test_the_fingerprint_is_of_the_question_and_of_who_asks() -> None:
    base = Scope(subscriptions=(S1,)).fingerprint({"client_id": "one"})
    assert base == Scope(subscriptions=(S1,)).fingerprint({"client_id": "one"})
    others = [
        Scope(subscriptions=(S2,)),
        Scope(subscriptions=(S1,), types=()),
        Scope(subscriptions=(S1,), workspace_tags={"a": None}),
    ]
    assert (
        len(
            {
                base,
                Scope(subscriptions=(S1,)).fingerprint({"client_id": "two"}),
                *(other.fingerprint({"client_id": "one"}) for other in others),
            }
        )
        == 5
    )


# --- workspaces as hosts ---


def test_workspaces_become_hosts_with_their_facts() -> None:
    client = world()
    records = reader(client, hosts="workspaces").read()
    assert client.asked == [f"/subscriptions/{S1}/{PROVIDER}"], "no compute target is asked for"
    hosts = {
        host.name: host
        for host in hosts_of(records, "workspaces", HostFilter(), _nodes.SshPreferences(host_prefix="ml-"), JumpHost())
    }
    assert set(hosts) == {"ml-a", "ml-b"}
    assert hosts["ml-a"].variables == {
        "subscription_id": S1, "resource_group": "rg", "workspace": "a", "location": "eastus",
        "aml_id": workspace_id("a"), "aml_kind": "default", "aml_tags": {"Stage": "prod"}, "aml_state": "unknown",
    }  # fmt: skip
    assert hosts["ml-a"].all_groups(ALL_GROUPINGS) == [
        "aml_workspaces",
        "location_eastus",
        "resource_group_rg",
        f"subscription_{S1}",
    ]
    tagged = hosts_of(records, "workspaces", HostFilter(tags={"Stage": "prod"}), _nodes.SshPreferences(), JumpHost())
    assert [host.variables["workspace"] for host in tagged] == ["a"]


@pytest.mark.parametrize("kind", ["workspaces", "nodes"])
def test_endpoints_are_read_where_they_are_asked_for(kind: str) -> None:
    path = f"{workspace_id('a')}/onlineEndpoints"
    uri = "https://iris.eastus.inference.ml.azure.com/score"
    properties = {"authMode": "Key", "scoringUri": uri, "traffic": {"blue": 100}, "provisioningState": "Succeeded"}
    served = {"id": f"{path}/iris", "name": "iris", "location": "eastus", "properties": properties}
    client = world(**{path: [served], f"{workspace_id('b')}/onlineEndpoints": []})
    hosts = found(reader(client, hosts=kind, endpoints=True).read(), kind)
    assert client.asked.count(path) == 1
    (iris,) = hosts["a"].variables["aml_online_endpoints"].values()
    assert (iris["name"], iris["scoring_uri"], iris["auth_mode"], iris["traffic"]) == (
        "iris",
        uri,
        "key",
        {"blue": 100},
    )
    assert "aml_serving" in hosts["a"].groups
    if kind == "workspaces":
        assert hosts["b"].variables["aml_online_endpoints"] == {} and "aml_serving" not in hosts["b"].groups
    unasked = found(reader(world(), hosts=kind).read(), kind)
    assert "aml_online_endpoints" not in unasked["a"].variables


def found(records: list[inventory.Record], kind: str) -> dict[str, inventory.Host]:
    """A host of each workspace."""
    hosts = hosts_of(records, kind, HostFilter(), _nodes.SshPreferences(), JumpHost())
    return {host.variables["workspace"]: host for host in hosts}


def test_endpoints_that_cannot_be_read_are_a_problem() -> None:
    answers = {
        f"{workspace_id('a')}/onlineEndpoints": ["no document"],
        f"{workspace_id('b')}/onlineEndpoints": absent(),
    }
    broken = reader(world(**answers, **{workspace_id("b"): workspace("b")}), hosts="workspaces", endpoints=True)
    (record,) = broken.read()
    assert record["workspace"]["workspace"] == "a" and record["endpoints"] == []
    assert len(broken.problems) == 2


def test_a_workspace_with_an_id_that_is_none_is_told() -> None:
    with pytest.raises(AmlError, match="which is none") as caught:
        inventory.workspace_facts({"id": "/subscriptions/s", "name": "a"})
    assert caught.value.code == "UnexpectedAnswer"


def test_without_a_jump_host_nothing_is_jumped_over() -> None:
    records = reader(world()).read()
    inside = hosts_of(records, "nodes", HostFilter(), _nodes.SshPreferences("private"), JumpHost())[0]
    assert inside.variables["ansible_host"] == "10.0.0.1" and "ansible_ssh_common_args" not in inside.variables


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (f"{workspace_id('b')}/computes", "workspace b"),
        (f"{workspace_id('a')}/computes/cpu/listNodes", "subscriptions/"),
    ],
)
def test_an_unforeseen_error_in_one_thread_is_a_problem_and_all_else_stays(place: str, told: str) -> None:
    found = reader(world(**{place: KeyError("not foreseen")}))
    records = found.read()
    assert [problem.error.code for problem in found.problems] == ["InternalError"] and str(
        found.problems[0]
    ).startswith(told), found.problems
    assert "a-on" in names(records)


def test_an_unforeseen_error_in_one_list_leaves_the_others() -> None:
    found = reader(
        world(**{f"/subscriptions/s-odd/{PROVIDER}": TypeError("not foreseen")}), subscriptions=("s-odd", S1)
    )
    assert [item["workspace"]["workspace"] for item in found.read()] == ["a", "b"]
    assert [(problem.where, problem.error.code) for problem in found.problems] == [
        ("subscriptions/s-odd", "InternalError")
    ]
