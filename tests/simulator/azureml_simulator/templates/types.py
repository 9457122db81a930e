# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of parameters and outputs: ARM's own, and those that a template defines with languageVersion 2.0.

Source: Microsoft's "Template structure and syntax" (definitions, languageVersion 2.0) and "Parameters in ARM templates"; error texts as users quote them
in public issues (InvalidTemplate). That allowedValues compare with case is a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_simulator.templates.expression import TemplateError
from azureml_simulator.templates.functions import find_key, same

Spec = Mapping[str, Any]
_TYPES: dict[str, tuple[type, str]] = {
    "string": (str, "String, Uri"),
    "securestring": (str, "String, Uri"),
    "int": (int, "Integer"),
    "bool": (bool, "Boolean"),
    "object": (dict, "Object"),
    "secureobject": (dict, "Object"),
    "array": (list, "Array"),
}
_SHOWN = {
    "string": "String",
    "securestring": "SecureString",
    "int": "Int",
    "bool": "Bool",
    "object": "Object",
    "secureobject": "SecureObject",
    "array": "Array",
}
_JSON_TYPES = (
    (bool, "Boolean"),
    (int, "Integer"),
    (float, "Float"),
    (str, "String"),
    (list, "Array"),
    (dict, "Object"),
)
_DEFINITIONS = "#/definitions/"


class Types:
    """Resolves references to a template's definitions, and checks values."""

    def __init__(self, definitions: Mapping[str, Spec] | None) -> None:
        self._definitions = definitions or {}

    def resolve(self, spec: Spec) -> Spec:
        """The spec with what it refers to; what it says itself counts more."""
        seen: list[str] = []
        while "$ref" in spec:
            reference = str(spec["$ref"])
            name = reference.removeprefix(_DEFINITIONS)
            if reference in seen or not reference.startswith(_DEFINITIONS) or name not in self._definitions:
                raise TemplateError(
                    f"The template type reference '{reference}' is not valid. "
                    "Please see https://aka.ms/arm-syntax-parameters for usage details."
                )
            seen.append(reference)
            own = {key: value for key, value in spec.items() if key != "$ref"}
            spec = {**self._definitions[name], **own}
        return spec

    def shown(self, spec: Spec) -> str:
        """The type of a parameter or output, spelled as deployments show it."""
        return _SHOWN[_kind(self.resolve(spec))]

    def public(self, spec: Spec, value: Any) -> Any:
        """A value without its secure parts; how deployments show a value with such parts is not known."""
        spec = self.resolve(spec)
        if isinstance(value, list):
            inner = [self._item(spec, index) for index in range(len(value))]
            return [self.public(part, item) if part else item for part, item in zip(inner, value, strict=True)]
        return self._public_object(spec, value) if isinstance(value, dict) else value

    def _public_object(self, spec: Spec, value: dict[str, Any]) -> dict[str, Any]:
        declared = {**(spec.get("properties") or {}), **(self._variant(spec, value, "").get("properties") or {})}
        public = {}
        for key, item in value.items():
            part = self._part(spec, declared, key)
            if part is None:
                public[key] = item
            elif not self.shown(part).startswith("Secure"):
                public[key] = self.public(part, item)
        return public

    @staticmethod
    def _part(spec: Spec, declared: Mapping[str, Any], key: str) -> Spec | None:
        """The type of a property of an object, if one is declared."""
        known = find_key(dict(declared), key)
        others = spec.get("additionalProperties")
        return declared[known] if known is not None else others if isinstance(others, Mapping) else None

    def check(self, spec: Spec, value: Any, section: str, name: str) -> None:
        """Refuse a value that is not of its type; `section` is parameter or output."""
        self._check(self.resolve(spec), value, section, name, "")

    def _check(self, spec: Spec, value: Any, section: str, name: str, path: str) -> None:
        if value is None and (spec.get("nullable") or section == "output"):
            return
        _check_kind(_kind(spec), value, section)
        _check_limits(name + path, spec, value)
        if isinstance(value, list):
            for index, item in enumerate(value):
                inner = self._item(spec, index)
                if inner is not None:
                    self._check(inner, item, section, name, f"{path}[{index}]")
        if isinstance(value, dict):
            self._check_object(spec, value, section, name, path)

    def _item(self, spec: Spec, index: int) -> Spec | None:
        prefix = spec.get("prefixItems") or []
        inner = prefix[index] if index < len(prefix) else spec.get("items")
        return self.resolve(inner) if isinstance(inner, Mapping) else None

    def _check_object(self, spec: Spec, value: dict[str, Any], section: str, name: str, path: str) -> None:
        properties = dict(spec.get("properties") or {})
        variant = self._variant(spec, value, name + path)
        properties |= variant.get("properties") or {}
        for key, declared in properties.items():
            held = find_key(value, key)
            inner = self.resolve(declared)
            if held is not None:
                self._check(inner, value[held], section, name, f"{path}.{key}")
            elif not inner.get("nullable"):
                raise _unfit(name + path, f"the required property '{key}' is missing")
        union = spec.get("discriminator") or {}
        others = {**spec, **variant}.get("additionalProperties", True)
        for key in value:
            if others is True or find_key(properties, key) is not None or key == union.get("propertyName"):
                continue
            if others is False:
                raise _unfit(name + path, f"the property '{key}' is not allowed")
            self._check(self.resolve(others), value[key], section, name, f"{path}.{key}")

    def _variant(self, spec: Spec, value: dict[str, Any], name: str) -> Spec:
        """The member of a discriminated union that a value is."""
        union = spec.get("discriminator")
        if not isinstance(union, Mapping):
            return {}
        chosen = value.get(union["propertyName"])
        if chosen not in union["mapping"]:
            raise _unfit(name, f"'{union['propertyName']}' must be one of '{','.join(union['mapping'])}'")
        return self.resolve(union["mapping"][chosen])


