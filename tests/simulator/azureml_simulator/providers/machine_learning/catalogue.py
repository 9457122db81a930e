# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machine sizes as data: what `locations/{l}/vmSizes` lists (shape: docs/facts.md a.6 [REC R9]).

The families are some of those in the page concept-compute-target, retired ones among them, and what replaces those: Dsv5,
Ddsv5 and Esv5, which that page does not name yet. vCPUs, memory, GPUs and temporary disk are those of Azure's size
documentation; the DSv2 figures are also in the official example getAllowedVMSizesForResize. Prices are Azure's public
pay-as-you-go list prices for Linux in East US, rounded, as an estimate. Which region has which family is a coarse picture:
CPU families are everywhere, GPU families only in the regions named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GIB = 1024
_OS_DISK_MB = 1047552


@dataclass(frozen=True)
class VmSize:
    """One size; `disk_mb` is the temporary disk, `price` in US dollars an hour."""

    name: str
    family: str
    vcpus: int
    memory_gb: float
    disk_mb: int
    price: float
    gpus: int = 0
    premium: bool = True
    low_priority: bool = True
    infiniband: bool = False
    generation: str = "V1,V2"

    def wire(self) -> dict[str, Any]:
        """The entry of the list as the service writes it."""
        prices = [("Standard", self.price)]
        if self.low_priority:
            prices.append(("LowPriority", round(self.price * 0.2, 4)))
        return {
            "name": self.name,
            "family": self.family,
            "vCPUs": self.vcpus,
            "gpus": self.gpus,
            "osVhdSizeMB": _OS_DISK_MB,
            "maxResourceVolumeMB": self.disk_mb,
            "memoryGB": float(self.memory_gb),
            "lowPriorityCapable": self.low_priority,
            "premiumIO": self.premium,
            "estimatedVMPrices": {
                "billingCurrency": "USD",
                "unitOfMeasure": "OneHour",
                "values": [{"retailPrice": price, "osType": "Linux", "vmTier": tier} for tier, price in prices],
            },
            "supportedComputeTypes": ["AmlCompute", "ComputeInstance", "MIR"],
            "generation": self.generation,
            "supportsIB": self.infiniband,
        }


def _series(family: str, rows: str, **common: Any) -> list[VmSize]:
    """Rows of `name vCPUs memoryGB diskGB price [gpus]`."""
    found = []
    for row in rows.strip().splitlines():
        name, vcpus, memory, disk, price, *gpus = row.split()
        extra = {"gpus": int(gpus[0])} if gpus else {}
        found.append(
            VmSize(
                f"Standard_{name}",
                family,
                int(vcpus),
                float(memory),
                int(disk) * GIB,
                float(price),
                **{**common, **extra},
            )
        )
    return found


