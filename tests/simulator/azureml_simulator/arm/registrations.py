# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The namespaces and resource types of the simulator, as `Providers - Get` lists them: they follow from its routes.

Clients look the api-version of a type up there (azure-cli: `az resource` without --api-version). A type whose routes accept any version shows one or two
that the service has (Azure/bicep-types-az).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from azureml_simulator.arm.locations import LOCATIONS
from azureml_simulator.routing import Route

_VERSIONS = {
    "microsoft.authorization": ("2022-04-01",),
    "microsoft.authorization/locks": ("2020-05-01",),
    "microsoft.compute": ("2024-07-01", "2023-09-01"),
    "microsoft.containerregistry": ("2023-07-01",),
    "microsoft.containerservice": ("2024-09-01",),
    "microsoft.databricks": ("2023-02-01",),
    "microsoft.datafactory": ("2018-06-01",),
    "microsoft.datalakeanalytics": ("2016-11-01",),
    "microsoft.hdinsight": ("2021-06-01",),
    "microsoft.insights": ("2020-02-02",),
    "microsoft.insights/diagnosticsettings": ("2021-05-01-preview",),
    "microsoft.keyvault": ("2023-07-01",),
    "microsoft.kubernetes": ("2024-01-01",),
    "microsoft.kubernetesconfiguration": ("2025-03-01",),
    "microsoft.managedidentity": ("2023-01-31",),
    "microsoft.network": ("2024-05-01", "2023-11-01"),
    "microsoft.network/privatednszones": ("2020-06-01",),
    "microsoft.network/privatednszones/virtualnetworklinks": ("2020-06-01",),
    "microsoft.operationalinsights": ("2023-09-01",),
    "microsoft.resources": ("2021-04-01",),
    "microsoft.storage": ("2023-01-01", "2022-09-01"),
    "microsoft.synapse": ("2021-06-01",),
}


def resource_types(routes: Iterable[Route]) -> dict[str, list[dict[str, Any]]]:
    """The types of each namespace, spelled as the routes spell them."""
    found: dict[str, dict[str, set[str]]] = {}
    for route in routes:
        namespace, kind = _type(route)
        if kind:
            versions = route.api_versions or _VERSIONS.get(f"{namespace}/{kind}".lower()) or _known(namespace)
            found.setdefault(namespace, {}).setdefault(kind, set()).update(versions)
    return {name: [_shown(kind, versions) for kind, versions in sorted(types.items())] for name, types in found.items()}


def _known(namespace: str) -> tuple[str, ...]:
    return _VERSIONS.get(namespace.lower(), ())


def _type(route: Route) -> tuple[str, str]:
    """Namespace and type of a GET or PUT of `.../providers/Namespace/type/{name}/type/{name}`; empty for others."""
    _scope, found, rest = route.pattern.rpartition("/providers/")
    namespace, *segments = rest.split("/")
    literal = segments[::2]
    if not found or route.method not in ("GET", "PUT") or namespace.startswith("{"):
        return "", ""
    if any(part.startswith("{") for part in literal) or not all(part.startswith("{") for part in segments[1::2]):
        return "", ""
    return namespace, "/".join(literal)


def _shown(kind: str, versions: set[str]) -> dict[str, Any]:
    # The newest first, a preview after the stable one of its day, as the service sorts them.
    ordered = sorted(versions, key=lambda version: (version[:10], "preview" not in version), reverse=True)
    return {
        "resourceType": kind,
        "locations": list(LOCATIONS.values()),
        "apiVersions": ordered,
        "capabilities": "SupportsTags, SupportsLocation",
    }
