# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role assignment's life: it is what it says, whatever its name is; those of others stay."""

from __future__ import annotations

import re
import typing as t
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._engine.plan import UPDATE, Plan
from ansible_collections.azureml.compute.plugins.module_utils._kinds.role_assignment import (
    ROLE_ASSIGNMENT,
    ROLES,
    target_of,
)
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers.role_assignment import (
    RoleAssignmentExtension,
)
from ansible_collections.azureml.compute.plugins.modules.aml_role_assignment import DOCUMENTATION
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, SUBSCRIPTION, WORKSPACE_ID, Azure
from azureml_simulator.arm.rbac import BUILT_IN

MODULE, VERSION = "aml_role_assignment", "2022-04-01"
WHO, OTHER = (f"11111111-0000-4000-8000-0000000000f{number}" for number in (1, 2))
SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
DEFINITION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{SCIENTIST}"
TEAM: dict[str, t.Any] = {"role": "AzureML Data Scientist", "principal_id": WHO, "principal_type": "group"}
KEY = {"role": "AzureML Data Scientist", "principal_id": WHO}
STORAGE = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/stwstest"


def assigned(azure: Azure, scope: str = WORKSPACE_ID) -> list[dict[str, t.Any]]:
    """What is assigned at exactly this scope."""
    found = azure.get(f"{scope}/providers/Microsoft.Authorization/roleAssignments", VERSION)["value"]
    return [row for row in found if row["properties"]["scope"].lower() == scope.lower()]


def assign(azure: Azure, name: str, scope: str = WORKSPACE_ID, principal: str = WHO) -> str:
    """Someone else's assignment of the role; its id."""
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    properties = {"roleDefinitionId": DEFINITION, "principalId": principal, "principalType": "Group"}
    azure.arm("PUT", path, {"properties": properties}, VERSION)
    return path


def test_the_twelve_steps(azure: Azure) -> None:
    described = {**TEAM, "description": "The vision team"}
    absent = {**KEY, "state": "absent"}
    for options, action in [
        (TEAM, "create"),
        (TEAM, "none"),
        (described, "update"),
        (described, "none"),
        (absent, "delete"),
        (absent, "none"),
    ]:
        before = assigned(azure)
        planned = azure.run(MODULE, check=True, **options)
        assert azure.writes == [] and assigned(azure) == before
        done = azure.run(MODULE, **options)
        assert {key: planned[key] for key in ("plan", "diff", "changed", "role_assignment")} == {
            key: done[key] for key in ("plan", "diff", "changed", "role_assignment")
        }
        assert done["plan"]["action"] == action
        if action == "none":
            assert [request.method for request in azure.sent] == ["GET"] and azure.tokens == 1
    assert assigned(azure) == []


def test_the_name_follows_from_what_is_assigned(azure: Azure) -> None:
    first = azure.run(MODULE, **TEAM)["role_assignment"]
    azure.run(MODULE, **KEY, state="absent")
    other = {"role": SCIENTIST.upper(), "principal_id": WHO.upper(), "scope": f"{WORKSPACE_ID.upper()}/"}
    again = azure.run(MODULE, **other)["role_assignment"]
    assert again["name"] == first["name"] == str(uuid.UUID(first["name"]))
    assert azure.run(MODULE, role=DEFINITION, principal_id=WHO)["changed"] is False


def test_one_under_another_name_is_no_change_and_is_the_one_that_is_removed(azure: Azure) -> None:
    path, bystander = assign(azure, str(uuid.uuid4())), assign(azure, str(uuid.uuid4()), principal=OTHER)
    inherited = assign(azure, str(uuid.uuid4()), GROUP_ID)
    done = azure.run(MODULE, **TEAM)
    assert done["changed"] is False and done["role_assignment"]["id"] == path
    described = azure.run(MODULE, **TEAM, description="ours")
    assert [(write.method, write.path) for write in azure.writes] == [("PUT", path)]
    assert described["role_assignment"]["description"] == "ours"
    azure.run(MODULE, **KEY, state="absent")
    assert [write.path for write in azure.writes] == [path]
    assert [row["id"] for row in assigned(azure)] == [bystander]
    # What is inherited is not of this scope.
    assert azure.run(MODULE, **KEY, state="absent")["changed"] is False
    assert [row["id"] for row in assigned(azure, GROUP_ID) if row["properties"]["principalId"] == WHO] == [inherited]


def test_the_id_of_an_answer_is_not_the_address_of_a_write() -> None:
    """It could be that of the workspace, which a removal would then delete."""
    properties = {"scope": WORKSPACE_ID, "roleDefinitionId": DEFINITION, "principalId": WHO}
    listed = [{"id": WORKSPACE_ID, "name": "one", "properties": properties}]
    remote: t.Any = SimpleNamespace(
        target=target_of(WORKSPACE_ID, SCIENTIST, WHO),
        kind=ROLE_ASSIGNMENT.configured({"role": SCIENTIST, "principal_id": WHO}),
        client=SimpleNamespace(list=lambda *_args, **_options: listed),
        warn_of_malformed=None,
    )
    assert RoleAssignmentExtension(remote).read() == listed[0]
    assert remote.target.id == f"{WORKSPACE_ID}/providers/Microsoft.Authorization/roleAssignments/one"


