# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of ``aml_attached_compute`` by the CLI's spelling, in the order of the ARM types (docs/coverage.md 1.12)."""

from __future__ import annotations

from .attached import Attached, Databricks, DataFactory, DataLakeAnalytics, HDInsight, SynapseSpark, VirtualMachine
from .kubernetes import Kubernetes

ATTACHED: dict[str, Attached] = {
    kind.type_name: kind
    for kind in (
        Kubernetes(),
        VirtualMachine(),
        Databricks(),
        DataLakeAnalytics(),
        HDInsight(),
        SynapseSpark(),
        DataFactory(),
    )
}
