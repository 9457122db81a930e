# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a cluster: scale settings, size, subnet, nodes without a public address.

docs/facts.md b.2 has the texts marked ISS; those of subnet and scale settings are guesses, kept in `guesses` where a
client could want to see another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.http import ArmError
from azureml_simulator.providers.machine_learning import catalogue
from azureml_simulator.providers.machine_learning.common import Document, mapping, refuse
from azureml_simulator.providers.machine_learning.durations import seconds_of
from azureml_simulator.providers.private_links import approved_links

if TYPE_CHECKING:
    from azureml_simulator.app import App

_IDLE = "nodeIdleTimeBeforeScaleDown"


_CHOICES = {
    "vmPriority": ("Dedicated", "LowPriority"),
    "osType": ("Linux", "Windows"),
    "remoteLoginPortPublicAccess": ("Enabled", "Disabled", "NotSpecified"),
}


def check_inner(inner: Document) -> Document:
    """The inner properties with the spelling of types-2025-12-01.md AmlComputeProperties; other values are refused, and so are
    credentials without the name that UserAccountCredentials requires."""
    inner = dict(inner)
    for name, choices in _CHOICES.items():
        if inner.get(name) is not None:
            inner[name] = next((choice for choice in choices if choice.lower() == str(inner[name]).lower()), None)
            if inner[name] is None:
                raise ArmError(
                    400,
                    "InvalidRequestContent",
                    f"The request content was invalid: '{name}' must be one of {', '.join(choices)}.",
                )
    account = mapping(inner.get("userAccountCredentials"), "userAccountCredentials")
    if account and not account.get("adminUserName"):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: 'adminUserName' is required.")
    return inner


def check_scale(scale: Document) -> None:
    """maxNodeCount is required (types-2025-12-01.md ScaleSettings); the minimum is not above it."""
    most, least = scale.get("maxNodeCount"), scale.get("minNodeCount") or 0
    for name, value in (("maxNodeCount", most), ("minNodeCount", least)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ArmError(
                400, "InvalidRequestContent", f"The request content was invalid: '{name}' must be a number from 0 on."
            )
    if least > int(most or 0):
        raise ArmError(
            400, "UserError", f"The minimum node count {least} is greater than the maximum node count {most}."
        )
    if scale.get(_IDLE) is not None:
        seconds_of(scale[_IDLE])


def scale_of(sent: Document) -> Document:
    """Scale settings as a GET shows them: the idle time defaults to PT2M (docs/facts.md a.6)."""
    return {
        "minNodeCount": sent.get("minNodeCount") or 0,
        "maxNodeCount": sent["maxNodeCount"],
        _IDLE: sent.get(_IDLE) or "PT2M",
    }


def unsupported_size(app: App, doc: Document) -> Document | None:
    """InvalidPropertyValue with the supported sizes [ISS azure-sdk-for-python#14147]."""
    outer = doc["properties"]
    location, wanted = outer["computeLocation"], outer["properties"]["vmSize"]
    sizes = catalogue.available(location, app.config["sizes"]["removed"].get(location))
    size = catalogue.find(wanted)
    if size in sizes:
        return None
    shown = size.name if size else wanted
    return {
        "code": "InvalidPropertyValue",
        "message": f"The specified value {shown} for property Cluster.Properties.VMSize is not a supported VM size. "
        "See additional details for supported VM sizes.",
        "details": [{"code": "SupportedVMSizes", "message": ",".join(entry.name.upper() for entry in sizes)}],
        "statusCode": 400,
    }


def check_subnet(app: App, doc: Document) -> Document | None:
    """The subnet exists, in the workspace's subscription [D, docs/coverage.md 1.11], in the cluster's region."""
    outer = doc["properties"]
    subnet = outer["properties"]["subnet"]
    if not subnet:
        return None
    subnet_id = str(subnet.get("id") or "")
    guesses: dict[str, Any] = app.config["guesses"]["subnet"]
    network_id = subnet_id.partition("/subnets/")[0]
    network = app.store.get(network_id) if network_id else None
    if not subnet_id or app.store.get(subnet_id) is None or network is None:
        return {"code": "SubnetNotFound", "message": guesses["not_found"].format(id=subnet_id), "statusCode": 400}
    if subnet_id.split("/")[2].lower() != doc["id"].split("/")[2].lower():
        return {"code": "UserError", "message": guesses["subscription"].format(id=subnet_id), "statusCode": 400}
    if network["location"] != outer["computeLocation"]:
        message = guesses["location"].format(
            id=subnet_id, network=network["location"], compute=outer["computeLocation"]
        )
        return {"code": "UserError", "message": message, "statusCode": 400}
    return None


def has_private_endpoint(app: App, workspace_id: str) -> bool:
    """Whether a private endpoint leads to the workspace, whose connection is approved."""
    return bool(approved_links(app, workspace_id))


def managed_network_on(workspace: Document) -> bool:
    mode = (workspace["properties"].get("managedNetwork") or {}).get("isolationMode", "Disabled")
    return bool(mode != "Disabled")


def need_private_way(app: App, workspace: Document, properties: Document) -> None:
    """No public node addresses need another way in [ISS data-product-analytics#70; c.3]; a workspace with a private
    endpoint has no clusters in other regions [D, docs/coverage.md CC1]."""
    inner = properties["properties"]
    private = has_private_endpoint(app, workspace["id"])
    if not inner["enableNodePublicIp"] and not (inner["subnet"] or private or managed_network_on(workspace)):
        raise refuse("Provided EnableNodePublicIp 'False' requires workspace private endpoint.", workspace["location"])
    if private and properties["computeLocation"] != workspace["location"]:
        raise refuse(
            "A compute in another region is not supported in a workspace with a private endpoint.",
            workspace["location"],
        )
