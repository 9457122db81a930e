# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GUID of a role by a name that only the service knows: of a custom role, or of a built-in one that is not in the list of names."""

from __future__ import annotations

from .._core.client import ReadClient
from .._core.errors import RuleError
from .._core.shape import Malformed
from .._kinds.role_assignment import ROLE_ASSIGNMENT, definitions_path, guids_named, meant, named_filter


def guid_of(client: ReadClient, scope: str, name: str, malformed: Malformed) -> str:
    """The GUID of a role by the name of its definition, which has to be assignable at the scope."""
    definitions = client.list(
        definitions_path(scope), ROLE_ASSIGNMENT.api_version, params=named_filter(name), malformed=malformed
    )
    guids = guids_named(name, definitions)
    if len(guids) != 1:
        problem = (
            f"{len(guids)} roles have the name {name!r}: {', '.join(guids)}."
            if guids
            else f"The role {name!r} is neither built in nor a custom role that can be assigned at {scope}.{meant(name)}"
        )
        raise RuleError(
            problem,
            code="UnknownRole",
            target=scope,
            hint="Nothing was changed. Correct role, or declare the GUID of the role or the id of its definition.",
        )
    return guids[0]
