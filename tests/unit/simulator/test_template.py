# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole ARM templates: parameters, conditions, copies, order, nesting, outputs and Azure's refusals.

Rules from Microsoft's "Template structure and syntax", "Resource iteration", "Define the order for deploying
resources" and "Linked and nested templates"; error texts from public issues.
"""

from __future__ import annotations

from typing import Any

import pytest
from azureml_simulator.templates.context import Runtime, Scope
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.template import Template

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
GROUP = "/subscriptions/s/resourceGroups/rg"


def resource(name: str, kind: str = "Microsoft.X/things", **more: Any) -> dict[str, Any]:
    return {"type": kind, "apiVersion": "2024-01-01", "name": name, **more}


def template(*resources: dict[str, Any], runtime: Runtime | None = None, **sections: Any) -> Template:
    text = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "resources": list(resources), **sections}
    scope = Scope({"subscriptionId": "s", "tenantId": "t"}, {"id": GROUP, "name": "rg", "location": "eastus"})
    return Template(text, {}, scope, runtime=runtime)


def names(evaluated: Template) -> list[str]:
    return [item.name for item in evaluated.resources()]


def refusal(*resources: dict[str, Any], **more: Any) -> str:
    with pytest.raises(TemplateError) as caught:
        template(*resources, **more).resources()
    assert caught.value.code == "InvalidTemplate"
    return caught.value.message


def test_resources_follow_their_dependencies() -> None:
    evaluated = template(
        resource("last", dependsOn=["[resourceId('Microsoft.X/things', 'middle')]"]),
        resource("middle", dependsOn=["Microsoft.X/things/first"]),
        resource("first"),
        resource("other", dependsOn=["last"]),
    )
    assert names(evaluated) == ["first", "middle", "last", "other"]


def test_a_false_condition_leaves_the_resource_and_dependencies_on_it_out() -> None:
    evaluated = template(
        resource("off", condition="[equals('a', 'b')]"),
        resource("on", dependsOn=["off"]),
        resource("off", condition=False),
    )
    (only,) = evaluated.resources()
    assert (only.name, only.depends_on) == ("on", ())


def test_an_empty_name_matters_only_where_the_resource_is_made() -> None:
    evaluated = template(
        resource("", condition=False), resource("on", dependsOn=["[resourceId('Microsoft.X/things', '')]"])
    )
    assert names(evaluated) == ["on"]
    assert "incorrect segment lengths" in refusal(resource(""))


def test_a_reference_by_name_is_a_dependency_and_one_with_an_api_version_is_not() -> None:
    evaluated = template(
        resource("user", properties={"x": "[reference('used').value]"}),
        resource("free", properties={"x": "[reference('Microsoft.X/things/used', '2024-01-01').value]"}),
        resource("used"),
    )
    assert {item.name: len(item.depends_on) for item in evaluated.resources()} == {"user": 1, "free": 0, "used": 0}
    assert names(evaluated).index("used") < names(evaluated).index("user")


def test_reference_is_evaluated_when_the_body_is_asked_for() -> None:
    asked: list[tuple[str, str | None]] = []

    def reference(resource_id: str, api_version: str | None) -> dict[str, Any]:
        asked.append((resource_id, api_version))
        return {"location": "westus", "properties": {"value": 7}}

    evaluated = template(
        resource("used"),
        resource(
            "user",
            location="[reference('used', '2024-01-01', 'Full').location]",
            properties={"x": "[reference('used').value]"},
        ),
        runtime=Runtime(reference, lambda *_: None),
    )
    user = evaluated.resources()[1]
    assert asked == []
    assert evaluated.body(user) == {"location": "westus", "properties": {"x": 7}}
    assert asked == [
        (f"{GROUP}/providers/Microsoft.X/things/used", "2024-01-01"),
        (f"{GROUP}/providers/Microsoft.X/things/used", None),
    ]


def test_list_functions_post_to_the_resource() -> None:
    runtime = Runtime(lambda *_: {}, lambda name, target, version, body: {"keys": [name, target, version, body]})
    evaluated = template(
        resource("used"),
        outputs={"k": {"type": "array", "value": "[listKeys('used', '2024-01-01').keys]"}},
        runtime=runtime,
    )
    evaluated.resources()
    assert evaluated.outputs()["k"]["value"] == [
        "listKeys",
        f"{GROUP}/providers/Microsoft.X/things/used",
        "2024-01-01",
        None,
    ]


def test_copy_makes_as_many_resources_and_its_name_stands_for_all() -> None:
    evaluated = template(
        resource(
            "[concat('vm', copyIndex(1))]", copy={"name": "vms", "count": 2}, properties={"n": "[copyIndex('vms')]"}
        ),
        resource("after", dependsOn=["vms"]),
    )
    resources = evaluated.resources()
    assert [item.name for item in resources] == ["vm1", "vm2", "after"]
    assert evaluated.body(resources[1]) == {"properties": {"n": 1}}
    assert len(resources[2].depends_on) == 2


def test_children_get_the_parents_type_and_name() -> None:
    parent = resource("p", resources=[resource("c", kind="parts", dependsOn=["p"])])
    resources = template(parent).resources()
    assert resources[1].type == "Microsoft.X/things/parts"
    assert resources[1].id == f"{GROUP}/providers/Microsoft.X/things/p/parts/c"


@pytest.mark.parametrize("scope", ["Microsoft.X/things/t", "[resourceId('Microsoft.X/things', 't')]"])
def test_scope_makes_an_extension_resource(scope: str) -> None:
    found = template(
        resource("t"), resource("a", kind="Microsoft.Authorization/roleAssignments", scope=scope)
    ).resources()
    assert found[1].id == f"{GROUP}/providers/Microsoft.X/things/t/providers/Microsoft.Authorization/roleAssignments/a"


def test_variables_and_their_copies() -> None:
    evaluated = template(
        resource("[variables('Names')[1]]"),
        variables={
            "copy": [{"name": "names", "count": 2, "input": "[concat(variables('stem'), copyIndex('names'))]"}],
            "stem": "n",
        },
    )
    assert names(evaluated) == ["n1"]


def test_parameters_take_value_default_or_null_as_not_given() -> None:
    evaluated = Template(
        {
            "$schema": SCHEMA,
            "resources": [],
            "parameters": {
                "given": {"type": "int", "defaultValue": 1},
                "empty": {"type": "string", "defaultValue": "[concat(parameters('other'), '!')]"},
                "other": {"type": "String", "defaultValue": "x"},
                "maybe": {"type": "object", "nullable": True},
            },
        },
        {"GIVEN": {"value": 3}, "empty": {"value": None}},
        Scope({"subscriptionId": "s"}, {"name": "rg"}),
    )
    assert evaluated.parameters == {"given": 3, "empty": "x!", "other": "x", "maybe": None}
    shown = {name: entry["type"] for name, entry in evaluated.shown_parameters.items()}
    assert shown == {"given": "Int", "empty": "String", "other": "String", "maybe": "Object"}


def declared(spec: dict[str, Any], **given: Any) -> str:
    with pytest.raises(TemplateError) as caught:
        Template(
            {"$schema": SCHEMA, "resources": [], "parameters": {"p": spec}},
            {name: {"value": value} for name, value in given.items()},
            Scope({"subscriptionId": "s"}, {"name": "rg"}),
        )
    return caught.value.message


def test_parameter_refusals() -> None:
    assert declared({"type": "string"}) == (
        "The value for the template parameter 'p' is not provided. "
        "Please see https://aka.ms/arm-create-parameter-file for usage details."
    )
    assert "in the parameters file are not valid; they are not present in the original template" in declared(
        {"type": "string"}, p="x", q="y"
    )
    assert "Expected 'Boolean'. Actual 'String'" in declared({"type": "bool"}, p="true")
    assert "Expected 'Integer'. Actual 'Boolean'" in declared({"type": "int"}, p=True)
    assert "not part of the allowed value(s): 'a,b'" in declared({"type": "string", "allowedValues": ["a", "b"]}, p="c")
    assert "minLength is 3" in declared({"type": "string", "minLength": 3}, p="ab")
    assert "maxValue is 5" in declared({"type": "int", "maxValue": 5}, p=6)
    assert "circular" in declared({"type": "string", "defaultValue": "[parameters('p')]"})


def test_template_refusals() -> None:
    assert refusal(resource("a", dependsOn=["b"]), resource("b", dependsOn=["a"])).startswith(
        f"Circular dependency detected on resource: '{GROUP}/providers/Microsoft.X/things/a'."
    )
    assert "The resource 'nowhere' is not defined in the template." in refusal(resource("a", dependsOn=["nowhere"]))
    assert "'Microsoft.X/things/z' is not defined" in refusal(
        resource("a", dependsOn=["[resourceId('Microsoft.X/things', 'z')]"])
    )
    assert "is defined multiple times in a template" in refusal(resource("a"), resource("A"))
    assert "incorrect segment lengths" in refusal(resource("a/b"))
    assert "'reference' is not expected at this location" in refusal(resource("[reference('a').name]"))
    assert "must be a boolean" in refusal(resource("a", condition="true"))
    assert "The template variable 'v' is not found" in refusal(resource("[variables('v')]"))
    assert "not exceed 800" in refusal(resource("a", copy={"name": "c", "count": 801}))


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"resources": ["x"]}, "resources[0]"),
        ({"resources": [{"dependsOn": "x"}]}, "resources[0].dependsOn"),
        ({"parameters": {"p": 1}}, "parameters.p"),
        ({"variables": []}, None),
        ({"variables": ["x"]}, "variables"),
        ({"resources": [{"copy": 3}]}, "resources[0].copy"),
        ({"outputs": {"o": "x"}}, "outputs.o"),
    ],
)
def test_what_has_not_the_shape_of_a_template(sections: dict[str, Any], path: str | None) -> None:
    scope = Scope({"subscriptionId": "s"}, {"name": "rg"})
    if path is None:
        assert Template({"$schema": SCHEMA, **sections}, {}, scope).resources() == []
        return
    with pytest.raises(TemplateError) as caught:
        Template({"$schema": SCHEMA, **sections}, {}, scope)
    assert f"'{path}'" in caught.value.message


@pytest.mark.parametrize(
    "sections",
    [
        {"languageVersion": "2.1-experimental"},
        {"languageVersion": "2.0", "imports": {"microsoftGraph": {"provider": "MicrosoftGraph"}}},
        {"$schema": "https://x/subscriptionDeploymentTemplate.json#"},
    ],
)
def test_unknown_kinds_of_templates_are_named(sections: dict[str, Any]) -> None:
    with pytest.raises(NotSimulatedError):
        template(**sections)


def nested(options: dict[str, Any], **properties: Any) -> dict[str, Any]:
    inner = {
        "$schema": SCHEMA,
        "parameters": {"who": {"type": "string", "defaultValue": "inner"}},
        "resources": [
            resource("[parameters('who')]"),
            resource("[concat('c', copyIndex())]", copy={"name": "l", "count": 2}),
            resource("never", condition="[equals('a', 'b')]"),
        ],
    }
    return resource(
        "n",
        kind="Microsoft.Resources/deployments",
        resourceGroup="other",
        subscriptionId="s2",
        properties={"mode": "Incremental", "template": inner, **options, **properties},
    )


def outer_body(options: dict[str, Any], **properties: Any) -> tuple[str, dict[str, Any]]:
    evaluated = Template(
        {
            "$schema": SCHEMA,
            "parameters": {"who": {"type": "string", "defaultValue": "[[outer"}},
            "resources": [nested(options, **properties)],
        },
        {},
        Scope({"subscriptionId": "s"}, {"name": "rg"}),
    )
    (deployment,) = evaluated.resources()
    return deployment.id, evaluated.body(deployment)["properties"]


def test_outer_scope_evaluates_the_nested_template_here() -> None:
    deployment_id, properties = outer_body({})
    assert deployment_id == "/subscriptions/s2/resourceGroups/other/providers/Microsoft.Resources/deployments/n"
    assert [item["name"] for item in properties["template"]["resources"]] == ["[[outer", "c0", "c1"]


def test_inner_scope_leaves_the_nested_template_as_it_is() -> None:
    _id, properties = outer_body(
        {"expressionEvaluationOptions": {"scope": "inner"}}, parameters={"who": {"value": "[parameters('who')]"}}
    )
    assert properties["template"]["resources"][0]["name"] == "[parameters('who')]"
    assert properties["parameters"] == {"who": {"value": "[outer"}}


def test_outputs_show_their_types_and_no_secrets() -> None:
    evaluated = template(
        outputs={
            "a": {"type": "string", "value": "[toUpper('x')]"},
            "b": {"type": "securestring", "value": "hush"},
            "c": {"type": "int", "condition": False, "value": 1},
            "d": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
        }
    )
    assert evaluated.outputs() == {
        "a": {"type": "String", "value": "X"},
        "b": {"type": "SecureString"},
        "d": {"type": "Array", "value": [0, 1]},
    }
