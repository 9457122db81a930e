# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CLI's mapping as our options: what is spelled otherwise, and what is told of what cannot be read.

Sources: azure-ai-ml's schemas as named in the code. tests/functional/test_definition.py has it in tasks.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import RuleError
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import (
    CLI_SCHEMAS,
    COLLECTIONS,
    module_of_type,
)
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.plugins.module_utils._options import definition as _definition
from ansible_collections.azureml.compute.plugins.module_utils._options import specs
from ansible_collections.azureml.compute.plugins.module_utils._options.kind_specs import KIND_SPECS

Tree = dict[str, t.Any]
MODULES = Path(__file__).parents[3] / "plugins" / "modules"
SPECS = {**KIND_SPECS, "workspace": specs.of_kind(Workspace())}


@pytest.mark.parametrize(
    ("declared", "kind", "options"),
    [
        ({"idle_time_before_shutdown": "PT30M"}, "computeinstance", {"idle_time_before_shutdown_minutes": 30}),
        # The newer field wins, as in azure-ai-ml.
        (
            {"idle_time_before_shutdown": "PT30M", "idle_time_before_shutdown_minutes": 60},
            "computeinstance",
            {"idle_time_before_shutdown_minutes": 60},
        ),
        ({"workspace_hub": "/h"}, "workspace", {"hub_id": "/h"}),
        (
            {"serverless_compute": {"custom_subnet": "None"}},
            "workspace",
            {"serverless_compute": {"custom_subnet": None}},
        ),
        (
            {"network_settings": {"vnet_name": "v", "subnet": "/s/x"}},
            "amlcompute",
            {"network_settings": {"subnet": "/s/x"}},
        ),
        (
            {"network_settings": {"vnet_name": "v", "subnet": "x"}},
            "amlcompute",
            {"network_settings": {"vnet_name": "v", "subnet": "x"}},
        ),
        (
            {"tier": "LowPriority", "identity": {"type": "UserAssigned"}},
            "amlcompute",
            {"tier": "low_priority", "identity": {"type": "user_assigned"}},
        ),
        ({"system_datastores_auth_mode": "AccessKey"}, "workspace", {"system_datastores_auth_mode": "accesskey"}),
        ({"tier": "no such tier"}, "amlcompute", {"tier": "no such tier"}),
        ({"tier": None, "identity": 7}, "amlcompute", {"tier": None, "identity": 7}),
        (
            {"identity": {"type": "user_assigned", "user_assigned_identities": [{"resource_id": "/a"}, "/b"]}},
            "amlcompute",
            {"identity": {"type": "user_assigned", "user_assigned_identities": ["/a", "/b"]}},
        ),
        (
            {"properties": {"defaultInstanceType": "gpu", "namespace": "ml", "other": 1}, "namespace": "beside"},
            "kubernetes",
            {"default_instance_type": "gpu", "namespace": "beside", "properties": {"other": 1}},
        ),
        (
            {
                "managed_network": {
                    "outbound_rules": [
                        {"name": "own", "category": "user_defined"},
                        {"name": "theirs", "category": "required"},
                    ]
                }
            },
            "workspace",
            {"managed_network": {"outbound_rules": [{"name": "own"}]}},
        ),
    ],
)
def test_what_is_spelled_otherwise(declared: Tree, kind: str, options: Tree) -> None:
    before = repr(declared)
    assert _definition.to_options({"type": kind, **declared}, kind, SPECS[kind], with_type=False) == options
    assert repr(declared) == before, "the definition is the user's own"


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("a: [", "definition is not valid YAML: "),
        ("a: \x07", "definition is not valid YAML: "),
        ("- a", "and not a list."),
        (7, "and not a int."),
    ],
)
def test_what_cannot_be_read(definition: t.Any, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        _definition.parse(definition)
    assert caught.value.code == "InvalidDefinition"
    assert message in caught.value.message


def test_a_line_that_cannot_be_read_is_named_and_not_shown() -> None:
    with pytest.raises(RuleError) as caught:
        _definition.parse("name: x\nssh_settings: {admin_password: planted")
    assert "in line 2" in caught.value.message and "planted" not in caught.value.message


@pytest.mark.parametrize(
    ("definition", "kinds", "message"),
    [
        (
            {},
            ["virtualmachine", "kubernetes"],
            "definition.type is missing: this module takes virtualmachine, kubernetes.",
        ),
        (
            {"typ": "kubernetes"},
            ["virtualmachine", "kubernetes"],
            "definition.type is missing (misspelt as 'typ'): this module takes virtualmachine, kubernetes.",
        ),
        (
            {"type": "AmlCompute"},
            ["kubernetes"],
            "definition.type is 'AmlCompute', but this module takes kubernetes. Use azureml.compute.aml_compute_cluster.",
        ),
        ({"type": "toaster"}, ["kubernetes"], "definition.type is 'toaster', but this module takes kubernetes."),
    ],
)
def test_another_type_names_the_module_for_it(definition: Tree, kinds: list[str], message: str) -> None:
    with pytest.raises(RuleError) as caught:
        _definition._kind(definition, {}, kinds)
    assert (caught.value.code, caught.value.message) == ("WrongDefinitionType", message)


@pytest.mark.parametrize(
    ("messages", "rows"),
    [
        ({"size": ["Wrong."]}, [("definition.size", "Wrong.")]),
        ({"_schema": ["One.", "Two."]}, [("definition", "One. Two.")]),
        ({"identity": {"value": {"type": ["Wrong."]}}}, [("definition.identity.type", "Wrong.")]),
        # A field that may have several forms: what each says, once.
        (
            {"target": [{"a": ["X."]}, {"a": ["X."]}, {"b": ["Y."]}]},
            [("definition.target.a", "X."), ("definition.target.b", "Y.")],
        ),
        ("all of it", [("definition", "all of it")]),
    ],
)
def test_messages_by_field(messages: t.Any, rows: list[tuple[str, str]]) -> None:
    assert list(_definition._flat(messages, "definition")) == rows


def test_what_the_service_alone_writes_is_no_declaration() -> None:
    tree: Tree = {
        "id": "/x",
        "provisioning_state": "Succeeded",
        "size": "s",
        "identity": {"principal_id": "p", "user_assigned_identities": [{"resource_id": "/a", "client_id": "c"}]},
    }
    _definition._drop_read_only(tree, "amlcompute")
    assert tree == {"size": "s", "identity": {"user_assigned_identities": [{"resource_id": "/a"}]}}


def test_what_has_no_option_is_named_also_in_lists() -> None:
    spec: Tree = {"rules": {"options": {"name": {}}}, "plain": {}}
    unknown = _definition._unknown(
        {"rules": [{"name": "a", "odd": 1}, "text"], "plain": {"any": 1}, "other": 2}, spec, "definition"
    )
    assert [(item.code, item.option) for item in unknown] == [
        ("NotManaged", "definition.rules.odd"),
        ("NotManaged", "definition.other"),
    ]


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ({"auth_mode": "key"}, "online_endpoint"),
        ({"auth_mode": "aad_token", "defaults": {"deployment_name": "blue"}}, "batch_endpoint"),
        ({"$schema": "batchEndpoint.schema.json", "auth_mode": "aad_token"}, "batch_endpoint"),
        ({"$schema": "managedOnlineEndpoint.schema.json", "defaults": {}}, "online_endpoint"),
        ({"endpoint_name": "iris"}, "online_deployment"),
        ({"endpoint_name": "iris", "compute": "azureml:cpu"}, "batch_deployment"),
        ({"$schema": "modelBatchDeployment.schema.json", "endpoint_name": "iris"}, "batch_deployment"),
        ({"$schema": "managedOnlineDeployment.schema.json", "endpoint_name": "i", "compute": "c"}, "online_deployment"),
        ({"type": "azure_blob", "target": "https://a"}, "connection"),
        ({"type": "azure_blob", "account_name": "a"}, None),
        ({"type": "amlcompute"}, None),
    ],
)
def test_a_file_without_a_type_shows_one_kind(declared: Tree, kind: str | None) -> None:
    shown = [name for name, schema in CLI_SCHEMAS.items() if schema.shows(declared)]
    assert shown == ([] if kind is None else [kind])


def test_each_file_has_a_module_and_a_loader() -> None:
    ml = pytest.importorskip("azure.ai.ml")
    assert {name for name, schema in CLI_SCHEMAS.items() if not callable(getattr(ml, schema.loader, None))} == set()
    shared = {type_ for schema in CLI_SCHEMAS.values() for type_ in schema.other_types}
    typed = {name for name, schema in CLI_SCHEMAS.items() if schema.is_typed} | shared
    assert [name for name in typed if not (MODULES / f"{module_of_type(name)}.py").exists()] == []


def test_each_kind_of_a_list_has_a_module() -> None:
    kinds = {name: kind for collection in COLLECTIONS.values() for name, kind in collection.kinds.items()}
    assert [name for name, kind in kinds.items() if not (MODULES / f"{kind.module}.py").exists()] == []
