# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that Resource Manager has for every resource: not found, parents, locations, managed identities.

Texts: docs/facts.md b.2 [REC R11, ARM]; the others are Resource Manager's documented error codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.locations import LOCATIONS, normalise
from azureml_simulator.entra.directory import TENANT, stable_guid
from azureml_simulator.http import ArmError
from azureml_simulator.store import type_of

if TYPE_CHECKING:
    from azureml_simulator.app import App


def mapping(value: Any, name: str) -> dict[str, Any]:
    """An object of a request body; null counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad_shape(name, "an object")
    return value


def entries(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects of a request body; null counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _bad_shape(name, "a list of objects")
    return value


def named_entries(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects of a request body that have a name and properties."""
    items = entries(value, name)
    for item in items:
        if not isinstance(item.get("name"), str) or not item["name"]:
            raise _bad_shape(f"{name}.name", "a text")
        mapping(item.get("properties"), f"{name}.properties")
    return items


def reference(value: Any, name: str) -> str:
    """The id in a reference to another resource, `{"id": ...}`; an empty text where there is no reference."""
    resource_id = mapping(value, name).get("id")
    if resource_id is None:
        return ""
    if not isinstance(resource_id, str):
        raise _bad_shape(f"{name}.id", "a text")
    return resource_id


def _bad_shape(name: str, expected: str) -> ArmError:
    return ArmError(400, "InvalidRequestContent", f"The request content was invalid: '{name}' must be {expected}.")


def relative_name(resource_id: str) -> str:
    """`Microsoft.X/a/nameA/b/nameB`: what stands after the last `providers`."""
    parts = resource_id.strip("/").split("/")
    lowered = [part.lower() for part in parts]
    at = len(lowered) - 1 - lowered[::-1].index("providers")
    return "/".join(parts[at + 1 :])


def group_of(resource_id: str) -> str:
    parts = resource_id.strip("/").split("/")
    return parts[3] if len(parts) > 3 and parts[2].lower() == "resourcegroups" else ""


def not_found(resource_id: str) -> ArmError:
    """The gateway's 404 for a resource in a resource group."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{relative_name(resource_id)}' under resource group '{group_of(resource_id)}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def parent_not_found(parent_name: str) -> ArmError:
    return ArmError(
        404,
        "ParentResourceNotFound",
        f"Can not perform requested operation on nested resource. Parent resource '{parent_name}' not found.",
    )


def check_location(body: dict[str, Any], resource_type: str, *, global_only: bool = False) -> str:
    """The normal form of the location in a body; missing or unknown ones are refused."""
    location = body.get("location")
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    normal = normalise(location)
    available = ["global"] if global_only else sorted(LOCATIONS)
    if normal not in available:
        raise ArmError(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{location}' is not available for resource type '{resource_type}'. List of "
            f"available regions for the resource type is '{','.join(available)}'.",
        )
    return normal


def check_same_location(existing: dict[str, Any], location: str) -> None:
    held = normalise(existing.get("location", location))
    if held != location:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{existing['name']}' already exists in location '{held}' in resource group "
            f"'{group_of(existing['id'])}'. A resource with the same name cannot be created in location '{location}'. "
            "Please select a new resource name.",
        )


def check_group_alive(app: App, sub: str, rg: str) -> dict[str, Any]:
    """The resource group's document; one that is being deleted takes nothing new."""
    group = app.resource_group(sub, rg)
    if group["properties"]["provisioningState"] == "Deleting":
        raise ArmError(
            409,
            "ResourceGroupBeingDeleted",
            f"The resource group '{rg}' is in deprovisioning state and cannot perform this operation.",
        )
    return group


def resolve_identity(app: App, resource_id: str, identity: dict[str, Any] | None) -> dict[str, Any] | None:
    """The identity block as it is shown: principal ids filled in; a user-assigned identity must exist."""
    if not identity:
        return None
    kinds = {part.strip().lower() for part in str(identity.get("type", "None")).split(",")}
    shown: dict[str, Any] = {"type": identity.get("type", "None")}
    if "systemassigned" in kinds:
        shown |= {"principalId": stable_guid("system identity", resource_id), "tenantId": TENANT}
    if "userassigned" in kinds:
        shown["userAssignedIdentities"] = {}
        for wanted in identity.get("userAssignedIdentities") or {}:
            found = app.store.get(wanted)
            if found is None or type_of(wanted).lower() != "microsoft.managedidentity/userassignedidentities":
                raise ArmError(
                    400,
                    "FailedIdentityOperation",
                    f"Identity operation for resource '{resource_id}' failed with error 'Failed to perform resource "
                    f'identity operation. Status: \'BadRequest\'. Response: \'{{"error":{{"code":"BadRequest",'
                    f"\"message\":\"Resource '{wanted}' was not found.\"}}}}'.'.",
                )
            ids = {key: found["properties"][key] for key in ("principalId", "clientId")}
            shown["userAssignedIdentities"][wanted] = ids
    return shown
