# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of every request as JSON lines, with secrets masked; the control API itself is not in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from azureml_simulator import relaxed_json
from azureml_simulator.http import Request

MASK = "***"
_SECRET = re.compile(
    r"pass(word|wd|phrase)|secret|token|private_?key|assertion|connection_?string|access_?key|account_?key|shared_?key"
    r"|kube_?config|protected_?settings|environment_?variables|^(key|key1|key2|cert|pfx|sig|credentials|primary_?key|secondary_?key)$",
    re.IGNORECASE,
)
# Of an address that the service signed (docs/facts.md a.4): whoever has these may read the operation or the list.
_SIGNATURE = frozenset({"c", "s", "h"})
_VAULT_SECRET = re.compile(r"/microsoft\.keyvault/vaults/[^/]+/secrets/", re.IGNORECASE)
_NOT_SECRET = re.compile(r"(secret_?uri|token_?type|assertion_?type|secret_?name|secret_?url)$", re.IGNORECASE)


def mask(value: Any, secret: bool = False) -> Any:
    """The same structure with every text below a secret's name replaced."""
    if isinstance(value, dict):
        return {key: mask(item, secret or _is_secret(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [mask(item, secret) for item in value]
    if secret and value is not None and not isinstance(value, bool):
        return MASK
    return value


def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(name)) and not _NOT_SECRET.search(name)


def _mask_deployment(properties: Any) -> None:
    """Mask the parameters that a deployment's template declares as secure, given or by default, also in nested templates; and secrets of vaults."""
    template = _object(_object(properties).get("template"))
    for name, spec in _object(template.get("parameters")).items():
        if _is_secure(spec, _object(template.get("definitions"))):
            _mask_entries(spec, "defaultValue")
            _mask_entries(properties.get("parameters"), name)
    for resource in _resources(template):
        inner = resource.get("properties")
        _mask_deployment(inner)
        # A child within its vault has the last part of its type alone.
        if str(resource.get("type")).lower().rpartition("/")[2] == "secrets":
            _mask_entries(inner, "value")


def _resources(owner: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a template, by names or in a list, with the children that stand in them."""
    resources = owner.get("resources")
    rows = resources.values() if isinstance(resources, dict) else resources if isinstance(resources, list) else ()
    for resource in rows:
        if isinstance(resource, dict):
            yield resource
            yield from _resources(resource)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mask_entries(owner: Any, name: str) -> None:
    """Mask the entries of this name, in any case."""
    for key in _object(owner):
        if key.lower() == name.lower():
            owner[key] = mask(owner[key], secret=True)


def _is_secure(spec: Any, definitions: dict[str, Any]) -> bool:
    """Whether a type, or a part of it, is secure; `definitions` are those that it can refer to."""
    parts, left = [spec], dict(definitions)
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            if str(part.get("type")).lower().startswith("secure"):
                return True
            # Each once: a type can refer to itself.
            parts += [*part.values(), left.pop(str(part.get("$ref")).rpartition("/")[2], None)]
    return False


def readable_body(request: Request) -> Any:
    """The body as an object, if it is one, without its secrets."""
    if not request.body:
        return None
    if "x-www-form-urlencoded" in str(request.headers.get("content-type", "")):
        return mask(dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)))
    try:
        body = relaxed_json.loads(request.body)
        properties = _object(body).get("properties")
        _mask_deployment(properties)
        if _VAULT_SECRET.search(request.path):
            _mask_entries(properties, "value")
        return mask(body)
    except (ValueError, RecursionError):
        return f"<{len(request.body)} bytes>"


class RequestLog:
    """Appends to a file, or to memory where there is no file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lines: list[str] = path.read_text().splitlines() if path is not None and path.exists() else []
        self._file = path.open("a", encoding="utf-8") if path is not None else None

    def add(self, request: Request, status: int, seconds: float, *, taken: bool = True) -> None:
        """``taken``: whether the service got it, and no fault in its place."""
        entry: dict[str, Any] = {
            "time": datetime.now(UTC).isoformat(),
            "method": request.method,
            "path": request.path,
            "query": {key: MASK if key in _SIGNATURE else value for key, value in mask(request.query).items()},
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "user_agent": request.headers.get("user-agent", ""),
            "body": readable_body(request),
        }
        if not taken:
            entry["taken"] = False
        line = json.dumps(entry)
        self._lines.append(line)
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()

    def entries(self, since: int = 0, path: str = "") -> list[dict[str, Any]]:
        """Entries from an index on whose path contains the text; each with its index."""
        found = ({"index": index, **json.loads(line)} for index, line in enumerate(self._lines) if index >= since)
        return [entry for entry in found if path.lower() in entry["path"].lower()]

    def clear(self) -> None:
        self._lines = []
        if self._file is not None:
            self._file.truncate(0)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
