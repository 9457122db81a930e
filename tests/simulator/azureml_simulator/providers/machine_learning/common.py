# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of Microsoft.MachineLearningServices share: names, versions, look-ups, refusals, paging.

Refusals: docs/facts.md b.1 and b.2; api-versions: a.2 and the published versions of the provider.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from azureml_simulator.arm import rules as arm_rules
from azureml_simulator.arm.locations import normalise
from azureml_simulator.http import ArmError, Request

if TYPE_CHECKING:
    from azureml_simulator.app import App

Document = dict[str, Any]

PROVIDER = "Microsoft.MachineLearningServices"
WORKSPACE_TYPE = f"{PROVIDER}/workspaces"
COMPUTE_TYPE = f"{WORKSPACE_TYPE}/computes"
LOCK_TYPE = "Microsoft.Authorization/locks"
SUBSCRIPTION = "/subscriptions/{sub}"
WORKSPACES = SUBSCRIPTION + "/resourceGroups/{rg}/providers/" + WORKSPACE_TYPE
WORKSPACE = WORKSPACES + "/{ws}"
LOCATION = SUBSCRIPTION + f"/providers/{PROVIDER}/locations/" + "{loc}"
CREATING, UPDATING, DELETING, SUCCEEDED, FAILED = "Creating", "Updating", "Deleting", "Succeeded", "Failed"

_STABLE = """2018-11-19 2019-05-01 2019-06-01 2019-11-01 2020-01-01 2020-02-02 2020-03-01 2020-04-01 2020-06-01
2020-08-01 2021-01-01 2021-04-01 2021-07-01 2021-10-01 2022-05-01 2022-10-01 2023-04-01 2023-10-01 2024-04-01 2024-10-01
2025-04-01 2025-06-01 2025-09-01 2025-12-01 2026-03-01 2026-05-01 2026-07-01 2026-09-01"""
_PREVIEW = """2020-05-15 2020-09-01 2021-03-01 2022-01-01 2022-02-01 2022-06-01 2022-10-01 2022-12-01 2023-02-01
2023-04-01 2023-06-01 2023-08-01 2024-01-01 2024-04-01 2024-07-01 2024-10-01 2025-01-01 2025-04-01 2025-07-01 2025-10-01
2026-01-15 2026-03-15 2026-05-15 2026-07-15"""
API_VERSIONS = frozenset(_STABLE.split()) | frozenset(f"{day}-preview" for day in _PREVIEW.split())


_NAME = re.compile(r"^[a-zA-Z](?![a-zA-Z0-9-]*-\d+$)[a-zA-Z0-9\-]{2,23}$")


def fits_name(app: App, name: str) -> bool:
    """The pattern of docs/facts.md c.1 [SPEC]; it takes a dash at the end, which the service's words [ISS] do not: who is right is a guess."""
    if name.endswith("-") and app.config["guesses"]["trailing_dash"] == "refuse":
        return False
    return _NAME.match(name) is not None


def workspace_id(p: dict[str, str]) -> str:
    return WORKSPACE.format(**p)


def find_workspace(app: App, p: dict[str, str], child: str | None = None) -> Document:
    """The workspace of a request or its 404 [REC R11; the nested form for a child: ISS]."""
    group = app.resource_group(p["sub"], p["rg"])
    doc = app.store.get(workspace_id(p))
    if doc is None:
        path = f"workspaces/{p['ws']}" + (f"/{child}" if child else "")
        raise not_found(path, group["name"])
    return doc


def parent_workspace(app: App, p: dict[str, str]) -> Document:
    """The workspace that a child is put into, or ParentResourceNotFound [ARM]."""
    app.resource_group(p["sub"], p["rg"])
    doc = app.store.get(workspace_id(p))
    if doc is None:
        raise ArmError(
            404,
            "ParentResourceNotFound",
            f"Can not perform requested operation on nested resource. Parent resource '{p['ws']}' not found.",
        )
    return doc


