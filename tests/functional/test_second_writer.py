# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another writer changes the resource between the read and the write of a task: each form of update, after each read that a task makes."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, GROUP_ID, ML, WORKSPACE, WORKSPACE_ID, Azure

VNET = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet"
NETWORK, NETWORKS = (
    "2024-05-01",
    {"type": "Microsoft.Network/virtualNetworks", "name": "vnet", "api_version": "2024-05-01"},
)
STORAGES = {"type": "Microsoft.Storage/storageAccounts", "name": "account", "api_version": "2023-01-01"}
ACCOUNT = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/account"
CLUSTER, RULE = f"{WORKSPACE_ID}/computes/cpu", f"{WORKSPACE_ID}/outboundRules/theirs"


class Gap:
    """Calls ``act`` once, at a request of the module's: after its read number ``after``, or directly before its first write to the path."""

    def __init__(self, azure: Azure, path: str, act: t.Callable[[], None], after: int | None) -> None:
        self.azure, self.path, self.act, self.after = azure, path, act, after
        self.acted, self.reads = False, 0
        self.handle = azure.app.handle

    def __enter__(self) -> Gap:
        self.azure.app.handle = self._handle  # type: ignore[method-assign]
        return self

    def __exit__(self, *exc: object) -> None:
        self.azure.app.handle = self.handle  # type: ignore[method-assign]

    def _handle(self, request: t.Any) -> t.Any:
        # A token of the other writer's own marks its requests; those of the module come one at a time.
        here = not self.acted and request.path.lower().startswith(self.path.lower())
        reads = request.method == "GET"
        if here and not reads and self.after is None:
            self._act()
        answer = self.handle(request)
        if here and reads and request.path.lower() == self.path.lower():
            self.reads += 1
            if self.reads == self.after:
                self._act()
        return answer

    def _act(self) -> None:
        self.acted = True
        self.act()


def changed(azure: Azure, path: str, version: str, change: t.Callable[[t.Any], None]) -> t.Callable[[], None]:
    """Another writer who reads, changes and writes the whole document; done before the module's next request comes."""

    def act() -> None:
        body = copy.deepcopy(azure.get(path, version))
        change(body)
        body["properties"].pop("provisioningState", None)
        azure.arm("PUT", path, body, version, wait=60)

    return act


def own_network(azure: Azure) -> None:
    azure.arm(
        "PUT",
        VNET,
        {
            "location": "eastus",
            "tags": {"team": "a"},
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
        },
        NETWORK,
    )


def their_network(body: t.Any) -> None:
    body["tags"] = {**body["tags"], "theirs": "1"}
    body["properties"]["addressSpace"]["addressPrefixes"].append("10.9.0.0/16")


@pytest.mark.parametrize("after", [1, None], ids=["after the read", "before the write"])
@pytest.mark.parametrize(
    ("options", "ours"),
    [
        ({"tags": {"ours": "1"}}, {"tags": {"team": "a", "theirs": "1", "ours": "1"}}),
        ({"tags": {"team": None}}, {"tags": {"theirs": "1"}}),
        ({"body": {"properties": {"enableDdosProtection": True}}}, {"ddos": True}),
        (
            {"body": {"properties": {"enableDdosProtection": True}}, "tags": {"ours": "1"}},
            {"ddos": True, "tags": {"team": "a", "theirs": "1", "ours": "1"}},
        ),
        ({"body": {"properties": {"enableDdosProtection": True}}, "update_method": "patch"}, {"ddos": True}),
    ],
    ids=["tag", "tag removed", "property", "both", "patch"],
)
def test_a_network_keeps_what_the_other_writer_set(
    azure: Azure, options: dict[str, t.Any], ours: dict[str, t.Any], after: int | None
) -> None:
    own_network(azure)
    with Gap(azure, VNET, changed(azure, VNET, NETWORK, their_network), after) as gap:
        done = azure.run("arm_resource", resource_group=GROUP, **NETWORKS, **options)
    left = azure.get(VNET, NETWORK)
    assert gap.acted and done["changed"]
    assert left["properties"]["addressSpace"]["addressPrefixes"] == ["10.0.0.0/16", "10.9.0.0/16"]
    assert left["tags"] == ours.get("tags", {"team": "a", "theirs": "1"})
    assert left["properties"]["enableDdosProtection"] is ours.get("ddos", False)


