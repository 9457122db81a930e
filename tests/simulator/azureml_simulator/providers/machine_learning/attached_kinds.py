# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attached computes but AKS and Kubernetes: machines, HDInsight, Databricks, Data Lake, Data Factory, Synapse.

Inner properties: types-2025-12-01.md; what the clients send: docs/facts.md a.7 and c.4. listKeys exists for virtual
machines and Databricks (ComputeSecrets); HDInsight has no secrets type, so its keys cannot be listed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from azureml_simulator.http import Request, Response
from azureml_simulator.providers.machine_learning.attached_kind import AttachedKind
from azureml_simulator.providers.machine_learning.common import Document, mapping, refuse

_SECRETS = ("password", "publicKeyData", "privateKeyData")


def check_port(value: Any, location: str) -> int:
    port = 22 if value is None else value
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= 65535:
        raise refuse(f"The SSH port '{value}' is not valid.", location)
    return port


def account_of(sent: Document, location: str) -> Document:
    """The administrator without its secrets; they come back by listKeys only (docs/facts.md a.6)."""
    account = mapping(sent.get("administratorAccount"), "administratorAccount")
    if account and not account.get("username"):
        raise refuse("'administratorAccount' needs 'username'.", location)
    return {"username": account.get("username"), **dict.fromkeys(_SECRETS)}


class SshKind(AttachedKind):
    """A host that is reached by SSH."""

    changes: ClassVar[tuple[str, ...]] = ("administratorAccount", "sshPort", "address")

    def secrets(self, sent: Document) -> Document:
        """An account without secrets, as a GET shows it, leaves those that are kept (a guess)."""
        account = mapping(sent.get("administratorAccount"), "administratorAccount")
        kept = {name: account[name] for name in _SECRETS if account.get(name)}
        return {"secrets": kept} if kept else {}


class VirtualMachine(SshKind):
    """A machine by its id or by an address."""

    name = "VirtualMachine"
    targets: ClassVar[tuple[str, ...]] = ("Microsoft.Compute/virtualMachines",)
    needs_target = False

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        location = workspace["location"]
        if target is None and not sent.get("address"):
            raise refuse("A virtual machine needs 'resourceId' or 'address'.", location)
        hardware = ((target or {}).get("properties") or {}).get("hardwareProfile") or {}
        return {
            "virtualMachineSize": sent.get("virtualMachineSize") or hardware.get("vmSize"),
            "sshPort": check_port(sent.get("sshPort"), location),
            "notebookServerPort": sent.get("notebookServerPort"),
            "address": sent.get("address"),
            "administratorAccount": account_of(sent, location),
            "isNotebookInstanceCompute": sent.get("isNotebookInstanceCompute") or False,
        }

    def list_keys(self, request: Request, workspace: Document, doc: Document) -> Response:
        kept = self.app.store.private(doc["id"]).get("secrets") or {}
        account = {**doc["properties"]["properties"]["administratorAccount"], **kept}
        return Response(200, {"computeType": self.name, "administratorAccount": account})


class HDInsight(SshKind):
    """A cluster's head node; v1 sends its address, the documentation its id."""

    name = "HDInsight"
    targets: ClassVar[tuple[str, ...]] = ("Microsoft.HDInsight/clusters",)
    needs_target = False

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        location, address = workspace["location"], sent.get("address")
        if target is None and not address:
            raise refuse("HDInsight needs 'resourceId' or 'address'.", location)
        return {
            "address": address or f"{target['name'] if target else ''}-ssh.azurehdinsight.net",
            "sshPort": check_port(sent.get("sshPort"), location),
            "administratorAccount": account_of(sent, location),
        }


class Databricks(AttachedKind):
    """A workspace and a token for it."""

    name = "Databricks"
    targets: ClassVar[tuple[str, ...]] = ("Microsoft.Databricks/workspaces",)
    changes: ClassVar[tuple[str, ...]] = ("databricksAccessToken",)

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        if not sent.get("databricksAccessToken"):
            raise refuse("'databricksAccessToken' is required for the computeType 'Databricks'.", workspace["location"])
        url = sent.get("workspaceUrl") or ((target or {}).get("properties") or {}).get("workspaceUrl")
        return {"databricksAccessToken": None, "workspaceUrl": url}

    def _for_update(self, doc: Document, body: Document) -> Document:
        """A PUT of what a GET showed has no token: it stays as it was (a guess)."""
        sent = mapping(body.get("properties"), "properties")
        inner = mapping(sent.get("properties"), "properties.properties")
        if inner.get("databricksAccessToken"):
            return body
        kept = self.app.store.private(doc["id"])["databricksAccessToken"]
        return {**body, "properties": {**sent, "properties": {**inner, "databricksAccessToken": kept}}}

    def secrets(self, sent: Document) -> Document:
        return {"databricksAccessToken": sent["databricksAccessToken"]}

    def list_keys(self, request: Request, workspace: Document, doc: Document) -> Response:
        token = self.app.store.private(doc["id"])["databricksAccessToken"]
        return Response(200, {"computeType": self.name, "databricksAccessToken": token})


class DataLakeAnalytics(AttachedKind):
    """Retired in February 2024 [D, docs/coverage.md 1.10]; whether an attachment is still taken is a guess."""

    name = "DataLakeAnalytics"
    targets: ClassVar[tuple[str, ...]] = ("Microsoft.DataLakeAnalytics/accounts",)

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        if self.app.config["guesses"]["attach"]["retired"] == "refuse":
            raise refuse("Azure Data Lake Analytics is retired and can no longer be attached.", workspace["location"])
        default = ((target or {}).get("properties") or {}).get("defaultDataLakeStoreAccount")
        return {"dataLakeStoreAccountName": sent.get("dataLakeStoreAccountName") or default}


class DataFactory(AttachedKind):
    """No inner properties, in no answer either; the official example has no resource id (docs/facts.md c.2)."""

    name = "DataFactory"
    targets: ClassVar[tuple[str, ...]] = ("Microsoft.DataFactory/factories",)
    needs_target = False

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> None:
        return None


class SynapseSpark(AttachedKind):
    """A Spark pool; its properties are the pool's, the client sends the id only (docs/facts.md f.11)."""

    name = "SynapseSpark"
    targets: ClassVar[tuple[str, ...]] = ("Microsoft.Synapse/workspaces/bigDataPools",)

    def accept(self, workspace: Document, doc: Document, sent: Document, target: Document | None) -> Document:
        assert target is not None
        parts, pool = target["id"].split("/"), target.get("properties") or {}
        scale, pause = mapping(pool.get("autoScale"), "autoScale"), mapping(pool.get("autoPause"), "autoPause")
        return {
            "autoScaleProperties": {
                "enabled": scale.get("enabled", False),
                "minNodeCount": scale.get("minNodeCount"),
                "maxNodeCount": scale.get("maxNodeCount"),
            },
            "autoPauseProperties": {
                "enabled": pause.get("enabled", False),
                "delayInMinutes": pause.get("delayInMinutes"),
            },
            "sparkVersion": pool.get("sparkVersion"),
            "nodeCount": pool.get("nodeCount"),
            "nodeSize": pool.get("nodeSize"),
            "nodeSizeFamily": pool.get("nodeSizeFamily"),
            "subscriptionId": parts[2],
            "resourceGroup": parts[4],
            "workspaceName": parts[8],
            "poolName": parts[10],
        }
