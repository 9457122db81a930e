# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of an ARM template: given values and defaults.

Source: Microsoft's "Parameters in ARM templates"; error texts as users quote them in public issues (InvalidTemplate).
Line and column, which Azure adds to some texts, are left out. A parameter given as null counts as not given, so its
default holds: azure-ai-ml sends null for string parameters with allowedValues on every workspace, and Azure takes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azureml_simulator.templates.context import Context
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.functions import find_key
from azureml_simulator.templates.types import Types


class Parameters:
    """The values of a template's parameters, each evaluated when it is first asked for.

    `resolved` are values of an earlier evaluation, taken as they are.
    """

    def __init__(
        self,
        declared: Mapping[str, Any],
        types: Types,
        given: Mapping[str, Any] | None,
        resolved: Mapping[str, Any] | None,
    ) -> None:
        self._types = types
        self._declared = {name: types.resolve(spec) for name, spec in declared.items()}
        self._given = dict(given or {})
        self._values: dict[str, Any] = dict(resolved or {})
        self._pending: list[str] = []
        self._check_extra()

    def all(self, context: Context) -> dict[str, Any]:
        return {name: self.get(name, context) for name in self._declared}

    def shown(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters as deployments show them: types, and the values but for secure ones."""
        by_name: dict[str, Any] = {}
        for name, spec in self._declared.items():
            kind = self._types.shown(spec)
            secure = kind.startswith("Secure")
            by_name[name] = (
                {"type": kind} if secure else {"type": kind, "value": self._types.public(spec, values[name])}
            )
        return by_name

    def _check_extra(self) -> None:
        extra = [name for name in self._given if find_key(self._declared, name) is None]
        if extra:
            raise TemplateError(
                f"The template parameters '{', '.join(extra)}' in the parameters file are not valid; they are not present in "
                "the original template and can therefore not be provided at deployment time. The only supported parameters "
                f"for this template are '{', '.join(self._declared)}'. "
                "Please see https://aka.ms/arm-pass-parameter-values for usage details."
            )

    def get(self, name: str, context: Context) -> Any:
        key = find_key(self._declared, name)
        if key is None:
            raise TemplateError(
                f"The template parameter '{name}' is not found. "
                "Please see https://aka.ms/arm-syntax-parameters for usage details."
            )
        if key not in self._values:
            with guard(self._pending, f"parameter '{key}'"):
                self._values[key] = self._resolve(key, context)
        return self._values[key]

    def _resolve(self, name: str, context: Context) -> Any:
        spec = self._declared[name]
        value = self._given_value(name)
        if value is None and "defaultValue" in spec:
            with context.default_value():
                value = context.value(spec["defaultValue"])
        elif value is None and not spec.get("nullable", False):
            raise TemplateError(
                f"The value for the template parameter '{name}' is not provided. "
                "Please see https://aka.ms/arm-create-parameter-file for usage details."
            )
        if value is not None:
            self._types.check(spec, value, "parameter", name)
        return value

    def _given_value(self, name: str) -> Any:
        key = find_key(self._given, name)
        if key is None:
            return None
        entry = self._given[key]
        if isinstance(entry, Mapping) and "reference" in entry:
            raise NotSimulatedError("a template parameter that refers to a key vault secret")
        if not isinstance(entry, Mapping) or "value" not in entry:
            raise TemplateError(
                f"The template parameter '{name}' is not valid; it must be an object with a 'value'. "
                "Please see https://aka.ms/arm-pass-parameter-values for usage details."
            )
        return entry["value"]


class guard:
    """Refuses a parameter or variable that needs itself."""

    def __init__(self, pending: list[str], what: str) -> None:
        self._pending, self._what = pending, what

    def __enter__(self) -> None:
        if self._what in self._pending:
            raise TemplateError(
                f"The template {self._what} is not valid: a circular reference was detected. "
                "Please see https://aka.ms/arm-template-expressions for usage details."
            )
        self._pending.append(self._what)

    def __exit__(self, *_details: object) -> None:
        self._pending.remove(self._what)
