# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a field is: the option's name, where ARM keeps the value, whether it can change, and when two values are the same.

A kind (``_kinds/``) is a table of these. Nothing here knows HTTP or Ansible.

The comparisons answer to what ARM does with values: sizes come back in capitals (docs/facts.md a.6 [REC R1]), ids and enums in
another case, regions as ``East US`` or ``eastus``, durations in any ISO 8601 form that means the same, empty as null.
"""
from __future__ import annotations

import copy
import re
import typing as t
from dataclasses import dataclass

from ._errors import RuleError

if t.TYPE_CHECKING:
    from ._shape import Shape

# Whether, and how, a value can change on a resource that exists.
UPDATABLE = "updatable"
CREATE_ONLY = "create_only"
WRITE_ONLY = "write_only"
READ_ONLY = "read_only"


class _Missing:
    """The value of what is not there at all: neither null nor empty."""

    def __bool__(self) -> bool:
        return False


MISSING: t.Any = _Missing()


def unchanged(value: t.Any) -> t.Any:
    """The conversion that converts nothing."""
    return value


# --- comparisons: each maps a value to a form in which equal things are equal ---


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
    """An OpenSSH public key without its comment: the comment is no part of the key."""
    return tuple(value.split()[:2]) if isinstance(value, str) else value


def mapping(value: t.Any) -> t.Any:
    """Tags and the like: null and ``{}`` are the same, values are text."""
    return {str(k): None if v is None else str(v) for k, v in (value or {}).items()}


def identity(value: t.Any) -> t.Any:
    """A managed identity: the kind, and the set of ids (ARM keeps a map, so order has no meaning). None is no identity."""
    if not value or caseless(value.get("type")) in (None, "none"):
        return None
    ids = frozenset(arm_id(item) for item in value.get("user_assigned_identities") or ())
    return caseless(value["type"]), ids


# --- durations ---

_DURATION = re.compile(
    r"^P(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?$"
)
_SECONDS = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def seconds_from_duration(value: t.Any) -> t.Any:
    """ISO 8601 to whole seconds: ``PT2M`` and ``PT120S`` are 120, ``PT0S`` is 0 and not nothing.

    Years and months have no fixed length and Azure ML does not use them: they are refused.
    """
    if not isinstance(value, str):
        return value
    match = _DURATION.match(value.strip())
    if match is None or not any(match.groupdict().values()):
        raise RuleError(f"{value!r} is not an ISO 8601 duration in weeks, days, hours, minutes and seconds.")
    parts = {unit: float(number.replace(",", ".")) for unit, number in match.groupdict().items() if number}
    total = sum(_SECONDS[unit] * number for unit, number in parts.items())
    return int(total) if total == int(total) else total


def seconds_from_service(value: t.Any) -> t.Any:
    """As ``seconds_from_duration``, for what a service answers: a text that is no duration is shown as it is, not refused."""
    try:
        return seconds_from_duration(value)
    except RuleError:
        return value


def duration_from_seconds(value: t.Any) -> t.Any:
    """Seconds to the form that the service itself uses in its answers where that is short: ``PT120S`` is as good as ``PT2M``."""
    return value if value is None else f"PT{value}S"


# --- dotted paths in nested dicts ---


def get_path(tree: t.Any, path: str) -> t.Any:
    """The value at ``a.b.c``, or MISSING."""
    for key in path.split("."):
        if not isinstance(tree, dict) or key not in tree:
            return MISSING
        tree = tree[key]
    return tree


def set_path(tree: dict[str, t.Any], path: str, value: t.Any) -> None:
    """Put a value at ``a.b.c``, making (or replacing a null by) the dicts on the way."""
    *parents, last = path.split(".")
    for key in parents:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        tree = below
    tree[last] = value


def remove_path(tree: dict[str, t.Any], path: str) -> None:
    """Take the value at ``a.b.c`` away, and the dicts on the way that it leaves empty."""
    key, _dot, rest = path.partition(".")
    below = tree.get(key)
    if rest and isinstance(below, dict):
        remove_path(below, rest)
    if not rest or below == {}:
        tree.pop(key, None)


@dataclass(frozen=True)
class Field:
    """One row of a kind's table.

    option      the option's dotted name, as the user writes it
    path        the dotted place in ARM's document
    mutability  UPDATABLE, CREATE_ONLY, WRITE_ONLY (sent, never read back) or READ_ONLY (reported, never sent)
    canon       maps values to the form in which they are compared
    to_arm      the option's value as ARM takes it; from_arm the way back
    clearable   whether ``null`` may be declared: it then means that the resource has no such value
    cleared     what ARM takes for a declared null
    why_fixed   for CREATE_ONLY: the rule in words, with its source
    shape       what ARM's value must be, where the comparison does not say it (``_shape.by_canon``)
    goes_with   for WRITE_ONLY: options whose change is also sent with this value (a certificate's key with its host name)
    """

    option: str
    path: str
    mutability: str = UPDATABLE
    canon: t.Callable[[t.Any], t.Any] = exact
    to_arm: t.Callable[[t.Any], t.Any] = unchanged
    from_arm: t.Callable[[t.Any], t.Any] = unchanged
    clearable: bool = False
    cleared: t.Any = None
    why_fixed: str = ""
    goes_with: tuple[str, ...] = ()
    shape: Shape | None = None

    def same(self, left: t.Any, right: t.Any) -> bool:
        return bool(self.canon(left) == self.canon(right))

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        """What was declared, with what it leaves to the resource as it is. RuleError where the resource has no such thing."""
        return declared

    def write(self, value: t.Any) -> t.Any:
        """The user's value in ARM's terms."""
        # A copy: the table is shared by all documents that are made from it.
        return copy.deepcopy(self.cleared) if value is None else self.to_arm(value)

    def read(self, body: dict[str, t.Any]) -> t.Any:
        """The field's value in the user's terms; what ARM leaves out or answers as null is None."""
        value = get_path(body, self.path)
        return None if value is MISSING or value is None else self.from_arm(value)


def choice(**arm_by_option: str) -> dict[str, t.Callable[[t.Any], t.Any]]:
    """``to_arm`` and ``from_arm`` for an enum that the user and ARM spell differently; unknown values pass through."""
    option_by_arm = {arm.casefold(): option for option, arm in arm_by_option.items()}

    def to_arm(value: t.Any) -> t.Any:
        return arm_by_option.get(value, value)

    def from_arm(value: t.Any) -> t.Any:
        return option_by_arm.get(value.casefold(), value) if isinstance(value, str) else value

    return {"to_arm": to_arm, "from_arm": from_arm}