def test_a_property_of_others_is_kept() -> None:
    given = {"delegatedManagedIdentityResourceId": "/one", "description": "a"}
    (request,) = ROLE_ASSIGNMENT.updates({"properties": given}, Plan(UPDATE))
    assert request.body == {"properties": given}


def test_a_scope_without_a_value_is_refused(azure: Azure) -> None:
    failed = azure.run(MODULE, **KEY, scope=None, ok=False)
    assert failed["failure"]["code"] == "ScopeMissing" and azure.sent == []


def test_any_scope(azure: Azure) -> None:
    role = {"role": "Storage Blob Data Reader", "principal_id": WHO, "principal_type": "service_principal"}
    done = azure.run(MODULE, **role, scope=STORAGE)
    assert done["role_assignment"]["scope"] == STORAGE and len(assigned(azure, STORAGE)) == 1
    assert assigned(azure) == []


def refused_principal(azure: Azure, times: int) -> None:
    message = f"Principal {WHO} does not exist in the directory."
    match = {"method": "PUT", "path": "roleAssignments"}
    order = {"kind": "status", "status": 400, "code": "PrincipalNotFound", "message": message}
    azure.app.faults.put([{**order, "match": match, "count": times}])


def test_a_principal_that_was_just_created_is_tried_again(azure: Azure) -> None:
    """azure-docs#103085: the directory answers PrincipalNotFound until the principal is replicated."""
    refused_principal(azure, 3)
    before = azure.slept
    assert azure.run(MODULE, **TEAM)["changed"] and len(assigned(azure)) == 1
    # After 2, 4 and 8 seconds.
    assert len(azure.writes) == 4 and 14 <= azure.slept - before < 24


@pytest.mark.parametrize("seconds", [0, 25])
def test_a_wrong_principal_is_not_waited_for_without_end(azure: Azure, seconds: int) -> None:
    refused_principal(azure, 100)
    failed = azure.run(MODULE, **TEAM, propagation_timeout=seconds, ok=False)
    assert failed["failure"]["code"] == "PrincipalNotFound" and "object id" in failed["failure"]["hint"]
    assert failed["changed"] is False and len(azure.writes) == (1 if seconds == 0 else 6)


def test_an_assignment_that_another_writer_makes_first(azure: Azure) -> None:
    def meanwhile(method: str, path: str) -> None:
        if method == "PUT":
            azure.meanwhile = lambda method, path: None
            assign(azure, str(uuid.uuid4()))

    azure.meanwhile = meanwhile
    done = azure.run(MODULE, **TEAM)
    assert done["changed"] is False and done["role_assignment"]["role"] == TEAM["role"]
    assert len(assigned(azure)) == 1 and azure.run(MODULE, **TEAM)["changed"] is False


def test_another_type_of_principal_says_why(azure: Azure) -> None:
    azure.run(MODULE, **TEAM)
    failed = azure.run(MODULE, **KEY, principal_type="user", ok=False)
    assert failed["failure"]["code"] == "ImmutableChange" and "directory" in failed["msg"] and azure.writes == []
    assert f"'{TEAM['role']} for {WHO}' cannot be updated" in failed["msg"]


REFUSED = [
    ({"role": "x/AzureML Data Scientist", "principal_id": WHO}, "UnknownRole"),
    ({"role": "Reader", "principal_id": "ada@example.org"}, "InvalidGuid"),
    ({**KEY, "scope": "stwstest"}, "InvalidResourceId"),
    ({**KEY, "workspace": None}, "ScopeMissing"),
]


