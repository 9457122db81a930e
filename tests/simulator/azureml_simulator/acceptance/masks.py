# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the user's in a recording becomes the simulator's: ids, names, keys, addresses, persons. The same value becomes the same mask everywhere."""

from __future__ import annotations

import re
from typing import Any

from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, TENANT

SUFFIX, GROUP = "zzzzz", "acceptance"
HIDDEN = "***"
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_HEX = re.compile(r"\b[0-9a-f]{16}(?:[0-9a-f]{16})?\b", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IP = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b(?!/)")
# A key has digits, and a code of an error, however long, has none.
_LONG = re.compile(r"(?=\D*\d)[A-Za-z0-9+/_-]{40,}={0,2}")
_SECRET = re.compile(r"(key|keys|passwords?|secrets?|token|credentials?|connectionstring|sig)$", re.IGNORECASE)
# Within an object or a list of such a name, what these say is no secret.
_PLAIN = re.compile(r"(name|type|id|location)$", re.IGNORECASE)
_PERSON = re.compile(r"^(createdBy|lastModifiedBy|userName|userId|userOrgId|assignedUser|firstName|lastName)$")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
# Of the walk's own making, or nobody's: they stay.
_KEPT_GUIDS = {DEFAULT_SUBSCRIPTION, TENANT, "00000000-0000-0000-0000-000000000000"}


class Masks:
    """The masks of one recording. `names` are whole words, or ids; `suffix` is the part of every name that the walk has made."""

    def __init__(self, names: dict[str, str], suffix: str) -> None:
        self._names = {name.lower(): mask for name, mask in names.items() if name}
        ordered = sorted(self._names, key=len, reverse=True)
        # A group named `rg` is not to be found within other words.
        words = "|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in ordered) or r"(?!)"
        self._words = re.compile(words, re.IGNORECASE)
        self._suffix = re.compile(re.escape(suffix) if suffix else r"(?!)", re.IGNORECASE)
        self._guids: dict[str, str] = {}

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value without what is the user's."""
        if isinstance(value, dict):
            within = _SECRET.search(name)
            return {
                self.text(key): self.value(item, name if within and not _PLAIN.search(key) else key)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, name) for item in value]
        if not isinstance(value, str) or not value:
            return value
        if _SECRET.search(name):
            return HIDDEN
        return "someone" if _PERSON.match(name) and not _GUID.fullmatch(value) else self.text(value)

    def text(self, text: str) -> str:
        text = self._words.sub(lambda match: self._names[match.group().lower()], text)
        text = self._suffix.sub(SUFFIX, text)
        text = _GUID.sub(self._guid, text)
        text = _MAIL.sub("someone@example.org", text)
        if not _TIME.search(text):
            text = _HEX.sub(lambda match: "0" * len(match.group()), text)
            text = _IP.sub("203.0.113.1", text)
        if "/" not in text and _LONG.fullmatch(text):
            return HIDDEN
        return text

    def _guid(self, match: re.Match[str]) -> str:
        guid = match.group().lower()
        if guid in _KEPT_GUIDS:
            return match.group()
        return self._guids.setdefault(guid, f"99999999-0000-4000-8000-{len(self._guids) + 1:012d}")
