# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluation of ARM template values: the deployment's own functions, lazy `if`, copy loops inside objects.

Source: Microsoft's "Deployment functions", "Resource functions" and "Scope functions for ARM templates", and "Property
iteration / Variable iteration in ARM templates". `reference` and `list*` go through callbacks, so that they see a
resource when their value is needed and not before.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azureml_simulator.templates.expression import (
    Access,
    Call,
    Literal,
    Node,
    NotSimulatedError,
    TemplateError,
    is_expression,
    parse,
    unescape,
)
from azureml_simulator.templates.functions import PURE, find_key, invalid, to_bool, to_text
from azureml_simulator.templates.lambdas import HIGHER_ORDER

COPY_LIMIT = 800

# Their last argument is, or they are, no value that can be evaluated by itself, or need not be a value that exists: the documentation of Bicep's
# operators && and || guards the access to a property with them.
_LAZY = frozenset(
    (
        "and",
        "filter",
        "groupby",
        "if",
        "lambda",
        "lambdavariables",
        "map",
        "mapvalues",
        "or",
        "reduce",
        "sort",
        "toobject",
    )
)

_SCOPED = frozenset(
    (
        "copyindex",
        "deployer",
        "deployment",
        "environment",
        "extensionresourceid",
        "newguid",
        "parameters",
        "reference",
        "references",
        "resourcegroup",
        "resourceid",
        "subscription",
        "subscriptionresourceid",
        "tenant",
        "tenantresourceid",
        "utcnow",
        "variables",
    )
)


@dataclass(frozen=True)
class Scope:
    """Where a deployment runs, as the scope functions show it."""

    subscription: dict[str, Any]
    resource_group: dict[str, Any]
    tenant: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    deployment: dict[str, Any] = field(default_factory=dict)
    deployer: dict[str, Any] = field(default_factory=dict)

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription['subscriptionId']}/resourceGroups/{self.resource_group['name']}"


@dataclass(frozen=True)
class Runtime:
    """What is only known while the deployment runs.

    `reference(id, api_version)` gives the whole resource document, `list_call(function, id, api_version, body)` the
    answer of a POST to it.
    """

    reference: Callable[[str, str | None], dict[str, Any]]
    list_call: Callable[[str, str, str, Any], Any]


