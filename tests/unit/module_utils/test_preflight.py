# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pre-flight's checks as pure functions: facts in, findings out; and a gatherer that reads each thing once.

Rules: docs/facts.md b.2, f.23; docs/coverage.md CC1, CC3 to CC5, CI1, 1.11. What the simulator cannot show stands here.
"""

from __future__ import annotations

import threading
import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._capacity import sizes as _sizes
from ansible_collections.azureml.compute.plugins.module_utils._capacity import usages as _usages
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import compute_target
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError
from ansible_collections.azureml.compute.plugins.module_utils._core.redact import secrets_in
from ansible_collections.azureml.compute.plugins.module_utils._preflight.capacity import free_addresses
from ansible_collections.azureml.compute.plugins.module_utils._preflight.checks import PreflightFailed
from ansible_collections.azureml.compute.plugins.module_utils._preflight.facts import DesiredTarget, Facts
from ansible_collections.azureml.compute.plugins.module_utils._preflight.gather import Gatherer
from ansible_collections.azureml.compute.plugins.module_utils._preflight.run import check, refuse
from hypothesis import given
from hypothesis import strategies as st

SUBSCRIPTION = "11111111-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet"
FAMILY = "standardDSv2Family"


def size(
    name: str = "Standard_DS3_v2", family: str = FAMILY, types: t.Sequence[str] = ("AmlCompute", "ComputeInstance")
) -> t.Any:
    return {
        "name": name,
        "family": family,
        "vCPUs": 4,
        "lowPriorityCapable": True,
        "supportedComputeTypes": list(types),
    }


def usage(name: str, current: int, limit: int, kind: str = "vmFamily/dedicatedCores") -> t.Any:
    return {
        "name": {"value": name},
        "currentValue": current,
        "limit": limit,
        "type": f"x/{kind}/usages",
        "id": GROUP.rsplit("/resourceGroups", 1)[0],
    }


def facts(
    sizes: t.Sequence[t.Any] = (size(),), usages: t.Sequence[t.Any] = (usage(FAMILY, 0, 100),), **more: t.Any
) -> Facts:
    read = {
        ("workspace", WORKSPACE.casefold()): {"name": "ws", "location": "East US", "properties": {}},
        ("sizes", "eastus"): _sizes.by_name(sizes),
        ("usages", "eastus"): _usages.Usages(usages),
        ("quotas", "eastus"): [],
    }
    return Facts({**read, **more.get("read", {})}, more.get("unread", {}))


def desired(name: str = "cluster", type_: str = "amlcompute", **wanted: t.Any) -> DesiredTarget:
    existing, replaces = wanted.pop("existing", None), wanted.pop("replaces", False)
    return DesiredTarget(
        type_,
        compute_target(SUBSCRIPTION, "rg", "ws", name),
        {"size": "standard_ds3_V2", "max_instances": 1, **wanted},
        existing,
        replaces,
    )


def body(
    size_name: str = "STANDARD_DS3_V2", nodes: int = 0, kind: str = "AmlCompute", name: str = "cluster", **inner: t.Any
) -> dict[str, t.Any]:
    outer = {
        "computeType": kind,
        "computeLocation": "eastus",
        "properties": {"vmSize": size_name, "currentNodeCount": nodes, **inner},
    }
    return {"name": name, "location": "eastus", "properties": outer}


def codes(*desired_targets: DesiredTarget, given: Facts | None = None) -> list[str]:
    return [desired_target.code for desired_target in check(desired_targets, given or facts())]


# --- sizes ---


def test_a_size_for_another_kind() -> None:
    only_instances = facts(sizes=[size(types=["ComputeInstance"])])
    assert codes(desired(), given=only_instances) == ["SizeNotForKind"]
    assert codes(desired(type_="computeinstance"), given=only_instances) == []
    # A list without the property tells nothing.
    assert codes(desired(), given=facts(sizes=[size(types=[])])) == []


def test_other_kinds_have_no_size_of_the_service() -> None:
    # Clusters of the legacy kind are retired, whatever their size.
    assert codes(desired(type_="aks", size="Standard_Nope")) == ["Retired"]
    assert codes(desired("vm", "virtualmachine", size="Standard_Nope")) == []


# --- quotas ---


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.integers(0, 40), st.integers(0, 60))
def test_the_sum_against_what_is_left(minimums: list[int], used: int, limit: int) -> None:
    """The minimum nodes of all, of four cores each, and at least one node for a single creation; what could be needed is a warning."""
    desired_targets = [
        desired(f"cluster-{chr(97 + index)}", min_instances=least, max_instances=max(1, least))
        for index, least in enumerate(minimums)
    ]
    found = codes(*desired_targets, given=facts(usages=[usage(FAMILY, used, limit)]))
    left = max(0, limit - used)
    need, most = max(4, sum(4 * least for least in minimums)), sum(4 * max(1, least) for least in minimums)
    assert found == (["FamilyQuotaExceeded"] if need > left else ["QuotaBelowMaximum"] if most > left else [])


def test_no_cap_is_no_limit() -> None:
    assert codes(desired(min_instances=50, max_instances=50), given=facts(usages=[usage(FAMILY, 0, -1)])) == []


def test_a_family_without_usage_is_not_silently_fine() -> None:
    found = check([desired()], facts(usages=[]))
    assert [(item.code, item.severity) for item in found] == [("QuotaUnknown", "warning")]


def test_a_replacement_gives_back_what_it_held() -> None:
    full = facts(usages=[usage(FAMILY, 8, 8)])
    replaced = {"existing": body(nodes=2), "replaces": True}
    assert "FamilyQuotaExceeded" not in codes(desired(min_instances=2, max_instances=2, **replaced), given=full)
    assert "FamilyQuotaExceeded" in codes(desired(min_instances=3, max_instances=3, **replaced), given=full)
    # What it held of another family is no help.
    other = facts(
        sizes=[size(), size("Standard_D4s_v3", family="other")], usages=[usage(FAMILY, 8, 8), usage("other", 0, 0)]
    )
    assert "FamilyQuotaExceeded" in codes(desired(size="Standard_D4s_v3", **replaced), given=other)


def test_an_instance_that_exists_holds_its_cores_also_when_stopped() -> None:
    full = facts(usages=[usage(FAMILY, 4, 4), usage("TotalClusters", 1, 1, "totalClusters")])
    assert (
        codes(desired(type_="computeinstance", existing=body(kind="ComputeInstance", state="Stopped")), given=full)
        == []
    )
    assert codes(desired(type_="computeinstance"), given=full) == ["FamilyQuotaExceeded", "ComputeCountExceeded"]


def test_low_priority_families_have_a_cap_where_the_service_says_so() -> None:
    low = desired(tier="low_priority")
    total = usage("TotalLowPriorityCores", 0, 100, "totalLowPriorityCores")
    capped = usage(FAMILY, 0, 3, "vmFamily/lowPriorityCores")
    assert codes(low, given=facts(usages=[total])) == ["Retired"]
    assert codes(low, given=facts(usages=[total, capped])) == ["FamilyQuotaExceeded", "Retired"]


def test_a_workspaces_quota_counts_what_is_in_it() -> None:
    computes = [
        body(nodes=1),
        body(nodes=5, vmPriority="LowPriority"),
        body(kind="ComputeInstance"),
        body("STANDARD_OTHER", 9),
        {"name": "bare", "properties": {"computeType": "Databricks", "properties": None}},
    ]

    def limited(limit: int) -> Facts:
        own = {"name": {"value": FAMILY.upper()}, "limit": limit, "id": f"{WORKSPACE}/quotas/{FAMILY}"}
        return facts(read={("quotas", "eastus"): [own], ("computes", WORKSPACE.casefold()): computes})

    # A node of four cores and an instance of four are there; four more are wanted.
    assert codes(desired("new"), given=limited(11)) == ["WorkspaceQuotaExceeded"]
    assert codes(desired("new"), given=limited(12)) == []


def test_many_nodes() -> None:
    plenty = facts(usages=[usage(FAMILY, 0, 10000)])
    assert codes(desired(max_instances=101), given=plenty) == ["ManyNodes"]
    assert codes(desired(max_instances=100), given=plenty) == []


# --- networks ---


@pytest.mark.parametrize(
    ("properties", "free"),
    [
        ({"addressPrefix": "10.0.0.0/24"}, 251),
        ({"addressPrefix": "10.0.0.0/29", "ipConfigurations": [{}, {}]}, 1),
        ({"addressPrefixes": ["10.0.0.0/28", "10.0.1.0/28"]}, 22),
        ({"addressPrefixes": ["10.0.0.0/28", "fd00::/64"]}, 11),
        ({"addressPrefix": "10.0.0.7/29"}, 3),
        ({}, None),
    ],
)
def test_free_addresses(properties: dict[str, t.Any], free: int | None) -> None:
    assert free_addresses({"properties": properties}) == free


def subnet(prefix: str = "10.0.0.0/29", **more: t.Any) -> dict[str, t.Any]:
    network = {
        "name": "vnet",
        "location": "eastus",
        "properties": {"subnets": [{"name": "nodes", "properties": {"addressPrefix": prefix}}]},
        **more,
    }
    return {("network", NETWORK.casefold()): network}


def test_nodes_that_are_there_already_have_their_addresses() -> None:
    inside = {"network_settings.subnet": f"{NETWORK}/subnets/NODES"}
    there = body(nodes=2, subnet={"id": f"{NETWORK}/subnets/nodes"})
    assert codes(desired(max_instances=5, existing=there, **inside), given=facts(read=subnet())) == []
    assert codes(desired(max_instances=6, existing=there, **inside), given=facts(read=subnet())) == ["SubnetTooSmall"]
    elsewhere = body(nodes=2, subnet=None)
    assert "SubnetTooSmall" in codes(
        desired(max_instances=5, existing=elsewhere, replaces=True, **inside), given=facts(read=subnet())
    )


def test_a_network_of_another_subscription() -> None:
    foreign = NETWORK.replace("11111111", "22222222")
    read = {("network", foreign.casefold()): next(iter(subnet().values()))}
    assert codes(desired(**{"network_settings.subnet": f"{foreign}/subnets/nodes"}), given=facts(read=read)) == [
        "NetworkInOtherSubscription"
    ]


# --- locks ---


@pytest.mark.parametrize(
    ("scope", "concerned"),
    [
        (GROUP, True),
        (GROUP.upper(), True),
        (WORKSPACE, True),
        (f"/subscriptions/{SUBSCRIPTION}", True),
        (f"{GROUP}-other", False),
        (f"{WORKSPACE}2", False),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st", False),
        (NETWORK, False),
    ],
)
def test_whom_a_lock_concerns(scope: str, concerned: bool) -> None:
    lock = {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/keep",
        "name": "keep",
        "properties": {"level": "CanNotDelete"},
    }
    found = codes(desired(), given=facts(read={("locks", GROUP.casefold()): [lock]}))
    assert found == (["ScopeLocked"] if concerned else [])


def test_attached_compute_minds_read_only_locks_alone() -> None:
    def locked(level: str) -> Facts:
        lock = {
            "id": f"{GROUP}/providers/Microsoft.Authorization/locks/keep",
            "name": "keep",
            "properties": {"level": level},
        }
        return facts(read={("locks", GROUP.casefold()): [lock]})

    assert codes(desired(type_="kubernetes"), given=locked("CanNotDelete")) == []
    assert codes(desired(type_="kubernetes"), given=locked("ReadOnly")) == ["ScopeLocked"]


# --- what could not be read; the failure ---


def test_what_could_not_be_read() -> None:
    denied = ArmError("No.", code="AuthorizationFailed", status=403)
    found = check([desired()], Facts(facts().read, {("usages", "westus"): denied, ("identity", "/x"): denied}))
    assert [(item.code, item.severity) for item in found] == [("NotChecked", "warning")] * 2


def test_a_failure_has_all_findings_and_warnings_alone_are_none() -> None:
    found = check([desired(size="Standard_Nope"), desired("wide", max_instances=26)], facts())
    assert [(item.code, item.severity) for item in found] == [
        ("SizeNotOffered", "error"),
        ("QuotaBelowMaximum", "warning"),
    ]
    with pytest.raises(PreflightFailed) as failed:
        refuse(found, "It")
    assert [detail["code"] for detail in failed.value.details] == [
        "SizeNotOffered",
        "QuotaBelowMaximum",
    ] and "Nothing was written" in str(failed.value.hint)
    refuse(found[1:], "It")
    with pytest.raises(PreflightFailed):
        refuse(found[1:], "It", "warning")
    refuse(found, "It", "never")


# --- the gatherer ---


class Client:
    """Answers like ArmClient, and says what it was asked; ``fails`` are path endings with the status that they get."""

    def __init__(self, **fails: int) -> None:
        self.fails = fails
        self.asked: list[str] = []
        self._lock = threading.Lock()

    def _ask(self, path: str) -> str:
        last = path.rsplit("/", 1)[-1]
        with self._lock:
            self.asked.append(last)
        if last in self.fails:
            raise ArmError(f"Status {self.fails[last]}.", code="Refused", status=self.fails[last])
        return last

    def find(self, path: str, api_version: str) -> t.Any:
        return {"ws": {"name": "ws", "location": "eastus", "properties": {}}}.get(self._ask(path))

    def list(self, path: str, api_version: str) -> list[t.Any]:
        return {"vmSizes": [size()], "usages": [usage(FAMILY, 0, 100)]}.get(self._ask(path), [])


def gather(client: Client, *desired_targets: DesiredTarget) -> Facts:
    return Gatherer(client, SUBSCRIPTION).gather(desired_targets)


def test_each_thing_is_read_once_and_only_what_is_needed() -> None:
    one, many = Client(), Client()
    gather(one, desired())
    gather(many, *(desired(f"cluster-{chr(97 + index)}") for index in range(20)))
    assert sorted(one.asked) == sorted(many.asked) == ["locks", "quotas", "usages", "vmSizes", "ws"]
    attached = Client()
    gather(attached, desired(type_="kubernetes"))
    assert sorted(attached.asked) == ["locks", "ws"]


@pytest.mark.parametrize("what", ["locks", "usages", "quotas", "vmSizes"])
def test_a_right_that_is_missing_leaves_one_check_out(what: str) -> None:
    found = check([desired()], gather(Client(**{what: 403}), desired()))
    assert [item.code for item in found] == ["NotChecked"]


def test_a_service_that_is_down_stops_the_task() -> None:
    with pytest.raises(ArmError):
        gather(Client(locks=503), desired())


def test_a_group_that_is_not_there_has_no_locks() -> None:
    assert check([desired()], gather(Client(locks=404), desired())) == []


# --- secrets of lists without a spec ---


def test_secrets_are_found_by_their_names() -> None:
    entries = [
        {
            "name": "a",
            "ssh_settings": {
                "admin_username": "u",
                "admin_password": "one",
                "ssh_private_key": "two",
                "ssh_key_value": "public",
            },
        },
        {
            "name": "b",
            "access_token": "three",
            "ssl": {"key": "four", "cert": "public"},
            "credentials": {"account_key": "six", "certificate": "seven", "thumbprint": "public"},
            "update_password": "always",
            "client_secrets": [5],
        },
        {
            "name": "c",
            "ssh_settings": {"ssh_private_key_file": "no-secret"},
            "oidc_token_file_path": "no-secret",
            "update_secrets": False,
        },
    ]
    assert secrets_in(entries) == {"one", "two", "three", "four", "5", "six", "seven"}


def test_addresses_of_a_prefix_that_is_none_are_unknown() -> None:
    assert free_addresses({"properties": {"addressPrefix": "10.0.0.0"}}) == 1 - 5
    assert free_addresses({"properties": {"addressPrefixes": ["10.0.0.0/24", "soon"]}}) is None
