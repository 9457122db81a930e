# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of this name, in a fork of Ansible's process where it can."""

from __future__ import annotations

from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """As the module."""
