# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed network of a workspace and its outbound rules.

Shapes: types-2025-12-01.md ManagedNetworkSettings and OutboundRule. Rules: docs/coverage.md 1.11 [D]: once on it
cannot be turned off, nor back from approved-only to internet; computes must be gone before it is turned on; required
rules are added; in internet mode only private endpoint rules are taken. The names of the required rules and the texts
of the refusals are guesses.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.http import Request, Response
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import common, managed_endpoints
from azureml_simulator.providers.machine_learning.common import (
    API_VERSIONS,
    COMPUTE_TYPE,
    WORKSPACE,
    WORKSPACE_TYPE,
    Document,
    flag,
)
from azureml_simulator.providers.machine_learning.operation_status import status_of
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

RULE_TYPE = f"{WORKSPACE_TYPE}/outboundRules"
OFF, INTERNET, APPROVED = "Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"
_NEXT = {OFF: [INTERNET, APPROVED], INTERNET: [APPROVED], APPROVED: []}
_FLAGS = ("enableNetworkMonitor", "enableFirewallLog")
_RULE_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}$")
_TYPES = {"fqdn": "FQDN", "servicetag": "ServiceTag", "privateendpoint": "PrivateEndpoint"}
_REQUIRED_TAGS = (
    ("AzureActiveDirectory", "TCP", "80, 443"),
    ("AzureResourceManager", "TCP", "443"),
    ("AzureMachineLearning", "TCP", "443, 8787, 18881"),
    ("AzureMachineLearning", "UDP", "5831"),
    ("BatchNodeManagement", "TCP", "443"),
    ("MicrosoftContainerRegistry", "TCP", "443"),
    ("AzureFrontDoor.FirstParty", "TCP", "443"),
)
_TARGETS = {"storageAccount": ("blob", "file"), "keyVault": ("vault",), "containerRegistry": ("registry",)}


def mode_of(doc: Document) -> str:
    return str((doc["properties"].get("managedNetwork") or {}).get("isolationMode", OFF))


def activate(app: App, doc: Document, spark: bool = False) -> None:
    """Provision the network: at the first compute, when asked, or with the workspace [D]."""
    network = doc["properties"]["managedNetwork"]
    network["status"] = {"status": "Active", "sparkReady": spark or network["status"]["sparkReady"]}
    app.store.put(doc["id"], doc)
    for rule in app.store.children(doc["id"], RULE_TYPE):
        rule["properties"]["status"] = "Active"
        app.store.put(rule["id"], rule)
        managed_endpoints.connect(app, doc, rule)


