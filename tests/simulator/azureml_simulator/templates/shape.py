# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a document must look like to be evaluated as an ARM template, and which templates are not simulated.

Source: Microsoft's "Template structure and syntax" and "Template schema". Extensions (`imports`) and other scopes than the resource group are named and
refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azureml_simulator.templates.context import is_known
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError, calls

DEPLOYMENT_TYPE = "Microsoft.Resources/deployments"


def check_sections(template: Mapping[str, Any]) -> None:
    """Refuse what has not the shape of a template, and the kinds of templates that are not simulated."""
    version = str(template.get("languageVersion", "1.0"))
    if version not in ("1.0", "1.9-experimental", "2.0"):
        raise NotSimulatedError(f"a template with the languageVersion '{version}'")
    for section in ("imports", "extensions"):
        if template.get(section):
            raise NotSimulatedError(f"the template section '{section}'")
    if not str(template.get("$schema", "")).lower().partition("#")[0].endswith("/deploymenttemplate.json"):
        raise NotSimulatedError(f"a template with the schema '{template.get('$schema')}'")
    _check_shapes(template)


def _check_shapes(template: Mapping[str, Any]) -> None:
    for section in ("parameters", "outputs"):
        entries = _shaped(template.get(section) or {}, dict, section)
        for name, spec in entries.items():
            _shaped(spec, dict, f"{section}.{name}")
    _check_loops(_shaped(template.get("variables") or {}, dict, "variables").get("copy"), "variables")
    _shaped(template.get("definitions") or {}, dict, "definitions")
    for space in _shaped(template.get("functions") or [], list, "functions"):
        _shaped(_shaped(space, dict, "functions").get("members") or {}, dict, "functions.members")
    _check_resources(template.get("resources") or [], "resources")


def named(resources: Any, path: str = "resources") -> list[tuple[str | None, Any]]:
    """The resources with their symbolic names, as languageVersion 2.0 has them, or without."""
    if isinstance(resources, Mapping):
        return list(resources.items())
    return [(None, source) for source in _shaped(resources, list, path)]


def _check_resources(resources: Any, path: str) -> None:
    for index, (symbol, source) in enumerate(named(resources, path)):
        place = f"{path}.{symbol}" if symbol is not None else f"{path}[{index}]"
        _shaped(source, dict, place)
        if source.get("copy") is not None:
            _check_loops([source["copy"]], place)
        _shaped(source.get("dependsOn") or [], list, f"{place}.dependsOn")
        _check_resources(source.get("resources") or [], f"{place}.resources")
        if str(source.get("type")).lower() == DEPLOYMENT_TYPE.lower():
            properties = _shaped(source.get("properties") or {}, dict, f"{place}.properties")
            template = _shaped(properties.get("template") or {}, dict, f"{place}.properties.template")
            _check_resources(template.get("resources") or [], f"{place}.properties.template.resources")


def _check_loops(loops: Any, path: str) -> None:
    for loop in _shaped(loops or [], list, f"{path}.copy"):
        _shaped(loop, dict, f"{path}.copy")
        if not isinstance(loop.get("name"), str):
            raise TemplateError(
                f"The template copy definition at '{path}' must have a name. "
                "Please see https://aka.ms/arm-resource-loops for usage details."
            )


def _shaped(value: Any, shape: type, path: str) -> Any:
    if not isinstance(value, shape):
        raise TemplateError(
            f"Required property or value at path '{path}' has not the expected JSON type. "
            "Please see https://aka.ms/arm-syntax for usage details."
        )
    return value


def user_functions(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The template's own functions by their full names, in lower case."""
    return {
        f"{space.get('namespace')}.{name}".lower(): function
        for space in template.get("functions") or []
        for name, function in (space.get("members") or {}).items()
    }


def inner_template(source: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The template of a nested deployment with the inner scope: parameters, functions and names in it are its own."""
    properties = source.get("properties")
    if str(source.get("type")).lower() != DEPLOYMENT_TYPE.lower() or not isinstance(properties, Mapping):
        return None
    options, template = properties.get("expressionEvaluationOptions"), properties.get("template")
    inner = isinstance(options, Mapping) and str(options.get("scope")).lower() == "inner"
    return template if inner and isinstance(template, Mapping) else None


def own_part(source: Mapping[str, Any]) -> dict[str, Any]:
    """What of a resource is evaluated in the template that it stands in, without its children."""
    part = {key: value for key, value in source.items() if key != "resources"}
    if inner_template(source) is not None:
        part["properties"] = {key: value for key, value in source["properties"].items() if key != "template"}
    return part


def _with_children(resources: Any) -> Iterator[Mapping[str, Any]]:
    for _symbol, source in named(resources):
        yield source
        yield from _with_children(source.get("resources") or [])


def check_functions(template: Mapping[str, Any]) -> None:
    """Refuse a template with a function that is not simulated, wherever it stands."""
    own = user_functions(template)
    resources = list(_with_children(template.get("resources") or []))
    for inner in filter(None, map(inner_template, resources)):
        _check_shapes(inner)
        check_functions(inner)
    sections: list[Any] = [template.get(name) for name in ("functions", "variables", "outputs")]
    sections += map(own_part, resources)
    sections += [
        {key: spec[key] for key in ("defaultValue",) if key in spec}
        for spec in (template.get("parameters") or {}).values()
    ]
    for call in calls(sections):
        if not is_known(call) and call.name.lower() not in own:
            raise NotSimulatedError(f"the template function {call.name}()")
