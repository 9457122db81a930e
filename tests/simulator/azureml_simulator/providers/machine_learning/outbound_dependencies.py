# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a workspace calls: the hosts and ports of outboundNetworkDependenciesEndpoints.

A recording of 2025-11-04 (Azure/azure-powershell, MachineLearningServices.Autorest/test, Get-AzMLWorkspaceOutboundNetworkDependencyEndpoint), with its
order and its blank behind "Compute". Of the storage account, the recording has the name of the workspace's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from azureml_simulator.providers.machine_learning.common import Document

_HTTPS = (443,)
_Hosts = tuple[tuple[str, Sequence[int]], ...]
_ACCOUNT = "{account}"
_CATEGORIES: tuple[tuple[str, _Hosts], ...] = (
    ("Azure Active Directory", (("login.microsoftonline.com", (80, 443)),)),
    ("Azure portal", (("management.azure.com", _HTTPS),)),
    ("Azure Resource Manager", (("management.azure.com", _HTTPS),)),
    ("Azure Machine Learning studio", (("ml.azure.com", _HTTPS),)),
    ("API", (("*.azureml.ms", _HTTPS),)),
    (
        "Integrated notebook",
        (
            ("*.notebooks.azure.net", _HTTPS),
            (f"{_ACCOUNT}.file.core.windows.net", (443, 445)),
            (f"{_ACCOUNT}.dfs.core.windows.net", _HTTPS),
            (f"{_ACCOUNT}.blob.core.windows.net", _HTTPS),
            ("graph.microsoft.com", _HTTPS),
            ("*.aznbcontent.net", _HTTPS),
        ),
    ),
    (
        "Compute ",
        (
            ("*.instances.azureml.net", _HTTPS),
            ("*.instances.azureml.ms", (443, 18881, 8787)),
            ("graph.microsoft.com", _HTTPS),
            ("*.vault.azure.net", _HTTPS),
            ("*.blob.core.windows.net", _HTTPS),
            ("*.table.core.windows.net", _HTTPS),
            ("*.queue.core.windows.net", _HTTPS),
        ),
    ),
    ("Microsoft Container Registry", (("mcr.microsoft.com", _HTTPS),)),
    ("Azure Machine Learning pre-built images", (("viennaglobal.azurecr.io", _HTTPS),)),
)


def categories(workspace: Document) -> list[Document]:
    """The answer's list. A hub's projects and others without a storage account have none of its hosts."""
    account = str(workspace["properties"].get("storageAccount") or "").rpartition("/")[2]
    return [
        {
            "properties": {
                "category": name,
                "endpoints": [
                    {
                        "domainName": host.replace(_ACCOUNT, account),
                        "endpointDetails": [{"port": port} for port in ports],
                    }
                    for host, ports in hosts
                    if account or _ACCOUNT not in host
                ],
            }
        }
        for name, hosts in _CATEGORIES
    ]
