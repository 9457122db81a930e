# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Role assignments: who has which role at which scope.

Azure considers two assignments of one role to one principal at one scope as equal, whatever their names: the three are the key here, and the name of a new
assignment follows from them, so that two runs at the same time do not create it twice. Source: Microsoft.Authorization 2022-04-01, roleAssignments.
"""

from __future__ import annotations

import copy
import difflib
import functools
import re
import typing as t
import uuid
from dataclasses import replace

from .._core import canon, paths
from .._core.arm_id import COLLECTION_PATHS, ArmId, Target
from .._core.errors import ArmError
from .._core.findings import Finding, Findings
from .._engine import rules
from .._engine.exported import Exported
from .._engine.fields import Field, Option, choice
from .._engine.kind import Body, Kind, Request, fixed
from .._engine.plan import Declared, Plan
from . import rows

_SOURCE = "Azure role-based access control"
_P = "properties."
_PATH = COLLECTION_PATHS["role_assignments"]
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# The one of ansible.builtin.to_uuid.
_NAMESPACE = uuid.UUID("361e6d51-faec-444a-9079-341386da8e2e")
# From "Azure built-in roles" (built-in-roles). The GUIDs are the same in every tenant.
ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "AzureML Data Scientist": "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Compute Operator": "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Registry User": "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "Azure Machine Learning Workspace Connection Secrets Reader": "ea01e6af-a1c1-4350-9563-ad00f8c72ec5",
    "Azure AI Developer": "64702f94-c441-49e6-a78b-ef80e0188fee",
    "Azure AI Enterprise Network Connection Approver": "b556d68e-0be0-4f35-a333-ad7ee1ce17ea",
    "Cognitive Services OpenAI Contributor": "a001fd3d-188f-4b5d-821b-7da978bf7442",
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Kubernetes Extension Contributor": "85cb6faf-e071-4c9b-8136-154b5a04f717",
    "Azure Kubernetes Service Cluster Admin Role": "0ab0b1a8-8aac-4efd-b8c2-3ee1fb270be8",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage File Data Privileged Contributor": "69566ab7-960f-475b-8e7c-b3118f30c6bd",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
}
_BY_NAME = {name.casefold(): guid for name, guid in ROLES.items()}
_BY_GUID = {guid: name for name, guid in ROLES.items()}

Key = tuple[str, str, str]
# What a PUT replaces as a whole.
_WRITABLE = (
    "roleDefinitionId", "principalId", "principalType", "description", "condition", "conditionVersion", "delegatedManagedIdentityResourceId",
)  # fmt: skip


def guid_of(role: t.Any) -> str:
    """The GUID of a role that is declared by its name, its GUID or the id of its definition; for an unknown name, the name itself."""
    text = str(role).strip()
    return _BY_NAME.get(text.casefold(), text.rstrip("/").rpartition("/")[2].casefold())


def may_be_custom(role: t.Any) -> bool:
    """Whether it can be the name of a role that only the service knows."""
    text = str(role)
    return bool(text.strip()) and text.isprintable() and "/" not in text and not _GUID.fullmatch(guid_of(text))


def definitions_path(scope: str) -> str:
    """Where the definitions of the roles are listed that can be assigned at a scope."""
    return f"{scope}/providers/Microsoft.Authorization/roleDefinitions"


def named_filter(role: str) -> dict[str, str]:
    quoted = role.replace("'", "''")
    return {"$filter": f"roleName eq '{quoted}'"}


def guids_named(role: str, definitions: t.Iterable[Body]) -> list[str]:
    """The GUIDs of the definitions that have a name, whatever else the answer to a filter has."""
    found = set()
    for body in definitions:
        properties, name = body.get("properties"), str(body.get("name"))
        shown = properties.get("roleName") if isinstance(properties, dict) else None
        if canon.caseless(shown) == role.strip().casefold() and _GUID.fullmatch(name):
            found.add(name.casefold())
    return sorted(found)


def meant(role: t.Any) -> str:
    """The built-in role that an unknown name probably means, as a sentence."""
    close = difflib.get_close_matches(str(role).casefold(), _BY_NAME, n=1)
    return f" Did you mean {_BY_GUID[_BY_NAME[close[0]]]}?" if close else ""


def check_role(role: t.Any, option: str) -> Findings:
    """What can be no role at all. Whether there is a custom role of a name, only the service knows."""
    if not _GUID.fullmatch(guid_of(role)) and not may_be_custom(role):
        names = ", ".join(sorted(ROLES))
        message = f"{option} {role!r} is not known.{meant(role)} Declare the role's GUID, the id of its definition, or one of {names}."
        yield Finding("UnknownRole", option, message, _SOURCE)


def key_of(scope: str, role: t.Any, principal: str) -> Key:
    """What Azure compares of an assignment."""
    return str(canon.arm_id(scope)), guid_of(role), principal.casefold()


def key_of_body(body: Body) -> Key:
    found = body.get("properties") or {}
    return key_of(str(found.get("scope")), str(found.get("roleDefinitionId")), str(found.get("principalId")))


def _name(key: Key) -> str:
    return str(uuid.uuid5(_NAMESPACE, "|".join(key)))


def list_path(scope: str) -> str:
    """Where the assignments at a scope are listed, with those of wider and narrower scopes."""
    return f"{scope}/{_PATH}"


def target_of(scope: str, role: t.Any, principal: str) -> Target:
    """Where a new assignment will be."""
    place = ArmId(scope.rstrip("/"))
    name = _name(key_of(place, role, principal))
    return Target(name, f"{list_path(place)}/{name}", place, place.subscription_id, place.resource_group)


def unknown_definitions(scope: str, bodies: t.Iterable[Body]) -> list[str]:
    """Where the definitions of the roles in assignments are that have no name here."""
    guids = dict.fromkeys(guid_of(body["properties"]["roleDefinitionId"]) for body in bodies)
    unknown = (guid for guid in guids if guid not in _BY_GUID and _GUID.fullmatch(guid))
    return [f"{definitions_path(scope)}/{guid}" for guid in unknown]


def _shown_role(definition: t.Any) -> t.Any:
    """The name of a role, or the id of its definition where the name is not known here."""
    return _BY_GUID.get(guid_of(definition), definition)


_WHY = "a role assignment is made of its scope, its role and its principal"
FIELDS = (
    fixed(
        "role",
        _P + "roleDefinitionId",
        _WHY,
        spec={"type": "str", "required": True},
        rule=check_role,
        canon=guid_of,
        from_arm=_shown_role,
        examples=("AzureML Data Scientist", "f6c7c914-8db3-469d-8ca1-694a8f32e121"),
        wrong=("", "a/b", "a\nb"),
    ),
    fixed(
        "principal_id",
        _P + "principalId",
        _WHY,
        spec={"type": "str", "required": True},
        rule=rules.guid,
        canon=canon.caseless,
        examples=("11111111-0000-4000-8000-00000000000f",),
    ),
    fixed(
        "principal_type",
        _P + "principalType",
        "the directory says what a principal is",
        spec={"type": "str", "choices": ["user", "group", "service_principal", "foreign_group", "device"]},
        canon=canon.caseless,
        **choice(
            user="User",
            group="Group",
            service_principal="ServicePrincipal",
            foreign_group="ForeignGroup",
            device="Device",
        ),
    ),
    rows.DESCRIPTION,
    Field(
        "condition",
        _P + "condition",
        spec={"type": "str"},
        canon=canon.text,
        clearable=True,
        rule=functools.partial(rules.not_empty, instead="omit it, or declare null to remove it"),
        examples=("@Resource[a] StringEquals 'b'",),
        wrong=("", " "),
    ),
)  # fmt: skip


class ExportedRoleAssignment(Exported):
    @property
    def names(self) -> dict[str, str]:
        return {}

    @property
    def name(self) -> str:
        return self.kind.configured(self.options).about


class RoleAssignment(Kind):
    """One role of one principal at one scope. As ``configured``, it knows which one was declared.

    Fleets never prune any: that one was assigned by a fleet can be written nowhere in it but in its description, which anyone may copy; and a person
    without a role cannot work, which no run may cause because a line is missing.
    """

    label = "role assignment"
    module = "aml_role_assignment"
    collection = "role_assignments"
    api_version = "2022-04-01"
    # Without those of narrower scopes, such as single endpoints.
    list_params: t.Mapping[str, str] = {"$filter": "atScope()"}
    named_by = ("role", "principal_id")
    exported_as = ExportedRoleAssignment
    # Any resource can be a scope: what is assigned at one that does not exist, the service refuses.
    parent_api_version = ""
    fields = FIELDS
    # There is one version.
    filled_by_service = ("properties.conditionVersion",)
    options = (Option("propagation_timeout", spec={"type": "int", "default": 300}, examples=(60,)),)
    role = principal_id = ""
    # Seconds in which the directory has to know the principal.
    propagation_timeout = 300

    def configured(self, options: t.Mapping[str, t.Any]) -> RoleAssignment:
        kind = copy.copy(self)
        kind.role, kind.principal_id = (str(options.get(option) or "") for option in self.named_by)
        kind.about = f"{_shown_role(kind.role)} for {kind.principal_id}" if kind.role else ""
        kind.propagation_timeout = options.get("propagation_timeout", self.propagation_timeout)
        return kind

    def known_as(self, guid: str) -> RoleAssignment:
        """The same of a custom role by its GUID, whose name messages keep."""
        kind = copy.copy(self)
        kind.role = guid
        return kind

    def name_of(self, options: t.Mapping[str, t.Any], parent_id: str) -> str:
        return _name(key_of(parent_id, *(str(options[option]) for option in self.named_by)))

    def key_of(self, body: Body) -> str:
        return _name(key_of_body(body))

    def found(self, target: Target, body: Body) -> Target:
        # By its name at its scope: the id of an answer could be that of anything.
        name = str(body["name"])
        return replace(target, name=name, id=f"{list_path(target.parent_id)}/{name}")

    def belongs(self, body: Body, workspace_id: str) -> bool:
        """An assignment that is inherited from a wider scope is not one of the workspace."""
        return key_of_body(body)[0] == str(canon.arm_id(workspace_id))

    def with_values(self, body: Body, values: Declared) -> Body:
        changed = super().with_values(body, values)
        role = values.get("role")
        if role is not None:
            scope = ArmId(str(paths.get_path(body, "properties.scope")))
            place = f"/subscriptions/{scope.subscription_id}" if scope.subscription_id else ""
            definition = f"{place}/providers/Microsoft.Authorization/roleDefinitions/{guid_of(role)}"
            paths.set_path(changed, _P + "roleDefinitionId", definition)
        if values.get("condition"):
            # The only version that there is.
            paths.set_path(changed, _P + "conditionVersion", "2.0")
        return changed

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return {"properties": {"scope": target.parent_id}}

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        properties = self.with_values(body, plan.values())["properties"]
        sent = {name: properties[name] for name in _WRITABLE if properties.get(name) is not None}
        if not sent.get("condition"):
            sent.pop("conditionVersion", None)
        return [Request("PUT", {"properties": sent}, carries=True)]

    def explain_refusal(self, error: ArmError, *, created: bool) -> None:
        if error.code == "PrincipalNotFound":
            error.hint = (
                "Correct principal_id: it is the object id of a user, a group or a service principal, and not the id of an application. "
                "For a principal that was just created, set principal_type, or raise propagation_timeout."
            )
        elif error.code in ("RoleDefinitionDoesNotExist", "RoleAssignmentUpdateNotPermitted"):
            error.hint = "Correct role. A custom role can only be assigned at or below its assignable scopes."

    def project(self, body: Body) -> dict[str, t.Any]:
        return {**super().project(body), "scope": paths.get_path(body, "properties.scope")}

    def report_name(self, row: t.Mapping[str, t.Any], result: t.Mapping[str, t.Any]) -> str:
        """It has no name that anyone chose. If it does not exist, the plan's reason says which it is."""
        if result:
            return f"{result.get('role')} for {result.get('principal_id')}"
        return str(row.get("reason") or row["name"])


ROLE_ASSIGNMENT = RoleAssignment()