SIZES: list[VmSize] = [
    *_series(
        "standardAv2Family",
        """
        A1_v2 1 2 10 0.043
        A2_v2 2 4 20 0.091
        A4_v2 4 8 40 0.191
        A8_v2 8 16 80 0.4
        """,
        premium=False,
        generation="gen1",
    ),
    *_series(
        "standardDv2Family",
        """
        D1_v2 1 3.5 50 0.073
        D2_v2 2 7 100 0.146
        D3_v2 4 14 200 0.293
        D4_v2 8 28 400 0.585
        D11_v2 2 14 100 0.185
        D12_v2 4 28 200 0.37
        D13_v2 8 56 400 0.741
        D14_v2 16 112 800 1.482
        """,
        premium=False,
        generation="gen1",
    ),
    *_series(
        "standardDSv2Family",
        """
        DS1_v2 1 3.5 7 0.073
        DS2_v2 2 7 14 0.146
        DS3_v2 4 14 28 0.293
        DS4_v2 8 28 56 0.585
        DS5_v2 16 56 112 1.17
        DS11_v2 2 14 28 0.185
        DS12_v2 4 28 56 0.37
        DS13_v2 8 56 112 0.741
        DS14_v2 16 112 224 1.482
        DS15_v2 20 140 280 1.853
        """,
    ),
    *_series(
        "standardDSv3Family",
        """
        D2s_v3 2 8 16 0.096
        D4s_v3 4 16 32 0.192
        D8s_v3 8 32 64 0.384
        D16s_v3 16 64 128 0.768
        D32s_v3 32 128 256 1.536
        D48s_v3 48 192 384 2.304
        D64s_v3 64 256 512 3.072
        """,
    ),
    *_series(
        "standardDv3Family",
        """
        D2_v3 2 8 50 0.096
        D4_v3 4 16 100 0.192
        D8_v3 8 32 200 0.384
        D16_v3 16 64 400 0.768
        D32_v3 32 128 800 1.536
        D48_v3 48 192 1200 2.304
        D64_v3 64 256 1600 3.072
        """,
        premium=False,
        generation="gen1",
    ),
    *_series(
        "standardDDSv4Family",
        """
        D2ds_v4 2 8 75 0.113
        D4ds_v4 4 16 150 0.226
        D8ds_v4 8 32 300 0.452
        D16ds_v4 16 64 600 0.904
        D32ds_v4 32 128 1200 1.808
        D48ds_v4 48 192 1800 2.712
        D64ds_v4 64 256 2400 3.616
        """,
    ),
    *_series(
        "standardDSv5Family",
        """
        D2s_v5 2 8 0 0.096
        D4s_v5 4 16 0 0.192
        D8s_v5 8 32 0 0.384
        D16s_v5 16 64 0 0.768
        D32s_v5 32 128 0 1.536
        D48s_v5 48 192 0 2.304
        D64s_v5 64 256 0 3.072
        D96s_v5 96 384 0 4.608
        """,
    ),
    *_series(
        "standardDDSv5Family",
        """
        D2ds_v5 2 8 75 0.113
        D4ds_v5 4 16 150 0.226
        D8ds_v5 8 32 300 0.452
        D16ds_v5 16 64 600 0.904
        D32ds_v5 32 128 1200 1.808
        D48ds_v5 48 192 1800 2.712
        D64ds_v5 64 256 2400 3.616
        D96ds_v5 96 384 3600 5.424
        """,
    ),
    *_series(
        "standardEv3Family",
        """
        E2_v3 2 16 50 0.126
        E4_v3 4 32 100 0.252
        E8_v3 8 64 200 0.504
        E16_v3 16 128 400 1.008
        E32_v3 32 256 800 2.016
        E64_v3 64 432 1600 3.629
        """,
        premium=False,
        generation="gen1",
    ),
    *_series(
        "standardESv3Family",
        """
        E2s_v3 2 16 32 0.126
        E4s_v3 4 32 64 0.252
        E8s_v3 8 64 128 0.504
        E16s_v3 16 128 256 1.008
        E32s_v3 32 256 512 2.016
        E64s_v3 64 432 864 3.629
        """,
    ),
    *_series(
        "standardESv5Family",
        """
        E2s_v5 2 16 0 0.126
        E4s_v5 4 32 0 0.252
        E8s_v5 8 64 0 0.504
        E16s_v5 16 128 0 1.008
        E32s_v5 32 256 0 2.016
        E48s_v5 48 384 0 3.024
        E64s_v5 64 512 0 4.032
        E96s_v5 96 672 0 6.048
        """,
    ),
    *_series(
        "standardFSv2Family",
        """
        F2s_v2 2 4 16 0.085
        F4s_v2 4 8 32 0.169
        F8s_v2 8 16 64 0.338
        F16s_v2 16 32 128 0.677
        F32s_v2 32 64 256 1.353
        F48s_v2 48 96 384 2.03
        F64s_v2 64 128 512 2.706
        F72s_v2 72 144 576 3.045
        """,
    ),
    *_series(
        "standardNCFamily",
        """
        NC6 6 56 340 0.9 1
        NC12 12 112 680 1.8 2
        NC24 24 224 1440 3.6 4
        """,
        premium=False,
        generation="gen1",
    ),
    *_series(
        "standardNCSv3Family",
        """
        NC6s_v3 6 112 736 3.06 1
        NC12s_v3 12 224 1474 6.12 2
        NC24s_v3 24 448 2948 12.24 4
        """,
    ),
    *_series("standardNCSv3Family", "NC24rs_v3 24 448 2948 13.464 4", infiniband=True),
    *_series(
        "Standard NCASv3_T4 Family",
        """
        NC4as_T4_v3 4 28 180 0.526 1
        NC8as_T4_v3 8 56 360 0.752 1
        NC16as_T4_v3 16 110 360 1.204 1
        NC64as_T4_v3 64 440 2880 4.352 4
        """,
    ),
    *_series(
        "StandardNCADSA100v4Family",
        """
        NC24ads_A100_v4 24 220 64 3.673 1
        NC48ads_A100_v4 48 440 128 7.346 2
        NC96ads_A100_v4 96 880 256 14.692 4
        """,
        generation="gen2",
    ),
    *_series("Standard NDASv4_A100 Family", "ND96asr_v4 96 900 6000 27.197 8", infiniband=True, generation="gen2"),
    *_series("standardNDAMSv4_A100Family", "ND96amsr_A100_v4 96 1900 6400 32.77 8", infiniband=True, generation="gen2"),
    # Not for low priority [ISS: UnsupportedVMSizeForLowPriority names this size].
    *_series(
        "standardNDSH100v5Family",
        "ND96isr_H100_v5 96 1900 28000 98.32 8",
        infiniband=True,
        low_priority=False,
        generation="gen2",
    ),
    *_series("standardHBrsv3Family", "HB120rs_v3 120 448 480 3.6", infiniband=True),
    *_series(
        "standardNVSv3Family",
        """
        NV12s_v3 12 112 320 1.14 1
        NV24s_v3 24 224 640 2.28 2
        NV48s_v3 48 448 1280 4.56 4
        """,
    ),
    *_series(
        "StandardNVADSA10v5Family",
        """
        NV6ads_A10_v5 6 55 180 0.454 1
        NV12ads_A10_v5 12 110 360 0.908 1
        NV18ads_A10_v5 18 220 720 1.6 1
        NV36ads_A10_v5 36 440 1440 3.2 1
        """,
    ),
]
BY_NAME: dict[str, VmSize] = {size.name.lower(): size for size in SIZES}
# A family's display name where it does not follow from its wire name.
_LOCALISED = {
    "standardAv2Family": "Standard Av2 Family",
    "standardDv2Family": "Standard Dv2 Family",
    "StandardNCADSA100v4Family": "Standard NCADS_A100_v4 Family",
    "StandardNVADSA10v5Family": "Standard NVADSA10v5 Family",
    "standardNDAMSv4_A100Family": "Standard NDAMSv4_A100 Family",
}
FAMILIES: list[str] = list(dict.fromkeys(size.family for size in SIZES))
# GPU families only where they are named; a family that is not here is in every region.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "standardNCFamily": ("eastus", "eastus2", "southcentralus", "westeurope", "northeurope", "westus2"),
    "standardNCSv3Family": (
        "eastus",
        "eastus2",
        "southcentralus",
        "westus2",
        "westus3",
        "westeurope",
        "northeurope",
        "uksouth",
        "southeastasia",
        "japaneast",
        "australiaeast",
    ),
    "StandardNCADSA100v4Family": (
        "eastus",
        "eastus2",
        "southcentralus",
        "westus2",
        "westus3",
        "westeurope",
        "swedencentral",
    ),
    "Standard NDASv4_A100 Family": ("eastus", "southcentralus", "westus2", "westus3", "westeurope"),
    "standardNDAMSv4_A100Family": ("eastus", "southcentralus", "westus2", "westus3", "westeurope"),
    "standardNDSH100v5Family": ("eastus", "eastus2", "southcentralus", "westus3", "swedencentral", "westeurope"),
}


def localised(family: str) -> str:
    """`Standard DSv2 Family` of `standardDSv2Family`."""
    if family in _LOCALISED:
        return _LOCALISED[family]
    if " " in family:
        return family
    return f"Standard {family.removeprefix('standard').removesuffix('Family')} Family"


def find(name: str) -> VmSize | None:
    """A size by its name in any case."""
    return BY_NAME.get(str(name).lower())


def available(location: str, removed: list[str] | None = None) -> list[VmSize]:
    """The sizes of a region, in the catalogue's order; `removed` names further ones that it lacks."""
    gone = {name.lower() for name in removed or []}
    return [
        size for size in SIZES if location in ONLY_IN.get(size.family, (location,)) and size.name.lower() not in gone
    ]
