# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment would change, without any change.

Shape: azure-rest-api-specs, Microsoft.Resources, PostDeploymentWhatIfOnResourceGroup.json. Types of change, expressions that only a run can evaluate, and
nested deployments: Microsoft's "ARM template deployment what-if operation" and the guide of Bicep about NestedDeploymentShortCircuited. Only what the template
sets is compared, and its tags as a whole; Azure also reports properties that the template does not set as deleted, which its documentation calls noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from azureml_simulator.arm.locations import normalise
from azureml_simulator.http import Headers, Principal, Request
from azureml_simulator.templates.context import Scope
from azureml_simulator.templates.expression import TemplateError
from azureml_simulator.templates.template import Resource, Template

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]
ID_ONLY = "resourceidonly"
_HEAD = ("apiVersion", "id", "type", "name")
_SHORT = (
    "The nested deployment '{id}' got short-circuited and all its resources got skipped from validation. This is due to a nested template having a "
    "parameter that was not fully evaluated (contains a function that could not be evaluated at preflight time). "
    "Please see https://aka.ms/WhatIfEvalStopped for more guidance."
)


class WhatIf:
    """The prediction for one deployment; `scope_of(subscription, group, name)` is the scope of a nested one."""

    def __init__(self, app: App, principal: Principal, scope_of: Callable[[str, str, str], Scope]) -> None:
        self._app, self._principal, self._scope_of = app, principal, scope_of
        self._diagnostics: list[Document] = []
        self._secrets: set[str] = set()

    def result(self, template: Template, groups: list[str], result_format: str) -> Document:
        """The body of the operation's result. `groups`: ids of the resource groups whose other resources are listed as ignored."""
        only_ids = result_format.lower() == ID_ONLY
        deployed = {item.id.lower(): (owner, item) for owner, item in self._expanded(template)}
        changes = [self._change(owner, item, only_ids) for owner, item in deployed.values()]
        changes += [_ignored(doc, only_ids) for doc in self._others(groups) if doc["id"].lower() not in deployed]
        properties: Document = {"changes": _masked(changes, self._secrets)}
        if self._diagnostics:
            properties["diagnostics"] = self._diagnostics
        return {"status": "Succeeded", "properties": properties}

    def _expanded(self, template: Template) -> Iterator[tuple[Template, Resource]]:
        """The resources that are written, those of nested deployments in place of them."""
        shown = [row.get("value") for row in template.shown_parameters.values()]
        self._secrets |= {*_texts(template.parameters)} - {*_texts(shown)}
        for item in template.resources():
            if item.existing:
                continue
            if not item.nested:
                yield template, item
                continue
            try:
                properties = template.body(item)["properties"]
                parts = item.id.split("/")
                nested = Template(
                    properties["template"], properties.get("parameters"), self._scope_of(parts[2], parts[4], parts[-1])
                )
                yield from list(self._expanded(nested))
            except TemplateError:
                code, message = "NestedDeploymentShortCircuited", _SHORT.format(id=item.id)
                self._diagnostics.append({"level": "Warning", "code": code, "message": message, "target": item.id})

    def _change(self, owner: Template, item: Resource, only_ids: bool) -> Document:
        before = self._read(item)
        after = dict(zip(_HEAD, (item.api_version, item.id, item.type, item.name.rpartition("/")[2])))
        after |= owner.preview(item)
        after = {name: value for name, value in after.items() if value is not None}
        if only_ids:
            return {"resourceId": item.id, "changeType": "Create" if before is None else "Deploy"}
        if before is None:
            return {"resourceId": item.id, "changeType": "Create", "after": after}
        delta = list(_delta(before, after))
        kind = "Modify" if delta else "NoChange"
        return {"resourceId": item.id, "changeType": kind, "before": before, "after": after, "delta": delta}

    def _read(self, item: Resource) -> Document | None:
        request = Request("GET", item.id, {"api-version": item.api_version}, Headers({}), b"")
        answer = self._app.dispatch(request)
        return {"apiVersion": item.api_version, **answer.body} if answer.status == 200 else None

    def _others(self, groups: list[str]) -> Iterator[Document]:
        for group in groups:
            request = Request(
                "GET", f"{group}/resources", {"api-version": "2021-04-01"}, Headers({}), b"", self._principal
            )
            yield from self._app.dispatch(request).body["value"]


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value that are not empty."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _masked(value: Any, secrets: set[str]) -> Any:
    """A value without the values of secure parameters, whole or as a part of a text."""
    if isinstance(value, dict):
        return {key: _masked(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, "*******")
    return value


def _ignored(doc: Document, only_ids: bool) -> Document:
    change = {"resourceId": doc["id"], "changeType": "Ignore"}
    return change if only_ids else {**change, "before": doc, "after": doc}


def _delta(before: Document, after: Document, path: str = "") -> Iterator[Document]:
    """The changes of an object's properties. Tags that the template does not have are removed, because a PUT is of all tags."""
    for name, wanted in after.items():
        if name in _HEAD and not path:
            continue
        yield from _property(f"{path}{name}", before.get(name), wanted)
    if path == "tags.":
        for name in (name for name in before if name not in after):
            yield {"path": f"tags.{name}", "propertyChangeType": "Delete", "before": before[name]}


def _property(path: str, held: Any, wanted: Any) -> Iterator[Document]:
    if wanted is None or _same(path, held, wanted):
        return
    if isinstance(wanted, dict) and isinstance(held, dict | None):
        yield from _delta(held or {}, wanted, f"{path}.")
    elif held is None:
        yield {"path": path, "propertyChangeType": "Create", "after": wanted}
    elif isinstance(held, list) and isinstance(wanted, list):
        children = list(_items(held, wanted))
        if children:
            yield {"path": path, "propertyChangeType": "Array", "children": children}
    else:
        yield {"path": path, "propertyChangeType": "Modify", "before": held, "after": wanted}


def _items(held: list[Any], wanted: list[Any]) -> Iterator[Document]:
    for index, (one, other) in enumerate(zip(held, wanted)):
        yield from _property(str(index), one, other)
    for index, value in enumerate(wanted[len(held) :], len(held)):
        yield {"path": str(index), "propertyChangeType": "Create", "after": value}
    for index, value in enumerate(held[len(wanted) :], len(wanted)):
        yield {"path": str(index), "propertyChangeType": "Delete", "before": value}


def _same(path: str, held: Any, wanted: Any) -> bool:
    if isinstance(held, str) and isinstance(wanted, str):
        if path == "location":
            return normalise(held) == normalise(wanted)
        if held.startswith("/subscriptions/"):
            return held.lower() == wanted.lower()
    return bool(held == wanted)
