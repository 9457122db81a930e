# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one check of documents where they enter: the documented types pass, one malformed item costs itself alone, and no value is in a message."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import shape as _shape
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError, ArmError, each
from ansible_collections.azureml.compute.plugins.module_utils._kinds import registry, workspace
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import DATASTORE

GROUP = "/subscriptions/s/resourceGroups/rg/providers"
COMPUTES = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/ws/computes"
LOCATION = "/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/eastus"
NODES = f"{COMPUTES}/cpu/listNodes"
KINDS = sorted({kind.compute_type for kind in registry.INFO_KINDS.values() if kind.compute_type})  # type: ignore[attr-defined]
STRANGE = {"text": "x", "number": 7, "boolean": True, "list": [1], "mapping": {"a": 1}}


def compute(name: str, kind: str = "AmlCompute", **properties: t.Any) -> dict[str, t.Any]:
    return {"id": f"{COMPUTES}/{name}", "name": name, "properties": {"computeType": kind, **properties}}


def values(shape: _shape.Shape) -> t.Iterator[t.Any]:
    """A value of each type that the shape takes, with all of its fields."""
    inside = {name: a_value(below) for name, below in shape.fields.items()}
    for kind in shape.types or ("text",):
        yield (
            inside if kind == "mapping" else [a_value(shape.items or _shape.TEXT)] if kind == "list" else STRANGE[kind]
        )


def a_value(shape: _shape.Shape) -> t.Any:
    return next(values(shape))


def wrong(value: t.Any, shape: _shape.Shape) -> t.Iterator[tuple[str, t.Any]]:
    """The value with each place changed to each type that is not documented there, and the place."""
    for kind, strange in STRANGE.items() if shape.types else ():
        if kind not in shape.types:
            yield "", strange
    for name, below in shape.fields.items() if isinstance(value, dict) else ():
        for place, changed in wrong(value[name], below):
            yield (
                f"{name}.{place}" if place and not place.startswith("[") else f"{name}{place}",
                {**value, name: changed},
            )
    if isinstance(value, list) and shape.items is not None:
        for place, changed in wrong(value[0], shape.items):
            yield f"[0].{place}" if place and not place.startswith("[") else f"[0]{place}", [changed]


SHAPES = {
    **{kind: _shape.of_resource(f"{COMPUTES}/x", compute("x", kind)) for kind in KINDS},
    "workspace": _shape.of_resource(COMPUTES.removesuffix("/computes"), {}),
    "usage": _shape.USAGE, "quota": _shape.QUOTA, "size": _shape.SIZE, "node": _shape.NODE, "subscription": _shape.SUBSCRIPTION,
    "deployment": _shape.DEPLOYMENT, "resource": _shape.RESOURCE,
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_documented_types_pass_and_each_other_one_is_named_with_its_place(name: str) -> None:
    assert workspace.Workspace().fields, "the kinds are loaded, and have told their shapes"
    shape = SHAPES[name]
    for good in values(shape):
        assert _shape.fault(good, shape) is None and _shape.fits(good, shape)
    number = 0
    for place, changed in wrong(next(values(shape)), shape):
        found = _shape.fault(changed, shape)
        assert found is not None and found[0] == (place or "the document"), (place, found)
        assert not _shape.fits(changed, shape), place
        number += 1
    assert number > 5


@pytest.mark.parametrize("name", SHAPES)
def test_a_null_and_an_unknown_field_pass_everywhere(name: str) -> None:
    good = next(values(SHAPES[name]))
    required = SHAPES[name].required
    assert (
        _shape.fault(
            {**{key: value if key in required else None for key, value in good.items()}, "not documented": [{}]},
            SHAPES[name],
        )
        is None
    )
    for key in required:
        missing = {**good, key: None}
        assert _shape.fault(missing, SHAPES[name]) is not None and not _shape.fits(missing, SHAPES[name])


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_a_number_without_end_is_none(number: float) -> None:
    assert _shape.fault(number, _shape.NUMBER) == ("the document", "number", "number without end")


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        (COMPUTES, compute("a"), compute("b", vmSize=7, properties=[1])),
        (COMPUTES, compute("a"), [1]),
        (COMPUTES, compute("a"), None),
        (
            COMPUTES.removesuffix("/ws/computes"),
            {"id": f"{GROUP}/w/a", "name": "a"},
            {"id": f"{GROUP}/w/b", "name": "b", "properties": "x"},
        ),
        (f"{LOCATION}/usages", {"name": {"value": "a"}, "limit": 1}, {"name": "b", "limit": 1}),
        (f"{LOCATION}/quotas", {"name": {"value": "a"}, "limit": 1}, {"name": {"value": "b"}, "limit": "1"}),
        (f"{LOCATION}/vmSizes", {"name": "a", "vCPUs": 1}, {"name": "b", "vCPUs": [1]}),
        (NODES, {"nodeId": "a"}, {"nodeId": 7}),
        ("/subscriptions", {"subscriptionId": "a"}, {"subscriptionId": {}}),
        (f"{GROUP}/Microsoft.Resources/deployments", {"id": "/a", "properties": [1]}, {"id": [1]}),
        (f"{GROUP}/Microsoft.Network/virtualNetworks", {"id": "/a"}, {"id": "/b", "tags": "x"}),
    ],
)
def test_one_malformed_item_is_one_unexpected_answer_and_the_list_keeps_the_others(
    path: str, good: t.Any, bad: t.Any
) -> None:
    for items in ([good, bad, good], [bad, good, good], [good, good, bad]):
        errors: list[AmlError] = []
        assert _shape.items({"value": items}, "value", path, errors.append) == [good, good]
        assert [error.code for error in errors] == ["UnexpectedAnswer"]
    with pytest.raises(ArmError):
        _shape.items({"value": [good, bad]}, "value", path)


