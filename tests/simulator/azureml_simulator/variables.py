# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environment variables that configure a client of Azure."""

from __future__ import annotations

# Prefixes. Settings of a real Azure compete with the simulator's: whoever starts a client of the simulator removes them first.
CLIENT_SETTINGS = ("AZURE_", "AZUREML_", "ARM_", "ANSIBLE_AZURE_", "AML_SIMULATOR_")