@pytest.mark.parametrize(("options", "code"), REFUSED, ids=[row[1] for row in REFUSED])
def test_refused_offline(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == code and azure.sent == []
    assert ("Did you mean AzureML Data Scientist?" in failed["msg"]) is (code == "UnknownRole")


def custom_role(azure: Azure, name: str = "Our Scientist", scope: str = GROUP_ID) -> str:
    """A role that an organization made; its GUID."""
    guid = str(uuid.uuid4())
    place = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    role = {"roleName": name, "assignableScopes": [scope], "permissions": [{"actions": ["*/read"]}]}
    azure.arm("PUT", place, {"properties": role}, VERSION)
    return guid


def test_a_custom_role_by_its_name(azure: Azure) -> None:
    guid = custom_role(azure, "Ada's Scientist")
    options = {"role": "ada's scientist", "principal_id": WHO, "scope": GROUP_ID, "principal_type": "group"}
    planned = azure.run(MODULE, check=True, **options)
    assert azure.writes == []
    done = azure.run(MODULE, **options)
    for key in ("plan", "diff", "changed", "role_assignment"):
        assert planned[key] == done[key]
    assert done["role_assignment"]["role"] == options["role"]
    assert azure.run(MODULE, **options)["changed"] is False
    assert [request.method for request in azure.sent] == ["GET", "GET"]
    # The same by its GUID, without the look-up.
    assert azure.run(MODULE, **{**options, "role": guid})["changed"] is False and len(azure.sent) == 1
    assert azure.run(MODULE, **options, state="absent")["changed"]


@pytest.mark.parametrize("check", [True, False])
def test_a_name_that_no_role_has_is_refused_before_a_write(azure: Azure, check: bool) -> None:
    refused = azure.run(MODULE, check=check, role="Data Scientist", principal_id=WHO, ok=False)
    assert refused["failure"]["code"] == "UnknownRole" and "Did you mean AzureML Data Scientist?" in refused["msg"]
    assert azure.writes == [] and len(azure.sent) == 1


def test_all_that_is_wrong_is_refused_before_a_name_is_looked_up(azure: Azure) -> None:
    failed = azure.run(MODULE, role="Our Scientist", principal_id="ada", ok=False)
    assert failed["failure"]["code"] == "InvalidGuid" and azure.sent == []


def test_a_removal_can_keep_what_was_made_in_another_way(azure: Azure) -> None:
    other = assign(azure, str(uuid.uuid4()))
    kept = azure.run(MODULE, **KEY, state="absent", keep_others=True)
    assert kept["changed"] is False and kept["role_assignment"] is None and azure.writes == []
    assert kept["warnings"][0].startswith("RoleAssignmentKept: ") and other.rpartition("/")[2] in kept["warnings"][0]
    azure.run(MODULE, **KEY, state="absent")
    azure.run(MODULE, **TEAM)
    for check in (True, False):
        removed = azure.run(MODULE, check=check, **KEY, state="absent", keep_others=True)
        assert removed["changed"] and removed["warnings"] == []
    assert assigned(azure) == []


def test_each_role_that_has_a_name_is_one_of_azure() -> None:
    """Of the simulator's, and of the documentation's."""
    assert set(ROLES.items()) <= {(role.name, role.guid) for role in BUILT_IN}
    role = yaml.safe_load(DOCUMENTATION)["options"]["role"]["description"][1]
    assert re.findall(r"V\(([^)]*)\)", role) == sorted(ROLES)


def test_the_roles_of_identities_need_no_look_up() -> None:
    variables = yaml.safe_load((Path(__file__).parents[2] / "roles/aml_identity/vars/main.yml").read_text())
    assigned_roles = {
        role for scopes in variables["__aml_identity_sets"].values() for roles in scopes.values() for role in roles
    }
    assert assigned_roles <= set(ROLES)


def test_who_has_which_role(azure: Azure) -> None:
    """Inherited ones are marked, narrower ones are not shown, and the names of custom roles are read once each."""
    azure.run(MODULE, **TEAM, description="The team")
    custom = custom_role(azure)
    place = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{custom}"
    for principal in (WHO, OTHER):
        azure.run(MODULE, role=custom, principal_id=principal, scope=GROUP_ID)
    assign(azure, str(uuid.uuid4()), f"{WORKSPACE_ID}/onlineEndpoints/one")

    def rows(**options: t.Any) -> list[tuple[str, str, str | None, bool]]:
        found = azure.run("aml_role_assignment_info", **options)
        assert found["changed"] is False and azure.writes == [] and "failures" not in found
        keys = ("role", "principal_id", "principal_type", "inherited")
        # The workspace's own identity has a role on the group.
        listed = [row for row in found["role_assignments"] if row["principal_id"].lower() in (WHO, OTHER)]
        return sorted(tuple(row[key] for key in keys) for row in listed)

    inherited = ("Our Scientist", WHO, "service_principal", True)
    own = ("AzureML Data Scientist", WHO, "group", False)
    everyone = [own, inherited, ("Our Scientist", OTHER, "service_principal", True)]
    assert rows() == everyone
    assert [request.path.split("/")[-2] for request in azure.sent] == ["Microsoft.Authorization", "roleDefinitions"]
    assert {row[0] for row in rows(role_names=False)} == {own[0], place} and len(azure.sent) == 1
    assert rows(principal_id=WHO.upper()) == [own, inherited]
    assert rows(scope=GROUP_ID) == [(*row[:3], False) for row in everyone[1:]]
    assert rows(principal_id=str(uuid.uuid4())) == []
    azure.run(MODULE, role=custom, principal_id=OTHER, scope=GROUP_ID, state="absent")
    azure.app.faults.put(
        [{"kind": "status", "status": 403, "code": "AuthorizationFailed", "match": {"path": "roleDefinitions"}}]
    )
    (unnamed,) = azure.run("aml_role_assignment_info", scope=GROUP_ID, principal_id=WHO)["role_assignments"]
    assert unnamed["role"] == unnamed["role_definition_id"] and custom in unnamed["role"]


def test_a_resource_group_that_is_only_planned_has_no_assignments(azure: Azure) -> None:
    """In check mode the tasks before it have not created the resource group; the run itself is refused by the service."""
    options = {**TEAM, "resource_group": "rg-none"}
    planned = azure.run(MODULE, check=True, **options)
    assert (planned["changed"], planned["plan"]["action"]) == (True, "create") and azure.writes == []
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "ResourceGroupNotFound"
    assert azure.run(MODULE, **options, state="absent")["changed"] is False
