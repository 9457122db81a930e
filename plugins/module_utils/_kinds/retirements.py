# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Microsoft has retired or will retire, and the warnings that follow from it for a compute target. Pure but for the date of today.

Sources: notices of Azure/EOL (service_list.json of 2025-12-18, by their ids) with the dates that they give; docs/retirements.md shows the table.
"""

from __future__ import annotations

import datetime
import functools
import re
import typing as t
from dataclasses import dataclass

Date = datetime.date

SIZE, TIER, TYPE = "size", "tier", "type"
# Warnings begin so many days before the date.
NOTICE = 365


@dataclass(frozen=True)
class Retirement:
    """One row.

    what       the option that has it: SIZE, TIER or TYPE
    values     matches the whole value of the option, case ignored
    name       what is retired, as the subject of a sentence in the plural
    date       when
    successor  what to use instead
    source     where the date is from
    """

    what: str
    values: str
    name: str
    date: Date
    successor: str
    source: str

    def warning(self, value: str, today: Date) -> str | None:
        """The warning about a value that a target has; None long before the date."""
        if (self.date - today).days > NOTICE:
            return None
        code, verb = ("Retired", "were retired") if self.date <= today else ("Retiring", "will be retired")
        return f"{code}: {self.what} {value}: {self.name} {verb} on {self.date.isoformat()}. Use {self.successor}."


def _sizes(values: str, name: str, date: str, successor: str, source: str) -> Retirement:
    return Retirement(SIZE, f"Standard_({values})", name, Date.fromisoformat(date), successor, f"Azure/EOL {source}")


_GPU = "NC A100 v4, NCasT4 v3 or NC H100 v5"
_GENERAL = "Dsv5, Ddsv5, Esv5 or later"
RETIREMENTS = (
    Retirement(
        TIER,
        "low_priority",
        "low-priority virtual machines",
        Date(2026, 3, 31),
        "tier dedicated, or expect a Spot virtual machine with its variable price and evictions",
        "Azure/EOL 258 (updates?id=501658)",
    ),
    Retirement(
        TYPE,
        "datalakeanalytics",
        "Azure Data Lake Analytics accounts",
        Date(2024, 2, 29),
        "type synapsespark or kubernetes",
        "Azure/EOL 18",
    ),
    Retirement(
        TYPE,
        "aks",
        "SDK v1 and CLI v1, the only clients that deploy to inference clusters,",
        Date(2026, 6, 30),
        "aml_attached_compute with type kubernetes, and online endpoints",
        "Azure/EOL 653, 203; how-to-attach-kubernetes-anywhere",
    ),
    _sizes(r"NC\d+r?|NC\d+r?s_v2|ND\d+r?s|NV\d+", "the first NC, NCv2, ND and NV series", "2023-08-31", _GPU, "(an older list)"),
    _sizes(r"A\d+", "the first A series", "2024-08-31", _GENERAL, "60"),
    _sizes(r"HB60(-\d+)?rs", "the first HB series", "2024-08-31", "HBv3 or later", "62"),
    _sizes("NC24rs_v3", "NC24rs v3 sizes", "2025-03-31", _GPU, "582"),
    _sizes(r"NC(6|12|24)s_v3", "NCv3 sizes", "2025-09-30", _GPU, "514"),
    _sizes(r"DC\d+s_v2", "DCsv2 sizes", "2026-06-30", "DCsv3 or DCdsv3", "499"),
    _sizes(r"NV\d+s_v3", "NVv3 sizes", "2026-09-30", "NVads A10 v5", "491 (updates?id=500573)"),
    _sizes(r"NV\d+as_v4", "NVv4 sizes", "2026-09-30", "NVads A10 v5", "493 (updates?id=500578)"),
    _sizes(r"M192i\w*_v2", "M192i v2 sizes", "2027-03-31", "Msv3 or Mdsv3", "495 to 498"),
    _sizes(
        r"DS?\d+|DS?\d+(-\d+)?_v2|L\d+s", "D, Ds, Dv2, DSv2 and Ls sizes", "2028-05-01", _GENERAL, "494 (updates?id=485569)"
    ),
    _sizes(
        r"F\d+s?|F\d+s_v2|L\d+s_v2|GS?\d+(-\d+)?|A\d+m?_v2|B\d+[a-z]*",
        "F, Fs, Fsv2, Lsv2, G, Gs, Av2, Amv2 and B sizes",
        "2028-11-15",
        _GENERAL,
        "503, 510 (updates?id=500682)",
    ),
)  # fmt: skip

# What no option of a compute target shows, for the documentation.
OTHERS = (
    ("Azure Machine Learning CLI v1", "2025-09-30", "CLI v2, the extension `ml`", "Azure/EOL 203"),
    ("Azure Machine Learning SDK v1", "2026-06-30", "SDK v2, `azure-ai-ml`", "Azure/EOL 653, 256"),
    ("Preview APIs of batch endpoints", "2026-03-16", "their stable API", "Azure/EOL 299"),
    ("Data drift of SDK v1", "2025-09-01", "model monitoring", "Azure/EOL 655"),
    ("Data labeling", "2026-09-30", "none", "Azure/EOL 254"),
    ("Azure Databricks workspaces of tier Standard", "2026-10-01", "tier Premium", "Azure/EOL 365"),
    ("HDInsight on AKS", "2025-01-31", "HDInsight", "Azure/EOL 656"),
    ("Default outbound access of virtual machines in new networks", "2026-03-31", "a NAT gateway", "Azure/EOL 369"),
    ("Basic load balancers and public IP addresses", "2025-09-30", "Standard ones", "Azure/EOL 94, 220"),
)


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


def warnings(type_: str, values: t.Mapping[str, t.Any]) -> list[str]:
    """The warnings about a compute target: its type in the CLI's spelling, and its options."""
    now = today()
    messages: list[str | None] = []
    for what, value in ((TYPE, type_), (TIER, values.get("tier")), (SIZE, values.get("size"))):
        row = of(what, value) if isinstance(value, str) else None
        messages.append(row.warning(str(value), now) if row else None)
    return [text for text in messages if text]
