# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixture ``azure``: modules that run against the simulator in the same process."""

from __future__ import annotations

from ansible_collections.azureml.compute.tests.support.azure import azure  # noqa: F401  # pylint: disable=unused-import
