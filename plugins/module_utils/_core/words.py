# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The spellings of one word: in ARM, in the CLI and in options."""

from __future__ import annotations

import re


def letters(text: str) -> str:
    """A word without what its spellings differ in: the CLI takes LowPriority, lowpriority and low_priority."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def snake_case(word: str) -> str:
    """A word of ARM as azure-ai-ml spells it (``camel_to_snake``): AzureSqlDb is azure_sql_db."""
    text = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", word)
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", text).lower()
