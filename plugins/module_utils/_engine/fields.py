# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an option of a kind is, and what a field is: an option whose value ARM keeps.

A kind (``_kinds/``) is a table of these. Whatever else has to know an option takes it from its row: the argument specs of modules and roles, the documents
of fleets, YAML of the CLI, requests and the tests.
"""

from __future__ import annotations

import copy
import re
import typing as t
from dataclasses import dataclass, field

from .._core.canon import boolean_text, exact
from .._core.errors import RuleError
from .._core.findings import Findings
from .._core.paths import MISSING, get_path
from .._core.shape import TEXT, Shape
from .versions import ALL, Versions

# What is wrong with a value: called with the value, which is not null, and the option's dotted name.
Rule = t.Callable[[t.Any, str], Findings]

# Whether, and how, a value can change on a resource that exists.
UPDATABLE = "updatable"
CREATE_ONLY = "create_only"
WRITE_ONLY = "write_only"
READ_ONLY = "read_only"
# For ``Field.implied``: whatever the value is, it follows from that of another resource.
ANY_VALUE = object()


def unchanged(value: t.Any) -> t.Any:
    """The conversion that converts nothing."""
    return value


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
    """As ``seconds_from_duration``, for what a service answers: a text that is not a duration is shown unchanged, not refused."""
    try:
        return seconds_from_duration(value)
    except RuleError:
        return value


def duration_from_seconds(value: t.Any) -> t.Any:
    """Seconds to the form that the service itself uses in its answers where that is short: ``PT120S`` is as good as ``PT2M``."""
    return value if value is None else f"PT{value}S"


@dataclass(frozen=True)
class Option:
    """One row of a kind's table.

    option    the dotted name, as the user writes it
    spec      the argument spec of the last part of the name, in AnsibleModule's terms. None: the row adds no option to the module's
    rule      the offline rule for a single value
    cli_name  the name in YAML of the Azure ML CLI v2, where that is another one (then it is an alias); None where the CLI's schema has no such field
    versions  the API versions that have it
    examples  right values for tests to declare, and ``wrong`` values that the rule refuses, if they do not follow from type, choices and rule
    """

    option: str
    spec: dict[str, t.Any] | None = field(default=None, kw_only=True)
    rule: Rule | None = field(default=None, kw_only=True)
    cli_name: str | None = field(default="", kw_only=True)
    versions: Versions = field(default=ALL, kw_only=True)
    examples: tuple[t.Any, ...] = field(default=(), kw_only=True)
    wrong: tuple[t.Any, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class Field(Option):
    """A row whose value ARM keeps.

    path        the dotted place in ARM's document
    mutability  UPDATABLE, CREATE_ONLY, WRITE_ONLY (sent, never read back) or READ_ONLY (reported, never sent)
    canon       maps values to the form in which they are compared
    to_arm      the option's value as ARM takes it; from_arm the way back
    clearable   whether ``null`` may be declared: it then means that the resource has no such value
    optional    whether a resource can be without it, and keeps what it has: ``null`` agrees with the first, and is refused for the second
    cleared     what ARM takes for a declared null
    why_fixed   for CREATE_ONLY: the rule in words, with its source
    shape       what ARM's value must be, where the comparison does not say it (``_core.shape.by_canon``)
    goes_with   for WRITE_ONLY: options whose change is also sent with this value (a certificate's key with its host name)
    of_type     the value of the kind's option ``type`` without which there is no such option; None for all
    interrupts  the work in the resource that a change can interrupt
    implied     of what the CLI's schema lacks, the value of a resource that was created without it, which an export does not mention
    """

    path: str
    mutability: str = UPDATABLE
    canon: t.Callable[[t.Any], t.Any] = exact
    to_arm: t.Callable[[t.Any], t.Any] = unchanged
    from_arm: t.Callable[[t.Any], t.Any] = unchanged
    clearable: bool = False
    optional: bool = False
    cleared: t.Any = None
    why_fixed: str = ""
    goes_with: tuple[str, ...] = ()
    shape: Shape | None = None
    of_type: str | None = None
    interrupts: tuple[str, ...] = ()
    implied: t.Any = MISSING

    @property
    def is_flag(self) -> bool:
        return self.spec is not None and self.spec.get("type") == "bool"

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
        """The field's value in the user's terms; what ARM omits or returns as null is None."""
        value = get_path(body, self.path)
        if value is MISSING or value is None:
            return None
        shown = self.from_arm(value)
        # Some API versions write booleans as text, which is always true for Python.
        return boolean_text(shown) if isinstance(shown, str) and self.is_flag else shown


def switch(on: str = "Enabled", off: str = "Disabled") -> dict[str, t.Any]:
    """``to_arm`` and ``from_arm`` for a boolean that ARM spells as one of two words; other words of ARM are None."""
    by_word = {on.casefold(): True, off.casefold(): False}
    return {
        "to_arm": lambda wanted: on if wanted else off,
        "from_arm": lambda word: by_word.get(word.casefold()),
        "shape": TEXT,
    }


def choice(**arm_by_option: str) -> dict[str, t.Any]:
    """``to_arm`` and ``from_arm`` for an enum that the user and ARM spell differently; unknown values pass through."""
    option_by_arm = {arm.casefold(): option for option, arm in arm_by_option.items()}

    def to_arm(value: t.Any) -> t.Any:
        return arm_by_option.get(value, value)

    def from_arm(value: t.Any) -> t.Any:
        return option_by_arm.get(value.casefold(), value) if isinstance(value, str) else value

    return {"to_arm": to_arm, "from_arm": from_arm}