class ManagedNetwork:
    """Takes the settings, keeps the rules as sub-resources, shows both."""

    def __init__(self, app: App) -> None:
        self.app, self.status = app, status_of(app)
        for kind in ("outbound_rule.write", "outbound_rule.delete", "managed_network.provision"):
            app.operations.on_done(kind, getattr(self, "_done_" + kind.replace(".", "_")))
        # The network stays as it was; whether the workspace shows the failure is a guess.
        app.operations.on_failed("managed_network.provision", lambda operation, error: None)
        self.status.on_result("managed_network.provision", self._provisioned)

    # -- the settings ------------------------------------------------------------------------------------------------

    def check(self, doc: Document, sent: Any, *, new: bool) -> None:
        """Refuse a change of the isolation mode that the service does not make, and unfit rules."""
        settings = common.mapping(sent, "managedNetwork")
        before, after = (OFF if new else mode_of(doc)), self._mode(doc, settings)
        if before != OFF == after:  # the text: azapi#564, a README of Azure-Samples
            raise common.refuse_workspace(
                "Managed network cannot be disabled once enabled.", doc["location"], code="ValidationError"
            )
        if after != before and after not in _NEXT[before]:
            raise self._bad(
                doc, f"The isolation mode of the managed network cannot be changed from '{before}' to '{after}'."
            )
        if not new and before == OFF != after and self.app.store.children(doc["id"], COMPUTE_TYPE):
            # A user's words (docs/facts.md has no recording).
            raise self._bad(doc, "Managed network cannot be enabled when active computes exist.")
        now = doc["properties"].get("managedNetwork") or {}
        if [str(one.get("managedNetworkKind")).lower() for one in (now, settings)] == ["v2", "v1"]:
            raise self._bad(doc, "The managed network of kind 'V2' cannot become one of kind 'V1'.")
        self._check_rules(doc, settings, after)

    def _check_rules(self, doc: Document, settings: Document, mode: str) -> None:
        for name, rule in common.mapping(settings.get("outboundRules"), "outboundRules").items():
            if rule is not None and not name.startswith("__SYS_"):
                self._check_rule(doc, mode, name, rule)

    @staticmethod
    def _bad(doc: Document, message: str) -> Exception:
        return common.refuse_workspace(message, doc["location"], code="BadRequest")

    def _mode(self, doc: Document, settings: Document) -> str:
        sent = str(settings.get("isolationMode") or mode_of(doc))
        mode = next((mode for mode in _NEXT if mode.lower() == sent.lower()), None)
        if mode is None:
            raise self._bad(doc, f"The isolation mode '{sent}' is not valid.")
        return mode

    def apply(self, doc: Document, sent: Any) -> None:
        """Take checked settings."""
        settings = common.mapping(sent, "managedNetwork")
        now = doc["properties"].get("managedNetwork") or {}
        before, mode = mode_of(doc), self._mode(doc, settings)
        flags = {name: flag(settings[name]) for name in _FLAGS if name in settings}
        kind = {"managedNetworkKind": settings["managedNetworkKind"]} if settings.get("managedNetworkKind") else {}
        shown = {
            **dict.fromkeys(_FLAGS, False),
            **now,
            **flags,
            **kind,
            "isolationMode": mode,
            "changeableIsolationModes": _NEXT[mode],
        }
        doc["properties"]["managedNetwork"] = shown
        if mode == OFF:
            return
        shown.setdefault("networkId", stable_guid(doc["id"], "network"))
        shown.setdefault("status", {"status": "Inactive", "sparkReady": False})
        if mode == APPROVED:
            shown["firewallSku"] = settings.get("firewallSku") or shown.get("firewallSku") or "Standard"
        self._apply_rules(doc, settings)
        if mode != before:
            self._require(doc, mode)

    def _apply_rules(self, doc: Document, settings: Document) -> None:
        for name, rule in common.mapping(settings.get("outboundRules"), "outboundRules").items():
            if rule is None:
                self._drop_rule(doc, name)
            elif not name.startswith("__SYS_"):
                self._keep_rule(doc, name, rule, "UserDefined")

    def show(self, doc: Document) -> None:
        """The rules stand in the workspace's body too."""
        if mode_of(doc) != OFF:
            rules = self.app.store.children(doc["id"], RULE_TYPE)
            doc["properties"]["managedNetwork"]["outboundRules"] = {rule["name"]: rule["properties"] for rule in rules}

    # -- the rules ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _rule_id(doc: Document, name: str) -> str:
        return f"{doc['id']}/outboundRules/{name}"

    def _check_rule(self, doc: Document, mode: str, name: str, rule: Any) -> None:
        kind = _TYPES.get(str(common.mapping(rule, name).get("type", "")).lower())
        if kind is None or not rule.get("destination"):
            raise self._bad(doc, f"The outbound rule '{name}' needs a valid 'type' and a 'destination'.")
        if kind == "PrivateEndpoint" and not isinstance(rule["destination"], dict):
            raise self._bad(doc, f"The destination of the outbound rule '{name}' must be an object.")
        if not _RULE_NAME.match(name):
            raise self._bad(doc, f"The name '{name}' of the outbound rule is not valid.")
        if mode == OFF:
            raise self._bad(doc, f"The outbound rule '{name}' needs a managed network, which is disabled.")
        if mode == INTERNET and kind != "PrivateEndpoint":
            raise self._bad(doc, f"Outbound rules of type '{kind}' need the isolation mode '{APPROVED}'.")

    def _keep_rule(self, doc: Document, name: str, rule: Document, category: str) -> Document:
        shown = copy.deepcopy(rule)
        active = doc["properties"]["managedNetwork"]["status"]["status"] == "Active"
        shown |= {
            "type": _TYPES[str(rule["type"]).lower()],
            "category": category,
            "status": "Active" if active else "Inactive",
        }
        if shown["type"] == "PrivateEndpoint":
            shown["destination"] = {"sparkEnabled": False, "sparkStatus": "Inactive", **shown["destination"]}
        kept: Document = {"id": self._rule_id(doc, name), "name": name, "type": RULE_TYPE, "properties": shown}
        self.app.store.put(kept["id"], kept)
        if active:
            managed_endpoints.connect(self.app, doc, kept)
        return kept

    def _drop_rule(self, doc: Document, name: str) -> None:
        self.app.store.delete(self._rule_id(doc, name))
        managed_endpoints.disconnect(self.app, doc, name)

    def _require(self, doc: Document, mode: str) -> None:
        for dependent, targets in _TARGETS.items():
            resource_id = doc["properties"].get(dependent)
            for target in targets if resource_id else ():
                name = f"__SYS_PE_{resource_id.rsplit('/', 1)[-1]}_{target}_{doc['properties']['workspaceId'][:8]}"
                destination = {"serviceResourceId": resource_id, "subresourceTarget": target, "sparkEnabled": True}
                self._keep_rule(doc, name, {"type": "PrivateEndpoint", "destination": destination}, "Required")
        for tag, protocol, ports in _REQUIRED_TAGS if mode == APPROVED else ():
            destination = {"serviceTag": tag, "protocol": protocol, "portRanges": ports, "action": "Allow"}
            self._keep_rule(
                doc, f"__SYS_ST_{tag}_{protocol}", {"type": "ServiceTag", "destination": destination}, "Required"
            )

    def _find_rule(self, p: dict[str, str]) -> tuple[Document, Document]:
        doc = common.find_workspace(self.app, p, f"outboundRules/{p['name']}")
        rule = self.app.store.get(self._rule_id(doc, p["name"]))
        if rule is None:
            raise common.not_found(f"workspaces/{p['ws']}/outboundRules/{p['name']}", p["rg"])
        return doc, rule

    def get_rule(self, request: Request, p: dict[str, str]) -> Response:
        return Response(200, self._find_rule(p)[1])

    def list_rules(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        return Response(200, {"value": self.app.store.children(doc["id"], RULE_TYPE)})

    def put_rule(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.parent_workspace(self.app, p)
        common.need_succeeded(doc)
        rule = common.mapping(request.json_object.get("properties"), "properties")
        self._check_rule(doc, mode_of(doc), p["name"], rule)
        kept = self._keep_rule(doc, p["name"], rule, "UserDefined")
        kept["properties"]["status"] = "Provisioning"
        self.app.store.put(kept["id"], kept)
        operation = self._start("outbound_rule.write", doc, kept["id"])
        return Response(202, headers=self.status.workspace_headers(request, operation))

    def delete_rule(self, request: Request, p: dict[str, str]) -> Response:
        doc, rule = self._find_rule(p)
        if rule["properties"]["category"] == "Required":
            raise self._bad(doc, f"The outbound rule '{rule['name']}' is required and cannot be deleted.")
        rule["properties"]["status"] = "Deleting"
        self.app.store.put(rule["id"], rule)
        operation = self._start("outbound_rule.delete", doc, rule["id"])
        return Response(202, headers=self.status.workspace_headers(request, operation))

    def _done_outbound_rule_write(self, operation: Operation) -> None:
        rule, doc = self.app.store.get(operation.target), self.app.store.get(operation.data["workspace"])
        if rule is not None and doc is not None:
            rule["properties"]["status"] = doc["properties"]["managedNetwork"]["status"]["status"]
            self.app.store.put(rule["id"], rule)

    def _done_outbound_rule_delete(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.data["workspace"])
        if doc is not None:
            self._drop_rule(doc, operation.target.rpartition("/")[2])

    # -- provisioning ------------------------------------------------------------------------------------------------

    def provision(self, request: Request, p: dict[str, str]) -> Response:
        doc = common.find_workspace(self.app, p)
        common.need_succeeded(doc)
        common.need_idle(self.app, doc["id"], doc["location"])
        if mode_of(doc) == OFF:
            raise self._bad(doc, "The workspace has no managed network to provision.")
        if not request.body.strip():  # a user saw it, although the specification calls the body optional
            raise self._bad(doc, "Request body could not be read.")
        spark = flag(request.json_object.get("includeSpark"))
        operation = self._start("managed_network.provision", doc, doc["id"], spark=spark)
        return Response(202, headers=self.status.workspace_headers(request, operation))

    def _done_managed_network_provision(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.target)
        if doc is not None:
            activate(self.app, doc, operation.data["spark"])

    def _provisioned(self, operation: Operation, request: Request) -> Any:
        doc = self.app.store.get(operation.target)
        return doc["properties"]["managedNetwork"]["status"] if doc else None

    def _start(self, kind: str, doc: Document, target: str, **data: Any) -> Operation:
        return self.app.operations.start(
            kind,
            provider=common.PROVIDER,
            target=target,
            location=doc["location"],
            subscription=doc["id"].split("/")[2],
            data={"workspace": doc["id"], **data},
        )

    def routes(self) -> list[Route]:
        many, one = WORKSPACE + "/outboundRules", WORKSPACE + "/outboundRules/{name}"
        return [
            Route("GET", many, self.list_rules, API_VERSIONS, f"{RULE_TYPE}/read"),
            Route("GET", one, self.get_rule, API_VERSIONS, f"{RULE_TYPE}/read"),
            Route("PUT", one, self.put_rule, API_VERSIONS, f"{RULE_TYPE}/write"),
            Route("DELETE", one, self.delete_rule, API_VERSIONS, f"{RULE_TYPE}/delete"),
            Route(
                "POST",
                WORKSPACE + "/provisionManagedNetwork",
                self.provision,
                API_VERSIONS,
                f"{WORKSPACE_TYPE}/provisionManagedNetwork/action",
            ),
        ]
