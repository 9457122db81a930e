# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's regions as far as the simulator knows them: name and display name (ARM's list of locations)."""

from __future__ import annotations

LOCATIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "southcentralus": "South Central US",
    "westus": "West US",
    "westus2": "West US 2",
    "westus3": "West US 3",
    "centralus": "Central US",
    "northcentralus": "North Central US",
    "westcentralus": "West Central US",
    "canadacentral": "Canada Central",
    "canadaeast": "Canada East",
    "brazilsouth": "Brazil South",
    "northeurope": "North Europe",
    "westeurope": "West Europe",
    "uksouth": "UK South",
    "ukwest": "UK West",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "norwayeast": "Norway East",
    "swedencentral": "Sweden Central",
    "switzerlandnorth": "Switzerland North",
    "italynorth": "Italy North",
    "polandcentral": "Poland Central",
    "spaincentral": "Spain Central",
    "uaenorth": "UAE North",
    "qatarcentral": "Qatar Central",
    "southafricanorth": "South Africa North",
    "israelcentral": "Israel Central",
    "centralindia": "Central India",
    "southindia": "South India",
    "jioindiawest": "Jio India West",
    "eastasia": "East Asia",
    "southeastasia": "Southeast Asia",
    "japaneast": "Japan East",
    "japanwest": "Japan West",
    "koreacentral": "Korea Central",
    "australiaeast": "Australia East",
    "australiasoutheast": "Australia Southeast",
    "eastus2euap": "East US 2 EUAP",
    "centraluseuap": "Central US EUAP",
}


def normalise(location: str) -> str:
    """`East US` and `eastus` are the same place."""
    return "".join(str(location).split()).lower()
