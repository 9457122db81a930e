# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ARM template: its parameters, its resources in the order of their dependencies, its outputs. Pure.

Sources: Microsoft's "Template structure and syntax", "Resource iteration", "Define the order for deploying resources",
"Conditional deployment" and "Linked and nested templates"; error texts as users quote them in public issues
(InvalidTemplate). Line and column, which Azure adds to some texts, are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azureml_simulator.templates.context import Context, Runtime, Scope
from azureml_simulator.templates.expression import Call, NotSimulatedError, TemplateError, calls, escape
from azureml_simulator.templates.functions import find_key
from azureml_simulator.templates.parameters import Parameters, guard
from azureml_simulator.templates.shape import (
    DEPLOYMENT_TYPE,
    check_functions,
    check_sections,
    named,
    own_part,
    user_functions,
)
from azureml_simulator.templates.types import Types

_CONTROL = frozenset(
    (
        "apiversion",
        "comments",
        "condition",
        "copy",
        "dependson",
        "metadata",
        "name",
        "resourcegroup",
        "resources",
        "scope",
        "subscriptionid",
        "type",
    )
)


@dataclass(frozen=True)
class Resource:
    """One resource of the template whose condition holds; `depends_on` are ids of others of them."""

    type: str
    api_version: str
    name: str
    id: str
    depends_on: tuple[str, ...]
    source: Mapping[str, Any] = field(repr=False)
    loops: tuple[tuple[str, int], ...] = ()
    existing: bool = False

    @property
    def nested(self) -> bool:
        return self.type.lower() == DEPLOYMENT_TYPE.lower() and not self.existing


@dataclass
class _Draft:
    """A resource before its dependencies are known."""

    source: Mapping[str, Any]
    type: str
    name: str
    id: str
    enabled: bool
    loops: tuple[tuple[str, int], ...]
    copy_name: str | None
    symbol: str | None
    depends_on: list[str] = field(default_factory=list)

    @property
    def existing(self) -> bool:
        return bool(self.source.get("existing"))

    def called(self, name: str) -> bool:
        """Whether it has this symbolic name: `name`, which is all of a loop, or `name[index]`."""
        if self.symbol is None:
            return False
        one = f"{self.symbol}[{self.loops[-1][1]}]" if self.copy_name else self.symbol
        return name.lower() in (self.symbol.lower(), one.lower())

    def of_loop(self, name: str) -> bool:
        return (self.copy_name or "").lower() == name.lower()


