# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workspaces: created by a template deployment, updated by PATCH, and possibly soft-deleted.

Sources: docs/facts.md d.1 to d.3; docs/coverage.md 1.11.
"""

from __future__ import annotations

import typing as t

from .._core.canon import region
from .._core.errors import AmlError, ArmError, RuleError
from .._engine import kind_version
from .._engine.creation import require_absent, send_creation
from .._engine.kind import Body, Request
from .._engine.outcome import InUse, ParentMissing
from .._engine.plan import Declared, Plan
from .._engine.remote import RemoteResource
from .._kinds import compute
from . import soft_deleted as _soft_deleted
from .dependents import Dependents
from .deployment import Deployments, Submit

_STORAGE_VERSION, _VAULT_VERSION = "2023-01-01", "2023-07-01"


class UnexpectedComputes(AmlError):
    """The workspace has compute targets that are not among those whose deletion was confirmed."""

    default_code = "UnexpectedComputes"


class WorkspaceExtension:
    """Creation by deployment, the name that a soft-deleted workspace blocks, the compute targets and the resources that go with a workspace.

    soft_deleted       ``fail``, ``recover`` or ``purge``: what to do with a soft-deleted workspace that reserves the name
    submit             starts the deployment that creates a workspace
    expected_computes  names of the only compute targets that a deletion may delete; None for any
    dependents         removes the resources that the workspace depends on, where that was asked for
    """

    def __init__(
        self,
        remote: RemoteResource,
        *,
        soft_deleted: str,
        submit: Submit,
        expected_computes: t.Collection[str] | None = None,
        dependents: Dependents | None = None,
    ) -> None:
        self._remote = remote
        self._deployments = Deployments(remote, submit)
        self._soft_deleted = soft_deleted
        self._expected = expected_computes
        self._dependents = dependents

    # --- creation ---

    def before_create(self, complete: Declared, parent: Body | None) -> None:
        """A project is where its hub is; in check mode, the hub may be still to come. The storage account and the key vault are such as the service takes."""
        self._check_storage(complete)
        self._check_vault_of_key(complete)
        hub_id = complete.get("hub_id")
        hub = self._remote.client.find(hub_id, self._remote.kind.api_version) if hub_id else None
        if hub is not None and region(complete.get("location") or hub.get("location")) != region(hub.get("location")):
            raise RuleError(
                f"location {complete['location']!r} is not the hub's ({hub.get('location')}): a project is where its hub is.",
                code="ProjectRegion",
                hint="Omit location, or set the hub's.",
            )

    def _check_storage(self, complete: Declared) -> None:
        """The service finds it after minutes. Without permission to read the storage account, the task continues."""
        storage_id = complete.get("storage_account")
        if not storage_id or complete.get("kind") == "featurestore":
            return
        if self._readable(storage_id, _STORAGE_VERSION).get("isHnsEnabled"):
            raise RuleError(
                f"{self._remote.title} cannot use {storage_id}: the storage account has a hierarchical namespace.",
                code="StorageWithNamespace",
                hint="Name a storage account without one, or omit storage_account to create one.",
            )

    def _check_vault_of_key(self, complete: Declared) -> None:
        """The service finds it after minutes (concept-customer-managed-keys, prerequisites). Without permission to read the key vault, the task continues."""
        vault_id = complete.get("customer_managed_key.key_vault")
        vault = self._readable(vault_id, _VAULT_VERSION) if vault_id else {}
        if not vault:
            return
        missing = [
            what
            for what, is_on in (
                ("soft delete", vault.get("enableSoftDelete") is not False),
                ("purge protection", vault.get("enablePurgeProtection") is True),
            )
            if not is_on
        ]
        if missing:
            raise RuleError(
                f"{self._remote.title} cannot use a key of {vault_id}: the key vault is without {' and '.join(missing)}.",
                code="KeyVaultNotProtected",
                hint="Enable soft delete and purge protection of the key vault, or name a key of another one. Neither can be disabled again.",
            )
        is_closed = str(vault.get("publicNetworkAccess")).casefold() == "disabled"
        if is_closed and complete.get("enable_service_side_cmk_encryption"):
            raise RuleError(
                f"{self._remote.title} cannot use a key of {vault_id} with enable_service_side_cmk_encryption: public access to the key vault is disabled.",
                code="KeyVaultNotPublic",
                hint="Remove enable_service_side_cmk_encryption, or name a key of a key vault with public access.",
            )

    def _readable(self, resource_id: str, version: str) -> dict[str, t.Any]:
        """The properties of a resource that the workspace will use; empty where it does not exist, or the caller may not read it."""
        try:
            body: Body | None = self._remote.client.find(resource_id, version)
        except ArmError as error:
            if error.status not in (401, 403):
                raise
            return {}
        return (body or {}).get("properties") or {}

    def create(self, complete: Declared) -> t.Any:
        """Create or recover it. Return the running operation, or None with ``wait``."""
        waits = self._remote.behaviour.wait
        try:
            # A purge of an earlier run may still be running.
            return self._remote.client.retry_conflict(
                lambda: self._create(complete), self._remote.wait.deadline.remaining if waits else 0.0
            )
        except ArmError as error:
            if not _soft_deleted.is_blocked(error):
                raise
            if self._soft_deleted == "fail":
                raise _soft_deleted.refusal(self._remote, error) from error
        # What blocks the name may be gone by now, and a workspace of another writer's be there.
        require_absent(self._remote)
        if self._soft_deleted == "purge":
            _soft_deleted.purge(self._remote)
            return self._create(complete)
        return _soft_deleted.recover(self._remote, complete.get("location"))

    def _create(self, complete: Declared) -> t.Any:
        if complete.get("kind") == "project" or complete.get("hub_id"):
            return self._put_project(complete)
        return self._deployments.create(complete)

    def _put_project(self, complete: Declared) -> t.Any:
        """A project, by one PUT: it uses its hub's resources, so that nothing else has to be deployed.

        azure-ai-ml cannot: 1.35.2 writes its hub's public network access as ``PublicNetworkAccessType.ENABLED``, which its own template refuses.
        Region and access are the hub's, as there.
        """
        hub = self._require_hub(complete["hub_id"])
        given = {
            "kind": "project",
            "identity": {"type": "system_assigned"},
            **complete,
            "location": hub.get("location"),
        }
        body = self._remote.kind.create_body(self._remote.target, given, None)
        body["properties"]["publicNetworkAccess"] = (hub.get("properties") or {}).get("publicNetworkAccess")
        require_absent(self._remote)
        request = Request("PUT", body, api_version=kind_version.of_document(self._remote.kind, body))
        operation = send_creation(self._remote, request)
        if operation is not None and self._remote.behaviour.wait:
            self._remote.wait.for_operation(operation, "created")
        return operation

    def _require_hub(self, hub_id: str) -> Body:
        hub: Body | None = self._remote.client.find(hub_id, self._remote.kind.api_version)
        if hub is None:
            raise ParentMissing(
                f"{self._remote.title} cannot be created, because its hub {hub_id} does not exist.",
                target=hub_id,
                hint="Create the hub first, or correct hub_id.",
            )
        return hub

    # --- update ---

    def before_update(self, plan: Plan, body: Body) -> None:
        """A workspace gets a managed network only while it has nothing that would have to be in it (how-to-managed-network-compute, migration)."""
        wanted = plan.values().get("managed_network.isolation_mode", "disabled")
        if wanted == "disabled" or compute.has_managed_network(body):
            return
        names, endpoints = self._compute_names(), self._managed_endpoints()
        what = [
            f"{label}: {', '.join(found)}"
            for label, found in (("compute targets", names), ("managed online endpoints", endpoints))
            if found
        ]
        if what:
            raise InUse(
                f"{self._remote.title} cannot get a managed network while it has {' and '.join(what)}.",
                details={"computes": names, "online_endpoints": endpoints},
                hint="Delete them, set managed_network, and create them again.",
            )

    # --- deletion ---

    def before_replace(self) -> None:
        """Another writer may create a compute target after the plan was made, so that this is also checked directly before the deletion."""
        names = [] if self._remote.behaviour.force else self._compute_names()
        if names:
            raise InUse(
                f"{self._remote.title} was not replaced, because it has compute targets that would be deleted with it: {', '.join(names)}.",
                details={"computes": names},
                hint="Remove them first, or set force=true.",
            )

    def before_remove(self, body: Body) -> None:
        """The last check before the deletion: no compute target but the expected ones goes with the workspace."""
        if self._expected is None:
            return
        known = {name.casefold() for name in self._expected}
        unexpected = [name for name in self._compute_names() if name.casefold() not in known]
        if unexpected:
            raise UnexpectedComputes(
                f"{self._remote.title} was not deleted, because it has compute targets that expected_computes does not name: {', '.join(unexpected)}. "
                f"expected_computes names {', '.join(sorted(self._expected)) or 'none'}.",
                details={"computes": unexpected},
                target=self._remote.target.id,
                hint="Check who uses them. Delete or detach them, or add them to expected_computes, and run the same task again.",
            )

    def after_remove(self, body: Body) -> None:
        if self._dependents is not None:
            self._dependents.remove(self._remote, body)

    def _compute_names(self) -> list[str]:
        """The compute targets that a deletion of the workspace would delete, without those that are being deleted already."""
        computes = self._remote.client.list(f"{self._remote.target.id}/computes", self._remote.kind.api_version)
        return sorted(
            body["name"]
            for body in computes
            if str((body.get("properties") or {}).get("provisioningState")).casefold() != "deleting"
        )

    def _managed_endpoints(self) -> list[str]:
        """The online endpoints whose deployments the service runs. Without permission to list endpoints, the task continues."""
        try:
            endpoints = self._remote.client.list(
                f"{self._remote.target.id}/onlineEndpoints", self._remote.kind.api_version
            )
        except ArmError as error:
            if error.status not in (401, 403):
                raise
            return []
        return sorted(body["name"] for body in endpoints if not (body.get("properties") or {}).get("compute"))
