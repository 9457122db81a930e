# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The official examples of requests and answers, sent to the simulator: it takes what they send, and answers with what they answer."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE_ID, Azure, azure  # noqa: F401  # pylint: disable=unused-import
from ansible_collections.azureml.compute.tests.support.official_types import PREVIEW, SPEC, STABLE, Types

EXAMPLES = SPEC / "examples" / "2023-08-01-preview"

VERSION = "?api-version=2023-08-01-preview"
CREATIONS = (
    "AKSCompute",
    "AmlCompute",
    "BasicDataFactoryCompute",
    "ComputeInstance",
    "ComputeInstanceWithSchedules",
    "KubernetesCompute",
)
# What an example answers with and the simulator does not, and why.
MISSING = {
    # An instance's property; no recording of a cluster has it (docs/facts.md a.6 [REC R1, R5]).
    ("AmlCompute", "properties.properties.releaseQuotaOnStop"),
    # Its request has no subnet.
    ("AmlCompute", "properties.properties.subnet.id"),
}


def example(name: str) -> dict[str, t.Any]:
    """An example with our workspace, a network that is there, and a size that is not retired."""
    text = (EXAMPLES / f"{name}.json").read_text()
    for pattern, ours in (
        (
            r"/subscriptions/[0-9a-f-]+/resource[gG]roups/testrg123/providers/Microsoft.MachineLearningServices/workspaces/workspaces123",
            WORKSPACE_ID,
        ),
        (r"/subscriptions/[0-9a-f-]+/resource[gG]roups/testrg123", GROUP_ID),
        (
            r"\"test-subnet-resource-id\"",
            json.dumps(f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/training"),
        ),
        (r"STANDARD_NC6\b", "STANDARD_DS3_V2"),
    ):
        text = re.sub(pattern, ours, text)
    return dict(json.loads(text))


def paths(value: t.Any, path: str = "") -> set[str]:
    """The properties that a document has, items of lists not counted."""
    if not isinstance(value, dict):
        return {path}
    return {path} | {below for name, item in value.items() for below in paths(item, f"{path}.{name}".lstrip("."))} - {
        ""
    }


def differing(sent: t.Any, shown: t.Any, path: str = "") -> set[str]:
    """What was sent and is not shown with its value."""
    if isinstance(sent, dict) and isinstance(shown, dict):
        return {
            below
            for name, item in sent.items()
            for below in differing(item, shown.get(name), f"{path}.{name}".lstrip("."))
        }
    if isinstance(sent, list) and isinstance(shown, list) and len(sent) == len(shown):
        return {below for item, other in zip(sent, shown, strict=True) for below in differing(item, other, f"{path}[]")}
    same = str(sent).lower() == str(shown).lower() if path.endswith("vmSize") else sent == shown
    return set() if same else {path}


@pytest.fixture
def world(azure: Azure) -> Azure:  # noqa: F811
    azure.subnet()
    pools = [{"name": "np", "count": 3, "vmSize": "Standard_DS3_v2", "mode": "System"}]
    azure.resource(
        "Microsoft.ContainerService/managedClusters",
        "compute123-56826-c9b00420020b2",
        {"properties": {"dnsPrefix": "a", "agentPoolProfiles": pools}},
        "2023-05-01",
    )
    return azure


def create(world: Azure, name: str) -> tuple[dict[str, t.Any], dict[str, t.Any], dict[str, t.Any]]:
    """Send an example's creation; the example, the answer and the resource when it is ready."""
    told = example(f"createOrUpdate/{name}")
    answer = world.app.call("PUT", f"{WORKSPACE_ID}/computes/compute123{VERSION}", told["parameters"]["parameters"])
    assert answer.status == 201 and "Azure-AsyncOperation" in answer.headers
    world.app.clock.advance(900)
    return told, answer.body, world.compute("compute123")


@pytest.mark.parametrize("name", CREATIONS)
def test_creations(world: Azure, name: str) -> None:
    told, answer, ready = create(world, name)
    assert ready["properties"]["provisioningState"] == "Succeeded"
    later = [told["responses"]["200"]["body"]]
    if (EXAMPLES / "get" / f"{name}.json").exists():
        later.append(example(f"get/{name}")["responses"]["200"]["body"])
    wanted = [(told["responses"]["201"]["body"], answer), *((body, ready) for body in later)]
    missing = {(name, path) for body, shown in wanted for path in paths(body) - paths(shown)}
    assert missing == {item for item in MISSING if item[0] == name}
    assert answer["type"] == later[0]["type"] and answer["id"].lower() == later[0]["id"].lower()


@pytest.mark.parametrize("name", CREATIONS)
def test_what_was_sent_is_shown(world: Azure, name: str) -> None:
    told, _answer, ready = create(world, name)
    assert differing(told["parameters"]["parameters"], ready) == set()


def test_actions_and_changes(world: Azure) -> None:
    """The other examples, with their own bodies; where a recording contradicts the status, the recording's."""
    compute = f"{WORKSPACE_ID}/computes/compute123"

    def status(method: str, path: str, name: str, body: t.Any = None) -> tuple[int, set[int]]:
        answer = world.app.call(method, f"{path}{VERSION if '?' not in path else VERSION.replace('?', '&')}", body)
        world.app.clock.advance(300)
        return answer.status, {int(response) for response in example(name)["responses"]}

    create(world, "AmlCompute")
    patch = example("patch")["parameters"]["parameters"]
    patch["properties"]["properties"]["scaleSettings"]["maxNodeCount"] = 5
    assert status("PATCH", compute, "patch", patch) == (202, {200}), "docs/facts.md a.1 [REC R5]"
    nodes = world.app.call("POST", f"{compute}/listNodes{VERSION}").body["nodes"]
    assert {frozenset(node) for node in nodes} == {
        frozenset(example("listNodes")["responses"]["200"]["body"]["nodes"][0])
    }
    taken, told = status("DELETE", f"{compute}?underlyingResourceAction=Delete", "delete")
    assert taken == 202 and taken in told
    create(world, "ComputeInstance")
    mounts = example("updateDataMounts")["parameters"]["dataMounts"]
    idle = example("updateIdleShutdownSetting")["parameters"]["parameters"]
    size = example("resize")["parameters"]["parameters"]
    preview = VERSION.replace("2023-08-01", "2024-04-01")
    assert world.app.call("POST", f"{compute}/updateDataMounts{preview}", mounts).status == 200
    for verb, name, body, wanted in (
        ("updateIdleShutdownSetting", "updateIdleShutdownSetting", idle, 200),
        ("getAllowedVmSizesForResize", "getAllowedVMSizesForResize", None, 200),
        ("stop", "../2024-04-01/stop", None, 202),
        ("resize", "resize", size, 202),
    ):
        taken, told = status("POST", f"{compute}/{verb}", name, body)
        assert taken == wanted and taken in told, verb
    shown = world.compute("compute123")["properties"]["properties"]
    assert (shown["idleTimeBeforeShutdown"], shown["vmSize"]) == (
        idle["idleTimeBeforeShutdown"],
        size["targetVMSize"].upper(),
    )
    assert shown["dataMounts"][0]["mountPath"] == mounts[0]["mountPath"]


def test_the_examples_themselves_fit_the_types() -> None:
    """So that what the types refuse of the simulator's is no fault of how they are read."""
    types, found = Types(STABLE, PREVIEW), set()
    for name in [
        *(f"createOrUpdate/{creation}" for creation in CREATIONS),
        "get/AKSCompute",
        "get/KubernetesCompute",
        "patch",
    ]:
        for answer in example(name)["responses"].values():
            found |= {
                (name, deviation.path, deviation.what)
                for deviation in types.deviations("workspaces/computes", answer["body"])
            }
    # As MISSING says.
    assert found == {("createOrUpdate/AmlCompute", "properties.properties.releaseQuotaOnStop", "unknown")}
    sizes = example("getAllowedVMSizesForResize")["responses"]["200"]["body"]
    assert {
        deviation.path.rpartition(".")[2] for deviation in types.deviations("VirtualMachineSizeListResult", sizes)
    } == {
        "memoryGB",
        "retailPrice",
    }
