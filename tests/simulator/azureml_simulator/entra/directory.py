# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of the simulated tenant: who exists, with which secrets, and the fixed ids of the simulated world."""

from __future__ import annotations

import uuid
from typing import Any

from azureml_simulator.http import Principal
from azureml_simulator.store import Store

TENANT = "aaaaaaaa-0000-4000-8000-00000000000a"
CLIENT = "cccccccc-0000-4000-8000-00000000000c"
CLIENT_OBJECT = "cccccccc-0000-4000-8000-0000000000c0"
MACHINE = "dddddddd-0000-4000-8000-00000000000d"
MACHINE_OBJECT = "dddddddd-0000-4000-8000-0000000000d0"
SUBSCRIPTIONS = {
    "11111111-0000-4000-8000-000000000001": "Simulated subscription one",
    "22222222-0000-4000-8000-000000000002": "Simulated subscription two",
}
DEFAULT_SUBSCRIPTION = next(iter(SUBSCRIPTIONS))
_NAMESPACE = uuid.UUID("6e1f5ab0-3b5c-4bd5-9d0e-5a0a1f1f3c55")


def stable_guid(*parts: str) -> str:
    """The same guid for the same words, in any run."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(part.lower() for part in parts)))


class Directory:
    """Principals by object id, kept in the store; secrets never leave it through an ARM answer."""

    SPACE = "principals"

    def __init__(self, store: Store, secret: str) -> None:
        self._store, self._secret = store, secret

    def seed(self) -> None:
        self.put(
            {
                "object_id": CLIENT_OBJECT,
                "app_id": CLIENT,
                "name": "simulator",
                "type": "ServicePrincipal",
                "secrets": [self._secret],
            }
        )
        self.put(
            {
                "object_id": MACHINE_OBJECT,
                "app_id": MACHINE,
                "name": "this-machine",
                "type": "ManagedIdentity",
            }
        )

    def put(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Register a principal, or change what is given of a known one; ids that are not given follow from its name."""
        name = str(entry.get("name") or entry.get("username") or entry.get("app_id") or uuid.uuid4())
        app_id = str(entry.get("app_id") or stable_guid("app", name))
        known = self.by_app(app_id) or {}
        object_id = str(entry.get("object_id") or known.get("object_id") or stable_guid("object", app_id))
        full = {
            "name": name,
            "type": "User" if entry.get("username") else "ServicePrincipal",
            "tenant": TENANT,
            "secrets": [],
            "certificates": [],
            "federated": [],
            **known,
            **entry,
            "app_id": app_id,
            "object_id": object_id,
        }
        if known and known["object_id"] != object_id:
            self._store.kv_delete(self.SPACE, known["object_id"])
        self._store.kv_put(self.SPACE, full["object_id"], full)
        return full

    def all(self) -> list[dict[str, Any]]:
        return [entry for _key, entry in self._store.kv_items(self.SPACE)]

    def by_app(self, app_id: str) -> dict[str, Any] | None:
        return next((entry for entry in self.all() if entry["app_id"].lower() == app_id.lower()), None)

    def by_username(self, username: str) -> dict[str, Any] | None:
        wanted = username.lower()
        return next((entry for entry in self.all() if str(entry.get("username", "")).lower() == wanted), None)

    def tenants(self) -> set[str]:
        return {TENANT, *(entry["tenant"].lower() for entry in self.all())}

    @staticmethod
    def principal(entry: dict[str, Any]) -> Principal:
        return Principal(
            object_id=entry["object_id"],
            app_id=entry["app_id"],
            tenant=entry["tenant"],
            name=str(entry.get("username") or entry["name"]),
            kind=entry["type"],
        )
