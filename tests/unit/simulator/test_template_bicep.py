# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates as Bicep builds them: languageVersion 2.0, symbolic names, types, lambdas, functions of the template's own.

Examples of functions are those of Microsoft's "Lambda functions", "Object", "Array", "Date" and "CIDR functions for ARM templates".
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azureml.compute.tests.support.world import GROUP, STORAGE, World
from azureml_simulator.http import Response
from azureml_simulator.templates.context import Runtime, Scope
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.template import Template

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
DOGS = [
    {"name": "Evie", "age": 5, "interests": ["Ball", "Frisbee"]},
    {"name": "Casper", "age": 3, "interests": ["Other dogs"]},
    {"name": "Indy", "age": 2, "interests": ["Butter"]},
    {"name": "Kira", "age": 8, "interests": ["Rubs"]},
]


def document(resources: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    head = {"$schema": SCHEMA, "languageVersion": "2.0", "contentVersion": "1.0.0.0"}
    return {**head, "resources": resources or {}, **sections}


def template(
    resources: dict[str, Any] | None = None,
    given: dict[str, Any] | None = None,
    runtime: Runtime | None = None,
    **sections: Any,
) -> Template:
    scope = Scope({"subscriptionId": "s", "tenantId": "t"}, {"name": "rg", "location": "eastus"})
    values = {name: {"value": value} for name, value in (given or {}).items()}
    return Template(document(resources, **sections), values, scope, runtime=runtime)


def thing(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "Microsoft.X/things", "apiVersion": "2024-01-01", "name": name, **more}


def value(expression: str, **sections: Any) -> Any:
    made = template(
        variables={"dogs": DOGS}, outputs={"o": {"type": "object", "value": {"v": f"[{expression}]"}}}, **sections
    )
    return made.outputs()["o"]["value"]["v"]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("map(filter(variables('dogs'), lambda('dog', greaterOrEquals(lambdaVariables('dog').age, 5))), lambda('dog', "
         "lambdaVariables('dog').name))", ["Evie", "Kira"]),
        ("filter(range(0, 10), lambda('i', 'at', equals(mod(lambdaVariables('at'), 5), 0)))", [0, 5]),
        ("map(range(0, 2), lambda('i', createObject('i', lambdaVariables('i'))))", [{"i": 0}, {"i": 1}]),
        ("reduce(map(variables('dogs'), lambda('d', lambdaVariables('d').age)), 0, lambda('cur', 'next', "
         "add(lambdaVariables('cur'), lambdaVariables('next'))))", 18),
        ("reduce(createArray(1, 2, 3), 0, lambda('cur', 'next', 'at', if(equals(lambdaVariables('at'), 1), "
         "lambdaVariables('cur'), add(lambdaVariables('cur'), lambdaVariables('next')))))", 4),
        ("map(sort(variables('dogs'), lambda('a', 'b', less(lambdaVariables('a').age, lambdaVariables('b').age))), "
         "lambda('d', lambdaVariables('d').name))", ["Indy", "Casper", "Evie", "Kira"]),
        ("toObject(variables('dogs'), lambda('d', lambdaVariables('d').name), lambda('d', lambdaVariables('d').age))",
         {"Evie": 5, "Casper": 3, "Indy": 2, "Kira": 8}),
        ("groupBy(createArray('foo', 'bar', 'baz'), lambda('x', substring(lambdaVariables('x'), 0, 1)))",
         {"f": ["foo"], "b": ["bar", "baz"]}),
        ("mapValues(createObject('foo', 'a'), lambda('v', toUpper(lambdaVariables('v'))))", {"foo": "A"}),
        # A lambda within a lambda sees the outer one's variables.
        ("map(range(1, 2), lambda('a', map(range(1, 2), lambda('b', mul(lambdaVariables('a'), lambdaVariables('b'))))))",
         [[1, 2], [2, 4]]),
        ("objectKeys(createObject('b', 2, 'a', 1))", ["a", "b"]),
        ("shallowMerge(createArray(createObject('a', createObject('x', 1)), createObject('a', createObject('y', 2))))",
         {"a": {"y": 2}}),
        ("flatten(createArray(createArray('one'), createArray('two', 'three')))", ["one", "two", "three"]),
        ("indexFromEnd(createArray('a', 'b', 'c'), 1)", "c"),
        ("tryIndexFromEnd(createArray('a'), 2)", None),
        ("dataUri('Hello')", "data:text/plain;charset=utf8;base64,SGVsbG8="),
        ("dataUriToString('data:;base64,SGVsbG8sIFdvcmxkIQ==')", "Hello, World!"),
        ("dateTimeAdd('2020-04-07T14:53:14Z', 'PT1H')", "2020-04-07T15:53:14Z"),
        ("dateTimeAdd('2020-04-07 14:53:14Z', '-P9D')", "2020-03-29T14:53:14Z"),
        ("dateTimeFromEpoch(1683040573)", "2023-05-02T15:16:13Z"),
        ("dateTimeToEpoch('2023-05-02T15:16:13Z')", 1683040573),
        ("parseCidr('10.144.0.0/20')", {"network": "10.144.0.0", "netmask": "255.255.240.0", "broadcast": "10.144.15.255",
         "firstUsable": "10.144.0.1", "lastUsable": "10.144.15.254", "cidr": 20}),
        ("cidrSubnet('10.144.0.0/20', 24, 3)", "10.144.3.0/24"),
        ("cidrHost('10.144.3.0/24', 4)", "10.144.3.5"),
    ],
)  # fmt: skip
def test_functions_of_newer_templates(expression: str, wanted: Any) -> None:
    assert value(expression) == wanted


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("lambda('x', 1)", "'lambda' is not expected"),
        ("lambdaVariables('x')", "'x' is not found"),
        ("map('text', lambda('x', 1))", "must be an array"),
        ("filter(createArray(1), 5)", "'filter'"),
        ("map(createArray(1), lambda('x', lambdaVariables('y')))", "'y' is not found"),
        ("fail('No such size.')", "No such size."),
        ("indexFromEnd(createArray(1), 2)", "out of bounds"),
        ("cidrSubnet('10.0.0.0/24', 16, 0)", "does not fit"),
        ("parseCidr('10.0.0')", "CIDR"),
        ("mine.greet()", "1 arguments"),
        ("mine.peek('x')", "'secret' is not known in a user-defined function"),
    ],
)
def test_refusals_of_functions(expression: str, text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        value(expression, functions=FUNCTIONS)
    assert text in caught.value.message


FUNCTIONS = [
    {
        "namespace": "mine",
        "members": {
            "greet": {
                "parameters": [{"name": "who", "type": "string"}],
                "output": {"type": "string", "value": "[format('Hello {0}', parameters('WHO'))]"},
            },
            "twice": {
                "parameters": [{"name": "who", "type": "string"}],
                "output": {"type": "array", "value": ["[mine.greet(parameters('who'))]", "[parameters('who')]"]},
            },
            "peek": {
                "parameters": [{"name": "who", "type": "string"}],
                "output": {"type": "string", "value": "[variables('secret')]"},
            },
        },
    }
]


def test_functions_of_the_templates_own() -> None:
    assert value("Mine.Twice('you')", functions=FUNCTIONS) == ["Hello you", "you"]


def test_symbolic_names_make_dependencies() -> None:
    evaluated = template(
        {
            "last": thing("c", dependsOn=["all"]),
            "all": {
                **thing("[format('b{0}', copyIndex())]"),
                "copy": {"name": "anything", "count": 2},
                "dependsOn": ["one"],
            },
            "one": thing("a"),
            "second": thing("d", properties={"x": "[reference('all[1]').id]"}),
            "whole": thing("e", properties={"x": "[references('all', 'full')]"}),
            "off": {**thing("f"), "condition": False},
            "none": {**thing("g", dependsOn=["off", "empty"])},
            "empty": {**thing("h"), "copy": {"name": "empty", "count": 0}},
        }
    )
    found = {item.name: [name.rpartition("/")[2] for name in item.depends_on] for item in evaluated.resources()}
    assert found == {"a": [], "b0": ["a"], "b1": ["a"], "c": ["b0", "b1"], "d": ["b1"], "e": ["b0", "b1"], "g": []}
    with pytest.raises(TemplateError, match="'nothing' is not defined in the template"):
        template({"a": thing("a", dependsOn=["nothing"])}).resources()


def test_an_inner_template_has_names_and_functions_of_its_own() -> None:
    """Bicep's modules often use the symbolic names of the template that deploys them."""
    inner = document(
        {"store": thing("x")},
        functions=FUNCTIONS,
        outputs={"o": {"type": "string", "value": "[Mine.Twice(reference('store').id)[0]]"}},
    )
    options = {"expressionEvaluationOptions": {"scope": "inner"}, "mode": "Incremental"}
    module = {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2024-03-01",
        "name": "module",
        "properties": {**options, "template": inner},
    }
    found = template({"module": module, "store": thing("y", dependsOn=["module"])}).resources()
    assert [(item.name, len(item.depends_on)) for item in found] == [("module", 0), ("y", 1)]
    inner["outputs"]["o"]["value"] = "[Mine.Thrice()]"
    with pytest.raises(NotSimulatedError, match="Mine.Thrice"):
        template({"module": module})


def test_references_by_symbolic_name() -> None:
    runtime = Runtime(lambda target, version: {"id": target, "properties": {"v": version}}, lambda *_: None)
    evaluated = template(
        {
            "all": {**thing("[format('b{0}', copyIndex())]"), "copy": {"name": "all", "count": 2}},
            "parent::child": {
                "existing": True,
                "type": "Microsoft.X/things/parts",
                "apiVersion": "2024-01-01",
                "name": "a/b",
            },
        },
        runtime=runtime,
        outputs={
            "one": {"type": "string", "value": "[reference('all[1]', '2024-02-02', 'full').id]"},
            "every": {"type": "array", "value": "[references('all', 'full')]"},
            "child": {"type": "string", "value": "[reference('parent::child', '2024-01-01').v]"},
        },
    )
    evaluated.resources()
    shown = {name: entry["value"] for name, entry in evaluated.outputs().items()}
    things = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.X/things"
    assert shown["one"] == f"{things}/b1" and shown["child"] == "2024-01-01"
    assert [entry["id"] for entry in shown["every"]] == [f"{things}/b0", f"{things}/b1"]


def test_an_index_without_a_name_is_the_resources() -> None:
    loop = {"name": "logs", "count": 2, "input": "[format('{0}-{1}', copyIndex(), copyIndex('logs'))]"}
    evaluated = template(
        {
            "all": {
                **thing("[format('b{0}', copyIndex())]"),
                "copy": {"name": "all", "count": 2},
                "properties": {"copy": [loop]},
            }
        }
    )
    bodies = [evaluated.body(item)["properties"]["logs"] for item in evaluated.resources()]
    assert bodies == [["0-0", "0-1"], ["1-0", "1-1"]]


DEFINITIONS = {
    "size": {"type": "string", "allowedValues": ["small", "large"]},
    "node": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 2},
            "size": {"$ref": "#/definitions/size", "nullable": True},
            "next": {"$ref": "#/definitions/node", "nullable": True},
        },
        "additionalProperties": {"type": "int"},
    },
    "sealed": {"type": "object", "properties": {"a": {"type": "bool"}}, "additionalProperties": False},
    "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "int"}], "items": {"type": "bool"}},
    "cat": {
        "type": "object",
        "properties": {"kind": {"type": "string", "allowedValues": ["cat"]}, "lives": {"type": "int"}},
    },
    "pet": {
        "type": "object",
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"cat": {"$ref": "#/definitions/cat"}, "fish": {"type": "object"}},
        },
    },
    "optional": {"type": "array", "items": {"$ref": "#/definitions/node"}, "nullable": True},
}