@pytest.mark.parametrize("page", [{"value": 7}, {"value": {}}, {"value": "x"}, {"value": [], "nextLink": [1]}])
def test_a_page_that_is_no_page_is_an_error_of_the_list(page: dict[str, t.Any]) -> None:
    with pytest.raises(ArmError) as caught:
        _shape.items(page, "value", COMPUTES, lambda error: None)
    assert (caught.value.code, caught.value.target) == ("UnexpectedAnswer", COMPUTES)


def test_the_error_names_target_place_and_types_and_no_value() -> None:
    with pytest.raises(ArmError) as caught:
        _shape.check(
            compute("cpu", properties="a secret"),
            _shape.of_resource(f"{COMPUTES}/cpu", compute("cpu")),
            f"{COMPUTES}/cpu",
        )
    error = caught.value
    assert error.details == {"place": "properties.properties", "expected": "mapping", "found": "text"}
    assert error.target == f"{COMPUTES}/cpu" and "secret" not in str(error.failure()) and error.hint


def test_an_unforeseen_error_about_one_item_costs_that_item_alone() -> None:
    errors: list[AmlError] = []
    found = list(each([compute("a"), {"id": f"{COMPUTES}/b"}, compute("c")], lambda one: one["name"], errors.append))
    assert found == ["a", "c"]
    assert [(error.code, error.target) for error in errors] == [("InternalError", f"{COMPUTES}/b")]


def test_an_error_of_the_rules_costs_one_item_too() -> None:
    def refuse(name: str) -> str:
        if name == "b":
            raise AmlError("No.", code="UnexpectedAnswer")
        return name

    errors: list[AmlError] = []
    assert list(each("abc", refuse, errors.append)) == ["a", "c"]
    assert [error.code for error in errors] == ["UnexpectedAnswer"]


WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
NETWORK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        (
            WORKSPACE,
            {"properties": {"managedNetwork": {"outboundRules": {"x": {"type": "PrivateEndpoint", "fqdns": [7]}}}}},
            "properties.managedNetwork.outboundRules.x.fqdns[0]",
        ),
        (f"{WORKSPACE}/{DATASTORE.label}s/one", {"id": "/x", "name": "one"}, "properties"),
        (NETWORK, {"properties": {"subnets": [7]}}, "properties.subnets[0]"),
        (
            NETWORK,
            {"properties": {"subnets": [{"properties": {"addressPrefix": 7}}]}},
            "properties.subnets[0].properties.addressPrefix",
        ),
        (f"{WORKSPACE}/{DATASTORE.label}s/one", {"name": "one", "properties": {}}, "properties.datastoreType"),
    ],
)
def test_what_updates_are_made_of_is_checked_too(path: str, body: dict[str, t.Any], place: str) -> None:
    with pytest.raises(ArmError) as caught:
        _shape.check(body, _shape.of_resource(path, body), path)
    assert caught.value.code == "UnexpectedAnswer" and caught.value.details["place"] == place
    if "/datastores/" in path:
        rows, malformed = (
            [{"id": path, **body}, {"id": path, "name": "two", "properties": {"datastoreType": "AzureBlob"}}],
            [],
        )
        good = _shape.items({"value": rows}, "value", path.rpartition("/")[0], malformed.append)
        assert [row["name"] for row in good] == ["two"] and len(malformed) == 1


@pytest.mark.parametrize("type_", [*_shape._RESOURCES, "microsoft.storage/storageaccounts"])
def test_the_state_of_each_resource_is_a_text(type_: str) -> None:
    """The engine waits by it, whatever the resource is."""
    provider, _slash, name = type_.partition("/")
    path = f"/subscriptions/s/resourceGroups/rg/providers/{provider}/{name}/one"
    body = {"id": path, "name": "one", "properties": {"limit": {"value": 1}, "provisioningState": 7}}
    with pytest.raises(ArmError) as caught:
        _shape.check(body, _shape.of_resource(path, body), path)
    assert caught.value.details["place"] == "properties.provisioningState"
