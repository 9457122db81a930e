# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Soft-deleted workspaces: kept for 14 days, their name blocked, to be recovered or purged.

docs/facts.md b.2 and d.3 [ISS]; concept-soft-delete in Azure's documentation (computes are deleted for good; a
workspace with a customer-managed key is never soft-deleted). Recovery is a PUT with
`properties.allowRecoverSoftDeletedWorkspace` true: the property and its meaning ("Allow a soft deleted workspace to be
recovered") stand in the published types of 2021 to 2023 and azure-ai-ml's workspace template sends it, as text. That
the recovered workspace takes the rest of that PUT as an update is a guess. The flag `softDeleteEnabled` of the same
template is false by default and yet workspaces made by it are soft-deleted, so it is not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azureml_simulator.providers.machine_learning.common import COMPUTE_TYPE, Document

if TYPE_CHECKING:
    from azureml_simulator.app import App

_SPACE = "ml.softdeleted"
MESSAGE = "Soft-deleted workspace exists. Please purge or recover it. https://aka.ms/wsoftdelete"


class SoftDeleted:
    """The bin."""

    def __init__(self, app: App) -> None:
        self.app = app

    def find(self, resource_id: str) -> Document | None:
        """The record of a soft-deleted workspace that is still kept."""
        found: Document | None = self.app.store.kv_get(_SPACE, resource_id)
        if found is None:
            return None
        if found["deleted"] + self.app.config["soft_delete"]["retention_days"] * 86400 <= self.app.clock.now():
            self.purge(resource_id)
            return None
        return found

    def keep(self, doc: Document) -> None:
        """Put a workspace into the bin, with its children but for the computes."""
        children = [child for child in self.app.store.children(doc["id"]) if not _is_compute(child)]
        kept = [{"doc": child, "private": self.app.store.private(child["id"])} for child in children]
        record = {"deleted": self.app.clock.now(), "doc": doc, "children": kept}
        self.app.store.kv_put(_SPACE, doc["id"], record)

    def recover(self, resource_id: str) -> Document:
        """Take a workspace out of the bin; the caller stores it."""
        record = self.app.store.kv_get(_SPACE, resource_id)
        doc: Document = record["doc"]
        self.app.store.put(doc["id"], doc)
        for child in record["children"]:
            self.app.store.put(child["doc"]["id"], child["doc"], private=child["private"])
        self.purge(resource_id)
        return doc

    def purge(self, resource_id: str) -> None:
        self.app.store.kv_delete(_SPACE, resource_id)


def _is_compute(doc: Document) -> bool:
    return bool(doc["type"].lower() == COMPUTE_TYPE.lower())
