# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that unknown ones resemble: "did you mean"."""

from __future__ import annotations

import difflib
import re

from . import specs

# Between the unknown options and the known ones in a message of AnsibleModule.
LISTED = ". Supported parameters include"


def similar(unknown: str, spec: specs.Spec) -> list[str]:
    """The options of ``spec`` that unknown ones, as dotted names with commas, resemble most, each once."""
    return list(dict.fromkeys(option for name in unknown.split(", ") for option in _similar(name, spec)))


def _similar(name: str, spec: specs.Spec) -> list[str]:
    """In the place where the name is written; aliases count as their options."""
    *path, last = name.split(".")
    for part in path:
        spec = spec.get(part, {}).get("options") or {}
    known = {alias: option for option, row in spec.items() for alias in (option, *row.get("aliases", ()))}
    return [".".join([*path, known[match]]) for match in difflib.get_close_matches(last, known, n=1)]


def with_hint(text: str, spec: specs.Spec) -> str:
    """AnsibleModule's message about unknown options, with the options of ``spec`` that they resemble. Where each resembles one, no others are listed."""
    unknown, listed, supported = text.partition(LISTED)
    close = similar(unknown, spec)
    if all(_similar(name, spec) for name in unknown.split(", ")):
        return f"{unknown}. Did you mean {', '.join(close)}?"
    hint = f". Did you mean {', '.join(close)}?{listed[1:]}" if close else listed
    return f"{unknown}{hint}{supported}."


def without_list(text: str) -> str:
    """A message without its lists of supported options."""
    return re.sub(r" Supported parameters include: [^.]*\.", "", text)


def short(text: str, spec: specs.Spec) -> str:
    """The same for one of many entries: which options there are is not repeated for each."""
    unknown = text.partition(LISTED)[0]
    close = similar(unknown, spec)
    return f"Unsupported parameters: {unknown}." + (f" Did you mean {', '.join(close)}?" if close else "")
