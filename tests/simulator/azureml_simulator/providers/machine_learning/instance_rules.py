# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a compute instance: name, place, SSH, idle time, quota.

docs/facts.md b.2 has the texts marked ISS, c.1 the name rule, c.2 the bounds of the idle time; docs/coverage.md
1.2 and 1.7 [D] the rest. Texts that are in neither are guesses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.locations import normalise
from azureml_simulator.http import ArmError
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning import quota as quotas
from azureml_simulator.providers.machine_learning.common import COMPUTE_TYPE, Document, fits_name, mapping, refuse
from azureml_simulator.providers.machine_learning.durations import seconds_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

_BAD_NAME = (
    "A name for an Azure ML Compute Instance must be between 3 and 24 characters in length and must use only numbers, "
    "letters and minus symbol (-), must start with letters. Numbers cannot be the ending of the name if the previous "
    "character is a minus symbol (-). Please specify a different Azure ML Instance name"
)
_LEAST_IDLE, _MOST_IDLE = 15 * 60.0, 3 * 24 * 3600.0


def name_problem(app: App, name: str, location: str) -> tuple[str, str] | None:
    """Reason and message of a name that cannot be had: its form, or an instance of the region that has it."""
    if not fits_name(app, name):
        return "Invalid", _BAD_NAME
    for doc in app.store.by_type(None, COMPUTE_TYPE):
        properties = doc["properties"]
        if properties["computeType"] != "ComputeInstance" or properties["computeLocation"] != location:
            continue
        if doc["name"].lower() == name.lower():
            return "AlreadyExists", f"The specified name {name} is already in use and is therefore unavailable"
    return None


def check_name(app: App, name: str, location: str) -> None:
    problem = name_problem(app, name, location)
    if problem is None:
        return
    reason, message = problem
    if reason == "Invalid":
        raise refuse(message, location, code="InvalidResourceName")
    status = int(app.config["guesses"]["instance"]["name_taken_status"])
    raise refuse(message, location, status=status, code="AlreadyExists")


def check_place(workspace: Document, body: Document) -> None:
    """An instance is in its workspace's region [D, docs/coverage.md I3]."""
    outer = mapping(body.get("properties"), "properties")
    for sent in (body.get("location"), outer.get("computeLocation")):
        if sent and normalise(sent) != workspace["location"]:
            raise refuse(
                f"The location '{sent}' of the compute instance is not the location '{workspace['location']}' of its "
                "workspace.",
                workspace["location"],
            )


def check_ssh(settings: Document, location: str) -> None:
    """Public SSH needs a key [D: the key is given at creation; C in docs/coverage.md 1.7 CI4]."""
    access = str(settings.get("sshPublicAccess") or "Disabled")
    if access not in ("Enabled", "Disabled"):
        raise refuse(f"The value '{access}' of 'sshPublicAccess' is not valid.", location)
    if access == "Enabled" and not settings.get("adminPublicKey"):
        raise refuse("'adminPublicKey' is required when 'sshPublicAccess' is 'Enabled'.", location)


def idle_seconds(duration: Any, location: str) -> float:
    """15 minutes to 3 days (types-2025-12-01.md idleTimeBeforeShutdown)."""
    seconds = seconds_of(duration)
    if not _LEAST_IDLE <= seconds <= _MOST_IDLE:
        raise refuse(
            f"The idle time before shutdown '{duration}' is not valid. It must be between PT15M and P3D.", location
        )
    return seconds


def check_policy(value: Any, location: str) -> None:
    if value is not None and value not in ("Personal", "Shared"):
        raise refuse(f"The value '{value}' of 'applicationSharingPolicy' is not valid.", location)


def assigned_user(settings: Any, location: str) -> Document | None:
    """The user for whom the instance is created needs both ids (types-2025-12-01.md AssignedUser)."""
    user = mapping(mapping(settings, "personalComputeInstanceSettings").get("assignedUser"), "assignedUser")
    if not user:
        return None
    if not user.get("objectId") or not user.get("tenantId"):
        raise refuse("'assignedUser' needs 'objectId' and 'tenantId'.", location)
    return {"assignedUser": {"objectId": user["objectId"], "tenantId": user["tenantId"]}}


def scripts_of(sent: Any) -> Document | None:
    """The setup scripts, creation and startup (docs/coverage.md CI11)."""
    scripts = mapping(mapping(sent, "setupScripts").get("scripts"), "scripts")
    if not scripts:
        return None
    for name, script in scripts.items():
        source = str(mapping(script, name).get("scriptSource") or "")
        if source.lower() not in ("workspacestorage", "inline") or not script.get("scriptData"):
            raise ArmError(
                400,
                "InvalidRequestContent",
                f"The request content was invalid: '{name}' needs 'scriptSource' (workspaceStorage, inline) and "
                "'scriptData'.",
            )
    return {"scripts": scripts}


def over_quota(app: App, doc: Document, subscription: str) -> Document | None:
    """Instances share the cores of their family with the clusters [D, CI1]; the end of the text is ISS (b.2)."""
    size = catalogue.find(doc["properties"]["properties"]["vmSize"])
    if size is None:
        return None
    others = quotas.others_of(app, doc, subscription, busy=False)
    quota = quotas.broken_limit(app, doc, others, size.family, size.vcpus)
    if quota is None:
        return None
    return {
        "code": "BadRequest",
        "message": f"The specified subscription has a {quotas.family_text(size.family)} vCPU quota of {quota} and is less than the requested "
        f"compute instance's which maps to {size.vcpus} vCPUs",
        "statusCode": 400,
    }
