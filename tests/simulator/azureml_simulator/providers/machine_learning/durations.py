# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ISO 8601 durations, as far as scale settings use them (docs/facts.md c.2)."""

from __future__ import annotations

import re

from azureml_simulator.http import ArmError

_FORM = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")


def seconds_of(duration: str) -> float:
    """Seconds of `PT2M` and its like; anything else is a bad request."""
    match = _FORM.match(str(duration))
    if match is None or duration in ("P", "PT") or str(duration).endswith("T"):
        raise ArmError(
            400, "InvalidRequestContent", f"The request content was invalid: '{duration}' is not an ISO 8601 duration."
        )
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