class Template:
    """Evaluates a template for one scope; `resolved` are parameter values of an earlier evaluation, taken as they are."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any] | None,
        scope: Scope,
        *,
        runtime: Runtime | None = None,
        resolved: Mapping[str, Any] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._template = template
        check_sections(template)
        check_functions(template)
        self._types = Types(template.get("definitions"))
        self._given_parameters = Parameters(template.get("parameters") or {}, self._types, parameters, resolved)
        self._variables: dict[str, Any] = {}
        self._pending: list[str] = []
        self._drafts: list[_Draft] = []
        self._runtime = runtime
        self.context = Context(
            scope,
            parameter=lambda name: self._given_parameters.get(name, self.context),
            variable=self._variable,
            resolve_name=self._by_name,
            resolve_loop=lambda name: [draft.id for draft in self._drafts if draft.enabled and draft.called(name)],
            functions=user_functions(template),
            now=now,
        )
        self.parameters = self._given_parameters.all(self.context)
        self.shown_parameters = self._given_parameters.shown(self.parameters)

    def resources(self) -> list[Resource]:
        """The resources whose condition holds, each after those that it depends on; else in the template's order."""
        for name in self._raw_variables():
            self._variable(name)
        self._drafts = list(self._expand(self._template.get("resources") or [], "", ""))
        # What a template makes and reads is one resource of it; the one that is made counts.
        enabled = sorted((draft for draft in self._drafts if draft.enabled), key=lambda draft: not draft.existing)
        made = {draft.id.lower(): draft for draft in enabled}
        active = {draft.id.lower(): made[draft.id.lower()] for draft in self._drafts if draft.enabled}
        self._check_unique()
        for draft in active.values():
            draft.depends_on = [key for key in self._dependencies(draft) if key in active]
        return [self._finished(draft, active) for draft in _sorted(active)]

    def body(self, resource: Resource) -> dict[str, Any]:
        """The body of the resource's PUT; `reference()` in it is evaluated now."""
        source = {key: value for key, value in resource.source.items() if key.lower() not in _CONTROL}
        with self._running(), self.context.loops(resource.loops):
            if resource.nested:
                return self._nested_body(source)
            body: dict[str, Any] = self.context.value(source)
            return body

    def preview(self, resource: Resource) -> dict[str, Any]:
        """The body before the deployment runs: an expression that only its run can evaluate stays as it is written."""
        source = {key: value for key, value in resource.source.items() if key.lower() not in _CONTROL}
        with self.context.loops(resource.loops):
            return {key: self._preview(raw) for key, raw in source.items()}

    def _preview(self, raw: Any) -> Any:
        try:
            return self.context.value(raw)
        except TemplateError:
            if isinstance(raw, dict):
                return {key: self._preview(item) for key, item in raw.items()}
            return [self._preview(item) for item in raw] if isinstance(raw, list) else raw

    def location(self, resource: Resource) -> str | None:
        """The resource's location, as far as the template says it."""
        with self.context.loops(resource.loops):
            location: str | None = self.context.value(resource.source.get("location"))
            return location

    def outputs(self) -> dict[str, Any]:
        """The outputs whose condition holds, with their types; values of secure types are left out."""
        found: dict[str, Any] = {}
        for name, spec in (self._template.get("outputs") or {}).items():
            with self._running():
                if not self.context.value(spec.get("condition", True)):
                    continue
                if "copy" in spec:
                    loop = {**spec["copy"], "name": name}
                    value = self.context.value({"copy": [loop]})[name]
                else:
                    value = self.context.value(spec.get("value"))
            self._types.check(spec, value, "output", name)
            shown = {"type": self._types.shown(spec)}
            if not shown["type"].startswith("Secure"):
                shown["value"] = self._types.public(spec, value)
            found[name] = shown
        return found

    def _running(self) -> _Running:
        return _Running(self.context, self._runtime)

    # Variables

    def _raw_variables(self) -> dict[str, Any]:
        raw = dict(self._template.get("variables") or {})
        for loop in raw.pop("copy", []):
            raw[loop["name"]] = {"copy": [loop]}
        return raw

    def _variable(self, name: str) -> Any:
        raw = self._raw_variables()
        key = find_key(raw, name)
        if key is None:
            raise TemplateError(
                f"The template variable '{name}' is not found. "
                "Please see https://aka.ms/arm-syntax-variables for usage details."
            )
        if key not in self._variables:
            with guard(self._pending, f"variable '{key}'"):
                value = self.context.value(raw[key])
            looped = any(loop["name"] == key for loop in (self._template.get("variables") or {}).get("copy", []))
            self._variables[key] = value[key] if looped else value
        return self._variables[key]

    # Resources

    def _expand(self, sources: Any, parent_type: str, parent_name: str) -> Iterator[_Draft]:
        for symbol, source in named(sources):
            copy = source.get("copy")
            if copy is None:
                yield from self._draft(source, parent_type, parent_name, (), None, symbol)
                continue
            if parent_type:
                raise TemplateError(
                    "A copy loop is not allowed in a nested child resource. "
                    "Please see https://aka.ms/arm-resource-loops for usage details."
                )
            name = self.context.text(copy["name"], "copy name")
            for index in range(self.context.count(copy)):
                with self.context.loops([(name, index)]):
                    yield from self._draft(source, "", "", ((name, index),), name, symbol)

    def _draft(
        self,
        source: Mapping[str, Any],
        parent_type: str,
        parent_name: str,
        loops: tuple[tuple[str, int], ...],
        copy_name: str | None,
        symbol: str | None,
    ) -> Iterator[_Draft]:
        kind = self.context.text(source.get("type"), "resource type")
        name = self.context.text(source.get("name"), "resource name")
        if parent_type:
            kind, name = f"{parent_type}/{kind}", f"{parent_name}/{name}"
        condition = self.context.value(source.get("condition", True))
        if not isinstance(condition, bool):
            raise TemplateError(
                f"The condition of the template resource '{name}' must be a boolean. "
                "Please see https://aka.ms/arm-syntax-resources for usage details."
            )
        if condition:
            _check_segments(kind, name)
        yield _Draft(source, kind, name, self._id(source, kind, name), condition, loops, copy_name, symbol)
        yield from self._expand(source.get("resources") or [], kind, name)

    def _id(self, source: Mapping[str, Any], kind: str, name: str) -> str:
        namespace, *types = kind.split("/")
        names = name.split("/")
        path = f"/providers/{namespace}" + "".join(f"/{part}/{value}" for part, value in zip(types, names))
        return self._scope_id(source, kind) + path

    def _scope_id(self, source: Mapping[str, Any], kind: str) -> str:
        group_id = self.context.scope.group_id
        if kind.lower() == DEPLOYMENT_TYPE.lower() or source.get("existing"):
            subscription = (
                self.context.value(source.get("subscriptionId")) or self.context.scope.subscription["subscriptionId"]
            )
            group = self.context.value(source.get("resourceGroup"))
            if group is None and "subscriptionId" in source:
                raise NotSimulatedError("a nested deployment at subscription scope")
            if not source.get("scope"):
                return (
                    f"/subscriptions/{subscription}/resourceGroups/{group or self.context.scope.resource_group['name']}"
                )
        scope: str = self.context.value(source.get("scope")) or ""
        if not scope:
            return group_id
        if scope.startswith("/"):
            return scope.rstrip("/")
        types = scope.split("/")
        return f"{group_id}/providers/{'/'.join(types)}" if len(types) % 2 else self._by_name(scope)

    def _check_unique(self) -> None:
        seen: set[str] = set()
        for draft in self._drafts:
            key = draft.id.lower()
            if draft.existing:
                continue
            if draft.enabled and key in seen:
                raise TemplateError(
                    f"The resource '{draft.type}/{draft.name}' is defined multiple times in a template. "
                    "Please see https://aka.ms/arm-template/#resources for usage details."
                )
            if draft.enabled:
                seen.add(key)

    def _dependencies(self, draft: _Draft) -> list[str]:
        with self.context.loops(draft.loops):
            explicit = [self.context.text(item, "dependsOn") for item in draft.source.get("dependsOn") or []]
            keys = [key for item in explicit for key in self._depended(item)]
            keys += self._implied(draft)
        return list(dict.fromkeys(keys))

    def _depended(self, item: str) -> list[str]:
        members = [draft.id.lower() for draft in self._drafts if draft.called(item) or draft.of_loop(item)]
        if members or any(symbol == item for symbol, _source in named(self._template.get("resources") or [])):
            return members
        if not item.startswith("/"):
            return [self._by_name(item).lower()]
        if item.endswith("/"):  # azure-ai-ml's feature store template has such an id, and Azure takes it
            return []
        if not any(draft.id.lower() == item.lower() for draft in self._drafts):
            raise _undefined(item)
        return [item.lower()]

    def _implied(self, draft: _Draft) -> Iterator[str]:
        """Resources that `reference()` names; an id with an api-version is of one outside of the template."""
        known = {other.id.lower() for other in self._drafts}
        body = {key: value for key, value in own_part(draft.source).items() if key != "dependsOn"}
        for call in calls(body):
            try:
                targets = self._referred(call)
            except TemplateError:
                continue
            yield from (target for target in targets if target in known and target != draft.id.lower())

    def _referred(self, call: Call) -> list[str]:
        if call.name.lower() not in ("reference", "references"):
            return []
        target = self.context.evaluate(call.args[0])
        symbolic = [draft.id.lower() for draft in self._drafts if draft.called(target)]
        if symbolic or len(call.args) > 1:
            return symbolic
        return [self.context.resource(target).lower()]

    def _by_name(self, name: str) -> str:
        """The id of a resource of this template by its symbolic name, its name, or its type and name."""
        wanted = name.lower()
        symbolic = {draft.id.lower(): draft.id for draft in self._drafts if draft.called(name)}
        if len(symbolic) == 1:
            return next(iter(symbolic.values()))
        found = {
            draft.id.lower(): draft.id
            for draft in self._drafts
            if wanted in (draft.name.lower(), draft.id.lower().rpartition("/providers/")[2])
            or wanted == f"{draft.type}/{draft.name}".lower()
        }
        if not found:
            raise _undefined(name)
        if len(found) > 1:
            raise TemplateError(
                f"The template resource reference '{name}' is ambiguous: use a resource id. "
                "Please see https://aka.ms/arm-template for usage details."
            )
        return next(iter(found.values()))

    def _finished(self, draft: _Draft, active: Mapping[str, _Draft]) -> Resource:
        with self.context.loops(draft.loops):
            version = self.context.text(draft.source.get("apiVersion"), f"apiVersion of the resource '{draft.name}'")
        depends_on = tuple(active[key].id for key in draft.depends_on)
        return Resource(
            draft.type, version, draft.name, draft.id, depends_on, draft.source, draft.loops, existing=draft.existing
        )

    # Nested deployments

    def _nested_body(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """The nested deployment's own request: with outer scope (the default) its template is evaluated here."""
        properties = dict(source.get("properties") or {})
        if "templateLink" in properties or "parametersLink" in properties:
            raise NotSimulatedError("a nested deployment with templateLink or parametersLink")
        options = self.context.value(properties.pop("expressionEvaluationOptions", None)) or {}
        template = properties.pop("template", None) or {}
        body: dict[str, Any] = {"properties": self.context.value(properties)}
        inner = str(options.get("scope", "outer")).lower() == "inner"
        if not inner and isinstance(template.get("resources"), Mapping):
            raise NotSimulatedError("a nested template with symbolic names and the outer scope")
        body["properties"]["template"] = template if inner else self._literal_template(template)
        return body

    def _literal_template(self, template: Mapping[str, Any]) -> dict[str, Any]:
        literal = dict(template)
        literal["resources"] = [
            item for source in template.get("resources") or [] for item in self._literal_resources(source)
        ]
        for section in ("parameters", "variables", "outputs"):
            if section in template:
                literal[section] = _escaped(self.context.value(template[section]))
        return literal

    def _literal_resources(self, source: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        copy = source.get("copy")
        plain = {key: value for key, value in source.items() if key != "copy"}
        loops = [[]] if copy is None else [[(copy["name"], index)] for index in range(self.context.count(copy))]
        for loop in loops:
            with self.context.loops(loop):
                if self.context.value(plain.get("condition", True)):
                    yield _escaped(self.context.value(plain))


class _Running:
    """Within it `reference()` and `list*()` may be used."""

    def __init__(self, context: Context, runtime: Runtime | None) -> None:
        self._context, self._runtime = context, runtime

    def __enter__(self) -> None:
        self._context.runtime = self._runtime

    def __exit__(self, *_details: object) -> None:
        self._context.runtime = None


def _check_segments(kind: str, name: str) -> None:
    names = name.split("/")
    if kind.count("/") != len(names) or not all(names):
        raise TemplateError(
            f"The template resource '{name}' for type '{kind}' has incorrect segment lengths. A nested resource type must "
            "have identical number of segments as its resource name. A root resource type must have segment length one "
            "greater than its resource name. Please see https://aka.ms/arm-template/#resources for usage details."
        )


def _undefined(name: str) -> TemplateError:
    relative = name.rpartition("/providers/")[2] if name.startswith("/") else name
    return TemplateError(
        f"The resource '{relative}' is not defined in the template. "
        "Please see https://aka.ms/arm-template for usage details."
    )


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {escape(key): _escaped(item) for key, item in value.items()}
    return value


def _sorted(active: Mapping[str, _Draft]) -> list[_Draft]:
    done: dict[str, _Draft] = {}
    while len(done) < len(active):
        ready = next(
            (
                key
                for key, draft in active.items()
                if key not in done and all(need in done for need in draft.depends_on)
            ),
            None,
        )
        if ready is None:
            stuck = next(draft for key, draft in active.items() if key not in done)
            raise TemplateError(
                f"Circular dependency detected on resource: '{stuck.id}'. "
                "Please see https://aka.ms/arm-template/#resources for usage details."
            )
        done[ready] = active[ready]
    return list(done.values())
