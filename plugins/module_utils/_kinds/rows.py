# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that kinds of several providers have."""

from __future__ import annotations

from .._core import canon
from .._engine import rules
from .._engine.fields import Field, Option

TAGS = Field("tags", "tags", spec={"type": "dict"}, rule=rules.tags, canon=canon.mapping, clearable=True)
DESCRIPTION = Field("description", "properties.description", spec={"type": "str"}, canon=canon.text, clearable=True)
# When a secret is sent that the service does not return.
UPDATE_PASSWORD = Option(
    "update_password",
    spec={"type": "str", "choices": ["on_create", "always"], "default": "on_create", "no_log": False},
    cli_name=None,
)