def test_a_network_that_another_writer_created_is_not_overwritten(azure: Azure) -> None:
    body = {"location": "eastus", "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}
    with Gap(azure, VNET, lambda: own_network(azure), None):
        failed = azure.run("arm_resource", resource_group=GROUP, **NETWORKS, body=body, ok=False)
    assert failed["failure"]["code"] == "ChangedMeanwhile" and failed["changed"] is False
    assert azure.get(VNET, NETWORK)["properties"]["addressSpace"]["addressPrefixes"] == ["10.0.0.0/16"]


def test_a_network_that_another_writer_deleted_is_not_made_again_by_an_update(azure: Azure) -> None:
    own_network(azure)
    with Gap(azure, VNET, lambda: azure.arm("DELETE", VNET, version=NETWORK, wait=60), 1):
        failed = azure.run("arm_resource", resource_group=GROUP, **NETWORKS, tags={"ours": "1"}, ok=False)
    assert failed["failure"]["code"] == "ChangedMeanwhile" and "deleted" in failed["msg"]
    assert azure.get(VNET, NETWORK)["error"]["code"] == "ResourceNotFound"


def test_a_network_that_was_changed_meanwhile_is_deleted_as_declared(azure: Azure) -> None:
    own_network(azure)
    with Gap(azure, VNET, changed(azure, VNET, NETWORK, their_network), None):
        assert azure.run("arm_resource", resource_group=GROUP, **NETWORKS, state="absent")["changed"]
    assert azure.get(VNET, NETWORK)["error"]["code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({"tags": {"ours": "1"}}, 1),
        ({"tags": {"ours": "1"}}, None),
        ({"body": {"properties": {"minimumTlsVersion": "TLS1_2"}}}, 1),
    ],
    ids=["tag after the read", "tag before the write", "property after the read"],
)
def test_a_resource_without_an_etag_keeps_what_the_other_writer_set(
    azure: Azure, options: dict[str, t.Any], after: int | None
) -> None:
    azure.resource(
        STORAGES["type"], "account", {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "tags": {"team": "a"}}
    )

    def theirs(body: t.Any) -> None:
        body["tags"] = {**body["tags"], "theirs": "1"}
        body["properties"]["allowBlobPublicAccess"] = False

    with Gap(azure, ACCOUNT, changed(azure, ACCOUNT, "2023-01-01", theirs), after) as gap:
        assert azure.run("arm_resource", resource_group=GROUP, **STORAGES, **options)["changed"]
    left = azure.get(ACCOUNT, "2023-01-01")
    assert gap.acted and left["properties"]["allowBlobPublicAccess"] is False
    assert left["tags"] == {"team": "a", "theirs": "1", **options.get("tags", {})}


# --- computes: no ETag, no Tags API ---


def own_cluster(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=3, tags={"team": "a"})


def their_cluster(azure: Azure, wait: float = 60.0) -> t.Callable[[], None]:
    def act() -> None:
        scale = {"minNodeCount": 0, "maxNodeCount": 9, "nodeIdleTimeBeforeScaleDown": "PT600S"}
        inner = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": scale}
        body = {
            "location": "eastus",
            "tags": {"team": "a", "theirs": "1"},
            "properties": {"computeType": "AmlCompute", "properties": inner},
        }
        azure.arm("PUT", CLUSTER, body, wait=wait)

    return act


@pytest.mark.parametrize(
    ("after", "wait"),
    [(1, 60.0), (2, 0.0), (None, 0.0)],
    ids=["after the read", "running after the second read", "running"],
)
@pytest.mark.parametrize(
    "options",
    [
        {"tags": {"ours": "1"}},
        {"min_instances": 1},
        {"idle_time_before_scale_down": 60},
        {"identity": {"type": "system_assigned"}},
    ],
    ids=["tag", "minimum", "idle time", "identity"],
)
def test_a_cluster_keeps_what_the_other_writer_set(
    azure: Azure, options: dict[str, t.Any], after: int | None, wait: float
) -> None:
    """The service refuses a write while the other writer's operation runs; ours is then made from what that left."""
    own_cluster(azure)
    with Gap(azure, CLUSTER, their_cluster(azure, wait), after) as gap:
        assert azure.run("aml_compute_cluster", name="cpu", **options)["changed"]
    azure.app.clock.advance(600)
    left = azure.compute("cpu")
    scale = left["properties"]["properties"]["scaleSettings"]
    assert gap.acted and left["tags"] == {"team": "a", "theirs": "1", **options.get("tags", {})}
    assert scale["maxNodeCount"] == 9 and scale["minNodeCount"] == options.get("min_instances", 0)
    assert scale["nodeIdleTimeBeforeScaleDown"] == ("PT60S" if "idle_time_before_scale_down" in options else "PT600S")


