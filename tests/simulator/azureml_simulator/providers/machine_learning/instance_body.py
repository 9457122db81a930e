# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bodies of a compute instance: what the 201 of a PUT shows, and what a GET adds (docs/facts.md a.6 [REC R3]).

Times of `lastOperation` have three digits [ISS azure-cli#27116].
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from azureml_simulator.http import Principal
from azureml_simulator.providers.machine_learning import identity as identities
from azureml_simulator.providers.machine_learning import instance_rules as rules
from azureml_simulator.providers.machine_learning import schedules as schedule_rules
from azureml_simulator.providers.machine_learning.common import (
    COMPUTE_TYPE,
    SUCCEEDED,
    Document,
    flag,
    mapping,
)
from azureml_simulator.providers.machine_learning.compute_kind import as_creating

if TYPE_CHECKING:
    from azureml_simulator.app import App

_UNKNOWN_YET = (
    "imageVersion",
    "imageSku",
    "sshSettings",
    "errors",
    "connectivityEndpoints",
    "applications",
    "state",
    "lastOperation",
    "dataMounts",
    "dataDisks",
    "containers",
    "updateStatus",
    "versions",
    "osImageMetadata",
)
_IMAGE = "24.10.31"


def last_operation(app: App, name: str, status: str, trigger: str, ts: float | None = None) -> Document:
    return {
        "operationName": name,
        "operationTime": app.clock.iso(ts, digits=3),
        "operationStatus": status,
        "operationTrigger": trigger,
    }


def declared(
    app: App, workspace: Document, doc: Document, body: Document, creator: Principal
) -> tuple[Document, Document]:
    """The 201's body and what is never shown, from what was sent."""
    rules.check_place(workspace, body)
    sent = mapping(body.get("properties"), "properties")
    location = workspace["location"]
    own = _inner(app, location, doc, mapping(sent.get("properties"), "properties.properties"), creator)
    shown = as_creating(app, "ComputeInstance", doc, body, location, properties=own)
    identity = identities.resolve(app, doc["id"], body.get("identity"))
    if identity:
        shown["identity"] = identity
    ssh = mapping(mapping(sent.get("properties"), "properties.properties").get("sshSettings"), "sshSettings")
    return shown, {"ssh": copy.deepcopy(ssh)}


def _inner(app: App, location: str, doc: Document, sent: Document, creator: Principal) -> Document:
    rules.check_ssh(mapping(sent.get("sshSettings"), "sshSettings"), location)
    rules.check_policy(sent.get("applicationSharingPolicy"), location)
    if sent.get("idleTimeBeforeShutdown") is not None:
        rules.idle_seconds(sent["idleTimeBeforeShutdown"], location)
    subnet = mapping(sent.get("subnet"), "subnet")
    return {
        **dict.fromkeys(_UNKNOWN_YET),
        "vmSize": str(sent.get("vmSize") or app.config["guesses"]["default_vm_size"]).upper(),
        "subnet": subnet if "id" in subnet else None,
        "enableRootAccess": flag(sent.get("enableRootAccess"), True),
        "createdBy": {"userOrgId": creator.tenant, "userId": creator.object_id},
        "applicationSharingPolicy": sent.get("applicationSharingPolicy"),
        "computeInstanceAuthorizationType": sent.get("computeInstanceAuthorizationType") or "personal",
        "personalComputeInstanceSettings": rules.assigned_user(sent.get("personalComputeInstanceSettings"), location),
        "setupScripts": rules.scripts_of(sent.get("setupScripts")),
        "schedules": schedule_rules.accept(sent.get("schedules"), doc["id"], location),
        "idleTimeBeforeShutdown": sent.get("idleTimeBeforeShutdown"),
        "enableNodePublicIp": flag(sent.get("enableNodePublicIp"), True),
        "autologgerSettings": copy.deepcopy(sent.get("autologgerSettings")),
        "enableBatchPrivateLink": False,
        "enableOSPatching": flag(sent.get("enableOSPatching")),
        "releaseQuotaOnStop": flag(sent.get("releaseQuotaOnStop")),
        "enableSSO": flag(sent.get("enableSSO"), True) and not _is_prepared_for_another(sent),
        "customServices": copy.deepcopy(sent.get("customServices")) or None,
    }


def _is_prepared_for_another(sent: Document) -> bool:
    """With a script or an application of its creator, the instance of another user has no single sign-on [D: how-to-create-compute-instance]."""
    settings = mapping(sent.get("personalComputeInstanceSettings"), "personalComputeInstanceSettings")
    return bool(settings.get("assignedUser") and (sent.get("setupScripts") or sent.get("customServices")))


def settle(app: App, doc: Document, private: Document, now: float) -> None:
    """What a GET shows that the 201 did not."""
    properties, inner = doc["properties"], doc["properties"]["properties"]
    properties |= {"provisioningState": SUCCEEDED, "provisioningWarnings": {}, "modifiedOn": app.clock.iso(now)}
    doc["tags"] = doc["tags"] or {}
    ssh, number = private["ssh"], _free_number(app, doc)
    public = str(app.config["nodes"]["public_ip_address"]) if inner["enableNodePublicIp"] else None
    host = f"https://{doc['name'].lower()}.{properties['computeLocation']}.instances.azureml.ms"
    inner |= {
        "state": "Running",
        "sshSettings": {
            "sshPublicAccess": ssh.get("sshPublicAccess") or "Disabled",
            "adminUserName": "azureuser",
            "sshPort": int(app.config["nodes"]["first_port"]) + number,
            "adminPublicKey": ssh.get("adminPublicKey"),
        },
        "errors": [],
        "connectivityEndpoints": {"publicIpAddress": public, "privateIpAddress": _private_address(number)},
        "applications": [
            {"displayName": "Jupyter", "endpointUri": f"{host}/tree/"},
            {"displayName": "Jupyter Lab", "endpointUri": f"{host}/lab"},
        ],
        "applicationSharingPolicy": inner["applicationSharingPolicy"] or "Shared",
        "lastOperation": last_operation(app, "Create", "Succeeded", "User", now),
        "versions": {"runtime": "3.0.01915.0001"},
        "customServices": inner["customServices"] or [],
        "osImageMetadata": {
            "currentImageVersion": _IMAGE,
            "latestImageVersion": _IMAGE,
            "isLatestOsImageVersion": True,
            "osPatchingStatus": None,
        },
    }


def _private_address(number: int) -> str:
    return f"10.1.{number // 250}.{number % 250 + 4}"


def _free_number(app: App, doc: Document) -> int:
    """The lowest place among the instances, so that each has an address and a port of its own."""
    taken: set[Any] = set()
    for other in app.store.by_type(None, COMPUTE_TYPE):
        if other["properties"]["computeType"] == "ComputeInstance" and other["id"].lower() != doc["id"].lower():
            taken.add((other["properties"]["properties"]["connectivityEndpoints"] or {}).get("privateIpAddress"))
    return next(number for number in range(len(taken) + 1) if _private_address(number) not in taken)