def taken(kind: str, *given: Any, **spec: Any) -> Any:
    parameters = {"p": {"$ref": f"#/definitions/{kind}", **spec}}
    return template(given={"p": given[0]} if given else {}, parameters=parameters, definitions=DEFINITIONS).parameters[
        "p"
    ]


def test_values_that_fit_their_types() -> None:
    node = {"Name": "ab", "size": "small", "next": {"name": "cd", "next": None}, "other": 3}
    assert taken("node", node) == node
    assert taken("optional") is None and taken("optional", [{"name": "ab"}]) == [{"name": "ab"}]
    assert taken("size", defaultValue="large") == "large"
    assert taken("pair", ["a", 1, True, False]) == ["a", 1, True, False]
    assert taken("pet", {"kind": "cat", "lives": 9})["lives"] == 9
    assert taken("pet", {"kind": "fish"}) == {"kind": "fish"}
    spec = {"type": "array", "allowedValues": ["a", "b"]}
    assert template(given={"p": ["b"]}, parameters={"p": spec}).parameters["p"] == ["b"]


@pytest.mark.parametrize(
    ("kind", "given", "text"),
    [
        ("node", {"name": "a"}, "'p.name' is not valid: minLength is 2"),
        ("node", {}, "the required property 'name' is missing"),
        ("node", {"name": "ab", "size": "huge"}, "'p.size' is not valid. The value 'huge' is not part"),
        ("node", {"name": "ab", "next": {"name": 3}}, "Expected 'String, Uri'. Actual 'Integer'"),
        ("node", {"name": "ab", "other": "text"}, "Expected 'Integer'. Actual 'String'"),
        ("sealed", {"a": True, "b": 1}, "the property 'b' is not allowed"),
        ("pair", ["a", "b"], "Expected 'Integer'"),
        ("pair", ["a", 1, 2], "Expected 'Boolean'"),
        ("pet", {"kind": "dog"}, "'kind' must be one of 'cat,fish'"),
        ("pet", {"kind": "cat"}, "the required property 'lives' is missing"),
        ("optional", [None], "Actual 'Null'"),
        ("none", 1, "'#/definitions/none' is not valid"),
    ],
)
def test_values_that_do_not_fit_their_types(kind: str, given: Any, text: str) -> None:
    with pytest.raises(TemplateError) as caught:
        taken(kind, given)
    assert text in caught.value.message