def not_found(path: str, group: str) -> ArmError:
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{PROVIDER}/{path}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )


def refuse(message: str, location: str, *, status: int = 400, code: str = "UserError") -> ArmError:
    """A refusal of the component that has the compute targets: envelope E2."""
    return ArmError(status, code, message, envelope="compute", location=location)


def refuse_workspace(message: str, location: str, *, status: int = 400, code: str = "UserError") -> ArmError:
    """A refusal of the component that has the workspaces, account-rp: envelope E2 [REC R26]."""
    return ArmError(status, code, message, envelope="account", location=location)


def need_succeeded(workspace: Document) -> None:
    """Children can be written only in a workspace that is ready (409; the text is a guess)."""
    state = workspace["properties"]["provisioningState"]
    if state != SUCCEEDED:
        raise refuse(
            f"The workspace '{workspace['name']}' is in provisioning state '{state}'; the operation needs 'Succeeded'.",
            workspace["location"],
            status=409,
            code="Conflict",
        )


def need_idle(app: App, resource_id: str, location: str) -> None:
    """One operation at a time [SDK: v1 retries on this text; the code is a guess]."""
    operation = app.operations.active_for(resource_id)
    if operation is not None:
        raise refuse(
            f"There is already an active operation submitted for '{resource_id}': {operation.id}.",
            location,
            status=409,
            code=app.config["guesses"]["conflict_code"],
        )


def mapping(value: Any, what: str) -> Document:
    """An object of a request body; null counts as an empty one."""
    return arm_rules.mapping(value, what)


def tags_of(body: Document) -> dict[str, str] | None:
    tags = body.get("tags")
    if tags is not None and not (isinstance(tags, dict) and all(isinstance(value, str) for value in tags.values())):
        raise ArmError(400, "InvalidRequestContent", "The request content was invalid: 'tags' must map text to text.")
    return tags


def flag(value: Any, default: bool = False) -> bool:
    """Booleans arrive as text from azure-ai-ml's templates (docs/facts.md d.4)."""
    if value is None or value == "":
        return default
    return value if isinstance(value, bool) else str(value).lower() == "true"


def region(value: Any, default: str) -> str:
    return normalise(value) if value else default


def scaling_locked(app: App, resource_id: str) -> bool:
    """Whether a lock at or above the resource stops scaling [D, docs/coverage.md CC3]."""
    wanted = resource_id.lower()
    for doc in app.store.by_type(None, LOCK_TYPE):
        scope = doc["id"].lower().rsplit(f"/providers/{LOCK_TYPE.lower()}/", 1)[0]
        if wanted == scope or wanted.startswith(scope + "/"):
            return True
    return False


def page(
    app: App,
    request: Request,
    items: list[Any],
    kind: str,
    key: str = "value",
    first: str | None = None,
    most: str | None = None,
) -> Document:
    """One page of a list: `nextLink` is absolute, with `$skip`, and absent on the last page (docs/facts.md a.6). `most`: what the client asks for."""
    size = int(app.config["page_sizes"][kind])
    if most is not None:
        if not re.fullmatch(r"[1-9]\d*", most):
            raise ArmError(400, "InvalidRequestContent", f"The count '{most}' is not valid.")
        size = min(size, int(most))
    token = next((value for name, value in request.query.items() if name.lower() == "$skip"), "0")
    if not re.fullmatch(r"\d+", token):
        raise ArmError(400, "InvalidRequestContent", f"The continuation token '{token}' is not valid.")
    start = int(token)
    body: Document = {**({"computeType": first} if first else {}), key: items[start : start + size]}
    if start + size < len(items):
        others = {name: value for name, value in request.query.items() if name.lower() != "$skip"}
        query = "&".join(f"{name}={quote(value)}" for name, value in {**others, "$skip": str(start + size)}.items())
        body["nextLink"] = f"{app.base_url(request)}{request.path}?{query}"
    return body
