# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud's description of itself, in each shape that clients ask for by api-version.

Nothing in it leads off the loopback: addresses are the server's own, names end in `localhost` (RFC 6761). A client that sends a token of the simulator, or
what it holds back for a rehearsal, must not send it to a service of Microsoft's. Keys and shapes are Azure's.

2019-05-01 and later: a list of clouds, read by azure-ai-ml (`_azure_environments.py`) and azure-cli-core
(`cloud.py: _arm_to_cli_mapper`). 2022-09-01 and later: the one cloud alone, read by `az cloud register` and Terraform. 2015-01-01: one object of endpoints,
read by msrestazure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import Request, Response
from azureml_simulator.routing import Route

if TYPE_CHECKING:
    from azureml_simulator.app import App

CLOUD_NAME = "AzureSimulator"
_DOMAIN = "azure.localhost"


def cloud(base_url: str) -> dict[str, Any]:
    """One cloud; azure-ai-ml needs three dots' worth of parts in `portal`, azure-cli-core `audiences`."""
    return {
        "name": CLOUD_NAME,
        "portal": f"https://portal.{_DOMAIN}/",
        "resourceManager": f"{base_url}/",
        "authentication": {
            "loginEndpoint": base_url,
            "audiences": [f"{base_url}/"],
            "tenant": TENANT,
            "identityProvider": "AAD",
        },
        "graph": f"{base_url}/",
        "graphAudience": f"{base_url}/",
        "microsoftGraphResourceId": f"{base_url}/",
        "batch": f"{base_url}/",
        "media": base_url,
        "gallery": f"https://gallery.{_DOMAIN}/",
        "sqlManagement": f"{base_url}/",
        "vmImageAliasDoc": "",
        "suffixes": {
            "storage": "core.windows.localhost",
            "keyVaultDns": "vault.azure.localhost",
            "acrLoginServer": "azurecr.localhost",
            "sqlServerHostname": "database.windows.localhost",
            "storageSyncEndpointSuffix": "afs.azure.localhost",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.localhost",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.localhost",
            "mhsmDns": "managedhsm.azure.localhost",
            "synapseAnalytics": "dev.azuresynapse.localhost",
            "attestationEndpoint": "attest.azure.localhost",
            "mysqlServerEndpoint": "mysql.database.azure.localhost",
            "mariadbServerEndpoint": "mariadb.database.azure.localhost",
            "postgresqlServerEndpoint": "postgres.database.azure.localhost",
        },
    }


def _single(base_url: str) -> dict[str, Any]:
    full = cloud(base_url)
    login = {key: full["authentication"][key] for key in ("loginEndpoint", "audiences")}
    return {
        "galleryEndpoint": full["gallery"],
        "graphEndpoint": full["graph"],
        "portalEndpoint": full["portal"],
        "authentication": login,
    }


def routes(app: App) -> list[Route]:
    def endpoints(request: Request, _p: dict[str, str]) -> Response:
        if request.api_version in ("2015-01-01", "2015-11-01", "1.0"):
            return Response(200, _single(request.base_url))
        if request.api_version >= "2022-09-01":
            return Response(200, cloud(request.base_url))
        return Response(200, [cloud(request.base_url)])

    return [Route("GET", "/metadata/endpoints", endpoints, open=True)]