def test_what_is_still_not_simulated_is_named() -> None:
    inner = {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "n"}
    evaluated = template({"n": {**inner, "properties": {"mode": "Incremental", "template": document()}}})
    with pytest.raises(NotSimulatedError, match="outer scope"):
        evaluated.body(evaluated.resources()[0])


# -- deployed ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def deploy(world: World, name: str, body: dict[str, Any], **given: Any) -> dict[str, Any]:
    parameters = {key: {"value": entry} for key, entry in given.items()}
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/{name}"
    answer: Response = world.call(
        "PUT", path, {"properties": {"mode": "Incremental", "template": body, "parameters": parameters}}, "2022-09-01"
    )
    assert answer.status in (200, 201), answer.body
    world.wait(300)
    return dict(world.call("GET", path, version="2022-09-01").body["properties"])


ACCOUNT = {"existing": True, "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-01-01"}


def test_existing_resources_are_read(world: World) -> None:
    made = deploy(
        world,
        "reads",
        document(
            {"account": {**ACCOUNT, "name": STORAGE.rpartition("/")[2]}},
            outputs={"id": {"type": "string", "value": "[reference('account', '2023-01-01', 'full').id]"}},
        ),
    )
    assert made["provisioningState"] == "Succeeded" and made["outputs"]["id"]["value"] == STORAGE
    assert made["outputResources"] == []
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/reads/operations"
    [read, _outputs] = world.call("GET", path, version="2022-09-01").body["value"]
    assert read["properties"]["provisioningOperation"] == "Read"

    missing = deploy(world, "misses", document({"account": {**ACCOUNT, "name": "nothere"}}))
    assert missing["provisioningState"] == "Failed"
    assert missing["error"]["details"][0]["code"] == "ResourceNotFound"


