# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of models, environments and code that are registered in a workspace, as others have made them: `assets` of the configuration says which.

Patterns as `models/iris/3` or `environments/*`; at first there is whatever is asked for, since registering is not simulated. docs/facts.md o.8 [ISS]: what
a GET of a missing model answers. Guesses: the same for environments and code, and what a deployment that refers to a missing one answers.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.providers.machine_learning import common
from azureml_simulator.providers.machine_learning.common import API_VERSIONS, WORKSPACE, WORKSPACE_TYPE, Document
from azureml_simulator.routing import Route, routes_below

if TYPE_CHECKING:
    from azureml_simulator.app import App

DEFAULTS: Document = {"assets": ["*"], "guesses": {"missing_asset": "refuse"}}
# The first stable version of workspaces' assets.
_SINCE = "2022-05-01"
_LABELS = {"models": "Model", "environments": "Environment", "codes": "Code"}
# What a version has besides what all have: names of types-2026-05-01.md.
_VALUES: dict[str, Document] = {
    "models": {"modelType": "custom_model", "modelUri": "azureml://datastores/workspaceblobstore/paths/model"},
    "environments": {
        "environmentType": "UserCreated",
        "image": "mcr.microsoft.com/azureml/minimal-ubuntu22.04-py39-cpu-inference",
        "osType": "Linux",
    },
    "codes": {"codeUri": "https://simulated.blob.core.windows.net/code"},
}
_REFERENCE = re.compile(r"/workspaces/[^/]+/(models|environments|codes)/([^/]+)/versions/([^/]+)", re.IGNORECASE)


def check_references(app: App, references: Iterable[object], location: str) -> None:
    """Refuse a deployment that refers to what no workspace has. References to registries are taken."""
    for reference in references if app.config["guesses"]["missing_asset"] == "refuse" else ():
        match = _REFERENCE.search(reference) if isinstance(reference, str) else None
        if match and not _is_registered(app, *match.groups()):
            raise _missing(match[1].lower(), match[2], location)


def _is_registered(app: App, collection: str, name: str, version: str) -> bool:
    asset = f"{collection}/{name}/{version}".lower()
    return any(fnmatch.fnmatchcase(asset, str(pattern).lower()) for pattern in app.config["assets"])


def _missing(collection: str, name: str, location: str) -> ArmError:
    label = _LABELS[collection]
    reason = {"code": f"{label}NotFound", "message": f"{label} container with name: {name} not found."}
    message = "The specified resource was not found."
    return ArmError(404, "UserError", message, [reason], envelope="mfe", location=location, inner=reason["code"])


class Assets:
    """The handlers of one collection of registered versions."""

    def __init__(self, app: App, collection: str) -> None:
        self.app, self.collection = app, collection

    def get(self, request: Request, p: dict[str, str]) -> Response:
        workspace = common.find_workspace(self.app, p)
        if not _is_registered(self.app, self.collection, p["name"], p["version"]):
            raise _missing(self.collection, p["name"], workspace["location"])
        properties: Document = {
            "description": None,
            "tags": {},
            "properties": {},
            "isArchived": False,
            "isAnonymous": False,
        }
        doc = {
            "id": f"{workspace['id']}/{self.collection}/{p['name']}/versions/{p['version']}",
            "name": p["version"],
            "type": f"{WORKSPACE_TYPE}/{self.collection}/versions",
            "properties": {**properties, **_VALUES[self.collection]},
        }
        return Response(200, doc)

    def routes(self) -> list[Route]:
        versions = f"{WORKSPACE}/{self.collection}/{{name}}/versions"
        rows = [("GET", "/{version}", self.get, "read")]
        return routes_below(versions, rows, API_VERSIONS, f"{WORKSPACE_TYPE}/{self.collection}/versions", since=_SINCE)


def routes(app: App) -> list[Route]:
    return [route for collection in _LABELS for route in Assets(app, collection).routes()]
