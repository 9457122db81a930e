# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft.Resources/tags: the tags of a resource or a resource group, changed without the rest of the document.

Sources: REST reference "Tags - Create Or Update / Update / Get / Delete At Scope" (operations Merge, Replace and Delete); "Use tags to organize
your Azure resources" (permissions: Microsoft.Resources/tags/write, or write access to the resource itself); "Tag support for Azure resources",
where compute targets of a workspace are listed without support (MicrosoftDocs/azure-docs#70692). The code of that refusal is a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.routing import Route
from azureml_simulator.store import type_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

_ACTION = "Microsoft.Resources/tags"
_WITHOUT = ("microsoft.machinelearningservices/workspaces/computes",)


class Tags:
    """The four methods on `{scope}/providers/Microsoft.Resources/tags/default`."""

    def __init__(self, app: App) -> None:
        self.app = app

    def _find(self, request: Request, p: dict[str, str], verb: str) -> dict[str, Any]:
        scope = "/" + p["scope"]
        kind = type_of(scope).replace(
            "Microsoft.Resources/resourceGroups", "Microsoft.Resources/subscriptions/resourceGroups"
        )
        if request.principal is not None and not self.app.rbac.allowed(request.principal, f"{kind}/{verb}", scope):
            self.app.rbac.require(request.principal, f"{_ACTION}/{verb}", scope)
        doc = self.app.store.get(scope)
        if doc is None:
            raise arm_rules.not_found(scope)
        if kind.lower() in _WITHOUT or "location" not in doc:
            raise ArmError(400, "TagsNotSupportedForResourceType", f"The resource type '{kind}' does not support tags.")
        return doc

    @staticmethod
    def _answer(doc: dict[str, Any]) -> Response:
        body = {"id": f"{doc['id']}/providers/Microsoft.Resources/tags/default", "name": "default", "type": _ACTION}
        return Response(200, {**body, "properties": {"tags": doc.get("tags") or {}}})

    def _set(self, doc: dict[str, Any], tags: dict[str, str]) -> Response:
        if self.app.operations.active_for(doc["id"]) is not None:
            raise ArmError(
                409,
                "AnotherOperationInProgress",
                f"Another operation on the resource '{doc['id']}' is in progress, so its tags cannot be changed.",
            )
        if len(tags) > 50:
            raise ArmError(
                400, "TooManyTags", f"The resource '{doc['id']}' can have at most 50 tags; {len(tags)} were given."
            )
        doc["tags"] = tags
        self.app.store.put(doc["id"], doc)
        return self._answer(doc)

    @staticmethod
    def _sent(request: Request) -> dict[str, str]:
        tags = (request.json_object.get("properties") or {}).get("tags")
        if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
            raise ArmError(400, "InvalidTagsContent", "The request needs properties.tags with texts as values.")
        return tags

    def get(self, request: Request, p: dict[str, str]) -> Response:
        return self._answer(self._find(request, p, "read"))

    def put(self, request: Request, p: dict[str, str]) -> Response:
        return self._set(self._find(request, p, "write"), self._sent(request))

    def patch(self, request: Request, p: dict[str, str]) -> Response:
        doc, sent = self._find(request, p, "write"), self._sent(request)
        tags = dict(doc.get("tags") or {})
        # Names of tags are compared without case.
        names = {name.lower(): name for name in tags}
        operation = str(request.json_object.get("operation", "")).lower()
        if operation == "replace":
            return self._set(doc, sent)
        if operation == "merge":
            return self._set(doc, {**tags, **{names.get(name.lower(), name): value for name, value in sent.items()}})
        if operation == "delete":
            for name, value in sent.items():
                held = names.get(name.lower())
                if held is not None and value in ("", tags[held]):
                    del tags[held]
            return self._set(doc, tags)
        raise ArmError(400, "InvalidTagsPatchOperation", "The operation must be 'Merge', 'Replace' or 'Delete'.")

    def delete(self, request: Request, p: dict[str, str]) -> Response:
        self._set(self._find(request, p, "write"), {})
        return Response(200)


def routes(app: App) -> list[Route]:
    tags, one = Tags(app), "/{scope...}/providers/Microsoft.Resources/tags/default"
    return [
        Route("GET", one, tags.get),
        Route("PUT", one, tags.put),
        Route("PATCH", one, tags.patch),
        Route("DELETE", one, tags.delete),
    ]