def test_a_cluster_that_another_writer_creates_is_not_overwritten(azure: Azure) -> None:
    """The service refuses our creation while theirs runs; it is not sent again as soon as theirs is done."""
    with Gap(azure, CLUSTER, their_cluster(azure, 0.0), None) as gap:
        failed = azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=3, ok=False)
    assert gap.acted and failed["failure"]["code"] == "ChangedMeanwhile" and failed["changed"] is False
    azure.app.clock.advance(600)
    left = azure.compute("cpu")
    assert (
        left["tags"] == {"team": "a", "theirs": "1"}
        and left["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 9
    )


def test_a_maximum_alone_carries_nothing_of_the_other_writers(azure: Azure) -> None:
    own_cluster(azure)
    with Gap(azure, CLUSTER, their_cluster(azure), None):
        azure.run("aml_compute_cluster", name="cpu", max_instances=5)
    left = azure.compute("cpu")
    assert (
        left["tags"] == {"team": "a", "theirs": "1"}
        and left["properties"]["properties"]["scaleSettings"]["nodeIdleTimeBeforeScaleDown"] == "PT600S"
    )


def test_what_no_longer_fits_the_other_writers_change_is_refused(azure: Azure) -> None:
    """The rules hold for the newest document too."""
    own_cluster(azure)

    def lower() -> None:
        azure.arm("PATCH", CLUSTER, {"properties": {"properties": {"scaleSettings": {"maxNodeCount": 1}}}}, wait=60)

    with Gap(azure, CLUSTER, lower, 1):
        failed = azure.run("aml_compute_cluster", name="cpu", min_instances=2, ok=False)
    assert failed["failure"]["code"] == "MinimumAboveMaximum" and failed["changed"] is False
    assert azure.compute("cpu")["properties"]["properties"]["scaleSettings"]["maxNodeCount"] == 1


def test_an_attached_target_keeps_what_the_other_writer_set(azure: Azure) -> None:
    azure.run("aml_attached_compute", name="adf", type="datafactory", tags={"team": "a"})
    path = f"{WORKSPACE_ID}/computes/adf"

    def theirs() -> None:
        azure.arm(
            "PUT",
            path,
            {"location": "eastus", "tags": {"team": "a", "theirs": "1"}, "properties": {"computeType": "DataFactory"}},
            wait=60,
        )

    with Gap(azure, path, theirs, 1) as gap:
        azure.run("aml_attached_compute", name="adf", type="datafactory", tags={"ours": "1"})
    assert gap.acted and azure.get(path)["tags"] == {"team": "a", "theirs": "1", "ours": "1"}


ACCOUNTS = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
WRITTEN: list[tuple[str, str, str, dict[str, t.Any], dict[str, t.Any], dict[str, t.Any], str]] = [
    (
        "aml_attached_compute",
        f"{WORKSPACE_ID}/computes/adf",
        ML,
        {"name": "adf", "type": "datafactory", "tags": {"shared": "0"}},
        {"tags": {"ours": "1"}},
        {"location": "eastus", "properties": {"computeType": "DataFactory"}, "tags": {"ours": "1", "shared": "1"}},
        "tags.shared",
    ),
    (
        "arm_resource",
        ACCOUNT,
        "2023-01-01",
        {**STORAGES, "body": {**ACCOUNTS, "properties": {"shared": "0"}}},
        {"body": {"properties": {"ours": "1"}}},
        {**ACCOUNTS, "properties": {"ours": "1", "shared": "1"}},
        "properties.shared",
    ),
]


@pytest.mark.parametrize(
    ("module", "path", "version", "first", "then", "theirs", "name"), WRITTEN, ids=[row[0] for row in WRITTEN]
)
@pytest.mark.parametrize("acts", [True, False])
def test_undeclared_values_that_are_others_after_a_whole_write_are_reported(
    azure: Azure,
    acts: bool,
    module: str,
    path: str,
    version: str,
    first: dict[str, t.Any],
    then: dict[str, t.Any],
    theirs: dict[str, t.Any],
    name: str,
) -> None:
    """Between the write and the read that proves it, another writer changes what was not declared. Without one, nothing is reported."""
    azure.run(module, **first)
    named = {option: first[option] for option in ("name", "type", "api_version") if option in first}
    methods: list[str] = []

    def meanwhile(method: str, address: str) -> None:
        if acts and address == path and methods[-1:] == ["PUT"]:
            azure.arm("PUT", path, theirs, version, wait=60)
        methods.extend([method] if address == path else [])

    azure.meanwhile = meanwhile
    done = azure.run(module, **named, **then)
    reported = [warning for warning in done["warnings"] if "ChangedMeanwhile" in warning]
    assert "PUT" in methods and "'shared': '1'" in str(azure.get(path, version)) or not acts
    assert len(reported) == acts and all(f"afterwards: {name}. " in finding for finding in reported), done["warnings"]


# --- creations ---

CREATED: list[tuple[str, str, str, str, dict[str, t.Any], dict[str, t.Any]]] = [
    (
        "cluster",
        "aml_compute_cluster",
        CLUSTER,
        ML,
        {"name": "cpu", "size": "Standard_DS3_v2", "max_instances": 3},
        {
            "properties": {
                "computeType": "AmlCompute",
                "properties": {"vmSize": "Standard_DS2_v2", "scaleSettings": {"maxNodeCount": 9}},
            }
        },
    ),
    (
        "instance",
        "aml_compute_instance",
        f"{WORKSPACE_ID}/computes/laptop",
        ML,
        {"name": "laptop", "size": "Standard_DS3_v2"},
        {"properties": {"computeType": "ComputeInstance", "properties": {"vmSize": "Standard_DS2_v2"}}},
    ),
    (
        "attached",
        "aml_attached_compute",
        f"{WORKSPACE_ID}/computes/adf",
        ML,
        {"name": "adf", "type": "datafactory"},
        {"properties": {"computeType": "DataFactory"}},
    ),
    (
        "resource",
        "arm_resource",
        ACCOUNT,
        "2023-01-01",
        {**STORAGES, "body": {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}},
        {"kind": "StorageV2", "sku": {"name": "Standard_GRS"}},
    ),
]


@pytest.mark.parametrize(
    ("module", "path", "version", "ours", "theirs"), [row[1:] for row in CREATED], ids=[row[0] for row in CREATED]
)
def test_what_another_writer_creates_after_the_read_is_not_overwritten(
    azure: Azure, module: str, path: str, version: str, ours: dict[str, t.Any], theirs: dict[str, t.Any]
) -> None:
    """The service takes no condition for these: they are read again directly before the write that creates them."""

    def act() -> None:
        azure.arm("PUT", path, {"location": "eastus", "tags": {"theirs": "1"}, **theirs}, version)

    with Gap(azure, path, act, 1) as gap:
        failed = azure.run(module, **ours, ok=False)
    assert (
        gap.acted
        and failed["failure"]["code"] == "ChangedMeanwhile"
        and failed["changed"] is False
        and not azure.writes
    )
    assert azure.get(path, version)["tags"] == {"theirs": "1"}


def test_a_project_that_another_writer_creates_is_not_overwritten(azure: Azure) -> None:
    dependents = {key: azure.get(WORKSPACE_ID)["properties"][key] for key in ("storageAccount", "keyVault")}
    hub = WORKSPACE_ID.rpartition("/")[0] + "/hub"
    azure.arm(
        "PUT",
        hub,
        {"location": "eastus", "kind": "Hub", "identity": {"type": "SystemAssigned"}, "properties": dependents},
    )
    path = hub.rpartition("/")[0] + "/project-a"

    def act() -> None:
        azure.arm(
            "PUT",
            path,
            {
                "location": "eastus",
                "kind": "Project",
                "tags": {"theirs": "1"},
                "identity": {"type": "SystemAssigned"},
                "properties": {"hubResourceId": hub},
            },
        )

    with Gap(azure, path, act, 1) as gap:
        failed = azure.run("aml_workspace", name="project-a", kind="project", hub_id=hub, ok=False)
    assert gap.acted and failed["failure"]["code"] == "ChangedMeanwhile" and not azure.writes
    assert azure.get(path)["tags"] == {"theirs": "1"}


# --- workspaces ---


@pytest.mark.parametrize("after", [1, None], ids=["after the read", "before the write"])
@pytest.mark.parametrize(
    "options", [{"tags": {"ours": "1"}}, {"description": "ours"}, {"tags": {"ours": "1"}, "description": "ours"}]
)
def test_a_workspace_keeps_what_the_other_writer_set(
    azure: Azure, options: dict[str, t.Any], after: int | None
) -> None:
    azure.arm("PATCH", WORKSPACE_ID, {"tags": {"team": "a"}})

    def theirs() -> None:
        azure.arm(
            "PATCH",
            WORKSPACE_ID,
            {"tags": {"team": "a", "theirs": "1"}, "properties": {"friendlyName": "Theirs"}},
            wait=60,
        )

    with Gap(azure, WORKSPACE_ID, theirs, after) as gap:
        assert azure.run("aml_workspace", name=WORKSPACE, **options)["changed"]
    left = azure.get(WORKSPACE_ID)
    assert gap.acted and left["tags"] == {"team": "a", "theirs": "1", **options.get("tags", {})}
    assert left["properties"]["friendlyName"] == "Theirs" and left["properties"]["description"] == options.get(
        "description", ""
    )


GATEWAY = f"{GROUP_ID}/providers/Microsoft.Network/applicationGateways/gateway"


def rule(target: str, **more: t.Any) -> dict[str, t.Any]:
    destination = {"serviceResourceId": GATEWAY, "subresourceTarget": target, "sparkEnabled": False}
    return {"properties": {"type": "PrivateEndpoint", "category": "UserDefined", "destination": destination, **more}}


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_rule_keeps_its_host_names(azure: Azure, meanwhile: bool) -> None:
    azure.arm("PATCH", WORKSPACE_ID, {"properties": {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}})
    azure.arm("PUT", RULE, rule("public", **({} if meanwhile else {"fqdns": ["app.example.org"]})))
    wanted = {"service_resource_id": GATEWAY, "subresource_target": "private"}
    declared = {
        "managed_network": {"outbound_rules": [{"name": "theirs", "type": "private_endpoint", "destination": wanted}]}
    }
    theirs = (
        (lambda: azure.arm("PUT", RULE, rule("public", fqdns=["app.example.org"]), wait=60))
        if meanwhile
        else (lambda: None)
    )
    with Gap(azure, WORKSPACE_ID, theirs, 1) as gap:
        assert azure.run("aml_workspace", name=WORKSPACE, **declared)["changed"]
    left = azure.get(RULE)["properties"]
    assert gap.acted and left["fqdns"] == ["app.example.org"]
    assert left["destination"]["subresourceTarget"] == "private" and left["destination"]["sparkEnabled"] is False


def test_host_names_of_a_rule_are_declared(azure: Azure) -> None:
    azure.arm("PATCH", WORKSPACE_ID, {"properties": {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}})

    def run(*names: str, ok: bool = True, **more: t.Any) -> dict[str, t.Any]:
        wanted = {"service_resource_id": GATEWAY, "subresource_target": "private"}
        declared = {"name": "theirs", "type": "private_endpoint", "destination": wanted, "fqdns": list(names), **more}
        return azure.run("aml_workspace", name=WORKSPACE, managed_network={"outbound_rules": [declared]}, ok=ok)

    assert run("b.example.org", "a.example.org")["changed"]
    assert azure.get(RULE)["properties"]["fqdns"] == ["b.example.org", "a.example.org"]
    # Neither order nor case has a meaning.
    again = run("A.example.org", "b.example.org")
    assert not again["changed"]
    (shown,) = [
        outbound_rule
        for outbound_rule in again["workspace"]["managed_network"]["outbound_rules"]
        if outbound_rule["name"] == "theirs"
    ]
    assert shown["fqdns"] == ["b.example.org", "a.example.org"]
    assert run("c.example.org")["changed"] and azure.get(RULE)["properties"]["fqdns"] == ["c.example.org"]
    for failed in (
        run("not a host", ok=False),
        run("a.example.org", ok=False, type="fqdn", destination="a.example.org"),
    ):
        assert failed["failure"]["code"] in ("InvalidHost", "InvalidRule") and not azure.sent


# --- the simulator's own rules ---


def test_the_simulators_tags_change_alone(azure: Azure) -> None:
    own_network(azure)
    tags = f"{VNET}/providers/Microsoft.Resources/tags/default"
    etag = azure.get(VNET, NETWORK)["etag"]
    merged = azure.arm(
        "PATCH", tags, {"operation": "Merge", "properties": {"tags": {"Team": "b", "cost": "1"}}}, "2021-04-01"
    )
    # Names are compared without case, and keep theirs.
    assert merged["properties"]["tags"] == {"team": "b", "cost": "1"} == azure.get(VNET, NETWORK)["tags"]
    assert azure.get(VNET, NETWORK)["etag"] != etag
    azure.arm(
        "PATCH", tags, {"operation": "Delete", "properties": {"tags": {"team": "other", "cost": "1"}}}, "2021-04-01"
    )
    assert azure.get(VNET, NETWORK)["tags"] == {"team": "b"}
    azure.arm("PATCH", tags, {"operation": "Replace", "properties": {"tags": {"a": "1"}}}, "2021-04-01")
    assert azure.get(tags, "2021-04-01")["properties"]["tags"] == {"a": "1"}
    azure.arm("DELETE", tags, version="2021-04-01")
    assert azure.get(VNET, NETWORK)["tags"] == {}
    own_cluster(azure)
    refused = azure.app.call(
        "PATCH", f"{CLUSTER}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01", {"operation": "Merge"}
    )
    assert refused.status == 400
