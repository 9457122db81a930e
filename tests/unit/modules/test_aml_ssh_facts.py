# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_ssh_facts on a scripted wire: which requests it sends, what it returns, and that its documentation names every key.

Sources: the module's documentation; docs/facts.md a.1 and a.6 (listNodes is a POST, its pages follow nextLink).
"""

from __future__ import annotations

import importlib
import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.module_run import ML, WORKSPACE_ID, Printed, failed, succeeded
from ansible_collections.azureml.compute.tests.support.wire import HOST, Call

MODULE = "aml_ssh_facts"
SCOPE = {"resource_group": "rg", "workspace": "ws-one"}
COMPUTES = f"{WORKSPACE_ID}/computes"
VERSION = {"api-version": ML}


def cluster(name: str = "cpu", nodes: int = 2) -> dict[str, t.Any]:
    account = {"adminUserName": "boss", "adminUserPassword": None, "adminUserSshPublicKey": "ssh-rsa AAAA"}
    inner = {"remoteLoginPortPublicAccess": "Enabled", "userAccountCredentials": account, "currentNodeCount": nodes}
    return {"id": f"{COMPUTES}/{name}", "name": name, "properties": {"computeType": "AmlCompute", "properties": inner}}


def instance(name: str = "laptop") -> dict[str, t.Any]:
    inner = {
        "state": "Running",
        "sshSettings": {
            "sshPublicAccess": "Enabled",
            "adminUserName": "azureuser",
            "sshPort": 50000,
            "adminPublicKey": None,
        },
        "connectivityEndpoints": {"publicIpAddress": "20.9.9.9", "privateIpAddress": "10.1.0.5"},
    }
    return {
        "id": f"{COMPUTES}/{name}",
        "name": name,
        "properties": {"computeType": "ComputeInstance", "properties": inner},
    }


def item(number: int, state: str = "idle") -> dict[str, t.Any]:
    return {
        "nodeId": f"tvm-{number}", "privateIpAddress": f"10.0.0.{number}", "publicIpAddress": "20.1.2.3", "port": 50000 + number,
        "nodeState": state, "runId": None,
    }  # fmt: skip


def get(name: str, body: dict[str, t.Any] | None) -> Call:
    missing = {"status": 404, "json": {"error": {"code": "ResourceNotFound", "message": "no"}}}
    return Call("GET", f"{COMPUTES}/{name}", query=VERSION, **(missing if body is None else {"json": body}))


def nodes_page(*items: dict[str, t.Any], method: str = "POST", link: str | None = None, **more: t.Any) -> Call:
    body = {"computeType": "AmlCompute", "nodes": list(items), **({"nextLink": f"{HOST}{link}"} if link else {})}
    return Call(method, f"{COMPUTES}/cpu/listNodes", json=body, **{"query": VERSION, **more})


def facts(options: dict[str, t.Any], *calls: Call, **more: t.Any) -> tuple[dict[str, t.Any], Printed]:
    result = succeeded(MODULE, {**SCOPE, **options}, calls, **more)
    assert result["changed"] is False and list(result["ansible_facts"]) == ["aml_ssh"]
    return result["ansible_facts"]["aml_ssh"], result


@pytest.mark.parametrize("check", [False, True])
def test_cluster_over_pages(check: bool) -> None:
    """The same in check mode: listNodes is a POST that only reads."""
    second = nodes_page(item(2), method="GET", query={"$skip": "x"})
    ssh_facts, _wire = facts(
        {"name": "cpu"},
        get("cpu", cluster()),
        nodes_page(item(1), link=f"{COMPUTES}/cpu/listNodes?$skip=x"),
        second,
        check=check,
    )
    assert [(node["name"], node["ssh"]) for node in ssh_facts["nodes"]] == [
        ("ws-one-cpu-tvm-1", "ssh -p 50001 boss@20.1.2.3"),
        ("ws-one-cpu-tvm-2", "ssh -p 50002 boss@20.1.2.3"),
    ]
    assert (ssh_facts["workspace"], ssh_facts["resource_group"]) == ("ws-one", "rg")


def test_workspace() -> None:
    """Everything in one listing; what the options leave out stays out."""
    listing = Call("GET", COMPUTES, json={"value": [cluster(), cluster("idle", 0), instance()]}, query=VERSION)
    options = {"private_key_file": "/k", "scp_file": "f", "host_prefix": "p-", "node_state": ["idle", "running"]}
    ssh_facts, _wire = facts(options, listing, nodes_page(item(1), item(2, "preparing")))
    assert [node["name"] for node in ssh_facts["nodes"]] == ["p-cpu-tvm-1", "p-laptop"]
    assert ssh_facts["nodes"][1]["scp"] == "scp -i /k -P 50000 f azureuser@20.9.9.9:~/"
    assert ssh_facts["ssh_config"] == ssh_facts["nodes"][0]["ssh_config"] + "\n" + ssh_facts["nodes"][1]["ssh_config"]


def test_a_reserved_name_of_a_prefix_gets_the_workspace_and_is_told() -> None:
    named = {**instance(), "name": "localhost"}
    ssh_facts, result = facts({"host_prefix": ""}, Call("GET", COMPUTES, json={"value": [named]}, query=VERSION))
    assert [node["name"] for node in ssh_facts["nodes"]] == [
        "ws-one-localhost"
    ] and "'localhost' is a reserved name" in str(result["warnings"])


def test_types_and_preference() -> None:
    listing = Call("GET", COMPUTES, json={"value": [cluster(), instance()]})
    ssh_facts, _wire = facts({"type": ["computeinstance"], "prefer": "private"}, listing)
    assert [(node["name"], node["address"], node["port"]) for node in ssh_facts["nodes"]] == [
        (f"{SCOPE['workspace']}-laptop", "10.1.0.5", 22)
    ]


def test_unreachable_nodes_are_returned_with_the_reason() -> None:
    ssh_facts, _wire = facts({"name": "cpu"}, get("cpu", cluster()), nodes_page(item(1, "preparing")))
    (one,) = ssh_facts["nodes"]
    assert (one["reachable"], one["reason"], one["ssh"], ssh_facts["ssh_config"]) == (
        False,
        "The node is preparing.",
        None,
        "",
    )


def test_name_that_is_not_there() -> None:
    ssh_facts, result = facts({"name": "nobody"}, get("nobody", None))
    assert ssh_facts["nodes"] == [] and "nobody" in str(result["warnings"])


def gone() -> Call:
    missing = {"error": {"code": "ResourceNotFound", "message": "no"}}
    return Call("POST", f"{COMPUTES}/cpu/listNodes", query=VERSION, status=404, json=missing)


def test_a_cluster_that_is_deleted_meanwhile_has_no_nodes() -> None:
    """Named or listed, whatever else the workspace has; it is asked for again, because the list may be missing for another reason."""
    listing = Call("GET", COMPUTES, json={"value": [cluster(), instance()]}, query=VERSION)
    for options, first, left in (({}, listing, ["ws-one-laptop"]), ({"name": "cpu"}, get("cpu", cluster()), [])):
        ssh_facts, result = facts(options, first, gone(), get("cpu", None))
        assert [node["name"] for node in ssh_facts["nodes"]] == left
        assert "'cpu' was deleted while its nodes were read" in str(result["warnings"])
    failed("ResourceNotFound", MODULE, SCOPE, [listing, gone(), get("cpu", cluster())])


@pytest.mark.parametrize(
    ("code", "options"),
    [("InvalidHostPrefix", {"host_prefix": "a b"}), ("InvalidResourceGroupName", {"resource_group": "bad/group"})],
)
def test_refused_without_a_request(code: str, options: dict[str, t.Any]) -> None:
    failed(code, MODULE, {**SCOPE, **options})


def test_documentation_names_every_key() -> None:
    module = importlib.import_module(f"ansible_collections.azureml.compute.plugins.modules.{MODULE}")
    documented = yaml.safe_load(module.RETURN)["ansible_facts"]["contains"]["aml_ssh"]["contains"]
    ssh_facts, _wire = facts({"name": "laptop"}, get("laptop", instance()))
    assert set(ssh_facts) == set(documented)
    assert set(ssh_facts["nodes"][0]) == set(documented["nodes"]["contains"])
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    for name, row in module.SPEC.items():
        if name in options:
            assert (row["type"], row.get("choices"), row.get("default")) == tuple(
                options[name].get(key) for key in ("type", "choices", "default")
            )
