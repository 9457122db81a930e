# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of random declarations of every kind, on the simulator."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core import paths as _paths
from ansible_collections.azureml.compute.plugins.module_utils._engine import fields
from ansible_collections.azureml.compute.plugins.module_utils._kinds import resource
from ansible_collections.azureml.compute.plugins.module_utils._kinds.kubernetes_extension import TextsField
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import (
    ADDED_VARIABLES,
    VariablesField,
)
from ansible_collections.azureml.compute.tests.support import figures
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure, few_polls
from ansible_collections.azureml.compute.tests.support.strategies import (
    FLEET,
    SUBJECTS,
    Options,
    Subject,
    fleets,
    furnish,
    provider,
    quotas,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# What only the service writes, beside what a kind says of itself.
OWN = (
    "systemData", "etag", "properties.modifiedOn", "properties.provisioningState", "properties.provisioningErrors", "identity.principalId",
    "identity.tenantId", "properties.properties.AzureAsyncOperationUri", "properties.statuses", "properties.errorInfo",
    "properties.configurationSettings.scoringFe",
)  # fmt: skip

# What a declared option brings with it at a creation or a replacement: who logs in opens the way in.
WITH_IT = {
    "condition": ("properties.conditionVersion",),
    "ssh_settings": (
        "properties.disableLocalAuth",
        "properties.properties.remoteLoginPortPublicAccess",
        "properties.properties.sshSettings",
    ),
    "ssl": ("properties.properties.sslConfiguration",),
    "load_balancer_type": ("properties.properties.loadBalancerSubnet",),
    "managed_network": tuple(
        f"properties.managedNetwork.{name}" for name in ("changeableIsolationModes", "networkId", "status")
    ),
    "secret_body": ("properties.secret",),
    "credentials": ("properties.credentials",),
    # The service adds variables that follow from the model and the code.
    "model": ("properties.environmentVariables",),
    "code_configuration": ("properties.environmentVariables",),
    "version": ("properties.currentVersion",),
}
# What is a part of what null takes away.
GOES_WITH = {
    "event_hub_authorization_rule_id": "properties.eventHubName",
    "log_analytics_workspace_id": "properties.logAnalyticsDestinationType",
    # A collector without collections is none.
    "data_collector.collections": "properties.dataCollector",
}

# What the service makes itself, and makes anew with a replacement.
MADE = (
    "properties.createdOn",
    "properties.resourceId",
    "properties.properties.clusterFqdn",
    "properties.properties.systemServices",
    "properties.managedResourceGroup",
    "properties.regionDetails",
)

# What the service adds where the document that was declared a part of did not exist.
COMPANIONS = (
    "properties.managedNetwork.firewallSku",
    "properties.networkAcls.defaultAction",
    "properties.networkAcls.bypass",
    "properties.networkAcls.ipRules",
    "properties.networkAcls.resourceAccessRules",
)

# Why a right declaration may be refused for what is there: before anything is written, and in check mode just the same.
REFUSALS = (
    "SecretNeeded",
    "UnknownInstanceType",
    "CertificateNeedsPublicAddress",
    "MinimumAboveMaximum",
    "CannotBeRemoved",
    "ApiVersionLacksAction",
    "CredentialsIncomplete",
    "OptionOfAnotherType",
    "IdentityTypeIsFinal",
    "SsoOfAssignedInstance",
    "CategoriesMissing",
    "CategoriesMixed",
    "DestinationMissing",
    "RegionNotRemovable",
    "RegionStorageFixed",
    "ExtensionIncomplete",
)

# What the results name a resource.
RESULTS = (
    "compute",
    "connection",
    "datastore",
    "deployment",
    "diagnostic_setting",
    "endpoint",
    "extension",
    "registry",
    "role_assignment",
    "workspace",
    "resource",
)

SETTINGS = settings(
    max_examples=figures.EXAMPLES,
    deadline=None,
    database=None,
    derandomize=not figures.THOROUGH,
    suppress_health_check=list(HealthCheck),
    # Shrinking takes minutes; a run of the day only has to find that there is something.
    phases=[Phase.generate],
    print_blob=True,
)


@pytest.fixture(autouse=True)
def _few_polls() -> t.Iterator[None]:
    with few_polls():
        yield


class World:
    """One simulated Azure with all that declarations name, and one subject in it."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.azure = Azure()
        furnish(self.azure)
        subject.prepare(self.azure)
        if subject.path:
            # A compute target would keep a workspace from what it may do.
            self.azure.resource(
                "Microsoft.ManagedIdentity/userAssignedIdentities",
                "bystander",
                {"tags": {"whose": "another"}},
                "2023-01-31",
            )
        else:
            self.azure.run(
                "aml_compute_cluster",
                name="bystander",
                size="Standard_DS2_v2",
                max_instances=1,
                tags={"whose": "another"},
            )
        self.settle()

    def settle(self) -> None:
        """Let time pass: a cluster says Resizing for a while after it is made, without anyone changing it."""
        self.azure.sleep(60)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *exc: object) -> None:
        self.azure.app.close()

    def document(self, path: str = "") -> t.Any:
        found = self.azure.get(path or self.subject.document, "2025-12-01" if path else self.subject.version)
        # Some refusals have the time of day; not all are in an envelope.
        error = found.get("error", found if "code" in found else None)
        return {"error": error["code"]} if error else found

    def bystander(self) -> t.Any:
        identity = provider("Microsoft.ManagedIdentity/userAssignedIdentities", "bystander")
        return self.azure.get(identity, "2023-01-31") if self.subject.path else self.azure.compute("bystander")

    def run(self, options: Options, *, check: bool = False, **more: t.Any) -> t.Any:
        return self.azure.run(self.subject.module, check=check, **options, **more)

    def predicted(self, options: Options, **more: t.Any) -> t.Any:
        """Check mode: nothing is written, and nothing is another afterwards."""
        self.settle()
        before = self.document()
        planned = self.run(options, check=True, ok=None, **more)
        assert self.azure.writes == [] and self.document() == before
        return planned

    def applied(self, options: Options, **more: t.Any) -> t.Any:
        """Apply, and what check mode said before: the same; apply again, and check again: nothing."""
        planned = self.predicted(options, **more)
        if planned.get("failed"):
            assert reasons(planned["failure"]) <= {*REFUSALS}, planned["msg"]
            before = self.document()
            done = self.run(options, ok=False, **more)
            assert done["failure"] == planned["failure"] and self.azure.writes == [] and self.document() == before
            return done
        done = self.run(options, **more)
        compare(self.subject, planned, done)
        again = self.run(options, **more)
        assert again["changed"] is False and self.azure.writes == [], again["plan"]
        assert self.predicted(options, **more)["changed"] is False
        return done


def reasons(failure: dict[str, t.Any]) -> set[str]:
    """The code of a failure, or those of its findings where it has several."""
    return {row["code"] for row in failure["details"]} if failure["code"] == "InvalidDeclaration" else {failure["code"]}


def compare(subject: Subject, planned: t.Any, done: t.Any) -> None:
    """What check mode predicted is what came: the plan, the diff, and of the result what could be known."""
    for key in ("changed", "plan", "diff"):
        assert planned[key] == done[key], key
    result = next(key for key in RESULTS if key in done)
    for row in subject.kind.fields if subject.kind else ():
        known = _paths.get_path(planned[result], row.option)
        if isinstance(row, VariablesField):
            # The service adds its own to the declared ones, which follow from what may have changed.
            own = {name: value for name, value in (known or {}).items() if name not in ADDED_VARIABLES}
            assert own.items() <= (_paths.get_path(done[result], row.option) or {}).items()
        elif known not in (None, _paths.MISSING):
            assert row.same(_paths.get_path(done[result], row.option), known), row.option


def declared(subject: Subject, options: Options) -> dict[str, t.Any]:
    """The rows of the kind's table that a declaration has, with their places in ARM's document; for any resource, the body's."""
    if subject.kind is None:
        kind = resource.Resource(options["api_version"], options.get("body") or {}, options.get("secret_body"))
        return {row.option: row for row in kind.fields if row.option != "tags" or "tags" in options}
    found = {}
    for row in subject.kind.fields:
        head = row.option.partition(".")[0]
        value = _paths.get_path(options, row.option)
        if value is not _paths.MISSING or (
            head in options and (options[head] is None or row.option == "network_settings.subnet")
        ):
            found[row.option] = row
    return found


def leaves(document: t.Any, path: str = "") -> dict[str, t.Any]:
    if isinstance(document, dict) and document:
        return {
            name: leaf
            for key, below in document.items()
            for name, leaf in leaves(below, f"{path}.{key}" if path else key).items()
        }
    return {path: document}


def undeclared_changes(
    subject: Subject, options: Options, before: t.Any, after: t.Any, *, replaced: bool
) -> dict[str, tuple[t.Any, t.Any]]:
    """What differs outside the declared places and the service's own."""
    inner = getattr(subject.kind, "read_only_inner", ())
    free = [
        *OWN,
        *(f"properties.properties.{name}" for name in inner),
        *(row.path for row in declared(subject, options).values() if row.option != "tags"),
    ]
    free += [path for option, paths in WITH_IT.items() if option in options for path in paths]
    free += [path for option, path in GOES_WITH.items() if _paths.get_path(options, option) is None]
    free += MADE if replaced else []
    rules = (options.get("managed_network") or {}).get("outbound_rules") or []
    free += [f"properties.managedNetwork.outboundRules.{rule['name']}" for rule in rules]
    old, new = leaves(before), leaves(after)
    differing = {path: (old.get(path), new.get(path)) for path in {**old, **new} if old.get(path) != new.get(path)}
    rows = [row.path for row in subject.kind.fields if row.option == "tags"] if subject.kind else ["tags"]
    tags = {f"{place}.{name}" for place in rows for name in options.get("tags") or {}}
    if "tags" in options and options.get("append_tags") in (False, "no"):
        free += rows
    return {
        path: pair
        for path, pair in differing.items()
        # A mapping may take the place of something else.
        if not any(path == row or path.startswith(f"{row}.") or row.startswith(f"{path}.") for row in free)
        # The service's own rules come with the network.
        and not path.startswith("properties.managedNetwork.outboundRules.__SYS_")
        and not (path in COMPANIONS and pair[0] is None)
        and path not in tags
        and pair not in ((None, {}), ({}, None))
    }


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_every_option_is_drawn(subject: Subject) -> None:
    """NoStrategy names an option that is not; so that a new one is covered, or this fails."""
    for name, row in subject.options().items():
        assert subject._value(name, row) is not None


def example(subject: Subject, one: Options, other: Options) -> bool:
    """One declaration, then another: what was predicted came, what was not declared stays, and what was declared is as if it had been the first.

    False where the other was refused for what is there, and changed nothing.
    """
    if one.get("enable_node_public_ip") in (False, "no"):
        # The pre-flight would ask for a private endpoint.
        other.pop("preflight", None)
    with World(subject) as world:
        if world.applied(one).get("failed"):
            return False
        bystander = world.bystander()
        before = world.document()
        done = world.applied(other, **subject.replaces)
        if done.get("failed"):
            return False
        after = world.document()
        assert world.bystander() == bystander
        changes = undeclared_changes(subject, other, before, after, replaced=done["plan"]["action"] == "replace")
        assert changes == {}, (changes, done["plan"])
    with World(subject) as world:
        world.run(other)
        fresh = world.document()
        if subject.kind and subject.collection == "computes":
            exported(world)
    for option, row in declared(subject, other).items():
        if subject.kind is None and option != "tags":
            assert row.same(row.read(after), _paths.get_path(other["body"], option)), option
        elif isinstance(row, (TextsField, VariablesField)):
            # Those that were not declared stay: the declared ones are among those that are there.
            there = row.read(after) or {}
            own = _paths.get_path(other, option)
            named = {name: value for name, value in own.items() if value is not None} if isinstance(own, dict) else {}
            assert row.same(there, {**there, **named}), option
        elif option == "data_mounts":
            # Those that were not declared stay, so that there may be more than in a new instance.
            assert row.same(row.read(after), other[option]), option
        # What is written and never read cannot be compared.
        elif option != "tags" and row.mutability != fields.WRITE_ONLY:
            assert row.same(row.read(fresh), row.read(after)), option
    return True


EXPORTED = {"aml_clusters": "aml_compute_cluster", "aml_instances": "aml_compute_instance", "aml_inference_clusters": "aml_inference_cluster",
            "aml_attached_computes": "aml_attached_compute"}  # fmt: skip


def exported(world: World) -> None:
    """What was exported is what is there: to apply it changes nothing, as variables and as the CLI's YAML."""
    name = world.subject.always["name"]
    if world.subject.module == "aml_workspace":
        found = world.azure.run("aml_export_info", workspace=name, computes=[])
        rows = [("aml_workspace", found["vars"]["aml_workspace"])]
    else:
        found = world.azure.run("aml_export_info", computes=[name])
        rows = [(module, row) for variable, module in EXPORTED.items() for row in found["vars"].get(variable, [])]
    assert len(rows) == 1 and world.azure.writes == []
    module = rows[0][0]
    rows += [
        (module, {"definition": text}) for text in found["cli_yaml"].values() if yaml.safe_load(text)["name"] == name
    ]
    world.settle()
    before = world.document()
    for _module, row in rows:
        done = world.azure.run(module, **row)
        assert done["changed"] is False and world.azure.writes == [] and world.document() == before, (row, done["plan"])


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_declarations(subject: Subject) -> None:
    with figures.counted(subject.name, len(subject.options())) as counts:

        @SETTINGS
        @given(subject.strategy(), subject.strategy())
        def holds(one: Options, other: Options) -> None:
            counts["examples"] += 1
            counts["applied" if example(subject, one, other) else "refused unchanged"] += 1

        holds()


# What the service makes or takes back in no time to speak of; a made AKS takes minutes of real time for sixty examples.
# A workspace that is not there is for azure-ai-ml to make.
STATES = {
    name: ["present", "absent"] for name in SUBJECTS if name not in ("aks-made", "workspace", "hub", "project")
} | {"instance": ["present", "started", "stopped", "absent"]}


@pytest.mark.parametrize("name", STATES)
def test_states(name: str) -> None:
    """Any declarations in any states one after the other: what check mode predicts comes, a second run changes nothing, and the state is the declared one."""
    subject = SUBJECTS[name]
    steps = st.lists(st.tuples(subject.strategy(), st.sampled_from(STATES[name])), min_size=2, max_size=4)
    with figures.counted(f"{name}, in states", len(subject.options())) as counts:

        @SETTINGS
        @given(steps)
        def holds(drawn: list[tuple[Options, str]]) -> None:
            counts["examples"] += 1
            with World(subject) as world:
                bystander = world.bystander()
                refused = [go_through(world, options, state) for options, state in drawn]
                assert world.bystander() == bystander
            counts["refused unchanged" if any(refused) else "applied"] += 1

        holds()


def go_through(world: World, options: Options, state: str) -> bool:
    """One declaration in one state; whether it was refused for what is there."""
    subject = world.subject
    if state == "absent":
        gone = {
            option: value
            for option, value in {**options, **subject.always}.items()
            if option
            in ("name", "type", "resource_group", "api_version", "role", "principal_id", "endpoint_name", "cluster_id")
        }
        planned = world.predicted(gone, state=state)
        done = world.run(gone, state=state)
        compare(subject, planned, done)
        assert "error" in world.document() and not world.run(gone, state=state)["changed"] and world.azure.writes == []
        return False
    there = _paths.get_path(world.document(), "properties.properties.enableNodePublicIp")
    if False in (there, options.get("enable_node_public_ip")) or options.get("enable_node_public_ip") == "no":
        # The pre-flight would ask for a private endpoint.
        options = {option: value for option, value in options.items() if option != "preflight"}
    done = world.applied(options, state=state, **subject.replaces)
    if done.get("failed"):
        return True
    if state != "present":
        assert done["compute"]["state"] == {"started": "Running", "stopped": "Stopped"}[state]
    return False


FLEET_TYPES = {"cluster": "amlcompute", "instance": "computeinstance", "aks-attached": "aks"}


def test_fleets() -> None:
    """What holds for one target holds for many; and what a fleet has made, each target's own module finds as it declares it."""
    with figures.counted("fleet", sum(len(SUBJECTS[name].options()) for name in FLEET)) as counts:

        @SETTINGS
        @given(fleets(), fleets())
        def holds(one: list[tuple[str, Options]], other: list[tuple[str, Options]]) -> None:
            counts["examples"] += 1
            with World(SUBJECTS["cluster"]) as world:
                bystander = world.bystander()
                refused = [hold_fleet(world.azure, targets) for targets in (one, other)]
                assert world.bystander() == bystander
            counts["refused unchanged" if any(refused) else "applied"] += 1

        holds()


def hold_fleet(azure: Azure, targets: list[tuple[str, Options]]) -> int:
    """Apply a list of targets as a fleet; how many were refused for what is there."""
    entries = [{"type": FLEET_TYPES.get(name, name), **options} for name, options in targets]
    # The pre-flight asks for a private endpoint where there is no public address.
    fleet: Options = {
        "workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "computes": entries}], "preflight": False,
        "on_immutable_change": "recreate", "force": True, "full_result": True,
    }  # fmt: skip
    planned = azure.run("aml_fleet", check=True, ok=None, **fleet)
    assert azure.writes == [] and "targets" in planned, planned["msg"]
    done = azure.run("aml_fleet", ok=None, **fleet)
    failures = {row["name"]: reasons(row["failure"]) for row in done["targets"] if row["failure"]}
    assert set().union(*failures.values()) <= {*REFUSALS}, done.get("msg")
    if not failures:
        assert [(row["action"], row["changes"]) for row in planned["targets"]] == [
            (row["action"], row["changes"]) for row in done["targets"]
        ]
    again = azure.run("aml_fleet", ok=None, **fleet)
    assert azure.writes == [] and {row["name"] for row in again["targets"] if row["failure"]} == set(failures)
    assert [row["action"] for row in again["targets"] if not row["failure"]] == ["none"] * (
        len(targets) - len(failures)
    )
    for name, options in targets:
        if options["name"] not in failures:
            alone = azure.run(SUBJECTS[name].module, **options)
            assert alone["changed"] is False and azure.writes == [], (name, alone["plan"])
    return len(failures)


def test_quotas() -> None:
    with figures.counted("quota", 3) as counts:

        @SETTINGS
        @given(quotas(), quotas())
        def holds(one: Options, other: Options) -> None:
            counts["examples"] += 1
            hold_quotas(one, other)
            counts["applied"] += 1

        holds()


def hold_quotas(one: Options, other: Options) -> None:
    with World(SUBJECTS["cluster"]) as world:
        limits: dict[str, t.Any] = {}
        for options in (one, other):
            planned = world.azure.run("aml_quota", check=True, **options)
            assert world.azure.writes == []
            done = world.azure.run("aml_quota", **options)
            assert [planned[key] for key in ("changed", "plan", "diff", "quotas")] == [
                done[key] for key in ("changed", "plan", "diff", "quotas")
            ]
            assert world.azure.run("aml_quota", **options)["changed"] is False and world.azure.writes == []
            limits.update({row["family"].casefold(): row.get("limit") for row in options["quotas"]})
            shown = {row["family"].casefold(): row["limit"] for row in done["quotas"]}
            assert {name: limit for name, limit in shown.items() if limit is not None} == {
                name: limit for name, limit in limits.items() if limit is not None
            }
