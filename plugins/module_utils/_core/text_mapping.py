# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping that came as text, read as AnsibleModule reads it (``check_type_dict`` of ansible-core 2.19 to 2.21; a test compares them)."""

from __future__ import annotations

import ast
import json
import typing as t


def mapping_of(text: str) -> dict[str, t.Any] | None:
    """The mapping: JSON or Python in braces, or ``key=value`` with blanks or commas between. None for what AnsibleModule refuses."""
    if text.startswith("{"):
        return _in_braces(text)
    pairs = [field.split("=", 1) for field in _fields(text.strip())] if "=" in text else []
    if not pairs or any(len(pair) == 1 for pair in pairs):
        return {} if "=" in text and not pairs else None
    return {pair[0]: pair[1] for pair in pairs}


def _in_braces(text: str) -> dict[str, t.Any] | None:
    for read in (json.loads, ast.literal_eval):
        try:
            value = read(text)
        except Exception:  # whatever is wrong with it, the other reader may take it
            continue
        return value if isinstance(value, dict) else None
    return None


def _fields(text: str) -> list[str]:
    """The parts between spaces and commas outside quotes; a backslash takes the next character as it is."""
    fields, field = [], ""
    quote, escaped = "", False
    for char in text:
        if escaped:
            field, escaped = field + char, False
        elif char == "\\":
            escaped = True
        elif not quote and char in "'\"":
            quote = char
        elif char == quote:
            quote = ""
        elif not quote and char in ", ":
            fields.append(field)
            field = ""
        else:
            field += char
    return [field for field in (*fields, field) if field]
