# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's own JSON Schema of request bodies (azure-resource-manager-schemas), for one body.

As published it cannot be used as it is: every value may also be a template expression, which a request cannot hold; and a polymorphic type (a
compute by ``computeType``) forbids, in its base, the properties of its own kinds. ``concrete`` takes both out, for the value at hand.
"""

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

Schema = dict[str, t.Any]

FILE = Path(__file__).resolve().parents[1] / "support" / "official" / "arm-schema-2025-12-01.json"

_DISCRIMINATORS = ("computeType", "type", "triggerType")


class Contract:
    """The schema, and what of the bodies it does not know."""

    def __init__(self) -> None:
        self.document: Schema = json.loads(FILE.read_text())
        self.unknown: set[str] = set()

    def errors(self, resource: str, body: t.Any, *, partial: bool = False, kind: str | None = None) -> list[str]:
        """What is wrong with the body of a resource; properties that the schema does not know are collected in ``unknown``.

        partial  a PATCH: nothing is required
        kind     the computeType of a PATCH that names none
        """
        from jsonschema import Draft202012Validator

        document = copy.deepcopy(self.document["resourceDefinitions"][resource])
        for name in ("name", "apiVersion", "type"):
            # The request has these in its address.
            document["properties"].pop(name, None)
            document["required"] = [item for item in document.get("required", []) if item != name]
        body = without_nulls(body)
        if kind and "computeType" not in body.get("properties", {}):
            body = {**body, "properties": {"computeType": kind, **body.get("properties", {})}}
        schema = self.concrete(document, body, "", partial)
        return [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for error in Draft202012Validator(schema).iter_errors(body)
        ]

    def concrete(self, schema: Schema, value: t.Any, path: str, partial: bool) -> Schema:
        """The schema for this value: references, expressions and kinds resolved."""
        schema = self._plain(schema, value)
        made = {
            key: below
            for key, below in schema.items()
            if key in ("type", "enum", "pattern", "minimum", "maximum", "const", "format")
        }
        if not partial and "required" in schema:
            made["required"] = schema["required"]
        if isinstance(value, dict) and ("properties" in schema or "additionalProperties" in schema):
            made["properties"] = {
                name: self._property(schema, name, below, f"{path}.{name}", partial) for name, below in value.items()
            }
        if isinstance(value, list) and "items" in schema:
            # One schema for each item: they may be of different kinds.
            made["prefixItems"] = [self.concrete(schema["items"], below, f"{path}[]", partial) for below in value]
        return made

    def _property(self, schema: Schema, name: str, value: t.Any, path: str, partial: bool) -> Schema:
        row = schema.get("properties", {}).get(name)
        if row is None and isinstance(schema.get("additionalProperties"), dict):
            row, path = schema["additionalProperties"], path.rpartition(".")[0] + ".*"
        if row is None:
            self.unknown.add(path.lstrip("."))
            return {}
        return self.concrete(row, value, path, partial)

    def _plain(self, schema: Schema, value: t.Any) -> Schema:
        if "$ref" in schema:
            return self._plain(self.document["definitions"][schema["$ref"].rpartition("/")[2]], value)
        choices = [item for item in schema.get("oneOf", []) if not item.get("$ref", "").endswith("/expression")]
        if len(choices) == 1:
            return self._plain(choices[0], value)
        if "allOf" in schema:
            return self._merged([self._plain(item, value) for item in schema["allOf"]])
        for choice in choices:
            if self._is_kind(choice, value):
                return self._plain(choice, value)
        return schema

    def _merged(self, parts: list[Schema]) -> Schema:
        merged: Schema = {"type": "object", "properties": {}, "required": []}
        for part in parts:
            for name, row in part.get("properties", {}).items():
                # The base lists every kind; the constant of the kind itself says more.
                if name not in merged["properties"] or "const" in row:
                    merged["properties"][name] = row
            merged["required"] += part.get("required", [])
        return merged

    @staticmethod
    def _is_kind(choice: Schema, value: t.Any) -> bool:
        constants = choice.get("allOf", [{}])[-1].get("properties", {})
        return isinstance(value, dict) and any(
            name in constants and "const" in constants[name] and constants[name]["const"] == value.get(name)
            for name in _DISCRIMINATORS
        )


def without_nulls(value: t.Any) -> t.Any:
    """ARM takes a null for a property that is not there, which the schema does not say; a read document comes back with the nulls it had."""
    if isinstance(value, dict):
        return {key: without_nulls(below) for key, below in value.items() if below is not None}
    if isinstance(value, list):
        return [without_nulls(below) for below in value]
    return value