def _unfit(name: str, why: str) -> TemplateError:
    return TemplateError(
        f"The provided value for the template parameter '{name}' is not valid: {why}. "
        "Please see https://aka.ms/arm-create-parameter-file for usage details."
    )


def _kind(spec: Spec) -> str:
    kind = str(spec.get("type", "")).lower()
    if kind not in _TYPES:
        raise TemplateError(
            f"The template parameter type '{spec.get('type')}' is not supported. "
            "Please see https://aka.ms/arm-syntax-parameters for usage details."
        )
    return kind


def _check_kind(kind: str, value: Any, section: str) -> None:
    python_type, expected = _TYPES[kind]
    if not isinstance(value, python_type) or (kind == "int" and isinstance(value, bool)):
        actual = next((name for known, name in _JSON_TYPES if isinstance(value, known)), "Null")
        raise TemplateError(
            f"Template {section} JToken type is not valid. Expected '{expected}'. Actual '{actual}'. "
            "Please see https://aka.ms/resource-manager-parameter-files for usage details."
        )


def _check_limits(name: str, spec: Spec, value: Any) -> None:
    allowed = spec.get("allowedValues")
    # Of an array whose allowed values are none, each item is to be one of them.
    single = not isinstance(value, list) or any(isinstance(choice, list) for choice in allowed or [])
    for item in [value] if single else value:
        if allowed is not None and not any(same(item, choice) for choice in allowed):
            raise TemplateError(
                f"The provided value for the template parameter '{name}' is not valid. The value '{item}' is not part of the "
                f"allowed value(s): '{','.join(map(str, allowed))}'."
            )
    size = value if isinstance(value, int) else len(value)
    low, high = ("minValue", "maxValue") if isinstance(value, int) else ("minLength", "maxLength")
    if not spec.get(low, size) <= size <= spec.get(high, size):
        raise _unfit(name, f"{low} is {spec.get(low)}, {high} is {spec.get(high)}")
