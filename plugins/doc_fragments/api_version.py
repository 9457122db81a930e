# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``_options.specs.API_VERSION_SPEC``, for requests to the provider of workspaces."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  api_version:
    description:
      - API version for requests to the service, such as V(2026-05-01), actions included. Defaults to V(2026-05-01), or to a
        preview version if an option is set that only preview versions have.
    type: str
"""