class Context:
    """Evaluates values of one template."""

    def __init__(
        self,
        scope: Scope,
        *,
        parameter: Callable[[str], Any],
        variable: Callable[[str], Any],
        resolve_name: Callable[[str], str],
        resolve_loop: Callable[[str], list[str]] = lambda name: [],
        functions: Mapping[str, Mapping[str, Any]] | None = None,
        runtime: Runtime | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.scope = scope
        self.runtime = runtime
        self._parameter, self._variable, self._resolve_name, self._now = parameter, variable, resolve_name, now
        self._resolve_loop, self._functions = resolve_loop, dict(functions or {})
        self._loops: list[tuple[str, int]] = []
        self._property_loops: list[tuple[str, int]] = []
        self._lambdas: list[dict[str, Any]] = []
        self._in_default = False
        self._scoped: Mapping[str, Callable[..., Any]] = {
            "copyindex": self._copy_index,
            "deployer": lambda: self.scope.deployer,
            "deployment": lambda: self.scope.deployment,
            "environment": lambda: self.scope.environment,
            "extensionresourceid": _extension_resource_id,
            "newguid": self._new_guid,
            "parameters": self._parameter,
            "reference": self._reference,
            "references": self._references,
            "resourcegroup": lambda: self.scope.resource_group,
            "resourceid": self._resource_id,
            "subscription": lambda: self.scope.subscription,
            "subscriptionresourceid": self._subscription_resource_id,
            "tenant": lambda: self.scope.tenant,
            "tenantresourceid": lambda kind, *names: _provider_path("tenantResourceId", kind, names),
            "utcnow": self._utc_now,
            "variables": self._variable,
        }

    def value(self, raw: Any) -> Any:
        """A JSON value of the template with every expression in it evaluated."""
        if isinstance(raw, str):
            return self.evaluate(parse(raw)) if is_expression(raw) else unescape(raw)
        if isinstance(raw, list):
            return [self.value(item) for item in raw]
        if isinstance(raw, dict):
            return self._object(raw)
        return raw

    def text(self, raw: Any, what: str) -> str:
        value = self.value(raw)
        if not isinstance(value, str):
            raise TemplateError(f"The {what} must be a string. Please see https://aka.ms/arm-syntax for usage details.")
        return value

    @contextmanager
    def loops(self, loops: Sequence[tuple[str, int]]) -> Iterator[None]:
        """Within it copyIndex() knows these loops, the innermost last."""
        self._loops.extend(loops)
        try:
            yield
        finally:
            del self._loops[len(self._loops) - len(loops) :]

    @contextmanager
    def default_value(self) -> Iterator[None]:
        """Within it newGuid() and utcNow() are allowed: ARM knows them in defaults of parameters only."""
        before, self._in_default = self._in_default, True
        try:
            yield
        finally:
            self._in_default = before

    def count(self, copy: Mapping[str, Any]) -> int:
        count = self.value(copy.get("count"))
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= COPY_LIMIT:
            raise TemplateError(
                f"The copy count of '{copy.get('name')}' must be a non-negative integer and not exceed {COPY_LIMIT}. "
                "Please see https://aka.ms/arm-resource-loops for usage details."
            )
        return count

    def _object(self, raw: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in raw.items():
            if (
                key == "copy"
                and isinstance(item, list)
                and all(isinstance(loop, dict) and "name" in loop for loop in item)
            ):
                result.update((self.text(loop["name"], "copy name"), self._loop(loop)) for loop in item)
            else:
                result[self.text(key, "property name")] = self.value(item)
        return result

    def _loop(self, loop: dict[str, Any]) -> list[Any]:
        name = self.text(loop["name"], "copy name")
        values = []
        for index in range(self.count(loop)):
            self._property_loops.append((name, index))
            try:
                values.append(self.value(loop.get("input")))
            finally:
                self._property_loops.pop()
        return values

    def evaluate(self, node: Node) -> Any:
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Access):
            return _access(self.evaluate(node.target), self.evaluate(node.key))
        return self._call(node)

    def _call(self, call: Call) -> Any:
        name = call.name.lower()
        if name in _LAZY:
            return self._lazy(name, call)
        if name in self._functions:
            return self._user_function(call)
        function = self._scoped.get(name) or PURE.get(name)
        if not is_known(call):
            raise NotSimulatedError(f"the template function {call.name}()")
        arguments = [self.evaluate(argument) for argument in call.args]
        if function is None:
            return self._list(call.name, *arguments)
        try:
            return function(*arguments)
        except (TypeError, AttributeError, IndexError, ValueError) as error:
            raise invalid(call.name, f"the arguments are not valid ({error}).") from error

    def _lazy(self, name: str, call: Call) -> Any:
        if name == "if":
            return self._if(call)
        if name in ("and", "or"):
            return self._logical(name, call)
        if name == "lambdavariables":
            return self._lambda_variable(*map(self.evaluate, call.args))
        if name == "lambda":
            raise unexpected("lambda")
        try:
            values = [self._function_of(arg) if _is_lambda(arg) else self.evaluate(arg) for arg in call.args]
            return HIGHER_ORDER[name](*values)
        except (TypeError, AttributeError, IndexError, ValueError) as error:
            raise invalid(call.name, f"the arguments are not valid ({error}).") from error

    def _function_of(self, node: Node) -> Callable[..., Any]:
        """A lambda as a function; its variables are known while it runs."""
        assert isinstance(node, Call)
        names = [str(self.evaluate(argument)).lower() for argument in node.args[:-1]]

        def function(*values: Any) -> Any:
            self._lambdas.append(dict(zip(names, values)))
            try:
                return self.evaluate(node.args[-1])
            finally:
                self._lambdas.pop()

        function.__dict__["parameters"] = len(names)
        return function

    def _lambda_variable(self, name: str) -> Any:
        for known in reversed(self._lambdas):
            if name.lower() in known:
                return known[name.lower()]
        raise invalid("lambdaVariables", f"the lambda variable '{name}' is not found.")

    def _user_function(self, call: Call) -> Any:
        """A function of the template's own: it sees its parameters, and neither the template's nor variables."""
        function = self._functions[call.name.lower()]
        declared = [str(spec["name"]).lower() for spec in function.get("parameters") or []]
        if len(declared) != len(call.args):
            raise invalid(call.name, f"{len(declared)} arguments are expected.")
        arguments = dict(zip(declared, map(self.evaluate, call.args)))

        def parameter(name: str) -> Any:
            if name.lower() not in arguments:
                raise invalid(call.name, f"the parameter '{name}' is not found.")
            return arguments[name.lower()]

        def nothing(name: str) -> Any:
            raise invalid(call.name, f"'{name}' is not known in a user-defined function.")

        inner = Context(
            self.scope,
            parameter=parameter,
            variable=nothing,
            resolve_name=nothing,
            functions=self._functions,
            now=self._now,
        )
        return inner.value((function.get("output") or {}).get("value"))

    def _if(self, call: Call) -> Any:
        if len(call.args) != 3:
            raise invalid("if", "three arguments are expected.")
        condition = self.evaluate(call.args[0])
        if not isinstance(condition, bool):
            raise invalid("if", "the first argument must be a boolean.")
        return self.evaluate(call.args[1 if condition else 2])

    def _logical(self, name: str, call: Call) -> bool:
        values = (to_bool(self.evaluate(argument)) for argument in call.args)
        return any(values) if name == "or" else all(values)

    def _copy_index(self, *arguments: Any) -> int:
        name = arguments[0] if arguments and isinstance(arguments[0], str) else None
        offset = next((argument for argument in arguments if isinstance(argument, int)), 0)
        # Without a name it is the resource's index, also within a property's loop; Bicep's templates rely on it.
        known = [*self._property_loops, *self._loops]
        for loop, index in reversed(known if name is None else [*self._loops, *self._property_loops]):
            if name is None or loop.lower() == name.lower():
                return index + offset
        raise TemplateError(
            "The template function 'copyIndex' is not expected at this location. The function can only be used in a "
            "resource with copy specified. Please see https://aka.ms/arm-copy for usage details."
        )

    def _new_guid(self) -> str:
        self._only_in_default("newGuid")
        return str(uuid.uuid4())

    def _utc_now(self, style: str | None = None) -> str:
        self._only_in_default("utcNow")
        if style is None:
            return self._now().strftime("%Y%m%dT%H%M%SZ")
        known = {
            "d": "%m/%d/%Y",
            "u": "%Y-%m-%d %H:%M:%SZ",
            "yyyy-MM-dd": "%Y-%m-%d",
            "yyyyMMddTHHmmssZ": "%Y%m%dT%H%M%SZ",
        }
        if style not in known:
            raise NotSimulatedError(f"the template function utcNow() with the format '{style}'")
        return self._now().strftime(known[style])

    def _only_in_default(self, function: str) -> None:
        if not self._in_default:
            raise unexpected(function)

    def _reference(self, target: str, api_version: str | None = None, full: str | None = None) -> Any:
        if self.runtime is None:
            raise unexpected("reference")
        document = self.runtime.reference(self.resource(target), api_version)
        if full is not None and full.lower() == "full":
            return document
        return document.get("properties") or {}

    def _references(self, loop: str, full: str | None = None) -> list[Any]:
        """What reference() gives of each resource of a loop, by the loop's symbolic name."""
        return [self._reference(target, None, full) for target in self._resolve_loop(loop)]

    def _list(self, function: str, target: str, api_version: str, body: Any = None) -> Any:
        if self.runtime is None:
            raise unexpected(function)
        return self.runtime.list_call(function, self.resource(target), api_version, body)

    def resource(self, target: str) -> str:
        """The full id of a resource that is named by id or by its name in the template."""
        return target if target.startswith("/") else self._resolve_name(target)

    def _resource_id(self, *arguments: str) -> str:
        leading, kind, names = _split_id_arguments("resourceId", arguments, 2)
        group = leading[-1] if leading else self.scope.resource_group["name"]
        subscription = leading[0] if len(leading) == 2 else self.scope.subscription["subscriptionId"]
        return f"/subscriptions/{subscription}/resourceGroups/{group}{_provider_path('resourceId', kind, names)}"

    def _subscription_resource_id(self, *arguments: str) -> str:
        leading, kind, names = _split_id_arguments("subscriptionResourceId", arguments, 1)
        subscription = leading[0] if leading else self.scope.subscription["subscriptionId"]
        return f"/subscriptions/{subscription}{_provider_path('subscriptionResourceId', kind, names)}"


def is_known(call: Call) -> bool:
    """Whether the simulator has the function; `list*` ones are known by their prefix and their two arguments."""
    name = call.name.lower()
    return name in PURE or name in _SCOPED or name in _LAZY or (name.startswith("list") and len(call.args) >= 2)


def _is_lambda(node: Node) -> bool:
    return isinstance(node, Call) and node.name.lower() == "lambda" and len(node.args) > 0


def unexpected(function: str) -> TemplateError:
    return TemplateError(
        f"The template function '{function}' is not expected at this location. "
        "Please see https://aka.ms/arm-template-expressions for usage details."
    )


def _access(target: Any, key: Any) -> Any:
    if isinstance(target, dict) and isinstance(key, str):
        name = find_key(target, key)
        if name is not None:
            return target[name]
        raise TemplateError(
            f"The language expression property '{key}' doesn't exist, available properties are '{', '.join(target)}'. "
            "Please see https://aka.ms/arm-template-expressions for usage details."
        )
    if isinstance(target, list) and isinstance(key, int) and not isinstance(key, bool):
        if 0 <= key < len(target):
            return target[key]
        raise TemplateError(
            f"The language expression property array index '{key}' is out of bounds. "
            "Please see https://aka.ms/arm-template-expressions for usage details."
        )
    raise TemplateError(
        f"The language expression property '{to_text(key)}' can't be evaluated on this value. "
        "Please see https://aka.ms/arm-template-expressions for usage details."
    )


def _split_id_arguments(function: str, arguments: Sequence[str], most: int) -> tuple[list[str], str, list[str]]:
    at = next((index for index, argument in enumerate(arguments) if "/" in argument), None)
    if at is None or at > most:
        raise invalid(function, "one argument must be a fully qualified resource type.")
    return list(arguments[:at]), arguments[at], list(arguments[at + 1 :])


def _provider_path(function: str, kind: str, names: Sequence[str]) -> str:
    namespace, *types = kind.split("/")
    if len(types) != len(names):
        raise TemplateError(
            f"Unable to evaluate template language function '{function}': the type '{kind}' requires '{len(types)}' "
            f"resource name argument(s). Please see https://aka.ms/arm-resource-functions/#{function.lower()} for usage details."
        )
    return f"/providers/{namespace}" + "".join(f"/{part}/{name}" for part, name in zip(types, names))


def _extension_resource_id(scope: str, kind: str, *names: str) -> str:
    return scope.rstrip("/") + _provider_path("extensionResourceId", kind, names)
