# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft has retired or will retire, and the warnings that follow from it for a compute target. Pure but for the date of today.

Sources: notices of Azure/EOL (service_list.json of 2025-12-18, by their ids) with the dates that they give, Azure updates by their ids
(azure.microsoft.com/updates?id=), and pages of Microsoft's documentation by their files; docs/retirements.md shows the table.
"""

from __future__ import annotations

import datetime
import functools
import re
import typing as t
from dataclasses import dataclass

from .._engine.fields import Field

Date = datetime.date

SIZE, TIER, TYPE, SPARK, DATABRICKS = "size", "tier", "type", "spark_version", "databricks_tier"
# What options have it whose names say something else.
_OPTIONS = {"instance_type": SIZE, "feature_store_settings.spark_runtime_version": SPARK}
# Warnings begin so many days before the date.
NOTICE = 365


@dataclass(frozen=True)
class Retirement:
    """One row.

    what         SIZE, TIER or TYPE, as the option that has it; or what an attached resource or a feature store has: SPARK or DATABRICKS
    values       matches the whole value of the option, case ignored
    name         what is retired, as the subject of a sentence in the plural
    date         when
    successor    what to use instead
    source       where the date is from
    gpu_vcpus    vCPUs for each GPU of these sizes; 0 for sizes without GPUs
    """

    what: str
    values: str
    name: str
    date: Date
    successor: str
    source: str
    gpu_vcpus: int = 0

    def notice(self, option: str, value: str, today: Date) -> Notice | None:
        """What to say about a value that a target has; None long before the date."""
        if (self.date - today).days > NOTICE:
            return None
        return Notice(self, option, value, code="Retired" if self.date <= today else "Retiring")


@dataclass(frozen=True)
class Notice:
    """What a target uses that is retired, or will be within ``NOTICE`` days."""

    row: Retirement
    option: str
    value: str
    code: str

    @property
    def message(self) -> str:
        row, verb = self.row, "were retired" if self.code == "Retired" else "will be retired"
        return f"{self.option} {self.value}: {row.name} {verb} on {row.date.isoformat()}. Use {row.successor}."

    @property
    def text(self) -> str:
        """The warning."""
        return f"{self.code}: {self.message}"

    def to_dict(self) -> dict[str, t.Any]:
        return {
            "option": self.option,
            "value": self.value,
            "status": self.code.lower(),
            "date": self.row.date.isoformat(),
            "successor": self.row.successor,
        }


def _sizes(values: str, name: str, date: str, successor: str, source: str, gpu_vcpus: int = 0) -> Retirement:
    # Promo sizes are the same machines at another price, and go with them.
    return Retirement(
        SIZE, f"Standard_({values})(_Promo)?", name, Date.fromisoformat(date), successor, source, gpu_vcpus
    )


_EOL = "Azure/EOL "
_UPDATES = "updates?id="
_SPARK = "a pool of a current runtime"
_GPU = "NC A100 v4, NCasT4 v3 or NC H100 v5"
_HPC = "HBv3 or later, or HX"
_VISUAL = "NVads A10 v5 or NVads V710 v5"
_CONFIDENTIAL = "DCasv6, DCesv6 or later"
_GENERAL = "Dsv5, Ddsv5, Esv5 or later"
_OLD_GPU = "azure-ai-docs: machine-learning/includes/retiring-vms"
RETIREMENTS = (
    Retirement(
        TIER,
        "low_priority",
        "low-priority virtual machines",
        Date(2026, 3, 31),
        "tier dedicated; low_priority still works, with Spot virtual machines, whose price varies up to that of dedicated ones",
        _EOL + "258 (updates?id=501658); azure-ai-docs#791, #806",
    ),
    Retirement(
        TYPE,
        "datalakeanalytics",
        "Azure Data Lake Analytics accounts",
        Date(2024, 2, 29),
        "type synapsespark or kubernetes",
        _EOL + "18",
    ),
    Retirement(
        TYPE,
        "azure_data_lake_gen1",
        "Azure Data Lake Storage Gen1 accounts",
        Date(2024, 2, 29),
        "type azure_data_lake_gen2",
        "Azure/EOL 182",
    ),
    Retirement(
        TYPE,
        "aks",
        "SDK v1 and CLI v1, the only clients that deploy to inference clusters,",
        Date(2026, 6, 30),
        "the role aml_kubernetes, which attaches a cluster as type kubernetes, and online endpoints",
        _EOL + "653 (updates?id=486238), 203; how-to-attach-kubernetes-anywhere",
    ),
    Retirement(SPARK, r"2\.4(\..*)?", "Synapse runtimes for Spark 2.4", Date(2023, 9, 29), _SPARK, _EOL + "328"),
    Retirement(SPARK, r"3\.1(\..*)?", "Synapse runtimes for Spark 3.1", Date(2024, 1, 26), _SPARK, _EOL + "325"),
    Retirement(SPARK, r"3\.2(\..*)?", "Synapse runtimes for Spark 3.2", Date(2024, 7, 8), _SPARK, _EOL + "583"),
    Retirement(
        SPARK, r"3\.3(\..*)?", "Synapse runtimes for Spark 3.3", Date(2025, 3, 31), _SPARK, "synapse-analytics/spark/apache-spark-33-runtime"
    ),
    Retirement(
        SPARK, r"3\.4(\..*)?", "Synapse runtimes for Spark 3.4", Date(2026, 3, 31), _SPARK, "synapse-analytics/spark/apache-spark-34-runtime"
    ),
    Retirement(
        DATABRICKS,
        "standard",
        "Azure Databricks workspaces of tier Standard",
        Date(2026, 10, 1),
        "tier Premium",
        _EOL + "365 (updates?id=502623)",
    ),
    _sizes(r"H(8|16)m?r?", "H sizes", "2022-08-31", "HBv3 or later", "virtual-machines/h-series-retirement"),
    _sizes(r"NC\d+r?|NC\d+r?s_v2|ND\d+r?s|NV\d+", "the first NC, NCv2, ND and NV sizes", "2023-08-31", _GPU, _OLD_GPU, 6),
    _sizes(r"A\d+", "the first A sizes", "2024-08-31", _GENERAL, _EOL + "60"),
    _sizes(r"HB60(-\d+)?rs", "the first HB sizes", "2024-08-31", "HBv3 or later", _EOL + "62"),
    _sizes("NC24rs_v3", "NC24rs v3 sizes", "2025-03-31", _GPU, _EOL + "582", 6),
    _sizes(r"NC(6|12|24)s_v3", "NCv3 sizes", "2025-09-30", _GPU, _EOL + "514", 6),
    _sizes(r"DC\d+s_v2", "DCsv2 sizes", "2026-06-30", _CONFIDENTIAL, _EOL + "499 (updates?id=496104)"),
    _sizes(
        r"(DC|EC)\d+ad?s_cc_v5",
        "DCas cc v5, DCads cc v5, ECas cc v5 and ECads cc v5 sizes",
        "2026-08-01",
        "Dasv5, Easv5 or later",
        "virtual-machines/sizes/retirement/dcccv5-series-retirement",
    ),
    _sizes(r"NV\d+s_v3", "NVv3 sizes", "2026-09-30", _VISUAL, _EOL + "491 (updates?id=500573)", 12),
    _sizes(r"NV\d+as_v4", "NVv4 sizes", "2026-09-30", _VISUAL, _EOL + "493 (updates?id=500578)", 32),
    _sizes(r"M192id?m?s_v2", "M192i v2 sizes", "2027-03-31", "Msv3 or Mdsv3", _EOL + "495 to 498"),
    _sizes(r"HB120(-\d+)?rs_v2", "HBv2 sizes", "2027-05-31", _HPC, _UPDATES + "548525, 559751"),
    _sizes(r"HC44(-\d+)?rs", "HC sizes", "2027-05-31", _HPC, _UPDATES + "548543, 559751"),
    _sizes(r"NP\d+s", "NP sizes", "2027-05-31", _GPU, _UPDATES + "548497, 559751"),
    _sizes(
        r"DS?\d+|DS?\d+(-\d+)?_v2|L\d+s", "D, Ds, Dv2, DSv2 and Ls sizes", "2028-05-01", _GENERAL, _EOL + "494 (updates?id=485569)"
    ),
    _sizes(
        r"F\d+s?|F\d+s_v2|L\d+s_v2|GS?\d+(-\d+)?|A\d+m?_v2|B\d+[a-z]*",
        "F, Fs, Fsv2, Lsv2, G, Gs, Av2, Amv2 and B sizes",
        "2028-11-15",
        _GENERAL,
        _EOL + "503, 510 (updates?id=500682)",
    ),
    _sizes(r"DC\d+d?s_v3", "DCsv3 and DCdsv3 sizes", "2029-10-31", _CONFIDENTIAL, _UPDATES + "569592"),
)  # fmt: skip

# What no option of a compute target shows, for the documentation.
OTHERS = (
    ("Azure Machine Learning CLI v1", "2025-09-30", "CLI v2, the extension `ml`", "Azure/EOL 203"),
    ("Azure Machine Learning SDK v1", "2026-06-30", "SDK v2, `azure-ai-ml`", "Azure/EOL 653, 256"),
    ("Preview features of Azure Machine Learning", "2026-03-31", "none", "Azure/EOL 257 (updates?id=501663)"),
    ("Preview APIs of batch endpoints", "2026-03-16", "their stable API", "Azure/EOL 299"),
    ("Data drift of SDK v1", "2025-09-01", "model monitoring", "Azure/EOL 655"),
    ("Data labeling", "2026-09-30", "none", "Azure/EOL 254 (updates?id=501692)"),
    ("Links of Synapse workspaces by SDK v1", "2026-06-30", "`type: synapsespark`, or serverless Spark", "Azure/EOL 653"),
    ("HDInsight on AKS", "2025-01-31", "HDInsight", "Azure/EOL 656"),
    ("Azure Data Lake Storage Gen1", "2024-02-29", "Gen2", "Azure/EOL 182"),
    ("Storage accounts of kind Blob and General-Purpose v1", "2026-09-01", "General-Purpose v2", "Azure/EOL 416 (updates?id=496964)"),
    ("TLS 1.0 and 1.1 of storage accounts", "2026-02-03", "TLS 1.2", "Azure/EOL 43507"),
    ("Classic Application Insights", "2024-02-29", "workspace-based Application Insights", "Azure/EOL 181"),
    ("AKS images with Ubuntu 18.04", "2025-06-17", "a current image", "Azure/EOL 676"),
    ("AKS images with Azure Linux 2.0", "2025-11-30", "a current image", "Azure/EOL 559"),
    ("AKS images with Ubuntu 20.04", "2027-03-17", "a current image", "Azure/EOL 677"),
    ("kubenet of AKS", "2028-03-31", "Azure CNI Overlay", "Azure/EOL 657"),
    ("Default outbound access of virtual machines in new networks", "2026-03-31", "a NAT gateway", "Azure/EOL 369"),
    ("Basic load balancers and public IP addresses", "2025-09-30", "Standard ones", "Azure/EOL 94, 220"),
)  # fmt: skip


def today() -> Date:
    """The date of today. Tests replace it."""
    return datetime.datetime.now(datetime.UTC).date()


@functools.cache
def of(what: str, value: str) -> Retirement | None:
    """The first row that has the value of an option."""
    for row in RETIREMENTS:
        if row.what == what and re.fullmatch(row.values, value, re.IGNORECASE):
            return row
    return None


def notices(values: t.Mapping[str, t.Any]) -> list[Notice]:
    """What a target uses of it. ``values``: what of it has rows, such as its type in the CLI's spelling and its size, by options."""
    now = today()
    rows = [
        (option, value, of(_OPTIONS.get(option, option), value))
        for option, value in values.items()
        if isinstance(value, str)
    ]
    candidates = [row.notice(option, value, now) for option, value, row in rows if row]
    return [notice for notice in candidates if notice]


def of_options(fields: t.Iterable[Field], declared: t.Mapping[str, t.Any], body: t.Any) -> dict[str, t.Any]:
    """The values of the options that have rows, of a kind's ``fields``: the declared ones, else those of the existing resource."""
    return {
        row.option: declared.get(row.option) or (row.read(body) if body else None)
        for row in fields
        if row.option in (SIZE, TIER, *_OPTIONS)
    }
