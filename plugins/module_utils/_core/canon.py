# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When two values are the same: each function maps a value to a form in which equal things are equal.

The comparisons answer to what ARM does with values: sizes come back in capitals (docs/facts.md a.6 [REC R1]), ids and enums in
another case, regions as ``East US`` or ``eastus``, empty as null.
"""

from __future__ import annotations

import re
import typing as t


def exact(value: t.Any) -> t.Any:
    return value


def caseless(value: t.Any) -> t.Any:
    """Sizes, enums and names, whose case ARM does not keep."""
    return value.casefold() if isinstance(value, str) else value


def region(value: t.Any) -> t.Any:
    """``East US``, ``EastUS`` and ``eastus`` are one region."""
    return re.sub(r"[\s_-]", "", value).casefold() if isinstance(value, str) else value


def arm_id(value: t.Any) -> t.Any:
    """Resource ids are compared without regard to case and to a slash at the end."""
    return value.rstrip("/").casefold() if isinstance(value, str) else value


def full_id(value: t.Any) -> t.Any:
    """A resource id as it is sent: Resource Manager refuses one with a slash at the end (LinkedInvalidPropertyId)."""
    return value.rstrip("/") if isinstance(value, str) else value


def text(value: t.Any) -> t.Any:
    """Free text, where the service answers ``""`` for what was never set (docs/facts.md d.2)."""
    return value or None


def boolean_text(value: t.Any) -> t.Any:
    """Booleans that some API versions write as text."""
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    return value


def public_key(value: t.Any) -> t.Any:
    """An OpenSSH public key without its comment: the comment is not part of the key."""
    return tuple(value.split()[:2]) if isinstance(value, str) else value


def mapping(value: t.Any) -> t.Any:
    """Tags and the like: null and ``{}`` are the same, values are text."""
    return {str(k): None if v is None else str(v) for k, v in (value or {}).items()}


def identity(value: t.Any) -> t.Any:
    """A managed identity: the kind, and the set of ids (ARM keeps a map, so order has no meaning). None means no identity."""
    if not value or caseless(value.get("type")) in (None, "none"):
        return None
    ids = frozenset(arm_id(item) for item in value.get("user_assigned_identities") or ())
    return caseless(value["type"]), ids