def test_a_module_with_computes_in_inner_deployments(world: World) -> None:
    """What AVM's workspace module does: parameters that are null, an inner template of its own for each compute target."""
    workspace = "Microsoft.MachineLearningServices/workspaces"
    compute = document(
        {
            "ws": {"existing": True, "type": workspace, "apiVersion": "2022-10-01", "name": "[parameters('ws')]"},
            "compute": {
                "condition": "[equals(parameters('deploy'), true())]",
                "type": f"{workspace}/computes",
                "apiVersion": "2022-10-01",
                "name": "[format('{0}/{1}', parameters('ws'), parameters('name'))]",
                "location": "[parameters('location')]",
                "tags": "[parameters('tags')]",
                "sku": "[createObject('name', parameters('sku'), 'tier', parameters('sku'))]",
                "identity": "[null()]",
                "properties": "[union(createObject('description', parameters('description'), 'computeType', 'AmlCompute'), "
                "createObject('properties', parameters('properties')))]",
                "dependsOn": ["ws"],
            },
        },
        parameters={
            "ws": {"type": "string"},
            "name": {"type": "string", "minLength": 2},
            "location": {"type": "string", "defaultValue": "[resourceGroup().location]"},
            "deploy": {"type": "bool", "defaultValue": True},
            **{name: {"type": "string", "nullable": True} for name in ("sku", "description")},
            **{name: {"type": "object", "nullable": True} for name in ("tags", "properties")},
        },
        outputs={"location": {"type": "string", "value": "[reference('compute', '2022-10-01', 'full').location]"}},
    )
    one = "coalesce(parameters('computes'), createArray())[copyIndex()]"
    names = ("description", "deploy", "sku", "tags", "properties")
    given = {name: {"value": f"[tryGet({one}, '{name}')]"} for name in names}
    module = document(
        {
            "computes": {
                "copy": {"name": "computes", "count": "[length(coalesce(parameters('computes'), createArray()))]"},
                "type": "Microsoft.Resources/deployments",
                "apiVersion": "2022-09-01",
                "name": f"[format('{{0}}-compute', {one}.name)]",
                "resourceGroup": "",
                "properties": {
                    "expressionEvaluationOptions": {"scope": "inner"},
                    "mode": "Incremental",
                    "parameters": {"ws": {"value": "[parameters('ws')]"}, "name": {"value": f"[{one}.name]"}, **given},
                    "template": compute,
                },
            }
        },
        definitions={"computeType": {"type": "object", "properties": {"name": {"type": "string"}}}},
        parameters={
            "ws": {"type": "string"},
            "computes": {"type": "array", "items": {"$ref": "#/definitions/computeType"}, "nullable": True},
        },
        outputs={
            "where": {
                "type": "array",
                "copy": {
                    "count": 2,
                    "input": "[reference(format('computes[{0}]', copyIndex())).outputs.location.value]",
                },
            }
        },
    )
    size = {"vmSize": "STANDARD_DS3_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}
    made = deploy(
        world, "module", module, ws="ws1", computes=[{"name": f"cpu{n}", "properties": size} for n in range(2)]
    )
    assert made["provisioningState"] == "Succeeded", str(made.get("error"))[-1500:]
    assert made["outputs"]["where"]["value"] == ["eastus", "eastus"]
    assert [world.get(f"cpu{n}")["properties"]["computeType"] for n in range(2)] == ["AmlCompute"] * 2
